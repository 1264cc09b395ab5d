// What a TLS server takes and shows, found out with greetings alone: no handshake is ever finished, nothing is sent that a server could remember.
// Invariant: however the server behaves (no answer, half a handshake, endless ones, one that stops in the middle), the probe ends within its budget of time and
// connections, and tells what it has seen so far (probe.integration.test.ts).
import { createHash } from 'node:crypto'
import { NetworkError } from '../network.ts'
import type { Connection, NetworkFault, TlsVersion } from '../network.ts'
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'
import { addressVersion } from '../address.ts'
import { judgeChain } from './chain.ts'
import type { Chain, TrustStore } from './chain.ts'
import { judge } from './checks.ts'
import { strength, suiteName } from './cipher-suites.ts'
import type { Strength } from './cipher-suites.ts'
import { curvesBefore13, groupBits, groupName, groupsOf13, keyShare } from './groups.ts'
import type { KeyShare } from './groups.ts'
import { begin, shake } from './handshake.ts'
import type { Flight, KeyExchange, Place, Until } from './handshake.ts'
import { curveSignatures, extensionTypes, fallbackSuite, offeredSuites, randomBytes, rsaSignatures, strongFirst, suitesOf, tlsVersions, u16, u8, versionNumber } from './hello.ts'
import type { Offer } from './hello.ts'
import { revocationStatus } from './ocsp.ts'
import type { RevocationStatus } from './ocsp.ts'
import { ALERT, TlsAlert } from './records.ts'
import { greetSslv2 } from './sslv2.ts'
import { startTls } from './starttls.ts'
import type { StartTls } from './starttls.ts'

export type TlsPlace = {
  /** As it was asked for; findings name it. */
  readonly host: string
  /** Where it is connected to. */
  readonly address: string
  readonly port: number
  /** Sent in the greeting, and held against the certificate; null: `host`, if it is a name. */
  readonly serverName: string | null
  readonly startTls: StartTls | null
}

export type AnyVersion = 'sslv2' | TlsVersion

export type TlsSuite = {
  readonly version: AnyVersion
  /** 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', or '0x1234' */
  readonly suite: string
  readonly strength: Strength
  /** 'x25519', or 'DH 2048'; null: none, or not seen. */
  readonly key: string | null
  /** Of DH the length of the prime, of a curve its strength. */
  readonly keyBits: number | null
}

export type TlsReport = TlsPlace & {
  /** Those that the server takes, oldest first. Empty: no TLS was seen; `faults` says why. */
  readonly versions: readonly AnyVersion[]
  /** By version, newest first; in the server's order where it has one, else strong ones first. */
  readonly suites: readonly TlsSuite[]
  /** Whose order it is, by version; missing where there is but one suite. */
  readonly order: Readonly<Partial<Record<AnyVersion, 'server' | 'client'>>>
  /** Of the newest version before TLS 1.3, and of TLS 1.3, in the order in which the server takes them. */
  readonly groups: readonly { readonly version: TlsVersion; readonly group: string; readonly bits: number | null }[]
  /** Each that was shown, for keys of different kinds. */
  readonly chains: readonly Chain[]
  /** Application protocols, of those that were asked for ('h2', 'http/1.1'). */
  readonly protocols: readonly string[]
  /** null: not seen, or without meaning for these versions. */
  readonly features: {
    readonly secureRenegotiation: boolean | null
    readonly compression: boolean | null
    readonly fallbackProtection: boolean | null
    readonly sessionTickets: boolean | null
    readonly sessionIds: boolean | null
    readonly extendedMasterSecret: boolean | null
    readonly heartbeat: boolean | null
    readonly ocspStapling: boolean
    /** Of the stapled response. */
    readonly revocation: RevocationStatus | null
    readonly certificateTimestamps: boolean
    readonly asksForCertificate: boolean
  }
  readonly heartbleed: boolean | null
  readonly ccsInjection: boolean | null
  /** Primes of DH that were shown, by length and hash; a short one that is shared by many is worth calculating with (Logjam). */
  readonly primes: readonly { readonly bits: number; readonly sha256: string }[]
  readonly findings: readonly Finding[]
  readonly faults: readonly ProbeFault[]
  readonly connections: number
  readonly durationMs: number
}

