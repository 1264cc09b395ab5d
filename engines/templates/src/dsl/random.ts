// Functions that draw. All chance comes from the environment, so that a run can be had again.
import type { Bytes, Value } from '../model.ts'
import { letters as lettersOf, toText } from './convert.ts'
import { EvaluationError, spend, type Environment, type Scope } from './evaluation.ts'
import { helper, textOf, wholeOf, type HelperFunction } from './helper-function.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const numerals = '1234567890'

/** 0 <= x < limit. */
const below = (environment: Environment, limit: number): number => {
  const high = limit > 2 ** 32 ? (environment.random() >>> 0) * 2 ** 20 + ((environment.random() >>> 0) >>> 12) : environment.random() >>> 0
  return Math.floor((high / (limit > 2 ** 32 ? 2 ** 52 : 2 ** 32)) * limit)
}

function drawn(set: Bytes, length: number, scope: Scope): Bytes {
  if (length < 0 || set === '') throw new EvaluationError('wrong_arguments', 'A random text needs a length of 0 or more and something to draw from.')
  // Drawing costs more time than room.
  spend(scope, 32 * length)
  const parts: string[] = []
  for (let index = 0; index < length; index++) parts.push(set[below(scope.environment, set.length)]!)
  return parts.join('')
}

const without = (set: Bytes, bad: Value | undefined): Bytes => {
  let rest = set
  for (const one of new Set(bad === undefined ? [] : lettersOf(toText(bad)))) rest = rest.replaceAll(one, '')
  return rest
}

const orDefault = (given: Value | undefined): Bytes => {
  const set = given === undefined ? '' : toText(given)
  return set.trim() === '' ? alphabet + numerals : set
}

const textFrom = (set: Bytes): HelperFunction => helper(1, 2, ([length, bad], scope) => drawn(without(set, bad), wholeOf(length, 'The length'), scope))

function addressWithin(range: Bytes, environment: Environment): string {
  const [address = '', bits = '', ...more] = range.split('/')
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  const size = four === null ? 128 : 32
  const value = four === null ? six(address) : four.slice(1).every((part) => Number(part) < 256) ? BigInt(four.slice(1).reduce((sum, part) => sum * 256 + Number(part), 0)) : null
  if (value === null || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > size) throw new EvaluationError('invalid_input', 'rand_ip() takes ranges such as 192.0.2.0/24.')
  const free = BigInt(size - Number(bits))
  let chance = 0n
  for (let index = 0; index < 4; index++) chance = (chance << 32n) | BigInt(environment.random() >>> 0)
  const found = ((value >> free) << free) | (chance & ((1n << free) - 1n))
  if (four !== null) return [24n, 16n, 8n, 0n].map((shift) => String((found >> shift) & 255n)).join('.')
  return compressed(Array.from({ length: 8 }, (_, index) => Number((found >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)))
}

function six(address: string): bigint | null {
  const [head = '', tail, ...more] = address.split('::')
  const parts = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [first, last] = [parts(head), parts(tail ?? '')]
  const missing = 8 - first.length - last.length
  if (more.length > 0 || missing < 0 || (tail === undefined && missing > 0)) return null
  const all = [...first, ...Array.from({ length: missing }, () => '0'), ...last]
  return all.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part)) ? all.reduce((sum, part) => (sum << 16n) | BigInt(Number.parseInt(part, 16)), 0n) : null
}

/** The longest run of zeros as '::' (RFC 5952). */
function compressed(groups: readonly string[]): string {
  let [start, longest] = [-1, 1]
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === '0') length++
    if (length > longest) [start, longest] = [from, length]
  }
  return start < 0 ? groups.join(':') : `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`
}

export const random: Readonly<Record<string, HelperFunction>> = {
  rand_char: helper(0, 1, ([set], scope) => drawn(orDefault(set), 1, scope)),
  rand_base: helper(1, 3, ([length, set], scope) => drawn(orDefault(set), wholeOf(length, 'The length'), scope)),
  rand_text_alphanumeric: textFrom(alphabet + numerals),
  rand_text_alpha: textFrom(alphabet),
  rand_text_numeric: textFrom(numerals),
  rand_int: helper(0, 2, ([from, to], scope) => {
    const least = from === undefined ? 0 : wholeOf(from, 'The least')
    const most = to === undefined ? 2 ** 31 - 1 : wholeOf(to, 'The most')
    if (most <= least) throw new EvaluationError('wrong_arguments', 'rand_int() needs room between its bounds.')
    return least + below(scope.environment, most - least)
  }),
  rand_ip: helper(1, Infinity, (values, scope) => addressWithin(textOf(values[below(scope.environment, values.length)], 'A range'), scope.environment)),
}
