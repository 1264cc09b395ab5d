// The request of an operation as @readme/oas-to-har builds it from the document, set beside ours: the raw strings where OpenAPI fixes them, and what a
// server reads out of them.
import type { HttpRequest, Operation } from '@haechi/openapi-tools'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import Oas from 'oas'
import oasToHar from '@readme/oas-to-har'

type Named = { readonly name: string; readonly value: string }
type HarRequest = {
  readonly method: string
  readonly url: string
  readonly headers: readonly Named[]
  readonly cookies: readonly Named[]
  readonly queryString: readonly Named[]
  readonly postData?: { readonly mimeType: string; readonly text?: string; readonly params?: readonly (Named & { readonly fileName?: string; readonly contentType?: string })[] }
}

export const SECRETS = { basic: 'user:pass word', other: 'token-1.2_3~' }

/** Credentials for every scheme, ours and theirs. */
export function credentialsFor({ security }: Operation): { readonly ours: Record<string, string>; readonly theirs: Record<string, unknown> } {
  const ours: Record<string, string> = {}
  const theirs: Record<string, unknown> = {}
  const chosen = security.find((all) => all.length > 0 && all.every(({ type }) => type !== 'other')) ?? []
  for (const { id, type, scheme } of chosen) {
    ours[id] = type === 'http' && scheme === 'basic' ? SECRETS.basic : SECRETS.other
    theirs[id] = type === 'http' && scheme === 'basic' ? { user: 'user', pass: 'pass word' } : SECRETS.other
  }
  return { ours, theirs }
}

/** Arguments with files in place of what was drawn for them. */
export function withFiles({ body }: Operation, args: JsonObject): JsonObject {
  if (body === null || !(body.argument in args)) return args
  const file = (name: string): Json => ({ text: `content of ${name}`, filename: 'a file.txt', contentType: 'text/plain' })
  if (body.kind === 'binary') return { ...args, [body.argument]: { text: 'content of body' } }
  const value = args[body.argument]
  if (body.kind !== 'multipart' || !isObject(value)) return args
  return { ...args, [body.argument]: Object.fromEntries(Object.entries(value).map(([name, member]) => {
    const part = body.parts.find((one) => one.name === name)
    return [name, part?.file !== true ? member : part.list ? [file(name)] : file(name)]
  })) }
}

