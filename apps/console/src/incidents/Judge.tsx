import { Button, Modal, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Severity } from '../../../server/src/detection/wire.ts'
import type { IncidentSummary, IncidentVerdict } from '../../../server/src/incidents/wire.ts'
import { toast } from '../parts/feedback.tsx'
import { SeveritySign, severities } from '../parts/signs.tsx'
import { ErrorState } from '../parts/states.tsx'
import { partTexts } from '../parts/texts.ts'
import { useTexts } from '../texts/useTexts.ts'
import { useIncidentChanges } from './queries.ts'
import { incidentTexts } from './texts.ts'
import classes from './Judge.module.css'

/** What a person decides about an incident: a verdict, closing with one, or another severity. null: closed. */
export type Judgement = 'verdict' | 'close' | 'severity'
const verdicts: readonly IncidentVerdict[] = ['true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test']

export function Judge({ incident, what, onClose }: { incident: Pick<IncidentSummary, 'id' | 'severity' | 'verdict' | 'title'>; what: Judgement | null; onClose: () => void }) {
  const t = useTexts(incidentTexts)
  return (
    <Modal opened={what !== null} onClose={onClose} size="md" padding={20} title={what === null ? '' : t(what === 'close' ? 'do_status_closed' : what === 'verdict' ? 'verdict' : 'change_severity')} closeButtonProps={{ 'aria-label': t('key_close') }}>
      {what === null ? null : <Form key={`${incident.id} ${what}`} incident={incident} what={what} onClose={onClose} />}
    </Modal>
  )
}

function Form({ incident, what, onClose }: { incident: Pick<IncidentSummary, 'id' | 'severity' | 'verdict' | 'title'>; what: Judgement; onClose: () => void }) {
  const t = useTexts(incidentTexts)
  const parts = useTexts(partTexts)
  const changes = useIncidentChanges()
  const [verdict, setVerdict] = useState<IncidentVerdict>(incident.verdict ?? 'true_positive')
  const [severity, setSeverity] = useState<Severity>(severities[Math.max(0, severities.indexOf(incident.severity) - 1)] ?? 'critical')
  const [text, setText] = useState('')
  const [missing, setMissing] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const reasoned = what === 'severity'
  const submit = async () => {
    const comment = text.trim()
    if (reasoned && comment === '') { setMissing(true); return }
    setBusy(true)
    setError(null)
    try {
      if (what === 'severity') await changes.severity(incident.id, severity, comment)
      else if (what === 'verdict') await changes.verdict(incident.id, verdict, comment)
      else await changes.status(incident.id, 'closed', { verdict, ...(comment === '' ? {} : { reason: comment }) })
      toast({ tone: 'good', title: t('saved'), text: incident.title })
      onClose()
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <fieldset className={classes['choices']}>
        <legend className="unseen">{t(reasoned ? 'change_severity' : 'verdict')}</legend>
        {reasoned
          ? severities.map((each) => <label key={each} data-chosen={severity === each || undefined}><input type="radio" name="severity" checked={severity === each} onChange={() => setSeverity(each)} /><SeveritySign severity={each} />{each === incident.severity ? <span className="dim">{t('severity_current')}</span> : null}</label>)
          : verdicts.map((each) => <label key={each} data-chosen={verdict === each || undefined}><input type="radio" name="verdict" checked={verdict === each} onChange={() => setVerdict(each)} {...(verdict === each ? { 'data-autofocus': true } : {})} /><span><strong>{t(`verdict_${each}`)}</strong> <span className="dim">{t(`verdict_hint_${each}`)}</span></span></label>)}
      </fieldset>
      <Textarea label={t(reasoned ? 'reason' : 'comment_optional')} autosize minRows={2} maxRows={8} value={text} error={missing ? t('reason_needed') : null} onChange={(event) => { setText(event.currentTarget.value); setMissing(false) }} />
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}>
        <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" loading={busy} disabled={reasoned && severity === incident.severity}>{reasoned ? t('severity_to', { severity: parts(severity) }) : t(what === 'close' ? 'close_as' : 'record_verdict', { verdict: t(`verdict_${verdict}`) })}</Button>
      </div>
    </form>
  )
}
