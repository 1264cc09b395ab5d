// One scan of an attack surface: names, hosts, ports, services, TLS, web, templates, and what to do about each weakness. A part that fails costs only itself and is
// told; an aborted signal ends the scan with what there is until then, and `done` comes in any case. Defended by scan.test.ts and tests/conformance/scan.
import type { DistributionBuild } from '@haechi/fingerprints'
import { NetworkError, addressVersion, checks, createResolver, discoverHosts, identifyService, probeBucket, probeTls, probeWeb, probeZone, readable, scanPorts, scanUdp, topPorts } from '@haechi/probes'
import type { BucketReport, Finding, ProbeFault, ProbeRun, Service, WebReport } from '@haechi/probes'
import { cpesOfPackage } from '@haechi/risk'
import type { Exposure, Severity, Software, Text } from '@haechi/risk'
import { redact } from '@haechi/secrets'
import { scan as runTemplates } from '@haechi/templates'
import type { Library, Match, Target as TemplateTarget } from '@haechi/templates'
import { fitting } from './fitting.ts'
import type { Answering } from './fitting.ts'
import type { Asset, AssetKind, Phase, Problem, ScanEvent, ScanOptions, ScanTotals, Target } from './model.ts'
import { ofFinding, ofMatch, ofSecret, ofSoftware } from './problem.ts'
import type { Judging } from './problem.ts'
import { addressesOf } from './target.ts'

/** Hosts at a time, and services of one host. */
const hostsAtOnce = 8
const servicesAtOnce = 24
/** Names of one address that are asked as sites of their own. */
const mostNames = 50
const mostHosts = 65_536
/** Services of a host on which everything is open. */
const mostDoubtful = 8

/** One address, with the names that lead to it. */
type Host = { readonly address: string; readonly label: string; readonly names: readonly string[]; readonly ports: { readonly tcp: readonly number[]; readonly udp: readonly number[] }; readonly starts: readonly Target[]; /** Named as a whole, not only by what `starts` name. */ readonly all: boolean; readonly foundBy: string | null }

/** What answers somewhere, as it tells of itself. */
type Program = { readonly cpes: readonly string[]; readonly build: DistributionBuild | null; readonly name: string; readonly asset: string; readonly place: string }

/** CPE 2.3, the sixth part: without a version every range would hold it. */
const hasVersion = (cpe: string): boolean => /^cpe:2\.3:[aoh]:[^:]+:[^:]+:[^*:-]/.test(cpe)

/** Errors: none; whatever goes wrong is an event. */
export async function* scanTargets(options: ScanOptions): AsyncGenerator<ScanEvent, void, undefined> {
  yield* new Scan(options).events()
}

class Scan {
  readonly #options: ScanOptions
  readonly #run: ProbeRun
  readonly #queue: ScanEvent[] = []
  #wake: (() => void) | null = null
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #assets = new Map<string, Asset>()
  readonly #problems = new Set<string>()
  readonly #counts: Partial<Record<Severity, number>> = {}
  readonly #silent: string[] = []
  readonly #programs = new Map<string, Program[]>()
  /** Names that lead to several addresses. */
  readonly #shared = new Set<string>()
  /** Addresses where everything is open. */
  readonly #doubtful = new Set<string>()
  /** What templates are run on. */
  readonly #places = new Map<string, { readonly target: TemplateTarget; readonly asset: string; readonly answering: Answering | 'site' }>()
  #phase: Phase = 'names'
  #done = 0
  #total = 0
  #held = 0
  #faults = 0
  #tried = 0
  #open = 0
  #templates: ScanTotals['templates'] = null

  constructor(options: ScanOptions) {
    this.#options = options
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    let state = options.seed >>> 0
    // Marsaglia's xorshift: enough for markers and ids, and equal for equal seeds.
    const random = (): number => {
      state = (state === 0 ? 1 : state) ^ (state << 13)
      state ^= state >>> 17
      state = (state ^ (state << 5)) >>> 0
      return state
    }
    this.#run = { network: options.network, signal: this.#signal, timeoutMs: options.timeoutMs, now: options.now, random }
  }

