import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { sql } from 'kysely'
import { parseIndicator } from '@haechi/indicators'
import type { Indicator } from '@haechi/indicators'
import { afterEach, describe, expect, test } from 'vitest'
import { HaechiError } from '../platform/errors.ts'
import { silentLog } from '../platform/log.ts'
import { openPacks } from '../platform/packs.ts'
import type { Detection } from './api.ts'
import { openDetectionFixture, person, ruleOf, started, startTime, tenant } from './detection.fixture.ts'

/** The pinned state of SigmaHQ's rules; without the corpus its test is skipped. */
const sigmaHq = join(resolve(import.meta.dirname, '../../../..', process.env['HAECHI_CORPUS'] ?? '../shared/data'), 'sigma-rules/sigma-rules-994da166.tar.gz')
let at: Awaited<ReturnType<typeof openDetectionFixture>>
let detection: Detection
afterEach(async () => {
  await detection.close()
  await at.drop()
})
const begin = async (...options: Parameters<typeof openDetectionFixture>) => {
  at = await openDetectionFixture(...options)
  detection = await at.open()
  await detection.start()
}
const found = async (tenantId = tenant) => {
  await at.searched(detection, tenantId)
  return await at.alerts(detection, tenantId)
}
const titles = async (tenantId = tenant) => (await found(tenantId)).map(({ rule, eventCount, status }) => `${rule.title} ${eventCount} ${status}`).sort()

