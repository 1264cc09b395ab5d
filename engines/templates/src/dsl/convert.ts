import type { Bytes, Value } from '../model.ts'
import { isAscii } from '@haechi/probes/wire'

/** A number in digits as strconv.FormatFloat(x, 'f', -1, 64) writes it: never with an exponent. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const short = String(value)
  const exponent = short.indexOf('e')
  if (exponent < 0) return short
  const power = Number(short.slice(exponent + 1))
  const negative = short.startsWith('-')
  const [whole = '', fraction = ''] = short.slice(negative ? 1 : 0, exponent).split('.')
  const all = whole + fraction
  const body = power < 0 ? `0.${'0'.repeat(-power - 1)}${all}` : all + '0'.repeat(power - fraction.length)
  return negative ? `-${body}` : body
}

/** What helper functions make of an argument: nothing of nil, '[a b]' of a list. */
export function toText(value: Value): Bytes {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return digits(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return value === null ? '' : printed(value)
}

/** Go's %v, which is how '+' joins a text with something else: 1e+06, <nil>, [a b], map[k:v]. */
export function printed(value: Value): Bytes {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null) return '<nil>'
  if (typeof value === 'number') return general(value)
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(printed).join(' ')}]`
  return `map[${Object.entries(value as { readonly [key: string]: Value }).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => `${key}:${printed(one)}`).join(' ')}]`
}

/** %g with the fewest digits that say the number: from 1e6 and below 1e-4 with an exponent, of two digits at least. */
function general(value: number): string {
  if (!Number.isFinite(value) || value === 0) return digits(value)
  const [mantissa = '', power = ''] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return digits(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** UTF-8 read as Unicode where it is such, else null: then each byte stands for itself. */
export function unicodeOf(bytes: Bytes): string | null {
  if (isAscii(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\uFFFD') && Buffer.from(text, 'utf8').toString('latin1') !== bytes ? null : text
}

/** Unicode's letters each by itself, as Go maps them: none becomes two. Bytes that are no UTF-8 stay. */
const mapLetters = (bytes: Bytes, one: (letter: string) => string): Bytes => {
  const text = unicodeOf(bytes)
  if (text === null) return bytes.replaceAll(/[A-Za-z]+/g, one)
  let mapped = ''
  for (const letter of text) {
    const other = one(letter)
    mapped += other.length === letter.length ? other : letter
  }
  return Buffer.from(mapped, 'utf8').toString('latin1')
}
export const lower = (bytes: Bytes): Bytes => (isAscii(bytes) ? bytes.toLowerCase() : mapLetters(bytes, (letter) => (letter === 'İ' ? 'i' : letter.toLowerCase())))
export const upper = (bytes: Bytes): Bytes => (isAscii(bytes) ? bytes.toUpperCase() : mapLetters(bytes, (letter) => letter.toUpperCase()))

/** Letter by letter: of UTF-8, or of bytes where it is none. */
export const letters = (bytes: Bytes): Bytes[] => {
  if (isAscii(bytes)) return bytes.split('')
  const text = unicodeOf(bytes)
  return text === null ? bytes.split('') : Array.from(text, (letter) => Buffer.from(letter, 'utf8').toString('latin1'))
}
