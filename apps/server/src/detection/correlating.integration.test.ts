import { sql } from 'kysely'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { HaechiError } from '../platform/errors.ts'
import type { Detection, DetectionOptions } from './api.ts'
import { openDetectionFixture, person, ruleOf, started, startTime, tenant } from './detection.fixture.ts'

let at: Awaited<ReturnType<typeof openDetectionFixture>>
afterEach(() => at.drop())

const correlationOf = (id: string, more: { rules?: string; by?: string; count?: number; type?: string; generate?: boolean; timespan?: string } = {}) => `title: Correlates ${id}
id: ${id}
level: high
tags: [attack.execution, attack.t1059]
correlation:
  type: ${more.type ?? 'event_count'}
  rules: [${more.rules ?? 'rule-evil'}]
  group-by: [${more.by ?? 'Hostname'}]
  timespan: ${more.timespan ?? '5m'}
  ${more.type?.startsWith('temporal') === true ? '' : `condition: {gte: ${more.count ?? 3}}`}
  generate: ${more.generate ?? false}
`
const packs = { 'one.yml': ruleOf('rule-evil', 'evil'), 'many.yml': correlationOf('many') }
/** An event of minute `minute`, on host `host`. */
const evil = (host: string, minute = 0, word = 'evil') => started(`${word} thing`, { Hostname: host, UtcTime: `2026-03-01 08:${String(minute).padStart(2, '0')}:00.000` })
const told = async (detection: Detection, tenantId = tenant) => {
  await at.searched(detection, tenantId)
  return (await at.alerts(detection, tenantId)).map(({ rule, host, eventCount, firstEventAt }) => `${rule.id} ${host} ${new Date(firstEventAt).toISOString().slice(11, 16)} x${eventCount}`).sort()
}

test('a correlation is an alert with its group and the records that it stands on; the rules under it say nothing themselves', async () => {
  at = await openDetectionFixture(packs)
  const detection = await at.begin()
  await at.send([evil('A'), started('calm'), evil('B', 1)])
  await at.send([evil('A', 1), evil('A', 2)])
  expect(await told(detection)).toEqual(['many A 08:00 x1'])
  const [alert] = await at.alerts(detection)
  expect(alert).toMatchObject({ kind: 'rule', severity: 'high', status: 'new', techniques: ['T1059'], user: null, lastEventAt: Date.parse('2026-03-01T08:02:00Z'), rule: { title: 'Correlates many', source: 'haechi-rules' } })
  const events = (await detection.events(tenant, [alert!.id])).get(alert!.id)!
  expect(events.map(({ offset }) => offset)).toEqual([0, 3, 4])
  expect(events[2]!.matched).toEqual([{ selection: 'group-by', field: 'Hostname', value: 'A' }, { selection: 'event_count', field: null, value: 3 }])
  expect(JSON.parse(events[0]!.raw)).toEqual(evil('A'))
  expect((await detection.rules(tenant)).map(({ rule, silent, hits }) => [rule.id, silent, hits.day])).toEqual([['many', false, 1], ['rule-evil', true, 4]])
  // The fourth within the five minutes is one more of the same alert.
  await at.send([evil('A', 3)])
  expect(await told(detection)).toEqual(['many A 08:00 x2'])
  expect((await detection.events(tenant, [alert!.id])).get(alert!.id)!.map(({ offset }) => offset)).toEqual([0, 3, 4, 5])
  expect((await detection.counts(tenant, startTime, startTime + 1))).toMatchObject({ events: 6, matches: 2, alerts: 1 })
})

test('what it stands on is read from the log where it is no longer in memory', async () => {
  at = await openDetectionFixture(packs)
  const first = await at.begin({ saveEvents: 1 })
  await at.send([evil('A'), evil('A', 1)])
  await at.searched(first)
  await at.send([started('calm')])
  await at.searched(first)
  await first.close()
  const detection = await at.begin({ saveEvents: 1 })
  await at.send([evil('A', 2)])
  await at.searched(detection)
  const [alert] = await at.alerts(detection)
  expect((await detection.events(tenant, [alert!.id])).get(alert!.id)!.map(({ offset }) => offset)).toEqual([0, 1, 3])
})

