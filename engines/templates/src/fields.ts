// The entries of one mapping of a template, read by name and kind. What Go's YAML reader takes for a field is taken alike (a single text for a list, numbers
// for texts, numbers in quotes); whatever is not declared, or is of another kind, is a coded refusal that names its place: read.test.ts holds it.
import { bytesOf } from '@haechi/probes/wire'
import type { Bytes, Value } from './model.ts'
import { TemplateError } from './problem.ts'
import { Scalar } from './yaml.ts'
import type { Entries, Yaml } from './yaml.ts'

export class Fields {
  readonly place: string
  readonly #entries: Entries

  /** Throws TemplateError field_unknown where an entry is not among `known`. */
  constructor(node: Yaml, place: string, known: ReadonlySet<string> | null) {
    if (!(node instanceof Map)) throw new TemplateError('field_invalid', place, `Here a mapping is expected, and there is ${kindOf(node)}.`)
    this.place = place
    this.#entries = node as Entries
    if (known === null) return
    for (const name of this.#entries.keys()) if (!known.has(name)) throw new TemplateError('field_unknown', this.at(name), `There is no field "${name.slice(0, 80)}" here. Known are ${[...known].join(', ')}.`)
  }

  at(name: string): string {
    return this.place === '' ? name.slice(0, 80) : `${this.place}.${name.slice(0, 80)}`
  }

  names(): Iterable<string> {
    return this.#entries.keys()
  }

  /** Null: absent, or written as null. */
  raw(name: string): Yaml | null {
    const node = this.#entries.get(name)
    return node === undefined || (node instanceof Scalar && node.value === null) ? null : node
  }

  /** Unicode: for what people read. */
  words(name: string): string | null {
    const node = this.raw(name)
    return node === null ? null : textOf(node, this.at(name))
  }

  text(name: string): Bytes | null {
    const words = this.words(name)
    return words === null ? null : bytesOf(words)
  }

  texts(name: string): Bytes[] {
    const node = this.raw(name)
    return node === null ? [] : textsOf(node, this.at(name))
  }

  flag(name: string): boolean {
    const node = this.raw(name)
    if (node === null) return false
    const value = node instanceof Scalar ? node.value : node === 'true' ? true : node === 'false' ? false : null
    if (typeof value !== 'boolean') throw new TemplateError('field_invalid', this.at(name), `Here true or false is expected, and there is ${kindOf(node)}.`)
    return value
  }

  /** A whole number from 0 to 2^31-1. */
  count(name: string): number | null {
    const node = this.raw(name)
    return node === null ? null : countOf(node, this.at(name))
  }

  choice<T extends string>(name: string, choices: readonly T[], code: 'field_invalid' | 'matcher_invalid' | 'extractor_invalid' = 'field_invalid'): T | null {
    const given = this.words(name)?.trim()
    if (given === undefined) return null
    const found = choices.find((choice) => choice === given.toLowerCase() || choice === given)
    if (found === undefined) throw new TemplateError(code, this.at(name), `"${given.slice(0, 80)}" is none of ${choices.join(', ')}.`)
    return found
  }

  /** Each with its place. */
  items(name: string): { node: Yaml; place: string }[] {
    const node = this.raw(name)
    if (node === null) return []
    const place = this.at(name)
    if (!Array.isArray(node)) throw new TemplateError('field_invalid', place, `Here a list is expected, and there is ${kindOf(node)}.`)
    return (node as readonly Yaml[]).map((item, index) => ({ node: item, place: `${place}[${index}]` }))
  }

  /** Texts by name: headers. */
  record(name: string): Record<string, Bytes> {
    const record: Record<string, Bytes> = {}
    const node = this.raw(name)
    if (node === null) return record
    const fields = new Fields(node, this.at(name), null)
    for (const key of fields.names()) put(record, bytesOf(key), fields.text(key) ?? '')
    return record
  }

  /** Whatever is written, by name: variables. */
  values(name: string, convert = bytesOf): Record<string, Value> {
    const record: Record<string, Value> = {}
    const node = this.raw(name)
    if (node === null) return record
    const fields = new Fields(node, this.at(name), null)
    for (const key of fields.names()) put(record, convert(key), valueOf(fields.#entries.get(key)!, convert))
    return record
  }
}

/** Own properties only: a template may name one `__proto__`. */
export function put<T>(record: Record<string, T>, name: string, value: T): void {
  if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true })
  else record[name] = value
}

export function valueOf(node: Yaml, convert: (text: string) => string): Value {
  if (typeof node === 'string') return convert(node)
  if (node instanceof Scalar) return node.value
  if (Array.isArray(node)) return (node as readonly Yaml[]).map((item) => valueOf(item, convert))
  const record: Record<string, Value> = {}
  for (const [name, item] of node as Entries) put(record, convert(name), valueOf(item, convert))
  return record
}

export function textOf(node: Yaml, place: string): string {
  if (typeof node === 'string') return node
  if (node instanceof Scalar) return node.value === null ? '' : node.text
  throw new TemplateError('field_invalid', place, `Here a text is expected, and there is ${kindOf(node)}.`)
}

export function textsOf(node: Yaml, place: string): Bytes[] {
  if (!Array.isArray(node)) return [bytesOf(textOf(node, place))]
  return (node as readonly Yaml[]).map((item, index) => bytesOf(textOf(item, `${place}[${index}]`)))
}

export function countOf(node: Yaml, place: string): number {
  const text = textOf(node, place).trim()
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= 0x7fffffff)) throw new TemplateError('field_invalid', place, `Here a whole number is expected, and there is "${text.slice(0, 40)}".`)
  return value
}

const kindOf = (node: Yaml): string => (Array.isArray(node) ? 'a list' : node instanceof Map ? 'a mapping' : node instanceof Scalar ? `"${node.text.slice(0, 40)}"` : `"${(node as string).slice(0, 40)}"`)
