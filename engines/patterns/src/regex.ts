// Regular expressions as Go and RE2 read them (github.com/google/re2/wiki/Syntax), in linear time. Matches are leftmost-first.
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { expand } from './expand.ts'
import { PatternError } from './problem.ts'

export type RegexMatch = {
  /** In UTF-16 units, as everywhere in JavaScript. */
  readonly index: number
  readonly end: number
  /** 0 is the whole; undefined: took no part. */
  readonly groups: readonly (string | undefined)[]
}

export type Regex = {
  readonly source: string
  /** Numbers of named groups. */
  readonly names: ReadonlyMap<string, number>
  /** Groups that capture, without the whole. */
  readonly groupCount: number
  /** Any of these stands in every text that matches, letters of ASCII compared without case where `ignoreCase`; null: nothing is known. */
  readonly literals: { readonly texts: readonly string[]; readonly ignoreCase: boolean } | null
  /** Errors of all: PatternError `exhausted`. */
  test(text: string): boolean
  /** The first match that begins at or behind `from`; what is before `from` counts for ^ and \b. */
  exec(text: string, from?: number): RegexMatch | null
  /** As Go's FindAll: matches do not overlap, and an empty one directly behind another is none. */
  all(text: string, limit?: number): RegexMatch[]
  /** `template` as Go's Expand reads it: $1, ${name}, $$. */
  replaceAll(text: string, template: string): string
}

export type RegexOptions = { readonly caseInsensitive?: boolean; readonly multiline?: boolean; readonly dotAll?: boolean }

const MAX_SOURCE = 65_536

/** Errors: PatternError `regex_invalid`, `regex_too_large`. */
export function compileRegex(source: string, options: RegexOptions = {}): Regex {
  if (source.length > MAX_SOURCE) throw new PatternError('regex_too_large', `an expression longer than ${MAX_SOURCE} characters is refused`)
  const flags = (options.caseInsensitive === true ? RE2JS.CASE_INSENSITIVE : 0) | (options.multiline === true ? RE2JS.MULTILINE : 0) | (options.dotAll === true ? RE2JS.DOTALL : 0)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source, flags)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new PatternError('regex_invalid', error.message)
    throw error
  }
  const names = new Map(Object.entries(compiled.namedGroups()))
  const groupCount = compiled.groupCount()
  const searcher = (text: string): (from: number) => RegexMatch | null => {
    const matcher = compiled.matcher(text)
    return (from) => {
      if (from > text.length || !matcher.find(from)) return null
      const groups = Array.from({ length: groupCount + 1 }, (_, group) => matcher.group(group) ?? undefined)
      return { index: matcher.start(), end: matcher.end(), groups }
    }
  }
  const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xFFFF ? 2 : 1)
  return {
    source, names, groupCount, literals: null,
    test: (text) => compiled.test(text),
    exec: (text, from = 0) => searcher(text)(from),
    all(text, limit = Infinity) {
      const find = searcher(text)
      const found: RegexMatch[] = []
      let last = -1
      for (let at = 0; found.length < limit && at <= text.length;) {
        const match = find(at)
        if (match === null) break
        const empty = match.end === at
        if (!(empty && match.index === last)) found.push(match)
        at = empty ? at + widthAt(text, at) : match.end
        last = match.end
      }
      return found
    },
    replaceAll(text, template) {
      const find = searcher(text)
      let result = ''
      let copied = 0
      for (let at = 0; at <= text.length;) {
        const match = find(at)
        if (match === null) break
        result += text.slice(copied, match.index)
        if (match.end > copied || match.index === 0) result += expand(template, match.groups, names)
        copied = match.end
        at = Math.max(at + widthAt(text, at), match.end)
      }
      return result + text.slice(copied)
    },
  }
}
