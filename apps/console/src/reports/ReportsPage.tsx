import { ActionIcon, Button, Select } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, send } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { toastError } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { QueryView, SkeletonLines } from '../parts/states.tsx'
import { useNow } from '../parts/time.tsx'
import { usePreferences } from '../preferences.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { reportsRoute } from './feature.tsx'
import { latest, parts, readMonth, step } from './months.ts'
import type { Month } from './months.ts'
import { reportTexts } from './texts.ts'
import classes from './Reports.module.css'

const pathOf = (month: Month) => { const { year, month: of } = parts(month); return `/api/v1/reports/monthly/${year}/${of}` }
const reportQuery = (month: Month, language: string) => queryOptions({
  queryKey: ['reports', 'monthly', month, language], staleTime: 60_000,
  queryFn: async ({ signal }) => (await send('GET', pathOf(month), undefined, { query: { format: 'html' }, headers: { accept: 'text/html' }, signal })).text(),
})

export function ReportsPage() {
  const t = useTexts(reportTexts)
  const f = useFormats()
  const navigate = useNavigate()
  const { language } = usePreferences()
  const { tenant } = useSession()
  const current = readMonth(undefined, f.clock(useNow()))
  const month = readMonth(reportsRoute.useSearch().month, f.clock(useNow()))
  const query = useQuery(reportQuery(month, language))
  const [busy, setBusy] = useState(false)
  const name = useMemo(() => new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long', timeZone: 'UTC' }), [language])
  const said = (of: Month) => name.format(Date.UTC(parts(of).year, parts(of).month - 1, 1))
  const go = (to: Month) => { void navigate({ to: '/reports', search: to === current ? {} : { month: to }, replace: true }) }
  const json = async () => {
    setBusy(true)
    try {
      save(`haechi-${tenant?.name ?? 'report'}-${month}.json`, 'application/json', JSON.stringify(await api.get<unknown>(pathOf(month)), null, 2))
    } catch (error) {
      toastError(t('download_json'), error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes['page']}>
      <header className={classes['head']}>
        <h1>{t('monthly')}</h1>
        <div className={classes['month']}>
          <ActionIcon variant="default" size={30} aria-label={t('previous')} onClick={() => go(step(month, -1))}><icons.back size={16} /></ActionIcon>
          <Select size="xs" aria-label={t('month')} allowDeselect={false} value={month} onChange={(value) => { if (value !== null) go(value) }} data={[...new Set([...latest(current, 24), month])].map((of) => ({ value: of, label: of === current ? `${said(of)} (${t('so_far')})` : said(of) }))} />
          <ActionIcon variant="default" size={30} aria-label={t('following')} disabled={month === current} onClick={() => go(step(month, 1))}><icons.chevron size={16} /></ActionIcon>
        </div>
        <div className={classes['downloads']}>
          <Button size="xs" variant="default" leftSection={<icons.download size={15} />} disabled={query.data === undefined} onClick={() => { if (query.data !== undefined) save(`haechi-${tenant?.name ?? 'report'}-${month}.html`, 'text/html', query.data) }}>{t('download_html')}</Button>
          <Button size="xs" variant="default" leftSection={<icons.download size={15} />} loading={busy} onClick={() => { void json() }}>{t('download_json')}</Button>
        </div>
      </header>
      <div className={classes['paper']}>
        <QueryView query={query} skeleton={<div className={classes['sheet']}><SkeletonLines count={16} height={16} /></div>}>{(html) => <Report html={html} title={t('shown', { month: said(month) })} />}</QueryView>
      </div>
    </div>
  )
}

/**
 * The document as the server made it, in a frame that runs nothing and reaches nothing. A frame made of text inherits this page's
 * Content-Security-Policy, so its one style sheet gets this page's nonce; its own policy stays in it and holds besides.
 */
function Report({ html, title }: { html: string; title: string }) {
  const framed = useMemo(() => {
    const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
    return html.replace('<style>', `<style nonce="${nonce}">`)
  }, [html])
  return <iframe className={classes['frame']} title={title} sandbox="" srcDoc={framed} />
}

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
