import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from './clock.ts'
import { clientConfig } from './database.ts'
import type { Database, DatabaseConnection, Transaction } from './database.ts'
import { HaechiError } from './errors.ts'
import { silentLog } from './log.ts'
import { createOutbox } from './outbox.ts'
import type { DomainEvent, Outbox } from './outbox.ts'
import { testDatabase } from './postgres.fixture.ts'
import type { TestDatabase } from './postgres.fixture.ts'

declare module './outbox.ts' {
  interface DomainEvents {
    'test.counted.v1': { n: number; note?: string }
    'test.other.v1': { n: number }
  }
}

const day = 86_400_000
let scratch: TestDatabase
let connection: DatabaseConnection
let database: Database
const clock = manualClock(Date.UTC(2026, 0, 1))
let open: Outbox[] = []

beforeEach(async () => {
  scratch = await testDatabase()
  ;({ connection, database } = scratch)
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((outbox) => outbox.stop()))
  await scratch.drop()
})

type Handle = (event: DomainEvent<'test.counted.v1'>) => Promise<void>
function node(handlers: Record<string, Handle>): Outbox {
  const outbox = createOutbox({ database, connection, clock, log: silentLog })
  for (const [name, handle] of Object.entries(handlers)) outbox.subscribe(name, ['test.counted.v1'], handle)
  open.push(outbox)
  return outbox
}
const publisher = (): Outbox => createOutbox({ database, connection, clock, log: silentLog })
const count = (tx: Transaction, tenantId: string | null, n: number): Promise<void> => publisher().publish(tx, { type: 'test.counted.v1', tenantId, payload: { n } })
const collect = (): { seen: string[]; handle: Handle } => {
  const seen: string[] = []
  return { seen, handle: async (event) => { seen.push(`${event.tenantId}:${event.payload.n}`) } }
}

describe('delivery', () => {
  test('a commit delivers, woken by the commit itself; a rollback delivers nothing', async () => {
    const { seen, handle } = collect()
    await node({ counter: handle }).start()
    await expect(database.tenant('ten_a', async (tx) => { await count(tx, 'ten_a', 1); throw new RangeError('no') })).rejects.toThrow('no')
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 2))
    await database.platform((tx) => count(tx, null, 3))
    await expect.poll(() => seen.toSorted()).toEqual(['null:3', 'ten_a:2'])
  })

  test('only the types asked for, with what was published', async () => {
    const seen: DomainEvent[] = []
    const outbox = node({ counter: async (event) => { seen.push(event) } })
    await outbox.start()
    await database.tenant('ten_a', async (tx) => {
      await outbox.publish(tx, { type: 'test.other.v1', tenantId: 'ten_a', payload: { n: 1 } })
      await outbox.publish(tx, { type: 'test.counted.v1', tenantId: 'ten_a', payload: { n: 2, note: 'NUL \0, half \ud800, 해치' } })
    })
    await outbox.deliver()
    expect(seen).toEqual([{ id: expect.stringMatching(/^evt_/), type: 'test.counted.v1', tenantId: 'ten_a', at: clock.now(), payload: { n: 2, note: 'NUL \0, half \ud800, 해치' } }])
  })

  test('a tenant cannot publish for another tenant or for the platform', async () => {
    await expect(database.tenant('ten_a', (tx) => count(tx, 'ten_b', 1))).rejects.toThrow(/row-level security/)
    await expect(database.tenant('ten_a', (tx) => count(tx, null, 1))).rejects.toThrow(/row-level security/)
  })

  test('what a subscriber has not seen before it started comes from the beginning, in order, in more than one batch', async () => {
    for (let from = 0; from < 500; from += 100) await database.tenant('ten_a', async (tx) => { for (let n = from; n < from + 100; n++) await count(tx, 'ten_a', n) })
    const { seen, handle } = collect()
    const outbox = node({ late: handle })
    await outbox.start()
    await outbox.deliver()
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => `ten_a:${n}`))
  })

  test('a transaction that publishes first and commits last is neither lost nor overtaken in its own order', async () => {
    const { seen, handle } = collect()
    const outbox = node({ counter: handle })
    await outbox.start()
    const published = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const slow = database.tenant('ten_a', async (tx) => {
      await count(tx, 'ten_a', 1)
      published.resolve()
      await release.promise
      await count(tx, 'ten_a', 2)
    })
    await published.promise
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 3))
    await outbox.deliver()
    expect(seen).toEqual(['ten_a:3'])
    release.resolve()
    await slow
    await outbox.deliver()
    expect(seen).toEqual(['ten_a:3', 'ten_a:1', 'ten_a:2'])
  })

  test('many writers at once: each tenant sees every commit once, in the order of commits', async () => {
    const { seen, handle } = collect()
    const outbox = node({ counter: handle })
    await outbox.start()
    const tenants = ['ten_a', 'ten_b', 'ten_c']
    // Each writer's numbers rise; a transaction over two tenants in either order must not deadlock.
    await Promise.all(Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; i < 20; i++) {
        const n = writer * 1000 + i
        const [first, second] = (writer + i) % 2 === 0 ? tenants : tenants.toReversed()
        await database.platform(async (tx) => { await count(tx, first!, n); await count(tx, second!, n) })
      }
    }))
    await outbox.deliver()
    expect(seen.length).toBe(320)
    expect(new Set(seen).size).toBe(320)
    for (const tenant of tenants) {
      for (let writer = 0; writer < 8; writer++) {
        const own = seen.filter((entry) => entry.startsWith(`${tenant}:`)).map((entry) => Number(entry.split(':')[1])).filter((n) => Math.floor(n / 1000) === writer)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }
  })
})

