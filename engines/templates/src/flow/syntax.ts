// The language of `flow` (docs.projectdiscovery.io/templates/protocols/flow): as much of ECMAScript (ECMA-262) as orchestrates requests, read into a tree that
// ./interpreter walks. Nothing of it is ever handed to JavaScript itself. Defended by flow.test.ts, which compares it with V8 on drawn programs.
import { TemplateError } from '../problem.ts'

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null | undefined }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string; readonly line: number }
  | { readonly kind: 'text'; readonly parts: readonly string[]; readonly values: readonly Expression[] }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'array'; readonly items: readonly { readonly value: Expression; readonly spread: boolean }[] }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Expression; readonly value: Expression }[] }
  | { readonly kind: 'function'; readonly name: string | null; readonly parameters: readonly string[]; readonly body: readonly Statement[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly of: Expression }
  | { readonly kind: 'update'; readonly operator: '++' | '--'; readonly prefix: boolean; readonly target: Target }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'logical'; readonly operator: '&&' | '||' | '??'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'conditional'; readonly test: Expression; readonly consequent: Expression; readonly alternate: Expression }
  | { readonly kind: 'assign'; readonly operator: string; readonly target: Target; readonly value: Expression }
  | Member
  | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly { readonly value: Expression; readonly spread: boolean }[]; readonly optional: boolean; readonly line: number }
  | { readonly kind: 'sequence'; readonly of: readonly Expression[] }
type Member = { readonly kind: 'member'; readonly object: Expression; readonly property: Expression; readonly optional: boolean; readonly line: number }
export type Target = Extract<Expression, { kind: 'name' }> | Member

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'declare'; readonly how: 'var' | 'let' | 'const'; readonly names: readonly { readonly name: string; readonly value: Expression | null }[] }
  | { readonly kind: 'define'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'if'; readonly test: Expression; readonly consequent: Statement; readonly alternate: Statement | null }
  | { readonly kind: 'for'; readonly first: Statement | null; readonly test: Expression | null; readonly step: Expression | null; readonly body: Statement }
  | { readonly kind: 'each'; readonly over: 'of' | 'in'; readonly how: 'var' | 'let' | 'const' | null; readonly name: string; readonly list: Expression; readonly body: Statement }
  | { readonly kind: 'while'; readonly test: Expression; readonly body: Statement; readonly bodyFirst: boolean }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'throw'; readonly value: Expression }
  | { readonly kind: 'try'; readonly body: readonly Statement[]; readonly name: string | null; readonly caught: readonly Statement[] | null; readonly last: readonly Statement[] | null }

type Token = { readonly kind: 'name' | 'number' | 'string' | 'text' | 'regex' | 'sign' | 'end'; readonly value: string; readonly at: number; readonly line: number; readonly newline: boolean; readonly raw?: string }

const MAX_SOURCE = 100_000
const MAX_DEPTH = 200
const keywords = new Set(['var', 'let', 'const', 'function', 'if', 'else', 'for', 'while', 'do', 'return', 'break', 'continue', 'throw', 'try', 'catch', 'finally', 'true', 'false', 'null', 'undefined', 'typeof', 'in', 'of', 'new', 'class', 'switch', 'async', 'await', 'yield', 'import', 'export', 'delete', 'void', 'instanceof', 'this', 'with', 'super'])
const foreign = new Set(['new', 'class', 'switch', 'async', 'await', 'yield', 'import', 'export', 'with', 'super', 'this', 'instanceof', 'delete', 'void'])
const signs = ['>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??=', '=>', '==', '!=', '<=', '>=', '&&', '||', '??', '?.', '++', '--', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<', '>>', '**', '{', '}', '(', ')', '[', ']', ';', ',', '<', '>', '+', '-', '*', '/', '%', '&', '|', '^', '!', '~', '?', ':', '=', '.']
/** From the loosest. */
const levels: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['==', '!=', '===', '!=='], ['<', '>', '<=', '>=', 'in'], ['<<', '>>', '>>>'], ['+', '-'], ['*', '/', '%']]
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', 0: '\0' }

