// Schemas of any OpenAPI version as JSON Schema 2020-12 for the arguments of a tool. What comes out accepts everything that was accepted before: a keyword
// that is broken, or that only makes sense to the author's tools, is left out, never guessed. Each component is converted once a document; a reference
// stays a reference. Defended by schema.integration.test.ts (drawn schemas against Ajv's meta-schema, and drawn values against both).
import { compileRegex } from '@haechi/patterns'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import type { ApiDocument } from './model.ts'
import { sanitised, shortHash } from './naming.ts'
import { isObject } from './object.ts'
import { isRefusal } from './operations.ts'
import { bounded, firstSentence, plain } from './wording.ts'

/** A schema that others refer to. */
export interface Component {
  readonly name: string
  /** Refers to others as '#/$defs/NAME'. Converted when it is first asked for, so that a chain of references is no chain of calls. */
  converted(): { readonly schema: JsonObject; readonly refers: readonly Component[] }
  /** With less of its descriptions. */
  at(detail: Detail): { readonly schema: JsonObject; /** Characters of JSON, its name included. */ readonly size: number }
}

/** How much of the descriptions is kept: 0 all that fits, 3 nothing. */
export type Detail = 0 | 1 | 2 | 3
const lengths: Readonly<Record<Detail, number>> = { 0: 160, 1: 100, 2: 50, 3: 0 }

const deepest = 48
/** Characters of one component: no model reads more. */
const largest = 100_000
const formats = new Set(['date-time', 'date', 'time', 'duration', 'email', 'idn-email', 'hostname', 'idn-hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference', 'iri', 'iri-reference', 'uuid', 'uri-template', 'json-pointer', 'relative-json-pointer', 'regex'])
const types: Readonly<Record<string, string>> = {
  string: 'string', number: 'number', integer: 'integer', boolean: 'boolean', object: 'object', array: 'array', null: 'null',
  int: 'integer', int32: 'integer', int64: 'integer', long: 'integer', float: 'number', double: 'number', decimal: 'number', bool: 'boolean', str: 'string', text: 'string', list: 'array', dict: 'object', file: 'string', date: 'string', datetime: 'string', 'date-time': 'string', uuid: 'string',
}

export interface SchemaConverter {
  /** A schema of the document as an argument's: what is set by the server alone (readOnly) is left out. `reached` gets what it refers to. */
  argument(raw: Json, reached: Set<Component>): JsonObject
  /** The component that a schema is nothing but a reference to. */
  component(raw: Json): Component | null
}

