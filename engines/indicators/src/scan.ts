// Finds the indicators that an event names. Texts are cut at characters that no indicator contains and each piece is judged by its shape, without a regular
// expression over the text: what costs is looking up, and only what looks like an indicator is looked up. scan.test.ts holds that nothing planted is missed.
import { canonicalAddress, canonicalDomain, isHex, parseIndicator } from './indicator.ts'
import type { IndicatorType, ParsedIndicator } from './indicator.ts'
import type { Answer, IndicatorIndex } from './lookup.ts'

/** An indicator that an event names and that is malicious or suspicious. */
export type Hit = {
  /** The field that named it; the first, when several do. */
  field: string
  answer: Answer
}

/**
 * The threats that an event names at `now` (milliseconds since the epoch), in the order of its fields; each indicator once.
 * `record` is the columns of an event, its raw text, or both: every string (or list of strings) is read, whatever its name. Of a URL both itself and its host are looked up, of an e-mail address also its domain.
 * Events are not defanged, so nothing is refanged here. Linear in the length of the record; never throws.
 */
export function scanRecord(record: Readonly<Record<string, unknown>>, index: IndicatorIndex, now: number): Hit[] {
  const hits: Hit[] = []
  if (index.size === 0) return hits
  const seen = new Set<string>()
  const ask = (field: string, candidate: ParsedIndicator) => {
    if (!index.has(candidate)) return
    const key = `${candidate.type} ${candidate.value}`
    if (seen.has(key)) return
    seen.add(key)
    const answer = index.lookup(candidate, now)
    if (answer !== null && (answer.verdict === 'malicious' || answer.verdict === 'suspicious')) hits.push({ field, answer })
  }
  for (const field of Object.keys(record)) {
    const value = record[field]
    for (const text of Array.isArray(value) ? value : [value]) if (typeof text === 'string') candidates(text, (candidate) => ask(field, candidate))
  }
  return hits
}

// What a character does to a text: it belongs to a word, it ends a word, or it ends a URL too.
const WORD = 0, SOFT = 1, HARD = 2
const KIND = new Uint8Array(128).fill(SOFT)
for (let code = 0; code <= 32; code += 1) KIND[code] = HARD
for (const sign of '"\'<>`{}|^\\\u007f') KIND[sign.charCodeAt(0)] = HARD
for (const sign of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:@') KIND[sign.charCodeAt(0)] = WORD
const kindAt = (text: string, at: number): number => KIND[text.charCodeAt(at)] ?? WORD

const DOT = 46, COLON = 58, AT = 64
/** No name, address or hash is longer (local part, @ and domain of an e-mail address). */
const MAX_WORD = 320

/** URLs inside a URL (redirects) that are asked; their hosts always are. Else a text of nothing but `http://` would be read again from each. */
const MAX_INSIDE = 3

function candidates(text: string, found: (candidate: ParsedIndicator) => void): void {
  const { length } = text
  let at = 0
  let urlEnd = 0
  let inside = 0
  while (at < length) {
    if (kindAt(text, at) !== WORD) {
      at += 1
      continue
    }
    const start = at
    let dots = 0
    let colons = 0
    let mail = -1
    for (; at < length && kindAt(text, at) === WORD; at += 1) {
      const code = text.charCodeAt(at)
      if (code === DOT) dots += 1
      else if (code === COLON) colons += 1
      else if (code === AT) mail = at
    }
    // `scheme:` stops before the slashes: from here to the next hard sign it is a URL, whose host then comes as the next word.
    if (text.charCodeAt(at - 1) === COLON && text.startsWith('//', at)) {
      inside = start < urlEnd ? inside + 1 : 0
      if (inside <= MAX_INSIDE) urlEnd = Math.max(urlEnd, url(text, start, at, found))
    }
    if (at - start <= MAX_WORD) word(text, start, at, dots, colons, mail, found)
  }
}

/** Gives where the URL ends. */
function url(text: string, start: number, slashes: number, found: (candidate: ParsedIndicator) => void): number {
  let end = slashes + 2
  while (end < text.length && kindAt(text, end) !== HARD && end - start < 4096) end += 1
  // What stands around a URL in prose and lists may end it or belong to it: both are asked.
  let from = slashes - 1
  while (from > start && isLetter(text.charCodeAt(from - 1))) from -= 1
  const whole = text.slice(from, end)
  const trimmed = whole.replace(/[),.;:!?\]]{1,8}$/, '')
  const parsed = parseIndicator(whole)
  if (parsed?.type === 'url') found(parsed)
  if (trimmed.length < whole.length) {
    const shorter = parseIndicator(trimmed)
    if (shorter?.type === 'url') found(shorter)
  }
  return end
}

const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122

function word(text: string, from: number, to: number, dots: number, colons: number, mail: number, found: (candidate: ParsedIndicator) => void): void {
  let start = from
  let end = to
  while (end > start && isEdge(text.charCodeAt(end - 1)) && !text.startsWith('::', end - 2)) end -= 1
  while (start < end && isEdge(text.charCodeAt(start)) && !text.startsWith('::', start)) start += 1
  if (end - start < 2) return
  const piece = text.slice(start, end)
  if (colons >= 2) {
    const address = canonicalAddress(piece)
    if (address !== null) return found(parsed('ip', address))
  }
  if (colons > 0) {
    // `address:port`, `key:value`, `host:port`.
    for (const part of piece.split(':')) if (part.length > 1) plain(part, part.includes('@') ? part.lastIndexOf('@') : -1, part.includes('.'), found)
  } else plain(piece, mail - start, dots > 0, found)
}

const isEdge = (code: number): boolean => code === DOT || code === COLON || code === 45

function plain(piece: string, mail: number, dotted: boolean, found: (candidate: ParsedIndicator) => void): void {
  if (!dotted) {
    const type = piece.length === 32 ? 'md5' : piece.length === 40 ? 'sha1' : piece.length === 64 ? 'sha256' : null
    if (type !== null && isHex(piece)) found(parsed(type, piece.toLowerCase()))
    return
  }
  if (mail >= 0) {
    const address = parseIndicator(piece)
    if (address?.type === 'email') found(address)
    return named(piece.slice(mail + 1), found)
  }
  named(piece, found)
}

function named(piece: string, found: (candidate: ParsedIndicator) => void): void {
  const first = piece.charCodeAt(0)
  if (first >= 48 && first <= 57) {
    const address = canonicalAddress(piece)
    if (address !== null) return found(parsed('ip', address))
  }
  const domain = canonicalDomain(piece.toLowerCase())
  if (domain !== null) found(parsed('domain', domain))
}

const parsed = (type: IndicatorType, value: string): ParsedIndicator => ({ type, value, original: value })
