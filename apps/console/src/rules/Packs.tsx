import { Button, Checkbox, Drawer, TextInput } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { RulePack } from '../../../server/src/detection/wire.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import type { IconName } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { StatusSign } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import { EmptyState, ErrorState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { packId, useMay, useRuleChanges } from './queries.ts'
import type { Go, Search } from './RulesPage.tsx'
import { Fact } from './signs.tsx'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

type Draft = { readonly name: string; readonly path: string; readonly license: string; readonly all: boolean }
const nothing: Draft = { name: '', path: '', license: '', all: false }
const short = (version: string) => version.length > 12 && /^[0-9a-f]+$/.test(version) ? version.slice(0, 12) : version
const none = <span className="dim">–</span>

export function Packs({ tabs, query, search: { opened }, go }: { tabs: ReactNode; query: UseQueryResult<RulePack[]>; search: Search; go: Go }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const may = useMay()
  const [draft, setDraft] = useState<Draft | null>(null)
  const open = useCallback((pack: RulePack) => go({ opened: packId(pack) }), [go])
  const close = () => go({ opened: undefined })
  useShortcuts([
    ...(may.install ? [{ keys: 'n', group: 'list' as const, label: { en: 'Install a pack', ko: '규칙 팩 설치' }, run: () => setDraft(nothing) }] : []),
    ...(opened === undefined ? [] : [{ keys: 'Escape', group: 'list' as const, label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }]),
  ])
  const columns = useMemo((): readonly Column<RulePack>[] => [
    { id: 'name', label: t('column_name'), width: 'minmax(180px, 1fr)', fixed: true, cell: (row) => <span className={classes['title']} title={row.name}>{row.name}</span> },
    { id: 'state', label: t('column_state'), width: '190px', fixed: true, cell: (row) => <State state={row.state} /> },
    { id: 'accepted', label: t('column_accepted'), width: '88px', align: 'end', cell: (row) => f.number(row.accepted) },
    { id: 'rejected', label: t('column_rejected'), width: '88px', align: 'end', cell: (row) => row.rejected_count === 0 ? <span className="dim">0</span> : f.number(row.rejected_count) },
    { id: 'version', label: t('column_version'), width: '132px', cell: (row) => <span className="mono" title={row.version}>{short(row.version)}</span> },
    { id: 'scope', label: t('column_scope'), width: '120px', cell: (row) => t(row.tenant_id === null ? 'scope_all' : 'scope_own') },
    { id: 'licence', label: t('column_licence'), width: '120px', cell: (row) => row.license ?? none },
    { id: 'switched', label: t('column_switched'), width: '132px', cell: (row) => <Time at={row.switched_at} /> },
    { id: 'source', label: t('column_source'), width: '280px', hidden: true, cell: (row) => <span className="mono" title={row.source.path}>{row.source.path}</span> },
  ], [t, f])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'name' || id === 'state' || id === 'accepted' || id === 'rejected'), [columns])
  const install = may.install ? <Button size="xs" leftSection={<icons.plus size={15} />} onClick={() => setDraft(nothing)}>{t('install')}</Button> : null
  const pack = query.data?.find((each) => packId(each) === opened)
  return (
    <ListPage title={t('title')} actions={install} filters={tabs} panel={opened === undefined ? null : (
      <SidePanel subject={opened} title={<strong className={classes['opened']}>{pack?.name ?? t('column_name')}</strong>} onClose={close}>
        {pack === undefined ? query.data === undefined ? null : <EmptyState title={t('pack_gone')} why="" /> : <Panel key={packId(pack)} pack={pack} go={go} onInstall={(again) => setDraft(again)} />}
      </SidePanel>
    )}>
      {may.install ? null : <p className={classes['note']}>{t('install_elsewhere')} <code className="mono">npx haechi rules add DIR --name NAME</code></p>}
      <QueryView query={query} skeleton={<SkeletonLines count={6} height={20} />} empty={(packs) => packs.length === 0 ? <EmptyState title={t('packs_empty')} why={t('packs_empty_why')} next={install} /> : null}>
        {(packs) => <DataTable<RulePack> name="rule-packs" label={t('tab_packs')} columns={opened === undefined ? columns : beside} rows={packs} rowId={packId} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <div className={classes['card']}><p><strong>{row.name}</strong><State state={row.state} /></p><p className="dim">{t('of_total', { count: row.accepted })} · {t('column_rejected')} {f.number(row.rejected_count)} · {t(row.tenant_id === null ? 'scope_all' : 'scope_own')}</p></div>} />}
      </QueryView>
      <Drawer opened={draft !== null} onClose={() => setDraft(null)} position="right" size={480} padding={20} title={t('install')} closeButtonProps={{ 'aria-label': t('close') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
        {draft === null ? null : <Install draft={draft} onClose={() => setDraft(null)} onInstalled={(installed) => { setDraft(null); go({ tab: 'packs', opened: packId(installed) }) }} />}
      </Drawer>
    </ListPage>
  )
}

