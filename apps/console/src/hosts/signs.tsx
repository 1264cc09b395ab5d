import type { Criticality, Exposure } from '../../../server/src/assets/wire.ts'
import type { IconName } from '../parts/icons.tsx'
import { StatusSign } from '../parts/signs.tsx'
import type { Tone } from '../parts/signs.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { hostTexts } from './texts.ts'

export const criticalities: readonly Criticality[] = ['critical', 'high', 'normal', 'low']
export const exposures: readonly Exposure[] = ['internet', 'internal', 'unknown']

const criticalitySigns: Readonly<Record<Criticality, readonly [IconName, Tone]>> = { critical: ['warning', 'bad'], high: ['warning', 'warn'], normal: ['circle', 'neutral'], low: ['circle', 'muted'] }
export function CriticalitySign({ criticality }: { criticality: Criticality }) {
  const t = useTexts(hostTexts)
  return <StatusSign icon={criticalitySigns[criticality][0]} tone={criticalitySigns[criticality][1]} label={t(`criticality_${criticality}`)} />
}
const exposureSigns: Readonly<Record<Exposure, readonly [IconName, Tone]>> = { internet: ['globe', 'warn'], internal: ['shield', 'neutral'], unknown: ['circle', 'muted'] }
export function ExposureSign({ exposure }: { exposure: Exposure }) {
  const t = useTexts(hostTexts)
  return <StatusSign icon={exposureSigns[exposure][0]} tone={exposureSigns[exposure][1]} label={t(`exposure_${exposure}`)} />
}
