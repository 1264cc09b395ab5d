// What is found out about one service while it is looked at, and the way to its connections.
import { distributionBuild, formatCpe, splitVersion } from '@haechi/fingerprints'
import type { DistributionBuild, Identifier } from '@haechi/fingerprints'
import type { Severity } from '@haechi/risk'
import type { Bytes } from '../bytes.ts'
import { readable } from '../bytes.ts'
import { TextError, evidenceOf } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { serviceChecks } from './checks.ts'
import type { ServiceCheck } from './checks.ts'
import { Conversation } from './conversation.ts'
import { Malformed } from './cursor.ts'
import type { Service, ServicePlace, StartTls } from './model.ts'
import { cpeOf, named, vendorOf } from './software.ts'
import type { Naming, Product } from './software.ts'

const mostText = 200
const furtherMs = 1000
const mostBanner = 512
const mostAttribute = 400
/** What stands in a report for people: one line, bounded. */
export const shown = (text: Bytes, most = mostText): string => {
  // oxlint-disable-next-line no-control-regex
  const clean = readable(text).replace(/[\0-\x1f\x7f-\x9f]+/g, ' ').trim()
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean
}

/** Of Recog, by what they match. */
export const fingerprintDatabases = ['dns.versionbind', 'ftp.banner', 'http_header.server', 'http_header.wwwauth', 'imap4.banner', 'mysql.banners', 'mysql.error', 'nntp.banner', 'ntp.readvar', 'pop3.banner', 'rtsp_header.server', 'sip_header.server', 'smb.native_lm', 'smb.native_os', 'smtp.banner', 'snmp.sys_description', 'ssh.banner', 'telnet_banners', 'x11.vendor'] as const
export type FingerprintDatabase = (typeof fingerprintDatabases)[number]

/** A service may take only so much time. */
class Overdue extends TextError {
  override readonly name = 'Overdue'

  constructor(where: string) {
    super({ en: `${where} has taken all of its time.`, ko: `${where} 검사에 주어진 시간을 모두 씀` })
  }
}

export class Examination {
  readonly place: ServicePlace
  readonly run: ProbeRun
  readonly tls: boolean
  name: string
  confidence = 0
  hostname: string | null = null
  os: string | null = null
  startTls: StartTls | null = null
  banner: Bytes = ''
  readonly reasons: string[] = []
  readonly #opened: Conversation[] = []
  readonly #signal: AbortSignal
  readonly #until: number
  #conversation: Conversation | null
  #product: string | null = null
  #vendor: string | null = null
  #fullVersion: string | null = null
  #build: DistributionBuild | null = null
  readonly #cpe = new Set<string>()
  readonly #attributes = new Map<string, string>()
  readonly #findings = new Map<string, Finding>()
  readonly #faults: ProbeFault[] = []
  readonly #fingerprints: { readonly database: FingerprintDatabase; readonly text: Bytes }[] = []

  constructor(place: ServicePlace, run: ProbeRun, layer: { readonly tls: boolean; readonly name: string; readonly conversation: Conversation | null; readonly until: number }) {
    this.place = place
    this.run = run
    this.tls = layer.tls
    this.name = layer.name
    this.#conversation = layer.conversation
    this.#signal = run.signal
    this.#until = layer.until
    if (layer.conversation !== null) this.banner = layer.conversation.remembered
  }

  /** 'tcp/22' */
  get where(): string {
    return `${this.place.transport}/${this.place.port}`
  }

