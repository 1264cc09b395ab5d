// Who may send mail in a name: SPF (RFC 7208), evaluated as a receiver does, save that no sender is at hand: every branch is looked at. Records may name each other in
// circles or by the thousand; the walk ends with the limits that receivers have. Defended by spf.test.ts.
import type { Bytes } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import { nameOrNull } from './names.ts'

/** What the walk asks for. `records`: the texts of a name, null where nobody answered. The others: how many records there are; null as above. */
export type SpfSource = {
  readonly records: (name: Bytes) => Promise<readonly Bytes[] | null>
  readonly addresses: (name: Bytes) => Promise<number | null>
  readonly mailServers: (name: Bytes) => Promise<number | null>
}

export type SpfJudgement = {
  /** null where there is no record. */
  readonly record: Bytes | null
  /** Terms that cost a look-up (RFC 7208, 4.6.4); the walk ends beyond the most that is counted. */
  readonly lookups: number
  readonly voids: number
  /** Why receivers give up (permerror). */
  readonly problems: readonly Text[]
  /** What lets anybody pass: '+all', 'ip4:0.0.0.0/0', 'include:x: +all'. */
  readonly permissive: Bytes | null
  /** Of `all` in the end; null without one. */
  readonly all: '+' | '-' | '~' | '?' | null
}

const mostLookups = 10
const mostVoids = 2
const mostMailServers = 10
const countedLookups = 30
const longestRecord = 8_192
/** Prefixes as short as these are of no sender. */
const shortest = { ip4: 8, ip6: 16 } as const

export const isSpf = (text: Bytes): boolean => /^v=spf1(?: |$)/i.test(text)

