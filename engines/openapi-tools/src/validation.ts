// JSON Schema 2020-12, interpreted: the schemas of a large API take longer to compile than its calls take, compiling makes code out of what a stranger wrote, and
// compiled alternatives inside of alternatives have no bound. Here the work is bounded by steps and patterns run in linear time. validation.test.ts holds it against Ajv.
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { RE2JS } from 're2js'

export type Violation = { /** JSON pointer into the value; '' is the value itself. */ readonly at: string; readonly message: string }

/**
 * strict: valid is what a validator with formats calls valid, or less (where a format is judged only roughly).
 * lenient: what real documents get wrong is not held against a caller: formats say nothing, oneOf is anyOf, multipleOf allows for decimal fractions.
 */
export type Mode = 'strict' | 'lenient'

const MAX_STEPS = 100_000
const MAX_DEPTH = 256
const MAX_VIOLATIONS = 10

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

// Most values are valid, and every call looks at every value: nothing is made where nothing is found.
const none: readonly Violation[] = []
const no = (at: string, message: string): readonly Violation[] => [{ at, message }]
const joined = (found: readonly Violation[], more: readonly Violation[]): readonly Violation[] => (more.length === 0 ? found : found.length === 0 ? more : [...found, ...more])

/** For as long as somebody holds the schema. */
const compiledPatterns = new WeakMap<JsonObject, Map<string, RE2JS | null>>()

export class Validation {
  /** The budget was used up, or a keyword was met that is not read: what was found valid need not be. */
  unsure = false
  private readonly root: JsonObject
  private readonly mode: Mode
  private steps = 0
  private readonly patterns: Map<string, RE2JS | null>

  constructor(root: JsonObject, mode: Mode) {
    this.root = root
    this.mode = mode
    this.patterns = compiledPatterns.get(root) ?? new Map()
    compiledPatterns.set(root, this.patterns)
  }

  /** At most 10, the first found first. [] : valid, or not found out within the budget (`unsure`). */
  violations(schema: Json | undefined, value: Json, at = '', depth = 0): readonly Violation[] {
    this.steps += 1
    if (this.steps > MAX_STEPS || depth > MAX_DEPTH) {
      this.unsure = true
      return none
    }
    if (schema === true || schema === undefined) return none
    if (!isObject(schema)) return no(at, 'is not allowed here')
    let found = none
    for (const keyword in schema) {
      if (found.length >= MAX_VIOLATIONS) break
      const wanted = schema[keyword]
      if (wanted !== undefined) found = joined(found, this.keyword(keyword, wanted, value, schema, at, depth))
    }
    return found.length > MAX_VIOLATIONS ? found.slice(0, MAX_VIOLATIONS) : found
  }

  valid(schema: Json | undefined, value: Json, depth: number): boolean {
    return this.violations(schema, value, '', depth).length === 0
  }

  /** What a reference of this document names; undefined: nothing. */
  named(reference: Json): Json | undefined {
    if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined
    let at: Json | undefined = this.root
    for (const part of reference.slice(1).split('/').slice(1)) {
      let key = part
      try {
        key = decodeURIComponent(part)
      } catch {
        // No escape: the name is meant as it is written.
      }
      key = key.replaceAll('~1', '/').replaceAll('~0', '~')
      at = isObject(at) && Object.hasOwn(at, key) ? at[key] : Array.isArray(at) ? (at[Number(key)] as Json | undefined) : undefined
    }
    return at
  }

