// Every feed of the corpus, whole and broken; every range of NVD's form against its own ends; and how often what we conclude from CVSS is what CISA concluded.
import { createKnowledge, compareVersions, readCpe, writeCpe } from '@haechi/risk'
import type { FeedForm, FeedKind, Knowledge } from '@haechi/risk'
import { describe, expect, test } from 'vitest'
import { applicability } from '../../../engines/risk/src/cpe/applicability.ts'
import { fromCvss } from '../../../engines/risk/src/decision/from-cvss.ts'
import { cpeInterner, nvdEntry } from '../../../engines/risk/src/knowledge/entries.ts'
import { feeds, linesOf, missing, textOf } from './feeds.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const reason = missing === null ? '' : `: ${missing}`
function load(knowledge: Knowledge, kind: FeedKind, form: FeedForm, text: string) {
  const reader = knowledge.open(kind, form)
  for (let at = 0; at < text.length; at += 65_536) reader.write(text.slice(at, at + 65_536))
  return reader.end()
}

type Match = { criteria: string; vulnerable: boolean; versionStartIncluding?: string; versionStartExcluding?: string; versionEndIncluding?: string; versionEndExcluding?: string }
type Override = { cve: string; configurations: { operator?: string; nodes: { cpeMatch: Match[] }[] }[] | null }

describe.skipIf(missing !== null)(`the feeds of the corpus${reason}`, () => {
  const knowledge = createKnowledge()
  const overrides = missing === null ? linesOf<Override>('nvd-data-overrides/nvd-data-overrides.ndjson.gz') : []
  const intern = cpeInterner()
  test('are taken whole', () => {
    for (const [path, kind, form, entries] of feeds) expect([path, load(knowledge, kind, form, textOf(path))]).toMatchObject([path, { taken: entries, rejections: 0, complete: true }])
    expect(knowledge.counts()).toMatchObject({ kev: 1_404, epss: 3_604, enriched: 44_130, statements: 32_184, criteria: 97_775 })
    expect(knowledge.facts('CVE-2021-44228')).toMatchObject({ kev: { listed: true, ransomware: true }, epss: { probability: 0.94358 }, cwe: ['CWE-20', 'CWE-400', 'CWE-502'] })
    expect(knowledge.facts('CVE-2021-44228').techniques).toContain('T1190')
    expect(knowledge.facts('CVE-2000-0001').kev).toEqual({ listed: false })
  })

  test('97,775 criteria: the ends of every range, and every version that is named, are found or not as the criterion says', () => {
    let [criteria, ends, odd] = [0, 0, 0]
    const wrong: string[] = []
    for (const { cve, configurations } of overrides) {
      const entry = nvdEntry({ cve, configurations }, intern)
      for (const { operator, nodes } of configurations ?? []) {
        for (const match of nodes.flatMap(({ cpeMatch }) => cpeMatch)) {
          criteria += 1
          if (writeCpe(readCpe(match.criteria)) !== match.criteria.toLowerCase()) wrong.push(match.criteria)
          if (!match.vulnerable || operator === 'AND') continue
          const name = readCpe(match.criteria)
          // A product whose name has wildcards cannot be asked for by that name.
          if (/(?:^|[^\\])[*?]/.test(`${name[1]} ${name[2]}`)) continue
          const [start, end] = [match.versionStartIncluding ?? match.versionStartExcluding, match.versionEndIncluding ?? match.versionEndExcluding]
          // Ranges that end before they begin hold nothing: some publishers write them.
          if (start !== undefined && end !== undefined && compareVersions('upstream', start, end) >= (match.versionEndIncluding !== undefined && match.versionStartIncluding !== undefined ? 1 : 0)) {
            odd += 1
            continue
          }
          const asked = (version: string) => applicability(entry.configurations, [name.with(3, escaped(version))]).applies !== 'no'
          for (const version of [match.versionStartIncluding, match.versionEndIncluding, start === undefined && end === undefined && name[3] !== '*' ? name[3] : undefined]) {
            if (version === undefined) continue
            ends += 1
            if (!asked(version)) wrong.push(`${cve} ${match.criteria} ${version}`)
          }
        }
      }
    }
    expect(wrong).toEqual([])
    expect(criteria).toBe(97_775)
    expect(ends).toBeGreaterThan(50_000)
    expect(odd).toBeLessThan(300)
  })

  test('a look-up finds what asking every statement finds', () => {
    const entries = overrides.map((one) => nvdEntry(one, intern))
    const drawn = entries.filter((_, at) => at % (full ? 800 : 6_000) === 0).flatMap(({ configurations }) => configurations.flatMap(({ criteria, children }) => [...criteria, ...children.flatMap((child) => child.criteria)].slice(0, 1)))
    for (const criterion of drawn) {
      const product = criterion.name.with(3, escaped(criterion.from ?? criterion.to ?? '1.0')).map((value, at) => (at > 4 || (at < 3 && /(?:^|[^\\])[*?]/.test(value)) ? (at > 4 ? '*' : 'x') : value))
      const expected = entries.filter(({ configurations }) => applicability(configurations, [product]).applies !== 'no').map(({ cve }) => cve)
      expect(knowledge.affecting([writeCpe(product)]).map(({ cve }) => cve).toSorted()).toEqual(expected.toSorted())
    }
    expect(drawn.length).toBeGreaterThan(full ? 30 : 4)
  })

  test('a feed that breaks anywhere gives what came before, says where it broke, and leaves the rest of the world alone', () => {
    for (const [path, kind, form] of feeds) {
      const text = textOf(path).slice(0, 400_000)
      for (const share of [0, 0.001, 0.3, 0.99]) {
        const broken = createKnowledge()
        const reading = load(broken, kind, form, text.slice(0, Math.floor(text.length * share)))
        if (form === 'document') expect([path, share, reading.complete, reading.rejections > 0]).toEqual([path, share, false, true])
        expect(broken.facts('CVE-2000-0001').kev).toBeNull()
      }
      const spoilt = load(createKnowledge(), kind, form, text.replace(/CVE-/g, (found, at: number) => (at % 7 === 0 ? 'EVE-' : found)))
      expect([path, spoilt.rejections > 0, spoilt.taken > 0]).toEqual([path, true, true])
      expect(spoilt.rejected.length).toBeLessThanOrEqual(100)
    }
  })

  test('what CVSS says of automation and impact is what CISA says in 19 of 20 cases', () => {
    const agreed = { automatable: 0, total: 0, cases: 0 }
    for (const { ssvc, cvss_adp: adp = [], cvss_cna: cna = [] } of linesOf<{ ssvc?: Record<string, string>; cvss_adp?: { vector: string }[]; cvss_cna?: { vector: string }[] }>('vulnrichment/vulnrichment.ndjson.gz')) {
      const { judged } = fromCvss([...adp, ...cna].map(({ vector }) => vector))
      if (ssvc === undefined || judged === null) continue
      agreed.cases += 1
      if (judged.automatable === (ssvc['Automatable']?.toLowerCase() === 'yes')) agreed.automatable += 1
      if (judged.total === (ssvc['Technical Impact']?.toLowerCase() === 'total')) agreed.total += 1
    }
    expect(agreed.cases).toBe(32_765)
    expect(agreed.automatable / agreed.cases).toBeGreaterThan(0.955)
    expect(agreed.total / agreed.cases).toBeGreaterThan(0.935)
  })
})

const escaped = (version: string) => (/\\/.test(version) ? version : version.replace(/[^A-Za-z0-9_.-]/g, '\\$&')).toLowerCase()
