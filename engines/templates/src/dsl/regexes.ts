import { compileRegex, PatternError, type Regex } from '@haechi/patterns'
import type { Bytes } from '../model.ts'
import { bytesOf } from '@haechi/probes/wire'
import { unicodeOf } from './convert.ts'
import { EvaluationError, spend, type Scope } from './evaluation.ts'

const compiled = new Map<Bytes, Regex | EvaluationError>()
const kept = 1_024

function regexOf(source: Bytes): Regex {
  let regex = compiled.get(source)
  if (regex === undefined) {
    try {
      regex = compileRegex(unicodeOf(source) ?? source)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      regex = new EvaluationError('invalid_input', `A regular expression is not valid: ${error.message}.`)
    }
    if (compiled.size >= kept) compiled.delete(compiled.keys().next().value!)
    compiled.set(source, regex)
  }
  if (regex instanceof EvaluationError) throw regex
  return regex
}

function within<T>(search: () => T): T {
  try {
    return search()
  } catch (error) {
    if (error instanceof PatternError) throw new EvaluationError('too_large', `A regular expression was given up: ${error.message}.`)
    throw error
  }
}

let lastBytes = ''
let lastText = ''
/** Many expressions look at the same answer one after another. */
function searchable(bytes: Bytes): string {
  if (bytes.length < 256) return unicodeOf(bytes) ?? bytes
  if (bytes !== lastBytes) {
    lastText = unicodeOf(bytes) ?? bytes
    lastBytes = bytes
  }
  return lastText
}

/** Many templates ask for nothing but a text. */
const plain = /^[\w /:;,=<>"'#@!~&%-]*$/

export const matches = (source: Bytes, bytes: Bytes): boolean => {
  if (plain.test(source)) return bytes.includes(source)
  const regex = regexOf(source)
  return within(() => regex.test(searchable(bytes)))
}

export function replaceMatches(source: Bytes, bytes: Bytes, template: Bytes, scope: Scope): Bytes {
  const regex = regexOf(source)
  return within(() => {
    // All of it as Unicode, or, where something is no UTF-8, all of it as bytes.
    const inUnicode = unicodeOf(template)
    const asUnicode = inUnicode !== null && unicodeOf(bytes) !== null
    const subject = asUnicode ? searchable(bytes) : bytes
    if (template.length > 0) {
      const found = regex.all(subject)
      spend(scope, found.length * template.length + (template.includes('$') ? found.reduce((sum, one) => sum + (one.end - one.index), 0) * (template.split('$').length - 1) : 0))
    }
    const replaced = regex.replaceAll(subject, asUnicode ? inUnicode : template)
    return asUnicode ? bytesOf(replaced) : replaced
  })
}
