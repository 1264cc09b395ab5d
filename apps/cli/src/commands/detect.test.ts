import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

const rule = (id: string, value: string): string => `title: Rule ${id}\nid: ${id}\nauthor: A. Nonymous\nlevel: high\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  selection:\n    CommandLine|contains: ${value}\n  condition: selection\n`
const sysmon = (commandLine: string) => ({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, '@timestamp': '2026-11-22T09:00:00.000Z', Image: 'C:\\a.exe', CommandLine: commandLine })
const lines = (text: string): unknown[] => text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)

function stage() {
  const directory = folder()
  const rules = join(directory, 'rules')
  mkdirSync(join(rules, 'deeper'), { recursive: true })
  writeFileSync(join(rules, 'one.yml'), rule('r1', 'whoami'))
  writeFileSync(join(rules, 'deeper', 'two.yaml'), `${rule('r2', 'mimi')}---\ntitle: broken\nid: r3\n`)
  writeFileSync(join(rules, 'README.md'), '# no rule')
  return { directory, rules, file: (name: string, body: string | Uint8Array) => { writeFileSync(join(directory, name), body); return join(directory, name) } }
}

describe('detect', () => {
  test('a line for each match, from several inputs in several forms; the index counts in its own input', async () => {
    const { rules, file } = stage()
    const first = file('a.ndjson.gz', gzipSync([sysmon('x'), sysmon('whoami /all')].map((event) => JSON.stringify(event)).join('\n')))
    const second = file('b.json', JSON.stringify([sysmon('mimikatz; whoami'), { x: 'whoami', product: 'linux' }], null, 2))
    const { code, out, err } = await haechi(['detect', '--rules', rules, '--input', first, second, '--json'])
    const matched = [{ selection: 'selection', field: 'CommandLine', value: 'mimikatz; whoami' }]
    const told = { rule_author: 'A. Nonymous', level: 'high', event_time: '2026-11-22T09:00:00.000Z' }
    expect(lines(out)).toEqual([
      { ...told, rule_id: 'r1', rule_title: 'Rule r1', input: first, event_index: 1, matched: [{ selection: 'selection', field: 'CommandLine', value: 'whoami /all' }] },
      { ...told, rule_id: 'r2', rule_title: 'Rule r2', input: second, event_index: 0, matched },
      { ...told, rule_id: 'r1', rule_title: 'Rule r1', input: second, event_index: 0, matched },
    ])
    expect(code).toBe(0)
    expect(lines(err)).toMatchObject([
      { error: { code: 'rule_rejected', place: join(rules, 'deeper', 'two.yaml') + ':13' } },
      { statistics: { events: 4, matches: 3, rules: 2, rejected_rules: 1, rejected_records: 0 } },
    ])
  })

  test('from standard input; a broken record is named and costs no other', async () => {
    const { rules } = stage()
    const { code, out, err } = await haechi(['detect', '--rules', join(rules, 'one.yml'), '--input', '-'], { input: [`{"broken\n${JSON.stringify(sysmon('whoami'))}\n`] })
    expect(lines(out)).toMatchObject([{ rule_id: 'r1', input: '-', event_index: 1 }])
    expect(code).toBe(1)
    expect(err).toContain('stdin:1: json_invalid')
    expect(err).toContain('1 events, 1 matches; 1 rules')
  })

  test('what is not there is named; without a rule nothing is read', async () => {
    const { rules, directory, file } = stage()
    const missing = await haechi(['detect', '--rules', rules, '--input', join(directory, 'none.json'), file('a.json', JSON.stringify(sysmon('whoami')))])
    expect([missing.code, lines(missing.out).length]).toEqual([1, 1])
    expect(missing.err).toContain('file_unreadable')
    const none = await haechi(['detect', '--rules', file('empty.yml', ''), '--input', '-', '--lang', 'ko'])
    expect([none.code, none.out]).toEqual([1, ''])
    expect(none.err).toContain('rules_missing')
  })

  test('a stop ends it', async () => {
    const { rules, file } = stage()
    const { code } = await haechi(['detect', '--rules', rules, '--input', file('a.json', JSON.stringify(sysmon('whoami')))], { stop: AbortSignal.abort() })
    expect(code).toBe(130)
  })
})

