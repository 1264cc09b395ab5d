import { Modal } from '@mantine/core'
import { Fragment } from 'react'
import { useAllShortcuts } from '../parts/keyboard.ts'
import { usePreferences } from '../preferences.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { shellTexts } from './texts.ts'
import { modifier } from './TopBar.tsx'
import classes from './ShortcutList.module.css'

const groups = ['list', 'incident', 'go', 'all'] as const

export function ShortcutList({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useTexts(shellTexts)
  const { language } = usePreferences()
  const shortcuts = useAllShortcuts()
  return (
    <Modal opened={opened} onClose={onClose} title={t('shortcuts_title')} size="lg" closeButtonProps={{ 'aria-label': t('shortcuts_title') }}>
      <div className={classes['groups']}>
        {groups.map((group) => {
          const inside = shortcuts.filter((shortcut) => shortcut.group === group)
          return inside.length === 0 ? null : (
            <section key={group}>
              <h3>{t(`keys_${group}`)}</h3>
              <dl>{inside.map(({ keys, label }) => <Fragment key={keys}><dt>{keys.split(' ').map((key, at) => <span key={key}>{at > 0 ? <span className={classes['then']}>{t('keys_then')}</span> : null}{key.split('+').map((part) => <kbd key={part}>{part === 'mod' ? modifier : part}</kbd>)}</span>)}</dt><dd>{label[language]}</dd></Fragment>)}</dl>
            </section>
          )
        })}
      </div>
    </Modal>
  )
}