export function harOf(document: JsonObject, operation: Operation, args: JsonObject, auth: Record<string, unknown>): HarRequest {
  const values: { path: Record<string, Json>; query: Record<string, Json>; header: Record<string, Json>; cookie: Record<string, Json>; body?: Json; formData?: Json } = { path: {}, query: {}, header: {}, cookie: {} }
  for (const parameter of operation.parameters) {
    const value = parameter.argument in args ? args[parameter.argument] : parameter.constant
    if (value !== undefined && parameter.in !== 'querystring') values[parameter.in][parameter.name] = value
  }
  const { body } = operation
  const given = body === null ? undefined : args[body.argument]
  if (body !== null && given !== undefined) {
    if (body.kind === 'form') values.formData = given
    else if (body.kind === 'binary') values.body = 'content of body'
    else if (body.kind === 'multipart' && isObject(given)) {
      values.body = Object.fromEntries(Object.entries(given).map(([name, member]) => {
        const part = body.parts.find((one) => one.name === name)
        const dataUrl = `data:text/plain;name=a%20file.txt;base64,${Buffer.from(`content of ${name}`).toString('base64')}`
        return [name, part?.file !== true ? member : part.list ? [dataUrl] : dataUrl]
      }))
    } else values.body = given
  }
  const oas = Oas.init(onlyWith(document, operation.path, operation.method.toLowerCase()))
  const theirs = oas.operation(operation.path, operation.method.toLowerCase() as 'get')
  return oasToHar(oas, theirs, structuredClone(values) as Parameters<typeof oasToHar>[2], auth as Parameters<typeof oasToHar>[3]).log.entries[0]?.request as HarRequest
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * A copy of the document that holds one path and what it refers to, oas-to-har resolves all that is reached, again and again where it leads back, which never ends
 * for the large. Schemas of answers are `{}` to it, and those of JSON bodies say that it is an object, which is all that is needed to write one.
 */
export function onlyWith(document: JsonObject, path: string, method: string): JsonObject {
  const { components, paths, ...rest } = document
  const kept: Record<string, Record<string, Json>> = {}
  const wanted: [kind: string, name: string][] = []
  /** Paths that others refer into. */
  const beside: Record<string, Json> = {}
  const follow = (value: Json | undefined): void => {
    if (Array.isArray(value)) for (const item of value) follow(item as Json)
    if (!isObject(value)) return
    for (const [key, member] of Object.entries(value)) {
      if (key === '$ref' && typeof member === 'string') {
        const [kind = '', name = ''] = member.split('/').slice(2).map((part) => decodeURIComponent(part.replaceAll('~1', '/').replaceAll('~0', '~')))
        if (member.startsWith('#/paths/')) beside[kind] = (isObject(paths) ? paths[kind] : undefined) ?? {}
        else wanted.push([kind, name])
      } else follow(member)
    }
  }
  const withoutAnswers = (value: Json): Json => (isObject(value) && isObject(value['content']) ? { ...value, headers: {}, links: {}, content: Object.fromEntries(Object.keys(value['content']).map((type) => [type, {}])) } : value)
  const jsonAsObject = (value: Json): Json => (isObject(value) && isObject(value['content']) ? { ...value, content: Object.fromEntries(Object.entries(value['content']).map(([type, media]) => [type, /json/i.test(type) ? { schema: { type: 'object' } } : media])) } : value)
  const given = isObject(paths) ? (paths[path] ?? {}) : {}
  const item: Json = isObject(given) ? Object.fromEntries(Object.entries(given).filter(([key]) => key === method || !METHODS.has(key)).map(([key, operation]) => [key, !isObject(operation) || !isObject(operation['responses']) ? operation
    : { ...operation, ...(operation['requestBody'] === undefined ? {} : { requestBody: jsonAsObject(operation['requestBody']) }), callbacks: {}, responses: Object.fromEntries(Object.entries(operation['responses']).map(([status, answer]) => [status, withoutAnswers(answer)])) }])) : given
  follow(item)
  for (let at = 0; at < wanted.length; at += 1) {
    const [kind, name] = wanted[at] ?? ['', '']
    const all = isObject(components) ? components[kind] : undefined
    const value = isObject(all) ? all[name] : undefined
    if (value === undefined || kept[kind]?.[name] !== undefined) continue
    kept[kind] = { ...kept[kind], [name]: kind === 'responses' ? withoutAnswers(value) : kind === 'requestBodies' ? jsonAsObject(value) : value }
    follow(kept[kind][name])
  }
  const schemes = isObject(components) ? components['securitySchemes'] : undefined
  return structuredClone({ ...rest, components: { ...kept, ...(schemes === undefined ? {} : { securitySchemes: schemes }) }, paths: { ...beside, [path]: item } })
}

/** One thing in which the two requests are not the same. */
export type Difference = { readonly place: string; readonly ours: string; readonly theirs: string }

export function differences(ours: HttpRequest, theirs: HarRequest, { body }: Operation): Difference[] {
  const found: Difference[] = []
  const compare = (place: string, one: string, other: string): void => {
    if (one !== other) found.push({ place, ours: one, theirs: other })
  }
  compare('method', ours.method, theirs.method)
  const [ourUrl, ourQuery = ''] = split(ours.url, '?')
  const [theirUrl, theirInPath = ''] = split(theirs.url.split('#')[0] ?? '', '?')
  compare('url', normal(ourUrl), normal(withOrigin(theirUrl)))
  // HAR keeps the pairs apart; a value that holds several is written as it stands.
  const pairs = (query: string): string[] => query.split('&').filter((pair) => pair !== '')
  const theirPairs = [...pairs(theirInPath), ...theirs.queryString.flatMap(({ name, value }) => pairs(`${encodeName(name)}=${value}`))]
  const ourPairs = pairs(ourQuery)
  compare('query raw', ourPairs.map(normal).sort().join('&'), theirPairs.map(normal).sort().join('&'))
  compare('query read', readPairs(ourPairs), readPairs(theirPairs))

  const theirHeaders = new Map(theirs.headers.map(({ name, value }) => [name.toLowerCase(), value]))
  for (const [name, value] of theirHeaders) {
    if (name === 'content-type') compare('content-type', (ours.headers[name] ?? '').split(';')[0] ?? '', value.split(';')[0] ?? '')
    else if (name === 'accept') compare('accept', (ours.headers['accept'] ?? '').split(', ').includes(value) ? value : (ours.headers['accept'] ?? ''), value)
    else compare(`header ${name}`, ours.headers[name] ?? '(none)', value)
  }
  for (const [name, value] of Object.entries(ours.headers)) if (!theirHeaders.has(name) && !['accept', 'cookie'].includes(name)) compare(name === 'content-type' ? name : `header ${name}`, value, '(none)')
  compare('cookie', (ours.headers['cookie'] ?? '').split('; ').filter((pair) => pair !== '').sort().join('; '), theirs.cookies.map(({ name, value }) => `${name}=${value}`).sort().join('; '))

  const { postData } = theirs
  if (ours.body === undefined || postData === undefined) compare('body', ours.body === undefined ? '(none)' : String(ours.body), postData === undefined ? '(none)' : (postData.text ?? JSON.stringify(postData.params)))
  else if (body?.kind === 'json' || body?.kind === 'sequence') compare('body', canonical(ours.body as string), canonical(postData.text ?? ''))
  else if (body?.kind === 'form') {
    compare('body read', readPairs((ours.body as string).split('&')), (postData.params ?? []).map(({ name, value }) => `${name}=${value}`).sort().join('&'))
  } else if (body?.kind === 'multipart') {
    const read = readMultipart(Buffer.from(ours.body).toString(), /boundary=(.*)$/.exec(ours.headers['content-type'] ?? '')?.[1] ?? '')
    compare('parts', read.map(({ name, value, fileName }) => `${name}${fileName === undefined ? '' : ` (${fileName})`}=${value}`).sort().join('\n'), (postData.params ?? []).map(({ name, value, fileName }) => {
      const data = /^data:[^,]*;base64,(.*)$/.exec(value)?.[1]
      return data === undefined ? `${name}=${value}` : `${name} (${decodeURIComponent(fileName ?? '')})=${Buffer.from(data, 'base64').toString()}`
    }).sort().join('\n'))
  } else compare('body', Buffer.from(ours.body).toString(), postData.text ?? '')
  return found
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + at.length)]
}

