// What is known about vulnerabilities, from feeds that arrive in pieces. A feed that is broken costs what is broken in it; what it does not hold counts as absent only where it was whole.
// Defended by knowledge.test.ts and tests/conformance/risk/knowledge.test.ts (all feeds of the corpus, whole and broken).
import { applicability, matches } from '../cpe/applicability.ts'
import type { Configurations, Criterion, Node } from '../cpe/applicability.ts'
import { fits, patternOf, plain, readCpe, writeCpe } from '../cpe/name.ts'
import type { Pattern } from '../cpe/name.ts'
import type { VulnerabilityFacts } from '../decision/model.ts'
import { openAdvisories } from '../package/advisories.ts'
import type { Advisories } from '../package/advisories.ts'
import { attackEntry, cpeInterner, cveOf, enrichmentEntry, epssShare, isFields, kevEntry, nvdEntry, techniquesIn } from './entries.ts'
import type { Enrichment, KevEntry } from './entries.ts'
import { elementFramer, lineFramer, wholeFramer } from './framing.ts'
import type { Frame, Framer } from './framing.ts'
import { EntryProblem, longestEntry, Tally } from './reading.ts'
import type { FeedKind, FeedReading } from './reading.ts'

/** `lines`: one entry a line (NDJSON, CSV). `document`: one JSON document whose list holds the entries. */
export type FeedForm = 'lines' | 'document'
export type FeedReader = {
  /** Text in pieces of any size. */
  write(piece: string): void
  /** `truncated` where the source knows that it ended early (a broken archive, a lost connection). */
  end(options?: { readonly truncated?: boolean }): FeedReading
}

export type CpeMatch = {
  readonly cve: string
  readonly applies: 'yes' | 'possible'
  /** The criterion that names the product: its CPE name and range, for people. */
  readonly criterion: string
}

export type Knowledge = {
  /** Adds a feed. What an earlier feed of the same kind said of the same CVE stays; the later one is a duplicate. */
  open(kind: FeedKind, form: FeedForm): FeedReader
  /** What all feeds say of a CVE. Never null: what nobody said is null inside. */
  facts(cve: string): VulnerabilityFacts
  /** CVEs whose CPE ranges hold one of the products of an asset: `cpe:2.3:...` or `cpe:/...`. Throws RiskProblem cpe_invalid. */
  affecting(cpes: readonly string[]): readonly CpeMatch[]
  /** Statements of distributions and package ecosystems. */
  readonly advisories: Advisories
  readonly readings: readonly FeedReading[]
  counts(): Readonly<Record<'kev' | 'epss' | 'enriched' | 'statements' | 'criteria' | 'mapped', number>>
}

type Statement = { readonly cve: string; readonly configurations: Configurations; readonly cvss: readonly string[]; readonly cwe: readonly string[] }

/** The criteria of a statement that call one product vulnerable. */
type Mention = { readonly statement: Statement; readonly criteria: readonly Criterion[] }

