import { expect, test } from 'vitest'
import type { TimelineEntry } from '../incidents/wire.ts'
import { told } from './gather.ts'

const entry = (place: number, kind: TimelineEntry['kind'], text: string, severity: TimelineEntry['severity'] = null): TimelineEntry =>
  ({ id: `t${place}`, at: new Date(place * 60_000).toISOString(), kind, actor: null, text, severity, ref: null, event: null })

test('a long story keeps what was found and what people said, in the order of time', () => {
  const long = [
    ...Array.from({ length: 10 }, (_, place) => entry(place, 'alert', `low ${place}`, 'low')), entry(10, 'status', 'opened'), entry(11, 'assignment', 'assigned'), entry(12, 'alert', 'LSASS', 'critical'),
    entry(13, 'comment', 'it is bad'), ...Array.from({ length: 10 }, (_, place) => entry(14 + place, 'note', `note ${place}`)), entry(30, 'approval', 'approved'),
  ]
  const kept = told(long).map(({ text }) => text)
  expect(kept).toHaveLength(16)
  expect(kept).toEqual(expect.arrayContaining(['LSASS', 'it is bad', 'approved']))
  expect(kept).not.toContain('assigned')
  expect(kept).toEqual(long.map(({ text }) => text).filter((text) => kept.includes(text)))
})

test('of a rule that fired often the first time is told', () => {
  expect(told([entry(1, 'alert', 'same', 'high'), entry(2, 'alert', 'same', 'high'), entry(3, 'comment', 'same'), entry(4, 'comment', 'same')]).map(({ id }) => id)).toEqual(['t1', 't3', 't4'])
})
