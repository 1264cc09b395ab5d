// Lists of indicators as CSV (RFC 4180; comma, semicolon or tab) or one per line. A broken row costs itself. csv.test.ts holds that any chunking reads alike.
import type { IndicatorType, Verdict } from './indicator.ts'
import { parseIndicator, VERDICTS } from './indicator.ts'
import { confidenceOf, DEFAULT_MAX_LENGTH, excerpt, Gathering, MAX_ENTRIES, techniquesIn, timeOf } from './reading.ts'
import type { IndicatorReading, ReadOptions } from './reading.ts'

/** What a column may hold. */
type Meaning = 'value' | 'type' | 'verdict' | 'confidence' | 'tags' | 'techniques' | 'first_seen' | 'last_seen' | 'valid_until'

export type CsvOptions = ReadOptions & {
  /** Names of columns, in any case, for what the usual names do not find. */
  columns?: Partial<Record<Meaning, string>>
}

const USUAL: readonly [Meaning, readonly string[]][] = [
  ['value', ['indicator', 'value', 'ioc', 'ioc_value', 'observable', 'url', 'domain', 'ip', 'ip_address', 'dst_ip', 'md5_hash', 'sha256_hash', 'hash']],
  ['type', ['type', 'ioc_type', 'indicator_type']],
  ['verdict', ['verdict', 'classification', 'disposition']],
  ['confidence', ['confidence', 'confidence_level', 'score']],
  ['tags', ['tags', 'tag', 'labels', 'malware', 'malware_printable', 'signature', 'threat']],
  ['techniques', ['techniques', 'technique', 'mitre', 'attack', 'mitre_attack']],
  ['first_seen', ['first_seen', 'first_seen_utc', 'firstseen', 'dateadded', 'date_added', 'date']],
  ['last_seen', ['last_seen', 'last_seen_utc', 'lastseen', 'last_online']],
  ['valid_until', ['valid_until', 'expires', 'expiration', 'expiry']],
]

/** What lists call the types. A name that is not here is not held against the value. */
const TYPES: ReadonlyMap<string, readonly IndicatorType[]> = new Map(Object.entries({
  'ip cidr': ['ip', 'ipv4', 'ipv6', 'ip-dst', 'ip-src', 'ipv4-addr', 'ipv6-addr', 'ip_address', 'cidr'],
  domain: ['domain', 'hostname', 'domain-name', 'fqdn'],
  url: ['url', 'uri'],
  md5: ['md5', 'md5_hash'],
  sha1: ['sha1', 'sha-1', 'sha1_hash'],
  sha256: ['sha256', 'sha-256', 'sha256_hash'],
  email: ['email', 'email-addr', 'email-src', 'email-dst'],
  'md5 sha1 sha256': ['hash'],
}).flatMap(([types, names]) => names.map((name) => [name, types.split(' ') as IndicatorType[]])))

const MAX_CELLS = 256

/**
 * The indicators of a list. The first line names the columns, in a comment line too; where its cells include an indicator there are no names and the first column with indicators counts.
 * Lines that begin with `#` are comments. Tags and techniques in a cell are parted by comma, semicolon, bar or blanks (techniques). Never throws; places are `line N`, counted from 1.
 */
export function readCsv(input: string | Iterable<string>, options: CsvOptions): IndicatorReading {
  const out = new Gathering()
  const most = options.maxLength ?? DEFAULT_MAX_LENGTH
  const text = gathered(input, most)
  if (text === null) {
    out.reject('file', 'input_too_large', `more than ${most} characters`)
    return out.done()
  }
  let layout: Map<Meaning, number> | null = null
  let comment: string | null = null
  let taken = 0
  const delimiter = delimiterOf(text)
  for (const { line, cells, comment: note, fault } of rows(text, delimiter)) {
    if (fault !== undefined) {
      out.reject(`line ${line}`, 'csv_invalid', fault)
      continue
    }
    if (note !== undefined) {
      comment = note
      continue
    }
    if (cells.every((cell) => cell.trim() === '')) continue
    if (layout === null) {
      const data = cells.findIndex((cell) => parseIndicator(cell) !== null)
      // A row that holds an indicator is no header, even where a cell of it says `domain`.
      const own = data < 0 || options.columns !== undefined ? named(cells, options) : null
      layout = own ?? (comment === null ? null : named(splitLine(comment, delimiter), options)) ?? (data < 0 && cells.length > 1 ? null : new Map([['value', Math.max(0, data)]]))
      if (layout === null) {
        out.reject(`line ${line}`, 'column_missing', `no column of indicators among ${excerpt(cells.join(', '))}`)
        return out.done()
      }
      if (own !== null) continue
    }
    taken += 1
    if (taken > MAX_ENTRIES) {
      out.reject(`line ${line}`, 'too_many_entries', `more than ${MAX_ENTRIES} rows; the rest is not read`)
      break
    }
    readRow(`line ${line}`, cells, layout, options, out)
  }
  return out.done()
}

