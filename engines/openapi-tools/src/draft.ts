// A first OpenAPI document from recorded traffic (HAR 1.2, w3c.github.io/web-performance/specs/HAR/Overview.html), for an API that has none. Nothing that was
// sent or answered is copied, only how it looks: no values, no cookies, no credentials. draft.test.ts holds that, and that each request fits the draft.
import { emptyShape, formatOf, looksLikeData, observe, schemaOf, signatureOf } from './draft-shape.ts'
import { templatesOf } from './draft-paths.ts'
import type { Template } from './draft-paths.ts'
import type { Json, JsonObject, Refusal } from './model.ts'
import { isList, isObject, put } from './object.ts'
import { Refused } from './refused.ts'

export type Draft = {
  /** OpenAPI 3.1, marked with x-draft. */
  readonly document: JsonObject
  /** Requests that it was made from. */
  readonly requests: number
  /** Requests that were left out: pages, scripts, pictures and what else is no API; to other hosts; what no request could be made out of. */
  readonly leftOut: { readonly assets: number; readonly unreadable: number; readonly hosts: readonly { readonly host: string; readonly requests: number }[] }
}

type Part = { readonly name: string; readonly value: string; readonly file: boolean }
type Payload = { readonly mediaType: string; readonly text: string | null; readonly parts: readonly Part[] }
type Exchange = { readonly method: string; readonly url: URL; readonly headers: readonly Part[]; readonly query: readonly Part[]; readonly cookies: readonly string[]; readonly sent: Payload | null; readonly status: number; readonly answered: Payload }

const METHODS = new Set(['get', 'put', 'post', 'delete', 'head', 'patch'])
const ASSET_TYPE = /^(?:text\/(?:html|css|javascript|x-component)|(?:application|text)\/(?:x-)?(?:java|ecma)script|application\/(?:wasm|xhtml\+xml|manifest\+json|vnd\.ms-fontobject|font-\w+|x-font-\w+)|(?:image|font|video|audio)\/.*)$/
const ASSET_NAME = /\.(?:html?|m?js|css|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|otf|eot|mp[34]|webm|wasm|webmanifest)$/i
const SECRET_NAME = /^(?:x-)?(?:amz-security-)?(?:api|app|access|auth|authentication|authorization|client|csrf|xsrf|session|secret|subscription|user|id|bearer|ocp-apim-subscription|goog-api|functions)?[-_.]?(?:key|token|secret|auth|signature|sig|password|passwd|pwd|credential|sessionid|sid|session)$/i
const SESSION_NAME = /sess|sid$|auth|token|jwt/i

/**
 * `har` as JSON.parse gives it. `host` (with or without port) chooses among the hosts of the recording; without it the one with most requests that look like
 * those of an API. A refusal is recording_invalid (its place a pointer into the recording) or recording_empty.
 */
export function draftFromHar(har: unknown, options: { readonly host?: string } = {}): Draft | { readonly refusal: Refusal } {
  try {
    const entries = entriesOf(har as Json)
    const exchanges = entries.map(exchangeOf)
    const readable = exchanges.filter((exchange) => exchange !== null)
    const calls = readable.filter((exchange) => !isAsset(exchange))
    const byHost = Map.groupBy(calls, ({ url }) => url.origin)
    const hosts = [...byHost].map(([origin, own]) => ({ origin, host: new URL(origin).host, own, weight: own.filter(({ answered, sent }) => isJson(answered.mediaType) || isJson(sent?.mediaType ?? '')).length })).sort((one, two) => two.weight - one.weight || two.own.length - one.own.length || (one.host < two.host ? -1 : 1))
    const chosen = options.host === undefined ? hosts[0] : hosts.find(({ host }) => host === options.host!.toLowerCase() || host.replace(/:\d+$/, '') === options.host!.toLowerCase())
    if (chosen === undefined) {
      const known = hosts.slice(0, 10).map(({ host }) => host).join(', ')
      throw new Refused('recording_empty', '#/log/entries', options.host === undefined || known === '' ? `None of the ${entries.length} requests looks like a call of an API; record what a client does with it.` : `No request goes to ${options.host.slice(0, 200)}. Hosts of the recording: ${known}.`)
    }
    return {
      document: documentOf(chosen.origin, chosen.own),
      requests: chosen.own.length,
      leftOut: { assets: readable.length - calls.length, unreadable: exchanges.length - readable.length, hosts: hosts.filter((other) => other !== chosen).map(({ host, own }) => ({ host, requests: own.length })) },
    }
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    throw error
  }
}

