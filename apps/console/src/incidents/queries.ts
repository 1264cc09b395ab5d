// What these screens ask of the server, and how they keep up with it. A change elsewhere is told by the live stream; what is shown is asked again, never guessed,
// but for two things that a person does himself and that touch nothing: a comment and an assignment.
import { now } from '../clock.ts'
import { infiniteQueryOptions, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import type { Alert } from '../../../server/src/detection/wire.ts'
import type { IncidentStatus, IncidentSummary, IncidentVerdict, Metrics } from '../../../server/src/incidents/wire.ts'
import type { ActionType, DryRun, PolicyOverview, ResponseAction, ResponseActionDetail } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import type { Severity } from '../../../server/src/detection/wire.ts'
import { api } from '../api/client.ts'
import { useLive } from '../api/live.ts'
import type { LiveListener } from '../api/live.ts'
import { useSession } from '../api/session.ts'
import type { Abilities } from './next-step.ts'

export type QueueSearch = { readonly status?: string; readonly severity?: string; readonly analyst?: string; readonly detected?: string }
export type QueuePage = { incidents: IncidentSummary[]; next_cursor: string | null; total?: number }
export const windows: Readonly<Record<string, number>> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 }
const pageSize = 500

/** `analyst=me` in a link means whoever follows it. */
function queuePage(search: QueueSearch, cursor: string | null, signal: AbortSignal | undefined): Promise<QueuePage> {
  const window = search.detected === undefined ? undefined : windows[search.detected]
  return api.get<QueuePage>('/api/v1/incidents', {
    query: {
      status: search.status ?? 'open', severity: search.severity, analyst: search.analyst,
      start_time: window === undefined ? undefined : new Date(now() - window).toISOString(), limit: pageSize, cursor,
    },
    ...(signal === undefined ? {} : { signal }),
  })
}

/** Read once and then kept: rows do not move under the reader. What is newer comes by `queueHead`. */
export const queueQuery = (search: QueueSearch) => infiniteQueryOptions({
  queryKey: ['incidents', 'queue', search],
  queryFn: ({ pageParam, signal }) => queuePage(search, pageParam, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page: QueuePage) => page.next_cursor,
  staleTime: Infinity, gcTime: 60_000, refetchOnWindowFocus: false, meta: { live: 'told' },
})
/** The first page as it is now. */
export const queueHead = (search: QueueSearch) => queuePage(search, null, undefined)

export const incidentQuery = (id: string) => queryOptions({
  queryKey: ['incidents', 'detail', id], queryFn: ({ signal }) => api.get<IncidentDetail>(`/api/v1/incidents/${encodeURIComponent(id)}`, { signal }),
})
export const alertQuery = (id: string) => queryOptions({
  queryKey: ['alerts', 'detail', id], queryFn: ({ signal }) => api.get<Alert>(`/api/v1/alerts/${encodeURIComponent(id)}`, { signal }), staleTime: 300_000,
})
export const actionQuery = (id: string) => queryOptions({
  queryKey: ['actions', 'detail', id], queryFn: ({ signal }) => api.get<ResponseActionDetail>(`/api/v1/actions/${encodeURIComponent(id)}`, { signal }),
})
export const waitingQuery = queryOptions({
  queryKey: ['actions', 'waiting'], queryFn: ({ signal }) => api.get<{ actions: ResponseAction[]; next_cursor: string | null }>('/api/v1/actions', { query: { status: 'awaiting_approval', limit: 200 }, signal }),
})
const metricsQuery = queryOptions({ queryKey: ['metrics'], queryFn: ({ signal }) => api.get<Metrics>('/api/v1/metrics', { signal }), staleTime: 600_000, retry: false })
const policyQuery = queryOptions({ queryKey: ['policy'], queryFn: ({ signal }) => api.get<PolicyOverview>('/api/v1/policy', { signal }), staleTime: 300_000, retry: false })
type Member = { id: string; name: string; display_name: string; role: string; disabled: boolean }
export const membersQuery = queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => api.get<{ users: Member[] }>('/api/v1/users', { query: { limit: 200 }, signal }), staleTime: 300_000, retry: false })

/** The times that the tenant is promised, per severity; null until known. */
export function useTargets(severity: Severity): Metrics['sla'][Severity] | null {
  return useQuery(metricsQuery).data?.sla?.[severity] ?? null
}
/** After how many hours containment lifts itself; null until known. */
export function useContainmentHours(): number | null {
  return useQuery(policyQuery).data?.in_force.containment_hours ?? null
}

export function useAbilities(): Abilities {
  const { permissions } = useSession()
  return { write: permissions.includes('incident.write'), request: permissions.includes('action.request') }
}

