// What many templates ask for is fetched once: equal safe requests have one answer. A template that asks again after it has asked for something else, or has
// changed something before, gets a fresh one, because it asks what has become of it; and so does whoever asks what took long, because that may be about time.
// Kept bodies stay within a bound. Defended by sharing.test.ts.
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, HttpRequest, HttpResponse, Network } from './model.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Of an answer besides its body: its objects, and a character of each header. */
const overhead = 512
const slowMs = 2_000

export type SharingCounts = { readonly asked: number; readonly shared: number }

export interface Sharing {
  /** What one template, in one run, may use as its network. */
  session(): Network
  readonly counts: SharingCounts
}

type Kept = { readonly response: HttpResponse; readonly size: number }

/** `maxBytes` of answers are kept, the longest unused go first; equal bodies are kept once and counted once. */
export function sharing(network: Network, maxBytes: number): Sharing {
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<HttpResponse>>()
  const bodies = new Map<Bytes, { readonly body: Bytes; uses: number }>()
  let bytes = 0
  let asked = 0
  let shared = 0

  function keep(key: string, response: HttpResponse): HttpResponse {
    if (response.body.length > maxBytes / 4 || response.durationMs > slowMs) return response
    const known = bodies.get(response.body)
    const body = known ?? { body: response.body, uses: 0 }
    body.uses++
    if (known === undefined) {
      bodies.set(response.body, body)
      bytes += response.body.length
    }
    const size = overhead + key.length + response.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
    const entry = { response: known === undefined ? response : { ...response, body: body.body }, size }
    bytes += size
    kept.set(key, entry)
    for (const [oldest, { response: { body: text }, size: freed }] of kept) {
      if (bytes <= maxBytes) break
      kept.delete(oldest)
      bytes -= freed
      const used = bodies.get(text)
      if (used !== undefined && --used.uses === 0) {
        bodies.delete(text)
        bytes -= text.length
      }
    }
    return entry.response
  }

  async function fetchShared(key: string, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const running = underWay.get(key)
    if (running !== undefined) {
      try {
        const response = await running
        shared++
        return response
      } catch (error) {
        // Whoever asked first wants it no longer; this one still does.
        if (!(error instanceof NetworkError && error.fault === 'cancelled') || signal.aborted) throw error
        return fetchShared(key, request, signal)
      }
    }
    const fetched = network.http(request, signal).then((response) => keep(key, response)).finally(() => underWay.delete(key))
    underWay.set(key, fetched)
    return fetched
  }

  return {
    get counts() { return { asked, shared } },
    session() {
      const seen = new Set<string>()
      let changed = false
      let last = ''
      return {
        http(request, signal) {
          asked++
          if (!safe.has(request.method)) {
            changed = true
            return network.http(request, signal)
          }
          const key = keyOf(request)
          const again = seen.has(key) && last !== key
          last = key
          if (changed || again) return network.http(request, signal)
          seen.add(key)
          const known = kept.get(key)
          if (known === undefined) return fetchShared(key, request, signal)
          kept.delete(key)
          kept.set(key, known)
          shared++
          return Promise.resolve(known.response)
        },
        dial(host, port, options, signal) {
          changed = true
          return network.dial(host, port, options, signal)
        },
        dns: (message, options, signal) => network.dns(message, options, signal),
      }
    },
  }
}

/** As it goes onto the wire, so that equal keys are equal bytes; and what of its answer is read. */
function keyOf({ method, scheme, host, port, target, headers, body, serverName, maxBytes }: HttpRequest): string {
  let key = `${method}\n${scheme}\n${host}\n${port}\n${target}\n${serverName ?? ''}\n${maxBytes}`
  for (const [name, value] of headers) key += `\n${name}: ${value}`
  return body === null ? key : `${key}\n\n${body}`
}
