// Any text to an ApiDocument or a coded reason, never an exception: document.test.ts holds it over arbitrary bytes.
import type { ApiDocument, ApiVersion, JsonObject, Refusal } from './model.ts'
import { hasBases, settleReferences } from './bases.ts'
import { isObject } from './object.ts'
import { applyOverlays } from './overlay.ts'
import { createResolver } from './reference.ts'
import type { Resource } from './reference.ts'
import { Refused } from './refused.ts'
import { parseSource, textOf } from './source.ts'

const MAX_BYTES = 64 * 1024 * 1024

export type ReadOptions = {
  /** Where the document came from: what relative references are relative to. */
  readonly url?: string
  /** OpenAPI Overlays (1.0, 1.1) as JSON or YAML, applied in this order. */
  readonly overlays?: readonly string[]
  /** What remote references lead to, by absolute URL. Nothing is ever fetched. */
  readonly documents?: ReadonlyMap<string, string | Uint8Array>
  /** Why a document is not among them and what to do about it, by absolute URL: the reason of references to it. */
  readonly unavailable?: ReadonlyMap<string, string>
  /** Of each document. 64 MiB. */
  readonly maxBytes?: number
}

/** OpenAPI 2.0, 3.0, 3.1 or 3.2, JSON or YAML, UTF-8 or UTF-16. Total: what cannot be read is a refusal that says the place and what would be right. */
export function readDocument(source: string | Uint8Array, options: ReadOptions = {}): { readonly document: ApiDocument } | { readonly refusal: Refusal } {
  const { maxBytes = MAX_BYTES, documents, unavailable } = options
  const warnings: Refusal[] = []
  try {
    const { value, text } = parseSource(source, maxBytes, warnings)
    if (!isObject(value)) throw new Refused('document_not_an_object', '#', `The document is ${Array.isArray(value) ? 'a list' : `the single value ${JSON.stringify(value).slice(0, 80)}`}, not an object with openapi or swagger, info and paths.`)
    const root = options.overlays === undefined ? value : applyOverlays(value, options.overlays, maxBytes, warnings)
    const version = versionOf(root)
    checkPaths(root, version, warnings)
    const later = version === '3.1' || version === '3.2'
    const url = addressOf(root, options.url)
    // Without an address of its own a document still needs one for the relative ones in it.
    if (later && hasBases(text)) settleReferences(root, url || 'document:///', '')
    const loaded = new Map<string, Resource | string>()
    const lookup = (address: string): Resource | string => {
      let resource = loaded.get(address)
      if (resource === undefined) loaded.set(address, resource = unavailable?.get(address) ?? load(address, documents?.get(address), maxBytes, warnings))
      return resource
    }
    return { document: { version, root, warnings, resolve: createResolver({ url, root }, later, lookup) } }
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    throw error
  }
}

/**
 * The absolute URLs of the documents that this one, whose address is `url`, refers to: each once, in the order of the text. Asked again of each of these, it
 * tells all that `documents` of readDocument needs; how many and how large they may be is for who reads them to say. Total, as readDocument is.
 * `glance`: a text in which no reference is seen to lead elsewhere is not read, and so not refused; of a large document that costs a tenth.
 */
export function outsideReferences(source: string | Uint8Array, { url, maxBytes = MAX_BYTES, glance = false }: { readonly url: string; readonly maxBytes?: number; readonly glance?: boolean }): { readonly references: readonly string[] } | { readonly refusal: Refusal } {
  try {
    if (glance && !LEADS_ELSEWHERE.test(textOf(source))) return { references: [] }
    const { value } = parseSource(source, maxBytes, [])
    const address = isObject(value) ? addressOf(value, url) : url
    return { references: [...settleReferences(value, address, address)].filter((one) => one !== url && URL.canParse(one)) }
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    throw error
  }
}

/** A reference that does not begin with #, in JSON or YAML. What begins with a bracket is no reference: paths may end with /$ref. */
const LEADS_ELSEWHERE = /\$(?:r|dynamicR)ef["']?\s*:\s*["']?[^\s"'#{[]/

function load(url: string, source: string | Uint8Array | undefined, maxBytes: number, warnings: Refusal[]): Resource | string {
  if (source === undefined) return 'The reference leads to another document, which was not handed over; references are never fetched. Bundle the documents into one.'
  try {
    const root = parseSource(source, maxBytes, warnings).value
    settleReferences(root, url, url)
    return { url, root }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    warnings.push({ ...error.refusal, place: `${url} ${error.refusal.place}` })
    return `The document that the reference leads to cannot be read (${error.refusal.place}): ${error.refusal.reason}`
  }
}

/** $self of 3.2, or where the document came from. */
function addressOf(root: JsonObject, url = ''): string {
  const { $self } = root
  return typeof $self === 'string' && URL.canParse($self, url || undefined) ? new URL($self, url || undefined).href : url
}

/** Numbers too: YAML reads `openapi: 3.1` as one. */
function versionOf(root: JsonObject): ApiVersion {
  const given = root['openapi'] ?? root['swagger']
  if (given === undefined || given === null || typeof given === 'object' || typeof given === 'boolean') {
    const keys = Object.keys(root).slice(0, 5).join(', ').slice(0, 200)
    throw new Refused('version_missing', '#', `Neither openapi nor swagger says a version, so this is no OpenAPI document; its first keys are: ${keys || 'none'}.`)
  }
  const said = String(given).trim()
  if (/^2(?:\.0+)*$/.test(said)) return '2.0'
  const minor = /^3(?:\.([012])(?:\..*|-.*)?)?$/s.exec(said)
  if (minor === null) throw new Refused('version_unsupported', Object.hasOwn(root, 'openapi') ? '#/openapi' : '#/swagger', `The version is ${JSON.stringify(given).slice(0, 80)}; 2.0, 3.0, 3.1 and 3.2 are read.`)
  return `3.${(minor[1] ?? '0') as '0' | '1' | '2'}`
}

function checkPaths(root: JsonObject, version: ApiVersion, warnings: Refusal[]): void {
  const paths = root['paths']
  if (isObject(paths)) return
  const missing = paths === undefined || paths === null
  const refusal: Refusal = { code: 'paths_missing', place: missing ? '#' : '#/paths', reason: `${missing ? 'There are no paths' : 'paths is no object'}: an object with a path a key ("/users") is needed for the API to have operations.` }
  // From 3.1 on a document may hold only components or webhooks.
  if (!missing || version === '2.0' || version === '3.0') throw new Refused(refusal.code, refusal.place, refusal.reason)
  warnings.push(refusal)
}
