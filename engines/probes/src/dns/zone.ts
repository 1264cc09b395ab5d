// A zone, or one name of it, as it looks from outside: its servers, its records, its names, and what is wrong with them. Everything that comes back is bounded, in
// questions, names, records and time; what was seen until the end of a bound, or until it is stopped, is told. Defended by zone.integration.test.ts and tests/conformance/probes/dns.test.ts.
import type { Bytes } from '../bytes.ts'
import type { DnsMessage, DnsRecord } from '../dns-message.ts'
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { judgeAliases, judgeServer } from './dangling.ts'
import { eachOf, findWildcard, isWild, tryWords, walkZone } from './discovery.ts'
import type { Wildcard } from './discovery.ts'
import { judgeMail, mailServersOf } from './mail.ts'
import { isPrivate, lameness, probeNameServer, silence, versionOf } from './name-server.ts'
import type { NameServer } from './name-server.ts'
import { isWithin, labelsIn, nameOrNull, noName, parentOf } from './names.ts'
import { Notes } from './notes.ts'
import type { Lookup, LookupStatus, Resolver } from './resolver.ts'
import { serverAt } from './server.ts'
import { judgeSigning } from './signing.ts'
import type { Signing } from './signing.ts'
import { transferZone } from './transfer.ts'
import type { Transfer } from './transfer.ts'
import { commonWords } from './words.ts'

export type NameSource = 'given' | 'record' | 'transfer' | 'nsec' | 'word'
export type FoundName = { readonly name: Bytes; readonly sources: readonly NameSource[]; readonly status: LookupStatus; readonly addresses: readonly string[]; readonly chain: readonly Bytes[] }

export type ZoneReport = {
  /** Canonical: small letters, without the last dot. */
  readonly zone: Bytes
  /** `name`: it exists and is no zone of its own, so that only it was looked at. */
  readonly status: 'zone' | 'name' | 'no_name' | 'unanswered'
  readonly nameServers: readonly (NameServer & { readonly version: Bytes | null; readonly transfer: Transfer['status'] | null })[]
  /** At the name itself. */
  readonly records: readonly DnsRecord[]
  readonly names: readonly FoundName[]
  readonly wildcards: readonly Wildcard[]
  readonly dnssec: Signing | null
  readonly findings: readonly Finding[]
  readonly faults: readonly ProbeFault[]
}

export type ZoneOptions = {
  readonly run: ProbeRun
  readonly resolver: Resolver
  /** 'ADDRESS' or 'ADDRESS:PORT' to be asked as the zone's servers in place of those that its NS records name. */
  readonly nameServers?: readonly string[]
  /** First labels to try; [] for none. */
  readonly words?: readonly string[]
  /** Names that are known otherwise, as those of certificates; what is not beneath the zone is passed over. */
  readonly names?: readonly Bytes[]
}

const mostQuestions = 50_000
const mostNames = 10_000
const mostServers = 16
const mostTransfers = 8
const mostParents = 500
const mostMailDomains = 20
const asked = ['SOA', 'NS', 'A', 'AAAA', 'CNAME', 'MX', 'TXT', 'CAA', 'SRV', 'HTTPS', 'DNSKEY'] as const

/** Probes `zone` (presentation form). Throws nothing: a stop (`cancelled`) is a fault of a report that holds what was seen. */
export async function probeZone(zone: Bytes, options: ZoneOptions): Promise<ZoneReport> {
  const probe = new ZoneProbe(zone, options)
  try {
    await probe.all()
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    probe.notes.fault({ place: zone, fault: error.fault, message: error.text })
  }
  return probe.report()
}

class ZoneProbe {
  readonly notes: Notes
  readonly #zone: Bytes
  readonly #options: ZoneOptions
  #status: ZoneReport['status'] = 'unanswered'
  #records: DnsRecord[] = []
  #servers: ZoneReport['nameServers'] = []
  /** Of whole transfers and of cut ones. */
  #transferred: readonly DnsRecord[] = []
  #dnssec: Signing | null = null
  readonly #sources = new Map<Bytes, Set<NameSource>>()
  readonly #lookups = new Map<Bytes, Lookup>()
  readonly #wildcards = new Map<Bytes, Wildcard>()

  constructor(zone: Bytes, options: ZoneOptions) {
    this.#zone = nameOrNull(zone) ?? zone
    this.#options = options
    this.notes = new Notes(options.run, options.resolver, mostQuestions)
  }

