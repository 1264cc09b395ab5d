// Addresses of http requests, as Nuclei reads, joins and shows them: a path is never normalised ('/a/../b', '//x', '%zz' stay), and what must not stand on the wire
// (blanks, control characters, bytes above ASCII) is percent-encoded. Defended by address.test.ts.
import { bytesOf } from '@haechi/probes/wire'
import type { Bytes, Target, Value } from '../model.ts'

export type Scheme = 'http' | 'https'

export type Address = {
  readonly scheme: Scheme
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** host, or host:port where a port is written, with brackets where the host is an IPv6 address. */
  readonly authority: Bytes
  /** 'user:password', as written */
  readonly userinfo: Bytes | null
  /** '' or with its slash. */
  readonly path: Bytes
  /** Without its question mark; null where there is none. */
  readonly query: Bytes | null
}

const absolute = /^(https?):\/\/([^/?#\\]*)([^?#]*)(?:\?([^#]*))?/i
const place = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.~!$&()*+,;=\u0080-\u00ff-]+))(?::(\d{0,5}))?$/

export const defaultPort = (scheme: Scheme): number => (scheme === 'https' ? 443 : 80)

/** An absolute http(s) URL; null where it is none. */
export function parseAddress(url: Bytes): Address | null {
  const parts = absolute.exec(url)
  if (parts === null) return null
  const scheme: Scheme = parts[1]!.length === 5 ? 'https' : 'http'
  const at = parts[2]!.lastIndexOf('@')
  const authority = at < 0 ? parts[2]! : parts[2]!.slice(at + 1)
  const where = place.exec(authority)
  if (where === null) return null
  const host = where[1] ?? where[2]!
  const port = where[3] === undefined || where[3] === '' ? defaultPort(scheme) : Number(where[3])
  if (port < 1 || port > 65_535) return null
  return { scheme, host, port, authority: authority.endsWith(':') ? authority.slice(0, -1) : authority, userinfo: at < 0 ? null : parts[2]!.slice(0, at), path: parts[3]!, query: parts[4] ?? null }
}

export const withBrackets = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)

/** What stands behind Host: the port is left out where it is the scheme's own. */
export function hostHeader(scheme: Scheme, authority: Bytes): Bytes {
  const own = scheme === 'https' ? ':443' : ':80'
  return authority.endsWith(own) && (!authority.startsWith('[') || authority.includes(']:')) ? authority.slice(0, -own.length) : authority
}

const unfit = /[^\x21-\x7e]/
const unfitAll = /[^\x21-\x7e]/g
const percent = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
export const escapeUnfit = (text: Bytes): Bytes => (unfit.test(text) ? text.replace(unfitAll, percent) : text)

/** Path and query as they go onto the wire. */
export function wireTarget(path: Bytes, query: Bytes | null): Bytes {
  const from = path === '' ? '/' : path.startsWith('/') ? path : `/${path}`
  return escapeUnfit(query === null ? from : `${from}?${query}`)
}

export function joinQueries(first: Bytes | null, second: Bytes | null): Bytes | null {
  if (first === null || first === '') return second
  return second === null || second === '' ? first : `${first}&${second}`
}

/** 'a?b#c' as path and query; what is behind '#' is never sent. */
export function splitRelative(text: Bytes): { readonly path: Bytes; readonly query: Bytes | null } {
  const fragment = text.indexOf('#')
  const kept = fragment < 0 ? text : text.slice(0, fragment)
  const mark = kept.indexOf('?')
  return mark < 0 ? { path: kept, query: null } : { path: kept.slice(0, mark), query: kept.slice(mark + 1) }
}

/** The target's path before the path of a request, which may already hold it: '/blog' and '/blog/admin' are '/blog/admin', '/blog/admin' and '/blog' are '/blog/admin/blog'. */
export function mergePaths(base: Bytes, path: Bytes): Bytes {
  const rest = base.endsWith('/') && path.startsWith('/') ? path.replace(/^\/+/, '') : path
  if (base === '') return rest
  if (rest === '') return base
  const second = base.endsWith('/') || rest.startsWith('/') ? rest : `/${rest}`
  if (base === second || (base.length > second.length && base.endsWith(second))) return base
  return second.length > base.length && second.startsWith(base) ? second : base + second
}

/** What requests need of a target, worked out once for each. */
export type Base = {
  readonly address: Address
  /** Path without the slash at its end. */
  readonly values: ReadonlyMap<string, Value>
}

const bases = new WeakMap<Target, Base>()

export function baseOf(target: Target): Base {
  const known = bases.get(target)
  if (known !== undefined) return known
  const scheme: Scheme = target.scheme ?? (target.port === 443 || target.port === 8443 ? 'https' : 'http')
  const host = withBrackets(target.host)
  const input = bytesOf(target.input)
  const address: Address = {
    scheme,
    host: target.host.replace(/^\[|\]$/g, ''),
    port: target.port ?? defaultPort(scheme),
    authority: target.port === null ? host : `${host}:${target.port}`,
    userinfo: null,
    path: bytesOf(target.path),
    query: target.scheme === null ? null : splitRelative(input).query,
  }
  const base = { address, values: valuesOf(address, input) }
  bases.set(target, base)
  return base
}

/** The same for requests that name their host themselves. */
export const baseOfAddress = (address: Address, input: Bytes): Base => ({ address, values: valuesOf(address, input) })

/** Registries that give out names below a second label of their own: 'co.kr', 'com.au'. */
const secondLabels = new Set(['ac', 'co', 'com', 'edu', 'go', 'gob', 'gouv', 'gov', 'govt', 'gv', 'id', 'info', 'ltd', 'me', 'mil', 'ne', 'net', 'nhs', 'nom', 'or', 'org', 'pe', 'plc', 'police', 're', 'sch'])

/** FQDN, RDN, DN, SD and TLD of a name: of 'www.example.co.kr' itself, 'example.co.kr', 'example', 'www', 'co.kr'. Only FQDN for an address. */
export function domainValues(host: string): Map<string, Value> {
  const name = host.replace(/\.$/, '')
  const values = new Map<string, Value>([['FQDN', name]])
  const labels = name.split('.')
  if (name.includes(':') || labels.length < 2 || /^\d+$/.test(labels.at(-1)!)) return values
  const suffix = labels.length > 2 && labels.at(-1)!.length === 2 && secondLabels.has(labels.at(-2)!) ? 2 : 1
  const domain = labels.length - suffix - 1
  values.set('RDN', labels.slice(domain).join('.'))
  values.set('DN', labels[domain]!)
  values.set('TLD', labels.slice(-suffix).join('.'))
  if (domain > 0) values.set('SD', labels.slice(0, domain).join('.'))
  return values
}

function valuesOf(address: Address, input: Bytes): Map<string, Value> {
  const root = `${address.scheme}://${address.authority}`
  const path = address.path
  const slash = path.lastIndexOf('/')
  const values = domainValues(address.host)
  values.set('BaseURL', root + path)
  values.set('RootURL', root)
  values.set('Hostname', address.authority)
  values.set('Host', address.host)
  values.set('Port', String(address.port))
  values.set('Path', slash < 0 ? '' : slash === 0 ? '/' : path.slice(0, slash))
  values.set('File', slash < 0 ? '' : path.slice(slash + 1))
  values.set('Scheme', address.scheme)
  values.set('Input', input)
  return values
}