const states: Readonly<Record<RulePack['state'], readonly [IconName, Tone]>> = { in_force: ['check', 'good'], source_missing: ['warning', 'warn'], damaged: ['warning', 'bad'] }
function State({ state }: { state: RulePack['state'] }) {
  const t = useTexts(ruleTexts)
  return <StatusSign icon={states[state][0]} tone={states[state][1]} label={t(`state_${state}`)} />
}

function Panel({ pack, go, onInstall }: { pack: RulePack; go: Go; onInstall: (draft: Draft) => void }) {
  const t = useTexts(ruleTexts)
  const may = useMay()
  const { remove, rollBack } = useRuleChanges()
  const [asked, setAsked] = useState<'remove' | 'back' | null>(null)
  const mine = pack.tenant_id === null ? may.install : may.write
  const { name, source: { path } } = pack
  return (
    <div className={classes['panel']}>
      <p className={classes['signs']}><State state={pack.state} /></p>
      {pack.state === 'in_force' ? null : <p className={classes['warn']}>{t(`state_${pack.state}_why`)}</p>}
      {mine ? (
        <div className={classes['do']}>
          {may.install ? <Button size="xs" variant="default" leftSection={<icons.refresh size={15} />} onClick={() => onInstall({ name, path, license: pack.license ?? '', all: pack.tenant_id === null })}>{t('install_again')}</Button> : null}
          {pack.previous === null ? null : <Button size="xs" variant="default" leftSection={<icons.back size={15} />} onClick={() => setAsked('back')}>{t('roll_back')}</Button>}
          <Button size="xs" variant="default" onClick={() => setAsked('remove')}>{t('remove')}</Button>
        </div>
      ) : null}
      <dl className={classes['facts']}>
        <Fact label={t('column_accepted')}><button type="button" className={classes['link']} onClick={() => go({ tab: undefined, opened: undefined, pack: name })}>{t('show_rules', { count: pack.accepted })}</button></Fact>
        <Fact label={t('column_scope')}>{t(pack.tenant_id === null ? 'scope_all' : 'scope_own')}</Fact>
        <Fact label={t('column_licence')}>{pack.license ?? <span className="dim">{t('not_stated')}</span>}</Fact>
        <Fact label={t('column_source')}><span className="mono">{path}</span></Fact>
        <Fact label={t('column_version')}><span className="mono">{pack.version}</span></Fact>
        <Fact label={t('pack_previous')}>{pack.previous === null ? <span className="dim">{t('pack_previous_none')}</span> : <span className="mono">{pack.previous}</span>}</Fact>
        <Fact label={t('column_switched')}><Time at={pack.switched_at} form="absolute" /></Fact>
      </dl>
      <Rejected pack={pack} />
      <ConfirmDialog
        opened={asked === 'remove'} onClose={() => setAsked(null)} title={t('remove_title', { name })} reason="none" danger confirmLabel={t('remove')} undo={t('remove_undo', { path })}
        blastRadius={[t('remove_effect', { count: pack.accepted }), ...(pack.tenant_id === null ? [t('remove_all')] : []), t('remove_stays')]}
        onConfirm={async () => { await remove(pack); go({ opened: undefined }); toast({ tone: 'good', title: t('removed', { name }) }) }}
      />
      <ConfirmDialog
        opened={asked === 'back'} onClose={() => setAsked(null)} title={t('back_title', { name })} reason="none" confirmLabel={t('roll_back')} undo={t('back_undo', { path })}
        blastRadius={[t('back_effect', { version: short(pack.version), previous: short(pack.previous ?? '') }), ...(pack.tenant_id === null ? [t('scope_all')] : [])]}
        onConfirm={async () => { await rollBack(pack); toast({ tone: 'good', title: t('rolled_back', { name }) }) }}
      />
    </div>
  )
}

