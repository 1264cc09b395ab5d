import type { IncidentDetail } from '../../../server/src/views/wire.ts'
import { icons } from '../parts/icons.tsx'
import { useNow } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { clockViews } from './clocks.ts'
import type { ClockState, ClockView } from './clocks.ts'
import { useTargets } from './queries.ts'
import { wholeMinutes } from './signs.tsx'
import { incidentTexts } from './texts.ts'
import classes from './Clocks.module.css'

const stateIcons: Partial<Record<ClockState, keyof typeof icons>> = { met: 'check', on_time: 'clock', risk: 'warning', overdue: 'warning', missed: 'close' }

/** How long, against what was promised, and how near to it. `brief` leaves out the resolution. */
export function Clocks({ incident, brief = false }: { incident: IncidentDetail; brief?: boolean }) {
  const t = useTexts(incidentTexts)
  const views = clockViews(incident.clocks, useTargets(incident.severity), useNow())
  return <dl className={classes['clocks']} data-brief={brief || undefined}>{views.filter(({ name }) => !brief || name !== 'resolution').map((view) => <Clock key={view.name} view={view} contained={incident.clocks.t9_first_contained !== null} t={t} />)}</dl>
}

function Clock({ view, contained, t }: { view: ClockView; contained: boolean; t: ReturnType<typeof useTexts<typeof incidentTexts>> }) {
  const f = useFormats()
  const { name, elapsed, running, target, left, state } = view
  const Icon = icons[stateIcons[state] ?? 'clock']
  const span = [view.from, view.to].map((at) => at === null ? '…' : f.absolute(at)).join(' – ')
  return (
    <div className={classes['clock']} data-state={state}>
      <dt>{t(name === 'activity' && !running ? (contained ? 'clock_activity_contained' : 'clock_activity_ended') : `clock_${name}`)}</dt>
      <dd title={view.from === null ? undefined : span}>
        {elapsed === null ? <span className="dim">{t(name === 'containment' ? 'clock_never_contained' : 'clock_unknown')}</span> : <strong>{f.duration(running ? wholeMinutes(elapsed) : elapsed)}</strong>}
        {target === null ? null : <span className={classes['target']}>{t('clock_target', { target: f.duration(target) })}</span>}
      </dd>
      {target === null || state === 'none' || elapsed === null ? null : (
        <>
          <dd className={classes['bar']} aria-hidden="true"><span style={{ width: `${Math.min(100, (elapsed / target) * 100)}%` }} /></dd>
          <dd className={classes['state']}><Icon size={13} /> {t(`clock_state_${state}`)}{running && left !== null ? ` · ${left >= 0 ? t('clock_left', { left: f.duration(wholeMinutes(left)) }) : t('clock_over', { over: f.duration(wholeMinutes(-left)) })}` : ''}</dd>
        </>
      )}
    </div>
  )
}
