// What a schema admits, seen without the way it is written: references followed, allOf merged, null told apart, alternatives of different types folded
// together. Lazy: a shape is one level deep, what stands below is asked for one by one. Defended by diff.integration.test.ts (a reference or its target, reordered
// or not, is one shape).
import type { ApiDocument, Json, JsonObject } from './model.ts'
import { isObject } from './object.ts'

/** Types as bits; a number that is no integer is a type of its own, so that integer is part of number. */
export const bits = { null: 1, boolean: 2, object: 4, array: 8, string: 16, integer: 32, fraction: 64 } as const
const every = 127
const typeBits: Readonly<Record<string, number>> = { ...bits, number: bits.integer | bits.fraction, file: bits.string }

/** Schemas that hold at the same time. [] admits everything. */
export type Conjunction = readonly Json[]

export type Alternatives = { readonly options: readonly Conjunction[]; /** What each was called: reference, title. */ readonly names: readonly string[]; readonly mask: number; /** oneOf without a discriminator: a value that fits two is not valid. */ readonly exclusive: boolean }
export type Bound = { readonly value: number; readonly exclusive: boolean }

export type Shape = {
  readonly never: boolean
  readonly mask: number
  /** enum and const without null, by canonical text; null: not limited to a list. */
  readonly values: ReadonlyMap<string, Json> | null
  readonly unions: readonly Alternatives[]
  /** Nothing is said here but the union, types and texts. */
  readonly onlyUnion: boolean
  readonly members: readonly JsonObject[]
  readonly readOnly: boolean
  readonly writeOnly: boolean
  readonly required: ReadonlySet<string>
  readonly properties: ReadonlyMap<string, Conjunction>
}

/** Schemas that are read for one shape, and for all that are knotted so that nothing can be kept of them. Unions of unions in circles would go on without end. */
const mostSteps = 4_000
const mostKnotted = 400_000
/** Schemas in schemas, of allOf, oneOf and anyOf without a property or item between. */
const deepest = 512

type Draft = { never: boolean; mask: number; values: Map<string, Json> | null; unions: Alternatives[]; members: JsonObject[] }

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value as readonly Json[] : [])

/** JSON with sorted names: one text for one value. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`
  if (isObject(value)) return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null)}`).join(',')}}`
  return JSON.stringify(value)
}

const bitOf = (value: Json): number => (value === null ? bits.null : Array.isArray(value) ? bits.array : typeof value === 'number' ? (Number.isInteger(value) ? bits.integer : bits.fraction) : typeBits[typeof value] ?? 0)

function ownMask(schema: JsonObject): number {
  const { type } = schema
  const names = typeof type === 'string' ? [type] : listOf(type).filter((name) => typeof name === 'string')
  const mask = names.reduce((sum, name) => sum | (typeBits[name] ?? 0), 0)
  if (mask !== 0) return mask
  // A schema with properties means an object, whatever its author forgot.
  if (isObject(schema['properties']) || isObject(schema['additionalProperties'])) return bits.object
  return schema['items'] !== undefined && schema['items'] !== true ? bits.array : every
}

// Words that say nothing about which values are valid.
const silent = new Set(['type', 'nullable', 'title', 'description', 'example', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly', 'externalDocs', 'xml', 'discriminator', '$comment', '$id', '$schema', '$anchor', '$ref', 'allOf', 'anyOf', 'oneOf', 'definitions', '$defs', 'summary', 'name', 'in', 'style', 'explode'])
const says = (schema: JsonObject): boolean => Object.keys(schema).some((word) => !silent.has(word) && !word.startsWith('x-') && !(word === 'required' && !Array.isArray(schema[word])))
// Words whose meaning is not bound to one type, so that alternatives with them are not folded together.
const untyped = ['not', 'if', '$dynamicRef', 'contentSchema']

export type Shapes = {
  of(conjunction: Conjunction): Shape
  /** The schema that a reference leads to, else the schema. One place gives one object. */
  target(node: Json): Json
}

