// A banner against databases of fingerprints. The first fingerprint that matches counts, exactly as if all were tried in their order; literals that a match
// cannot do without only spare trying. Defended by identify.test.ts (against the plain loop) and recog.integration.test.ts.
import { PatternError, createLiteralSet } from '@haechi/patterns'
import type { LiteralSet, RegexMatch } from '@haechi/patterns'
import { cpeWord, formatCpe, parseCpeTemplate, remapped, splitVersion } from './cpe.ts'
import type { CpePart, CpeTemplate } from './cpe.ts'
import { distributionBuild } from './distribution.ts'
import type { Confidence, Cpe, CpeNames, Database, Fingerprint, Identification, Param, Product } from './model.ts'
import { bannerText, placeholders } from './recog.ts'

export type Identifier = {
  /** In the order in which they are asked. */
  readonly databases: readonly Database[]
  /**
   * By the first match in the databases of this name (`ssh.banner`, or the file's `ssh_banners`); null: none, or there is no such database. A banner that is not
   * known is also looked for without what its protocol puts before it (`SSH-2.0-`, `220 `, `+OK `) and without its line end.
   */
  identify(database: string, banner: string | Uint8Array): Identification | null
  /** The first match of each database (of this `type`: `service` or `util.os`), those with the greatest preference first. */
  all(banner: string | Uint8Array, type?: string): Identification[]
}

/** Characters of a banner that are looked at. */
const MAX_BANNER = 65_536
const MAX_VALUE = 4_096

const noNames: CpeNames = { a: new Map(), o: new Map(), h: new Map() }

/**
 * `cpeNames` (of readFingerprints) lets what has no CPE of its own have a derived one. `exhausted` hears of a fingerprint whose expression used up its budget on a
 * banner; it counts as not matched there.
 */
export function createIdentifier(databases: readonly Database[], options: { readonly cpeNames?: CpeNames; readonly exhausted?: (fingerprint: Fingerprint, database: Database) => void } = {}): Identifier {
  const ordered = databases.toSorted((a, b) => b.preference - a.preference)
  const searches = new Map(ordered.map((database) => [database, search(database)]))
  const byName = Map.groupBy(ordered.flatMap((database) => [...new Set([database.name, database.stem])].map((name) => ({ name, database }))), ({ name }) => name)
  const names = options.cpeNames ?? noNames
  const first = (database: Database, text: string, truncated: boolean): Identification | null => {
    const found = firstIn(database, text, truncated)
    const bare = found === null ? withoutProtocol(database, text) : text
    return bare === text ? found : firstIn(database, bare, truncated)
  }
  const firstIn = (database: Database, text: string, truncated: boolean): Identification | null => {
    const candidates = searches.get(database)?.(text) ?? []
    for (const number of candidates) {
      const fingerprint = database.fingerprints[number]!
      try {
        const found = fingerprint.regex.exec(text)
        if (found !== null) return identification(database, fingerprint, found, text, truncated, names)
      } catch (error) {
        if (!(error instanceof PatternError)) throw error
        options.exhausted?.(fingerprint, database)
      }
    }
    return null
  }
  return {
    databases: ordered,
    identify(name, banner) {
      const { text, truncated } = looked(banner)
      for (const { database } of byName.get(name) ?? []) {
        const found = first(database, text, truncated)
        if (found !== null) return found
      }
      return null
    },
    all(banner, type) {
      const { text, truncated } = looked(banner)
      return ordered.filter((database) => type === undefined || database.type === type).flatMap((database) => first(database, text, truncated) ?? [])
    },
  }
}

/** What the protocol puts before the text that Recog's fingerprints are written for (RFC 4253, 4.2; 959, 4.2; 5321, 4.2; 1939, 3; 9051, 7.1). */
const greetings: readonly (readonly [RegExp, RegExp])[] = [[/^ssh\./, /^SSH-\d\.\d+-/], [/^(?:ftp|smtp|nntp)/, /^\d{3}[ -]/gm], [/^pop3/, /^\+OK ?/], [/^imap4/, /^\* (?:OK|PREAUTH) ?/], [/^http_header\./, /^[A-Za-z-]{3,20}: /]]

/** A banner as it came over the wire, without its protocol's part and its line end. */
function withoutProtocol({ name }: Database, text: string): string {
  const greeting = greetings.find(([database]) => database.test(name))?.[1]
  const end = /[\r\n]{1,8}$/.exec(text.slice(-8))?.[0].length ?? 0
  return greeting === undefined && end === 0 ? text : (greeting === undefined ? text : text.replace(greeting, '')).slice(0, end === 0 ? undefined : -end)
}

