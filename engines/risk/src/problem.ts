export type RiskProblemCode =
  // a CVSS vector
  | 'cvss_version_unknown' | 'cvss_malformed' | 'cvss_metric_unknown' | 'cvss_value_unknown' | 'cvss_metric_repeated' | 'cvss_metric_missing'
  // a decision table
  | 'table_malformed' | 'table_value_unknown' | 'table_row_contradicts' | 'table_incomplete'
  // a version, a CPE name
  | 'version_invalid' | 'cpe_invalid'
  // facts that a decision is asked for
  | 'facts_malformed' | 'fact_invalid' | 'fact_unknown' | 'fact_missing'

/** Why something could not be read. Thrown by the readers of one thing; readers of a whole feed give it as a Rejection and go on. */
export class RiskProblem extends Error {
  override readonly name = 'RiskProblem'
  readonly code: RiskProblemCode
  /** The metric, field, row or character that it is about; '' where it is about the whole. */
  readonly place: string

  /** What stands there, shortened; '' where nothing does. */
  readonly found: string
  /** What may stand there; empty where no list says it. */
  readonly allowed: readonly string[]

  constructor(code: RiskProblemCode, place: string, reason: string, { found = '', allowed = [] }: { found?: string; allowed?: readonly string[] } = {}) {
    super(reason)
    this.code = code
    this.place = place
    this.found = found.slice(0, 80)
    this.allowed = allowed
  }
}

/** A value as a message names it, without walking through it: what somebody sends may be deeper than a stack. */
export function named(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return JSON.stringify(value) ?? 'nothing'
}

/** What a message quotes of somebody's input: short, on one line. */
export const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)
