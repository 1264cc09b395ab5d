import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import type { ActionStatus, ResponseAction } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { useNow } from '../parts/time.tsx'
import { InviteApprover } from '../settings/InviteApprover.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { byEnd, groupOf } from './next-step.ts'
import type { ActionGroup } from './next-step.ts'
import { actionQuery, useAbilities, useIncidentChanges } from './queries.ts'
import { ActionStatusSign, actionTitle, when, wholeMinutes } from './signs.tsx'
import classes from './Actions.module.css'

const groups: readonly ActionGroup[] = ['waiting', 'running', 'standing', 'ended']

/** What was asked for and what became of it, one line each: what waits first, what ended last. */
export function Actions({ incident, onDecide }: { incident: IncidentDetail; onDecide: (action: ResponseAction) => void }) {
  const t = useTexts(actionTexts)
  const ordered = groups.flatMap((group) => incident.actions.filter((action) => groupOf(action.status) === group).toSorted(group === 'ended' ? () => 0 : byEnd))
  if (ordered.length === 0) return <p className={classes['none']}>{t('actions_none')}</p>
  return <ul className={classes['actions']}>{ordered.map((action) => <ActionLine key={action.action_id} action={action} onDecide={onDecide} />)}</ul>
}

function ActionLine({ action, onDecide }: { action: ResponseAction; onDecide: (action: ResponseAction) => void }) {
  const t = useTexts(actionTexts)
  const f = useFormats()
  const now = useNow()
  const { request } = useAbilities()
  const { lift } = useIncidentChanges()
  const [opened, setOpened] = useState(false)
  const [lifting, setLifting] = useState(false)
  const id = useId()
  const what = actionTitle(t, f, action)
  const group = groupOf(action.status)
  return (
    <li className={classes['action']} data-group={group}>
      <div className={classes['line']}>
        <button type="button" className={classes['toggle']} aria-expanded={opened} aria-controls={id} onClick={() => setOpened(!opened)}><span className={classes['chevron']} data-opened={opened || undefined}><icons.chevron size={14} /></span><strong>{what}</strong></button>
        <ActionStatusSign status={action.status} />
        <span className={classes['buttons']}>
          {group === 'waiting' && action.may_decide.allowed ? <Button size="compact-sm" onClick={() => onDecide(action)}>{t('approve')}…</Button> : null}
          {group === 'standing' && request ? <Button size="compact-sm" variant="default" onClick={() => setLifting(true)}>{t('lift')}…</Button> : null}
        </span>
      </div>
      <p className={classes['facts']}>{factsOf(action, { t, f, now }).map((fact, index) => <span key={index}>{fact}</span>)}</p>
      {group === 'running' ? <Steps status={action.status} /> : null}
      {group === 'waiting' && !action.may_decide.allowed ? <p className={classes['note']}>{mayNot(t, action.may_decide.reason_code)} <InviteApprover action={action} /></p> : null}
      {group === 'ended' ? <Why action={action} /> : null}
      {opened ? <div id={id}><ActionDetails action={action} /></div> : null}
      <ConfirmDialog opened={lifting} title={t('lift_do', { what })} confirmLabel={t('lift_do', { what })} blastRadius={[t('lift_hint')]} onClose={() => setLifting(false)} onConfirm={async (reason) => { await lift(action, reason); toast({ tone: 'good', title: t('lifted_done', { what }) }) }} />
    </li>
  )
}

type Say = ReturnType<typeof useTexts<typeof actionTexts>>

/** For whom and until when it waits, or who decided and when it lifts. */
function factsOf(action: ResponseAction, { t, f, now }: { t: Say; f: ReturnType<typeof useFormats>; now: number }): ReactNode[] {
  const facts: ReactNode[] = []
  const group = groupOf(action.status)
  if (group === 'waiting') {
    facts.push(t('waiting_for', { who: action.waiting_for ?? t('somebody') }))
    if (action.expires_at !== null) facts.push(<time key="until" dateTime={action.expires_at} title={f.absolute(action.expires_at)}>{t('until', { when: when(f, action.expires_at, now) })} · {t('time_left', { time: f.duration(wholeMinutes(Date.parse(action.expires_at) - now)) })}</time>)
  }
  if (group === 'standing' && action.expires_at !== null) facts.push(<time key="lifts" dateTime={action.expires_at} title={f.absolute(action.expires_at)}>{t('lifts_at', { when: when(f, action.expires_at, now) })}</time>)
  facts.push(t('asked_by', { who: requesterOf(t, action) }))
  if (action.decided_by !== null) facts.push(t('decided_by', { who: action.decided_by }))
  return facts
}

