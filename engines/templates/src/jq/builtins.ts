// The functions of jq that are made here; those that are better said in jq itself stand in `prelude`.
import { compileRegex, PatternError, type Regex, type RegexMatch } from '@haechi/patterns'
import { formatTime } from '../dsl/go-time.ts'
import type { Json } from './grammar.ts'
import { calculated, compare, contains, copyOf, described, getPath, indicesOf, isArray, isObject, JqError, keysOf, replacedAt, tojson, tostring, typeOf, withoutPaths, type Path } from './values.ts'

export type Spend = (size: number) => void

const refuse = (message: string): never => {
  throw new JqError(message)
}
const text = (value: Json, what: string): string => (typeof value === 'string' ? value : refuse(`${described(value)} ${what}`))
const number = (value: Json): number => (typeof value === 'number' ? value : refuse(`${described(value)} number required`))
const list = (value: Json, what: string): readonly Json[] => (isArray(value) ? value : refuse(`${described(value)} ${what}`))

function length(value: Json): Json {
  if (value === null) return 0
  if (typeof value === 'string') return Array.from(value).length
  if (typeof value === 'number') return Math.abs(value)
  if (typeof value === 'boolean') return refuse(`${described(value)} has no length`)
  return isArray(value) ? value.length : Object.keys(value).length
}

const keys = (value: Json): Json => (isArray(value) ? value.map((_, index) => index) : isObject(value) ? keysOf(value) : refuse(`${described(value)} has no keys`))

function has(value: Json, key: Json): Json {
  if (isObject(value) && typeof key === 'string') return Object.hasOwn(value, key)
  if (isArray(value) && typeof key === 'number') return key >= 0 && Math.floor(key) < value.length
  return refuse(`Cannot check whether ${typeOf(value)} has a ${typeof key === 'string' ? 'string' : typeOf(key)} key`)
}

/** Items beside what they are ordered by. */
const paired = (value: Json, by: Json): { readonly item: Json; readonly key: Json }[] => {
  const [items, order] = [list(value, 'cannot be sorted, as it is not an array'), list(by, 'is no list')]
  return items.map((item, index) => ({ item, key: order[index]! }))
}
const sorted = (value: Json, by: Json): { readonly item: Json; readonly key: Json }[] => paired(value, by).sort((a, b) => compare(a.key, b.key))

function groups(value: Json, by: Json): Json[][] {
  const found: Json[][] = []
  let last: Json | undefined
  for (const { item, key } of sorted(value, by)) {
    if (last !== undefined && compare(last, key) === 0) found.at(-1)!.push(item)
    else found.push([item])
    last = key
  }
  return found
}

/** Of the greatest the last, of the least the first. */
const extreme = (value: Json, by: Json, greatest: boolean): Json =>
  paired(value, by).reduce<{ item: Json; key: Json | undefined }>((best, one) => (best.key === undefined || (greatest ? compare(one.key, best.key) >= 0 : compare(one.key, best.key) < 0) ? one : best), { item: null, key: undefined }).item

function flattened(value: Json, depth: Json): Json {
  const levels = number(depth)
  if (levels < 0) return refuse('flatten depth must not be negative')
  const items = isObject(value) ? keysOf(value).map((key) => value[key]!) : list(value, 'cannot be flattened')
  const result: Json[] = []
  const add = (list: readonly Json[], left: number): void => {
    for (const item of list)
      if (isArray(item) && left > 0) add(item, left - 1)
      else result.push(item)
  }
  add(items, levels)
  return result
}

function fromEntries(value: Json): Json {
  const result = copyOf(null)
  for (const entry of list(value, 'cannot be turned into an object')) {
    if (!isObject(entry)) return refuse(`Cannot index ${typeOf(entry)} with "key"`)
    const found = ['key', 'k', 'name', 'Name', 'Key', 'K'].map((name) => entry[name]).find((key) => key !== undefined && key !== null && key !== false) ?? (entry['key'] === false ? false : null)
    const named = typeof found === 'string' ? found : typeof found === 'number' || typeof found === 'boolean' ? tojson(found) : found === null || found === undefined ? 'null' : refuse(`Cannot use ${described(found)} as object key`)
    result[named] = ['value', 'v', 'Value', 'V'].map((name) => entry[name]).find((one) => one !== undefined) ?? null
  }
  return result
}

