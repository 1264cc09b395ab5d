// Questions to DNS servers. An answer counts only if it is one to the question asked, in its number, its name and the case of its letters, and of an answer only the
// records that the question leads to; chains of aliases, tries, answers kept and questions under way are bounded. Defended by resolver.test.ts.
import type { Bytes } from '../bytes.ts'
import type { DnsMessage, DnsQuery, DnsRecord } from '../dns-message.ts'
import type { ProbeFault, ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { canonicalName, nameOrNull, noName } from './names.ts'
import { answerTo, questionFor, serverAt } from './server.ts'
import { DnsStream } from './stream.ts'

/** `dot`: DNS over TLS (RFC 7858), port 853. */
export type DnsTransport = 'udp' | 'tcp' | 'dot'

export type QueryOptions = {
  /** This one instead ('ADDRESS' or 'ADDRESS:PORT'); what it says of zones is not kept. */
  readonly server?: string
  /** Whether the server may ask others; without it, it may unless `server` names it. */
  readonly recursion?: boolean
  /** CH is where servers tell of themselves. */
  readonly class?: 'IN' | 'CH'
  /** With signatures, and whether they hold or not (DO, CD). */
  readonly dnssec?: boolean
  /** Silence says enough. */
  readonly once?: boolean
}

/** `no_data`: the name exists, without addresses. `no_name`: it does not (RFC 8020). `loop`: its aliases lead in a circle, or too far. */
export type LookupStatus = 'found' | 'no_data' | 'no_name' | 'loop' | 'failed'

export type Lookup = {
  /** Canonical: small letters, without the last dot. */
  readonly name: Bytes
  readonly status: LookupStatus
  /** IPv4 first, each sorted. */
  readonly addresses: readonly string[]
  /** Targets of the aliases (CNAME) in their order, the last the name that the addresses are of. */
  readonly chain: readonly Bytes[]
  /** Seconds; the least on the way. 0 without an answer. */
  readonly ttl: number
  /** Of a negative answer, the zone that gives it (the owner of its SOA record; RFC 2308). */
  readonly deniedBy: Bytes | null
  readonly fault: ProbeFault | null
}

export interface Resolver {
  /** `name` in presentation form. Errors: NetworkError (`timeout`, `protocol_error`, `cancelled`, …) once every server was tried; a return code is no error. */
  query(name: Bytes, type: string, options?: QueryOptions): Promise<DnsMessage>
  /** Addresses of both families. Throws only NetworkError `cancelled`. */
  lookup(name: Bytes): Promise<Lookup>
  /** Closes what is open. */
  close(): void
}

const longestChain = 16
const atOnce = 64
const idlePerServer = 4
const mostKept = 20_000
const leastKeptMs = 5_000
const longestKeptMs = 3_600_000
const tries = 3
/** Of one server by itself, which may well be down. */
const serverTries = 2
const ports: Readonly<Record<DnsTransport, number>> = { udp: 53, tcp: 53, dot: 853 }
const [serverFailure, refused] = [2, 5]

type Kept = { until: number; readonly answer: Promise<DnsMessage> }

/** `servers`: 'ADDRESS' or 'ADDRESS:PORT', asked in turn; null: the machine's own, over UDP. An answer that UDP cuts off comes over TCP. */
export function createResolver({ run, servers, transport = 'udp' }: { readonly run: ProbeRun; readonly servers: readonly string[] | null; readonly transport?: DnsTransport }): Resolver {
  const places: readonly (string | null)[] = servers === null || servers.length === 0 ? [null] : servers.map(server => serverAt(server, ports[transport]))
  const kept = new Map<string, Kept>()
  const idle = new Map<string, DnsStream[]>()
  const waiting: (() => void)[] = []
  let underWay = 0

  async function admitted<T>(work: () => Promise<T>): Promise<T> {
    if (underWay >= atOnce) await new Promise<void>(resolve => { waiting.push(resolve) })
    else underWay++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay--
      else next()
    }
  }

  async function overStream(message: Uint8Array, server: string, secure: boolean): Promise<Uint8Array> {
    const key = `${secure} ${server}`
    const over = async (stream: DnsStream): Promise<Uint8Array> => {
      let whole = false
      try {
        await stream.send(message)
        const answer = await stream.receive()
        whole = true
        return answer
      } finally {
        const spare = idle.get(key) ?? []
        if (whole && spare.length < idlePerServer) idle.set(key, [...spare, stream])
        else stream.close()
      }
    }
    const known = idle.get(key)?.pop()
    if (known !== undefined) {
      try {
        return await over(known)
      } catch (error) {
        // A server may close a connection that waits (RFC 7766, 6.2.3).
        if (!(error instanceof NetworkError) || error.fault !== 'closed') throw error
      }
    }
    return over(await DnsStream.open(server, secure, run))
  }

  async function ask(question: Omit<DnsQuery, 'id' | 'authenticData'>, server: string | null, over: DnsTransport, mixed = over === 'udp'): Promise<DnsMessage> {
    const endpoint = server ?? 'the resolver'
    const query: DnsQuery = { ...question, name: mixed ? mixedCase(question.name, run.random) : question.name, id: run.random() & 0xffff, authenticData: false }
    const bytes = questionFor(query, endpoint)
    if (over !== 'udp' && server !== null) return answerTo(query, await overStream(bytes, server, over === 'dot'), endpoint).message
    const { message, exact } = answerTo(query, await run.network.dns(bytes, { resolver: server, timeoutMs: run.timeoutMs }, run.signal), endpoint)
    if (exact && !message.truncated) return message
    if (server !== null) return answerTo(query, await overStream(bytes, server, false), endpoint).message
    // The machine's own resolver has no address here. It may write all names alike; then letters prove nothing.
    return exact || !mixed ? message : ask({ ...question, name: question.name.toLowerCase() }, server, over, false)
  }

  /** Each try asks the next server; a server's failure counts as an answer only if no other has a better one. */
  async function persist(question: Omit<DnsQuery, 'id' | 'authenticData'>, among: readonly (string | null)[], over: DnsTransport, most = Math.max(among.length, tries)): Promise<DnsMessage> {
    let failure: NetworkError | null = null
    let poor: DnsMessage | null = null
    for (let attempt = 0; attempt < most; attempt++) {
      if (poor !== null && attempt >= among.length) break
      try {
        const message = await admitted(() => ask(question, among[attempt % among.length]!, over))
        if (message.rcode !== serverFailure && message.rcode !== refused) return message
        poor = message
      } catch (error) {
        if (!(error instanceof NetworkError) || error.fault === 'cancelled' || error.fault === 'not_resolved') throw error
        failure = error
        // Asking the same one again changes nothing.
        if (error.fault === 'out_of_scope' && attempt + 1 >= among.length) break
      }
    }
    if (poor !== null) return poor
    throw failure!
  }

  function query(name: Bytes, type: string, options: QueryOptions = {}): Promise<DnsMessage> {
    const question = { name: name === '' ? '.' : name, type, class: options.class ?? 'IN', recursion: options.recursion ?? options.server === undefined, dnssec: options.dnssec ?? false }
    const server = options.server === undefined ? null : serverAt(options.server, ports.udp)
    const ask = (): Promise<DnsMessage> => (server === null ? persist(question, places, transport) : persist(question, [server], 'udp', options.once === true ? 1 : serverTries))
    // Servers answer seldom what is asked of themselves: BIND three times a second.
    if (server !== null && question.class === 'IN') return ask()
    const key = `${nameOrNull(name) ?? name} ${question.class} ${type} ${question.recursion} ${question.dnssec} ${server ?? ''}`
    const known = kept.get(key)
    if (known !== undefined && run.now() < known.until) return known.answer
    const entry: Kept = { until: Infinity, answer: ask() }
    kept.delete(key)
    kept.set(key, entry)
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break
      kept.delete(oldest)
    }
    entry.answer.then(message => { entry.until = run.now() + Math.min(longestKeptMs, Math.max(leastKeptMs, ttlOf(message) * 1_000)) }, () => { if (kept.get(key) === entry) kept.delete(key) })
    return entry.answer
  }

  async function lookup(asked: Bytes): Promise<Lookup> {
    const first = nameOrNull(asked)
    const chain: Bytes[] = []
    let ttl = Infinity
    const end = (status: LookupStatus, rest: Partial<Lookup> = {}): Lookup => ({ name: first ?? asked, status, addresses: [], chain, ttl: Number.isFinite(ttl) ? ttl : 0, deniedBy: null, fault: null, ...rest })
    let name = first
    if (name === null) return end('failed', { fault: { place: asked, fault: 'not_resolved', message: noName } })
    const seen = new Set([name])
    while (name !== null) {
      const answers: Followed[] = []
      let failure: NetworkError | null = null
      for (const answer of await Promise.allSettled([query(name, 'A'), query(name, 'AAAA')])) {
        if (answer.status === 'fulfilled') answers.push(follow(answer.value, name))
        else if (!(answer.reason instanceof NetworkError) || answer.reason.fault === 'cancelled') throw answer.reason
        else failure = answer.reason
      }
      const best = answers.find(answer => answer.records.length > 0) ?? answers.find(answer => answer.message.rcode === 0 || answer.message.rcode === 3) ?? answers[0]
      if (best === undefined) return end('failed', { fault: { place: first ?? asked, fault: failure!.fault, message: failure!.text } })
      for (const alias of best.chain) {
        if (seen.has(alias.target) || chain.length >= longestChain) return end('loop')
        seen.add(alias.target)
        chain.push(alias.target)
        ttl = Math.min(ttl, alias.ttl)
      }
      const records = answers.filter(answer => answer.end === best.end).flatMap(answer => answer.records)
      if (records.length > 0) {
        ttl = Math.min(ttl, ...records.map(record => record.ttl))
        const of = (type: string): string[] => [...new Set(records.filter(record => record.type === type).map(record => record.target ?? ''))].toSorted()
        return end('found', { addresses: [...of('A'), ...of('AAAA')] })
      }
      const { rcode } = best.message
      const soa = best.message.authority.find(record => record.type === 'SOA')
      const deniedBy = soa === undefined ? null : nameOrNull(soa.name)
      // A server that follows no alias into other zones answers with the alias alone.
      if (best.chain.length > 0 && rcode === 0 && soa === undefined) name = best.end
      else if (rcode === 0) return end('no_data', { deniedBy })
      else if (rcode === 3) return end('no_name', { deniedBy })
      // A resolver that cannot reach the end of a way, or finds none, does not show it.
      else if (best.chain.length === 0) {
        const alias: Alias | undefined = follow(await query(name, 'CNAME').catch(passOver) ?? best.message, name).chain[0]
        if (alias === undefined) return end('failed', { fault: { place: first ?? asked, fault: 'not_resolved', message: { en: `the server answers with return code ${rcode}`, ko: `서버의 응답 코드 ${rcode}` } } })
        if (seen.has(alias.target) || chain.length >= longestChain) return end('loop')
        seen.add(alias.target)
        chain.push(alias.target)
        name = alias.target
      } else return end('failed', { fault: { place: first ?? asked, fault: 'not_resolved', message: { en: `the server answers with return code ${rcode}`, ko: `서버의 응답 코드 ${rcode}` } } })
    }
    return end('loop')
  }

  return {
    query,
    lookup,
    close() {
      for (const streams of idle.values()) for (const stream of streams) stream.close()
      idle.clear()
    },
  }
}

