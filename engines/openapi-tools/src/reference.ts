// References and JSON pointers (RFC 6901, RFC 3986). Total: every text gives a place or a coded reason, whatever it says; reference.test.ts holds it.
import type { ApiDocument, Json, Refusal } from './model.ts'

/** How many references may lead from one to the next. */
const MAX_CHAIN = 32

/** One document and its address; '' for the one that is read. */
export type Resource = { readonly url: string; readonly root: Json }

/** '#/a/b' as ['a', 'b']; percent and ~ escapes read, in this order. A % that is no escape stands for itself. */
export function pointerSegments(fragment: string): string[] {
  return fragment.replace(/^#/, '').split('/').slice(1).map((segment) => unescaped(segment).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** ['a', 'b'] as '#/a/b'. */
export const pointerOf = (segments: readonly (string | number)[]): string => `#${segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`

function unescaped(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * `lookup` gives the document that stands at an address, as the reference has it or resolved against `url`. `siblings`: beside a $ref other keywords count
 * (JSON Schema 2020-12, and so 3.1 and later), and what has some is a value of its own.
 */
export function createResolver(main: Resource, siblings: boolean, lookup: (url: string) => Resource | null): ApiDocument['resolve'] {
  type Found = ReturnType<ApiDocument['resolve']>
  const known = new Map<string, Found>()
  const refusal = (code: Refusal['code'], place: string, reason: string): Refusal => ({ code, place: place.slice(0, 500), reason })

  const resourceOf = (address: string, from: Resource): Resource | null => {
    if (address === '') return from
    const absolute = URL.canParse(address, from.url || main.url) ? new URL(address, from.url || main.url).href : address
    return absolute === main.url ? main : lookup(absolute) ?? lookup(address)
  }
  const follow = (reference: string, from: Resource, chain: number): Found => {
    if (chain > MAX_CHAIN) return refusal('reference_circular', reference, `More than ${MAX_CHAIN} references lead from one to the next, or in a circle. The last of them must name a value.`)
    const cut = reference.indexOf('#')
    const address = cut === -1 ? reference : reference.slice(0, cut)
    const resource = resourceOf(address, from)
    if (resource === null) return refusal('reference_remote', reference, 'The reference leads to another document, which was not handed over. References are never fetched.')
    const segments = pointerSegments(cut === -1 ? '' : reference.slice(cut))
    let value = resource.root
    for (const [index, segment] of segments.entries()) {
      let next = child(value, segment)
      // A pointer that goes on behind a reference: no RFC says so, bundled documents do.
      if (next === undefined && hasReference(value)) {
        const target = follow(value.$ref, resource, chain + 1)
        if ('code' in target) return target
        return follow(`${target.at}${pointerOf(segments.slice(index)).slice(1)}`, main, chain + 1)
      }
      if (next === undefined) return refusal('reference_unresolved', reference, `Nothing stands at ${pointerOf(segments.slice(0, index + 1)).slice(0, 300)}.`)
      value = next
    }
    if (hasReference(value) && !(siblings && Object.keys(value).some((name) => !['$ref', 'summary', 'description'].includes(name)))) return follow(value.$ref, resource, chain + 1)
    return { value, at: `${resource === main ? '' : resource.url}${pointerOf(segments)}` }
  }
  return (reference) => {
    let found = known.get(reference)
    if (found === undefined) known.set(reference, found = follow(reference, main, 0))
    return found
  }
}

const hasReference = (value: Json): value is { readonly $ref: string } => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, '$ref') && typeof (value as { $ref: Json }).$ref === 'string'

function child(value: Json, segment: string): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(segment) ? (value as Json[])[Number(segment)] : undefined
  return Object.hasOwn(value, segment) ? (value as { [name: string]: Json })[segment] : undefined
}