const invalid = (line: number, reason: string): TemplateError => new TemplateError('flow_invalid', `flow line ${line}`, reason)

/** The statements of a flow. Throws TemplateError flow_invalid (no such syntax) or flow_unsupported (ECMAScript that orchestrates nothing: classes, new, switch, async). */
export function parseFlow(source: string): readonly Statement[] {
  if (source.length > MAX_SOURCE) throw invalid(1, `A flow has ${MAX_SOURCE} characters at most; this one has ${source.length}.`)
  return new Parser(source, 1).program()
}

class Scanner {
  private readonly source: string
  private at: number
  private line: number
  private before: Token | null = null
  /** Texts in backticks inside of which it reads. */
  private readonly depth: number

  constructor(source: string, line: number, at = 0, depth = 0) {
    if (depth > MAX_DEPTH) throw invalid(line, `More than ${MAX_DEPTH} texts in backticks stand inside one another.`)
    this.source = source
    this.line = line
    this.at = at
    this.depth = depth
  }

  next(): Token {
    const newline = this.skip()
    const { source, at, line } = this
    const token = (kind: Token['kind'], value: string, raw?: string): Token => (this.before = { kind, value, at, line, newline, ...(raw === undefined ? {} : { raw }) })
    const letter = source[at]
    if (letter === undefined) return token('end', '')
    const name = /[\p{L}_$][\p{L}\p{N}_$]*/uy
    name.lastIndex = at
    const word = name.exec(source)?.[0]
    if (word !== undefined) {
      this.at += word.length
      return token('name', word)
    }
    const number = /0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
    number.lastIndex = at
    const digits = number.exec(source)?.[0]
    if (digits !== undefined) {
      this.at += digits.length
      return token('number', digits)
    }
    if (letter === '"' || letter === '\'') return token('string', this.quoted(letter))
    if (letter === '`') return token('text', '', this.textSource())
    if (letter === '/' && this.mayBeRegex()) {
      const [body, flags] = this.regexSource()
      return token('regex', body, flags)
    }
    const sign = signs.find((one) => source.startsWith(one, at))
    if (sign === undefined) throw invalid(line, `${JSON.stringify(letter)} stands where no sign may.`)
    // "a ?.5 : b" is a condition.
    if (sign === '?.' && /\d/.test(source[at + 2] ?? '')) {
      this.at += 1
      return token('sign', '?')
    }
    this.at += sign.length
    return token('sign', sign)
  }

  private skip(): boolean {
    let newline = false
    for (;;) {
      const space = /(?:[^\S\n]+|\n|\/\/[^\n]*|\/\*[^]*?\*\/)/y
      space.lastIndex = this.at
      const found = space.exec(this.source)?.[0]
      if (found === undefined) return newline
      const lines = found.split('\n').length - 1
      newline ||= lines > 0
      this.line += lines
      this.at += found.length
    }
  }

  private mayBeRegex(): boolean {
    const { before } = this
    if (before === null) return true
    if (before.kind === 'name') return keywords.has(before.value) && !['true', 'false', 'null', 'undefined'].includes(before.value)
    return before.kind === 'sign' && ![')', ']', '}', '++', '--'].includes(before.value)
  }

  private regexSource(): [string, string] {
    let inClass = false
    for (let at = this.at + 1; at < this.source.length; at += 1) {
      const letter = this.source[at]
      if (letter === '\n') break
      if (letter === '\\') at += 1
      else if (letter === '[') inClass = true
      else if (letter === ']') inClass = false
      else if (letter === '/' && !inClass) {
        const body = this.source.slice(this.at + 1, at)
        const flags = /[a-z]*/y
        flags.lastIndex = at + 1
        const letters = flags.exec(this.source)?.[0] ?? ''
        this.at = at + 1 + letters.length
        return [body, letters]
      }
    }
    throw invalid(this.line, 'A regular expression has no end.')
  }

  private quoted(quote: string): string {
    let text = ''
    for (let at = this.at + 1; at < this.source.length; at += 1) {
      const letter = this.source[at]!
      if (letter === quote) {
        this.at = at + 1
        return text
      }
      if (letter === '\n') break
      if (letter === '\\') {
        const [read, length] = escaped(this.source, at, this.line)
        text += read
        at += length - 1
      } else text += letter
    }
    throw invalid(this.line, 'A text has no end.')
  }

