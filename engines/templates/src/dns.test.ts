import { decode, encode } from 'dns-packet'
import type { Packet, Question } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { runTemplate } from './execute.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { Match, Network } from './model.ts'
import { parseTarget } from './target.ts'
import { templateOf, templateText } from './template.fixture.ts'

type Server = (question: Question, recursion: boolean) => Partial<Packet>

/** Servers by their address; who is not there does not answer. */
function networkOf(servers: Readonly<Record<string, Server>>): { readonly network: Network; readonly asked: string[] } {
  const asked: string[] = []
  const none = (): Promise<never> => Promise.reject(new NetworkError('out_of_scope', 'x', 'not here'))
  return {
    asked,
    network: {
      http: none, dial: none,
      dns: (message, { resolver }) => {
        const query = decode(Buffer.from(message))
        const question = query.questions?.[0] ?? { type: 'A' as const, name: '' }
        asked.push(`${resolver ?? 'own'} ${question.name} ${question.type}`)
        const server = servers[resolver ?? 'own']
        if (server === undefined) return Promise.reject(new NetworkError('timeout', resolver ?? 'own', 'no answer'))
        return Promise.resolve(encode({ type: 'response', id: query.id ?? 0, questions: [question], ...server(question, query.flag_rd) }))
      },
    },
  }
}

async function run(block: string, servers: Readonly<Record<string, Server>>, maxRequests = 100): Promise<{ matches: Match[]; asked: string[]; faults: string[] }> {
  const { network, asked } = networkOf(servers)
  const matches: Match[] = []
  const faults: string[] = []
  await runTemplate(templateOf(templateText(`dns:\n  - name: "{{FQDN}}"\n    type: A\n${block}\n`)), {
    target: parseTarget('www.example.com')!, network, signal: new AbortController().signal, seed: 1, now: () => 0, report: match => { matches.push(match) }, sent: ({ fault }) => { if (fault !== null) faults.push(fault.fault) },
    settings: { disableRedirects: false, attack: null, serverName: null, timeoutMs: 100, maxBytes: 1000, userAgent: '', variables: {}, maxRequests, resolvers: [] },
  })
  return { matches, asked, faults }
}

const answer: Server = question => ({ answers: question.type === 'A' ? [{ type: 'A', name: question.name, ttl: 60, data: '192.0.2.80' }] : [] })
const own: Server = (question, recursion) => {
  expect(recursion).toBe(true)
  if (question.name === '.') return { answers: [{ type: 'NS', name: '.', ttl: 1, data: 'a.root.example' }] }
  if (question.name === 'a.root.example') return { answers: [{ type: 'A', name: question.name, ttl: 1, data: '192.0.2.1' }] }
  if (question.name === 'ns.example.net') return { answers: [{ type: 'A', name: question.name, ttl: 1, data: '192.0.2.3' }] }
  return answer(question, recursion)
}
const refer = (zone: string, server: string, glue?: string): Server => (_, recursion) => {
  expect(recursion).toBe(false)
  return { authorities: [{ type: 'NS', name: zone, ttl: 1, data: server }], additionals: glue === undefined ? [] : [{ type: 'A', name: server, ttl: 1, data: glue }] }
}

describe('a trace', () => {
  it('walks from the root to the zone, by the addresses that come along and those that must be asked for', async () => {
    const traced = await run('    trace: true\n    matchers: [{ type: word, part: trace, words: ["example.com.\\t1\\tIN\\tNS\\tns.example.net.", "www.example.com.\\t60\\tIN\\tA\\t192.0.2.80"], condition: and }]', {
      own, '192.0.2.1:53': refer('com', 'ns.com', '192.0.2.2'), '192.0.2.2:53': refer('example.com', 'ns.example.net'), '192.0.2.3:53': answer,
    })
    expect(traced.asked).toEqual([
      'own www.example.com A', 'own . NS', 'own a.root.example A', '192.0.2.1:53 www.example.com A', '192.0.2.2:53 www.example.com A', 'own ns.example.net A', '192.0.2.3:53 www.example.com A',
    ])
    expect(traced.matches).toHaveLength(1)
  })

  it('that goes in circles ends', async () => {
    const traced = await run('    trace: true\n    matchers: [{ type: word, words: [IN] }]', { own, '192.0.2.1:53': refer('com', 'ns.com', '192.0.2.1') })
    expect(traced.asked.filter(each => each.startsWith('192.0.2.1:53'))).toHaveLength(16)
    expect(traced.matches).toHaveLength(1)
  })

  it('that nobody answers leaves the answer itself', async () => {
    const traced = await run('    trace: true\n    matchers: [{ type: dsl, dsl: ["trace == \'\'"] }]', { own })
    expect(traced).toMatchObject({ faults: ['timeout'] })
    expect(traced.matches).toHaveLength(1)
  })
})

it('each try asks the next resolver', async () => {
  const { asked, matches } = await run('    retries: 3\n    resolvers: [192.0.2.7, "192.0.2.8:5353", "2001:db8::1"]\n    matchers: [{ type: word, words: [IN] }]', { '[2001:db8::1]:53': answer })
  expect(asked).toEqual(['192.0.2.7:53 www.example.com A', '192.0.2.8:5353 www.example.com A', '[2001:db8::1]:53 www.example.com A'])
  expect(matches).toHaveLength(1)
})

it('more questions than a run may ask end the template', async () => {
  await expect(run('    retries: 5\n    matchers: [{ type: word, words: [IN] }]', {}, 3)).rejects.toMatchObject({ problem: { code: 'budget_exceeded', place: 'dns' } })
})

it.each<readonly [string, Server]>([
  ['type', question => ({ questions: [{ ...question, type: 'TXT' }] })], ['class', question => ({ questions: [{ ...question, class: 'CH' }] })],
  ['name', () => ({ questions: [{ type: 'A', name: 'example.com' }] })], ['id', () => ({ id: 1 })], ['direction', () => ({ type: 'query' })],
])('an answer to a question of another %s is none', async (_, server) => {
  expect(await run('    retries: 1\n    matchers: [{ type: dsl, dsl: ["true"] }]', { own: server })).toMatchObject({ matches: [], faults: ['protocol_error'] })
})

it('an answer may write the name in other letters', async () => {
  expect((await run('    matchers: [{ type: word, words: [IN] }]', { own: (question, recursion) => ({ ...answer(question, recursion), questions: [{ ...question, name: 'WWW.Example.COM' }] }) })).matches).toHaveLength(1)
})
