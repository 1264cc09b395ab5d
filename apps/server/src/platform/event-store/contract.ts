// What every event store must hold, compared with a naive filter over the same events.
import { createHash } from 'node:crypto'
import { columnsOf, type Columns } from '@haechi/records'
import ipaddr from 'ipaddr.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventLog } from '../event-log/port.ts'
import type { EventQuery, EventStore, StoredEvent } from './port.ts'

export type Known = { offset: number; id: string; time: number; receivedAt: number; source: string; backfill: boolean; raw: string; columns: Columns }
export type Place = { log: EventLog; store: EventStore; remove(): Promise<void> }

const start = 1_700_000_000_000
const pick = <T>(of: readonly T[], n: number): T => of[n % of.length]!
/** A generator whose numbers follow from the seed (xorshift). */
export function numbers(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
const digest = (name: string, length: number) => createHash('sha256').update(name).digest('hex').slice(0, length)

export function record(next: () => number): object {
  const image = pick(['C:\\Windows\\System32\\cmd.exe', 'C:\\Program Files\\앱\\실행.exe', '/usr/bin/curl', 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'], next())
  const shape = next() % 10
  if (shape === 0) return { note: pick(['unbekannt ÄÖ', '한국어 기록', '100% _under', "it's 'quoted'"], next()), n: next() % 5 }
  return {
    // Days before, within and after what counts as late or future; some state no time.
    ...shape === 1 ? {} : { '@timestamp': new Date(start + (next() % 4000 - 2000) * 60_000).toISOString() },
    event: { code: pick(['1', '3', '4688'], next()) },
    winlog: {
      channel: 'Microsoft-Windows-Sysmon/Operational', provider_name: 'Microsoft-Windows-Sysmon', event_id: pick(['1', '3'], next()), computer_name: pick(['HOST-A.corp', 'host-a.corp', 'host-b', '서버-1'], next()),
      event_data: {
        Image: image, User: pick(['CORP\\alice', 'CORP\\Bob'], next()), CommandLine: `${image} ${next() % 50}`, Hashes: `MD5=${digest(`m${next() % 5}`, 32)},SHA256=${digest(`s${next() % 5}`, 64)}`,
        ...next() % 2 === 0 ? { SourceIp: `10.1.${next() % 4}.${next() % 8}`, DestinationIp: pick(['192.0.2.7', '2001:db8::1', '2001:0db8:0::0001', 'fe80::1%eth0'], next()), DestinationPort: '443' } : {},
      },
    },
  }
}

/** Puts `count` events into the log, in batches of many sizes. */
export async function feed(log: EventLog, tenant: string, count: number, seed: number): Promise<Known[]> {
  const next = numbers(seed)
  const known: Known[] = []
  for (let left = count; left > 0;) {
    const size = Math.min(left, 1 + next() % 400)
    left -= size
    const [source, receivedAt, backfill] = [`src_${next() % 3}`, start + next() % 1000, next() % 4 === 0]
    const entries = Array.from({ length: size }, (_, i) => ({ id: createHash('sha256').update(`${seed}/${left}/${i}`).digest().subarray(0, 16), bytes: Buffer.from(JSON.stringify(record(next))) }))
    const { first } = await log.append(tenant, { source, receivedAt, backfill, entries })
    for (const [i, { id, bytes }] of entries.entries()) {
      const raw = bytes.toString()
      const columns = columnsOf(JSON.parse(raw), { now: receivedAt })
      known.push({ offset: first + i, id: id.toString('hex'), time: columns.time ?? receivedAt, receivedAt, source, backfill, raw, columns })
    }
  }
  return known
}

const same = (value: string | null, wanted: string | undefined) => wanted === undefined || value?.toLowerCase() === wanted.toLowerCase()
function within(address: string | null, wanted: string): boolean {
  if (address === null || !ipaddr.isValid(address)) return false
  const [block, length] = ipaddr.parseCIDR(wanted.includes('/') ? wanted : `${wanted}/${ipaddr.IPv4.isValid(wanted) ? 32 : 128}`)
  const bits = (of: ipaddr.IPv4 | ipaddr.IPv6) => of.toByteArray().map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const parsed = ipaddr.parse(address)
  return parsed.kind() === block.kind() && bits(parsed).startsWith(bits(block).slice(0, length))
}
export function naive(known: readonly Known[], query: EventQuery): Known[] {
  return known.filter(({ time, source, raw, columns }) => (query.from === undefined || time >= query.from) && (query.to === undefined || time < query.to)
    && (same(columns.host, query.host) || (query.host?.includes('.') === false && columns.host?.toLowerCase().startsWith(`${query.host.toLowerCase()}.`) === true)) && same(columns.user, query.user) && same(columns.event_code, query.eventCode) && (query.source === undefined || source === query.source)
    && (query.process === undefined || same(columns.process, query.process) || ['\\', '/'].some((mark) => columns.process?.toLowerCase().endsWith(mark + query.process!.toLowerCase())))
    && (query.hash === undefined || (columns.hash ?? '').split(' ').includes(query.hash.toLowerCase()))
    && (query.address === undefined || within(columns.src_ip, query.address) || within(columns.dst_ip, query.address))
    && (query.text === undefined || raw.toLowerCase().includes(query.text.toLowerCase()) || raw.toLowerCase().includes(JSON.stringify(query.text.toLowerCase()).slice(1, -1)))
  ).sort((a, b) => b.time - a.time || b.offset - a.offset)
}

export function queries(known: readonly Known[]): EventQuery[] {
  return [
    {}, { host: 'host-a.CORP' }, { host: 'HOST-A' }, { host: 'corp' }, { host: '서버-1' }, { user: 'corp\\bob' }, { process: 'CMD.exe' }, { process: '/usr/bin/curl' }, { process: '실행.exe' }, { process: 'exe' }, { eventCode: '3' },
    { hash: digest('s1', 64) }, { hash: digest('m3', 32).toUpperCase() }, { address: '10.1.2.3' }, { address: '10.1.0.0/23' }, { address: '2001:db8::1' }, { address: '2001:db8::/32' }, { address: '0.0.0.0/0' },
    { source: 'src_1' }, { text: 'powershell' }, { text: 'C:\\Windows\\system32' }, { text: '한국어' }, { text: 'ÄÖ' }, { text: '100% _' }, { text: "'quoted'" }, { text: '"' }, { text: 'nowhere to be found' },
    { from: start, to: start + 3_600_000 }, { from: start - 86_400_000, host: 'host-b', text: 'curl' }, { to: known[0]!.time }, { from: known[0]!.time, to: known[0]!.time + 1 }, { from: start, to: start },
  ]
}

export async function readPages(store: EventStore, tenant: string, query: EventQuery, limit: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  let cursor: string | undefined
  for (;;) {
    const page = await store.search(tenant, { ...query, limit, ...cursor === undefined ? {} : { cursor } })
    expect(page.events.length).toBeLessThanOrEqual(limit)
    events.push(...page.events)
    if (page.next === null) return events
    expect(page.events.length).toBe(limit)
    cursor = page.next
  }
}

export async function expectSame(store: EventStore, tenant: string, known: readonly Known[]): Promise<void> {
  await Promise.all(queries(known).map(async (query, i) => {
    const wanted = naive(known, query)
    const label = JSON.stringify(query)
    expect((await readPages(store, tenant, query, i < 2 ? 97 : 10_000)).map(({ offset }) => offset), label).toEqual(wanted.map(({ offset }) => offset))
    expect(await store.count(tenant, query), label).toBe(wanted.length)
    const buckets = Map.groupBy(wanted, ({ time }) => Math.floor(time / 3_600_000) * 3_600_000)
    expect(await store.histogram(tenant, query, 3_600_000), label).toEqual([...buckets].map(([bucket, of]) => ({ start: bucket, count: of.length })).sort((x, y) => x.start - y.start))
  }))
}

/** `open` gives a log and a store that follows it, both empty; the store should roll early, so that all its forms are met. Each test has a tenant of its own. */
export function eventStoreContract(name: string, open: () => Promise<Place>): void {
  describe(`event store contract: ${name}`, () => {
    let place: Place
    let tests = 0
    beforeAll(async () => { place = await open() })
    afterAll(() => place.remove())
    const withStore = (run: (of: Place & { tenant: string; other: string }) => Promise<void>) => () => {
      const tenant = `tenant-${tests++}`
      return run({ ...place, tenant, other: `${tenant}-other` })
    }
    test('answers what a naive filter answers: hot, rolled and mixed', withStore(async ({ log, store, tenant }) => {
      let known = await feed(log, tenant, 600, 7)
      await store.waitFor(tenant, log.end(tenant))
      await expectSame(store, tenant, known)
      await store.roll(tenant)
      known = [...known, ...await feed(log, tenant, 900, 8)]
      await store.waitFor(tenant, log.end(tenant))
      await expectSame(store, tenant, known)
      await store.roll(tenant)
      await expectSame(store, tenant, known)
    }), 60_000)

    test('gives every column, the raw record as it was sent, and only the fields asked for', withStore(async ({ log, store, tenant }) => {
      const known = await feed(log, tenant, 300, 3)
      await store.waitFor(tenant, log.end(tenant))
      for (const rolled of [false, true]) {
        if (rolled) await store.roll(tenant)
        const events = new Map((await readPages(store, tenant, {}, 100)).map((event) => [event.offset, event]))
        for (const { offset, id, time, receivedAt, source, backfill, raw, columns } of known) {
          expect(events.get(offset)).toEqual({ offset, event_id: id, received_at: receivedAt, source, backfill, raw, ...columns, time, time_stated: columns.time !== null })
        }
        const { events: [one] } = await store.search(tenant, { limit: 1, fields: ['host', 'raw'] })
        expect(Object.keys(one!).sort()).toEqual(['event_id', 'host', 'offset', 'raw', 'received_at', 'time'])
      }
    }))

    test('pages stay stable while events come in', withStore(async ({ log, store, tenant }) => {
      const known = await feed(log, tenant, 500, 11)
      await store.waitFor(tenant, log.end(tenant))
      const before = naive(known, {}).map(({ offset }) => offset)
      const seen: number[] = []
      let cursor: string | undefined
      for (let page = 0; page === 0 || cursor !== undefined; page++) {
        const { events, next } = await store.search(tenant, { limit: 60, ...cursor === undefined ? {} : { cursor } })
        seen.push(...events.map(({ offset }) => offset))
        cursor = next ?? undefined
        if (page < 4) {
          await feed(log, tenant, 100, 100 + page)
          await store.waitFor(tenant, log.end(tenant))
          if (page % 2 === 0) await store.roll(tenant)
        }
      }
      expect(seen.filter((offset) => offset < 500)).toEqual(before)
      expect(new Set(seen).size).toBe(seen.length)
    }))

    test('while it rolls and compacts every answer is whole', withStore(async ({ log, store, tenant }) => {
      let all = 0
      for (let round = 0; round < 4; round++) {
        all += (await feed(log, tenant, 300, 200 + round)).length
        await store.waitFor(tenant, log.end(tenant))
        let rolling = true
        const rolled = store.roll(tenant).finally(() => { rolling = false })
        const isRolling = () => rolling
        await Promise.all(Array.from({ length: 6 }, async (_, i) => {
          do expect(i % 2 === 0 ? await store.count(tenant, {}) : (await store.search(tenant, { limit: 10_000, fields: [] })).events.length).toBe(all)
          while (isRolling())
        }))
        await rolled
      }
    }))

    test('refuses what is no query, with the name of the part', withStore(async ({ store, tenant }) => {
      const broken: [object, string][] = [
        [{ limit: 0 }, 'limit'], [{ limit: 10_001 }, 'limit'], [{ limit: 1.5 }, 'limit'], [{ from: NaN }, 'from'], [{ to: 1e300 }, 'to'], [{ host: '' }, 'host'], [{ text: 'a\0b' }, 'text'], [{ text: 'x'.repeat(5000) }, 'text'],
        [{ user: '\ud800' }, 'user'], [{ hash: "' or 1=1 --" }, 'hash'], [{ hash: 'ab' }, 'hash'], [{ address: '10.0.0.0/33' }, 'address'], [{ address: '10.1' }, 'address'], [{ address: 'x/8' }, 'address'], [{ address: '::/129' }, 'address'],
        [{ address: '10.0.0.0/8/9' }, 'address'], [{ fields: ['raw; drop table events'] }, 'fields'], [{ fields: ['src_key'] }, 'fields'],
      ]
      for (const [query, name] of broken) await expect(store.search(tenant, { limit: 1, ...query }), JSON.stringify(query)).rejects.toMatchObject({ code: 'query_invalid', params: { name } })
      for (const cursor of ['', 'x', '0', Buffer.from('1:2; drop').toString('base64url')]) await expect(store.search(tenant, { limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor_invalid' })
      for (const bucket of [0, -1, 0.5, NaN, 1e15]) await expect(store.histogram(tenant, {}, bucket)).rejects.toMatchObject({ code: 'query_invalid', params: { name: 'bucket' } })
      for (const broken of ['../b', '', "a'b"]) await expect(store.count(broken, {})).rejects.toMatchObject({ code: 'tenant_invalid' })
      expect(await store.search(tenant, { limit: 5, host: "' or 1=1 --" })).toEqual({ events: [], next: null })
    }))

    test('tenants do not meet', withStore(async ({ log, store, tenant, other }) => {
      const [a, b] = [await feed(log, tenant, 120, 1), await feed(log, other, 80, 2)]
      await Promise.all([store.waitFor(tenant, 120), store.waitFor(other, 80)])
      await store.roll(tenant)
      expect(await store.count(tenant, {})).toBe(a.length)
      expect((await readPages(store, other, {}, 100)).map(({ event_id }) => event_id).sort()).toEqual(b.map(({ id }) => id).sort())
      expect(await store.count(`${tenant}-none`, {})).toBe(0)
    }))

    test('counts by source what is unknown, untimed, late and ahead', withStore(async ({ log, store, tenant }) => {
      const known = await feed(log, tenant, 800, 5)
      await store.waitFor(tenant, log.end(tenant))
      const wanted = [...Map.groupBy(known, ({ source }) => source)].map(([source, of]) => ({
        source, events: of.length, unknownShapes: of.filter(({ columns }) => columns.shape === 'unknown').length, untimed: of.filter(({ columns }) => columns.time === null).length,
        late: of.filter(({ backfill, time, receivedAt }) => !backfill && time < receivedAt - 86_400_000).length, future: of.filter(({ time, receivedAt }) => time > receivedAt + 300_000).length,
        lastTime: Math.max(...of.map(({ time }) => time)), lastReceivedAt: Math.max(...of.map(({ receivedAt }) => receivedAt)),
      })).sort((a, b) => a.source < b.source ? -1 : 1)
      expect(await store.statistics(tenant)).toEqual(wanted)
      await store.roll(tenant)
      await store.rebuild(tenant)
      await store.waitFor(tenant, log.end(tenant))
      expect(await store.statistics(tenant)).toEqual(wanted)
    }))

    test('names the hosts, users and addresses of a range of offsets', withStore(async ({ log, store, tenant }) => {
      const known = await feed(log, tenant, 600, 9)
      await store.waitFor(tenant, log.end(tenant))
      await store.roll(tenant)
      await feed(log, tenant, 50, 10)
      const wanted = new Map<string, { first: number; last: number; events: number }>()
      for (const { offset, time, source, columns: { host, user, src_ip, dst_ip } } of known) {
        if (offset < 100 || offset >= 500 || (host ?? user ?? src_ip ?? dst_ip) === null) continue
        const addresses = [...new Set([src_ip, dst_ip].filter((address) => address !== null))]
        for (const address of addresses.length === 0 ? [null] : addresses) {
          const key = JSON.stringify([host, user, address, source])
          const of = wanted.get(key) ?? { first: Infinity, last: -Infinity, events: 0 }
          wanted.set(key, { first: Math.min(of.first, time), last: Math.max(of.last, time), events: of.events + 1 })
        }
      }
      const found = new Map((await store.entities(tenant, 100, 500)).map(({ host, user, address, source, ...rest }) => [JSON.stringify([host, user, address, source]), rest]))
      expect(found).toEqual(wanted)
    }))

    test('tells when events can be found, and a wait can be given up', withStore(async ({ log, store, tenant }) => {
      const told: [number, number][] = []
      const stop = store.onSearchable((of, from, end) => { if (of === tenant) told.push([from, end]) })
      await expect(store.waitFor(tenant, 1, AbortSignal.abort(new Error('given up')))).rejects.toThrow('given up')
      const giveUp = new AbortController()
      const waiting = store.waitFor(tenant, 1_000_000, giveUp.signal)
      await feed(log, tenant, 1000, 4)
      await store.waitFor(tenant, 1000)
      giveUp.abort(new Error('enough'))
      await expect(waiting).rejects.toThrow('enough')
      stop()
      expect([told[0]![0], told.at(-1)![1]]).toEqual([0, 1000])
      for (const [i, [from]] of told.entries()) if (i > 0) expect(from).toBe(told[i - 1]![1])
      expect(store.state(tenant)).toEqual({ searchable: 1000, durable: 1000, lost: 0, stalled: null })
    }))

    test('an erased tenant leaves nothing behind, also while it is being asked, and comes back only with new events', withStore(async ({ log, store, tenant }) => {
      await feed(log, tenant, 900, 12)
      await feed(log, 'other', 5, 13)
      await store.waitFor(tenant, 900)
      await store.waitFor('other', 5)
      await store.roll(tenant)
      const asked = Array.from({ length: 8 }, () => store.count(tenant, {}))
      await store.erase(tenant)
      expect((await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected')).toEqual([])
      expect([store.searchable(tenant), await store.count('other', {})]).toEqual([0, 5])
      await log.erase(tenant)
      expect(await store.count(tenant, {})).toBe(0)
      await store.erase(tenant)
      await store.erase('nobody')
    }))

    test('retention drops what was received before, rolled or hot', withStore(async ({ log, store, tenant }) => {
      const entries = (name: string) => [{ id: createHash('md5').update(name).digest(), bytes: Buffer.from(JSON.stringify({ name })) }]
      for (const [i, receivedAt] of [1000, 2000, 3000].entries()) {
        await log.append(tenant, { source: 's', receivedAt, backfill: false, entries: entries(`${receivedAt}`) })
        await store.waitFor(tenant, i + 1)
        if (i < 2) await store.roll(tenant)
      }
      expect(await store.dropBefore(tenant, 2000)).toBe(1)
      expect((await readPages(store, tenant, {}, 10)).map(({ received_at }) => received_at)).toEqual([3000, 2000])
      expect(await store.dropBefore(tenant, 9000)).toBe(2)
      expect(await store.count(tenant, {})).toBe(0)
      await log.append(tenant, { source: 's', receivedAt: 9500, backfill: false, entries: entries('new') })
      await store.waitFor(tenant, 4)
      expect(await store.count(tenant, {})).toBe(1)
    }))
  })
}