export function createKnowledge(): Knowledge {
  const kev = new Map<string, KevEntry>()
  const epss = new Map<string, readonly [probability: number, percentile: number, at: number | null]>()
  const enriched = new Map<string, Enrichment>()
  const techniques = new Map<string, string[]>()
  const statements = new Map<string, Statement>()
  /** By `vendor product` of what is vulnerable; those whose vendor or product has wildcards apart. */
  const byProduct = new Map<string, Mention[]>()
  const byPattern: { readonly vendor: Pattern; readonly product: Pattern; readonly mention: Mention }[] = []
  const intern = cpeInterner()
  const readings: FeedReading[] = []
  const advisories = openAdvisories()
  let criteria = 0

  function index(statement: Statement): void {
    const mentions = new Map<string, Criterion[]>()
    for (const criterion of criteriaOf(statement.configurations)) {
      criteria += 1
      if (!criterion.vulnerable) continue
      const key = `${criterion.name[1]} ${criterion.name[2]}`
      const list = mentions.get(key)
      if (list === undefined) mentions.set(key, [criterion])
      else list.push(criterion)
    }
    for (const [key, named] of mentions) {
      const [, vendorValue = '', productValue = ''] = named[0]!.name
      const [vendor, product] = [patternOf(vendorValue), patternOf(productValue)]
      const mention: Mention = { statement, criteria: named }
      if (vendor !== null || product !== null || vendorValue === '*' || productValue === '*') {
        byPattern.push({ vendor: vendor ?? exactly(vendorValue), product: product ?? exactly(productValue), mention })
        continue
      }
      const list = byProduct.get(key)
      if (list === undefined) byProduct.set(key, [mention])
      else list.push(mention)
    }
  }

  /** Takes one parsed entry of a feed. Throws EntryProblem. */
  const takers: Readonly<Record<Exclude<FeedKind, 'epss'>, (value: unknown) => void>> = {
    kev: (value) => once(kev, kevEntry(value)),
    vulnrichment: (value) => once(enriched, enrichmentEntry(value)),
    attack: (value) => {
      const entry = attackEntry(value)
      const known = techniques.get(entry.cve)
      if (known === undefined) techniques.set(entry.cve, [...entry.techniques])
      else for (const technique of entry.techniques) if (!known.includes(technique)) known.push(technique)
    },
    nvd: (value) => {
      const statement = nvdEntry(value, intern)
      once(statements, statement)
      index(statement)
    },
    osv: (value) => advisories.addOsv(value),
    debian: (value) => advisories.addDebian(value),
  }

  function open(kind: FeedKind, form: FeedForm): FeedReader {
    const tally = new Tally()
    const entry = (frame: Frame, place: string, take: () => void) => {
      try {
        if (frame.tooLong) throw new EntryProblem('entry_too_large', `an entry has at most ${longestEntry} characters`)
        take()
        tally.taken += 1
      } catch (error) {
        if (error instanceof SyntaxError) tally.reject(place, 'entry_not_json', error.message.slice(0, 200))
        else if (error instanceof EntryProblem) tally.reject(place, error.code, error.message)
        else throw error
      }
    }
    let framer: Framer
    if (kind === 'epss') framer = csvOfEpss(tally, entry, (cve, values) => once(epss, { cve }, values))
    else if (kind === 'attack' && form === 'lines') framer = csvOfAttack(entry, (cve, found) => techniques.set(cve, [...new Set([...techniques.get(cve) ?? [], ...found])]))
    else if (form === 'document' && (kind === 'debian' || kind === 'osv')) framer = wholeFramer((frame) => entry(frame, 'the document', () => eachOf(JSON.parse(frame.text)).forEach(takers[kind])))
    else if (form === 'lines') framer = lineFramer((frame) => entry(frame, `line ${frame.number}`, () => takers[kind](JSON.parse(frame.text))))
    else {
      framer = elementFramer((frame) => {
        if (frame.number === 0) header(kind, frame, tally)
        else entry(frame, `entry ${frame.number}`, () => takers[kind](JSON.parse(frame.text)))
      })
    }
    return {
      write: (piece) => framer.write(piece),
      end: ({ truncated = false } = {}) => {
        const { whole } = framer.end()
        if (truncated || !whole) {
          tally.whole = false
          tally.reject('the end', 'feed_truncated', 'the feed ends in the middle of something; what came before it was taken')
        } else if (tally.taken === 0 && tally.rejections === 0) {
          tally.whole = false
          tally.reject('the beginning', 'feed_wrong_type', `there is no entry of ${kind} in it`)
        }
        const reading = tally.done(kind)
        readings.push(reading)
        return reading
      },
    }
  }

  const complete = (kind: FeedKind): boolean => readings.some((reading) => reading.kind === kind && reading.complete)

  return {
    open, advisories, readings,
    counts: () => ({ kev: kev.size, epss: epss.size, enriched: enriched.size, statements: statements.size, criteria, mapped: techniques.size }),
    facts(cve) {
      const listed = kev.get(cve)
      const more = enriched.get(cve)
      const statement = statements.get(cve)
      const scored = epss.get(cve)
      return {
        // What CISA enriched as listed is listed, whatever became of the catalogue; not listed is only what a whole catalogue does not hold.
        kev: listed !== undefined ? { listed: true, added: listed.added, ransomware: listed.ransomware } : typeof more?.kevAdded === 'number' ? { listed: true, added: more.kevAdded, ransomware: false } : complete('kev') ? { listed: false } : null,
        epss: scored === undefined ? null : { probability: scored[0], percentile: scored[1], at: scored[2] },
        cvss: united(more?.cvss, statement?.cvss), ssvc: more?.ssvc ?? null, cwe: united(listed?.cwe, more?.cwe, statement?.cwe), techniques: techniques.get(cve) ?? [],
      }
    },
    affecting(cpes) {
      const products = cpes.map(readCpe)
      const candidates = new Set<Statement>()
      for (const product of products) {
        const consider = ({ statement, criteria: named }: Mention) => {
          // Most of what names the product names other versions of it: the rest of the statement need not be asked.
          if (!candidates.has(statement) && named.some((criterion) => matches(criterion, product) > 0)) candidates.add(statement)
        }
        for (const mention of byProduct.get(`${product[1]} ${product[2]}`) ?? []) consider(mention)
        const [vendor, name] = [plain(product[1]!), plain(product[2]!)]
        for (const { vendor: wantedVendor, product: wantedName, mention } of byPattern) if (fits(wantedVendor, vendor) && fits(wantedName, name)) consider(mention)
      }
      const found: CpeMatch[] = []
      for (const { cve, configurations } of candidates) {
        const { applies, criterion } = applicability(configurations, products)
        if (applies !== 'no' && criterion !== null) found.push({ cve, applies, criterion: writeCriterion(criterion) })
      }
      return found
    },
  }
}

