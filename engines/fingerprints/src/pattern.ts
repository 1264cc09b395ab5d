// Recog's patterns are Ruby's expressions; here they become RE2's, so that they are searched in linear time. What differs: Ruby's ^ and $ always mean lines,
// its "multiline" lets the dot match line ends, and it has \h and \Z. Defended by recog.test.ts. Source: Ruby's Regexp, github.com/google/re2/wiki/Syntax.
import { compileRegex } from '@haechi/patterns'
import type { Regex } from '@haechi/patterns'

const ignoreCase = ['REG_ICASE', 'IGNORECASE']
/** Recog takes all of these for Ruby's MULTILINE. */
const dotAll = ['REG_DOT_NEWLINE', 'REG_MULTILINE', 'REG_LINE_ANY_CRLF', 'MULTILINE', 'DOTALL']

export const flagNames: readonly string[] = [...ignoreCase, ...dotAll]

/** The flags stand in the expression, so that its source is all of it. Errors: PatternError of @haechi/patterns. */
export function compileRubyPattern(pattern: string, flags: readonly string[]): Regex {
  const i = flags.some((flag) => ignoreCase.includes(flag)) ? 'i' : ''
  const s = flags.some((flag) => dotAll.includes(flag)) ? 's' : ''
  return compileRegex(`(?m${i}${s})${toRe2(pattern)}`)
}

/** Escapes, classes and inline flags are told apart in one pass; all else stands as it is. */
function toRe2(pattern: string): string {
  let inClass = false
  return pattern.replace(/\\[\s\S]|\[:\^?\w+:\]|\[\^?\]?|\]|\(\?[a-z]*(?:-[a-z]+)?[:)]/g, (token) => {
    if (token === String.raw`\h`) return inClass ? '0-9a-fA-F' : '[0-9a-fA-F]'
    if (token === String.raw`\Z`) return String.raw`(?:\n?\z)`
    if (token.startsWith('\\') || token.startsWith('[:')) return token
    if (token === ']') inClass = false
    else if (token.startsWith('[')) inClass = true
    else if (!inClass) return token.replace('m', 's')
    return token
  })
}
