// Functions on texts and lists.
import type { Bytes, Value } from '../model.ts'
import { bytesOf } from '@haechi/probes/wire'
import { letters, lower, toText, unicodeOf, upper } from './convert.ts'
import { EvaluationError, spend, type Scope } from './evaluation.ts'
import { helper, integerOf, listOf, ofText, ofThree, ofTwo, remembered, unreadable, wholeOf, type HelperFunction } from './helper-function.ts'
import { matches, replaceMatches } from './regexes.ts'

const anyOf = (holds: (text: Bytes, part: Bytes) => boolean): HelperFunction =>
  helper(2, Infinity, (values) => {
    const text = toText(values[0]!)
    for (let index = 1; index < values.length; index++) if (holds(text, toText(values[index]!))) return true
    return false
  })

const anyLine = (holds: (line: Bytes, part: Bytes) => boolean): HelperFunction => anyOf((text, part) => text.split('\n').some((line) => holds(line, part)))

/** Letter by letter, which takes more room than the text. */
const apart = (text: Bytes, scope: Scope): Bytes[] => {
  spend(scope, 8 * text.length)
  return letters(text)
}

/** Without what belongs to the set, at its ends. */
function trimmed(text: Bytes, set: string, left: boolean, right: boolean): Bytes {
  // Bytes that are no UTF-8 are letters by themselves.
  const unicode = unicodeOf(text) ?? text
  const belongs = new Set(unicodeOf(set) ?? set)
    let from = 0
  let to = unicode.length
  const letterAt = (at: number): string => String.fromCodePoint(unicode.codePointAt(at)!)
  const before = (at: number): number => (at > 1 && /[\uDC00-\uDFFF]/.test(unicode[at - 1]!) ? at - 2 : at - 1)
  if (left) while (from < to && belongs.has(letterAt(from))) from += letterAt(from).length
  if (right) while (to > from && belongs.has(letterAt(before(to)))) to = before(to)
  return from === 0 && to === unicode.length ? text : unicode === text ? text.slice(from, to) : bytesOf(unicode.slice(from, to))
}

const withoutAll = (text: Bytes, set: Bytes): Bytes => {
  let rest = text
  for (const one of new Set(letters(set))) rest = rest.replaceAll(one, '')
  return rest
}

const occurrences = (text: Bytes, part: Bytes): number => {
  if (part === '') return (unicodeOf(text)?.replaceAll(/[\uDC00-\uDFFF]/g, '') ?? text).length + 1
  let count = 0
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++
  return count
}

function replaced(text: Bytes, from: Bytes, to: Bytes, scope: Scope): Bytes {
  if (to.length > from.length) spend(scope, occurrences(text, from) * (to.length - from.length))
  if (from !== '') return text.replaceAll(from, () => to)
  return to + apart(text, scope).map((letter) => letter + to).join('')
}

const chunks = (text: Bytes, size: number, scope: Scope): Bytes[] => {
  if (size <= 0 || size >= text.length) return [text]
  const all = apart(text, scope)
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size).join(''))
}

const splitAt = (text: Bytes, separator: Bytes, count: number, scope: Scope): Bytes[] => {
  if (count === 0) return []
  spend(scope, 16 * occurrences(text, separator))
  const parts = separator === '' ? letters(text) : text.split(separator)
  return count < 0 || parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]
}

const byCodePoint = (a: Bytes, b: Bytes): number => (a < b ? -1 : a > b ? 1 : 0)

/** Unicode's White_Space. */
const space = '\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000'

const length = (value: Value): number => (Array.isArray(value) ? value.length : typeof value === 'object' && value !== null ? Object.keys(value).length : toText(value).length)

/** Arguments one by one, or in a list. */
const several = (values: readonly Value[]): readonly Bytes[] => (values.length === 1 && Array.isArray(values[0]) ? listOf(values[0]) : values.map(toText))