const failed = (second: number, user: string, address = '192.0.2.7') => ({ Channel: 'Security', EventID: 4625, '@timestamp': `2026-11-22T09:00:${String(second).padStart(2, '0')}.000Z`, TargetUserName: user, IpAddress: address })
const base = 'title: Failed\nid: base\nname: failed\nlevel: low\nlogsource: {product: windows, service: security}\ndetection: {selection: {EventID: 4625}, condition: selection}\n'
const spraying = (more = '') => `title: Spraying\nid: spray\nauthor: B. Nonymous\nlevel: high\ncorrelation:\n  type: value_count\n  rules: [failed]\n  group-by: [IpAddress]\n  timespan: 1m\n  condition: {field: TargetUserName, gte: 3}\n${more}`
const ndjson = (events: readonly object[]) => events.map((event) => JSON.stringify(event)).join('\n')

describe('detect with correlations and filters', () => {
  test('a correlation over documents of several files and several inputs; what it refers to is silent', async () => {
    const { directory, file } = stage()
    const rules = join(directory, 'own')
    mkdirSync(rules)
    file('own/a.yml', spraying())
    file('own/b.yml', base)
    const first = file('1.ndjson', ndjson([failed(0, 'ann'), { message: 'nothing' }, failed(1, 'bob'), failed(2, 'cho', '192.0.2.8')]))
    const second = file('2.ndjson', ndjson([failed(9, 'ann'), failed(10, 'cho')]))
    const { code, out, err } = await haechi(['detect', '--rules', rules, '--input', first, second, '--json'])
    expect(lines(out)).toEqual([{
      rule_id: 'spray', rule_title: 'Spraying', rule_author: 'B. Nonymous', level: 'high', input: second, event_index: 1, event_time: '2026-11-22T09:00:10.000Z', matched: [],
      correlation: {
        type: 'value_count', group: [{ field: 'IpAddress', value: '192.0.2.7' }], value: 3, from: '2026-11-22T08:59:10.000Z', to: '2026-11-22T09:00:10.000Z',
        events: [{ input: first, event_index: 0 }, { input: first, event_index: 2 }, { input: second, event_index: 0 }, { input: second, event_index: 1 }], events_total: 4,
      },
    }])
    expect(code).toBe(0)
    expect(lines(err)).toEqual([{ statistics: { events: 6, matches: 1, rules: 1, rejected_rules: 0, rejected_records: 0, correlations: 1, groups: 2, evicted: 0, forgotten: 0, untimed: 0, late: 0 } }])
  })

  test('generate: true lets the rule speak too; events without a time are left out of correlations and counted', async () => {
    const { file } = stage()
    const rules = file('c.yml', `${base}---\n${spraying('generate: true\n')}`)
    const { '@timestamp': _, ...untimed } = failed(1, 'bob')
    const input = file('e.ndjson', ndjson([failed(0, 'ann'), untimed, failed(2, 'cho'), failed(3, 'dee')]))
    const { out, err } = await haechi(['detect', '--rules', rules, '--input', input])
    expect(lines(out).map((line) => [(line as { rule_id: string }).rule_id, (line as { event_index: number }).event_index])).toEqual([['base', 0], ['base', 1], ['base', 2], ['base', 3], ['spray', 3]])
    expect(err).toContain('1 correlations, 1 groups open at the end; left out: 1 events without a time, 0 too late')
  })

  test('a correlation that another refers to is silent too; an event without a time is counted once', async () => {
    const { file } = stage()
    const then = 'title: Then\nid: then\ncorrelation:\n  type: temporal\n  rules: [spraying, failed, again]\n  group-by: [IpAddress]\n  timespan: 1m\n'
    const rules = file('c.yml', [base, base.replace('id: base\nname: failed', 'id: base2\nname: again'), `name: spraying\n${spraying()}`, then].join('---\n'))
    const { '@timestamp': _, ...untimed } = failed(1, 'bob')
    const { out, err } = await haechi(['detect', '--rules', rules, '--input', file('e.ndjson', ndjson([untimed, failed(0, 'ann'), failed(2, 'cho'), failed(3, 'dee')])), '--json'])
    expect([...new Set(lines(out).map((line) => (line as { rule_id: string }).rule_id))]).toEqual(['then'])
    expect(lines(err)).toMatchObject([{ statistics: { correlations: 2, untimed: 1 } }])
  })

  test('a filter in another file takes out what it says', async () => {
    const { rules, file } = stage()
    const filter = file('filter.yml', 'title: Ours\nid: f\nlogsource: {product: windows, category: process_creation}\nfilter:\n  rules: [r1]\n  selection: {CommandLine|contains: our-tool}\n  condition: selection\n')
    const input = file('e.ndjson', ndjson([sysmon('whoami our-tool'), sysmon('whoami')]))
    const { code, out } = await haechi(['detect', '--rules', filter, join(rules, 'one.yml'), '--input', input])
    expect([code, lines(out)]).toMatchObject([0, [{ rule_id: 'r1', event_index: 1 }]])
  })

  test('a correlation of a rule that is not there, and a circle, are refused at their lines; the others go on', async () => {
    const { file } = stage()
    const circle = (name: string, of: string) => `title: ${name}\nid: ${name}\ncorrelation:\n  type: temporal\n  rules: [${of}]\n  timespan: 1m\n`
    const rules = file('c.yml', [base, spraying().replace('[failed]', '[nobody]'), circle('x', 'y'), circle('y', 'x')].join('---\n'))
    const input = file('e.ndjson', ndjson([failed(0, 'ann')]))
    const { code, out, err } = await haechi(['detect', '--rules', rules, '--input', input, '--json'])
    expect([code, lines(out)]).toMatchObject([0, [{ rule_id: 'base' }]])
    expect(lines(err).slice(0, -1)).toMatchObject([
      { error: { code: 'rule_rejected', place: `${rules}:14`, message: expect.stringContaining('rule_unknown') as string } },
      { error: { place: `${rules}:23`, message: expect.stringContaining('correlation_cycle') as string } }, { error: { place: `${rules}:30`, message: expect.stringContaining('correlation_cycle') as string } },
    ])
    expect(lines(err).at(-1)).toMatchObject({ statistics: { rules: 1, correlations: 0, rejected_rules: 3 } })
    const korean = await haechi(['detect', '--rules', rules, '--input', input, '--lang', 'ko'])
    expect(korean.err).toContain('규칙을 불러오지 않았습니다(correlation_cycle)')
  })

  test('a window reaches from one batch into the next', async () => {
    const { directory, file } = stage()
    const rules = file('c.yml', `${base}---\n${spraying()}`)
    const path = join(directory, 'large.ndjson.gz')
    const filler = `${JSON.stringify({ message: 'x'.repeat(1000) })}\n`.repeat(20_000)
    writeFileSync(path, gzipSync(`${JSON.stringify(failed(0, 'ann'))}\n${filler}${JSON.stringify(failed(1, 'bob'))}\n${filler}${JSON.stringify(failed(2, 'cho'))}\n`))
    const { out } = await haechi(['detect', '--rules', rules, '--input', path])
    expect(lines(out)).toMatchObject([{ event_index: 40_002, correlation: { events: [{ event_index: 0 }, { event_index: 20_001 }, { event_index: 40_002 }] } }])
  })
})

