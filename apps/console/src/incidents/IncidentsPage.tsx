import { Button, Menu } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { IncidentStatus, IncidentSummary } from '../../../server/src/incidents/wire.ts'
import { basePath } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { useSession } from '../api/session.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { announce, toast, toastError } from '../parts/feedback.tsx'
import { FilterBar } from '../parts/FilterBar.tsx'
import type { Filter } from '../parts/FilterBar.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SavedViews } from '../parts/SavedViews.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { SeveritySign, severities } from '../parts/signs.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines, StaleMark } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { partTexts } from '../parts/texts.ts'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { incidentsRoute } from './feature.tsx'
import { Judge } from './Judge.tsx'
import type { Judgement } from './Judge.tsx'
import { IncidentPanel } from './IncidentPanel.tsx'
import { queueHead, queueQuery, useAbilities, useIncidentChanges, useLiveRefresh, windows } from './queries.ts'
import { withNews } from './queue.ts'
import { IncidentStatusSign } from './signs.tsx'
import { incidentTexts } from './texts.ts'
import classes from './IncidentsPage.module.css'

const statuses: readonly IncidentStatus[] = ['new', 'investigating', 'contained', 'resolved', 'closed']
const idOf = (incident: IncidentSummary) => incident.id
const nobody = { id: '', severity: 'low', verdict: null, title: '' } as const

