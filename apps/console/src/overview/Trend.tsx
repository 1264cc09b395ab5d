import { useState } from 'react'
import type { Overview } from '../../../server/src/views/wire.ts'
import { Section } from '../parts/DetailPage.tsx'
import { partTexts } from '../parts/texts.ts'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { niceCeiling } from './scale.ts'
import { overviewTexts } from './texts.ts'
import classes from './Overview.module.css'

type Day = Overview['trend'][number]

/** A small chart, and the table that it is drawn from. */
export function Trend({ trend }: { trend: readonly Day[] }) {
  const t = useTexts(overviewTexts)
  const words = useTexts(partTexts)
  const formats = useFormats()
  const [table, setTable] = useState(false)
  return (
    <Section title={t('trend')} aside={<button type="button" className={classes['plain']} aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('trend_chart') : words('table_behind')}</button>}>
      {table ? (
        <div className={classes['days']} tabIndex={0} role="group" aria-label={t('trend')}>
          <table>
            <thead><tr><th scope="col">{t('trend_day')}</th><th scope="col">{t('trend_incidents')}</th></tr></thead>
            <tbody>{trend.toReversed().map(({ day, incidents }) => <tr key={day}><th scope="row">{day}</th><td>{formats.number(incidents)}</td></tr>)}</tbody>
          </table>
        </div>
      ) : <div className={classes['charts']}><Bars trend={trend} /></div>}
    </Section>
  )
}

const width = 480
const height = 96

function Bars({ trend }: { trend: readonly Day[] }) {
  const t = useTexts(overviewTexts)
  const label = t('trend_incidents')
  const formats = useFormats()
  const values = trend.map((day) => day.incidents)
  const most = Math.max(0, ...values)
  const top = niceCeiling(most)
  const step = width / Math.max(1, trend.length)
  const first = trend[0]?.day ?? ''
  const last = trend.at(-1)?.day ?? ''
  return (
    <figure className={classes['chart']}>
      <figcaption><span>{label}</span><span>{formats.number(top)}</span></figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={t('trend_said', { name: label, total: values.reduce((sum, value) => sum + value, 0), most, day: trend[values.indexOf(most)]?.day ?? '' })}>
        <path d={`M0 .5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}`} className={classes['grid']} vectorEffect="non-scaling-stroke" />
        {trend.map((day, at) => {
          const tall = top === 0 ? 0 : (day.incidents / top) * height
          return <rect key={day.day} x={at * step + step * 0.18} y={height - tall} width={step * 0.64} height={tall} className={classes['bar']}><title>{`${day.day}: ${formats.number(day.incidents)}`}</title></rect>
        })}
      </svg>
      <div className={classes['axis']} aria-hidden="true"><span>{first.slice(5)}</span><span>{last.slice(5)}</span></div>
    </figure>
  )
}
