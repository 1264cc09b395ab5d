// The one way in over HTTP. A route cannot be declared without saying who may use it, and nothing of a request is parsed before its
// sender was authenticated and authorised. Defended by http.test.ts and tests/arch/routes.test.ts.
import type { Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { createServer } from 'node:http'
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Clock } from './clock.ts'
import type { Site } from './console.ts'
import { describe, errorEntry, HaechiError } from './errors.ts'
import type { ErrorCode, ErrorDetail, ErrorParams, Language } from './errors.ts'
import { newId } from './ids.ts'
import type { Logger } from './log.ts'
import { Counter, Histogram } from './metrics.ts'
import type { Registry } from './metrics.ts'

export { z }

/** What authentication may read of a request. `path` has no query, no deployment prefix and no doubled slashes: it is what clients sign. */
export type HttpRequest = {
  readonly method: string
  readonly path: string
  /** Without '?'; '' when there is none. */
  readonly rawQuery: string
  readonly url: URL
  /** The URL as it was sent, prefix and doubled slashes included: what RFC 9421 signs. */
  readonly target: URL
  readonly headers: Headers
  readonly remoteAddress: string | null
  readonly language: Language
  /** The raw body, read once and kept. Errors: body_too_large. */
  body(): Promise<Uint8Array>
  /** The raw body as it arrives, for a route declared with `body: 'stream'`. After body() was called it replays that. Errors while reading: body_too_large. */
  stream(): AsyncIterable<Uint8Array>
}

/** Who is asking, and whether they may. Filled by the access context. */
export interface Gate<Actor, Action extends string> {
  /** `action` is what the route will ask for next. Errors: unauthenticated and the signature codes. */
  authenticate(request: HttpRequest, action: Action): Promise<Actor>
  /** Errors: forbidden. */
  authorize(actor: Actor, action: Action): void
  /** Told of every refusal (403) of somebody known, the gate's own and a handler's, so that it can leave a record. */
  refused?(actor: Actor, error: HaechiError): void
}

type Schema = z.ZodType
type Output<S> = S extends Schema ? z.output<S> : undefined

export type Route<Action extends string, Q, P, B> = {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head'
  /** OpenAPI form: /api/v1/incidents/{id} */
  readonly path: string
  /** operationId */
  readonly operation: string
  readonly summary: string
  readonly tag: string
  /** The action that `authorize` decides on, or 'public' for what needs no identity. */
  readonly access: Action | 'public'
  readonly query?: Q
  readonly params?: P
  /** A schema for a JSON body, or 'stream' for a body that the handler reads itself. */
  readonly body?: B | 'stream'
  /** Bytes of body accepted; 1 MiB where nothing is said. */
  readonly bodyLimit?: number
  readonly answers: Readonly<Record<number, { description: string; schema?: Schema; type?: string }>>
  /** For protocols of others, whose clients expect errors in their own form. */
  readonly problem?: (error: HaechiError, language: Language) => Response
}

type Handled<Actor, A, Q, P, B> = {
  readonly actor: A extends 'public' ? undefined : Actor
  readonly query: Output<Q>
  readonly params: Output<P>
  readonly body: Output<B>
  readonly request: HttpRequest
}
export type Answer = { readonly status?: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> } | Response

export interface Http<Actor, Action extends string> {
  route<A extends Action | 'public', Q extends Schema | undefined = undefined, P extends Schema | undefined = undefined, B extends Schema | undefined = undefined>(
    route: Route<Action, Q, P, B> & { readonly access: A },
    handle: (input: Handled<Actor, A, Q, P, B>) => Promise<Answer> | Answer,
  ): void
  /** What is declared, for tests/arch and the OpenAPI document. */
  readonly routes: readonly { method: string; path: string; access: string }[]
  /** The whole server as a function, for tests without a socket. */
  fetch(request: Request): Promise<Response>
  openapi(): object
}

export type HttpOptions<Actor, Action extends string> = {
  gate: Gate<Actor, Action>
  clock: Clock
  log: Logger
  metrics: Registry
  /** '/mdr' when a proxy serves the platform under a prefix; '' otherwise. */
  basePath: string
  version: string
  /** What the OpenAPI document says of the whole, e.g. its limits. */
  description?: string
  /** Added to every answer, e.g. HSTS under TLS. */
  headers?: Readonly<Record<string, string>>
  /** For browsers: its files, and its page at `/` and wherever no route is. */
  site?: Site
}

const mebibyte = 1_048_576
const remoteOf = new WeakMap<Request, string>()
const targetOf = new WeakMap<Request, string>()

