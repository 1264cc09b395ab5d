// The key figures of a window, from incidents and the counts of closed alerts. A figure is a number or null, never an invented 0, and carries what it was
// made of and what was left out. Defended by metrics.test.ts (figures by hand, and order and scale by properties).
import { HaechiError } from '../platform/errors.ts'
import { attained, severities, targets } from './model.ts'
import type { Figured } from './store.ts'
import type { TextLanguage } from './texts.ts'
import type { MetricDefinition, Metrics } from './wire.ts'

/** ms since the epoch, `to` exclusive. `zone` is an IANA name. */
export type Window = { readonly from: number; readonly to: number; readonly zone: string }
export type ClosedAlerts = { readonly truePositive: number; readonly benign: number; readonly falsePositive: number; readonly other: number; readonly suppressed: number }

/** Records named behind a figure. */
const recordsMost = 1_000

const definitions = {
  mttd_minutes: {
    en: 'Mean time to detect: from the first known malicious activity (T0) to the alert that opened the incident (T3), over incidents detected in the period and judged true positive.',
    ko: '평균 탐지 시간: 알려진 첫 악성 활동(T0)부터 인시던트를 연 경보(T3)까지입니다. 기간에 탐지되어 정탐으로 판정된 인시던트를 대상으로 합니다.',
  },
  mttr_minutes: {
    en: 'Mean time to respond: from the alert (T3) to the first completed response action (first verified containment T9, or eradication T10), over incidents detected in the period.',
    ko: '평균 대응 시간: 경보(T3)부터 처음 완료된 대응 조치(첫 격리 확인 T9 또는 제거 T10)까지입니다. 기간에 탐지된 인시던트를 대상으로 합니다.',
  },
  mtta_minutes: {
    en: 'Mean time to acknowledge: from the alert (T3) to the first touch by a person or key (T4), over incidents detected in the period.',
    ko: '평균 확인 시간: 경보(T3)부터 사람이나 키의 첫 조작(T4)까지입니다. 기간에 탐지된 인시던트를 대상으로 합니다.',
  },
  mttc_minutes: {
    en: 'Mean time to contain: from the alert (T3) to the last verified containment (T9n), waiting for approval included, over incidents detected in the period.',
    ko: '평균 격리 시간: 경보(T3)부터 마지막 격리 확인(T9n)까지이며 승인 대기 시간을 포함합니다. 기간에 탐지된 인시던트를 대상으로 합니다.',
  },
  approval_latency_minutes: {
    en: 'From the first request of a containment (T8) to its decision (T8a), over incidents detected in the period. It belongs to whoever approves, never to the provider.',
    ko: '첫 격리 요청(T8)부터 결정(T8a)까지입니다. 기간에 탐지된 인시던트를 대상으로 합니다. 승인자의 시간이며 서비스 제공자의 시간이 아닙니다.',
  },
  incidents_count: {
    en: 'Incidents detected (T3) in the period, backfill left out.',
    ko: '기간에 탐지된(T3) 인시던트 수이며 소급 수집한 이벤트의 인시던트는 제외합니다.',
  },
  false_positive_rate: {
    en: 'False positives among the alerts closed in the period with a verdict of true positive, benign or false positive, in percent. Suppressed alerts are counted apart.',
    ko: '기간에 정탐, 정상 행위, 오탐으로 판정되어 종결된 경보 가운데 오탐의 비율(%)입니다. 억제된 경보은 따로 셉니다.',
  },
  sla: {
    en: 'Service levels by severity, from the alert (T3) on the calendar\'s clock without pauses: first touch (T4) and resolution (T11) within their targets. Attainment = met / (met + breached); an open incident that is overdue counts as breached.',
    ko: '심각도별 서비스 수준입니다. 경보(T3)부터 일시 정지를 뺀 달력 시간으로 첫 조작(T4)과 해결(T11)이 목표 안에 이루어졌는지 봅니다. 달성률 = 충족 / (충족 + 위반)이며 기한이 지난 미해결 인시던트는 위반으로 셉니다.',
  },
  coverage: {
    en: 'Hours with an analyst on duty. There are no shifts yet that it could be taken from.',
    ko: '분석가가 근무한 시간의 비율입니다. 아직 근무표가 없어 측정할 수 없습니다.',
  },
} as const satisfies Record<string, Record<TextLanguage, string>>

