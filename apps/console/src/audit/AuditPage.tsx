import { now } from '../clock.ts'
import { Button } from '@mantine/core'
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import type { AuditRecord, AuditVerification } from '../../../server/src/access/wire.ts'
import { api, send } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { announce, toastError } from '../parts/feedback.tsx'
import { FilterBar } from '../parts/FilterBar.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { StatusSign } from '../parts/signs.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import type { Translate } from '../texts/catalogue.ts'
import { auditRoute } from './feature.tsx'
import { auditTexts } from './texts.ts'
import classes from './Audit.module.css'

type Page = { records: AuditRecord[]; next_cursor: string | null }
type Search = { readonly what?: string; readonly who?: string; readonly outcome?: string; readonly when?: string }
type Say = Translate<typeof auditTexts['en']>

const windows: Readonly<Record<string, number>> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000, month: 30 * 86_400_000 }
const nouns = ['session', 'user', 'key', 'tenant', 'site', 'policy', 'action', 'incident', 'alert', 'rule', 'rule_pack', 'suppression', 'feed', 'asset', 'source', 'event'] as const
const auditQuery = (search: Search) => infiniteQueryOptions({
  queryKey: ['audit', search],
  queryFn: ({ pageParam, signal }) => {
    const window = search.when === undefined ? undefined : windows[search.when]
    return api.get<Page>('/api/v1/audit', { query: { action: search.what, actor: search.who, outcome: search.outcome, start_time: window === undefined ? undefined : new Date(now() - window).toISOString(), limit: 200, cursor: pageParam }, signal })
  },
  initialPageParam: null as string | null, getNextPageParam: (page: Page) => page.next_cursor, refetchOnWindowFocus: false,
})
const idOf = (record: AuditRecord) => String(record.sequence)
const outcomes = { success: ['check', 'muted'], denied: ['stop', 'warn'], failure: ['warning', 'bad'] } as const

/** What was done, or its code where a later version of the server has one that is not known here. */
const whatOf = (t: Say, action: string): string => {
  const key = `do_${action.replaceAll('.', '_')}`
  return key in auditTexts.en ? t(key as 'do_key_create') : action
}
const kindOf = (t: Say, kind: string): string => (`actor_${kind}` in auditTexts.en ? t(`actor_${kind}` as 'actor_user') : kind)

export function AuditPage() {
  const t = useTexts(auditTexts)
  const navigate = useNavigate()
  const { record: opened, ...search } = auditRoute.useSearch()
  const key = JSON.stringify(search)
  const options = useMemo(() => auditQuery(search), [key])
  const query = useInfiniteQuery(options)
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap(({ records }) => records), [query.data])
  const go = useCallback((change: Record<string, string | undefined>) => {
    void navigate({ to: '/audit', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined)), replace: true })
  }, [navigate])
  const open = useCallback((row: AuditRecord) => go({ record: idOf(row) }), [go])
  const columns = useMemo((): readonly Column<AuditRecord>[] => [
    { id: 'at', label: t('column_at'), width: '180px', fixed: true, cell: (row) => <Time at={row.at} form="clock" /> },
    { id: 'who', label: t('column_who'), width: 'minmax(140px, 1fr)', fixed: true, cell: (row) => <span title={row.actor.id}>{row.actor.name}</span> },
    { id: 'action', label: t('column_action'), width: 'minmax(220px, 2fr)', fixed: true, cell: (row) => <span title={row.action}>{whatOf(t, row.action)}</span> },
    { id: 'resource', label: t('column_resource'), width: 'minmax(180px, 2fr)', cell: (row) => row.resource === null ? <span className="dim">–</span> : <span className={nameOf(row) === row.resource.id ? 'mono' : undefined} title={row.resource.id}>{nameOf(row)}</span> },
    { id: 'outcome', label: t('column_outcome'), width: '110px', cell: (row) => <StatusSign icon={outcomes[row.outcome][0]} tone={outcomes[row.outcome][1]} label={t(`outcome_${row.outcome}`)} /> },
    { id: 'sequence', label: t('column_sequence'), width: '80px', align: 'end', hidden: true, cell: (row) => row.sequence },
  ], [t])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'at' || id === 'who' || id === 'action'), [columns])
  const shown = rows.find((row) => idOf(row) === opened)
  useShortcuts(opened === undefined ? [] : [{ keys: 'Escape', group: 'list', label: { en: 'Close the panel', ko: '패널 닫기' }, run: () => go({ record: undefined }) }])
  const names = useMemo(() => [...new Set([...rows.map(({ actor }) => actor.name), ...(search.who === undefined ? [] : [search.who])])].slice(0, 20), [rows, search.who])
  const table = query.data === undefined
    ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0
      ? Object.keys(search).length > 0
        ? <EmptyState title={t('empty_filtered')} why={t('empty_filtered_why')} next={<Button variant="default" onClick={() => { void navigate({ to: '/audit', search: {} }) }}>{t('clear')}</Button>} />
        : <EmptyState title={t('empty')} why={t('empty_why')} />
      : (
        <DataTable<AuditRecord>
          name="audit" label={t('title')} columns={shown === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <Card row={row} />}
          more={query.hasNextPage ? { loading: query.isFetchingNextPage, load: () => { void query.fetchNextPage() } } : null}
        />
      )
  return (
    <ListPage
      title={t('title')} actions={<Chain />}
      filters={<FilterBar
        values={search} onChange={go}
        filters={[
          { id: 'what', label: t('filter_what'), options: nouns.map((value) => ({ value, label: t(`noun_${value}`) })) },
          { id: 'who', label: t('filter_who'), options: names.map((value) => ({ value, label: value })) },
          { id: 'outcome', label: t('filter_outcome'), options: (['success', 'denied', 'failure'] as const).map((value) => ({ value, label: t(`outcome_${value}`) })) },
          { id: 'when', label: t('filter_when'), options: (['hour', 'day', 'week', 'month'] as const).map((value) => ({ value, label: t(`when_${value}`) })) },
        ]}
      />}
      panel={shown === undefined ? null : <SidePanel title={<h2>{t('panel_record', { sequence: shown.sequence })}</h2>} subject={idOf(shown)} onClose={() => go({ record: undefined })}><Detail record={shown} /></SidePanel>}
    >{table}</ListPage>
  )
}

