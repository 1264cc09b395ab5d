import type { ReactNode } from 'react'
import type { RuleSummary, Suppression } from '../../../server/src/detection/wire.ts'
import { StatusSign } from '../parts/signs.tsx'
import { useTexts } from '../texts/useTexts.ts'
import { ruleTexts } from './texts.ts'

const stages = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'] as const

export function Switched({ enabled }: { enabled: boolean }) {
  const t = useTexts(ruleTexts)
  return <StatusSign icon={enabled ? 'check' : 'pause'} tone={enabled ? 'neutral' : 'muted'} label={t(enabled ? 'on' : 'off')} />
}

export function Stage({ status }: { status: string | null }) {
  const t = useTexts(ruleTexts)
  const known = stages.find((stage) => stage === status)
  return <>{known === undefined ? status ?? <span className="dim">–</span> : t(`status_${known}`)}</>
}

/** `windows / process_creation`; null for a rule of any record. */
export const logOf = ({ logsource: { product, category, service } }: RuleSummary): string | null => [product, category, service].filter((part) => part !== undefined).join(' / ') || null

/** `host WS-12, user kim`: where a suppression holds. */
export function useWhere() {
  const t = useTexts(ruleTexts)
  return ({ host, user, field, value }: Pick<Suppression, 'host' | 'user' | 'field' | 'value'>): string => [
    ...(host === null ? [] : [t('on_host', { host })]), ...(user === null ? [] : [t('of_user', { user })]), ...(field === null || value === null ? [] : [t('with_value', { field, value })]),
  ].join(', ') || t('everywhere')
}

export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return <div><dt>{label}</dt><dd>{children}</dd></div>
}