export function requesterOf(t: Say, { requester }: ResponseAction): string {
  return requester.kind === 'rule' ? t('requester_rule') : `${requester.name} (${t(`requester_${requester.kind}`)})`
}

const knownRefusals = ['requester_cannot_approve', 'forbidden', 'action_decided', 'not_the_approver', 'already_voted', 'no_second_approver'] as const
/** Why the reader does not decide, in words. */
export function mayNot(t: Say, code: string | null): string {
  const known = knownRefusals.find((each) => each === code)
  return known === undefined ? t('may_not_else', { code: code ?? '?' }) : t(`may_not_${known}`)
}

const steps = ['requested', 'approved', 'executing', 'verified'] as const
const reached: Partial<Record<ActionStatus, number>> = { requested: 0, awaiting_approval: 0, approved: 1, executing: 2, verifying: 2, succeeded: 3, partially_succeeded: 3 }

/** The way of an action, as far as it has come. */
function Steps({ status }: { status: ActionStatus }) {
  const t = useTexts(actionTexts)
  const at = reached[status]
  if (at === undefined) return null
  return <ol className={classes['steps']}>{steps.map((step, index) => <li key={step} data-state={index < at || at === 3 ? 'done' : index === at ? 'now' : 'ahead'} {...(index === at ? { 'aria-current': 'step' as const } : {})}>{t(`step_${step}`)}</li>)}</ol>
}

/** Why an action ended without effect, where its targets say so. */
function Why({ action }: { action: ResponseAction }) {
  const reasons = [...new Set(action.targets.flatMap(({ reason }) => reason ?? []))]
  return reasons.length === 0 ? null : <p className={classes['note']}>{reasons.join(' ')}</p>
}

/** Reason, targets with the verdict of the policy, and history. */
export function ActionDetails({ action }: { action: ResponseAction }) {
  const t = useTexts(actionTexts)
  const f = useFormats()
  const query = useQuery(actionQuery(action.action_id))
  return (
    <div className={classes['details']}>
      <p className={classes['reason']}><span className="dim">{t('why')}</span> {action.reason}</p>
      <Targets targets={action.targets} />
      {query.data === undefined ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton /> : (
        <ol className={classes['history']}>{query.data.history.map((entry, index) => <li key={index}><time dateTime={entry.at}>{f.absolute(entry.at)}</time> <span>{entry.text}{entry.actor === null || entry.actor.kind === 'system' ? '' : ` · ${entry.actor.name}`}{entry.label === null ? '' : ` (${entry.label})`}</span></li>)}</ol>
      )}
    </div>
  )
}

type TargetLike = Pick<ResponseAction['targets'][number], 'target' | 'verdict' | 'candidates' | 'reason'> & { state?: ActionStatus }

/** What the policy says of each target, with the reason in words. */
export function Targets({ targets }: { targets: readonly TargetLike[] }) {
  const t = useTexts(actionTexts)
  return (
    <ul className={classes['targets']} aria-label={t('by_target')}>
      {targets.map((target) => (
        <li key={target.target} data-decision={target.verdict.decision}>
          <span className="mono">{target.target}</span>
          {target.state === undefined ? <span>{t(`decision_${target.verdict.decision}`)}</span> : <ActionStatusSign status={target.state} />}
          <span className={classes['because']}>{[target.reason, target.candidates.length > 0 ? t('which_asset', { names: target.candidates.join(', ') }) : null, t('policy_row', { rule: target.verdict.rule })].filter((part) => part !== null).join(' · ')}</span>
        </li>
      ))}
    </ul>
  )
}
