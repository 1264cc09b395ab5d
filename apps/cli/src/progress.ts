import type { Context } from './context.ts'
import { bar, byteSize, cut, grouped, widthOf } from './layout.ts'
import type { Text } from './texts.ts'
import { duration } from './times.ts'

export interface Progress {
  /** `bytes` in all; `known` is false where a stream is among them. */
  expect(bytes: number, known: boolean): void
  /** The input is acknowledged up to `bytes`, and `records` more of it. */
  done(bytes: number, records: number): void
  /** All is acknowledged, `events` of it are not where they will be yet. */
  waiting(what: 'waiting_searchable' | 'waiting_grouped', events: number): void
  /** Writes something beside the bar. */
  aside(write: () => void): void
  close(): void
}

const redrawEvery = 100
const plainEvery = 5_000
const rateWindow = 5_000

export type ProgressState = { readonly done: number; /** null where it is not known. */ readonly total: number | null; readonly records: number; readonly bytesPerSecond: number; readonly recordsPerSecond: number; readonly elapsed: number }

/** ` 42%  ████▌      120.3 MB of 286.0 MB  18.2 MB/s  22,000/s  00:09 left`, as much of it as fits into `width`. Pure. */
export function progressLine(state: ProgressState, width: number, text: Text): string {
  const rate = `${byteSize(state.bytesPerSecond)}/s  ${grouped(state.recordsPerSecond)}/s`
  const whole = (bar: string, share: number, total: number) => {
    const left = state.bytesPerSecond > 0 ? text('time_left', { time: duration((total - state.done) / state.bytesPerSecond) }) : ''
    return `${String(Math.floor(share * 100)).padStart(3)}%  ${bar}${text('bytes_of', { done: byteSize(state.done), total: byteSize(total) })}  ${rate}  ${left}`
  }
  if (state.total === null || state.total === 0) return cut(`${byteSize(state.done)}  ${text('records_done', { count: grouped(state.records) })}  ${rate}  ${duration(state.elapsed)}`, width)
  const share = Math.min(1, state.done / state.total)
  const bare = whole('', share, state.total)
  const cells = Math.min(30, width - widthOf(bare) - 2)
  return cut(cells < 5 ? bare : whole(`${bar(share, cells, '░')}  `, share, state.total), width)
}

/** A bar on a terminal; where nobody looks nothing, or with `always` a line now and then. */
export function openProgress(context: Context, always: boolean): Progress {
  const started = performance.now()
  const live = context.err.terminal
  const shown = (live || always) && !(context.json && !always)
  let state = { done: 0, total: null as number | null, records: 0 }
  let samples: { at: number; done: number; records: number }[] = [{ at: started, done: 0, records: 0 }]
  let drawnAt = started
  let drawn = false

  const clear = () => {
    if (drawn) context.err.write('\r\x1b[K')
    drawn = false
  }
  const draw = (now: number) => {
    const first = samples[0] ?? { at: started, done: 0, records: 0 }
    const seconds = Math.max(0.001, (now - first.at) / 1_000)
    const line = progressLine({
      ...state, elapsed: (now - started) / 1_000, bytesPerSecond: (state.done - first.done) / seconds, recordsPerSecond: (state.records - first.records) / seconds,
    }, live ? context.err.width() - 1 : Infinity, context.text)
    context.err.write(live ? `\r\x1b[K${line}` : `${line}\n`)
    drawn = live
    drawnAt = now
  }

  return {
    expect(bytes, known) { state = { ...state, total: known ? bytes : null } },
    done(bytes, records) {
      state = { ...state, done: Math.max(state.done, bytes), records: state.records + records }
      const now = performance.now()
      samples.push({ at: now, done: state.done, records: state.records })
      if (samples.length > 2 && (samples[1]?.at ?? now) < now - rateWindow) samples = samples.slice(1)
      if (shown && now - drawnAt >= (live ? redrawEvery : plainEvery)) draw(now)
    },
    waiting(what, events) {
      if (!shown) return
      clear()
      context.err.write(`${context.text(what, { count: grouped(events) })}${live ? '' : '\n'}`)
      drawn = live
    },
    aside(write) {
      clear()
      write()
    },
    close() {
      if (shown && state.records > 0) {
        // As it stood when the last of it was acknowledged: what was waited for since is no part of the rate.
        draw(samples.at(-1)?.at ?? started)
        if (live) context.err.write('\n')
      }
      drawn = false
    },
  }
}
