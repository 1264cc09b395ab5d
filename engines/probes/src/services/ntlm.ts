// NTLM's challenge (MS-NLMP, 2.2.1): a server tells its names and the system's build before anybody has proved anything.
import type { Bytes } from '../bytes.ts'
import { Cursor, fromUtf16, hex, uintLe } from './cursor.ts'

const signature = 'NTLMSSP\0'
/** Unicode, OEM, target, NTLM, extended security, version, 128 and 56 bits, anonymous not yet. */
const flags = 0xa2088207
export const negotiate: Bytes = `${signature}${uintLe(1, 4)}${uintLe(flags, 4)}${'\0'.repeat(16)}${hex('0a00614a0000000f')}`

const named: Readonly<Record<number, string>> = { 1: 'netbiosName', 2: 'netbiosDomain', 3: 'dnsName', 4: 'dnsDomain', 5: 'dnsForest' }

export type Challenge = { readonly names: Readonly<Record<string, string>>; /** '10.0.20348' */ readonly build: string | null }

/** The challenge somewhere in a message; null: there is none. Errors: Malformed. */
export function readChallenge(bytes: Bytes): Challenge | null {
  const start = bytes.indexOf(`${signature}${uintLe(2, 4)}`)
  if (start === -1) return null
  const message = bytes.slice(start)
  const cursor = new Cursor(message, 20)
  const given = cursor.uintLe(4)
  cursor.bytes(16)
  const length = cursor.uintLe(2)
  cursor.bytes(2)
  const offset = cursor.uintLe(4)
  const version = (given & 0x2000000) !== 0 && cursor.left >= 8 ? [cursor.uintLe(1), cursor.uintLe(1), cursor.uintLe(2)] : null
  const names: Record<string, string> = {}
  const info = new Cursor(new Cursor(message, Math.min(offset, message.length)).bytes(length))
  while (info.left >= 4) {
    const kind = info.uintLe(2)
    const value = info.bytes(info.uintLe(2))
    if (kind === 0) break
    const name = named[kind]
    if (name !== undefined) names[name] = fromUtf16(value)
  }
  return { names, build: version === null || version.every(each => each === 0) ? null : version.join('.') }
}
