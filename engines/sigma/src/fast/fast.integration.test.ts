// The fast matcher is the plain one on the public rules: the regression samples, and 20,000 events of all lanes, chosen by the digest of their line so that the choice stays the same.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { splitRecords } from '@haechi/records'
import { CURRENT, PINNED, archived, jsonOf, laneLines, missing, rulesOf } from '../corpus.fixture.ts'
import { createMatcher, createPlainMatcher } from '../index.ts'
import type { Match, Matcher, Rule } from '../index.ts'

const EVENTS = 20_000
/** Of them without a log source, where each rule is asked. */
const UNSTATED = 1000
/** Events of a batch: matchers remember from one to the next. */
const BATCH = 1000

const batches = (lines: readonly string[]): Buffer[] => Array.from({ length: Math.ceil(lines.length / BATCH) }, (_, place) => Buffer.from(lines.slice(place * BATCH, (place + 1) * BATCH).join('\n')))
const said = (matches: readonly Match[]): string[] => matches.map(({ rule, eventIndex, matched }) => `${eventIndex} ${rule.id} ${JSON.stringify(matched)}`)

describe.skipIf(missing !== false)('on SigmaHQ\'s rules the fast matcher says what the plain one says', () => {
  let pinned: Rule[] = []
  let chosen: string[] = []
  beforeAll(() => {
    pinned = rulesOf(PINNED).rules
    const lanes = Object.keys(jsonOf<{ lanes: Record<string, unknown> }>('lanes/counts.json').lanes)
    const digests = new Map(lanes.flatMap((lane) => laneLines(lane).map((line) => [line, createHash('sha256').update(line).digest('hex')] as const)))
    chosen = [...digests].toSorted(([, a], [, b]) => (a < b ? -1 : 1)).slice(0, EVENTS).map(([line]) => line)
  })

  /** Batch by batch; answers how many matches there were. */
  const agree = (fast: Matcher, plain: Matcher, lines: readonly string[], source: Parameters<Matcher['match']>[1]): number => {
    let matches = 0
    for (const batch of batches(lines)) {
      const found = said(fast.match(batch, source))
      expect(found).toEqual(said(plain.match(batch, source)))
      matches += found.length
    }
    return matches
  }

  test('of the regression samples, by all rules', async () => {
    const { rules } = rulesOf(CURRENT)
    const index = jsonOf<{ tests: { json: string }[] }[]>('sigma-regression/index.json')
    const files = archived('sigma-regression/sigma-regression.tar.gz', '.json')
    const lines: string[] = []
    for (const { json } of index.flatMap(({ tests }) => tests)) {
      for await (const batch of splitRecords(Readable.from([Buffer.from(files.get(json) as string)]), { name: json })) {
        for (const record of batch) if (record.bytes !== undefined) lines.push(Buffer.from(record.bytes).toString())
      }
    }
    const [fast, plain] = [createMatcher(rules), createPlainMatcher(rules)]
    expect(lines).toHaveLength(107)
    for (const source of ['detect', {}, { product: 'windows' }, 'detect'] as const) expect(agree(fast, plain, lines, source)).toBeGreaterThan(107)
  }, 120_000)

  test('of 20,000 events, by what they say of their log source; of 1000, by all rules', () => {
    const [fast, plain] = [createMatcher(pinned), createPlainMatcher(pinned)]
    expect(chosen).toHaveLength(EVENTS)
    expect(agree(fast, plain, chosen, 'detect')).toBeGreaterThan(4000)
    expect(agree(fast, plain, chosen.slice(0, UNSTATED), {})).toBeGreaterThan(2000)
    // Again, all remembered and in another order.
    expect(agree(fast, plain, chosen.slice(0, UNSTATED).toReversed(), 'detect')).toBeGreaterThan(100)
  }, 300_000)
})
