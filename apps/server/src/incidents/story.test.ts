import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { AlertProcess } from '../detection/api.ts'
import { alertOf, eventOf, startTime } from './incidents.fixture.ts'
import { indicatorsOf, inOrder, processesOf, similarOf, timelineOf } from './story.ts'
import type { Incident } from './store.ts'
import { duration, severityNames, statusNames, summaryOf, texts, verdictNames } from './texts.ts'

const process = (overrides: Partial<AlertProcess>): AlertProcess => ({
  guid: null, pid: null, image: null, commandLine: null, user: null, parentGuid: null, parentPid: null, parentImage: null, parentCommandLine: null, at: startTime, ...overrides,
})

test('the tree: a parent that is known by itself keeps its own facts, and stays bad', () => {
  const nodes = processesOf([
    alertOf('', 'child', { processes: [process({ guid: 'C', parentGuid: 'P', parentImage: 'from the child', image: 'c' })] }),
    alertOf('', 'parent', { processes: [process({ guid: 'p', image: 'p', commandLine: 'p -x', at: startTime - 10 })] }),
  ])
  expect(nodes).toMatchObject([
    { guid: 'p', image: 'from the child', command_line: 'p -x', bad: true, alert_ids: ['parent'], parent_guid: null },
    { guid: 'c', parent_guid: 'p', bad: true, alert_ids: ['child'] },
  ])
})

test('without ids processes are known by host and pid; with neither they are left out; nobody is his own parent', () => {
  const nodes = processesOf([alertOf('', 'a', { host: 'h', processes: [
    process({ pid: '5', parentPid: '4' }), process({ image: 'nothing else' }), process({ guid: '{00000000-0000-0000-0000-000000000000}', pid: '6', parentPid: '6' }),
  ] })])
  expect(nodes.map(({ guid, parent_guid }) => [guid, parent_guid])).toEqual([['h:5', 'h:4'], ['h:4', null], ['h:6', null]])
})

test('whatever records say, every parent is there and every id once', () => {
  const name = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'A'), { nil: null })
  fc.assert(fc.property(fc.array(fc.record({ guid: name, pid: name, parentGuid: name, parentPid: name }), { maxLength: 30 }), (processes) => {
    const nodes = processesOf([alertOf('', 'x', { processes: processes.map(process) })])
    const ids = nodes.map(({ guid }) => guid)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { guid, parent_guid } of nodes) if (parent_guid !== null) expect([ids.includes(parent_guid), parent_guid === guid]).toEqual([true, false])
  }))
})

test('a thousand processes do not make the page endless', () => {
  const nodes = processesOf([alertOf('', 'x', { processes: Array.from({ length: 2_000 }, (_, i) => process({ guid: `{f${i}}`, parentGuid: `{f${i + 1}}` })) })])
  expect(nodes).toHaveLength(500)
  const ids = new Set(nodes.map(({ guid }) => guid))
  expect(nodes.every(({ parent_guid }) => parent_guid === null || ids.has(parent_guid))).toBe(true)
})

test('of an indicator the surest word stands', () => {
  const known = (confidence: number) => [{ type: 'ip', value: '203.0.113.9', verdict: 'malicious', confidence, sources: [`feed ${confidence}`] }]
  expect(indicatorsOf([alertOf('', 'a', { indicators: known(40) }), alertOf('', 'b', { indicators: known(90), addresses: ['203.0.113.9'] }), alertOf('', 'c', { indicators: known(60) })]))
    .toEqual([{ type: 'ip', value: '203.0.113.9', verdict: 'malicious', confidence: 90, sources: ['feed 90'], alert_id: 'b' }])
})