function readRow(place: string, cells: readonly string[], layout: ReadonlyMap<Meaning, number>, options: CsvOptions, out: Gathering): void {
  const cell = (meaning: Meaning): string => {
    const at = layout.get(meaning)
    const text = at === undefined ? '' : (cells[at] ?? '').trim()
    return text === 'None' || text === 'null' || text === '-' ? '' : text
  }
  const field = (name: Meaning) => out.reject(place, 'field_invalid', `${name} is ${excerpt(cell(name))}`)
  const said = cell('verdict').toLowerCase()
  if (said !== '' && !VERDICTS.includes(said as Verdict)) return field('verdict')
  const confidence = cell('confidence') === '' ? options.confidence ?? 50 : confidenceOf(cell('confidence'))
  if (confidence === null) return field('confidence')
  const times: Record<'first_seen' | 'last_seen' | 'valid_until', number | null> = { first_seen: null, last_seen: null, valid_until: null }
  for (const name of ['first_seen', 'last_seen', 'valid_until'] as const) {
    times[name] = timeOf(cell(name))
    if (times[name] === null && cell(name) !== '') return field(name)
  }
  const statement = {
    verdict: said === '' ? options.verdict ?? 'malicious' : said as Verdict,
    confidence, source: options.source,
    tags: cell('tags').split(/[,;|]/).slice(0, MAX_CELLS),
    techniques: techniquesIn(cell('techniques').split(/[\s,;|]+/).slice(0, MAX_CELLS)),
    ...times,
  }
  out.take(place, cell('value'), statement, TYPES.get(cell('type').toLowerCase()))
}

/** Which column is what, or null when no name says where the indicators are. */
function named(cells: readonly string[], options: CsvOptions): Map<Meaning, number> | null {
  const names = cells.map((cell) => cell.trim().toLowerCase().replace(/^\ufeff/, ''))
  const layout = new Map<Meaning, number>()
  for (const [meaning, usual] of USUAL) {
    const wanted = options.columns?.[meaning]
    const at = (wanted === undefined ? usual : [wanted.toLowerCase()]).map((name) => names.indexOf(name)).find((place) => place >= 0)
    if (at !== undefined) layout.set(meaning, at)
  }
  return layout.has('value') ? layout : null
}

function gathered(input: string | Iterable<string>, most: number): string | null {
  if (typeof input === 'string') return input.length > most ? null : input
  const chunks: string[] = []
  let length = 0
  for (const chunk of input) {
    length += chunk.length
    if (length > most) return null
    chunks.push(chunk)
  }
  return chunks.join('')
}

/** Of the first line that is no comment, or of the last comment: the sign that stands there most outside quotes. */
function delimiterOf(text: string): string {
  const head = text.slice(0, 65_536).split('\n')
  const line = head.find((one) => one.trim() !== '' && !one.startsWith('#')) ?? ''
  const bare = line.replace(/"[^"]*"/g, '')
  const counts = [',', ';', '\t'].map((sign) => bare.split(sign).length)
  return [',', ';', '\t'][counts.indexOf(Math.max(...counts))] as string
}

const splitLine = (line: string, delimiter: string): string[] => [...rows(line, delimiter)][0]?.cells ?? []

type Row = { line: number; cells: string[]; comment?: string; fault?: string }

/** Rows with the line on which they begin. Blanks before an opening quote are let go. */
function* rows(text: string, delimiter: string): Generator<Row> {
  let line = 1
  let at = text.startsWith('\ufeff') ? 1 : 0
  // Found once per line: a line may be as long as the input.
  let end = -1
  while (at < text.length) {
    const row: Row = { line, cells: [] }
    if (text[at] === '#') {
      end = endOfLine(text, at)
      row.comment = text.slice(at, end).replace(/^#+\s*/, '').trimEnd()
      at = end + 1
      line += 1
      yield row
      continue
    }
    for (;;) {
      let open = at
      while (text[open] === ' ') open += 1
      if (text[open] === '"') {
        const close = closing(text, open + 1)
        if (close < 0) {
          row.fault = 'a quote is not closed'
          at = endOfLine(text, at)
          break
        }
        const cell = text.slice(open + 1, close)
        for (let lf = cell.indexOf('\n'); lf >= 0; lf = cell.indexOf('\n', lf + 1)) line += 1
        row.cells.push(cell.replaceAll('""', '"'))
        at = close + 1
        while (text[at] === ' ' || text[at] === '\r') at += 1
        if (at < text.length && text[at] !== delimiter && text[at] !== '\n') {
          row.fault = 'text behind a closing quote'
          at = endOfLine(text, at)
          break
        }
      } else {
        if (end < at) end = endOfLine(text, at)
        const sign = text.slice(at, Math.min(end, at + 65_536)).indexOf(delimiter)
        const stop = sign < 0 ? end : at + sign
        row.cells.push(text.slice(at, stop).replace(/\r$/, ''))
        at = stop
      }
      if (text[at] !== delimiter) break
      at += 1
      if (row.cells.length >= MAX_CELLS) {
        row.fault = `more than ${MAX_CELLS} cells`
        at = endOfLine(text, at)
        break
      }
    }
    at += 1
    line += 1
    yield row
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/** A cell holds at most 64 Ki characters, so that one open quote does not swallow the file. */
function closing(text: string, from: number): number {
  const window = text.slice(from, from + 65_536)
  for (let at = window.indexOf('"'); at >= 0; at = window.indexOf('"', at)) {
    if (window[at + 1] !== '"') return from + at
    at += 2
  }
  return -1
}
