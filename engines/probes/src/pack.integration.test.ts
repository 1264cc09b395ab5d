// The packed form, as somebody who has only its README uses it.
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('probes', ['@types/node'])
afterAll(() => { packed.remove() })

const given = `
import { NetworkError } from '@haechi/probes'
import type { ProbeNetwork } from '@haechi/probes'
const network: ProbeNetwork = {
  addresses: async (host) => [host],
  connects: async (_, ports) => ({ states: ports.map((port) => (port === 22 ? 'open' : 'closed')), durationMs: 1, slowestAnswerMs: 1, notBegun: 0 }),
  dial: async () => {
    let left = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\\\\r\\\\n'
    return { address: '192.0.2.7', tls: null, write: async () => undefined, close: () => undefined, read: async () => { const part = left; left = ''; return part } }
  },
  datagram: () => Promise.reject(new NetworkError('timeout', '', '')), dns: () => Promise.reject(new NetworkError('timeout', '', '')), http: () => Promise.reject(new NetworkError('refused', '', '')),
}
`.replaceAll('\\\\', '\\')

test('it holds no TypeScript and no test', () => {
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
})

test('the README\'s example compiles, and says what is there', () => {
  expect(runExample(packed, given)).toContain('22 ssh OpenSSH 9.2p1')
})
