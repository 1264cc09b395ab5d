// The matchers and extractors of a block over one answer, as Nuclei's operators judge it: extractors come first and their values are seen by matchers; under `or`
// each named matcher is a result of its own, then each named extractor, else there is one. Nothing that matchers cannot see is worked out before they hold.
// Defended by operators.test.ts, which holds it against the plain order of things.
import { PatternError } from '@haechi/patterns'
import { EvaluationError } from './dsl/evaluation.ts'
import type { Environment } from './dsl/evaluation.ts'
import { compileExtractor } from './extractors.ts'
import type { CompiledExtractor } from './extractors.ts'
import { compileMatcher } from './matchers.ts'
import type { Answer, CompiledMatcher } from './matchers.ts'
import type { Block, Bytes, Extractor, Matcher, Value } from './model.ts'
import { TemplateError } from './problem.ts'

export type { Answer } from './matchers.ts'
export type Judgement = {
  /** A matcher held (under `and`: all did); where there are none, an extractor found something. */
  readonly matched: boolean
  /** What is to be told. Empty where nothing is a finding, as where only internal extractors found something. */
  readonly results: readonly { readonly matcher: string | null; readonly extractor: string | null; /** Feeds flows, and is no finding. */ readonly internal: boolean; readonly extracted: readonly Bytes[] }[]
  /** By all extractors that are not internal. */
  readonly extracted: readonly Bytes[]
  /** By name, of internal and of named extractors. */
  readonly dynamic: ReadonlyMap<string, readonly Bytes[]>
}
export type CompiledOperators = {
  /** Errors: TemplateError `budget_exceeded`, where the answer kept an expression busy beyond its budget. */
  judge(answer: Answer, environment: Environment): Judgement
}

type Operators = Pick<Block, 'matchers' | 'matchersCondition' | 'extractors'>

/** What a matcher or extractor looks at where the template says nothing. */
export const defaultParts: Readonly<Record<Block['protocol'], string>> = {
  http: 'body', dns: 'raw', tcp: 'data', ssl: 'response', file: 'raw', websocket: 'response', headless: 'data', javascript: 'response', code: 'response', whois: 'response',
}

const NOTHING: Judgement = { matched: false, results: [], extracted: [], dynamic: new Map() }
/** Compiling is quick and what is compiled is large: those of all public templates would take 80 MB. */
const KEPT = 2000
const compiled = new Map<Operators, CompiledOperators>()

const placed = <T>(place: string, compile: () => T): T => {
  try {
    return compile()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new TemplateError(error.problem.code, error.problem.place === '' ? place : `${place}.${error.problem.place}`, error.problem.reason)
  }
}

/** Of a block; made anew where it was made long ago. Errors: TemplateError `regex_invalid`, `expression_invalid`, `function_unsupported`, `matcher_invalid`, `extractor_invalid`, with 'matchers[0]' as place. */
export function compileOperators(block: Operators, defaultPart: string): CompiledOperators {
  let known = compiled.get(block)
  if (known === undefined) {
    known = operators(block, defaultPart)
    if (compiled.size >= KEPT) for (const first of compiled.keys()) {
      compiled.delete(first)
      break
    }
    compiled.set(block, known)
  }
  return known
}

