// Whatever the arguments are: what is built here goes to the API's own origin, below its base path, with as many path segments as the document says, and no
// argument ends a header line, replaces a credential or names the host. request.test.ts holds that with arbitrary and hostile arguments.
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { formText, writeBody } from './body.ts'
import { inject } from './credentials.ts'
import type { Credentials } from './credentials.ts'
import type { Operation, Parameter } from './model.ts'
import { CallProblem } from './problem.ts'
import { encode, encodeReserved, expand, pairs, plain } from './style.ts'
import type { Pair } from './style.ts'

export type HttpRequest = {
  readonly method: string
  /** Absolute, http or https, without fragment and user. */
  readonly url: string
  /** Names in lower case. Never Host, Content-Length or another header of the connection. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** What credentials contributed, by name: `redacted` masks it. */
  readonly secret: { readonly headers: readonly string[]; readonly query: readonly string[]; readonly cookies: readonly string[] }
}

export type RequestOptions = {
  /** Takes the place of absolute servers, and of relative ones too unless it is a bare origin, against which they are resolved. */
  readonly baseUrl?: string
  /** Where the document came from: relative servers are resolved against it. */
  readonly documentUrl?: string
  readonly credentials: Credentials
}

const MAX_DEPTH = 64
/** Characters of all texts of the arguments together; files in base64 included. */
const MAX_CHARACTERS = 32 * 1024 * 1024
const MAX_VALUES = 200_000
/** What servers read: most give up at 8 to 64 KiB. */
const MAX_URL = 64 * 1024
const MAX_HEADERS = 64 * 1024

/** Those of the connection (RFC 9110 §7.6.1), those that the client writes itself, and those by which some servers take another method, path or host than the request's. */
const FORBIDDEN = new Set([
  'host', 'content-length', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'expect', 'http2-settings',
  'cookie', 'set-cookie', 'x-http-method', 'x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'x-original-host', 'forwarded', 'x-forwarded-host',
])
/** OpenAPI 3.2 §4.12.2: parameters with these names are ignored. */
const IGNORED = new Set(['accept', 'content-type', 'authorization'])

/**
 * The request of one call. Arguments that the operation does not know are not looked at (createArgumentCheck names them).
 * Errors: CallProblem, and nothing else.
 */