  /** Between the backticks, as written. */
  private textSource(): string {
    const from = this.at + 1
    for (let at = from; at < this.source.length; at += 1) {
      const letter = this.source[at]
      if (letter === '\\') at += 1
      else if (letter === '`') {
        this.at = at + 1
        const text = this.source.slice(from, at)
        this.line += text.split('\n').length - 1
        return text
      } else if (letter === '$' && this.source[at + 1] === '{') at = endOfValue(this.source, at + 2, this.line, this.depth + 1)
    }
    throw invalid(this.line, 'A text in backticks has no end.')
  }
}

/** Where the brace stands that closes ${ in a text. */
function endOfValue(source: string, from: number, line: number, depth = 0): number {
  const scanner = new Scanner(source, line, from, depth)
  for (let depth = 0; ;) {
    const { kind, value, at } = scanner.next()
    if (kind === 'end') throw invalid(line, 'A text in backticks has a ${ without its }.')
    if (kind !== 'sign') continue
    if (value === '{') depth += 1
    else if (value === '}' && depth === 0) return at
    else if (value === '}') depth -= 1
  }
}

function escaped(source: string, at: number, line: number): [text: string, length: number] {
  const letter = source[at + 1]
  if (letter === undefined) throw invalid(line, 'A text has no end.')
  const code = /x[\da-fA-F]{2}|u[\da-fA-F]{4}|u\{[\da-fA-F]{1,6}\}/y
  code.lastIndex = at + 1
  const written = code.exec(source)?.[0]
  if (written !== undefined) {
    const point = Number.parseInt(written.replaceAll(/[xu{}]/g, ''), 16)
    if (point > 0x10FFFF) throw invalid(line, `${written} is no character.`)
    return [String.fromCodePoint(point), written.length + 1]
  }
  if (letter === '\n') return ['', 2]
  return [escapes[letter] ?? letter, 2]
}

class Parser {
  private readonly scanner: Scanner
  private readonly source: string
  private readonly tokens: Token[] = []
  private place = 0
  private depth = 0

  constructor(source: string, line: number) {
    this.source = source
    this.scanner = new Scanner(source, line)
    for (let token = this.scanner.next(); ; token = this.scanner.next()) {
      this.tokens.push(token)
      if (token.kind === 'end') break
    }
  }

  program(): Statement[] {
    const statements: Statement[] = []
    while (this.token.kind !== 'end') statements.push(...this.statement())
    return statements
  }

  wholeExpression(): Expression {
    const value = this.expression()
    if (this.token.kind !== 'end') throw this.unexpected()
    return value
  }

  private get token(): Token {
    return this.tokens[this.place]!
  }

  private unexpected(): TemplateError {
    const { kind, value, line } = this.token
    return kind === 'name' && foreign.has(value) ? new TemplateError('flow_unsupported', `flow line ${line}`, `${value} is no part of the language of flows here.`) : invalid(line, kind === 'end' ? 'The flow ends in the middle.' : `${JSON.stringify(value)} stands where something else must.`)
  }

  private is(value: string): boolean {
    const { token } = this
    return (token.kind === 'sign' || token.kind === 'name') && token.value === value
  }

  private take(value: string): boolean {
    if (!this.is(value)) return false
    this.place += 1
    return true
  }

  private need(value: string): void {
    if (!this.take(value)) throw this.unexpected()
  }

  private name(): string {
    const { kind, value } = this.token
    if (kind !== 'name' || (keywords.has(value) && value !== 'of')) throw this.unexpected()
    this.place += 1
    return value
  }

  private nested<T>(read: () => T): T {
    this.depth += 1
    if (this.depth > MAX_DEPTH) throw invalid(this.token.line, `More than ${MAX_DEPTH} things stand inside one another.`)
    const value = read()
    this.depth -= 1
    return value
  }

