import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NetworkError } from '../network.ts'
import type { PortState } from '../network.ts'
import { memoryHost } from './host.fixture.ts'
import type { MemoryHost } from './host.fixture.ts'
import { scanPorts } from './scan.ts'
import type { PortOptions, PortReport } from './scan.ts'

const all = Array.from({ length: 65_535 }, (_, at) => at + 1)
const services = [21, 22, 25, 53, 80, 110, 143, 443, 993, 3306, 5432, 6379, 8080, 11211, 27017, 50000]
const openAt = (open: readonly number[], otherwise: PortState = 'closed') => {
  const set = new Set(open)
  return (port: number): PortState => (set.has(port) ? 'open' : otherwise)
}
const scan = (host: MemoryHost, options: Partial<PortOptions> = {}): Promise<PortReport> => scanPorts('192.0.2.7', { run: host.run, ports: all, sleep: host.sleep, ...options })

describe('what stands there is told', () => {
  it('of an ordinary host, each port asked once', async () => {
    const host = memoryHost({ state: openAt(services) })
    const report = await scan(host)
    expect(report).toMatchObject({ open: services, closed: 65_535 - 16, filtered: [], untried: 0, behaviour: 'ordinary', faults: [], connects: 65_535 })
  })

  it('whatever is open, closed and filtered', async () => {
    await fc.assert(fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 300 }), fc.infiniteStream(fc.constantFrom<PortState>('open', 'closed', 'filtered', 'filtered')), fc.integer({ min: 1, max: 700 }), fc.nat(),
      async (ports, stream, roundTripMs, seed) => {
        const states = new Map(ports.map((port) => [port, stream.next().value as PortState]))
        const of = (state: PortState): number[] => ports.filter((port) => states.get(port) === state).sort((a, b) => a - b)
        const host = memoryHost({ state: (port) => states.get(port)!, roundTripMs }, seed)
        const report = await scan(host, { ports })
        if (report.behaviour === 'open_everywhere') return
        expect([report.open, report.closed, report.filtered, report.untried]).toEqual([of('open'), of('closed').length, of('filtered'), 0])
        expect(report.behaviour).toBe(of('filtered').length === ports.length ? 'silent' : 'ordinary')
        expect(host.connects()).toBe(report.connects)
        expect(report.connects).toBeLessThanOrEqual(3 * ports.length + Math.ceil(ports.length / 16) * 3)
      }))
  })

  it('usual ports first, each once though given twice', async () => {
    const host = memoryHost({ state: openAt([8443]) })
    const report = await scan(host, { ports: [60_000, 8443, 60_000, 60_001, 8443, 443] })
    expect(report).toMatchObject({ open: [8443], closed: 3, connects: 4 })
    expect(host.batches[0]!.ports.slice(0, 2)).toEqual([443, 8443])
  })

  it('while it is found', async () => {
    const found: number[] = []
    let last = 0
    await scan(memoryHost({ state: openAt(services) }), { onProgress: ({ done, total, open }) => {
      expect(done).toBeGreaterThanOrEqual(last)
      expect(total).toBe(65_535)
      last = done
      found.push(...open)
    } })
    expect(last).toBe(65_535)
    expect(found.sort((a, b) => a - b)).toEqual(services)
  })

  it('no ports at all are a scan too', async () => {
    expect(await scan(memoryHost({ state: openAt([]) }), { ports: [] })).toMatchObject({ open: [], closed: 0, untried: 0, connects: 0, behaviour: 'silent' })
  })
})

describe('the way', () => {
  it.each([0.02, 0.1, 0.25])('loses %d of the answers: hardly one open port is missed', async (share) => {
    let missed = 0
    for (let seed = 1; seed <= 3; seed++) missed += 16 - (await scan(memoryHost({ state: openAt(services), loss: () => share }, seed), { ports: [...all.slice(0, 8_000), ...services] })).open.length
    // Asked three times: the third power of what is lost.
    expect(missed).toBeLessThanOrEqual(1 + 2 * 48 * share ** 3)
  })

  it('loses more when more is under way: less is', async () => {
    const host = memoryHost({ state: openAt(services), roundTripMs: 80, loss: (concurrency) => (concurrency > 150 ? 0.4 : 0) })
    expect((await scan(host)).open).toEqual(services)
    const later = host.batches.slice(Math.ceil(host.batches.length / 2))
    expect(later.filter(({ concurrency }) => concurrency > 150).length).toBeLessThan(later.length / 4)
  })

  it('is long: more is under way', async () => {
    const host = memoryHost({ state: openAt(services), roundTripMs: 250 })
    const report = await scan(host)
    expect(report.open).toEqual(services)
    // 65,535 ports, 1,024 at a time, a quarter of a second each.
    expect(report.durationMs).toBeLessThan(30_000)
  })

  it('is longer than was thought: what was late is asked again', async () => {
    let isSlow = false
    const host = memoryHost({ state: openAt(services), before: (connects) => { isSlow = connects > 200 && connects < 1_500; return isSlow ? 'gone' : 'there' } })
    expect((await scan(host)).open).toEqual(services)
  })
})

