// rsigma 0.23.0 as an oracle: every conformance vector; recorded events and events made of the rules by SigmaHQ's rules; drawn correlations over drawn events. Both say the same but for the table
// "Where engines differ" of tests/conformance/sigma/README.md, which names each vector that rsigma answers otherwise. Runs where RSIGMA is the path of its binary.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRecord } from '@haechi/records'
import { CURRENT, PINNED, archived, laneLines, missing, rulesOf } from './corpus.fixture.ts'
import { vectors } from './conformance.fixture.ts'
import type { Event, Firing, Vector } from './conformance.fixture.ts'
import { createCorrelator, createMatcher, createPlainMatcher, link, parse } from './index.ts'
import { eventFor } from './made-events.fixture.ts'

const binary = process.env['RSIGMA']
const README = resolve(import.meta.dirname, '../../../tests/conformance/sigma/README.md')

let folder = ''
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'haechi-rsigma-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Found = { rule_title: string; rule_id: string | null; correlation_type?: string; aggregated_value?: number; group_key?: [string, string][]; event?: Event }

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

const batch = (events: readonly Event[]): Buffer => Buffer.from(events.map((event) => JSON.stringify(event)).join('\n'))
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

/** The same numbers in each run. */
function drawing(seed: number): { draw: (below: number) => number; pick: <T>(list: readonly T[]) => T } {
  const draw = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor(seed / 65_536) % below
  }
  return { draw, pick: (list) => list[draw(list.length)] as (typeof list)[number] }
}

