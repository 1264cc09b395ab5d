// STIX 2.1 patterns (section 9), read for the observables that by themselves satisfy the pattern. An alternative that needs more than one observable,
// or one that must be compared otherwise than by equality, is named as unsupported and never taken in part. stix.test.ts holds it.

/** One alternative: a value that suffices by itself, or why this alternative cannot be had as one value. */
export type Alternative = { types: readonly string[]; value: string } | { unsupported: string }

const MAX_PATTERN = 256 * 1024
const MAX_DEPTH = 64
const MAX_ALTERNATIVES = 10_000

/** The alternatives of a pattern, or why it is none. */
export function readPattern(pattern: string): Alternative[] | { invalid: string } {
  if (pattern.length > MAX_PATTERN) return { invalid: `longer than ${MAX_PATTERN} characters` }
  try {
    return new PatternReader(pattern).read()
  } catch (error) {
    if (error instanceof PatternFault) return { invalid: error.message }
    throw error
  }
}

/** Stays in this file. */
class PatternFault extends Error {}

type Token = { kind: 'word' | 'path' | 'string' | 'literal' | 'sign'; text: string; at: number }

// A string in a pattern escapes only the quote and the backslash.
const STRING = String.raw`'(?:[^'\\]|\\['\\])*'`
const STEP = String.raw`(?:[A-Za-z0-9_-]+|${STRING})`
const BLANK = /(?:\s|\/\*[^]*?\*\/|\/\/[^\n]*)+/y
const TOKENS: readonly [Token['kind'] | 'typed', RegExp][] = [
  ['path', new RegExp(String.raw`[A-Za-z][A-Za-z0-9-]*:${STEP}(?:\.${STEP}|\[(?:\d+|\*)\])*`, 'y')],
  ['typed', new RegExp(`[thb]${STRING}`, 'y')],
  ['string', new RegExp(STRING, 'y')],
  ['literal', /[+-]?\d+(?:\.\d+)?/y],
  ['word', /[A-Za-z]+/y],
  ['sign', /!=|<>|<=|>=|[=<>()[\],]/y],
]

