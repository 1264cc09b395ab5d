// The clocks of an incident as a reader sees them: how long, against what target, how near to it. Pure: the instant of reading comes in.
// Defended by clocks.test.ts (a stopped clock never changes; the risk only ever rises while one runs).
import type { IncidentClocks, IncidentSummary, Metrics } from '../../../server/src/incidents/wire.ts'

export type ClockName = 'activity' | 'detection' | 'response' | 'containment' | 'resolution'
/** `none`: no target. `risk` begins with the last quarter of the time. */
export type ClockState = 'none' | 'met' | 'on_time' | 'risk' | 'overdue' | 'missed'
/** Times in ms. `elapsed` is null where the clock cannot be read, or its end never came; `running` while it may still come. */
export type ClockView = { name: ClockName; elapsed: number | null; running: boolean; target: number | null; left: number | null; state: ClockState; from: string | null; to: string | null }

type Targets = Metrics['sla'][IncidentSummary['severity']]

/** What was promised is a first touch (T4) and a resolution (T11), as the server counts it; pauses are taken off those two. */
export function clockViews(clocks: IncidentClocks, targets: Targets | null, now: number): ClockView[] {
  const detected = clocks.t3_detected
  const ended = clocks.t11_resolved ?? clocks.t12_closed
  const contained = clocks.t9_first_contained
  return [
    view('activity', clocks.t0_first_activity, clocks.t9n_last_contained ?? contained ?? ended, null),
    view('detection', clocks.t0_first_activity, detected, null),
    view('response', detected, clocks.t4_first_touch ?? ended, targets === null ? null : targets.respond_target_minutes * 60_000),
    contained === null && ended !== null ? { ...view('containment', detected, ended, null), elapsed: null } : view('containment', detected, contained, null),
    view('resolution', detected, ended, targets === null ? null : targets.resolve_target_minutes * 60_000),
  ]

  function view(name: ClockName, from: string | null, to: string | null, target: number | null): ClockView {
    if (from === null) return { name, elapsed: null, running: false, target, left: null, state: 'none', from, to }
    const end = to === null ? now : Date.parse(to)
    const elapsed = Math.max(0, end - Date.parse(from) - (target === null ? 0 : paused(clocks.pauses, Date.parse(from), end)))
    const running = to === null
    const left = target === null ? null : target - elapsed
    return { name, elapsed, running, target, left, state: stateOf(elapsed, target, running), from, to }
  }
}

function stateOf(elapsed: number, target: number | null, running: boolean): ClockState {
  if (target === null) return 'none'
  if (!running) return elapsed <= target ? 'met' : 'missed'
  if (elapsed > target) return 'overdue'
  return elapsed >= target * 0.75 ? 'risk' : 'on_time'
}

function paused(pauses: IncidentClocks['pauses'], from: number, to: number): number {
  return pauses.reduce((sum, pause) => sum + Math.max(0, Math.min(to, pause.to === null ? to : Date.parse(pause.to)) - Math.max(from, Date.parse(pause.from))), 0)
}
