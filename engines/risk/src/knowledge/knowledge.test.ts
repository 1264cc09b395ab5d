import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createKnowledge } from './knowledge.ts'
import type { FeedForm, Knowledge } from './knowledge.ts'
import type { FeedKind, FeedReading } from './reading.ts'

const read = (kind: FeedKind, form: FeedForm, text: string, knowledge: Knowledge = createKnowledge(), truncated = false): { reading: FeedReading; knowledge: Knowledge } => {
  const reader = knowledge.open(kind, form)
  for (let at = 0; at < text.length; at += 37) reader.write(text.slice(at, at + 37))
  return { reading: reader.end({ truncated }), knowledge }
}
const codes = ({ rejected }: FeedReading) => rejected.map(({ place, code }) => [place, code])
const kev = (cveID: string, more: object = {}) => ({ cveID, dateAdded: '2024-01-02', knownRansomwareCampaignUse: 'Unknown', cwes: [], ...more })
const catalogue = (vulnerabilities: readonly unknown[], more: object = {}) => JSON.stringify({ catalogVersion: '2026.11.22', count: vulnerabilities.length, vulnerabilities, ...more })

describe('KEV', () => {
  test('entry by entry; what is wrong in one costs that one', () => {
    const { reading, knowledge } = read('kev', 'document', catalogue([kev('CVE-2024-0001'), { cveID: 7 }, 'text', kev('CVE-2024-0001'), kev('cve-2024-0002', { dateAdded: 'soon', knownRansomwareCampaignUse: 'Known', cwes: ['CWE-79', 'x', 5] })]))
    expect(codes(reading)).toEqual([['entry 2', 'cve_invalid'], ['entry 3', 'entry_duplicate']].concat([['header', 'feed_truncated']]))
    expect(reading).toMatchObject({ taken: 2, rejections: 3, stated: '2026.11.22', complete: false })
    expect(knowledge.facts('CVE-2024-0002')).toMatchObject({ kev: { listed: true, added: null, ransomware: true }, cwe: ['CWE-79'] })
    expect(knowledge.facts('CVE-2024-0001').kev).toEqual({ listed: true, added: Date.UTC(2024, 0, 2), ransomware: false })
  })
  test('what a whole catalogue does not hold is not listed; of a broken one nobody knows', () => {
    const whole = catalogue(Array.from({ length: 200 }, (_, at) => kev(`CVE-2024-${1000 + at}`)))
    expect(read('kev', 'document', whole).knowledge.facts('CVE-2020-0001').kev).toEqual({ listed: false })
    for (const broken of [whole.slice(0, -20), whole.slice(0, whole.length / 2), '', 'null', '[]', '{}', '<html>', '{"vulnerabilities":[]}', whole.replace('"count":200', '"count":300')]) {
      const { reading, knowledge } = read('kev', 'document', broken)
      expect([reading.complete, knowledge.facts('CVE-2020-0001').kev]).toEqual([false, null])
      expect(reading.rejections).toBeGreaterThan(0)
    }
    expect(read('kev', 'document', whole, createKnowledge(), true).reading).toMatchObject({ taken: 200, complete: false })
    // One bad entry among many does not turn everything into the unknown.
    expect(read('kev', 'document', whole.replace('CVE-2024-1007', 'CVE-x')).reading).toMatchObject({ taken: 199, rejections: 1, complete: true })
  })
  test('CISA\'s enrichment as listed is listed without a catalogue', () => {
    expect(read('vulnrichment', 'lines', '{"cve":"CVE-2024-0001","kev":"2024-03-04"}').knowledge.facts('CVE-2024-0001').kev).toEqual({ listed: true, added: Date.UTC(2024, 2, 4), ransomware: false })
  })
})

describe('EPSS', () => {
  test('FIRST\'s form with its comment, and columns in another order', () => {
    const { reading, knowledge } = read('epss', 'lines', '#model_version:v2025.03.14,score_date:2025-10-01T12:55:00+0000\ncve,epss,percentile\nCVE-2024-0001,0.00043,0.1\nCVE-2024-0002,1e-05,1.0\n')
    expect(reading).toMatchObject({ taken: 2, rejections: 0, stated: 'model_version:v2025.03.14,score_date:2025-10-01T12:55:00+0000' })
    expect(knowledge.facts('CVE-2024-0001').epss).toEqual({ probability: 0.00043, percentile: 0.1, at: Date.UTC(2025, 9, 1, 12, 55) })
    expect(read('epss', 'lines', '\uFEFFtemplate,percentile,epss,cve\r\nx,0.5,0.25,CVE-2024-0003\r\n').knowledge.facts('CVE-2024-0003').epss).toEqual({ probability: 0.25, percentile: 0.5, at: null })
  })
  test('line by line', () => {
    const { reading } = read('epss', 'lines', 'cve,epss,percentile\nCVE-2024-0001,1.5,0.1\nCVE-2024-0001,0.5,0.1\nCVE-2024-0001,0.5,0.1\nCVE-24,0.5,0.1\nCVE-2024-0002,,\nCVE-2024-0003,NaN,0\nCVE-2024-0004,0.1')
    expect(codes(reading)).toEqual([['line 2', 'value_invalid'], ['line 4', 'entry_duplicate'], ['line 5', 'cve_invalid'], ['line 6', 'value_invalid'], ['line 7', 'value_invalid'], ['line 8', 'value_invalid']])
    expect(codes(read('epss', 'lines', '<html>\nsorry').reading)[0]).toEqual(['line 1', 'feed_wrong_type'])
  })
})

