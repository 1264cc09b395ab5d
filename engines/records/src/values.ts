// Reads single values out of parsed JSON of any form: what is not of the expected kind is absent, never an error.

export type Bag = Record<string, unknown>

/** A lookup by names that come from outside: `constructor` is in none of them. */
export function table<T>(entries: Record<string, T>): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as Record<string, T>, entries)
}

export function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text that says something: Windows writes `-` and auditd `?` where there is nothing. */
export function text(value: unknown): string | null {
  if (typeof value === 'string') return value === '' || value === '-' || value === '?' || value === '(null)' ? null : value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return null
}

/** Words of a list that came as a list or as one text. */
export function words(value: unknown): string[] {
  const parts = Array.isArray(value) ? value.filter((part): part is string => typeof part === 'string') : typeof value === 'string' ? [value] : []
  return parts.flatMap((part) => part.split(/[\s,]+/)).filter((word) => word !== '' && word !== '-')
}

/** A count, port, identifier or code: a safe integer from 0, decimal or `0x` text. */
export function whole(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null
  if (typeof value !== 'string' || value === '' || value.length > 18) return null
  const first = value.charCodeAt(0)
  if (first < 48 || first > 57) return null
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : null
}

export function port(value: unknown): number | null {
  const number = whole(value)
  return number !== null && number > 0 && number < 65_536 ? number : null
}

/** An IPv4 or IPv6 address; one mapped into IPv6 comes out as IPv4. Names are null. */
export function ip(value: unknown): string | null {
  if (typeof value !== 'string' || value.length < 2 || value.length > 45) return null
  let address = value
  if (address.startsWith('::ffff:') && address.includes('.')) address = address.slice(7)
  let dots = 0
  let colons = 0
  for (let i = 0; i < address.length; i++) {
    const c = address.charCodeAt(i)
    if (c === 46) dots++
    else if (c === 58) colons++
    else if (c === 37 && colons > 1) return address.slice(0, i)
    else if (!(c >= 48 && c <= 57) && !((c | 32) >= 97 && (c | 32) <= 102)) return null
  }
  if (colons === 0) return dots === 3 && /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/.test(address) ? address : null
  return colons >= 2 && colons <= 7 && (dots === 0 || dots === 3) ? address : null
}

const DIGEST_LENGTHS = new Set([32, 40, 56, 64, 96, 128])

/** Digests of `SHA1=..,MD5=..` or of a bare digest, as [algorithm in upper case or '', lower-case hex]. All zeros means none was made. */
export function digests(value: unknown): [string, string][] {
  if (typeof value !== 'string') return []
  const found: [string, string][] = []
  let at = 0
  while (at < value.length) {
    let stop = value.indexOf(',', at)
    if (stop === -1) stop = value.length
    const equals = value.indexOf('=', at)
    const named = equals !== -1 && equals < stop
    const hex = value.slice(named ? equals + 1 : at, stop)
    if (DIGEST_LENGTHS.has(hex.length) && /^(?!0+$)[0-9a-f]+$/i.test(hex)) found.push([named ? value.slice(at, equals).trim().toUpperCase() : '', hex.toLowerCase()])
    at = stop + 1
  }
  return found
}

export function hashColumn(value: unknown): string | null {
  const found = digests(value)
  return found.length === 0 ? null : found.length === 1 ? (found[0] as [string, string])[1] : found.map(([, hex]) => hex).join(' ')
}

/** The last part of a Windows or POSIX path. */
export function baseName(path: string): string {
  const cut = Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/'))
  const name = path.slice(cut + 1)
  return name === '' ? path : name
}

const MESSAGE_CHARACTERS = 512

/** `title: detail` on one line of bounded length. */
export function oneLine(title: string, detail: string | null): string {
  let line = detail === null ? title : `${title}: ${detail}`
  if (line.length > MESSAGE_CHARACTERS) line = `${line.slice(0, MESSAGE_CHARACTERS - 1)}…`
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f]/.test(line) ? line.replace(/[\u0000-\u001f]+/g, ' ').trim() : line
}
