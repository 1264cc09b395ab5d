// Technologies by the rules of content/fingerprints: what an HTTP answer (and the icon, certificate and names that stand by it) shows of the software behind it.
// Several hints raise the confidence together; no value of a cookie leaves here, because it may be somebody's session. Defended by technology.test.ts and, for
// the rules themselves, content/fingerprints/fingerprints.test.ts.
import { PatternError, compileRegex, createLiteralSet } from '@haechi/patterns'
import type { LiteralSet, Regex } from '@haechi/patterns'
import { load } from 'js-yaml'
import { formatCpe, splitVersion } from './cpe.ts'
import type { CpePart } from './cpe.ts'
import { distributionBuild } from './distribution.ts'
import { faviconHashes } from './favicon.ts'
import type { FaviconHashes } from './favicon.ts'
import { gradeOf } from './identify.ts'
import type { Confidence, Cpe, DistributionBuild, Refusal, RefusalCode, SourceFile } from './model.ts'
import { readPage } from './page.ts'
import type { Page } from './page.ts'
import { bannerText, refuser, textOf } from './recog.ts'

/** What is known of one answer. Only `status`, `headers` and `body` are usual; the rest adds hints where it is there. */
export type HttpAnswer = {
  readonly status?: number
  /** Names in any case; several values as a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
  readonly url?: string
  /** Of the site's icon. */
  readonly favicon?: Uint8Array | FaviconHashes
  readonly certificate?: { readonly subject?: string; readonly issuer?: string; readonly names?: readonly string[] }
  /** Answers by type in lower case, such as `cname`. */
  readonly dns?: Readonly<Record<string, readonly string[]>>
}

/** An icon that is known by its hash (`faviconHashes(...).mmh3`) and whose it is said to be. */
export type KnownIcon = { readonly mmh3: number; readonly name: string; /** As in CPEs, where the source states it. */ readonly vendor: string | null; readonly product: string | null }

type Condition = { readonly source: string; readonly regex: Regex }
type Hint = { readonly conditions: readonly Condition[]; /** 0 to 1 */ readonly confidence: number }

export type TechnologyRule = {
  readonly id: string
  readonly name: string
  /** In Korean, where it is another. */
  readonly nameKo: string | null
  readonly category: string
  readonly vendor: string | null
  readonly cpe: { readonly part: CpePart; readonly vendor: string; readonly product: string; readonly targetSoftware: string | null } | null
  readonly hints: readonly Hint[]
  /** Other rules whose technology this one cannot do without. */
  readonly implies: readonly string[]
  /** Other rules that are wrong where this one holds: the product that this one was made from. */
  readonly excludes: readonly string[]
  readonly matches: readonly { readonly answer: HttpAnswer; readonly version: string | null }[]
  readonly misses: readonly HttpAnswer[]
  readonly file: string
  readonly line: number | null
}

export type Technology = {
  readonly id: string
  readonly name: string
  readonly nameKo: string | null
  readonly category: string
  readonly vendor: string | null
  readonly version: string | null
  readonly cpe: Cpe | null
  readonly confidence: Confidence
  /** Where it shows (`header.server`) and what was found there, at most 120 characters; of cookies the name alone. */
  readonly evidence: readonly { readonly source: string; readonly found: string }[]
  /** Ids of those that cannot do without it; it may show nowhere itself. */
  readonly impliedBy: readonly string[]
  readonly build: DistributionBuild | null
}

export type TechnologyIdentifier = {
  /** Surest first. Nothing is thrown for any answer. */
  identify(answer: HttpAnswer): Technology[]
}

const categories = ['web_server', 'application_server', 'proxy', 'cdn', 'waf', 'framework', 'language', 'cms', 'commerce', 'forum', 'wiki', 'panel', 'database', 'monitoring', 'development', 'collaboration', 'storage', 'network_device', 'security', 'analytics', 'script', 'operating_system', 'iot', 'messaging', 'cloud', 'ai', 'other'] as const
const plainSources = new Set(['status', 'headers', 'cookies', 'title', 'script', 'link', 'body', 'url', 'favicon'])
const namedSources = new Set(['header', 'cookie', 'meta', 'json', 'certificate', 'dns'])
const certificateParts = new Set(['subject', 'issuer', 'name'])
const MAX_RULES = 20_000
const MAX_HINTS = 64
const DEFAULT_CONFIDENCE = 80
const IMPLIED = 0.9

