// YAML as JSON values: the core schema of YAML 1.2.2 (10.3), keys as they are written, merge keys of 1.1. What aliases and merges expand to is bounded, in
// size and in depth, so that a walk over the value is never much longer than its text: document.test.ts holds it. Aliases share their node.
import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml'
import type { AliasEvent, Event, MappingEvent, ScalarEvent, SequenceEvent } from 'js-yaml'
import type { Json, Refusal } from './model.ts'
import { put } from './object.ts'
import { Refused, lineAt } from './refused.ts'

/** Characters that aliases may stand for in all, were they written out. */
const MAX_ALIASED = 16 * 1024 * 1024

/** Nodes in all, by the signs that part them: each costs a hundred times its character in memory. */
const MAX_NODES = 5_000_000
/** More says nothing more, and finding a line is not free. */
const MAX_WARNINGS = 100

/** A node with the characters that it would take written out, and the nesting below it. */
type Node = { readonly value: Json; readonly size: number; readonly height: number }
type Entries = { [name: string]: Json }

/** The first document of a stream; undefined where there is none. Throws Refused. `warnings` receives what two readers may read differently. */
export function parseYaml(text: string, maxDepth: number, warnings: Refusal[]): Json | undefined {
  const line = (offset: number): string => `line ${lineAt(text, offset)}`
  const warn = (offset: number, reason: string): void => { if (warnings.length < MAX_WARNINGS) warnings.push({ code: 'document_ambiguous', place: line(offset), reason }) }
  if (crowded(text, ',[{\n', MAX_NODES)) throw new Refused('document_too_large', 'line 1', `The document has more than ${MAX_NODES} values.`)
  let events: Event[]
  try {
    events = parseEvents(text, { maxDepth })
  } catch (error) {
    // js-yaml asks its callers to expect any exception, not only its own.
    if (!(error instanceof YAMLException)) throw new Refused('document_unparsable', 'line 1', 'The text can be read neither as JSON nor as YAML.')
    const place = `line ${(error.mark?.line ?? 0) + 1}`
    if (error.reason.includes('maxDepth')) throw new Refused('document_too_deep', place, `Values are nested deeper than ${maxDepth}.`)
    throw new Refused('document_unparsable', place, `The text is no YAML: ${error.reason}.`)
  }
  const anchors = new Map<string, Node>()
  let at = 0
  let aliased = 0

  const aliasAt = (event: AliasEvent, depth: number): Node => {
    const name = text.slice(event.anchorStart, event.anchorEnd)
    const node = anchors.get(name)
    if (node === undefined) throw new Refused('document_aliases', line(event.anchorStart), `The alias *${name.slice(0, 80)} names no anchor that is complete before it.`)
    aliased += node.size
    if (aliased > MAX_ALIASED) throw new Refused('document_aliases', line(event.anchorStart), `What the aliases stand for is longer than ${MAX_ALIASED} characters. Write out what is meant, or use $ref.`)
    if (depth + node.height > maxDepth) throw new Refused('document_too_deep', line(event.anchorStart), `Values are nested deeper than ${maxDepth}.`)
    return node
  }
  const scalarAt = (event: ScalarEvent): Node => {
    const written = getScalarValue(text, event)
    const tag = event.tagStart === -1 ? '' : text.slice(event.tagStart, event.tagEnd)
    const plain = event.style === SCALAR_STYLE.PLAIN ? tag !== '!!str' && tag !== '!' : /^!!(?:int|float|bool|null)$/.test(tag)
    return { value: plain ? scalar(written) : written, size: written.length + 1, height: 0 }
  }
  const nodeAt = (depth: number): Node => {
    const event = events[at++] as AliasEvent | ScalarEvent | SequenceEvent | MappingEvent
    if (event.type === EVENT_ID.ALIAS) return aliasAt(event, depth)
    if (event.tagStart !== -1 && !/^!(?:$|!(?:str|int|float|bool|null|seq|map)$)/.test(text.slice(event.tagStart, event.tagEnd))) warn(event.tagStart, `The tag ${text.slice(event.tagStart, event.tagEnd).slice(0, 80)} is not read; the value is taken as it is written.`)
    const node = event.type === EVENT_ID.SCALAR ? scalarAt(event) : event.type === EVENT_ID.SEQUENCE ? listAt(depth) : mapAt(depth)
    if (event.anchorStart !== -1) anchors.set(text.slice(event.anchorStart, event.anchorEnd), node)
    return node
  }
  const ended = (): boolean => events[at]?.type === EVENT_ID.POP && (at += 1) > 0
  const listAt = (depth: number): Node => {
    const value: Json[] = []
    let size = 1
    let height = 0
    while (!ended()) {
      const item = nodeAt(depth + 1)
      value.push(item.value)
      size += item.size
      height = Math.max(height, item.height)
    }
    return { value, size, height: height + 1 }
  }
  const mapAt = (depth: number): Node => {
    const value: Entries = {}
    const merged: Json[] = []
    let size = 1
    let height = 0
    while (!ended()) {
      const key = events[at++]!
      const place = startOf(key)
      const plainKey = key.type === EVENT_ID.ALIAS ? aliasAt(key, depth).value : key.type === EVENT_ID.SCALAR ? getScalarValue(text, key) : null
      if (plainKey === null || typeof plainKey === 'object') throw new Refused('document_unparsable', line(place), 'A key must be a plain word.')
      const name = String(plainKey)
      if (key.type === EVENT_ID.SCALAR && key.anchorStart !== -1) anchors.set(text.slice(key.anchorStart, key.anchorEnd), { value: name, size: name.length + 1, height: 0 })
      const item = nodeAt(depth + 1)
      size += name.length + item.size
      height = Math.max(height, item.height)
      if (name === '<<' && key.type === EVENT_ID.SCALAR && key.style === SCALAR_STYLE.PLAIN && typeof item.value === 'object') {
        merged.push(...(Array.isArray(item.value) ? item.value as Json[] : [item.value]))
        continue
      }
      if (Object.hasOwn(value, name)) warn(place, `The key "${name.slice(0, 80)}" stands twice in one object; the last one counts.`)
      put(value, name, item.value)
    }
    // What is written counts before what is merged, and of that the first.
    for (const from of merged) {
      if (from === null || typeof from !== 'object' || Array.isArray(from)) continue
      for (const [name, item] of Object.entries(from as Entries)) if (!Object.hasOwn(value, name)) put(value, name, item)
    }
    return { value, size, height: height + 1 }
  }

  let first: Json | undefined
  while (events[at]?.type === EVENT_ID.DOCUMENT) {
    at += 1
    const started = at
    if (ended()) continue
    const { value } = nodeAt(1)
    at += 1
    if (first !== undefined && first !== null) {
      warn(startOf(events[started]!), 'A second YAML document begins here; only the first one is read.')
      break
    }
    first = value
  }
  return first
}

/** Whether more than `most` of the signs stand in a text. */
export function crowded(text: string, signs: string, most: number): boolean {
  if (text.length <= most) return false
  let count = 0
  for (const sign of signs) for (let at = text.indexOf(sign); at !== -1 && count <= most; at = text.indexOf(sign, at + 1)) count += 1
  return count > most
}

const startOf = (event: Event): number => (event.type === EVENT_ID.SCALAR ? event.valueStart : event.type === EVENT_ID.ALIAS ? event.anchorStart : event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE ? event.start : 0)

/** The core schema of YAML 1.2.2, 10.3.2, without what JSON has no value for: infinities and not-a-number stay words. */
function scalar(text: string): Json {
  const first = text.charCodeAt(0)
  // Nearly all scalars are words: what can begin a number, a null or a truth is looked at closely.
  if (first > 57 && !'fFnNtT~'.includes(text[0]!)) return text
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (/^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return value
  }
  return text
}
