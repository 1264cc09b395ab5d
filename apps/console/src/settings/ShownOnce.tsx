import { Button } from '@mantine/core'
import { useState } from 'react'
import { announce } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { settingsTexts } from './texts.ts'
import classes from './Settings.module.css'

/** A secret that exists only on this screen. */
export function ShownOnce({ label, value, why }: { label: string; value: string; why: string }) {
  return (
    <div className={classes['once']}>
      <p><icons.key size={15} /> {why}</p>
      <Copied label={label} value={value} />
    </div>
  )
}

/** A value to take along, with a button that copies it. */
export function Copied({ label, value }: { label: string; value: string }) {
  const t = useTexts(settingsTexts)
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value)
      setState('copied')
      announce(t('copied'))
    } catch {
      setState('failed')
    }
  }
  return (
    <div className={classes['copied']}>
      <span>{label}</span>
      <code className="mono" tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>{value}</code>
      <Button size="xs" variant="default" leftSection={state === 'copied' ? <icons.check size={14} /> : <icons.copy size={14} />} onClick={() => { void copy() }}>{t(state === 'copied' ? 'copied' : 'copy')}</Button>
      {state === 'failed' ? <p role="alert">{t('copy_failed')}</p> : null}
    </div>
  )
}
