import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryRun, zones } from './network.fixture.ts'
import type { Answerer } from './network.fixture.ts'
import { createResolver } from './resolver.ts'
import type { Lookup } from './resolver.ts'

const a = (name: string, data: string, ttl = 300) => ({ type: 'A', name, ttl, data }) as const
const cname = (name: string, data: string, ttl = 300) => ({ type: 'CNAME', name, ttl, data }) as const
const world = zones({
  'example': [['www', 'A', '192.0.2.2'], ['www', 'A', '192.0.2.1'], ['www', 'AAAA', '2001:db8::1'], ['alias', 'CNAME', 'www.example'], ['out', 'CNAME', 'far.other'], ['gone', 'CNAME', 'nothing.other'], ['mail', 'MX', { preference: 1, exchange: 'www.example' }],
    ['ring1', 'CNAME', 'ring2.example'], ['ring2', 'CNAME', 'ring1.example']],
  'other': [['far', 'A', '198.51.100.1']],
})

describe('questions', () => {
  it('go to each server in turn, and what one cannot say another may', async () => {
    const run = memoryRun(asked => (asked.server === '192.0.2.1:53' ? null : asked.server === '192.0.2.2:53' ? { flags: 2 } : world(asked)))
    const answer = await createResolver({ run, servers: ['192.0.2.1', '192.0.2.2:53', '2001:db8::53'] }).query('www.example', 'A')
    expect(answer.answer).toHaveLength(2)
    expect(run.asked.map(({ server }) => server)).toEqual(['192.0.2.1:53', '192.0.2.2:53', '[2001:db8::53]:53'])
    expect(new Set(run.asked.map(({ id }) => id)).size).toBe(3)
  })

  it('that nobody answers end after three tries, with the last fault; a failure of all servers is an answer', async () => {
    const silent = memoryRun(() => null)
    await expect(createResolver({ run: silent, servers: null }).query('www.example', 'A')).rejects.toMatchObject({ fault: 'timeout' })
    expect(silent.asked).toHaveLength(3)
    expect(await createResolver({ run: memoryRun(() => ({ flags: 2 })), servers: ['192.0.2.1', '192.0.2.2'] }).query('www.example', 'A')).toMatchObject({ rcode: 2 })
  })

  it('are asked once, also at the same time, until their answer has ended', async () => {
    let time = 0
    const run = memoryRun(() => ({ answers: [a('www.example', '192.0.2.1', 10)] }), { clock: () => time })
    const resolver = createResolver({ run, servers: null })
    await Promise.all([resolver.query('www.example', 'A'), resolver.query('WWW.example.', 'A')])
    time = 9_999
    await resolver.query('www.example', 'A')
    expect(run.asked).toHaveLength(1)
    time = 10_000
    await resolver.query('www.example', 'A')
    expect(run.asked).toHaveLength(2)
  })

  it('at most so many at a time as one may ask without harm', async () => {
    let most = 0
    let now = 0
    const run = memoryRun(world)
    const { dns } = run.network
    const slow = { ...run, network: { ...run.network, dns: async (...words: Parameters<typeof dns>) => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now--
      return dns(...words)
    } } }
    const resolver = createResolver({ run: slow, servers: null })
    await Promise.all(Array.from({ length: 500 }, (_, at) => resolver.query(`h${at}.example`, 'A')))
    expect(most).toBe(64)
    expect(run.asked).toHaveLength(500)
  })

  it('to a server of one\'s choice ask it alone, without recursion, and its answer is not kept', async () => {
    const run = memoryRun(world)
    const resolver = createResolver({ run, servers: ['192.0.2.1'] })
    for (let time = 0; time < 2; time++) await resolver.query('www.example', 'A', { server: '192.0.2.9' })
    expect(run.asked.map(({ server, bytes }) => [server, bytes[2]! & 1])).toEqual([['192.0.2.9:53', 0], ['192.0.2.9:53', 0]])
    await resolver.query('www.example', 'A')
    expect(run.asked[2]!.bytes[2]! & 1).toBe(1)
  })

  it('that were cut off come again over TCP', async () => {
    const run = memoryRun(asked => (asked.over === 'udp' ? { flags: 0x0200 } : world(asked)))
    expect((await createResolver({ run, servers: ['192.0.2.1'] }).query('www.example', 'A')).answer).toHaveLength(2)
    expect(run.asked.map(({ over }) => over)).toEqual(['udp', 'tcp'])
  })

  it('over TCP and TLS take one connection after the other; one that was closed meanwhile is opened again', async () => {
    let closes = false
    const run = memoryRun(asked => (closes ? [] : world(asked)))
    const resolver = createResolver({ run, servers: ['192.0.2.1'], transport: 'dot' })
    for (const name of ['www.example', 'alias.example', 'mail.example']) await resolver.query(name, 'A')
    expect([run.dialled, run.asked.every(({ over, written, name }) => over === 'dot' && written === name)]).toEqual([['192.0.2.1:853'], true])
    closes = true
    await expect(resolver.query('other.example', 'A')).rejects.toMatchObject({ fault: 'closed' })
    expect(run.dialled.length).toBeGreaterThan(1)
  })

  it('of names that are none are never sent', async () => {
    const run = memoryRun(world)
    await expect(createResolver({ run, servers: null }).query('a..b', 'A')).rejects.toMatchObject({ fault: 'not_resolved' })
    expect(run.asked).toEqual([])
  })
})

