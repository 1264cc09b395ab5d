// SSH: the identification (RFC 4253, 4.2) and which algorithms are offered (7.1). Nobody logs in.
import type { Bytes } from '../bytes.ts'
import { upTo, withHead } from './conversation.ts'
import { Cursor, Malformed } from './cursor.ts'
import type { Protocol } from './model.ts'
import type { Naming } from './software.ts'

const naming: Naming = [
  [/^OpenSSH_for_Windows_(\S+)/, 'OpenSSH'], [/^OpenSSH[_-](\d\S*)/, 'OpenSSH'], [/^OpenSSH/, 'OpenSSH'], [/^dropbear(?:_(\d\S*))?/i, 'Dropbear'], [/^libssh[_-](\d\S*)/, 'libssh'], [/^libssh/, 'libssh'],
  [/^Cisco-(\d\S*)/, 'Cisco SSH'], [/^wolfSSHv?(\d\S*)?/i, 'WolfSSH'],
]

const identification = /^(?:[^\r\n]{0,1000}\r?\n){0,20}?SSH-(\d{1,3}\.\d{1,5})-([^\r\n]{0,255}?)\r?\n/

export type Offer = { readonly kex: readonly Bytes[]; readonly hostKeys: readonly Bytes[]; readonly ciphers: readonly Bytes[]; readonly macs: readonly Bytes[] }

/** Errors: Malformed. */
export function readKexInit(packet: Bytes): Offer {
  const cursor = new Cursor(packet)
  const length = cursor.uint(4)
  const padding = cursor.uint(1)
  const message = new Cursor(cursor.bytes(Math.max(0, length - 1 - padding)))
  if (message.uint(1) !== 20) throw new Malformed({ en: 'the first packet of SSH is no KEXINIT', ko: '첫 SSH 패킷이 KEXINIT이 아님' })
  message.bytes(16)
  const [kex = [], hostKeys = [], toServer = [], toClient = [], macToServer = [], macToClient = []] = Array.from({ length: 6 }, () => message.bytes(message.uint(4)).split(',').filter(each => each !== ''))
  return { kex, hostKeys, ciphers: [...new Set([...toServer, ...toClient])], macs: [...new Set([...macToServer, ...macToClient])] }
}

/** What has been broken, or is within reach of being so (RFC 9142; RFC 8758; NIST SP 800-131A). */
const broken: Readonly<Record<keyof Offer, RegExp>> = {
  kex: /^diffie-hellman-group(?:1|-exchange)-sha1$|^rsa1024-sha1$|^gss-group1-sha1-/,
  hostKeys: /^ssh-dss/,
  ciphers: /^(?:none|arcfour.*|des-cbc.*|3des-cbc|blowfish-cbc|cast128-cbc|idea-cbc|rijndael-cbc@lysator\.liu\.se)$/,
  macs: /^(?:none|hmac-md5.*|hmac-sha1-96.*|hmac-ripemd160.*)$/,
}
export const weakOf = (offer: Offer): Bytes[] => (Object.keys(broken) as (keyof Offer)[]).flatMap(kind => offer[kind].filter(each => broken[kind].test(each)))

/** CVE-2023-48795: an attacked mode is offered, and strict key exchange is not. */
export const isTerrapin = ({ kex, ciphers, macs }: Offer): boolean =>
  !kex.includes('kex-strict-s-v00@openssh.com') && (ciphers.includes('chacha20-poly1305@openssh.com') || (ciphers.some(each => each.endsWith('-cbc')) && macs.some(each => each.includes('-etm@'))))

const largestPacket = 35_000

export const ssh: Protocol = {
  name: 'ssh',
  greeting: null,
  recognise: heard => (/^(?:[^\r\n]{0,1000}\r?\n){0,20}?SSH-\d{1,3}\.\d{1,5}-[^\r\n]{0,255}\r?\n/.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    const said = await conversation.hear(upTo(identification)) ?? ''
    const [, version = '', software = ''] = identification.exec(said) ?? []
    service.tell('protocol', version)
    service.fingerprint('ssh.banner', software)
    service.isNamed(software, naming)
    service.builtBy(`SSH-${version}-${software}`)
    if (version.startsWith('1.') && version !== '1.99') {
      service.find('service.ssh_version_1', `SSH-${version}`)
      return
    }
    if (version === '1.99') service.find('service.ssh_version_1', { en: 'SSH-1.99: version 1 is taken, too', ko: 'SSH-1.99: 버전 1도 허용됨' })
    const packet = await conversation.ask('SSH-2.0-Haechi\r\n', withHead(4, head => Math.min(new Cursor(head).uint(4), largestPacket)))
    if (packet === null) return
    const offer = readKexInit(packet)
    for (const [kind, names] of Object.entries(offer)) service.tell(kind, names.join(','))
    const weak = weakOf(offer)
    if (weak.length > 0) service.find('service.ssh_weak_algorithms', weak.join(', '))
    if (isTerrapin(offer)) service.find('service.ssh_terrapin', { en: 'no strict key exchange beside ChaCha20-Poly1305 or CBC with encrypt-then-MAC', ko: 'ChaCha20-Poly1305 또는 CBC와 encrypt-then-MAC 조합을 제공하면서 엄격한 키 교환을 지원하지 않음' }, { cve: ['CVE-2023-48795'] })
  },
}
