import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { group, groupingWindow, keysOf, openGroup } from './grouping.ts'
import type { Grouping, GroupingAlert, OpenGroup } from './grouping.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 22, 12)
let count = 0

type Given = Partial<Omit<GroupingAlert, 'rule'>> & { at?: number; rule?: string }
function alert({ at = 0, rule = 'r1', ...given }: Given = {}): GroupingAlert {
  const firstEventAt = NOON + at * HOUR
  return {
    id: `alt_${String(count++).padStart(6, '0')}`, kind: 'rule', rule: { id: rule }, severity: 'high', host: 'ws-1', user: null, techniques: ['T1059.001'], firstEventAt, lastEventAt: firstEventAt,
    indicators: [], backfill: false, processes: [], addresses: [], hashes: [], ...given,
  }
}
const process = (guid: string, parentGuid: string | null = null, image = 'C:\\Windows\\System32\\cmd.exe') => ({ guid, parentGuid, image })

/** As the store gives incidents back: by the keys of their alerts. */
const stand = (alerts: readonly GroupingAlert[], rest: Partial<OpenGroup> = {}): OpenGroup => openGroup(alerts.flatMap(keysOf), {
  incidentId: `inc_${alerts[0]!.id}`, hosts: alerts.flatMap(({ host }) => host ?? []), techniques: new Set(alerts.flatMap(({ techniques }) => techniques)),
  firstActivityAt: Math.min(...alerts.map(({ firstEventAt }) => firstEventAt)), lastActivityAt: Math.max(...alerts.map(({ lastEventAt }) => lastEventAt)), backfill: alerts.every(({ backfill }) => backfill),
  alertCount: alerts.length, status: 'new', ...rest,
})

/** One call after another, as a subscriber does: incidents as lists of alerts, and what is held. */
function run(batches: readonly (readonly GroupingAlert[])[]): { incidents: GroupingAlert[][]; held: GroupingAlert[] } {
  const known = new Map(batches.flat().map((each) => [each.id, each]))
  const incidents = new Map<string, GroupingAlert[]>()
  let held: GroupingAlert[] = []
  for (const batch of batches) {
    const { attach, create, hold } = group([...batch, ...held], [...incidents].map(([incidentId, members]) => stand(members, { incidentId })))
    for (const { incidentId, alertIds } of attach) incidents.get(incidentId)!.push(...alertIds.map((id) => known.get(id)!))
    for (const { alertIds } of create) incidents.set(`inc_${alertIds[0]}`, alertIds.map((id) => known.get(id)!))
    held = hold.map((id) => known.get(id)!)
  }
  return { incidents: [...incidents.values()], held }
}
const partition = (incidents: readonly (readonly GroupingAlert[])[]): string[] => incidents.map((members) => members.map(({ id }) => id).toSorted().join(' ')).toSorted()

/** Whether two strong alerts end in one incident, in one call and in two, in both orders. */
function together(one: GroupingAlert, other: GroupingAlert): boolean {
  const answers = [[[one, other]], [[other, one]], [[one], [other]], [[other], [one]]].map((batches) => run(batches).incidents.length === 1)
  expect(new Set(answers).size).toBe(1)
  return answers[0]!
}

