// One server over HTTP, local by its control file or remote by a key. A credential goes only to the server it was made for, never in the
// clear beyond loopback, and into no error. A request is repeated only where that is safe. Defended by client.integration.test.ts.
import { readFileSync, statSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { resolveDataDirectory } from '@haechi/server/data-directory'
import { HaechiError } from '@haechi/server/errors'
import type { Language } from '@haechi/server/errors'
import type { ConnectionOptions } from './context.ts'

/** Where requests go and what they carry. */
export type Target = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly ca: string | undefined }

/** What the server refused, in its own words (RFC 9457). Its codes are the server's, which may be newer than this command. */
export class ServerProblem extends Error {
  readonly code: string
  readonly status: number
  readonly errors: readonly { readonly code: string; readonly place: string; readonly detail: string }[]
  /** Seconds that it asks to wait; null where it says nothing. */
  readonly retryAfter: number | null
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, body: Readonly<Record<string, unknown>>, retryAfter: number | null) {
    super(typeof body['detail'] === 'string' ? body['detail'] : `HTTP ${status}`)
    this.name = 'ServerProblem'
    this.code = typeof body['code'] === 'string' ? body['code'] : `http_${status}`
    this.status = status
    this.errors = Array.isArray(body['errors']) ? body['errors'] as ServerProblem['errors'] : []
    this.retryAfter = retryAfter
    this.body = body
  }
}

export type Request = {
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: Uint8Array | object
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds for which a failure that may pass is answered by trying again; only for what may be repeated. Default 0. */
  readonly patience?: number
  /** Told before each new attempt. */
  onRetry?(error: HaechiError | ServerProblem, milliseconds: number): void
  /** Milliseconds of silence after which it counts as failed, for what takes the server long. */
  readonly silence?: number
  readonly stop?: AbortSignal
}

export interface Server {
  readonly remote: boolean
  /** The parsed JSON answer. Errors: ServerProblem, server_unreachable, server_untrusted, server_answer_invalid, interrupted and those of chooseServer. */
  call<T>(method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, request?: Request): Promise<T>
  /** The body of an answer as it arrives. Errors as above. */
  stream(path: string, request?: Request): AsyncIterable<Uint8Array>
  close(): void
}

/** Silence after which a request counts as failed; the server's longest wait is 30 s. */
const silence = 60_000

/** How long to wait before the next attempt, or null when there is none. Pure. */
export function retryDelay(error: unknown, attempt: number, waited: number, patience: number): number | null {
  const backoff = Math.min(10_000, 250 * 2 ** attempt)
  let delay: number
  if (error instanceof ServerProblem) {
    if (![408, 429, 502, 503, 504].includes(error.status) && !(error.status === 500 && error.body['retry'] === true)) return null
    delay = Math.max(backoff, Math.min(60, error.retryAfter ?? 0) * 1_000)
  } else if (error instanceof HaechiError && (error.code === 'server_unreachable' || error.code === 'server_not_running')) delay = backoff
  else return null
  return waited + delay > patience ? null : delay
}

/** `choose` is asked for each attempt: a server that was started again has another port and token. */
export function openServer(choose: () => Target, language: Language, options: { remote: boolean; silence?: number }): Server {
  const limits = { keepAlive: true, maxSockets: 8 }
  const plain = new HttpAgent(limits)
  const encrypted = new HttpsAgent(limits)

  const send = (method: string, path: string, request: Request): Promise<IncomingMessage> => new Promise((resolve, reject) => {
    const target = choose()
    const url = new URL(`${target.url.replace(/\/+$/, '')}${path}`)
    for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value))
    const bytes = request.body === undefined ? undefined : request.body instanceof Uint8Array ? request.body : Buffer.from(JSON.stringify(request.body))
    const headers = {
      accept: 'application/json, application/problem+json', 'accept-language': language, ...target.headers,
      ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(bytes.byteLength) }), ...request.headers,
    }
    const common = { method, headers, ...(request.stop === undefined ? {} : { signal: request.stop }) }
    const sent = url.protocol === 'https:'
      ? httpsRequest(url, { ...common, agent: encrypted, ...(target.ca === undefined ? {} : { ca: target.ca }) })
      : httpRequest(url, { ...common, agent: plain })
    const origin = url.origin
    let answered = false
    const patience = request.silence ?? options.silence ?? silence
    sent.setTimeout(patience, () => sent.destroy(new Error(`silent for ${patience / 1_000} s`)))
    // An answer that came before the connection broke is the answer.
    sent.once('response', (response) => { answered = true; resolve(response) })
    sent.on('error', (error: NodeJS.ErrnoException) => { if (!answered) reject(failure(error, origin, request.stop)) })
    sent.end(bytes)
  })

  const attempt = async (method: string, path: string, request: Request): Promise<IncomingMessage> => {
    const response = await send(method, path, request)
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    const body = await collect(response, request.stop)
    throw problemOf(status, response, body)
  }

  const persist = async <T>(request: Request, once: () => Promise<T>): Promise<T> => {
    let waited = 0
    for (let count = 0; ; count++) {
      try {
        return await once()
      } catch (error) {
        const delay = request.stop?.aborted === true ? null : retryDelay(error, count, waited, request.patience ?? 0)
        if (delay === null) throw error
        request.onRetry?.(error as HaechiError | ServerProblem, delay)
        await wait(delay, undefined, request.stop === undefined ? {} : { signal: request.stop }).catch((cause: unknown) => { throw new HaechiError('interrupted', {}, { cause }) })
        waited += delay
      }
    }
  }

  return {
    remote: options.remote,
    call: <T>(method: string, path: string, request: Request = {}) => persist(request, async () => {
      const response = await attempt(method, path, request)
      const body = await collect(response, request.stop)
      if (body.length === 0) return undefined as T
      try {
        return JSON.parse(body.toString('utf8')) as T
      } catch (cause) {
        throw new HaechiError('server_answer_invalid', { url: originOf(choose().url), reason: response.headers['content-type'] ?? 'no content-type' }, { cause })
      }
    }),
    async *stream(path, request = {}) {
      const response = await persist(request, () => attempt('GET', path, request))
      try {
        yield* response as AsyncIterable<Uint8Array>
      } catch (error) {
        throw failure(error as NodeJS.ErrnoException, originOf(choose().url), request.stop)
      }
    },
    close() {
      plain.destroy()
      encrypted.destroy()
    },
  }
}

