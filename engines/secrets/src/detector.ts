// Secrets in a text: keywords in one pass over its bytes, a rule's expression only near its keywords, then what tells a secret from a text that only looks like one.
// What is found is what every expression finds over the whole text and its judges let stand; detector.test.ts holds it against that, and hostile texts against the clock by count.
import { PatternError, compileRegex } from '@haechi/patterns'
import type { Regex, RegexMatch } from '@haechi/patterns'
import { anchorsOf, lower } from './anchors.ts'
import type { Following } from './anchors.ts'
import { checksums } from './checksum.ts'
import { entropyOf } from './entropy.ts'
import { genericRules } from './generic.ts'
import type { GenericRule } from './generic.ts'
import { createKeywords } from './keywords.ts'
import type { Found, SecretRule } from './model.ts'
import { isPlaceholder } from './placeholders.ts'
import { efficiencyOf } from './tokens.ts'

export type Detector = {
  /**
   * Secrets of a text in their order, one a place. `text` as bytes, or as a text of bytes (latin1); `path` with forward slashes, '' where there is none.
   * Binary files (a NUL in the first 8,000 bytes, as git has it) hold none. Nothing is thrown for any text.
   */
  detect(text: Uint8Array | string, about: { readonly path: string }): Detected
}

export type Detected = { readonly found: readonly Found[]; /** Rules with more in this text than is told: what `found` has of them are the first. */ readonly cut: readonly string[] }

/** A match goes on so far behind its keyword at most. */
const REACH = 32_768
/** Keywords of one rule so near to each other are looked at in one go, up to so much. */
const NEAR = 64
const MAX_REGION = 16_384
/** Of one rule in one text: candidates that stand, and matches that are looked at. */
const MAX_FOUND = 1_000
const MAX_MATCHES = 100_000
const BINARY_WITHIN = 8_000

/** What it takes to look for one rule: made when it is first needed. */
type Prepared = {
  readonly rule: SecretRule
  readonly place: number
  readonly regex: Regex
  /** The group `secret`, where there is one. */
  readonly group: number | undefined
  readonly allow: readonly Regex[]
  readonly judge: GenericRule['judge'] | null
  /** The form of the secret itself says what it is: its keyword is a part of it. */
  readonly telling: (secret: string) => boolean
}

/** A keyword of a rule; what its expression says of it is learned when it first stands somewhere. */
type Watch = { readonly keyword: string; readonly place: number; exact: boolean; following: Following | null; needless: boolean }

type Candidate = Found & { readonly prepared: Prepared }

/** Rules as `readSecretRules` gives them, and the generic ones of this engine. A rule's expression is compiled when its keyword first stands in a text. Cheap to make, a thread its own. */
export function createDetector(rules: readonly SecretRule[]): Detector {
  const all: readonly (SecretRule | GenericRule)[] = [...rules, ...genericRules]
  const prepared: (Prepared | undefined)[] = all.map(() => undefined)
  /** -1: the rule is not prepared. */
  const leads = new Int32Array(all.length).fill(-1)
  const watches = new Map<string, Watch[]>()
  const ofRule: Watch[][] = all.map(() => [])
  for (const [place, rule] of all.entries()) for (const keyword of new Set(rule.keywords.map(bytesOf))) {
    const watch: Watch = { keyword, place, exact: false, following: null, needless: false }
    watches.set(keyword, [...watches.get(keyword) ?? [], watch])
    ofRule[place]!.push(watch)
  }
  const keywords = createKeywords([...watches.keys()])
  const watched = [...watches.values()]
  const ready = (place: number): void => {
    const made = prepared[place] = prepare(all[place]!, place)
    const { lead, exact, following } = anchorsOf(made.regex.root, ofRule[place]!.map(({ keyword }) => keyword))
    leads[place] = lead
    if (following !== null) for (const watch of ofRule[place]!) {
      watch.exact = exact
      watch.following = following.get(exact ? watch.keyword : lower(watch.keyword)) ?? null
      watch.needless = watch.following === null
    }
  }
  // Where the keywords of a rule stand that were not looked at yet; -1: none.
  const first = new Int32Array(all.length).fill(-1)
  const last = new Int32Array(all.length)
  const looked = new Int32Array(all.length)
  const matches = new Int32Array(all.length)
  const standing = new Int32Array(all.length)
  const touched = new Uint8Array(all.length)
  const beyond = (place: number): boolean => matches[place]! > MAX_MATCHES || standing[place]! > MAX_FOUND

  return {
    detect(input, { path }) {
      const bytes = typeof input === 'string' ? Buffer.from(input, 'latin1') : input
      if (bytes.subarray(0, BINARY_WITHIN).includes(0)) return { found: [], cut: [] }
      let text: string | null = typeof input === 'string' ? input : null
      const found: Candidate[] = []
      const look = (place: number): void => {
        text ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
        const within = text
        const each = prepared[place]!
        const until = last[place]!
        let from = Math.max(first[place]! - leads[place]!, looked[place]!, 0)
        first[place] = -1
        while (from <= until && !beyond(place)) {
          const match = near(each.regex, within, from, until)
          if (match === null) break
          matches[place]! += 1
          const candidate = judged(each, within, match, path)
          if (candidate !== null) {
            standing[place]! += 1
            if (!beyond(place)) found.push(candidate)
          }
          from = Math.max(match.end, match.index + 1)
          looked[place] = from
        }
      }
      keywords.search(bytes, (keyword, start) => {
        for (const watch of watched[keyword]!) {
          const { place } = watch
          if (leads[place] === -1) ready(place)
          if (!mayStand(watch, bytes, start)) continue
          if (first[place] !== -1) {
            if (start - leads[place]! <= last[place]! + NEAR && start - first[place]! < MAX_REGION) {
              if (start > last[place]!) last[place] = start
              else if (start < first[place]!) first[place] = start
              continue
            }
            look(place)
          }
          touched[place] = 1
          first[place] = start
          last[place] = start
        }
      })
      const cut: string[] = []
      for (let place = touched.indexOf(1); place !== -1; place = touched.indexOf(1, place + 1)) {
        if (first[place] !== -1) look(place)
        if (beyond(place)) cut.push(all[place]!.id)
        touched[place] = matches[place] = standing[place] = looked[place] = 0
      }
      return { found: located(merged(found), bytes), cut }
    },
  }
}