describe('failure', () => {
  test('a poison event is tried ten times with growing pauses, parked with its code, and blocks no other tenant', async () => {
    const seen: string[] = []
    let poison = true
    let tried = 0
    const outbox = node({
      counter: async (event) => {
        if (poison && event.payload.n === 2) { tried++; throw new HaechiError('not_found', { what: 'thing' }) }
        seen.push(`${event.tenantId}:${event.payload.n}`)
      },
    })
    await outbox.start()
    await database.tenant('ten_a', async (tx) => { for (const n of [1, 2, 3]) await count(tx, 'ten_a', n) })
    await database.tenant('ten_b', (tx) => count(tx, 'ten_b', 1))
    await outbox.deliver()
    expect(seen.toSorted()).toEqual(['ten_a:1', 'ten_b:1'])
    await outbox.deliver()
    // Neither a sweep nor a new commit of the same tenant shortens the pause; notifications come in the order of commits.
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 4))
    await database.tenant('ten_b', (tx) => count(tx, 'ten_b', 5))
    await expect.poll(() => seen).toContain('ten_b:5')
    await outbox.deliver()
    expect(tried).toBe(1)
    for (const pause of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
      expect(await outbox.parked()).toEqual([])
      clock.advance(pause * 1000 - 1)
      await outbox.deliver()
      const before = tried
      clock.advance(1)
      await outbox.deliver()
      expect(tried).toBe(before + 1)
    }
    expect(seen.toSorted()).toEqual(['ten_a:1', 'ten_a:3', 'ten_a:4', 'ten_b:1', 'ten_b:5'])
    const [parked] = await outbox.parked()
    expect(parked).toEqual({ subscriber: 'counter', eventId: expect.any(String), type: 'test.counted.v1', tenantId: 'ten_a', code: 'not_found', parkedAt: clock.now() })

    await expect(outbox.retry('counter', 'evt_none')).rejects.toMatchObject({ code: 'not_found' })
    await outbox.retry('counter', parked!.eventId)
    await outbox.deliver()
    expect(await outbox.parked(), 'still poison').toHaveLength(1)
    poison = false
    await outbox.retry('counter', parked!.eventId)
    await outbox.deliver()
    expect(await outbox.parked()).toEqual([])
    expect(seen).toContain('ten_a:2')
  })

  test('the process is killed in the handler: the event comes again', async () => {
    await database.tenant('ten_a', async (tx) => { await count(tx, 'ten_a', 1); await count(tx, 'ten_a', 2) })
    const child = spawn(process.execPath, ['--input-type=module', '-e', `
      import { createOutbox } from ${JSON.stringify(new URL('outbox.ts', import.meta.url).href)}
      import { openDatabase } from ${JSON.stringify(new URL('database.ts', import.meta.url).href)}
      import { systemClock } from ${JSON.stringify(new URL('clock.ts', import.meta.url).href)}
      import { silentLog } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)}
      const connection = ${JSON.stringify(connection)}
      const outbox = createOutbox({ database: await openDatabase(connection, silentLog), connection, clock: systemClock, log: silentLog })
      outbox.subscribe('counter', ['test.counted.v1'], async (event) => {
        process.stdout.write(event.payload.n + '\\n')
        await new Promise(() => {})
      })
      await outbox.start()
    `], { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] })
    const [first] = await once(child.stdout, 'data') as [Buffer]
    expect(String(first)).toBe('1\n')

    // While the child lives, it alone runs the subscriber.
    const { seen, handle } = collect()
    const outbox = node({ counter: handle })
    await outbox.start()
    await outbox.deliver()
    expect(seen).toEqual([])
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(async () => { await outbox.deliver(); return seen }).toEqual(['ten_a:1', 'ten_a:2'])
  })

  test('every connection breaks and comes back: nothing is lost, and commits wake the node again', async () => {
    const { seen, handle } = collect()
    const outbox = node({ counter: handle })
    await outbox.start()
    const admin = new Client(clientConfig(connection))
    await admin.connect()
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    await expect.poll(() => database.tenant('ten_a', (tx) => count(tx, 'ten_a', 1)).then(() => true, () => false)).toBe(true)
    await expect.poll(async () => { await outbox.deliver(); return seen }).toEqual(['ten_a:1'])
    await admin.end()
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 2))
    await expect.poll(() => seen).toEqual(['ten_a:1', 'ten_a:2'])
  })

  test('two nodes share one subscriber: each event is handled by one of them, and the other takes over', async () => {
    const one = collect()
    const two = collect()
    const first = node({ counter: one.handle })
    const second = node({ counter: two.handle })
    await first.start()
    await second.start()
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 1))
    await Promise.all([first.deliver(), second.deliver()])
    expect([one.seen, two.seen]).toEqual([['ten_a:1'], []])
    await first.stop()
    await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 2))
    await second.deliver()
    expect(two.seen).toEqual(['ten_a:2'])
  })
})

test('an event goes seven days after every subscriber has had it, never before', async () => {
  const kept = async (): Promise<number> => (await database.platform((tx) => sql`SELECT FROM platform_outbox`.execute(tx))).rows.length
  let stuck = true
  const outbox = node({ quick: async () => undefined, slow: async () => { if (stuck) throw new RangeError('not yet') } })
  await outbox.start()
  await database.tenant('ten_a', (tx) => count(tx, 'ten_a', 1))
  await outbox.deliver()
  clock.advance(8 * day)
  await outbox.deliver()
  expect(await kept()).toBe(1)
  stuck = false
  clock.advance(6 * 60_000)
  await outbox.deliver()
  clock.advance(2 * 3_600_000)
  await outbox.deliver()
  expect(await kept()).toBe(0)
})