export function createHttp<Actor, Action extends string>(options: HttpOptions<Actor, Action>): Http<Actor, Action> {
  const { gate, clock, log, metrics } = options
  const app = new OpenAPIHono()
  const routes: { method: string; path: string; access: string }[] = []
  const requests = new Counter({ name: 'haechi_http_requests_total', help: 'Requests answered', labelNames: ['route', 'status'], registers: [metrics] })
  const seconds = new Histogram({ name: 'haechi_http_request_seconds', help: 'Time to answer', labelNames: ['route'], buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10], registers: [metrics] })

  const fail = (error: unknown, request: { method: string; path: string; language: Language }, form?: (error: HaechiError, language: Language) => Response): Response => {
    let coded: HaechiError
    if (error instanceof HaechiError) coded = error
    else {
      const incident = newId('err', clock.now())
      log.error({ err: error, incident, method: request.method, path: request.path }, 'request failed inside the server')
      coded = new HaechiError('internal', { incident }, { cause: error })
    }
    return (form ?? problem)(coded, request.language)
  }

  // Clients of the API and shippers never ask for HTML; `GET /` is theirs as well.
  const forBrowser = (request: Request): boolean => request.method === 'GET' && request.headers.get('accept')?.includes('text/html') === true
  const answer = async (request: Request, path: string): Promise<Response> => {
    const { site } = options
    if (site !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
      if (path === '/' && forBrowser(request)) return site.page()
      const file = await site.file(path, request.headers)
      if (file !== null) return file
    }
    return app.fetch(request)
  }

  const http: Http<Actor, Action> = {
    routes,
    route(route, handle) {
      routes.push({ method: route.method, path: route.path, access: route.access })
      const limit = route.bodyLimit ?? mebibyte
      register(app, route)
      const label = `${route.method.toUpperCase()} ${route.path}`
      app.on(route.method.toUpperCase(), route.path.replace(/\{(\w+)\}/g, ':$1'), async (c) => {
        const stop = seconds.startTimer({ route: label })
        const request = readRequest(c, limit)
        let response: Response
        let actor: Actor | undefined
        try {
          actor = route.access === 'public' ? undefined : await gate.authenticate(request, route.access)
          if (route.access !== 'public') gate.authorize(actor as Actor, route.access)
          const query = route.query === undefined ? undefined : parse(route.query, queryOf(request), '?')
          const params = route.params === undefined ? undefined : parse(route.params, c.req.param(), '')
          const body = route.body === undefined || route.body === 'stream' ? undefined : parse(route.body, json(await request.body()), '/')
          const answer = await handle({ actor, query, params, body, request } as Parameters<typeof handle>[0])
          response = answer instanceof Response ? answer : Response.json(answer.body, { status: answer.status ?? 200, headers: { 'cache-control': 'no-store', ...answer.headers } })
        } catch (error) {
          if (actor !== undefined && error instanceof HaechiError && errorEntry(error.code).status === 403) gate.refused?.(actor, error)
          response = fail(error, request, route.problem)
        }
        stop()
        requests.inc({ route: label, status: response.status })
        return response
      })
    },
    async fetch(original) {
      const url = new URL(original.url)
      let path = url.pathname.replace(/\/{2,}/g, '/')
      if (options.basePath !== '' && (path === options.basePath || path.startsWith(`${options.basePath}/`))) path = path.slice(options.basePath.length) || '/'
      let request = original
      if (path !== url.pathname) {
        url.pathname = path
        request = new Request(url, original)
        targetOf.set(request, original.url)
        const remote = remoteOf.get(original)
        if (remote !== undefined) remoteOf.set(request, remote)
      }
      const response = await answer(request, path)
      response.headers.set('x-content-type-options', 'nosniff')
      // A browser would ask for a name and a password in a window of its own before the console can show its sign-in.
      if (response.status === 401 && request.headers.has('sec-fetch-site')) response.headers.set('www-authenticate', 'ApiKey')
      for (const [name, value] of Object.entries(options.headers ?? {})) response.headers.set(name, value)
      return response
    },
    openapi: () => app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Haechi', version: options.version, ...(options.description === undefined ? {} : { description: options.description }), license: { name: 'Apache-2.0' } },
      servers: [{ url: options.basePath === '' ? '/' : options.basePath }],
    }),
  }
  app.notFound((c) => {
    if (options.site !== undefined && forBrowser(c.req.raw) && !/^\/(api|assets)\//.test(c.req.path)) return options.site.page()
    return fail(new HaechiError('route_not_found', { method: c.req.method, path: c.req.path }), { method: c.req.method, path: c.req.path, language: languageOf(c.req.raw.headers) })
  })
  app.onError((error, c) => fail(error, { method: c.req.method, path: c.req.path, language: languageOf(c.req.raw.headers) }))
  return http
}

