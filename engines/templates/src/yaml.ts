// YAML as gopkg.in/yaml.v2 hands it to Nuclei: a scalar keeps its text, because a field of text wants '00' and not 0, and knows what it is where nobody asks
// for text (YAML 1.1: yes, 0x1F, 1_000). Size, nesting and what aliases stand for are bounded; no tag constructs anything: yaml.test.ts holds it.
import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml'
import type { AliasEvent, Event, MappingEvent, ScalarEvent, SequenceEvent } from 'js-yaml'
import { TemplateError } from './problem.ts'

/** A plain scalar that is no text: its text and what it is. */
export class Scalar {
  readonly text: string
  readonly value: number | boolean | null

  constructor(text: string, value: number | boolean | null) {
    this.text = text
    this.value = value
  }
}

export type Yaml = string | Scalar | readonly Yaml[] | Entries
/** In the order of the file. */
export type Entries = ReadonlyMap<string, Yaml>

const MAX_DEPTH = 64
/** Nodes in all, with those that aliases stand for. */
const MAX_NODES = 500_000

const tooMany = `There are more than ${MAX_NODES} values, counting what aliases stand for.`

type Counted = { readonly node: Yaml; readonly size: number; readonly height: number }

/** The first document of a text; null where there is none. Throws TemplateError yaml_invalid with the line. */
export function parseYaml(text: string): Yaml | null {
  if (crowded(text)) throw new TemplateError('yaml_invalid', 'line 1', tooMany)
  let events: Event[]
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH })
  } catch (error) {
    // js-yaml asks its callers to expect any exception, not only its own.
    if (!(error instanceof YAMLException)) throw new TemplateError('yaml_invalid', 'line 1', 'The text cannot be read as YAML.')
    throw new TemplateError('yaml_invalid', `line ${(error.mark?.line ?? 0) + 1}`, `The text is no YAML: ${error.reason}.`)
  }
  const anchors = new Map<string, Counted>()
  let at = 0
  let nodes = 0

  const refuse = (offset: number, reason: string): never => {
    throw new TemplateError('yaml_invalid', `line ${lineAt(text, offset)}`, reason)
  }
  const count = (offset: number, size: number): void => {
    nodes += size
    if (nodes > MAX_NODES) refuse(offset, tooMany)
  }
  const aliasAt = (event: AliasEvent, depth: number): Yaml => {
    const known = anchors.get(text.slice(event.anchorStart, event.anchorEnd))
    if (known === undefined) return refuse(event.anchorStart, 'An alias names no anchor that is complete before it.')
    count(event.anchorStart, known.size)
    if (depth + known.height > MAX_DEPTH) refuse(event.anchorStart, `Values are nested deeper than ${MAX_DEPTH}.`)
    return known.node
  }
  const scalarAt = (event: ScalarEvent): Yaml => {
    const written = getScalarValue(text, event)
    const tag = event.tagStart === -1 ? '' : text.slice(event.tagStart, event.tagEnd)
    if (tag === '!!str' || tag === '!') return written
    if (tag !== '' && !/^!!(?:int|float|bool|null)$/.test(tag)) refuse(event.tagStart, `The tag ${tag.slice(0, 40)} is not read.`)
    return event.style === SCALAR_STYLE.PLAIN || tag !== '' ? scalar(written) : written
  }
  // Heights are kept only for anchors: what is not anchored is met once, where parseEvents has counted its depth.
  const nodeAt = (depth: number): Yaml => {
    const event = events[at++] as AliasEvent | ScalarEvent | SequenceEvent | MappingEvent
    if (event.type === EVENT_ID.ALIAS) return aliasAt(event, depth)
    const before = nodes
    count(startOf(event), 1)
    const node = event.type === EVENT_ID.SCALAR ? scalarAt(event) : event.type === EVENT_ID.SEQUENCE ? listAt(depth) : mapAt(depth)
    if (event.anchorStart !== -1) anchors.set(text.slice(event.anchorStart, event.anchorEnd), { node, size: nodes - before, height: heightOf(node) })
    return node
  }
  const ended = (): boolean => events[at]?.type === EVENT_ID.POP && (at += 1) > 0
  const listAt = (depth: number): Yaml[] => {
    const items: Yaml[] = []
    while (!ended()) items.push(nodeAt(depth + 1))
    return items
  }
  const mapAt = (depth: number): Entries => {
    const entries = new Map<string, Yaml>()
    const merged: Yaml[] = []
    while (!ended()) {
      const event = events[at]!
      const key = nodeAt(depth)
      if (typeof key !== 'string' && !(key instanceof Scalar)) return refuse(startOf(event), 'A key must be a plain word.')
      const name = typeof key === 'string' ? key : key.text
      const value = nodeAt(depth + 1)
      if (name === '<<' && event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN) {
        merged.push(...(Array.isArray(value) ? value as readonly Yaml[] : [value]))
        continue
      }
      if (entries.has(name)) refuse(startOf(event), `The key "${name.slice(0, 80)}" stands twice.`)
      entries.set(name, value)
    }
    for (const from of merged) if (from instanceof Map) for (const [name, value] of from as Entries) if (!entries.has(name)) entries.set(name, value)
    return entries
  }

  while (events[at]?.type === EVENT_ID.DOCUMENT) {
    at += 1
    if (!ended()) return nodeAt(1)
  }
  return null
}

/** By the signs that part values: each value costs a hundred times its character in memory, so they are counted before they are read. */
function crowded(text: string): boolean {
  if (text.length <= MAX_NODES) return false
  let count = 0
  for (const sign of ',[{\n') for (let at = text.indexOf(sign); at !== -1 && count <= MAX_NODES; at = text.indexOf(sign, at + 1)) count += 1
  return count > MAX_NODES
}

const startOf = (event: Event): number => (event.type === EVENT_ID.SCALAR ? event.valueStart : event.type === EVENT_ID.ALIAS ? event.anchorStart : event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : 0)

function heightOf(node: Yaml): number {
  if (typeof node === 'string' || node instanceof Scalar) return 0
  let most = 0
  for (const item of node.values()) most = Math.max(most, heightOf(item))
  return most + 1
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let from = text.indexOf('\n'); from !== -1 && from < offset; from = text.indexOf('\n', from + 1)) line += 1
  return line
}

const words = new Map<string, boolean | null>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'y', 'Y'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'n', 'N'].map((word) => [word, false] as const),
])

function scalar(text: string): Yaml {
  const first = text.charCodeAt(0)
  // Nearly all scalars are words: what can begin a number, a null or a truth is looked at closely.
  if (first > 57 && !'nNyYtTfFoO~'.includes(text[0]!)) return text
  const word = words.get(text)
  if (word !== undefined) return new Scalar(text, word)
  const value = numberOf(text)
  return value === null ? text : new Scalar(text, value)
}

function numberOf(text: string): number | null {
  if (!/^[-+.]?[0-9]/.test(text)) return null
  const plain = text.replaceAll('_', '')
  const sign = plain.startsWith('-') ? -1 : 1
  const digits = plain.replace(/^[-+]/, '')
  if (/^0(?:x[0-9a-fA-F]+|o[0-7]+|b[01]+)$/.test(digits)) return sign * Number(digits)
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8)
  if (!/^(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(digits)) return null
  const value = sign * Number(digits)
  return Number.isFinite(value) ? value : null
}
