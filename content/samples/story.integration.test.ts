import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createIndex, readCsv, readStix, scanRecord } from '@haechi/indicators'
import { columnsOf } from '@haechi/records'
import { createMatcher, link, parse } from '@haechi/sigma'
import { describe, expect, test } from 'vitest'
import { ndjson, storyOf } from './story.ts'
import type { Burst } from './story.ts'

const here = import.meta.dirname
const documents = readdirSync(join(here, '../rules'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yml')).map((file) => parse(readFileSync(join(here, '../rules', file), 'utf8'), file))
const { rules, silent } = link({ rules: documents.flatMap((document) => document.rules), correlations: documents.flatMap(({ correlations }) => correlations), filters: [] })
const matcher = createMatcher(rules.filter(({ id }) => !silent.has(id)))
const fired = (bursts: readonly Burst[]) => bursts.flatMap((burst) => matcher.match(ndjson(burst), 'detect').map(({ rule, eventIndex }) => ({ name: basename(rule.file, '.yml'), level: rule.level, record: burst.records[eventIndex] })))

const minute = 60_000
const now = Date.parse('2026-11-22T19:40:00Z')
const story = storyOf({ now })
const everything = [...story.background, ...story.chapters.flatMap(({ bursts }) => bursts)]

describe('each chapter', () => {
  test.each(story.chapters.map((chapter) => [chapter.id, chapter] as const))('%s fires the rules it says, all of them and no others', (_, chapter) => {
    expect([...new Set(fired(chapter.bursts).map(({ name }) => name))].toSorted()).toEqual([...chapter.fires])
  })

  test.each(story.chapters.map((chapter) => [chapter.id, chapter] as const))('%s goes on in time and ends before now', (_, chapter) => {
    // Somebody may take it up while it still goes on.
    for (const times of [chapter.bursts, chapter.steps].map((of) => [chapter.startsAt, ...of.map(({ at }) => at), now])) expect(times.toSorted((a, b) => a - b)).toEqual(times)
    for (const { at } of chapter.steps) expect(at).toBeGreaterThan(chapter.bursts[0]!.at)
    for (const step of chapter.steps) if (step.do === 'decide') expect(step.by).toBe('approver')
  })
})

test('ordinary days fire nothing above low', () => {
  expect(fired(story.background).filter(({ level }) => level !== 'low' && level !== 'informational')).toEqual([])
})

test('every record is understood: its time, its host but in the cloud, its account in Windows', () => {
  for (const burst of everything) {
    for (const record of burst.records) {
      const columns = columnsOf(record, { now: burst.at })
      expect(columns.time, JSON.stringify(record)).not.toBeNull()
      expect(columns.time).toBeGreaterThan(story.from - minute)
      expect(columns.time).toBeLessThanOrEqual(burst.at)
      if (burst.source !== 'cloudtrail') expect(story.hosts.map(({ name }) => name), JSON.stringify(record)).toContain(columns.host)
      if (burst.source === 'windows') expect(columns.user, JSON.stringify(record)).not.toBeNull()
    }
  }
})

test('the same seed tells the same story, another one another', () => {
  const told = (seed: number) => Buffer.concat(storyOf({ now, seed, days: 49 }).background.map(ndjson)).toString()
  expect(told(1)).toBe(told(1))
  expect(told(1)).not.toBe(told(2))
  expect(JSON.stringify(storyOf({ now }))).toBe(JSON.stringify(story))
})

test.each([0, 3, 8.5, 15, 15.1, 23.9])('told %s hours later no chapter runs into the one after it or past now', (hours) => {
  const later = now + hours * 3_600_000
  const { chapters } = storyOf({ now: later })
  for (const [index, chapter] of chapters.entries()) {
    const end = Math.max(...chapter.bursts.map(({ at }) => at), ...chapter.steps.map(({ at }) => at))
    expect(end).toBeLessThanOrEqual(chapters[index + 1]?.startsAt ?? later)
  }
})

test('the feed, as a list and as a bundle, names what the chapters say and nothing of ordinary days', () => {
  const named = (reading: ReturnType<typeof readCsv>) => {
    expect(reading.rejected).toEqual([])
    const index = createIndex()
    index.add(reading.indicators)
    const hits = (bursts: readonly Burst[]) => bursts.flatMap(({ records, at }) => records.flatMap((record) => scanRecord({ ...columnsOf(record, { now: at }), raw: JSON.stringify(record) }, index, now)))
    expect(hits(story.background)).toEqual([])
    return story.chapters.filter(({ bursts }) => hits(bursts).length > 0).map(({ id }) => id)
  }
  expect(named(readCsv(readFileSync(join(here, 'feed.csv'), 'utf8'), { source: 'csv' }))).toEqual(story.chapters.filter(({ listed }) => listed).map(({ id }) => id))
  expect(named(readStix(readFileSync(join(here, 'feed.stix.json'), 'utf8'), { source: 'stix' }))).toEqual(['tonight'])
})

test('names nobody and nowhere that is real', () => {
  const text = Buffer.concat(everything.map(ndjson)).toString()
  const addresses = new Set(text.match(/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g))
  expect(addresses.size).toBeGreaterThan(20)
  for (const address of addresses) expect(address).toMatch(/^(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|10\.20\.|8\.5\.0|127\.0\.0\.1|0\.0\.0\.0)/)
})