  /** Semicolons are where the standard would put them: at the end of a line, before a brace, at the end. */
  private endStatement(): void {
    if (this.take(';')) return
    const { token } = this
    if (token.kind !== 'end' && !token.newline && !this.is('}')) throw this.unexpected()
  }

  private statement(): Statement[] {
    return this.nested(() => this.statementHere())
  }

  private one(): Statement {
    const [only, ...more] = this.statement()
    return only !== undefined && more.length === 0 ? only : { kind: 'block', body: only === undefined ? [] : [only, ...more] }
  }

  private statementHere(): Statement[] {
    if (this.take(';')) return []
    if (this.is('{')) return [{ kind: 'block', body: this.braced() }]
    const { token } = this
    if (token.kind === 'name') {
      switch (token.value) {
        case 'var': case 'let': case 'const': {
          const declared = this.declaration()
          this.endStatement()
          return [declared]
        }
        case 'function': {
          this.place += 1
          const name = this.name()
          return [{ kind: 'define', name, value: this.functionRest(name) }]
        }
        case 'if': {
          this.place += 1
          const test = this.inParentheses()
          const consequent = this.one()
          return [{ kind: 'if', test, consequent, alternate: this.take('else') ? this.one() : null }]
        }
        case 'for': return [this.loop()]
        case 'while': {
          this.place += 1
          return [{ kind: 'while', test: this.inParentheses(), body: this.one(), bodyFirst: false }]
        }
        case 'do': {
          this.place += 1
          const body = this.one()
          this.need('while')
          const test = this.inParentheses()
          this.take(';')
          return [{ kind: 'while', test, body, bodyFirst: true }]
        }
        case 'return': {
          this.place += 1
          const value = this.token.newline || this.is(';') || this.is('}') || this.token.kind === 'end' ? null : this.expression()
          this.endStatement()
          return [{ kind: 'return', value }]
        }
        case 'break': case 'continue':
          this.place += 1
          this.endStatement()
          return [{ kind: token.value }]
        case 'throw': {
          this.place += 1
          const value = this.expression()
          this.endStatement()
          return [{ kind: 'throw', value }]
        }
        case 'try': {
          this.place += 1
          const body = this.braced()
          let name: string | null = null
          let caught: readonly Statement[] | null = null
          if (this.take('catch')) {
            if (this.take('(')) {
              name = this.name()
              this.need(')')
            }
            caught = this.braced()
          }
          const last = this.take('finally') ? this.braced() : null
          if (caught === null && last === null) throw this.unexpected()
          return [{ kind: 'try', body, name, caught, last }]
        }
      }
    }
    const value = this.expression()
    this.endStatement()
    return [{ kind: 'expression', value }]
  }

  private braced(): Statement[] {
    this.need('{')
    const body: Statement[] = []
    while (!this.take('}')) {
      if (this.token.kind === 'end') throw this.unexpected()
      body.push(...this.statement())
    }
    return body
  }

  private inParentheses(): Expression {
    this.need('(')
    const value = this.expression()
    this.need(')')
    return value
  }

  private declaration(): Statement {
    const how = this.token.value as 'var' | 'let' | 'const'
    this.place += 1
    const names: { name: string; value: Expression | null }[] = []
    do {
      const name = this.name()
      names.push({ name, value: this.take('=') ? this.assignment() : null })
    } while (this.take(','))
    return { kind: 'declare', how, names }
  }

  private loop(): Statement {
    this.need('for')
    this.need('(')
    const start = this.place
    const how = ['var', 'let', 'const'].includes(this.token.value) && this.token.kind === 'name' ? this.token.value as 'var' | 'let' | 'const' : null
    if (how !== null) this.place += 1
    if (this.token.kind === 'name' && !keywords.has(this.token.value)) {
      const name = this.name()
      const over = this.take('of') ? 'of' as const : this.take('in') ? 'in' as const : null
      if (over !== null) {
        const list = over === 'of' ? this.assignment() : this.expression()
        this.need(')')
        return { kind: 'each', over, how, name, list, body: this.one() }
      }
    }
    this.place = start
    const first: Statement | null = this.is(';') ? null : how === null ? { kind: 'expression', value: this.expression() } : this.declaration()
    this.need(';')
    const test = this.is(';') ? null : this.expression()
    this.need(';')
    const step = this.is(')') ? null : this.expression()
    this.need(')')
    return { kind: 'for', first, test, step, body: this.one() }
  }