function passOver(error: unknown): null {
  if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
  return null
}

type Alias = { readonly target: Bytes; readonly ttl: number }
type Followed = { readonly message: DnsMessage; readonly end: Bytes; readonly chain: readonly Alias[]; readonly records: readonly DnsRecord[] }

/** Of an answer, the aliases from `name` on and the addresses that they lead to; what else stands there was not asked for. */
function follow(message: DnsMessage, name: Bytes): Followed {
  const aliases = new Map<Bytes, Alias>()
  for (const record of message.answer) {
    const target = record.type === 'CNAME' && record.target !== null ? nameOrNull(record.target) : null
    if (target !== null) aliases.set(canonicalName(record.name), { target, ttl: record.ttl })
  }
  const chain: Alias[] = []
  let end = name
  for (let alias = aliases.get(end); alias !== undefined && chain.length <= longestChain; alias = aliases.get(end)) {
    chain.push(alias)
    end = alias.target
  }
  return { message, end, chain, records: message.answer.filter(record => (record.type === 'A' || record.type === 'AAAA') && record.target !== null && nameOrNull(record.name) === end) }
}

/** Seconds for which an answer holds. */
function ttlOf({ answer, authority }: DnsMessage): number {
  if (answer.length > 0) return Math.min(...answer.map(record => record.ttl))
  const soa = authority.find(record => record.type === 'SOA')
  return soa === undefined ? 0 : Math.min(soa.ttl, Number(/(\d+)$/.exec(soa.data)?.[1] ?? 0))
}

/** Each letter small or large by lot. */
function mixedCase(name: Bytes, random: () => number): Bytes {
  let bits = 0
  let left = 0
  return name.replace(/\\\d{3}|\\?[a-zA-Z]/g, letter => {
    if (letter.startsWith('\\')) return letter
    if (left === 0) [bits, left] = [random(), 32]
    left--
    const large = ((bits >>> left) & 1) === 1
    return large ? letter.toUpperCase() : letter.toLowerCase()
  })
}
