// Files to rules, correlations and filters. Whatever is wrong with a document is one coded rejection and costs no other document.
import { correlationOf } from './correlation.ts'
import { detectionOf } from './detection.ts'
import type { PlaceholdersFor } from './detection.ts'
import { entryOf, headOf, logSourceOf, textAt } from './document.ts'
import { filterOf } from './filter.ts'
import { placeholdersOf } from './pipeline.ts'
import type { Pipeline } from './pipeline.ts'
import { Refusal } from './refusal.ts'
import type { Correlation, Filter, Rejection, Rule } from './rule.ts'
import { MAX_FILE_CHARACTERS, documents } from './yaml.ts'
import type { Node } from './yaml.ts'

export type ParseOptions = {
  /** Values of `|expand` placeholders by name, without the percent signs, where wildcards count; or the pipelines whose vars they are (the rest of which is done by `applyPipelines`, after `link`). */
  placeholders?: Readonly<Record<string, readonly string[]>> | readonly Pipeline[]
}

export type Parsed = { rules: Rule[]; correlations: Correlation[]; filters: Filter[]; rejected: Rejection[] }

/**
 * The documents of one file of one or several YAML documents, and each that is none with its line and code. Never throws. What they say of each other is looked up by `link`.
 * Source: Sigma 2.1: rules, correlation rules, filters, modifiers appendix.
 */
export function parse(text: string, file: string, options: ParseOptions = {}): Parsed {
  const parsed: Parsed = { rules: [], correlations: [], filters: [], rejected: [] }
  if (text.length > MAX_FILE_CHARACTERS) {
    parsed.rejected.push({ file, line: 1, code: 'file_too_large', reason: `more than ${MAX_FILE_CHARACTERS} characters` })
    return parsed
  }
  const given = options.placeholders ?? {}
  const placeholdersFor: PlaceholdersFor = (head, logsource) => (isPipelines(given) ? placeholdersOf(given, head, logsource) : given)
  for (const { line, read } of documents(text)) {
    const id = read === null || read instanceof Refusal ? null : textAt(read, 'id')
    try {
      if (read instanceof Refusal) throw read
      if (read !== null) readInto(parsed, read, file, placeholdersFor)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      parsed.rejected.push({ file, line: error.line === 0 ? line : error.line, code: error.code, reason: error.message, ...(id === null ? {} : { id }) })
    }
  }
  return parsed
}

const isPipelines = (given: NonNullable<ParseOptions['placeholders']>): given is readonly Pipeline[] => Array.isArray(given)

function readInto({ rules, correlations, filters }: Parsed, node: Node, file: string, placeholdersFor: PlaceholdersFor): void {
  if (node.kind !== 'map') throw new Refusal('document_invalid', 'a document is a map: a rule, a correlation or a filter', node.line)
  const action = entryOf(node, 'action')
  if (action !== null) throw new Refusal('action_unsupported', '"action" documents are of Sigma 1: write each rule whole', action.line)
  const [, second] = node.entries.filter(({ key }) => ['detection', 'correlation', 'filter'].includes(key))
  if (second !== undefined) throw new Refusal('document_invalid', 'a document has one of detection, correlation and filter', second.line)
  if (entryOf(node, 'correlation') !== null) correlations.push(correlationOf(node, file))
  else if (entryOf(node, 'filter') !== null) filters.push(filterOf(node, file, placeholdersFor))
  else {
    const head = headOf(node, file)
    const logsource = logSourceOf(node)
    const detection = entryOf(node, 'detection')
    if (detection === null) throw new Refusal('field_missing', 'a rule needs a detection', node.line)
    rules.push({ ...head, logsource, detection: detectionOf(detection, [], placeholdersFor(head, logsource)) })
  }
}
