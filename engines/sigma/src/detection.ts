// The detection section: selections with their modifiers (Sigma modifiers appendix 2.1.0), from YAML nodes to plain data.
// A combination that has no meaning is refused, never guessed; conformance.integration.test.ts has a positive and a negative for each modifier.
import type { LogSource } from '@haechi/records'
import { parseCidr } from './cidr.ts'
import { parseCondition } from './condition.ts'
import { entryOf } from './document.ts'
import type { Entry } from './document.ts'
import { ANY, DASH, DASHES, joined, piecesOf, textsOf } from './pattern.ts'
import { compileRegex } from './regex.ts'
import { Refusal } from './refusal.ts'
import type { Comparison, Condition, Detection, Head, Item, Piece, Selection, Test, TimeUnit } from './rule.ts'
import type { Node, Scalar } from './yaml.ts'

type Fill = (placeholder: string) => Filled | undefined
/** What a placeholder stands for: one of these texts, or `any` text. */
export type Filled = readonly string[] | 'any'
/** Values by name, or what knows them by name and by the field that the placeholder stands at (null: keywords). */
export type Placeholders = Readonly<Record<string, readonly string[]>> | ((name: string, field: string | null) => Filled | undefined)
/** What a document's placeholders stand for, by what it says of itself. */
export type PlaceholdersFor = (head: Head, logsource: LogSource) => Placeholders

/** Windash and base64offset multiply a value; more than this is refused. */
const MAX_VARIANTS = 625

/** The selections and the condition of `detection` or `filter`; `others`: keys that are no selections. */
export function detectionOf(entry: Entry, others: readonly string[], placeholders: Placeholders): Detection {
  if (entry.value.kind !== 'map') throw new Refusal('detection_invalid', `${entry.key} is a map of selections and a condition`, entry.line)
  const selections = new Map<string, Selection>()
  for (const { key, value } of entry.value.entries) {
    // `timeframe` belonged to the aggregations of Sigma 1 and says nothing without one.
    if (key !== 'condition' && key !== 'timeframe' && !others.includes(key)) selections.set(key, selectionOf(value, placeholders))
  }
  const condition = entryOf(entry.value, 'condition')
  if (condition === null) throw new Refusal('condition_invalid', `a ${entry.key} needs a condition`, entry.line)
  if (selections.size === 0) throw new Refusal('detection_invalid', `a ${entry.key} needs a selection`, entry.line)
  const names = [...selections.keys()]
  const conditions = (condition.value.kind === 'list' ? condition.value.items : [condition.value]).map((item): Condition => {
    if (item.kind !== 'scalar' || item.value === null || item.text.trim() === '') throw new Refusal('condition_invalid', 'a condition is a text', item.line)
    try {
      return parseCondition(item.text, names)
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(error.code, error.message, item.line) : error
    }
  })
  if (conditions.length === 0) throw new Refusal('condition_invalid', 'the list of conditions is empty', condition.line)
  return { selections, condition: conditions.length === 1 ? conditions[0] as Condition : { kind: 'or', of: conditions } }
}

export function selectionOf(node: Node, placeholders: Placeholders): Selection {
  if (node.kind === 'scalar') return itemOf('', node, node.line, placeholders)
  if (node.kind === 'map') {
    if (node.entries.length === 0) throw new Refusal('detection_invalid', 'a selection is empty', node.line)
    const of = node.entries.map((entry) => itemOf(entry.key, entry.value, entry.line, placeholders))
    return of.length === 1 ? of[0] as Item : { kind: 'all', of }
  }
  if (node.items.length === 0) throw new Refusal('detection_invalid', 'a selection is empty', node.line)
  const of = node.items.map((item) => {
    if (item.kind === 'list') throw new Refusal('detection_invalid', 'a list within a list has no meaning', item.line)
    return selectionOf(item, placeholders)
  })
  return of.length === 1 ? of[0] as Selection : { kind: 'any', of }
}

