// Whether a secret still works, asked of its provider by a harmless request, and only where a person wants that. The host is the rule's, never the text's; redirects
// are not followed, and nothing of the request is told. Defended by live.test.ts.
import { HaechiError } from '@haechi/server/errors'
import type { Egress } from '@haechi/server/egress'
import type { SecretRule } from '@haechi/secrets'

export type Liveness = 'alive' | 'dead' | 'unknown'

const timeoutMs = 10_000
/** What could end a header or begin a parameter is no part of a secret that is sent. */
const sendable = /^[\x21-\x7e]{1,4096}$/

const fixedHost = /^https:\/\/[a-z0-9.-]+\//i

export async function ask(rule: SecretRule, secret: string, egress: Egress, signal: AbortSignal): Promise<Liveness> {
  const { live } = rule
  if (live === null || !sendable.test(secret) || !fixedHost.test(live.url)) return 'unknown'
  const url = live.url.replaceAll('{secret}', encodeURIComponent(secret))
  const filled = (text: string): string => text.replaceAll(/\{(secret|basic)\}/g, (_, name: string) => (name === 'secret' ? secret : Buffer.from(`${secret}:`).toString('base64')))
  try {
    const { status } = await egress.fetch(url, {
      method: live.method, headers: Object.fromEntries(Object.entries(live.headers).map(([name, value]) => [name, filled(value)])), ...(live.body === null ? {} : { body: filled(live.body) }), redirects: 0, timeoutMs, maxBytes: 65_536, signal,
    })
    return live.alive.includes(status) ? 'alive' : live.dead.includes(status) ? 'dead' : 'unknown'
  } catch (error) {
    if (error instanceof HaechiError) return 'unknown'
    throw error
  }
}
