import { createHash } from 'node:crypto'
import type { Severity } from '@haechi/risk'
import type { Problem } from './model.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' }
/** The middle of the band of CVSS 3. */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0', info: '0.0' }

/** What was found as SARIF 2.1.0 (OASIS): a rule a check, a result a problem. Fingerprints are of check, asset and place, so that the next scan's results are known again. */
export function toSarif(problems: readonly Problem[], { version, language, properties }: { readonly version: string; readonly language: 'en' | 'ko'; readonly properties: object }): string {
  const rules = [...new Map(problems.map((problem) => [problem.id, problem])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const told = new Set<string>()
  // Of several of one kind in one place, all but the first are told apart by what was seen.
  const fingerprints = problems.map(({ id, asset, place, evidence }) => {
    const key = JSON.stringify([id, asset, place])
    const text = told.has(key) ? JSON.stringify([id, asset, place, evidence.en]) : key
    told.add(key)
    return createHash('sha256').update(text).digest('hex')
  })
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'haechi scan', semanticVersion: version,
          rules: rules.map(({ id, title, remedy, severity, cve, cwe, origin }) => ({
            id, shortDescription: { text: title[language] }, ...(remedy === null ? {} : { help: { text: remedy[language] } }), defaultConfiguration: { level: levels[severity] },
            properties: { 'security-severity': scores[severity], 'tags': ['security', origin], cve, cwe },
          })),
        },
      },
      columnKind: 'utf16CodeUnits', properties,
      results: problems.map(({ id, asset, place, origin, title, severity, confidence, evidence, weakness, decision }, at) => ({
        ruleId: id, ruleIndex: indexes.get(id), kind: origin === 'version' ? 'review' : 'fail', level: origin === 'version' ? 'none' : levels[severity],
        message: { text: [title[language], asset, place, evidence[language]].filter((text) => text !== '').join(' | ') },
        locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(asset, place) } } }],
        partialFingerprints: { 'haechiProblem/v1': fingerprints[at] },
        properties: { asset, place, weakness, confidence, severity, level: decision.level, band: decision.band, due: decision.due === null ? null : new Date(decision.due).toISOString(), order: decision.order },
      })),
    }],
  })}\n`
}

/** A place that is no URL gets one: 'tcp/443' of a host is 'tcp://host:443'. */
function uriOf(asset: string, place: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) return URL.parse(place)?.href ?? encodeURI(place.toWellFormed())
  const host = asset.includes(':') ? `[${asset}]` : asset
  const [, transport, port] = /^(tcp|udp)\/(\d+)/.exec(place) ?? []
  return transport === undefined ? `host://${host}/${encodeURIComponent(place.toWellFormed())}` : `${transport}://${host}:${port}`
}