describe('what an answer has to be', () => {
  const ask = (answerer: Answerer): Promise<unknown> => createResolver({ run: memoryRun(answerer), servers: null }).query('www.example', 'A')
  it.each([
    ['another number', ({ id, written }) => ({ id: id ^ 1, questions: [{ name: written, type: 'A' }] })],
    ['another name', () => ({ questions: [{ name: 'www.example.com', type: 'A' }] })],
    ['another type', ({ written }) => ({ questions: [{ name: written, type: 'MX' }] })],
    ['no question', () => ({ questions: [] })],
    ['a question', ({ bytes }) => bytes],
    ['no message', () => new Uint8Array(5)],
    ['a loop of pointers', ({ id }) => Buffer.from([id >> 8, id & 255, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1])],
    ['another operation', ({ written }) => ({ flags: 0x2000, questions: [{ name: written, type: 'A' }] })],
  ] satisfies readonly (readonly [string, Answerer])[])('%s is none', async (_, answerer) => { await expect(ask(answerer)).rejects.toMatchObject({ fault: 'protocol_error' }) })

  it('letters in another case are asked for again over TCP, where nobody else can answer', async () => {
    const run = memoryRun(asked => ({ ...world(asked) as object, questions: [{ name: asked.name, type: 'A' }] }))
    expect((await createResolver({ run, servers: ['192.0.2.1'] }).query('www.example', 'A')).answer).toHaveLength(2)
    expect(run.asked.map(({ over }) => over)).toEqual(['udp', 'tcp'])
  })

  it('of the machine\'s own resolver, they are asked for again as it writes them', async () => {
    const run = memoryRun(asked => ({ ...world(asked) as object, questions: [{ name: asked.name, type: 'A' }] }))
    expect((await createResolver({ run, servers: null }).query('WWW.example', 'A')).answer).toHaveLength(2)
    expect(run.asked.map(({ written }) => written === 'www.example')).toEqual([false, true])
  })
})