describe('what belongs together', () => {
  it.each<[string, boolean, Given, Given]>([
    ['the same host within a day', true, {}, { at: 23, rule: 'r2' }],
    ['the same host after more than a day', false, {}, { at: 25 }],
    ['the host with and without its domain', true, { host: 'WS-1' }, { host: 'ws-1.corp.example' }],
    ['hosts of one name in two domains', false, { host: 'ws-1.corp.example' }, { host: 'ws-1.lab.example' }],
    ['another person on the host within a working day', true, { user: 'alice' }, { user: 'bob', at: 7 }],
    ['another person on the host later', false, { user: 'alice' }, { user: 'bob', at: 9 }],
    ['the same person on the host later', true, { user: 'CORP\\Alice' }, { user: 'alice', at: 9 }],
    ['the system on the host later', true, { user: 'alice' }, { user: 'SYSTEM', at: 9 }],
    ['two hosts, two persons', false, { user: 'alice' }, { host: 'ws-2', user: 'bob' }],
    ['two hosts, no names', false, {}, { host: 'ws-2' }],
    ['one person on two hosts', true, { user: 'alice' }, { host: 'ws-2', user: 'alice', at: 20 }],
    ['one person on two hosts, days apart', false, { user: 'alice' }, { host: 'ws-2', user: 'alice', at: 30 }],
    ['the system on two hosts', false, { user: 'SYSTEM' }, { host: 'ws-2', user: 'SYSTEM' }],
    ['machine accounts', false, { user: 'DC01$' }, { host: 'ws-2', user: 'DC01$' }],
    ['root on two hosts', false, { user: 'root' }, { host: 'ws-2', user: 'root' }],
    ['the built-in administrator who moves', true, { user: 'Administrator' }, { host: 'ws-2', user: 'administrator', techniques: ['T1021.002'] }],
    ['the built-in administrator who moves, hours apart', false, { user: 'Administrator' }, { host: 'ws-2', user: 'administrator', techniques: ['T1021.002'], at: 2 }],
    ['a process tree over days', true, { processes: [process('{A}')] }, { processes: [process('{B}', '{A}')], at: 100, user: 'bob' }],
    ['empty process ids', false, { host: null, processes: [process('{00000000-0000-0000-0000-000000000000}')] }, { host: null, processes: [process('{00000000-0000-0000-0000-000000000000}')] }],
    ['an indicator on two hosts', true, { kind: 'indicator', indicators: [{ type: 'domain', value: 'Evil.example' }] }, { host: 'ws-2', kind: 'indicator', indicators: [{ type: 'domain', value: 'evil.example' }] }],
    ['a public address on two hosts', true, { addresses: ['203.0.113.9'] }, { host: 'ws-2', addresses: ['203.0.113.9'] }],
    ['an inside address on two hosts', false, { addresses: ['10.0.0.9'] }, { host: 'ws-2', addresses: ['10.0.0.9'] }],
    ['an inside address while somebody moves', true, { addresses: ['10.0.0.9'], techniques: ['T1550.002'] }, { host: 'ws-2', addresses: ['10.0.0.9'], techniques: ['T1021.002'] }],
    ['the same tool on two hosts', true, { hashes: ['ab'.repeat(32)], processes: [process('{A}', null, 'C:\\Users\\Public\\x.exe')] }, { host: 'ws-2', hashes: ['AB'.repeat(32)], processes: [process('{B}', null, 'C:\\Users\\Public\\y.exe')] }],
    ['a program of the system on two hosts', false, { hashes: ['ab'.repeat(32)], processes: [process('{A}')] }, { host: 'ws-2', hashes: ['ab'.repeat(32)], processes: [process('{B}')] }],
    ['nothing known of either', false, { host: null }, { host: null }],
    ['cloud: one key of one person', true, { host: null, user: 'ci-deploy' }, { host: null, user: 'ci-deploy', at: 3, rule: 'r2' }],
  ])('%s: %s', (_, expected, one, other) => {
    expect(together(alert(one), alert(other))).toBe(expected)
  })

  it('is one attack from the first host over the account to the second', () => {
    const story = [alert({ user: 'alice' }), alert({ at: 1, rule: 'r2' }), alert({ at: 2, user: 'alice', host: 'dc-1', rule: 'r3', severity: 'critical' }), alert({ at: 3, host: 'dc-1', rule: 'r4', user: 'SYSTEM' })]
    expect(run([story]).incidents).toHaveLength(1)
    expect(run(story.map((each) => [each])).incidents).toHaveLength(1)
  })

  it('keeps two attacks apart whose alerts come mixed', () => {
    const one = ['r1', 'r2', 'r3'].map((rule, at) => alert({ at, rule, user: 'alice', host: 'ws-1' }))
    const other = ['r1', 'r2', 'r3'].map((rule, at) => alert({ at, rule, user: 'bob', host: 'ws-2' }))
    for (const batches of [[[...one, ...other]], [[one[0]!, other[0]!], [one[1]!, other[1]!], [one[2]!, other[2]!]]]) expect(partition(run(batches).incidents)).toEqual(partition([one, other]))
  })

  it('gives an alert between two incidents to the surer one', () => {
    const both = [stand([alert({ user: 'alice', host: 'ws-2' })]), stand([alert({ host: 'ws-1' })])] as const
    for (const at of [0, 1] as const) {
      const open = [{ ...both[0], incidentId: `inc_${at}` }, { ...both[1], incidentId: `inc_${1 - at}` }]
      expect(group([alert({ user: 'alice', host: 'ws-1' })], open).attach.map(({ incidentId }) => incidentId)).toEqual([`inc_${1 - at}`])
    }
  })

  it('passes over incidents that are done', () => {
    for (const status of ['resolved', 'closed']) expect(group([alert()], [stand([alert()], { status })]).create).toHaveLength(1)
    for (const status of ['new', 'investigating', 'contained']) expect(group([alert()], [stand([alert()], { status })]).create).toHaveLength(0)
  })

  it('does not file what happens under what came from an archive; the archive may join what stands', () => {
    const [live, archived] = [alert(), alert({ backfill: true })]
    expect(group([live], [stand([archived])]).create).toEqual([{ alertIds: [live.id] }])
    expect(group([archived], [stand([live])]).attach).toHaveLength(1)
  })
})