describe('alerts', () => {
  test('an event that a rule describes is an alert with its rule, what matched and the raw record', async () => {
    await begin()
    await at.send([started('whoami'), started('run evil now'), started('evil again', { ProcessGuid: '{p-2}' })])
    const alerts = await found()
    expect(alerts).toMatchObject([{
      kind: 'rule', severity: 'high', status: 'new', host: 'WS-12', user: 'bob', techniques: ['T1059'], tactics: ['execution'], eventCount: 2, backfill: false,
      firstEventAt: startTime - 60_000, receivedAt: startTime, raisedAt: startTime,
      rule: { id: 'rule-evil', title: 'Finds evil', author: 'Someone', source: 'haechi-rules', license: null, references: ['https://example.org/evil'] },
      processes: [{ guid: '{p-1}', pid: '4711', parentGuid: '{p-0}', user: 'CORP\\bob' }, { guid: '{p-2}' }],
    }])
    const events = (await detection.events(tenant, [alerts[0]!.id])).get(alerts[0]!.id)!
    expect(events).toMatchObject([{ offset: 1, source: 'sysmon', matched: [{ selection: 'selection', field: 'CommandLine', value: 'run evil now' }] }, { offset: 2 }])
    expect(JSON.parse(events[0]!.raw)).toEqual(started('run evil now'))
    expect(await detection.progress(tenant)).toEqual({ durable: 3, detected: 3, grouped: 1, skipped: 0 })
    await at.outbox.deliver()
    expect(at.raised).toEqual([[alerts[0]!.id]])
    expect(await detection.counts(tenant, startTime, startTime + 1)).toEqual({ events: 3, matches: 2, alerts: 1, suppressed: 0, attached: 0, dismissed: 0 })
  })

  test('a storm is one alert that is told of once; more of it later adds to it', async () => {
    await begin()
    for (let part = 0; part < 4; part++) {
      await at.send(Array.from({ length: 3_000 }, (_, n) => started(`evil ${part} ${n}`)))
      await at.searched(detection)
    }
    const alerts = await found()
    expect(alerts.map(({ eventCount }) => eventCount)).toEqual([12_000])
    expect((await detection.events(tenant, [alerts[0]!.id])).get(alerts[0]!.id)).toHaveLength(20)
    await at.outbox.deliver()
    expect(at.raised).toEqual([[alerts[0]!.id]])
  })

  test('backfilled events make alerts that say so; one live event among them makes it live', async () => {
    await begin()
    await at.send([started('evil')], { backfill: true })
    expect(await found()).toMatchObject([{ backfill: true }])
    await at.send([started('evil')])
    expect(await found()).toMatchObject([{ backfill: false, eventCount: 2 }])
  })

  test('they are attached, judged, dismissed and reopened; what is refused is coded', async () => {
    await begin()
    await at.send([started('evil', { Hostname: 'A' }), started('evil', { Hostname: 'B' })])
    const [a, b] = (await found()).sort((one, other) => (one.host! < other.host! ? -1 : 1))
    const write = <T>(work: (tx: Parameters<Parameters<typeof at.database.tenant>[1]>[0]) => Promise<T>) => at.database.tenant(tenant, work)
    await write((tx) => detection.attach(tx, tenant, 'inc_1', [a!.id]))
    await write((tx) => detection.attach(tx, tenant, 'inc_1', [a!.id]))
    expect(await detection.progress(tenant)).toMatchObject({ detected: 2, grouped: 1 })
    await write((tx) => detection.dismiss(tx, tenant, [a!.id, b!.id]))
    expect(await detection.alerts(tenant, [a!.id])).toMatchObject([{ status: 'attached', incidentId: 'inc_1' }])
    expect(await detection.alerts(tenant, [b!.id])).toMatchObject([{ status: 'dismissed', verdict: null }])
    expect(await detection.progress(tenant)).toMatchObject({ grouped: 2 })
    await expect(write((tx) => detection.attach(tx, tenant, 'inc_2', [a!.id]))).rejects.toMatchObject({ code: 'alert_status_refused' })
    await expect(write((tx) => detection.attach(tx, tenant, 'inc_2', ['alt_unknown']))).rejects.toMatchObject({ code: 'not_found' })
    await write((tx) => detection.judge(tx, tenant, 'inc_1', 'true_positive'))
    await detection.decide(person, tenant, b!.id, { status: 'dismissed', verdict: 'false_positive' })
    expect(await detection.closedCounts(tenant, startTime, startTime + 1)).toEqual({ truePositive: 1, benign: 0, falsePositive: 1, other: 0, suppressed: 0 })
    expect(await detection.closedCounts(tenant, startTime + 1, startTime + 2)).toEqual({ truePositive: 0, benign: 0, falsePositive: 0, other: 0, suppressed: 0 })
    expect(await detection.noisyRules(tenant, 0, startTime + 1, 5, 'ko')).toEqual([{ ruleId: 'rule-evil', title: 'Finds evil', alerts: 2, events: 2, truePositive: 1, benign: 0, falsePositive: 1, suppressed: 0 }])
    await write((tx) => detection.judge(tx, tenant, 'inc_1', null))
    expect(await detection.closedCounts(tenant, startTime, startTime + 1)).toMatchObject({ truePositive: 0 })
    await at.outbox.deliver()
    const before = at.raised.length
    expect(await detection.decide(person, tenant, b!.id, { status: 'new' })).toMatchObject({ status: 'new', verdict: null })
    await at.outbox.deliver()
    expect(at.raised.slice(before)).toEqual([[b!.id]])
    expect(at.audited).toEqual(['alert.dismiss', 'alert.reopen'])
  })

  test('nothing is searched before the own rules are there, also where the first try to install them fails', async () => {
    at = await openDetectionFixture()
    const packs = await openPacks({ database: at.database, outbox: at.outbox, clock: at.clock, log: silentLog, dataDirectory: join(at.root, 'data') })
    let tries = 0
    detection = await at.open({ packs: { ...packs, install: (...wanted) => (tries++ === 0 ? Promise.reject(new HaechiError('database_unavailable')) : packs.install(...wanted)) } })
    await at.send([started('evil')])
    await detection.start()
    await at.searched(detection)
    expect([tries, (await at.alerts(detection)).length]).toEqual([2, 1])
  })

  test('after its time goes what belongs to no incident, with the records that nothing else stands on', async () => {
    await begin()
    await at.send([started('evil', { Hostname: 'A' }), started('evil', { Hostname: 'B' }), started('evil', { Hostname: 'C' })])
    const [a, b, c] = (await found()).sort((one, other) => (one.host! < other.host! ? -1 : 1)).map(({ id }) => id)
    await at.database.tenant(tenant, async (tx) => {
      await detection.attach(tx, tenant, 'inc_1', [a!])
      await detection.dismiss(tx, tenant, [b!])
    })
    expect(await detection.retain(tenant)).toBe(0)
    at.clock.advance(131 * 86_400_000)
    expect(await detection.retain(tenant)).toBe(1)
    expect((await found()).map(({ id }) => id).sort()).toEqual([a, c].sort())
    const events = await detection.events(tenant, [a!, b!, c!])
    expect([a, b, c].map((id) => events.get(id!)?.length ?? 0)).toEqual([1, 0, 1])
    const rows = await at.database.tenant(tenant, async (tx) => (await sql<{ records: string; evidence: string }>`SELECT (SELECT count(*) FROM detection_records) AS records, (SELECT count(*) FROM detection_evidence) AS evidence`.execute(tx)).rows)
    expect(rows).toEqual([{ records: '2', evidence: '2' }])
  })

  test('whoever waits for a place in the log is told when it was searched and grouped', async () => {
    await begin()
    const { end } = await at.send([started('evil')])
    const [alert] = await found()
    const waited = detection.progress(tenant, { through: end })
    await at.database.tenant(tenant, (tx) => detection.attach(tx, tenant, 'inc_1', [alert!.id]))
    expect(await waited).toMatchObject({ grouped: 1 })
    expect(await detection.progress(tenant, { through: 99, signal: AbortSignal.timeout(50) })).toMatchObject({ durable: 1, grouped: 1 })
  })

  test('a tenant sees its own alerts only', async () => {
    await begin()
    await at.send([started('evil')])
    await at.send([started('evil')], { tenant: 'ten_b' })
    const [own] = await found()
    const [other] = await found('ten_b')
    expect(own!.id).not.toBe(other!.id)
    expect(await detection.alerts('ten_b', [own!.id, other!.id])).toHaveLength(1)
    expect((await detection.events('ten_b', [own!.id])).get(own!.id)).toEqual([])
    await expect(at.database.tenant('ten_b', (tx) => detection.attach(tx, 'ten_b', 'inc_1', [own!.id]))).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('what is looked for', () => {
  test('a rule that is switched off finds nothing, and finds again when it is on; deprecated ones are off until somebody wants them', async () => {
    await begin({ 'one.yml': ruleOf('rule-evil', 'evil'), 'old.yml': ruleOf('rule-old', 'old').replace('level: high', 'level: high\nstatus: deprecated') })
    await detection.switchRule(person, tenant, 'rule-evil', false)
    expect((await detection.rules(tenant)).map(({ rule, enabled }) => [rule.id, enabled])).toEqual([['rule-old', false], ['rule-evil', false]])
    await at.send([started('evil old')])
    expect(await titles()).toEqual([])
    await detection.switchRule(person, tenant, 'rule-evil', true)
    await detection.switchRule(person, tenant, 'rule-old', true)
    await at.send([started('evil old')])
    await at.send([started('evil old')], { tenant: 'ten_b' })
    expect(await titles()).toEqual(['Finds evil 1 new', 'Finds old 1 new'])
    expect(await titles('ten_b')).toEqual(['Finds evil 1 new'])
    await expect(detection.switchRule(person, tenant, 'rule-none', true)).rejects.toMatchObject({ code: 'not_found' })
    expect(at.audited).toEqual(['rule.disable', 'rule.enable', 'rule.enable'])
  })

  test('a pack is in force without a restart, rolled back and removed; what does not parse is listed and the others load', async () => {
    await begin()
    const folder = join(at.root, 'bought')
    await at.write(folder, { 'a/good.yml': ruleOf('rule-good', 'bought'), 'a/own.yml': ruleOf('rule-own', 'licensed', 'license: MIT\n'), 'broken.yml': 'title: [', 'twice.yml': ruleOf('rule-good', 'twice'), 'readme.txt': 'no rule' })
    const pack = await detection.installPack(person, { name: 'bought', tenantId: null, path: folder, license: 'DRL-1.1' })
    expect(pack).toMatchObject({ license: 'DRL-1.1', state: 'in_force', report: { accepted: 2, rejectedCount: 2, rejected: [{ file: 'broken.yml', code: 'yaml_invalid', line: 1 }, { file: 'twice.yml', code: 'id_repeated', line: 1 }] } })
    await at.send([started('bought licensed evil')])
    const alerts = await found()
    expect(alerts.map(({ rule }) => [rule.title, rule.source, rule.license, rule.packVersion]).sort()).toEqual([
      ['Finds bought', 'bought', 'DRL-1.1', pack.version], ['Finds evil', 'haechi-rules', null, expect.any(String)], ['Finds licensed', 'bought', 'MIT', pack.version],
    ])
    await at.write(folder, { 'b.yml': ruleOf('rule-new', 'renewed') })
    await detection.installPack(person, { name: 'bought', tenantId: null, path: folder, license: 'DRL-1.1' })
    await at.send([started('bought renewed', { Hostname: 'B' })])
    expect(await titles()).toContain('Finds renewed 1 new')
    expect((await found()).filter(({ host }) => host === 'B')).toHaveLength(1)
    await detection.rollbackPack(person, { name: 'bought', tenantId: null })
    await at.send([started('bought renewed', { Hostname: 'C' })])
    expect((await found()).filter(({ host }) => host === 'C').map(({ rule }) => rule.title)).toEqual(['Finds bought'])
    await detection.removePack(person, { name: 'bought', tenantId: null })
    await at.send([started('bought', { Hostname: 'D' })])
    expect((await found()).filter(({ host }) => host === 'D')).toEqual([])
    expect(at.audited).toEqual(['rule_pack.install', 'rule_pack.install', 'rule_pack.rollback', 'rule_pack.remove'])
  })

  test('a tenant\'s own pack stands for one of the same name for all, and for nobody else', async () => {
    await begin()
    const folder = join(at.root, 'own')
    await at.write(folder, { 'a.yml': ruleOf('rule-evil', 'mine') })
    await detection.installPack(person, { name: 'haechi-rules', tenantId: tenant, path: folder, license: null })
    await at.send([started('evil mine')])
    await at.send([started('evil mine')], { tenant: 'ten_b' })
    expect(await titles()).toEqual(['Finds mine 1 new'])
    expect(await titles('ten_b')).toEqual(['Finds evil 1 new'])
  })

  test('a pack whose folder is gone or whose copy is damaged says so, and the rest goes on', async () => {
    await begin()
    const folder = join(at.root, 'bought')
    await at.write(folder, { 'a.yml': ruleOf('rule-good', 'bought') })
    const { version } = await detection.installPack(person, { name: 'bought', tenantId: null, path: folder, license: null })
    await rm(folder, { recursive: true })
    const states = async () => (await detection.rulePacks(null)).map(({ name, state }) => [name, state])
    expect(await states()).toEqual([['bought', 'source_missing'], ['haechi-rules', 'in_force']])
    await expect(detection.installPack(person, { name: 'bought', tenantId: null, path: folder, license: null })).rejects.toMatchObject({ code: 'pack_source_unreadable' })
    await at.send([started('bought evil')])
    expect(await titles()).toEqual(['Finds bought 1 new', 'Finds evil 1 new'])

    await rm(join(at.root, 'data/packs/sigma-rules/bought', version), { recursive: true })
    expect(await states()).toEqual([['bought', 'damaged'], ['haechi-rules', 'in_force']])
    // What is in memory stays.
    detection.packsChanged()
    await at.send([started('bought evil', { Hostname: 'B' })])
    expect((await found()).filter(({ host }) => host === 'B')).toHaveLength(2)
    // A restart has the rest.
    await detection.close()
    detection = await at.open()
    await detection.start()
    await at.send([started('bought evil', { Hostname: 'C' })])
    expect((await found()).filter(({ host }) => host === 'C').map(({ rule }) => rule.title)).toEqual(['Finds evil'])
    expect(await states()).toEqual([['bought', 'damaged'], ['haechi-rules', 'in_force']])
  })

  test.skipIf(!existsSync(sigmaHq))('the public rules are installed as they are, and each alert names their author and licence', async () => {
    await begin()
    const folder = join(at.root, 'sigma')
    await mkdir(folder)
    execFileSync('tar', ['-xzf', sigmaHq, '-C', folder])
    const { report } = await detection.installPack(person, { name: 'sigmahq', tenantId: null, path: folder, license: 'DRL-1.1' })
    expect(report).toMatchObject({ accepted: 3_132, rejectedCount: 0 })
    await at.send([started('vssadmin.exe delete shadows /all /quiet', { Image: 'C:\\Windows\\System32\\vssadmin.exe', OriginalFileName: 'VSSADMIN.EXE' })])
    const alerts = await found()
    expect(alerts.length).toBeGreaterThan(0)
    for (const { rule } of alerts) expect(rule).toMatchObject({ source: 'sigmahq', license: 'DRL-1.1', author: expect.stringMatching(/\w/) as string })
    expect(await detection.rules(tenant)).toHaveLength(3_133)
  }, 120_000)

  test('without the folder of its own rules detection begins all the same', async () => {
    await begin({ 'one.yml': ruleOf('rule-evil', 'evil') }, { ownRules: '/nowhere/haechi-rules' })
    await at.send([started('evil')])
    expect(await titles()).toEqual([])
  })

  test('what is expected is suppressed, kept and counted, until its time or somebody ends it', async () => {
    await begin()
    const none = { host: null, user: null, field: null, value: null, reason: 'the nightly job', expiresAt: null }
    const one = await detection.suppress(person, tenant, { ...none, ruleId: 'rule-evil', host: 'ws-12', field: 'ParentImage', value: 'c:\\windows\\EXPLORER.exe', expiresAt: startTime + 1_000 })
    await at.send([started('evil'), started('evil', { ParentImage: 'other.exe' }), started('evil', { Hostname: 'B' })])
    expect(await titles()).toEqual(['Finds evil 1 new', 'Finds evil 1 new', 'Finds evil 1 suppressed'])
    expect(await detection.suppressions(tenant)).toMatchObject([{ id: one.id, author: 'Kim', alerts: 1 }])
    expect(await detection.counts(tenant, 0, startTime + 1)).toMatchObject({ matches: 3, alerts: 3, suppressed: 1 })
    expect(await detection.closedCounts(tenant, 0, startTime + 1)).toMatchObject({ suppressed: 1 })
    await at.outbox.deliver()
    expect(at.raised.flat()).toHaveLength(2)
    // The same after its end: received later.
    await at.send([started('evil')], { receivedAt: startTime + 1_000 })
    expect(await titles()).toContain('Finds evil 2 new')
    const other = await detection.suppress(person, tenant, { ...none, ruleId: 'rule-evil' })
    await at.send([started('evil', { Hostname: 'D' })])
    expect(await titles()).toHaveLength(4)
    await detection.unsuppress(person, tenant, other.id)
    await at.send([started('evil', { Hostname: 'E' })])
    expect((await found()).filter(({ status }) => status === 'suppressed')).toHaveLength(2)
    await expect(detection.unsuppress(person, tenant, other.id)).rejects.toMatchObject({ code: 'not_found' })
    expect(at.audited).toEqual(['suppression.create', 'suppression.create', 'suppression.remove'])
  })

  const statement = (text: string, verdict: Indicator['verdict']): Indicator => {
    const { type, value } = parseIndicator(text)!
    return { type, value, verdict, confidence: 80, source: 'feed', tags: [], techniques: ['T1071'], first_seen: null, last_seen: null, valid_until: null }
  }
  test('what intelligence knows is an alert per indicator and host, and seen again by intelligence', async () => {
    await begin()
    at.indicators.list = [statement('203.0.113.9', 'malicious'), statement('bad.example', 'suspicious'), statement('fine.example', 'benign')]
    at.indicators.version = '1'
    detection.intelChanged()
    await at.send([started('ping 203.0.113.9'), started('curl http://bad.example/x', { User: 'CORP\\eve' }), started('next\nbad.example'), started('fine.example')])
    const alerts = (await found()).sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
    expect(alerts).toMatchObject([
      { kind: 'indicator', severity: 'medium', rule: { id: 'domain:bad.example', title: 'Known suspicious domain: bad.example', ko: { title: '의심스러운 것으로 알려진 도메인: bad.example' }, source: 'feed' }, eventCount: 2, host: 'WS-12', techniques: ['T1071'] },
      { kind: 'indicator', severity: 'high', rule: { id: 'ip:203.0.113.9' }, indicators: [{ type: 'ip', value: '203.0.113.9', verdict: 'malicious', confidence: 80, sources: ['feed'] }], eventCount: 1 },
    ])
    expect((await detection.events(tenant, [alerts[1]!.id])).get(alerts[1]!.id)).toMatchObject([{ matched: [{ selection: 'indicator', field: 'CommandLine', value: '203.0.113.9' }] }])
    // However many transactions that took.
    const sighted = Map.groupBy(at.indicators.sighted, ({ type, value }) => `${type} ${value}`)
    expect(Object.fromEntries([...sighted].map(([named, parts]) => [named, parts.reduce((sum, { count }) => sum + count, 0)]))).toEqual({ 'ip 203.0.113.9': 1, 'domain bad.example': 2 })
    // Another tenant for whom the same is in force.
    await at.send([started('ping 203.0.113.9')], { tenant: 'ten_b' })
    expect(await titles('ten_b')).toEqual(['Known malicious address: 203.0.113.9 1 new'])
    expect(at.indicators.read).toBe(1)
    at.indicators.list = []
    at.indicators.version = '2'
    detection.intelChanged()
    await at.send([started('ping 203.0.113.9', { Hostname: 'B' })])
    expect((await found()).filter(({ host }) => host === 'B')).toEqual([])
  })
})

describe('hostile events and rules', () => {
  test('10,000 fields, endless texts, NUL, half characters and strange dates cost only themselves', async () => {
    await begin()
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, `v${n}`]))
    let deep: object = { end: 1 }
    for (let n = 0; n < 150; n++) deep = { deep }
    await at.send([
      started('evil wide', { ...wide, Hostname: 'WIDE' }), started(`evil ${'x'.repeat(900_000)}`, { Hostname: 'LONG' }), started('evil \0 nul', { Hostname: 'N\0UL', User: 'A\0\\b\0', ProcessGuid: '\ud800{half', extra: deep }),
      started('evil \ud800 half', { Hostname: 'HALF\ud800' }), started('evil', { Hostname: 'LATE', UtcTime: '9999-12-31 23:59:59.999' }), started('evil', { Hostname: 'NONE', UtcTime: 'never' }),
    ])
    const alerts = await found()
    expect(alerts.map(({ host }) => host).sort()).toEqual(['HALF\uFFFD', 'LATE', 'LONG', 'NONE', 'N\uFFFDUL', 'WIDE'].sort())
    const long = alerts.find(({ host }) => host === 'LONG')!
    const [event] = (await detection.events(tenant, [long.id])).get(long.id)!
    expect(event!.raw.length).toBe(65_536)
    expect(String(event!.matched[0]!.value).length).toBe(2_000)
    expect(await detection.progress(tenant)).toMatchObject({ detected: 6, skipped: 0 })
  })

  test('an expression that would explode is counted, and the other rules find', async () => {
    await begin({ 'one.yml': ruleOf('rule-evil', 'evil'), 'two.yml': ruleOf('rule-regex', 'x').replace("CommandLine|contains: 'x'", "CommandLine|re: '(a|b)*a(a|b){900}c'") })
    let seed = 1
    const text = Array.from({ length: 300_000 }, () => ((seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) > 1_073_741_824 ? 'a' : 'b')).join('')
    await at.send([started(`evil ${text}`), started('evil after')])
    expect(await titles()).toEqual(['Finds evil 2 new'])
    expect(await at.metrics.getSingleMetricAsString('haechi_detection_faults_total')).toContain('{code="regex_exhausted"} 1')
  })
})