  private functionRest(name: string | null): Expression {
    this.need('(')
    const parameters: string[] = []
    while (!this.take(')')) {
      parameters.push(this.name())
      if (!this.is(')')) this.need(',')
    }
    return { kind: 'function', name, parameters, body: this.braced() }
  }

  private expression(): Expression {
    const first = this.assignment()
    if (!this.is(',')) return first
    const of = [first]
    while (this.take(',')) of.push(this.assignment())
    return { kind: 'sequence', of }
  }

  private assignment(): Expression {
    return this.nested(() => {
      const arrow = this.arrow()
      if (arrow !== null) return arrow
      const target = this.conditional()
      const { token } = this
      if (token.kind !== 'sign' || !token.value.endsWith('=') || ['==', '===', '!=', '!==', '<=', '>='].includes(token.value)) return target
      if (target.kind !== 'name' && target.kind !== 'member') throw this.unexpected()
      this.place += 1
      return { kind: 'assign', operator: token.value, target, value: this.assignment() }
    })
  }

  private arrow(): Expression | null {
    const start = this.place
    const parameters: string[] = []
    if (this.token.kind === 'name' && !keywords.has(this.token.value)) parameters.push(this.name())
    else if (this.take('(')) {
      while (!this.take(')')) {
        if (this.token.kind !== 'name' || keywords.has(this.token.value)) {
          this.place = start
          return null
        }
        parameters.push(this.name())
        if (!this.is(')') && !this.take(',')) {
          this.place = start
          return null
        }
      }
    } else return null
    if (!this.take('=>')) {
      this.place = start
      return null
    }
    return { kind: 'function', name: null, parameters, body: this.is('{') ? this.braced() : [{ kind: 'return', value: this.assignment() }] }
  }

  private conditional(): Expression {
    const test = this.logical(0)
    if (!this.take('?')) return test
    const consequent = this.assignment()
    this.need(':')
    return { kind: 'conditional', test, consequent, alternate: this.assignment() }
  }

  private logical(level: number): Expression {
    const operators = [['??'], ['||'], ['&&']][level]
    if (operators === undefined) return this.binary(0)
    let left = this.logical(level + 1)
    while (this.token.kind === 'sign' && operators.includes(this.token.value)) {
      const operator = this.token.value as '&&' | '||' | '??'
      this.place += 1
      left = { kind: 'logical', operator, left, right: this.logical(level + 1) }
    }
    return left
  }