  /** Those of one keyword of a schema. */
  keyword(keyword: string, wanted: Json, value: Json, schema: JsonObject, at: string, depth: number): readonly Violation[] {
    switch (keyword) {
      case '$ref': {
        const target = this.named(wanted)
        if (target !== undefined) return this.violations(target, value, at, depth + 1)
        this.unsure = true
        return none
      }
      case 'type': {
        if (typeof wanted === 'string' && isOfType(value, wanted)) return none
        const types = (Array.isArray(wanted) ? wanted : [wanted]).filter((type): type is string => typeof type === 'string')
        return types.some((type) => isOfType(value, type)) ? none : no(at, `has to be ${types.map(withArticle).join(' or ')}, not ${shown(value)}`)
      }
      case 'enum':
        return Array.isArray(wanted) && wanted.some((one: Json) => same(one, value)) ? none : no(at, `has to be one of ${list(Array.isArray(wanted) ? wanted : [])}, not ${shown(value)}${suggestion(value, wanted)}`)
      case 'const':
        return same(wanted, value) ? none : no(at, `has to be ${shown(wanted)}, not ${shown(value)}`)
      case 'required': {
        if (!isObject(value) || !Array.isArray(wanted)) return none
        const absent = wanted.filter((name) => !Object.hasOwn(value, String(name)))
        return absent.map((name) => ({ at, message: `needs '${String(name)}'` }))
      }
      case 'properties': {
        if (!isObject(value) || !isObject(wanted)) return none
        let found = none
        for (const name of Object.keys(value)) if (Object.hasOwn(wanted, name)) found = joined(found, this.violations(wanted[name], value[name] ?? null, pointer(at, name), depth + 1))
        return found
      }
      case 'patternProperties':
        if (!isObject(value) || !isObject(wanted)) return none
        return Object.keys(wanted).flatMap((pattern) => Object.keys(value).flatMap((name) => (this.matches(pattern, name) ? this.violations(wanted[pattern], value[name] ?? null, pointer(at, name), depth + 1) : none)))
      case 'additionalProperties': {
        if (!isObject(value) || wanted === true) return none
        const declared = isObject(schema['properties']) ? schema['properties'] : {}
        const patterns = isObject(schema['patternProperties']) ? Object.keys(schema['patternProperties']) : []
        const others = Object.keys(value).filter((name) => !Object.hasOwn(declared, name) && !patterns.some((pattern) => this.matches(pattern, name)))
        if (wanted !== false) return others.flatMap((name) => this.violations(wanted, value[name] ?? null, pointer(at, name), depth + 1))
        return others.map((name) => ({ at, message: unknown(name, Object.keys(declared)) }))
      }
      case 'propertyNames':
        return isObject(value) ? Object.keys(value).flatMap((name) => this.violations(wanted, name, pointer(at, name), depth + 1)) : none
      case 'items': {
        if (!Array.isArray(value)) return none
        const from = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0
        return collected(value.slice(from), (item: Json, index) => this.violations(wanted, item, `${at}/${index + from}`, depth + 1))
      }
      case 'prefixItems':
        return Array.isArray(value) && Array.isArray(wanted) ? wanted.flatMap((one: Json, index) => (index < value.length ? this.violations(one, value[index] as Json, `${at}/${index}`, depth + 1) : none)) : none
      case 'contains': {
        if (!Array.isArray(value)) return none
        const least = typeof schema['minContains'] === 'number' ? schema['minContains'] : 1
        const most = typeof schema['maxContains'] === 'number' ? schema['maxContains'] : Infinity
        const count = value.filter((item: Json) => this.valid(wanted, item, depth + 1)).length
        return count >= least && count <= most ? none : no(at, `has ${count} items of the kind that it needs ${least} of`)
      }
      case 'allOf':
        return Array.isArray(wanted) ? wanted.flatMap((one: Json) => this.violations(one, value, at, depth + 1)) : none
      case 'anyOf':
        return Array.isArray(wanted) ? this.anyOf(wanted, value, at, depth) : none
      case 'oneOf':
        if (!Array.isArray(wanted)) return none
        if (this.mode === 'lenient') return this.anyOf(wanted, value, at, depth)
        return wanted.filter((one: Json) => this.valid(one, value, depth + 1)).length === 1 ? none : no(at, 'has to fit exactly one of several forms')
      case 'not':
        return this.valid(wanted, value, depth + 1) && !this.unsure ? no(at, 'is of a form that is not allowed') : none
      case 'if':
        return this.violations(this.valid(wanted, value, depth + 1) ? schema['then'] : schema['else'], value, at, depth + 1)
      case 'dependentRequired':
        if (!isObject(value) || !isObject(wanted)) return none
        return Object.entries(wanted).flatMap(([name, needed]) => (Object.hasOwn(value, name) && Array.isArray(needed) ? needed.filter((other) => !Object.hasOwn(value, String(other))).map((other) => ({ at, message: `needs '${String(other)}' together with '${name}'` })) : none))
      case 'dependentSchemas':
        return isObject(value) && isObject(wanted) ? Object.entries(wanted).flatMap(([name, one]) => (Object.hasOwn(value, name) ? this.violations(one, value, at, depth + 1) : none)) : none
      case 'minimum':
        return typeof value !== 'number' || typeof wanted !== 'number' || value >= wanted ? none : no(at, `has to be at least ${wanted}, not ${value}`)
      case 'maximum':
        return typeof value !== 'number' || typeof wanted !== 'number' || value <= wanted ? none : no(at, `has to be at most ${wanted}, not ${value}`)
      case 'exclusiveMinimum':
        return typeof value !== 'number' || typeof wanted !== 'number' || value > wanted ? none : no(at, `has to be more than ${wanted}, not ${value}`)
      case 'exclusiveMaximum':
        return typeof value !== 'number' || typeof wanted !== 'number' || value < wanted ? none : no(at, `has to be less than ${wanted}, not ${value}`)
      case 'multipleOf': {
        if (typeof value !== 'number' || typeof wanted !== 'number') return none
        const times = value / wanted
        return Number.isInteger(times) || (this.mode === 'lenient' && Math.abs(times - Math.round(times)) < 1e-6) ? none : no(at, `has to be a multiple of ${wanted}, not ${value}`)
      }
      case 'minLength': case 'maxLength': {
        if (typeof value !== 'string' || typeof wanted !== 'number') return none
        const size = codePoints(value)
        return (keyword === 'minLength' ? size >= wanted : size <= wanted) ? none : no(at, `has to have at ${keyword === 'minLength' ? 'least' : 'most'} ${wanted} characters, not ${size}`)
      }
      case 'minItems': case 'maxItems':
        return !Array.isArray(value) || typeof wanted !== 'number' || (keyword === 'minItems' ? value.length >= wanted : value.length <= wanted) ? none : no(at, `has to have at ${keyword === 'minItems' ? 'least' : 'most'} ${wanted} items, not ${value.length}`)
      case 'minProperties': case 'maxProperties': {
        if (!isObject(value) || typeof wanted !== 'number') return none
        const size = Object.keys(value).length
        return (keyword === 'minProperties' ? size >= wanted : size <= wanted) ? none : no(at, `has to have at ${keyword === 'minProperties' ? 'least' : 'most'} ${wanted} properties, not ${size}`)
      }
      case 'uniqueItems':
        return !Array.isArray(value) || wanted !== true || new Set(value.map(canonical)).size === value.length ? none : no(at, 'has the same item twice')
      case 'pattern':
        return typeof value !== 'string' || typeof wanted !== 'string' || this.matches(wanted, value) ? none : no(at, `has to match the pattern ${cut(wanted)}, not ${shown(value)}`)
      case 'format':
        return this.mode === 'lenient' || typeof wanted !== 'string' || isOfFormat(value, wanted) ? none : no(at, `has to be of the format ${wanted}`)
      case 'unevaluatedProperties': case 'unevaluatedItems': case '$dynamicRef': case '$recursiveRef': case 'dependencies': case 'additionalItems':
        this.unsure = true
        return none
      default:
        return none
    }
  }

