import { Button, Modal, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { useTexts } from '../texts/useTexts.ts'
import { ErrorState } from './states.tsx'
import { partTexts } from './texts.ts'
import classes from './ConfirmDialog.module.css'

/**
 * For what touches a host, an account or a decision: says in numbers what it reaches before the button, takes a reason, says how to undo.
 * `onConfirm` may take its time; it closes when it has gone through and shows the error where it has not.
 */
export function ConfirmDialog({ opened, title, blastRadius, undo, reason = 'required', danger = false, confirmLabel, children, onConfirm, onClose }: {
  opened: boolean
  title: string
  /** One line each: "2 hosts, 1 of them critical". */
  blastRadius?: readonly string[]
  undo?: string
  reason?: 'required' | 'optional' | 'none'
  danger?: boolean
  /** A verb: "Isolate WS-12". */
  confirmLabel: string
  children?: ReactNode
  onConfirm: (reason: string) => Promise<void>
  onClose: () => void
}) {
  const t = useTexts(partTexts)
  const [text, setText] = useState('')
  const [missing, setMissing] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const close = () => { setText(''); setMissing(false); setError(null); onClose() }
  const confirm = async () => {
    if (reason === 'required' && text.trim() === '') { setMissing(true); return }
    setBusy(true)
    setError(null)
    try {
      await onConfirm(text.trim())
      close()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal opened={opened} onClose={close} title={title} size="md" closeButtonProps={{ 'aria-label': t('close') }}>
      <form className={classes['form']} onSubmit={(event) => { event.preventDefault(); void confirm() }}>
        {blastRadius === undefined ? null : <div className={classes['radius']}><h3>{t('blast_radius')}</h3><ul>{blastRadius.map((line) => <li key={line}>{line}</li>)}</ul></div>}
        {children}
        {reason === 'none' ? null : <Textarea label={t('reason')} description={t('reason_hint')} required={reason === 'required'} withAsterisk={false} autosize minRows={2} maxRows={6} value={text} error={missing ? t('reason_missing') : null} onChange={(event) => { setText(event.currentTarget.value); setMissing(false) }} data-autofocus />}
        {undo === undefined ? null : <p className={classes['undo']}><strong>{t('undo')}</strong> {undo}</p>}
        {error === null ? null : <ErrorState error={error} />}
        <div className={classes['buttons']}><Button variant="default" onClick={close}>{t('cancel')}</Button><Button type="submit" loading={busy} {...(danger ? { color: 'red.8' } : {})}>{confirmLabel}</Button></div>
      </form>
    </Modal>
  )
}
