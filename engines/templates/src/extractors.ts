// What an extractor finds, each value once, in the order of the answer. Defended by operators.test.ts.
import { printed, toText } from './dsl/convert.ts'
import { EvaluationError } from './dsl/evaluation.ts'
import type { Environment } from './dsl/evaluation.ts'
import { compileExpression } from './interpolation.ts'
import { compileJq } from './jq.ts'
import type { Json } from './jq.ts'
import { tojson } from './jq/values.ts'
import type { Node } from './markup.ts'
import { textOf } from './markup.ts'
import { compileTemplateRegex } from './matchers.ts'
import type { Answer } from './matchers.ts'
import type { Bytes, Extractor } from './model.ts'
import { decoded, encoded, partText } from './part-text.ts'
import { compileXPath } from './xpath.ts'

/** Errors: PatternError `exhausted`; EvaluationError `too_large`. */
export type CompiledExtractor = (answer: Answer, environment: Environment) => Bytes[]

/** Values that one extractor gives at most. */
const MAX_FOUND = 10_000

/** Errors: TemplateError `regex_invalid`, `expression_invalid`, `function_unsupported`, `extractor_invalid`. */
export function compileExtractor(extractor: Extractor, defaultPart: string): CompiledExtractor {
  const { values, group } = extractor
  const part = extractor.part ?? defaultPart
  switch (extractor.type) {
    case 'regex': {
      const regexes = values.map(compileTemplateRegex)
      return (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return []
        const { text } = partText(bytes)
        const found = new Set<string>()
        for (const regex of regexes) if (group <= regex.groupCount) for (const { groups } of regex.all(text, MAX_FOUND)) found.add(groups[group] ?? '')
        return Array.from(found, encoded)
      }
    }
    case 'kval': {
      const names = values.map((name) => name.toLowerCase())
      return ({ lookup }) => {
        const found = new Set<Bytes>()
        for (const [at, name] of names.entries()) {
          const value = lookup(name) ?? lookup(values[at] as string)
          if (value === undefined) continue
          found.add(extractor.caseInsensitive ? toText(value).toLowerCase() : toText(value))
        }
        return [...found]
      }
    }
    case 'json': {
      const queries = values.map(compileJq)
      return (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return []
        const { json } = partText(bytes)
        if (json === undefined) return []
        const found = new Set<Bytes>()
        for (const query of queries) for (const value of query.run(json)) if (found.size < MAX_FOUND) found.add(jsonText(value))
        return [...found]
      }
    }
    case 'xpath': {
      const paths = values.map((value) => compileXPath(decoded(value)))
      return (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return []
        const { document } = partText(bytes)
        if (document === null) return []
        const found = new Set<string>()
        for (const path of paths) {
          const value = path.evaluate(document)
          if (typeof value !== 'object') found.add(String(value))
          else for (const node of value.slice(0, MAX_FOUND)) found.add(extractor.attribute === null ? textOf(node) : attributeOf(node, decoded(extractor.attribute)))
        }
        return Array.from(found, encoded)
      }
    }
    case 'dsl': {
      const expressions = values.map(compileExpression)
      return ({ lookup }, environment) => {
        const found = new Set<Bytes>()
        for (const expression of expressions) {
          try {
            const value = expression.evaluate(lookup, environment)
            const text = value === null ? '' : printed(value)
            if (text !== '') found.add(text)
          } catch (error) {
            if (!(error instanceof EvaluationError)) throw error
            // Only a name that nobody knows lets the others go on.
            if (error.code !== 'unknown_name') break
          }
        }
        return [...found]
      }
    }
    default: return extractor.type satisfies never
  }
}

/** Texts as they are, lists and objects as JSON. */
const jsonText = (value: Json): Bytes => (typeof value === 'string' ? encoded(value) : typeof value === 'object' && value !== null ? encoded(tojson(value)) : toText(value))

const attributeOf = (node: Node, name: string): string => (node.kind === 'attribute' ? node.name === name ? node.value : '' : node.attributes.find((attribute) => attribute.name === name)?.value ?? '')