describe('weak alerts', () => {
  const low = (given: Given = {}): GroupingAlert => alert({ severity: 'low', ...given })

  it('are held alone, and once more when they come again', () => {
    const weak = [low(), low({ rule: 'r2', host: 'ws-2' }), alert({ severity: 'informational', rule: 'r3' })]
    expect(group(weak, [])).toEqual({ attach: [], create: [], hold: weak.map(({ id }) => id) })
    expect(run([weak, [low({ at: 3 }), low({ rule: 'r2', host: 'ws-2', at: 3 })]]).incidents).toEqual([])
  })

  it('are pulled in by something stronger on the host at the same time', () => {
    const [weak, elsewhere, late] = [low(), low({ host: 'ws-2' }), low({ at: -3 })]
    const { incidents, held } = run([[weak, elsewhere, late], [alert({ at: 0.5, rule: 'r9' })]])
    expect(incidents.map((members) => members.map(({ severity }) => severity).toSorted())).toEqual([['high', 'low']])
    expect(held.map(({ id }) => id).toSorted()).toEqual([elsewhere.id, late.id].toSorted())
  })

  it('open an incident when three rules of two techniques meet on a host within the hour', () => {
    const rules = (techniques: readonly string[], severity: GroupingAlert['severity'] = 'low'): GroupingAlert[] => techniques.map((id, at) => alert({ severity, rule: `r${at}`, techniques: [id], at: at * 0.5 }))
    expect(run([rules(['T1087.001', 'T1018', 'T1018'])]).incidents).toHaveLength(1)
    expect(run([rules(['T1087.001', 'T1018'])]).incidents).toHaveLength(0)
    expect(run([rules(['T1087.001', 'T1087.002', 'T1087'])]).incidents).toHaveLength(0)
    expect(run([rules(['T1087.001', 'T1018', 'T1033'], 'informational')]).incidents).toHaveLength(0)
    expect(run([rules(['T1087.001', 'T1018', 'T1033']).map((each, at) => ({ ...each, firstEventAt: NOON + at * 2 * HOUR, lastEventAt: NOON + at * 2 * HOUR }))]).incidents).toHaveLength(0)
    expect(run(rules(['T1087.001', 'T1018', 'T1033']).map((each) => [each])).incidents).toHaveLength(1)
  })

  it('bring no host into an incident, unless one of its persons moves there', () => {
    const strong = alert({ user: 'alice' })
    expect(group([low({ user: 'alice', host: 'ws-2', techniques: ['T1021.002'] })], [stand([strong])]).attach).toHaveLength(1)
    expect(group([low({ user: 'bob', host: 'ws-2', techniques: ['T1021.002'] })], [stand([strong])]).attach).toEqual([])
    expect(group([alert({ severity: 'informational', user: 'alice', host: 'ws-2', techniques: ['T1021.002'] })], [stand([strong])]).attach).toEqual([])
    expect(group([low({ user: 'alice', host: 'ws-2' })], [stand([strong])]).attach).toEqual([])
    expect(group([alert({ severity: 'informational', user: 'bob' })], [stand([strong])]).attach).toEqual([])
    expect(group([alert({ severity: 'informational', user: 'alice' })], [stand([strong])]).attach).toHaveLength(1)
  })
})

