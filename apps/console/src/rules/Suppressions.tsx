import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { Suppression } from '../../../server/src/detection/wire.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { StatusSign } from '../parts/signs.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { allRulesQuery, useMay, useRuleChanges } from './queries.ts'
import type { Go, Search } from './RulesPage.tsx'
import { Fact, useWhere } from './signs.tsx'
import { Suppress } from './Suppress.tsx'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

const idOf = (one: Suppression) => one.id

export function Suppressions({ tabs, query, search: { suppression: opened }, go }: { tabs: ReactNode; query: UseQueryResult<Suppression[]>; search: Search; go: Go }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const may = useMay()
  const where = useWhere()
  const [adding, setAdding] = useState(false)
  const rules = useQuery(allRulesQuery).data
  const titles = useMemo(() => new Map(rules?.map(({ id, title }) => [id, title])), [rules])
  const titleOf = useCallback((id: string) => titles.get(id) ?? (rules === undefined ? id : t('unknown_rule')), [titles, rules, t])
  const open = useCallback((one: Suppression) => go({ suppression: one.id }), [go])
  const close = () => go({ suppression: undefined })
  useShortcuts([
    ...(may.write ? [{ keys: 'n', group: 'list' as const, label: { en: 'Add a suppression', ko: '경보 억제 추가' }, run: () => setAdding(true) }] : []),
    ...(opened === undefined ? [] : [{ keys: 'Escape', group: 'list' as const, label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }]),
  ])
  const columns = useMemo((): readonly Column<Suppression>[] => [
    { id: 'rule', label: t('column_title'), width: 'minmax(220px, 1.2fr)', fixed: true, cell: (row) => <span className={classes['title']} title={titleOf(row.rule_id)}>{titleOf(row.rule_id)}</span> },
    { id: 'where', label: t('column_where'), width: 'minmax(160px, 1fr)', fixed: true, cell: (row) => <span title={where(row)}>{where(row)}</span> },
    { id: 'reason', label: t('column_reason'), width: 'minmax(160px, 1fr)', cell: (row) => <span title={row.reason}>{row.reason}</span> },
    { id: 'author', label: t('column_by'), width: '110px', cell: (row) => row.author },
    { id: 'expires', label: t('column_expires'), width: '136px', cell: (row) => <Until at={row.expires_at} /> },
    { id: 'kept', label: t('column_kept'), width: '110px', align: 'end', cell: (row) => f.number(row.alerts) },
    { id: 'since', label: t('column_since'), width: '112px', hidden: true, cell: (row) => <Time at={row.created_at} /> },
  ], [t, f, titleOf])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'rule' || id === 'where'), [columns])
  const add = may.write ? <Button size="xs" leftSection={<icons.plus size={15} />} onClick={() => setAdding(true)}>{t('add')}</Button> : null
  const one = query.data?.find(({ id }) => id === opened)
  return (
    <ListPage title={t('title')} actions={add} filters={tabs} panel={opened === undefined ? null : (
      <SidePanel subject={opened} title={<strong className={classes['opened']}>{one === undefined ? t('tab_suppressions') : titleOf(one.rule_id)}</strong>} onClose={close}>
        {one === undefined ? query.data === undefined ? null : <EmptyState title={t('suppression_gone')} why="" /> : <Panel one={one} title={titleOf(one.rule_id)} write={may.write} go={go} />}
      </SidePanel>
    )}>
      <QueryView query={query} skeleton={<SkeletonLines count={8} height={20} />} empty={(list) => list.length === 0 ? <EmptyState title={t('suppressions_empty')} why={t('suppressions_empty_why')} next={add} /> : null}>
        {(list) => <DataTable<Suppression> name="suppressions" label={t('tab_suppressions')} columns={opened === undefined ? columns : beside} rows={list} rowId={idOf} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <div className={classes['card']}><p className={classes['title']}>{titleOf(row.rule_id)}</p><p>{where(row)}</p><p className="dim">{row.reason}</p></div>} />}
      </QueryView>
      <Suppress opened={adding} rule={null} onClose={() => setAdding(false)} />
    </ListPage>
  )
}

function Until({ at }: { at: string | null }) {
  const t = useTexts(ruleTexts)
  const now = useNow()
  if (at === null) return <span className="dim">{t('for_ever')}</span>
  return Date.parse(at) <= now ? <StatusSign icon="clock" tone="muted" label={t('expired')} /> : <Time at={at} />
}

function Panel({ one, title, write, go }: { one: Suppression; title: string; write: boolean; go: Go }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const where = useWhere()
  const { unsuppress } = useRuleChanges()
  const [removing, setRemoving] = useState(false)
  return (
    <div className={classes['panel']}>
      {write ? <div className={classes['do']}><Button size="xs" variant="default" onClick={() => setRemoving(true)}>{t('unsuppress')}</Button></div> : null}
      <dl className={classes['facts']}>
        <Fact label={t('column_where')}>{where(one)}</Fact>
        <Fact label={t('column_reason')}>{one.reason}</Fact>
        <Fact label={t('column_by')}>{one.author}</Fact>
        <Fact label={t('column_since')}><Time at={one.created_at} form="absolute" /></Fact>
        <Fact label={t('column_expires')}>{one.expires_at === null ? t('for_ever') : <Time at={one.expires_at} form="absolute" />}</Fact>
        <Fact label={t('column_kept')}>{f.number(one.alerts)}</Fact>
        <Fact label={t('column_title')}><button type="button" className={classes['link']} onClick={() => go({ tab: undefined, suppression: undefined, rule: one.rule_id })}>{title}</button></Fact>
      </dl>
      <ConfirmDialog
        opened={removing} onClose={() => setRemoving(false)} title={t('unsuppress_title')} reason="none" confirmLabel={t('unsuppress')} undo={t('unsuppress_undo')}
        blastRadius={[t('unsuppress_effect', { rule: title }), ...(one.alerts === 0 ? [] : [t('unsuppress_kept', { count: one.alerts })])]}
        onConfirm={async () => { await unsuppress(one.id); go({ suppression: undefined }); toast({ tone: 'good', title: t('unsuppressed'), text: title }) }}
      />
    </div>
  )
}