/** A file of OSV holds one record or a list of them. */
const eachOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value as readonly unknown[] : [value])

function once<T extends { readonly cve: string }>(into: Map<string, T>, entry: T): void
function once<V>(into: Map<string, V>, entry: { readonly cve: string }, value: V): void
function once(into: Map<string, unknown>, entry: { readonly cve: string }, value: unknown = entry): void {
  if (into.has(entry.cve)) throw new EntryProblem('entry_duplicate', `${entry.cve} stands there already; the first one counts`)
  into.set(entry.cve, value)
}

/** What the document says of itself, and whether its list is there and of the stated length. */
function header(kind: FeedKind, { text, tooLong }: Frame, tally: Tally): void {
  let value: unknown = null
  try {
    value = tooLong ? null : JSON.parse(text)
  } catch {
    // A document that ends early is told by the framer.
  }
  if (!isFields(value)) return
  if (kind !== 'kev') return
  if (typeof value['catalogVersion'] === 'string') tally.stated = value['catalogVersion'].slice(0, 80)
  else {
    tally.whole = false
    tally.reject('header', 'feed_wrong_type', 'a KEV catalogue has catalogVersion')
  }
  const count = value['count']
  if (typeof count === 'number' && count > tally.taken + tally.rejections) {
    tally.whole = false
    tally.reject('header', 'feed_truncated', `the catalogue says that it has ${count} entries; there are ${tally.taken + tally.rejections}`)
  }
}

type Entry = (frame: Frame, place: string, take: () => void) => void

/** FIRST's CSV: a comment `#model_version:v2025.03.14,score_date:2025-10-01T12:55:00Z`, then cve, epss, percentile by name in any order; more columns do not disturb. */
function csvOfEpss(tally: Tally, entry: Entry, take: (cve: string, values: readonly [number, number, number | null]) => void): Framer {
  let columns: readonly string[] | null = null
  let at: number | null = null
  return lineFramer((frame) => {
    const line = frame.text.replace(/^\uFEFF/, '').trimEnd()
    if (columns === null && line.startsWith('#')) {
      tally.stated = line.slice(1, 200)
      at = timeOrNull(/score_date:([^,]+)/.exec(line)?.[1])
      return
    }
    const cells = line.split(',')
    if (columns === null) {
      columns = cells.map((cell) => cell.trim().toLowerCase())
      if (columns.includes('cve') && columns.includes('epss')) return
      tally.whole = false
      tally.reject(`line ${frame.number}`, 'feed_wrong_type', 'the columns of EPSS are cve, epss and percentile')
      return
    }
    const cell = (name: string): string | undefined => cells[columns?.indexOf(name) ?? -1]
    entry(frame, `line ${frame.number}`, () => take(cveOf(cell('cve')), [epssShare(cell('epss'), 'epss'), columns?.includes('percentile') === true ? epssShare(cell('percentile'), 'percentile') : 0, at]))
  })
}
const timeOrNull = (text: string | undefined): number | null => {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text.replace(/\+0000$/, 'Z'))
  return Number.isNaN(milliseconds) ? null : milliseconds
}

/** CTID's CSV: CVE ID, then columns of techniques. */
function csvOfAttack(entry: Entry, take: (cve: string, techniques: readonly string[]) => void): Framer {
  return lineFramer((frame) => {
    const [id = '', ...cells] = frame.text.replace(/^\uFEFF/, '').trimEnd().split(',')
    if (frame.number > 1) entry(frame, `line ${frame.number}`, () => take(cveOf(id.trim()), techniquesIn(cells)))
  })
}

function* criteriaOf(nodes: readonly Node[]): Generator<Criterion> {
  for (const node of nodes) {
    yield* node.criteria
    yield* criteriaOf(node.children)
  }
}
const exactly = (value: string): Pattern => (value === '*' ? { front: Infinity, text: '', behind: Infinity } : { front: 0, text: plain(value), behind: 0 })
const united = (...lists: readonly (readonly string[] | undefined)[]): readonly string[] => [...new Set(lists.flatMap((list) => list ?? []))]

function writeCriterion({ name, from, fromIncluded, to, toIncluded }: Criterion): string {
  const range = [from === null ? '' : `${fromIncluded ? '>=' : '>'} ${from}`, to === null ? '' : `${toIncluded ? '<=' : '<'} ${to}`].filter((part) => part !== '').join(', ')
  const text = writeCpe(name).replace(/(?::\*)+$/, '')
  return range === '' ? text : `${text} ${range}`
}