describe('noise', () => {
  it('of one host is one incident a week', () => {
    const loud = Array.from({ length: 24 * 20 }, (_, at) => alert({ at, rule: `r${at % 40}`, user: `u${at % 3}` }))
    for (const batches of [[loud], loud.map((each) => [each])]) expect(run(batches).incidents).toHaveLength(3)
  })

  it.each([['one rule', ['r1']], ['two rules that always come together', ['r1', 'r2']]])('of %s on a thousand hosts is a handful of incidents', (_, rules) => {
    const rollout = Array.from({ length: 1_000 }, (_, host) => rules.map((rule) => alert({ rule, host: `ws-${host}`, user: 'SYSTEM', at: host / 100 }))).flat()
    expect(run([rollout]).incidents.length).toBeLessThanOrEqual(6)
    expect(run(Array.from({ length: 20 }, (_, at) => rollout.slice(at * 50 * rules.length, (at + 1) * 50 * rules.length))).incidents.length).toBeLessThanOrEqual(6)
  })

  it('of weak rules on a thousand hosts is a handful of incidents', () => {
    const logons = Array.from({ length: 1_000 }, (_, host) => ['T1087', 'T1018', 'T1033'].map((id, at) => alert({ severity: 'low', rule: `r${at}`, techniques: [id], host: `ws-${host}`, at: host / 100 }))).flat()
    const { incidents, held } = run([logons])
    expect(incidents).toHaveLength(5)
    expect(held).toHaveLength(995 * 3)
    expect(run(Array.from({ length: 20 }, (_, at) => logons.slice(at * 150, (at + 1) * 150))).incidents).toHaveLength(5)
  })

  it('stays a handful when weak alerts have joined', () => {
    const batches = Array.from({ length: 40 }, (_, host) => [alert({ host: `ws-${host}`, user: 'SYSTEM', at: host / 100 }), alert({ host: `ws-${host}`, user: 'SYSTEM', at: host / 100, severity: 'low', rule: `w${host}` })])
    expect(run(batches).incidents.length).toBeLessThanOrEqual(6)
  })

  it('does not swallow an attack on one of its hosts', () => {
    const rollout = Array.from({ length: 200 }, (_, host) => alert({ severity: 'medium', host: `ws-${host}`, user: 'SYSTEM', at: host / 100 }))
    const attack = ['a1', 'a2', 'a3'].map((rule) => alert({ rule, host: 'ws-150', user: 'alice', at: 3 }))
    for (const batches of [[[...rollout, ...attack]], [rollout, attack], [rollout, ...attack.map((each) => [each])]]) expect(partition(run(batches).incidents)).toContain(partition([attack])[0])
  })

  it('costs in proportion to its alerts', () => {
    const storm = (size: number): GroupingAlert[] => Array.from({ length: size }, (_, n) => alert({ rule: `r${n % 50}`, host: `ws-${n % 997}`, user: `u${n % 101}`, at: n / 1_000, severity: n % 3 === 0 ? 'low' : 'medium', addresses: ['203.0.113.9'] }))
    const time = (size: number): number => {
      const alerts = storm(size)
      const start = performance.now()
      group(alerts, [])
      return performance.now() - start
    }
    time(2_000)
    const ratio = Math.min(...[1, 2, 3].map(() => time(16_000) / Math.max(1, time(4_000))))
    expect(ratio).toBeLessThan(10)
  })
})

