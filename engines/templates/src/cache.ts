// A library as bytes: a line that says format and version, a line about the whole, a line of JSON for each template, and SHA-256 of all of them; neither side
// ever holds all of it as one text. What does not fit in any of these is no library, and is read anew from its files. Lists of payload files stand in it once,
// as they do in memory: library.test.ts holds it.
import { createHash } from 'node:crypto'
import { libraryOf } from './library.ts'
import type { Library, Refused } from './library.ts'
import type { Block, Bytes, Payloads, Template } from './model.ts'

/** To be raised with every change of model.ts, of what is read, or of what can be run. */
const FORMAT = 3
const PIECE = 64 * 1024
/** A list that several templates have: its number among `lists`. */
type Kept = Payloads & { readonly shared: Readonly<Record<string, number>> }
/** `named`: how many of the templates, at their end, are named by workflows only. */
type Whole = { readonly named: number; readonly refused: readonly Refused[]; readonly lists: readonly (readonly Bytes[])[] }

/** Pieces of text, to be written one behind the other as UTF-8; none is kept. `version`: of the program and of the keys that signatures were checked with; another one reads it not. */
export function* toCache(library: Library, version = ''): Generator<string> {
  const all = [...new Set([...library.templates, ...library.byPath.values()])]
  const seen = new Map<readonly Bytes[], number>()
  for (const { blocks } of all) for (const list of blocks.flatMap(listsOf)) seen.set(list, (seen.get(list) ?? 0) + 1)
  const lists = [...seen].filter(([, times]) => times > 1).map(([list]) => list)
  const numbers = new Map(lists.map((list, number) => [list, number]))
  const hash = createHash('sha256')
  let lines = `${headerOf(version)}\n${JSON.stringify({ named: all.length - library.templates.length, refused: library.refused, lists } satisfies Whole)}\n`
  for (const template of all) {
    if (lines.length > PIECE) {
      hash.update(lines)
      yield lines
      lines = ''
    }
    lines += `${JSON.stringify(template.blocks.some((block) => listsOf(block).some((list) => numbers.has(list))) ? { ...template, blocks: template.blocks.map((block) => packed(block, numbers)) } : template)}\n`
  }
  yield lines
  yield hash.update(lines).digest('hex')
}

/** Null: no cache of this format and version, or damaged. Signatures are as they were found when it was made. */
export function fromCache(bytes: Uint8Array, version = ''): Library | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = Buffer.from(`${headerOf(version)}\n`)
  const end = buffer.length - 64
  if (end < header.length || !buffer.subarray(0, header.length).equals(header)) return null
  if (buffer.toString('latin1', end) !== createHash('sha256').update(buffer.subarray(0, end)).digest('hex')) return null
  const values: unknown[] = []
  for (let from = header.length, to = 0; from < end; from = to + 1) {
    to = buffer.indexOf(10, from)
    values.push(JSON.parse(buffer.toString('utf8', from, to)))
  }
  const { named, refused, lists } = values[0] as Whole
  const templates = values.slice(1) as Template[]
  for (const { blocks } of templates) for (const block of blocks) if ('payloads' in block && block.payloads !== null) unpack(block as { payloads: Payloads }, lists)
  return libraryOf(templates.slice(0, templates.length - named), templates.slice(templates.length - named), refused)
}

const headerOf = (version: string): string => `haechi-templates ${FORMAT} ${JSON.stringify(version)}`

const listsOf = (block: Block): readonly (readonly Bytes[])[] => ('payloads' in block && block.payloads !== null ? Object.values(block.payloads.lists) : [])

function packed(block: Block, numbers: ReadonlyMap<readonly Bytes[], number>): Block {
  if (!('payloads' in block) || block.payloads === null) return block
  const entries = Object.entries(block.payloads.lists)
  const kept: Kept = {
    attack: block.payloads.attack, lists: Object.fromEntries(entries.map(([name, list]) => [name, numbers.has(list) ? [] : list])),
    shared: Object.fromEntries(entries.flatMap(([name, list]) => { const number = numbers.get(list); return number === undefined ? [] : [[name, number]] })),
  }
  return { ...block, payloads: kept }
}

function unpack(block: { payloads: Payloads }, lists: readonly (readonly Bytes[])[]): void {
  const { shared, attack, lists: own } = block.payloads as Partial<Kept> & Payloads
  if (shared === undefined) return
  // Names keep their order, and with it the order of combinations.
  block.payloads = { attack, lists: Object.fromEntries(Object.entries(own).map(([name, list]) => [name, Object.hasOwn(shared, name) ? lists[shared[name]!]! : list])) }
}