/** Rules of files that end in `.yaml` or `.yml`. A rule that cannot be used is refused with its code, and the rest is in force. */
export function readTechnologyRules(files: Iterable<SourceFile>): { readonly rules: readonly TechnologyRule[]; readonly refused: readonly Refusal[] } {
  const rules = new Map<string, TechnologyRule>()
  const refused: Refusal[] = []
  for (const { path, content } of files) {
    if (!/\.ya?ml$/i.test(path)) continue
    const refuse = refuser(path, refused)
    const text = textOf(content, refuse)
    if (text === null) continue
    let document: unknown
    try {
      document = load(text)
    } catch (error) {
      refuse(null, 'yaml_invalid', error instanceof Error ? error.message : '')
      continue
    }
    if (!Array.isArray(document)) {
      refuse(null, 'rule_invalid', 'a file is a list of rules')
      continue
    }
    const lines = linesOfRules(text)
    for (const [at, written] of (document as unknown[]).entries()) {
      const line = lines.length === document.length ? lines[at] ?? null : null
      try {
        const rule = readRule(written, path, line)
        if (rules.has(rule.id)) refuse(line, 'rule_duplicate', `${rule.id} is also in ${rules.get(rule.id)!.file}`)
        else if (rules.size === MAX_RULES) refuse(line, 'too_many', `more than ${MAX_RULES} rules`)
        else rules.set(rule.id, rule)
      } catch (error) {
        if (error instanceof RuleProblem) refuse(line, error.code, error.message)
        else if (error instanceof PatternError) refuse(line, 'pattern_invalid', error.message)
        else throw error
      }
    }
  }
  for (const { id, file, line, implies, excludes } of rules.values()) {
    const unknown = [...implies, ...excludes].find((other) => !rules.has(other) || other === id)
    if (unknown === undefined) continue
    refuser(file, refused)(line, 'rule_invalid', `${id} names the rule ${unknown}, which there is not`)
    rules.delete(id)
  }
  return { rules: [...rules.values()], refused }
}

/** A table of icons as JSON: `{"icons": [{"mmh3", "name", "vendor", "product"}]}`. What is no icon is refused, and the rest is taken. */
export function readIcons({ path, content }: SourceFile): { readonly icons: readonly KnownIcon[]; readonly refused: readonly Refusal[] } {
  const refused: Refusal[] = []
  const refuse = refuser(path, refused)
  const text = textOf(content, refuse)
  let document: unknown
  try {
    document = text === null ? null : JSON.parse(text)
  } catch (error) {
    refuse(null, 'yaml_invalid', error instanceof Error ? error.message : '')
  }
  const written: unknown = isRecord(document) ? document['icons'] : []
  if (!Array.isArray(written)) refuse(null, 'rule_invalid', 'icons is not a list')
  const icons = (Array.isArray(written) ? written as unknown[] : []).filter((icon): icon is KnownIcon => {
    const usable = isRecord(icon) && Number.isInteger(icon['mmh3']) && isText(icon['name']) && [icon['vendor'], icon['product']].every((each) => each === null || isText(each))
    if (!usable) refuse(null, 'rule_invalid', `no icon: ${JSON.stringify(icon).slice(0, 100)}`)
    return usable
  })
  return { icons, refused }
}

class RuleProblem extends Error {
  readonly code: RefusalCode
  constructor(message: string, code: RefusalCode = 'rule_invalid') {
    super(message)
    this.code = code
  }
}

const linesOfRules = (text: string): number[] => text.split('\n').flatMap((line, at) => (line.startsWith('- ') ? [at + 1] : []))
const ruleKeys = new Set(['id', 'name', 'ko', 'category', 'vendor', 'cpe', 'hints', 'implies', 'excludes', 'matches', 'misses'])