function looked(banner: string | Uint8Array): { readonly text: string; readonly truncated: boolean } {
  const truncated = banner.length > MAX_BANNER
  const text = bannerText(truncated ? banner.slice(0, MAX_BANNER) : banner)
  return { text, truncated }
}

/** The numbers of fingerprints that may match, ascending. */
function search(database: Database): (text: string) => readonly number[] {
  const literals = new Map<string, number[]>()
  const always: number[] = []
  for (const [number, { regex }] of database.fingerprints.entries()) {
    const texts = regex.literals?.texts ?? []
    if (texts.length === 0 || texts.includes('')) always.push(number)
    else for (const text of texts) literals.set(text, [...(literals.get(text) ?? []), number])
  }
  if (literals.size === 0) return () => always
  const owners = [...literals.values()]
  const set: LiteralSet = createLiteralSet([...literals.keys()], { ignoreCase: true })
  return (text) => {
    const found = set.find(text)
    if (found.length === 0) return always
    const numbers = new Set(always)
    for (const literal of found) for (const number of owners[literal]!) numbers.add(number)
    return [...numbers].toSorted((a, b) => a - b)
  }
}

/** What of an identification is the same for every banner. */
type Plan = {
  readonly templates: ReadonlyMap<string, Param>
  readonly sides: readonly { readonly side: Side; readonly prefix: string; readonly part: CpePart; /** Of the CPE that is stated as a fixed text. */ readonly cpe: CpeTemplate | null; readonly cpeGroup: number }[]
  readonly confidences: Map<string, Confidence>
}
type Side = 'service' | 'os' | 'hardware' | 'component'
const prefixes: readonly (readonly [Side, string, CpePart])[] = [['service', 'service', 'a'], ['os', 'os', 'o'], ['hardware', 'hw', 'h'], ['component', 'service.component', 'a']]
const naming = ['vendor', 'product', 'family', 'device']

const plans = new WeakMap<Fingerprint, Plan>()
function planOf(fingerprint: Fingerprint): Plan {
  let plan = plans.get(fingerprint)
  if (plan === undefined) {
    const templates = new Map(fingerprint.params.map((param) => [param.name, param]))
    const sides = prefixes.filter(([, prefix]) => naming.some((name) => templates.has(`${prefix}.${name}`))).map(([side, prefix, part]) => {
      const param = templates.get(`${prefix}.cpe23`)
      return { side, prefix, part, cpe: param?.position === 0 ? parseCpeTemplate(param.value) : null, cpeGroup: param?.position ?? 0 }
    })
    plan = { templates, sides, confidences: new Map() }
    plans.set(fingerprint, plan)
  }
  return plan
}

function identification(database: Database, fingerprint: Fingerprint, found: RegexMatch, text: string, truncated: boolean, names: CpeNames): Identification {
  const plan = planOf(fingerprint)
  const params = paramsOf(plan.templates, found, database.protocol)
  const sides: Record<Side, Product | null> = { service: null, os: null, hardware: null, component: null }
  let surest: Confidence | null = null
  for (const side of plan.sides) {
    const product = productOf(database, fingerprint, plan, side, params, found, names)
    sides[side.side] = product
    if (product !== null && product.confidence.value > (surest?.value ?? -1)) surest = product.confidence
  }
  return {
    database: database.name, matched: fingerprint.description, line: fingerprint.line, params, ...sides, build: distributionBuild(text),
    confidence: surest ?? confidenceOf(database, fingerprint, plan, '', false), truncated,
  }
}

/** As Recog: groups by number, fixed values with other params put in; a version that is missing in a CPE is `-`, and any other text that lacks a param is left out. */
function paramsOf(templates: ReadonlyMap<string, Param>, found: RegexMatch, protocol: string | null): Record<string, string> {
  let values: Map<string, string | null> | null = null
  const valueOf = (name: string): string | null => {
    const param = templates.get(name)
    if (param === undefined) return null
    if (param.position > 0) return found.groups[param.position] ?? null
    if (!param.value.includes('{')) return param.value
    values ??= new Map()
    let value = values.get(name)
    if (value === undefined) {
      value = filled(param.value, name.endsWith('.cpe23'), valueOf)
      values.set(name, value)
    }
    return value
  }
  const result: Record<string, string> = {}
  for (const name of templates.keys()) {
    const value = valueOf(name)
    if (value === null || name.startsWith('_tmp.')) continue
    if (name === '__proto__') Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true })
    else result[name] = value
  }
  if (protocol !== null && !templates.has('service.protocol')) result['service.protocol'] = protocol
  return result
}

function filled(template: string, cpe: boolean, valueOf: (name: string) => string | null): string | null {
  let lacking = false
  const text = template.replace(placeholders, (_, name: string) => {
    const value = valueOf(name)
    if (value !== null) return value
    if (!cpe || !name.endsWith('.version')) lacking = true
    return '-'
  })
  return lacking ? null : text.slice(0, MAX_VALUE)
}