/** What it was done to, by a name where the record has one. */
function nameOf({ resource, detail }: AuditRecord): string {
  const name = detail['name'] ?? detail['display_name']
  return typeof name === 'string' ? name : resource === null ? '' : resource.kind === 'policy' ? `v${resource.id}` : resource.id
}

function Card({ row }: { row: AuditRecord }) {
  const t = useTexts(auditTexts)
  return <div className={classes['card']}><p><strong>{whatOf(t, row.action)}</strong>{row.outcome === 'success' ? null : <StatusSign icon={outcomes[row.outcome][0]} tone={outcomes[row.outcome][1]} label={t(`outcome_${row.outcome}`)} />}</p><p className="dim">{[row.actor.name, row.resource === null ? '' : nameOf(row)].filter((part) => part !== '').join(' · ')}</p><p className="dim"><Time at={row.at} form="clock" /></p></div>
}

function Detail({ record }: { record: AuditRecord }) {
  const t = useTexts(auditTexts)
  return (
    <div className={classes['detail']}>
      <p className={classes['what']}>{whatOf(t, record.action)} <StatusSign icon={outcomes[record.outcome][0]} tone={outcomes[record.outcome][1]} label={t(`outcome_${record.outcome}`)} soft /></p>
      <dl>
        <div><dt>{t('column_at')}</dt><dd><Time at={record.at} form="absolute" /></dd></div>
        <div><dt>{t('column_who')}</dt><dd>{record.actor.name} <span className="dim">{kindOf(t, record.actor.kind)}</span><span className="mono">{record.actor.id}</span></dd></div>
        {record.actor.person === record.actor.id ? null : <div><dt>{t('person')}</dt><dd className="mono">{record.actor.person}</dd></div>}
        <div><dt>{t('column_action')}</dt><dd className="mono">{record.action}</dd></div>
        <div><dt>{t('column_resource')}</dt><dd className="mono">{record.resource === null ? t('none') : `${record.resource.kind} ${record.resource.id}`}</dd></div>
      </dl>
      <h3>{t('detail')}</h3>
      {Object.keys(record.detail).length === 0 ? <p className="dim">{t('no_detail')}</p> : <dl>{Object.entries(record.detail).map(([name, value]) => <div key={name}><dt className="mono">{name}</dt><dd className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd></div>)}</dl>}
      <h3>{t('hash')}</h3>
      <dl><div><dt>{t('hash')}</dt><dd className="mono">{record.hash}</dd></div><div><dt>{t('prev_hash')}</dt><dd className="mono">{record.prev_hash}</dd></div></dl>
    </div>
  )
}

/** Whether the chain holds, asked for by a person: the server reads every record again. And the chain itself, to take along. */
function Chain() {
  const t = useTexts(auditTexts)
  const f = useFormats()
  const { tenant } = useSession()
  const [busy, setBusy] = useState<'check' | 'export' | null>(null)
  const [found, setFound] = useState<AuditVerification | null>(null)
  const check = async () => {
    setBusy('check')
    try {
      const answer = await api.get<AuditVerification>('/api/v1/audit/verification')
      setFound(answer)
      announce(answer.ok ? t('holds', { count: answer.records ?? 0 }) : t('broken', { record: (answer.line ?? 1) - 1 }))
    } catch (error) {
      toastError(t('check_failed'), error)
    } finally {
      setBusy(null)
    }
  }
  const save = async () => {
    setBusy('export')
    try {
      const blob = await (await send('GET', '/api/v1/audit/export', undefined, { headers: { accept: 'application/x-ndjson' } })).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(blob)
      link.download = `haechi-audit-${tenant?.name ?? 'tenant'}-${f.clock(now()).slice(0, 10)}.ndjson`
      link.click()
      URL.revokeObjectURL(link.href)
    } catch (error) {
      toastError(t('export_failed'), error)
    } finally {
      setBusy(null)
    }
  }
  return (
    <div className={classes['chain']}>
      {found === null ? null : found.ok
        ? <span title={t('holds_title', { at: f.absolute(found.checked_at), head: found.head ?? '' })}><StatusSign icon="shield" tone="good" label={t('holds', { count: found.records ?? 0 })} /></span>
        : <span title={t('broken_why', { reason: found.reason ?? '' })} role="alert"><StatusSign icon="warning" tone="bad" label={t('broken', { record: (found.line ?? 1) - 1 })} /></span>}
      <Button size="xs" variant="default" loading={busy === 'check'} leftSection={<icons.shield size={15} />} onClick={() => { void check() }}>{t('check')}</Button>
      <Button size="xs" variant="default" loading={busy === 'export'} leftSection={<icons.download size={15} />} title={t('export_title')} onClick={() => { void save() }}>{t('export')}</Button>
    </div>
  )
}