describe('vulnrichment', () => {
  test('a CVE record as CISA publishes it', () => {
    const record = {
      cveMetadata: { cveId: 'CVE-2024-0001' }, containers: {
        cna: { metrics: [{ cvssV3_1: { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } }], problemTypes: [{ descriptions: [{ cweId: 'CWE-79' }] }] },
        adp: [{ title: 'CISA ADP Vulnrichment', metrics: [{ other: { type: 'ssvc', content: { options: [{ Exploitation: 'PoC' }, { Automatable: 'Yes' }, { 'Technical Impact': 'total' }] } } }, { other: { type: 'kev', content: { dateAdded: '2024-05-06' } } }] }],
      },
    }
    expect(read('vulnrichment', 'lines', JSON.stringify(record)).knowledge.facts('CVE-2024-0001')).toEqual({
      kev: { listed: true, added: Date.UTC(2024, 4, 6), ransomware: false }, epss: null, cvss: ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'], ssvc: { exploitation: 'poc', automatable: true, technicalImpact: 'total' }, cwe: ['CWE-79'], techniques: [],
    })
  })
  test('a word that is none of SSVC\'s is refused, not guessed', () => {
    expect(codes(read('vulnrichment', 'lines', '{"cve":"CVE-2024-0001","ssvc":{"Exploitation":"maybe"}}\n{"cve":"CVE-2024-0001","ssvc":{"Automatable":true}}\n[]\n{"cve"').reading)).toEqual([['line 1', 'value_invalid'], ['line 2', 'value_invalid'], ['line 3', 'entry_malformed'], ['line 4', 'entry_not_json']])
  })
})