const regexes = new Map<string, Regex>()
function regexOf(source: string, flags: string): Regex {
  const name = `${flags}/${source}`
  let regex = regexes.get(name)
  if (regex === undefined) {
    try {
      const plain = flags.includes('x') ? source.replaceAll(/(\\.|\[(?:\\.|[^\]])*\])|\s+|#.*/g, (_, kept: string | undefined) => kept ?? '') : source
      regex = compileRegex(plain, { caseInsensitive: flags.includes('i'), dotAll: /[sp]/.test(flags) })
    } catch (error) {
      if (error instanceof PatternError) return refuse(`${source} (at offset 0) is not a valid regex: ${error.message}`)
      throw error
    }
    if (regexes.size >= 500) regexes.delete(regexes.keys().next().value!)
    regexes.set(name, regex)
  }
  return regex
}

function found(value: Json, pattern: Json, modifiers: Json, everywhere: boolean): { readonly subject: string; readonly regex: Regex; readonly matches: readonly RegexMatch[] } {
  const subject = text(value, 'cannot be matched, as it is not a string')
  const flags = modifiers === null ? '' : text(modifiers, 'is not a string of flags')
  if (/[^gimnpslx]/.test(flags)) return refuse(`${flags} is not a valid modifier string`)
  const regex = regexOf(text(pattern, 'cannot be matched, as it is not a string'), flags)
  try {
    const matches = regex.all(subject, everywhere || flags.includes('g') ? 100_000 : 1)
    return { subject, regex, matches: flags.includes('n') ? matches.filter((match) => match.end > match.index) : matches }
  } catch (error) {
    if (error instanceof PatternError) return refuse(`a regular expression was given up: ${error.message}`)
    throw error
  }
}

/** As `match` describes them. Offsets count characters. */
export function matchesOf(value: Json, pattern: Json, modifiers: Json, everywhere: boolean): Json[] {
  const { subject, regex, matches } = found(value, pattern, modifiers, everywhere)
  const names = new Map([...regex.names].map(([name, group]) => [group, name]))
  let [units, characters] = [0, 0]
  const offset = (at: number): number => {
    if (at < units) [units, characters] = [0, 0]
    characters += Array.from(subject.slice(units, at)).length
    units = at
    return characters
  }
  return matches.map((match) => {
    const start = offset(match.index)
    return {
      offset: start,
      length: Array.from(match.groups[0] ?? '').length,
      string: match.groups[0] ?? '',
      captures: match.groups.slice(1).map((string, index) => {
        // Where a group stands in the match is not told: the first place where its text stands is taken.
        const within = string === undefined ? -1 : (match.groups[0] ?? '').indexOf(string)
        return { offset: string === undefined ? -1 : start + Array.from((match.groups[0] ?? '').slice(0, within)).length, length: string === undefined ? 0 : Array.from(string).length, string: string ?? null, name: names.get(index + 1) ?? null }
      }),
    }
  })
}

export const tests = (value: Json, pattern: Json, modifiers: Json): boolean => found(value, pattern, modifiers, false).matches.length > 0

/** Between matches as they are, of each match what `captures` names. */
export function splitByMatches(value: Json, pattern: Json, modifiers: Json): { readonly between: readonly string[]; readonly captures: readonly Json[] } {
  const { subject, regex, matches } = found(value, pattern, modifiers, false)
  const between: string[] = []
  let end = 0
  for (const match of matches) {
    between.push(subject.slice(end, match.index))
    end = match.end
  }
  between.push(subject.slice(end))
  return { between, captures: matches.map((match) => Object.assign(copyOf(null), Object.fromEntries([...regex.names].map(([name, group]) => [name, match.groups[group] ?? null])))) }
}

