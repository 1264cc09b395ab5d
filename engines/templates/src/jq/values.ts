// Values of jq: their order, equality, arithmetic, and paths through them.
import type { Json } from './grammar.ts'

export type JsonObject = { readonly [key: string]: Json }
export type Path = readonly Json[]

/** What `error` throws and `try` catches. */
export class JqError extends Error {
  override readonly name = 'JqError'
  readonly value: Json

  constructor(value: Json) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(typeof value === 'string' ? value : tojson(value))
    Error.stackTraceLimit = limit
    this.value = value
  }
}

export const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Without a prototype: a key of an answer is a key and nothing else. */
export const copyOf = (value: JsonObject | null): Record<string, Json> => Object.assign(Object.create(null) as Record<string, Json>, value)

export const typeOf = (value: Json): string => (value === null ? 'null' : isArray(value) ? 'array' : typeof value === 'object' ? 'object' : typeof value)

export const truth = (value: Json): boolean => value !== null && value !== false

/** In order of Unicode's numbers. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    let [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one !== other) {
      if (one >= 0xd800 && other >= 0xd800) {
        if (one >= 0xe000) one -= 0x2000
        else one += 0x2000
        if (other >= 0xe000) other -= 0x2000
        else other += 0x2000
      }
      return one < other ? -1 : 1
    }
  }
  return a.length < b.length ? -1 : 1
}

export const keysOf = (value: JsonObject): string[] => Object.keys(value).sort(compareText)

const rank = (value: Json): number => (value === null ? 0 : value === false ? 1 : value === true ? 2 : typeof value === 'number' ? 3 : typeof value === 'string' ? 4 : isArray(value) ? 5 : 6)

export function compare(a: Json, b: Json): number {
  if (a === b) return 0
  const order = rank(a) - rank(b)
  if (order !== 0) return order < 0 ? -1 : 1
  if (typeof a === 'number') return Number.isNaN(a) || a < (b as number) ? -1 : a > (b as number) ? 1 : Number.isNaN(b) ? 1 : 0
  if (typeof a === 'string') return compareText(a, b as string)
  if (isArray(a)) {
    const other = b as readonly Json[]
    for (let index = 0; index < Math.min(a.length, other.length); index++) {
      const item = compare(a[index]!, other[index]!)
      if (item !== 0) return item
    }
    return Math.sign(a.length - other.length)
  }
  if (!isObject(a)) return 0
  const other = b as JsonObject
  const [keys, otherKeys] = [keysOf(a), keysOf(other)]
  const byKeys = compare(keys, otherKeys)
  if (byKeys !== 0) return byKeys
  for (const key of keys) {
    const item = compare(a[key]!, other[key]!)
    if (item !== 0) return item
  }
  return 0
}

/** With sorted keys, as gojq writes it. */
export function tojson(value: Json): string {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'null'
    if (!Number.isFinite(value)) return value > 0 ? '1.7976931348623157e+308' : '-1.7976931348623157e+308'
    return String(value)
  }
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('\u007f', String.raw`\u007f`)
  if (isArray(value)) return `[${value.map(tojson).join(',')}]`
  if (isObject(value)) return `{${keysOf(value).map((key) => `${tojson(key)}:${tojson(value[key]!)}`).join(',')}}`
  return String(value)
}

export const tostring = (value: Json): string => (typeof value === 'string' ? value : tojson(value))

/** For messages: what it is and how it looks, shortened. */
export const described = (value: Json): string => {
  const text = tojson(value)
  return `${typeOf(value)} (${text.length > 40 ? `${text.slice(0, 37)}...` : text})`
}

const clamped = (index: number, length: number): number => Math.min(Math.max(index < 0 ? index + length : index, 0), length)

function bounds(length: number, from: Json, to: Json): readonly [number, number] {
  if ((from !== null && typeof from !== 'number') || (to !== null && typeof to !== 'number')) throw new JqError('Start and end indices of an array slice must be numbers')
  const start = from === null ? 0 : clamped(Math.floor(from), length)
  const end = to === null ? length : clamped(Math.ceil(to), length)
  return [start, Math.max(start, end)]
}

