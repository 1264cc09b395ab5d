// References and JSON pointers (RFC 6901, RFC 3986). Total: every text gives a place or a coded reason, whatever it says; reference.integration.test.ts holds it.
import type { ApiDocument, Json, Refusal } from './model.ts'
import { isList, isObject } from './object.ts'

/** How many references may lead from one to the next. */
const MAX_CHAIN = 32

/** One document and its address; '' where it is not known. Its references are absolute, or into the document that is read. */
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

/** What stands at a pointer; undefined where nothing does. */
export const valueAt = (root: Json, segments: readonly string[]): Json | undefined => segments.reduce<Json | undefined>(child, root)

/**
 * `lookup` gives the document that stands at an absolute address, or at the one that was written, or says why there is none. `siblings`: beside a $ref other keywords count (JSON Schema
 * 2020-12, and so 3.1 and later), and what has some is a value of its own.
 */
export function createResolver(main: Resource, siblings: boolean, lookup: (url: string) => Resource | string): ApiDocument['resolve'] {
  type Found = ReturnType<ApiDocument['resolve']>
  const known = new Map<string, Found>()
  const refusal = (code: Refusal['code'], place: string, reason: string): Refusal => ({ code, place: place.slice(0, 500), reason })

  const resourceOf = (address: string): Resource | string => {
    if (address === '') return main
    const absolute = main.url !== '' && URL.canParse(address, main.url) ? new URL(address, main.url).href : address
    if (absolute === main.url) return main
    const found = lookup(absolute)
    const written = typeof found === 'string' && address !== absolute ? lookup(address) : found
    return typeof written === 'string' ? found : written
  }
  // Counted over the whole way, so that references behind references do not multiply.
  let chain = 0
  const follow = (reference: string): Found => {
    if (++chain > MAX_CHAIN + 1) return refusal('reference_circular', reference, `More than ${MAX_CHAIN} references lead from one to the next, or in a circle. The last of them must name a value.`)
    const cut = reference.indexOf('#')
    const address = cut === -1 ? reference : reference.slice(0, cut)
    const resource = resourceOf(address)
    if (typeof resource === 'string') return refusal('reference_remote', reference, resource)
    if (cut !== -1 && cut + 1 < reference.length && reference[cut + 1] !== '/') return refusal('reference_unresolved', reference, 'Nothing has this name. A pointer begins with #/ .')
    const segments = pointerSegments(cut === -1 ? '' : reference.slice(cut))
    let value = resource.root
    for (const [index, segment] of segments.entries()) {
      const next = child(value, segment)
      // A pointer that goes on behind a reference: no RFC says so, bundled documents do.
      if (next === undefined && hasReference(value)) {
        const target = follow(value.$ref)
        return 'code' in target ? target : follow(`${target.at}${pointerOf(segments.slice(index)).slice(1)}`)
      }
      if (next === undefined) return refusal('reference_unresolved', reference, `Nothing stands at ${pointerOf(segments.slice(0, index + 1)).slice(0, 300)}.`)
      value = next
    }
    if (hasReference(value) && !(siblings && Object.keys(value).some((name) => !['$ref', 'summary', 'description'].includes(name)))) return follow(value.$ref)
    return { value, at: `${resource === main ? '' : resource.url}${pointerOf(segments)}` }
  }
  return (reference) => {
    let found = known.get(reference)
    if (found === undefined) {
      chain = 0
      known.set(reference, found = follow(reference))
    }
    return found
  }
}

const hasReference = (value: Json): value is { readonly $ref: string } => isObject(value) && Object.hasOwn(value, '$ref') && typeof value['$ref'] === 'string'

function child(value: Json | undefined, segment: string): Json | undefined {
  if (isList(value)) return /^(?:0|[1-9]\d*)$/.test(segment) ? value[Number(segment)] : undefined
  return isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
}
