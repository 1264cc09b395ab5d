// Finds what is poisoned or dangerous in the texts of tools, without a network and without a model: the same texts give the same findings, in time
// linear in their length. Rules are data (scan-rules.ts, scan-shapes.ts). Defended by scan.integration.test.ts, scan-rules.test.ts and tests/conformance/openapi/scan.test.ts.
import { phraseRules, wordSets } from './scan-rules.ts'
import type { FindingClass, PhraseRule, Severity, TextPlace } from './scan-rules.ts'
import { explodes, shapesIn } from './scan-shapes.ts'
import { decoded, folded, isPlain, joined, kindsOf, mixedWords, reversed, rot13, shown, skeleton, unleeted } from './scan-text.ts'
import { createPhraseFinder, wordsOf } from './scan-words.ts'
import type { PhraseFinder } from './scan-words.ts'

export type { FindingClass, Severity } from './scan-rules.ts'

/** Anything with a name and texts that a model reads: a ToolDefinition, an MCP prompt or resource, or only its texts. What else it holds is not looked at. */
export type ScannedTool = {
  readonly name: string
  readonly title?: unknown
  readonly description?: unknown
  /** JSON Schema; every text in it is read, names and values included. */
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: unknown
  readonly _meta?: unknown
  /** Arguments of a prompt, or of a tool without a schema: `{ name, description? }[]`. */
  readonly arguments?: unknown
  readonly params?: unknown
  readonly messages?: unknown
  readonly instructions?: unknown
  readonly text?: unknown
  readonly uri?: unknown
  readonly uriTemplate?: unknown
}

export type Finding = {
  readonly class: FindingClass
  /** The rule's id. */
  readonly rule: string
  /** JSON pointer into the tool: '#/description', '#/inputSchema/properties/note'. Ends with ' (name)' where the name of a property was meant. */
  readonly place: string
  readonly severity: Severity
  /** True: the tool says openly that it can do harm. That is for people to decide about and no sign that its texts deceive. */
  readonly capability: boolean
  /** In English. */
  readonly reason: string
  readonly translations: { readonly ko: string }
  /** What was found, characters that cannot be seen written as \u{hex}; of keys only the beginning. At most 160 characters. */
  readonly evidence: string
}
export type ScannedResult = { readonly name: string; readonly findings: readonly Finding[] }

type Hit = Pick<Finding, 'class' | 'rule' | 'severity' | 'evidence'> & { readonly reason: { readonly en: string; readonly ko: string } }

// --- phrases

const everywhere: readonly TextPlace[] = ['about', 'value', 'note']
type Owner = { readonly rule: PhraseRule; readonly unless: boolean }

/** The rules that look at a place, in one finder. */
function finderOf(place: TextPlace): { readonly owners: readonly Owner[]; readonly finder: PhraseFinder } {
  const owned = phraseRules.filter(({ places = everywhere }) => places.includes(place)).flatMap((rule) => [
    ...rule.phrases.map((phrase) => ({ phrase, rule, unless: false })), ...(rule.unless ?? []).map((phrase) => ({ phrase, rule, unless: true })),
  ])
  return { owners: owned, finder: createPhraseFinder(owned.map(({ phrase }) => phrase), wordSets) }
}
const inText = finderOf('note')
const finders = { name: finderOf('name'), about: finderOf('about'), property: finderOf('property'), value: inText, note: inText } as const satisfies Record<TextPlace, unknown>

/** Rules that a text in lower case meets, with what met them. */
function phraseHits(text: string, place: TextPlace): Map<PhraseRule, string> {
  const hits = new Map<PhraseRule, string>()
  const { owners, finder } = finders[place]
  const words = wordsOf(text, kindsOf)
  const found = finder.find(words)
  for (const each of found) {
    const owner = owners[each.phrase] as Owner
    if (owner.unless || hits.has(owner.rule)) continue
    const first = words[each.from]?.sentence ?? 0
    const last = words[each.to - 1]?.sentence ?? 0
    const excused = found.some((other) => {
      const them = owners[other.phrase] as Owner
      return them.unless && them.rule === owner.rule && (words[other.to - 1]?.sentence ?? 0) >= first && (words[other.from]?.sentence ?? 0) <= last
    })
    if (!excused) hits.set(owner.rule, text.slice(words[each.from]?.from ?? 0, words[each.to - 1]?.to ?? 0))
  }
  return hits
}

