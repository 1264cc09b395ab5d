import { Button, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Site, Tenant } from '../../../server/src/access/wire.ts'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { toast } from '../parts/feedback.tsx'
import { ErrorState, QueryView } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { sitesQuery } from './queries.ts'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

export function TenantSettings() {
  const { tenant } = useSession()
  return tenant === null ? null : <Settings key={tenant.id} tenant={tenant} />
}

function Settings({ tenant }: { tenant: Tenant }) {
  const t = useTexts(settingsTexts)
  const { permissions } = useSession()
  const client = useQueryClient()
  const write = permissions.includes('tenant.write')
  const [name, setName] = useState(tenant.display_name)
  const [zone, setZone] = useState(tenant.time_zone)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await api.patch<Tenant>(`/api/v1/tenants/${tenant.id}`, { display_name: name.trim(), time_zone: zone })
      // Months, key figures and hours are counted anew.
      await client.invalidateQueries()
      toast({ tone: 'good', title: t('saved') })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  const changed = name.trim() !== '' && (name.trim() !== tenant.display_name || zone !== tenant.time_zone)
  return (
    <>
      <section className={classes['card']} aria-label={t('tenant')}>
        {write ? (
          <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void save() }}>
            <TextInput label={t('tenant_display')} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={200} />
            <Select label={t('time_zone')} description={t('time_zone_hint')} searchable limit={60} data={zones.includes(zone) ? zones : [zone, ...zones]} value={zone} onChange={(value) => { if (value !== null) setZone(value) }} allowDeselect={false} />
            {error === null ? null : <ErrorState error={error} />}
            <div><Button type="submit" loading={busy} disabled={!changed}>{t('save')}</Button></div>
          </form>
        ) : <dl className={classes['facts']}><div><dt>{t('tenant_display')}</dt><dd>{tenant.display_name}</dd></div><div><dt>{t('time_zone')}</dt><dd>{tenant.time_zone}</dd></div></dl>}
        <dl className={classes['facts']}>
          <div><dt>{t('tenant_name')}</dt><dd><span className="mono">{tenant.name}</span> <span className="dim">{t('tenant_name_hint')}</span></dd></div>
          <div><dt>{t('tenant_id')}</dt><dd className="mono">{tenant.id}</dd></div>
          <div><dt>{t('tenant_created')}</dt><dd><Time at={tenant.created_at} form="absolute" /></dd></div>
        </dl>
        {write ? null : <p className="dim">{t('tenant_read_only')}</p>}
      </section>
      {permissions.includes('site.read') ? <Sites write={permissions.includes('site.write')} /> : null}
    </>
  )
}

function Sites({ write }: { write: boolean }) {
  const t = useTexts(settingsTexts)
  const client = useQueryClient()
  const query = useQuery(sitesQuery)
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>(null)
  const add = async () => {
    if (name.trim() === '') return
    setError(null)
    try {
      const site = await api.post<Site>('/api/v1/sites', { name: name.trim() })
      setName('')
      toast({ tone: 'good', title: t('site_added', { name: site.name }) })
      await client.invalidateQueries({ queryKey: ['sites'] })
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <section className={classes['card']} aria-label={t('tenant_sites')}>
      <h2>{t('tenant_sites')}</h2>
      <QueryView query={query}>{(sites) => sites.length === 0 ? <p className="dim">{t('sites_none')}</p> : <ul className={classes['sites']}>{sites.map((site) => <li key={site.id}>{site.name}<span className={`mono ${classes['id']}`}>{site.id}</span></li>)}</ul>}</QueryView>
      {write ? <form className={classes['inline']} onSubmit={(event) => { event.preventDefault(); void add() }}><TextInput aria-label={t('site_name')} placeholder={t('site_name')} value={name} maxLength={200} onChange={(event) => setName(event.currentTarget.value)} /><Button type="submit" variant="default" disabled={name.trim() === ''}>{t('site_add')}</Button></form> : null}
      {error === null ? null : <ErrorState error={error} />}
    </section>
  )
}
