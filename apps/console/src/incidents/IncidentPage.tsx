import { ActionIcon, Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { ApiError } from '../api/error.ts'
import { DetailPage, Section } from '../parts/DetailPage.tsx'
import { toast } from '../parts/feedback.tsx'
import { icons } from '../parts/icons.tsx'
import { useShortcuts } from '../parts/keyboard.ts'
import { useCommands } from '../parts/commands.ts'
import { SeveritySign, StatusSign } from '../parts/signs.tsx'
import { EmptyState, QueryView, SkeletonLines } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { Actions } from './Actions.tsx'
import { Clocks } from './Clocks.tsx'
import { Decide } from './Decide.tsx'
import { EvidenceDrawer } from './EvidenceDrawer.tsx'
import type { Claim } from './EvidenceDrawer.tsx'
import { Facts } from './Facts.tsx'
import { incidentRoute } from './feature.tsx'
import { Judge } from './Judge.tsx'
import { AssignMenu, StatusMenu } from './Menus.tsx'
import { PrimaryAction, useNextSentence } from './NextStep.tsx'
import { ProcessTree } from './ProcessTree.tsx'
import { incidentQuery } from './queries.ts'
import { RequestAction } from './RequestAction.tsx'
import { IncidentStatusSign } from './signs.tsx'
import { Story } from './Story.tsx'
import { incidentTexts } from './texts.ts'
import { useIncidentWork } from './useIncidentWork.ts'
import classes from './IncidentPage.module.css'

export function IncidentPage() {
  const t = useTexts(incidentTexts)
  const { incidentId } = incidentRoute.useParams()
  const query = useQuery(incidentQuery(incidentId))
  if (query.data === undefined && query.error instanceof ApiError && query.error.status === 404) {
    return <EmptyState title={t('not_found')} why={t('not_found_why')} next={<Link to="/incidents">{t('back_to_queue')}</Link>} />
  }
  return <QueryView query={query} skeleton={<div className={classes['skeleton']}><SkeletonLines count={4} height={20} /><SkeletonLines count={10} /></div>}>{(incident) => <Page key={incident.id} incident={incident} />}</QueryView>
}

function Page({ incident }: { incident: IncidentDetail }) {
  const t = useTexts(incidentTexts)
  const say = useTexts(actionTexts)
  const navigate = useNavigate()
  const { alert, event } = incidentRoute.useSearch()
  const work = useIncidentWork(incident)
  const sentence = useNextSentence(incident, work.step)
  const box = useRef<HTMLTextAreaElement>(null)
  const { abilities } = work
  const show = (claim: Claim | null) => {
    void navigate({ to: '/incidents/$incidentId', params: { incidentId: incident.id }, search: claim === null ? {} : { alert: claim.alertId, ...(claim.eventId === null ? {} : { event: claim.eventId }) }, replace: claim !== null && alert !== undefined, resetScroll: false })
  }
  const writing = abilities.write ? [
    { keys: 'a', group: 'incident' as const, label: { en: 'Assign to me', ko: '내가 맡기' }, run: work.assignMe },
    { keys: 'v', group: 'incident' as const, label: { en: 'Verdict', ko: '판정' }, run: () => work.setJudging(incident.next_statuses.includes('closed') ? 'close' : 'verdict') },
    { keys: 'c', group: 'incident' as const, label: { en: 'Comment', ko: '의견' }, run: () => box.current?.focus() },
    { keys: 'e', group: 'incident' as const, label: { en: 'Escalate', ko: '심각도 올리기' }, run: () => work.setJudging('severity') },
  ] : []
  useShortcuts(writing)
  useCommands([
    ...writing.map(({ keys, label, run }) => ({ id: `incident.${keys}`, group: incident.title, label: t(keys === 'a' ? 'assign_me' : keys === 'v' ? 'verdict' : keys === 'c' ? 'comment' : 'change_severity'), keys, run: () => { void label; run() } })),
    ...(abilities.request ? [{ id: 'incident.request', group: incident.title, label: say('request_action'), run: () => work.setDraft({ type: 'isolate_host', targets: [] }) }] : []),
  ])
  const copyLink = () => { void navigator.clipboard.writeText(location.href).then(() => toast({ tone: 'good', title: t('copied') })) }

  return (
    <>
      <DetailPage
        back={<Link to="/incidents">{t('incidents')}</Link>}
        title={incident.title}
        signs={<>
          <SeveritySign severity={incident.severity} />
          {abilities.write ? <StatusMenu next={incident.next_statuses} onStatus={work.setStatus}><button type="button" className={classes['chosen']}><span className="unseen">{t('change_status')}: </span><IncidentStatusSign status={incident.status} soft /><icons.down size={13} /></button></StatusMenu> : <IncidentStatusSign status={incident.status} soft />}
          {incident.verdict === null ? null : <StatusSign icon="check" tone="muted" label={t(`verdict_${incident.verdict}`)} />}
          {abilities.write
            ? <AssignMenu analyst={incident.analyst} onAssign={work.assign}><button type="button" className={classes['chosen']} data-empty={incident.analyst === null || undefined}><icons.user size={14} /><span className="unseen">{t('analyst')}: </span>{incident.analyst ?? t('unassigned')}<icons.down size={13} /></button></AssignMenu>
            : <span className={classes['fact']}><icons.user size={14} /><span className="unseen">{t('analyst')}: </span>{incident.analyst ?? t('unassigned')}</span>}
          {incident.backfill ? <span title={t('backfill_why')}><StatusSign icon="clock" tone="muted" label={t('backfill')} /></span> : null}
          <span className={classes['fact']}>{t('column_detected')} <Time at={incident.detected_at} /></span>
        </>}
        primary={<>
          <PrimaryAction incident={incident} work={work} />
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon variant="default" size={32} aria-label={t('more')} className={classes['kebab']}><icons.more /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              {abilities.request ? <Menu.Item leftSection={<icons.shield size={15} />} onClick={() => work.setDraft({ type: 'isolate_host', targets: [] })}>{say('request_action')}…</Menu.Item> : null}
              {abilities.write ? <>
                <Menu.Item leftSection={<icons.check size={15} />} rightSection={<kbd>v</kbd>} onClick={() => work.setJudging('verdict')}>{t('change_verdict')}…</Menu.Item>
                <Menu.Item leftSection={<icons.incidents size={15} />} rightSection={<kbd>e</kbd>} onClick={() => work.setJudging('severity')}>{t('change_severity')}…</Menu.Item>
                <Menu.Divider />
              </> : null}
              <Menu.Item leftSection={<icons.copy size={15} />} onClick={copyLink}>{t('copy_link')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>}
      >
        <div className={classes['glance']}><Clocks incident={incident} /></div>
        <p className={classes['next']} data-urgent={work.step.kind === 'decide' || work.step.kind === 'contain' || undefined}><strong>{t('next')}</strong> <span>{sentence}</span></p>
        <div className={classes['columns']}>
          <div className={classes['column']}>
            {incident.summary === '' ? null : <p className={classes['summary']}>{incident.summary}</p>}
            <Section title={say('actions')} aside={abilities.request ? <Button size="compact-sm" variant="subtle" leftSection={<icons.plus size={14} />} onClick={() => work.setDraft({ type: 'isolate_host', targets: [] })}>{say('request_action')}</Button> : null}><Actions incident={incident} onDecide={work.setDeciding} /></Section>
            <Section title={t('story')}><Story incident={incident} onClaim={show} box={box} /></Section>
            <Section title={t('processes')}><ProcessTree incident={incident} onClaim={show} /></Section>
          </div>
          <div className={classes['column']}>
            {incident.severity_reasons.length === 0 ? null : <Section title={t('severity_why')}><ul className={classes['reasons']}>{incident.severity_reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul></Section>}
            <Facts incident={incident} onClaim={show} />
          </div>
        </div>
      </DetailPage>
      <EvidenceDrawer claim={alert === undefined ? null : { alertId: alert, eventId: event ?? null }} known={incident.alerts.find(({ id }) => id === alert)} onEvent={(eventId) => { if (alert !== undefined) show({ alertId: alert, eventId }) }} onClose={() => show(null)} />
      <Judge incident={incident} what={work.judging} onClose={() => work.setJudging(null)} />
      <Decide action={work.deciding} incident={incident} onClose={() => work.setDeciding(null)} />
      <RequestAction incident={incident} draft={work.draft} onClose={() => work.setDraft(null)} />
    </>
  )
}
