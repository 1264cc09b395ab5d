// An incident changes its status, verdict, severity and clocks only through the functions of this file (architecture, sections 6 and 8): forward along
// new, investigating, contained, resolved, closed, back only by reopening; closed never without a verdict; T11 stands exactly while it is resolved or
// closed, T12 exactly while it is closed; a machine never lowers a severity. Defended by model.test.ts (every status x every step, and random walks).
import { HaechiError } from '../platform/errors.ts'
import type { IncidentStatus, IncidentVerdict } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

export const statuses = ['new', 'investigating', 'contained', 'resolved', 'closed'] as const satisfies readonly IncidentStatus[]
export const openStatuses = ['new', 'investigating', 'contained'] as const satisfies readonly IncidentStatus[]
export const verdicts = ['true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test'] as const satisfies readonly IncidentVerdict[]
/** Least first: a severity's rank is its place. */
export const severities = ['informational', 'low', 'medium', 'high', 'critical'] as const satisfies readonly Severity[]

export const rankOf = (severity: Severity): number => severities.indexOf(severity)
export const worse = (one: Severity, other: Severity): Severity => (rankOf(one) >= rankOf(other) ? one : other)

/** While somebody else's answer is awaited, the clock against us stands still. `to` is null while it lasts. */
export type Pause = { readonly from: number; readonly to: number | null; readonly reason: string }

/** ms since the epoch; null where it has not happened. T0 and T1 are the source's clock, the others ours. */
export type Clocks = {
  readonly t0: number; readonly t1: number; readonly t2: number; readonly t3: number
  readonly t4: number | null; readonly t5: number | null; readonly t6: number; readonly t7: number | null
  readonly t8: number | null; readonly t8a: number | null; readonly t9: number | null; readonly t9n: number | null
  readonly t10: number | null; readonly t11: number | null; readonly t12: number | null
  readonly pauses: readonly Pause[]
}

/** `machineSeverity` is what alerts and assets say; `severity` differs from it once a person has set it. */
export type IncidentState = { readonly status: IncidentStatus; readonly verdict: IncidentVerdict | null; readonly severity: Severity; readonly machineSeverity: Severity; readonly clocks: Clocks }

/** Steps need not be taken one by one: what needs no containment is resolved without it. Reopening leads to investigating. */
export function nextStatuses(status: IncidentStatus): IncidentStatus[] {
  const forward = statuses.slice(statuses.indexOf(status) + 1)
  return isOpen(status) ? forward : [...forward, 'investigating']
}

export const isOpen = (status: IncidentStatus): boolean => status !== 'resolved' && status !== 'closed'

/** What a person decides. Reopening takes the verdict back: it is given anew at the next close. Errors: incident_step_illegal, incident_verdict_required. */
export function changeStatus(state: IncidentState, to: IncidentStatus, verdict: IncidentVerdict | null, at: number): IncidentState {
  const next = nextStatuses(state.status)
  if (!next.includes(to)) throw new HaechiError('incident_step_illegal', { status: state.status, wanted: to, possible: next.join(', ') })
  const reopened = !isOpen(state.status) && to === 'investigating'
  const standing = verdict ?? (reopened ? null : state.verdict)
  if (to === 'closed' && standing === null) throw new HaechiError('incident_verdict_required', { status: state.status, verdicts: verdicts.join(', ') })
  const clocks = triaged(state.clocks, at)
  if (reopened) return { ...state, status: to, verdict: standing, clocks: { ...clocks, t11: null, t12: null } }
  const ended = isOpen(to) ? clocks : resumed({ ...clocks, t11: clocks.t11 ?? at, t12: to === 'closed' ? at : null }, at)
  return { ...state, status: to, verdict: standing, clocks: ended }
}

/** What a verified containment does; from any later state nothing. The clocks of it come with `record`. */
export function contained(state: IncidentState): IncidentState {
  return state.status === 'new' || state.status === 'investigating' ? { ...state, status: 'contained' } : state
}

/** A verdict before closing, or another one while resolved. Errors: incident_closed. */
export function judge(state: IncidentState, verdict: IncidentVerdict, at: number): IncidentState {
  refuseClosed(state)
  return { ...state, verdict, clocks: triaged(state.clocks, at) }
}

