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

describe('rules lint', () => {
  test('for a program: each rule with its place', async () => {
    const { rules } = stage()
    const { code, out } = await haechi(['rules', 'lint', rules, '--json'])
    expect(lines(out)).toMatchObject([
      { file: join(rules, 'deeper', 'two.yaml'), status: 'ok', code: null, line: 1, id: 'r2' },
      { file: join(rules, 'deeper', 'two.yaml'), status: 'rejected', code: 'field_missing', line: 13, id: 'r3' },
      { file: join(rules, 'one.yml'), status: 'ok', code: null, line: 1, id: 'r1' },
    ])
    expect(code).toBe(1)
  })

  test('for a person: what is wrong, and how many', async () => {
    const { rules } = stage()
    const good = await haechi(['rules', 'lint', join(rules, 'one.yml')])
    expect([good.code, good.out, good.err]).toEqual([0, '', '1 rules can be loaded, 0 cannot.\n'])
    const bad = await haechi(['rules', 'lint', rules])
    expect([bad.code, bad.out]).toEqual([1, `${join(rules, 'deeper', 'two.yaml')}:13: field_missing: a rule needs a logsource\n`])
  })
})