/** RFC 9457. `code` is ours and stable, `params` are the values in its text; `errors` names each fault and its place. */
export function problem(error: HaechiError, language: Language, extra: Readonly<Record<string, unknown>> = {}): Response {
  const { status, retry } = errorEntry(error.code)
  const errors = error.errors.map((fault) => detail(fault, language))
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'content-language': language, 'cache-control': 'no-store' }
  if (status === 401) headers['www-authenticate'] = 'ApiKey, Basic realm="haechi", charset="UTF-8"'
  if (retry && (status === 503 || status === 429)) headers['retry-after'] = String(error.params['retry_after'] ?? 2)
  const body = { type: `urn:haechi:error:${error.code}`, title: describe(error.code, error.params, language), status, code: error.code, detail: describe(error.code, error.params, language), retry, params: error.params, errors, ...extra }
  return new Response(JSON.stringify(body), { status, headers })
}

export const detail = (fault: ErrorDetail, language: Language): { code: ErrorCode; place: string; detail: string } =>
  ({ code: fault.code, place: fault.place, detail: describe(fault.code, fault.params ?? {}, language) })

export function languageOf(headers: Headers): Language {
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 }
  for (const part of (headers.get('accept-language') ?? '').split(',')) {
    const [tag = '', ...attributes] = part.trim().toLowerCase().split(';')
    const primary = tag.split('-')[0]
    const weight = Number(attributes.map((attribute) => attribute.trim()).find((attribute) => attribute.startsWith('q='))?.slice(2) ?? 1)
    if ((primary === 'ko' || primary === 'en') && weight > best.weight) best = { language: primary, weight }
  }
  return best.language
}

/** Of a body that is too large. */
const takenBytes = 16 * 1_048_576

function readRequest(c: Context, limit: number): HttpRequest {
  const raw = c.req.raw
  const url = new URL(raw.url)
  const declared = Number(raw.headers.get('content-length') ?? 0)
  let kept: Promise<Uint8Array> | undefined
  async function* arriving(): AsyncIterable<Uint8Array> {
    if (declared > limit) {
      // Most clients listen when all is sent, and an answer before that is lost with the connection (RFC 9112, section 9.6): what is not much is taken and let go.
      if (declared <= takenBytes) await raw.body?.pipeTo(new WritableStream())
      throw new HaechiError('body_too_large', { limit })
    }
    let size = 0
    if (raw.body === null) return
    for await (const chunk of raw.body) {
      size += chunk.byteLength
      if (size > limit) throw new HaechiError('body_too_large', { limit })
      yield chunk
    }
  }
  const body = () => (kept ??= (async () => {
    const chunks: Uint8Array[] = []
    for await (const chunk of arriving()) chunks.push(chunk)
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  })())
  return {
    method: raw.method,
    path: url.pathname,
    rawQuery: url.search.slice(1),
    url,
    get target() { return new URL(targetOf.get(raw) ?? raw.url) },
    headers: raw.headers,
    remoteAddress: remoteOf.get(raw) ?? null,
    language: languageOf(raw.headers),
    body,
    stream: () => (kept === undefined ? arriving() : (async function* () { yield await kept })()),
  }
}

function queryOf(request: HttpRequest): Record<string, string> {
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of request.url.searchParams) {
    if (name in query) throw new HaechiError('parameter_invalid', { name, reason: 'given twice' })
    query[name] = value
  }
  return { ...query }
}

function json(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    // A lone surrogate is valid JSON and no text: no store could give it back as it came.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), (_, inner: unknown) => {
      if (typeof inner === 'string' && !inner.isWellFormed()) throw new SyntaxError('a lone surrogate')
      return inner
    })
  } catch (cause) {
    throw new HaechiError('body_invalid', { reason: bytes.length === 0 ? 'empty, JSON expected' : (cause as Error).message }, { cause })
  }
  return value
}

/** Errors: parameter_invalid (query, path), body_invalid (body), with one entry a field. */
function parse(schema: Schema, value: unknown, place: '?' | '/' | ''): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues.map((issue): ErrorDetail => ({
    code: place === '/' ? 'body_invalid' : 'parameter_invalid',
    place: place === '/' ? `/${issue.path.join('/')}` : issue.path.join('.'),
    params: { name: issue.path.join('.'), reason: issue.message },
  }))
  const first = errors[0]
  const name = first?.place ?? ''
  const reason = String(first?.params?.['reason'] ?? '')
  throw place === '/'
    ? new HaechiError('body_invalid', { reason: `${name}: ${reason}` }, { errors })
    : new HaechiError('parameter_invalid', { name, reason }, { errors })
}

