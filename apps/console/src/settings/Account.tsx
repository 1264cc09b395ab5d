import '@mantine/core/styles/FloatingIndicator.css'
import { Button, PasswordInput, SegmentedControl, Select, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { toast } from '../parts/feedback.tsx'
import { ErrorState } from '../parts/states.tsx'
import { browserZone, savePreferences, usePreferences } from '../preferences.tsx'
import { languages } from '../shell/AccountMenu.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

/** What the server asks for as well; it decides. */
const shortest = 12

/** The signed-in person's own. */
export function Account() {
  const t = useTexts(settingsTexts)
  const { kind, name, role, side } = useSession()
  const { language, timeZone } = usePreferences()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <>
      <section className={classes['card']} aria-label={t('account')}>
        <dl className={classes['facts']}><div><dt>{t('signed_in_as')}</dt><dd>{name}</dd></div>{role === null ? null : <div><dt>{t('role')}</dt><dd>{t(role)} · {t(side)} <span className="dim">{t(`may_${role}`)}</span></dd></div>}</dl>
      </section>
      <section className={classes['card']} aria-label={t('language')}>
        <div className={classes['choice']}><span id="account-language">{t('language')}</span><SegmentedControl aria-labelledby="account-language" value={language} onChange={(value) => savePreferences({ language: value })} data={languages.map(({ value, label }) => ({ value, label }))} /></div>
        <div className={classes['choice']}><span id="account-theme">{t('theme')}</span><SegmentedControl aria-labelledby="account-theme" value={colorScheme} onChange={(value) => setColorScheme(value)} data={(['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(`theme_${value}`) }))} /></div>
        <div className={classes['choice']}><span>{t('display_zone')}</span><Select aria-label={t('display_zone')} value={timeZone} onChange={(zone) => { if (zone !== null) savePreferences({ timeZone: zone }) }} allowDeselect={false} data={[...new Set([browserZone, 'UTC', 'Asia/Seoul', timeZone])].map((zone) => ({ value: zone, label: zone === browserZone ? t('zone_browser', { zone }) : zone }))} /></div>
        <p className={classes['hint']}>{t('browser_only')}</p>
      </section>
      {kind === 'user' ? <Password /> : null}
    </>
  )
}

function Password() {
  const t = useTexts(settingsTexts)
  const [old, setOld] = useState('')
  const [wanted, setWanted] = useState('')
  const [again, setAgain] = useState('')
  const [fault, setFault] = useState<string | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const change = async () => {
    setError(null)
    setFault(old === '' || wanted === '' || again === '' ? t('fill_all') : wanted !== again ? t('differs') : null)
    if (old === '' || wanted === '' || wanted !== again) return
    setBusy(true)
    try {
      await api.post('/api/v1/session/password', { old_password: old, new_password: wanted })
      for (const clear of [setOld, setWanted, setAgain]) clear('')
      toast({ tone: 'good', title: t('password_changed') })
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className={classes['card']} aria-label={t('password')}>
      <h2>{t('password')}</h2>
      <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void change() }}>
        <p className={classes['hint']}>{t('password_why', { count: shortest })}</p>
        <PasswordInput label={t('old_password')} autoComplete="current-password" value={old} onChange={(event) => setOld(event.currentTarget.value)} />
        <PasswordInput label={t('new_password')} autoComplete="new-password" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} />
        <PasswordInput label={t('again')} autoComplete="new-password" value={again} error={fault} onChange={(event) => setAgain(event.currentTarget.value)} />
        {error === null ? null : <ErrorState error={error} title={t('change_password')} />}
        <div><Button type="submit" loading={busy}>{t('change_password')}</Button></div>
      </form>
    </section>
  )
}
