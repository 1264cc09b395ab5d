import { Button, Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { Alert, AlertEvent, AlertSummary } from '../../../server/src/detection/wire.ts'
import { icons } from '../parts/icons.tsx'
import { SeveritySign } from '../parts/signs.tsx'
import { ErrorState, Skeleton } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { layOut, mark, shown } from './evidence.ts'
import { alertQuery } from './queries.ts'
import { incidentTexts } from './texts.ts'
import classes from './EvidenceDrawer.module.css'

/** What a sentence rests on: an alert, and of its records the one that is meant (null: the first). */
export type Claim = { readonly alertId: string; readonly eventId: string | null }

/** From a claim down to the record as it was sent. `known` is shown until the records are there. */
export function EvidenceDrawer({ claim, known, onEvent, onClose }: { claim: Claim | null; known: AlertSummary | undefined; onEvent: (eventId: string) => void; onClose: () => void }) {
  const t = useTexts(incidentTexts)
  return (
    <Drawer opened={claim !== null} onClose={onClose} position="right" size={680} padding={20} title={t('evidence')} closeButtonProps={{ 'aria-label': t('key_close') }} transitionProps={{ duration: 100 }} overlayProps={{ backgroundOpacity: 0.3 }}>
      {claim === null ? null : <Evidence key={claim.alertId} claim={claim} known={known} onEvent={onEvent} />}
    </Drawer>
  )
}

function Evidence({ claim, known, onEvent }: { claim: Claim; known: AlertSummary | undefined; onEvent: (eventId: string) => void }) {
  const t = useTexts(incidentTexts)
  const query = useQuery(alertQuery(claim.alertId))
  const alert: AlertSummary | Alert | undefined = query.data ?? known
  if (alert === undefined) return query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : <Skeleton />
  const events = query.data?.events ?? []
  const at = Math.max(0, events.findIndex(({ event_id }) => event_id === claim.eventId))
  const event = events[at]
  return (
    <div className={classes['evidence']}>
      <header>
        <h2>{alert.rule.title}</h2>
        <p className={classes['under']}><SeveritySign severity={alert.severity} />{alert.host === null ? null : <span><icons.host size={14} /> {alert.host}</span>}{alert.user === null ? null : <span><icons.user size={14} /> {alert.user}</span>}</p>
      </header>
      {event === undefined
        ? query.isError ? <ErrorState error={query.error} onRetry={() => { void query.refetch() }} /> : query.isPending ? <Skeleton /> : <p className="dim">{t('record_lost')}</p>
        : <EventFacts event={event} at={at} events={events} alert={alert} onEvent={onEvent} />}
      <RuleFacts alert={alert} />
    </div>
  )
}

function EventFacts({ event, at, events, alert, onEvent }: { event: AlertEvent; at: number; events: readonly AlertEvent[]; alert: AlertSummary; onEvent: (eventId: string) => void }) {
  const t = useTexts(incidentTexts)
  const f = useFormats()
  const step = (by: number) => { const to = events[at + by]; if (to !== undefined) onEvent(to.event_id) }
  const process = event.process
  return (
    <>
      {alert.event_count === 1 ? null : <nav className={classes['steps']} aria-label={t('record')}>
        <span>{t('evidence_of', { at: at + 1, count: events.length })} <span className="dim">· {alert.event_count <= events.length ? t('records_all', { count: alert.event_count }) : t('records_first', { shown: events.length, count: alert.event_count })}</span></span>
        <span className={classes['buttons']}><Button size="compact-sm" variant="default" disabled={at === 0} onClick={() => step(-1)}>{t('previous')}</Button><Button size="compact-sm" variant="default" disabled={at >= events.length - 1} onClick={() => step(1)}>{t('following')}</Button></span>
      </nav>}
      <Block title={t('matched')}>
        <table className={classes['matched']}>
          <thead><tr><th>{t('field')}</th><th>{t('value')}</th><th>{t('selection')}</th></tr></thead>
          <tbody>{event.matched.map((one, index) => <tr key={index}><td className="mono">{one.field ?? <span className={classes['plain']}>{t('anywhere')}</span>}</td><td className="mono"><mark>{shown(one.value)}</mark></td><td className="mono">{one.selection}</td></tr>)}</tbody>
        </table>
      </Block>
      {process === null ? null : (
        <Block title={t('process')}>
          <Facts rows={[
            [t('process_image'), process.image], [t('process_command_line'), process.command_line], [t('process_user'), process.user], [t('process_pid'), process.pid], [t('process_parent_image'), process.parent_image], [t('process_parent_command_line'), process.parent_command_line],
          ]} mono />
        </Block>
      )}
      <Block title={t('record')} aside={event.raw === null ? null : <CopyButton text={event.raw} label={t('copy_record')} />}>
        <Facts rows={[[t('event_time'), f.absolute(event.time)], [t('received_time'), f.absolute(event.received_at)], [t('log_source'), event.source]]} />
        {event.raw === null ? <p className="dim">{t('record_lost')}</p> : <Raw raw={event.raw} matched={event.matched} />}
      </Block>
    </>
  )
}

function Raw({ raw, matched }: { raw: string; matched: AlertEvent['matched'] }) {
  const t = useTexts(incidentTexts)
  const segments = useMemo(() => mark(layOut(raw), matched), [raw, matched])
  return <pre className={classes['raw']} tabIndex={0} aria-label={t('record')}>{segments.map((segment, index) => segment.marked ? <mark key={index}>{segment.text}</mark> : <span key={index}>{segment.text}</span>)}</pre>
}

function RuleFacts({ alert: { rule, raised_at } }: { alert: AlertSummary }) {
  const t = useTexts(incidentTexts)
  return (
    <Block title={t('rule')}>
      <Facts rows={[[t('author'), rule.author], [t('source'), `${rule.source}${rule.pack_version === null ? '' : ` (${rule.pack_version})`}`], [t('license'), rule.license ?? t('license_none')], [t('rule_id'), <span key="id" className="mono">{rule.id}</span>], [t('raised_time'), <Time key="at" at={raised_at} form="absolute" />]]} />
      {rule.references.length === 0 ? null : <><h4>{t('references')}</h4><ul className={classes['list']}>{rule.references.map((reference) => <li key={reference}>{/^https?:\/\//.test(reference) ? <a href={reference} target="_blank" rel="noreferrer noopener">{reference}</a> : reference}</li>)}</ul></>}
      {rule.false_positives.length === 0 ? null : <><h4>{t('false_positives')}</h4><ul className={classes['list']}>{rule.false_positives.map((text) => <li key={text}>{text}</li>)}</ul></>}
    </Block>
  )
}

function Block({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return <section className={classes['block']}><header><h3>{title}</h3>{aside}</header>{children}</section>
}

function Facts({ rows, mono = false }: { rows: readonly (readonly [string, ReactNode])[]; mono?: boolean }) {
  return <dl className={classes['facts']}>{rows.filter(([, value]) => value !== null && value !== '').map(([label, value]) => <div key={label}><dt>{label}</dt><dd className={mono ? 'mono' : undefined}>{value}</dd></div>)}</dl>
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useTexts(incidentTexts)
  const [copied, setCopied] = useState(false)
  const copy = () => { void navigator.clipboard.writeText(text).then(() => { setCopied(true); setTimeout(() => setCopied(false), 2_000) }) }
  return <Button size="compact-sm" variant="subtle" color="gray" leftSection={copied ? <icons.check size={14} /> : <icons.copy size={14} />} onClick={copy}><span aria-live="polite">{copied ? t('copied') : label}</span></Button>
}
