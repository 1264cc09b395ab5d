import { ActionIcon } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import { useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './SidePanel.module.css'

/**
 * Beside the list, so that the place in the queue is kept; over it below 1024 px. Not modal: the list's keys keep working.
 * Escape closes it and gives the focus back to where it was. `subject` is what it shows: when it changes the panel scrolls up.
 */
export function SidePanel({ title, subject, actions, onClose, children }: { title: ReactNode; subject: string; actions?: ReactNode; onClose: () => void; children: ReactNode }) {
  const t = useTexts(partTexts)
  const body = useRef<HTMLDivElement>(null)
  useEffect(() => { body.current?.scrollTo({ top: 0 }) }, [subject])
  return (
    <aside className={classes['panel']} aria-label={t('panel')} onKeyDown={(event) => { if (event.key === 'Escape' && !event.defaultPrevented) { event.stopPropagation(); onClose() } }}>
      <header>
        <div className={classes['title']}>{title}</div>
        <div className={classes['actions']}>{actions}<ActionIcon aria-label={t('close')} onClick={onClose}><icons.close /></ActionIcon></div>
      </header>
      <div className={classes['body']} ref={body} tabIndex={0} role="group" aria-label={t('panel')}>{children}</div>
    </aside>
  )
}
