// DNS servers: what they say of themselves (the chaos class: version.bind, RFC 4892), over TCP and UDP.
import type { Bytes } from '../bytes.ts'
import { decodeMessage, DnsMessageError, encodeQuery } from '../dns-message.ts'
import type { DnsMessage } from '../dns-message.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, uint } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Addressee, Protocol } from './model.ts'
import type { Naming } from './software.ts'

const naming: Naming = [
  [/^dnsmasq-(\d[\w.]*)/, 'dnsmasq'], [/^(9\.\d+\.\d+[\w.-]*?)(?:-\d[\w.+~]*)?-(?:Debian|Ubuntu|RedHat)/, 'BIND'], [/^(9\.\d+\.\d+(?:-[PS]\d+)?)(?:$|[-+~ ])/, 'BIND'], [/^unbound (\d[\w.]*)/i, 'Unbound'], [/^NSD (\d[\w.]*)/i, 'NSD'],
  [/^PowerDNS Authoritative Server (\d[\w.]*)/, 'PowerDNS'], [/^PowerDNS Recursor (\d[\w.]*)/, 'PowerDNS Recursor'], [/^Knot DNS (\d[\w.]*)/, 'Knot DNS'], [/^Knot Resolver/, 'Knot Resolver'], [/^CoreDNS-(\d[\w.]*)/i, 'CoreDNS'], [/^Microsoft DNS (\d[\w.]*)/, 'Microsoft DNS'],
]

const question = (name: string, random: () => number): Bytes =>
  Buffer.from(encodeQuery({ id: random() & 0xffff, name, type: 'TXT', class: 'CH', recursion: false, authenticData: false })).toString('latin1')
const framed = (message: Bytes): Bytes => uint(message.length, 2) + message

/** Errors: Malformed. */
export function readAnswer(message: Bytes): DnsMessage {
  try {
    return decodeMessage(Buffer.from(message, 'latin1'))
  } catch (error) {
    if (error instanceof DnsMessageError) throw new Malformed(error.text)
    throw error
  }
}

/** The text of the first TXT record, without its quotes. */
const textOf = (message: DnsMessage): Bytes | null => {
  const data = message.answer.find(({ type }) => type === 'TXT')?.data
  return data === undefined ? null : data.replace(/^"|"$/g, '').replace(/" "/g, '').replace(/\\(\d{3}|.)/g, (_, code: string) => (code.length === 3 ? String.fromCharCode(Number(code) & 0xff) : code))
}

const isAnswer = (message: Bytes): boolean => {
  if (message.length < 12 || (message.charCodeAt(2) & 0xf8) !== 0x80 || message.charCodeAt(4) !== 0 || message.charCodeAt(5) > 1) return false
  // The question comes back where it could be read.
  return message.charCodeAt(5) === 0 ? (message.charCodeAt(3) & 0x0f) !== 0 : message.slice(12, 30).toLowerCase() === '\x07version\x04bind\0\0\x10\0\x03'
}

function judge(service: Examination, message: DnsMessage): void {
  const text = textOf(message)
  service.tell('recursion', (message.flags & 0x80) !== 0 ? 'offered' : 'not offered')
  if (text === null) {
    service.tell('version.bind', `no answer (code ${message.rcode})`)
    return
  }
  service.tell('version.bind', text)
  service.fingerprint('dns.versionbind', text)
  service.isNamed(text, naming)
  service.builtBy(text)
}

export const domain: Protocol = {
  name: 'domain',
  greeting: ({ random }: Addressee) => framed(question('version.bind', random)),
  recognise: heard => (heard.length >= 14 && new Cursor(heard).uint(2) >= 12 && isAnswer(heard.slice(2)) ? 0.98 : 0),
  async examine(service) {
    const { conversation } = service
    const answer = await conversation.hear(withHead(2, head => new Cursor(head).uint(2)))
    if (answer !== null) judge(service, readAnswer(answer.slice(2)))
    const named = await conversation.ask(framed(question('hostname.bind', service.run.random)), withHead(2, head => new Cursor(head).uint(2)), 1000)
    if (named !== null) service.calls(textOf(readAnswer(named.slice(2))))
  },
}

export async function examineDomainDatagram(service: Examination): Promise<void> {
  const answer = await service.furtherDatagram(question('version.bind', service.run.random))
  if (answer !== null) judge(service, readAnswer(answer))
}