describe('detect with pipelines', () => {
  const pipeline = 'name: own\nvars: {tools: [whoami]}\ntransformations:\n  - {type: value_placeholders}\n  - {type: field_name_mapping, mapping: {CommandLine: cmd}}\n'
  const event = { product: 'windows', category: 'process_creation', cmd: 'whoami /all' }

  test('fields are looked for by the names of the events, placeholders have values', async () => {
    const { rules, file } = stage()
    const input = file('e.json', JSON.stringify(event))
    const expands = file('expand.yml', rule('r4', '"%tools%"').replace('|contains:', '|contains|expand:'))
    expect((await haechi(['detect', '--rules', expands, join(rules, 'one.yml'), '--input', input])).out).toBe('')
    const { code, out } = await haechi(['detect', '--rules', expands, join(rules, 'one.yml'), '--input', input, '--pipeline', file('p.yml', pipeline)])
    const matched = [{ selection: 'selection', field: 'cmd', value: 'whoami /all' }]
    expect([code, lines(out)]).toMatchObject([0, [{ rule_id: 'r4', matched }, { rule_id: 'r1', matched }]])
  })

  test('one that comes with Haechi is known by its name', async () => {
    const { rules, file } = stage()
    const input = file('e.json', JSON.stringify({ product: 'windows', category: 'process_creation', event: { category: ['process'], type: ['start'] }, process: { command_line: 'whoami /all' } }))
    const { code, out } = await haechi(['detect', '--rules', join(rules, 'one.yml'), '--input', input, '--pipeline', 'ecs'])
    expect([code, lines(out)]).toMatchObject([0, [{ rule_id: 'r1', matched: expect.arrayContaining([{ selection: 'selection', field: 'process.command_line', value: 'whoami /all' }]) as unknown }]])
  })

  test('one that is not there, or is none, is named before anything is read', async () => {
    const { rules, directory, file } = stage()
    const with_ = (pipelineName: string, ...more: string[]) => haechi(['detect', '--rules', rules, '--input', '-', '--pipeline', pipelineName, ...more])
    const unknown = await with_('ecss')
    expect([unknown.code, unknown.out]).toEqual([2, ''])
    expect(unknown.err).toMatch(/usage_pipeline: .*\bsysmon\b/)
    expect((await with_(join(directory, 'none.yml'))).err).toContain('file_unreadable')
    const bad = await with_(file('bad.yml', 'transformations:\n  - {type: no_such}\n'), '--lang', 'ko')
    expect(bad.code).toBe(1)
    expect(bad.err).toMatch(/pipeline_rejected: .*bad\.yml:2의 파이프라인을 쓸 수 없습니다\(pipeline_invalid\)/)
  })
})

