// A web in memory, for tests of probes.
import { vi } from 'vitest'
import { NetworkError } from '../network.ts'
import type { HttpRequest, HttpResponse, NetworkFault, ProbeNetwork } from '../network.ts'
import type { ProbeRun } from '../model.ts'
import type { WebOptions } from './model.ts'

export type Page = Partial<Omit<HttpResponse, 'headers'>> & { readonly type?: string; readonly headers?: Readonly<Record<string, string>> }
export type Answering = Page | string | null
export type Site = (request: HttpRequest, url: URL) => Answering

const faults = new Set<string>(['out_of_scope', 'not_resolved', 'refused', 'unreachable', 'timeout', 'closed', 'tls_failed', 'protocol_error', 'cancelled'])

/** A text is a page of HTML with status 200, null is 404, the name of a fault is that fault. */
export function web(site: Site): { readonly run: ProbeRun; readonly options: WebOptions; readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = []
  const unused = (): never => { throw new Error('not asked for here') }
  const network: ProbeNetwork = {
    http(request, signal) {
      if (signal.aborted) return Promise.reject(new NetworkError('cancelled', 'x', 'stopped'))
      requests.push(request)
      const host = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? `${request.host}${request.port === (request.scheme === 'https' ? 443 : 80) ? '' : `:${request.port}`}`
      const answer = site(request, new URL(`${request.scheme}://${host}${request.target}`))
      if (typeof answer === 'string' && faults.has(answer)) return Promise.reject(new NetworkError(answer as NetworkFault, `${request.host}:${request.port}`, answer))
      const page: Page = typeof answer === 'string' ? { body: answer } : answer ?? { status: 404, body: '<h1>Not Found</h1>' }
      const headers: (readonly [string, string])[] = [['Content-Type', page.type ?? 'text/html'], ...Object.entries(page.headers ?? {})]
      const body = page.body ?? ''
      return Promise.resolve({ status: page.status ?? 200, reason: '', headers, body: body.slice(0, request.maxBytes), truncated: body.length > request.maxBytes, durationMs: 1, address: '192.0.2.7' })
    },
    dial: unused, dns: unused, addresses: unused, connects: unused, datagram: unused,
  }
  const run: ProbeRun = { network, signal: new AbortController().signal, timeoutMs: 1_000, now: vi.fn(() => 1_700_000_000_000), random: () => 7 }
  return { run, options: { run, identifyTechnologies: () => [] }, requests }
}

/** Pages by path; everything else is not there. */
export const pages = (all: Readonly<Record<string, Answering>>): Site => (_, url) => (Object.hasOwn(all, url.pathname) ? all[url.pathname]! : null)
