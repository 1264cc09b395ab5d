import { createHash } from 'node:crypto'
import type { Severity } from '@haechi/risk'
import type { SecretRule } from './model.ts'

/** One secret in one place. Times in milliseconds since 1970. */
export type Leak = {
  readonly rule: SecretRule
  readonly excerpt: string
  readonly hash: string
  /** As the source was named: './repo', 'backup.zip'. */
  readonly source: string
  /** Below the source. */
  readonly path: string
  readonly line: number
  readonly column: number
  readonly confidence: number
  /** It stands there now; false: only in the history. */
  readonly present: boolean
  /** Through which it came; null: not in a history. */
  readonly first: { readonly id: string; readonly author: string; readonly email: string; readonly authoredAt: number; readonly subject: string } | null
  /** 'alive' only where its provider said so. */
  readonly live: 'alive' | 'dead' | 'unknown' | null
}

/** What its provider said of it counts more than its kind: what works has been in the hands of whoever read it. */
export const severityOf = ({ live, rule }: Pick<Leak, 'live' | 'rule'>): Severity => (live === 'alive' ? 'critical' : live === 'dead' ? 'info' : rule.severity)

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' }
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0', info: '0.0' }

/** Leaks as SARIF 2.1.0 (OASIS): a rule a kind, a result a place. Fingerprints are of rule, secret's hash and path, so that the next scan's results are known again. */
export function toSarif(leaks: readonly Leak[], { version, language }: { readonly version: string; readonly language: 'en' | 'ko' }): string {
  const rules = [...new Map(leaks.map(({ rule }) => [rule.id, rule])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'haechi secrets scan', semanticVersion: version,
          rules: rules.map(({ id, name, severity, provider }) => ({ id, shortDescription: { text: name[language] }, defaultConfiguration: { level: levels[severity] }, properties: { 'security-severity': scores[severity], 'tags': ['security', 'secret', ...(provider === null ? [] : [provider])] } })),
        },
      },
      columnKind: 'utf16CodeUnits',
      results: leaks.map(({ rule, excerpt, hash, path, line, column, confidence, present, first, live, source }) => ({
        ruleId: rule.id, ruleIndex: indexes.get(rule.id), kind: 'fail', level: levels[severityOf({ live, rule })], message: { text: `${rule.name[language]}: ${excerpt}` },
        locations: [{ physicalLocation: { artifactLocation: { uri: path.split('/').map((part) => encodeURIComponent(part.toWellFormed())).join('/') }, region: { startLine: line, startColumn: column } } }],
        partialFingerprints: { 'haechiSecret/v1': createHash('sha256').update(JSON.stringify([rule.id, hash, path])).digest('hex') },
        properties: { hash, source, confidence, present, live, ...(first === null ? {} : { commit: first.id, author: first.author, email: first.email, date: new Date(first.authoredAt).toISOString() }) },
      })),
    }],
  })}\n`
}
