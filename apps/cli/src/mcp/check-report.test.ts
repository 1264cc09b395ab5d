import fc from 'fast-check'
import { grades, kinds } from '@haechi/openapi-tools'
import type { ChangeKind, Grade } from '@haechi/openapi-tools'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { widthOf } from '../layout.ts'
import { textIn } from '../texts.ts'
import { asJson, asJunit, asMarkdown, asSarif, asText, fails } from './check-report.ts'
import type { Checked, Reported } from './check-report.ts'

const reader = (language: 'en' | 'ko', width = 80, colour = false) => ({ text: textIn(language), language, width, colour })

const nasty = fc.oneof(fc.string({ unit: fc.constantFrom('a', '|', '`', '<', '>', '&', '"', '\'', '@', '#', '*', '[', ']', '(', '\n', '\r', '\u0000', '\u001b', '\u202e', '\ud800', '\ufffe', '가', ' ', ':', '/') }), fc.constantFrom('@everyone <img src=x onerror=alert(1)> ]]> <!-- -->', 'see https://evil.test/?q=1 and [this](http://x.test) #1', '\u001b[2J\u001b]0;owned\u0007', '-->\n| a | b |\n# Title'))
const change = fc.record({ kind: fc.constantFrom(...Object.keys(kinds) as ChangeKind[], 'finding-instruction' as const), grade: fc.constantFrom(...grades), operation: nasty, tool: nasty, place: nasty, detail: nasty, file: fc.constantFrom('openapi.yaml', 'old dir/베이스.yaml'), line: fc.option(fc.integer({ min: 1, max: 99 })) })
const checked = fc.record({ base: fc.constant('old dir/베이스.yaml'), head: fc.constant('openapi.yaml'), changes: fc.array(change, { maxLength: 8 }), tools: fc.uniqueArray(nasty, { maxLength: 3 }), failOn: fc.constantFrom<Grade>('dangerous', 'breaking', 'review') })

const one = (given: Partial<Reported> = {}): Reported => ({ grade: 'breaking', kind: 'argument-removed', operation: 'GET /a', tool: 'getA', place: 'x', detail: 'x is gone.', file: 'openapi.yaml', line: 7, ...given })
const of = (...changes: Reported[]): Checked => ({ base: 'old.yaml', head: 'openapi.yaml', changes, tools: ['getA', 'getB'], failOn: 'breaking' })

test('fails from the grade on that is asked for', () => {
  expect(fails(of(one()))).toBe(true)
  expect(fails({ ...of(one()), failOn: 'dangerous' })).toBe(false)
  expect(fails({ ...of(one({ grade: 'review' })), failOn: 'review' })).toBe(true)
  expect(fails(of(one({ grade: 'review' })))).toBe(false)
  expect(fails(of())).toBe(false)
})

test('what is said of many tools is said once, the worst first, in cells that Hangul fills', () => {
  const many = of(...['getA', 'getB', 'getC', 'getD'].map((tool) => one({ tool, grade: 'dangerous', kind: 'host-changed', place: 'servers', detail: '호스트가 아주 아주 길게 바뀌었다고 말하는 한국어 문장이 여러 줄로 나뉘어도 칸을 넘지 않아야 합니다.' })), one({ grade: 'safe', kind: 'argument-added' }))
  const lines = asText(many, reader('ko', 60))
  expect(lines[0]).toBe('위험 (dangerous)')
  expect(lines.join('\n')).toMatch(/getA, getB\s+외 2개/)
  expect(lines.filter((line) => line.includes('호스트가')).length).toBe(1)
  for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(60)
  expect(lines.at(-1)).toBe('검사 실패: 호환 깨짐 이상 등급의 변경이 있습니다.')
  expect(asText(many, reader('en', 80, true))[0]).toBe('\u001b[35;1mdangerous\u001b[0m')
  expect(asText(of(one({ grade: 'none', kind: 'tags-changed' })), reader('en'))).toEqual(['1 changes of 1 tools: no effect 1.', 'The check passed: no change is graded breaking or above.'])
  expect(asText(of(), reader('en'))).toEqual(['Nothing changes for the tools.', 'The check passed: no change is graded breaking or above.'])
})

test('a terminal is not commanded', () => {
  fc.assert(fc.property(checked, (given) => {
    for (const line of asText(given, reader('en'))) expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
  }))
})

