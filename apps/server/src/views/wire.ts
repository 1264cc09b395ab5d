// What pages that join several contexts read, as JSON. Types only, shared with the console.
import type { Severity } from '../detection/wire.ts'
import type { IncidentBody, IncidentSummary, Metrics } from '../incidents/wire.ts'
import type { ResponseAction } from '../response/wire.ts'

/** An affected host or user as the asset graph knows it. */
export type AffectedAsset = { id: string; kind: 'host' | 'user' | 'address'; name: string; criticality: string; exposure: string; class: string | null; tags: string[] }

/** GET /api/v1/incidents/{id} */
export type IncidentDetail = IncidentBody & { actions: ResponseAction[]; assets: AffectedAsset[] }

/** GET /api/v1/overview */
export type Overview = {
  open: Record<Severity, number>
  /** Worst first, at most 8. */
  attention: IncidentSummary[]
  waiting_approvals: ResponseAction[]
  metrics: Metrics
  /** Per day of the last 30, in the tenant's zone. */
  trend: { day: string; incidents: number }[]
  /** `silent`: sources that have sent nothing for an hour. What is matched and what came of it, in the last 24 hours. */
  telemetry: { last_received_at: string | null; per_second: number; sources: number; silent: string[] }
  funnel: { events: number; matches: number; alerts: number; suppressed: number; incidents: number }
}

/** GET /api/v1/live, text/event-stream: one `data:` line each. */
export type LiveMessage =
  | { type: 'incident'; id: string; change: string }
  | { type: 'action'; id: string; incident_id: string; status: string }
  | { type: 'alerts'; count: number }
  | { type: 'events'; last_received_at: string }