/** Which files could not be read, where and why; by kind of fault when there are many. */
function Rejected({ pack: { rejected, rejected_count: count } }: { pack: RulePack }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  const [code, setCode] = useState<string | null>(null)
  const codes = [...Map.groupBy(rejected, (one) => one.code)].map(([name, all]) => ({ name, count: all.length })).toSorted((a, b) => b.count - a.count)
  const shown = code === null ? rejected : rejected.filter((one) => one.code === code)
  return (
    <section>
      <h3>{t('rejected')} {count === 0 ? null : <span className="dim">{f.number(count)}</span>}</h3>
      {count === 0 ? <p className="dim">{t('rejected_none')}</p> : null}
      {count > rejected.length ? <p className="dim">{t('rejected_first', { shown: rejected.length, count })}</p> : null}
      {codes.length < 2 ? null : (
        <div className={classes['codes']}>
          <button type="button" aria-pressed={code === null} onClick={() => setCode(null)}>{t('all_codes')}</button>
          {codes.map(({ name, count: of }) => <button key={name} type="button" aria-pressed={code === name} onClick={() => setCode(name)}>{name} <span>{f.number(of)}</span></button>)}
        </div>
      )}
      <ul className={classes['rejected']}>
        {shown.map((one, at) => <li key={at}><p className="mono">{one.file}{one.line === null ? null : <span className="dim"> {t('line', { line: one.line })}</span>}</p><p>{one.reason} <code>{one.code}</code></p></li>)}
      </ul>
    </section>
  )
}

function Install({ draft, onClose, onInstalled }: { draft: Draft; onClose: () => void; onInstalled: (pack: RulePack) => void }) {
  const t = useTexts(ruleTexts)
  const { install } = useRuleChanges()
  const [form, setForm] = useState(draft)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const set = (name: 'name' | 'path' | 'license') => (event: { currentTarget: { value: string } }) => { const { value } = event.currentTarget; setForm((before) => ({ ...before, [name]: value })) }
  const submit = async () => {
    setTried(true)
    const [name, path, license] = [form.name.trim(), form.path.trim(), form.license.trim()]
    if (name === '' || path === '') return
    setBusy(true)
    setError(null)
    try {
      const pack = await install({ name, path, all_tenants: form.all, ...(license === '' ? {} : { license }) })
      toast({ tone: 'good', title: t('installed', { name: pack.name, count: pack.accepted }), ...(pack.rejected_count === 0 ? {} : { text: t('installed_rejected', { count: pack.rejected_count }) }) })
      onInstalled(pack)
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <TextInput label={t('install_name')} description={t('install_name_hint')} value={form.name} onChange={set('name')} maxLength={64} error={tried && form.name.trim() === '' ? t('needed') : null} data-autofocus />
      <TextInput label={t('install_path')} description={t('install_path_hint')} placeholder="/srv/rules/sigma" value={form.path} onChange={set('path')} maxLength={4_096} error={tried && form.path.trim() === '' ? t('needed') : null} classNames={{ input: classes['path'] ?? '' }} />
      <TextInput label={t('install_licence')} description={t('install_licence_hint')} value={form.license} onChange={set('license')} maxLength={200} />
      <Checkbox label={t('install_all')} description={t('install_all_hint')} checked={form.all} onChange={(event) => { const { checked } = event.currentTarget; setForm((before) => ({ ...before, all: checked })) }} />
      <div className={classes['effect']}><p>{t('install_effect')}</p></div>
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('install')}</Button></div>
    </form>
  )
}
