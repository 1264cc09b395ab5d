import type { IndicatorVerdict } from '../../../server/src/intel/wire.ts'
import type { IconName } from '../parts/icons.tsx'
import { StatusSign } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { intelTexts } from './texts.ts'

/** The gravest first. */
export const verdicts: readonly IndicatorVerdict[] = ['malicious', 'suspicious', 'benign', 'unknown']
const signs: Readonly<Record<IndicatorVerdict, readonly [IconName, Tone]>> = { malicious: ['warning', 'bad'], suspicious: ['info', 'warn'], benign: ['check', 'good'], unknown: ['circle', 'muted'] }
export function VerdictSign({ verdict, soft = false }: { verdict: IndicatorVerdict; soft?: boolean }) {
  const t = useTexts(intelTexts)
  return <StatusSign icon={signs[verdict][0]} tone={signs[verdict][1]} label={t(`verdict_${verdict}`)} soft={soft} />
}