const hitOf = (rule: PhraseRule, evidence: string): Hit => ({ class: rule.class, rule: rule.id, severity: rule.severity, reason: rule.reason, evidence: shown(evidence) })
/** `read_fileSafely` as words. */
const spelled = (name: string): string => name.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2').replace(/[^\p{L}\p{N}]+/gu, ' ')

// --- characters

const zeroWidth = /\p{Default_Ignorable_Code_Point}/u
const inWord = /(?<=[A-Za-z])[\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff]+(?=[A-Za-z])/g
const zeroRun = /[\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\uffa0]{8,}/
const flag = /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}/gu
const tags = /[\u{e0000}-\u{e007f}]+/gu
const selectors = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{2,}|[\u{e0100}-\u{e01ef}](?<!\p{Script=Han}[\u{e0100}-\u{e01ef}])/u
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const override = /[\u202d\u202e]/
const embedding = /[\u202a\u202b\u2066-\u2068]/
const escapes = ['\u001b', '\u009b', '\u0090', '\u009d'] as const

const character = (rule: string, severity: Severity, en: string, ko: string, evidence: string, kind: FindingClass = 'hidden_unicode'): Hit => ({ class: kind, rule, severity, reason: { en, ko }, evidence: shown(evidence) })

function characterHits(text: string, place: TextPlace): Hit[] {
  const hits: Hit[] = []
  const tagged = text.replace(flag, '').match(tags)
  if (tagged !== null) {
    const hidden = Array.from(tagged.join(''), (char) => (char.codePointAt(0) as number) - 0xe0000).map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '')).join('')
    hits.push(character('tag_characters', 'critical', 'Holds invisible tag characters, which spell a text', '보이지 않는 태그 문자로 쓴 글이 들어 있습니다', hidden === '' ? tagged.join('') : hidden))
  }
  const selected = selectors.exec(text)
  if (selected !== null) hits.push(character('variation_selectors', 'critical', 'Variation selectors stand where they select nothing, and carry data', '이체자 선택자가 아무것도 고르지 않는 곳에서 데이터를 나릅니다', text.slice(Math.max(0, selected.index - 4), selected.index + 60)))
  const coded = zeroRun.exec(text)
  const inner = text.match(inWord)?.length ?? 0
  const named = place === 'name' || place === 'property'
  if (coded !== null || (named && zeroWidth.test(text))) hits.push(character('zero_width', 'high', 'Holds invisible characters of no width', '너비가 없는 보이지 않는 문자가 들어 있습니다', text.slice(Math.max(0, (coded?.index ?? 0) - 10), (coded?.index ?? 0) + 60)))
  else if (inner >= 3) hits.push(character('zero_width', 'medium', 'Words are broken up by invisible characters', '보이지 않는 문자로 단어가 나뉘어 있습니다', text, 'obfuscation'))
  if (override.test(text) || (embedding.test(text) && !rightToLeft.test(text) && (text.match(/[\u202a\u202b\u2066-\u2068]/g)?.length ?? 0) >= 2)) hits.push(character('bidi', 'high', 'Characters turn the direction of the text, so that it is not what it looks like', '글의 방향을 바꾸는 문자 때문에 보이는 것과 실제가 다릅니다', text))
  if (escapes.some((char) => text.includes(char))) hits.push(character('terminal_escape', 'high', 'Holds escape sequences that command a terminal', '터미널을 조작하는 이스케이프 문자가 들어 있습니다', text))
  const mixed = mixedWords(text)
  if (mixed.length > 0 && named) hits.push(character('mixed_scripts', 'high', 'Letters of another script pose as Latin ones', '다른 문자 체계의 글자가 라틴 문자처럼 쓰였습니다', mixed.join(' '), 'obfuscation'))
  return hits
}

// --- texts