export function IncidentsPage() {
  const t = useTexts(incidentTexts)
  const f = useFormats()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { name } = useSession()
  const { write } = useAbilities()
  const { assign } = useIncidentChanges()
  const { peek, ...search } = incidentsRoute.useSearch()
  const key = JSON.stringify(search)
  const options = useMemo(() => queueQuery(search), [key])
  const query = useInfiniteQuery(options)
  const [news, setNews] = useState<{ key: string; head: readonly IncidentSummary[] } | null>(null)
  const [stale, setStale] = useState<number | null>(null)
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => setSelection(new Set()), [key])

  useLiveRefresh((message) => message.type === 'incident', () => {
    queueHead(search).then((page) => { setNews({ key, head: page.incidents }); setStale(null) }, () => setStale(query.dataUpdatedAt))
  })
  const loaded = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.incidents), [query.data])
  const { rows, fresh } = useMemo(() => withNews(loaded, news?.key === key ? news.head : null), [loaded, news, key])
  const showFresh = () => { setNews(null); void client.resetQueries({ queryKey: options.queryKey }) }

  const go = useCallback((change: Record<string, string | undefined>) => {
    void navigate({ to: '/incidents', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)), replace: true })
  }, [navigate])
  const [cursor, setCursor] = useState<IncidentSummary | null>(null)
  const [judging, setJudging] = useState<{ incident: IncidentSummary; what: Judgement } | null>(null)
  const [commenting, setCommenting] = useState<string | null>(null)
  const onPeek = useCallback((incident: IncidentSummary) => go({ peek: incident.id }), [go])
  const onOpen = useCallback((incident: IncidentSummary) => { void navigate({ to: '/incidents/$incidentId', params: { incidentId: incident.id } }) }, [navigate])
  useShortcuts([
    { keys: 'r', group: 'list', label: { en: 'Show what is new', ko: '새 항목 표시' }, run: showFresh },
    // An open panel and a selection have their own.
    ...(!write || cursor === null || peek !== undefined || selection.size > 0 ? [] : [
      { keys: 'a', group: 'incident' as const, label: { en: 'Assign to me', ko: '내가 맡기' }, run: () => { void assign(cursor.id, name).then(() => announce(t('assigned', { name })), (error: unknown) => toastError(t('assign'), error)) } },
      { keys: 'v', group: 'incident' as const, label: { en: 'Verdict', ko: '판정' }, run: () => setJudging({ incident: cursor, what: 'verdict' }) },
      { keys: 'c', group: 'incident' as const, label: { en: 'Comment', ko: '의견' }, run: () => { setCommenting(cursor.id); onPeek(cursor) } },
      { keys: 'e', group: 'incident' as const, label: { en: 'Escalate', ko: '심각도 올리기' }, run: () => setJudging({ incident: cursor, what: 'severity' }) },
    ]),
    ...(peek === undefined ? [] : [{ keys: 'Escape', group: 'list' as const, label: { en: 'Close the panel', ko: '패널 닫기' }, run: () => go({ peek: undefined }) }]),
  ])

  const columns = useMemo((): readonly Column<IncidentSummary>[] => [
    { id: 'severity', label: t('column_severity'), width: '124px', cell: (row) => <SeveritySign severity={row.severity} />, fixed: true },
    { id: 'title', label: t('column_title'), width: 'minmax(260px, 1fr)', fixed: true, cell: (row) => <a href={`${basePath}/incidents/${row.id}`} className={classes['title']} title={row.title} tabIndex={-1} onClick={(event) => { if (!event.metaKey && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); onOpen(row) } }}>{row.title}{row.backfill ? <span className={classes['backfill']} title={t('backfill_why')}><icons.clock size={13} />{t('backfill')}</span> : null}</a> },
    { id: 'status', label: t('column_status'), width: '136px', cell: (row) => <IncidentStatusSign status={row.status} /> },
    { id: 'hosts', label: t('column_hosts'), width: '150px', cell: (row) => <span title={row.affected_hosts.join(', ')}>{row.affected_hosts[0] ?? '–'}{row.affected_hosts.length > 1 ? <span className="dim"> {t('more_hosts', { count: row.affected_hosts.length - 1 })}</span> : null}</span> },
    { id: 'analyst', label: t('column_analyst'), width: '128px', cell: (row) => row.analyst ?? <span className="dim">{t('unassigned')}</span> },
    { id: 'detected', label: t('column_detected'), width: '112px', cell: (row) => <Time at={row.detected_at} /> },
    { id: 'alerts', label: t('column_alerts'), width: '72px', align: 'end', cell: (row) => f.number(row.alert_count) },
    { id: 'updated', label: t('column_updated'), width: '112px', hidden: true, cell: (row) => <Time at={row.updated_at} /> },
    { id: 'techniques', label: t('column_techniques'), width: '180px', hidden: true, cell: (row) => <span className="mono">{row.techniques.join(', ')}</span> },
  ], [t, f, onOpen])

  const beside = useMemo(() => columns.filter(({ id }) => id === 'severity' || id === 'title' || id === 'detected'), [columns])
  const filters = useFilters(name, rows)
  const peeked = rows.find(({ id }) => id === peek)
  const filtered = Object.keys(search).length > 0
  const table = query.data === undefined
    ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0 && fresh.length === 0
      ? filtered && search.status !== 'open'
        ? <EmptyState title={t('empty_filtered')} why={t('empty_filtered_why')} next={<Button variant="default" onClick={() => { void navigate({ to: '/incidents', search: {} }) }}>{t('clear_filters')}</Button>} />
        : <EmptyState title={t('empty_open')} why={t('empty_open_why')} next={<Button variant="default" onClick={() => go({ status: 'closed' })}>{t('show_closed')}</Button>} />
      : (
        <DataTable<IncidentSummary>
          name="incidents" label={t('incidents')} columns={peek === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={peek ?? null} onPeek={onPeek} onOpen={onOpen} onCursor={setCursor}
          {...(write ? { selection, onSelection: setSelection, bulk: <Bulk ids={[...selection]} onDone={() => setSelection(new Set())} /> } : {})}
          card={(row) => <Card row={row} />}
          more={query.hasNextPage ? { loading: query.isFetchingNextPage, load: () => { void query.fetchNextPage() } } : null}
          fresh={{ count: fresh.length, show: showFresh }}
        />
      )
  return (
    <ListPage
      title={t('incidents')}
      filters={<FilterBar filters={filters} values={{ ...search, status: search.status ?? 'open' }} onChange={(change) => go('status' in change && change['status'] === undefined && (search.status ?? 'open') === 'open' ? { ...change, status: 'all' } : change)} views={<SavedViews name="incidents" given={useGivenViews()} values={search} onChoose={(values) => { void navigate({ to: '/incidents', search: values }) }} />} />}
      panel={peek === undefined ? null : <SidePanel subject={peek} title={<strong className={classes['peeked']}>{peeked?.title ?? peek}</strong>} onClose={() => go({ peek: undefined })}><IncidentPanel id={peek} commenting={commenting === peek} onCommenting={() => setCommenting(null)} /></SidePanel>}
    >
      {stale === null ? null : <StaleMark at={stale} />}
      {table}
      <Judge incident={judging?.incident ?? nobody} what={judging?.what ?? null} onClose={() => setJudging(null)} />
    </ListPage>
  )
}

