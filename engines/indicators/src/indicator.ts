// One spelling per indicator: whatever way a person or a feed wrote it, the canonical value is the same, ASCII, and parses to itself.
// Nothing here throws on content. indicator.test.ts holds both with random defanging and random text.
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'

const { IPv4, IPv6 } = ipaddr

export const INDICATOR_TYPES = ['ip', 'cidr', 'domain', 'url', 'md5', 'sha1', 'sha256', 'email'] as const
export type IndicatorType = (typeof INDICATOR_TYPES)[number]

export const VERDICTS = ['malicious', 'suspicious', 'benign', 'unknown'] as const
export type Verdict = (typeof VERDICTS)[number]

export type ParsedIndicator = {
  type: IndicatorType
  /** Canonical and ASCII; equal values are equal indicators. */
  value: string
  /** The text as it was given. */
  original: string
  /** Written `*.evil.example` or `.evil.example`: the domain and everything below it. */
  subdomains?: true
}

/** One source's statement about one indicator. Times are milliseconds since the epoch, null = the source does not say. */
export type Indicator = {
  type: IndicatorType
  /** As `parseIndicator` gives it. */
  value: string
  verdict: Verdict
  /** 0 to 100, the scale of STIX 2.1. */
  confidence: number
  source: string
  tags: string[]
  /** ATT&CK ids: `T1071`, `T1071.001`. */
  techniques: string[]
  first_seen: number | null
  last_seen: number | null
  valid_until: number | null
  /** Domains only: also speaks about every name below. Absent = this name alone. */
  subdomains?: true
}

/** RFC 9110 asks for 8,000 octets of a request line; what is longer than this is not worth a match. */
const MAX_LENGTH = 4096
const HASH_BY_LENGTH: Readonly<Record<number, 'md5' | 'sha1' | 'sha256'>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' }

/**
 * What a text names, in its canonical form, or null when it names nothing that is an indicator.
 * Understood: defanged spellings (hxxp, `[.]`, `(.)`, `[dot]`, `[:]`, `[://]`, `[@]`, `[at]`, with blanks around), IDN (to ASCII, UTS 46), one trailing dot, upper case.
 * Refused: IPv4 that is not four plain decimal parts, IPv6 zones, single labels, addresses with a port, URLs without a scheme or other than http, https, ftp, ws, wss.
 * A network of one address is that address; an IPv4 address in IPv6 (::ffff:a.b.c.d) is the IPv4 address; IPv6 is written as in RFC 5952; a URL as the WHATWG standard writes it, without fragment.
 */
export function parseIndicator(text: string): ParsedIndicator | null {
  if (text.length > MAX_LENGTH) return null
  const plain = refang(text)
  if (plain === null || plain === '') return null
  const hash = HASH_BY_LENGTH[plain.length]
  if (hash !== undefined && isHex(plain)) return { type: hash, value: plain.toLowerCase(), original: text }
  if (plain.includes('://')) return named('url', canonicalUrl(plain), text)
  if (plain.includes('/')) return parseNetwork(plain, text)
  if (plain.includes('@')) return named('email', canonicalEmail(plain), text)
  const address = canonicalAddress(plain)
  if (address !== null) return { type: 'ip', value: address, original: text }
  const below = plain.startsWith('*.') ? 2 : plain.startsWith('.') ? 1 : 0
  const domain = canonicalDomain(plain.slice(below))
  if (domain === null) return null
  return below > 0 ? { type: 'domain', value: domain, original: text, subdomains: true } : { type: 'domain', value: domain, original: text }
}

function named(type: IndicatorType, value: string | null, original: string): ParsedIndicator | null {
  return value === null ? null : { type, value, original }
}

/** Undoes what people do to an indicator so that nobody clicks on it. Null when it is nested deeper than anybody would write. */
function refang(text: string): string | null {
  let now = text.replace(/\s+/g, ' ').trim()
  for (let pass = 0; pass < 4; pass += 1) {
    const before = now
    if (/[[({]/.test(now)) {
      now = now
        .replace(/ ?[[({] ?(?:\.|dot) ?[\])}] ?/gi, '.')
        .replace(/ ?[[({] ?(?:@|at) ?[\])}] ?/gi, '@')
        .replace(/ ?[[({] ?:\/\/ ?[\])}] ?/g, '://')
        .replace(/ ?[[({] ?: ?[\])}] ?/g, ':')
        .replace(/ ?[[({] ?\/ ?[\])}] ?/g, '/')
    }
    now = now.replace(/^h(?:xx|\*\*)p(s?)(?= ?:)/i, 'http$1').replace(/^fxp(?= ?:)/i, 'ftp').replace(/^([a-z]{2,5}) ?: ?\/ ?\/ ?/i, '$1://')
    if (now === before) return now
  }
  return null
}

export function isHex(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70))) return false
  }
  return true
}

