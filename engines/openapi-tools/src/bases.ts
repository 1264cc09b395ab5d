// Schemas that say their own base ($id) or name ($anchor, $dynamicAnchor), and documents that others refer to: their references are written as they would
// stand in the document that is read, so that whoever follows one needs to know no base (JSON Schema 2020-12, core, 8.2). reference.integration.test.ts holds it.
import type { Json, JsonObject } from './model.ts'
import { isObject } from './object.ts'
import { pointerOf, pointerSegments, valueAt } from './reference.ts'

/** What values are data and not schemas under these names: a $ref in them is none. */
const DATA = new Set(['example', 'examples', 'enum', 'const', 'default', 'value'])
/** Their members are names that somebody chose. */
const NAMES = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions', 'schemas', 'responses', 'parameters', 'requestBodies', 'headers', 'securitySchemes', 'pathItems', 'paths', 'webhooks', 'callbacks', 'links', 'mediaTypes', 'content', 'encoding'])

type Reference = { readonly holder: { [name: string]: Json }; readonly keyword: '$ref' | '$dynamicRef'; readonly base: string }

/** Whether a document has any of what needs settling. Cheap: most have not. */
export const hasBases = (text: string): boolean => ['$id', '$anchor', '$dynamic'].some((keyword) => text.includes(keyword))

/** `reference` against `base`, in two: where the document is, and what of it ('' or beginning with #). */
export function absolute(reference: string, base: string): readonly [address: string, fragment: string] {
  const cut = reference.indexOf('#')
  const address = cut === -1 ? reference : reference.slice(0, cut)
  return [address === '' ? base : URL.canParse(address, base) ? new URL(address, base).href : address, cut === -1 ? '' : reference.slice(cut)]
}

/**
 * Rewrites the references of `root`, which nobody else may hold. `url` is the address of the document; `prefix` stands before each pointer into it: '' for
 * the one that is read, its address for another. Gives the addresses of the documents that are referred to outside this one.
 */
export function settleReferences(root: Json, url: string, prefix: string): ReadonlySet<string> {
  /** Pointers of what has a name, by it. */
  const names = new Map<string, string>([[url, '#']])
  const references: Reference[] = []
  const seen = new Set<Json>()
  const name = (uri: string, path: readonly (string | number)[]): void => { if (!names.has(uri)) names.set(uri, pointerOf(path)) }
  const walk = (value: Json, outer: string, path: readonly (string | number)[], chosen: boolean): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    let base = outer
    if (isObject(value) && !chosen) {
      const { $id, $anchor, $dynamicAnchor } = value
      if (typeof $id === 'string' && path.length > 0) {
        if ($id.startsWith('#')) name(base + $id, path)
        else name(base = absolute($id, outer)[0], path)
      }
      for (const anchor of [$anchor, $dynamicAnchor]) if (typeof anchor === 'string') name(`${base}#${anchor}`, path)
      for (const keyword of ['$ref', '$dynamicRef'] as const) if (typeof value[keyword] === 'string') references.push({ holder: value, keyword, base })
    }
    for (const [key, item] of Object.entries(value as JsonObject)) if (chosen || !(DATA.has(key) || key.startsWith('x-'))) walk(item, base, [...path, key], !chosen && NAMES.has(key) && isObject(item))
  }
  walk(root, url, [], false)

  const pointerFor = (reference: string, base: string): string | null => {
    const [address, fragment] = absolute(reference, base)
    const start = names.get(address)
    if (fragment !== '' && !fragment.startsWith('#/')) return names.get(address + fragment) ?? (fragment === '#' ? start ?? null : null)
    if (start === undefined) return null
    const inside = `${start}${fragment.slice(1)}`
    if (valueAt(root, pointerSegments(inside)) !== undefined) return inside
    // Many write $id as an ornament and still mean the document.
    return fragment !== '' && valueAt(root, pointerSegments(fragment)) !== undefined ? fragment : null
  }
  const outside = new Set<string>()
  for (const { holder, keyword, base } of references) {
    const written = holder[keyword] as string
    const pointer = pointerFor(written, base)
    const [address] = absolute(written, base)
    if (pointer === null && address !== url) outside.add(address)
    const settled = pointer === null ? (base === url && prefix === '' ? written : absolute(written, base).join('')) : `${prefix}${pointer}`
    if (keyword === '$ref') holder['$ref'] = settled
    else if (pointer !== null && holder['$ref'] === undefined) {
      // Dynamic scope is what a caller of the schema has; without one the anchor is where it stands.
      delete holder['$dynamicRef']
      holder['$ref'] = settled
    }
  }
  return outside
}
