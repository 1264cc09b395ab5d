export type PatternCode = 'regex_invalid' | 'regex_unsupported' | 'regex_too_large' | 'exhausted'

/** An expression that cannot be had (at `compileRegex`), or a search that was given up because its budget was used (`exhausted`). */
export class PatternError extends Error {
  override readonly name = 'PatternError'
  readonly code: PatternCode

  constructor(code: PatternCode, message: string) {
    super(message)
    this.code = code
  }
}
