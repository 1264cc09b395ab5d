import { addressVersion, splitAddress } from '../address.ts'
import type { Bytes } from '../bytes.ts'
import { DnsMessageError, decodeMessage, encodeQuery } from '../dns-message.ts'
import type { DnsMessage, DnsQuery } from '../dns-message.ts'
import { NetworkError } from '../network.ts'
import { nameOrNull } from './names.ts'

/** '192.0.2.1', '2001:db8::1' or either with a port ('[2001:db8::1]:53') as 'HOST:PORT'. */
export function serverAt(server: string, port: number): string {
  if (splitAddress(server) !== null) return server
  return addressVersion(server) === 6 ? `[${server}]:${port}` : `${server}:${port}`
}

/** Of what serverAt gives. */
export const apart = (server: string): { readonly host: string; readonly port: number } => splitAddress(server) ?? { host: server, port: 53 }

/** Errors: NetworkError `not_resolved` for what nobody can be asked for. */
export function questionFor(query: DnsQuery, endpoint: string): Uint8Array {
  try {
    return encodeQuery(query)
  } catch (error) {
    if (!(error instanceof DnsMessageError)) throw error
    throw new NetworkError('not_resolved', endpoint, { en: `${error.message}, so nobody can be asked for it.`, ko: `질의할 수 없는 이름: ${error.text.ko}` })
  }
}

/**
 * The message, if it answers `query`. `exact`: its name has come back letter for letter, small and large, which somebody who only guesses cannot know
 * (draft-vixie-dnsext-dns0x20). `further`: of a transfer that has begun, whose messages need not repeat the question (RFC 5936, 2.2.1). Errors: NetworkError
 * `protocol_error`.
 */
export function answerTo(query: DnsQuery, bytes: Uint8Array, endpoint: string, further = false): { readonly message: DnsMessage; readonly exact: boolean } {
  let message: DnsMessage
  try {
    message = decodeMessage(bytes)
  } catch (error) {
    if (!(error instanceof DnsMessageError)) throw error
    throw new NetworkError('protocol_error', endpoint, { en: `What ${endpoint} answers is no DNS message: ${error.message}.`, ko: `DNS 메시지가 아닌 응답: ${error.text.ko}` })
  }
  const [echoed] = message.questions
  // A server that could not read the question need not repeat it.
  const without = message.questions.length === 0 && (further || message.rcode !== 0)
  const same = without || (message.questions.length === 1 && echoed !== undefined && echoed.type === query.type && echoed.class === query.class && nameOrNull(echoed.name) === nameOrNull(query.name))
  if (!message.response || message.id !== query.id || message.opcode !== 0 || !same) throw new NetworkError('protocol_error', endpoint, { en: `What ${endpoint} answers belongs to another question.`, ko: '다른 질의에 대한 응답' })
  return { message, exact: without || withoutDot(echoed?.name ?? '') === withoutDot(query.name) }
}

const withoutDot = (name: Bytes): Bytes => (name.endsWith('.') ? name.slice(0, -1) : name)
