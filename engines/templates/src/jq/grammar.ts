// The grammar of jq (jqlang.github.io/jq/manual), with what gojq allows beyond it: `.a.[]`, a minus before any term.
import { TemplateError } from '../problem.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type Pattern =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'array'; readonly items: readonly Pattern[] }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Node; readonly variable: string | null; readonly pattern: Pattern | null }[] }

export type Node =
  | { readonly kind: 'identity' }
  | { readonly kind: 'recurse' }
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'format'; readonly name: string }
  /** Pieces that are no literals go through the format. */
  | { readonly kind: 'text'; readonly format: string | null; readonly pieces: readonly (string | Node)[] }
  /** `optional`: what cannot be taken so gives nothing ('?' behind it). */
  | { readonly kind: 'index'; readonly of: Node; readonly by: Node; readonly optional?: true }
  | { readonly kind: 'slice'; readonly of: Node; readonly from: Node | null; readonly to: Node | null; readonly optional?: true }
  | { readonly kind: 'iterate'; readonly of: Node; readonly optional?: true }
  | { readonly kind: 'pipe'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'comma'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'negate'; readonly of: Node }
  | { readonly kind: 'operator'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'assign'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'array'; readonly of: Node | null }
  | { readonly kind: 'object'; readonly entries: readonly { readonly key: Node; readonly value: Node }[] }
  | { readonly kind: 'if'; readonly condition: Node; readonly holds: Node; readonly otherwise: Node }
  | { readonly kind: 'try'; readonly of: Node; readonly otherwise: Node | null }
  | { readonly kind: 'reduce'; readonly source: Node; readonly pattern: Pattern; readonly start: Node; readonly update: Node }
  | { readonly kind: 'foreach'; readonly source: Node; readonly pattern: Pattern; readonly start: Node; readonly update: Node; readonly extract: Node | null }
  | { readonly kind: 'bind'; readonly source: Node; readonly patterns: readonly Pattern[]; readonly body: Node }
  | { readonly kind: 'define'; readonly definition: Definition; readonly body: Node }
  | { readonly kind: 'label'; readonly name: string; readonly body: Node }
  | { readonly kind: 'break'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly items: readonly Node[] }

export type Definition = { readonly name: string; readonly parameters: readonly string[]; readonly body: Node }

type Token = { readonly kind: 'name' | 'field' | 'variable' | 'format' | 'number' | 'text' | 'sign' | 'end'; readonly text: string; readonly pieces?: readonly (string | readonly Token[])[]; readonly spaced: boolean }

const sourceLimit = 64 * 1024
const depthLimit = 200

const invalid = (reason: string): TemplateError => new TemplateError('expression_invalid', '', reason)

const signs = ['?//=', '?//', '//=', '|=', '+=', '-=', '*=', '/=', '%=', '==', '!=', '<=', '>=', '//', '..', 'and', 'or', '|', ',', '+', '-', '*', '/', '%', '=', '<', '>', '(', ')', '[', ']', '{', '}', ':', ';', '?', '.']
  .filter((sign) => !/[a-z]/.test(sign))
const keywords = new Set(['and', 'or', 'def', 'if', 'then', 'elif', 'else', 'end', 'as', 'reduce', 'foreach', 'try', 'catch', 'label', 'import', 'include', '__loc__'])

