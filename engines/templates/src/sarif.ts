import { createHash } from 'node:crypto'
import type { Info, Match, Severity } from './model.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note', unknown: 'note' }
/** Where a template gives no score: the middle of its band of CVSS 3. */
const scores: Readonly<Record<Severity, number>> = { critical: 9.5, high: 8, medium: 5.5, low: 2, info: 0, unknown: 0 }

/**
 * Matches as SARIF 2.1.0 (OASIS): a rule a template, a result a match, `properties` of the run beside them. What is not believed is of kind `review`, and no
 * failure. Fingerprints are of template, matcher and place, so that the next scan's results are known again.
 */
export function toSarif(matches: readonly Match[], { version, properties }: { readonly version: string; readonly properties: object }): string {
  const templates = [...new Map(matches.map((match) => [match.template, match])).values()].sort((a, b) => (a.template < b.template ? -1 : 1))
  const indexes = new Map(templates.map(({ template }, index) => [template, index]))
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'haechi templates run', semanticVersion: version, rules: templates.map(({ template, info }) => ruleOf(template, info)) } },
      columnKind: 'utf16CodeUnits', properties,
      results: matches.map((match) => ({
        ruleId: match.template, ruleIndex: indexes.get(match.template),
        ...(match.doubt === null ? { kind: 'fail', level: levels[match.info.severity] } : { kind: 'review', level: 'none' }),
        message: { text: [match.info.name || match.template, match.matchedAt, ...match.extracted].join(' | ') },
        locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(match) } } }],
        partialFingerprints: { 'haechiMatch/v1': createHash('sha256').update(JSON.stringify([match.template, match.matcher, match.matchedAt])).digest('hex') },
        properties: { matcher: match.matcher, extracted: match.extracted, target: match.target, address: match.address, doubt: match.doubt },
      })),
    }],
  })}\n`
}

function ruleOf(id: string, { name, severity, description, remediation, references, tags, classification }: Info): object {
  const help = references.find((reference) => URL.parse(reference)?.protocol.startsWith('http') === true)
  return {
    id, name: id, shortDescription: { text: name || id }, ...(description === null || description === '' ? {} : { fullDescription: { text: description } }), ...(help === undefined ? {} : { helpUri: new URL(help).href }),
    ...(remediation === null || remediation === '' ? {} : { help: { text: remediation } }), defaultConfiguration: { level: levels[severity] },
    properties: { 'severity': severity, 'security-severity': (classification.cvssScore ?? scores[severity]).toFixed(1), 'tags': [...new Set(['security', ...tags])], 'cve': classification.cve, 'cwe': classification.cwe },
  }
}

const schemes: Readonly<Record<string, string>> = { tcp: 'tcp', ssl: 'tls', dns: 'dns' }

/** A place that has no URL of its own is given one by its protocol; a file's path stays a relative reference. */
function uriOf({ matchedAt, protocol }: Match): string {
  if (protocol === 'file') return matchedAt.split(/[\\/]/).map((part) => encodeURIComponent(part)).join('/')
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(matchedAt) ? matchedAt : `${schemes[protocol] ?? protocol}://${matchedAt}`
  return URL.parse(written)?.href ?? encodeURI(written.toWellFormed())
}
