import '@mantine/core/styles/FloatingIndicator.css'
import { Button, Checkbox, Drawer, FileInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { Feed, IndicatorVerdict } from '../../../server/src/intel/wire.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { DataTable } from '../parts/DataTable.tsx'
import type { Column } from '../parts/DataTable.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { ListPage } from '../parts/ListPage.tsx'
import { SidePanel } from '../parts/SidePanel.tsx'
import { EmptyState, ErrorState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import type { Go, Search } from './IntelPage.tsx'
import { feedId, useFeedChanges, useMay } from './queries.ts'
import { verdicts } from './signs.tsx'
import { intelTexts } from './texts.ts'
import classes from './Intel.module.css'

type Draft = { readonly name: string; readonly format: Feed['format']; readonly all: boolean }
const nothing: Draft = { name: '', format: 'csv', all: false }

export function Feeds({ tabs, query, search: { feed: opened }, go }: { tabs: ReactNode; query: UseQueryResult<Feed[]>; search: Search; go: Go }) {
  const t = useTexts(intelTexts)
  const f = useFormats()
  const may = useMay()
  const [draft, setDraft] = useState<Draft | null>(null)
  const open = useCallback((feed: Feed) => go({ feed: feedId(feed) }), [go])
  const close = () => go({ feed: undefined })
  useShortcuts([
    ...(may.write ? [{ keys: 'n', group: 'list' as const, label: { en: 'Import a feed', ko: '피드 가져오기' }, run: () => setDraft(nothing) }] : []),
    ...(opened === undefined ? [] : [{ keys: 'Escape', group: 'list' as const, label: { en: 'Close the panel', ko: '패널 닫기' }, run: close }]),
  ])
  const columns = useMemo((): readonly Column<Feed>[] => [
    { id: 'name', label: t('column_name'), width: 'minmax(180px, 1fr)', fixed: true, cell: (row) => <span className={classes['name']} title={row.name}>{row.name}</span> },
    { id: 'indicators', label: t('column_indicators'), width: '110px', align: 'end', fixed: true, cell: (row) => f.number(row.indicators) },
    { id: 'rejected', label: t('column_rejected'), width: '96px', align: 'end', cell: (row) => row.rejected_count === 0 ? <span className="dim">0</span> : f.number(row.rejected_count) },
    { id: 'observables', label: t('column_observables'), width: '110px', align: 'end', hidden: true, cell: (row) => f.number(row.observables) },
    { id: 'format', label: t('column_format'), width: '130px', cell: (row) => t(`format_${row.format}`) },
    { id: 'scope', label: t('column_scope'), width: '130px', cell: (row) => t(row.tenant_id === null ? 'scope_all' : 'scope_own') },
    { id: 'imported', label: t('column_imported'), width: '136px', cell: (row) => <Time at={row.imported_at} /> },
  ], [t, f])
  const beside = useMemo(() => columns.filter(({ id }) => id === 'name' || id === 'indicators' || id === 'rejected'), [columns])
  const add = may.write ? <Button size="xs" leftSection={<icons.plus size={15} />} onClick={() => setDraft(nothing)}>{t('import')}</Button> : null
  const feed = query.data?.find((each) => feedId(each) === opened)
  return (
    <ListPage title={t('title')} actions={add} filters={tabs} panel={opened === undefined ? null : (
      <SidePanel subject={opened} title={<strong className={classes['opened']}>{feed?.name ?? t('column_name')}</strong>} onClose={close}>
        {feed === undefined ? query.data === undefined ? null : <EmptyState title={t('feed_gone')} why="" /> : <Panel key={feedId(feed)} feed={feed} go={go} onImport={setDraft} />}
      </SidePanel>
    )}>
      <QueryView query={query} skeleton={<SkeletonLines count={6} height={20} />} empty={(feeds) => feeds.length === 0 ? <EmptyState title={t('feeds_empty')} why={t('feeds_empty_why')} next={add} /> : null}>
        {(feeds) => <DataTable<Feed> name="feeds" label={t('tab_feeds')} columns={opened === undefined ? columns : beside} rows={feeds} rowId={feedId} peeked={opened ?? null} onPeek={open} onOpen={open} card={(row) => <div className={classes['card']}><p><strong>{row.name}</strong><Time at={row.imported_at} /></p><p>{t('count', { count: row.indicators })}</p><p className="dim">{t('column_rejected')} {f.number(row.rejected_count)} · {t(row.tenant_id === null ? 'scope_all' : 'scope_own')}</p></div>} />}
      </QueryView>
      <Drawer opened={draft !== null} onClose={() => setDraft(null)} position="right" size={480} padding={20} title={t('import')} closeButtonProps={{ 'aria-label': t('close') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
        {draft === null ? null : <Import draft={draft} everywhere={may.everywhere} onClose={() => setDraft(null)} onImported={(imported) => { setDraft(null); go({ tab: 'feeds', feed: feedId(imported) }) }} />}
      </Drawer>
    </ListPage>
  )
}

function Panel({ feed, go, onImport }: { feed: Feed; go: Go; onImport: (draft: Draft) => void }) {
  const t = useTexts(intelTexts)
  const f = useFormats()
  const may = useMay()
  const { remove } = useFeedChanges()
  const [removing, setRemoving] = useState(false)
  const { name, tenant_id: tenant } = feed
  return (
    <div className={classes['panel']}>
      {(tenant === null ? may.everywhere : may.write) ? (
        <div className={classes['do']}>
          <Button size="xs" variant="default" leftSection={<icons.refresh size={15} />} onClick={() => onImport({ name, format: feed.format, all: tenant === null })}>{t('import_again')}</Button>
          <Button size="xs" variant="default" onClick={() => setRemoving(true)}>{t('remove')}</Button>
        </div>
      ) : null}
      <dl className={classes['facts']}>
        <div><dt>{t('column_indicators')}</dt><dd>{f.number(feed.indicators)}</dd></div>
        {feed.observables === 0 ? null : <div><dt>{t('column_observables')}</dt><dd>{f.number(feed.observables)}<p className="dim">{t('observables_hint')}</p></dd></div>}
        <div><dt>{t('column_format')}</dt><dd>{t(`format_${feed.format}`)}</dd></div>
        <div><dt>{t('column_scope')}</dt><dd>{t(tenant === null ? 'scope_all' : 'scope_own')}</dd></div>
        <div><dt>{t('column_imported')}</dt><dd><Time at={feed.imported_at} form="absolute" /></dd></div>
      </dl>
      <Rejected feed={feed} />
      <ConfirmDialog
        opened={removing} onClose={() => setRemoving(false)} title={t('remove_title', { name })} reason="none" danger confirmLabel={t('remove')} undo={t('remove_undo')}
        blastRadius={[t('remove_effect', { count: feed.indicators }), ...(tenant === null ? [t('remove_all')] : []), t('remove_stays')]}
        onConfirm={async () => { await remove(feed); go({ feed: undefined }); toast({ tone: 'good', title: t('removed', { name }) }) }}
      />
    </div>
  )
}

/** Which rows could not be taken, where and why. */
function Rejected({ feed: { rejected, rejected_count: count } }: { feed: Feed }) {
  const t = useTexts(intelTexts)
  const f = useFormats()
  return (
    <section>
      <h3>{t('rejected')} {count === 0 ? null : <span className="dim">{f.number(count)}</span>}</h3>
      {count === 0 ? <p className="dim">{t('rejected_none')}</p> : null}
      {count > rejected.length ? <p className="dim">{t('rejected_first', { shown: rejected.length, count })}</p> : null}
      <ul className={classes['rejected']}>{rejected.map((one, at) => <li key={at}><p className="mono">{one.place}</p><p>{one.reason} <code>{one.code}</code></p></li>)}</ul>
    </section>
  )
}

/** A name that the server takes, from the file's. */
const nameOf = (file: string): string => file.replace(/\.[^.]*$/, '').toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '').slice(0, 64)

function Import({ draft, everywhere, onClose, onImported }: { draft: Draft; everywhere: boolean; onClose: () => void; onImported: (feed: Feed) => void }) {
  const t = useTexts(intelTexts)
  const { importFeed } = useFeedChanges()
  const [file, setFile] = useState<File | null>(null)
  const [form, setForm] = useState<Draft & { verdict: IndicatorVerdict | null; confidence: string }>({ ...draft, verdict: null, confidence: '' })
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const confidence = form.confidence.trim() === '' ? null : Number(form.confidence)
  const wrong = confidence !== null && !(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100)
  const choose = (chosen: File | null) => {
    setFile(chosen)
    if (chosen !== null) setForm((before) => ({ ...before, name: before.name === '' ? nameOf(chosen.name) : before.name, format: /\.(json|stix2?)$/i.test(chosen.name) ? 'stix' : 'csv' }))
  }
  const submit = async () => {
    setTried(true)
    const name = form.name.trim()
    if (file === null || name === '' || wrong) return
    setBusy(true)
    setError(null)
    try {
      const feed = await importFeed({ name, format: form.format, verdict: form.verdict, confidence, all: form.all }, file)
      toast({ tone: 'good', title: t('imported', { name: feed.name, count: feed.indicators }), ...(feed.rejected_count === 0 ? {} : { text: t('imported_rejected', { count: feed.rejected_count }) }) })
      onImported(feed)
    } catch (failure) {
      setError(failure)
      setBusy(false)
    }
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <FileInput label={t('file')} description={t('file_hint')} placeholder={t('file_choose')} value={file} onChange={choose} accept=".csv,.txt,.tsv,.json,.stix,.stix2,text/csv,text/plain,application/json" leftSection={<icons.download size={16} />} error={tried && file === null ? t('needed') : null} />
      <TextInput label={t('name')} description={t('name_hint')} value={form.name} maxLength={64} onChange={(event) => { const { value } = event.currentTarget; setForm((before) => ({ ...before, name: value })) }} error={tried && form.name.trim() === '' ? t('needed') : null} />
      <fieldset className={classes['set']}><legend>{t('format')}</legend><SegmentedControl size="xs" aria-label={t('format')} value={form.format} onChange={(format) => setForm((before) => ({ ...before, format }))} data={(['csv', 'stix'] as const).map((value) => ({ value, label: t(`format_${value}`) }))} /></fieldset>
      <Select label={t('verdict')} placeholder={t('verdict_usual')} clearable value={form.verdict} onChange={(verdict) => setForm((before) => ({ ...before, verdict }))} data={verdicts.map((value) => ({ value, label: t(`verdict_${value}`) }))} />
      <TextInput label={t('confidence')} description={t('confidence_hint')} inputMode="numeric" value={form.confidence} onChange={(event) => { const { value } = event.currentTarget; setForm((before) => ({ ...before, confidence: value })) }} error={wrong ? t('confidence_wrong') : null} />
      {everywhere ? <Checkbox label={t('for_all')} description={t('for_all_hint')} checked={form.all} onChange={(event) => { const { checked } = event.currentTarget; setForm((before) => ({ ...before, all: checked })) }} /> : null}
      <div className={classes['effect']}><p>{t('effect')}</p></div>
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{t('import')}</Button></div>
    </form>
  )
}
