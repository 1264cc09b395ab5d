import { Button } from '@mantine/core'
import { infiniteQueryOptions, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import type { AlertStatus, AlertSummary } from '../../../server/src/detection/wire.ts'
import { api } from '../api/client.ts'
import { EvidenceDrawer } from '../incidents/EvidenceDrawer.tsx'
import { useLiveRefresh } from '../incidents/queries.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { FilterBar } from '../parts/FilterBar.tsx'
import { ListPage } from '../parts/ListPage.tsx'
import type { IconName } from '../parts/icons.tsx'
import { SavedViews } from '../parts/SavedViews.tsx'
import { SeveritySign, StatusSign, severities } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines } from '../parts/states.tsx'
import { partTexts } from '../parts/texts.ts'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { alertsRoute } from './feature.tsx'
import { alertTexts } from './texts.ts'
import classes from './Alerts.module.css'

type Page = { alerts: AlertSummary[]; next_cursor: string | null }
type Search = { readonly status?: string; readonly severity?: string; readonly kind?: string; readonly host?: string; readonly user?: string; readonly rule?: string }
const page = (search: Search, cursor: string | null, limit: number, signal?: AbortSignal) => api.get<Page>('/api/v1/alerts', { query: { ...search, limit, cursor }, ...(signal === undefined ? {} : { signal }) })
const alertsQuery = (search: Search) => infiniteQueryOptions({
  queryKey: ['alerts', 'list', search], queryFn: ({ pageParam, signal }) => page(search, pageParam, 200, signal), initialPageParam: null as string | null, getNextPageParam: (last: Page) => last.next_cursor,
  staleTime: Infinity, gcTime: 60_000, refetchOnWindowFocus: false, meta: { live: 'told' },
})
const idOf = (alert: AlertSummary) => alert.id
const statusSigns: Readonly<Record<AlertStatus, readonly [IconName, Tone]>> = { new: ['dot', 'warn'], attached: ['incidents', 'active'], suppressed: ['pause', 'muted'], dismissed: ['check', 'muted'] }

