// Smaller protocols over UDP: what their first answer tells.
import type { Bytes } from '../bytes.ts'
import { readChallenge } from './ntlm.ts'
import type { Examination } from './examination.ts'

const field = (text: Bytes, name: string): Bytes | null => new RegExp(`^${name}:[ \\t]*([^\\r\\n]{0,300})`, 'im').exec(text)?.[1]?.trim() ?? null

/** UPnP's devices name their system, UPnP and their product (UPnP Device Architecture 1.1, 1.3.3). */
export function examineSsdp(service: Examination, answer: Bytes): Promise<void> {
  const server = field(answer, 'SERVER') ?? ''
  service.tell('server', server)
  service.tell('location', field(answer, 'LOCATION') ?? '')
  const [, product, version] = /UPnP\/[\d.]+,? ([A-Za-z][\w .-]{1,60}?)\/(\d[\w.-]*)/.exec(server) ?? []
  if (/miniupnpd/i.test(product ?? '')) service.is('miniupnpd', version ?? null)
  else if (product !== undefined) service.isCalled(product, version ?? null)
  service.find('service.upnp_exposed', `SSDP: ${server}`)
  return Promise.resolve()
}

/** SQL Server's browser: 'ServerName;X;InstanceName;Y;IsClustered;No;Version;15.0.2000.5;tcp;1433;;' (MS-SQLR). */
export function examineSqlBrowser(service: Examination, answer: Bytes): Promise<void> {
  const words = answer.slice(3).split(';')
  const value = (name: string): Bytes | null => { const at = words.indexOf(name); return at === -1 ? null : words[at + 1] ?? null }
  service.is('Microsoft SQL Server', value('Version'))
  service.calls(value('ServerName'))
  service.tell('instance', value('InstanceName') ?? '')
  return Promise.resolve()
}

/** Node status (RFC 1002, 4.2.18): 18 bytes a name. */
export function examineNetbiosNames(service: Examination, answer: Bytes): Promise<void> {
  const count = answer.charCodeAt(56)
  const names: string[] = []
  for (let at = 0; at < count && 57 + at * 18 + 18 <= answer.length; at++) {
    const name = answer.slice(57 + at * 18, 57 + at * 18 + 15).trimEnd()
    const kind = answer.charCodeAt(57 + at * 18 + 15)
    if (kind === 0 && (answer.charCodeAt(57 + at * 18 + 16) & 0x80) === 0) service.calls(name)
    names.push(`${name}<${kind.toString(16).padStart(2, '0')}>`)
  }
  service.tell('names', names.join(', '))
  return Promise.resolve()
}

export function examineOpenVpn(service: Examination): Promise<void> {
  service.is('OpenVPN')
  return Promise.resolve()
}

/** Of a challenge within another protocol. Errors: Malformed. */
export function tellChallenge(service: Examination, bytes: Bytes): void {
  const challenge = readChallenge(bytes)
  if (challenge === null) return
  for (const [name, value] of Object.entries(challenge.names)) service.tell(name, Buffer.from(value, 'utf8').toString('latin1'))
  service.calls(challenge.names['dnsName'] ?? challenge.names['netbiosName'])
  if (challenge.build !== null && challenge.build !== '6.1.0') service.os ??= `Windows ${challenge.build}`
}
