// One entry of each feed, from whoever publishes it. Each reader takes parsed JSON (or the cells of a line), and throws EntryProblem for what it cannot take.
import { readCpe } from '../cpe/name.ts'
import type { CpeName } from '../cpe/name.ts'
import type { Configurations, Criterion, Node } from '../cpe/applicability.ts'
import type { VulnerabilityFacts } from '../decision/model.ts'
import { excerpt, named, RiskProblem } from '../problem.ts'
import { EntryProblem } from './reading.ts'

export type Fields = Readonly<Record<string, unknown>>
export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value as readonly unknown[] : [])
const textsOf = (value: unknown): readonly string[] => listOf(value).filter((one) => typeof one === 'string')

const mostValues = 64

export function fieldsOf(value: unknown): Fields {
  if (!isFields(value)) throw new EntryProblem('entry_malformed', 'an entry is a JSON object')
  return value
}

export function cveOf(value: unknown): string {
  if (typeof value !== 'string' || !/^CVE-\d{4}-\d{4,19}$/i.test(value)) throw new EntryProblem('cve_invalid', `${excerpt(named(value))} is no CVE identifier`)
  return value.toUpperCase()
}
export const cwesOf = (value: unknown): readonly string[] => [...new Set(textsOf(value).filter((one) => /^CWE-\d{1,5}$/.test(one)))].slice(0, mostValues)
const techniquePattern = /^T\d{4}(?:\.\d{3})?$/

/** Milliseconds of the beginning of a day, or null. */
export function dayOrNull(value: unknown): number | null {
  const milliseconds = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value.slice(0, 10)) : Number.NaN
  return Number.isNaN(milliseconds) ? null : milliseconds
}

export type KevEntry = { readonly cve: string; readonly added: number | null; readonly ransomware: boolean; readonly cwe: readonly string[] }
/** CISA KEV catalogue, schema known_exploited_vulnerabilities_schema.json. A wrong date does not make a CVE unlisted. */
export function kevEntry(value: unknown): KevEntry {
  const fields = fieldsOf(value)
  return { cve: cveOf(fields['cveID']), added: dayOrNull(fields['dateAdded']), ransomware: fields['knownRansomwareCampaignUse'] === 'Known', cwe: cwesOf(fields['cwes']) }
}

const decimal = /^(?:0(?:\.\d{1,12})?|1(?:\.0{1,12})?|\d(?:\.\d{1,12})?e-\d{1,2})$/i
/** FIRST EPSS: probability and percentile, 0 to 1. */
export function epssShare(value: string | undefined, name: string): number {
  if (value === undefined || !decimal.test(value)) throw new EntryProblem('value_invalid', `${name} has to be a number from 0 to 1; this is ${excerpt(value ?? '')}`)
  return Number(value)
}

export type Enrichment = { readonly cve: string; readonly ssvc: VulnerabilityFacts['ssvc']; readonly cvss: readonly string[]; readonly cwe: readonly string[]; readonly kevAdded: number | null }

/** CISA vulnrichment: a CVE record (CVE JSON 5), or the short form of one line a CVE with ssvc, cvss_adp, cvss_cna, cwe_adp, cwe_cna, kev. */
export function enrichmentEntry(value: unknown): Enrichment {
  const fields = fieldsOf(value)
  if (isFields(fields['cveMetadata'])) return enrichmentOfRecord(cveOf(fields['cveMetadata']['cveId']), fields)
  const cve = cveOf(fields['cve'])
  const vectors = [...listOf(fields['cvss_adp']), ...listOf(fields['cvss_cna'])].flatMap((one) => (isFields(one) && typeof one['vector'] === 'string' ? [one['vector']] : []))
  return { cve, ssvc: ssvcOf(fields['ssvc']), cvss: vectors.slice(0, mostValues), cwe: cwesOf([...listOf(fields['cwe_adp']), ...listOf(fields['cwe_cna'])]), kevAdded: dayOrNull(fields['kev']) }
}

function enrichmentOfRecord(cve: string, record: Fields): Enrichment {
  const containers = isFields(record['containers']) ? record['containers'] : {}
  let ssvc: VulnerabilityFacts['ssvc'] = null
  let kevAdded: number | null = null
  const vectors: string[] = []
  const cwes: unknown[] = []
  for (const container of [...listOf(containers['adp']), containers['cna']].filter(isFields)) {
    for (const metric of listOf(container['metrics']).filter(isFields)) {
      for (const name of ['cvssV4_0', 'cvssV3_1', 'cvssV3_0', 'cvssV2_0']) {
        const cvss = metric[name]
        if (isFields(cvss) && typeof cvss['vectorString'] === 'string') vectors.push(cvss['vectorString'])
      }
      const other = metric['other']
      if (!isFields(other) || !isFields(other['content'])) continue
      // Options come as a list of objects with one name each.
      if (other['type'] === 'ssvc') ssvc = ssvcOf(Object.assign({}, ...listOf(other['content']['options']).filter(isFields)))
      if (other['type'] === 'kev') kevAdded = dayOrNull(other['content']['dateAdded'])
    }
    for (const problem of listOf(container['problemTypes']).filter(isFields)) for (const one of listOf(problem['descriptions']).filter(isFields)) cwes.push(one['cweId'])
  }
  return { cve, ssvc, cvss: vectors.slice(0, mostValues), cwe: cwesOf(cwes), kevAdded }
}