export function createSchemaConverter(document: ApiDocument): SchemaConverter {
  const components = new Map<string, Component>()
  const names = componentNames(document)
  const patterns = new Map<string, boolean>()

  function componentAt(at: string, value: Json): Component {
    const known = components.get(at)
    if (known !== undefined) return known
    let converted: ReturnType<Component['converted']> | undefined
    const shorter: ReturnType<Component['at']>[] = []
    const component: Component = {
      name: names.get(at) ?? nameOfPointer(at),
      converted() {
        if (converted !== undefined) return converted
        const reached = new Set<Component>()
        return converted = { schema: pruned(convert(value, reached, 0), largest), refers: [...reached] }
      },
      at(detail) {
        const known = shorter[detail]
        if (known !== undefined) return known
        const schema = shortened(component.converted().schema, detail)
        return shorter[detail] = { schema, size: JSON.stringify(schema).length + component.name.length + 4 }
      },
    }
    components.set(at, component)
    return component
  }

  function convert(raw: Json, reached: Set<Component>, deep: number): JsonObject {
    if (raw === false) return { not: {} }
    if (!isObject(raw) || deep > deepest) return {}
    const out: Record<string, Json> = {}
    const nullable = raw['nullable'] === true || raw['x-nullable'] === true
    const reference = raw['$ref']
    if (typeof reference === 'string') {
      const found = document.resolve(reference)
      if (!isRefusal(found)) {
        const component = componentAt(found.at, found.value)
        if (isScalar(found.value) && component.at(0).size <= 90) Object.assign(out, component.converted().schema)
        else {
          reached.add(component)
          if (nullable) out['anyOf'] = [{ $ref: `#/$defs/${component.name}` }, { type: 'null' }]
          else out['$ref'] = `#/$defs/${component.name}`
        }
      }
      const description = describe(raw)
      if (description !== '') out['description'] = description
      if (document.version === '2.0' || document.version === '3.0' || Object.keys(raw).length === 1) return out
    }

    const composed = branches(raw['allOf']).length + branches(raw['anyOf']).length + branches(raw['oneOf']).length > 0
    const named = typesOf(raw)
    const type = nullable && !composed && named !== null && !named.includes('null') ? [...named, 'null'] : named
    if (type !== null && !('$ref' in out) && !('anyOf' in out)) out['type'] = type.length === 1 ? type[0]! : type
    const may = (...kinds: string[]): boolean => type === null || kinds.some((kind) => type.includes(kind))
    const description = describe(raw)
    if (description !== '') out['description'] = description
    const preset = raw['default']
    if (preset !== undefined && preset !== null && typeof preset !== 'object' && String(preset).length <= 60 && preset !== '') out['default'] = preset

    enumOf(raw, type, nullable, out)
    if (may('number', 'integer')) numbers(raw, out)
    if (may('string')) strings(raw, out)
    if (may('array')) {
      counts(raw, out, 'minItems', 'maxItems')
      if (raw['uniqueItems'] === true) out['uniqueItems'] = true
      const tuple = Array.isArray(raw['prefixItems']) ? raw['prefixItems'] as readonly Json[] : Array.isArray(raw['items']) ? raw['items'] as readonly Json[] : []
      if (tuple.length > 0) out['prefixItems'] = tuple.map((one) => convert(one, reached, deep + 1))
      if (isObject(raw['items'])) out['items'] = convert(raw['items'], reached, deep + 1)
    }
    if (may('object')) objects(raw, out, reached, deep)
    const all = branches(raw['allOf']).map((one) => convert(one, reached, deep + 1))
    if (all.length === 1) hoist(all[0]!, 'allOf', out)
    else if (all.length > 0) out['allOf'] = all
    // oneOf as well: which of several fits is for the API to say, and what was left out of one may make another fit too.
    const some = [...branches(raw['anyOf']), ...branches(raw['oneOf'])].map((one) => convert(one, reached, deep + 1))
    if (some.length === 1) hoist(some[0]!, 'anyOf', out)
    else if (!('anyOf' in out) && some.length > 0 && !some.some((one) => Object.keys(one).length === 0)) out['anyOf'] = some
    if (nullable && composed) orNull(out)
    return out
  }

  function objects(raw: JsonObject, out: Record<string, Json>, reached: Set<Component>, deep: number): void {
    counts(raw, out, 'minProperties', 'maxProperties')
    const hidden = readOnly(raw, 0)
    if (isObject(raw['properties'])) {
      const properties = Object.entries(raw['properties']).filter(([name]) => !hidden.has(name)).map(([name, value]) => [name, convert(value, reached, deep + 1)] as const)
      if (properties.length > 0) out['properties'] = Object.fromEntries(properties)
    }
    if (Array.isArray(raw['required'])) {
      const required = [...new Set((raw['required'] as readonly Json[]).filter((name): name is string => typeof name === 'string' && !hidden.has(name)))]
      if (required.length > 0) out['required'] = required
    }
    let additional = raw['additionalProperties']
    if (isObject(raw['patternProperties'])) {
      const given = Object.entries(raw['patternProperties'])
      const found = given.filter(([pattern]) => compiles(pattern)).map(([pattern, value]) => [pattern, convert(value, reached, deep + 1)] as const)
      if (found.length > 0) out['patternProperties'] = Object.fromEntries(found)
      if (found.length < given.length) additional = true
    }
    // What is left out above must not be judged as something else here. That there is nothing else is for the API to say.
    if (isObject(additional) && hidden.size === 0) {
      const schema = convert(additional, reached, deep + 1)
      if (Object.keys(schema).length > 0) out['additionalProperties'] = schema
    }
  }

  /** Properties that only the server sets, in this schema and in all that it is composed of. */
  function readOnly(raw: Json, deep: number, seen = new Set<Json>()): ReadonlySet<string> {
    const found = new Set<string>()
    if (!isObject(raw) || deep > deepest || seen.has(raw)) return found
    seen.add(raw)
    for (const [name, value] of Object.entries(isObject(raw['properties']) ? raw['properties'] : {})) {
      if (isObject(value) && (value['readOnly'] === true || followed(value)['readOnly'] === true)) found.add(name)
    }
    for (const branch of branches(raw['allOf'])) for (const name of readOnly(followed(branch), deep + 1, seen)) found.add(name)
    return found
  }

  function followed(schema: Json): JsonObject {
    if (!isObject(schema)) return {}
    if (typeof schema['$ref'] !== 'string') return schema
    const found = document.resolve(schema['$ref'])
    return isRefusal(found) || !isObject(found.value) ? {} : found.value
  }

  function strings(raw: JsonObject, out: Record<string, Json>): void {
    counts(raw, out, 'minLength', 'maxLength')
    if (typeof raw['pattern'] === 'string' && compiles(raw['pattern'])) out['pattern'] = raw['pattern']
    const format = raw['format'] ?? (raw['type'] === 'date' || raw['type'] === 'date-time' ? raw['type'] : undefined)
    if (typeof format === 'string' && formats.has(format)) out['format'] = format
    if (format === 'byte' || raw['contentEncoding'] === 'base64') out['contentEncoding'] = 'base64'
  }

  function compiles(pattern: string): boolean {
    const known = patterns.get(pattern)
    if (known !== undefined) return known
    let fit = pattern.length <= 1_000
    try {
      void new RegExp(pattern, 'u')
      compileRegex(pattern)
    } catch {
      fit = false
    }
    patterns.set(pattern, fit)
    return fit
  }

  return {
    argument: (raw, reached) => convert(raw, reached, 0),
    component(raw) {
      if (!isObject(raw) || typeof raw['$ref'] !== 'string' || raw['nullable'] === true || ((document.version === '3.1' || document.version === '3.2') && Object.keys(raw).length > 1)) return null
      const found = document.resolve(raw['$ref'])
      return isRefusal(found) ? null : componentAt(found.at, found.value)
    },
  }
}

