import type { Severity } from '../../../server/src/detection/wire.ts'
import { useTexts } from '../texts/useTexts.ts'
import { icons } from './icons.tsx'
import type { IconName } from './icons.tsx'
import { partTexts } from './texts.ts'
import classes from './signs.module.css'

const shapes: Record<Severity, string> = {
  critical: 'M6 .8 11.200 6 6 11.200.8 6z',
  high: 'M6 1.200 11.300 10.800H.7z',
  medium: 'M6 1.200a4.800 4.800 0 1 0 0 9.600 4.800 4.800 0 0 0 0-9.600z',
  low: 'M6 1.900a4.100 4.100 0 1 0 0 8.200 4.100 4.100 0 0 0 0-8.200z',
  informational: 'M6 4.200a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600z',
}
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational']

/** Colour, shape and word; `compact` leaves the word to screen readers and the tooltip. */
export function SeveritySign({ severity, compact = false }: { severity: Severity; compact?: boolean }) {
  const t = useTexts(partTexts)
  return (
    <span className={classes['severity']} data-severity={severity} title={compact ? t(severity) : undefined}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><path d={shapes[severity]} /></svg>
      <span className={compact ? 'unseen' : undefined}>{t(severity)}</span>
    </span>
  )
}

export type Tone = 'neutral' | 'active' | 'good' | 'warn' | 'bad' | 'muted'
/** A state in a word, with an icon; the tone is colour on top of it. */
export function StatusSign({ icon, tone = 'neutral', label, soft = false }: { icon: IconName; tone?: Tone; label: string; soft?: boolean }) {
  const Icon = icons[icon]
  return <span className={classes['status']} data-tone={tone} data-soft={soft || undefined}><Icon size={14} /><span>{label}</span></span>
}