export function formatted(format: string, value: Json): string {
  const row = (escape: (item: string | number | boolean) => string, separator: string, name: string): string =>
    list(value, `cannot be ${name}-formatted, only an array can be`).map((item) => (item === null ? '' : typeof item === 'object' ? refuse(`${described(item)} is not valid in a ${name} row`) : escape(item))).join(separator)
  switch (format) {
    case '@text': return tostring(value)
    case '@json': return tojson(value)
    case '@html': return tostring(value).replaceAll(/[&'<>"]/g, (character) => ({ '&': '&amp;', "'": '&#39;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!)
    case '@uri': return Buffer.from(tostring(value), 'utf8').toString('latin1').replaceAll(/[^A-Za-z0-9\-_.~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    case '@urid': {
      try {
        return decodeURIComponent(tostring(value))
      } catch {
        return refuse(`${described(value)} is not a valid uri encoding`)
      }
    }
    case '@csv': return row((item) => (typeof item === 'string' ? `"${item.replaceAll('"', '""')}"` : tojson(item)), ',', 'csv')
    case '@tsv': return row((item) => (typeof item === 'string' ? item.replaceAll(/[\\\t\n\r]/g, (character) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[character]!) : tojson(item)), '\t', 'tsv')
    case '@sh': return (isArray(value) ? value : [value]).map((item) => (typeof item === 'string' ? `'${item.replaceAll("'", String.raw`'\''`)}'` : typeof item === 'object' && item !== null ? refuse(`${described(item)} can not be escaped for shell`) : tojson(item))).join(' ')
    case '@base64': return Buffer.from(tostring(value), 'utf8').toString('base64')
    case '@base64d': return /^[A-Za-z0-9+/_-]*={0,2}$/.test(tostring(value)) ? Buffer.from(tostring(value), 'base64').toString('utf8') : refuse(`${described(value)} is not valid base64 data`)
    default: return refuse(`${format.slice(1)} is not a valid format`)
  }
}
export const formats: ReadonlySet<string> = new Set(['@text', '@json', '@html', '@uri', '@urid', '@csv', '@tsv', '@sh', '@base64', '@base64d'])

const numberText = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

function fromJson(value: Json): Json {
  const written = text(value, 'cannot be parsed as JSON')
  if (written.trim() === 'nan') return Number.NaN
  try {
    return JSON.parse(written) as Json
  } catch {
    return refuse(`${described(value)} (while parsing) is not valid JSON`)
  }
}

const affixed = (value: Json, affix: Json, test: (value: string, affix: string) => boolean, name: string): boolean =>
  typeof value === 'string' && typeof affix === 'string' ? test(value, affix) : refuse(`${name}() requires string inputs`)

function joined(value: Json, separator: Json, spend: Spend): Json {
  const by = text(separator, 'cannot join')
  const items = list(value, 'cannot be joined').map((item) => (item === null ? '' : typeof item === 'object' ? refuse(`${described(by)} and ${described(item)} cannot be added`) : tostring(item)))
  spend(items.length * by.length + items.reduce((sum, item) => sum + item.length, 0))
  return items.join(by)
}

function imploded(value: Json): Json {
  return list(value, 'cannot be imploded').map((code) => (typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : refuse('Unicode codepoint must be numeric'))).join('')
}

function transposed(value: Json): Json {
  const rows = list(value, 'cannot be transposed').map((row) => list(row, 'cannot be transposed'))
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0)
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null))
}

function indices(value: Json, wanted: Json): Json {
  if (value === null) return null
  if (typeof value === 'string' && typeof wanted === 'string') {
    if (wanted === '') return []
    const at: number[] = []
    for (let from = value.indexOf(wanted); from >= 0; from = value.indexOf(wanted, from + 1)) at.push(from)
    if (/^[\0-\x7f]*$/.test(value)) return at
    let [units, characters] = [0, 0]
    return at.map((place) => {
      characters += Array.from(value.slice(units, place)).length
      units = place
      return characters
    })
  }
  if (isArray(value)) return indicesOf(value, isArray(wanted) ? wanted : [wanted])
  return refuse(`Cannot determine indices of ${described(wanted)} in ${described(value)}`)
}

/** Everything in it, itself first. */
export function* everything(value: Json): Generator<{ readonly value: Json; readonly path: Path }> {
  const waiting: { readonly value: Json; readonly path: Path }[] = [{ value, path: [] }]
  for (;;) {
    const next = waiting.pop()
    if (next === undefined) return
    yield next
    if (isArray(next.value)) for (let index = next.value.length - 1; index >= 0; index--) waiting.push({ value: next.value[index]!, path: [...next.path, index] })
    else if (isObject(next.value)) for (const key of keysOf(next.value).reverse()) waiting.push({ value: next.value[key]!, path: [...next.path, key] })
  }
}

const pathOf = (value: Json): Path => list(value, 'is not a path')

const math = (run: (value: number) => number) => (value: Json): Json => run(number(value))

type Simple = (value: Json, first: Json, second: Json, spend: Spend) => Json

/** By name and number of arguments: functions of values alone. What an argument is not given for is null. */
export const simple: Readonly<Record<string, Simple>> = {
  'not/0': (value) => value === null || value === false,
  'length/0': length,
  'utf8bytelength/0': (value) => Buffer.byteLength(text(value, 'only strings have UTF-8 byte length'), 'utf8'),
  'keys/0': keys,
  'keys_unsorted/0': keys,
  'has/1': has,
  'contains/1': contains,
  'type/0': typeOf,
  'add/0': (value, _, __, spend) => (isObject(value) ? keysOf(value).map((key) => value[key]!) : list(value, 'cannot be added')).reduce<Json>((sum, item) => calculated('+', sum, item, spend), null),
  'tojson/0': tojson,
  'fromjson/0': fromJson,
  'tostring/0': tostring,
  'tonumber/0': (value) => (typeof value === 'number' ? value : typeof value === 'string' && numberText.test(value.trim()) ? Number(value) : refuse(`${described(value)} cannot be parsed as a number`)),
  'toarray/0': (value) => (isArray(value) ? value : [value]),
  'sort/0': (value) => [...list(value, 'cannot be sorted, as it is not an array')].sort(compare),
  '_sort_by/1': (value, by) => sorted(value, by).map(({ item }) => item),
  '_group_by/1': (value, by) => groups(value, by),
  '_unique_by/1': (value, by) => groups(value, by).map((group) => group[0]!),
  '_min_by/1': (value, by) => extreme(value, by, false),
  '_max_by/1': (value, by) => extreme(value, by, true),
  'min/0': (value) => extreme(value, value, false),
  'max/0': (value) => extreme(value, value, true),
  'unique/0': (value) => groups(value, value).map((group) => group[0]!),
  'reverse/0': (value) => (value === null ? [] : typeof value === 'string' ? Array.from(value).reverse().join('') : [...list(value, 'cannot be reversed, as it is not an array')].reverse()),
  'flatten/1': flattened,
  'flatten/0': (value) => flattened(value, 1e9),
  'from_entries/0': fromEntries,
  'to_entries/0': (value) => (isObject(value) ? keysOf(value).map((key) => ({ key, value: value[key]! })) : isArray(value) ? value.map((item, key) => ({ key, value: item })) : refuse(`${described(value)} has no keys`)),
  'startswith/1': (value, affix) => affixed(value, affix, (a, b) => a.startsWith(b), 'startswith'),
  'endswith/1': (value, affix) => affixed(value, affix, (a, b) => a.endsWith(b), 'endswith'),
  'ltrimstr/1': (value, affix) => (typeof value === 'string' && typeof affix === 'string' && value.startsWith(affix) ? value.slice(affix.length) : value),
  'rtrimstr/1': (value, affix) => (typeof value === 'string' && typeof affix === 'string' && affix !== '' && value.endsWith(affix) ? value.slice(0, -affix.length) : value),
  'trim/0': (value) => text(value, 'cannot be trimmed').trim(),
  'ltrim/0': (value) => text(value, 'cannot be trimmed').trimStart(),
  'rtrim/0': (value) => text(value, 'cannot be trimmed').trimEnd(),
  'ascii_downcase/0': (value) => text(value, 'cannot be lowercased').replaceAll(/[A-Z]+/g, (run) => run.toLowerCase()),
  'ascii_upcase/0': (value) => text(value, 'cannot be uppercased').replaceAll(/[a-z]+/g, (run) => run.toUpperCase()),
  'explode/0': (value) => Array.from(text(value, 'cannot be exploded'), (character) => character.codePointAt(0)!),
  'implode/0': imploded,
  'split/1': (value, by) => calculated('/', text(value, 'cannot be split'), text(by, 'cannot be split by'), () => undefined),
  'join/1': (value, by, _, spend) => joined(value, by, spend),
  'ascii/0': (value) => String.fromCharCode(number(value)),
  'transpose/0': transposed,
  'indices/1': indices,
  '_indices/1': indices,
  'index/1': (value, wanted) => (indices(value, wanted) as readonly Json[] | null)?.[0] ?? null,
  'rindex/1': (value, wanted) => (indices(value, wanted) as readonly Json[] | null)?.at(-1) ?? null,
  'getpath/1': (value, path) => getPath(value, pathOf(path)),
  'setpath/2': (value, path, inner) => replacedAt(value, pathOf(path), 0, () => inner),
  'delpaths/1': (value, paths) => withoutPaths(value, list(paths, 'is no list of paths').map(pathOf)),
  'test/1': (value, pattern) => (isArray(pattern) ? tests(value, pattern[0] ?? null, pattern[1] ?? null) : tests(value, pattern, null)),
  'test/2': (value, pattern, flags) => tests(value, pattern, flags),
  'split/2': (value, pattern, flags) => splitByMatches(value, pattern, `g${flags === null ? '' : text(flags, 'is not a string of flags')}`).between,
  'floor/0': math(Math.floor),
  'ceil/0': math(Math.ceil),
  'round/0': math((value) => Math.sign(value) * Math.round(Math.abs(value))),
  'trunc/0': math(Math.trunc),
  'sqrt/0': math(Math.sqrt),
  'cbrt/0': math(Math.cbrt),
  'abs/0': math(Math.abs),
  'fabs/0': math(Math.abs),
  'exp/0': math(Math.exp),
  'exp2/0': math((value) => 2 ** value),
  'exp10/0': math((value) => 10 ** value),
  'log/0': math(Math.log),
  'log2/0': math(Math.log2),
  'log10/0': math(Math.log10),
  'sin/0': math(Math.sin),
  'cos/0': math(Math.cos),
  'tan/0': math(Math.tan),
  'pow/2': (_, base, power) => number(base) ** number(power),
  'infinite/0': () => Infinity,
  'nan/0': () => Number.NaN,
  'null/0': () => null,
  'true/0': () => true,
  'false/0': () => false,
  'isinfinite/0': (value) => Math.abs(number(value)) === Infinity,
  'isnan/0': (value) => Number.isNaN(number(value)),
  'isnormal/0': (value) => Number.isFinite(number(value)) && Math.abs(number(value)) >= 2.225_073_858_507_201_4e-308,
  'todate/0': (value) => formatTime('2006-01-02T15:04:05Z', Math.floor(number(value)) * 1000),
  'fromdate/0': (value) => {
    const moment = Date.parse(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text(value, 'is no date')) ? (value as string) : '')
    return Number.isNaN(moment) ? refuse(`date ${tojson(value)} does not match format "%Y-%m-%dT%H:%M:%SZ"`) : moment / 1000
  },
  'env/0': () => ({}),
  'debug/0': (value) => value,
  'input_line_number/0': () => 0,
  'bsearch/1': (value, wanted) => {
    const items = list(value, 'cannot be searched')
    let [from, to] = [0, items.length]
    while (from < to) {
      const middle = (from + to) >> 1
      const order = compare(items[middle]!, wanted)
      if (order === 0) return middle
      if (order < 0) from = middle + 1
      else to = middle
    }
    return -1 - from
  },
  'format/1': (value, name) => formatted(`@${text(name, 'is no format')}`, value),
}