/** Whether a match may have its keyword here. */
function mayStand({ keyword, exact, following, needless }: Watch, bytes: Uint8Array, start: number): boolean {
  if (needless) return false
  const end = start + keyword.length
  if (following !== null) {
    const { depth, allowed } = following
    if (end + depth > bytes.length) return false
    for (let at = 0; at < depth; at += 1) {
      const byte = bytes[end + at]!
      if (((allowed[at * 8 + (byte >> 5)]! >>> (byte & 31)) & 1) === 0) return false
    }
  }
  if (exact) for (let at = 0; at < keyword.length; at += 1) if (bytes[start + at] !== keyword.charCodeAt(at)) return false
  return true
}

const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

function prepare(rule: SecretRule | GenericRule, place: number): Prepared {
  const regex = compileRegex(bytesOf(rule.pattern))
  const lowered = rule.keywords.map((keyword) => bytesOf(keyword).toLowerCase())
  return {
    rule, place, regex, group: regex.names.get('secret'),
    allow: rule.allow.map((source) => compileRegex(bytesOf(source))), judge: 'judge' in rule ? rule.judge : null,
    telling: (secret) => lowered.some((keyword) => secret.toLowerCase().includes(keyword)),
  }
}

function near(regex: Regex, text: string, from: number, until: number): RegexMatch | null {
  try {
    return regex.near(text, from, until, until + REACH)
  } catch (error) {
    // An expression that used up its budget has not matched.
    if (error instanceof PatternError) return null
    throw error
  }
}

function tests(regex: Regex, text: string): boolean {
  try {
    return regex.test(text)
  } catch (error) {
    if (error instanceof PatternError) return false
    throw error
  }
}

const SURE = 0.99
const BEFORE = 48
const TELLING = 0.95
const NAMED = 0.8

function judged(prepared: Prepared, text: string, match: RegexMatch, path: string): Candidate | null {
  const { rule, group, allow, judge } = prepared
  const whole = match.groups[0]!
  const secret = (group === undefined ? match.groups.find((each, number) => number > 0 && each !== undefined) : match.groups[group]) ?? whole
  if (secret === '' || isPlaceholder(secret, rule.provider !== null)) return null
  if (rule.entropy !== null && entropyOf(secret) < rule.entropy) return null
  if (rule.efficiency !== null && efficiencyOf(secret) > rule.efficiency) return null
  if (rule.checksum !== null && !checksums[rule.checksum]!.holds(secret)) return null
  if (allow.some((regex) => tests(regex, secret))) return null
  const confidence = judge !== null ? judge({ before: text.slice(Math.max(0, match.index - BEFORE), match.index), match: whole, secret, path }) : rule.checksum !== null ? SURE : prepared.telling(secret) ? TELLING : NAMED
  if (confidence === 0) return null
  // Groups say what they hold, not where: its last place is the value, its first may be a name that reads alike.
  const start = match.index + whole.lastIndexOf(secret)
  return { rule: rule.id, secret, start, end: start + secret.length, line: 0, column: 0, confidence, prepared }
}

/** Of secrets that overlap one stands: whose rule says so, the provider's, the surest, the longest, the first. */
function merged(found: readonly Candidate[]): Candidate[] {
  const sorted = found.toSorted((one, other) => one.start - other.start || one.end - other.end || one.prepared.place - other.prepared.place)
  const standing: Candidate[] = []
  // Only what is chained by overlaps is held against each other.
  for (let from = 0; from < sorted.length;) {
    let to = from + 1
    for (let { end } = sorted[from]!; to < sorted.length && sorted[to]!.start < end; to += 1) end = Math.max(end, sorted[to]!.end)
    standing.push(...(to === from + 1 ? [sorted[from]!] : chosen(sorted.slice(from, to))))
    from = to
  }
  return standing
}

function chosen(chained: readonly Candidate[]): Candidate[] {
  const overlap = (one: Candidate, other: Candidate): boolean => one.start < other.end && other.start < one.end
  const ranked = chained
    .filter((one) => !chained.some((other) => other.prepared.rule.over.includes(one.rule) && !one.prepared.rule.over.includes(other.rule) && overlap(one, other)))
    .toSorted((one, other) => Number(one.prepared.rule.provider === null) - Number(other.prepared.rule.provider === null) || other.confidence - one.confidence
      || (other.end - other.start) - (one.end - one.start) || one.prepared.place - other.prepared.place || one.start - other.start)
  const best: Candidate[] = []
  for (const candidate of ranked) if (!best.some((other) => overlap(candidate, other))) best.push(candidate)
  return best.toSorted((one, other) => one.start - other.start)
}

function located(found: readonly Candidate[], bytes: Uint8Array): Found[] {
  let line = 1
  let begin = 0
  return found.map(({ rule, secret, start, end, confidence }) => {
    for (let next = bytes.indexOf(10, begin); next !== -1 && next < start; next = bytes.indexOf(10, begin)) {
      line += 1
      begin = next + 1
    }
    return { rule, secret, start, end, line, column: start - begin + 1, confidence }
  })
}
