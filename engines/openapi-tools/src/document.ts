// Any text to an ApiDocument or a coded reason, never an exception: document.test.ts holds it over arbitrary bytes.
import type { ApiDocument, ApiVersion, JsonObject, Refusal } from './model.ts'
import { hasBases, settleReferences } from './bases.ts'
import { isObject } from './object.ts'
import { applyOverlays } from './overlay.ts'
import { createResolver } from './reference.ts'
import type { Resource } from './reference.ts'
import { Refused } from './refused.ts'
import { parseSource } from './source.ts'

const MAX_BYTES = 64 * 1024 * 1024

export type ReadOptions = {
  /** Where the document came from: what relative references are relative to. */
  readonly url?: string
  /** OpenAPI Overlays (1.0, 1.1) as JSON or YAML, applied in this order. */
  readonly overlays?: readonly string[]
  /** What remote references lead to, by absolute URL. Nothing is ever fetched. */
  readonly documents?: ReadonlyMap<string, string | Uint8Array>
  /** Of each document. 64 MiB. */
  readonly maxBytes?: number
}

/** OpenAPI 2.0, 3.0, 3.1 or 3.2, JSON or YAML, UTF-8 or UTF-16. Total: what cannot be read is a refusal that says the place and what would be right. */
export function readDocument(source: string | Uint8Array, options: ReadOptions = {}): { readonly document: ApiDocument } | { readonly refusal: Refusal } {
  const { maxBytes = MAX_BYTES, documents } = options
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
    const loaded = new Map<string, Resource | null>()
    const lookup = (address: string): Resource | null => {
      let resource = loaded.get(address)
      if (resource === undefined) loaded.set(address, resource = load(address, documents?.get(address), maxBytes, warnings))
      return resource
    }
    return { document: { version, root, warnings, resolve: createResolver({ url, root }, later, lookup) } }
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    throw error
  }
}

function load(url: string, source: string | Uint8Array | undefined, maxBytes: number, warnings: Refusal[]): Resource | null {
  if (source === undefined) return null
  try {
    const root = parseSource(source, maxBytes, warnings).value
    settleReferences(root, url, url)
    return { url, root }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    warnings.push({ ...error.refusal, place: `${url} ${error.refusal.place}` })
    return null
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
