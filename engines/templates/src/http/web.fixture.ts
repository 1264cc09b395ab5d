// A web in memory, and templates run against it, for tests.
import { runTemplate } from '../execute.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, Connection, HttpRequest, HttpResponse, Match, Network, NetworkFault, Settings, Template } from '../model.ts'
import { readTemplate } from '../read.ts'
import { parseTarget } from '../target.ts'

export const settings: Settings = { disableRedirects: false, attack: null, serverName: null, timeoutMs: 1_000, maxBytes: 100_000, userAgent: 'haechi', variables: {}, maxRequests: 1_000, resolvers: [] }

export const httpTemplate = (block: string, more = ''): Template => {
  const text = `id: example\ninfo:\n  name: Example\n  author: a\n  severity: high\n${more}http:\n${block}`
  const read = readTemplate('example.yaml', Buffer.from(text))
  if ('refusal' in read) throw new Error(`${read.refusal.place}: ${read.refusal.reason}\n${text}`)
  return read.template
}

export type Answering = Partial<HttpResponse> | NetworkFault
export type Web = {
  readonly http?: (request: HttpRequest, number: number) => Answering | Promise<Answering>
  /** What a connection answers to the bytes that were written. */
  readonly bytes?: (written: Bytes) => Bytes
}
export type Seen = {
  readonly matched: boolean
  readonly matches: Match[]
  readonly requests: HttpRequest[]
  readonly written: Bytes[]
  readonly dialled: { readonly host: string; readonly port: number; readonly serverName: string | null | undefined }[]
  readonly faults: NetworkFault[]
  /** Milliseconds that templates asked to wait, and after how many requests. */
  readonly pauses: { readonly milliseconds: number; readonly after: number }[]
  readonly error: unknown
}

/** Runs a template; what it throws is in `error`. */
export async function runOn(web: Web, template: Template, options: { readonly target?: string; readonly settings?: Partial<Settings>; readonly signal?: AbortSignal } = {}): Promise<Seen> {
  const seen = { matched: false, matches: [] as Match[], requests: [] as HttpRequest[], written: [] as Bytes[], dialled: [] as Seen['dialled'][number][], faults: [] as NetworkFault[], pauses: [] as Seen['pauses'][number][], error: undefined as unknown }
  let time = 1_700_000_000_000
  const network: Network = {
    async http(request) {
      seen.requests.push(request)
      const answer: Answering = web.http === undefined ? {} : await web.http(request, seen.requests.length)
      if (typeof answer === 'string') throw new NetworkError(answer, `${request.host}:${request.port}`, answer)
      return { status: 200, reason: 'OK', headers: [], body: '', truncated: false, durationMs: 5, address: '192.0.2.7', ...answer }
    },
    dial(host, port, { tls }) {
      seen.dialled.push({ host, port, serverName: tls === null ? undefined : tls.serverName })
      let written = ''
      let asked = false
      const connection: Connection = {
        address: '192.0.2.7', tls: null, close: () => undefined,
        write(data) {
          written += data
          seen.written.push(data)
          return Promise.resolve()
        },
        read() {
          const answer = asked ? '' : (web.bytes ?? (() => 'HTTP/1.1 200 OK\r\n\r\n'))(written)
          asked = true
          return Promise.resolve(answer)
        },
      }
      return Promise.resolve(connection)
    },
    dns: () => Promise.reject(new NetworkError('refused', 'x', 'x')),
  }
  try {
    const { matched } = await runTemplate(template, {
      target: parseTarget(options.target ?? 'http://a.test')!, network, signal: options.signal ?? new AbortController().signal, settings: { ...settings, ...options.settings }, seed: 1, now: () => time++,
      report: (match) => void seen.matches.push(match), sent: ({ fault }) => void (fault !== null && seen.faults.push(fault.fault)),
      sleep: (milliseconds) => Promise.resolve(void seen.pauses.push({ milliseconds, after: seen.requests.length })),
    })
    seen.matched = matched
  } catch (error) {
    seen.error = error
  }
  return seen
}

/** 'GET http://a.test/x' of each request. */
export const lines = ({ requests }: Seen): string[] => requests.map(({ method, scheme, host, port, target }) => `${method} ${scheme}://${host}${port === (scheme === 'https' ? 443 : 80) ? '' : `:${port}`}${target}`)
export const header = (request: HttpRequest | undefined, name: string): Bytes | undefined => request?.headers.find(([key]) => key.toLowerCase() === name)?.[1]
