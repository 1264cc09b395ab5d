import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimelineEntry } from '../../../server/src/incidents/wire.ts'
import { detail, eventOf } from './incidents.fixture.ts'
import { byMinute, factOf, firstLines, matches } from './story.ts'

const utcDay = (iso: string) => iso.slice(0, 10)
const entryOf = (id: string, at: number, change: Partial<TimelineEntry> = {}): TimelineEntry => ({ id, at: new Date(at).toISOString(), kind: 'alert', actor: null, text: 'same', severity: 'high', ref: null, event: null, ...change })

describe('the story by minute', () => {
  test('equal alerts of one minute are one line, those of the next minute another', () => {
    const minutes = byMinute([entryOf('c', 61_000), entryOf('a', 1_000), entryOf('b', 59_000), entryOf('d', 59_500, { severity: 'low' }), entryOf('e', 59_600, { text: 'other' })], utcDay)
    expect(minutes.map((minute) => minute.lines.map((line) => line.entries.map(({ id }) => id)))).toEqual([[['a', 'b'], ['d'], ['e']], [['c']]])
    expect(minutes.map(({ at }) => at)).toEqual(['1970-01-01T00:00:00.000Z', '1970-01-01T00:01:00.000Z'])
  })

  test('what people wrote is never folded', () => {
    const said = { kind: 'comment', text: 'same', severity: null } as const
    expect(byMinute([entryOf('a', 0, said), entryOf('b', 1, said)], utcDay)[0]?.lines).toHaveLength(2)
  })

  test('a day begins where the reader\'s calendar says so', () => {
    const seoul = (iso: string) => new Date(Date.parse(iso) + 9 * 3_600_000).toISOString().slice(0, 10)
    const entries = [entryOf('a', Date.parse('2026-11-22T14:59:10Z')), entryOf('b', Date.parse('2026-11-22T15:00:10Z'))]
    expect(byMinute(entries, seoul).map(({ newDay }) => newDay)).toEqual([true, true])
    expect(byMinute(entries, utcDay).map(({ newDay }) => newDay)).toEqual([true, false])
  })

  test('every entry comes out once, in the order of time', () => {
    const entries = fc.array(fc.record({ at: fc.integer({ min: 0, max: 600_000 }), text: fc.constantFrom('x', 'y'), kind: fc.constantFrom<TimelineEntry['kind']>('alert', 'comment', 'action') }), { maxLength: 60 })
    fc.assert(fc.property(entries, (made) => {
      const given = made.map(({ at, text, kind }, index) => entryOf(String(index), at, { text, kind }))
      const minutes = byMinute(given, utcDay)
      const out = minutes.flatMap(({ lines }) => lines.flatMap((line) => line.entries))
      expect(out.map(({ id }) => id).sort()).toEqual(given.map(({ id }) => id).sort())
      const firsts = minutes.flatMap(({ lines }) => lines.map(({ entry }) => Date.parse(entry.at)))
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
    }))
  })

  test('a claim shows the command, else the matched text that says most, else nothing', () => {
    const matched = [{ selection: 's', field: 'EventID', value: 5145 }, { selection: 's', field: 'ShareName', value: 'C$' }, { selection: 's', field: 'RelativeTargetName', value: 'Temp\\a.exe' }]
    expect(factOf({ event: eventOf() })).toContain('MiniDump')
    expect(factOf({ event: eventOf({ process: null, matched }) })).toBe('RelativeTargetName: Temp\\a.exe')
    expect(factOf({ event: eventOf({ process: null, matched: matched.slice(0, 1) }) })).toBeNull()
    expect(factOf({ event: null })).toBeNull()
  })

  test('filters keep what they name; the first lines are cut between minutes and the rest is counted', () => {
    expect(detail.timeline.filter((entry) => matches(entry, 'alerts'))).toHaveLength(6)
    expect(detail.timeline.filter((entry) => matches(entry, 'comments'))).toHaveLength(1)
    const minutes = byMinute(detail.timeline, utcDay)
    const { minutes: shown, rest } = firstLines(minutes, 2)
    expect(shown).toHaveLength(2)
    expect(rest).toBe(minutes.slice(2).reduce((sum, { lines }) => sum + lines.length, 0))
    expect(firstLines(minutes, 1_000).rest).toBe(0)
  })
})