describe('NVD', () => {
  const statement = (cve: string, criteria: string, more: object = {}) => JSON.stringify({ cve, configurations: [{ nodes: [{ operator: 'OR', negate: false, cpeMatch: [{ criteria, vulnerable: true, ...more }] }] }] })
  test('the API\'s document: configurations, vectors, weaknesses', () => {
    const document = { resultsPerPage: 1, vulnerabilities: [{ cve: {
      id: 'CVE-2024-0001', metrics: { cvssMetricV31: [{ cvssData: { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } }] }, weaknesses: [{ description: [{ lang: 'en', value: 'CWE-787' }] }],
      configurations: [{ nodes: [{ operator: 'OR', negate: false, cpeMatch: [{ vulnerable: true, criteria: 'cpe:2.3:a:x:y:*:*:*:*:*:*:*:*', versionEndExcluding: '2.0' }] }] }],
    } }] }
    const { reading, knowledge } = read('nvd', 'document', JSON.stringify(document))
    expect(reading).toMatchObject({ taken: 1, rejections: 0 })
    expect(knowledge.facts('CVE-2024-0001')).toMatchObject({ cvss: ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'], cwe: ['CWE-787'] })
    expect(knowledge.affecting(['cpe:/a:x:y:1.9'])).toEqual([{ cve: 'CVE-2024-0001', applies: 'yes', criterion: 'cpe:2.3:a:x:y < 2.0' }])
  })
  test('products whose names have wildcards are found too', () => {
    const { knowledge } = read('nvd', 'lines', [statement('CVE-2024-0001', 'cpe:2.3:a:*:page_builder\\:*:*:*:*:*:*:*:*:*'), statement('CVE-2024-0002', 'cpe:2.3:a:x:calendar*:*:*:*:*:*:*:*:*')].join('\n'))
    expect(knowledge.affecting(['cpe:2.3:a:any:page_builder\\:_pro:1.0']).map(({ cve }) => cve)).toEqual(['CVE-2024-0001'])
    expect(knowledge.affecting(['cpe:2.3:a:x:calendar_plus:1.0']).map(({ cve }) => cve)).toEqual(['CVE-2024-0002'])
    expect(knowledge.affecting(['cpe:2.3:a:y:calendar_plus:1.0'])).toEqual([])
  })
  test('what is broken or hostile costs itself', () => {
    const deep = `${'{"operator":"AND","children":['.repeat(20)}${']}'.repeat(20)}`
    const wide = JSON.stringify({ cve: 'CVE-2024-0005', configurations: [{ nodes: Array.from({ length: 10_001 }, () => ({ operator: 'OR', cpeMatch: [] })) }] })
    const { reading, knowledge } = read('nvd', 'lines', [
      statement('CVE-2024-0001', 'cpe:2.3:a:x:y:1.0'), statement('CVE-2024-0001', 'cpe:2.3:a:x:y:2.0'), statement('CVE-2024-0002', 'nonsense'), statement('CVE-2024-0003', 'cpe:2.3:a:x:y:*', { versionEndExcluding: 7 }), `{"cve":"CVE-2024-0004","configurations":[${deep}]}`, wide,
      '{"cve":"CVE-2024-0006","configurations":[{"nodes":[{"operator":"XOR"}]}]}', '{"cve":"CVE-2024-0007","configurations":null}', `{"cve":"CVE-2024-0008","__proto__":{"x":1},"configurations":[{"nodes":[{"cpeMatch":[5]}]}]}`, statement('CVE-2024-0009', 'cpe:2.3:a:x:y:1.0'),
    ].join('\n'))
    expect(codes(reading).map(([, code]) => code)).toEqual(['entry_duplicate', 'cpe_invalid', 'value_invalid', 'entry_malformed', 'entry_too_large', 'value_invalid', 'entry_malformed'])
    expect(knowledge.affecting(['cpe:2.3:a:x:y:1.0']).map(({ cve }) => cve)).toEqual(['CVE-2024-0001', 'CVE-2024-0009'])
  })
})

test('techniques of both lists are joined', () => {
  const { knowledge } = read('attack', 'document', JSON.stringify({ metadata: {}, mapping_objects: [{ capability_id: 'CVE-2024-0001', attack_object_id: 'T1190' }, { capability_id: 'CVE-2024-0001', attack_object_id: 'T1059.001' }, { capability_id: 'CVE-2024-0001', attack_object_id: 'T1190' }, { capability_id: 'CVE-2024-0002', attack_object_id: null }] }))
  const { reading } = read('attack', 'lines', 'CVE ID,Primary Impact,Secondary Impact,Exploitation Technique,Uncategorized,Phase\nCVE-2024-0001,T1068,,T1190; T1078,,Phase 2\nnonsense,T1\n', knowledge)
  expect(knowledge.facts('CVE-2024-0001').techniques).toEqual(['T1190', 'T1059.001', 'T1068', 'T1078'])
  expect(codes(reading)).toEqual([['line 3', 'cve_invalid']])
})

test('entries deeper than any stack cost themselves', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const nodes = `${'{"children":['.repeat(100_000)}${']}'.repeat(100_000)}`
  for (const kind of ['kev', 'vulnrichment', 'nvd', 'osv', 'attack', 'debian'] as const) {
    const reader = createKnowledge().open(kind, kind === 'kev' || kind === 'debian' || kind === 'attack' ? 'document' : 'lines')
    reader.write(kind === 'kev' || kind === 'attack' ? `{"catalogVersion":"1","list":[{"cveID":${deep},"capability_id":${deep}},{"cveID":"CVE-2024-0001","capability_id":"CVE-2024-0001"}]}` : kind === 'debian' ? `{"x":{"CVE-2024-0001":{"releases":${deep}}}}`
      : `{"cve":${deep},"id":${deep}}\n{"cve":"CVE-2024-0001","id":"X","ssvc":{"Exploitation":${deep}},"configurations":[${nodes}],"affected":${deep}}\n{"cve":"CVE-2024-0002","ssvc":{},"configurations":[],"id":"Y","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1.0.0"]}]}`)
    const { taken, rejections } = reader.end()
    expect([kind, taken, rejections > 0]).toEqual([kind, kind === 'debian' ? 0 : 1, true])
  }
})

test('any text in any feed is counted and never fails', () => {
  const kinds: readonly (readonly [FeedKind, FeedForm])[] = [['kev', 'document'], ['epss', 'lines'], ['attack', 'document'], ['attack', 'lines'], ['vulnrichment', 'lines'], ['nvd', 'lines'], ['nvd', 'document'], ['osv', 'lines'], ['osv', 'document'], ['debian', 'document']]
  const json = fc.jsonValue().map((value) => JSON.stringify(value))
  fc.assert(fc.property(fc.constantFrom(...kinds), fc.oneof(fc.string(), json, fc.array(json).map((lines) => lines.join('\n'))), ([kind, form], text) => {
    const { reading } = read(kind, form, text)
    expect(reading.taken + reading.rejections).toBeGreaterThan(0)
  }), { numRuns: 1_000 })
})
