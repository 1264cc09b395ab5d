// A library as bytes: one line that says format, version and SHA-256 of the rest, then JSON. What does not fit in any of these is no library, and is read anew
// from its files. Lists of payload files stand in it once, as they do in memory: cache.test.ts holds it.
import { createHash } from 'node:crypto'
import { libraryOf } from './library.ts'
import type { Library, Refused } from './library.ts'
import type { Block, Bytes, Payloads, Template } from './model.ts'

/** To be raised with every change of model.ts, of what is read, or of what can be run. */
const FORMAT = 1
/** A list that several templates have, or a long one: its number among `lists`. */
type Kept = { readonly attack: Payloads['attack']; readonly lists: Readonly<Record<string, readonly Bytes[]>>; readonly shared: Readonly<Record<string, number>> }
type Content = { readonly templates: readonly Template[]; /** At their end: named by workflows only. */ readonly named: number; readonly refused: readonly Refused[]; readonly lists: readonly (readonly Bytes[])[] }

/** `version`: of the program and of the keys that signatures were checked with; another one reads it not. */
export function toCache(library: Library, version = ''): Uint8Array {
  const seen = new Map<readonly Bytes[], number>()
  const lists: (readonly Bytes[])[] = []
  const all = [...new Set([...library.templates, ...library.byPath.values()])]
  for (const { blocks } of all) for (const list of blocks.flatMap(listsOf)) seen.set(list, (seen.get(list) ?? 0) + 1)
  const numbers = new Map<readonly Bytes[], number>()
  for (const [list, times] of seen) if (times > 1) numbers.set(list, lists.push(list) - 1)
  const templates = all.map((template) => (template.blocks.some((block) => listsOf(block).some((list) => numbers.has(list))) ? { ...template, blocks: template.blocks.map((block) => packed(block, numbers)) } : template))
  const json = Buffer.from(JSON.stringify({ templates, named: all.length - library.templates.length, refused: library.refused, lists } satisfies Content))
  return Buffer.concat([Buffer.from(`${headerOf(version, json)}\n`), json])
}

/** Null: no cache of this format and version, or damaged. Signatures are as they were found when it was made. */
export function fromCache(bytes: Uint8Array, version = ''): Library | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.indexOf(10)
  if (end === -1 || end > 1000) return null
  const json = buffer.subarray(end + 1)
  if (buffer.toString('utf8', 0, end) !== headerOf(version, json)) return null
  const { templates, named, refused, lists } = JSON.parse(json.toString('utf8')) as Content
  for (const { blocks } of templates) for (const block of blocks) if ('payloads' in block && block.payloads !== null) unpack(block as { payloads: Payloads }, lists)
  return libraryOf(templates.slice(0, templates.length - named), templates.slice(templates.length - named), refused)
}

const headerOf = (version: string, json: Uint8Array): string => `haechi-templates ${FORMAT} ${JSON.stringify(version)} ${createHash('sha256').update(json).digest('hex')}`

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
  const { shared, attack, lists: own } = block.payloads as Kept & Partial<Kept>
  if (shared === undefined) return
  // Names keep their order, and with it the order of combinations.
  block.payloads = { attack, lists: Object.fromEntries(Object.entries(own).map(([name, list]) => [name, Object.hasOwn(shared, name) ? lists[shared[name]!]! : list])) }
}
