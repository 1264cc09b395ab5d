import { Button, Modal, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { toast } from '../parts/feedback.tsx'
import { ErrorState } from '../parts/states.tsx'
import { useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { Targets, requesterOf } from './Actions.tsx'
import { BlastRadius } from './RequestAction.tsx'
import { useContainmentHours, useIncidentChanges } from './queries.ts'
import { actionTitle, when } from './signs.tsx'
import classes from './Decide.module.css'

/** A decision on a waiting action. `action` null: closed. */
export function Decide({ action, incident, onClose }: { action: ResponseAction | null; incident: IncidentDetail | undefined; onClose: () => void }) {
  const t = useTexts(actionTexts)
  const f = useFormats()
  return (
    <Modal opened={action !== null} onClose={onClose} size="lg" padding={20} title={action === null ? '' : actionTitle(t, f, action)} closeButtonProps={{ 'aria-label': t('close') }}>
      {action === null ? null : <DecisionForm key={action.action_id} action={action} incident={incident} onDone={onClose}><Button variant="default" onClick={onClose}>{t('cancel')}</Button></DecisionForm>}
    </Modal>
  )
}

/** Who asks, why, what it touches, how it is undone; then yes or no. `children` stand before the buttons. */
export function DecisionForm({ action, incident, onDone, children }: { action: ResponseAction; incident: IncidentDetail | undefined; onDone?: () => void; children?: ReactNode }) {
  const t = useTexts(actionTexts)
  const f = useFormats()
  const now = useNow()
  const hours = useContainmentHours()
  const { decide } = useIncidentChanges()
  const [comment, setComment] = useState('')
  const [busy, setBusy] = useState<'approve' | 'reject' | null>(null)
  const [error, setError] = useState<unknown>(null)
  const what = actionTitle(t, f, action)
  const answer = async (approved: boolean) => {
    setBusy(approved ? 'approve' : 'reject')
    setError(null)
    try {
      await decide(action, approved, comment.trim())
      toast({ tone: approved ? 'good' : 'neutral', title: t(approved ? 'approved_done' : 'rejected_done', { what }) })
      onDone?.()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(null)
    }
  }
  return (
    <form className={classes['form']} onSubmit={(event) => event.preventDefault()}>
      <blockquote className={classes['reason']}><p>{action.reason}</p><footer>{requesterOf(t, action)} · <time dateTime={action.requested_at} title={f.absolute(action.requested_at)}>{f.relative(action.requested_at, now)}</time>{action.expires_at === null ? null : <> · {t('until', { when: when(f, action.expires_at, now) })}</>}</footer></blockquote>
      <div className={classes['radius']}>
        <h3>{t('blast')}</h3>
        {incident === undefined ? <p>{what}</p> : <BlastRadius incident={incident} type={action.action_type} targets={action.targets.map(({ target }) => target)} />}
        <p className={classes['undo']}>{hours === null ? t('undo') : t('undo_hours', { count: hours })}</p>
      </div>
      <Targets targets={action.targets.map(({ target, verdict, candidates, reason }) => ({ target, verdict, candidates, reason }))} />
      <Textarea label={t('decision_comment')} autosize minRows={1} maxRows={6} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}>{children}<Button variant="default" loading={busy === 'reject'} disabled={busy === 'approve'} onClick={() => { void answer(false) }}>{t('reject')}</Button><Button loading={busy === 'approve'} disabled={busy === 'reject'} onClick={() => { void answer(true) }}>{t('approve_do', { what })}</Button></div>
    </form>
  )
}
