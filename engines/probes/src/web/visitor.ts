// Whoever asks a web site on behalf of a probe: within a budget of requests and bytes, a few at a time, each place once. What fails is told once and costs no
// more: a site that has stopped answering is not asked again. Defended by visitor.test.ts.
import { createHash } from 'node:crypto'
import { readPage } from '@haechi/fingerprints'
import { readable } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import { NetworkError } from '../network.ts'
import type { Connection, HttpRequest, HttpResponse } from '../network.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'
import type { WebBudget } from './model.ts'

const userAgent = 'Mozilla/5.0 (compatible; Haechi security scan)'
const atATime = 6
/** Failures one after the other after which a site counts as gone. */
const patience = 4
const mostFaults = 50
/** Pages of errors that are read for what stands in them: they are alike. */
const mostErrorPages = 5
const largestBody = 2_097_152

export type Ask = {
  readonly method?: string
  readonly headers?: readonly (readonly [name: Bytes, value: Bytes])[]
  readonly body?: Bytes
  readonly maxBytes?: number
  readonly timeoutMs?: number
  /** Where another place is reached than the one that the URL names: a name to look for at a known address. */
  readonly at?: string
}

export class Visitor {
  readonly faults: ProbeFault[] = []
  requests = 0
  readonly #run: ProbeRun
  readonly #budget: WebBudget
  readonly #onBody: (url: string, body: Bytes) => void
  readonly #seen = new Map<string, Promise<HttpResponse | null>>()
  readonly #failures = new Map<string, number>()
  readonly #waiting: (() => void)[] = []
  /** Digests of bodies that were told. */
  readonly #told = new Set<string>()
  #errorPages = 0
  #until: number | null = null
  #bytes = 0
  #running = 0
  #exceeded = false

  constructor(run: ProbeRun, budget: WebBudget, onBody: (url: string, body: Bytes) => void = () => undefined) {
    this.#run = run
    this.#budget = budget
    this.#onBody = onBody
  }

  get spent(): boolean {
    return this.#exceeded || this.#run.signal.aborted
  }

  /** The answer; null where there is none, and then `faults` says why. A plain GET is sent once. Errors: NetworkError `cancelled`. */
  ask(url: URL, ask: Ask = {}): Promise<HttpResponse | null> {
    const plain = ask.method === undefined && ask.headers === undefined && ask.body === undefined && ask.at === undefined
    if (!plain) return this.#ask(url, ask)
    const key = `${ask.maxBytes ?? 0} ${placeOf(url)}`
    const known = this.#seen.get(key)
    if (known !== undefined) return known
    const answer = this.#ask(url, ask)
    this.#seen.set(key, answer)
    return answer
  }

  /** A connection on which this was written; null where there is none. Whoever asked closes it. Errors: NetworkError `cancelled`. */
  async dial(url: URL, written: Bytes): Promise<Connection | null> {
    this.requests++
    try {
      const connection = await this.#run.network.dial(hostOf(url), portOf(url), { tls: url.protocol === 'https:' ? { serverName: null, minVersion: null, maxVersion: null, ciphers: null } : null, timeoutMs: this.#run.timeoutMs }, this.#run.signal)
      await connection.write(written)
      return connection
    } catch (error) {
      if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
      this.tell(placeOf(url), error.fault, error.text)
      return null
    }
  }

  tell(place: string, fault: ProbeFault['fault'], message: Text): void {
    if (this.faults.length < mostFaults && !this.faults.some((known) => known.place === place && known.fault === fault)) this.faults.push({ place, fault, message })
  }

