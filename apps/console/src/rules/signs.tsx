import type { ReactNode } from 'react'
import type { RuleSummary, Suppression } from '../../../server/src/detection/wire.ts'
import { StatusSign } from '../parts/signs.tsx'
import { useFormats, useTexts } from '../texts/useTexts.ts'
import { ruleTexts } from './texts.ts'
import classes from './Rules.module.css'

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

const types = ['event_count', 'value_count', 'value_sum', 'value_avg', 'value_median', 'value_percentile', 'temporal', 'temporal_ordered'] as const

/** What a correlation does, in words. */
export function useCorrelationType() {
  const t = useTexts(ruleTexts)
  return (type: string): string => {
    const known = types.find((one) => one === type)
    return known === undefined ? type : t(`type_${known}`)
  }
}

/** Marks a correlation in a list. */
export function Correlates({ rule: { correlation } }: { rule: RuleSummary }) {
  const typeOf = useCorrelationType()
  const t = useTexts(ruleTexts)
  return correlation === null ? null : <span className={classes['correlates']} title={t('correlates_said', { type: typeOf(correlation.type), rules: correlation.refers_to.map(({ title }) => title).join(', ') })}>{typeOf(correlation.type)}</span>
}

/** A rule's part of what all rules cost. */
export function Cost({ rule: { cost_us: alone, cost_share: share } }: { rule: RuleSummary }) {
  const t = useTexts(ruleTexts)
  const f = useFormats()
  if (alone === null || share === null) return <span className="dim">–</span>
  return <span title={t('cost_said', { microseconds: f.number(Number(alone.toFixed(2))) })}>{share < 0.001 ? <span className="dim">{t('cost_small')}</span> : t('cost_share', { percent: f.number(Number((share * 100).toFixed(1))) })}</span>
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