export function buildRequest(operation: Operation, args: JsonObject, { baseUrl, documentUrl, credentials }: RequestOptions): HttpRequest {
  holdArguments(args)
  const { base, accept } = standing(operation, baseUrl, documentUrl)
  const injected = inject(operation.security, credentials)
  const headers = new Map<string, string>()
  const query: Pair[] = []
  const cookies: Pair[] = []
  const segments = new Map<string, string>()
  let wholeQuery: string | null = null

  for (const parameter of operation.parameters) {
    const value = Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : parameter.constant
    if (value === undefined || value === null) {
      if (parameter.required && !(parameter.in === 'header' && (IGNORED.has(parameter.name.toLowerCase()) || FORBIDDEN.has(parameter.name.toLowerCase())))) throw missing(parameter.argument)
      continue
    }
    switch (parameter.in) {
      case 'path':
        segments.set(parameter.name, pathText(parameter, value))
        break
      case 'query':
        query.push(...(parameter.content === null ? pairs(value, parameter, parameter.allowReserved ? encodeReserved('query') : encode) : [[encode(parameter.name), encode(contentText(parameter.content, value))] as const]))
        break
      case 'querystring':
        wholeQuery = /x-www-form-urlencoded/i.test(parameter.content ?? '') && isObject(value) ? formText(value, []) : encode(contentText(parameter.content ?? '', value))
        break
      case 'cookie':
        cookies.push(...cookiePairs(parameter, value))
        break
      case 'header': {
        const name = parameter.name.toLowerCase()
        if (IGNORED.has(name)) break
        if (FORBIDDEN.has(name)) throw new CallProblem('header_forbidden', parameter.argument, `'${parameter.argument}' would set the header ${parameter.name}, which only the client itself may write. Leave it out.`)
        setHeader(headers, parameter.argument, name, parameter.content === null ? expand(value, { ...parameter, style: 'simple' }, (text) => text) : contentText(parameter.content, value))
      }
    }
  }

  for (const [name, value] of injected.headers) {
    if (name === 'cookie') cookies.push(...value.split(/;\s*/).map((pair): Pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
    else {
      if (FORBIDDEN.has(name)) throw new CallProblem('header_forbidden', name, `The API wants a credential in the header ${name}, which only the client itself may write.`)
      if (headers.has(name)) throw collides(name)
      setHeader(headers, name, name, value)
    }
  }
  for (const [name, value] of injected.query) {
    if (wholeQuery !== null || query.some(([there]) => sameName(there, name))) throw collides(name)
    query.push([encode(name), encode(value)])
  }
  for (const [name, value] of injected.cookies) {
    if (cookies.some(([there]) => sameName(there, name))) throw collides(name)
    cookies.push([cookieName(name, name), cookieValue(name, value)])
  }
  if (cookies.length > 0) headers.set('cookie', cookies.map((pair) => pair.join('=')).join('; '))

  const url = urlOf(operation, base, segments, wholeQuery ?? query.map((pair) => pair.join('=')).join('&'))
  headers.set('accept', accept)
  const written = bodyOf(operation, args)
  if (written !== null) headers.set('content-type', written.contentType)
  let length = 0
  for (const [name, value] of headers) length += name.length + value.length + 4
  if (length > MAX_HEADERS) throw new CallProblem('arguments_too_large', '', `The headers of this call come to ${length} characters; at most ${MAX_HEADERS} are sent.`)
  return {
    method: operation.method, url, headers: Object.fromEntries(headers), ...(written === null ? {} : { body: written.body }),
    secret: { headers: injected.headers.map(([name]) => name), query: injected.query.map(([name]) => name), cookies: injected.cookies.map(([name]) => name) },
  }
}

const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const missing = (argument: string): CallProblem => new CallProblem('argument_missing', argument, `'${argument}' is required.`)
const collides = (name: string): CallProblem => new CallProblem('argument_collides', name, `An argument would be sent as '${name}', which is the place of a credential. Leave it out.`)

function sameName(encoded: string, name: string): boolean {
  return encoded === encode(name) || encoded.replaceAll(/%([\dA-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))).toLowerCase() === name.toLowerCase()
}

/** Bounds before anything is written: depth, size, well-formed Unicode, and no name that would change an object's prototype at whoever reads it. */
function holdArguments(args: JsonObject): void {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) throw new CallProblem('arguments_invalid', '', 'The arguments have to be an object.')
  let values = 0
  let characters = 0
  const text = (it: string, place: string): void => {
    characters += it.length
    if (!it.isWellFormed()) throw new CallProblem('argument_not_unicode', place, `'${place}' holds half of a surrogate pair, which is no character.`)
  }
  const walk = (value: unknown, depth: number, place: string): void => {
    values += 1
    if (typeof value === 'string') text(value, place)
    if (values > MAX_VALUES || characters > MAX_CHARACTERS) throw new CallProblem('arguments_too_large', place, `The arguments are too large: at most ${MAX_VALUES} values and ${MAX_CHARACTERS} characters are sent.`)
    if (typeof value !== 'object' || value === null) {
      if (typeof value === 'number' && !Number.isFinite(value) || !['string', 'number', 'boolean', 'object'].includes(typeof value)) throw new CallProblem('arguments_invalid', place, `'${place}' is no JSON.`)
      return
    }
    if (depth > MAX_DEPTH) throw new CallProblem('arguments_too_deep', place, `'${place}' is nested more than ${MAX_DEPTH} levels deep.`)
    if (Array.isArray(value)) for (const item of value) walk(item, depth + 1, place)
    else {
      for (const [key, member] of Object.entries(value)) {
        if (key === '__proto__') throw new CallProblem('argument_name_forbidden', place, "No argument may be called '__proto__'.")
        text(key, place)
        if (member !== undefined) walk(member, depth + 1, depth === 0 ? key : place)
      }
    }
  }
  walk(args, 0, 'arguments')
}

type Base = { readonly origin: string; readonly path: string }
type Standing = { readonly baseUrl: string | undefined; readonly documentUrl: string | undefined; readonly base: Base; readonly accept: string }

/** What does not depend on the arguments, worked out by the first call of an operation. */
const stood = new WeakMap<Operation, Standing>()

function standing(operation: Operation, baseUrl: string | undefined, documentUrl: string | undefined): Standing {
  const there = stood.get(operation)
  if (there !== undefined && there.baseUrl === baseUrl && there.documentUrl === documentUrl) return there
  const found = { baseUrl, documentUrl, base: baseOf(operation, baseUrl, documentUrl), accept: acceptOf(operation) }
  stood.set(operation, found)
  return found
}

/** Origin and path of where the API stands; the path without a slash at its end. */
function baseOf(operation: Operation, baseUrl: string | undefined, documentUrl: string | undefined): Base {
  const given = baseUrl === undefined ? null : parsed(baseUrl)
  if (baseUrl !== undefined && given === null) throw new CallProblem('server_invalid', '', 'The base URL that was set up is no http or https URL, or has a user or password in it.')
  const absolute = (server: string): boolean => /^[a-z][a-z\d+.-]*:/i.test(server)
  let found: URL | null = given
  if (given === null || given.pathname === '/') {
    for (const server of operation.servers) {
      if (given !== null && absolute(server)) continue
      const at = parsed(server, given?.href ?? documentUrl)
      if (at === null || (given !== null && at.origin !== given.origin)) continue
      found = at
      break
    }
  }
  if (found === null) throw new CallProblem('server_missing', '', 'The document does not say where the API stands (no absolute server). Whoever runs this server has to set a base URL.')
  return { origin: found.origin, path: found.pathname.replace(/\/+$/, '') }
}

function parsed(url: string, against?: string): URL | null {
  const it = URL.parse(url.trim(), against)
  return it !== null && (it.protocol === 'http:' || it.protocol === 'https:') && it.username === '' && it.password === '' && it.hostname !== '' ? it : null
}

/** Escapes that a server may read twice: a dot, a slash, a backslash, what ends a line or a text, and overlong forms of them. */
const TRICK = /%(?:25)*(?:2e|2f|5c|00|0a|0d|c0|c1)/i

function pathText(parameter: Parameter, value: Json): string {
  const { argument, name } = parameter
  if (parameter.content !== null) return encode(contentText(parameter.content, value))
  for (const text of texts(value)) {
    if (TRICK.test(text)) throw new CallProblem('path_traversal', argument, `'${argument}' holds a percent-encoded slash, backslash, dot or control character. Give it as it is, not encoded.`)
    // NFKC, because there are servers that fold full-width dots; ';' begins a path parameter, which some servers take off before they look.
    if (text.normalize('NFKC').split(/[/\\]/).some((piece) => isDots((piece.split(';')[0] ?? '').trim()))) throw new CallProblem('path_traversal', argument, `'${argument}' is a part of a path and must not hold the segments '.' or '..'.`)
    // oxlint-disable-next-line no-control-regex -- what ends a line is what is looked for
    if (/[\u0000-\u001F\u007F]/.test(text)) throw new CallProblem('path_traversal', argument, `'${argument}' is a part of a path and must not hold control characters.`)
  }
  const written = isGreedy(name) ? plain(value).split('/').map(encode).join('/') : expand(value, parameter, parameter.allowReserved ? encodeReserved('path') : encode)
  if (written === '' || (isGreedy(name) && written.split('/').includes(''))) throw new CallProblem('path_segment_empty', argument, `'${argument}' is a part of the path (${name}) and must not be empty.`)
  return written
}

/** '{proxy+}', as gateways write it: several segments. */
const isGreedy = (name: string): boolean => name.endsWith('+')

const isDots = (piece: string): boolean => piece === '.' || piece === '..'

function texts(value: Json): string[] {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? value.flatMap((item: Json) => texts(item)) : Object.entries(value).flatMap(([key, member]) => [key, ...texts(member)])
  return [plain(value)]
}

function contentText(mediaType: string, value: Json): string {
  return typeof value === 'string' && !/json/i.test(mediaType) ? value : JSON.stringify(value)
}

function urlOf(operation: Operation, base: Base, written: ReadonlyMap<string, string>, query: string): string {
  // A fragment never leaves; a query that a document has in its path does (both are common where one path has several operations).
  const [whole = ''] = operation.path.split('#')
  const at = whole.indexOf('?')
  const template = at < 0 ? whole : whole.slice(0, at)
  let segments = base.path.split('/').length + template.split('/').length - (template.startsWith('/') ? 1 : 0)
  const filled = template.split('/').map((segment) => {
    const text = segment.replaceAll(/\{([^{}]*)\}|([^{}]+)|[{}]/g, (part, name: string | undefined, literal: string | undefined) => {
      if (literal !== undefined) return literal.replaceAll(/%(?![\dA-F]{2})|[^%\w.~!$&'()*+,;=:@-]+/gi, (odd) => encodeURIComponent(odd))
      if (name === undefined) return encodeURIComponent(part)
      const value = written.get(name)
      if (value === undefined) throw new CallProblem('path_invalid', name, `The document does not say what '{${name}}' in the path ${operation.path} is.`)
      if (isGreedy(name)) segments += value.split('/').length - 1
      return value
    })
    if (isDots(text.replaceAll(/%2e/gi, '.'))) throw new CallProblem('path_traversal', segment, `The path segment ${segment} would become '${text}', which leads elsewhere.`)
    return text
  }).join('/')
  const path = base.path + (filled.startsWith('/') ? filled : `/${filled}`)
  const ownQuery = at < 0 ? '' : whole.slice(at + 1).replaceAll(/\{([^{}]*)\}|[^\w.~!$&()*+,;=:@/?%-]+?/g, (odd, name: string | undefined) => (name === undefined ? encode(odd) : (written.get(name) ?? encode(odd))))
  const allQuery = [ownQuery, query].filter((part) => part !== '').join('&')
  const url = `${base.origin}${path}${allQuery === '' ? '' : `?${allQuery}`}`
  if (url.length > MAX_URL) throw new CallProblem('url_too_long', '', `The URL of this call has ${url.length} characters; at most ${MAX_URL} are sent. Give shorter or fewer arguments.`)
  const read = URL.parse(url)
  if (read?.origin !== base.origin || read.pathname !== path || read.username !== '' || read.hash !== '' || path.split('/').length !== segments) {
    throw new CallProblem('url_outside_server', '', 'With these arguments the request would leave the API.')
  }
  return url
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

function setHeader(headers: Map<string, string>, place: string, name: string, value: string): void {
  if (!TOKEN.test(name)) throw new CallProblem('header_invalid', place, `'${name}' is no name of a header.`)
  // RFC 9110 §5.5: visible ASCII, spaces and tabs.
  if (!/^[\t\u0020-\u007E]*$/.test(value)) throw new CallProblem('header_invalid', place, `'${place}' is sent as a header and may hold visible ASCII characters only: no line breaks, no control characters, no other script.`)
  headers.set(name, value)
}

function cookiePairs(parameter: Parameter, value: Json): Pair[] {
  if (parameter.content !== null) return [[cookieName(parameter.argument, parameter.name), encode(contentText(parameter.content, value))]]
  if (parameter.style !== 'cookie') return pairs(value, parameter, encode).map(([name, text]) => [cookieName(parameter.argument, name), text])
  // OpenAPI 3.2: style cookie is written as it is.
  const named = isObject(value) && parameter.explode ? Object.entries(value) : Array.isArray(value) && parameter.explode ? value.map((item: Json) => [parameter.name, item] as const) : [[parameter.name, Array.isArray(value) ? value.map(plain).join(',') : isObject(value) ? Object.entries(value).map(([key, member]) => `${key},${plain(member)}`).join(',') : value] as const]
  return named.map(([name, text]) => [cookieName(parameter.argument, name), cookieValue(parameter.argument, plain(text))])
}

function cookieName(place: string, name: string): string {
  if (!TOKEN.test(name)) throw new CallProblem('cookie_invalid', place, `'${place}' would be sent as a cookie whose name has characters that no name of a cookie has.`)
  return name
}

/** RFC 6265 §4.1.1; a comma and a space are taken by everybody, and lists need the comma. */
function cookieValue(place: string, value: string): string {
  if (!/^[\u0020-\u003A\u003C-\u005B\u005D-\u007E]*$/.test(value) || value.includes('"')) throw new CallProblem('cookie_invalid', place, `'${place}' is sent as a cookie and must not hold semicolons, quotes, backslashes, line breaks or other scripts.`)
  return value
}

function acceptOf({ answers }: Operation): string {
  const types = new Set<string>()
  // oxlint-disable-next-line no-control-regex -- what ends a line is what is looked for
  for (const { status, mediaTypes } of answers) if (status.startsWith('2')) for (const type of mediaTypes) if (/^[^\u0000-\u001F\u007F-\uFFFF,]+$/.test(type)) types.add(type)
  // JSON first where the API has it: the structured half of a result comes from it.
  const ordered = [...types].sort((a, b) => Number(/json/i.test(b)) - Number(/json/i.test(a))).slice(0, 8)
  return ordered.length === 0 ? '*/*' : ordered.join(', ')
}

function bodyOf({ body }: Operation, args: JsonObject): ReturnType<typeof writeBody> | null {
  if (body === null) return null
  const value = Object.hasOwn(args, body.argument) ? args[body.argument] : undefined
  // null is a JSON document of its own, and nothing in any other form.
  if (value === undefined || (value === null && (body.kind !== 'json' || !body.required))) {
    if (body.required) throw missing(body.argument)
    return null
  }
  return writeBody(body, value)
}

/** Headers that carry secrets by custom, whoever set them. */
const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie|set-cookie)$|token|secret|password|api-?key|apikey|session|signature|credential/i
const SECRET_PARAMETER = /^(?:access_token|refresh_token|id_token|token|api_?key|key|secret|client_secret|password|pwd|sig|signature|x-amz-signature|x-amz-security-token|code|auth)$/i
const MASK = '***'

/** For logs: the same request without its body, and with every value masked that a credential contributed or that carries a secret by its name. */
export function redacted(request: HttpRequest): { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  const { secret } = request
  const query = new Set(secret.query.map(encode))
  const at = request.url.indexOf('?')
  const url = at < 0 ? request.url : `${request.url.slice(0, at)}?${request.url.slice(at + 1).split('&').map((pair) => {
    const [name = ''] = pair.split('=')
    return query.has(name) || SECRET_PARAMETER.test(name) ? `${name}=${MASK}` : pair
  }).join('&')}`
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => {
    if (name === 'cookie') return [name, value.split('; ').map((pair) => `${pair.split('=')[0]}=${MASK}`).join('; ')]
    return [name, secret.headers.includes(name) || SECRET_HEADER.test(name) ? MASK : value]
  })
  return { method: request.method, url, headers: Object.fromEntries(headers) }
}
