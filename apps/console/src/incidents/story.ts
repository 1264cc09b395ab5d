// The story of an incident, ready to be read: grouped by minute, a storm of equal lines folded into one, nothing lost.
// Defended by story.test.ts (every entry comes out exactly once, in order).
import type { TimelineEntry } from '../../../server/src/incidents/wire.ts'

/** One line of the story. `entries` has every entry that it stands for, oldest first: more than one where equal lines fell into one minute. */
export type StoryLine = { key: string; entry: TimelineEntry; entries: TimelineEntry[] }
/** `at` is the start of the minute, ISO 8601; `newDay` where the calendar day in the reader's zone differs from the one before. */
export type StoryMinute = { at: string; newDay: boolean; lines: StoryLine[] }
export type StoryFilter = 'all' | 'alerts' | 'actions' | 'comments'

const kinds: Record<Exclude<StoryFilter, 'all'>, readonly TimelineEntry['kind'][]> = {
  alerts: ['alert'],
  actions: ['action', 'approval', 'status', 'severity', 'assignment', 'verdict'],
  comments: ['comment', 'note'],
}

export function matches(entry: TimelineEntry, filter: StoryFilter): boolean {
  return filter === 'all' || kinds[filter].includes(entry.kind)
}

/** Oldest first. `dayOf` names the calendar day of an instant in the reader's zone. What people wrote is never folded. */
export function byMinute(entries: readonly TimelineEntry[], dayOf: (iso: string) => string): StoryMinute[] {
  const sorted = entries.map((entry, index) => ({ entry, index, at: Date.parse(entry.at) })).sort((a, b) => a.at - b.at || a.index - b.index)
  const minutes: StoryMinute[] = []
  let lastDay: string | null = null
  for (const { entry, at } of sorted) {
    const start = new Date(Math.floor(at / 60_000) * 60_000).toISOString()
    let minute = minutes.at(-1)
    if (minute === undefined || minute.at !== start) {
      const day = dayOf(start)
      minute = { at: start, newDay: day !== lastDay, lines: [] }
      lastDay = day
      minutes.push(minute)
    }
    const same = minute.lines.find((line) => folds(line.entry, entry))
    if (same === undefined) minute.lines.push({ key: entry.id, entry, entries: [entry] })
    else same.entries.push(entry)
  }
  return minutes
}

function folds(a: TimelineEntry, b: TimelineEntry): boolean {
  return a.kind === 'alert' && b.kind === 'alert' && a.text === b.text && a.severity === b.severity
}

/** What of its record made the claim, in one line: the command, else the matched text that says most; null where there is neither. */
export function factOf({ event }: Pick<TimelineEntry, 'event'>): string | null {
  if (event === null) return null
  if (event.process?.command_line != null && event.process.command_line !== '') return event.process.command_line
  const said = event.matched.filter((one): one is typeof one & { value: string } => typeof one.value === 'string' && one.value !== '').toSorted((a, b) => b.value.length - a.value.length)[0]
  return said === undefined ? null : said.field === null ? said.value : `${said.field}: ${said.value}`
}

/** The first `limit` lines, cut between minutes; `rest` counts the lines left. */
export function firstLines(minutes: readonly StoryMinute[], limit: number): { minutes: StoryMinute[]; rest: number } {
  const shown: StoryMinute[] = []
  let count = 0
  for (const minute of minutes) {
    if (count >= limit) break
    shown.push(minute)
    count += minute.lines.length
  }
  return { minutes: shown, rest: minutes.slice(shown.length).reduce((sum, minute) => sum + minute.lines.length, 0) }
}
