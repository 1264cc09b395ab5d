import { columnsOf } from '@haechi/records'
import type { Match } from './matcher.ts'
import type { CorrelationMatch } from './occurrence.ts'
import type { CorrelationType, Level } from './rule.ts'

/** One line of `haechi detect`. `event_time` is the event's own (ISO 8601) or null; the rule's author is told because its licence asks for it (DRL 1.1). */
export type Answer = {
  rule_id: string
  rule_title: string
  rule_author: string | null
  level: Level | null
  input: string
  event_index: number
  event_time: string | null
  matched: Match['matched']
  /** Of a correlation only: what it is about and what made it. Its `matched` is empty; `event_index` and `event_time` are those of the event that completed it. */
  correlation?: {
    type: CorrelationType
    group: CorrelationMatch['group']
    value: number | null
    /** The window, both ends inclusive. */
    from: string | null
    to: string | null
    /** The latest of the window, at most 100, in the order of their times; `events_total` counts all. */
    events: readonly { input: string; event_index: number }[]
    events_total: number
  }
}

/** `eventIndex` counts from 0 in `input`; `now` (ms) gives syslog stamps their year. */
export function answerOf({ rule, matched }: Match, of: { input: string; eventIndex: number; record: unknown; now?: number }): Answer {
  const { time } = columnsOf(of.record, of.now === undefined ? {} : { now: of.now })
  return {
    rule_id: rule.id, rule_title: rule.title, rule_author: rule.author, level: rule.level, input: of.input, event_index: of.eventIndex, event_time: stamp(time), matched,
  }
}

/** `eventTime` (ms) is that of the event that completed it; `placeOf` says where an event is that `refs` names. */
export function correlationAnswerOf({ correlation: rule, group, value, from, time, refs, refsTotal }: CorrelationMatch, of: {
  input: string
  eventIndex: number
  eventTime: number
  placeOf: (ref: number) => { input: string; eventIndex: number }
}): Answer {
  return {
    rule_id: rule.id, rule_title: rule.title, rule_author: rule.author, level: rule.level, input: of.input, event_index: of.eventIndex, event_time: stamp(of.eventTime), matched: [],
    correlation: {
      type: rule.type, group, value, from: stamp(from), to: stamp(time), events: refs.map((ref) => {
        const { input, eventIndex } = of.placeOf(ref)
        return { input, event_index: eventIndex }
      }), events_total: refsTotal,
    },
  }
}

function stamp(time: number | null): string | null {
  const date = time === null ? null : new Date(time)
  return date === null || Number.isNaN(date.getTime()) ? null : date.toISOString()
}