/** Answers that are none of the words of SSVC are refused, not guessed. */
function ssvcOf(value: unknown): VulnerabilityFacts['ssvc'] {
  if (value === undefined || value === null) return null
  const fields = fieldsOf(value)
  const answer = <T>(name: string, words: Readonly<Record<string, T>>): T | null => {
    const found = fields[name]
    if (found === undefined || found === null) return null
    const word = typeof found === 'string' ? found.toLowerCase() : ''
    if (!Object.hasOwn(words, word)) throw new EntryProblem('value_invalid', `${name} is one of ${Object.keys(words).join(', ')}; this is ${excerpt(named(found))}`)
    return words[word]!
  }
  return {
    exploitation: answer('Exploitation', { none: 'none', poc: 'poc', active: 'active' } as const), automatable: answer('Automatable', { yes: true, no: false }),
    technicalImpact: answer('Technical Impact', { partial: 'partial', total: 'total' } as const),
  }
}

export type AttackEntry = { readonly cve: string; readonly techniques: readonly string[] }
/** CTID Mappings Explorer, a mapping object of the KEV mapping. What is not mapped to a technique names none. */
export function attackEntry(value: unknown): AttackEntry {
  const fields = fieldsOf(value)
  const technique = fields['attack_object_id']
  if (technique === null || technique === undefined || technique === '') return { cve: cveOf(fields['capability_id']), techniques: [] }
  if (typeof technique !== 'string' || !techniquePattern.test(technique)) throw new EntryProblem('value_invalid', `${excerpt(named(technique))} is no ATT&CK technique`)
  return { cve: cveOf(fields['capability_id']), techniques: [technique] }
}
/** CTID's older list: a line a CVE, columns of techniques parted by `;`. */
export const techniquesIn = (cells: readonly string[]): readonly string[] => [...new Set(cells.flatMap((cell) => cell.split(';').map((one) => one.trim()).filter((one) => techniquePattern.test(one))))]

export type NvdEntry = { readonly cve: string; readonly configurations: Configurations; readonly cvss: readonly string[]; readonly cwe: readonly string[] }
const mostNodes = 10_000

/** A CVE of the NVD API 2.0 (bare, or as `{"cve": {...}}`), or of a file of overrides with `cve` and `configurations`. */
export function nvdEntry(value: unknown, intern: (text: string) => CpeName): NvdEntry {
  const outer = fieldsOf(value)
  const fields = isFields(outer['cve']) ? outer['cve'] : outer
  const cve = cveOf(typeof fields['cve'] === 'string' ? fields['cve'] : fields['id'])
  let left = mostNodes
  const nodeOf = (one: unknown, depth: number): Node => {
    if (!isFields(one) || depth > 8) throw new EntryProblem('entry_malformed', depth > 8 ? 'nodes are nested more than 8 deep' : 'a node is an object')
    const operator = one['operator'] ?? 'OR'
    if (operator !== 'AND' && operator !== 'OR') throw new EntryProblem('value_invalid', `an operator is AND or OR; this is ${excerpt(named(operator))}`)
    const criteria = listOf(one['cpeMatch'] ?? one['cpe_match']).map((each) => criterionOf(each, intern))
    const children = [...listOf(one['nodes']), ...listOf(one['children'])].map((each) => nodeOf(each, depth + 1))
    left -= criteria.length + 1
    if (left < 0) throw new EntryProblem('entry_too_large', `more than ${mostNodes} nodes and criteria`)
    // A node with one child and nothing else says what the child says.
    const [child] = children
    return criteria.length === 0 && children.length === 1 && child !== undefined && one['negate'] !== true ? child : { operator, negate: one['negate'] === true, criteria, children }
  }
  const metrics = isFields(fields['metrics']) ? Object.values(fields['metrics']).flatMap(listOf) : []
  return {
    cve, configurations: listOf(fields['configurations']).map((one) => nodeOf(one, 0)),
    cvss: metrics.flatMap((one) => (isFields(one) && isFields(one['cvssData']) && typeof one['cvssData']['vectorString'] === 'string' ? [one['cvssData']['vectorString']] : [])).slice(0, mostValues),
    cwe: cwesOf(listOf(fields['weaknesses']).filter(isFields).flatMap((one) => listOf(one['description']).filter(isFields).map((each) => each['value']))),
  }
}

function criterionOf(value: unknown, intern: (text: string) => CpeName): Criterion {
  if (!isFields(value) || typeof value['criteria'] !== 'string') throw new EntryProblem('entry_malformed', 'a criterion has a CPE name under criteria')
  const bound = (name: string): string | null => {
    const text = value[name]
    if (text === undefined || text === null || text === '') return null
    if (typeof text !== 'string' || text.length > 256) throw new EntryProblem('value_invalid', `${name} is no version`)
    return text
  }
  const [fromIncluded, fromExcluded, toIncluded, toExcluded] = [bound('versionStartIncluding'), bound('versionStartExcluding'), bound('versionEndIncluding'), bound('versionEndExcluding')]
  let name: CpeName
  try {
    name = intern(value['criteria'])
  } catch (error) {
    if (error instanceof RiskProblem) throw new EntryProblem('cpe_invalid', error.message)
    throw error
  }
  return { name, vulnerable: value['vulnerable'] !== false, from: fromIncluded ?? fromExcluded, fromIncluded: fromIncluded !== null, to: toIncluded ?? toExcluded, toIncluded: toIncluded !== null }
}

/** Reads a name once, however often it stands in a feed. */
export function cpeInterner(): (text: string) => CpeName {
  const names = new Map<string, CpeName>()
  const values = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined) return known
    const name = readCpe(text).map((value) => {
      const same = values.get(value)
      if (same !== undefined) return same
      values.set(value, value)
      return value
    })
    names.set(text, name)
    return name
  }
}