const atATime = 8
const mostConnections = 1_000
/** Of the whole, in `timeoutMs`. */
const budgetOfTime = 6
/** What a server is waited for that has answered before, at least. */
const leastPatienceMs = 2_000
const suitesAtATime = 96
/** What servers of any age know: for those that a long greeting confuses. */
const fewSuites = offeredSuites.filter(suite => suite < 0xc000 ? suite <= 0x00a3 : suite <= 0xc030 || suite >= 0xcca8).filter(suite => !/KRB5|DH_(DSS|RSA)|ECDH_|SEED|CAMELLIA|IDEA|SRP/.test(suiteName(suite))).slice(0, 48)

/** After what a sound server answers at once, or never. */
const silenceMs = 500

const BAD_RECORD_MAC = 20
const DECRYPTION_FAILED = 21
const HEARTBEAT = 24
const PROTOCOL_VERSION = 70
const INAPPROPRIATE_FALLBACK = 86

/** Faults that are an answer: no. */
const told: ReadonlySet<NetworkFault> = new Set(['tls_failed', 'protocol_error', 'closed'])

type Reply = Flight | NetworkError
type Taken = { readonly suite: number; readonly flight: Flight }
type PrimeField = Extract<KeyExchange, { kind: 'field' }>

function bitsOf({ prime }: PrimeField): number {
  const start = prime.findIndex(byte => byte !== 0)
  return start < 0 ? 0 : (prime.length - start) * 8 - Math.clz32(prime[start]!) + 24
}

/** Groups that `keyShare` knows, as clients prefer them. */
const calculable = [29, 23, 30, 24, 25]

/** Errors: NetworkError `cancelled`, and `out_of_scope`; every other fault is told in the report. */
export async function probeTls(place: TlsPlace, { run, roots }: { readonly run: ProbeRun; readonly roots?: TrustStore }): Promise<TlsReport> {
  const session = new Session(place, run)
  const started = run.now()
  const seen = await session.look()
  const chains = seen.chains.map(der => judgeChain(der, place.serverName ?? (addressVersion(place.host) === 0 ? place.host : null), roots ?? null))
  const report = { ...place, ...seen, chains, findings: [] as Finding[], faults: session.faults, connections: session.connections, durationMs: run.now() - started }
  report.findings = judge(report, run.now())
  return report
}

type Seen = Omit<TlsReport, keyof TlsPlace | 'chains' | 'findings' | 'faults' | 'connections' | 'durationMs'> & { readonly chains: readonly (readonly Uint8Array[])[] }

class Session {
  readonly faults: ProbeFault[] = []
  connections = 0
  readonly #place: TlsPlace
  readonly #run: ProbeRun
  readonly #endpoint: string
  readonly #name: string | null
  readonly #ends: number
  #patienceMs: number
  #answered = false
  /** Somebody who stalls after the ServerHello is asked for no more than that. */
  #stalls = false
  #free = atATime
  readonly #waiting: (() => void)[] = []
  readonly #chains = new Map<string, readonly Uint8Array[]>()
  readonly #primes = new Map<string, { bits: number; sha256: string }>()
  readonly #flights: Flight[] = []
  readonly #shares: readonly KeyShare[]

  constructor(place: TlsPlace, run: ProbeRun) {
    this.#place = place
    this.#run = run
    this.#endpoint = `${place.address.includes(':') ? `[${place.address}]` : place.address}:${place.port}`
    this.#name = place.serverName ?? (addressVersion(place.host) === 0 ? place.host : null)
    this.#patienceMs = run.timeoutMs
    this.#ends = run.now() + budgetOfTime * run.timeoutMs
    this.#shares = [29, 23].map(group => keyShare(group, count => randomBytes(run.random, count))).filter(share => share !== null)
  }

