// What an answer looks like, for a model that plans on it: the first levels of it, all that can be there and nothing that must. Such an outline is small, and
// accepts every answer that the document's schemas accept; only what one of several alternatives says of a property is said for all of them. Defended by outline.integration.test.ts (drawn schemas and values).
import type { Json, JsonObject } from '@haechi/mcp-wire'
import type { ApiDocument } from './model.ts'
import { isObject } from './object.ts'
import { isRefusal } from './operations.ts'

/** What schemas say together: null where they leave it open. */
type Shape = { readonly types: ReadonlySet<string> | null; readonly properties: ReadonlyMap<string, readonly Json[]>; readonly items: readonly Json[] }

const known = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
const deepest = 16
/** Properties of the first level, and of all levels where there are more of them. */
const most = { first: 20, all: 16 } as const
/** Schemas that one property can have at once; more say nothing. */
const alternatives = 32

export interface Outliner {
  /** One schema for all of these; null where nothing can be said. */
  outline(schemas: readonly Json[]): JsonObject | null
  /** Objects, and nothing else. */
  isObject(schemas: readonly Json[]): boolean
}

export function createOutliner(document: ApiDocument): Outliner {
  const shapes = new WeakMap<object, Shape>()
  const outlines = new WeakMap<object, JsonObject | null>()
  const open: Shape = { types: null, properties: new Map(), items: [] }

  function shapeOf(raw: Json, deep: number): Shape {
    if (!isObject(raw) || deep > deepest) return open
    const before = shapes.get(raw)
    if (before !== undefined) return before
    // What refers to itself on the way to its own type says nothing by that.
    shapes.set(raw, open)
    const shape = read(raw, deep)
    shapes.set(raw, shape)
    return shape
  }

  function read(raw: JsonObject, deep: number): Shape {
    if (typeof raw['$ref'] === 'string') {
      const found = document.resolve(raw['$ref'])
      const shape = isRefusal(found) ? open : shapeOf(found.value, deep + 1)
      return raw['nullable'] === true && shape.types !== null ? { ...shape, types: new Set([...shape.types, 'null']) } : shape
    }
    let types = typesOf(raw)
    const properties = new Map<string, readonly Json[]>()
    let items: readonly Json[] = isObject(raw['items']) ? [raw['items']] : []
    for (const [name, value] of Object.entries(isObject(raw['properties']) ? raw['properties'] : {})) if (!isObject(value) || value['writeOnly'] !== true) properties.set(name, [value])
    const take = (shape: Shape): void => {
      for (const [name, values] of shape.properties) properties.set(name, merged(properties.get(name) ?? [], values))
      items = merged(items, shape.items)
    }
    for (const branch of listOf(raw['allOf'])) {
      const shape = shapeOf(branch, deep + 1)
      take(shape)
      types = types === null ? shape.types : shape.types === null ? types : both(types, shape.types)
    }
    for (const some of [listOf(raw['anyOf']), listOf(raw['oneOf'])]) {
      if (some.length === 0) continue
      const all = some.map((one) => shapeOf(one, deep + 1))
      all.forEach(take)
      const either = all.some((shape) => shape.types === null) ? null : new Set(all.flatMap((shape) => [...shape.types!]))
      types = types === null ? either : either === null ? types : both(types, either)
    }
    if (raw['nullable'] === true || raw['x-nullable'] === true) types = types === null ? null : new Set([...types, 'null'])
    return { types, properties, items }
  }

  function joined(schemas: readonly Json[]): Shape {
    const all = schemas.map((schema) => shapeOf(schema, 0))
    if (all.length === 1) return all[0]!
    const properties = new Map<string, readonly Json[]>()
    for (const shape of all) for (const [name, values] of shape.properties) properties.set(name, merged(properties.get(name) ?? [], values))
    return { types: all.some((shape) => shape.types === null) ? null : new Set(all.flatMap((shape) => [...shape.types!])), properties, items: all.reduce<readonly Json[]>((items, shape) => merged(items, shape.items), []) }
  }

  /** Stops once more than `left.size` has been shown. */
  function render(schemas: readonly Json[], levels: number, left: { size: number }, inList = false): JsonObject {
    const { types, properties, items } = joined(schemas)
    const out: Record<string, Json> = {}
    if (types !== null && types.size > 0) {
      const list = [...types].filter((type) => type !== 'integer' || !types.has('number')).sort((a, b) => Number(a === 'null') - Number(b === 'null') || (a < b ? -1 : 1))
      out['type'] = list.length === 1 ? list[0]! : list
    }
    left.size--
    if (levels === 0 || left.size < 0) return out
    if (properties.size > 0 && (types === null || types.has('object'))) {
      const shown: [string, JsonObject][] = []
      for (const [name, values] of properties) {
        if (left.size < 0) break
        shown.push([name, render(values, levels - 1, left)])
      }
      out['properties'] = Object.fromEntries(shown)
    }
    if (items.length > 0 && (types === null || types.has('array'))) {
      // A list is no level of its own; one of lists is, which may have no end.
      const item = render(items, inList ? levels - 1 : levels, left, true)
      if (Object.keys(item).length > 0) out['items'] = item
    }
    return out
  }

  function outline(schemas: readonly Json[]): JsonObject | null {
    let best: JsonObject | null = null
    for (let levels = 1; levels <= 6; levels++) {
      const left = { size: levels === 1 ? most.first : most.all }
      const next = render(schemas, levels, left)
      if (best !== null && (left.size < 0 || JSON.stringify(next) === JSON.stringify(best))) break
      best = next
    }
    // That it is an object says nothing to plan on.
    return best === null || Object.keys(best).length === 0 || (best['type'] === 'object' && Object.keys(best).length === 1) ? null : best
  }

  return {
    outline(schemas) {
      const [only] = schemas
      if (only === undefined) return null
      if (schemas.length > 1 || !isObject(only)) return outline(schemas)
      const before = outlines.get(only)
      if (before !== undefined) return before
      const made = outline(schemas)
      outlines.set(only, made)
      return made
    },
    isObject: (schemas) => {
      const { types } = joined(schemas)
      return types !== null && types.size === 1 && types.has('object')
    },
  }
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value as readonly Json[] : [])

/** Each once; where there are too many, anything. */
function merged(some: readonly Json[], more: readonly Json[]): readonly Json[] {
  if (some.length === 0) return more
  const all = new Set([...some, ...more])
  return all.size > alternatives ? [{}] : [...all]
}

/** What both allow; an integer is a number. What contradicts itself says nothing. */
function both(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> | null {
  const found = new Set([...one].filter((type) => other.has(type) || (type === 'integer' && other.has('number'))))
  if (one.has('number') && other.has('integer')) found.add('integer')
  return found.size === 0 ? null : found
}

function typesOf(raw: JsonObject): ReadonlySet<string> | null {
  const given = raw['type']
  const list = Array.isArray(given) ? given as readonly Json[] : given === undefined ? [] : [given]
  const found = list.filter((type): type is string => typeof type === 'string' && known.has(type))
  if (found.length > 0 && found.length === list.length) return new Set(found)
  // Who names properties means an object.
  return list.length === 0 && isObject(raw['properties']) ? new Set(['object']) : null
}
