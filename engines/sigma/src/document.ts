// What rules, correlations and filters have in common: reading a map's entries, the head, the log source, references to rules.
import type { LogSource } from '@haechi/records'
import { Refusal } from './refusal.ts'
import type { Head, Level, RejectionCode, RuleText, Status } from './rule.ts'
import type { Entries, Node } from './yaml.ts'

const LEVELS = new Set<string>(['informational', 'low', 'medium', 'high', 'critical'] satisfies Level[])
const STATUSES = new Set<string>(['stable', 'test', 'experimental', 'deprecated', 'unsupported'] satisfies Status[])

export type Entry = Entries['entries'][number]

export const entryOf = (node: Node, key: string): Entry | null => (node.kind === 'map' ? node.entries.find((entry) => entry.key === key) ?? null : null)

/** A scalar that says something, as text; null for anything else. */
export function textOf(node: Node | undefined): string | null {
  return node?.kind === 'scalar' && node.value !== null && node.text !== '' ? node.text : null
}

export const textAt = (node: Node, key: string): string | null => textOf(entryOf(node, key)?.value)

function textsAt(node: Node, key: string): string[] {
  const value = entryOf(node, key)?.value
  if (value === undefined) return []
  return (value.kind === 'list' ? value.items : [value]).flatMap((item) => textOf(item) ?? [])
}

/** @throws Refusal `field_missing`, `field_invalid` */
export function headOf(node: Entries, file: string): Head {
  const title = textAt(node, 'title')
  if (title === null) throw new Refusal('field_missing', 'a rule needs a title', node.line)
  const oneOf = <T extends string>(key: string, known: ReadonlySet<string>): T | null => {
    const entry = entryOf(node, key)
    if (entry === null || (entry.value.kind === 'scalar' && entry.value.value === null)) return null
    const text = textAt(node, key)
    if (text === null || !known.has(text)) throw new Refusal('field_invalid', `${key} is one of ${[...known].join(', ')}`, entry.line)
    return text as T
  }
  const tags = textsAt(node, 'tags')
  const license = textAt(node, 'license')
  const translations = translationsOf(node)
  return {
    id: textAt(node, 'id') ?? `${file}:${node.line}`,
    name: textAt(node, 'name'),
    title,
    level: oneOf<Level>('level', LEVELS),
    status: oneOf<Status>('status', STATUSES),
    author: textAt(node, 'author'),
    ...(license === null ? {} : { license }),
    description: textAt(node, 'description'),
    date: textAt(node, 'date'),
    modified: textAt(node, 'modified'),
    references: textsAt(node, 'references'),
    falsepositives: textsAt(node, 'falsepositives'),
    ...(translations === null ? {} : { translations }),
    fields: textsAt(node, 'fields'),
    tags,
    techniques: tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase() ?? []),
    // Tactics are words; s0029 and g0069 are software and groups.
    tactics: tags.flatMap((tag) => /^attack\.([a-z][a-z_-]+)$/i.exec(tag)?.[1]?.toLowerCase().replaceAll('_', '-') ?? []),
    file,
    line: node.line,
  }
}

/** Sigma leaves custom attributes to anybody, so one of another shape says nothing here and costs no rule. Language tags as in RFC 5646, 2.1: two letters, perhaps a script or region. */
function translationsOf(node: Node): Readonly<Record<string, RuleText>> | null {
  const stated = entryOf(node, 'translations')?.value
  if (stated?.kind !== 'map') return null
  const texts = stated.entries.flatMap(({ key, value }): [string, RuleText][] => {
    if (!/^[a-z]{2}(?:-[a-z\d]{2,8})?$/i.test(key)) return []
    const text = { title: textAt(value, 'title'), description: textAt(value, 'description'), falsepositives: textsAt(value, 'falsepositives') }
    return text.title === null && text.description === null && text.falsepositives.length === 0 ? [] : [[key.toLowerCase(), text]]
  })
  return texts.length === 0 ? null : Object.fromEntries(texts)
}

/** @throws Refusal `field_missing`, `logsource_invalid` */
export function logSourceOf(node: Node): LogSource {
  const entry = entryOf(node, 'logsource')
  if (entry === null) throw new Refusal('field_missing', 'a logsource is missing', node.line)
  const source: LogSource = {}
  for (const part of ['product', 'category', 'service'] as const) {
    const stated = entryOf(entry.value, part)
    if (stated === null) continue
    const value = textAt(entry.value, part)
    if (value === null) throw new Refusal('logsource_invalid', `logsource.${part} is a word`, stated.line)
    source[part] = value.toLowerCase()
  }
  if (Object.keys(source).length === 0) throw new Refusal('logsource_invalid', 'a logsource names a product, a category or a service', entry.line)
  return source
}

/** A text or a list of texts, each once, with their lines. @throws Refusal `code` */
export function textsIn(entry: Entry, most: number, code: RejectionCode): Map<string, number> {
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value]
  if (items.length === 0) throw new Refusal(code, `${entry.key} is empty`, entry.line)
  if (items.length > most) throw new Refusal(code, `${entry.key} has more than ${most} entries`, entry.line)
  const lines = new Map<string, number>()
  for (const item of items) {
    const text = textOf(item)
    if (text === null) throw new Refusal(code, `an entry of ${entry.key} is a text`, item.line)
    if (lines.has(text)) throw new Refusal(code, `"${text.slice(0, 80)}" stands twice in ${entry.key}`, item.line)
    lines.set(text, item.line)
  }
  return lines
}