  /** The one in which it was recognised. */
  get conversation(): Conversation {
    if (this.#conversation === null) throw new Malformed({ en: 'there is no connection', ko: '연결이 없음' })
    return this.#conversation
  }

  /** Another connection, inside of TLS where the first was. It is closed with the examination. Errors: NetworkError, Overdue. */
  async open(port = this.place.port): Promise<Conversation> {
    const { host, address } = this.place
    if (this.run.now() >= this.#until) throw new Overdue(this.where)
    const tls = this.tls ? { serverName: host, minVersion: null, maxVersion: null, ciphers: null } : null
    const opened = new Conversation(await this.run.network.dial(address, port, { tls, timeoutMs: this.run.timeoutMs }, this.#signal), this.run, this.#until)
    this.#opened.push(opened)
    return opened
  }

  /** Begins anew with the protocol's own greeting, after it was known by its answer to another's. */
  async restart(greeting: Bytes, isKnown: (heard: Bytes) => boolean): Promise<void> {
    const fresh = await this.open()
    if (greeting !== '') await fresh.say(greeting)
    await fresh.gather(isKnown, this.run.timeoutMs)
    if (!isKnown(fresh.heard)) return
    this.#conversation?.close()
    this.#conversation = fresh
    this.banner = fresh.remembered
  }

  /** One datagram and its answer. Errors: NetworkError. */
  datagram(payload: Bytes, timeoutMs = this.run.timeoutMs): Promise<Bytes> {
    return this.run.network.datagram(this.place.address, this.place.port, payload, { timeoutMs }, this.#signal)
  }

  /** One that need not be answered, because what answers is known already. null: silence. Errors: NetworkError. */
  async furtherDatagram(payload: Bytes): Promise<Bytes | null> {
    try {
      return await this.datagram(payload, Math.min(this.run.timeoutMs, furtherMs))
    } catch (error) {
      if (error instanceof NetworkError && error.fault === 'timeout') return null
      throw error
    }
  }

  /** `banner`: what may tell of a distribution's build. */
  is(product: Product, version: string | null = null, banner: string | null = null): void {
    this.#product = product
    this.#vendor = vendorOf(product)
    this.#fullVersion = version === null || version === '' ? this.#fullVersion : shown(version, 80)
    if (banner !== null) this.builtBy(banner)
  }

  /** By the first that a text names. false: none. */
  isNamed(text: Bytes, naming: Naming): boolean {
    const found = named(text, naming)
    if (found !== null) this.is(found.product, found.version, text)
    return found !== null
  }

  /** A product that is not in our table. */
  isCalled(product: Bytes, version: Bytes | null, vendor: Bytes | null = null): void {
    this.#product = shown(product, 80)
    this.#vendor = vendor === null ? null : shown(vendor, 80)
    this.#fullVersion = version === null ? null : shown(version, 80)
  }

  get product(): string | null {
    return this.#product
  }

  builtBy(banner: string): void {
    this.#build ??= distributionBuild(readable(banner))
  }

  /** What a library of fingerprints may know more about. */
  fingerprint(database: FingerprintDatabase, text: Bytes): void {
    if (text !== '') this.#fingerprints.push({ database, text })
  }

  tell(attribute: string, value: Bytes | number | boolean): void {
    this.#attributes.set(attribute, shown(String(value), mostAttribute))
  }

  calls(hostname: Bytes | null | undefined): void {
    const name = hostname?.trim() ?? ''
    if (this.hostname === null && /^[\w.-]{1,253}$/.test(name) && !/^localhost\b/i.test(name)) this.hostname = name
  }

  /** `evidence`: words, or nothing but what the service said. */
  find(check: ServiceCheck, evidence: Bytes | Text, more: { readonly severity?: Severity; readonly confidence?: number; readonly cve?: readonly string[] } = {}): void {
    if (this.#findings.has(check)) return
    this.#findings.set(check, {
      check, asset: this.place.host, place: this.where, severity: more.severity ?? serviceChecks[check].severity, confidence: more.confidence ?? 1, evidence: evidenceOf(evidence), cve: more.cve ?? [],
    })
  }

  /** A fault costs what comes after it, and no more. Errors: cancelled, and what is no fault. */
  async attempt(part: () => Promise<void>): Promise<void> {
    try {
      await part()
    } catch (error) {
      this.fault(error)
    }
  }

  /** Errors: cancelled, and what is no fault of the wire. */
  fault(error: unknown): void {
    if (error instanceof Malformed) this.#faults.push({ place: this.where, fault: 'protocol_error', message: error.text })
    else if (error instanceof Overdue) this.#faults.push({ place: this.where, fault: 'budget_exceeded', message: error.text })
    else if (error instanceof NetworkError && error.fault !== 'cancelled') this.#faults.push({ place: this.where, fault: error.fault, message: error.text })
    else throw error
  }

  close(): void {
    for (const each of this.#opened) each.close()
    this.#conversation?.close()
  }

  result(identifier: Identifier | undefined): Service {
    let { hostname, os } = this
    let product: string | null = this.#product
    let vendor = this.#vendor
    let fullVersion = this.#fullVersion
    const known = product === null ? null : cpeOf(product)
    const split = fullVersion === null ? null : splitVersion(fullVersion)
    if (known !== null) this.#cpe.add(formatCpe({ part: 'a', ...known, version: split?.version ?? null, update: split?.update ?? null }))
    for (const { database, text } of this.#fingerprints) {
      const found = identifier?.identify(database, text) ?? null
      if (found === null) continue
      if (product === null && found.service !== null) {
        ({ product, vendor, fullVersion } = found.service)
        this.reasons.push(`fingerprint: ${found.matched}`)
        if (found.service.cpe !== null) this.#cpe.add(found.service.cpe.name)
      }
      os ??= found.os === null ? null : [found.os.product ?? found.os.family, found.os.fullVersion].filter(each => each !== null).join(' ')
      if (found.os?.cpe !== null && found.os?.cpe !== undefined) this.#cpe.add(found.os.cpe.name)
      if (found.hardware !== null && !this.#attributes.has('hardware')) this.tell('hardware', [found.hardware.vendor, found.hardware.product ?? found.hardware.family ?? found.hardware.device].filter(each => each !== null).join(' '))
      hostname ??= found.params['host.name'] ?? null
      this.#build ??= found.build
    }
    return {
      name: this.name, tls: this.tls, startTls: this.startTls, product, vendor, version: fullVersion === null ? null : splitVersion(fullVersion).version, fullVersion,
      cpe: [...this.#cpe], build: this.#build, hostname, os, banner: this.banner.slice(0, mostBanner), confidence: this.confidence, reasons: this.reasons,
      attributes: Object.fromEntries(this.#attributes), findings: [...this.#findings.values()], faults: this.#faults,
    }
  }
}
