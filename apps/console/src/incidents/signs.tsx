// What an incident and an action are in: a word and an icon each, the same on every screen.
import type { IncidentStatus } from '../../../server/src/incidents/wire.ts'
import type { ActionStatus, ResponseAction } from '../../../server/src/response/wire.ts'
import type { IconName } from '../parts/icons.tsx'
import { StatusSign } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import type { Formats } from '../texts/formats.ts'
import type { Translate } from '../texts/catalogue.ts'
import { useTexts } from '../texts/useTexts.ts'
import { actionTexts } from './action-texts.ts'
import { incidentTexts } from './texts.ts'

const statusSigns: Readonly<Record<IncidentStatus, readonly [IconName, Tone]>> = {
  new: ['dot', 'warn'], investigating: ['half', 'active'], contained: ['shield', 'active'], resolved: ['check', 'good'], closed: ['check', 'muted'],
}
export function IncidentStatusSign({ status, soft = false }: { status: IncidentStatus; soft?: boolean }) {
  const t = useTexts(incidentTexts)
  const [icon, tone] = statusSigns[status]
  return <StatusSign icon={icon} tone={tone} label={t(`status_${status}`)} soft={soft} />
}

const actionSigns: Readonly<Record<ActionStatus, readonly [IconName, Tone]>> = {
  requested: ['dot', 'active'], denied: ['stop', 'muted'], awaiting_approval: ['clock', 'warn'], approved: ['check', 'active'], rejected: ['close', 'muted'], expired: ['clock', 'muted'], executing: ['play', 'active'], verifying: ['half', 'active'],
  succeeded: ['shield', 'good'], partially_succeeded: ['warning', 'warn'], failed: ['warning', 'bad'], lifting: ['half', 'active'], lifted: ['circle', 'muted'],
}
export function ActionStatusSign({ status, soft = false }: { status: ActionStatus; soft?: boolean }) {
  const t = useTexts(actionTexts)
  const [icon, tone] = actionSigns[status]
  return <StatusSign icon={icon} tone={tone} label={t(`status_${status}`)} soft={soft} />
}

type Say = Translate<typeof actionTexts['en']>

/** "WS-12", "WS-12 and DC-01", "WS-12 and 4 more"; a hash by its beginning. */
export function namesOf(t: Say, f: Formats, names: readonly string[]): string {
  const short = names.map((name) => /^[0-9a-f]{40,64}$/i.test(name) ? `${name.slice(0, 12)}…` : name)
  return short.length <= 2 ? f.list(short) : t('and_more', { first: short[0]!, count: short.length - 1 })
}
/** "Isolate WS-12" */
export function actionTitle(t: Say, f: Formats, action: { action_type: ResponseAction['action_type']; targets: readonly { target: string }[] }): string {
  return t(`title_${action.action_type}`, { targets: namesOf(t, f, action.targets.map(({ target }) => target)) })
}

/** Of what still runs: seconds would be wrong before they are read. */
export const wholeMinutes = (ms: number): number => Math.max(60_000, Math.floor(ms / 60_000) * 60_000)

/** 03:40, or with the date where it is another day. */
export function when(f: Formats, at: string | number, now: number): string {
  const text = f.clock(at)
  return text.slice(0, 10) === f.clock(now).slice(0, 10) ? text.slice(11, 16) : text.slice(5, 16)
}
