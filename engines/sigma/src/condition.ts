// The condition language (Sigma rules specification, Condition): or < and < not < "x of" < parentheses.
import { Refusal } from './refusal.ts'
import type { Condition } from './rule.ts'

const TOKEN = /\s*(?:([()])|([^\s()|]+)|(\|))/y
const MAX_TOKENS = 2000
const MAX_DEPTH = 64

/** The words of the language; a name that is defined goes before the word. */
export const WORDS = ['and', 'or', 'not', 'of'] as const
export const QUANTIFIERS = ['1', 'any', 'all'] as const

/** Resolves `1 of` and `all of` against the names of the selections (of a correlation: its rules), in their order. @throws Refusal `condition_invalid`, `selection_unknown`, `aggregation_unsupported` */
export function parseCondition(text: string, names: readonly string[], what: 'selection' | 'rule' = 'selection'): Condition {
  const tokens = tokensOf(text)
  const known = new Set(names)
  let at = 0
  let depth = 0
  const is = (word: string): boolean => tokens[at]?.toLowerCase() === word && !known.has(tokens[at] as string)
  const describe = (): string => (at < tokens.length ? `"${(tokens[at] as string).slice(0, 60)}"` : 'the end')

  const either = (): Condition => {
    depth += 1
    if (depth > MAX_DEPTH) throw new Refusal('condition_invalid', `parentheses nested deeper than ${MAX_DEPTH}`)
    const of = [both()]
    while (is('or')) {
      at += 1
      of.push(both())
    }
    depth -= 1
    return of.length === 1 ? of[0] as Condition : { kind: 'or', of }
  }
  const both = (): Condition => {
    const of = [denied()]
    while (is('and')) {
      at += 1
      of.push(denied())
    }
    return of.length === 1 ? of[0] as Condition : { kind: 'and', of }
  }
  const denied = (): Condition => {
    let not = false
    for (; is('not'); at += 1) not = !not
    const inner = operand()
    return not ? { kind: 'not', of: inner } : inner
  }
  const operand = (): Condition => {
    const token = tokens[at]
    if (token === '(') {
      at += 1
      const inner = either()
      if (tokens[at] !== ')') throw new Refusal('condition_invalid', `a parenthesis is not closed before ${describe()}`)
      at += 1
      return inner
    }
    if (token === undefined || token === ')' || WORDS.some(is)) throw new Refusal('condition_invalid', `a ${what} is expected at ${describe()}`)
    if (tokens[at + 1]?.toLowerCase() === 'of' && !known.has('of')) return quantified(token.toLowerCase())
    at += 1
    if (!known.has(token)) throw new Refusal(token.includes('*') || token === 'them' ? 'condition_invalid' : 'selection_unknown', token.includes('*') ? `"${token}" needs "1 of" or "all of" before it` : `no ${what} is named "${token.slice(0, 80)}"`)
    return { kind: 'selection', name: token }
  }
  const quantified = (quantifier: string): Condition => {
    if (!(QUANTIFIERS as readonly string[]).includes(quantifier)) throw new Refusal('condition_invalid', `"${quantifier.slice(0, 20)} of" is not known: 1, any or all`)
    at += 2
    const pattern = tokens[at]
    if (pattern === undefined || pattern === '(' || pattern === ')') throw new Refusal('condition_invalid', `"${quantifier} of" names nothing`)
    at += 1
    // A pattern is "the same as them, but restricted": names with an underscore in front are left out of both.
    const them = pattern.toLowerCase() === 'them' && !known.has(pattern)
    const chosen = names.filter((name) => !name.startsWith('_') && (them || fits(pattern, name)))
    if (chosen.length === 0) throw new Refusal('selection_unknown', `"${quantifier} of ${pattern.slice(0, 80)}" fits no ${what}`)
    const of = chosen.map((name): Condition => ({ kind: 'selection', name }))
    return of.length === 1 ? of[0] as Condition : { kind: quantifier === 'all' ? 'and' : 'or', of }
  }

  const condition = either()
  if (at < tokens.length) throw new Refusal('condition_invalid', `"and" or "or" is expected at ${describe()}`)
  return condition
}

/** Whether a condition holds when of its names those hold that `holds` says. */
export function truthOf(condition: Condition, holds: (name: string) => boolean): boolean {
  switch (condition.kind) {
    case 'selection': return holds(condition.name)
    case 'not': return !truthOf(condition.of, holds)
    case 'and': return condition.of.every((part) => truthOf(part, holds))
    case 'or': return condition.of.some((part) => truthOf(part, holds))
    default: return condition satisfies never
  }
}

export const negated = (condition: Condition): Condition => (condition.kind === 'not' ? condition.of : { kind: 'not', of: condition })

/** The condition with other names. */
export function renamed(condition: Condition, name: (name: string) => string): Condition {
  switch (condition.kind) {
    case 'selection': return { kind: 'selection', name: name(condition.name) }
    case 'not': return { kind: 'not', of: renamed(condition.of, name) }
    case 'and':
    case 'or': return { kind: condition.kind, of: condition.of.map((part) => renamed(part, name)) }
    default: return condition satisfies never
  }
}

/** The names in a condition, each once, in their order. */
export function namesIn(condition: Condition): string[] {
  if (condition.kind === 'selection') return [condition.name]
  return [...new Set(condition.kind === 'not' ? namesIn(condition.of) : condition.of.flatMap(namesIn))]
}

/** The words of a condition that can only be names, each once, in their order; null where it also chooses by `of`. @throws Refusal as `parseCondition` */
export function nameWords(text: string): string[] | null {
  const words = new Set(tokensOf(text).filter((token) => !['(', ')', 'and', 'or', 'not'].includes(token.toLowerCase())))
  return [...words].some((word) => word.toLowerCase() === 'of') ? null : [...words]
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    if (found[3] !== undefined) throw new Refusal('aggregation_unsupported', 'aggregations behind "|" are of Sigma 1: write a correlation rule')
    tokens.push((found[1] ?? found[2]) as string)
    if (tokens.length > MAX_TOKENS) throw new Refusal('condition_invalid', `more than ${MAX_TOKENS} words`)
  }
  return tokens
}

/** `*` stands for any run of characters, at any place. */
function fits(pattern: string, name: string): boolean {
  const [head = '', ...parts] = pattern.split('*')
  if (parts.length === 0) return name === head
  if (!name.startsWith(head)) return false
  const tail = parts.pop() as string
  let at = head.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - tail.length >= at && name.endsWith(tail)
}