function entriesOf(har: Json): readonly Json[] {
  const log = isObject(har) ? har['log'] : undefined
  if (!isObject(log)) throw new Refused('recording_invalid', '#/log', 'A HAR file (HTTP Archive 1.2) is an object with log; browsers write it with "Save all as HAR".')
  const { entries } = log
  if (!isList(entries)) throw new Refused('recording_invalid', '#/log/entries', 'The list of recorded requests is missing.')
  if (entries.length === 0) throw new Refused('recording_empty', '#/log/entries', 'The recording holds no requests.')
  return entries
}

/** null: no request can be made out of it, or one that no API answers (preflights, web sockets, what was never answered). */
function exchangeOf(entry: Json): Exchange | null {
  const request = isObject(entry) ? entry['request'] : undefined
  const response = isObject(entry) ? entry['response'] : undefined
  if (!isObject(request) || !isObject(response)) return null
  const { method, url, postData } = request
  const { status, content } = response
  if (typeof method !== 'string' || !METHODS.has(method.toLowerCase()) || typeof url !== 'string' || !URL.canParse(url) || typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return null
  const parsed = new URL(url)
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return null
  const headers = partsOf(request['headers'])
  const cookies = [...partsOf(request['cookies']).map(({ name }) => name), ...headers.filter(({ name }) => name.toLowerCase() === 'cookie').flatMap(({ value }) => value.split(';').map((pair) => pair.split('=')[0]!.trim()))]
  const sent = isObject(postData) ? { mediaType: mediaTypeOf(postData['mimeType']), text: textOf(postData), parts: partsOf(postData['params']) } : null
  return { method: method.toLowerCase(), url: parsed, headers, query: [...parsed.searchParams].map(([name, value]) => ({ name, value, file: false })), cookies, sent, status, answered: isObject(content) ? { mediaType: mediaTypeOf(content['mimeType']), text: textOf(content), parts: [] } : { mediaType: '', text: null, parts: [] } }
}

function partsOf(list: Json | undefined): Part[] {
  return isList(list) ? list.flatMap((part) => (isObject(part) && typeof part['name'] === 'string' ? [{ name: part['name'], value: typeof part['value'] === 'string' ? part['value'] : '', file: typeof part['fileName'] === 'string' }] : [])) : []
}

function textOf({ text, encoding }: JsonObject): string | null {
  if (typeof text !== 'string' || text === '') return null
  return encoding === 'base64' ? new TextDecoder().decode(Buffer.from(text, 'base64')) : text
}

/** Without parameters; '' where there is none that HTTP would take (RFC 9110, 8.3.1). */
function mediaTypeOf(given: Json | undefined): string {
  const type = typeof given === 'string' ? given.split(';')[0]!.trim().toLowerCase() : ''
  return /^[\w!#$%&'*+.^`|~-]{1,100}\/[\w!#$%&'*+.^`|~-]{1,100}$/.test(type) && type !== 'x-unknown' ? type : ''
}

const isJson = (mediaType: string): boolean => /^[^/]+\/(?:[^/]+\+)?json$/.test(mediaType)
const isAsset = ({ url, answered, sent }: Exchange): boolean => !isJson(answered.mediaType) && !isJson(sent?.mediaType ?? '') && (ASSET_TYPE.test(answered.mediaType) || ASSET_NAME.test(url.pathname))

function parsed(payload: Payload): Json | undefined {
  if (payload.text === null || !isJson(payload.mediaType)) return undefined
  try {
    return JSON.parse(payload.text.replace(/^\uFEFF/, '')) as Json
  } catch {
    return undefined
  }
}

function documentOf(origin: string, exchanges: readonly Exchange[]): JsonObject {
  const templates = templatesOf(exchanges.map(({ url }) => url.pathname), (recorded) => {
    const looks = recorded.slice(0, 20).map((number) => {
      const { method, answered } = exchanges[number]!
      const shape = emptyShape()
      const value = parsed(answered)
      if (value !== undefined) observe(shape, value)
      return { method, ...signatureOf(shape) }
    })
    return looks.some(({ names }) => names >= 2) ? [...new Set(looks.map(({ method, text }) => `${method} ${text}`))].sort().join() : ''
  })
  const schemes = new Map<string, JsonObject>()
  const ids = new Set<string>()
  const paths: { [path: string]: Json } = {}
  for (const template of templates.sort((one, two) => (one.path < two.path ? -1 : 1))) {
    const item: { [method: string]: Json } = template.parameters.length === 0 ? {} : { parameters: template.parameters.map(({ name, values }) => ({ name, in: 'path', required: true, schema: scalarSchema(values) })) }
    for (const [method, own] of Map.groupBy(template.recorded.map((number) => exchanges[number]!), (exchange) => exchange.method)) item[method] = operationOf(method, template, own, schemes, ids)
    put(paths, template.path, item)
  }
  const { host } = new URL(origin)
  return {
    openapi: '3.1.0',
    info: {
      title: `Draft of ${host}`,
      version: '0.0.0-draft',
      description: `A draft, made from ${exchanges.length} recorded ${exchanges.length === 1 ? 'request' : 'requests'}. It knows only what was recorded. A person must check before it is used: which parts of each path are parameters and what they are called, and whether a name in a path is somebody's; which parameters and properties are required; what the API can answer besides; who may call what (security); and what each operation does, which no recording says: summaries and descriptions are still to be written.`,
    },
    'x-draft': true,
    servers: [{ url: origin }],
    paths,
    ...(schemes.size === 0 ? {} : { components: { securitySchemes: Object.fromEntries(schemes) } }),
  }
}

function operationOf(method: string, { path }: Template, exchanges: readonly Exchange[], schemes: Map<string, JsonObject>, ids: Set<string>): JsonObject {
  const operationId = idOf(method, path, ids)
  const tag = path.split('/').find((segment) => segment !== '' && !segment.startsWith('{') && !/^(?:api|rest|v\d+)$/i.test(segment))
  const parameters = [
    ...parametersOf('query', exchanges.map(({ query }) => query.filter(({ name }) => name !== '' && !SECRET_NAME.test(name)))),
    ...parametersOf('header', exchanges.map(({ headers }) => headers.filter(({ name }) => /^x-[\w-]+$/i.test(name) && !SECRET_NAME.test(name) && !/^x-(?:forwarded|real|client-data|amzn-trace|request-id|b3|datadog|devtools|goog|firefox|chrome)/i.test(name)).map((header) => ({ ...header, name: header.name.toLowerCase() })))),
  ]
  const sent = exchanges.flatMap(({ sent: body }) => (body === null || (body.text === null && body.parts.length === 0) ? [] : [body]))
  const responses: { [status: string]: Json } = {}
  for (const [status, own] of [...Map.groupBy(exchanges, (exchange) => exchange.status)].sort(([one], [two]) => one - two)) {
    const content = contentOf(own.map(({ answered }) => answered).filter(({ mediaType, text }) => mediaType !== '' && (text !== null || isJson(mediaType)) && status !== 204))
    responses[String(status)] = { description: times(own.length), ...(content === null ? {} : { content }) }
  }
  const body = contentOf(sent)
  const security = securityOf(exchanges, schemes)
  return {
    ...(operationId === null ? {} : { operationId }),
    ...(tag === undefined ? {} : { tags: [tag] }),
    description: times(exchanges.length),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: { ...(sent.length === exchanges.length ? { required: true } : {}), content: body } }),
    responses,
    ...(security === null ? {} : { security }),
  }
}

