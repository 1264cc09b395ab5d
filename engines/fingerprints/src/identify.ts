// A banner against databases of fingerprints. The first fingerprint that matches counts, exactly as if all were tried in their order; literals that a match
// cannot do without only spare trying. Defended by identify.test.ts (against the plain loop) and recog.integration.test.ts.
import { PatternError, createLiteralSet } from '@haechi/patterns'
import type { LiteralSet, RegexMatch } from '@haechi/patterns'
import { cpeWord, formatCpe, parseCpeTemplate, remapped, splitVersion } from './cpe.ts'
import type { CpePart } from './cpe.ts'
import { distributionBuild } from './distribution.ts'
import type { Confidence, Cpe, CpeNames, Database, Fingerprint, Identification, Param, Product } from './model.ts'
import { bannerText, placeholders } from './recog.ts'

export type Identifier = {
  /** In the order in which they are asked. */
  readonly databases: readonly Database[]
  /** By the first match in the databases of this name (`ssh.banner`, or the file's `ssh_banners`); null: none, or there is no such database. */
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
    else for (const text of new Set(texts.map((each) => each.toLowerCase()))) literals.set(text, [...(literals.get(text) ?? []), number])
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

function identification(database: Database, fingerprint: Fingerprint, found: RegexMatch, text: string, truncated: boolean, names: CpeNames): Identification {
  const params = paramsOf(fingerprint.params, found, database.protocol)
  const product = (prefix: string, part: CpePart): Product | null => productOf(database, fingerprint, params, prefix, part, found, names)
  const sides = { service: product('service', 'a'), os: product('os', 'o'), hardware: product('hw', 'h'), component: product('service.component', 'a') }
  const surest = Object.values(sides).filter((side) => side !== null).toSorted((a, b) => b.confidence.value - a.confidence.value)[0]
  return {
    database: database.name, matched: fingerprint.description, line: fingerprint.line, params, ...sides, build: distributionBuild(text),
    confidence: surest?.confidence ?? confidenceOf(database, fingerprint, null, false), truncated,
  }
}

/** As Recog: groups by number, fixed values with other params put in; a version that is missing in a CPE is `-`, and any other text that lacks a param is left out. */
function paramsOf(params: readonly Param[], found: RegexMatch, protocol: string | null): Record<string, string> {
  const templates = new Map(params.map((param) => [param.name, param]))
  const values = new Map<string, string | null>()
  const valueOf = (name: string): string | null => {
    const known = values.get(name)
    if (known !== undefined) return known
    const param = templates.get(name)
    const value = param === undefined ? null : param.position > 0 ? found.groups[param.position] ?? null : filled(param.value, name.endsWith('.cpe23'), valueOf)
    values.set(name, value)
    return value
  }
  const result: [string, string][] = []
  for (const name of templates.keys()) {
    const value = valueOf(name)
    if (value !== null && !name.startsWith('_tmp.')) result.push([name, value])
  }
  if (protocol !== null && !templates.has('service.protocol')) result.push(['service.protocol', protocol])
  return Object.fromEntries(result)
}

function filled(template: string, cpe: boolean, valueOf: (name: string) => string | null): string | null {
  if (!template.includes('{')) return template
  let lacking = false
  const text = template.replace(placeholders, (_, name: string) => {
    const value = valueOf(name)
    if (value !== null) return value
    if (!cpe || !name.endsWith('.version')) lacking = true
    return '-'
  })
  return lacking ? null : text.slice(0, MAX_VALUE)
}

function productOf(database: Database, fingerprint: Fingerprint, params: Readonly<Record<string, string>>, prefix: string, part: CpePart, found: RegexMatch, names: CpeNames): Product | null {
  const value = (name: string): string | null => {
    const text = Object.hasOwn(params, `${prefix}.${name}`) ? params[`${prefix}.${name}`]?.trim() ?? '' : ''
    return text === '' ? null : text
  }
  const vendor = value('vendor')
  const product = value('product')
  if (vendor === null && product === null && value('family') === null && value('device') === null) return null
  const fullVersion = value('version')
  const split = fullVersion === null ? null : splitVersion(fullVersion)
  const update = value('version.version') ?? split?.update ?? null
  const version = split?.version ?? null
  return {
    vendor, product, version, update, fullVersion, family: value('family'), edition: value('edition'), device: value('device'),
    cpe: cpeOf(fingerprint, prefix, part, params, { vendor, product, version, update }, found, names), confidence: confidenceOf(database, fingerprint, params[`${prefix}.certainty`] ?? null, version !== null),
  }
}

function cpeOf(fingerprint: Fingerprint, prefix: string, part: CpePart, params: Readonly<Record<string, string>>, said: { vendor: string | null; product: string | null; version: string | null; update: string | null }, found: RegexMatch, names: CpeNames): Cpe | null {
  const param = fingerprint.params.find(({ name }) => name === `${prefix}.cpe23`)
  const template = param === undefined ? null : parseCpeTemplate(param.position === 0 ? param.value : found.groups[param.position] ?? '')
  if (template !== null) {
    const [vendor = null, product = null, version = null, update = null, edition = null, language = null] = template.components
    const put = (text: string | null): string | null => text?.replace(placeholders, (_, name: string) => params[name] ?? '-') ?? null
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
/** Recog's own default where a fingerprint says nothing. */
const DEFAULT_CERTAINTY = 0.85

function confidenceOf(database: Database, fingerprint: Fingerprint, certainty: string | null, versioned: boolean): Confidence {
  const own = certainty === null ? Number.NaN : Number(certainty)
  const stated = own >= 0 && own <= 1 ? own : fingerprint.certainty
  const [, weight, why] = weights.find(([pattern]) => pattern.test(database.name)) ?? [null, 1, `${database.name} states it`] as const
  const reasons = [stated === null ? `certainty ${DEFAULT_CERTAINTY} (not stated)` : `certainty ${stated} (stated)`, `${why} (x ${weight})`, versioned ? 'with a version' : 'no version (x 0.95)']
  const value = Math.round((stated ?? DEFAULT_CERTAINTY) * weight * (versioned ? 1 : 0.95) * 1_000) / 1_000
  return { value, grade: gradeOf(value), reasons }
}

export const gradeOf = (value: number): Confidence['grade'] => (value >= 0.8 ? 'high' : value >= 0.5 ? 'medium' : 'low')