test('the story is in the order of time; raw records beyond half a megabyte stay with their alerts', () => {
  const alerts = inOrder([3, 1, 2].map((i) => alertOf('', `a${i}`, { firstEventAt: startTime + i * 1_000 })))
  const events = new Map(alerts.map((alert) => [alert.id, [{ ...eventOf(alert), raw: 'x'.repeat(300_000) }]]))
  const timeline = timelineOf(alerts, events, [{ id: 'c', kind: 'comment', at: startTime + 1_500, actor: null, text: { en: 'en', ko: 'ko' }, severity: null, ref: null }], 'ko')
  expect(timeline.map(({ id }) => id)).toEqual(['a1', 'c', 'a2', 'a3'])
  expect(timeline.map(({ event }) => event?.raw?.length ?? null)).toEqual([300_000, null, null, null])
  expect(timeline[1]!.text).toBe('ko')
})

test('what is alike is weighed against all that the incident has, and little is not shown', () => {
  const incident = (id: string): Incident => ({ id, title: { en: id, ko: id }, severity: 'high', status: 'closed', verdict: 'test', rules: [{ id: 'r', title: 'Rule', severity: 'high', techniques: [] }], clocks: { t3: 1 } }) as unknown as Incident
  const keys = ['rule:r', 'technique:T1', 'host:h', 'user:u', 'ioc:ip:1']
  expect(similarOf(incident('own'), keys, [
    { incident: incident('some'), keys: ['rule:r', 'technique:T1'] }, { incident: incident('most'), keys: ['rule:r', 'technique:T1', 'host:h', 'user:u'] }, { incident: incident('little'), keys: ['host:h'] },
  ], 5, 'en')).toMatchObject([{ id: 'most', score: 64, why: 'Same rule Rule; technique T1; user u; host h' }, { id: 'some', score: 36 }])
  const own = { ...incident('own'), rules: incident('own').rules.map((rule) => ({ ...rule, ko: { title: '규칙의 이름' } })) }
  expect(similarOf(own, keys, [{ incident: incident('some'), keys: ['rule:r', 'technique:T1'] }], 5, 'ko')).toMatchObject([{ why: '같은 규칙 규칙의 이름, 공격 기법 T1' }])
})

test('durations and summaries read as people say them', () => {
  expect([0, 999, 61_000, 250_000, 3_600_000, 90_061_000].map((ms) => duration(ms, 'en'))).toEqual(['0 s', '1 s', '1 min 1 s', '4 min 10 s', '1 h', '1 d 1 h'])
  expect([250_000, 90_061_000].map((ms) => duration(ms, 'ko'))).toEqual(['4분 10초', '1일 1시간'])
  const facts = { alerts: 1_234, rules: [{ title: 'LSASS read', severity: 'critical' as const }], hosts: ['a', 'b', 'c', 'd', 'e'], users: ['kim'], techniques: ['LSASS Memory (T1003.001)'], from: 0, to: 250_000, backfill: true }
  expect(summaryOf(facts, 'en')).toBe('1,234 alerts of 1 rule on a, b, c and 2 more, by kim, within 4 min 10 s. Worst: LSASS read (critical). Technique: LSASS Memory (T1003.001). It comes from backfilled events.')
  expect(summaryOf(facts, 'ko')).toBe('a, b, c 외 2대에서 kim 계정으로 4분 10초 동안 규칙 1개의 경보 1,234건이 발생했습니다. 수준이 가장 높은 경보는 "LSASS read"(심각)입니다. 공격 기법: LSASS Memory (T1003.001). 과거 이벤트를 소급 수집하여 만든 인시던트입니다.')
})

test('every word of people is there in both languages', () => {
  for (const names of [severityNames, statusNames, verdictNames]) for (const { en, ko } of Object.values(names)) expect([/[가-힣]/.test(ko), /[가-힣]/.test(en)]).toEqual([true, false])
  expect(texts.status('closed', 'investigating', null, 'it came back')).toEqual({ en: 'Reopened; it was closed: it came back', ko: '종결 상태에서 다시 열었습니다: it came back' })
  expect(texts.status('new', 'closed', 'benign_true_positive', null)).toEqual({ en: 'Closed as benign', ko: '정상 행위로 판정하고 종결했습니다' })
  expect(texts.raised('low', 'critical').ko).toBe('추가된 경보에 따라 심각도를 낮음에서 심각으로 올렸습니다')
  expect(texts.assigned(null).ko).toBe('담당자를 비웠습니다')
})
