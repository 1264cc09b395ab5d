import { Menu } from '@mantine/core'
import { useMantineColorScheme } from '@mantine/core'
import type { MantineColorScheme } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { toastError } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { browserZone, savePreferences, usePreferences } from '../preferences.tsx'
import type { Language } from '../texts/catalogue.ts'
import { useTexts } from '../texts/useTexts.ts'
import { shellTexts } from './texts.ts'
import classes from './Rail.module.css'

/** Each language is called by its own name: whoever cannot read this page finds the way out. */
export const languages: readonly { readonly value: Language; readonly label: string }[] = [{ value: 'ko', label: '한국어' }, { value: 'en', label: 'English' }]

export function AccountMenu({ narrow }: { narrow: boolean }) {
  const t = useTexts(shellTexts)
  const session = useSession()
  const { language, timeZone } = usePreferences()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const queryClient = useQueryClient()
  const router = useRouter()
  const signOut = async () => {
    try {
      await api.delete('/api/v1/session')
    } catch (error) {
      toastError(t('sign_out'), error)
      return
    }
    await router.navigate({ to: '/sign-in' })
    queryClient.clear()
  }
  const themes: readonly [MantineColorScheme, string, ReactNode][] = [['light', t('theme_light'), <icons.sun key="sun" size={16} />], ['dark', t('theme_dark'), <icons.moon key="moon" size={16} />], ['auto', t('theme_auto'), <icons.contrast key="auto" size={16} />]]
  const tick = <icons.check size={14} />
  return (
    <Menu position="right-end" width={260} closeOnItemClick={false}>
      <Menu.Target><button type="button" className={classes['entry']} aria-label={`${t('settings')}: ${session.name}`}><icons.settings />{narrow ? null : <span className={classes['name']}>{session.name}</span>}{narrow ? null : <span className={classes['more']}><icons.chevron size={14} /></span>}</button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('theme')}</Menu.Label>
        {themes.map(([value, label, icon]) => <Menu.Item key={value} role="menuitemradio" aria-checked={colorScheme === value} leftSection={icon} rightSection={colorScheme === value ? tick : null} onClick={() => setColorScheme(value)}>{label}</Menu.Item>)}
        <Menu.Label>{t('language')}</Menu.Label>
        {languages.map(({ value, label }) => <Menu.Item key={value} role="menuitemradio" aria-checked={language === value} lang={value} rightSection={language === value ? tick : null} onClick={() => savePreferences({ language: value })}>{label}</Menu.Item>)}
        <Menu.Label>{t('time_zone')}</Menu.Label>
        {[...new Set([browserZone, 'UTC', 'Asia/Seoul'])].map((zone) => <Menu.Item key={zone} role="menuitemradio" aria-checked={timeZone === zone} rightSection={timeZone === zone ? tick : null} onClick={() => savePreferences({ timeZone: zone })}>{zone === browserZone ? t('zone_browser', { zone }) : zone}</Menu.Item>)}
        <Menu.Divider />
        <Menu.Item leftSection={<icons.signOut size={16} />} onClick={() => { void signOut() }}>{t('sign_out')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