  report(): ZoneReport {
    const names = [...this.#sources].map(([name, sources]) => {
      const { status, addresses, chain } = this.#lookups.get(name) ?? { status: 'failed' as const, addresses: [], chain: [] }
      return { name, sources: [...sources], status, addresses, chain }
    })
    return {
      zone: this.#zone, status: this.#status, nameServers: this.#servers, records: this.#records, names: names.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      wildcards: [...this.#wildcards.values()].filter(({ addresses, aliases }) => addresses.length + aliases.length > 0), dnssec: this.#dnssec, findings: this.notes.findings, faults: this.notes.faults,
    }
  }

  async all(): Promise<void> {
    const zone = this.#zone
    if (nameOrNull(zone) === null) {
      this.notes.fault({ place: zone, fault: 'not_resolved', message: noName })
      return
    }
    const soa = await this.notes.ask(zone, 'SOA')
    if (soa === null) return
    // Of an alias, the code is that of the name at its end (RFC 6604, 2.1).
    const alias = soa.answer.some(record => record.type === 'CNAME' && nameOrNull(record.name) === zone)
    if (soa.rcode === 3 && !alias) {
      this.#status = 'no_name'
      await this.#name(zone, 'given')
      return
    }
    if (soa.rcode !== 0 && !alias) {
      this.notes.fault({ place: `${zone} SOA`, fault: 'not_resolved', message: { en: `the resolver answers with return code ${soa.rcode}`, ko: `리졸버의 응답 코드 ${soa.rcode}` } })
      return
    }
    const isZone = soa.answer.some(record => record.type === 'SOA' && nameOrNull(record.name) === zone)
    this.#status = isZone ? 'zone' : 'name'
    this.#records = (await Promise.all(asked.map(async type => this.#own(await this.notes.ask(zone, type), type)))).flat()
    await this.#name(zone, 'given')
    if (isZone) {
      await this.#askServers()
      await Promise.all([this.#discover(), this.#askVersions()])
    }
    await Promise.all([this.#judgeMail(), this.#judgeAuthorities(), isZone ? this.#judgeSigning() : null])
  }

  #own(message: DnsMessage | null, type: string): readonly DnsRecord[] {
    return message?.answer.filter(record => record.type === type && nameOrNull(record.name) === this.#zone) ?? []
  }

  #of(type: string): readonly DnsRecord[] {
    return this.#records.filter(record => record.type === type)
  }

  /** The first of the zone's servers that answers for it. */
  get #server(): string | null {
    return this.#servers.find(server => server.authoritative === true)?.address ?? null
  }

  async #askServers(): Promise<void> {
    const { notes } = this
    const zone = this.#zone
    const places: { readonly name: Bytes | null; readonly server: string }[] = (this.#options.nameServers ?? []).map(server => ({ name: null, server }))
    for (const host of hostsOf(this.#of('NS'))) {
      const { addresses } = await judgeServer(zone, host, 'NS', notes)
      if (isWithin(host, zone)) this.#add(host, 'record')
      if (this.#options.nameServers !== undefined || addresses.length === 0) continue
      await this.#reach(host)
      places.push(...addresses.map(server => ({ name: host, server })))
    }
    const servers = await Promise.all(places.slice(0, mostServers).map(place => probeNameServer({ ...place, zone }, notes)))
    this.#servers = servers.map(server => ({ ...server, version: null, transfer: null }))
    for (const { name, address, authoritative, fault } of servers) {
      const problem = fault === null ? (authoritative === false ? { en: 'it answers without authority', ko: '권한 없는 응답' } : null) : silence(fault)
      if (fault !== null && problem === null) notes.fault(fault)
      if (problem !== null) notes.find('dns.lame_delegation', zone, `${zone} NS ${name ?? ''}@${address}`, { en: `${name ?? 'the server'} (${address}): ${problem.en}`, ko: `${name ?? '서버'}(${address}): ${problem.ko}` }, { confidence: fault === null ? 1 : 0.7 })
    }
    for (const [at, { address, fault }] of servers.slice(0, mostTransfers).entries()) {
      if (fault !== null) continue
      const transfer = await transferZone(zone, address, notes.run)
      this.#servers = this.#servers.map((server, place) => (place === at ? { ...server, transfer: transfer.status } : server))
      if (transfer.fault !== null) notes.fault(transfer.fault)
      if (transfer.status !== 'whole' && (transfer.status !== 'cut' || transfer.records.length < 2)) continue
      notes.find('dns.zone_transfer', zone, `${zone} AXFR @${address}`, {
        en: `${servers[at]!.name ?? address} gave ${transfer.records.length} records${transfer.status === 'cut' ? ' until it was ended' : ''}`,
        ko: `${servers[at]!.name ?? address}: 레코드 ${transfer.records.length}개를 넘겨줌${transfer.status === 'cut' ? '(도중에 수신을 중단함)' : ''}`,
      })
      if (transfer.records.length > this.#transferred.length) this.#transferred = transfer.records
    }
  }

  async #askVersions(): Promise<void> {
    const versions = await Promise.all(this.#servers.map(async server => (server.fault === null ? versionOf(server, this.notes) : null)))
    this.#servers = this.#servers.map((server, at) => ({ ...server, version: versions[at] ?? null }))
  }

  /** Servers are asked by their addresses, which may be reached because their name may. */
  async #reach(host: Bytes): Promise<void> {
    const { network, signal } = this.notes.run
    try {
      await network.addresses(host, signal)
    } catch (error) {
      if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
    }
  }

  #add(name: Bytes, source: NameSource): void {
    const known = this.#sources.get(name)
    if (known !== undefined) known.add(source)
    else if (this.#sources.size < mostNames) this.#sources.set(name, new Set([source]))
    else this.notes.fault({ place: this.#zone, fault: 'budget_exceeded', message: { en: `more than ${mostNames} names`, ko: `이름이 ${mostNames}개를 넘음` } })
  }

  /** A name that exists, and what is wrong with it. */
  async #name(name: Bytes, source: NameSource, known?: Lookup): Promise<void> {
    this.#add(name, source)
    if (!this.#sources.has(name) || this.#lookups.has(name)) return
    const found = known ?? await this.notes.lookup(name)
    this.#lookups.set(name, found)
    await judgeAliases(found, this.notes)
    const inner = found.addresses.filter(isPrivate)
    if (inner.length > 0) this.notes.find('dns.private_address', name, `${name} A`, { en: `${name} leads to ${inner.slice(0, 4).join(', ')}`, ko: `${name} 이름이 가리키는 주소: ${inner.slice(0, 4).join(', ')}` })
  }

  async #discover(): Promise<void> {
    const { notes } = this
    const zone = this.#zone
    const { words = commonWords, names = [] } = this.#options
    for (const name of names) {
      const known = nameOrNull(name)
      if (known !== null && isWithin(known, zone) && !known.startsWith('*.')) this.#add(known, 'given')
    }
    for (const host of mailServersOf(this.#of('MX'))) if (host !== '' && isWithin(host, zone)) this.#add(host, 'record')
    const wild = new Set<Bytes>()
    for (const record of this.#transferred) {
      const name = nameOrNull(record.name)
      // Below a delegation stand only addresses of servers (glue); signatures' own names lead nowhere.
      if (name === null || record.type === 'NSEC3' || record.type === 'RRSIG') continue
      if (name.startsWith('*.')) wild.add(name.slice(2))
      else this.#add(name, 'transfer')
    }
    const whole = this.#servers.some(({ transfer }) => transfer === 'whole')
    const walked = await walkZone(zone, this.#server, whole, notes)
    for (const name of walked.names) {
      if (name.startsWith('*.')) wild.add(name.slice(2))
      else this.#add(name, 'nsec')
    }
    if (walked.names.length > 0) {
      const some = `${walked.names.slice(0, 3).join(', ')}, …`
      notes.find('dns.zone_walking', zone, `${zone} NSEC`, {
        en: `each NSEC record names the next: ${some}${whole ? '' : ` (${walked.names.length} names${walked.whole ? ', all' : ''})`}`,
        ko: `NSEC 레코드마다 다음 이름이 드러남: ${some}${whole ? '' : ` (이름 ${walked.names.length}개${walked.whole ? ', 전체' : ''})`}`,
      })
    }
    await this.#wildcard(zone)
    if (!whole && !walked.whole) {
      const unanswered = await tryWords(zone, words, this.#wildcards.get(zone) ?? null, notes, found => {
        this.#add(found.name, 'word')
        this.#lookups.set(found.name, found)
      })
      if (unanswered > 0) notes.fault({ place: `${zone} words`, fault: 'timeout', message: { en: `${unanswered} of ${words.length} names were not answered`, ko: `이름 ${words.length}개 중 ${unanswered}개에 응답 없음` } })
    }
    await eachOf([...this.#sources.keys()], async name => {
      const known = this.#lookups.get(name)
      this.#lookups.delete(name)
      await this.#name(name, [...this.#sources.get(name)!][0]!, known)
    })
    await this.#delegations()
    const parents = new Set([...wild, ...this.#sources.keys(), ...[...this.#sources.keys()].map(parentOf)].filter(parent => parent !== zone && isWithin(parent, zone) && !parent.startsWith('_')))
    await eachOf([...parents].toSorted((one, other) => labelsIn(one).length - labelsIn(other).length).slice(0, mostParents), async parent => {
      // What the wildcard above answers is not one of its own.
      const above = [...this.#wildcards.values()].filter(wildcard => isWithin(parent, wildcard.name.slice(2)))
      const found = await findWildcard(parent, notes)
      if (found !== null && !above.some(wildcard => isWild({ name: `x.${parent}`, status: 'found', chain: found.aliases, addresses: found.addresses, ttl: 0, deniedBy: null, fault: null }, wildcard))) this.#note(parent, found)
    }, 1)
  }

  async #wildcard(parent: Bytes): Promise<void> {
    const found = await findWildcard(parent, this.notes)
    if (found !== null) this.#note(parent, found)
  }

  #note(parent: Bytes, wildcard: Wildcard): void {
    this.#wildcards.set(parent, wildcard)
    if (wildcard.addresses.length + wildcard.aliases.length === 0) return
    const to = wildcard.arbitrary ? null : [...wildcard.aliases, ...wildcard.addresses].slice(0, 4).join(', ')
    this.notes.find('dns.wildcard', this.#zone, wildcard.name, { en: `names that nobody would choose lead to ${to ?? 'something else each time'}`, ko: `임의로 만든 이름이 가리키는 대상: ${to ?? '매번 다름'}` })
  }

  /** Zones of their own beneath this one: whether their servers exist and answer for them. */
  async #delegations(): Promise<void> {
    const { notes } = this
    const zone = this.#zone
    const server = this.#server
    const delegated = new Map<Bytes, Set<Bytes>>()
    const add = (records: readonly DnsRecord[], only: Bytes | null): void => {
      for (const record of records) {
        const name = nameOrNull(record.name)
        const host = record.type === 'NS' && record.target !== null ? nameOrNull(record.target) : null
        if (name === null || host === null || name === zone || !isWithin(name, zone) || (only !== null && name !== only)) continue
        delegated.set(name, (delegated.get(name) ?? new Set()).add(host))
      }
    }
    add(this.#transferred, null)
    if (this.#transferred.length === 0) {
      await eachOf([...this.#sources.keys()].filter(name => name !== zone && !name.startsWith('_')), async name => {
        const message = await notes.ask(name, 'NS', server === null ? {} : { server })
        if (message !== null) add([...message.answer, ...message.authority], name)
      })
    }
    await eachOf([...delegated].slice(0, mostParents), async ([name, hosts]) => {
      for (const host of [...hosts].slice(0, mostServers)) {
        const { addresses } = await judgeServer(name, host, 'NS', notes)
        if (addresses.length > 0) await this.#reach(host)
        for (const address of addresses.slice(0, 2)) {
          const problem = await lameness(name, serverAt(address, 53), notes)
          if (problem !== null) notes.find('dns.lame_delegation', name, `${name} NS ${host}@${address}`, { en: `${host} (${address}): ${problem.en}`, ko: `${host}(${address}): ${problem.ko}` }, { confidence: 0.8 })
        }
      }
    }, 8)
  }

  async #judgeMail(): Promise<void> {
    const zone = this.#zone
    const domains = new Map<Bytes, Bytes[]>()
    const own = mailServersOf(this.#of('MX'))
    if (this.#status === 'zone' || own.length > 0) domains.set(zone, own)
    for (const record of this.#transferred) {
      const name = nameOrNull(record.name)
      const [server] = mailServersOf([record])
      if (name !== null && name !== zone && server !== undefined && !name.startsWith('*.') && (domains.has(name) || domains.size < mostMailDomains)) domains.set(name, [...domains.get(name) ?? [], server])
    }
    for (const [name, servers] of domains) {
      for (const server of servers.slice(0, mostServers)) if (server !== '') await judgeServer(name, server, 'MX', this.notes)
      await judgeMail(name, servers, this.notes)
    }
  }

  /** RFC 8659, 3: the nearest name above that has such records. */
  async #judgeAuthorities(): Promise<void> {
    const zone = this.#zone
    for (let holder = zone; holder !== ''; holder = parentOf(holder)) {
      const message = await this.notes.ask(holder, 'CAA')
      if (message === null || (message.rcode !== 0 && message.rcode !== 3)) return
      if (message.answer.some(record => record.type === 'CAA')) return
      if (labelsIn(holder).length <= 1) break
    }
    this.notes.find('dns.caa_missing', zone, `${zone} CAA`, { en: `neither ${zone} nor a name above it has CAA records`, ko: `${zone} 및 상위 이름에 CAA 레코드가 없음` })
  }

  async #judgeSigning(): Promise<void> {
    this.#dnssec = await judgeSigning(this.#zone, this.#server, this.notes)
  }
}

const hostsOf = (records: readonly DnsRecord[]): Bytes[] => [...new Set(records.flatMap(record => nameOrNull(record.target ?? '') ?? []))].filter(host => host !== '').slice(0, mostServers)