const times = (count: number): string => `Recorded ${count === 1 ? 'once' : `${count} times`}.`

function idOf(method: string, path: string, taken: Set<string>): string | null {
  const words = path.split('/').flatMap((segment) => (segment.startsWith('{') ? ['by', segment] : [segment])).flatMap((segment) => segment.split(/[^A-Za-z0-9]+/)).filter((word) => word !== '')
  if (words.length === 0) return null
  const name = [method, ...words].map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('').slice(0, 60)
  let free = name
  for (let more = 2; taken.has(free); more += 1) free = `${name}${more}`
  taken.add(free)
  return free
}

/** Required is what all of several requests have; of one alone nobody knows. */
function parametersOf(place: 'query' | 'header', requests: readonly (readonly Part[])[]): JsonObject[] {
  const byName = Map.groupBy(requests.flat(), ({ name }) => name)
  return [...byName].filter(([name]) => !looksLikeData(name)).map(([name, parts]) => {
    const counts = requests.map((request) => request.filter((part) => part.name === name).length)
    const schema = place === 'header' ? { type: 'string' } : scalarSchema(parts.map(({ value }) => value))
    return { name, in: place, ...(requests.length > 1 && counts.every((count) => count > 0) ? { required: true } : {}), schema: counts.some((count) => count > 1) ? { type: 'array', items: schema } : schema }
  })
}