/** One pattern for several texts; where a list comes second these are the patterns, as it was before 2024. */
const overSeveral = (holds: (source: Bytes, subject: Bytes) => boolean, how: 'every' | 'some'): HelperFunction =>
  helper(2, Infinity, ([first, ...others]) => (others.length === 1 && Array.isArray(others[0]) ? listOf(others[0])[how]((source) => holds(source, toText(first!))) : others.map(toText)[how]((subject) => holds(toText(first!), subject))))

const integer = /^[-+]?(?:0|[1-9]\d*)$/
const decimal = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

const inBase = (prefix: string, base: number, digit: RegExp): HelperFunction =>
  ofText((written) => {
    const sign = written.startsWith('-') ? -1 : 1
    const unsigned = written.replace(/^[+-]/, '')
    const digits = unsigned.startsWith(prefix) ? unsigned.slice(2) : unsigned
    const number = digit.test(digits) ? Number.parseInt(digits, base) : Number.NaN
    if (!(number <= 2 ** 63)) throw unreadable(`That is no number of base ${base}.`)
    return sign * number
  })

export const text: Readonly<Record<string, HelperFunction>> = {
  len: helper(1, 1, ([value]) => length(value!)),
  index: helper(2, 2, ([value, position]) => {
    const at = integerOf(position, 'The index')
    const item = Array.isArray(value) ? (value as readonly Value[])[at] : toText(value!)[at]
    if (at < 0 || item === undefined) throw new EvaluationError('wrong_arguments', 'The index is out of range.')
    return item
  }),
  to_upper: ofText(remembered(upper)),
  to_lower: ofText(remembered(lower)),
  to_title: helper(1, 2, ([value]) => {
    const unicode = unicodeOf(toText(value!))
    if (unicode === null) return toText(value!)
    return bytesOf(unicode.replaceAll(/[\p{L}\p{M}\p{N}'’_]+/gu, (word) => word.replace(/^(\P{L}*)(\p{L})(.*)$/su, (_, before: string, first: string, rest: string) => before + first.toUpperCase() + rest.toLowerCase())))
  }),
  sort: helper(1, Infinity, (values, scope) => (values.length === 1 ? apart(toText(values[0]!), scope).sort((a, b) => (unicodeOf(a)?.codePointAt(0) ?? 0) - (unicodeOf(b)?.codePointAt(0) ?? 0)).join('') : values.map(toText).sort(byCodePoint))),
  uniq: helper(1, Infinity, (values, scope) => (values.length === 1 ? [...new Set(apart(toText(values[0]!), scope))].join('') : [...new Set(values.map(toText))])),
  repeat: helper(2, 2, ([value, times], scope) => {
    const count = integerOf(times, 'How often')
    if (count < 0) throw new EvaluationError('wrong_arguments', 'How often is negative.')
    const one = toText(value!)
    spend(scope, one.length * count)
    return one.repeat(count)
  }),
  replace: ofThree(replaced),
  replace_regex: ofThree((subject, source, template, scope) => replaceMatches(source, subject, template, scope)),
  trim: ofTwo((value, set) => trimmed(value, set, true, true)),
  trim_left: ofTwo((value, set) => trimmed(value, set, true, false)),
  trim_right: ofTwo((value, set) => trimmed(value, set, false, true)),
  trim_space: ofText((value) => trimmed(value, bytesOf(space), true, true)),
  trim_prefix: ofTwo((value, prefix) => (value.startsWith(prefix) ? value.slice(prefix.length) : value)),
  trim_suffix: ofTwo((value, suffix) => (suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value)),
  reverse: ofText((value, scope) => apart(value, scope).reverse().join('')),
  contains: ofTwo((value, part) => value.includes(part)),
  contains_all: helper(1, Infinity, (values) => {
    const subject = toText(values[0]!)
    for (let index = 1; index < values.length; index++) if (!subject.includes(toText(values[index]!))) return false
    return true
  }),
  contains_any: helper(1, Infinity, (values) => {
    const subject = toText(values[0]!)
    for (let index = 1; index < values.length; index++) if (subject.includes(toText(values[index]!))) return true
    return false
  }),
  starts_with: anyOf((value, prefix) => value.startsWith(prefix)),
  ends_with: anyOf((value, suffix) => value.endsWith(suffix)),
  line_starts_with: anyLine((line, prefix) => line.startsWith(prefix)),
  line_ends_with: anyLine((line, suffix) => line.endsWith(suffix)),
  concat: helper(0, Infinity, (values) => values.map(toText).join('')),
  split: helper(2, 3, ([value, separator, count], scope) => {
    const subject = toText(value!)
    const by = toText(separator!)
    const parts = count !== undefined ? splitAt(subject, by, integerOf(count, 'How many'), scope) : /^[+-]?\d{1,18}$/.test(by) ? chunks(subject, Number(by), scope) : splitAt(subject, by, -1, scope)
    return parts
  }),
  join: helper(2, Infinity, (values, scope) => {
    const separator = toText(values[0]!)
    const second = values[1]!
    if (values.length === 2 && !Array.isArray(second)) throw new EvaluationError('wrong_type', 'join() takes a list, or several elements.')
    const elements = values.length === 2 ? listOf(second) : values.slice(1).map((element) => {
      if (Array.isArray(element)) throw new EvaluationError('wrong_type', 'join() takes one list only.')
      return toText(element)
    })
    spend(scope, separator.length * elements.length)
    return elements.join(separator)
  }),
  regex: ofTwo((source, subject) => matches(source, subject)),
  regex_all: overSeveral((source, subject) => matches(source, subject), 'every'),
  regex_any: overSeveral((source, subject) => matches(source, subject), 'some'),
  equals_any: helper(2, Infinity, ([value, ...others]) => several(others).includes(toText(value!))),
  to_bool: helper(1, 1, ([value]) => (typeof value === 'number' ? value !== 0 : ['1', 't', 'true', 'yes', 'on'].includes(toText(value!).toLowerCase()))),
  remove_bad_chars: ofTwo(withoutAll),
  count: ofTwo(occurrences),
  to_number: ofText((written) => {
    if (!integer.test(written) && !decimal.test(written)) throw unreadable('to_number() was given what is no number.')
    return Number(written)
  }),
  to_string: ofText((value) => value),
  dec_to_hex: helper(1, 1, ([value]) => wholeOf(value, 'dec_to_hex()').toString(16)),
  hex_to_dec: inBase('0x', 16, /^[0-9a-fA-F]{1,16}$/),
  oct_to_dec: inBase('0o', 8, /^[0-7]{1,21}$/),
  bin_to_dec: inBase('0b', 2, /^[01]{1,63}$/),
  substr: helper(2, 3, ([value, from, to]) => {
    const subject = toText(value!)
    if (subject === '') throw new EvaluationError('wrong_arguments', 'substr() was given an empty text.')
    const start = integerOf(from, 'The start')
    const end = to === undefined ? subject.length : integerOf(to, 'The end')
    const stop = end < 0 ? subject.length + end : end
    if (start < 0 || start > subject.length || stop < start || stop > subject.length) throw new EvaluationError('wrong_arguments', 'substr() was given places that the text does not have.')
    return subject.slice(start, stop)
  }),
  padding: helper(3, 4, ([value, filler, wanted, mode = 'suffix'], scope) => {
    const size = typeof wanted === 'number' ? wholeOf(wanted, 'The length') : Math.trunc(Number(decimal.test(toText(wanted!)) ? toText(wanted!) : 'x'))
    const fill = toText(filler!)
    if (!(size > 0) || fill === '') throw new EvaluationError('wrong_arguments', 'padding() needs a length above 0 and something to fill with.')
    const subject = toText(value!)
    if (subject.length >= size) return subject
    if (mode !== 'prefix' && mode !== 'suffix') throw new EvaluationError('wrong_arguments', "padding() is a 'prefix' or a 'suffix'.")
    spend(scope, size)
    const rest = fill.repeat(Math.ceil((size - subject.length) / fill.length)).slice(0, size - subject.length)
    return mode === 'prefix' ? rest + subject : subject + rest
  }),
  getNetworkPort: ofTwo((port, otherwise) => (['', '80', '443', '8080', '8081', '8443', '53'].includes(port) ? otherwise : port)),
  print_debug: helper(1, Infinity, () => true),
}