/** Calls `act` when a live message concerns, at most about twice a second and once after the last. */
export function useLiveRefresh(concerns: (message: Parameters<LiveListener>[0]) => boolean, act: () => void): void {
  const latest = useRef({ concerns, act })
  latest.current = { concerns, act }
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  useLive(useCallback((message) => {
    if (timer.current !== undefined || (message.type !== 'resumed' && !latest.current.concerns(message))) return
    timer.current = setTimeout(() => { timer.current = undefined; latest.current.act() }, 400)
  }, []))
}

/** Everything that shows this incident or counts it. Rows of the queue are patched in place, not moved. */
function changed(client: QueryClient, id: string): Promise<unknown> {
  return Promise.all([
    client.invalidateQueries({ queryKey: incidentQuery(id).queryKey }), client.invalidateQueries({ queryKey: ['actions'] }), client.invalidateQueries({ queryKey: ['overview'] }),
  ])
}

function patch(client: QueryClient, id: string, change: Partial<IncidentSummary>): void {
  client.setQueryData<IncidentDetail>(incidentQuery(id).queryKey, (detail) => detail === undefined ? undefined : { ...detail, ...change })
  client.setQueriesData<InfiniteData<QueuePage>>({ queryKey: ['incidents', 'queue'] }, (data) => data === undefined ? undefined : {
    ...data, pages: data.pages.map((page) => ({ ...page, incidents: page.incidents.map((row) => row.id === id ? { ...row, ...change } : row) })),
  })
}

export type NewAction = { action_type: ActionType; targets: string[]; reason: string; urgency: 'low' | 'normal' | 'high' }
export type ActionAnswer = Pick<ResponseAction, 'action_id' | 'status' | 'targets' | 'expires_at'>

/** What can be done with incidents and actions. Each answers when the server has it. Errors: ApiError. */
export function useIncidentChanges() {
  const client = useQueryClient()
  const post = async <Answer>(id: string, what: string, body: unknown, headers?: Record<string, string>) => {
    const answer = await api.post<Answer>(`/api/v1/incidents/${encodeURIComponent(id)}/${what}`, body, headers === undefined ? {} : { headers })
    await changed(client, id)
    return answer
  }
  const onAction = async <Answer>(action: Pick<ResponseAction, 'action_id' | 'incident_id'>, what: string, body: unknown) => {
    const settled = () => Promise.all([client.invalidateQueries({ queryKey: ['actions'] }), changed(client, action.incident_id)])
    // Whoever was too late sees at once what was decided instead.
    return await api.post<Answer>(`/api/v1/actions/${encodeURIComponent(action.action_id)}/${what}`, body).finally(() => { void settled() })
  }
  return {
    /** By account name; null takes the analyst off. Shown at once and taken back when it is refused. */
    async assign(id: string, analyst: string | null) {
      const before = client.getQueryData<IncidentDetail>(incidentQuery(id).queryKey)?.analyst ?? null
      patch(client, id, { analyst })
      try {
        await post(id, 'assign', { analyst })
      } catch (error) {
        patch(client, id, { analyst: before })
        throw error
      }
    },
    comment: (id: string, text: string) => post<unknown>(id, 'comments', { text }),
    async status(id: string, status: IncidentStatus, more: { verdict?: IncidentVerdict; reason?: string } = {}) {
      await post(id, 'status', { status, ...more })
      patch(client, id, { status, ...(more.verdict === undefined ? {} : { verdict: more.verdict }) })
    },
    async verdict(id: string, verdict: IncidentVerdict, reason: string) {
      await post(id, 'verdict', { verdict, ...(reason === '' ? {} : { reason }) })
      patch(client, id, { verdict })
    },
    async severity(id: string, severity: Severity, reason: string) {
      await post(id, 'severity', { severity, reason })
      patch(client, id, { severity })
    },
    /** `key` makes a repeated press one request. */
    request: (id: string, action: NewAction, key: string) => post<ActionAnswer>(id, 'actions', action, { 'idempotency-key': key }),
    decide: (action: ResponseAction, approved: boolean, comment: string) => onAction<{ action_id: string; status: string }>(action, 'approval', { approved, comment }),
    lift: (action: ResponseAction, reason: string) => onAction<{ action_id: string; status: string }>(action, 'lift', { reason }),
  }
}

/** What the policy would say, asked before anything is requested; nothing where the server does not tell. */
export const dryRunQuery = (incidentId: string, type: ActionType, targets: readonly string[]) => queryOptions({
  queryKey: ['policy', 'verdict', incidentId, type, targets], retry: false, staleTime: 10_000, enabled: targets.length > 0,
  queryFn: ({ signal }) => api.post<DryRun>('/api/v1/policy/verdict', { incident_id: incidentId, action_type: type, targets }, { signal }),
})