  async look(): Promise<Seen> {
    const opened = await this.#open()
    const versions: AnyVersion[] = [...(opened.sslv2 === null ? [] : ['sslv2' as const]), ...tlsVersions.filter(version => opened.first.has(version))]
    const newest = tlsVersions.findLast(version => opened.first.has(version)) ?? null
    const older = tlsVersions.slice(0, 4).findLast(version => opened.first.has(version)) ?? null
    const first12 = older === null ? null : opened.first.get(older)!
    const shown = await this.#shown(opened.first.get('tls13'))

    const [enumerated, groups13, compression, fallbackProtection, protocols, heartbleed, ccsInjection] = await Promise.all([
      Promise.all([...opened.first].map(([version, flight]) => this.#suites(version, flight))),
      opened.first.has('tls13') ? this.#groups('tls13', suitesOf('tls13'), groupsOf13) : [],
      older === null ? null : this.#compresses(older),
      this.#fallback(tlsVersions.filter(version => opened.first.has(version))),
      newest === null || newest === 'sslv3' || this.#place.startTls !== null ? [] : this.#protocols(newest),
      older === null || older === 'sslv3' ? null : first12!.extensions.has(extensionTypes.heartbeat) ? this.#heartbleeds(older) : false,
      older === null ? null : this.#takesEarlyChange(older),
      this.#otherChain(shown),
    ])
    const ofOlder = enumerated.find(each => each.version === older)?.taken ?? []
    const groups12 = older === null || older === 'sslv3' ? [] : await this.#curves(older, ofOlder)

    const stapled = this.#flights.find(flight => flight.ocspResponse !== null)?.ocspResponse ?? null
    const order: Partial<Record<AnyVersion, 'server' | 'client'>> = {}
    for (const each of enumerated) if (each.order !== null) order[each.version] = each.order
    return {
      versions, order,
      suites: [
        ...enumerated.toReversed().flatMap(({ version, taken }) => taken.map(({ suite, flight }) => ({ version, suite: suiteName(suite), strength: strength(suiteName(suite)), ...this.#keyOf(flight) }))),
        ...(opened.sslv2 ?? []).map(suite => ({ version: 'sslv2' as const, suite, strength: 'insecure' as const, key: null, keyBits: null })),
      ],
      groups: [...groups13.map(group => ({ version: 'tls13' as const, group: groupName(group), bits: groupBits(group) })), ...groups12.map(group => ({ version: older!, group: groupName(group), bits: groupBits(group) }))],
      chains: [...this.#chains.values()],
      protocols,
      features: {
        secureRenegotiation: first12 === null ? null : first12.extensions.has(extensionTypes.renegotiation),
        compression, fallbackProtection,
        sessionTickets: first12 === null || older === 'sslv3' ? null : first12.extensions.has(extensionTypes.sessionTicket),
        sessionIds: first12?.sessionId ?? null,
        extendedMasterSecret: first12 === null || older === 'sslv3' ? null : first12.extensions.has(extensionTypes.extendedMasterSecret),
        heartbeat: first12 === null || older === 'sslv3' ? null : first12.extensions.has(extensionTypes.heartbeat),
        ocspStapling: stapled !== null,
        revocation: stapled === null ? null : revocationStatus(stapled),
        certificateTimestamps: this.#flights.some(flight => flight.timestamps),
        asksForCertificate: this.#flights.some(flight => flight.asksForCertificate),
      },
      heartbleed, ccsInjection, primes: [...this.#primes.values()],
    }
  }

  /** One greeting for each version, together. */
  async #open(): Promise<{ readonly first: ReadonlyMap<TlsVersion, Flight>; readonly sslv2: readonly string[] | null }> {
    const [sslv2, ...replies] = await Promise.all([
      this.#with(connection => greetSslv2(connection, this.#waits())),
      ...tlsVersions.map(version => this.#ask(this.#fullOffer(version), 'done')),
    ])
    const first = new Map<TlsVersion, Flight>()
    const failed: { version: TlsVersion; error: NetworkError }[] = []
    for (const [place, reply] of replies.entries()) {
      const version = tlsVersions[place]!
      if (!(reply instanceof NetworkError)) {
        if (reply.version === version) first.set(version, reply)
      } else if (!(reply instanceof TlsAlert && reply.alert === PROTOCOL_VERSION)) failed.push({ version, error: reply })
    }
    // Some servers take no long greeting. Whoever does not answer at all is not asked again.
    const silent = replies.every(reply => reply instanceof NetworkError && !told.has(reply.fault))
    const again = silent ? [] : failed.filter(({ version }) => version !== 'tls13')
    await Promise.all(again.map(async ({ version }) => {
      const reply = await this.#ask({ version, suites: fewSuites, serverName: this.#name }, 'done')
      if (!(reply instanceof NetworkError) && reply.version === version) first.set(version, reply)
    }))
    const ordered = new Map(tlsVersions.flatMap(version => (first.has(version) ? [[version, first.get(version)!] as const] : [])))
    const worst = failed.map(({ error }) => error).find(error => !told.has(error.fault)) ?? failed[0]?.error
    if (first.size === 0 && worst !== undefined && sslv2 instanceof NetworkError) this.#fault(worst)
    else for (const { version, error } of failed) if (!first.has(version) && !told.has(error.fault)) this.#fault(error)
    return { first: ordered, sslv2: sslv2 instanceof NetworkError ? null : sslv2 }
  }

  #fullOffer(version: TlsVersion): Offer {
    const common = { version, serverName: this.#name } as const
    const asked = [[extensionTypes.statusRequest, Buffer.of(1, 0, 0, 0, 0)], [extensionTypes.timestamps, Buffer.alloc(0)]] as const
    if (version === 'tls13') return { ...common, suites: suitesOf(version), keyShares: this.#shares, extensions: asked }
    return { ...common, suites: suitesOf(version), extensions: [...asked, [extensionTypes.encryptThenMac, Buffer.alloc(0)], [extensionTypes.extendedMasterSecret, Buffer.alloc(0)], [extensionTypes.sessionTicket, Buffer.alloc(0)], [extensionTypes.heartbeat, Buffer.of(1)]] }
  }

  /** Offers only groups that are calculated here: TLS 1.3 encrypts all that follows the ServerHello, and servers that can do ML-KEM ask for that before others. */
  #legibleOffer(version: TlsVersion): Offer {
    return version === 'tls13' ? { ...this.#fullOffer(version), groups: calculable } : this.#fullOffer(version)
  }

  /** The flight of TLS 1.3 with its certificates, which the first greeting does not show where the server chose a group that is not calculated here. */
  async #shown(opened: Flight | undefined): Promise<Flight | undefined> {
    if (opened === undefined || opened.certificates.length > 0 || opened.cut !== null) return opened
    const reply = await this.#ask(this.#legibleOffer('tls13'), 'done')
    return reply instanceof NetworkError ? opened : reply
  }

  /** Each suite that is taken is left out of the next greeting, until none is; what is left is then asked for again in shorter greetings. */
  async #suites(version: TlsVersion, opened: Flight): Promise<{ readonly version: TlsVersion; readonly taken: readonly Taken[]; readonly order: 'server' | 'client' | null }> {
    const taken: Taken[] = [{ suite: opened.suite, flight: opened }]
    const until = version === 'tls13' ? 'hello' : 'done'
    const eliminate = async (candidates: readonly number[]): Promise<number[]> => {
      let left = candidates.filter(suite => !taken.some(each => each.suite === suite))
      while (left.length > 0) {
        const reply = await this.#ask({ version, suites: left, serverName: this.#name }, until)
        if (reply instanceof NetworkError || reply.version !== version) break
        taken.push({ suite: reply.suite, flight: reply })
        left = left.filter(suite => suite !== reply.suite)
      }
      return left
    }
    const left = await eliminate(suitesOf(version))
    if (left.length > suitesAtATime) {
      const parts = Array.from({ length: Math.ceil(left.length / suitesAtATime) }, (_, part) => left.slice(part * suitesAtATime, (part + 1) * suitesAtATime))
      await Promise.all(parts.map(eliminate))
    }
    const order = await this.#order(version, taken)
    if (order !== 'client') return { version, taken, order }
    const sorted = strongFirst(taken.map(({ suite }) => suite))
    return { version, order, taken: taken.toSorted((one, other) => sorted.indexOf(one.suite) - sorted.indexOf(other.suite)) }
  }

  /** Two suites in the other order: whoever takes the same one has an order of its own. */
  async #order(version: TlsVersion, taken: readonly Taken[]): Promise<'server' | 'client' | null> {
    // Some servers that have an order make an exception for clients that prefer ChaCha20, which is for those without AES of their own.
    const [one, other] = taken.filter(({ suite }) => !suiteName(suite).includes('CHACHA20')).map(({ suite }) => suite)
    if (one === undefined || other === undefined) return null
    const reply = await this.#ask({ version, suites: [other, one], serverName: this.#name }, 'hello')
    return reply instanceof NetworkError ? null : reply.suite === one ? 'server' : 'client'
  }

  /** The group that a server asks for is left out of the next greeting. */
  async #groups(version: TlsVersion, suites: readonly number[], candidates: readonly number[]): Promise<number[]> {
    const taken: number[] = []
    let left = candidates
    while (left.length > 0) {
      const reply = await this.#ask({ version, suites, groups: left, serverName: this.#name }, version === 'tls13' ? 'hello' : 'done')
      if (reply instanceof NetworkError || reply.version !== version) break
      const group = version === 'tls13' ? reply.group : reply.keyExchange?.kind === 'curve' ? reply.keyExchange.group : null
      if (group === null || !left.includes(group)) break
      taken.push(group)
      left = left.filter(each => each !== group)
    }
    return taken
  }

  /** A certificate of a curve is shown only to who knows the curve: RSA's suites tell more. */
  async #curves(version: TlsVersion, taken: readonly Taken[]): Promise<number[]> {
    const suites = taken.map(({ suite }) => suite).filter(suite => /^TLS_ECDHE?_/.test(suiteName(suite)) && !suiteName(suite).includes('PSK'))
    const byRsa = suites.filter(suite => !suiteName(suite).includes('ECDSA'))
    if (byRsa.length > 0) return this.#groups(version, byRsa, curvesBefore13)
    if (suites.length === 0) return []
    const found = await this.#groups(version, suites, curvesBefore13)
    // The certificate's own curve stands last: a server that goes by our order takes the others first.
    const lastFound = found.at(-1)
    if (lastFound === undefined) return found
    const others = await this.#groups(version, suites, [...curvesBefore13.filter(group => !found.includes(group)), lastFound])
    return [...new Set([...found, ...others])]
  }

  async #compresses(version: TlsVersion): Promise<boolean | null> {
    const reply = await this.#ask({ version, suites: suitesOf(version), serverName: this.#name, compressions: [1, 64, 0] }, 'hello')
    return reply instanceof NetworkError ? null : reply.compression !== 0
  }

  async #fallback(spoken: readonly TlsVersion[]): Promise<boolean | null> {
    const lower = spoken.at(-2)
    if (lower === undefined) return null
    const reply = await this.#ask({ version: lower, suites: [...offeredSuites, fallbackSuite], serverName: this.#name }, 'hello')
    if (!(reply instanceof NetworkError)) return false
    return reply instanceof TlsAlert && reply.alert === INAPPROPRIATE_FALLBACK ? true : null
  }

  async #protocols(version: TlsVersion): Promise<string[]> {
    const asked = ['h2', 'http/1.1']
    const replies = await Promise.all(asked.map(protocol => this.#ask({ ...this.#legibleOffer(version), protocols: [protocol] }, 'done')))
    return asked.filter((_, place) => {
      const reply = replies[place]!
      return !(reply instanceof NetworkError) && reply.extensions.has(extensionTypes.protocols)
    })
  }

  /** TLS 1.3 names no kind of key in its suites: whoever has two shows the other when only its signatures are offered. */
  async #otherChain(opened: Flight | undefined): Promise<void> {
    if (opened === undefined || opened.certificates.length === 0) return
    await Promise.all([rsaSignatures, curveSignatures].map(signatures => this.#ask({ ...this.#legibleOffer('tls13'), signatures }, 'done')))
  }

  /**
   * Heartbleed (CVE-2014-0160), without a byte of somebody else's memory: RFC 6520, section 4 wants at least 16 bytes of padding, and whoever does not look at the
   * length that the request states does not miss them either. The request states exactly the length of its own payload and has no padding; a sound server says nothing.
   */
  async #heartbleeds(version: TlsVersion): Promise<boolean | null> {
    const payload = randomBytes(this.#run.random, 32)
    const reply = await this.#with(async connection => {
      const { flight, records } = await begin(connection, this.#fullOffer(version), this.#waits(), 'done')
      if (flight.cut !== null || flight.version !== version) return null
      await connection.write(Buffer.concat([u8(HEARTBEAT), u16(versionNumber(version)), u16(3 + payload.length), u8(1), u16(payload.length), payload]).toString('latin1'))
      try {
        const { type, content } = await records.within(silenceMs).record()
        return type === HEARTBEAT && content[0] === 2 && content.subarray(3, 3 + payload.length).equals(payload)
      } catch (error) {
        if (error instanceof NetworkError && error.fault !== 'cancelled') return false
        throw error
      }
    })
    return reply instanceof NetworkError ? null : reply
  }

  /**
   * CVE-2014-0224: a server that takes a ChangeCipherSpec before there are keys deciphers what follows with keys of nothing, and so takes a second one, in clear text, for
   * a record whose code is wrong. A sound one calls the first one unexpected.
   */
  async #takesEarlyChange(version: TlsVersion): Promise<boolean | null> {
    const reply = await this.#with(async connection => {
      const { flight, records } = await begin(connection, { version, suites: offeredSuites, serverName: this.#name }, this.#waits(), 'done')
      if (flight.cut !== null || flight.version !== version) return null
      const change = Buffer.concat([u8(20), u16(versionNumber(version)), u16(1), u8(1)]).toString('latin1')
      await connection.write(change)
      try {
        await records.within(silenceMs).record()
        return false
      } catch (error) {
        if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
        if (error.fault !== 'timeout') return false
      }
      await connection.write(change)
      try {
        const { type, content } = await records.within(silenceMs).record()
        return type === ALERT && (content[1] === BAD_RECORD_MAC || content[1] === DECRYPTION_FAILED)
      } catch (error) {
        if (error instanceof NetworkError && error.fault !== 'cancelled') return null
        throw error
      }
    })
    return reply instanceof NetworkError ? null : reply
  }

  #keyOf({ group, keyExchange }: Flight): { readonly key: string | null; readonly keyBits: number | null } {
    if (keyExchange?.kind === 'field') return { key: `DH ${bitsOf(keyExchange)}`, keyBits: bitsOf(keyExchange) }
    const curve = keyExchange?.group ?? group
    return curve === null || curve === undefined ? { key: null, keyBits: null } : { key: groupName(curve), keyBits: groupBits(curve) }
  }

  async #ask(offer: Offer, until: Until): Promise<Reply> {
    const reply = await this.#with(connection => shake(connection, offer, this.#waits(), this.#stalls && offer.version !== 'tls13' ? 'hello' : until))
    if (reply instanceof NetworkError) return reply
    this.#flights.push(reply)
    if (reply.cut !== null) {
      if (reply.cut.fault === 'timeout') this.#stalls = true
      this.#fault(reply.cut)
    }
    if (reply.certificates.length > 0) {
      const hash = createHash('sha256')
      for (const each of reply.certificates) hash.update(each)
      this.#chains.set(hash.digest('hex'), reply.certificates)
    }
    if (reply.keyExchange?.kind === 'field') {
      const { prime } = reply.keyExchange
      const sha256 = createHash('sha256').update(prime).digest('hex')
      this.#primes.set(sha256, { bits: bitsOf(reply.keyExchange), sha256 })
    }
    return reply
  }

