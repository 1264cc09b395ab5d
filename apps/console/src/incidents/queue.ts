// The rows that somebody reads do not move: what is newer changes them in place and is counted, until it is asked for.
// Defended by queue.test.ts (the ids on screen and their order never change by news).
import type { IncidentSummary } from '../../../server/src/incidents/wire.ts'

/** `shown` are the rows on screen; `head` the first page as the server has it now. `fresh`: ids that are not on screen yet. */
export function withNews(shown: readonly IncidentSummary[], head: readonly IncidentSummary[] | null): { rows: readonly IncidentSummary[]; fresh: string[] } {
  if (head === null) return { rows: shown, fresh: [] }
  const newest = new Map(head.map((incident) => [incident.id, incident]))
  let differs = false
  const rows = shown.map((row) => {
    const now = newest.get(row.id)
    if (now === undefined || now.updated_at === row.updated_at) return row
    differs = true
    return now
  })
  const known = new Set(shown.map(({ id }) => id))
  return { rows: differs ? rows : shown, fresh: head.filter(({ id }) => !known.has(id)).map(({ id }) => id) }
}
