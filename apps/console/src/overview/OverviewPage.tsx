import { ActionIcon, Popover, Skeleton } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { ReactNode } from 'react'
import type { IncidentSummary, Metrics } from '../../../server/src/incidents/wire.ts'
import type { ResponseAction } from '../../../server/src/response/wire.ts'
import type { Overview } from '../../../server/src/views/wire.ts'
import { api } from '../api/client.ts'
import { noteLastEvent } from '../api/live.ts'
import { Section } from '../parts/DetailPage.tsx'
import { icons } from '../parts/icons.tsx'
import { severities, SeveritySign } from '../parts/signs.tsx'
import { EmptyState, QueryView } from '../parts/states.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { Trend } from './Trend.tsx'
import { overviewTexts } from './texts.ts'
import classes from './Overview.module.css'

const overviewQuery = queryOptions({ queryKey: ['overview'], queryFn: ({ signal }) => api.get<Overview>('/api/v1/overview', { signal }), refetchInterval: 60_000 })

export function OverviewPage() {
  const t = useTexts(overviewTexts)
  const query = useQuery(overviewQuery)
  const lastEvent = query.data?.telemetry.last_received_at ?? null
  useEffect(() => noteLastEvent(lastEvent), [lastEvent])
  return (
    <div className={classes['page']}>
      <h1 className="unseen">{t('title')}</h1>
      <QueryView query={query} skeleton={<PageSkeleton />}>{(overview) => <Rooms overview={overview} />}</QueryView>
    </div>
  )
}

function Rooms({ overview }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const first = overview.telemetry.sources === 0 && overview.telemetry.last_received_at === null
  return (
    <>
      <OpenBySeverity open={overview.open} />
      {first ? <div className={classes['first']}><EmptyState title={t('no_sources')} why={t('no_sources_why')} next={<code className="mono">npx haechi ingest FILE --source NAME</code>} /></div> : null}
      {first && overview.attention.length === 0 ? null : <div className={classes['now']}>
        <Section title={t('attention')} aside={<Link to="/incidents">{t('attention_all')}</Link>}>
          {overview.attention.length === 0 ? <EmptyState title={t('attention_none')} why={t('attention_none_why')} /> : <ul className={classes['attention']}>{overview.attention.map((incident) => <li key={incident.id}><AttentionRow incident={incident} /></li>)}</ul>}
        </Section>
        <Section title={t('waiting')} aside={<Link to="/approvals">{t('waiting_all')}</Link>}>
          {overview.waiting_approvals.length === 0 ? <EmptyState title={t('waiting_none')} why={t('waiting_none_why')} /> : <ul className={classes['waiting']}>{overview.waiting_approvals.slice(0, 6).map((action) => <li key={action.action_id}><WaitingRow action={action} /></li>)}</ul>}
        </Section>
      </div>}
      <KeyFigures metrics={overview.metrics} />
      <div className={classes['lower']}>
        <Trend trend={overview.trend} />
        <Telemetry telemetry={overview.telemetry} funnel={overview.funnel} />
      </div>
    </>
  )
}

function OpenBySeverity({ open }: { open: Overview['open'] }) {
  const t = useTexts(overviewTexts)
  const formats = useFormats()
  return (
    <nav className={classes['open']} aria-label={t('open')}>
      {severities.map((severity) => (
        <Link key={severity} to="/incidents" search={{ severity } as never} data-severity={severity} data-none={open[severity] === 0 || undefined}>
          <SeveritySign severity={severity} /><strong>{formats.number(open[severity])}</strong>
        </Link>
      ))}
    </nav>
  )
}

function AttentionRow({ incident }: { incident: IncidentSummary }) {
  const t = useTexts(overviewTexts)
  const [host, ...others] = incident.affected_hosts
  return (
    <Link to={`/incidents/${incident.id}` as '/'} className={classes['row']}>
      <span className={classes['sign']}><SeveritySign severity={incident.severity} /></span>
      <span className={classes['what']}>
        <span className={classes['title']}>{incident.title}</span>
        <span className={classes['facts']}>{host === undefined ? null : <span>{others.length === 0 ? host : t('hosts_more', { name: host, count: others.length })}</span>}<span>{incident.analyst ?? t('unassigned')}</span></span>
      </span>
      <span className={classes['when']}><Time at={incident.detected_at} /></span>
    </Link>
  )
}

function WaitingRow({ action }: { action: ResponseAction }) {
  const t = useTexts(overviewTexts)
  const formats = useFormats()
  const now = useNow()
  const named = formats.list(action.targets.slice(0, 3).map(({ target }) => target))
  const rest = action.targets.length - 3
  return (
    <Link to="/approvals" className={classes['row']}>
      <span className={classes['what']}>
        <span className={classes['title']}>{t(action.action_type, { targets: rest > 0 ? t('more_targets', { targets: named, count: rest }) : named })}</span>
        <span className={classes['of']}><SeveritySign severity={action.incident_severity} compact /><span>{action.incident_title}</span></span>
        <span className={classes['facts']}>
          <span>{action.may_decide.allowed ? <strong>{t('waiting_yours')}</strong> : action.waiting_for === null ? null : t('waiting_for', { who: action.waiting_for })}</span>
          {action.expires_at === null ? null : <span title={formats.absolute(action.expires_at)}>{t('expires', { when: formats.relative(action.expires_at, now) })}</span>}
        </span>
      </span>
    </Link>
  )
}