  #waits(): Place {
    return { endpoint: this.#endpoint, timeoutMs: this.#patienceMs, now: this.#run.now, random: this.#run.random }
  }

  /** A connection of its own for `act`, at a moment when there are not too many. A server that has answered before is asked a second time. */
  async #with<T>(act: (connection: Connection) => Promise<T>): Promise<T | NetworkError> {
    const first = await this.#once(act)
    if (!(first instanceof NetworkError) || !this.#answered || told.has(first.fault) && first.fault !== 'closed' || first === this.#exhausted) return first
    return this.#once(act)
  }

  #exhausted: NetworkError | null = null

  async #once<T>(act: (connection: Connection) => Promise<T>): Promise<T | NetworkError> {
    while (this.#free === 0) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
    this.#free--
    try {
      if (this.#exhausted !== null) return this.#exhausted
      const left = this.#ends - this.#run.now()
      if (left <= 0 || this.connections >= mostConnections) {
        this.#exhausted = new NetworkError('timeout', this.#endpoint, { en: `${this.#endpoint} takes more time or connections than the probe may use.`, ko: '검사에 허용된 시간이나 연결 수를 모두 씀' })
        this.faults.push({ place: this.#endpoint, fault: 'budget_exceeded', message: this.#exhausted.text })
        return this.#exhausted
      }
      this.connections++
      const asked = this.#run.now()
      const connection = await this.#run.network.dial(this.#place.address, this.#place.port, { tls: null, timeoutMs: this.#patienceMs }, this.#run.signal)
      try {
        if (this.#place.startTls !== null) await startTls(connection, this.#place.startTls, { ...this.#waits(), serverName: this.#name })
        const result = await act(connection)
        if (!this.#answered) {
          this.#answered = true
          this.#patienceMs = Math.min(this.#run.timeoutMs, Math.max(leastPatienceMs, 30 * (this.#run.now() - asked)))
        }
        return result
      } finally {
        connection.close()
      }
    } catch (error) {
      if (!(error instanceof NetworkError) || error.fault === 'cancelled' || error.fault === 'out_of_scope') throw error
      return error
    } finally {
      this.#free++
      this.#waiting.shift()?.()
    }
  }

  #fault({ endpoint, fault, text }: NetworkError): void {
    if (!this.faults.some(each => each.fault === fault && each.message.en === text.en)) this.faults.push({ place: endpoint, fault, message: text })
  }
}