/** Other ways in which a text can be read, each with the name of how. */
function readings(text: string, low: string): { readonly how: string; readonly text: string; readonly kind: FindingClass }[] {
  const all: { how: string; text: string; kind: FindingClass }[] = decoded(text).map((each) => ({ how: each.how, text: folded(each.text), kind: 'encoded_payload' }))
  const put = joined(low)
  if (put !== null) all.push({ how: 'spaced', text: put, kind: 'obfuscation' })
  if (/\d[a-z]|[@$!][a-z]/.test(low)) {
    const plain = unleeted(low)
    if (plain !== null) all.push({ how: 'leet', text: plain, kind: 'obfuscation' })
  }
  if (/rot-?13|caesar/.test(low)) all.push({ how: 'rot13', text: rot13(low), kind: 'encoded_payload' })
  if (/[\u202e\u2067]/.test(text) || /\b(?:reversed?|backwards?)\b/.test(low)) all.push({ how: 'reversed', text: reversed(low), kind: 'obfuscation' })
  return all
}

const coded = { en: 'Holds an instruction written so that it is not seen at once', ko: '한눈에 보이지 않게 쓴 지시가 들어 있습니다' } as const
// Letter by letter without a wider gap between words: the words run together.
const runTogether = /ignore(?:all)?(?:previous|prior)|systemprompt|donottell|previousinstructions/

function textHits(text: string, place: TextPlace): Hit[] {
  const hits: Hit[] = []
  for (const { rule, found } of shapesIn(text, place)) hits.push({ class: rule.class, rule: rule.id, severity: rule.severity, reason: rule.reason, evidence: rule.masked === true ? `${shown(found, 6)}***` : shown(found) })
  const plain = isPlain(text)
  if (!plain) hits.push(...characterHits(text, place))
  const named = place === 'name' || place === 'property'
  const low = named ? `${place === 'name' ? 'toolname' : 'argumentname'} ${folded(spelled(text))}` : folded(text)
  const met = phraseHits(low, place)
  for (const [rule, evidence] of met) hits.push(hitOf(rule, evidence))
  if (named) return hits
  if (!plain && met.size > 0) {
    // What is only there once the disguise is off was disguised.
    const undisguised = phraseHits(text.toLowerCase().normalize('NFC'), place)
    const revealed = [...met].find(([rule]) => !undisguised.has(rule) && rule.class !== 'dangerous_capability')
    if (revealed !== undefined) hits.push({ class: 'obfuscation', rule: 'disguised', severity: 'critical', reason: coded, evidence: shown(revealed[1]) })
  }
  for (const reading of readings(text, low)) {
    const read = [...phraseHits(reading.text, place)].filter(([rule]) => rule.class !== 'dangerous_capability' && !met.has(rule))
    const squeezed = reading.how === 'spaced' ? runTogether.exec(reading.text)?.[0] : undefined
    const evidence = read[0]?.[1] ?? squeezed
    if (evidence !== undefined) hits.push({ class: reading.kind, rule: `written_${reading.how}`, severity: 'critical', reason: coded, evidence: shown(evidence) })
  }
  return hits
}

// --- schemas

const bounds = { depth: 64, nodes: 200_000, enumeration: 20_000, text: 200_000, expansions: 1e9 } as const
const bomb = (rule: string, en: string, ko: string, evidence: string): Hit => ({ class: 'schema_bomb', rule, severity: 'medium', reason: { en, ko }, evidence: shown(evidence) })