/** An address in canonical form. Strict: `010.0.0.1` is octal to one program and decimal to the next, so it is nobody's indicator. */
export function canonicalAddress(text: string): string | null {
  if (isIpv4(text)) return text
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (bare.length > 45 || !bare.includes(':') || bare.includes('%')) return null
  if (bare.includes('.') && !isIpv4(bare.slice(bare.lastIndexOf(':') + 1))) return null
  if (!IPv6.isValid(bare)) return null
  const address = IPv6.parse(bare)
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String()
}

/** Four decimal parts of 0 to 255 without leading zeros. */
function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false
  let parts = 1
  let value = -1
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 46) {
      if (value < 0) return false
      parts += 1
      value = -1
    } else if (code >= 48 && code <= 57 && value !== 0) {
      value = (value < 0 ? 0 : value * 10) + code - 48
      if (value > 255) return false
    } else return false
  }
  return parts === 4 && value >= 0
}

function parseNetwork(text: string, original: string): ParsedIndicator | null {
  const slash = text.indexOf('/')
  const base = canonicalAddress(text.slice(0, slash).trim())
  const digits = text.slice(slash + 1).trim()
  if (base === null || !/^(?:0|[1-9]\d{0,2})$/.test(digits)) return null
  const bytes = addressBytes(base)
  // The prefix of a network written ::ffff:a.b.c.d/n counts from the IPv6 address.
  const bits = Number(digits) - (bytes.length === 4 && text.slice(0, slash).includes(':') ? 96 : 0)
  if (bits < 0 || bits > bytes.length * 8) return null
  if (bits === bytes.length * 8) return { type: 'ip', value: base, original }
  const masked = bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 0xff)
  const network = masked.length === 4 ? masked.join('.') : new IPv6(masked).toRFC5952String()
  return { type: 'cidr', value: `${network}/${bits}`, original }
}

/** The bytes of a canonical address. */
export function addressBytes(canonical: string): number[] {
  return canonical.includes(':') ? IPv6.parse(canonical).toByteArray() : IPv4.parse(canonical).toByteArray()
}

/** ASCII lower case without the root's dot; at least two labels, so that no plain word is a domain (RFC 1035 lengths; underscores as in DNS practice). */
export function canonicalDomain(text: string): string | null {
  if (text.length > 1024) return null
  // What is plain already need not go through the IDN tables.
  const plain = /^[a-z0-9._-]+$/.test(text) && !text.includes('xn--')
  // eslint-disable-next-line no-control-regex
  if (!plain && !/^(?:[a-z0-9._-]|[^\x00-\x7f])+$/i.test(text)) return null
  const last = text.slice(text.lastIndexOf('.', text.length - 2) + 1)
  if (endsInNumber(last)) return null
  let ascii = plain ? text : domainToASCII(text)
  if (ascii.endsWith('.')) ascii = ascii.slice(0, -1)
  if (ascii === '' || ascii.length > 253) return null
  const labels = ascii.split('.')
  if (labels.length < 2 || endsInNumber(labels[labels.length - 1] as string)) return null
  return labels.every((label) => label.length <= 63 && /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/.test(label)) ? ascii : null
}

/** A last label that a browser would read as part of an IPv4 address (WHATWG URL, "ends in a number"). */
const endsInNumber = (label: string): boolean => /^(?:\d+|0x[0-9a-f]*)\.?$/i.test(label)

const URL_SCHEMES = new Set(['http:', 'https:', 'ftp:', 'ws:', 'wss:'])

function canonicalUrl(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (!URL_SCHEMES.has(url.protocol) || url.hostname === '') return null
  url.hash = ''
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url.hostname === '' || url.hostname.endsWith('.') || url.href.length > MAX_LENGTH ? null : url.href
}

function canonicalEmail(text: string): string | null {
  const at = text.indexOf('@')
  const local = text.slice(0, at).trim()
  const domain = canonicalDomain(text.slice(at + 1).trim())
  // The local part may tell cases apart (RFC 5321); no provider of note does, and a match must not hang on it.
  return domain !== null && /^[a-z0-9.!#$%&'*+=?^_`|~-]{1,64}$/i.test(local) ? `${local.toLowerCase()}@${domain}` : null
}