/** A person may set any severity. Errors: incident_closed. */
export function setSeverity(state: IncidentState, severity: Severity, at: number): IncidentState {
  refuseClosed(state)
  return { ...state, severity, clocks: touched(state.clocks, at) }
}

/** What new alerts say. A severity that a person lowered stays until something worse comes than what he saw. */
export function raise(state: IncidentState, machine: Severity): IncidentState {
  if (rankOf(machine) <= rankOf(state.machineSeverity)) return state
  return { ...state, machineSeverity: machine, severity: worse(state.severity, machine) }
}

/** Errors: incident_closed, which says what is possible. */
export function refuseClosed(state: Pick<IncidentState, 'status'>): void {
  if (state.status === 'closed') throw new HaechiError('incident_closed', { status: state.status, possible: nextStatuses(state.status).join(', ') })
}

/** T4: the first thing that anybody did. */
export const touched = (clocks: Clocks, at: number): Clocks => ({ ...clocks, t4: clocks.t4 ?? at })
/** T5: the first decision about what it is. */
export const triaged = (clocks: Clocks, at: number): Clocks => ({ ...touched(clocks, at), t5: clocks.t5 ?? at })

/** T0 moves back when earlier activity turns up; T1 to T3 stay those of the alert that opened the incident. */
export const sawActivity = (clocks: Clocks, at: number): Clocks => ({ ...clocks, t0: Math.min(clocks.t0, at) })

export type ResponseClocks = Partial<Record<'t7' | 't8' | 't8a' | 't9' | 't9n' | 't10', number>>

/** What response reports: the first one stands, of T9n the last. A containment is its own first and last until another one is verified. */
export function responded(clocks: Clocks, marks: ResponseClocks): Clocks {
  const first = <K extends keyof ResponseClocks & keyof Clocks>(name: K) => clocks[name] ?? marks[name] ?? null
  const last = Math.max(marks.t9n ?? -Infinity, marks.t9 ?? -Infinity, clocks.t9n ?? -Infinity)
  const t9 = clocks.t9 ?? marks.t9 ?? marks.t9n ?? null
  return { ...clocks, t7: first('t7'), t8: first('t8'), t8a: first('t8a'), t9, t9n: Number.isFinite(last) ? last : null, t10: first('t10') }
}

/** One pause at a time: who waits twice still waits once. */
export const paused = (clocks: Clocks, at: number, reason: string): Clocks =>
  (clocks.pauses.some(({ to }) => to === null) ? clocks : { ...clocks, pauses: [...clocks.pauses, { from: at, to: null, reason }] })
export const resumed = (clocks: Clocks, at: number): Clocks =>
  ({ ...clocks, pauses: clocks.pauses.map((pause) => (pause.to === null ? { ...pause, to: Math.max(at, pause.from) } : pause)) })

/** ms from `from` to `to` without the pauses between; a pause that lasts ends at `to`. */
export function elapsed({ pauses }: Pick<Clocks, 'pauses'>, from: number, to: number): number {
  const waited = pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(pause.to ?? to, to) - Math.max(pause.from, from)), 0)
  return to - from - waited
}

/** Minutes from T3: to the first touch, and to the resolution, on the calendar's clock. */
export const targets: Readonly<Record<Severity, { readonly respond: number; readonly resolve: number }>> = {
  critical: { respond: 15, resolve: 240 },
  high: { respond: 30, resolve: 480 },
  medium: { respond: 60, resolve: 1_440 },
  low: { respond: 240, resolve: 4_320 },
  informational: { respond: 240, resolve: 4_320 },
}

/** `breached` as soon as one of the two is overdue, also while the incident is open; `met` when both were in time; `pending` while nothing is lost yet. */
export function attained(clocks: Pick<Clocks, 't3' | 't4' | 't11' | 'pauses'>, severity: Severity, now: number): 'met' | 'breached' | 'pending' {
  const { respond, resolve } = targets[severity]
  const within = (reached: number | null, minutes: number) => elapsed(clocks, clocks.t3, reached ?? now) <= minutes * 60_000
  if (!within(clocks.t4, respond) || !within(clocks.t11, resolve)) return 'breached'
  return clocks.t4 !== null && clocks.t11 !== null ? 'met' : 'pending'
}