export function sliced(value: Json, from: Json, to: Json): Json {
  if (value === null) return null
  if (typeof value === 'string') {
    const characters = Array.from(value)
    const [start, end] = bounds(characters.length, from, to)
    return characters.slice(start, end).join('')
  }
  if (!isArray(value)) throw new JqError(`Cannot index ${typeOf(value)} with object`)
  const [start, end] = bounds(value.length, from, to)
  return value.slice(start, end)
}

export function indicesOf(value: readonly Json[], wanted: readonly Json[]): number[] {
  if (wanted.length === 0) return []
  const found: number[] = []
  for (let at = 0; at + wanted.length <= value.length; at++) if (wanted.every((one, index) => compare(value[at + index]!, one) === 0)) found.push(at)
  return found
}

export function indexed(value: Json, by: Json): Json {
  if (typeof by === 'string' && (isObject(value) || value === null)) return value !== null && Object.hasOwn(value, by) ? value[by]! : null
  if (typeof by === 'number' && (isArray(value) || value === null)) {
    if (value === null || Number.isNaN(by)) return null
    const at = Math.floor(by)
    return value[at < 0 ? at + value.length : at] ?? null
  }
  if (isObject(by)) return sliced(value, by['start'] ?? null, by['end'] ?? null)
  if (isArray(by) && isArray(value)) return indicesOf(value, by)
  if (isArray(value) || isObject(value)) throw new JqError(`Cannot index ${typeOf(value)} with ${typeof by === 'string' ? `"${by}"` : typeOf(by)}`)
  throw new JqError(`Cannot index ${typeOf(value)} with ${typeof by === 'string' ? `"${by}"` : typeOf(by)}`)
}

export function replacedAt(value: Json, path: Path, at: number, update: (old: Json) => Json): Json {
  if (at >= path.length) return update(value)
  const step = path[at]!
  if (isObject(step)) {
    if (value !== null && !isArray(value)) throw new JqError(`Cannot update field at object index of ${typeOf(value)}`)
    const list = value ?? []
    const [start, end] = bounds(list.length, step['start'] ?? null, step['end'] ?? null)
    const middle = replacedAt(value === null ? null : list.slice(start, end), path, at + 1, update)
    if (!isArray(middle)) throw new JqError('A slice of an array can only be assigned another array')
    return [...list.slice(0, start), ...middle, ...list.slice(end)]
  }
  const inner = replacedAt(indexed(value, step), path, at + 1, update)
  if (typeof step === 'string') {
    const copy = copyOf(value as JsonObject | null)
    copy[step] = inner
    return copy
  }
  if (typeof step !== 'number') throw new JqError(`Cannot update field at array index of ${typeOf(value)}`)
  const list = value === null ? [] : [...(value as readonly Json[])]
  const index = Math.floor(step) < 0 ? Math.floor(step) + list.length : Math.floor(step)
  if (index < 0) throw new JqError('Out of bounds negative array index')
  if (index > 1_000_000) throw new JqError('Array index too large')
  while (list.length < index) list.push(null)
  list[index] = inner
  return list
}

export const getPath = (value: Json, path: Path): Json => {
  let at: Json = value
  for (const step of path) {
    if (at === null) return null
    at = indexed(at, step)
  }
  return at
}

function withoutOne(value: Json, path: Path, at: number): Json {
  if (value === null) return null
  const step = path[at]!
  if (at < path.length - 1) {
    const inner = indexed(value, step)
    return inner === null ? value : replacedAt(value, [step], 0, (old) => withoutOne(old, path, at + 1))
  }
  if (isObject(value) && typeof step === 'string') {
    const copy = copyOf(value)
    delete copy[step]
    return copy
  }
  if (isArray(value) && typeof step === 'number') {
    const index = Math.floor(step) < 0 ? Math.floor(step) + value.length : Math.floor(step)
    return value.filter((_, one) => one !== index)
  }
  if (isArray(value) && isObject(step)) {
    const [start, end] = bounds(value.length, step['start'] ?? null, step['end'] ?? null)
    return [...value.slice(0, start), ...value.slice(end)]
  }
  throw new JqError(`Cannot delete field at ${isObject(value) ? 'object' : 'array'} index of ${typeOf(value)}`)
}

