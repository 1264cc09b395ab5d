// Whether one matcher holds, exactly as Nuclei judges it: where its part is missing it does not, negative or not; `and` needs each of its values, `or` one.
// Words and bytes are compared as bytes; expressions run over Unicode. Defended by operators.test.ts.
import { PatternError, compileRegex } from '@haechi/patterns'
import type { Regex } from '@haechi/patterns'
import { lower } from './dsl/convert.ts'
import { EvaluationError } from './dsl/evaluation.ts'
import type { Environment } from './dsl/evaluation.ts'
import { compileExpression, compileText } from './interpolation.ts'
import type { Text } from './interpolation.ts'
import type { Bytes, Lookup, Matcher, Value } from './model.ts'
import { decoded, partText } from './part-text.ts'
import { TemplateError } from './problem.ts'
import { compileXPath } from './xpath.ts'

/** What a block got: parts by Nuclei's names, undefined where there is none, and all values that expressions may name. */
export type Answer = { part(name: string): Bytes | undefined; readonly lookup: Lookup }

export type CompiledMatcher = {
  /** The cheapest first. */
  readonly cost: number
  /** Values that it looks up besides its part. */
  readonly names: readonly string[]
  readonly part: string
  /** Errors: PatternError `exhausted`. */
  holds(answer: Answer, environment: Environment): boolean
}

const compiledRegexes = new Map<Bytes, Regex>()
const MAX_COMPILED = 2000

/** As written in a template. Errors: TemplateError `regex_invalid`. */
export function compileTemplateRegex(source: Bytes): Regex {
  let regex = compiledRegexes.get(source)
  if (regex === undefined) {
    try {
      regex = compileRegex(decoded(source))
    } catch (error) {
      if (error instanceof PatternError) throw new TemplateError('regex_invalid', '', error.message)
      throw error
    }
    if (compiledRegexes.size >= MAX_COMPILED) compiledRegexes.clear()
    compiledRegexes.set(source, regex)
  }
  return regex
}

const hexadecimal = /^(?:[0-9a-fA-F]{2})+$/
const bytesOfHex = (digits: Bytes): Bytes => Buffer.from(digits, 'hex').toString('latin1')

/** Errors: TemplateError `regex_invalid`, `expression_invalid`, `function_unsupported`, `matcher_invalid`. */
export function compileMatcher(matcher: Matcher, defaultPart: string): CompiledMatcher {
  const part = matcher.part ?? defaultPart
  const { negative, numbers } = matcher
  const every = matcher.condition === 'and'
  switch (matcher.type) {
    case 'status': return { part, cost: 0, names: ['status_code'], holds: (answer) => {
      if (answer.part(part) === undefined) return false
      const status = answer.lookup('status_code')
      return status !== undefined && numbers.includes(Number(status)) !== negative
    } }
    case 'size': return { part, cost: 0, names: [], holds: (answer) => {
      const bytes = answer.part(part)
      return bytes !== undefined && numbers.includes(bytes.length) !== negative
    } }
    case 'word': return words(matcher, part, every)
    case 'binary': {
      for (const [at, value] of matcher.values.entries()) if (!hexadecimal.test(value)) throw new TemplateError('matcher_invalid', `binary[${at}]`, 'Bytes are written as pairs of hexadecimal digits.')
      const wanted = matcher.values.map(bytesOfHex)
      return { part, cost: 2, names: [], holds: (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return false
        return (every ? wanted.every((value) => bytes.includes(value)) : wanted.some((value) => bytes.includes(value))) !== negative
      } }
    }
    case 'regex': {
      const regexes = matcher.values.map(compileTemplateRegex)
      return { part, cost: 3, names: [], holds: (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return false
        const { text } = partText(bytes)
        return (every ? regexes.every((regex) => regex.test(text)) : regexes.some((regex) => regex.test(text))) !== negative
      } }
    }
    case 'dsl': return expressions(matcher, part, every)
    case 'xpath': {
      const paths = matcher.values.map((value) => compileXPath(decoded(value)))
      return { part, cost: 5, names: [], holds: (answer) => {
        const bytes = answer.part(part)
        if (bytes === undefined) return false
        const { document } = partText(bytes)
        const found = (path: ReturnType<typeof compileXPath>): boolean => {
          const value = document === null ? false : path.evaluate(document)
          return typeof value === 'object' ? value.length > 0 : Boolean(value)
        }
        return (every ? paths.every(found) : paths.some(found)) !== negative
      } }
    }
    default: return matcher.type satisfies never
  }
}

/** Words may hold expressions, which are evaluated for each answer; one that cannot be evaluated is looked for as it is written, or ends an `and`. */
function words({ values, hex, caseInsensitive, negative }: Matcher, part: string, every: boolean): CompiledMatcher {
  const texts: (Bytes | Text)[] = values.map((value) => {
    const written = hex && hexadecimal.test(value) ? bytesOfHex(value) : value
    const word = caseInsensitive ? lower(written) : written
    if (!word.includes('{{') && !word.includes('§')) return word
    const text = compileText(word)
    return text.literal ?? text
  })
  const wordOf = (text: Text, at: number, lookup: Lookup, environment: Environment): Bytes | null => {
    try {
      const word = text.render(lookup, environment)
      return caseInsensitive ? lower(word) : word
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error
      return every ? null : values[at] as Bytes
    }
  }
  return {
    part, cost: 1, names: texts.flatMap((text) => (typeof text === 'string' ? [] : text.names)),
    holds(answer, environment) {
      const bytes = answer.part(part)
      if (bytes === undefined) return false
      const within = caseInsensitive ? partText(bytes).lower : bytes
      for (let at = 0; at < texts.length; at += 1) {
        const text = texts[at]!
        const word = typeof text === 'string' ? text : wordOf(text, at, answer.lookup, environment)
        if ((word !== null && within.includes(word)) !== every) return every === negative
      }
      return every !== negative
    },
  }
}

/** An expression that cannot be evaluated, or gives something else than true or false, does not hold. */
function expressions({ values, negative }: Matcher, part: string, every: boolean): CompiledMatcher {
  const compiled = values.map(compileExpression)
  return {
    part, cost: 4, names: compiled.flatMap(({ names }) => names),
    holds({ lookup }, environment) {
      // As in Nuclei: what is neither true nor false is passed over, what cannot be evaluated ends an `and`, and an `and` holds when its last one does.
      let held = false
      for (const expression of compiled) {
        let value: Value
        try {
          value = expression.evaluate(lookup, environment)
        } catch (error) {
          if (!(error instanceof EvaluationError)) throw error
          value = false
        }
        held = value === true
        if (typeof value === 'boolean' && value !== every) break
      }
      return held !== negative
    },
  }
}
