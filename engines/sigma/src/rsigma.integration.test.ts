// rsigma 0.23.0 as an oracle: every conformance vector, and 2,000 recorded events by the 3,132 pinned rules. Both engines say the same but for the table
// "Where engines differ" of tests/conformance/sigma/README.md, which names each vector that rsigma answers otherwise. Runs where RSIGMA is the path of its binary.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRecord } from '@haechi/records'
import { PINNED, archived, laneLines, missing, rulesOf } from './corpus.fixture.ts'
import { vectors } from './conformance.fixture.ts'
import type { Event, Firing, Vector } from './conformance.fixture.ts'
import { createPlainMatcher, link, parse } from './index.ts'

const binary = process.env['RSIGMA']
const README = resolve(import.meta.dirname, '../../../tests/conformance/sigma/README.md')

let folder = ''
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'haechi-rsigma-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Found = { rule_title: string; correlation_type?: string; event?: Event }

/** What it finds in a stream of events; null when it refuses a document. */
function found(rules: string, events: readonly Event[], placeholders: Vector['placeholders'], more: readonly string[] = []): Found[] | null {
  const file = join(folder, 'rules.yml')
  const pipeline = join(folder, 'pipeline.yml')
  writeFileSync(file, rules)
  writeFileSync(pipeline, JSON.stringify({ name: 'placeholders', priority: 1, vars: placeholders ?? {}, transformations: [{ id: 'values', type: 'value_placeholders' }] }))
  const { stdout, stderr, status } = run(['-r', file, ...(placeholders === undefined ? [] : ['-p', pipeline]), ...more], events)
  return status !== 0 || /parse errors|Error/.test(stderr) ? null : stdout
}

function run(more: readonly string[], events: readonly Event[]): { stdout: Found[]; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(binary as string, ['engine', 'eval', '--quiet', '--output-format', 'ndjson', ...more], {
    input: events.map((event) => `${JSON.stringify(event)}\n`).join(''), encoding: 'utf8', maxBuffer: 1e9,
  })
  return { stdout: stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Found), stderr, status }
}

/** Its answers carry titles and ids, so each document is titled by its name, and each has an id. */
const titled = (rules: string): string => rules.split('\n---\n').map((document, index) => {
  const name = /^name: (.*)$/m.exec(document)?.[1]
  const id = /^id:/m.test(document) ? '' : `id: 00000000-0000-4000-8000-00000000000${index}\n`
  return id + document.replace(/^title: .*$/m, `title: ${name ?? 'Nameless'}`)
}).join('\n---\n')

const START = Date.UTC(2026, 0, 1)

/** Whether it answers as the vector says. Of rules that correlations refer to only the correlations that nothing refers to are compared. */
function agrees(vector: Vector): boolean {
  const { rules, placeholders, matches, misses = [], events = [] } = vector
  if (vector.refused !== undefined) return found(rules, [{}], placeholders) === null
  if (matches !== undefined) {
    const meets = (event: Event): boolean => (found(rules, [event], placeholders) ?? []).length > 0
    return matches.every(meets) && !misses.some(meets)
  }
  const names = (firings: readonly Firing[]): string[] => firings.map((firing) => (typeof firing === 'string' ? firing : firing.name)).toSorted()
  if (events.every(({ at }) => at === undefined)) {
    return events.every(({ event, logsource = {}, fires }) => {
      const source = Object.entries(logsource).map((part) => part.join('=')).join()
      const titles = found(titled(rules), [event], placeholders, source === '' ? [] : ['--logsource-routing', '--event-logsource', source])?.map((one) => one.rule_title).toSorted()
      return JSON.stringify(titles) === JSON.stringify(names(fires))
    })
  }
  const { correlations, silent } = link(parse(rules, 'rules.yml'))
  const outer = new Set(correlations.filter(({ id }) => !silent.has(id)).map(({ name, id }) => name ?? id))
  const stream = events.map(({ at = 0, event }) => ({ '@timestamp': new Date(START + at * 1000).toISOString(), ...event }))
  const firings = stream.map((_, index) => (found(titled(rules), stream.slice(0, index + 1), placeholders) ?? []).filter((one) => one.correlation_type !== undefined && outer.has(one.rule_title)).map((one) => one.rule_title))
  // What is new with each event.
  return events.every(({ fires }, index) => {
    const before = firings[index - 1]?.length ?? 0
    const expected = names(fires).filter((name) => outer.has(name))
    const own = firings[index] as string[]
    return own.length - before === expected.length && JSON.stringify(own.slice(before).toSorted()) === JSON.stringify(expected)
  })
}

/** The vectors that the table names in rows whose column of rsigma is not "same". */
function known(): string[] {
  const [, table = ''] = readFileSync(README, 'utf8').split('## Where engines differ')
  return table.split('\n').filter((line) => line.startsWith('|') && !/^\|[^|]*\|[^|]*\| same \|/.test(line)).flatMap((line) => [...line.matchAll(/`([a-z-]+\/[a-z0-9-]+)`/g)].map(([, id]) => id as string)).toSorted()
}

describe.skipIf(binary === undefined)(`rsigma ${binary === undefined ? '(RSIGMA is not set to the path of its binary)' : ''}`, () => {
  test('answers every vector as it is written, but for those that the table names', () => {
    expect([...vectors().values()].flat().filter((vector) => !agrees(vector)).map(({ id }) => id).toSorted()).toEqual(known())
  }, 300_000)

  test.skipIf(missing !== false)('finds the same rules in the same recorded events', () => {
    const lines = laneLines('otrf-lane-60k').filter((_, index) => index % 30 === 0)
    // It reads the fields as they stand in the record.
    const matcher = createPlainMatcher(rulesOf(PINNED).rules, {}, (record) => ({ ...readRecord(record), fields: record as Event }))
    const ours = matcher.match(Buffer.from(lines.join('\n')), {}).map(({ rule, eventIndex }) => `${eventIndex} ${rule.title}`)
    for (const [name, text] of archived(PINNED, '.yml')) writeFileSync(join(folder, `${name.replaceAll('/', '_')}`), text)
    rmSync(join(folder, 'rules.yml'), { force: true })
    rmSync(join(folder, 'pipeline.yml'), { force: true })
    const theirs = run(['-r', folder, '--include-event'], lines.map((line, index) => ({ ...JSON.parse(line) as Event, 'haechi.index': index })))
    expect(lines).toHaveLength(2000)
    expect(theirs.stdout.map((one) => `${String(one.event?.['haechi.index'])} ${one.rule_title}`).toSorted()).toEqual(ours.toSorted())
  }, 300_000)
})
