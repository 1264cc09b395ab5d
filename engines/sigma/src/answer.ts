import { columnsOf } from '@haechi/records'
import type { Match } from './matcher.ts'
import type { Level } from './rule.ts'

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
}

/** `eventIndex` counts from 0 in `input`; `now` (ms) gives syslog stamps their year. */
export function answerOf({ rule, matched }: Match, of: { input: string; eventIndex: number; record: unknown; now?: number }): Answer {
  const { time } = columnsOf(of.record, of.now === undefined ? {} : { now: of.now })
  const date = time === null ? null : new Date(time)
  return {
    rule_id: rule.id, rule_title: rule.title, rule_author: rule.author, level: rule.level, input: of.input, event_index: of.eventIndex,
    event_time: date === null || Number.isNaN(date.getTime()) ? null : date.toISOString(), matched,
  }
}
