// The expressions of `|re`: what @haechi/patterns refuses is a Refusal of the rule.
import { PatternError, createSearch, createSpans, parsePcre } from '@haechi/patterns'
import type { Search, Spans } from '@haechi/patterns'
import { Refusal } from './refusal.ts'

function refusing<T>(compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new Refusal(error.code === 'regex_invalid' ? 'regex_invalid' : 'regex_unsupported', error.message)
  }
}

/** @throws Refusal `regex_invalid`, `regex_unsupported` */
export const compileRegex = (source: string, flags: string): Search => refusing(() => createSearch(parsePcre(source, flags)))

/** @throws Refusal `regex_invalid`, `regex_unsupported` */
export const compileSpans = (source: string, flags: string): Spans => refusing(() => createSpans(parsePcre(source, flags)))
