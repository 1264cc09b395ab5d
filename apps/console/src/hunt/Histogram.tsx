import { useMemo, useState } from 'react'
import type { PointerEvent } from 'react'
import type { EventHistogram } from '../../../server/src/telemetry/wire.ts'
import { niceCeiling } from '../overview/scale.ts'
import { Time } from '../parts/time.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { filled } from './range.ts'
import type { Bucket, Window } from './range.ts'
import { huntTexts } from './texts.ts'
import classes from './Hunt.module.css'

const height = 100
const day = 86_400_000

/** When it happened. A click or a drag narrows the range to what was marked; the table behind does the same by keyboard. */
export function Histogram({ histogram, window, busy, onNarrow, onZoomOut }: { histogram: EventHistogram; window: Window; busy: boolean; onNarrow: (from: number, to: number) => void; onZoomOut: (() => void) | null }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const [table, setTable] = useState(false)
  const [hovered, setHovered] = useState<number | null>(null)
  const buckets = useMemo(() => filled(histogram, window), [histogram, window])
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  const at = hovered === null ? undefined : buckets[hovered]
  return (
    <section className={classes['histogram']} aria-label={t('histogram')} data-busy={busy || undefined}>
      <header>
        <strong aria-live="polite">{busy ? t('running') : t('events', { count: total })}</strong>
        <span className={classes['hint']}>{at !== undefined ? t('bucket', { from: f.clock(at.start), to: endOf(f.clock(at.start), f.clock(at.end)), count: at.count }) : total === 0 ? '' : `${t('step', { step: f.duration(histogram.bucket_ms) })}. ${t('drag')}`}</span>
        <span className={classes['tools']}>
          {onZoomOut === null ? null : <button type="button" onClick={onZoomOut}>{t('zoom_out')}</button>}
          {total === 0 ? null : <button type="button" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t('as_chart') : t('as_table')}</button>}
        </span>
      </header>
      {table && total > 0
        ? <Table buckets={buckets} onNarrow={(from, to) => { setTable(false); onNarrow(from, to) }} />
        : <Bars buckets={buckets} total={total} step={histogram.bucket_ms} onHover={setHovered} onNarrow={onNarrow} />}
    </section>
  )
}

/** The end of a bar without the date that its start already says. */
const endOf = (start: string, end: string): string => start.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end

function Bars({ buckets, total, step, onHover, onNarrow }: { buckets: readonly Bucket[]; total: number; step: number; onHover: (index: number | null) => void; onNarrow: (from: number, to: number) => void }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const [over, setOver] = useState<number | null>(null)
  const first = buckets[0]
  const last = buckets.at(-1)
  if (first === undefined || last === undefined) return <div className={classes['plot']} />
  const most = Math.max(...buckets.map(({ count }) => count))
  const top = niceCeiling(most)
  const indexAt = (event: PointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    return Math.min(buckets.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * buckets.length)))
  }
  const marked = drag === null ? null : { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) + 1 }
  const ticks = Array.from({ length: 5 }, (_, index) => first.start + ((last.end - first.start) * index) / 4)
  const long = last.end - first.start > 2 * day
  return (
    <>
      <div className={classes['plot']}>
        <span className={classes['top']} aria-hidden="true">{f.number(top)}</span>
        <svg
          viewBox={`0 0 ${buckets.length} ${height}`} preserveAspectRatio="none" role="img"
          aria-label={t('histogram_said', { count: total, from: f.clock(first.start), to: f.clock(last.end), most, step: f.duration(step) })}
          onPointerDown={(event) => { if (event.button !== 0) return; const index = indexAt(event); event.currentTarget.setPointerCapture(event.pointerId); setDrag({ from: index, to: index }) }}
          onPointerMove={(event) => { const index = indexAt(event); setOver(index); onHover(index); if (drag !== null) setDrag({ from: drag.from, to: index }) }}
          onPointerUp={() => { if (marked !== null) onNarrow(buckets[marked.from]!.start, buckets[marked.to - 1]!.end); setDrag(null) }}
          onPointerCancel={() => setDrag(null)} onPointerLeave={() => { setOver(null); onHover(null) }}
        >
          <path d={`M0 0H${buckets.length}M0 ${height / 2}H${buckets.length}M0 ${height}H${buckets.length}`} className={classes['grid']} vectorEffect="non-scaling-stroke" />
          {marked === null ? (over === null ? null : <rect x={over} y={0} width={1} height={height} className={classes['over']} />) : <rect x={marked.from} y={0} width={marked.to - marked.from} height={height} className={classes['marked']} />}
          {buckets.map(({ start, count }, index) => {
            // What is there is seen, however little beside the most.
            const tall = count === 0 ? 0 : Math.max(2, (count / top) * height)
            return <rect key={start} x={index + 0.12} y={height - tall} width={0.76} height={tall} className={classes['column']} data-marked={(marked !== null && index >= marked.from && index < marked.to) || undefined} />
          })}
        </svg>
      </div>
      <div className={classes['axis']} aria-hidden="true">{ticks.map((tick, index) => <span key={index}>{long ? f.clock(tick).slice(5, 16) : f.clock(tick).slice(11, 16)}</span>)}</div>
    </>
  )
}

function Table({ buckets, onNarrow }: { buckets: readonly Bucket[]; onNarrow: (from: number, to: number) => void }) {
  const t = useTexts(huntTexts)
  const f = useFormats()
  return (
    <div className={classes['buckets']} tabIndex={0} role="group" aria-label={t('histogram')}>
      <table>
        <thead><tr><th scope="col">{t('bucket_time')}</th><th scope="col">{t('bucket_count')}</th><th scope="col"><span className="unseen">{t('bucket_share')}</span></th></tr></thead>
        <tbody>{buckets.filter(({ count }) => count > 0).map(({ start, end, count }) => <tr key={start}><th scope="row"><Time at={start} form="clock" /></th><td>{f.number(count)}</td><td><button type="button" onClick={() => onNarrow(start, end)}>{t('bucket_share')}<span className="unseen"> {f.clock(start)}</span></button></td></tr>)}</tbody>
      </table>
    </div>
  )
}