describe('addresses', () => {
  const lookup = (name: string, answerer: Answerer = world): Promise<Lookup> => createResolver({ run: memoryRun(answerer), servers: null }).lookup(name)

  it.each([[true], [false]])('are found along aliases (servers follow them: %s)', async recursive => {
    const answerer = zones({ example: [['www', 'A', '192.0.2.2'], ['www', 'A', '192.0.2.1'], ['www', 'AAAA', '2001:db8::1'], ['alias', 'CNAME', 'www.example'], ['out', 'CNAME', 'far.other'], ['gone', 'CNAME', 'nothing.other'], ['mail', 'MX', { preference: 1, exchange: 'www.example' }]], other: [['far', 'A', '198.51.100.1']] }, { recursive })
    expect(await lookup('WWW.Example.', answerer)).toEqual({ name: 'www.example', status: 'found', addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::1'], chain: [], ttl: 300, deniedBy: null, fault: null })
    expect(await lookup('alias.example', answerer)).toMatchObject({ status: 'found', chain: ['www.example'], addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] })
    expect(await lookup('out.example', answerer)).toMatchObject({ status: 'found', chain: ['far.other'], addresses: ['198.51.100.1'] })
    expect(await lookup('gone.example', answerer)).toMatchObject({ status: 'no_name', chain: ['nothing.other'], addresses: [], deniedBy: 'other' })
    expect(await lookup('mail.example', answerer)).toMatchObject({ status: 'no_data', deniedBy: 'example' })
    expect(await lookup('nothing.example', answerer)).toMatchObject({ status: 'no_name', chain: [], deniedBy: 'example' })
  })

  it('of circles and of chains without end end', async () => {
    expect(await lookup('ring1.example')).toMatchObject({ status: 'loop', addresses: [] })
    const run = memoryRun(({ name, written }) => ({ questions: [{ name: written, type: 'A' }], answers: [cname(name, `x${name}`.slice(-60))] }))
    expect(await createResolver({ run, servers: null }).lookup('a.example')).toMatchObject({ status: 'loop' })
    expect(run.asked.length).toBeLessThan(100)
    expect(await lookup('a.example', () => ({ answers: Array.from({ length: 200 }, (_, at) => cname(at === 0 ? 'a.example' : `h${at}.example`, `h${at + 1}.example`)) }))).toMatchObject({ status: 'loop' })
  })

  it('that were not asked for count for nothing', async () => {
    const answerer: Answerer = ({ type }) => (type === 'A' ? { answers: [a('bank.example', '203.0.113.66'), cname('www.example', 'real.example'), a('real.example', '192.0.2.1')], additionals: [a('www.example', '203.0.113.66')], authorities: [a('www.example', '203.0.113.66')] } : { flags: 0 })
    expect(await lookup('www.example', answerer)).toMatchObject({ addresses: ['192.0.2.1'], chain: ['real.example'] })
  })

  it('that nobody tells are a fault, not a denial; one family is enough', async () => {
    expect(await lookup('www.example', () => null)).toMatchObject({ status: 'failed', fault: { fault: 'timeout' } })
    expect(await lookup('www.example', () => ({ flags: 5 }))).toMatchObject({ status: 'failed', fault: { fault: 'not_resolved' } })
    expect(await lookup('a..b')).toMatchObject({ status: 'failed', fault: { fault: 'not_resolved' } })
    expect(await lookup('www.example', asked => (asked.type === 'AAAA' ? null : world(asked)))).toMatchObject({ status: 'found', addresses: ['192.0.2.1', '192.0.2.2'] })
  })

  it('stop when the probe is stopped', async () => {
    const run = memoryRun(world)
    run.stop()
    await expect(createResolver({ run, servers: null }).lookup('www.example')).rejects.toMatchObject({ fault: 'cancelled' })
  })

  it('of whatever a server makes up end, and lead nowhere but where the answers do', async () => {
    const name = fc.integer({ min: 0, max: 6 }).map(at => `h${at}.example`)
    const record = fc.oneof(fc.tuple(name, name).map(([from, to]) => cname(from, to)), fc.tuple(name, fc.integer({ min: 1, max: 3 })).map(([of, at]) => a(of, `192.0.2.${at}`)))
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.array(record, { maxLength: 6 }), fc.constantFrom(0, 2, 3, 5)), { minLength: 1, maxLength: 5 }), async answers => {
      let at = 0
      const run = memoryRun(() => {
        const [records, flags] = answers[at++ % answers.length]!
        return { answers: records, flags }
      })
      const found = await createResolver({ run, servers: null }).lookup('h0.example')
      expect(run.asked.length).toBeLessThanOrEqual(2 * 3 * 17)
      expect(found.chain.length).toBeLessThanOrEqual(17)
      expect(new Set(found.chain).size).toBe(found.chain.length)
      expect(found.addresses.length > 0).toBe(found.status === 'found')
    }))
  })
})