  private binary(level: number): Expression {
    const operators = levels[level]
    if (operators === undefined) return this.power()
    let left = this.binary(level + 1)
    while (operators.some((operator) => this.is(operator))) {
      const operator = this.token.value
      this.place += 1
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) }
    }
    return left
  }

  private power(): Expression {
    const left = this.unary()
    return this.take('**') ? { kind: 'binary', operator: '**', left, right: this.nested(() => this.power()) } : left
  }

  private unary(): Expression {
    const { token } = this
    if ((token.kind === 'sign' && ['!', '-', '+', '~'].includes(token.value)) || this.is('typeof')) {
      this.place += 1
      return { kind: 'unary', operator: token.value, of: this.nested(() => this.unary()) }
    }
    if (this.is('++') || this.is('--')) {
      this.place += 1
      const target = this.nested(() => this.unary())
      if (target.kind !== 'name' && target.kind !== 'member') throw this.unexpected()
      return { kind: 'update', operator: token.value as '++' | '--', prefix: true, target }
    }
    const value = this.postfix()
    if ((this.is('++') || this.is('--')) && !this.token.newline) {
      if (value.kind !== 'name' && value.kind !== 'member') throw this.unexpected()
      const operator = this.token.value as '++' | '--'
      this.place += 1
      return { kind: 'update', operator, prefix: false, target: value }
    }
    return value
  }

  private postfix(): Expression {
    let value = this.primary()
    for (;;) {
      const { line } = this.token
      if (this.take('.')) value = { kind: 'member', object: value, property: { kind: 'literal', value: this.propertyName() }, optional: false, line }
      else if (this.take('?.')) {
        if (this.is('(')) value = { kind: 'call', callee: value, arguments: this.callArguments(), optional: true, line }
        else if (this.take('[')) {
          value = { kind: 'member', object: value, property: this.expression(), optional: true, line }
          this.need(']')
        } else value = { kind: 'member', object: value, property: { kind: 'literal', value: this.propertyName() }, optional: true, line }
      } else if (this.take('[')) {
        value = { kind: 'member', object: value, property: this.expression(), optional: false, line }
        this.need(']')
      } else if (this.is('(')) value = { kind: 'call', callee: value, arguments: this.callArguments(), optional: false, line }
      else return value
    }
  }

  private propertyName(): string {
    const { kind, value } = this.token
    if (kind !== 'name') throw this.unexpected()
    this.place += 1
    return value
  }

  private callArguments(): { value: Expression; spread: boolean }[] {
    this.need('(')
    return this.items(')')
  }

  private items(end: string): { value: Expression; spread: boolean }[] {
    const items: { value: Expression; spread: boolean }[] = []
    while (!this.take(end)) {
      const spread = this.take('...')
      items.push({ value: this.assignment(), spread })
      if (!this.is(end)) this.need(',')
    }
    return items
  }

  private primary(): Expression {
    const { token } = this
    const { kind, value, line } = token
    if (kind === 'number') {
      this.place += 1
      return { kind: 'literal', value: Number(value) }
    }
    if (kind === 'string') {
      this.place += 1
      return { kind: 'literal', value }
    }
    if (kind === 'regex') {
      this.place += 1
      return { kind: 'regex', source: value, flags: token.raw ?? '', line }
    }
    if (kind === 'text') {
      this.place += 1
      return this.text(token.raw ?? '', line)
    }
    if (this.take('(')) {
      const inner = this.expression()
      this.need(')')
      return inner
    }
    if (this.take('[')) return { kind: 'array', items: this.items(']') }
    if (this.take('{')) return this.object()
    if (kind === 'name') {
      if (value === 'function') {
        this.place += 1
        return this.functionRest(this.token.kind === 'name' ? this.name() : null)
      }
      const constant = { true: true, false: false, null: null, undefined: undefined } as Readonly<Record<string, boolean | null | undefined>>
      if (Object.hasOwn(constant, value)) {
        this.place += 1
        return { kind: 'literal', value: constant[value] }
      }
      return { kind: 'name', name: this.name(), line }
    }
    throw this.unexpected()
  }

  private object(): Expression {
    const entries: { key: Expression; value: Expression }[] = []
    while (!this.take('}')) {
      const { kind, value, line } = this.token
      let key: Expression
      if (this.take('[')) {
        key = this.assignment()
        this.need(']')
      } else if (kind === 'string' || kind === 'number' || kind === 'name') {
        this.place += 1
        key = { kind: 'literal', value: kind === 'number' ? String(Number(value)) : value }
      } else throw this.unexpected()
      if (this.take(':')) entries.push({ key, value: this.assignment() })
      else if (kind === 'name' && !keywords.has(value)) entries.push({ key, value: { kind: 'name', name: value, line } })
      else throw this.unexpected()
      if (!this.is('}')) this.need(',')
    }
    return { kind: 'object', entries }
  }

  private text(raw: string, line: number): Expression {
    const parts: string[] = []
    const values: Expression[] = []
    let part = ''
    for (let at = 0; at < raw.length; at += 1) {
      if (raw[at] === '\\') {
        const [read, length] = escaped(raw, at, line)
        part += read
        at += length - 1
      } else if (raw[at] === '$' && raw[at + 1] === '{') {
        const end = endOfValue(raw, at + 2, line)
        parts.push(part)
        part = ''
        values.push(this.nested(() => new Parser(raw.slice(at + 2, end), line).wholeExpression()))
        at = end
      } else part += raw[at]
    }
    parts.push(part)
    return { kind: 'text', parts, values }
  }
}
