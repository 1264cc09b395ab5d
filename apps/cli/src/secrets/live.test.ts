import type { Egress, EgressRequest } from '@haechi/server/egress'
import { HaechiError } from '@haechi/server/errors'
import { genericRules } from '@haechi/secrets'
import type { LiveCheck, SecretRule } from '@haechi/secrets'
import { describe, expect, it } from 'vitest'
import { ask } from './live.ts'

const [{ judge: _, ...generic }] = genericRules as unknown as [SecretRule & { readonly judge: unknown }]
const check: LiveCheck = { method: 'GET', url: 'https://api.example.com/v1/me?key={secret}', headers: { Authorization: 'Bearer {secret}' }, body: null, alive: [200], dead: [401] }
const ruleOf = (live: LiveCheck | null): SecretRule => ({ ...generic, live })

function egressOf(status: number | HaechiError): { readonly egress: Egress; readonly sent: { readonly url: string; readonly request: EgressRequest }[] } {
  const sent: { readonly url: string; readonly request: EgressRequest }[] = []
  const egress: Egress = {
    fetch: async (url, request = {}) => {
      sent.push({ url: String(url), request })
      if (status instanceof HaechiError) throw status
      return { status, headers: {}, url: String(url), body: new Uint8Array() }
    },
    open: () => { throw new Error('not asked for') }, kindOf: async () => 'public', close: async () => undefined,
  }
  return { egress, sent }
}
const { signal } = new AbortController()

describe('ask', () => {
  it.each([[200, 'alive'], [401, 'dead'], [500, 'unknown'], [403, 'unknown']] as const)('takes %i for %s', async (status, liveness) => {
    const { egress, sent } = egressOf(status)
    expect(await ask(ruleOf(check), 'abc+/=', egress, signal)).toBe(liveness)
    expect(sent).toMatchObject([{ url: 'https://api.example.com/v1/me?key=abc%2B%2F%3D', request: { method: 'GET', headers: { Authorization: 'Bearer abc+/=' }, redirects: 0 } }])
  })

  it.each(['a\r\nHost: other', 'a b', '한글', ''])('sends nothing of %j', async (secret) => {
    const { egress, sent } = egressOf(200)
    expect(await ask(ruleOf(check), secret, egress, signal)).toBe('unknown')
    expect(sent).toEqual([])
  })

  it('asks nobody but the host of the rule, and only over TLS', async () => {
    const { egress, sent } = egressOf(200)
    expect(await ask(ruleOf({ ...check, url: 'https://{secret}.example.com/' }), 'evil.test/x', egress, signal)).toBe('unknown')
    expect(await ask(ruleOf({ ...check, url: 'http://api.example.com/{secret}' }), 'abc', egress, signal)).toBe('unknown')
    expect(await ask(ruleOf(null), 'abc', egress, signal)).toBe('unknown')
    expect(sent).toEqual([])
  })

  it('does not know where the provider cannot be reached', async () => {
    expect(await ask(ruleOf(check), 'abc', egressOf(new HaechiError('egress_timeout', { url: 'https://api.example.com', limit_ms: 1 })).egress, signal)).toBe('unknown')
  })
})
