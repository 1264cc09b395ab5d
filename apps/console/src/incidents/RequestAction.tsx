import '@mantine/core/styles/FloatingIndicator.css'
import { Button, Checkbox, Drawer, SegmentedControl, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { ActionType } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { announce } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { ErrorState } from '../parts/states.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { Targets } from './Actions.tsx'
import { blastRadius, candidates } from './next-step.ts'
import { dryRunQuery, useContainmentHours, useIncidentChanges } from './queries.ts'
import type { ActionAnswer } from './queries.ts'
import { ActionStatusSign, actionTitle } from './signs.tsx'
import classes from './RequestAction.module.css'

const types: readonly ActionType[] = ['isolate_host', 'disable_account', 'block_ip', 'quarantine_file']
export type Draft = { readonly type: ActionType; readonly targets: readonly string[] }

/** Asks for an action: what, on what, what it touches in numbers, why; then what the policy said of each target. `draft` null: closed. */
export function RequestAction({ incident, draft, onClose }: { incident: IncidentDetail; draft: Draft | null; onClose: () => void }) {
  const t = useTexts(actionTexts)
  return (
    <Drawer opened={draft !== null} onClose={onClose} position="right" size={520} padding={20} title={t('request_action')} closeButtonProps={{ 'aria-label': t('close') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
      {draft === null ? null : <Form incident={incident} draft={draft} onClose={onClose} />}
    </Drawer>
  )
}

function Form({ incident, draft, onClose }: { incident: IncidentDetail; draft: Draft; onClose: () => void }) {
  const t = useTexts(actionTexts)
  const f = useFormats()
  const hours = useContainmentHours()
  const { request } = useIncidentChanges()
  const [type, setType] = useState(draft.type)
  const [chosen, setChosen] = useState<readonly string[]>(draft.targets)
  const [added, setAdded] = useState<readonly string[]>([])
  const [other, setOther] = useState('')
  const [reason, setReason] = useState('')
  const [urgency, setUrgency] = useState<'low' | 'normal' | 'high'>(incident.severity === 'critical' ? 'high' : 'normal')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [answer, setAnswer] = useState<ActionAnswer | null>(null)
  // One form is one request, however often its button is pressed.
  const [key] = useState(() => crypto.randomUUID())
  const offered = useMemo(() => candidates(incident, type), [incident, type])
  const what = actionTitle(t, f, { action_type: type, targets: chosen.map((target) => ({ target })) })
  const dryRun = useQuery(dryRunQuery(incident.id, type, chosen))

  const toggle = (target: string) => setChosen(chosen.includes(target) ? chosen.filter((each) => each !== target) : [...chosen, target])
  const add = () => {
    const target = other.trim()
    if (target === '') return
    setOther('')
    if (!added.includes(target) && !offered.some((each) => each.target === target)) setAdded([...added, target])
    if (!chosen.includes(target)) setChosen([...chosen, target])
  }
  const submit = async () => {
    setTried(true)
    if (chosen.length === 0 || reason.trim() === '') return
    setBusy(true)
    setError(null)
    try {
      const made = await request(incident.id, { action_type: type, targets: [...chosen], reason: reason.trim(), urgency }, key)
      setAnswer(made)
      announce(`${t('requested', { what })} ${t(`status_${made.status}`)}`)
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }

  if (answer !== null) {
    return (
      <div className={classes['form']}>
        <h2 className={classes['answer']}>{t('requested', { what })}</h2>
        <p><ActionStatusSign status={answer.status} soft /></p>
        <div><h3>{t('policy_says')}</h3><Targets targets={answer.targets} /></div>
        <div className={classes['buttons']}><Button onClick={onClose} data-autofocus>{t('done')}</Button></div>
      </div>
    )
  }
  return (
    <form className={classes['form']} noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
      <fieldset><legend>{t('what')}</legend>
        <div className={classes['types']}>
          {types.map((each) => <label key={each} data-chosen={type === each || undefined}><input type="radio" name="action" checked={type === each} onChange={() => { setType(each); setAdded([]); setChosen(candidates(incident, each).filter(({ taken }) => !taken).slice(0, 1).map(({ target }) => target)) }} />{t(`type_${each}`)}</label>)}
        </div>
      </fieldset>
      <fieldset><legend>{t('targets')}</legend>
        <div className={classes['targets']}>
          {offered.map(({ target, taken }) => <Checkbox key={target} size="sm" checked={chosen.includes(target)} onChange={() => toggle(target)} label={<><span className="mono">{target}</span>{taken ? <span className={classes['taken']}>{t('target_taken')}</span> : null}<AssetFacts incident={incident} name={target} /></>} />)}
          {added.map((target) => <Checkbox key={target} size="sm" checked={chosen.includes(target)} onChange={() => toggle(target)} label={<span className="mono">{target}</span>} />)}
        </div>
        <div className={classes['other']}>
          <TextInput size="xs" aria-label={t('target_add')} placeholder={t(`hint_${type}`)} value={other} onChange={(event) => setOther(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); add() } }} />
          <Button size="xs" variant="default" disabled={other.trim() === ''} onClick={add}>{t('add')}</Button>
        </div>
        {tried && chosen.length === 0 ? <p className={classes['missing']} role="alert">{t('targets_none')}</p> : null}
      </fieldset>
      {chosen.length === 0 ? null : (
        <div className={classes['radius']}>
          <h3>{t('blast')}</h3>
          <BlastRadius incident={incident} type={type} targets={chosen} />
          <p className={classes['undo']}>{hours === null ? t('undo') : t('undo_hours', { count: hours })}</p>
        </div>
      )}
      {dryRun.data === undefined || chosen.length === 0 ? null : <div className={classes['policy']}><h3>{t('policy_says')}</h3><Targets targets={dryRun.data.targets} /></div>}
      <Textarea label={t('why')} description={t('why_hint')} autosize minRows={2} maxRows={8} required withAsterisk={false} value={reason} error={tried && reason.trim() === '' ? t('why_needed') : null} onChange={(event) => setReason(event.currentTarget.value)} />
      <fieldset><legend>{t('urgency')}</legend>
        <SegmentedControl size="xs" aria-label={t('urgency')} value={urgency} onChange={(value) => setUrgency(value)} data={(['low', 'normal', 'high'] as const).map((value) => ({ value, label: t(`urgency_${value}`) }))} />
        <p className={classes['hint']}>{t('urgency_hint')}</p>
      </fieldset>
      {error === null ? null : <ErrorState error={error} />}
      <div className={classes['buttons']}><Button variant="default" onClick={onClose}>{t('cancel')}</Button><Button type="submit" loading={busy}>{chosen.length === 0 ? t('request_action') : t('request_do', { what })}</Button></div>
    </form>
  )
}

/** What an action would touch, in numbers. */
export function BlastRadius({ incident, type, targets }: { incident: IncidentDetail; type: ActionType; targets: readonly string[] }) {
  const t = useTexts(actionTexts)
  const radius = useMemo(() => blastRadius(incident, type, targets), [incident, type, targets])
  const lines = type !== 'isolate_host' ? [t(`blast_${type}`, { count: radius.targets })] : [
    `${t('blast_hosts', { count: radius.targets })}${radius.critical > 0 ? `, ${t('blast_critical', { critical: radius.critical })}` : ''}`,
    ...(radius.internet > 0 ? [t('blast_internet', { internet: radius.internet })] : []),
    ...(radius.users > 0 ? [t('blast_users', { count: radius.users })] : []),
  ]
  return <ul className={classes['lines']}>{lines.map((line) => <li key={line}>{line}</li>)}</ul>
}

function AssetFacts({ incident, name }: { incident: IncidentDetail; name: string }) {
  const asset = incident.assets.find((each) => each.name.toLowerCase() === name.toLowerCase())
  return asset !== undefined && (asset.criticality === 'critical' || asset.criticality === 'high') ? <span className={classes['critical']}><icons.warning size={13} /> {asset.class ?? asset.criticality}</span> : null
}