const ALIASES: ReadonlyMap<string, string> = new Map([['wide', 'utf16le'], ['ignorecase', 'i'], ['multiline', 'm'], ['dotall', 's']])
const COMPARISONS = new Set(['lt', 'lte', 'gt', 'gte'])
const TIME_UNITS = new Set(['minute', 'hour', 'day', 'week', 'month', 'year'])
const KINDS = new Set(['re', 'cidr', 'exists', 'fieldref'])
const STRING_MODIFIERS = new Set(['contains', 'startswith', 'endswith', 'windash', 'expand', 'cased', 'base64', 'base64offset', 'utf16le', 'utf16be', 'utf16'])
/** Every modifier that is known, aliases among them. */
export const MODIFIERS: ReadonlySet<string> = new Set([...ALIASES.keys(), ...COMPARISONS, ...TIME_UNITS, ...KINDS, ...STRING_MODIFIERS, 'i', 'm', 's', 'all', 'neq'])
/** What may stand beside a kind; `all` and `neq` may stand everywhere but at `exists`. */
const BESIDE: Readonly<Record<string, ReadonlySet<string>>> = {
  re: new Set(['i', 'm', 's', 'expand']), cidr: new Set(['expand']), exists: new Set(), fieldref: new Set(['contains', 'startswith', 'endswith', 'cased']),
  compare: new Set(), time: new Set(COMPARISONS), string: STRING_MODIFIERS,
}

function itemOf(key: string, node: Node, line: number, placeholders: Placeholders): Item {
  const [name = '', ...written] = key.split('|')
  const modifiers = written.map((modifier) => ALIASES.get(modifier) ?? modifier)
  const field = name === '' ? null : name
  const kind = kindOf(modifiers, line)
  const values = node.kind === 'list' ? node.items : [node]
  if (values.length === 0) throw new Refusal('value_invalid', `the list of ${key} is empty`, line)
  const fill: Fill = typeof placeholders === 'function' ? (placeholder) => placeholders(placeholder, field) : (placeholder) => (Object.hasOwn(placeholders, placeholder) ? placeholders[placeholder] : undefined)
  const tests = values.flatMap((value) => {
    if (value.kind !== 'scalar') throw new Refusal('value_invalid', `a value of ${key} is a ${value.kind}`, value.line)
    try {
      return testsOf(value, kind, modifiers, field === null, fill)
    } catch (error) {
      throw error instanceof Refusal && error.line === 0 ? new Refusal(error.code, error.message, value.line) : error
    }
  })
  if (field === null && kind !== 'string' && kind !== 're') throw new Refusal('modifier_invalid', `${kind} needs a field`, line)
  return { kind: 'item', field, tests, all: modifiers.includes('all'), negated: modifiers.includes('neq') }
}

function kindOf(modifiers: readonly string[], line: number): string {
  const kinds = new Set<string>()
  for (const modifier of modifiers) {
    if (KINDS.has(modifier)) kinds.add(modifier)
    else if (TIME_UNITS.has(modifier)) kinds.add('time')
    else if (!MODIFIERS.has(modifier)) {
      throw new Refusal('modifier_unknown', `Sigma 2.1 has no modifier "${modifier.slice(0, 40)}"`, line)
    }
  }
  if (!kinds.has('time') && modifiers.some((modifier) => COMPARISONS.has(modifier))) kinds.add('compare')
  const [kind = 'string', another] = kinds
  if (another !== undefined) throw new Refusal('modifier_invalid', `${kind} and ${another} exclude each other`, line)
  const beside = BESIDE[kind] as ReadonlySet<string>
  const own = (modifier: string): boolean => modifier === kind || (kind === 'time' && TIME_UNITS.has(modifier)) || (kind === 'compare' && COMPARISONS.has(modifier))
  for (const [place, modifier] of modifiers.entries()) {
    const twice = modifiers.indexOf(modifier) !== place
    const fits = own(modifier) || beside.has(modifier) || (['all', 'neq'].includes(modifier) && kind !== 'exists')
    if (twice || !fits) throw new Refusal('modifier_invalid', `"${modifier}" ${twice ? 'stands twice' : `has no meaning beside ${kind === 'string' ? 'a string' : kind}`}`, line)
  }
  const exclusive = (names: readonly string[]): void => {
    const found = modifiers.filter((modifier) => names.includes(modifier))
    if (found.length > 1) throw new Refusal('modifier_invalid', `${found.join(' and ')} exclude each other`, line)
  }
  exclusive([...COMPARISONS])
  exclusive([...TIME_UNITS])
  exclusive(['contains', 'startswith', 'endswith'])
  exclusive(['base64', 'base64offset'])
  exclusive(['utf16le', 'utf16be', 'utf16'])
  return kind
}