const branches = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]).filter((one) => isObject(one)) : [])
/** Refers to nothing, and is best shown where it is meant. */
const isScalar = (raw: Json): boolean => isObject(raw) && (raw['type'] === 'string' || raw['type'] === 'integer' || raw['type'] === 'number' || raw['type'] === 'boolean') && !('allOf' in raw) && !('anyOf' in raw) && !('oneOf' in raw)

/** The only branch of a composition, beside what the schema says itself where that does not speak of the same. */
function hoist(only: JsonObject, keyword: 'allOf' | 'anyOf', out: Record<string, Json>): void {
  if (Object.keys(only).some((name) => name in out && name !== 'description' && name !== 'default')) out[keyword] = [only]
  else Object.assign(out, { ...only, ...out })
}

function orNull(out: Record<string, Json>): void {
  const rest = { ...out }
  delete rest['description']
  for (const name of Object.keys(rest)) delete out[name]
  out['anyOf'] = [rest, { type: 'null' }]
}

function describe(raw: JsonObject): string {
  const text = bounded(typeof raw['description'] === 'string' ? plain(raw['description'].slice(0, 2_000)) : '', lengths[0])
  const discriminator = raw['discriminator']
  if (!isObject(discriminator) || typeof discriminator['propertyName'] !== 'string') return text
  const kinds = bounded(Object.keys(isObject(discriminator['mapping']) ? discriminator['mapping'] : {}).join(', '), lengths[0])
  return `${text}${text === '' ? '' : ' '}Its kind is in ${discriminator['propertyName'].slice(0, 64)}${kinds === '' ? '' : `: ${kinds}`}.`
}

/** Null: any. */
function typesOf(raw: JsonObject): string[] | null {
  const given = raw['type']
  const found = (Array.isArray(given) ? given as readonly Json[] : [given]).flatMap((one) => {
    const name = typeof one === 'string' ? types[one] ?? types[one.toLowerCase()] : undefined
    return name === undefined ? [] : [name]
  })
  const known = [...new Set(found)]
  if (Array.isArray(given) && found.length < given.length) return null
  if (known.length > 0) return known
  // Who names properties means an object.
  return given === undefined && isObject(raw['properties']) ? ['object'] : null
}

function enumOf(raw: JsonObject, type: readonly string[] | null, nullable: boolean, out: Record<string, Json>): void {
  if (raw['const'] !== undefined) {
    if (nullable) out['enum'] = [raw['const'], null]
    else out['const'] = raw['const']
    return
  }
  if (!Array.isArray(raw['enum']) || raw['enum'].length === 0) return
  const values = new Map<string, Json>()
  for (const value of raw['enum'] as readonly Json[]) {
    const fit = fitting(value, type)
    // A value that its own type rules out: what the author meant is not known.
    if (fit === undefined) return
    values.set(JSON.stringify(fit), fit)
  }
  if (nullable || type?.includes('null') === true) values.set('null', null)
  out['enum'] = [...values.values()]
}

/** A value as its type has it: YAML reads 1 and yes where a text was meant. */
function fitting(value: Json, type: readonly string[] | null): Json | undefined {
  const is = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  if (type === null || type.includes(is) || (is === 'number' && type.includes('integer') && Number.isInteger(value))) return value
  if (type.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) return String(value)
  if ((type.includes('number') || type.includes('integer')) && is === 'string' && value !== '' && Number.isFinite(Number(value))) return Number(value)
  return is === 'null' ? null : undefined
}

const finite = (value: Json | undefined): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && Math.abs(number) < Number.MAX_SAFE_INTEGER ? number : undefined
}