/** `incidents` are those detected in the window, backfill among them. */
export function metricsOf(incidents: readonly Figured[], closed: ClosedAlerts, window: Window, now: number, language: TextLanguage): Metrics {
  const counted = incidents.filter(({ backfill }) => !backfill)
  const backfill = incidents.length - counted.length
  const figure = (name: keyof typeof definitions, among: readonly Figured[], reached: (incident: Figured) => number | null, from: (incident: Figured) => number | null, left: Record<string, number>): MetricDefinition => {
    const measured = among.flatMap((incident) => {
      const [start, end] = [from(incident), reached(incident)]
      return start === null || end === null ? [] : [{ id: incident.id, minutes: Math.max(0, end - start) / 60_000 }]
    })
    return {
      status: measured.length === 0 ? 'no_data' : 'ok', definition: definitions[name][language], unit: 'minutes', ...statistics(measured.map(({ minutes }) => minutes)),
      records: measured.slice(0, recordsMost).map(({ id }) => id), left_out: { backfill, ...left, not_reached: among.length - measured.length },
    }
  }
  const confirmed = counted.filter(({ verdict }) => verdict === 'true_positive')
  const t3 = ({ clocks }: Figured) => clocks.t3
  const judged = closed.truePositive + closed.benign + closed.falsePositive
  const rate = judged === 0 ? null : rounded(100 * closed.falsePositive / judged)
  const bare = { mean: null, median: null, p90: null }
  const found = {
    mttd_minutes: figure('mttd_minutes', confirmed, t3, ({ clocks }) => clocks.t0, { not_confirmed: counted.length - confirmed.length }),
    mttr_minutes: figure('mttr_minutes', counted, ({ clocks: { t9, t10 } }) => (t9 === null ? t10 : Math.min(t9, t10 ?? t9)), t3, {}),
    mtta_minutes: figure('mtta_minutes', counted, ({ clocks }) => clocks.t4, t3, {}),
    mttc_minutes: figure('mttc_minutes', counted, ({ clocks }) => clocks.t9n, t3, {}),
    approval_latency_minutes: figure('approval_latency_minutes', counted, ({ clocks }) => clocks.t8a, ({ clocks }) => clocks.t8, {}),
  }
  const sla = slaOf(counted, now)
  const decided = severities.reduce((sum, severity) => sum + sla[severity].met + sla[severity].breached, 0)
  return {
    mttd_minutes: found.mttd_minutes.mean, mttr_minutes: found.mttr_minutes.mean, incidents_count: counted.length, false_positive_rate: rate,
    mtta_minutes: found.mtta_minutes.mean, mttc_minutes: found.mttc_minutes.mean, approval_latency_minutes: found.approval_latency_minutes.mean,
    sla, coverage: { status: 'not_available' },
    definitions: {
      ...found,
      incidents_count: { status: 'ok', definition: definitions.incidents_count[language], unit: 'count', ...bare, n: counted.length, records: counted.slice(0, recordsMost).map(({ id }) => id), left_out: { backfill } },
      false_positive_rate: {
        status: rate === null ? 'no_data' : 'ok', definition: definitions.false_positive_rate[language], unit: 'percent', ...bare, n: judged, records: [], left_out: { other_verdicts: closed.other, suppressed: closed.suppressed },
      },
      sla: { status: decided === 0 ? 'no_data' : 'ok', definition: definitions.sla[language], unit: 'percent', ...bare, n: decided, records: [], left_out: { backfill, pending: counted.length - decided } },
      coverage: { status: 'not_available', definition: definitions.coverage[language], unit: 'percent', ...bare, n: 0, records: [], left_out: {} },
    },
    period: { start: new Date(window.from).toISOString(), end: new Date(window.to).toISOString(), time_zone: window.zone },
  }
}