/** The tests of one value; several where a modifier multiplies it, and then they are alternatives of one value. */
function testsOf(value: Scalar, kind: string, modifiers: readonly string[], keyword: boolean, fill: Fill): Test[] {
  switch (kind) {
    case 'exists':
      if (typeof value.value !== 'boolean') throw new Refusal('value_invalid', 'exists takes true or false')
      return [{ kind: 'exists', value: value.value }]
    case 'compare':
      return [{ kind: 'compare', operator: modifiers.find((modifier) => COMPARISONS.has(modifier)) as Comparison, value: numberOf(value) }]
    case 'time': {
      const operator = modifiers.find((modifier) => COMPARISONS.has(modifier)) as Comparison | undefined
      return [{ kind: 'time', unit: modifiers.find((modifier) => TIME_UNITS.has(modifier)) as TimeUnit, operator: operator ?? 'eq', value: numberOf(value) }]
    }
    case 'fieldref': {
      if (typeof value.value !== 'string' || value.text === '') throw new Refusal('value_invalid', 'fieldref takes the name of a field')
      const at = modifiers.includes('contains') ? 'inside' : modifiers.includes('startswith') ? 'start' : modifiers.includes('endswith') ? 'end' : 'whole'
      return [{ kind: 'fieldref', field: value.text, at, cased: modifiers.includes('cased') }]
    }
    case 'cidr': return anyOf(expanded(value, modifiers, fill, '*').map((network) => {
      if (parseCidr(network) === null) throw new Refusal('value_invalid', `"${network.slice(0, 60)}" is no network`)
      return { kind: 'cidr', network }
    }))
    case 're': {
      const flags = ['i', 'm', 's'].filter((flag) => modifiers.includes(flag)).join('')
      return anyOf(expanded(value, modifiers, fill, '.*').map((source) => {
        compileRegex(source, flags)
        return { kind: 'regex', source, flags }
      }))
    }
    default: return stringTests(value, modifiers, keyword, fill)
  }
}

function stringTests(value: Scalar, modifiers: readonly string[], keyword: boolean, fill: Fill): Test[] {
  const changing = modifiers.some((modifier) => STRING_MODIFIERS.has(modifier))
  if (!keyword && !changing) {
    if (value.value === null) return [{ kind: 'null' }]
    if (typeof value.value === 'number') return [{ kind: 'number', value: value.value, text: value.text }]
    if (typeof value.value === 'boolean') return [{ kind: 'boolean', value: value.value }]
    // An event's number beyond 2^53 is read as the nearest double, whose text has other digits than were written.
    if (/^-?\d{16,}$/.test(value.text) && !Number.isSafeInteger(Number(value.text))) return anyOf([{ kind: 'pattern', pieces: [value.text], cased: false }, { kind: 'number', value: Number(value.text), text: value.text }])
  }
  if (value.value === null) throw new Refusal('value_invalid', keyword ? 'a keyword cannot be null' : 'null takes no modifier that works on text')
  let variants: Variant[] = [piecesOf(value.text)]
  for (const modifier of modifiers) variants = variants.flatMap((variant) => changed(variant, modifier, fill))
  if (variants.length > MAX_VARIANTS) throw new Refusal('value_invalid', `the value stands for more than ${MAX_VARIANTS} texts`)
  return anyOf(variants.map((variant) => {
    const pieces = piecesIn(variant)
    // A keyword is looked for anywhere in a value.
    return { kind: 'pattern', pieces: joined(keyword ? [ANY, ...pieces, ANY] : pieces), cased: modifiers.includes('cased') }
  }))
}

/** A value on its way through its modifiers; bytes between utf16 and base64. */
type Variant = readonly Piece[] | Buffer

/** Bytes that stay bytes are looked for as the characters 0 to 255. */
const piecesIn = (variant: Variant): readonly Piece[] => (Buffer.isBuffer(variant) ? [variant.toString('latin1')] : variant)

/** Modifiers are applied in the order in which they are written. */
function changed(variant: Variant, modifier: string, fill: Fill): Variant[] {
  switch (modifier) {
    case 'utf16le': case 'utf16be': case 'utf16': return encoded(variant, modifier, (bytes) => [utf16(bytes.toString(), modifier)])
    case 'base64': return encoded(variant, modifier, (bytes) => [[bytes.toString('base64')]])
    case 'base64offset': return encoded(variant, modifier, (bytes) => offsets(bytes).map((text) => [text]))
    default:
  }
  const pieces = piecesIn(variant)
  switch (modifier) {
    case 'contains': return [[ANY, ...pieces, ANY]]
    case 'startswith': return [[...pieces, ANY]]
    case 'endswith': return [[ANY, ...pieces]]
    case 'windash': return [pieces.flatMap((piece) => (typeof piece === 'string' ? dashed(piece) : [piece]))]
    case 'expand': return expandPieces(pieces, fill)
    default: return [variant]
  }
}