describe('detect on what is no input', () => {
  test.each([
    ['empty', '', 'file_without_records', '레코드가 없습니다'],
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]), 'binary_content', '레코드로 읽을 수 있는 텍스트가 아닙니다'],
    ['cut', gzipSync(ndjson([sysmon('whoami'), sysmon('x')])).subarray(0, -4), 'gzip_invalid', 'gzip 데이터가 잘렸거나'],
  ] as const)('%s: one coded error in either language, and what could be read was searched', async (name, body, code, korean) => {
    const { rules, file } = stage()
    const words = ['detect', '--rules', join(rules, 'one.yml'), '--input', file('e', body)]
    const told = await haechi([...words, '--json'])
    expect([told.code, lines(told.out).length]).toEqual([1, name === 'cut' ? 1 : 0])
    expect(lines(told.err)).toMatchObject([{ error: { code } }, { statistics: {} }])
    expect((await haechi([...words, '--lang', 'ko'])).err).toContain(korean)
  })
})

describe('rules lint', () => {
  test('for a program: a line for each file, with all that is wrong in it', async () => {
    const { rules, file } = stage()
    const empty = file('rules/empty.yml', '# nothing\n')
    const { code, out } = await haechi(['rules', 'lint', rules, '--json'])
    expect(lines(out)).toEqual([
      { file: join(rules, 'deeper', 'two.yaml'), status: 'rejected', code: 'field_missing', line: 13, id: 'r3', reason: 'a logsource is missing', documents: 2, rejected: [{ code: 'field_missing', line: 13, id: 'r3', reason: 'a logsource is missing' }] },
      { file: empty, status: 'rejected', code: 'document_invalid', line: 1, id: null, reason: 'there is no document in it', documents: 1, rejected: [expect.anything()] },
      { file: join(rules, 'one.yml'), status: 'ok', code: null, line: 1, id: 'r1', reason: null, documents: 1, rejected: [] },
    ])
    expect(code).toBe(1)
  })

  test('references are looked up in all files; one that leads nowhere is refused at its line', async () => {
    const { file, directory } = stage()
    mkdirSync(join(directory, 'own'))
    const [rule, correlation] = [file('own/b.yml', base), file('own/a.yml', spraying())]
    const both = await haechi(['rules', 'lint', join(directory, 'own'), '--json'])
    expect([both.code, lines(both.out)]).toMatchObject([0, [{ file: correlation, status: 'ok', documents: 1 }, { file: rule, status: 'ok' }]])
    const alone = await haechi(['rules', 'lint', correlation, '--json'])
    expect([alone.code, lines(alone.out)]).toMatchObject([1, [{ file: correlation, status: 'rejected', code: 'rule_unknown', line: 7, id: 'spray' }]])
  })

  test('a pipeline gives placeholders their values', async () => {
    const { file } = stage()
    const expands = file('expand.yml', rule('r4', '"%tools%"').replace('|contains:', '|expand:'))
    expect(lines((await haechi(['rules', 'lint', expands, '--json'])).out)).toMatchObject([{ status: 'rejected', code: 'placeholder_unresolved', line: 10 }])
    expect((await haechi(['rules', 'lint', expands, '--pipeline', file('p.yml', 'vars: {tools: [x]}\ntransformations: [{type: value_placeholders}]\n')])).code).toBe(0)
  })

  test('for a person: what is wrong, and how many', async () => {
    const { rules } = stage()
    const good = await haechi(['rules', 'lint', join(rules, 'one.yml')])
    expect([good.code, good.out, good.err]).toEqual([0, '', '1 rules can be loaded, 0 cannot.\n'])
    const bad = await haechi(['rules', 'lint', rules])
    expect([bad.code, bad.out]).toEqual([1, `${join(rules, 'deeper', 'two.yaml')}:13: field_missing: a logsource is missing\n`])
  })
})
