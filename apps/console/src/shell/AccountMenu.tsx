import { Menu, useMantineColorScheme } from '@mantine/core'
import type { MantineColorScheme } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
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
  return (
    <Menu position="right-end" width={260}>
      <Menu.Target><button type="button" className={classes['entry']} aria-label={`${t('settings')}: ${session.name}`}><icons.user />{narrow ? null : <span className={classes['name']}>{session.name}</span>}{narrow ? null : <span className={classes['more']}><icons.chevron size={14} /></span>}</button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('theme')}</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          <Menu.RadioItem value="light">{t('theme_light')}</Menu.RadioItem>
          <Menu.RadioItem value="dark">{t('theme_dark')}</Menu.RadioItem>
          <Menu.RadioItem value="auto">{t('theme_auto')}</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Label>{t('language')}</Menu.Label>
        <LanguageItems />
        <Menu.Label>{t('time_zone')}</Menu.Label>
        <ZoneItems />
        <Menu.Divider />
        <Menu.Item leftSection={<icons.signOut size={16} />} onClick={() => { void signOut() }}>{t('sign_out')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

export function LanguageItems() {
  const { language } = usePreferences()
  return <Menu.RadioGroup value={language} onChange={(value) => savePreferences({ language: value as Language })}>{languages.map(({ value, label }) => <Menu.RadioItem key={value} value={value} lang={value}>{label}</Menu.RadioItem>)}</Menu.RadioGroup>
}

export function ZoneItems() {
  const t = useTexts(shellTexts)
  const { timeZone } = usePreferences()
  const { tenant } = useSession()
  return <Menu.RadioGroup value={timeZone} onChange={(zone) => savePreferences({ timeZone: zone })}>{[...new Set([browserZone, tenant?.time_zone ?? 'UTC', 'UTC', timeZone])].map((zone) => <Menu.RadioItem key={zone} value={zone}>{zone === browserZone ? t('zone_browser', { zone }) : zone}</Menu.RadioItem>)}</Menu.RadioGroup>
}
