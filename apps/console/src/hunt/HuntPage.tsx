import { now } from '../clock.ts'
import { ActionIcon, Button, Popover, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { StoredEvent } from '../../../server/src/telemetry/wire.ts'
import { ApiError } from '../api/error.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SavedViews } from '../parts/SavedViews.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines, StaleMark } from '../parts/states.tsx'
import { partTexts } from '../parts/texts.ts'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { EventPanel } from './EventPanel.tsx'
import { huntRoute } from './feature.tsx'
import { Histogram } from './Histogram.tsx'
import { eventsQuery, histogramQuery } from './queries.ts'
import { fixed, windowOf, zoomedOut } from './range.ts'
import { huntTexts } from './texts.ts'
import { TimeRange } from './TimeRange.tsx'
import { fields, narrowed } from './words.ts'
import type { Field } from './words.ts'
import classes from './Hunt.module.css'

const idOf = (event: StoredEvent) => event.event_id
const none = <span className="dim">–</span>
const examples: Readonly<Record<Field, string>> = { host: 'host:WS-12', user: 'user:minji.kim', process: 'process:powershell.exe', address: 'address:10.20.0.0/16', hash: 'hash:0b71bf…', code: 'code:4625', source: 'source:windows' }
const minutes5 = 300_000

export function HuntPage() {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const navigate = useNavigate()
  const { event, at, ...search } = huntRoute.useSearch()
  const key = JSON.stringify(search)
  // A range back from now stands still until it is asked for again: rows do not move under the reader.
  const [runs, setRuns] = useState(0)
  const window = useMemo(() => windowOf(search, now()), [key, runs])
  const looked = useMemo(() => ({ query: search.query, window }), [search.query, window])
  const events = useInfiniteQuery(useMemo(() => eventsQuery(looked), [looked]))
  const histogram = useQuery(histogramQuery(looked))
  const rows = useMemo(() => (events.data?.pages ?? []).flatMap((page) => page.events), [events.data])

  const go = useCallback((change: Record<string, string | undefined>, replace = false) => {
    void navigate({ to: '/hunt', search: (before) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined && value !== '')), replace })
  }, [navigate])
  const look = useCallback((change: Record<string, string | undefined>) => { go({ event: undefined, at: undefined, ...change }); setRuns((count) => count + 1) }, [go])
  const narrow = (from: number, to: number) => look(fixed(from, to))
  const open = useCallback((row: StoredEvent) => go({ event: row.event_id, at: row.time }, true), [go])
  const close = () => go({ event: undefined, at: undefined }, true)
  const zoomOut = window.from === null || window.to === null ? null : () => { const wider = zoomedOut({ from: window.from!, to: window.to! }, now()); narrow(wider.from, wider.to) }

  const box = useRef<HTMLInputElement>(null)
  useShortcuts([
    { keys: 'q', group: 'list', label: { en: 'Write a search', ko: '검색어 쓰기' }, run: () => { box.current?.focus(); box.current?.select() } },
    { keys: 'r', group: 'list', label: { en: 'Search again', ko: '다시 검색' }, run: () => setRuns((count) => count + 1) },
    ...(zoomOut === null ? [] : [{ keys: 'z', group: 'list' as const, label: { en: 'Zoom out in time', ko: '기간 넓히기' }, run: zoomOut }]),
    ...(event === undefined ? [] : [{ keys: 'Escape', group: 'list' as const, label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }]),
  ])

  const columns = useMemo((): readonly Column<StoredEvent>[] => [
    { id: 'time', label: t('column_time'), width: '164px', fixed: true, cell: (row) => <Time at={row.time} form="clock" /> },
    { id: 'host', label: t('column_host'), width: '132px', cell: (row) => <span title={row.host ?? undefined}>{row.host ?? none}</span> },
    { id: 'user', label: t('column_user'), width: '148px', cell: (row) => <span title={row.user ?? undefined}>{row.user ?? none}</span> },
    { id: 'what', label: t('column_what'), width: 'minmax(280px, 1fr)', fixed: true, cell: (row) => <span className={classes['what']} title={whatOf(row)}>{whatOf(row)}</span> },
    { id: 'code', label: t('column_code'), width: '88px', cell: (row) => row.event_code ?? none },
    { id: 'source', label: t('column_source'), width: '110px', cell: (row) => row.source },
    { id: 'process', label: t('column_process'), width: '220px', hidden: true, cell: (row) => <span className="mono" title={row.process ?? undefined}>{row.process ?? none}</span> },
    { id: 'parent', label: t('column_parent'), width: '220px', hidden: true, cell: (row) => <span className="mono" title={row.parent_process ?? undefined}>{row.parent_process ?? none}</span> },
    { id: 'src', label: t('column_src'), width: '140px', hidden: true, cell: (row) => <span className="mono">{row.src_ip ?? none}</span> },
    { id: 'dst', label: t('column_dst'), width: '140px', hidden: true, cell: (row) => <span className="mono">{row.dst_ip ?? none}</span> },
    { id: 'log', label: t('column_log'), width: '220px', hidden: true, cell: (row) => row.log_source },
    { id: 'received', label: t('column_received'), width: '164px', hidden: true, cell: (row) => <Time at={row.received_at} form="clock" /> },
  ], [t])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'time' || id === 'host' || id === 'what'), [columns])

  const busy = events.isFetching && !events.isFetchingNextPage
  const filtered = search.query !== undefined || window.span !== 'all'
  const table = events.data === undefined
    ? events.isError ? <ErrorState error={events.error} onRetry={() => { void events.refetch(); void histogram.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0
        ? !filtered ? <EmptyState title={t('none')} why={t('none_why')} next={<code className="mono">npx haechi ingest --source my-logs events.ndjson</code>} /> : (
          <EmptyState
            title={t('empty')} why={window.from === null || window.to === null ? t('empty_open_why') : t('empty_why', { from: f.clock(window.from), to: f.clock(window.to) })}
            next={window.span === 'all' ? null : <Button variant="default" onClick={() => look({ range: window.span === '30d' ? 'all' : '30d', from: undefined, to: undefined })}>{t(window.span === '30d' ? 'everything' : 'wider')}</Button>}
          />
        ) : (
          <div className={classes['rows']} data-busy={busy || undefined} aria-busy={busy}>
            <DataTable<StoredEvent>
              name="events" label={t('title')} columns={event === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={event ?? null} onPeek={open} onOpen={open} card={(row) => <Card row={row} />}
              more={events.hasNextPage ? { loading: events.isFetchingNextPage, load: () => { void events.fetchNextPage() } } : null}
            />
          </div>
        )
  return (
    <ListPage
      title={t('title')}
      filters={(
        <div className={classes['bar']} role="search" aria-label={t('title')}>
          <QueryBox key={search.query ?? ''} box={box} query={search.query ?? ''} wrong={events.error instanceof ApiError && events.error.code === 'query_syntax'} onSearch={(query) => look({ query })} />
          <TimeRange window={window} onChange={look} />
          <SavedViews name="hunt" given={useGivenViews()} values={search} onChoose={(values) => look({ query: undefined, range: undefined, from: undefined, to: undefined, ...values })} />
        </div>
      )}
      panel={event === undefined ? null : <SidePanel subject={event} title={<strong className={classes['opened']}>{t('record')}</strong>} onClose={close}><EventPanel key={event} eventId={event} at={at ?? ''} onNarrow={(field, value) => look({ query: narrowed(search.query ?? '', field, value) })} onAround={(host, middle) => look({ query: narrowed('', 'host', host), ...fixed(middle - minutes5, middle + minutes5) })} /></SidePanel>}
    >
      {events.isError && events.data !== undefined ? <StaleMark at={events.dataUpdatedAt} /> : null}
      {histogram.data === undefined || (events.isError && rows.length === 0) ? null : <Histogram histogram={histogram.data} window={window} busy={busy || histogram.isPlaceholderData} onNarrow={narrow} onZoomOut={zoomOut} />}
      {table}
    </ListPage>
  )
}

const whatOf = (row: StoredEvent): string => row.message ?? row.command_line ?? row.process ?? row.log_source ?? ''

function QueryBox({ box, query, wrong, onSearch }: { box: React.RefObject<HTMLInputElement | null>; query: string; wrong: boolean; onSearch: (query: string) => void }) {
  const t = useTexts(huntTexts)
  const words = useTexts(partTexts)
  const [text, setText] = useState(query)
  useEffect(() => setText(query), [query])
  return (
    <form className={classes['query']} onSubmit={(event) => { event.preventDefault(); onSearch(text.trim()) }}>
      <TextInput
        ref={box} size="xs" type="search" aria-label={t('query')} placeholder={t('query_placeholder')} value={text} error={wrong} spellCheck={false} autoCapitalize="off" autoComplete="off" maxLength={2_000} leftSection={<icons.search size={15} />} onChange={(event) => setText(event.currentTarget.value)}
        rightSection={(
          <Popover position="bottom-end" width={520} trapFocus>
            <Popover.Target><ActionIcon size="sm" aria-label={t('help')}><icons.info size={16} /></ActionIcon></Popover.Target>
            <Popover.Dropdown className={classes['help']}>
              <p>{t('help_words')}</p>
              <table>
                <thead><tr><th scope="col">{t('field')}</th><th scope="col">{t('looks_at')}</th><th scope="col">{t('example')}</th></tr></thead>
                <tbody>{fields.map((field) => <tr key={field}><td className="mono">{field}</td><td>{t(`field_${field}`)}</td><td><button type="button" className="mono" title={t('insert', { word: `${field}:` })} onClick={() => { setText(`${text.trim()} ${field}:`.trim()); box.current?.focus() }}>{examples[field]}</button></td></tr>)}</tbody>
              </table>
              <p className="dim">{t('help_quotes')}</p>
            </Popover.Dropdown>
          </Popover>
        )}
      />
      <Button type="submit" size="xs" h={30}>{t('search')}</Button>
      <span className="unseen">{wrong ? words('error_title') : ''}</span>
    </form>
  )
}

function useGivenViews() {
  const t = useTexts(huntTexts)
  return [
    { name: t('view_sign_in'), values: { query: 'code:4625', range: '7d' } }, { name: t('view_powershell'), values: { query: 'process:powershell.exe', range: '7d' } }, { name: t('view_services'), values: { query: 'code:7045', range: '30d' } },
    { name: t('view_tasks'), values: { query: 'code:4698', range: '30d' } }, { name: t('view_cleared'), values: { query: 'code:1102', range: '30d' } },
  ]
}

function Card({ row }: { row: StoredEvent }) {
  return (
    <div className={classes['card']}>
      <p><strong>{row.host ?? row.source}</strong><Time at={row.time} form="clock" /></p>
      <p className={classes['two']}>{whatOf(row)}</p>
    </div>
  )
}
