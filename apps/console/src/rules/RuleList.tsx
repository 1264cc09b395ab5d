import { Button } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { ReactNode } from 'react'
import type { RuleSummary } from '../../../server/src/detection/wire.ts'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { FilterBar } from '../parts/FilterBar.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SavedViews } from '../parts/SavedViews.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { SeveritySign, severities } from '../parts/signs.tsx'
import { EmptyState, ErrorState, Skeleton, SkeletonLines, StaleMark } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { partTexts } from '../parts/texts.ts'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { packsQuery, rulesQuery } from './queries.ts'
import { RulePanel } from './RulePanel.tsx'
import type { Go, Search } from './RulesPage.tsx'
import { Correlates, Cost, logOf, Stage, Switched } from './signs.tsx'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

const idOf = (rule: RuleSummary) => rule.id
const none = <span className="dim">–</span>

export function RuleList({ tabs, search: { text, pack, level, enabled, kind, order, rule: opened }, go }: { tabs: ReactNode; search: Search; go: Go }) {
  const t = useTexts(ruleTexts)
  const words = useTexts(partTexts)
  const f = useFormats()
  const filters = { text, pack, level, enabled, kind, order }
  const query = useInfiniteQuery({ ...rulesQuery(filters), placeholderData: keepPreviousData })
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.rules), [query.data])
  const packs = useQuery(packsQuery).data ?? []
  const open = useCallback((rule: RuleSummary) => go({ rule: rule.id }), [go])
  const close = () => go({ rule: undefined })
  useShortcuts(opened === undefined ? [] : [{ keys: 'Escape', group: 'list', label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }])

  const columns = useMemo((): readonly Column<RuleSummary>[] => [
    { id: 'level', label: t('column_level'), width: '122px', fixed: true, cell: (row) => row.level === null ? none : <SeveritySign severity={row.level} /> },
    { id: 'title', label: t('column_title'), width: 'minmax(260px, 1fr)', fixed: true, cell: (row) => <span className={classes['title']} data-off={!row.enabled || undefined} title={row.title}>{row.correlation === null ? null : <Correlates rule={row} />}{row.title}</span> },
    { id: 'enabled', label: t('column_enabled'), width: '96px', cell: (row) => <Switched enabled={row.enabled} /> },
    { id: 'hits', label: t('column_hits'), width: '92px', align: 'end', cell: (row) => row.hits_7d === 0 ? <span className="dim">0</span> : <span title={t('hits_said', { day: row.hits_24h, week: row.hits_7d })}>{f.number(row.hits_7d)}</span> },
    { id: 'last_hit', label: t('column_last_hit'), width: '120px', cell: (row) => row.last_hit_at === null ? none : <Time at={row.last_hit_at} /> },
    { id: 'cost', label: t('column_cost'), width: '84px', align: 'end', cell: (row) => <Cost rule={row} /> },
    { id: 'alerts', label: t('column_alerts'), width: '76px', align: 'end', cell: (row) => row.alerts === 0 ? <span className="dim">0</span> : f.number(row.alerts) },
    { id: 'judged', label: t('column_judged'), width: '126px', cell: (row) => <Judged rule={row} /> },
    { id: 'techniques', label: t('column_techniques'), width: '150px', cell: (row) => <span className="mono" title={row.techniques.join(', ')}>{row.techniques.length === 0 ? none : row.techniques.join(', ')}</span> },
    { id: 'status', label: t('column_status'), width: '92px', hidden: true, cell: (row) => <Stage status={row.status} /> },
    { id: 'pack', label: t('column_pack'), width: '118px', cell: (row) => <span title={row.pack}>{row.pack}</span> },
    { id: 'author', label: t('column_author'), width: '150px', hidden: true, cell: (row) => <span title={row.author ?? undefined}>{row.author ?? none}</span> },
    { id: 'licence', label: t('column_licence'), width: '110px', hidden: true, cell: (row) => row.license ?? none },
    { id: 'log', label: t('column_log'), width: '200px', hidden: true, cell: (row) => logOf(row) ?? t('any_log') },
  ], [t, f])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'level' || id === 'title' || id === 'enabled' || id === 'alerts'), [columns])
  const filtered = [text, pack, level, enabled, kind].some((value) => value !== undefined)
  const clear = () => go({ text: undefined, pack: undefined, level: undefined, enabled: undefined, kind: undefined })
  const table = query.data === undefined
    ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton><SkeletonLines count={14} height={20} /></Skeleton>
    : rows.length === 0
      ? filtered ? <EmptyState title={t('empty_filtered')} why={t('empty_filtered_why')} next={<Button variant="default" onClick={clear}>{t('clear')}</Button>} /> : <EmptyState title={t('empty')} why={t('empty_why')} next={<Button variant="default" onClick={() => go({ tab: 'packs' })}>{t('tab_packs')}</Button>} />
      : (
        <DataTable<RuleSummary>
          name="rules" label={t('title')} columns={opened === undefined ? columns : beside} rows={rows} rowId={idOf} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <Card row={row} />}
          more={query.hasNextPage ? { loading: query.isFetchingNextPage, load: () => { void query.fetchNextPage() } } : null}
        />
      )
  return (
    <ListPage
      title={t('title')} {...(query.data === undefined ? {} : { count: t('of_total', { count: query.data.pages[0]?.total ?? 0 }) })}
      filters={<>{tabs}<FilterBar
        values={filters} onChange={go} search={{ id: 'text', label: t('find') }} views={<SavedViews name="rules" values={filters} onChoose={(values) => go({ text: undefined, pack: undefined, level: undefined, enabled: undefined, kind: undefined, order: undefined, ...values })} />}
        filters={[
          { id: 'level', label: t('filter_level'), options: severities.map((value) => ({ value, label: words(value), sign: <SeveritySign severity={value} /> })) },
          { id: 'enabled', label: t('filter_enabled'), options: [{ value: 'true', label: t('on') }, { value: 'false', label: t('off') }] },
          { id: 'kind', label: t('filter_kind'), options: [{ value: 'rule', label: t('kind_rule') }, { value: 'correlation', label: t('kind_correlation') }] },
          { id: 'pack', label: t('filter_pack'), options: [...new Set(packs.map(({ name }) => name))].map((value) => ({ value, label: value })) },
          { id: 'order', label: t('order'), options: [{ value: 'hits', label: t('order_hits') }, { value: 'last_hit', label: t('order_last_hit') }, { value: 'cost', label: t('order_cost') }] },
        ]}
      /></>}
      panel={opened === undefined ? null : <SidePanel subject={opened} title={<strong className={classes['opened']}>{rows.find(({ id }) => id === opened)?.title ?? t('column_title')}</strong>} onClose={close}><RulePanel key={opened} id={opened} known={rows.find(({ id }) => id === opened)} go={go} /></SidePanel>}
    >
      {query.isError && query.data !== undefined ? <StaleMark at={query.dataUpdatedAt} /> : null}
      {table}
    </ListPage>
  )
}

function Judged({ rule: { alerts, true_positives: yes, false_positives: no } }: { rule: RuleSummary }) {
  const t = useTexts(ruleTexts)
  if (yes + no === 0) return alerts === 0 ? none : <span className="dim">{t('judged_none')}</span>
  return <span>{t('judged', { yes, no })}</span>
}

function Card({ row }: { row: RuleSummary }) {
  const t = useTexts(ruleTexts)
  return (
    <div className={classes['card']}>
      <p>{row.level === null ? none : <SeveritySign severity={row.level} />}<Switched enabled={row.enabled} /></p>
      <p className={classes['title']}>{row.title}</p>
      <p className="dim">{[row.techniques.join(', '), row.alerts === 0 ? '' : t('show_alerts', { count: row.alerts })].filter((part) => part !== '').join(' · ')}</p>
    </div>
  )
}
