// Whether a zone is signed, and whether those who check signatures still reach it.
import type { Bytes } from '../bytes.ts'
import type { DnsRecord } from '../dns-message.ts'
import { algorithms, judgeSet, namesKey, readDigest, readKey } from './dnssec.ts'
import type { Digest, SignatureVerdict, ZoneKey } from './dnssec.ts'
import { nameOrNull } from './names.ts'
import type { Notes } from './notes.ts'

export type Signing = {
  readonly signed: boolean
  readonly keys: readonly (Pick<ZoneKey, 'tag' | 'algorithm' | 'bits' | 'entry'> & { /** Of its algorithm: 'ECDSAP256SHA256'. */ readonly name: string })[]
  /** DS records of the parent; null where they are not known. */
  readonly digests: readonly Digest[] | null
  /** Of the record sets at the top of the zone that were looked at, by their types. */
  readonly sets: Readonly<Record<string, SignatureVerdict | 'unsigned'>>
}

const looked = ['DNSKEY', 'SOA', 'NS', 'MX', 'TXT', 'A', 'AAAA'] as const
const mostKeys = 32
const weakModulus = 1_024
const sha1 = 1

/** `server`: one that answers for the zone, if one is reached; what a resolver gives may be held back. Throws only NetworkError `cancelled`. */
export async function judgeSigning(zone: Bytes, server: string | null, notes: Notes): Promise<Signing | null> {
  const options = server === null ? { dnssec: true } : { dnssec: true, server }
  const messages = await Promise.all(looked.map(type => notes.ask(zone, type, options)))
  const [first] = messages
  if (first === null || first === undefined || first.rcode !== 0) return null
  const setOf = (message: { readonly answer: readonly DnsRecord[] } | null | undefined, type: string): DnsRecord[] => message?.answer.filter(record => record.type === type && nameOrNull(record.name) === zone) ?? []
  const keys = setOf(first, 'DNSKEY').slice(0, mostKeys).map(readKey).filter(key => key !== null)
  const digests = await digestsOf(zone, notes)
  const sets: Record<string, SignatureVerdict | 'unsigned'> = {}
  const place = `${zone} DNSKEY`
  if (keys.length === 0) {
    if (digests !== null && digests.length > 0) notes.find('dns.dnssec_bogus', zone, place, { en: 'the parent has a DS record, but the zone has no key', ko: '상위 영역에 DS 레코드가 있으나 영역에 키가 없음' })
    else notes.find('dns.dnssec_missing', zone, place, { en: `${zone} has no DNSKEY record`, ko: `${zone}에 DNSKEY 레코드가 없음` })
    return { signed: false, keys: [], digests, sets }
  }
  const now = notes.run.now()
  for (const [at, type] of looked.entries()) {
    const set = setOf(messages[at], type)
    if (set.length === 0) continue
    // The keys count only if one that the parent names has signed them.
    const trusted = type === 'DNSKEY' && digests !== null && digests.length > 0 ? keys.filter(key => digests.some(digest => namesKey(digest, key, zone) !== false)) : keys
    const judged = judgeSet(set, messages[at]!.answer.filter(record => record.type === 'RRSIG'), trusted, zone, now)
    sets[type] = judged.verdict
  }
  // Nobody checks what the parent does not vouch for.
  const severity = digests !== null && digests.length > 0 ? {} : { severity: 'low' as const }
  const of = (...verdicts: readonly string[]): string[] => Object.entries(sets).filter(([, verdict]) => verdicts.includes(verdict)).map(([type]) => type)
  const late = of('expired', 'not_yet_valid')
  const wrong = of('wrong', 'no_key', 'unsigned')
  const matched = digests?.map(digest => keys.map(key => namesKey(digest, key, zone))) ?? []
  if (matched.length > 0 && matched.flat().every(match => match === false)) {
    const tags = (all: readonly { readonly tag: number }[]): string => all.map(({ tag }) => tag).join(', ')
    const [named, own] = [tags(digests!), tags(keys)]
    notes.find('dns.dnssec_bogus', zone, `${zone} DS`, { en: `the parent's DS records (${named}) name none of the zone's keys (${own})`, ko: `상위 영역의 DS 레코드(${named})가 가리키는 키가 영역의 키(${own}) 중에 없음` })
  } else if (wrong.length > 0) {
    notes.find('dns.dnssec_bogus', zone, place, {
      en: `signatures of ${wrong.map(type => `${type} (${sets[type] === 'unsigned' ? 'none' : sets[type] === 'no_key' ? 'by no key of the zone' : 'wrong'})`).join(', ')} do not hold`,
      ko: `유효하지 않은 서명: ${wrong.map(type => `${type}(${sets[type] === 'unsigned' ? '서명 없음' : sets[type] === 'no_key' ? '영역의 키로 서명되지 않음' : '서명이 올바르지 않음'})`).join(', ')}`,
    }, severity)
  }
  if (late.length > 0) {
    const expired = sets[late[0]!] === 'expired'
    const at = new Date(now).toISOString()
    notes.find('dns.dnssec_expired', zone, place, {
      en: `signatures of ${late.join(', ')} are not valid at ${at}: ${expired ? 'they have expired' : 'they begin later'}`, ko: `${at} 기준으로 유효하지 않은 ${late.join(', ')} 서명: ${expired ? '만료됨' : '유효 기간 시작 전'}`,
    }, severity)
  }
  // Of what is weak, English to Korean: each once, however many keys are like it.
  const weak = new Map<string, string>()
  for (const { algorithm, bits } of keys.filter(key => (key.flags & 0x0080) === 0)) {
    const known = algorithms[algorithm]
    if (known?.weak === true) weak.set(known.name, known.name)
    else if ([8, 10].includes(algorithm) && bits !== null && bits <= weakModulus) weak.set(`RSA of ${bits} bits`, `RSA ${bits}비트`)
  }
  if (digests !== null && digests.length > 0 && digests.every(({ kind }) => kind === sha1)) weak.set('DS of SHA-1 alone', 'SHA-1 DS 레코드만 있음')
  if (weak.size > 0) notes.find('dns.dnssec_weak', zone, place, { en: [...weak.keys()].join(', '), ko: [...weak.values()].join(', ') })
  if (digests !== null && digests.length === 0) notes.find('dns.dnssec_no_ds', zone, `${zone} DS`, { en: `the zone has ${keys.length} keys, its parent no DS record`, ko: `영역에 키가 ${keys.length}개 있으나 상위 영역에 DS 레코드가 없음` })
  return { signed: true, keys: keys.map(({ tag, algorithm, bits, entry }) => ({ tag, algorithm, name: algorithms[algorithm]?.name ?? String(algorithm), bits, entry })), digests, sets }
}

/** null where the parent was not heard: a server of the zone itself says that there are none (RFC 4035, 3.1.4.1). */
async function digestsOf(zone: Bytes, notes: Notes): Promise<readonly Digest[] | null> {
  const message = await notes.ask(zone, 'DS', { dnssec: true })
  if (message === null || message.rcode !== 0) return null
  const digests = message.answer.filter(record => nameOrNull(record.name) === zone).map(readDigest).filter(digest => digest !== null)
  if (digests.length > 0) return digests
  const soa = message.authority.find(record => record.type === 'SOA')
  return soa === undefined || nameOrNull(soa.name) === zone ? null : []
}