function slaOf(incidents: readonly Figured[], now: number): Metrics['sla'] {
  const of = (severity: (typeof severities)[number]) => {
    const states = incidents.filter((incident) => incident.severity === severity).map(({ clocks }) => attained(clocks, severity, now))
    const [met, breached] = [states.filter((state) => state === 'met').length, states.filter((state) => state === 'breached').length]
    return { respond_target_minutes: targets[severity].respond, resolve_target_minutes: targets[severity].resolve, met, breached, attainment: met + breached === 0 ? null : rounded(100 * met / (met + breached)) }
  }
  return { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low'), informational: of('informational') }
}

const rounded = (value: number): number => Math.round(value * 10) / 10

/** The 90th percentile and the median are interpolated between neighbours (type 7 of Hyndman and Fan, 1996). */
export function statistics(values: readonly number[]): { mean: number | null; median: number | null; p90: number | null; n: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const quantile = (q: number) => {
    const place = (sorted.length - 1) * q
    const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!]
    return rounded(below + (above - below) * (place - Math.floor(place)))
  }
  if (sorted.length === 0) return { mean: null, median: null, p90: null, n: 0 }
  return { mean: rounded(sorted.reduce((sum, value) => sum + value, 0) / sorted.length), median: quantile(0.5), p90: quantile(0.9), n: sorted.length }
}

/** Without `from` the calendar month of `now` in the zone; without `to` until now. Errors: window_reversed, window_in_future, parameter_invalid (zone). */
export function windowOf(asked: { from?: number | undefined; to?: number | undefined; zone: string }, now: number): Window {
  const zone = zoneOf(asked.zone)
  // Whoever names only an end means the month that it ends.
  const to = asked.to ?? now
  const from = asked.from ?? monthStart(Math.min(to - 1, now), zone)
  if (from > now) throw new HaechiError('window_in_future', { start: new Date(from).toISOString() })
  if (from >= to) throw new HaechiError('window_reversed', { start: new Date(from).toISOString(), end: new Date(to).toISOString() })
  return { from, to, zone }
}

/** Errors: parameter_invalid. */
function zoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (cause) {
    throw new HaechiError('parameter_invalid', { name: 'tz', reason: 'an IANA time zone is expected, such as Asia/Seoul' }, { cause })
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()
function local(at: number, zone: string): { year: number; month: number; day: number; offset: number } {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
    formats.set(zone, format)
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>
  const { year, month, day } = part
  return { year, month, day, offset: Date.UTC(year, month - 1, day, part.hour, part.minute, part.second) - Math.floor(at / 1_000) * 1_000 }
}

/** When a local day begins: its first midnight, or what follows it where the clock skips that. */
function dayStart(year: number, month: number, day: number, zone: string): number {
  const midnight = Date.UTC(year, month - 1, day)
  const [before, after] = [local(midnight - 86_400_000, zone).offset, local(midnight + 86_400_000, zone).offset]
  const candidates = [before, after].filter((offset) => local(midnight - offset, zone).offset === offset).map((offset) => midnight - offset)
  return candidates.length === 0 ? midnight - before : Math.min(...candidates)
}
function monthStart(at: number, zone: string): number {
  const { year, month } = local(at, zone)
  return dayStart(year, month, 1, zone)
}

/** The local days that touch the window: `day` is its date, `boundaries` their starts and the end of the last one. */
export function daysOf({ from, to, zone }: Window): { days: string[]; boundaries: number[] } {
  const { year, month, day } = local(from, zone)
  const days: string[] = []
  const boundaries = [dayStart(year, month, day, zone)]
  for (let next = 1; boundaries.at(-1)! < to; next++) {
    days.push(new Date(Date.UTC(year, month - 1, day + next - 1)).toISOString().slice(0, 10))
    boundaries.push(dayStart(year, month, day + next, zone))
  }
  return { days, boundaries }
}