const figures = ['mttd_minutes', 'mttr_minutes', 'mttc_minutes', 'approval_latency_minutes', 'incidents_count', 'false_positive_rate'] as const

function KeyFigures({ metrics }: { metrics: Metrics }) {
  const t = useTexts(overviewTexts)
  const formats = useFormats()
  return (
    <Section title={t('figures')} aside={<span className="dim">{t('figures_period', { start: formats.date(metrics.period.start), end: formats.date(metrics.period.end) })}</span>}>
      <dl className={classes['figures']}>
        {figures.map((name) => <Figure key={name} label={t(name)} value={metrics[name]} unit={name === 'incidents_count' ? 'count' : name === 'false_positive_rate' ? 'percent' : 'minutes'} definition={metrics.definitions[name]} />)}
      </dl>
    </Section>
  )
}

/** Why something did not count; the server may learn further reasons. */
const leftOut: Readonly<Record<string, Extract<keyof typeof overviewTexts.en, `left_${string}`>>> = {
  backfill: 'left_backfill', not_confirmed: 'left_not_confirmed', not_reached: 'left_not_reached', other_verdicts: 'left_other_verdicts', suppressed: 'left_suppressed', pending: 'left_pending',
}

function Figure({ label, value, unit, definition }: { label: string; value: number | null; unit: 'minutes' | 'percent' | 'count'; definition: Metrics['definitions'][string] | undefined }) {
  const t = useTexts(overviewTexts)
  const formats = useFormats()
  const said = (amount: number | null) => amount === null ? '–' : unit === 'minutes' ? formats.duration(amount * 60_000) : unit === 'percent' ? formats.percent(amount) : formats.number(amount)
  const lines: [string, ReactNode][] = definition === undefined ? [] : [
    ...(unit === 'minutes' ? [[t('figure_mean'), said(definition.mean)], [t('figure_median'), said(definition.median)], [t('figure_p90'), said(definition.p90)]] as [string, ReactNode][] : []),
    [t('figure_n'), formats.number(definition.n)],
    ...Object.entries(definition.left_out).filter(([, count]) => count > 0).map(([why, count]): [string, ReactNode] => [`${t('figure_left_out')}: ${t(leftOut[why] ?? 'left_other')}`, formats.number(count)]),
  ]
  return (
    <div className={classes['figure']}>
      <dt>
        {label}
        {definition === undefined ? null : (
          <Popover width={320} position="bottom-start" trapFocus>
            <Popover.Target><ActionIcon size="xs" aria-label={t('definition_of', { name: label })}><icons.info size={14} /></ActionIcon></Popover.Target>
            <Popover.Dropdown className={classes['definition']}>
              <p>{definition.definition}</p>
              <dl>{lines.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}</dl>
            </Popover.Dropdown>
          </Popover>
        )}
      </dt>
      <dd data-none={value === null || undefined}>{said(value)}</dd>
      <dd className={classes['note']}>{definition === undefined || definition.status === 'not_available' ? t('figure_not_available') : definition.status === 'no_data' ? t('figure_no_data') : unit === 'minutes' ? `n = ${formats.number(definition.n)}` : ''}</dd>
    </div>
  )
}

function Telemetry({ telemetry, funnel }: { telemetry: Overview['telemetry']; funnel: Overview['funnel'] }) {
  const t = useTexts(overviewTexts)
  const formats = useFormats()
  const { per_second: rate, silent } = telemetry
  return (
    <Section title={t('telemetry')}>
      <dl className={classes['telemetry']}>
        <div><dt>{t('last_event')}</dt><dd><Time at={telemetry.last_received_at} /></dd></div>
        <div><dt>{t('rate')}</dt><dd>{formats.number(rate, rate > 0 && rate < 10 ? 1 : 0)}</dd></div>
        <div><dt>{t('sources')}</dt><dd>{formats.number(telemetry.sources)}</dd></div>
        <div data-warn={silent.length > 0 || undefined}><dt>{t('silent')}</dt><dd>{silent.length === 0 ? t('silent_none') : <><icons.warning size={15} /> {formats.list(silent.slice(0, 5))}{silent.length > 5 ? ` +${formats.number(silent.length - 5)}` : ''}</>}</dd></div>
      </dl>
      <h3 className={classes['funnelTitle']}>{t('funnel')}</h3>
      <dl className={classes['funnel']}>
        {(['events', 'matches', 'alerts', 'incidents'] as const).map((step) => <div key={step}><dt>{t(`funnel_${step}`)}</dt><dd>{formats.number(funnel[step])}</dd></div>)}
      </dl>
      {funnel.suppressed === 0 ? null : <p className={classes['suppressed']}>{t('funnel_suppressed', { count: funnel.suppressed })}</p>}
    </Section>
  )
}

function PageSkeleton() {
  return (
    <div className={classes['skeleton']}>
      <div className={classes['open']}>{severities.map((severity) => <Skeleton key={severity} height={60} radius={0} />)}</div>
      <div className={classes['now']}><Skeleton height={380} radius="md" /><Skeleton height={380} radius="md" /></div>
      <Skeleton height={150} radius="md" />
      <div className={classes['lower']}><Skeleton height={240} radius="md" /><Skeleton height={240} radius="md" /></div>
    </div>
  )
}
