import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertId, bucketMs, evidenceMost, fold, mergeAll, noFindings, noTraits, traits } from './fold.ts'
import type { Findings, Match } from './fold.ts'

/** `stoodOn`: how far back in the log are the events that a correlation stands on; null of a rule. */
type Sketch = { rule: string; host: string | null; user: string | null; time: number; suppressed: boolean; backfill: boolean; indicator: boolean; pid: number; stoodOn?: number[] | null }
const matchOf = ({ rule, host, user, time, suppressed, backfill, indicator, pid, stoodOn = null }: Sketch, offset: number): Match => ({
  facts: {
    kind: indicator ? 'indicator' : 'rule', rule: { id: rule, title: rule, author: null, source: 'p', license: null, packVersion: null, references: [], falsePositives: [] }, severity: 'high', host, user,
    techniques: [], tactics: [], indicators: [], suppressionId: suppressed ? 'sup_1' : null,
  },
  record: {
    offset, eventId: String(offset), source: 's', time, receivedAt: 10_000 + offset, addresses: [`10.0.0.${offset % 7}`], hashes: [], raw: `{"n":${offset}}`,
    process: { guid: null, pid: String(pid), image: 'x', commandLine: null, user: null, parentGuid: null, parentPid: null, parentImage: null, parentCommandLine: null, at: time },
  },
  backfill, matched: [{ selection: 's', field: 'f', value: offset }],
  ...(stoodOn === null ? {} : { correlated: { offsets: stoodOn.map((back) => Math.max(0, offset - back)), at: time } }),
})
/** What events before a slice were is read from the log (`matches`). */
const plain = ({ findings, records }: Findings, matches: readonly Match[]) => ({
  findings: [...findings.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  evidence: [...findings.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map((finding) => traits(noTraits, finding.evidence.map(({ offset }) => records.get(offset) ?? matches[offset]!.record))),
})

test('however the log is cut into slices, the alerts are the same', () => {
  const sketch = fc.record({
    rule: fc.constantFrom('a', 'b'), host: fc.constantFrom('WS-1', 'ws-1', null), user: fc.constantFrom('bob', null), time: fc.integer({ min: 0, max: 3 * bucketMs }),
    suppressed: fc.boolean(), backfill: fc.boolean(), indicator: fc.boolean(), pid: fc.integer({ min: 1, max: 3 }), stoodOn: fc.option(fc.array(fc.nat({ max: 30 }), { maxLength: 30 })),
  })
  fc.assert(fc.property(fc.array(sketch, { maxLength: 120 }), fc.array(fc.nat({ max: 120 }), { maxLength: 8 }), (sketches, cuts) => {
    const matches = sketches.map((one, at) => matchOf(one, at))
    const whole = noFindings()
    for (const match of matches) fold(whole, 'ten_a', match)
    const pieces = noFindings()
    const edges = [0, ...cuts.map((cut) => Math.min(cut, matches.length)).sort((a, b) => a - b), matches.length]
    for (const [at, edge] of edges.entries()) {
      const slice = noFindings()
      for (const match of matches.slice(edges[at - 1] ?? 0, edge)) fold(slice, 'ten_a', match)
      mergeAll(pieces, slice)
    }
    expect(plain(pieces, matches)).toEqual(plain(whole, matches))
    // The naive way: group by what the key is made of.
    const groups = Map.groupBy(sketches, ({ rule, host, user, time, suppressed, indicator }) => JSON.stringify([rule, host?.toLowerCase(), indicator ? '' : user, Math.floor(time / bucketMs), suppressed, indicator]))
    expect([...whole.findings.values()].map(({ eventCount }) => eventCount).sort()).toEqual([...groups.values()].map(({ length }) => length).sort())
    for (const finding of whole.findings.values()) {
      expect(finding.evidence.length).toBeGreaterThanOrEqual(Math.min(finding.eventCount, evidenceMost))
      expect(finding.evidence.length).toBeLessThanOrEqual(evidenceMost)
      expect(new Set(finding.evidence.map(({ offset }) => offset)).size).toBe(finding.evidence.length)
      expect(finding.firstEventAt).toBeLessThanOrEqual(finding.lastEventAt)
    }
  }))
})

test('a storm is one alert, its first events are its evidence, and no other record is kept', () => {
  const storm = noFindings()
  for (let offset = 0; offset < 5_000; offset++) fold(storm, 'ten_a', matchOf({ rule: 'a', host: 'WS-1', user: 'bob', time: 1, suppressed: false, backfill: offset > 0, indicator: false, pid: offset }, offset))
  expect(storm.findings.size).toBe(1)
  const [finding] = storm.findings.values()
  expect(finding).toMatchObject({ eventCount: 5_000, backfill: false, offset: 0 })
  expect(finding!.evidence.map(({ offset }) => offset)).toEqual(Array.from({ length: evidenceMost }, (_, at) => at))
  expect(storm.records.size).toBe(evidenceMost)
})

test('ids are made of what they say, so they stay through versions; tenants do not share them', () => {
  const facts = matchOf({ rule: 'a', host: 'WS-1', user: 'bob', time: 1, suppressed: false, backfill: false, indicator: false, pid: 1 }, 0).facts
  expect(alertId('ten_a', facts, 1)).toMatch(/^alt_[0-9a-hjkmnp-tv-z]{26}$/)
  expect(alertId('ten_a', facts, 1)).toBe(alertId('ten_a', { ...facts, host: 'ws-1', user: 'BOB' }, bucketMs - 1))
  const others = [alertId('ten_b', facts, 1), alertId('ten_a', facts, bucketMs), alertId('ten_a', { ...facts, host: null }, 1), alertId('ten_a', { ...facts, suppressionId: 'sup_1' }, 1), alertId('ten_a', { ...facts, kind: 'indicator' }, 1)]
  expect(new Set([alertId('ten_a', facts, 1), ...others]).size).toBe(6)
})
