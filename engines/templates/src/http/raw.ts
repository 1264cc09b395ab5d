// Raw requests as people write them: LF line ends, annotations before the request line, a request line without path or with an absolute address, bodies whose
// length nobody counted. Texts still hold their markers when they are split and none when they are read. Defended by raw.test.ts.
import { TemplateError } from '../problem.ts'
import type { Bytes } from '../model.ts'
import { type Address, joinQueries, mergePaths, parseAddress, splitRelative } from './address.ts'

/** A raw request of a template before its markers are filled in. */
export type RawSource = {
  /** '@Host: https://other:8443', '@tls-sni: name', '@timeout: 20s', '@once' */
  readonly host: Bytes | null
  readonly serverName: Bytes | null
  readonly timeoutMs: number | null
  readonly once: boolean
  /** Request line and headers with the empty line behind them, where there is one. */
  readonly head: Bytes
  readonly body: Bytes
}

const annotation = /^@(Host|tls-sni|timeout|once)(?![\w-])\s*:?\s*(.*)$/i
const longestTimeoutMs = 120_000

/** Nuclei makes CRLF of LF where a text has no CRLF at all. */
export const withLineEnds = (text: Bytes): Bytes => (text.includes('\r\n') ? text : text.replaceAll('\n', '\r\n'))

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, '': 1000, m: 60_000, h: 3_600_000 }

/** '20s', '1m30s', '900ms' as Go writes them, and '20' for seconds. */
function durationMs(text: Bytes): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|$))+$/.test(text)) return null
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|)/g)) ms += Number(amount) * unitMs[unit!]!
  return ms > 0 ? Math.min(ms, longestTimeoutMs) : null
}

export function splitRaw(text: Bytes): RawSource {
  let rest = withLineEnds(text)
  let host: Bytes | null = null
  let serverName: Bytes | null = null
  let timeoutMs: number | null = null
  let once = false
  for (;;) {
    const end = rest.indexOf('\n')
    const line = (end < 0 ? rest : rest.slice(0, end)).trim()
    const found = annotation.exec(line)
    if (found !== null) {
      const value = found[2]!.trim()
      const name = found[1]!.toLowerCase()
      if (name === 'once') once = true
      else if (name === 'timeout') timeoutMs = durationMs(value)
      else if (name === 'host') host = value === '' ? null : value
      else serverName = value === '' ? null : value
    } else if (line !== '' && !line.startsWith('@')) break
    if (end < 0) return { host, serverName, timeoutMs, once, head: '', body: '' }
    rest = rest.slice(end + 1)
  }
  const blank = /\n[ \t\r]*\n/.exec(rest)
  const split = blank === null ? rest.length : blank.index + blank[0].length
  return { host, serverName, timeoutMs, once, head: rest.slice(0, split), body: rest.slice(split) }
}

export type RawHead = {
  readonly method: Bytes
  /** As written: '', '/x?y', '1337', 'http://other/x'. */
  readonly target: Bytes
  /** Where it stands in the text. */
  readonly targetAt: number
  readonly headers: readonly (readonly [Bytes, Bytes])[]
  /** Where the first line behind the headers begins. */
  readonly end: number
}

/** A request line and headers whose markers are filled in. Lines that are no header are kept with an empty value where `lenient`, else refused. */
export function readHead(text: Bytes, lenient: boolean): RawHead {
  let at = text.indexOf('\n')
  const line = (at < 0 ? text : text.slice(0, at)).replace(/\r$/, '')
  const space = line.indexOf(' ')
  const method = (space < 0 ? line : line.slice(0, space)).trim()
  const second = space < 0 ? -1 : line.indexOf(' ', space + 1)
  const written = space < 0 ? '' : line.slice(space + 1, second < 0 ? undefined : second)
  // 'GET HTTP/1.1': without a path, which then is that of the target
  const target = second < 0 && /HTTP\/?\d?/.test(written) ? '' : written
  if (!lenient && (method === '' || space < 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method))) throw new TemplateError('request_invalid', 'raw', 'The first line of a raw request is "METHOD /path HTTP/1.1".')
  const headers = new Map<Bytes, Bytes>()
  while (at >= 0 && at + 1 < text.length) {
    const from = at + 1
    at = text.indexOf('\n', from)
    const header = (at < 0 ? text.slice(from) : text.slice(from, at)).trim()
    if (header === '') return { method, target, targetAt: space + 1, headers: [...headers], end: at < 0 ? text.length : at + 1 }
    const colon = header.indexOf(':')
    const name = (colon < 0 ? header : header.slice(0, colon)).trimEnd()
    // A line without colon is a header without value to Nuclei.
    if (!lenient && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new TemplateError('request_invalid', 'raw', 'A header of a raw request is "Name: value", and an empty line stands before the body.')
    headers.set(name, colon < 0 ? '' : header.slice(colon + 1).trim())
  }
  return { method, target, targetAt: space + 1, headers: [...headers], end: text.length }
}

export const isMultipart = (headers: RawHead['headers']): boolean => headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.toLowerCase().includes('multipart/'))

/** Path and query of a raw request that is sent to `base`: behind the target's own path, unless `asWritten`. */
export function mergeTarget(base: Address, target: Bytes, asWritten: boolean): { readonly path: Bytes; readonly query: Bytes | null } {
  const basePath = asWritten ? '' : base.path
  if (target === '') return asWritten ? { path: '', query: null } : { path: base.path, query: base.query }
  const other = target.startsWith('http') ? parseAddress(target) : null
  const { path, query } = other ?? splitRelative(target)
  return { path: mergePaths(basePath, target === '/' ? '' : path), query: joinQueries(base.query, query) }
}

/** The same for unsafe requests, where every byte that is written counts. */
export function mergeUnsafeTarget(base: Address, target: Bytes, asWritten: boolean): Bytes {
  if (target === '') return target
  const basePath = base.path
  if (basePath === '' && !target.startsWith('/')) {
    if (base.query === null || parseAddress(target) !== null) return target
    return target.includes('?') ? `${target.slice(0, target.indexOf('?') + 1)}${joinQueries(base.query, target.slice(target.indexOf('?') + 1))}` : `${target}?${base.query}`
  }
  if (parseAddress(target) !== null) return target
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const merged = mergePaths(asWritten ? '' : basePath, target === '/' && basePath !== '' ? '' : path)
  const query = joinQueries(base.query, mark < 0 ? null : target.slice(mark + 1))
  const from = merged.startsWith('/') ? merged : `/${merged}`
  return query === null ? from : `${from}?${query}`
}
