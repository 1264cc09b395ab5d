// A query becomes SQL here and nowhere else; every value is bound. Pure. Defended by duckdb.integration.test.ts, which compares with a naive filter.
import ipaddr from 'ipaddr.js'
import { HaechiError } from '../errors.ts'
import { answered, hex, quoted } from './columns.ts'
import type { EventQuery, SearchQuery } from './port.ts'

export type Condition = { readonly sql: string; readonly values: readonly (string | bigint)[] }

const longest = 4096
const times = 8.64e15

function text(name: keyof EventQuery, value: string): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > longest) throw new HaechiError('query_invalid', { name, reason: `a text of 1 to ${longest} characters` })
  // NUL ends a string for the engine; unpaired surrogates have no UTF-8.
  if (value.includes('\0') || !value.isWellFormed()) throw new HaechiError('query_invalid', { name, reason: 'it holds characters that no text has' })
  return value
}

function blockOf(address: string): [string, string] {
  const refuse = () => new HaechiError('query_invalid', { name: 'address', reason: 'an IPv4 or IPv6 address or a CIDR block' })
  text('address', address)
  const [host = '', length, more] = address.split('/')
  if (more !== undefined || !ipaddr.isValid(host) || (ipaddr.IPv4.isValid(host) && !ipaddr.IPv4.isValidFourPartDecimal(host))) throw refuse()
  const key = hex(ipaddr.parse(host))
  if (length === undefined) return [key, key]
  const isV4 = ipaddr.IPv4.isValid(host)
  if (!/^\d{1,3}$/.test(length) || Number(length) > (isV4 ? 32 : 128)) throw refuse()
  const free = BigInt(128 - Number(length) - (isV4 ? 96 : 0))
  const low = BigInt(`0x${key}`) >> free << free
  const digits = (value: bigint) => value.toString(16).padStart(32, '0')
  return [digits(low), digits(low + (1n << free) - 1n)]
}

export function timeWindow(query: EventQuery): { from: number; to: number } {
  for (const name of ['from', 'to'] as const) {
    const value = query[name]
    if (value !== undefined && !(Number.isInteger(value) && Math.abs(value) <= times)) throw new HaechiError('query_invalid', { name, reason: 'whole milliseconds since 1970' })
  }
  return { from: query.from ?? -times, to: query.to ?? times + 1 }
}

/** What a row must meet. */
export function conditionOf(query: EventQuery): Condition {
  const parts: string[] = []
  const values: (string | bigint)[] = []
  const where = (sql: string, ...bound: (string | bigint)[]) => {
    parts.push(sql.replaceAll('?', () => {
      values.push(bound.length > 1 ? bound.shift()! : bound[0]!)
      return `$${values.length}`
    }))
  }
  timeWindow(query)
  if (query.from !== undefined) where('"time" >= ?', BigInt(query.from))
  if (query.to !== undefined) where('"time" < ?', BigInt(query.to))
  if (query.source !== undefined) where('"source" = ?', text('source', query.source))
  if (query.host !== undefined) {
    const host = text('host', query.host)
    if (host.includes('.')) where('lower("host") = lower(?)', host)
    else where('(lower("host") = lower(?) or starts_with(lower("host"), lower(?)))', host, `${host}.`)
  }
  if (query.user !== undefined) where('lower("user") = lower(?)', text('user', query.user))
  if (query.eventCode !== undefined) where('lower("event_code") = lower(?)', text('eventCode', query.eventCode))
  if (query.process !== undefined) {
    const process = text('process', query.process)
    where(`(lower("process") = lower(?) or ends_with(lower("process"), lower(?)) or ends_with(lower("process"), lower(?)))`, process, `\\${process}`, `/${process}`)
  }
  if (query.hash !== undefined) {
    const hash = text('hash', query.hash).toLowerCase()
    if (!/^[0-9a-f]{32,128}$/.test(hash)) throw new HaechiError('query_invalid', { name: 'hash', reason: 'a whole digest of 32 to 128 hex digits' })
    where(`contains(' ' || "hash" || ' ', ?)`, ` ${hash} `)
  }
  if (query.address !== undefined) {
    const [low, high] = blockOf(query.address)
    where('("src_key" between ? and ? or "dst_key" between ? and ?)', low, high, low, high)
  }
  if (query.text !== undefined) {
    const plain = text('text', query.text)
    // The record is kept as JSON: what people type as C:\Windows stands there as C:\\Windows.
    const escaped = JSON.stringify(plain).slice(1, -1)
    if (escaped === plain) where('contains(lower("raw"), lower(?))', plain)
    else where('(contains(lower("raw"), lower(?)) or contains(lower("raw"), lower(?)))', plain, escaped)
  }
  return { sql: parts.length === 0 ? 'true' : parts.join(' and '), values }
}

export type Place = { readonly time: number; readonly offset: number }

export function cursorOf(place: Place): string {
  return Buffer.from(`${place.time}:${place.offset}`).toString('base64url')
}

export function placeOf(cursor: string): Place {
  const match = typeof cursor === 'string' && cursor.length < 100 ? /^(-?\d{1,16}):(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) : null
  if (match === null) throw new HaechiError('cursor_invalid')
  return { time: Number(match[1]), offset: Number(match[2]) }
}

/** The columns to read for a page, the ones that are always given first. */
export function selection(query: SearchQuery): string[] {
  if (!(Number.isInteger(query.limit) && query.limit >= 1 && query.limit <= 10_000)) throw new HaechiError('query_invalid', { name: 'limit', reason: 'a whole number from 1 to 10000' })
  const always = ['event_id', 'offset', 'time', 'received_at']
  if (query.fields === undefined) return answered
  for (const field of query.fields) {
    if (!answered.includes(field)) throw new HaechiError('query_invalid', { name: 'fields', reason: `there is no field ${field.slice(0, 80)}; there are ${answered.join(', ')}` })
  }
  return [...new Set([...always, ...query.fields])]
}

export const selectList = (columns: readonly string[]) => columns.map(quoted).join(', ')