describe('a host', () => {
  it('behind a filter takes seconds, not hours', async () => {
    const host = memoryHost({ state: openAt([22, 443, 51_515], 'filtered') })
    const report = await scan(host)
    expect(report).toMatchObject({ open: [22, 443, 51_515], closed: 0, untried: 0, behaviour: 'ordinary' })
    expect(report.durationMs).toBeLessThan(60_000)
    expect(report.connects).toBeLessThan(2.1 * 65_535)
  })

  it('that is not there is not asked everything twice', async () => {
    const report = await scan(memoryHost({ state: () => 'filtered' }))
    expect(report).toMatchObject({ open: [], closed: 0, untried: 0, behaviour: 'silent', faults: [] })
    expect(report.connects).toBeLessThan(66_000)
    expect(report.durationMs).toBeLessThan(120_000)
  })

  it('that says only two hundred times a second that a port is closed: what is open is known all the same, soon', async () => {
    const report = await scan(memoryHost({ state: openAt(services), refusals: 200 }))
    expect(report.open).toEqual(services)
    expect(report.durationMs).toBeLessThan(120_000)
    expect(report.connects).toBeLessThan(2.2 * 65_535)
  })

  it('that says so no more is not taken for a dead one', async () => {
    let refusals = 0
    const usual = services.slice(0, -1)
    const report = await scan(memoryHost({ state: (port) => (usual.includes(port) ? 'open' : refusals++ < 300 ? 'closed' : 'filtered') }), { ports: [...all.slice(0, 5_000), ...usual] })
    expect(report).toMatchObject({ open: usual, faults: [], untried: 0 })
  })

  it('with everything open is known soon', async () => {
    const report = await scan(memoryHost({ state: (port) => (port % 31 === 0 ? 'closed' : 'open') }))
    expect(report.behaviour).toBe('open_everywhere')
    expect(report.connects).toBeLessThan(1_000)
    expect(report.untried).toBe(65_535 - report.connects)
    expect((await scan(memoryHost({ state: openAt(all.slice(0, 40)) }), { ports: all.slice(0, 40) })).behaviour).toBe('ordinary')
  })

  it('that dies is left, and nothing is told of what was asked afterwards', async () => {
    const host = memoryHost({ state: openAt(all.filter((port) => port % 1_000 === 0)), before: (connects) => (connects < 20_000 ? 'there' : 'gone') })
    const report = await scan(host)
    expect(report.faults).toMatchObject([{ place: 'tcp', fault: 'timeout' }])
    expect(report.open.length).toBeGreaterThan(10)
    expect(report.closed + report.open.length).toBe(20_000)
    expect(report.connects).toBeLessThan(60_000)
    let asked = 0
    for (const { ports } of host.batches) if (asked < 20_000) asked += ports.length
    expect(report.filtered).toHaveLength(asked - 20_000)
    expect(report.untried).toBe(65_535 - asked)
  })
})

describe('a scan', () => {
  it('that is stopped keeps what it has seen', async () => {
    const host = memoryHost({ state: openAt(services), before: (connects) => { if (connects === 30_000) host.stop(); return 'there' } })
    const report = await scan(host)
    expect(report.faults).toMatchObject([{ fault: 'cancelled' }])
    expect(report.open).toEqual(expect.arrayContaining([22, 80, 443]))
    expect(report.untried).toBeGreaterThanOrEqual(35_535)
    expect(host.connects()).toBe(30_001)
  })

  it('whose scope ends keeps what it has seen', async () => {
    const host = memoryHost({ state: openAt(services) })
    const { connects } = host.run.network
    const network: typeof host.run.network = { ...host.run.network, connects: (...asked) => {
      if (host.batches.length === 3) throw new NetworkError('out_of_scope', '192.0.2.7', { en: 'the scope has expired', ko: '검사 범위의 기한이 지남' })
      return connects(...asked)
    } }
    const report = await scan(host, { run: { ...host.run, network } })
    expect(report.faults).toEqual([{ place: 'tcp', fault: 'out_of_scope', message: { en: 'the scope has expired', ko: '검사 범위의 기한이 지남' } }])
    expect(report.open).toEqual(expect.arrayContaining([22, 80, 443]))
    expect(report.untried).toBeGreaterThan(0)
  })

  it.each([1, 40, 1_000])('connects %d times a second at most', async (rate) => {
    const ports = all.slice(0, 3 * rate + 20)
    const host = memoryHost({ state: openAt(services, 'filtered'), roundTripMs: 20 })
    await scan(host, { ports, rate })
    const begun = host.batches.flatMap(({ at, ports: { length } }) => Array.from({ length }, () => at))
    for (const start of host.batches.map(({ at }) => at)) expect(begun.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(Math.ceil(rate * 1.1) + 3)
  })
})