export async function judgeSpf(domain: Bytes, source: SpfSource): Promise<SpfJudgement> {
  // English to Korean: each is told once.
  const problems = new Map<Bytes, Bytes>()
  const problem = (en: Bytes, ko: Bytes): void => { problems.set(en, ko) }
  let lookups = 0
  let voids = 0
  type Seen = { readonly record: Bytes | null; readonly all: SpfJudgement['all']; readonly permissive: Bytes | null }
  const nothing: Seen = { record: null, all: null, permissive: null }
  const isOver = (): boolean => lookups >= countedLookups

  const count = (): void => { lookups++ }
  const seeWhether = (there: number | null): void => { if (there === 0) voids++ }

  async function walk(name: Bytes, above: readonly Bytes[], by: Bytes | null): Promise<Seen> {
    const texts = await source.records(name)
    if (texts === null) return nothing
    const records = texts.filter(isSpf)
    if (records.length > 1) problem(`${name} has ${records.length} SPF records`, `${name}에 SPF 레코드가 ${records.length}개 있음`)
    const [record] = records
    if (record === undefined) {
      if (by !== null) {
        if (texts.length === 0) voids++
        problem(`${by} leads to ${name}, which has no SPF record`, `${by} 항목이 가리키는 ${name}에 SPF 레코드가 없음`)
      }
      return nothing
    }
    if (record.length > longestRecord) problem(`the record of ${name} is ${record.length} bytes long`, `${name} 레코드의 길이가 ${record.length}바이트임`)
    let all: SpfJudgement['all'] = null
    let permissive: Bytes | null = null
    let redirect: Bytes | null = null
    for (const term of record.slice(0, longestRecord).split(' ').slice(1)) {
      if (term === '') continue
      const modifier = /^([a-z][a-z0-9._-]*)=(.*)$/is.exec(term)
      if (modifier !== null) {
        if (modifier[1]!.toLowerCase() === 'redirect') {
          if (redirect !== null) problem(`${name} has more than one redirect`, `${name}에 redirect가 둘 이상 있음`)
          redirect = modifier[2]!
        }
        continue
      }
      // What stands after `all` is never looked at (RFC 7208, 5.1).
      if (all !== null) continue
      const [, sign = '', mechanism = '', rest = ''] = /^([+\-?~]?)([a-z0-9]+)([:/].*)?$/is.exec(term) ?? []
      const qualifier = (sign === '' ? '+' : sign) as '+' | '-' | '~' | '?'
      const value = rest.startsWith(':') ? rest.slice(1) : ''
      switch (mechanism.toLowerCase()) {
        case 'all':
          if (rest !== '') problem(`${name}: "${term}" is no term`, `${name}: "${term}" 항목이 올바르지 않음`)
          all = qualifier
          if (qualifier === '+') permissive ??= term
          break
        case 'include': {
          count()
          if (value === '') problem(`${name}: "${term}" names nobody`, `${name}: "${term}" 항목에 유효한 대상이 없음`)
          else if (!value.includes('%')) {
            const other = nameOrNull(value)
            if (other === null) problem(`${name}: "${term}" names nobody`, `${name}: "${term}" 항목에 유효한 대상이 없음`)
            else if (above.includes(other) || other === name) problem(`${name} includes ${other}, which includes it`, `include 순환: ${name} -> ${other}`)
            else if (!isOver()) {
              const inner = await walk(other, [...above, name], `include:${other}`)
              if (qualifier === '+' && inner.permissive !== null) permissive ??= `include:${other}: ${inner.permissive}`
            }
          }
          break
        }
        case 'a': case 'mx': case 'exists': {
          count()
          const host = value.replace(/\/.*$/s, '')
          if (mechanism.toLowerCase() === 'exists' && host === '') problem(`${name}: "${term}" names nobody`, `${name}: "${term}" 항목에 유효한 대상이 없음`)
          const wide = /\/0(?:\/|$)/.test(rest)
          if (wide && qualifier === '+') permissive ??= term
          if (host.includes('%') || isOver()) break
          const other = host === '' ? name : nameOrNull(host)
          if (other === null) {
            problem(`${name}: "${term}" names nobody`, `${name}: "${term}" 항목에 유효한 대상이 없음`)
            break
          }
          if (mechanism.toLowerCase() !== 'mx') {
            seeWhether(await source.addresses(other))
            break
          }
          const servers = await source.mailServers(other)
          seeWhether(servers)
          if (servers !== null && servers > mostMailServers) problem(`${name}: "${term}" leads to ${servers} mail servers, of which receivers take ${mostMailServers}`, `${name}: "${term}" 항목의 메일 서버가 ${servers}대임(수신 측 한도: ${mostMailServers}대)`)
          break
        }
        case 'ptr':
          count()
          break
        case 'ip4': case 'ip6': {
          const kind = mechanism.toLowerCase() as 'ip4' | 'ip6'
          const prefix = networkPrefix(value, kind)
          if (prefix === null) problem(`${name}: "${term}" is no network`, `${name}: "${term}" 항목이 올바른 네트워크가 아님`)
          else if (prefix < shortest[kind] && qualifier === '+') permissive ??= term
          break
        }
        default: problem(`${name}: "${term}" is no term`, `${name}: "${term}" 항목이 올바르지 않음`)
      }
    }
    if (all === null && redirect !== null) {
      count()
      const other = redirect.includes('%') ? null : nameOrNull(redirect)
      if (other === null) {
        if (!redirect.includes('%')) problem(`${name}: "redirect=${redirect}" names nobody`, `${name}: "redirect=${redirect}" 항목에 유효한 대상이 없음`)
      } else if (above.includes(other) || other === name) problem(`${name} redirects to ${other}, which leads back`, `redirect 순환: ${name} -> ${other}`)
      else if (!isOver()) {
        const inner = await walk(other, [...above, name], `redirect=${other}`)
        return { record, all: inner.all, permissive: permissive ?? (inner.permissive === null ? null : `redirect=${other}: ${inner.permissive}`) }
      }
    }
    return { record, all, permissive }
  }

  const { record, all, permissive } = await walk(domain, [], null)
  if (lookups > mostLookups) problem(`it costs ${lookups}${isOver() ? ' or more' : ''} look-ups, of which receivers make ${mostLookups}`, `DNS 조회가 ${lookups}회${isOver() ? ' 이상' : ''} 필요함(수신 측 한도: ${mostLookups}회)`)
  if (voids > mostVoids) problem(`${voids} of its look-ups lead nowhere, of which receivers take ${mostVoids}`, `결과가 없는 DNS 조회가 ${voids}회임(수신 측 한도: ${mostVoids}회)`)
  return { record, lookups, voids, problems: [...problems].map(([en, ko]) => ({ en, ko })), permissive, all }
}

/** Bits; null for what is no network. */
function networkPrefix(written: Bytes, kind: 'ip4' | 'ip6'): number | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(written) ?? []
  const most = kind === 'ip4' ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  if (prefix > most) return null
  const good = kind === 'ip4' ? /^\d{1,3}(?:\.\d{1,3}){3}$/.test(address) && address.split('.').every(part => Number(part) < 256) : /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(address)
  return good ? prefix : null
}
