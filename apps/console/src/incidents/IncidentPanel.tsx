import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { SeveritySign } from '../parts/signs.tsx'
import { QueryView } from '../parts/states.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { Actions } from './Actions.tsx'
import { Clocks } from './Clocks.tsx'
import { Decide } from './Decide.tsx'
import { Judge } from './Judge.tsx'
import { AssignMenu, StatusMenu } from './Menus.tsx'
import { PrimaryAction, useNextSentence } from './NextStep.tsx'
import { incidentQuery } from './queries.ts'
import { RequestAction } from './RequestAction.tsx'
import { IncidentStatusSign } from './signs.tsx'
import { Story } from './Story.tsx'
import { incidentTexts } from './texts.ts'
import { useIncidentWork } from './useIncidentWork.ts'
import classes from './IncidentPanel.module.css'

/** The incident beside the queue: enough to decide whether to open it, and to do what is urgent. */
export function IncidentPanel({ id, commenting, onCommenting }: { id: string; /** The comment box takes the focus when it is there. */ commenting: boolean; onCommenting: () => void }) {
  const query = useQuery(incidentQuery(id))
  return <QueryView query={query}>{(incident) => <Panel key={incident.id} incident={incident} commenting={commenting} onCommenting={onCommenting} />}</QueryView>
}

function Panel({ incident, commenting, onCommenting }: { incident: IncidentDetail; commenting: boolean; onCommenting: () => void }) {
  const t = useTexts(incidentTexts)
  const say = useTexts(actionTexts)
  const navigate = useNavigate()
  const work = useIncidentWork(incident)
  const sentence = useNextSentence(incident, work.step)
  const box = useRef<HTMLTextAreaElement>(null)
  const { write } = work.abilities
  useEffect(() => {
    if (!commenting) return
    box.current?.focus()
    onCommenting()
  }, [commenting, onCommenting])
  useShortcuts(write ? [
    { keys: 'a', group: 'incident', label: { en: 'Assign to me', ko: '내가 맡기' }, run: work.assignMe },
    { keys: 'v', group: 'incident', label: { en: 'Verdict', ko: '판정' }, run: () => work.setJudging(incident.next_statuses.includes('closed') ? 'close' : 'verdict') },
    { keys: 'c', group: 'incident', label: { en: 'Comment', ko: '의견' }, run: () => box.current?.focus() },
    { keys: 'e', group: 'incident', label: { en: 'Escalate', ko: '심각도 올리기' }, run: () => work.setJudging('severity') },
  ] : [])
  return (
    <div className={classes['panel']}>
      <div className={classes['signs']}>
        <SeveritySign severity={incident.severity} />
        {write ? <StatusMenu next={incident.next_statuses} onStatus={work.setStatus}><button type="button" className={classes['chosen']}><span className="unseen">{t('change_status')}: </span><IncidentStatusSign status={incident.status} soft /><icons.down size={13} /></button></StatusMenu> : <IncidentStatusSign status={incident.status} soft />}
        {write
          ? <AssignMenu analyst={incident.analyst} onAssign={work.assign}><button type="button" className={classes['chosen']}><icons.user size={14} /><span className="unseen">{t('analyst')}: </span>{incident.analyst ?? t('unassigned')}<icons.down size={13} /></button></AssignMenu>
          : <span className="dim">{incident.analyst ?? t('unassigned')}</span>}
      </div>
      <p className={classes['next']}>{sentence}</p>
      <div className={classes['do']}><PrimaryAction incident={incident} work={work} size="xs" /><Link to="/incidents/$incidentId" params={{ incidentId: incident.id }}><Button component="span" size="xs" variant="default">{t('open_page')}</Button></Link></div>
      {incident.summary === '' ? null : <p>{incident.summary}</p>}
      <Clocks incident={incident} brief />
      <dl className={classes['facts']}>
        <div><dt>{t('hosts')}</dt><dd>{incident.affected_hosts.join(', ') || '–'}</dd></div>
        <div><dt>{t('users')}</dt><dd>{incident.affected_users.join(', ') || '–'}</dd></div>
        <div><dt>{t('techniques')}</dt><dd>{incident.techniques.map((id) => incident.technique_names?.[id] ?? id).join(', ') || '–'}</dd></div>
      </dl>
      {incident.actions.length === 0 ? null : <section className={classes['section']}><h3>{say('actions')}</h3><Actions incident={incident} onDecide={work.setDeciding} /></section>}
      <section className={classes['section']}><h3>{t('story')}</h3><Story incident={incident} box={box} onClaim={(claim) => { void navigate({ to: '/incidents/$incidentId', params: { incidentId: incident.id }, search: { alert: claim.alertId, ...(claim.eventId === null ? {} : { event: claim.eventId }) } }) }} /></section>
      <Judge incident={incident} what={work.judging} onClose={() => work.setJudging(null)} />
      <Decide action={work.deciding} incident={incident} onClose={() => work.setDeciding(null)} />
      <RequestAction incident={incident} draft={work.draft} onClose={() => work.setDraft(null)} />
    </div>
  )
}