test('markdown is a table of text: no HTML, no mention, no link, no cell more', () => {
  fc.assert(fc.property(checked, fc.constantFrom('en', 'ko'), (given, language) => {
    const markdown = asMarkdown(given, reader(language))
    const [title, , , , ...rows] = markdown.split('\n')
    expect(title).toMatch(/^### /)
    for (const row of rows.filter((line) => line !== '')) expect(row.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(5)
    const text = rows.slice(2).join('\n')
    expect(text).not.toMatch(/[<>@]|(?<!\\)[`[\]*]|https?:|www\./i)
    expect(text).not.toMatch(/&(?!#\d+;)/)
  }))
})

test('markdown fits in a comment', () => {
  const markdown = asMarkdown(of(...Array.from({ length: 2_000 }, (_, n) => one({ detail: `argument ${n} is gone.`.padEnd(80, '!') }))), reader('en'))
  expect(markdown.length).toBeLessThan(65_536)
  expect(markdown).toMatch(/\.\.\. and [\d,]+ rows more, which do not fit\.\n$/)
})

test('JSON is what others rely on', () => {
  expect(JSON.parse(asJson(of(one())))).toEqual({ changes: [{ grade: 'breaking', kind: 'argument-removed', operation: 'GET /a', tool: 'getA', place: 'x', detail: 'x is gone.', file: 'openapi.yaml', line: 7 }] })
})

// What SARIF 2.1.0 (OASIS, sections 3.13 to 3.30) asks of the parts that are written; strict, so that nothing else is.
const message = z.strictObject({ text: z.string().min(1) })
const physical = z.strictObject({ artifactLocation: z.strictObject({ uri: z.string().regex(/^[\w./:%~!'()*-]+$/) }), region: z.strictObject({ startLine: z.int().min(1) }) })
const level = z.enum(['none', 'note', 'warning', 'error'])
const sarif = z.strictObject({
  $schema: z.url(), version: z.literal('2.1.0'),
  runs: z.array(z.strictObject({
    tool: z.strictObject({ driver: z.strictObject({ name: z.string().min(1), semanticVersion: z.string().regex(/^\d+\.\d+\.\d+/), rules: z.array(z.strictObject({ id: z.string().min(1), shortDescription: message, fullDescription: message, defaultConfiguration: z.strictObject({ level }), properties: z.record(z.string(), z.unknown()) })) }) }),
    columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']), properties: z.strictObject({ omitted: z.int().min(1) }).optional(),
    results: z.array(z.strictObject({
      ruleId: z.string(), ruleIndex: z.int().min(0), level, message,
      locations: z.array(z.strictObject({ physicalLocation: physical, logicalLocations: z.array(z.strictObject({ name: z.string(), fullyQualifiedName: z.string(), kind: z.string() })) })).length(1),
      relatedLocations: z.array(z.strictObject({ id: z.int().min(0), message, physicalLocation: physical })).optional(),
      partialFingerprints: z.record(z.string().regex(/^[^/]+\/v\d+$/), z.string()), properties: z.record(z.string(), z.unknown()),
    })),
  })).min(1),
})

test('SARIF has the structure that was published, and each result its rule', () => {
  fc.assert(fc.property(checked, (given) => {
    const { runs: [run] } = sarif.parse(JSON.parse(asSarif(given, '1.2.3')))
    const { results, tool: { driver: { rules } } } = run!
    expect(results).toHaveLength(given.changes.length)
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex]!.id).toBe(ruleId)
  }))
  const [many] = sarif.parse(JSON.parse(asSarif(of(...Array.from({ length: 5_001 }, () => one({ grade: 'safe', kind: 'argument-added' })), one({ grade: 'dangerous', kind: 'host-changed' })), '1.2.3'))).runs
  expect([many!.results.length, many!.results[0]!.level, many!.properties]).toEqual([5_000, 'error', { omitted: 2 }])
  const [gone] = sarif.parse(JSON.parse(asSarif(of(one({ kind: 'tool-removed', file: 'old dir/a.yaml', line: 3 })), '1.2.3'))).runs[0]!.results
  expect(gone!.locations[0]!.physicalLocation).toEqual({ artifactLocation: { uri: 'openapi.yaml' }, region: { startLine: 1 } })
  expect(gone!.relatedLocations![0]!.physicalLocation).toEqual({ artifactLocation: { uri: 'old%20dir/a.yaml' }, region: { startLine: 3 } })
})

/** Throws for what is no well-formed XML of elements, attributes, character data and the five references. Returns the names of elements in order. */
function elements(xml: string): string[] {
  const names: string[] = []
  const open: string[] = []
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
  for (const part of body.match(/<[^>]*>|[^<]+/g) ?? []) {
    // oxlint-disable-next-line no-control-regex -- XML 1.0 has none of these
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|&(?!(?:amp|lt|gt|quot|apos);)/.test(part) || !part.isWellFormed()) throw new Error(`not XML: ${JSON.stringify(part)}`)
    const [, closing, name, , empty] = /^<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>$/.exec(part) ?? []
    if (name === undefined) {
      if (part.startsWith('<') || part.includes('>')) throw new Error(`not XML: ${JSON.stringify(part)}`)
    } else if (closing === '/') {
      if (open.pop() !== name) throw new Error(`closed too early: ${name}`)
    } else {
      names.push(name)
      if (empty === '') open.push(name)
    }
  }
  if (open.length > 0) throw new Error(`left open: ${open.join()}`)
  return names
}

test('JUnit is XML with a testcase for each tool, and its counts are right', () => {
  fc.assert(fc.property(checked, (given) => {
    const xml = asJunit(given)
    const found = elements(xml)
    expect(found.slice(0, 2)).toEqual(['testsuites', 'testsuite'])
    const tools = new Set([...given.tools, ...given.changes.map(({ tool }) => tool)])
    expect(found.filter((name) => name === 'testcase')).toHaveLength(tools.size)
    const failing = new Set(given.changes.filter(({ grade }) => grades.indexOf(grade) >= grades.indexOf(given.failOn)).map(({ tool }) => tool))
    expect(found.filter((name) => name === 'failure')).toHaveLength(failing.size)
    expect(xml).toContain(`tests="${tools.size}" failures="${failing.size}"`)
  }))
})