const dashed = (text: string): Piece[] => {
  const found: Piece[] = []
  let plain = ''
  for (const char of text) {
    if (!(DASHES as readonly string[]).includes(char)) {
      plain += char
      continue
    }
    if (plain !== '') found.push(plain)
    plain = ''
    found.push(DASH)
  }
  if (plain !== '') found.push(plain)
  return found
}

function encoded(variant: Variant, modifier: string, encode: (bytes: Buffer) => Variant[]): Variant[] {
  if (Buffer.isBuffer(variant)) return encode(variant)
  const texts = textsOf(variant, MAX_VARIANTS)
  if (texts === null) throw new Refusal('value_invalid', `${modifier} cannot encode wildcards; put contains, startswith or endswith behind it`)
  return texts.flatMap((text) => encode(Buffer.from(text)))
}

function utf16(text: string, modifier: string): Buffer {
  const little = Buffer.from(text, 'utf16le')
  return modifier === 'utf16be' ? little.swap16() : modifier === 'utf16' ? Buffer.concat([Buffer.from([0xFF, 0xFE]), little]) : little
}

/** The three texts that bytes leave in base64, by their distance from a boundary of three; characters that neighbouring bytes change are cut off. */
function offsets(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '')
    const from = [0, 2, 3][shift] as number
    const left = (bytes.length + shift) % 3
    return whole.slice(from, left === 0 ? undefined : -1)
  }).filter((text) => text !== '')
}

function anyOf(tests: Test[]): Test[] {
  return tests.length === 1 ? tests : [{ kind: 'any', of: tests }]
}

const numberOf = (value: Scalar): number => {
  const number = typeof value.value === 'number' ? value.value : Number(value.text.trim() === '' ? Number.NaN : value.text)
  if (typeof value.value === 'boolean' || value.value === null || !Number.isFinite(number)) throw new Refusal('value_invalid', `"${value.text.slice(0, 40)}" is no number`)
  return number
}

/** `\%` is a percent sign, `%name%` a placeholder. */
const PLACEHOLDER = /\\%|%([^%\s]+)%/g

function expanded(value: Scalar, modifiers: readonly string[], fill: Fill, any: string): string[] {
  if (value.value === null) throw new Refusal('value_invalid', 'null takes no modifier that works on text')
  return modifiers.includes('expand') ? expandText(value.text, fill, any).map((pieces) => pieces.map(({ text }) => text).join('')) : [value.text]
}

function expandPieces(pieces: readonly Piece[], fill: Fill): Piece[][] {
  let variants: Piece[][] = [[]]
  for (const piece of pieces) {
    const tails: Piece[][] = typeof piece === 'string' ? expandText(piece, fill, '*').map((parts) => parts.flatMap((part) => (part.filled ? piecesOf(part.text) : [part.text]))) : [[piece]]
    if (variants.length * tails.length > MAX_VARIANTS) throw new Refusal('value_invalid', `the placeholders stand for more than ${MAX_VARIANTS} values`)
    variants = variants.flatMap((head) => tails.map((tail) => [...head, ...tail]))
  }
  return variants
}

function expandText(text: string, fill: Fill, any: string): { text: string; filled: boolean }[][] {
  let variants: { text: string; filled: boolean }[][] = [[]]
  let last = 0
  for (const found of text.matchAll(PLACEHOLDER)) {
    const [whole, name] = found
    const before = { text: text.slice(last, found.index), filled: false }
    last = found.index + whole.length
    const filled = name === undefined ? null : fill(name)
    const known = filled === 'any' ? [any] : filled
    if (known === undefined || known?.length === 0) throw new Refusal('placeholder_unresolved', `the placeholder %${name}% has no values here`)
    const tails = known === null ? [{ text: '%', filled: false }] : known.map((value) => ({ text: value, filled: true }))
    if (variants.length * tails.length > MAX_VARIANTS) throw new Refusal('value_invalid', `the placeholders stand for more than ${MAX_VARIANTS} values`)
    variants = variants.flatMap((head) => tails.map((tail) => [...head, before, tail]))
  }
  return variants.map((head) => [...head, { text: text.slice(last), filled: false }])
}