const nameAt = /[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*/y
const fieldAt = /\.[A-Za-z_][A-Za-z0-9_]*/y
const variableAt = /\$(?:__loc__|[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)/y
const formatAt = /@[A-Za-z0-9_]+/y
const numberAt = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const spaceAt = /(?:[ \t\r\n]+|#[^\n]*)+/y

class Lexer {
  at = 0
  readonly source: string
  depth = 0

  constructor(source: string) {
    this.source = source
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match === null) return null
    this.at += match[0].length
    return match[0]
  }

  /** Up to the end, or to the parenthesis that closes an interpolation. */
  tokens(inner: boolean): Token[] {
    if (++this.depth > 20) throw invalid('Texts within texts, too deep.')
    const found: Token[] = []
    let open = 0
    for (;;) {
      const spaced = this.take(spaceAt) !== null
      if (this.at >= this.source.length) {
        if (inner) throw invalid(String.raw`'\(' is not closed.`)
        break
      }
      const push = (kind: Token['kind'], text: string): unknown => found.push({ kind, text, spaced })
      let text: string | null
      if (this.source[this.at] === '"') found.push({ kind: 'text', text: '"', pieces: this.pieces(), spaced })
      else if ((text = this.take(numberAt)) !== null) push('number', text)
      else if ((text = this.take(fieldAt)) !== null) push('field', text.slice(1))
      else if ((text = this.take(nameAt)) !== null) push('name', text)
      else if ((text = this.take(variableAt)) !== null) push('variable', text.slice(1))
      else if ((text = this.take(formatAt)) !== null) push('format', text)
      else {
        const sign = signs.find((one) => this.source.startsWith(one, this.at))
        if (sign === undefined) throw invalid(`'${this.source[this.at]}' means nothing to jq.`)
        if (inner && sign === ')' && open === 0) {
          this.at++
          break
        }
        if (sign === '(') open++
        if (sign === ')') open--
        this.at += sign.length
        push('sign', sign)
      }
    }
    this.depth--
    found.push({ kind: 'end', text: '', spaced: false })
    return found
  }

  private pieces(): (string | Token[])[] {
    const pieces: (string | Token[])[] = []
    let literal = ''
    this.at++
    for (;;) {
      const character = this.source[this.at]
      if (character === undefined) throw invalid('A text is not closed.')
      this.at++
      if (character === '"') break
      if (character !== '\\') {
        literal += character
        continue
      }
      const escaped = this.source[this.at++]
      if (escaped === '(') {
        pieces.push(literal, this.tokens(true))
        literal = ''
      } else if (escaped === 'u') {
        const digits = this.source.slice(this.at, this.at + 4)
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw invalid(String.raw`'\u' takes four hexadecimal digits.`)
        literal += String.fromCharCode(Number.parseInt(digits, 16))
        this.at += 4
      } else {
        const plain = escaped === undefined ? undefined : ({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '"': '"', '\\': '\\', '/': '/' } as Record<string, string>)[escaped]
        if (plain === undefined) throw invalid(`'\\${escaped ?? ''}' is no escape of a text.`)
        literal += plain
      }
    }
    pieces.push(literal)
    return pieces
  }
}

/** From what binds least. Pipes and commas stand apart. */
const levels: Readonly<Record<string, { readonly level: number; readonly side: 'left' | 'right' | 'none' }>> = {
  '//': { level: 2, side: 'right' },
  or: { level: 4, side: 'left' },
  and: { level: 5, side: 'left' },
  ...Object.fromEntries(['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='].map((sign) => [sign, { level: 3, side: 'none' }])),
  ...Object.fromEntries(['==', '!=', '<', '<=', '>', '>='].map((sign) => [sign, { level: 6, side: 'none' }])),
  ...Object.fromEntries(['+', '-'].map((sign) => [sign, { level: 7, side: 'left' }])),
  ...Object.fromEntries(['*', '/', '%'].map((sign) => [sign, { level: 8, side: 'left' }])),
}

class Parser {
  private at = 0
  private depth = 0
  private readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  private get token(): Token {
    return this.tokens[this.at]!
  }
  private is(text: string, kind: Token['kind'] = 'sign'): boolean {
    return this.token.kind === kind && this.token.text === text
  }
  private takes(text: string, kind: Token['kind'] = 'sign'): boolean {
    if (!this.is(text, kind)) return false
    this.at++
    return true
  }
  private expect(text: string, kind: Token['kind'] = 'sign'): void {
    if (!this.takes(text, kind)) throw invalid(`'${text}' is missing before '${this.token.text || 'the end'}'.`)
  }
  private name(): string {
    if (this.token.kind !== 'name' || keywords.has(this.token.text)) throw invalid(`A name is missing before '${this.token.text || 'the end'}'.`)
    return this.tokens[this.at++]!.text
  }
  private variable(): string {
    if (this.token.kind !== 'variable') throw invalid(`A variable is missing before '${this.token.text || 'the end'}'.`)
    return this.tokens[this.at++]!.text
  }
  private deeper<T>(parse: () => T): T {
    if (++this.depth > depthLimit) throw invalid('It is nested too deep.')
    const result = parse()
    this.depth--
    return result
  }

  whole(): Node {
    const node = this.is('', 'end') ? ({ kind: 'identity' } as const) : this.pipe()
    if (this.token.kind !== 'end') throw invalid(`'${this.token.text}' cannot stand here.`)
    return node
  }

  /** Of a prelude: definitions alone. */
  definitions(): Definition[] {
    const found: Definition[] = []
    while (this.is('def', 'name')) found.push(this.definition())
    if (this.token.kind !== 'end') throw invalid(`'${this.token.text}' cannot stand here.`)
    return found
  }

  private definition(): Definition {
    this.expect('def', 'name')
    const name = this.name()
    const parameters: string[] = []
    if (this.takes('('))
      do parameters.push(this.token.kind === 'variable' ? `$${this.variable()}` : this.name())
      while (this.takes(';'))
    if (parameters.length > 0) this.expect(')')
    this.expect(':')
    const body = this.pipe()
    this.expect(';')
    return { name, parameters, body }
  }

  private pipe(): Node {
    return this.deeper(() => {
      if (this.is('def', 'name')) {
        const definition = this.definition()
        return { kind: 'define', definition, body: this.pipe() }
      }
      if (this.takes('label', 'name')) {
        const name = this.variable()
        this.expect('|')
        return { kind: 'label', name, body: this.pipe() }
      }
      let left = this.comma()
      if (this.takes('as', 'name')) {
        const patterns = [this.pattern()]
        while (this.takes('?//')) patterns.push(this.pattern())
        this.expect('|')
        return { kind: 'bind', source: left, patterns, body: this.pipe() }
      }
      if (this.takes('|')) left = { kind: 'pipe', left, right: this.pipe() }
      return left
    })
  }

  private comma(): Node {
    let left = this.binary(2)
    while (this.takes(',')) left = { kind: 'comma', left, right: this.binary(2) }
    return left
  }

  private binary(lowest: number): Node {
    return this.deeper(() => {
      let left = this.unary()
      for (let chained = 0; ; chained++) {
        const { text, kind } = this.token
        const found = kind === 'sign' || (kind === 'name' && (text === 'and' || text === 'or')) ? levels[text] : undefined
        if (found === undefined || found.level < lowest) return left
        if (chained > 1_000) throw invalid('It has too many operators.')
        this.at++
        // 'as' binds what stands directly before it, as far as the body goes.
        const right = this.binary(found.side === 'right' ? found.level : found.level + 1)
        left = found.level === 3 ? { kind: 'assign', operator: text, left, right } : { kind: 'operator', operator: text, left, right }
        const after = this.token.kind === 'sign' ? levels[this.token.text] : undefined
        if (found.side === 'none' && after?.level === found.level) throw invalid(`'${this.token.text}' cannot follow '${text}'.`)
      }
    })
  }

  private unary(): Node {
    if (this.takes('-')) return { kind: 'negate', of: this.deeper(() => this.unary()) }
    if (this.takes('reduce', 'name')) {
      const source = this.postfix()
      this.expect('as', 'name')
      const pattern = this.pattern()
      this.expect('(')
      const start = this.pipe()
      this.expect(';')
      const update = this.pipe()
      this.expect(')')
      return this.suffixes({ kind: 'reduce', source, pattern, start, update })
    }
    if (this.takes('foreach', 'name')) {
      const source = this.postfix()
      this.expect('as', 'name')
      const pattern = this.pattern()
      this.expect('(')
      const start = this.pipe()
      this.expect(';')
      const update = this.pipe()
      const extract = this.takes(';') ? this.pipe() : null
      this.expect(')')
      return this.suffixes({ kind: 'foreach', source, pattern, start, update, extract })
    }
    if (this.takes('if', 'name')) return this.suffixes(this.condition())
    if (this.takes('try', 'name')) {
      const of = this.deeper(() => this.tried())
      return { kind: 'try', of, otherwise: this.takes('catch', 'name') ? this.deeper(() => this.tried()) : null }
    }
    const term = this.postfix()
    if (this.is('as', 'name')) {
      this.at++
      const patterns = [this.pattern()]
      while (this.takes('?//')) patterns.push(this.pattern())
      this.expect('|')
      return { kind: 'bind', source: term, patterns, body: this.pipe() }
    }
    return term
  }

  /** What 'try' and 'catch' hold. */
  private tried(): Node {
    return this.takes('-') ? { kind: 'negate', of: this.postfix() } : ['reduce', 'foreach', 'if', 'try'].includes(this.token.text) ? this.unary() : this.postfix()
  }

  private condition(): Node {
    const condition = this.pipe()
    this.expect('then', 'name')
    const holds = this.pipe()
    if (this.takes('elif', 'name')) return { kind: 'if', condition, holds, otherwise: this.deeper(() => this.condition()) }
    const otherwise: Node = this.takes('else', 'name') ? this.pipe() : { kind: 'identity' }
    this.expect('end', 'name')
    return { kind: 'if', condition, holds, otherwise }
  }

  private pattern(): Pattern {
    return this.deeper(() => {
      if (this.token.kind === 'variable') return { kind: 'variable', name: this.variable() }
      if (this.takes('[')) {
        const items: Pattern[] = []
        do items.push(this.pattern())
        while (this.takes(','))
        this.expect(']')
        return { kind: 'array', items }
      }
      this.expect('{')
      const entries: { key: Node; variable: string | null; pattern: Pattern | null }[] = []
      do {
        let key: Node
        let variable: string | null = null
        const { kind } = this.tokens[this.at]!
        if (kind === 'variable') {
          variable = this.variable()
          key = { kind: 'literal', value: variable }
        } else if (this.takes('(')) {
          key = this.pipe()
          this.expect(')')
        } else if (kind === 'text') key = this.text(null)
        else if (kind === 'name') key = { kind: 'literal', value: this.tokens[this.at++]!.text }
        else throw invalid(`'${this.token.text}' cannot be a key of a pattern.`)
        const pattern = this.takes(':') ? this.pattern() : null
        if (variable === null && pattern === null) throw invalid('A key of a pattern lacks its value.')
        entries.push({ key, variable, pattern })
      } while (this.takes(','))
      this.expect('}')
      return { kind: 'object', entries }
    })
  }

  private text(format: string | null): Node {
    const pieces = this.tokens[this.at++]!.pieces!
    if (pieces.length === 1) return { kind: 'literal', value: pieces[0] as string }
    return { kind: 'text', format, pieces: pieces.map((piece) => (typeof piece === 'string' ? piece : new Parser(piece).whole())) }
  }

  private postfix(): Node {
    return this.deeper(() => this.suffixes(this.term()))
  }

  private suffixes(term: Node): Node {
    let node = term
    for (let chained = 0; chained < 1_000; chained++) {
      if (this.token.kind === 'field') node = { kind: 'index', of: node, by: { kind: 'literal', value: this.tokens[this.at++]!.text } }
      else if (this.is('.') && this.tokens[this.at + 1]?.kind === 'text') {
        this.at++
        node = { kind: 'index', of: node, by: this.text(null) }
      } else if (this.is('.') && this.tokens[this.at + 1]?.text === '[' && this.tokens[this.at + 1]?.kind === 'sign') this.at++
      else if (this.takes('[')) node = this.bracket(node)
      else if (this.takes('?')) node = node.kind === 'index' || node.kind === 'slice' || node.kind === 'iterate' ? { ...node, optional: true } : { kind: 'try', of: node, otherwise: null }
      else return node
    }
    throw invalid('It has too many steps.')
  }

  /** After '['. */
  private bracket(of: Node): Node {
    if (this.takes(']')) return { kind: 'iterate', of }
    if (this.takes(':')) {
      const to = this.pipe()
      this.expect(']')
      return { kind: 'slice', of, from: null, to }
    }
    const by = this.pipe()
    if (this.takes(':')) {
      const to = this.is(']') ? null : this.pipe()
      this.expect(']')
      return { kind: 'slice', of, from: by, to }
    }
    this.expect(']')
    return { kind: 'index', of, by }
  }

  private term(): Node {
    const token = this.token
    switch (token.kind) {
      case 'number':
        this.at++
        return { kind: 'literal', value: Number(token.text) }
      case 'text':
        return this.text(null)
      case 'format': {
        this.at++
        return this.token.kind === 'text' ? this.text(token.text) : { kind: 'format', name: token.text }
      }
      case 'variable':
        this.at++
        return token.text === '__loc__' ? { kind: 'literal', value: { file: '<top-level>', line: 1 } } : { kind: 'variable', name: token.text }
      case 'field':
        this.at++
        return { kind: 'index', of: { kind: 'identity' }, by: { kind: 'literal', value: token.text } }
      case 'name':
        return this.named(token.text)
      case 'sign':
        return this.signed(token.text)
      case 'end':
        break
    }
    throw invalid('It is not complete.')
  }

  private named(name: string): Node {
    if (name === 'break') {
      this.at++
      return { kind: 'break', name: this.variable() }
    }
    // As terms, too: `def` within a term is not to be had.
    if (name === 'if' || name === 'reduce' || name === 'foreach' || name === 'try') return this.unary()
    if (keywords.has(name)) throw invalid(`'${name}' cannot stand here.`)
    this.at++
    const items: Node[] = []
    if (this.takes('(')) {
      do items.push(this.pipe())
      while (this.takes(';'))
      this.expect(')')
    }
    return { kind: 'call', name, items }
  }

  private signed(sign: string): Node {
    this.at++
    switch (sign) {
      case '.':
        if (this.token.kind === 'text') return { kind: 'index', of: { kind: 'identity' }, by: this.text(null) }
        return { kind: 'identity' }
      case '..':
        return { kind: 'recurse' }
      case '(': {
        const node = this.pipe()
        this.expect(')')
        // All between the parentheses is forgiven, not its last step alone.
        return this.takes('?') ? { kind: 'try', of: node, otherwise: null } : node
      }
      case '[': {
        if (this.takes(']')) return { kind: 'array', of: null }
        const of = this.pipe()
        this.expect(']')
        return { kind: 'array', of }
      }
      case '{':
        return this.object()
      case '-':
        return { kind: 'negate', of: this.postfix() }
      default:
        throw invalid(`'${sign}' cannot stand here.`)
    }
  }

  /** After '{'. */
  private object(): Node {
    const entries: { key: Node; value: Node }[] = []
    while (!this.takes('}')) {
      const token = this.token
      let key: Node
      let value: Node | null = null
      const byKey = (of: Node): Node => ({ kind: 'index', of: { kind: 'identity' }, by: of })
      if (token.kind === 'variable') {
        this.at++
        key = { kind: 'literal', value: token.text === '__loc__' ? '__loc__' : token.text }
        value = token.text === '__loc__' ? { kind: 'literal', value: { file: '<top-level>', line: 1 } } : { kind: 'variable', name: token.text }
      } else if (token.kind === 'name') {
        this.at++
        key = { kind: 'literal', value: token.text }
        value = byKey(key)
      } else if (token.kind === 'number') {
        this.at++
        key = { kind: 'literal', value: token.text }
      } else if (token.kind === 'text') {
        key = this.text(null)
        value = byKey(key)
      } else if (token.kind === 'format') {
        this.at++
        if (this.token.kind !== 'text') throw invalid(`'${token.text}' lacks its text.`)
        key = this.text(token.text)
        value = byKey(key)
      } else if (this.takes('(')) {
        key = this.pipe()
        this.expect(')')
      } else throw invalid(`'${token.text || 'the end'}' cannot be a key.`)
      if (this.takes(':')) value = this.objectValue()
      if (value === null) throw invalid('A key lacks its value.')
      entries.push({ key, value })
      if (!this.takes(',') && !this.is('}')) throw invalid(`'}' is missing before '${this.token.text || 'the end'}'.`)
    }
    return { kind: 'object', entries }
  }

  /** No commas: these divide the entries. Pipes are allowed. */
  private objectValue(): Node {
    return this.deeper(() => {
      const left = this.binary(2)
      return this.takes('|') ? { kind: 'pipe', left, right: this.objectValue() } : left
    })
  }
}

/** Errors: TemplateError expression_invalid. */
export function parseJq(source: string): Node {
  if (source.length > sourceLimit) throw invalid(`More than ${sourceLimit} characters.`)
  return new Parser(new Lexer(source).tokens(false)).whole()
}

export const parseDefinitions = (source: string): Definition[] => new Parser(new Lexer(source).tokens(false)).definitions()
