// SSL 2.0 (draft-hickman-netscape-ssl-00): whether a server still takes it, and with which ciphers. DROWN (CVE-2016-0800) needs no more.
// Invariant: whatever the server sends, reading ends within its bounds and throws nothing but NetworkError (probe.integration.test.ts).
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'
import { randomBytes } from './hello.ts'
import type { Place } from './handshake.ts'

const kinds = new Map<number, string>([
  [0x010080, 'SSL_CK_RC4_128_WITH_MD5'], [0x020080, 'SSL_CK_RC4_128_EXPORT40_WITH_MD5'], [0x030080, 'SSL_CK_RC2_128_CBC_WITH_MD5'], [0x040080, 'SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5'],
  [0x050080, 'SSL_CK_IDEA_128_CBC_WITH_MD5'], [0x060040, 'SSL_CK_DES_64_CBC_WITH_MD5'], [0x0700c0, 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5'],
])

const mostReads = 64
const SERVER_HELLO = 4

/** Names of the ciphers that the server takes. Throws NetworkError: tls_failed (it answers otherwise), timeout, closed. */
export async function greetSslv2(connection: Connection, { endpoint, timeoutMs, now, random }: Place): Promise<readonly string[]> {
  const specs = Buffer.concat([...kinds.keys()].map(kind => Buffer.of(kind >> 16, (kind >> 8) & 255, kind & 255)))
  const body = Buffer.concat([Buffer.of(1, 0, 2, 0, specs.length, 0, 0, 0, 16), specs, randomBytes(random, 16)])
  await connection.write(Buffer.concat([Buffer.of(0x80, body.length), body]).toString('latin1'))
  const refused = new NetworkError('tls_failed', endpoint, { en: `${endpoint} does not speak SSL 2.0.`, ko: 'SSL 2.0을 지원하지 않음' })
  const ends = now() + timeoutMs
  let answer = Buffer.alloc(0)
  for (let reads = 0; reads < mostReads; reads++) {
    const left = ends - now()
    if (left <= 0) break
    const more = await connection.read(16 * 1024, left)
    if (more === '') throw new NetworkError('closed', endpoint, { en: `${endpoint} closed the connection within its SSL 2.0 greeting.`, ko: 'SSL 2.0 핸드셰이크 중간에 연결을 끊음' })
    answer = Buffer.concat([answer, Buffer.from(more, 'latin1')])
    // A header of two bytes, or of three where there is padding.
    const head = ((answer[0] ?? 0) & 0x80) === 0 ? 3 : 2
    if (answer.length < head + 11) continue
    const length = ((answer[0] ?? 0) & (head === 2 ? 0x7f : 0x3f)) * 256 + (answer[1] ?? 0)
    if (answer[head] !== SERVER_HELLO || answer.readUInt16BE(head + 3) !== 2) throw refused
    if (answer.length < head + length) continue
    const from = head + 11 + answer.readUInt16BE(head + 5)
    const end = Math.min(from + answer.readUInt16BE(head + 7), head + length)
    const taken: string[] = []
    for (let at = from; at + 3 <= end; at += 3) taken.push(kinds.get(answer.readUIntBE(at, 3)) ?? `0x${answer.readUIntBE(at, 3).toString(16).padStart(6, '0')}`)
    return [...new Set(taken)]
  }
  throw new NetworkError('timeout', endpoint, { en: `${endpoint} did not answer an SSL 2.0 greeting in time.`, ko: '제한 시간 안에 SSL 2.0 핸드셰이크에 응답하지 않음' })
}