export function createShapes(document: ApiDocument): Shapes {
  const known = new Map<Json, Draft>()
  const shapes = new Map<Json, Shape>()
  const open: Draft = { never: false, mask: every, values: null, unions: [], members: [] }

  function target(node: Json): Json {
    let at = node
    for (let steps = 0; steps < 32 && isObject(at) && typeof at['$ref'] === 'string'; steps++) {
      if (!bareReference(at)) return at
      const found = document.resolve(at['$ref'])
      if ('code' in found) return at
      at = found.value
    }
    return at
  }
  // Before 3.1 what stands beside a $ref does not count.
  const siblings = document.version === '3.1' || document.version === '3.2'
  const bareReference = (schema: JsonObject): boolean => !siblings || Object.keys(schema).length === 1

  let steps = 0
  let partial = 0
  let knotted = 0

  /** What one schema says. `above`: the schemas that are being read; one that leads to itself adds nothing. */
  function draftOf(given: Json, above: readonly Json[]): Draft {
    const node = target(given)
    if (node === false) return { ...open, never: true, mask: 0 }
    if (!isObject(node)) return open
    const found = known.get(node)
    if (found !== undefined) return found
    if (above.includes(node) || above.length > deepest || ++steps > (knotted > mostKnotted ? 32 : mostSteps)) {
      partial++
      return open
    }
    const before = partial
    const inside = [...above, node]
    const draft: Draft = { never: false, mask: ownMask(node), values: null, unions: [], members: [node] }
    const nullable = node['nullable'] === true || node['x-nullable'] === true
    const listed = Object.hasOwn(node, 'const') ? [node['const'] ?? null] : Array.isArray(node['enum']) && node['enum'].length > 0 ? node['enum'] as readonly Json[] : null
    if (listed !== null) {
      draft.mask &= listed.reduce<number>((sum, value) => sum | bitOf(value), 0)
      draft.values = new Map(listed.filter((value) => value !== null).map((value) => [canonical(value), value]))
    }
    if (typeof node['$ref'] === 'string') {
      const led = document.resolve(node['$ref'])
      if (!('code' in led)) merge(draft, draftOf(led.value, inside))
    }
    for (const part of listOf(node['allOf'])) merge(draft, draftOf(part, inside))
    for (const word of ['oneOf', 'anyOf'] as const) if (Array.isArray(node[word]) && node[word].length > 0) merge(draft, unionOf(node[word] as readonly Json[], inside, word === 'oneOf' && node['discriminator'] === undefined))
    if (nullable) draft.mask |= bits.null
    // Read below itself, a schema is only known in part.
    if (partial === before || above.length === 0) known.set(node, draft)
    return draft
  }

  function unionOf(options: readonly Json[], inside: readonly Json[], exclusive: boolean): Draft {
    const drafts = options.map((option) => ({ option, draft: draftOf(option, inside) }))
    const nullable = drafts.some(({ draft }) => (draft.mask & bits.null) !== 0) ? bits.null : 0
    const some = drafts.filter(({ draft }) => (draft.mask & ~bits.null) !== 0)
    if (some.length === 0) return { ...open, mask: nullable }
    const mask = some.reduce((sum, { draft }) => sum | draft.mask, nullable)
    const merged = (): Draft => some.reduce<Draft>((sum, { draft }) => ({ ...sum, unions: [...sum.unions, ...draft.unions], members: [...sum.members, ...draft.members] }), { ...open, mask, values: some.length === 1 ? some[0]?.draft.values ?? null : null })
    if (some.length === 1) return merged()
    // A list of constants is an enum.
    if (some.every(({ draft }) => draft.values !== null && draft.unions.length === 0)) {
      const values = new Map<string, Json>()
      for (const { draft } of some) for (const [key, value] of draft.values ?? []) values.set(key, value)
      return { ...open, mask, values, members: some.flatMap(({ draft }) => draft.members.map(textsOnly)) }
    }
    let seen = 0
    const apart = some.every(({ draft }) => {
      const own = draft.mask & ~bits.null
      const free = (seen & own) === 0 && draft.values === null && draft.unions.length === 0 && !draft.members.some((member) => untyped.some((word) => Object.hasOwn(member, word)))
      seen |= own
      return free
    })
    if (apart) return merged()
    return { ...open, mask, unions: [{ options: some.map(({ option }) => [option]), names: some.map(({ option }) => nameOf(option)), mask, exclusive }] }
  }

  const texts = new Map<JsonObject, JsonObject>()
  /** Of a constant that became part of an enum only what the model reads is left. */
  function textsOnly(member: JsonObject): JsonObject {
    let kept = texts.get(member)
    if (kept === undefined) texts.set(member, kept = Object.fromEntries(Object.entries(member).filter(([word]) => word === 'title' || word === 'description')))
    return kept
  }

  function nameOf(option: Json): string {
    if (isObject(option) && typeof option['$ref'] === 'string') return option['$ref']
    return isObject(option) && typeof option['title'] === 'string' ? option['title'] : ''
  }

  function merge(into: Draft, other: Draft): void {
    into.never ||= other.never
    into.mask &= other.mask
    if (other.values !== null) into.values = into.values === null ? new Map(other.values) : new Map([...into.values].filter(([key]) => other.values?.has(key)))
    into.unions = into.unions.length === 0 || other.unions.length === 0 ? [...into.unions, ...other.unions] : [...new Map([...into.unions, ...other.unions].map((union) => [union.options.flat().map(canonical).join(), union])).values()]
    into.members = [...into.members, ...other.members.filter((member) => !into.members.includes(member))]
  }

  function shapeOf(draft: Draft): Shape {
    const properties = new Map<string, Conjunction>()
    const required = new Set<string>()
    for (const member of draft.members) {
      for (const name of listOf(member['required'])) if (typeof name === 'string') required.add(name)
      if (!isObject(member['properties'])) continue
      for (const [name, schema] of Object.entries(member['properties'])) {
        const before = properties.get(name)
        properties.set(name, before === undefined ? [schema] : before.some((each) => target(each) === target(schema)) ? before : [...before, schema])
      }
    }
    return {
      ...draft, properties, required, onlyUnion: draft.unions.length === 1 && draft.values === null && !draft.members.some(says),
      readOnly: draft.members.some((member) => member['readOnly'] === true), writeOnly: draft.members.some((member) => member['writeOnly'] === true),
    }
  }

  const everything = shapeOf(open)
  return {
    target,
    of(conjunction) {
      if (conjunction.length === 0) return everything
      const [only] = conjunction
      const key = conjunction.length === 1 && only !== undefined ? target(only) : null
      const found = key === null ? undefined : shapes.get(key)
      if (found !== undefined) return found
      const draft: Draft = { ...open }
      steps = 0
      const before = partial
      for (const node of conjunction) merge(draft, draftOf(node, []))
      if (partial > before) knotted += steps
      const shape = shapeOf(draft)
      if (isObject(key ?? undefined)) shapes.set(key, shape)
      return shape
    },
  }
}
