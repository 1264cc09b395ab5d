// What values look like, from samples of them: never a value itself, so that nothing that was recorded is copied. Keys that look like data are not copied
// either. draft.test.ts holds it.
import type { Json, JsonObject } from './model.ts'
import { isList, isObject, put } from './object.ts'

const MAX_DEPTH = 24
const MAX_ITEMS = 200
const MAX_PROPERTIES = 400

/** Grows with each sample that it observes. */
export type Shape = {
  /** By JSON Schema's names: null, boolean, integer, number, string, array, object. */
  readonly types: Set<string>
  /** Of all strings so far; undefined before the first. */
  format: string | null | undefined
  objects: number
  readonly properties: Map<string, { readonly shape: Shape; count: number }>
  /** Of what stands under keys that are data. */
  other: Shape | null
  items: Shape | null
}

export const emptyShape = (): Shape => ({ types: new Set(), format: undefined, objects: 0, properties: new Map(), other: null, items: null })

const formats: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i], ['date-time', /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/], ['date', /^\d{4}-\d\d-\d\d$/],
  ['email', /^[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{2,63}$/], ['uri', /^https?:\/\/\S+$/],
]
export const formatOf = (text: string): string | null => (text.length > 2000 ? null : formats.find(([, pattern]) => pattern.test(text))?.[0] ?? null)

/** A number, a UUID, a hash, an address, a token: what stands in a path or as a key because somebody has it, not because the API names it so. */
export function looksLikeData(text: string): boolean {
  if (/^\d+$/.test(text) || text.includes('@') || text.length > 40 || formatOf(text) !== null) return true
  if (/^[0-9a-f]{8,}$/i.test(text)) return /\d/.test(text)
  if (text.length < 10 || !/^[\w.~-]+$/.test(text)) return false
  const count = (sign: RegExp): number => text.match(sign)?.length ?? 0
  // Prefixed and random identifiers ('usr_8fJ2kQ1z', '01HZX3…'), but not 'oauth2callback' and 'windows11'.
  if (count(/\d/g) >= 2 && (/^[a-z]{1,6}[_-]/i.test(text) || /\d[a-z]+\d/i.test(text))) return true
  if (text.length < 16) return false
  // In words that are written together every fifth letter or so is a capital; in random ones half of them are.
  const capitals = count(/[A-Z]/g) / count(/[A-Za-z]/g)
  return count(/\d/g) >= 3 || (capitals > 0.3 && capitals < 0.8)
}

export function observe(shape: Shape, value: Json, depth = 0): void {
  if (value === null) shape.types.add('null')
  else if (typeof value === 'boolean') shape.types.add('boolean')
  else if (typeof value === 'number') shape.types.add(Number.isInteger(value) ? 'integer' : 'number')
  else if (typeof value === 'string') {
    shape.types.add('string')
    if (shape.format !== null) {
      const format = formatOf(value)
      shape.format = shape.format === undefined || shape.format === format ? format : null
    }
  } else if (isList(value)) {
    shape.types.add('array')
    shape.items ??= emptyShape()
    if (depth < MAX_DEPTH) for (const item of value.slice(0, MAX_ITEMS)) observe(shape.items, item, depth + 1)
  } else if (isObject(value)) {
    shape.types.add('object')
    shape.objects += 1
    if (depth >= MAX_DEPTH) return
    for (const [name, item] of Object.entries(value)) {
      let property = shape.properties.get(name)
      if (property === undefined && (shape.properties.size >= MAX_PROPERTIES || looksLikeData(name))) {
        observe(shape.other ??= emptyShape(), item, depth + 1)
        continue
      }
      if (property === undefined) shape.properties.set(name, property = { shape: emptyShape(), count: 0 })
      property.count += 1
      observe(property.shape, item, depth + 1)
    }
  }
}

/** JSON Schema 2020-12: required is what all samples have. */
export function schemaOf(shape: Shape): JsonObject {
  const types = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'].filter((type) => shape.types.has(type) && !(type === 'integer' && shape.types.has('number')))
  const properties: { [name: string]: Json } = {}
  for (const [name, property] of shape.properties) put(properties, name, schemaOf(property.shape))
  const required = [...shape.properties].filter(([, { count }]) => count === shape.objects).map(([name]) => name)
  return {
    ...(types.length === 0 ? {} : { type: types.length === 1 ? types[0]! : types }),
    ...(shape.format ? { format: shape.format } : {}),
    ...(shape.properties.size > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(shape.other === null ? {} : { additionalProperties: schemaOf(shape.other) }),
    ...(shape.items !== null && shape.items.types.size > 0 ? { items: schemaOf(shape.items) } : {}),
  }
}

/** Equal for what looks the same. `names`: how many names it knows, which says how much that means. */
export function signatureOf(shape: Shape): { readonly text: string; readonly names: number } {
  let names = shape.properties.size
  const inner = ({ text, names: more }: { readonly text: string; readonly names: number }): string => {
    names += more
    return text
  }
  const properties = [...shape.properties].sort(([one], [two]) => (one < two ? -1 : 1)).map(([name, property]) => `${JSON.stringify(name)}:${inner(signatureOf(property.shape))}`)
  return { text: `${[...shape.types].filter((type) => type !== 'null').sort().join('|')}{${properties.join(',')}}[${shape.items === null ? '' : inner(signatureOf(shape.items))}]`, names }
}