export const prelude = String.raw`
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def select(f): if f then . else empty end;
def recurse_down: recurse;
def with_entries(f): to_entries | map(f) | from_entries;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def any: any(.[]; .);
def any(f): any(.[]; f);
def all: all(.[]; .);
def all(f): all(.[]; f);
def add(f): reduce f as $x (null; . + $x);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else last(limit($n + 1; f)) end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def match($re): if $re | type == "array" then match($re[0]; $re[1]) else match($re; null) end;
def capture($re): if $re | type == "array" then capture($re[0]; $re[1]) else capture($re; null) end;
def capture($re; $flags): match($re; $flags) | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;
def scan($re): scan($re; null);
def scan($re; $flags): match($re; "g" + $flags) | if (.captures | length) > 0 then [.captures[].string] else .string end;
def splits($re): splits($re; null);
def splits($re; $flags): split($re; $flags) | .[];
def sub($re; f): sub($re; f; "");
def gsub($re; f): sub($re; f; "g");
def gsub($re; f; $flags): sub($re; f; $flags + "g");
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(s; f): reduce s as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def pick(f): . as $v | reduce path(f) as $p (null; setpath($p; $v | getpath($p)));
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def have_literal_numbers: true;
def halt_error: error;
def error(f): f | error;
def skip($n; f): if $n > 0 then foreach f as $x ($n + 1; . - 1; if . <= 0 then $x else empty end) elif $n == 0 then f else error("skip doesn't support negative count") end;
`
