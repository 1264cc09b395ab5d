import { Button, Select, TextInput, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { Severity } from '../../../server/src/detection/wire.ts'
import type { ActionType, DryRun, PolicyOverview, RequesterKind } from '../../../server/src/response/wire.ts'
import { useSession } from '../api/session.ts'
import { announce } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { severities } from '../parts/signs.tsx'
import { ErrorState } from '../parts/states.tsx'
import { decisionIcons } from './Matrix.tsx'
import { actionTypes, requesters } from './matrix.ts'
import { ask, useSay } from './queries.ts'
import type { Say } from './words.ts'
import classes from './Policy.module.css'

/** What the policy would say of an action, without requesting it. */
export function TryIt({ overview: { in_force: policy, drafts } }: { overview: PolicyOverview }) {
  const { t, part } = useSay()
  const { side } = useSession()
  const [action, setAction] = useState<ActionType>('isolate_host')
  const [targets, setTargets] = useState('')
  const [severity, setSeverity] = useState<Severity>('high')
  const [requester, setRequester] = useState<RequesterKind>(side)
  const [version, setVersion] = useState('')
  const [at, setAt] = useState('')
  const [missing, setMissing] = useState(false)
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<DryRun | null>(null)
  const [error, setError] = useState<unknown>(null)
  const submit = async () => {
    const named = targets.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    if (named.length === 0) { setMissing(true); return }
    setBusy(true)
    setError(null)
    try {
      setAnswer(await ask({ action_type: action, targets: named, severity, requester, ...(version === '' ? {} : { version: Number(version) }), ...(at === '' ? {} : { at: new Date(at).toISOString() }) }))
      announce(t('try_result'))
    } catch (failure) {
      setAnswer(null)
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={classes['try']}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); void submit() }}>
        <p className="dim">{t('try_why')}</p>
        <Select label={t('action')} data={actionTypes.map((value) => ({ value, label: t(value) }))} value={action} onChange={(value) => { if (value !== null) setAction(value) }} allowDeselect={false} />
        <Textarea label={t('targets')} description={t('targets_hint', { expected: t(`expected_${action}`) })} autosize minRows={2} maxRows={8} value={targets} error={missing ? t('targets_missing') : null} onChange={(event) => { setTargets(event.currentTarget.value); setMissing(false) }} />
        <div className={classes['pair']}>
          <Select label={t('severity')} data={severities.map((value) => ({ value, label: part(value) }))} value={severity} onChange={(value) => { if (value !== null) setSeverity(value) }} allowDeselect={false} />
          <Select label={t('asked_by')} data={requesters.map((value) => ({ value, label: t(`req_${value}`) }))} value={requester} onChange={(value) => { if (value !== null) setRequester(value) }} allowDeselect={false} />
        </div>
        <div className={classes['pair']}>
          <Select label={t('against_version')} data={[{ value: '', label: `${t('in_force')} (${policy.version === 0 ? t('version_0') : t('version', { version: policy.version })})` }, ...drafts.map((draft) => ({ value: String(draft.version), label: `${t('draft')} (${t('version', { version: draft.version })})` }))]} value={version} onChange={(value) => setVersion(value ?? '')} allowDeselect={false} />
          <TextInput type="datetime-local" label={t('at_time')} value={at} onChange={(event) => setAt(event.currentTarget.value)} />
        </div>
        <div><Button type="submit" loading={busy}>{t('try')}</Button></div>
      </form>
      <section aria-label={t('try_result')}>
        <h2>{t('try_result')}</h2>
        {error === null ? null : <ErrorState error={error} />}
        {answer === null ? error === null ? <p className="dim">{t('try_empty')}</p> : null : <Verdicts answer={answer} />}
      </section>
    </div>
  )
}

function Verdicts({ answer }: { answer: DryRun }) {
  const say = useSay()
  const { t } = say
  return (
    <ul className={classes['verdicts']}>
      {answer.targets.map(({ target, verdict, reason, candidates }) => {
        const Icon = icons[decisionIcons[verdict.decision]]
        return (
          <li key={target}>
            <p className="mono">{target}</p>
            <p className={classes['consequence']} data-decision={verdict.decision}><Icon size={16} /> <strong>{verdict.decision === 'ask' && verdict.approvers !== null ? t('ask_who', { who: t(`who_${verdict.approvers === 'customer_other' ? 'other' : verdict.approvers}`) }) : t(verdict.decision)}</strong></p>
            {reason === null ? null : <p>{reason}</p>}
            {candidates.length === 0 ? null : <p>{t('candidates', { names: candidates.join(', ') })}</p>}
            <p className="dim">{sayRule(say, verdict.rule)}</p>
          </li>
        )
      })}
    </ul>
  )
}

const rails = ['never_isolate', 'caps', 'stale_evidence', 'policy_unverified'] as const
/** What decided, from its name in a verdict: `row:<id>`, `preset:<name>`, `rail:<name>`. */
function sayRule({ t }: Say, rule: string): string {
  const [kind, ...rest] = rule.split(':')
  const name = rest.join(':')
  if (kind === 'row') return t('rule_row', { id: name })
  if (kind === 'preset') return t('rule_preset', { preset: t(name as 'ask-always') })
  const rail = rails.find((each) => each === name)
  return rail === undefined ? t('rail_other') : t(`rail_${rail}`)
}