function numbers(raw: JsonObject, out: Record<string, Json>): void {
  for (const [bound, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']] as const) {
    const value = finite(raw[bound])
    if (value !== undefined) out[raw[exclusive] === true ? exclusive : bound] = value
    const strict = typeof raw[exclusive] === 'boolean' ? undefined : finite(raw[exclusive])
    if (strict !== undefined) out[exclusive] = strict
  }
  const step = finite(raw['multipleOf'])
  // Fractions are multiples of 0.1 only in decimals.
  if (step !== undefined && step > 0 && Number.isInteger(step)) out['multipleOf'] = step
}

function counts(raw: JsonObject, out: Record<string, Json>, ...names: string[]): void {
  for (const name of names) {
    const value = finite(raw[name])
    if (value !== undefined && value >= 0 && Number.isInteger(value) && !(value === 0 && name.startsWith('min'))) out[name] = value
  }
}

/** Short names for the document's components: the last part of a dotted name where no other ends so. */
function componentNames(document: ApiDocument): ReadonlyMap<string, string> {
  const { root } = document
  const base = document.version === '2.0' ? 'definitions' : 'components/schemas'
  const holder = document.version === '2.0' ? root['definitions'] : isObject(root['components']) ? root['components']['schemas'] : undefined
  const names = Object.keys(isObject(holder) ? holder : {})
  const short = (name: string): string => sanitised(name.slice(name.lastIndexOf('.') + 1))
  const shortCount = Map.groupBy(names, short)
  const longCount = Map.groupBy(names, sanitised)
  return new Map(names.map((name) => {
    const candidates = [short(name), sanitised(name)]
    const chosen = candidates[0] !== '' && shortCount.get(candidates[0]!)!.length === 1 ? candidates[0]! : candidates[1] !== '' && longCount.get(candidates[1]!)!.length === 1 && !shortCount.has(candidates[1]!) ? candidates[1]! : `${candidates[0]}_${shortHash(name)}`
    return [`#/${base}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, chosen]
  }))
}

function nameOfPointer(at: string): string {
  const last = sanitised(at.slice(at.lastIndexOf('/') + 1)).slice(0, 24)
  return `${last === '' || /^\d+$/.test(last) ? 'schema' : last}_${shortHash(at, 10)}`
}

// ---- how much is shown

/** Components with all that they refer to, nearest first. What would go beyond `most` characters, descriptions apart, is in `beyond`: it is open. */
export function closure(roots: Iterable<Component>, most: number): { readonly within: readonly Component[]; readonly beyond: readonly Component[] } {
  const found = new Set(roots)
  const within: Component[] = []
  const beyond: Component[] = []
  let size = 0
  // A set that grows while it is walked is walked to its end.
  for (const component of found) {
    size += component.at(3).size
    if (size > most) {
      beyond.push(component)
      continue
    }
    within.push(component)
    for (const next of component.converted().refers) found.add(next)
  }
  return { within, beyond }
}

/** A converted schema with less of its descriptions. */
export function shortened(schema: JsonObject, detail: Detail): JsonObject {
  if (detail === 0) return schema
  const most = lengths[detail]
  return mapped(schema, (name, value) => (name === 'description' && typeof value === 'string' ? (most === 0 ? undefined : firstSentence(value, most)) : value), Number.POSITIVE_INFINITY)
}

/** A converted schema of at most `most` characters: as many of its levels as fit, and below them anything. */
export function pruned(schema: JsonObject, most: number): JsonObject {
  if (JSON.stringify(schema).length <= most) return schema
  for (const levels of [12, 6, 4, 3, 2, 1]) {
    const cut = mapped(shortened(schema, 3), (_name, value) => value, levels)
    if (JSON.stringify(cut).length <= most) return cut
  }
  return typeof schema['type'] === 'string' ? { type: schema['type'] } : {}
}

const schemaMaps = new Set(['properties', 'patternProperties'])
const schemaLists = new Set(['prefixItems', 'allOf', 'anyOf'])
const schemas = new Set(['items', 'additionalProperties', 'not'])

/** Each keyword of a schema and of those in it, `levels` deep; undefined leaves it out. */
function mapped(schema: JsonObject, keyword: (name: string, value: Json) => Json | undefined, levels: number): JsonObject {
  if (levels === 0) return typeof schema['type'] === 'string' ? { type: schema['type'] } : {}
  const inner = (value: Json): Json => (isObject(value) ? mapped(value, keyword, levels - 1) : value)
  const out: [string, Json][] = []
  for (const [name, value] of Object.entries(schema)) {
    if (schemaMaps.has(name)) out.push([name, Object.fromEntries(Object.entries(value as JsonObject).map(([key, one]) => [key, inner(one)]))])
    else if (schemaLists.has(name)) out.push([name, (value as readonly Json[]).map(inner)])
    else if (schemas.has(name)) out.push([name, inner(value)])
    else {
      const kept = keyword(name, value)
      if (kept !== undefined) out.push([name, kept])
    }
  }
  return Object.fromEntries(out)
}
