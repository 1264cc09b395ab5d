// What every reader gives: indicators, and for what it did not take the place, the code and the reason. A reader never throws on content.
import { parseTime } from '@haechi/records'
import type { Indicator, ParsedIndicator, Verdict } from './indicator.ts'
import { parseIndicator, VERDICTS } from './indicator.ts'

export type RejectionCode =
  // The whole input.
  | 'input_too_large' | 'too_many_entries' | 'json_invalid' | 'not_a_bundle' | 'column_missing'
  // One row or object.
  | 'csv_invalid' | 'object_invalid' | 'value_invalid' | 'type_mismatch' | 'range_too_wide' | 'field_invalid' | 'revoked'
  // One STIX pattern.
  | 'pattern_invalid' | 'pattern_unsupported' | 'pattern_type_unsupported'

export type Rejection = {
  /** `line 12`, `indicator--...`, `bundle`. */
  place: string
  code: RejectionCode
  /** For a log or a developer, in English; never the whole content. */
  reason: string
}

export type IndicatorReading = {
  indicators: Indicator[]
  /** At most `MAX_REJECTIONS`; the rest is in `rejections`. */
  rejected: Rejection[]
  /** How many were not taken, listed or not. */
  rejections: number
  /** STIX observables (addresses, names, files): somebody saw them, nobody says that they are bad. Counted, not taken. */
  observables: number
}

export type ReadOptions = {
  /** The name under which the index keeps, replaces and removes these statements. */
  source: string
  /** Where the input states none. Default: CSV `malicious` (a list of indicators), STIX `suspicious`. */
  verdict?: Verdict
  /** 0 to 100, where the input states none. Default 50. */
  confidence?: number
  /** In characters. Default 128 Mi. */
  maxLength?: number
}

export const MAX_REJECTIONS = 1000
export const MAX_ENTRIES = 2_000_000
export const DEFAULT_MAX_LENGTH = 128 * 1024 * 1024
const MAX_TAGS = 32
const MAX_TAG_LENGTH = 128
// A network wider than a provider's is a mistake or an attack on whoever takes the feed.
const WIDEST = { 4: 8, 6: 16 }

/** Gathers what a reader finds. Statements about the same indicator become one: the worst verdict, the surest of it, all tags, the widest times. */
export class Gathering {
  readonly rejected: Rejection[] = []
  rejections = 0
  observables = 0
  readonly #found = new Map<string, Indicator>()

  reject(place: string, code: RejectionCode, reason: string): void {
    this.rejections += 1
    if (this.rejected.length < MAX_REJECTIONS) this.rejected.push({ place, code, reason })
  }

  /** False when it was turned down, and said so. */
  take(place: string, text: string, statement: Omit<Indicator, 'type' | 'value' | 'subdomains'>, expected?: readonly string[]): boolean {
    const parsed = parseIndicator(text)
    if (parsed === null) {
      this.reject(place, 'value_invalid', `${excerpt(text)} is no address, network, domain, URL, hash or e-mail address`)
      return false
    }
    if (expected !== undefined && !expected.includes(parsed.type)) {
      this.reject(place, 'type_mismatch', `${excerpt(text)} is of type ${parsed.type}, stated is ${expected.join(' or ')}`)
      return false
    }
    if (tooWide(parsed)) {
      this.reject(place, 'range_too_wide', `${parsed.value}: the widest networks taken are /${WIDEST[4]} (IPv4) and /${WIDEST[6]} (IPv6)`)
      return false
    }
    const { type, value, subdomains } = parsed
    const key = `${type} ${value}`
    const one: Indicator = { type, value, ...statement, tags: clean(statement.tags), ...(subdomains ? { subdomains } : {}) }
    const before = this.#found.get(key)
    this.#found.set(key, before === undefined ? one : united(before, one))
    return true
  }

  done(): IndicatorReading {
    return { indicators: [...this.#found.values()], rejected: this.rejected, rejections: this.rejections, observables: this.observables }
  }
}

function tooWide({ type, value }: ParsedIndicator): boolean {
  return type === 'cidr' && Number(value.slice(value.indexOf('/') + 1)) < WIDEST[value.includes(':') ? 6 : 4]
}

function united(a: Indicator, b: Indicator): Indicator {
  const worst = VERDICTS.indexOf(b.verdict) < VERDICTS.indexOf(a.verdict) ? b : a
  return {
    ...worst,
    confidence: a.verdict === b.verdict ? Math.max(a.confidence, b.confidence) : worst.confidence,
    tags: clean([...a.tags, ...b.tags]),
    techniques: [...new Set([...a.techniques, ...b.techniques])].slice(0, MAX_TAGS),
    first_seen: a.first_seen === null || b.first_seen === null ? a.first_seen ?? b.first_seen : Math.min(a.first_seen, b.first_seen),
    last_seen: a.last_seen === null || b.last_seen === null ? a.last_seen ?? b.last_seen : Math.max(a.last_seen, b.last_seen),
    valid_until: a.valid_until === null || b.valid_until === null ? null : Math.max(a.valid_until, b.valid_until),
    ...(a.subdomains === true || b.subdomains === true ? { subdomains: true as const } : {}),
  }
}

// eslint-disable-next-line no-control-regex
const clean = (tags: readonly string[]): string[] => [...new Set(tags.map((tag) => tag.slice(0, MAX_TAG_LENGTH).replace(/[\x00-\x1f\x7f]/g, ' ').trim()).filter((tag) => tag !== ''))].slice(0, MAX_TAGS)

export const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)

const TECHNIQUE = /^T\d{4}(?:\.\d{3})?$/
export const techniquesIn = (texts: readonly string[]): string[] => [...new Set(texts.map((text) => text.trim().toUpperCase()).filter((text) => TECHNIQUE.test(text)))].slice(0, MAX_TAGS)

/** 0 to 100, or null when it is not. */
export function confidenceOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,3}(?:\.\d{1,6})?$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && number >= 0 && number <= 100 ? Math.round(number) : null
}

/** Milliseconds since the epoch, or null when it is no time. */
export function timeOf(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > 64) return null
  const day = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(value.trim())
  return parseTime(day === null ? value : `${day[1]}-${day[2]}-${day[3]}T00:00:00Z`)
}