  async #ask(url: URL, ask: Ask): Promise<HttpResponse | null> {
    await this.#turn()
    try {
      const site = ask.at ?? url.origin
      if ((this.#failures.get(site) ?? 0) >= patience) return null
      this.#until ??= this.#run.now() + this.#budget.durationMs
      if (this.requests >= this.#budget.requests || this.#bytes >= this.#budget.bytes || this.#run.now() > this.#until) {
        if (!this.#exceeded) {
          const seconds = Math.round((this.#run.now() - this.#until + this.#budget.durationMs) / 1_000)
          this.tell(url.origin, 'budget_exceeded', { en: `stopped after ${this.requests} requests, ${this.#bytes} bytes and ${seconds} s`, ko: `요청 ${this.requests}건, ${this.#bytes}바이트, ${seconds}초 만에 중단함` })
        }
        this.#exceeded = true
        return null
      }
      this.requests++
      try {
        const response = await this.#run.network.http(requestOf(url, ask, this.#run.timeoutMs), this.#run.signal)
        this.#bytes += response.body.length
        // What was cut off because it never ended is as bad as no answer, if all answers are so.
        if (response.truncated && response.durationMs >= 0.9 * (ask.timeoutMs ?? this.#run.timeoutMs)) this.#failed(site, placeOf(url), 'timeout', { en: 'the answer did not end in time', ko: '제한 시간 안에 응답이 끝나지 않음' })
        else {
          this.#failures.set(site, 0)
          const limit = ask.maxBytes ?? largestBody
          // Whoever asks for less wants only the beginning.
          if (response.truncated && limit >= largestBody && response.body.length >= limit) this.tell(placeOf(url), 'budget_exceeded', { en: `only the first ${limit} bytes of the page were read`, ko: `페이지의 처음 ${limit}바이트만 읽음` })
        }
        if ((ask.method === undefined || ask.method === 'GET') && ask.at === undefined) this.#read(placeOf(url), response)
        return response
      } catch (error) {
        if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
        this.#failed(site, placeOf(url), error.fault, error.text)
        return null
      }
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  #failed(site: string, place: string, fault: ProbeFault['fault'], message: Text): void {
    const failures = (this.#failures.get(site) ?? 0) + 1
    this.#failures.set(site, failures)
    this.tell(place, fault, failures === patience ? { en: `${message.en}; not asked again`, ko: `${message.ko}, 더는 요청하지 않음` } : message)
  }

  #read(place: string, { status, body }: HttpResponse): void {
    if (body === '' || (status >= 400 && ++this.#errorPages > mostErrorPages)) return
    const digest = createHash('sha256').update(body, 'latin1').digest('base64')
    if (this.#told.has(digest)) return
    this.#told.add(digest)
    this.#onBody(place, body)
  }

  async #turn(): Promise<void> {
    if (this.#running >= atATime) await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
    this.#running++
  }
}

export const portOf = (url: URL): number => (url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port))
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')
/** Without a login, without what stands behind #. */
export const placeOf = (url: URL): string => `${url.origin}${url.pathname}${url.search}`

function requestOf(url: URL, { method = 'GET', headers = [], body, maxBytes = largestBody, timeoutMs, at }: Ask, usualMs: number): HttpRequest {
  return {
    method, scheme: url.protocol === 'https:' ? 'https' : 'http', host: at ?? hostOf(url), port: portOf(url), target: `${url.pathname}${url.search}`,
    headers: [...(at === undefined ? [] : [['Host', url.host] as const]), ['User-Agent', userAgent], ['Accept', '*/*'], ['Accept-Encoding', 'gzip, deflate, br'], ...headers],
    body: body ?? null, serverName: at === undefined ? null : hostOf(url), timeoutMs: timeoutMs ?? usualMs, maxBytes,
  }
}

export function headerOf(response: Pick<HttpResponse, 'headers'>, name: string): Bytes | null {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null
}

export const headersOf = (response: Pick<HttpResponse, 'headers'>, name: string): Bytes[] => response.headers.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []))

/** Lower case, without parameters; '' where it is not said. */
export const mediaTypeOf = (response: Pick<HttpResponse, 'headers'>): string => (headerOf(response, 'content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()

/** A body in Unicode: by the encoding that the header or the page names, else UTF-8. */
export function textOf(response: Pick<HttpResponse, 'headers' | 'body'>): string {
  const label = /charset=["']?([\w-]{2,20})/i.exec(headerOf(response, 'content-type') ?? '')?.[1] ?? /<meta[^>]{0,200}charset=["']?([\w-]{2,20})/i.exec(response.body.slice(0, 1_024))?.[1] ?? 'utf-8'
  if (/^(?:utf-?8|us-ascii)$/i.test(label)) return readable(response.body)
  try {
    return new TextDecoder(label).decode(Buffer.from(response.body, 'latin1'))
  } catch {
    // Nobody knows that encoding.
    return readable(response.body)
  }
}

export const titleOf = (response: HttpResponse): string => readPage(textOf(response).slice(0, 1_048_576)).title.slice(0, 300)