const maps = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const valued = new Set(['enum', 'const', 'default', 'example', 'examples'])
const schemas = new Set(['items', 'prefixItems', 'additionalProperties', 'additionalItems', 'unevaluatedProperties', 'unevaluatedItems', 'contains', 'propertyNames', 'not', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf', 'contentSchema'])
// Texts of a schema that are taken from a fixed list of words.
const inert = new Set(['type', 'format', '$schema', 'contentEncoding', 'contentMediaType'])

/** How often a schema holds its parts once every reference is followed: what an unwary reader would unfold. */
function expansions(root: unknown): number {
  const sizes = new Map<string, number>()
  const definitions = new Map<string, unknown>()
  if (!isRecord(root)) return 0
  for (const name of ['$defs', 'definitions'] as const) if (isRecord(root[name])) for (const [key, value] of Object.entries(root[name])) definitions.set(`#/${name}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value)
  if (definitions.size === 0) return 0
  const measure = (value: unknown, depth: number): number => {
    if (depth > bounds.depth || typeof value !== 'object' || value === null) return 1
    let sum = 1
    for (const [key, child] of Object.entries(value)) {
      if (key === '$defs' || key === 'definitions') continue
      if (key === '$ref' && typeof child === 'string') {
        const known = sizes.get(child)
        if (known !== undefined) sum += known
        else if (definitions.has(child)) {
          // Met again below itself it is a cycle, which unfolds nowhere.
          sizes.set(child, 0)
          const size = measure(definitions.get(child), depth + 1)
          sizes.set(child, size)
          sum += size
        }
      } else sum += measure(child, depth + 1)
      if (sum > bounds.expansions) return sum
    }
    return sum
  }
  return measure(root, 0)
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
const pointed = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

type Hear = (text: string, place: TextPlace, at: string) => void
type Report = (hit: Hit, at: string) => void

function walkSchema(root: unknown, at: string, hear: Hear, report: Report): void {
  let nodes = 0
  const values = (value: unknown, place: string, depth: number, kind: TextPlace): void => {
    if (++nodes > bounds.nodes) return
    if (typeof value === 'string') hear(value, kind, place)
    else if (typeof value === 'object' && value !== null) {
      if (depth > bounds.depth) {
        tooDeep(place)
        return
      }
      if (Array.isArray(value)) for (const [index, child] of (value as unknown[]).entries()) values(child, `${place}/${index}`, depth + 1, kind)
      else for (const [key, child] of Object.entries(value)) {
        hear(key, 'property', `${place}/${pointed(key)}`)
        values(child, `${place}/${pointed(key)}`, depth + 1, kind)
      }
    }
  }
  let deep = false
  const tooDeep = (place: string): void => {
    if (!deep) report(bomb('schema_depth', `Nests deeper than ${bounds.depth} levels`, `${bounds.depth}단계보다 깊이 중첩되어 있습니다`, place.slice(0, 80)), at)
    deep = true
  }
  const schema = (value: unknown, place: string, depth: number): void => {
    if (++nodes > bounds.nodes) return
    if (depth > bounds.depth) {
      tooDeep(place)
      return
    }
    if (Array.isArray(value)) {
      for (const [index, child] of (value as unknown[]).entries()) schema(child, `${place}/${index}`, depth + 1)
      return
    }
    if (!isRecord(value)) {
      if (typeof value === 'string') hear(value, 'note', place)
      return
    }
    for (const [key, child] of Object.entries(value)) {
      const here = `${place}/${pointed(key)}`
      if (inert.has(key) && typeof child === 'string' && child.length < 40) continue
      if (maps.has(key) && isRecord(child)) {
        nodes++
        for (const [name, inner] of Object.entries(child)) {
          hear(name, 'property', `${here}/${pointed(name)}`)
          schema(inner, `${here}/${pointed(name)}`, depth + 1)
        }
      } else if (valued.has(key)) {
        if (key === 'enum' && Array.isArray(child) && child.length > bounds.enumeration) report(bomb('schema_enum', `Lists more than ${bounds.enumeration} values`, `값을 ${bounds.enumeration}개보다 많이 나열합니다`, String(child.length)), here)
        values(child, here, depth + 1, 'value')
      } else if (schemas.has(key)) schema(child, here, depth + 1)
      else if (key === 'pattern' && typeof child === 'string') {
        if (explodes(child)) report(bomb('schema_pattern', 'Holds an expression that can take exponential time', '지수 시간이 걸릴 수 있는 정규식이 들어 있습니다', child), here)
        hear(child, 'note', here)
      } else if (typeof child === 'string') {
        hear(child, 'note', here)
        if (!noted.has(key)) hear(key, 'property', here)
      } else if (typeof child === 'object' && child !== null) {
        hear(key, 'property', here)
        values(child, here, depth + 1, 'note')
      }
    }
  }
  schema(root, at, 0)
  if (nodes > bounds.nodes) report(bomb('schema_size', `Has more than ${bounds.nodes} parts, and was read only so far`, `구성 요소가 ${bounds.nodes}개를 넘어 거기까지만 읽었습니다`, String(nodes)), at)
  if (expansions(root) > bounds.expansions) report(bomb('schema_references', 'References multiply: unfolded, the schema has over a billion parts', '참조가 곱해져, 펼치면 구성 요소가 10억 개를 넘습니다', '$ref'), at)
}
const noted = new Set(['description', 'title', '$comment', '$ref', '$id', '$anchor', '$dynamicRef', '$dynamicAnchor'])

// --- tools

// Findings of one tool that are kept; more say nothing new.
const mostFindings = 100

/** What is poisoned or dangerous in each tool, in the order of the tools. Pure: needs nothing but the tools, and never throws on what JSON can hold. */
export function scan(tools: Iterable<ScannedTool>): ScannedResult[] {
  const scanned = createScan()
  for (const tool of tools) scanned.add(tool)
  return scanned.results()
}

/** A scan of tools that come one by one, for lists that need not be held in memory. */
export interface Scan {
  add(tool: ScannedTool): void
  /** One for each tool that was added, in that order; findings most severe first. Names are compared among all of them. */
  results(): ScannedResult[]
}

export function createScan(): Scan {
  // The same text stands in many tools of one API.
  const known = new Map<string, readonly Hit[]>()
  const results: { name: string; findings: Finding[]; met: Set<string> }[] = []
  return {
    add(tool) {
      const result = { name: tool.name, findings: [] as Finding[], met: new Set<string>() }
      results.push(result)
      if (known.size > mostRemembered) known.clear()
      scanTool(tool, known, (hit, at) => add(result, hit, at))
    },
    results() {
      for (const group of Map.groupBy(results, ({ name }) => skeleton(name)).values()) {
        const plain = group.filter(({ name }) => isPlain(name))
        for (const result of group) {
          const other = plain.find(({ name }) => posesAs(result.name, name))
          if (other !== undefined) add(result, lookalike(result.name, other.name), '#/name')
        }
      }
      return results.map(({ name, findings }) => ({ name, findings: findings.toSorted((a, b) => ranks[a.severity] - ranks[b.severity]) }))
    },
  }
}

const mostRemembered = 200_000
const ranks: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2 }
const lookalike = (name: string, other: string): Hit => ({ class: 'shadowing', rule: 'lookalike_name', severity: 'high', reason: { en: 'Its name is made to look like the name of another tool', ko: '다른 도구의 이름처럼 보이도록 지은 이름입니다' }, evidence: shown(`${name} ~ ${other}`) })

/** Whether a name imitates another: it has what a name does not need, and the other does not. */
function posesAs(name: string, other: string): boolean {
  if (!isPlain(name)) return true
  // read_fi1e beside read_file: a digit between letters where the other has a letter.
  return name.length === other.length && name.split('').some((char, at) => /[01|]/.test(char) && /[a-z]/i.test(other[at] ?? '') && /[a-z]/i.test(name[at - 1] ?? '') && /[a-z]/i.test(name[at + 1] ?? 'a'))
}

function add(result: { readonly findings: Finding[]; readonly met: Set<string> }, hit: Hit, place: string): void {
  const key = `${hit.rule} ${place}`
  if (result.findings.length >= mostFindings || result.met.has(key)) return
  result.met.add(key)
  result.findings.push({ class: hit.class, rule: hit.rule, place, severity: hit.severity, capability: hit.class === 'dangerous_capability', reason: hit.reason.en, translations: { ko: hit.reason.ko }, evidence: hit.evidence })
}

function scanTool(tool: ScannedTool, known: Map<string, readonly Hit[]>, report: Report): void {
  const hear: Hear = (text, place, at) => {
    if (text === '') return
    const key = `${place[0]}${text}`
    let hits = known.get(key)
    if (hits === undefined) known.set(key, hits = textHits(text, place))
    for (const hit of hits) report(hit, place === 'property' ? `${at} (name)` : at)
  }
  if (typeof tool.name === 'string') hear(tool.name, 'name', '#/name')
  for (const key of ['title', 'description', 'text', 'instructions', 'uri', 'uriTemplate'] as const) {
    const text = tool[key]
    if (typeof text === 'string') hear(text, 'about', `#/${key}`)
  }
  for (const key of ['inputSchema', 'outputSchema'] as const) if (tool[key] !== undefined) walkSchema(tool[key], `#/${key}`, hear, report)
  for (const key of ['annotations', '_meta', 'messages'] as const) if (tool[key] !== undefined) walkSchema({ const: tool[key] }, `#/${key}`, hear, (hit, at) => report(hit, at))
  for (const key of ['params', 'arguments'] as const) {
    const list = tool[key]
    if (!Array.isArray(list)) continue
    for (const [index, each] of (list as unknown[]).entries()) {
      if (!isRecord(each)) continue
      const { name, ...rest } = each
      if (typeof name === 'string') hear(name, 'property', `#/${key}/${index}/name`)
      walkSchema(rest, `#/${key}/${index}`, hear, report)
    }
  }
}