function readRule(written: unknown, file: string, line: number | null): TechnologyRule {
  if (!isRecord(written)) throw new RuleProblem('a rule is a map')
  const unknown = Object.keys(written).find((key) => !ruleKeys.has(key))
  if (unknown !== undefined) throw new RuleProblem(`a rule has no ${unknown}`)
  const { id, name, ko, category, vendor, cpe, hints, implies, excludes, matches = [], misses = [] } = written
  if (typeof id !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) throw new RuleProblem('id is missing, or not of lower case letters, digits and -')
  if (typeof name !== 'string' || name === '') throw new RuleProblem(`${id} has no name`)
  if (!categories.some((each) => each === category)) throw new RuleProblem(`category of ${id} is one of ${categories.join(', ')}`)
  if (!Array.isArray(hints) || hints.length === 0 || hints.length > MAX_HINTS) throw new RuleProblem(`${id} needs 1 to ${MAX_HINTS} hints`)
  if (!Array.isArray(matches) || !Array.isArray(misses) || ![...matches, ...misses].every(isRecord)) throw new RuleProblem(`matches and misses of ${id} are lists of answers`)
  return {
    id, name, nameKo: textOrNull(ko), category: String(category), vendor: textOrNull(vendor), cpe: readCpe(id, cpe), hints: (hints as unknown[]).map((hint) => readHint(id, hint)), implies: listOf(id, implies), excludes: listOf(id, excludes),
    matches: (matches as Readonly<Record<string, unknown>>[]).map(({ version, ...answer }) => ({ answer: answerOf(id, answer), version: version === undefined ? null : String(version as string | number) })),
    misses: (misses as Readonly<Record<string, unknown>>[]).map((answer) => answerOf(id, answer)), file, line,
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
function listOf(id: string, value: unknown): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) throw new RuleProblem(`implies and excludes of ${id} are lists of ids`)
  return value
}

function readCpe(id: string, value: unknown): TechnologyRule['cpe'] {
  if (value === undefined) return null
  const [part = '', vendor = '', product = '', targetSoftware] = typeof value === 'string' ? value.split(':') : []
  if (!/^[aoh]$/.test(part) || vendor === '' || product === '') throw new RuleProblem(`cpe of ${id} is part:vendor:product or part:vendor:product:target_sw`, 'cpe_invalid')
  return { part: part as CpePart, vendor, product, targetSoftware: targetSoftware ?? null }
}

function readHint(id: string, written: unknown): Hint {
  if (!isRecord(written)) throw new RuleProblem(`a hint of ${id} is a map from a source to an expression`)
  const { confidence = DEFAULT_CONFIDENCE, ...conditions } = written
  if (typeof confidence !== 'number' || confidence < 1 || confidence > 100) throw new RuleProblem(`confidence of ${id} is 1 to 100`)
  const sources = Object.entries(conditions)
  if (sources.length === 0) throw new RuleProblem(`a hint of ${id} has no source`)
  return {
    confidence: confidence / 100,
    conditions: sources.map(([source, expression]) => {
      const at = source.indexOf('.')
      const [kind, name] = at === -1 ? [source, null] : [source.slice(0, at), source.slice(at + 1)]
      const known = name === null ? plainSources.has(kind) : namedSources.has(kind) && name !== '' && (kind !== 'certificate' || certificateParts.has(name)) && (kind !== 'json' || name.startsWith('/'))
      if (!known) throw new RuleProblem(`${id} names the source ${source}, which there is not`)
      if (typeof expression !== 'string' && typeof expression !== 'number') throw new RuleProblem(`${source} of ${id} is an expression`)
      return { source: kind === 'json' ? source : source.toLowerCase(), regex: compileRegex(String(expression), { caseInsensitive: true }) }
    }),
  }
}

