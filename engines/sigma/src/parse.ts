// Rule files to rules. Whatever is wrong with a document is one coded rejection and costs no other document.
import { parseCondition } from './condition.ts'
import { selectionOf } from './detection.ts'
import type { Placeholders } from './detection.ts'
import { Refusal } from './refusal.ts'
import type { Condition, Detection, Level, Rejection, Rule, RuleText, Selection, Status } from './rule.ts'
import { MAX_FILE_CHARACTERS, documents } from './yaml.ts'
import type { Entries, Node } from './yaml.ts'

export type ParseOptions = {
  /** Values of `|expand` placeholders by name, without the percent signs; wildcards in them count. */
  placeholders?: Placeholders
}

const LEVELS = new Set<string>(['informational', 'low', 'medium', 'high', 'critical'] satisfies Level[])
const STATUSES = new Set<string>(['stable', 'test', 'experimental', 'deprecated', 'unsupported'] satisfies Status[])

/**
 * The rules of one file of one or several YAML documents, and each document that is none with its line and code. Never throws.
 * Source: Sigma rules specification 2.1, modifiers appendix 2.1.0. Correlations and filters are recognised and rejected.
 */
export function parse(text: string, file: string, options: ParseOptions = {}): { rules: Rule[]; rejected: Rejection[] } {
  if (text.length > MAX_FILE_CHARACTERS) return { rules: [], rejected: [{ file, line: 1, code: 'file_too_large', reason: `more than ${MAX_FILE_CHARACTERS} characters` }] }
  const rules: Rule[] = []
  const rejected: Rejection[] = []
  for (const { line, read } of documents(text)) {
    const id = read === null || read instanceof Refusal ? null : textAt(read, 'id')
    try {
      if (read instanceof Refusal) throw read
      if (read !== null) rules.push(ruleOf(read, file, options.placeholders ?? {}))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      rejected.push({ file, line: error.line === 0 ? line : error.line, code: error.code, reason: error.message, ...(id === null ? {} : { id }) })
    }
  }
  return { rules, rejected }
}

/** One line of `haechi rules lint`: each document of a file, in its order. */
export type Lint = { file: string; status: 'ok' | 'rejected'; code: Rejection['code'] | null; line: number; id: string | null; reason: string | null }

export function lintFile(text: string, file: string, options: ParseOptions = {}): Lint[] {
  const { rules, rejected } = parse(text, file, options)
  return [
    ...rules.map(({ id, line }): Lint => ({ file, status: 'ok', code: null, line, id, reason: null })),
    ...rejected.map(({ code, line, id, reason }): Lint => ({ file, status: 'rejected', code, line, id: id ?? null, reason })),
  ].sort((a, b) => a.line - b.line)
}

const entryOf = (node: Node, key: string): Entries['entries'][number] | null => (node.kind === 'map' ? node.entries.find((entry) => entry.key === key) ?? null : null)

/** A scalar that says something, as text; null for anything else. */
function textAt(node: Node, key: string): string | null {
  const value = entryOf(node, key)?.value
  return value?.kind === 'scalar' && value.value !== null && value.text !== '' ? value.text : null
}

function textsAt(node: Node, key: string): string[] {
  const value = entryOf(node, key)?.value
  if (value === undefined) return []
  return (value.kind === 'list' ? value.items : [value]).flatMap((item) => (item.kind === 'scalar' && item.value !== null && item.text !== '' ? [item.text] : []))
}

function ruleOf(node: Node, file: string, placeholders: Placeholders): Rule {
  if (node.kind !== 'map') throw new Refusal('document_invalid', 'a rule is a map with title, logsource and detection', node.line)
  const refuseKey = (key: string, code: Rejection['code'], reason: string): void => {
    const entry = entryOf(node, key)
    if (entry !== null) throw new Refusal(code, reason, entry.line)
  }
  refuseKey('action', 'action_unsupported', '"action" documents are of Sigma 1: write each rule whole')
  refuseKey('correlation', 'correlation_unsupported', 'correlation rules are not run yet')
  refuseKey('filter', 'filter_unsupported', 'filter documents are not run yet')

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
    logsource: logSourceOf(node),
    detection: detectionOf(node, placeholders),
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

function logSourceOf(node: Node): Rule['logsource'] {
  const entry = entryOf(node, 'logsource')
  if (entry === null) throw new Refusal('field_missing', 'a rule needs a logsource', node.line)
  const source: Rule['logsource'] = {}
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

function detectionOf(node: Node, placeholders: Placeholders): Detection {
  const entry = entryOf(node, 'detection')
  if (entry === null) throw new Refusal('field_missing', 'a rule needs a detection', node.line)
  if (entry.value.kind !== 'map') throw new Refusal('detection_invalid', 'detection is a map of selections and a condition', entry.line)
  const selections = new Map<string, Selection>()
  for (const { key, value } of entry.value.entries) {
    // `timeframe` belonged to the aggregations of Sigma 1 and says nothing without one.
    if (key !== 'condition' && key !== 'timeframe') selections.set(key, selectionOf(value, placeholders))
  }
  const condition = entryOf(entry.value, 'condition')
  if (condition === null) throw new Refusal('condition_invalid', 'a detection needs a condition', entry.line)
  if (selections.size === 0) throw new Refusal('detection_invalid', 'a detection needs a selection', entry.line)
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
