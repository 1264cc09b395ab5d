// Whether an expression finds something in a text: Sigma's question. pcre.test.ts holds it against V8 and with hostile expressions.
import { alphabetOf } from './alphabet.ts'
import { createDfa } from './dfa.ts'
import { PatternError } from './problem.ts'
import { programOf } from './program.ts'
import type { RegexNode } from './syntax.ts'

/** `exhausted`: the budget of one search was used up before an answer. */
export type Answer = 'found' | 'absent' | 'exhausted'
export type Search = { search(text: string): Answer }

const MAX_PROGRAM = 10_000

/** Errors: PatternError `regex_too_large`. */
export function createSearch(root: RegexNode): Search {
  const dfa = createDfa(programOf(root, { limit: MAX_PROGRAM }), alphabetOf(root), 'first')
  return {
    search(text) {
      try {
        return dfa.search(text, 0, text.length) === -1 ? 'absent' : 'found'
      } catch (error) {
        if (error instanceof PatternError) return 'exhausted'
        throw error
      }
    },
  }
}
