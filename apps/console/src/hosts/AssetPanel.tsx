import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/Pill.css'
import '@mantine/core/styles/PillsInput.css'
import { Autocomplete, Button, SegmentedControl, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Asset } from '../../../server/src/assets/wire.ts'
import { toast } from '../parts/feedback.tsx'
import { EmptyState, ErrorState, QueryView } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { assetQuery, useClassify } from './queries.ts'
import { CriticalitySign, criticalities, ExposureSign, exposures } from './signs.tsx'
import { hostTexts } from './texts.ts'
import classes from './Hosts.module.css'

/** Offered, not required: people call what they have what they like. */
const usual = ['domain_controller', 'web_server', 'mail_server', 'file_server', 'database', 'backup_server', 'workstation', 'jump_host', 'network_device', 'service_account', 'administrator']

export function AssetPanel({ id, known, write }: { id: string; known: Asset | undefined; write: boolean }) {
  const t = useTexts(hostTexts)
  const query = useQuery({ ...assetQuery(id), ...(known === undefined ? {} : { initialData: known, staleTime: 30_000 }) })
  return <QueryView query={query} empty={(asset) => asset === null ? <EmptyState title={t('gone')} why={t('gone_why')} /> : null}>{(asset) => asset === null ? null : <Panel asset={asset} write={write} />}</QueryView>
}

function Panel({ asset, write }: { asset: Asset; write: boolean }) {
  const t = useTexts(hostTexts)
  const { kind, name } = asset
  return (
    <div className={classes['panel']}>
      {write ? <Classify key={`${asset.criticality} ${asset.exposure} ${asset.class} ${asset.tags.join()}`} asset={asset} /> : (
        <dl className={classes['facts']}>
          <div><dt>{t('criticality')}</dt><dd><CriticalitySign criticality={asset.criticality} /></dd></div>
          <div><dt>{t('exposure')}</dt><dd><ExposureSign exposure={asset.exposure} /></dd></div>
          {asset.class === null ? null : <div><dt>{t('class')}</dt><dd>{asset.class}</dd></div>}
          {asset.tags.length === 0 ? null : <div><dt>{t('tags')}</dt><dd>{asset.tags.join(', ')}</dd></div>}
        </dl>
      )}
      <section>
        <h3>{t('seen')}</h3>
        <dl className={classes['facts']}>
          <div><dt>{t('first')}</dt><dd><Time at={asset.first_seen} form="absolute" /></dd></div>
          <div><dt>{t('last')}</dt><dd><Time at={asset.last_seen} form="absolute" /></dd></div>
        </dl>
      </section>
      <section>
        <h3>{t('look')}</h3>
        <p className={classes['links']}>
          <Link to="/hunt" search={{ query: `${kind}:${/[\s"]/.test(name) ? `"${name}"` : name}`, range: '7d' }}>{t('hunt')}</Link>
          {kind === 'address' ? null : <Link to="/alerts" search={kind === 'host' ? { host: name } : { user: name }}>{t('alerts')}</Link>}
        </p>
      </section>
    </div>
  )
}

function Classify({ asset }: { asset: Asset }) {
  const t = useTexts(hostTexts)
  const classify = useClassify()
  const standing = { criticality: asset.criticality, exposure: asset.exposure, class: asset.class ?? '', tags: asset.tags }
  const [form, setForm] = useState(standing)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const changed = JSON.stringify(form) !== JSON.stringify(standing)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await classify(asset.id, { ...form, class: form.class.trim() === '' ? null : form.class.trim() })
      toast({ tone: 'good', title: t('saved', { name: asset.name }) })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); if (changed) void save() }}>
      <fieldset><legend>{t('criticality')}</legend><SegmentedControl fullWidth size="xs" aria-label={t('criticality')} value={form.criticality} onChange={(criticality) => setForm({ ...form, criticality })} data={criticalities.toReversed().map((value) => ({ value, label: t(`criticality_${value}`) }))} /><p>{t('criticality_hint')}</p></fieldset>
      <fieldset><legend>{t('exposure')}</legend><SegmentedControl fullWidth size="xs" aria-label={t('exposure')} value={form.exposure} onChange={(exposure) => setForm({ ...form, exposure })} data={exposures.toReversed().map((value) => ({ value, label: t(`exposure_${value}`) }))} /><p>{t('exposure_hint')}</p></fieldset>
      <Autocomplete label={t('class')} description={t('class_hint')} data={usual} value={form.class} maxLength={64} onChange={(value) => setForm({ ...form, class: value })} />
      <TagsInput label={t('tags')} description={t('tags_hint')} maxTags={32} value={form.tags} onChange={(tags) => setForm({ ...form, tags })} />
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}>
        {changed ? <span className="dim" role="status">{t('unsaved')}</span> : null}
        {changed ? <Button size="xs" variant="default" onClick={() => setForm(standing)}>{t('undo')}</Button> : null}
        <Button type="submit" size="xs" loading={busy} disabled={!changed}>{t('save')}</Button>
      </div>
    </form>
  )
}
