import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { actionTexts } from '../incidents/action-texts.ts'
import { Targets, mayNot, requesterOf } from '../incidents/Actions.tsx'
import { DecisionForm } from '../incidents/Decide.tsx'
import { EvidenceDrawer } from '../incidents/EvidenceDrawer.tsx'
import type { Claim } from '../incidents/EvidenceDrawer.tsx'
import { byEnd } from '../incidents/next-step.ts'
import { incidentQuery, waitingQuery } from '../incidents/queries.ts'
import { actionTitle, when, wholeMinutes } from '../incidents/signs.tsx'
import { icons } from '../parts/icons.tsx'
import { SeveritySign, severities } from '../parts/signs.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { InviteApprover } from '../settings/InviteApprover.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { approvalTexts } from './texts.ts'
import classes from './Approvals.module.css'

/** What waits for a person, nearest end first; made for a thumb. */
export function ApprovalsPage() {
  const t = useTexts(approvalTexts)
  const query = useQuery(waitingQuery)
  return (
    <div className={classes['page']}>
      <header className={classes['head']}><h1>{t('title')}</h1>{query.data === undefined || query.data.actions.length === 0 ? null : <span className="dim">{t('count', { count: query.data.actions.length })}</span>}</header>
      <QueryView
        query={query} skeleton={<SkeletonLines count={8} height={22} />}
        empty={({ actions }) => actions.length === 0 ? <EmptyState title={t('empty')} why={t('empty_why')} next={<Link to="/incidents">{t('empty_next')}</Link>} /> : null}
      >{({ actions }) => <Waiting actions={actions} />}</QueryView>
    </div>
  )
}

function Waiting({ actions }: { actions: readonly ResponseAction[] }) {
  const t = useTexts(approvalTexts)
  const sorted = actions.toSorted(byEnd)
  return (
    <>
      {(['yours', 'others'] as const).map((group) => {
        const of = sorted.filter((action) => action.may_decide.allowed === (group === 'yours'))
        return of.length === 0 ? null : <section key={group} className={classes['group']} aria-label={t(group)}><h2>{t(group)}</h2>{of.map((action) => <Card key={action.action_id} action={action} />)}</section>
      })}
    </>
  )
}

function Card({ action }: { action: ResponseAction }) {
  const t = useTexts(approvalTexts)
  const say = useTexts(actionTexts)
  const f = useFormats()
  const now = useNow()
  const incident = useQuery(incidentQuery(action.incident_id)).data
  const left = action.expires_at === null ? null : Date.parse(action.expires_at) - now
  return (
    <article className={classes['card']} aria-label={actionTitle(say, f, action)}>
      <header>
        <h3>{actionTitle(say, f, action)}</h3>
        {left === null || action.expires_at === null ? null : <time className={classes['left']} data-soon={left < 15 * 60_000 || undefined} dateTime={action.expires_at} title={f.absolute(action.expires_at)}><icons.clock size={14} /> {say('until', { when: when(f, action.expires_at, now) })} · {left <= 0 ? t('expired') : t('left', { time: f.duration(wholeMinutes(left)) })}</time>}
      </header>
      <Link to="/incidents/$incidentId" params={{ incidentId: action.incident_id }} className={classes['incident']}><SeveritySign severity={action.incident_severity} /><span>{action.incident_title}</span></Link>
      {incident === undefined ? null : <EvidenceList incident={incident} targets={action.targets.map(({ target }) => target)} />}
      {action.may_decide.allowed ? <DecisionForm action={action} incident={incident} /> : (
        <>
          <blockquote className={classes['reason']}><p>{action.reason}</p><footer>{requesterOf(say, action)} · <Time at={action.requested_at} /></footer></blockquote>
          <Targets targets={action.targets} />
          <p className={classes['note']}><icons.info size={15} /> {mayNot(say, action.may_decide.reason_code)}{action.waiting_for === null ? '' : ` ${say('waiting_for', { who: action.waiting_for })}`} <InviteApprover action={action} /></p>
        </>
      )}
    </article>
  )
}

const shown = 3

/** The alerts behind it, those on its targets first, worst first; each opens its record. */
function EvidenceList({ incident, targets }: { incident: IncidentDetail; targets: readonly string[] }) {
  const t = useTexts(approvalTexts)
  const [claim, setClaim] = useState<Claim | null>(null)
  const on = (host: string | null) => host !== null && targets.some((target) => target.toLowerCase() === host.toLowerCase()) ? 0 : 1
  const alerts = incident.alerts.toSorted((a, b) => on(a.host) - on(b.host) || severities.indexOf(a.severity) - severities.indexOf(b.severity) || Date.parse(a.first_event_at) - Date.parse(b.first_event_at))
  if (alerts.length === 0) return null
  return (
    <div className={classes['evidence']}>
      <h4>{t('evidence')}</h4>
      <ul>{alerts.slice(0, shown).map((alert) => <li key={alert.id}><button type="button" onClick={() => setClaim({ alertId: alert.id, eventId: null })}><SeveritySign severity={alert.severity} compact /><span>{alert.rule.title}</span><span className="dim">{alert.host}</span><Time at={alert.first_event_at} /></button></li>)}</ul>
      {alerts.length <= shown ? null : <Link to="/incidents/$incidentId" params={{ incidentId: incident.id }}>{t('evidence_more', { count: alerts.length - shown })}</Link>}
      <EvidenceDrawer claim={claim} known={alerts.find(({ id }) => id === claim?.alertId)} onEvent={(eventId) => { if (claim !== null) setClaim({ ...claim, eventId }) }} onClose={() => setClaim(null)} />
    </div>
  )
}