  async* events(): AsyncGenerator<ScanEvent, void, undefined> {
    let over = false
    let failure: unknown = null
    const work = this.#all().catch((error: unknown) => { failure = error }).finally(() => {
      over = true
      this.#wake?.()
    })
    try {
      for (;;) {
        for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) yield event
        if (over && this.#queue.length === 0) break
        if (this.#queue.length > 0) continue
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
        this.#wake = null
      }
      if (failure !== null) throw failure
      yield { kind: 'done', totals: this.#totals() }
    } finally {
      // Whoever stops listening stops the scan.
      this.#stop.abort()
      await work
    }
  }

  #totals(): ScanTotals {
    const assets: Partial<Record<AssetKind, number>> = {}
    for (const { kind } of this.#assets.values()) assets[kind] = (assets[kind] ?? 0) + 1
    return { assets, weaknesses: this.#counts, held: this.#held, faults: this.#faults, ports: { tried: this.#tried, open: this.#open }, templates: this.#templates, silent: this.#silent, interrupted: this.#options.signal.aborted }
  }

  #tell(event: ScanEvent): void {
    this.#queue.push(event)
    this.#wake?.()
  }

  #begin(phase: Phase, total: number): void {
    this.#phase = phase
    this.#done = 0
    this.#total = total
    this.#step(0)
  }

  #step(done = 1): void {
    this.#done += done
    this.#tell({ kind: 'progress', phase: this.#phase, done: this.#done, total: Math.max(this.#total, this.#done), weaknesses: this.#problems.size })
  }

  #asset(asset: Asset): void {
    if (this.#assets.has(asset.id)) return
    this.#assets.set(asset.id, asset)
    this.#tell({ kind: 'asset', asset })
  }

  /** The same weakness in the same place, seen over another address or by another name, is one; two that one look tells apart (two keys on one line, two cookies of one page) are two. */
  #problem(...problems: readonly Problem[]): void {
    const seen = new Map<string, Set<string>>()
    for (const problem of problems) {
      const here = JSON.stringify([problem.asset, problem.place, problem.id])
      const alike = seen.get(here) ?? new Set()
      seen.set(here, alike.add(`${problem.title.en} ${problem.evidence.en}`))
      const key = `${here} ${alike.size}`
      if (this.#problems.has(key)) continue
      this.#problems.add(key)
      this.#counts[problem.severity] = (this.#counts[problem.severity] ?? 0) + 1
      this.#tell({ kind: 'weakness', weakness: problem })
    }
  }

  #hold(held: { readonly asset: string; readonly place: string; readonly id: string; readonly reason: Text }): void {
    this.#held++
    this.#tell({ kind: 'held', ...held })
  }

  #fault(asset: string, { place, fault, message }: Omit<ProbeFault, 'fault'> & { readonly fault: ProbeFault['fault'] | 'internal' }): void {
    this.#faults++
    this.#tell({ kind: 'fault', asset, place, fault, message })
  }

  /** A part that breaks is told and costs only itself; what breaks by our own fault is told too. */
  async #guarded<T>(asset: string, place: string, part: () => Promise<T>): Promise<T | null> {
    if (this.#signal.aborted) return null
    try {
      return await part()
    } catch (error) {
      if (this.#signal.aborted) return null
      if (error instanceof NetworkError) this.#fault(asset, { place, fault: error.fault, message: error.text })
      else this.#fault(asset, { place, fault: 'internal', message: same(error instanceof Error ? `${error.name}: ${error.message}` : String(error)) })
      return null
    }
  }

  #judging(address: string | null): Judging {
    const { vantage, knowledge, now } = this.#options
    const exposure: Exposure = vantage === null || address === null ? { reached: 'unknown', measuredAt: null, how: null } : { reached: vantage === 'outside' ? 'yes' : 'no', measuredAt: now(), how: `reached by a scan from ${vantage}` }
    return { knowledge, exposure, at: now() }
  }

  #findings(findings: readonly Finding[], address: string | null): void {
    if (address !== null && this.#doubtful.has(address)) for (const { asset, place, check } of findings) this.#hold({ asset, place, id: check, reason: doubtful })
    else this.#problem(...findings.flatMap((finding) => ofFinding(finding, this.#judging(address))))
  }

  async #all(): Promise<void> {
    const { hosts, names } = await this.#seeds()
    const known = await this.#zones(names)
    const found = await this.#hosts(hosts, known)
    this.#begin('ports', found.length)
    await each(found, hostsAtOnce, async (host) => {
      await this.#host(host)
      this.#step()
    })
    await this.#runTemplates()
  }

  /** Addresses of networks that answer, and names. */
  async #seeds(): Promise<{ readonly hosts: readonly Target[]; readonly names: readonly string[] }> {
    const { targets, network } = this.#options
    const hosts: Target[] = []
    const names = new Set<string>()
    this.#begin('hosts', targets.length)
    for (const target of targets) {
      if (target.host !== null) {
        hosts.push(target)
        if (addressVersion(target.host) === 0) names.add(target.host)
      } else if (target.network !== null) {
        const { addresses, cut } = addressesOf(target.network)
        if (cut) this.#fault(target.input, { place: target.input, fault: 'budget_exceeded', message: { en: `only the first ${addresses.length} addresses are looked at`, ko: `처음 주소 ${addresses.length}개만 확인함` } })
        const allowed: string[] = []
        for (const address of addresses) {
          try {
            await network.addresses(address, this.#signal)
            allowed.push(address)
          } catch (error) {
            if (!(error instanceof NetworkError)) throw error
          }
        }
        if (allowed.length < addresses.length) this.#fault(target.input, { place: target.input, fault: 'out_of_scope', message: { en: `${addresses.length - allowed.length} addresses are not in the scope`, ko: `주소 ${addresses.length - allowed.length}개가 검사 범위 밖임` } })
        const alive = await this.#guarded(target.input, target.input, () => discoverHosts(allowed, this.#run))
        for (const address of alive?.alive ?? []) hosts.push({ ...target, host: address, network: null })
      }
      this.#step()
    }
    return { hosts, names: [...names] }
  }

  /** Names below the named ones that their zones, certificates and usual words give, as far as they are in scope. */
  async #zones(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    const zones = names.filter((name) => name.includes('.') && !name.endsWith('.localhost'))
    this.#begin('names', zones.length)
    const resolver = createResolver({ run: this.#run, servers: this.#options.resolvers })
    for (const name of zones) {
      await this.#guarded(name, `${name} DNS`, async () => {
        const report = await probeZone(name, { run: this.#run, resolver })
        if (report.status === 'zone') this.#asset({ kind: 'zone', id: `${readable(report.zone)} DNS`, foundBy: null, summary: same(report.nameServers.map(({ name: server, address }) => (server === null ? address ?? '' : readable(server))).join(', ')), confidence: 1, details: { name_servers: report.nameServers, names: report.names.length } })
        this.#findings(report.findings, null)
        for (const fault of report.faults) this.#fault(name, fault)
        for (const each of report.names) if (!names.includes(each.name) && each.addresses.length > 0) found.set(each.name, name)
      })
      this.#step()
    }
    resolver.close()
    return found
  }

  /** By address: what several names lead to is looked at once. */
  async #hosts(targets: readonly Target[], found: ReadonlyMap<string, string>): Promise<readonly Host[]> {
    const { network, ports } = this.#options
    const hosts = new Map<string, { names: Set<string>; starts: Target[]; all: boolean; foundBy: string | null }>()
    const take = async (name: string, target: Target | null, foundBy: string | null): Promise<void> => {
      let addresses: readonly string[]
      try {
        addresses = await network.addresses(name, this.#signal)
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error
        // A name of a zone that leads elsewhere, or nowhere, is known now; it is nobody's to look at further.
        if (foundBy === null) this.#fault(name, { place: name, fault: error.fault, message: error.text })
        else this.#asset({ kind: 'name', id: name, foundBy, summary: error.fault === 'out_of_scope' ? { en: 'leads out of the scope; not looked at', ko: '범위 밖으로 이어져 확인하지 않음' } : { en: 'has no address', ko: '주소가 없음' }, confidence: 1, details: { fault: error.fault } })
        return
      }
      if (addressVersion(name) === 0) this.#asset({ kind: 'name', id: name, foundBy, summary: same(addresses.join(', ')), confidence: 1, details: { addresses } })
      for (const address of addresses) {
        const host = hosts.get(address) ?? { names: new Set<string>(), starts: [], all: false, foundBy }
        hosts.set(address, host)
        if (addressVersion(name) === 0 && host.names.size < mostNames) host.names.add(name)
        if (target !== null && (target.port !== null || target.scheme !== null)) host.starts.push(target)
        else host.all = true
      }
    }
    this.#begin('hosts', targets.length + found.size)
    await each(targets, hostsAtOnce, async (target) => {
      await take(target.host!, target, null)
      this.#step()
    })
    await each([...found].slice(0, mostHosts), hostsAtOnce, async ([name, foundBy]) => {
      await take(name, null, foundBy)
      this.#step()
    })
    const once = new Set<string>()
    for (const { names } of hosts.values()) for (const name of names) (once.has(name) ? this.#shared : once).add(name)
    return Array.from(hosts, ([address, { names, starts, all, foundBy }]) => {
      const own = starts.map(portOf)
      return { address, label: [...names][0] ?? address, names: [...names], starts, all, foundBy, ports: { tcp: all ? [...new Set([...ports.tcp, ...own])] : [...new Set(own)], udp: all ? ports.udp : [] } }
    })
  }

  async #host(host: Host): Promise<void> {
    const { address, label, names, foundBy } = host
    const { rate } = this.#options
    const tcp = await this.#guarded(label, address, () => scanPorts(address, { run: this.#run, ports: host.ports.tcp, rate }))
    const udp = host.ports.udp.length === 0 ? null : await this.#guarded(label, address, () => scanUdp(address, { run: this.#run, ports: host.ports.udp, rate }))
    this.#tried += host.ports.tcp.length - (tcp?.untried ?? host.ports.tcp.length) + host.ports.udp.length - (udp?.untried ?? host.ports.udp.length)
    const open = [...(tcp?.open ?? []).map((port) => ({ port, transport: 'tcp' as const })), ...(udp?.open ?? []).map(({ port }) => ({ port, transport: 'udp' as const }))]
    this.#open += open.length
    for (const fault of [...(tcp?.faults ?? []), ...(udp?.faults ?? [])]) this.#fault(label, fault)
    if (open.length === 0 && (tcp?.closed ?? 0) === 0 && (udp === null || udp.closed.length + udp.strange.length === 0)) {
      if (!this.#signal.aborted) this.#silent.push(label)
      return
    }
    const everywhere = tcp?.behaviour === 'open_everywhere'
    if (everywhere) {
      this.#doubtful.add(address)
      this.#hold({ asset: label, place: address, id: 'open_everywhere', reason: { en: `${tcp.open.length} of ${host.ports.tcp.length} ports are open, as on no real host: what is found there is not believed`, ko: `포트 ${host.ports.tcp.length}개 중 ${tcp.open.length}개가 열려 있어 실제 호스트로 볼 수 없으며, 여기서 발견한 것은 믿지 않음` } })
    }
    const ports: Text = everywhere ? { en: 'hardly a port is closed: a tarpit, a honeypot or a proxy', ko: '닫힌 포트가 거의 없음(타르핏, 허니팟 또는 프록시)' } : { en: `${open.length} ports open`, ko: `열린 포트 ${open.length}개` }
    const named = names.length === 0 ? '' : `${names.join(', ')}; `
    this.#asset({
      kind: 'host', id: address, foundBy, summary: { en: named + ports.en, ko: named + ports.ko }, confidence: 1,
      details: { names, open: open.map(({ port, transport }) => `${transport}/${port}`).slice(0, 1_000), closed: tcp?.closed ?? 0, filtered: tcp?.filtered.length ?? 0, behaviour: tcp?.behaviour ?? 'ordinary' },
    })
    this.#phase = 'services'
    const asked = everywhere ? [...open].sort((a, b) => rank(a.port) - rank(b.port)).slice(0, mostDoubtful) : open
    await each(asked, servicesAtOnce, async ({ port, transport }) => { await this.#service(host, port, transport) })
    this.#judgePrograms(address)
  }

  async #service(host: Host, port: number, transport: 'tcp' | 'udp'): Promise<void> {
    const { address, label, names } = host
    const place = `${transport}/${port}`
    const service = await this.#guarded(label, place, () => identifyService({ host: label, address, port, transport }, { run: this.#run, ...(this.#options.identifier === null ? {} : { identifier: this.#options.identifier }) }))
    if (service === null) return
    const id = `${address.includes(':') ? `[${address}]` : address}:${port}/${transport}`
    this.#asset({
      kind: 'service', id, foundBy: address, summary: same(summaryOf(service)), confidence: service.confidence,
      details: { host: label, service: service.name, tls: service.tls, product: service.product, vendor: service.vendor, version: service.fullVersion ?? service.version, cpe: service.cpe, build: service.build, hostname: service.hostname, os: service.os, banner: readable(service.banner).slice(0, 300), reasons: service.reasons, ...service.attributes },
    })
    this.#findings(service.findings, address)
    if (service.name === 'domain' && service.attributes['recursion'] === 'offered') this.#findings([{ check: 'dns.open_recursion', asset: label, place, severity: checks['dns.open_recursion']!.severity, confidence: 0.9, evidence: { en: 'recursion is offered to this machine', ko: '이 컴퓨터에 재귀 질의를 허용함' }, cve: [] }], address)
    for (const fault of service.faults) this.#fault(label, fault)
    if (service.version !== null || service.build !== null) this.#runs(address, { cpes: service.cpe, build: service.build, name: [service.product, service.fullVersion ?? service.version].filter((part) => part !== null).join(' '), asset: label, place })
    if (transport === 'udp') return
    const web = service.name === 'http' || service.name === 'https'
    const usual = names.length === 0 ? [address] : names
    // A page that was named by the address, or by a name that is not among them, is asked for as it was named.
    const sites = [...new Set([...usual, ...host.starts.flatMap((start) => (start.path !== '' && portOf(start) === port ? [start.host!] : []))])]
    await Promise.all([
      ...(service.tls || service.startTls !== null ? (web ? sites : [label]).map((name) => this.#tls(host, port, name, service)) : []),
      ...(web ? sites.map((name) => this.#site(host, port, name, service, host.all && usual.includes(name))) : []),
    ])
    if (!web && !this.#places.has(`${label}:${port}`)) this.#places.set(`${label}:${port}`, { asset: label, answering: { service: service.name, port, tls: service.tls }, target: { input: `${label}:${port}`, scheme: null, host: label, port, path: '' } })
  }

  async #tls(host: Host, port: number, name: string, service: Service): Promise<void> {
    const place = `tcp/${port}`
    const report = await this.#guarded(name, place, () => probeTls({ host: name, address: host.address, port, serverName: addressVersion(name) === 0 ? name : null, startTls: service.tls ? null : service.startTls }, { run: this.#run, roots: this.#options.roots }))
    if (report === null) return
    for (const { certificates: [leaf] } of report.chains) {
      if (leaf === undefined) continue
      const [subject, until] = [readable(leaf.subject.dn), new Date(leaf.notAfter).toISOString().slice(0, 10)]
      this.#asset({
        kind: 'certificate', id: `sha256:${leaf.fingerprint.sha256}`, foundBy: `${name}:${port}`, summary: { en: `${subject}, until ${until}`, ko: `${subject}, ${until}까지` }, confidence: 1,
        details: { subject, issuer: readable(leaf.issuer.dn), names: leaf.dnsNames.map(readable), not_before: new Date(leaf.notBefore).toISOString(), not_after: new Date(leaf.notAfter).toISOString() },
      })
    }
    this.#findings(report.findings, host.address)
    for (const fault of report.faults) this.#fault(name, fault)
  }

  async #site(host: Host, port: number, name: string, service: Service, whole: boolean): Promise<void> {
    const { technologies, secrets, screenshot } = this.#options
    const scheme = service.tls ? 'https' : 'http'
    const usual = port === (service.tls ? 443 : 80)
    const authority = `${name.includes(':') ? `[${name}]` : name}${usual ? '' : `:${port}`}`
    const origin = `${scheme}://${authority}`
    const starts = host.starts.filter((start) => start.path !== '' && portOf(start) === port && start.host === name).map(({ path }) => path)
    for (const path of new Set(starts.length === 0 || whole ? ['/', ...starts] : starts)) {
      const url = `${origin}${path}`
      const report = await this.#guarded(name, url, () => probeWeb(url, {
        run: this.#at(name, host.address), identifyTechnologies: (answer) => technologies.identify(answer), crawl: { pages: 60, depth: 3 },
        onBody: (where, body) => { if (secrets !== null) this.#secrets(secrets, { asset: name, url: where, address: host.address }, body) },
      }))
      if (report === null) continue
      this.#web(report, { name, url, address: host.address })
      for (const bucket of report.buckets) await this.#bucket(bucket, url)
      if (screenshot !== null && report.final !== null) {
        const png = await this.#guarded(name, url, () => screenshot(url, this.#signal))
        if (png !== null) this.#tell({ kind: 'screenshot', site: url, png })
      }
      this.#places.set(url, { asset: name, answering: 'site', target: { input: url, scheme, host: name, port: usual ? null : port, path: path.replace(/\/+$/, '') } })
    }
  }

  /** What asks for a name is asked of one of its addresses: what stands behind another may be another server. */
  #at(name: string, address: string): ProbeRun {
    if (!this.#shared.has(name)) return this.#run
    const { network } = this.#run
    return {
      ...this.#run, network: {
        ...network,
        http: (request, signal) => {
          if (request.host !== name) return network.http(request, signal)
          const authority = request.port === (request.scheme === 'https' ? 443 : 80) ? name : `${name}:${request.port}`
          return network.http({ ...request, host: address, serverName: request.serverName ?? name, headers: [['Host', authority], ...request.headers] }, signal)
        },
        dial: (host, port, options, signal) => (host === name ? network.dial(address, port, { ...options, tls: options.tls === null ? null : { ...options.tls, serverName: options.tls.serverName ?? name } }, signal) : network.dial(host, port, options, signal)),
      },
    }
  }

  #web(report: WebReport, { name, url, address }: { readonly name: string; readonly url: string; readonly address: string }): void {
    const { final, technologies } = report
    const shown = technologies.slice(0, 6).map((each) => (each.version === null ? each.name : `${each.name} ${each.version}`))
    const answered: Text = final === null ? { en: `no answer (${report.ended})`, ko: `응답 없음(${ends[report.ended]})` } : same(`${final.status} ${final.title}`.trim())
    this.#asset({
      kind: 'site', id: url, foundBy: address, summary: { en: [answered.en, ...shown].join('; '), ko: [answered.ko, ...shown].join('; ') }, confidence: 1,
      details: {
        chain: report.chain, status: final?.status ?? null, title: final?.title ?? null, server: final?.server ?? null, leads_to: report.leadsTo, answers_anything: report.missingStatus === 200, favicon: report.favicon, well_known: report.wellKnown, portals: report.portals, pages: report.pages.length, forms: report.forms.length, hosts: report.hosts, buckets: report.buckets,
        technologies: technologies.map((each) => ({ name: each.name, category: each.category, version: each.version, cpe: each.cpe?.name ?? null, confidence: each.confidence.value })),
      },
    })
    for (const api of report.apis) {
      const about = [api.kind, api.title, api.version].filter((part) => part !== null).join(' ')
      this.#asset({ kind: 'api', id: api.url, foundBy: url, summary: api.operations === null ? same(about) : { en: `${about} ${api.operations} operations`, ko: `${about} 오퍼레이션 ${api.operations}개` }, confidence: 1, details: { ...api } })
    }
    this.#findings(report.findings, address)
    for (const fault of report.faults) this.#fault(name, fault)
    for (const each of technologies) if (each.version !== null && each.cpe !== null) this.#runs(address, { cpes: [each.cpe.name], build: each.build, name: `${each.name} ${each.version}`, asset: name, place: url })
  }

  /** One that a page names is looked at where it is in scope, and known anyway. */
  async #bucket(bucket: string, foundBy: string): Promise<void> {
    if (this.#assets.has(bucket)) return
    const host = URL.parse(bucket)?.hostname ?? ''
    const report = await this.#options.network.addresses(host, this.#signal).then(() => this.#guarded(host, bucket, () => probeBucket(bucket, { run: this.#run })), () => null)
    this.#asset({ kind: 'bucket', id: bucket, foundBy, summary: report === null ? { en: 'named by a page; not in scope', ko: '페이지에서 언급되었으나 범위 밖' } : { en: `${report.state}, ${report.objects} names seen`, ko: `${bucketStates[report.state]}, 확인한 이름 ${report.objects}개` }, confidence: report === null ? 0.8 : 1, details: report === null ? {} : { state: report.state, provider: report.provider, objects: report.objects } })
    if (report === null) return
    this.#findings(report.findings, null)
    for (const fault of report.faults) this.#fault(host, fault)
  }

  #secrets({ detector, rules }: NonNullable<ScanOptions['secrets']>, { asset, url, address }: { readonly asset: string; readonly url: string; readonly address: string }, body: string): void {
    this.#problem(...detector.detect(body, { path: URL.parse(url)?.pathname.slice(1) ?? '' }).found.flatMap((found) => {
      const rule = rules.find(({ id }) => id === found.rule)
      return rule === undefined ? [] : ofSecret(found, rule, redact(found), { asset, url }, this.#judging(address))
    }))
  }

  /** What runs there, to be judged when the whole host is known: what one service says of its distribution holds for the others. */
  #runs(address: string, program: Program): void {
    const programs = this.#programs.get(address)
    if (programs === undefined) this.#programs.set(address, [program])
    else programs.push(program)
  }

  /** Each program of a host once, however many ports and sites it answers on. */
  #judgePrograms(address: string): void {
    const programs = this.#programs.get(address) ?? []
    const distributions = new Set(programs.flatMap(({ build }) => build?.distribution ?? []))
    const known = new Set<string>()
    const vulnerable: Problem[] = []
    for (const { cpes, build, name, asset, place } of programs) {
      const source = build?.sourcePackage ?? null
      const upstream = build?.upstreamVersion ?? null
      const stated = cpes.filter(hasVersion)
      const software: Software = {
        // A distribution's build is judged by what its makers called it, whatever else a banner resembles.
        cpes: source !== null && upstream !== null && stated.length === 0 ? cpesOfPackage(source, upstream) : stated,
        package: build === null || source === null || build.packageVersion === null ? null : { ecosystem: build.distribution, release: build.release, name: source, source, version: build.packageVersion },
        changelog: null, distribution: build?.distribution ?? (distributions.size === 1 ? [...distributions][0]! : null),
      }
      const key = JSON.stringify([software.cpes.map((cpe) => cpe.split(':').slice(3, 6)), software.package])
      if ((software.cpes.length === 0 && software.package === null) || known.has(key)) continue
      known.add(key)
      const { problems, held } = ofSoftware(software, { asset, place, name }, this.#judging(address))
      if (this.#doubtful.has(address)) for (const { id } of problems) this.#hold({ asset, place, id, reason: doubtful })
      else vulnerable.push(...problems)
      for (const { cve, reason } of held) this.#hold({ asset, place, id: cve, reason })
    }
    this.#problem(...vulnerable)
  }

  /** Sites are asked what sites can answer, services what their protocol can. */
  async #runTemplates(): Promise<void> {
    const { templates } = this.#options
    if (templates === null) return
    const groups = Map.groupBy(this.#places.values(), ({ answering }) => (answering === 'site' ? answering : `${answering.service} ${answering.service === 'unknown' ? answering.port : ''} ${answering.tls}`))
    for (const places of groups.values()) {
      const library = fitting(templates.library, places[0]!.answering)
      if (library.templates.length > 0 && !this.#signal.aborted) await this.#runOn(places, library, templates)
    }
  }

  async #runOn(places: readonly { readonly target: TemplateTarget; readonly asset: string }[], library: Library, { selection, settings, concurrency }: NonNullable<ScanOptions['templates']>): Promise<void> {
    const { network, rate, seed, now } = this.#options
    const assets = new Map(places.map(({ target, asset }) => [target.input, asset]))
    for await (const event of runTemplates({ library, selection, settings, targets: places.map(({ target }) => target), network, concurrency: { perHost: concurrency, overall: concurrency * 4 }, rate, seed, now, signal: this.#signal })) {
      switch (event.kind) {
        case 'match':
          this.#problem(...ofMatch(event.match, assets.get(event.match.target) ?? event.match.target, this.#judging(event.match.address)))
          break
        case 'held':
          this.#hold({ asset: assets.get(event.match.target) ?? event.match.target, place: event.match.matchedAt, id: event.match.template, reason: doubts[event.match.doubt ?? 'catch_all'] })
          break
        case 'progress':
          this.#phase = 'templates'
          this.#done = event.done
          this.#total = event.total
          this.#step(0)
          break
        case 'target_unresponsive':
          this.#fault(assets.get(event.target) ?? event.target, { place: event.endpoint, fault: event.fault, message: { en: `${event.failures} requests in a row failed; ${event.skipped} templates were not run`, ko: `요청이 연속으로 ${event.failures}번 실패하여 템플릿 ${event.skipped}개를 실행하지 않음` } })
          break
        case 'template_failed':
          this.#fault(assets.get(event.target) ?? event.target, { place: event.file, fault: event.code === 'budget_exceeded' ? 'budget_exceeded' : 'internal', message: { en: `the template ${event.template} did not run to its end: ${event.code}`, ko: `템플릿 ${event.template}을(를) 끝까지 실행하지 못함: ${event.code}` } })
          break
        case 'done':
          this.#templates = { run: (this.#templates?.run ?? 0) + event.totals.run, requests: (this.#templates?.requests ?? 0) + event.totals.requests.sent }
          break
      }
    }
  }
}

const ranks = new Map(topPorts.map((port, at) => [port, at]))
const rank = (port: number): number => ranks.get(port) ?? Infinity
const portOf = ({ port, scheme }: Target): number => port ?? (scheme === 'https' ? 443 : 80)

const same = (text: string): Text => ({ en: text, ko: text })
const ends: Readonly<Record<WebReport['ended'], string>> = { answer: '응답함', loop: '순환', too_long: '리디렉션이 너무 많음', out_of_scope: '범위 밖', no_answer: '연결되지 않음' }
const bucketStates: Readonly<Record<BucketReport['state'], string>> = { listed: '목록 공개', private: '비공개', missing: '없음', no_bucket: '버킷이 아님', no_answer: '응답 없음' }
const doubtful: Text = { en: 'nearly every port of its host is open', ko: '호스트의 포트가 거의 모두 열려 있음' }
const doubts: Readonly<Record<NonNullable<Match['doubt']>, Text>> = {
  catch_all: { en: 'the host says the same to everybody', ko: '누구에게나 똑같이 응답함' }, reflected: { en: 'the host gives back what it is asked', ko: '요청을 그대로 되돌려 줌' }, honeypot: { en: 'the host has what no one host has: a trap', ko: '한 호스트에 함께 있을 수 없는 것이 있음(함정)' },
}
const summaryOf = ({ name, tls, product, version, fullVersion, os }: Service): string => [`${name}${tls && name !== 'https' ? ' (TLS)' : ''}`, product, fullVersion ?? version, os].filter((part) => part !== null && part !== '').join(' ')

/** At most `most` at a time; all are awaited. */
async function each<T>(items: Iterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]()
  await Promise.all(Array.from({ length: most }, async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value)
  }))
}