const problemSchema = z.object({
  type: z.string(), title: z.string(), status: z.int(), code: z.string(), detail: z.string(), retry: z.boolean(), params: z.record(z.string(), z.union([z.string(), z.number()])),
  errors: z.array(z.object({ code: z.string(), place: z.string(), detail: z.string() })),
}).openapi('Problem')

// The document needs only the shapes; the type parameters of the route say nothing to it.
function register(app: OpenAPIHono, route: { method: Route<never, never, never, never>['method']; path: string; operation: string; summary: string; tag: string; access: string; query?: unknown; params?: unknown; body?: unknown; answers: Route<never, never, never, never>['answers'] }): void {
  const content = (answer: { schema?: Schema; type?: string }) =>
    answer.schema === undefined && answer.type === undefined ? {} : { content: { [answer.type ?? 'application/json']: { schema: answer.schema ?? z.string() } } }
  const body = route.body === undefined ? {} : {
    body: route.body === 'stream'
      ? { content: { 'application/x-ndjson': { schema: z.string() } } }
      : { required: true, content: { 'application/json': { schema: route.body as z.ZodType } } },
  }
  app.openAPIRegistry.registerPath({
    method: route.method, path: route.path, operationId: route.operation, summary: route.summary, tags: [route.tag],
    ...(route.access === 'public' ? {} : { security: [{ apiKey: [] }, { signature: [] }, { session: [] }], 'x-haechi-action': route.access }),
    request: {
      ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
      ...(route.params === undefined ? {} : { params: route.params as z.ZodObject }),
      ...body,
    },
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, { description: answer.description, ...content(answer) }])),
      default: { description: 'Problem Details (RFC 9457)', content: { 'application/problem+json': { schema: problemSchema } } },
    },
  })
  if (app.openAPIRegistry.definitions.some((definition) => definition.type === 'component' && definition.componentType === 'securitySchemes')) return
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'basic', description: 'key id and secret; also as `Authorization: ApiKey base64(id:secret)` or `Bearer id:secret`' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'signature', { type: 'apiKey', in: 'header', name: 'X-Signature', description: 'Scheme 1: X-API-Key, X-Timestamp, X-Signature (HMAC-SHA256). Scheme 2: HTTP Message Signatures (RFC 9421). Limited per key, 100 a second and bursts of 200 unless configured otherwise, never below 20; over it 429 with Retry-After. Ingest is not limited.' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', { type: 'apiKey', in: 'cookie', name: 'haechi_session' })
}

export type Listening = { readonly port: number; readonly host: string; close(deadline: number): Promise<void> }

/** Serves `fetch` on a socket. close() stops accepting, lets requests under way end, and cuts what is left after `deadline` ms. */
export async function listen(fetch: (request: Request) => Promise<Response>, options: { host: string; port: number; tls?: { cert: string; key: string } }): Promise<Listening> {
  let closing = false
  const listener = getRequestListener(async (request, { incoming }: { incoming: { complete?: boolean; socket?: { remoteAddress?: string | undefined } } }) => {
    const remote = incoming.socket?.remoteAddress
    if (remote !== undefined) remoteOf.set(request, remote)
    const response = await fetch(request)
    // An answer before the body was read through ends the connection: a client must not send its next request into it.
    // So does one while the server closes: a connection that stays open for a next request would hold it up.
    if (incoming.complete === false || closing) response.headers.set('connection', 'close')
    return response
  }, { overrideGlobalObjects: false })
  const handler = (...[incoming, outgoing]: Parameters<typeof listener>) => { void listener(incoming, outgoing) }
  const server: Server = options.tls === undefined ? createServer(handler) : createTlsServer({ ...options.tls, minVersion: 'TLSv1.2' }, handler)
  // Longer than shippers and proxies keep a connection idle, so that it is they who close it: the other way round a request meets a closed door.
  server.keepAliveTimeout = 75_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(
      error.code === 'EADDRINUSE' || error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL'
        ? new HaechiError('address_unavailable', { address: `${options.host}:${options.port}`, reason: error.code }, { cause: error })
        : error))
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    host: options.host,
    close: (deadline) => new Promise((resolve) => {
      closing = true
      const cut = setTimeout(() => server.closeAllConnections(), deadline)
      server.close(() => { clearTimeout(cut); resolve() })
      server.closeIdleConnections()
    }),
  }
}

export type { ErrorParams }
