import { Button, Menu } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Asset, AssetChange, AssetKind } from '../../../server/src/assets/wire.ts'
import { ApiError } from '../api/error.ts'
import { useSession } from '../api/session.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { toast } from '../parts/feedback.tsx'
import { FilterBar } from '../parts/FilterBar.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines, StaleMark } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { AssetPanel } from './AssetPanel.tsx'
import { hostsRoute } from './feature.tsx'
import { Kinds } from './Kinds.tsx'
import { assetsQuery, useClassify } from './queries.ts'
import { CriticalitySign, criticalities, ExposureSign, exposures } from './signs.tsx'
import { hostTexts } from './texts.ts'
import classes from './Hosts.module.css'

const idOf = (asset: Asset) => asset.id
const none = <span className="dim">–</span>

export function HostsPage() {
  const t = useTexts(hostTexts)
  const navigate = useNavigate()
  const write = useSession().permissions.includes('asset.write')
  const { kind: named, peek, ...filters } = hostsRoute.useSearch()
  const { text, criticality, exposure } = filters
  const kind: AssetKind = named === 'user' || named === 'address' ? named : 'host'
  const query = useInfiniteQuery({ ...assetsQuery({ kind, text, criticality, exposure }), placeholderData: keepPreviousData })
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.assets), [query.data])
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => setSelection(new Set()), [kind, text, criticality, exposure])
  const go = useCallback((change: Record<string, string | undefined>) => {
    void navigate({ to: '/hosts', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined && value !== '')), replace: true })
  }, [navigate])
  const open = useCallback((asset: Asset) => go({ peek: asset.id }), [go])
  const close = () => go({ peek: undefined })
  useShortcuts(peek === undefined ? [] : [{ keys: 'Escape', group: 'list', label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }])

  const columns = useMemo((): readonly Column<Asset>[] => [
    { id: 'name', label: t('column_name'), width: 'minmax(200px, 1fr)', fixed: true, cell: (row) => <span className={classes['name']} title={row.name}>{row.name}</span> },
    { id: 'criticality', label: t('column_criticality'), width: '120px', fixed: true, cell: (row) => <CriticalitySign criticality={row.criticality} /> },
    { id: 'exposure', label: t('column_exposure'), width: '120px', cell: (row) => <ExposureSign exposure={row.exposure} /> },
    { id: 'class', label: t('column_class'), width: '170px', cell: (row) => row.class === null ? none : <span title={row.class}>{row.class}</span> },
    { id: 'tags', label: t('column_tags'), width: '220px', cell: (row) => row.tags.length === 0 ? none : <span title={row.tags.join(', ')}>{row.tags.join(', ')}</span> },
    { id: 'last', label: t('column_last'), width: '116px', cell: (row) => <Time at={row.last_seen} /> },
    { id: 'first', label: t('column_first'), width: '116px', hidden: true, cell: (row) => <Time at={row.first_seen} /> },
  ], [t])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'name' || id === 'criticality' || id === 'class'), [columns])
  const known = rows.find(({ id }) => id === peek)
  const table = query.data === undefined
    ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0
      ? Object.keys(filters).length === 0 ? <EmptyState title={t(`empty_${kind}`)} why={t('empty_why')} next={<code className="mono">npx haechi ingest --source my-logs events.ndjson</code>} /> : <EmptyState title={t('empty_filtered')} why={t('empty_filtered_why')} next={<Button variant="default" onClick={() => go({ text: undefined, criticality: undefined, exposure: undefined })}>{t('clear')}</Button>} />
      : (
        <DataTable<Asset>
          name="assets" label={t(`kind_${kind}`)} columns={peek === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={peek ?? null} onPeek={open} onOpen={open} card={(row) => <Card row={row} />}
          {...(write ? { selection, onSelection: setSelection, bulk: <Bulk ids={[...selection]} onDone={() => setSelection(new Set())} /> } : {})}
          more={query.hasNextPage ? { loading: query.isFetchingNextPage, load: () => { void query.fetchNextPage() } } : null}
        />
      )
  return (
    <ListPage
      title={t('title')}
      filters={<><Kinds kind={kind} /><FilterBar
        values={filters} onChange={go} search={{ id: 'text', label: t('find') }}
        filters={[
          { id: 'criticality', label: t('column_criticality'), options: criticalities.map((value) => ({ value, label: t(`criticality_${value}`), sign: <CriticalitySign criticality={value} /> })) },
          { id: 'exposure', label: t('column_exposure'), options: exposures.map((value) => ({ value, label: t(`exposure_${value}`), sign: <ExposureSign exposure={value} /> })) },
        ]}
      /></>}
      panel={peek === undefined ? null : <SidePanel subject={peek} title={<strong className={classes['opened']}>{known?.name ?? t('title')}</strong>} onClose={close}><AssetPanel key={peek} id={peek} known={known} write={write} /></SidePanel>}
    >
      {query.isError && query.data !== undefined ? <StaleMark at={query.dataUpdatedAt} /> : null}
      {table}
    </ListPage>
  )
}

/** Each is asked for on its own; those that could not are counted with the first reason. */
function Bulk({ ids, onDone }: { ids: readonly string[]; onDone: () => void }) {
  const t = useTexts(hostTexts)
  const classify = useClassify()
  const [busy, setBusy] = useState(false)
  const each = async (change: AssetChange) => {
    setBusy(true)
    const failures: unknown[] = []
    for (const id of ids) await classify(id, change).catch((error: unknown) => failures.push(error))
    setBusy(false)
    const [first] = failures
    toast(first === undefined ? { tone: 'good', title: t('bulk_done', { count: ids.length }) } : { tone: 'bad', title: t('bulk_failed', { count: ids.length - failures.length, failed: failures.length, reason: first instanceof ApiError ? first.detail : first instanceof Error ? first.message : '' }) })
    onDone()
  }
  return (
    <>
      <Menu>
        <Menu.Target><Button size="compact-sm" variant="default" loading={busy} rightSection={<icons.down size={13} />}>{t('bulk_criticality')}</Button></Menu.Target>
        <Menu.Dropdown>{criticalities.map((criticality) => <Menu.Item key={criticality} onClick={() => { void each({ criticality }) }}><CriticalitySign criticality={criticality} /></Menu.Item>)}</Menu.Dropdown>
      </Menu>
      <Menu>
        <Menu.Target><Button size="compact-sm" variant="default" disabled={busy} rightSection={<icons.down size={13} />}>{t('bulk_exposure')}</Button></Menu.Target>
        <Menu.Dropdown>{exposures.map((exposure) => <Menu.Item key={exposure} onClick={() => { void each({ exposure }) }}><ExposureSign exposure={exposure} /></Menu.Item>)}</Menu.Dropdown>
      </Menu>
    </>
  )
}

function Card({ row }: { row: Asset }) {
  return (
    <div className={classes['card']}>
      <p><strong>{row.name}</strong><Time at={row.last_seen} /></p>
      <p className={classes['signs']}><CriticalitySign criticality={row.criticality} /><ExposureSign exposure={row.exposure} /></p>
      <p className="dim">{[row.class, ...row.tags].filter((part) => part !== null).join(' · ')}</p>
    </div>
  )
}