describe('arbitrary alerts', () => {
  const arbitrary = fc.array(fc.record({
    at: fc.integer({ min: 0, max: 60 }), rule: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5', 'r6'), severity: fc.constantFrom('critical', 'high', 'medium', 'low', 'informational'),
    host: fc.constantFrom(null, 'ws-1', 'WS-1.corp.example', 'ws-2', 'dc-1', 'dc-1.corp.example', 'ws-3', 'ws-4', 'ws-5', 'ws-6', 'ws-7'), user: fc.constantFrom(null, 'alice', 'bob', 'SYSTEM', 'root', 'DC01$', '', 'carol'),
    techniques: fc.subarray(['T1003.001', 'T1021.002', 'T1059', 'T1087.001']), backfill: fc.constantFrom(false, false, true),
    processes: fc.array(fc.record({ guid: fc.constantFrom(null, '{a}', '{b}', '{c}'), parentGuid: fc.constantFrom(null, '{a}', '{b}'), image: fc.constantFrom(null, 'C:\\Users\\a.exe', 'C:\\Windows\\b.exe') }), { maxLength: 3 }),
    addresses: fc.subarray(['203.0.113.9', '10.0.0.1', '::1']), hashes: fc.subarray(['aa', 'bb']), indicators: fc.subarray([{ type: 'domain', value: 'evil.example' }]),
  }), { maxLength: 40 }).map((list) => list.map((each) => alert(each)))
  const flat = ({ attach, create, hold }: Grouping): string[] => [...attach.flatMap(({ alertIds }) => alertIds), ...create.flatMap(({ alertIds }) => alertIds), ...hold]

  it('come back exactly once, whatever their order', () => {
    fc.assert(fc.property(arbitrary.chain((alerts) => fc.tuple(fc.constant(alerts), fc.shuffledSubarray(alerts, { minLength: alerts.length }), fc.nat(alerts.length))), ([alerts, shuffled, cut]) => {
      const groups = alerts.slice(0, cut).length === 0 ? [] : run([alerts.slice(0, cut)]).incidents.map((members) => stand(members))
      const answer = group(alerts.slice(cut), groups)
      expect(flat(answer).toSorted()).toEqual(alerts.slice(cut).map(({ id }) => id).toSorted())
      const rest = new Set(alerts.slice(cut))
      expect(group(shuffled.filter((each) => rest.has(each)), groups.toReversed())).toEqual(answer)
    }), { numRuns: 300 })
  })

  // Two incidents that stand are never made one, so what arrives late may leave apart what a single call would have joined; it never joins more than
  // that call, and one person's work on one host within the hours of the windows is one incident in any order.
  it('of one host and person within the window are one incident in any order of arrival', () => {
    fc.assert(fc.property(fc.array(fc.record({ host: fc.constantFrom(1, 2, 3, 4), at: fc.integer({ min: 0, max: 23 }), rule: fc.constantFrom('r1', 'r2', 'r3') }), { minLength: 1, maxLength: 30 }).chain((list) =>
      fc.tuple(fc.constant(list), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 30, maxLength: 30 }))), ([list, sizes]) => {
      const alerts = list.map(({ host, at, rule }) => alert({ host: `ws-${host}`, user: `user-${host}`, at, rule }))
      const batches: GroupingAlert[][] = []
      for (let from = 0, step = 0; from < alerts.length; from += sizes[step++]!) batches.push(alerts.slice(from, from + sizes[step]!))
      const expected = partition(Object.values(Object.groupBy(alerts, ({ host }) => host!)) as GroupingAlert[][])
      expect(partition(run(batches).incidents)).toEqual(expected)
      expect(partition(run([alerts]).incidents)).toEqual(expected)
    }), { numRuns: 200 })
  })

  it('are found by their keys: what joins shares one', () => {
    fc.assert(fc.property(arbitrary, (alerts) => {
      const middle = alerts.length >> 1
      const groups = run([alerts.slice(0, middle)]).incidents.map((members) => stand(members))
      const keys = new Map(groups.map(({ incidentId }, at) => [incidentId, new Set(run([alerts.slice(0, middle)]).incidents[at]!.flatMap(keysOf))]))
      for (const { incidentId, alertIds } of group(alerts.slice(middle), groups).attach) {
        const members = alerts.filter(({ id }) => alertIds.includes(id))
        expect(members.some((each) => keysOf(each).some((key) => keys.get(incidentId)!.has(key)))).toBe(true)
        const open = groups.find((each) => each.incidentId === incidentId)!
        expect(Math.min(...members.map(({ firstEventAt }) => Math.max(0, firstEventAt - open.lastActivityAt, open.firstActivityAt - firstEventAt)))).toBeLessThanOrEqual(groupingWindow)
      }
    }), { numRuns: 200 })
  })

  it('of any names give keys that are few', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.array(fc.string(), { maxLength: 200 }), (host, user, addresses) => {
      expect(keysOf(alert({ host, user, addresses, processes: addresses.map((guid) => process(guid, guid)) })).length).toBeLessThan(100)
    }))
  })
})