function answerOf(id: string, written: Readonly<Record<string, unknown>>): HttpAnswer {
  const favicon = written['favicon']
  const answer = { ...written, ...(typeof favicon === 'number' ? { favicon: { md5: '', mmh3: favicon } } : typeof favicon === 'string' ? { favicon: { md5: favicon, mmh3: 0 } } : {}) }
  const problem = answerProblem(answer)
  if (problem !== null) throw new RuleProblem(`a sample of ${id}: ${problem}`)
  return answer
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What keeps a value from outside from being an HttpAnswer; null: nothing does. */
export function answerProblem(value: unknown): string | null {
  if (!isRecord(value)) return 'not an object'
  const known = new Set(['status', 'headers', 'body', 'url', 'favicon', 'certificate', 'dns'])
  const unknown = Object.keys(value).find((key) => !known.has(key))
  if (unknown !== undefined) return `there is no ${unknown} in an answer`
  const { status, headers, body, url, favicon, certificate, dns } = value
  const texts = (each: unknown): boolean => isText(each) || (Array.isArray(each) && each.every(isText))
  if (status !== undefined && !Number.isInteger(status)) return 'status is not a number'
  if (headers !== undefined && !(isRecord(headers) && Object.values(headers).every(texts))) return 'headers is not a map of texts or lists of them'
  if (body !== undefined && !isText(body) && !(body instanceof Uint8Array)) return 'body is not a text'
  if (url !== undefined && !isText(url)) return 'url is not a text'
  if (favicon !== undefined && !(favicon instanceof Uint8Array) && !(isRecord(favicon) && isText(favicon['md5']) && Number.isInteger(favicon['mmh3']))) return 'favicon is neither bytes nor its hashes'
  if (certificate !== undefined && !(isRecord(certificate) && Object.values(certificate).every(texts))) return 'certificate is not a map of texts'
  if (dns !== undefined && !(isRecord(dns) && Object.values(dns).every((each) => Array.isArray(each) && each.every(isText)))) return 'dns is not a map of lists'
  return null
}

const MAX_BODY = 1_048_576
const MAX_HEADER = 8_192
const MAX_VALUES = 500

/** The texts of a source in one answer; JSON and the page are read when a rule first asks. */
function createView(answer: HttpAnswer): (source: string) => readonly string[] {
  const headers = new Map<string, readonly string[]>(Object.entries(answer.headers ?? {}).slice(0, MAX_VALUES).map(([name, value]) => [name.toLowerCase(), (typeof value === 'string' ? [value] : value.slice(0, MAX_VALUES)).map((each) => each.slice(0, MAX_HEADER))]))
  const cookies = (headers.get('set-cookie') ?? []).map((line) => (line.split(';', 1)[0] ?? '').trim())
  const body = answer.body === undefined ? '' : bannerText(typeof answer.body === 'string' ? answer.body.slice(0, MAX_BODY) : answer.body.subarray(0, MAX_BODY))
  let page: Page | undefined
  let json: unknown
  const pageOf = (): Page => page ??= readPage(body)
  const jsonOf = (): unknown => {
    if (json === undefined) {
      try {
        json = /^\s*[[{]/.test(body) ? JSON.parse(body) as unknown : null
      } catch {
        json = null
      }
    }
    return json
  }
  const read = (source: string): readonly string[] => {
    const at = source.indexOf('.')
    const name = at === -1 ? '' : source.slice(at + 1)
    switch (at === -1 ? source : source.slice(0, at)) {
      case 'status': return answer.status === undefined ? [] : [String(answer.status)]
      case 'header': return headers.get(name) ?? []
      case 'headers': return [...headers].flatMap(([key, values]) => values.map((value) => `${key}: ${value}`))
      case 'cookie': return cookies.flatMap((cookie) => (cookie.slice(0, cookie.indexOf('=')).trim().toLowerCase() === name ? [cookie.slice(cookie.indexOf('=') + 1)] : []))
      case 'cookies': return cookies
      case 'title': return pageOf().title === '' ? [] : [pageOf().title]
      case 'meta': return pageOf().metas.get(name) ?? []
      case 'script': return pageOf().scripts
      case 'link': return pageOf().links
      case 'body': return body === '' ? [] : [body]
      case 'json': return pointed(jsonOf(), name)
      case 'url': return answer.url === undefined ? [] : [answer.url.slice(0, MAX_HEADER)]
      case 'favicon': {
        if (answer.favicon === undefined) return []
        const { md5, mmh3 } = answer.favicon instanceof Uint8Array ? faviconHashes(answer.favicon) : answer.favicon
        return [`md5:${md5}`, `mmh3:${mmh3}`]
      }
      case 'certificate': {
        const { subject, issuer, names = [] } = answer.certificate ?? {}
        return name === 'subject' ? present(subject) : name === 'issuer' ? present(issuer) : names.slice(0, MAX_VALUES)
      }
      default: return answer.dns !== undefined && Object.hasOwn(answer.dns, name) ? answer.dns[name]!.slice(0, MAX_VALUES) : []
    }
  }
  const known = new Map<string, readonly string[]>()
  return (source) => {
    let texts = known.get(source)
    if (texts === undefined) {
      texts = read(source)
      known.set(source, texts)
    }
    return texts
  }
}

const present = (text: string | undefined): readonly string[] => (text === undefined ? [] : [text.slice(0, MAX_HEADER)])

/** What a JSON pointer (RFC 6901) leads to, as text; objects and lists are there, but say nothing. */
function pointed(value: unknown, pointer: string): readonly string[] {
  let current = value
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return []
    current = (current as Record<string, unknown>)[key]
  }
  return typeof current === 'string' || typeof current === 'number' || typeof current === 'boolean' ? [String(current)] : current === null || current === undefined ? [] : ['']
}

/** `icons` are hints for the rules of the same product, and technologies by themselves where no rule knows it. */
export function createTechnologyIdentifier(rules: readonly TechnologyRule[], options: { readonly icons?: readonly KnownIcon[] } = {}): TechnologyIdentifier {
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const inBody = bodyFilter(rules)
  const icons = new Map((options.icons ?? []).map((icon) => [`mmh3:${icon.mmh3}`, icon]))
  const byProduct = new Map(rules.flatMap((rule) => (rule.cpe === null ? [] : [[`${rule.cpe.vendor}:${rule.cpe.product}`, rule] as const])))
  return {
    identify(answer) {
      const view = createView(answer)
      const possible = inBody(view('body')[0] ?? '')
      const found = new Map<string, Held>()
      for (const rule of rules) {
        const held = tryRule(rule, view, possible)
        if (held !== null) found.set(rule.id, held)
      }
      for (const hash of view('favicon')) {
        const icon = icons.get(hash)
        if (icon === undefined) continue
        const rule = byProduct.get(`${icon.vendor}:${icon.product}`) ?? byId.get(slug(icon.name)) ?? ruleOf(icon)
        const known = found.get(rule.id)
        const evidence = { source: 'favicon', found: hash }
        const reason = `favicon (${ICON})`
        found.set(rule.id, known === undefined ? { rule, version: null, unsure: 1 - ICON, reasons: [reason], evidence: [evidence], impliedBy: [] } : { ...known, unsure: known.unsure * (1 - ICON), reasons: [...known.reasons, reason], evidence: [...known.evidence, evidence] })
      }
      const excluded = [...found.values()].flatMap(({ rule }) => rule.excludes)
      for (const id of excluded) found.delete(id)
      imply(found, byId)
      return [...found.values()].map((held) => technologyOf(held, view)).toSorted((a, b) => b.confidence.value - a.confidence.value || (a.id < b.id ? -1 : 1))
    },
  }
}

/** Anybody can show an icon. */
const ICON = 0.7
const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')

/** A technology that is known by its icon alone. */
const ruleOf = ({ name, vendor, product }: KnownIcon): TechnologyRule => ({
  id: slug(name), name, nameKo: null, category: 'other', vendor, cpe: vendor === null || product === null ? null : { part: 'a', vendor, product, targetSoftware: null }, hints: [], implies: [], excludes: [], matches: [], misses: [], file: '', line: null,
})

/** One pass over a body spares most of its expressions: those whose literals are not in it. */
function bodyFilter(rules: readonly TechnologyRule[]): (body: string) => (regex: Regex) => boolean {
  const wanted = new Map<string, number>()
  const numbers = new Map<Regex, readonly number[]>()
  for (const { regex, source } of rules.flatMap(({ hints }) => hints.flatMap(({ conditions }) => conditions))) {
    const texts = regex.literals?.texts ?? []
    if (source !== 'body' || texts.length === 0 || texts.includes('')) continue
    numbers.set(regex, texts.map((text) => {
      const number = wanted.get(text) ?? wanted.size
      wanted.set(text, number)
      return number
    }))
  }
  const set: LiteralSet = createLiteralSet([...wanted.keys()], { ignoreCase: true })
  return (body) => {
    const there = new Set(body === '' ? [] : set.find(body))
    return (regex) => numbers.get(regex)?.some((number) => there.has(number)) ?? true
  }
}

type Held = { readonly rule: TechnologyRule; readonly version: string | null; readonly unsure: number; readonly reasons: readonly string[]; readonly evidence: Technology['evidence']; readonly impliedBy: readonly string[] }

function tryRule(rule: TechnologyRule, view: (source: string) => readonly string[], possible: (regex: Regex) => boolean): Held | null {
  let version: string | null = null
  let unsure = 1
  const evidence: { source: string; found: string }[] = []
  const reasons: string[] = []
  for (const { conditions, confidence } of rule.hints) {
    const met: { source: string; found: string }[] = []
    let told: string | null = null
    for (const { source, regex } of conditions) {
      const match = source === 'body' && !possible(regex) ? null : firstMatch(regex, view(source))
      if (match === null) break
      const group = regex.names.get('version')
      told ??= (group === undefined ? undefined : match[group])?.trim() ?? null
      met.push({ source, found: shown(source, match[0] ?? '') })
    }
    if (met.length < conditions.length) continue
    unsure *= 1 - confidence
    reasons.push(`${conditions.map(({ source }) => source).join(' and ')} (${confidence})`)
    evidence.push(...met)
    // The longest says most: 2.4.57 rather than 2.4.
    if (told !== null && told !== '' && told.length > (version?.length ?? 0)) version = told.slice(0, 64)
  }
  return evidence.length === 0 ? null : { rule, version, unsure, reasons, evidence, impliedBy: [] }
}

function firstMatch(regex: Regex, texts: readonly string[]): readonly (string | undefined)[] | null {
  for (const text of texts) {
    try {
      const found = regex.exec(text)
      if (found !== null) return found.groups
    } catch (error) {
      // An expression that used up its budget has not matched.
      if (!(error instanceof PatternError)) throw error
    }
  }
  return null
}

const MAX_SHOWN = 120
const shown = (source: string, found: string): string => (source.startsWith('cookie') ? found.split('=', 1)[0]!.slice(0, source === 'cookies' ? MAX_SHOWN : 0) : found.slice(0, MAX_SHOWN))

/** What is needed by what was found is there too, a little less surely. */
function imply(found: Map<string, Held>, byId: ReadonlyMap<string, TechnologyRule>): void {
  const queue = [...found.values()]
  for (let held = queue.pop(); held !== undefined; held = queue.pop()) {
    for (const id of held.rule.implies) {
      const rule = byId.get(id)
      const known = found.get(id)
      if (rule === undefined || known?.impliedBy.includes(held.rule.id) === true) continue
      const unsure = 1 - (1 - held.unsure) * IMPLIED
      const implied: Held = known === undefined
        ? { rule, version: null, unsure, reasons: [`needed by ${held.rule.id} (x ${IMPLIED})`], evidence: [], impliedBy: [held.rule.id] }
        : { ...known, unsure: Math.min(known.unsure, unsure), reasons: [...known.reasons, `needed by ${held.rule.id} (x ${IMPLIED})`], impliedBy: [...known.impliedBy, held.rule.id] }
      found.set(id, implied)
      queue.push(implied)
    }
  }
}

const SUREST = 0.99

function technologyOf({ rule, version, unsure, reasons, evidence, impliedBy }: Held, view: (source: string) => readonly string[]): Technology {
  const value = Math.round(Math.min(SUREST, 1 - unsure) * 1_000) / 1_000
  const split = version === null ? null : splitVersion(version)
  // Headers are where packages sign: the whole header says more than what matched in it.
  const signed = evidence.flatMap(({ source }) => (source.startsWith('header.') ? view(source) : []))
  const build = signed.map(distributionBuild).find((each) => each !== null && (each.upstreamVersion === null || each.upstreamVersion === version)) ?? null
  return {
    id: rule.id, name: rule.name, nameKo: rule.nameKo, category: rule.category, vendor: rule.vendor, version,
    cpe: rule.cpe === null ? null : { origin: 'stated', name: formatCpe({ part: rule.cpe.part, vendor: rule.cpe.vendor, product: rule.cpe.product, version: split?.version ?? null, update: split?.update ?? null, targetSoftware: rule.cpe.targetSoftware }) },
    confidence: { value, grade: gradeOf(value), reasons }, evidence, impliedBy, build,
  }
}
