import { useMantineColorScheme } from '@mantine/core'
import type { ReactNode } from 'react'
import { icons } from '../parts/icons.tsx'
import { savePreferences, usePreferences } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { languages } from './AccountMenu.tsx'
import { Mark } from './Rail.tsx'
import { shellTexts } from './texts.ts'
import classes from './Gate.module.css'

/** The page before the rooms: sign-in and what must be done first. Language and theme can be chosen here already. */
export function Gate({ title, children }: { title: string; children: ReactNode }) {
  const t = useTexts(shellTexts)
  const { language } = usePreferences()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const themes = [['light', t('theme_light'), icons.sun], ['dark', t('theme_dark'), icons.moon], ['auto', t('theme_auto'), icons.contrast]] as const
  return (
    <div className={classes['gate']}>
      <main className={classes['card']}>
        <Mark size={40} />
        <h1>{title}</h1>
        {children}
      </main>
      <footer className={classes['foot']}>
        <div role="group" aria-label={t('language')}>{languages.map(({ value, label }) => <button key={value} type="button" lang={value} aria-pressed={language === value} onClick={() => savePreferences({ language: value })}>{label}</button>)}</div>
        <div role="group" aria-label={t('theme')}>{themes.map(([value, label, Icon]) => <button key={value} type="button" aria-label={label} title={label} aria-pressed={colorScheme === value} onClick={() => setColorScheme(value)}><Icon size={16} /></button>)}</div>
      </footer>
    </div>
  )
}
