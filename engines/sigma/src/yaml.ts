// A YAML stream as nodes that know their line. Hostile input is bounded: size, depth, and the size after aliases are expanded; no tag constructs anything.
// Each document is read by itself, so that a broken one costs no other: conformance.integration.test.ts and hostile.integration.test.ts hold it.
import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml'
import type { Event } from 'js-yaml'
import { Refusal } from './refusal.ts'

export type Scalar = { kind: 'scalar'; line: number; text: string; value: string | number | boolean | null }
export type List = { kind: 'list'; line: number; items: readonly Node[] }
export type Entries = { kind: 'map'; line: number; entries: readonly { key: string; line: number; value: Node }[] }
export type Node = Scalar | List | Entries

export const MAX_FILE_CHARACTERS = 4 * 1024 * 1024
const MAX_DEPTH = 64
const MAX_NODES = 50_000

/** The documents of a stream: their node (null when empty) or why they cannot be read, and the line they begin at. */
export function documents(text: string): { line: number; read: Node | null | Refusal }[] {
  return split(text).map(({ line, text: part }) => {
    try {
      return { line, read: compose(part, line) }
    } catch (error) {
      if (error instanceof Refusal) return { line, read: error }
      // js-yaml asks its callers to expect any exception, not only its own.
      const known = error instanceof YAMLException
      return { line, read: new Refusal('yaml_invalid', known ? error.reason : 'the text cannot be read as YAML', line + (known ? error.mark?.line ?? 0 : 0)) }
    }
  })
}

/** Cuts at document markers. `---` and `...` at the beginning of a line are markers everywhere, even inside scalars (YAML 1.2.2, 9.1.2). */
function split(text: string): { line: number; text: string }[] {
  const parts: { line: number; text: string }[] = []
  let lines: string[] = []
  let from = 1
  const flush = (next: number): void => {
    if (lines.some((line) => !/^(?:\s*(?:#.*)?|%.*|---\s*(?:#.*)?)$/.test(line))) parts.push({ line: from, text: lines.join('\n') })
    lines = []
    from = next
  }
  const all = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  for (const [index, line] of all.entries()) {
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(line)) {
      flush(index + 1)
      // The marker's line stays, emptied, so that lines count on; content behind `---` belongs to the document.
      lines.push(line.startsWith('...') ? '' : line)
    } else lines.push(line)
  }
  flush(all.length)
  return parts
}

function compose(text: string, firstLine: number): Node | null {
  const events = parseEvents(text, { maxDepth: MAX_DEPTH })
  const lineAt = lineCounter(text, firstLine)
  const anchors = new Map<string, { node: Node; size: number }>()
  let at = 0
  let nodes = 0

  const count = (line: number, size: number): void => {
    nodes += size
    if (nodes > MAX_NODES) throw new Refusal('yaml_too_large', `more than ${MAX_NODES} nodes after aliases are expanded`, line)
  }
  const nodeAt = (line: number): Node => {
    const event = events[at++] as Event
    if (event.type === EVENT_ID.ALIAS) {
      const anchor = anchors.get(text.slice(event.anchorStart, event.anchorEnd))
      if (anchor === undefined) throw new Refusal('yaml_invalid', 'an alias names no anchor before it', lineAt(event.anchorStart))
      count(line, anchor.size)
      return anchor.node
    }
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) throw new Refusal('yaml_invalid', 'a node is expected', line)
    const before = nodes
    const tag = event.tagStart === -1 ? '' : text.slice(event.tagStart, event.tagEnd)
    if (tag !== '' && tag !== '!!str') throw new Refusal('yaml_tag_refused', `the tag ${tag.slice(0, 40)} is refused`, lineAt(event.tagStart))
    let node: Node
    if (event.type === EVENT_ID.SCALAR) {
      const own = event.valueStart === -1 ? line : lineAt(event.valueStart)
      const value = getScalarValue(text, event)
      count(own, 1)
      node = { kind: 'scalar', line: own, text: value, value: event.style === SCALAR_STYLE.PLAIN && tag === '' ? resolve(value) : value }
    } else {
      const own = event.start === -1 ? line : lineAt(event.start)
      count(own, 1)
      node = event.type === EVENT_ID.SEQUENCE ? { kind: 'list', line: own, items: items(own) } : { kind: 'map', line: own, entries: entries(own) }
    }
    if (event.anchorStart !== -1) anchors.set(text.slice(event.anchorStart, event.anchorEnd), { node, size: nodes - before })
    return node
  }
  const ended = (): boolean => {
    const event = events[at]
    if (event !== undefined && event.type !== EVENT_ID.POP) return false
    at += 1
    return true
  }
  const items = (line: number): Node[] => {
    const found: Node[] = []
    while (!ended()) found.push(nodeAt(line))
    return found
  }
  const entries = (line: number): Entries['entries'] => {
    const found: { key: string; line: number; value: Node }[] = []
    const names = new Set<string>()
    while (!ended()) {
      const key = nodeAt(line)
      if (key.kind !== 'scalar') throw new Refusal('yaml_invalid', 'a key must be a plain word', key.line)
      if (names.has(key.text)) throw new Refusal('yaml_invalid', `the key "${key.text.slice(0, 80)}" stands twice`, key.line)
      names.add(key.text)
      found.push({ key: key.text, line: key.line, value: nodeAt(key.line) })
    }
    return found
  }

  if (events[at]?.type !== EVENT_ID.DOCUMENT) return null
  at += 1
  const root = ended() ? null : nodeAt(firstLine)
  return root
}

/** Offsets rise as events go on, so a line is counted from the last one asked for. */
function lineCounter(text: string, firstLine: number): (offset: number) => number {
  let line = firstLine
  let last = 0
  return (offset) => {
    if (offset < last) return line
    for (; last < offset; last += 1) if (text.charCodeAt(last) === 10) line += 1
    return line
  }
}

/** The core schema of YAML 1.2.2, 10.3.2. */
function resolve(text: string): string | number | boolean | null {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (/^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return value
  }
  return text
}