describe.skipIf(binary === undefined)(`rsigma ${binary === undefined ? '(RSIGMA is not set to the path of its binary)' : ''}`, () => {
  test('answers every vector as it is written, but for those that the table names', () => {
    expect([...vectors().values()].flat().filter((vector) => !agrees(vector)).map(({ id }) => id).toSorted()).toEqual(known())
  }, 300_000)

  /** `index id` of each match; it reads the fields as they stand in the record, and its answers carry the event. */
  const theirs = (path: string, events: readonly Event[]): string[] => {
    const rules = mkdtempSync(join(folder, 'rules-'))
    for (const [name, text] of archived(path, '.yml')) writeFileSync(join(rules, name.replaceAll('/', '_')), text)
    const { stdout } = run(['-r', rules, '--include-event'], events.map((event, index) => ({ ...event, 'haechi.index': index })))
    return stdout.map((one) => `${String(one.event?.['haechi.index'])} ${one.rule_id}`).toSorted()
  }
  const asWritten = (record: unknown) => ({ ...readRecord(record), fields: record as Event })

  test.skipIf(missing !== false)('finds the same rules in the same recorded events', () => {
    const events = laneLines('otrf-lane-60k').filter((_, index) => index % 30 === 0).map((line) => JSON.parse(line) as Event)
    const ours = createPlainMatcher(rulesOf(PINNED).rules, {}, asWritten).match(batch(events), {}).map(({ rule, eventIndex }) => `${eventIndex} ${rule.id}`)
    expect(events).toHaveLength(2000)
    expect(theirs(PINNED, events)).toEqual(ours.toSorted())
  }, 300_000)

  test.skipIf(missing !== false)('finds the same rules in an event made of each, but where the table says why not', () => {
    const { rules } = rulesOf(CURRENT)
    const events = rules.map((rule) => eventFor(rule, 0))
    const ours = new Map(createMatcher(rules, {}, asWritten).match(batch(events), {}).map(({ rule, eventIndex }) => [`${eventIndex} ${rule.id}`, rule]))
    const found = new Set(theirs(CURRENT, events))
    const ids = new Set(rules.map(({ id }) => id))
    expect([...found].filter((match) => ids.has(match.split(' ')[1] as string) && !ours.has(match))).toEqual([])
    // Dashes other than "-", all of several keywords, base64offset, wildcards within startswith and endswith.
    const texts = archived(CURRENT, '.yml')
    const unexplained = [...ours].filter(([match, rule]) => !found.has(match) && !/windash|'\|all'|base64offset|(?:starts|ends)with:[^:]*[*?]/.test(texts.get(rule.file) as string))
    expect(unexplained.map(([, { title }]) => title)).toEqual([])
    expect(found.size).toBeGreaterThan(10_000)
  }, 300_000)

  test('drawn values with wildcards and escapes, and drawn conditions, hold for the same events', () => {
    const { draw, pick } = drawing(7)
    const word = (alphabet: string): string => Array.from({ length: draw(6) }, () => alphabet.charAt(draw(alphabet.length))).join('')
    const document = (index: number, detection: string): string => `title: r${index}\nid: ${String(index).padStart(8, '0')}-0000-4000-8000-000000000000\nlogsource: {category: test}\ndetection: {${detection}}`
    const values = Array.from({ length: 400 }, (_, index) => {
      const modifier = pick(['', '|cased', '|contains', '|startswith', '|endswith', '|contains|cased'])
      // Within startswith and its kind it loses wildcards.
      return document(index, `s: {'f${modifier}': '${word(modifier.length < 8 ? 'abA\\\\*?.' : 'abA\\.')}'}, condition: s`)
    })
    const condition = (depth: number): string => {
      const kind = depth === 0 ? 6 : draw(7)
      if (kind < 2) return `${condition(depth - 1)} and ${condition(depth - 1)}`
      if (kind < 4) return `${condition(depth - 1)} or ${condition(depth - 1)}`
      if (kind === 4) return `(${condition(depth - 1)})`
      return kind === 5 ? `not ${condition(0)}` : pick(['a', 'b', 'x_1', 'x_2', '1 of x_*', 'all of x_*', 'any of them', 'all of them', '1 of *_1'])
    }
    const conditions = Array.from({ length: 200 }, (_, index) => document(400 + index, `a: {a: 1}, b: {b: 1}, x_1: {c: 1}, x_2: {d: 1}, condition: '${condition(3)}'`))
    const events = [...Array.from({ length: 300 }, () => ({ f: word('abAB\\\\*?.') })), ...Array.from({ length: 16 }, (_, bits) => Object.fromEntries(['a', 'b', 'c', 'd'].flatMap((name, at) => ((bits >> at) & 1 ? [[name, 1]] : []))))]
    const text = [...values, ...conditions].join('\n---\n')
    const { rules, rejected } = parse(text, 'rules.yml')
    const ours = createPlainMatcher(rules).match(batch(events), {}).map(({ rule, eventIndex }) => `${eventIndex} ${rule.title}`)
    const file = join(folder, 'rules.yml')
    writeFileSync(file, text)
    const found = run(['-r', file, '--include-event'], events.map((event, index) => ({ ...event, 'haechi.index': index }))).stdout.map((one) => `${String(one.event?.['haechi.index'])} ${one.rule_title}`)
    expect(rejected).toEqual([])
    expect(found.toSorted()).toEqual(ours.toSorted())
    expect(ours.length).toBeGreaterThan(20_000)
  }, 300_000)

  test('correlations fire at the same events, for the same groups, with the same values', () => {
    const { draw, pick } = drawing(1)
    const idOf = (kind: number, index: number): string => `00000000-0000-4000-8000-0000000${kind}${String(index).padStart(4, '0')}`
    const refs = [0, 1, 2, 3].map((index) => idOf(1, index))
    const single = refs.map((id, index) => `title: r${index}\nid: ${id}\nlogsource: {category: test}\ndetection: {s: {kind|contains: ${'abcd'[index]}}, condition: s}`)
    const drawn = Array.from({ length: 120 }, (_, index) => {
      const type = pick(['event_count', 'value_count', 'value_sum', 'value_avg', 'value_median', 'temporal', 'temporal_ordered'])
      const rules = refs.filter(() => draw(2) === 0)
      const own = rules.length === 0 ? [refs[0] as string] : rules
      const temporal = type.startsWith('temporal')
      const bound = `${pick(['gt', 'gte', 'lt', 'lte', 'eq', 'neq'])}: ${type === 'value_sum' ? draw(200) : type.startsWith('value_') && type !== 'value_count' ? draw(40) : draw(6)}`
      // Without a condition, and with numbers of ordered ones between none and all, it does not do what the specification says.
      const condition = type === 'temporal_ordered' ? `{gte: ${own.length}}` : type === 'temporal' && draw(2) === 0 ? own.map((id) => `${draw(3) === 0 ? 'not ' : ''}${id}`).join(draw(2) === 0 ? ' and ' : ' or ') : `{${type.startsWith('value_') ? `field: ${type === 'value_count' ? pick(['n', '[n, ip]']) : 'n'}, ` : ''}${temporal ? `gte: ${1 + draw(own.length)}` : bound}}`
      return `title: c${index}\nid: ${idOf(2, index)}\ncorrelation:\n  type: ${type}\n  rules: [${own.join(', ')}]\n  group-by: [${pick(['user', 'user, ip', 'ip'])}]\n  timespan: ${pick(['5s', '30s', '2m', '1h'])}\n  condition: ${condition}`
    })
    const text = [...single, ...drawn].join('\n---\n')
    let at = START
    const events = Array.from({ length: 400 }, () => {
      at += pick([0, 1, 1, 3, 10, 40]) * 1000
      return { at, event: { '@timestamp': new Date(at).toISOString(), kind: ['a', 'b', 'c', 'd'].filter(() => draw(3) === 0).join(''), user: pick(['ann', 'bob', 'Ann']), ip: draw(3), n: draw(30) - 5 } }
    })
    const { rules, correlations, rejected } = parse(text, 'rules.yml')
    const linked = link({ rules, correlations, filters: [] })
    const matcher = createMatcher(linked.rules)
    const correlator = createCorrelator(linked.correlations)
    const ours = new Map<string, unknown[]>()
    const theirs = new Map<string, unknown[]>()
    const add = (into: Map<string, unknown[]>, title: string, firing: unknown): void => { into.set(title, [...into.get(title) ?? [], firing]) }
    for (const [ref, { at: time, event }] of events.entries()) {
      for (const { rule, fields } of matcher.match(batch([event]), {})) {
        for (const { correlation, group, value } of correlator.add({ ruleId: rule.id, time, fields, ref })) add(ours, correlation.title, [group.map(({ field, value: own }) => [field, own]), value])
      }
    }
    const file = join(folder, 'rules.yml')
    writeFileSync(file, text)
    const { stdout } = run(['-r', file], events.map(({ event }) => event))
    for (const { rule_title: title, correlation_type: type, group_key: group, aggregated_value: value } of stdout) if (type !== undefined) add(theirs, title, [group, value])
    expect([rejected.map(({ reason }) => reason), linked.rejected]).toEqual([[], []])
    for (const { title } of correlations) expect([title, ours.get(title)]).toEqual([title, theirs.get(title)])
    expect([...ours.values()].flat().length).toBeGreaterThan(2000)
  }, 300_000)
})