test('filters take out, chains and other packs are followed, and what leads nowhere is listed with the pack', async () => {
  at = await openDetectionFixture({
    ...packs, 'two.yml': ruleOf('rule-worse', 'worse'), 'chain.yml': correlationOf('chain', { type: 'temporal', rules: 'many, rule-worse', timespan: '10m' }),
    'filter.yml': 'title: Not on C\nid: not-on-c\nlogsource: {product: windows, category: process_creation}\nfilter:\n  rules: [rule-evil]\n  selection:\n    Hostname: C\n  condition: selection\n',
    'lost.yml': correlationOf('lost', { rules: 'nowhere' }),
  })
  await at.write(`${at.root}/more`, { 'other.yml': correlationOf('other', { rules: 'rule-evil', count: 4, generate: true }) })
  const detection = await at.begin()
  await detection.installPack(person, { name: 'more', tenantId: null, path: `${at.root}/more`, license: null })
  await at.send(['A', 'C'].flatMap((host) => [evil(host), evil(host, 1), evil(host, 2), evil(host, 3)]))
  await at.send([evil('A', 4, 'worse'), evil('C', 4, 'worse')])
  // `other` asks for the rule's own alerts; the chain silences `many` and `rule-worse`.
  expect((await told(detection)).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['chain A', 'other A', 'rule-evil A'])
  const rules = await detection.rules(tenant)
  expect(rules.map(({ rule }) => rule.id).sort()).toEqual(['chain', 'many', 'other', 'rule-evil', 'rule-worse'])
  expect(rules.find(({ rule }) => rule.id === 'chain')).toMatchObject({ silent: false, correlation: { type: 'temporal', groupBy: ['Hostname'], timespan: 600_000 }, refersTo: ['many', 'rule-worse'] })
  expect(rules.filter(({ silent }) => silent).map(({ rule }) => rule.id).sort()).toEqual(['many', 'rule-worse'])
  expect((await detection.rulePacks(tenant)).map(({ name, report }) => [name, report.accepted, report.rejected.map(({ file, code }) => `${file} ${code}`)])).toEqual([['haechi-rules', 5, ['lost.yml rule_unknown']], ['more', 1, []]])
})

test('it is switched off, suppressed by its group and switched on again; what it counts goes on meanwhile', async () => {
  at = await openDetectionFixture(packs)
  const detection = await at.begin()
  await detection.switchRule(person, tenant, 'many', false)
  await at.send([evil('A'), evil('A', 1), evil('A', 2)])
  expect(await told(detection)).toEqual([])
  await detection.switchRule(person, tenant, 'many', true)
  // The rule under it makes no alert of its own; switching it off silences nothing more.
  await detection.switchRule(person, tenant, 'rule-evil', false)
  await at.send([evil('A', 3)])
  expect(await told(detection)).toEqual(['many A 08:00 x1'])
  await detection.suppress(person, tenant, { ruleId: 'many', host: null, user: null, field: 'Hostname', value: 'b', reason: 'expected', expiresAt: null })
  await at.send([evil('B'), evil('B', 1), evil('B', 2)])
  await at.searched(detection)
  expect((await at.alerts(detection)).map(({ host, status }) => `${host} ${status}`).sort()).toEqual(['A new', 'B suppressed'])
})

test('killed at any moment, with a state kept or none, the same alerts come as of one life, none twice', async () => {
  at = await openDetectionFixture({ ...packs, 'two.yml': ruleOf('rule-worse', 'worse'), 'seen.yml': correlationOf('seen', { type: 'temporal', rules: 'rule-evil, rule-worse', timespan: '4m' }) })
  const batches = Array.from({ length: 12 }, (_, batch) => Array.from({ length: 1 + (batch * 5) % 4 }, (__, n) => ((batch + n) % 4 === 0 ? started('calm') : evil(`H${(batch * 3 + n) % 3}`, batch + n, n % 3 === 2 ? 'worse' : 'evil'))))
  const one = await at.begin()
  for (const batch of batches) await at.send(batch, { tenant: 'ten_whole' })
  const expected = await told(one, 'ten_whole')
  const evidence = async (detection: Detection, of: string) => {
    const alerts = await at.alerts(detection, of)
    const events = await detection.events(of, alerts.map(({ id }) => id))
    return alerts.map(({ id, rule, host }) => `${rule.id} ${host} ${events.get(id)!.map(({ offset }) => offset).join()}`).sort()
  }
  const stoodOn = await evidence(one, 'ten_whole')
  expect(expected.length).toBeGreaterThan(3)
  await one.close()
  let run = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }), fc.constantFrom(1, 5, 1_000), async (deaths, saveEvents) => {
    const of = `ten_k${run++}`
    for (const [life, commits] of [...deaths, Infinity].entries()) {
      let left = commits
      const detection = await at.begin({
        saveEvents, beforeCommit: (tenantId) => (tenantId === of && left-- <= 0 ? Promise.reject(new HaechiError('database_unavailable')) : Promise.resolve()),
      })
      for (const batch of batches.slice(life * 3, life === deaths.length ? undefined : life * 3 + 3)) await at.send(batch, { tenant: of })
      if (commits === Infinity) await at.searched(detection, of)
      else await detection.progress(of, { through: at.eventLog.end(of), signal: AbortSignal.timeout(60) })
      await detection.close()
    }
    const detection = await at.begin()
    expect(await told(detection, of)).toEqual(expected)
    expect(await evidence(detection, of)).toEqual(stoodOn)
    expect((await detection.counts(of, 0, startTime + 1)).events).toBe(batches.flat().length)
    await detection.close()
  }), { numRuns: 4, examples: [[[0], 1], [[1, 1, 2], 1_000]] })
}, 120_000)