function Card({ row }: { row: IncidentSummary }) {
  const t = useTexts(incidentTexts)
  return (
    <div className={classes['card']}>
      <p className={classes['cardSigns']}><SeveritySign severity={row.severity} /><IncidentStatusSign status={row.status} /><Time at={row.detected_at} /></p>
      <p className={classes['cardTitle']}>{row.title}</p>
      <p className={classes['cardFacts']}>{row.analyst ?? t('unassigned')}</p>
    </div>
  )
}

function useFilters(me: string, rows: readonly IncidentSummary[]): readonly Filter[] {
  const t = useTexts(incidentTexts)
  const part = useTexts(partTexts)
  const analysts = [...new Set(rows.flatMap(({ analyst }) => analyst ?? []))].filter((analyst) => analyst !== me).sort().slice(0, 20)
  return [
    { id: 'status', label: t('filter_status'), options: [{ value: 'open', label: t('status_open') }, ...statuses.map((value) => ({ value, label: t(`status_${value}`), sign: <IncidentStatusSign status={value} /> })), { value: 'all', label: t('status_all') }] },
    { id: 'severity', label: t('filter_severity'), multiple: true, options: severities.map((value) => ({ value, label: part(value), sign: <SeveritySign severity={value} /> })) },
    { id: 'analyst', label: t('filter_analyst'), options: [{ value: 'me', label: t('analyst_me') }, { value: 'none', label: t('analyst_none') }, ...analysts.map((value) => ({ value, label: value }))] },
    { id: 'detected', label: t('filter_detected'), options: Object.keys(windows).map((value) => ({ value, label: t(`window_${value as 'hour' | 'day' | 'week' | 'month'}`) })) },
  ]
}

function useGivenViews() {
  const t = useTexts(incidentTexts)
  return [
    { name: t('view_open'), values: {} }, { name: t('view_mine'), values: { analyst: 'me' } }, { name: t('view_unassigned'), values: { analyst: 'none' } },
    { name: t('view_urgent'), values: { severity: 'critical,high' } }, { name: t('view_closed'), values: { status: 'closed' } },
  ]
}

/** What can be done with many at once: each is asked for on its own, and those that could not are counted with the first reason. */
function Bulk({ ids, onDone }: { ids: readonly string[]; onDone: () => void }) {
  const t = useTexts(incidentTexts)
  const { name } = useSession()
  const { assign, status } = useIncidentChanges()
  const [busy, setBusy] = useState(false)
  const each = async (change: (id: string) => Promise<void>) => {
    setBusy(true)
    let failed = 0
    let reason = ''
    for (const id of ids) {
      try {
        await change(id)
      } catch (error) {
        failed++
        if (reason === '') reason = error instanceof ApiError ? error.detail : String(error)
      }
    }
    setBusy(false)
    toast(failed === 0 ? { tone: 'good', title: t('bulk_done', { count: ids.length }) } : { tone: 'bad', title: t('bulk_failed', { count: ids.length - failed, failed, reason }) })
    onDone()
  }
  const assignAll = () => { void each((id) => assign(id, name)) }
  useShortcuts([{ keys: 'a', group: 'list', label: { en: 'Assign the selected to me', ko: '선택 항목 내가 맡기' }, run: assignAll }])
  return (
    <>
      <Button size="compact-sm" variant="default" loading={busy} onClick={assignAll}>{t('assign_me')}</Button>
      <Menu>
        <Menu.Target><Button size="compact-sm" variant="default" disabled={busy} rightSection={<icons.down size={13} />}>{t('set_status')}</Button></Menu.Target>
        <Menu.Dropdown>{(['investigating', 'contained', 'resolved'] as const).map((to) => <Menu.Item key={to} onClick={() => { void each((id) => status(id, to)) }}><IncidentStatusSign status={to} /></Menu.Item>)}</Menu.Dropdown>
      </Menu>
    </>
  )
}
