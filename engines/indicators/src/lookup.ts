// What all sources together say about one value. The rule of the verdict stands at `lookup` below; lookup.integration.test.ts holds it, and every answer
// against a plain list of statements.
import { parseIndicator, VERDICTS } from './indicator.ts'
import type { Indicator, IndicatorType, ParsedIndicator, Verdict } from './indicator.ts'
import { sortNetworks } from './networks.ts'
import type { Networks } from './networks.ts'
import { NONE, Table } from './table.ts'

/** What is known about a value. Times in milliseconds since the epoch. Lists are sorted and without doubles. */
export type Answer = {
  /** As it was asked. */
  indicator: string
  type: IndicatorType
  /** Canonical. */
  value: string
  verdict: Verdict
  /** 0 to 100, of the surest statement with this verdict; 0 when nothing is known. */
  confidence: number
  sources: string[]
  tags: string[]
  techniques: string[]
  first_seen: number | null
  last_seen: number | null
  /** The latest end; null when a statement names none. */
  valid_until: number | null
}

export type IndicatorIndex = {
  /** What a source says about an indicator replaces what it said before. Values must be canonical, as the readers give them. */
  add(indicators: Iterable<Indicator>): void
  /** Forgets all that a source said; returns how many statements went. Builds the table anew: linear in what stays. */
  remove(source: string): number
  /**
   * Everything known about a value at `now` (milliseconds since the epoch); null when the text is no indicator.
   * Heard are statements about the value itself, about the networks around an address or network, and about parent domains when they reach below. A URL is only itself, neither its host nor a part of its path.
   *
   * A statement has no voice from its `valid_until` on. `benign` wins when it is strictly surer than every threat (an allow-list must be surer than the feeds);
   * else the worst wins: malicious, suspicious, benign, unknown. Where only ended statements are left the verdict is `unknown` with confidence 0 and the rest tells the past.
   */
  lookup(asked: string | ParsedIndicator, now: number): Answer | null
  /** Whether any statement, ended or not, speaks about this value. */
  has(asked: ParsedIndicator): boolean
  /** How many statements. */
  readonly size: number
  /** Bytes held in typed arrays. */
  readonly bytes: number
}

export function createIndex(): IndicatorIndex {
  let table = new Table()
  let networks: Networks | null = null
  let networksOf = 0

  /** First rows of all that speaks about a value; of parents only statements that reach below count. */
  function* reaching({ type, value }: ParsedIndicator): Generator<{ row: number; parent: boolean }> {
    const own = table.first(type, value)
    if (own !== NONE) yield { row: own, parent: false }
    if ((type === 'ip' || type === 'cidr') && table.networks.length > 0) {
      if (networks === null || networksOf !== table.networks.length) {
        networks = sortNetworks(table.networks.map((row) => ({ value: table.value(row), row })))
        networksOf = table.networks.length
      }
      for (const row of networks.around(value)) if (row !== own) yield { row, parent: false }
    }
    if (type === 'domain') {
      for (let dot = value.indexOf('.'); dot >= 0; dot = value.indexOf('.', dot + 1)) {
        const row = table.first('domain', value.slice(dot + 1))
        if (row !== NONE) yield { row, parent: true }
      }
    }
  }

  function* rows(parsed: ParsedIndicator): Generator<number> {
    for (const { row: first, parent } of reaching(parsed)) {
      for (let row = first; row !== NONE; row = table.after(row)) if (!parent || table.reachesBelow(row)) yield row
    }
  }

  return {
    add(indicators) {
      for (const indicator of indicators) table.add(indicator)
    },
    remove(source) {
      const fresh = new Table()
      for (let row = 0; row < table.rows; row += 1) if (!table.isOf(row, source)) fresh.add(table.statement(row))
      const gone = table.rows - fresh.rows
      table = fresh
      networks = null
      return gone
    },
    lookup(asked, now) {
      const parsed = typeof asked === 'string' ? parseIndicator(asked) : asked
      return parsed === null ? null : merge(parsed, [...rows(parsed)].map((row) => table.statement(row)), now)
    },
    has(asked) {
      return rows(asked).next().done !== true
    },
    get size() { return table.rows },
    get bytes() { return table.bytes },
  }
}

export function merge({ type, value, original }: ParsedIndicator, statements: readonly Indicator[], now: number): Answer {
  const live = statements.filter(({ valid_until }) => valid_until === null || valid_until > now)
  const heard = live.length > 0 ? live : statements
  const surest = (verdict: Verdict): number => live.reduce((most, one) => (one.verdict === verdict ? Math.max(most, one.confidence) : most), NONE)
  const allowed = surest('benign')
  const verdict = allowed > Math.max(surest('malicious'), surest('suspicious')) ? 'benign' : VERDICTS.find((one) => surest(one) >= 0) ?? 'unknown'
  const ends = heard.map(({ valid_until }) => valid_until)
  return {
    indicator: original, type, value, verdict,
    confidence: Math.max(0, surest(verdict)),
    sources: union(heard.map(({ source }) => [source])),
    tags: union(heard.map(({ tags }) => tags)),
    techniques: union(heard.map(({ techniques }) => techniques)),
    first_seen: outermost(heard.map(({ first_seen }) => first_seen), Math.min),
    last_seen: outermost(heard.map(({ last_seen }) => last_seen), Math.max),
    valid_until: ends.includes(null) ? null : outermost(ends, Math.max),
  }
}

const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort()

function outermost(times: readonly (number | null)[], pick: (a: number, b: number) => number): number | null {
  return times.reduce((found, time) => (time === null ? found : found === null ? time : pick(found, time)), null)
}