export function AlertsPage() {
  const t = useTexts(alertTexts)
  const part = useTexts(partTexts)
  const f = useFormats()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { alert, event, ...search } = alertsRoute.useSearch()
  const key = JSON.stringify(search)
  const options = useMemo(() => alertsQuery(search), [key])
  const query = useInfiniteQuery(options)
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap((each) => each.alerts), [query.data])
  const [fresh, setFresh] = useState<{ key: string; count: number } | null>(null)
  useLiveRefresh((message) => message.type === 'alerts', () => {
    const known = new Set(rows.map(idOf))
    void page(search, null, 100).then(({ alerts }) => setFresh({ key, count: alerts.filter(({ id }) => !known.has(id)).length }), () => undefined)
  })
  const go = useCallback((change: Record<string, string | undefined>) => {
    void navigate({ to: '/alerts', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)), replace: true })
  }, [navigate])
  const open = useCallback((row: AlertSummary) => go({ alert: row.id, event: undefined }), [go])
  const columns = useMemo((): readonly Column<AlertSummary>[] => [
    { id: 'severity', label: t('column_severity'), width: '124px', fixed: true, cell: (row) => <SeveritySign severity={row.severity} /> },
    { id: 'rule', label: t('column_rule'), width: 'minmax(260px, 1fr)', fixed: true, cell: (row) => <span className={classes['rule']} title={row.rule.title}>{row.rule.title}</span> },
    { id: 'host', label: t('column_host'), width: '140px', cell: (row) => row.host ?? <span className="dim">–</span> },
    { id: 'user', label: t('column_user'), width: '160px', cell: (row) => <span title={row.user ?? undefined}>{row.user ?? <span className="dim">–</span>}</span> },
    { id: 'status', label: t('column_status'), width: '150px', cell: (row) => row.incident_id === null ? <StatusSign icon={statusSigns[row.status][0]} tone={statusSigns[row.status][1]} label={t(`status_${row.status}`)} /> : <Link to="/incidents/$incidentId" params={{ incidentId: row.incident_id }} tabIndex={-1}>{t(`status_${row.status}`)}</Link> },
    { id: 'events', label: t('column_events'), width: '76px', align: 'end', cell: (row) => f.number(row.event_count) },
    { id: 'raised', label: t('column_raised'), width: '112px', cell: (row) => <Time at={row.raised_at} /> },
    { id: 'source', label: t('column_source'), width: '120px', hidden: true, cell: (row) => row.rule.source },
    { id: 'techniques', label: t('column_techniques'), width: '180px', hidden: true, cell: (row) => <span className="mono">{row.techniques.join(', ')}</span> },
  ], [t, f])
  const table = query.data === undefined
    ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0
      ? Object.keys(search).length > 0
        ? <EmptyState title={t('empty_filtered')} why={t('empty_filtered_why')} next={<Button variant="default" onClick={() => { void navigate({ to: '/alerts', search: {} }) }}>{t('clear')}</Button>} />
        : <EmptyState title={t('empty')} why={t('empty_why')} next={<code className="mono">npx haechi rules list</code>} />
      : (
        <DataTable<AlertSummary>
          name="alerts" label={t('title')} columns={columns} rows={rows} rowId={idOf} peeked={alert ?? null} onPeek={open} onOpen={open} card={(row) => <Card row={row} />}
          more={query.hasNextPage ? { loading: query.isFetchingNextPage, load: () => { void query.fetchNextPage() } } : null}
          fresh={{ count: fresh?.key === key ? fresh.count : 0, show: () => { setFresh(null); void client.resetQueries({ queryKey: options.queryKey }) } }}
        />
      )
  return (
    <ListPage
      title={t('title')}
      filters={<FilterBar
        values={search} onChange={go} views={<SavedViews name="alerts" values={search} onChoose={(values) => { void navigate({ to: '/alerts', search: values }) }} />}
        filters={[
          { id: 'status', label: t('filter_status'), options: (['new', 'attached', 'suppressed', 'dismissed'] as const).map((value) => ({ value, label: t(`status_${value}`) })) },
          { id: 'severity', label: t('filter_severity'), options: severities.map((value) => ({ value, label: part(value), sign: <SeveritySign severity={value} /> })) },
          { id: 'kind', label: t('filter_kind'), options: (['rule', 'indicator'] as const).map((value) => ({ value, label: t(`kind_${value}`) })) },
          ...(['host', 'user', 'rule'] as const).map((id) => ({ id, label: t(`filter_${id}`), options: choices(rows, id, search[id]) })),
        ]}
      />}
    >
      {table}
      <EvidenceDrawer claim={alert === undefined ? null : { alertId: alert, eventId: event ?? null }} known={rows.find(({ id }) => id === alert)} onEvent={(eventId) => go({ event: eventId })} onClose={() => go({ alert: undefined, event: undefined })} />
    </ListPage>
  )
}

/** The names that are on screen most often, and the one that is chosen. */
function choices(rows: readonly AlertSummary[], of: 'host' | 'user' | 'rule', chosen: string | undefined): { value: string; label: string }[] {
  const counts = new Map<string, { label: string; count: number }>()
  for (const row of rows) {
    const value = of === 'rule' ? row.rule.id : row[of]
    if (value !== null) counts.set(value, { label: of === 'rule' ? row.rule.title : value, count: (counts.get(value)?.count ?? 0) + 1 })
  }
  if (chosen !== undefined && !counts.has(chosen)) counts.set(chosen, { label: chosen, count: Infinity })
  return [...counts].toSorted(([, a], [, b]) => b.count - a.count).slice(0, 15).map(([value, { label }]) => ({ value, label }))
}

function Card({ row }: { row: AlertSummary }) {
  return (
    <div className={classes['card']}>
      <p><SeveritySign severity={row.severity} /><Time at={row.raised_at} /></p>
      <p className={classes['rule']}>{row.rule.title}</p>
      <p className="dim">{[row.host, row.user].filter((each) => each !== null).join(' · ')}</p>
    </div>
  )
}