  private anyOf(forms: readonly Json[], value: Json, at: string, depth: number): readonly Violation[] {
    const tried: (readonly Violation[])[] = []
    for (const form of forms) {
      const violations = this.violations(form, value, at, depth + 1)
      if (violations.length === 0) return none
      tried.push(violations)
    }
    if (tried.length === 0) return none
    // Of several forms a model can act on the one that it nearly met: the one that goes wrong the deepest, not at the value's own kind.
    const near = tried.filter((violations) => violations.every(({ at: place, message }) => place !== at || !/^has to be (?:an? |null)/.test(message)))
    const [only] = near
    if (near.length === 1 && only !== undefined) return only
    const shortest = (near.length > 0 ? near : tried).toSorted((a, b) => a.length - b.length)[0] ?? []
    return near.length > 0 ? shortest : [{ at, message: [...new Set(tried.flat().filter(({ at: place }) => place === at).map(({ message }) => message))].slice(0, 4).join('; or ') || 'fits none of the allowed forms' }]
  }

  /** ECMA-262 patterns in linear time. A pattern that such an automaton cannot do (look-around, back references) says nothing, and strictly everything is doubted. */
  private matches(pattern: string, text: string): boolean {
    let compiled = this.patterns.get(pattern)
    if (compiled === undefined) {
      compiled = compiledPattern(pattern)
      if (this.patterns.size < 1_000) this.patterns.set(pattern, compiled)
    }
    if (compiled === null) this.unsure = true
    return compiled === null || compiled.matcher(text).find()
  }
}

function compiledPattern(pattern: string): RE2JS | null {
  if (pattern.length > 2_000) return null
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern))
  } catch {
    return null
  }
}

