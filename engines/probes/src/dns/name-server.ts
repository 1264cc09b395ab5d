// One server of names, asked for what it tells of itself and whether it serves strangers.
import type { Bytes } from '../bytes.ts'
import { readable } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import type { ProbeFault } from '../model.ts'
import type { Notes } from './notes.ts'
import { textOf } from './names.ts'
import { apart, serverAt } from './server.ts'

export type NameServer = {
  /** Of its NS record; null where it was given by its address. */
  readonly name: Bytes | null
  /** '192.0.2.53:53' */
  readonly address: string
  /** Of an answer to the zone's SOA question; null without one. */
  readonly authoritative: boolean | null
  readonly serial: number | null
  /** Asks others for anybody; null where that is not known. */
  readonly recursion: boolean | null
  /** In milliseconds; null without an answer. */
  readonly answerMs: number | null
  /** Why nothing is known. */
  readonly fault: ProbeFault | null
}

const authoritativeBit = 0x0400
const recursionBit = 0x0080
const refused = 5
/** A name that no server of a customer's zone answers for by itself. */
const foreignName = 'a.root-servers.net'
const privateAddress = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|::1$)/i

/** Of addresses as messages give them: not reachable from the internet (RFC 1918, 6598, 3927, 4193, 4291). */
export const isPrivate = (address: string): boolean => privateAddress.test(address.replace(/^::ffff:(?=\d+\.)/i, ''))

/** `zone`: that it is to be authoritative for, if any. Throws only NetworkError `cancelled`. */
export async function probeNameServer({ name, server, zone }: { readonly name: Bytes | null; readonly server: string; readonly zone: Bytes | null }, notes: Notes): Promise<NameServer> {
  const address = serverAt(server, 53)
  const asset = name ?? apart(address).host
  const started = notes.run.now()
  const soa = await notes.attempt(zone ?? '', zone === null ? 'NS' : 'SOA', { server: address, recursion: true })
  if ('fault' in soa) return { name, address, authoritative: null, serial: null, recursion: null, answerMs: null, fault: soa }
  const answerMs = notes.run.now() - started
  const record = soa.answer.find(each => each.type === 'SOA')
  const authoritative = zone === null ? null : (soa.flags & authoritativeBit) !== 0 && soa.rcode === 0
  const recursion = (soa.flags & recursionBit) === 0 ? false : await recurses(asset, address, notes)
  return { name, address, authoritative, serial: record === undefined ? null : Number(/ (\d+) \d+ \d+ \d+ \d+$/.exec(record.data)?.[1] ?? 0), recursion, answerMs, fault: null }
}

/** What it calls itself; servers answer that seldom, so silence is usual. Throws only NetworkError `cancelled`. */
export async function versionOf({ name, address }: NameServer, notes: Notes): Promise<Bytes | null> {
  const answer = await notes.attempt('version.bind', 'TXT', { server: address, class: 'CH', once: true })
  const text = 'fault' in answer ? undefined : answer.answer.find(each => each.type === 'TXT')
  const version = text === undefined ? null : textOf(text).trim().slice(0, 200)
  if (version !== null && /\d/.test(version)) notes.find('dns.version_disclosed', name ?? apart(address).host, `${address} version.bind`, { en: `version.bind is answered with "${readable(version)}"`, ko: `version.bind 응답: "${readable(version)}"` })
  return version
}

/** What is wrong with a server of `zone`; null where it answers for the zone, or may not be asked. Throws only NetworkError `cancelled`. */
export async function lameness(zone: Bytes, server: string, notes: Notes): Promise<Text | null> {
  const soa = await notes.attempt(zone, 'SOA', { server })
  if ('fault' in soa) return silence(soa)
  if ((soa.flags & authoritativeBit) !== 0 && soa.rcode === 0 && soa.answer.some(record => record.type === 'SOA')) return null
  return { en: `it answers with return code ${soa.rcode} and without authority`, ko: `권한 없는 응답(응답 코드 ${soa.rcode})` }
}

/** null where the fault says nothing about the server. */
export const silence = ({ fault }: ProbeFault): Text | null =>
  (fault === 'timeout' || fault === 'refused' || fault === 'unreachable' || fault === 'protocol_error' ? { en: `it does not answer (${fault})`, ko: `응답하지 않음(${fault})` } : null)

/** Recursion for those within is what a resolver is for: at an inner address it is no finding. */
async function recurses(asset: Bytes, address: string, notes: Notes): Promise<boolean> {
  const answer = await notes.ask(foreignName, 'A', { server: address, recursion: true })
  const proven = answer !== null && answer.rcode === 0 && (answer.flags & authoritativeBit) === 0 && answer.answer.some(record => record.type === 'A')
  const denied = answer !== null && (answer.rcode === refused || (answer.flags & recursionBit) === 0)
  if (denied) return false
  if (!isPrivate(apart(address).host)) {
    notes.find('dns.open_recursion', asset, `${address} recursion`, proven
      ? { en: `${address} resolves ${foreignName} for us`, ko: `${address}: 외부 요청에 ${foreignName} 이름을 재귀 조회하여 응답함` }
      : { en: `${address} offers recursion (RA) to us, but ${foreignName} was not resolved`, ko: `${address}: 외부 요청에 재귀 조회(RA)를 제공한다고 응답하나 ${foreignName} 이름은 조회되지 않음` }, { confidence: proven ? 1 : 0.7 })
  }
  return true
}