test('a kept state that is none is said to be, and the log is read again', async () => {
  at = await openDetectionFixture(packs)
  const warned: string[] = []
  const first = await at.begin({ saveEvents: 1 })
  await at.send([evil('A'), evil('A', 1)])
  await at.searched(first)
  await first.close()
  await at.database.tenant(tenant, (tx) => sql`UPDATE detection_correlation_states SET state = '\\x00010203'`.execute(tx))
  const log = { ...at.log, warn: (facts: { code?: string; reason?: string }) => { if (facts.code !== undefined) warned.push(facts.code) } } as DetectionOptions['log']
  const detection = await at.begin({ log })
  await at.send([evil('A', 2)])
  expect(await told(detection)).toEqual(['many A 08:00 x1'])
  expect(warned).toEqual(['correlation_state_lost'])
})

test('packs and rules change while events come: no event is lost, and what did not change goes on counting', async () => {
  at = await openDetectionFixture({ ...packs, 'plain.yml': ruleOf('rule-plain', 'plain') })
  await at.write(`${at.root}/more`, { 'two.yml': ruleOf('rule-worse', 'worse') })
  const detection = await at.begin()
  const flow = async (minute: number, host = 'A') => {
    await at.send([evil(host, minute), evil('P', minute, 'plain')])
    if (minute % 2 === 0) await at.searched(detection)
  }
  await flow(0)
  await detection.installPack(person, { name: 'more', tenantId: null, path: `${at.root}/more`, license: null })
  await flow(1)
  await at.write(`${at.root}/more`, { 'two.yml': ruleOf('rule-worse', 'worse and worse'), 'three.yml': correlationOf('pairs', { count: 2 }) })
  await detection.installPack(person, { name: 'more', tenantId: null, path: `${at.root}/more`, license: null })
  await flow(2)
  expect((await told(detection)).filter((line) => !line.includes(' P '))).toEqual(['many A 08:00 x1'])
  await detection.switchRule(person, tenant, 'rule-worse', false)
  await flow(3)
  // `pairs` has counted since it came.
  expect((await told(detection)).filter((line) => !line.includes(' P '))).toEqual(['many A 08:00 x2', 'pairs A 08:02 x1'])
  await detection.removePack(person, { name: 'more', tenantId: null })
  await flow(4)
  expect((await told(detection)).filter((line) => line.startsWith('many'))).toEqual(['many A 08:00 x3'])
  expect((await at.alerts(detection)).filter(({ rule }) => rule.id === 'rule-plain').reduce((sum, { eventCount }) => sum + eventCount, 0)).toBe(5)
  expect((await detection.counts(tenant, 0, startTime + 1)).events).toBe(10)
})

test('an event that ends the thread is no part of what is read again', async () => {
  at = await openDetectionFixture(packs)
  const detection = await at.begin({ dieOn: 'poison' })
  await at.send([evil('A'), evil('A', 1), evil('A', 2, 'evil poison'), evil('A', 3)])
  expect(await told(detection)).toEqual(['many A 08:00 x1'])
  expect(await detection.gaps(tenant)).toMatchObject([{ from: 2, to: 3 }])
  await at.send([evil('A', 4)])
  expect(await told(detection)).toEqual(['many A 08:00 x2'])
}, 60_000)