/** The last first, so that places stay what they were. */
export const withoutPaths = (value: Json, paths: readonly Path[]): Json => [...paths].sort(compare).reverse().reduce<Json>((rest, path) => (path.length === 0 ? null : withoutOne(rest, path, 0)), value)

function merged(a: JsonObject, b: JsonObject): JsonObject {
  const result = copyOf(a)
  for (const key of Object.keys(b)) {
    const [one, other] = [result[key], b[key]!]
    result[key] = one !== undefined && isObject(one) && isObject(other) ? merged(one, other) : other
  }
  return result
}

export function calculated(operator: string, a: Json, b: Json, spend: (size: number) => void): Json {
  const refuse = (what: string): never => {
    throw new JqError(`${described(a)} and ${described(b)} cannot be ${what}`)
  }
  const numbers = typeof a === 'number' && typeof b === 'number'
  switch (operator) {
    case '+':
      if (a === null) return b
      if (b === null) return a
      if (numbers) return a + b
      if (typeof a === 'string' && typeof b === 'string') {
        spend(a.length + b.length)
        return a + b
      }
      if (isArray(a) && isArray(b)) {
        spend(8 * (a.length + b.length))
        return [...a, ...b]
      }
      if (isObject(a) && isObject(b)) {
        spend(32 * (Object.keys(a).length + Object.keys(b).length))
        return Object.assign(copyOf(a), b)
      }
      return refuse('added')
    case '-':
      if (numbers) return a - b
      if (isArray(a) && isArray(b)) {
        spend(a.length * b.length)
        return a.filter((one) => !b.some((other) => compare(one, other) === 0))
      }
      return refuse('subtracted')
    case '*': {
      if (numbers) return a * b
      const [text, times] = typeof a === 'string' ? [a, b] : [b, a]
      if (typeof text === 'string' && typeof times === 'number') {
        if (!(times > 0)) return null
        const count = times < 1 ? 1 : Math.floor(times)
        spend(text.length * count)
        return text.repeat(count)
      }
      if (isObject(a) && isObject(b)) return merged(a, b)
      return refuse('multiplied')
    }
    case '/':
      if (numbers) return b === 0 ? refuse('divided because the divisor is zero') : a / b
      if (typeof a === 'string' && typeof b === 'string') return textSplit(a, b)
      return refuse('divided')
    case '%': {
      if (!numbers) return refuse('divided')
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN
      const [dividend, divisor] = [truncated(a), Math.abs(truncated(b))]
      if (divisor === 0) return refuse('divided because the divisor is zero')
      return (dividend % divisor) + 0
    }
    case '==': return compare(a, b) === 0
    case '!=': return compare(a, b) !== 0
    case '<': return compare(a, b) < 0
    case '<=': return compare(a, b) <= 0
    case '>': return compare(a, b) > 0
    default: return compare(a, b) >= 0
  }
}

const truncated = (value: number): number => Math.trunc(Math.min(Math.max(value, -(2 ** 63)), 2 ** 63))

export const textSplit = (text: string, by: string): Json => (text === '' ? [] : by === '' ? Array.from(text) : text.split(by))

export function contains(a: Json, b: Json): boolean {
  if (isObject(a) && isObject(b)) return Object.keys(b).every((key) => Object.hasOwn(a, key) && contains(a[key]!, b[key]!))
  if (isArray(a) && isArray(b)) return b.every((wanted) => a.some((one) => typeOf(one) === typeOf(wanted) && contains(one, wanted)))
  if (typeof a === 'string' && typeof b === 'string') return a.includes(b)
  if (typeOf(a) === typeOf(b)) return compare(a, b) === 0
  throw new JqError(`${described(a)} and ${described(b)} cannot have their containment checked`)
}