function tokens(pattern: string): Token[] {
  const found: Token[] = []
  let at = 0
  for (;;) {
    BLANK.lastIndex = at
    if (BLANK.test(pattern)) at = BLANK.lastIndex
    if (at >= pattern.length) return found
    let text: string | undefined
    for (const [kind, form] of TOKENS) {
      form.lastIndex = at
      text = form.exec(pattern)?.[0]
      if (text === undefined) continue
      found.push({ kind: kind === 'typed' ? 'literal' : kind, text: kind === 'string' ? text.slice(1, -1).replace(/\\(['\\])/g, '$1') : text, at })
      break
    }
    if (text === undefined) throw new PatternFault(`unexpected at character ${at}`)
    at += text.length
  }
}

const joined = (found: Alternative[][], why: string): Alternative[] => (found.length === 1 ? found[0] as Alternative[] : [{ unsupported: why }])

class PatternReader {
  readonly #tokens: Token[]
  #at = 0
  #depth = 0

  constructor(pattern: string) {
    this.#tokens = tokens(pattern)
  }

  read(): Alternative[] {
    const found = this.#observations()
    if (this.#at < this.#tokens.length) throw this.#fault()
    return found
  }

  // FOLLOWEDBY binds loosest, then OR, then AND.
  #observations(): Alternative[] {
    return this.#nested(() => joined(this.#list('FOLLOWEDBY', () => this.#either(() => this.#allOf(() => this.#observation()))), 'observations that follow one another'))
  }

  #comparisons(): Alternative[] {
    return this.#nested(() => this.#either(() => this.#allOf(() => this.#comparison())))
  }

  #either(read: () => Alternative[]): Alternative[] {
    const found = this.#list('OR', read).flat()
    if (found.length > MAX_ALTERNATIVES) throw new PatternFault(`more than ${MAX_ALTERNATIVES} alternatives`)
    return found
  }

  #allOf(read: () => Alternative[]): Alternative[] {
    return joined(this.#list('AND', read), 'more than one condition must hold')
  }

  #list(between: string, read: () => Alternative[]): Alternative[][] {
    const found = [read()]
    while (this.#is(between)) {
      this.#at += 1
      found.push(read())
    }
    return found
  }

  #observation(): Alternative[] {
    const open = this.#sign('[', '(')
    let found = open === '[' ? this.#comparisons() : this.#observations()
    this.#sign(open === '[' ? ']' : ')')
    for (;;) {
      if (this.#is('WITHIN')) this.#qualifier('SECONDS')
      else if (this.#is('REPEATS')) this.#qualifier('TIMES')
      else if (this.#is('START')) {
        this.#at += 1
        this.#value()
        if (!this.#is('STOP')) throw this.#fault()
        this.#at += 1
        this.#value()
      } else return found
      found = [{ unsupported: 'the observation is qualified (WITHIN, REPEATS, START)' }]
    }
  }

  #qualifier(end: string): void {
    this.#at += 1
    this.#value()
    if (!this.#is(end)) throw this.#fault()
    this.#at += 1
  }

  #comparison(): Alternative[] {
    if (this.#peek()?.text === '(' && this.#peek()?.kind === 'sign') {
      this.#sign('(')
      const found = this.#comparisons()
      this.#sign(')')
      return found
    }
    if (this.#is('EXISTS') || this.#is('NOT')) {
      const negated = this.#is('NOT')
      this.#at += 1
      if (negated) return [{ unsupported: this.#comparison().length > 0 ? 'a negation' : '' }]
      this.#next('path')
      return [{ unsupported: 'EXISTS names no value' }]
    }
    const path = this.#next('path').text
    const negated = this.#is('NOT')
    if (negated) this.#at += 1
    const operator = this.#peek()
    this.#at += 1
    if (operator === undefined || !/^(?:=|!=|<>|<=?|>=?|IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET)$/.test(operator.text) || operator.kind === 'string') {
      this.#at -= 1
      throw this.#fault()
    }
    const values = operator.text === 'IN' ? this.#set() : [this.#value()]
    if (negated) return [{ unsupported: 'a negation' }]
    const types = typesOf(path)
    if (types === null) return [{ unsupported: `${path.slice(0, 80)} is no indicator that is matched` }]
    const equal = operator.text === '=' || operator.text === 'IN' || (operator.text === 'ISSUBSET' && types.includes('cidr'))
    if (!equal) return [{ unsupported: `the comparison ${operator.text}` }]
    return values.map((value) => (value.kind === 'string' ? { types, value: value.text } : { unsupported: 'a value that is no string' }))
  }

  #set(): Token[] {
    this.#sign('(')
    const found: Token[] = []
    do {
      found.push(this.#value())
    } while (this.#sign(',', ')') === ',')
    return found
  }

  #value(): Token {
    const token = this.#peek()
    if (token?.kind !== 'string' && token?.kind !== 'literal' && !(token?.kind === 'word' && /^(?:true|false)$/.test(token.text))) throw this.#fault()
    this.#at += 1
    return token
  }

  #nested(read: () => Alternative[]): Alternative[] {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new PatternFault(`nested deeper than ${MAX_DEPTH}`)
    const found = read()
    this.#depth -= 1
    return found
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #is(word: string): boolean {
    return this.#peek()?.kind === 'word' && this.#peek()?.text === word
  }

  #next(kind: Token['kind']): Token {
    const token = this.#peek()
    if (token?.kind !== kind) throw this.#fault()
    this.#at += 1
    return token
  }

  #sign(...signs: string[]): string {
    const token = this.#peek()
    if (token?.kind !== 'sign' || !signs.includes(token.text)) throw this.#fault()
    this.#at += 1
    return token.text
  }

  #fault(): PatternFault {
    const token = this.#peek()
    return new PatternFault(token === undefined ? 'ends too early' : `unexpected at character ${token.at}`)
  }
}

/** The indicator types that a path may hold; null for what is not matched. */
function typesOf(path: string): readonly string[] | null {
  switch (path) {
    case 'ipv4-addr:value': case 'ipv6-addr:value': return ['ip', 'cidr']
    case 'domain-name:value': return ['domain']
    case 'url:value': return ['url']
    case 'email-addr:value': return ['email']
  }
  const hash = /^(?:file|artifact):hashes\.'?(md5|sha-?1|sha-?256)'?$/i.exec(path)
  return hash === null ? null : [(hash[1] as string).toLowerCase().replace('-', '')]
}