const originOf = (url: string): string => new URL(url).origin

async function collect(response: IncomingMessage, stop: AbortSignal | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk)
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException, response.url ?? '', stop)
  }
  return Buffer.concat(chunks)
}

function problemOf(status: number, response: IncomingMessage, body: Buffer): ServerProblem {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    parsed = undefined
  }
  const after = Number(response.headers['retry-after'])
  return new ServerProblem(status, typeof parsed === 'object' && parsed !== null ? parsed as Record<string, unknown> : {}, Number.isFinite(after) && after >= 0 ? after : null)
}

const untrusted = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_SIGNATURE_FAILURE', 'ERR_TLS_CERT_ALTNAME_INVALID'])

function failure(error: NodeJS.ErrnoException, url: string, stop: AbortSignal | undefined): HaechiError {
  if (error instanceof HaechiError) return error
  if (stop?.aborted === true) return new HaechiError('interrupted', {}, { cause: error })
  const reason = error.code ?? error.message
  return new HaechiError(untrusted.has(reason) ? 'server_untrusted' : 'server_unreachable', { url, reason }, { cause: error })
}

export type ControlFile = { readonly url: string; readonly token: string; readonly pid: number; readonly ca_file?: string }

/** What the server on `directory` wrote for whoever may read its files. Errors: server_not_running, control_file_unreadable, control_file_exposed. */
export function readControlFile(directory: string): ControlFile {
  const file = join(directory, 'control.json')
  let text: string
  try {
    const { mode } = statSync(file)
    // Windows has no such bits; its profile folders are private.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new HaechiError('control_file_exposed', { file, mode: (mode & 0o777).toString(8).padStart(4, '0') })
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof HaechiError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new HaechiError('server_not_running', { directory }, { cause: error })
    throw new HaechiError('control_file_unreadable', { file, reason: code ?? message }, { cause: error })
  }
  const broken = (reason: string, cause?: unknown) => new HaechiError('control_file_unreadable', { file, reason }, { cause })
  let value: Partial<Record<keyof ControlFile, unknown>>
  try {
    value = JSON.parse(text) as typeof value
  } catch (cause) {
    throw broken('not JSON', cause)
  }
  const { url, token, pid, ca_file: ca } = value ?? {}
  if (typeof url !== 'string' || !URL.canParse(url) || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw broken('url or token missing')
  return { url, token, pid: typeof pid === 'number' ? pid : 0, ...(typeof ca === 'string' && ca !== '' ? { ca_file: ca } : {}) }
}

/**
 * The server that was asked for: --url or --data, else HAECHI_URL, else the data directory's. Errors: usage_together, remote_url_invalid,
 * remote_not_encrypted, remote_key_missing, remote_key_malformed, file_unreadable (CA), not_found (tenant); when first asked also those of readControlFile.
 */
export function chooseServer(options: ConnectionOptions, environment: NodeJS.ProcessEnv): { remote: boolean; choose: () => Target } {
  if (options.url !== undefined && options.data !== undefined) throw new HaechiError('usage_together', { options: '--url, --data' })
  const tenant = options.tenant
  // A tenant's name is ASCII; another cannot stand in a header, and there is none of it.
  if (tenant !== undefined && !/^[\x21-\x7e]+$/.test(tenant)) throw new HaechiError('not_found', { what: `tenant ${tenant}` })
  const url = options.url ?? (options.data === undefined ? environment['HAECHI_URL'] : undefined)
  const ca = options.ca === undefined ? undefined : readCa(options.ca)
  if (url === undefined || url === '') {
    const directory = resolveDataDirectory(options.data ?? environment['HAECHI_DATA'], environment)
    return {
      remote: false,
      choose: () => {
        const control = readControlFile(directory)
        return {
          url: control.url, headers: { authorization: `Haechi-Control ${control.token}`, 'x-haechi-tenant': tenant ?? 'default' },
          ca: ca ?? (control.ca_file === undefined ? undefined : readCa(control.ca_file)),
        }
      },
    }
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.search !== '' || parsed.hash !== '') throw new HaechiError('remote_url_invalid', { value: parsed === undefined ? url : originOf(url) })
  if (parsed.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(parsed.hostname)) throw new HaechiError('remote_not_encrypted', { url: parsed.origin })
  const key = options.key ?? environment['HAECHI_KEY']
  if (key === undefined || key === '') throw new HaechiError('remote_key_missing')
  if (!/^[\x21-\x39\x3b-\x7e]+:[\x21-\x7e]+$/.test(key)) throw new HaechiError('remote_key_malformed')
  const target = { url: `${parsed.origin}${parsed.pathname}`, headers: { authorization: `Bearer ${key}`, ...(tenant === undefined ? {} : { 'x-haechi-tenant': tenant }) }, ca }
  return { remote: true, choose: () => target }
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new HaechiError('file_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? 'unreadable' }, { cause: error })
  }
}