function operators({ matchers, matchersCondition, extractors }: Operators, defaultPart: string): CompiledOperators {
  const every = matchersCondition === 'and'
  const allInternal = matchers.every(({ internal }) => internal)
  const extracts = extractors.map((extractor, at): { extractor: Extractor; extract: CompiledExtractor } => ({ extractor, extract: placed(`extractors[${at}]`, () => compileExtractor(extractor, defaultPart)) }))
  const judges = matchers.map((matcher, at): { matcher: Matcher; judge: CompiledMatcher } => ({ matcher, judge: placed(`matchers[${at}]`, () => compileMatcher(matcher, defaultPart)) }))
  const internalExtractors = extractors.some(({ internal }) => internal)
  const names = extractors.map(({ name }) => name ?? '')
  // What several values of one name are called: name0, name1, ...
  const seesExtracted = (asked: string): boolean => names.some((name) => asked === name || (asked.startsWith(name) && /^\d+$/.test(asked.slice(name.length))))
  const independent = (judge: CompiledMatcher): boolean => names.length === 0 || (!seesExtracted(judge.part) && !judge.names.some(seesExtracted))
  // No matcher changes anything, so that under `and` the cheapest may speak first; and extractors may wait where no matcher sees what they find.
  const ahead = judges.filter(({ judge }) => independent(judge)).toSorted((a, b) => a.judge.cost - b.judge.cost)
  const behind = judges.filter(({ judge }) => !independent(judge)).toSorted((a, b) => a.judge.cost - b.judge.cost)
  const mayWait = matchers.length > 0 && !internalExtractors && (every ? ahead.length > 0 : behind.length === 0)

  return {
    judge: bounded((answer, environment) => {
      let heldAhead: Set<Matcher> | null = null
      if (mayWait) {
        heldAhead = new Set()
        for (const { matcher, judge } of ahead) {
          if (judge.holds(answer, environment)) heldAhead.add(matcher)
          else if (every) return NOTHING
        }
        if (heldAhead.size === 0) return NOTHING
      }
      const found = extractAll(extracts, answer, environment)
      const seen = found === null ? answer : found.answer
      let held: Set<Matcher>
      if (heldAhead === null) {
        held = new Set()
        for (const { matcher, judge } of every ? [...ahead, ...behind] : judges) {
          if (judge.holds(seen, environment)) held.add(matcher)
          else if (every) {
            held.clear()
            break
          }
        }
      } else {
        held = heldAhead
        if (every) for (const { matcher, judge } of behind) {
          if (judge.holds(seen, environment)) held.add(matcher)
          else {
            held.clear()
            break
          }
        }
      }
      const matched = held.size > 0
      if (!matched && (found === null || (matchers.length > 0 && !found.internal))) return NOTHING
      const dynamic = found?.dynamic ?? NOTHING.dynamic
      const extracted = found === null ? [] : [...found.shown]
      if (!matched && found?.internal === true) return { matched: matchers.length === 0, results: [], extracted, dynamic }
      const result = (matcher: string | null, extractor: string | null, texts: readonly Bytes[]): Judgement['results'][number] => ({ matcher, extractor, internal: matched && allInternal, extracted: texts })
      const named = every ? [] : [...new Set(matchers.filter((matcher) => held.has(matcher)).flatMap(({ name }) => (name === null || name === '' ? [] : [name])))]
      const visible = [...found?.named ?? []]
      const results = named.length > 0 ? named.map((name) => result(name, null, extracted))
        : visible.length > 0 ? visible.map(([name, texts]) => result(null, name, texts))
          : [result(null, null, extracted)]
      return { matched: true, results, extracted, dynamic }
    }),
  }
}

const bounded = (judge: CompiledOperators['judge']): CompiledOperators['judge'] => (answer, environment) => {
  try {
    return judge(answer, environment)
  } catch (error) {
    if (error instanceof PatternError || error instanceof EvaluationError) throw new TemplateError('budget_exceeded', 'matchers', error.message)
    throw error
  }
}

type Extraction = {
  readonly answer: Answer
  /** Something was found by an internal extractor. */
  readonly internal: boolean
  readonly shown: ReadonlySet<Bytes>
  /** By extractors that are named and not internal. */
  readonly named: ReadonlyMap<string, readonly Bytes[]>
  readonly dynamic: ReadonlyMap<string, readonly Bytes[]>
}

/** null: nothing was found. Each extractor sees what those before it found. */
function extractAll(extracts: readonly { extractor: Extractor; extract: CompiledExtractor }[], answer: Answer, environment: Environment): Extraction | null {
  if (extracts.length === 0) return null
  const shown = new Set<Bytes>()
  const named = new Map<string, readonly Bytes[]>()
  const ofInternal = new Map<string, Bytes[]>()
  const values = new Map<string, Value>()
  const seen: Answer = {
    part: (name) => {
      const value = values.get(name)
      return value === undefined ? answer.part(name) : typeof value === 'string' ? value : `[${(value as readonly Bytes[]).join(' ')}]`
    },
    lookup: (name) => values.get(name) ?? answer.lookup(name),
  }
  for (const { extractor, extract } of extracts) {
    const found = extract(seen, environment)
    if (found.length === 0) continue
    const name = extractor.name ?? ''
    if (extractor.internal) ofInternal.set(name, [...ofInternal.get(name) ?? [], ...found])
    else {
      for (const text of found) shown.add(text)
      if (name !== '') named.set(name, found)
    }
    values.set(name, found.length === 1 ? found[0]! : found)
  }
  if (values.size === 0) return null
  for (const [name, found] of ofInternal) {
    values.set(name, found.length === 1 ? found[0]! : found)
    if (found.length > 1) for (const [at, text] of found.entries()) values.set(`${name}${at}`, text)
  }
  return { answer: seen, internal: ofInternal.size > 0, shown, named, dynamic: new Map([...named, ...ofInternal]) }
}