function productOf(database: Database, fingerprint: Fingerprint, plan: Plan, side: Plan['sides'][number], params: Readonly<Record<string, string>>, found: RegexMatch, names: CpeNames): Product | null {
  const value = (name: string): string | null => {
    const text = params[`${side.prefix}.${name}`]?.trim() ?? ''
    return text === '' ? null : text
  }
  const [vendor, product, family, device] = [value('vendor'), value('product'), value('family'), value('device')]
  if (vendor === null && product === null && family === null && device === null) return null
  const fullVersion = value('version')
  const split = fullVersion === null ? null : splitVersion(fullVersion)
  const update = value('version.version') ?? split?.update ?? null
  const version = split?.version ?? null
  return {
    vendor, product, version, update, fullVersion, family, edition: value('edition'), device,
    cpe: cpeOf(side, params, { vendor, product, version, update }, found, names), confidence: confidenceOf(database, fingerprint, plan, params[`${side.prefix}.certainty`] ?? '', version !== null),
  }
}

function cpeOf({ part, cpe, cpeGroup }: Plan['sides'][number], params: Readonly<Record<string, string>>, said: { vendor: string | null; product: string | null; version: string | null; update: string | null }, found: RegexMatch, names: CpeNames): Cpe | null {
  const template = cpe ?? (cpeGroup > 0 ? parseCpeTemplate(found.groups[cpeGroup] ?? '') : null)
  if (template !== null) {
    const [vendor = null, product = null, version = null, update = null, edition = null, language = null] = template.components
    const put = (text: string | null): string | null => (text?.includes('{') === true ? text.replace(placeholders, (_, name: string) => (Object.hasOwn(params, name) ? params[name]! : '-')) : text)
    // A CPE without a version stands for what is not known, not for what has none.
    const known = version === '-' || version === null ? null : put(version)
    const split = known === null || known === '-' ? null : splitVersion(known)
    return { origin: 'stated', name: formatCpe({ part: template.part, vendor: put(vendor), product: put(product), version: split?.version ?? null, update: put(update) ?? split?.update ?? (split === null ? null : said.update), edition: put(edition), language: put(language) }) }
  }
  if (said.vendor === null || said.product === null) return null
  const { vendor, product, known } = remapped(names, part, said.vendor, said.product)
  if (!known || cpeWord(vendor) === '' || cpeWord(product) === '') return null
  return { origin: 'derived', name: formatCpe({ part, vendor, product, version: said.version, update: said.update }) }
}

/** How much a kind of banner tells by itself. Our own judgement: what any page may write counts less than what a protocol states. */
const weights: readonly (readonly [RegExp, number, string])[] = [
  [/^tls\.jarm/, 0.5, 'a JARM hash is shared by many'], [/^(?:x509\.|html_title|favicon)/, 0.85, 'a title, icon or certificate can be anything'], [/^http_header\.cookie/, 0.9, 'a cookie tells the application, or what stands before it'],
  [/^(?:dhcp|architecture|mdns)/, 0.9, 'stated by the device about itself, loosely'], [/^smtp\.(?!banner)|^smtp_/, 0.8, 'by the wording of an answer'],
]
/** Where a fingerprint says nothing of its certainty. */
const DEFAULT_CERTAINTY = 0.85

function confidenceOf(database: Database, fingerprint: Fingerprint, { confidences }: Plan, certainty: string, versioned: boolean): Confidence {
  const key = `${versioned ? 'v' : ''}${certainty}`
  let confidence = confidences.get(key)
  if (confidence === undefined) {
    const own = certainty === '' ? Number.NaN : Number(certainty)
    const stated = own >= 0 && own <= 1 ? own : fingerprint.certainty
    const [, weight, why] = weights.find(([pattern]) => pattern.test(database.name)) ?? [null, 1, `${database.name} states it`] as const
    const reasons = [stated === null ? `certainty ${DEFAULT_CERTAINTY} (not stated)` : `certainty ${stated} (stated)`, `${why} (x ${weight})`, versioned ? 'with a version' : 'no version (x 0.95)']
    const value = Math.round((stated ?? DEFAULT_CERTAINTY) * weight * (versioned ? 1 : 0.95) * 1_000) / 1_000
    confidence = { value, grade: gradeOf(value), reasons }
    // A certainty may come from a banner.
    if (confidences.size < 16) confidences.set(key, confidence)
  }
  return confidence
}

export const gradeOf = (value: number): Confidence['grade'] => (value >= 0.8 ? 'high' : value >= 0.5 ? 'medium' : 'low')