function scalarSchema(values: readonly string[]): JsonObject {
  if (values.every((value) => /^-?(?:0|[1-9]\d{0,14})$/.test(value))) return { type: 'integer' }
  if (values.every((value) => /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(value))) return { type: 'number' }
  if (values.every((value) => value === 'true' || value === 'false')) return { type: 'boolean' }
  const [format, ...others] = new Set(values.map(formatOf))
  return { type: 'string', ...(format && others.length === 0 ? { format } : {}) }
}

/** By media type; null where there is nothing. */
function contentOf(payloads: readonly Payload[]): JsonObject | null {
  const content: { [mediaType: string]: Json } = {}
  for (const [mediaType, own] of Map.groupBy(payloads, (payload) => payload.mediaType || 'application/octet-stream')) {
    const shape = emptyShape()
    if (/^(?:application\/x-www-form-urlencoded|multipart\/form-data)$/.test(mediaType)) {
      const forms = own.map(({ parts, text }) => (parts.length > 0 ? parts : mediaType.startsWith('multipart') ? [] : [...new URLSearchParams(text ?? '')].map(([name, value]) => ({ name, value, file: false }))))
      content[mediaType] = { schema: formSchema(forms) }
      continue
    }
    for (const value of own.map(parsed)) if (value !== undefined) observe(shape, value)
    content[mediaType] = { schema: isJson(mediaType) ? schemaOf(shape) : /^text\/|[/+]xml$|yaml$|x-ndjson$|csv$/.test(mediaType) ? { type: 'string' } : {} }
  }
  return Object.keys(content).length === 0 ? null : content
}

function formSchema(forms: readonly (readonly Part[])[]): JsonObject {
  const properties: { [name: string]: Json } = {}
  for (const [name, parts] of Map.groupBy(forms.flat(), (part) => part.name)) {
    if (looksLikeData(name)) continue
    const schema: JsonObject = parts.some(({ file }) => file) ? { type: 'string', contentMediaType: 'application/octet-stream' } : scalarSchema(parts.map(({ value }) => value))
    put(properties, name, forms.some((form) => form.filter((part) => part.name === name).length > 1) ? { type: 'array', items: schema } : schema)
  }
  const required = Object.keys(properties).filter((name) => forms.every((form) => form.some((part) => part.name === name)))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

/** By how requests said who they are: the names of it, never the credentials. null: none did. */
function securityOf(exchanges: readonly Exchange[], schemes: Map<string, JsonObject>): JsonObject[] | null {
  const alternatives = new Map<string, JsonObject>()
  for (const { headers, query, cookies } of exchanges) {
    const used = new Map<string, JsonObject>()
    for (const { name, value } of headers) {
      if (name.toLowerCase() === 'authorization') {
        const scheme = /^([A-Za-z][A-Za-z0-9-]{0,30}) +\S/.exec(value)?.[1]?.toLowerCase()
        if (scheme === undefined) used.set('authorization', { type: 'apiKey', in: 'header', name: 'Authorization' })
        else used.set(scheme, { type: 'http', scheme, ...(scheme === 'bearer' && /^\S+ +eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(value) ? { bearerFormat: 'JWT' } : {}) })
      } else if (SECRET_NAME.test(name)) used.set(name.toLowerCase(), { type: 'apiKey', in: 'header', name: name.toLowerCase() })
    }
    for (const { name } of query) if (SECRET_NAME.test(name)) used.set(`query-${name}`, { type: 'apiKey', in: 'query', name })
    for (const name of cookies) if (used.size === 0 && SESSION_NAME.test(name) && !looksLikeData(name)) used.set(`cookie-${name}`, { type: 'apiKey', in: 'cookie', name })
    const named = [...used].map(([name, scheme]) => [name.replaceAll(/[^\w.-]/g, '-'), scheme] as const)
    for (const [id, scheme] of named) schemes.set(id, { ...scheme, ...schemes.get(id) })
    const alternative = Object.fromEntries(named.map(([id]) => [id, []]).sort())
    alternatives.set(JSON.stringify(alternative), alternative)
  }
  return [...alternatives.keys()].every((key) => key === '{}') ? null : [...alternatives.values()]
}
