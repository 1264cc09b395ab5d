// Whether a block whose matchers look at several answers can still match, whatever comes after the answers that it has. What cannot change the verdict is not
// sent. A condition counts only where everything it names is known for good: parts of answers that are there, by their number. Defended by prospects.test.ts,
// which holds it against the verdict of all requests.
import { PatternError } from '@haechi/patterns'
import type { Environment } from '../dsl/evaluation.ts'
import { compileExpression } from '../interpolation.ts'
import { type Answer, compileMatcher } from '../matchers.ts'
import type { Bytes, HttpBlock, Matcher } from '../model.ts'

/** Has to hold, and is known from the answer with this number on. */
type Condition = { readonly from: number; holds(answer: Answer, environment: Environment): boolean }

const compiled = new WeakMap<HttpBlock, readonly (readonly Condition[])[]>()

/** After `done` requests of the block; `answer` is the last one, which knows those before it. */
export function canMatch(block: HttpBlock, done: number, answer: Answer, environment: Environment): boolean {
  let matchers = compiled.get(block)
  if (matchers === undefined) compiled.set(block, matchers = block.matchers.map((matcher) => conditionsOf(matcher, block)))
  const fails = (conditions: readonly Condition[]): boolean => conditions.some(({ from, holds }) => from <= done && !holds(answer, environment))
  return matchers.length === 0 || !(block.matchersCondition === 'and' ? matchers.some(fails) : matchers.every(fails))
}

/** Without any of which the matcher does not hold. */
function conditionsOf(matcher: Matcher, block: HttpBlock): readonly Condition[] {
  if (matcher.negative) return []
  if (matcher.type === 'dsl') {
    if (matcher.condition === 'or' && matcher.values.length > 1) return []
    return matcher.values.flatMap(conjuncts).flatMap((value) => conditionOf({ ...matcher, condition: 'and', values: [value] }, compileExpression(value).names, block))
  }
  return matcher.part === null ? [] : conditionOf(matcher, [matcher.part], block)
}

function conditionOf(matcher: Matcher, names: Iterable<string>, block: HttpBlock): Condition[] {
  let from = 0
  for (const name of names) {
    const number = /^[a-z][a-z_]*_([1-9]\d?)$/.exec(name)?.[1]
    // What an extractor may find later is not known for good.
    if (number === undefined || block.extractors.some((extractor) => extractor.name !== null && extractor.name !== '' && name.startsWith(extractor.name))) return []
    from = Math.max(from, Number(number))
  }
  if (from === 0) return []
  const { holds } = compileMatcher(matcher, 'body')
  return [{ from, holds: (answer, environment) => {
    try {
      return holds(answer, environment)
    } catch (error) {
      if (error instanceof PatternError) return true
      throw error
    }
  } }]
}

/** What stands between `&&` outside of parentheses and texts; the whole where there is another operator that binds weaker. */
export function conjuncts(source: Bytes): readonly Bytes[] {
  const parts: Bytes[] = []
  let depth = 0
  let begin = 0
  let quote = ''
  for (let at = 0; at < source.length; at++) {
    const char = source[at]!
    if (quote !== '') {
      if (char === '\\') at++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === '\'' || char === '`') quote = char
    else if (char === '(' || char === '[') depth++
    else if (char === ')' || char === ']') depth--
    else if (depth === 0 && (char === '?' || (char === '|' && source[at + 1] === '|'))) return [source]
    else if (depth === 0 && char === '&' && source[at + 1] === '&') {
      parts.push(source.slice(begin, at))
      begin = at + 2
      at++
    }
  }
  return depth !== 0 || quote !== '' ? [source] : [...parts, source.slice(begin)]
}
