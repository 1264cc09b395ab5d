// Names of DNS as probes hold them: in small letters, without the last dot, escapes only where they are needed. Two spellings of one name are one text, so that a
// set holds it once. Defended by names.test.ts.
import type { Bytes } from '../bytes.ts'
import { DnsMessageError, encodeName, inLabel, labelsOf } from '../dns-message.ts'
import type { DnsRecord } from '../dns-message.ts'
import type { Text } from '../evidence.ts'

const plain = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/

/** '' is the root. Throws DnsMessageError for what is no name. */
export function canonicalName(name: Bytes): Bytes {
  const small = name.toLowerCase()
  if (plain.test(small) && small.length <= 253) return small
  const whole = small.endsWith('.') ? small.slice(0, -1) : small
  if (plain.test(whole) && whole.length <= 253) return whole
  encodeName(small)
  return labelsOf(small).map(labelText).join('.')
}

const labelText = (label: Buffer): Bytes => Array.from(label, inLabel).join('').toLowerCase()

export const noName: Text = { en: 'this is no name', ko: '올바른 이름이 아님' }

/** null for what is no name. */
export function nameOrNull(name: Bytes): Bytes | null {
  try {
    return canonicalName(name)
  } catch (error) {
    if (error instanceof DnsMessageError) return null
    throw error
  }
}

/** Of canonical names: `name` itself, or anything beneath it. */
export function isWithin(name: Bytes, zone: Bytes): boolean {
  if (name === zone || zone === '') return true
  if (!name.endsWith(`.${zone}`)) return false
  // An escaped dot is a part of a label: 'a\.example' is not beneath 'example'.
  const before = /\\*$/.exec(name.slice(0, name.length - zone.length - 1))?.[0] ?? ''
  return before.length % 2 === 0
}

/** The labels of a canonical name, as they are written. */
export const labelsIn = (name: Bytes): readonly Bytes[] => (name === '' ? [] : name.match(/(?:\\[^]|[^.\\])+/g) ?? [])

/** The name above; '' at the top. */
export const parentOf = (name: Bytes): Bytes => labelsIn(name).slice(1).join('.')

/** The order of RFC 4034, 6.1: from the last label to the first, each as bytes. */
export function compareNames(one: Bytes, other: Bytes): number {
  const ones = labelsOf(one === '' ? '.' : one).toReversed()
  const others = labelsOf(other === '' ? '.' : other).toReversed()
  for (const [place, label] of ones.entries()) {
    const against = others[place]
    if (against === undefined) return 1
    const order = Buffer.compare(label, against)
    if (order !== 0) return order
  }
  return ones.length - others.length
}

/** The strings of a TXT record in one, as its readers want them (RFC 7208, 3.3). */
export function textOf(record: DnsRecord): Bytes {
  const bytes = Buffer.from(record.rdata.buffer, record.rdata.byteOffset, record.rdata.byteLength)
  let text = ''
  for (let at = 0; at < bytes.length; at += 1 + bytes[at]!) text += bytes.toString('latin1', at + 1, at + 1 + bytes[at]!)
  return text
}

/** Of MX: '' is the null MX (RFC 7505). null for what is no MX record. */
export function mailServerOf(record: DnsRecord): Bytes | null {
  const server = /^\d+ (.+)$/s.exec(record.data)?.[1]
  return record.type !== 'MX' || server === undefined ? null : nameOrNull(server)
}