/** HAR writes names as they are. */
const encodeName = (name: string): string => encodeURIComponent(name).replaceAll(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)

/** RFC 3986 §6.2.2.1 and §6.2.3: a host in capitals and the scheme's own port say nothing else. */
const withOrigin = (url: string): string => url.replace(/^https?:\/\/[^/]+/i, (origin) => URL.parse(origin)?.origin ?? origin)

/** RFC 3986 §6.2.2: escapes in upper case, none for unreserved characters. */
const normal = (text: string): string => text.replaceAll(/%[\dA-F]{2}/gi, (escape) => {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return /[\w.~-]/.test(character) && escape < '%80' ? character : escape.toUpperCase()
})

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function readPairs(pairs: readonly string[]): string {
  return pairs.filter((pair) => pair !== '').map((pair) => {
    const [name, value] = split(pair, '=')
    return `${decoded(name)}=${decoded(value ?? '')}`
  }).sort().join('&')
}

function canonical(json: string): string {
  const sorted = (value: Json): Json => (isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)])) : Array.isArray(value) ? value.map((item: Json) => sorted(item)) : value)
  try {
    return JSON.stringify(sorted(JSON.parse(json) as Json))
  } catch {
    return json
  }
}

/** As naive as can be: for parts that were written by us from texts. */
function readMultipart(text: string, boundary: string): { readonly name: string; readonly value: string; readonly fileName?: string }[] {
  return text.split(`--${boundary}`).slice(1, -1).map((section) => {
    const [head, value = ''] = split(section.slice(2, -2), '\r\n\r\n')
    const name = decoded(/ name="([^"]*)"/.exec(head)?.[1] ?? '')
    const fileName = / filename="([^"]*)"/.exec(head)?.[1]
    return { name, value, ...(fileName === undefined ? {} : { fileName }) }
  })
}