function collected(values: readonly Json[], each: (value: Json, index: number) => readonly Violation[]): readonly Violation[] {
  let found = none
  for (let index = 0; index < values.length && found.length < MAX_VIOLATIONS; index += 1) found = joined(found, each(values[index]!, index))
  return found
}

const pointer = (at: string, name: string): string => `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

function codePoints(text: string): number {
  let size = 0
  for (const _ of text) size += 1
  return size
}

const cut = (text: string): string => (text.length > 80 ? `${text.slice(0, 80).toWellFormed()}...` : text)

function shown(value: Json): string {
  return Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : cut(JSON.stringify(value))
}

function withArticle(type: string): string {
  const names: Readonly<Record<string, string>> = { null: 'null', array: 'a list', object: 'an object', integer: 'an integer', number: 'a number', string: 'a string', boolean: 'a boolean' }
  return names[type] ?? type
}

function list(values: readonly Json[]): string {
  const some = values.slice(0, 20).map(shown).join(', ')
  return values.length > 20 ? `${some} and ${values.length - 20} more` : some
}

function suggestion(value: Json, among: Json): string {
  const nearest = typeof value === 'string' && Array.isArray(among) ? nearestTo(value, among.filter((one): one is string => typeof one === 'string')) : null
  return nearest === null ? '' : ` (did you mean ${JSON.stringify(nearest)}?)`
}

/** What to say about a name that is not known. */
export function unknown(name: string, known: readonly string[]): string {
  const nearest = nearestTo(name, known)
  return `does not know '${cut(name)}'${nearest !== null ? `; did you mean '${nearest}'?` : known.length > 0 && known.length <= 20 ? `; it knows ${known.map((one) => `'${one}'`).join(', ')}` : ''}`
}

/** The known name that differs in the fewest letters, if that is in at most a third of them; case, '-' and '_' do not count. */
function nearestTo(name: string, known: readonly string[]): string | null {
  const bare = (text: string): string => text.slice(0, 64).toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
  const wanted = bare(name)
  let best: string | null = null
  let least = Math.floor(wanted.length / 3) + 1
  for (const one of known.slice(0, 500)) {
    const distance = bare(one) === wanted ? 0 : edits(wanted, bare(one))
    if (distance < least) [best, least] = [one, distance]
  }
  return best
}

function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)))
    row = next
  }
  return row[other.length] ?? 0
}

function isOfType(value: Json, type: string): boolean {
  switch (type) {
    case 'null': return value === null
    case 'array': return Array.isArray(value)
    case 'object': return isObject(value)
    case 'integer': return Number.isInteger(value)
    case 'number': return Number.isFinite(value)
    default: return typeof value === type
  }
}

/** As validators check formats that check them at all, and narrower; one that is unknown there says nothing. */
function isOfFormat(value: Json, format: string): boolean {
  if (typeof value === 'number') {
    return format === 'int32' ? Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31 : format === 'int64' ? Number.isInteger(value) : true
  }
  if (typeof value !== 'string') return true
  switch (format) {
    case 'date': return isDate(value)
    case 'date-time': case 'iso-date-time': return /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.test(value) && isDate(value.slice(0, 10))
    case 'uuid': return /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(value)
    case 'ipv4': return /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(value)
    case 'email': return /^[\w%+-]+(?:\.[\w%+-]+)*@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z]{2,63}$/i.test(value)
    case 'uri': return /^https?:\/\/[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)+(?::\d{1,5})?(?:\/[\w.~!$&'()*+,;=:@-]*)*(?:\?[\w.~!$&'()*+,;=:@/?-]*)?$/i.test(value)
    case 'byte': return /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(value)
    case 'time': case 'iso-time': case 'duration': case 'url': case 'uri-reference': case 'uri-template': case 'hostname': case 'ipv6': case 'regex': case 'json-pointer': case 'relative-json-pointer':
    case 'json-pointer-uri-fragment':
      return false
    default: return true
  }
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined || Number(month) < 1 || Number(month) > 12) return false
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
  return Number(day) >= 1 && Number(day) <= ([31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1] ?? 0)
}

function same(one: Json, other: Json): boolean {
  return one === other || (typeof one === 'object' && typeof other === 'object' && canonical(one) === canonical(other))
}

/** Equal values have equal texts, whatever the order of their members. */
function canonical(value: Json): string {
  if (!isObject(value)) return Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : JSON.stringify(value)
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(',')}}`
}
