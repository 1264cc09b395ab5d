// The way from a tool to its API. A call reaches the origins that the API was said to have when it was first served, and no other, whatever a later version
// of its document says; an address of this machine or an inner network only where the user named it. Defended by upstream.test.ts.
import type { HttpAnswer, HttpRequest } from '@haechi/openapi-tools'
import type { Egress } from '@haechi/server/egress'
import { HaechiError } from '@haechi/server/errors'

export type Upstream = (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>

const inner = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/**
 * Hosts among `named` (URLs that the user typed) that lead to this machine or an inner network at the moment. One that cannot be resolved yet is asked for again when it is called,
 * until it is known.
 */
export async function judged(named: readonly string[], egress: Egress): Promise<{ allowed(): Promise<readonly string[]> }> {
  const hosts = new Map(named.map((url) => [new URL(url).hostname.replace(/^\[|\]$/g, ''), url]))
  const known = new Map<string, boolean>()
  async function look(): Promise<void> {
    for (const [host, url] of hosts) {
      if (known.has(host)) continue
      const kind = await egress.kindOf(url).catch(() => null)
      if (kind !== null) known.set(host, kind === 'private')
    }
    complete = known.size === hosts.size
    allowed = [...known].filter(([, inwards]) => inwards).map(([host]) => host)
  }
  let complete = false
  let allowed: readonly string[] = []
  await look()
  return {
    async allowed() {
      if (!complete) await look()
      return allowed
    },
  }
}

/** `origins`: where calls may go. `allowed`: hosts of this machine or an inner network among them. Errors of a call: mcp_host_refused, mcp_private_refused, egress_*. */
export function createUpstream(egress: Egress, origins: ReadonlySet<string>, allowed: () => Promise<readonly string[]>, { timeoutMs, idleMs, maxBytes }: { readonly timeoutMs: number; readonly idleMs: number; readonly maxBytes: number }): Upstream {
  return async (request, signal) => {
    const url = new URL(request.url)
    const { origin, host } = url
    if (!origins.has(origin)) throw new HaechiError('mcp_host_refused', { place: host, allowed: [...origins].join(', ') })
    try {
      const { status, headers, body } = await egress.open(url, {
        method: request.method, headers: request.headers, allowPrivate: await allowed(), sameOrigin: true, timeoutMs, idleMs, maxBytes, signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      return { status, headers, body }
    } catch (error) {
      if (error instanceof HaechiError && error.code === 'egress_refused' && inner.has(String(error.params['reason']))) throw new HaechiError('mcp_private_refused', { place: String(error.params['place']) }, { cause: error })
      throw error
    }
  }
}
