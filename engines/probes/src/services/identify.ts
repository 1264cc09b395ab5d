// Which service answers at a port. Whoever speaks first is listened to; to whoever waits, greetings are sent, each over a connection of its own, those first that are
// usual at the port. The first answer that a protocol knows decides, and that protocol looks closer.
// Invariant: a port costs a bounded number of connections, bytes and waits, whatever answers there (identify.test.ts).
import type { Identifier } from '@haechi/fingerprints'
import type { Bytes } from '../bytes.ts'
import type { ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import { udpProtocols } from '../ports/udp-protocols.ts'
import { Conversation } from './conversation.ts'
import { Examination } from './examination.ts'
import { awaitsTls, mayAwaitTls } from './http.ts'
import type { Protocol, Service, ServicePlace } from './model.ts'
import { datagramExaminers, handledWithCare, table } from './protocols.ts'
import type { Row } from './protocols.ts'
import { layer } from './tls.ts'

/** After this silence the next greetings go out; beside it, four times the way there and back. */
const silenceMs = 400
/** Whoever is expected to speak first may look up the client's name before. */
const expectedSilenceMs = 1500
/** How long a greeting's answer is waited for, while others go out; to whoever is expected to speak first, all of the run's timeout is given. */
const patienceMs = 2500
/** Of everything together. */
const longestMs = 15_000
const atOnce = 8
/** How long a refusal in HTTP is read on for its reason. */
const hintMs = 300
/** What has come without being known after so many bytes stays unknown. */
const mostUnknown = 16 * 1024

type Found = { readonly protocol: Protocol; readonly certainty: number; readonly conversation: Conversation; /** Whose greeting it answered; null: none. */ readonly sent: Protocol | null }
type Options = { readonly run: ProbeRun; readonly identifier?: Identifier | undefined; /** What is usual there, by its name; where nothing is recognised it is told with little confidence. */ readonly name?: string | undefined }

/** Errors: NetworkError `cancelled`. All other faults are told in the answer. */
export async function identifyService(place: ServicePlace, options: Options): Promise<Service> {
  return place.transport === 'udp' ? identifyDatagram(place, options) : identifyStream(place, options, false, options.run.now() + longestMs)
}

async function identifyStream(place: ServicePlace, options: Options, secure: boolean, until: number): Promise<Service> {
  const { run } = options
  const search = new Search(place, run, secure, until)
  try {
    const found = await search.find()
    if (found !== null && (found.protocol.name === layer || (!secure && await hintsAtTls(found.conversation)))) {
      found.conversation.close()
      search.close()
      return await inside(place, options, found, until)
    }
    const service = new Examination(place, run, { tls: secure, name: found?.protocol.name ?? options.name ?? 'unknown', conversation: found?.conversation ?? null, until })
    try {
      if (found === null) {
        service.confidence = options.name === undefined ? 0 : 0.2
        service.banner = search.unknown
        service.reasons.push(search.why())
        if (search.failure !== null) service.fault(search.failure)
      } else {
        service.confidence = found.certainty
        service.reasons.push(found.sent === null ? 'it speaks first' : `it answers a greeting of ${found.sent.name}`)
        const { protocol } = found
        await service.attempt(async () => {
          if (found.sent !== null && protocol !== found.sent) await service.restart(protocol.greeting?.({ ...place, random: run.random }) ?? '', heard => protocol.recognise(heard) > 0)
          await protocol.examine(service)
        })
      }
      return service.result(options.identifier)
    } finally {
      service.close()
    }
  } finally {
    search.close()
  }
}

async function hintsAtTls(conversation: Conversation): Promise<boolean> {
  if (!mayAwaitTls(conversation.heard)) return false
  await conversation.gather(awaitsTls, hintMs)
  return awaitsTls(conversation.heard)
}

/** What is spoken inside of TLS; where its handshake is not ours to finish, TLS is all that is known. */
async function inside(place: ServicePlace, options: Options, found: Found, until: number): Promise<Service> {
  const service = await identifyStream(place, options, true, until)
  if (service.confidence >= 0.5) return service
  const usual = table.find(row => row.secure.includes(place.port))?.protocol.name ?? options.name
  return { ...service, name: usual ?? 'unknown', confidence: usual === undefined ? 0 : 0.3, banner: service.banner === '' ? found.conversation.remembered : service.banner, reasons: ['it answers a TLS hello', ...service.reasons] }
}

/** The connections of one layer, until one of them is answered by something that is known. */
class Search {
  unknown: Bytes = ''
  failure: NetworkError | null = null
  readonly #place: ServicePlace
  readonly #run: ProbeRun
  readonly #secure: boolean
  readonly #until: number
  readonly #expected: readonly Row[]
  readonly #speaksFirst: boolean
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #open = new Set<Conversation>()
  readonly #underWay: Promise<void>[] = []
  readonly #found = Promise.withResolvers<Found>()
  #winner: Found | null = null
  #fatal: unknown = null
  #connected = 0
  #closedSilently = 0
  #wayMs = 0

  constructor(place: ServicePlace, run: ProbeRun, secure: boolean, until: number) {
    this.#place = place
    this.#run = run
    this.#secure = secure
    this.#until = until
    this.#signal = AbortSignal.any([run.signal, this.#stop.signal])
    this.#expected = table.filter(row => (secure ? row.secure : row.ports).includes(place.port))
    this.#speaksFirst = this.#expected.some(row => row.protocol.greeting === null)
  }

  async find(): Promise<Found | null> {
    const greeted = this.#expected.filter(row => row.protocol.greeting !== null)
    const speaksFirst = this.#speaksFirst
    if (greeted.length > 0 && !speaksFirst) {
      if (await this.#round(greeted, silenceMs)) return this.#winner
      if (this.#isPointless()) return null
    }
    if (await this.#round([null], speaksFirst ? expectedSilenceMs : silenceMs)) return this.#winner
    if (!handledWithCare.has(this.#place.port)) {
      for (const number of [1, 2, 3] as const) {
        const rows = table.filter(row => row.protocol.greeting !== null && (row.round === number || (number === 1 && speaksFirst && greeted.includes(row))) && (speaksFirst || !greeted.includes(row)) && !(this.#secure && row.protocol.name === layer))
        for (let at = 0; at < rows.length; at += atOnce) {
          if (this.#isPointless()) return null
          if (await this.#round(rows.slice(at, at + atOnce), number === 1 ? silenceMs * 2 : silenceMs)) return this.#winner
        }
      }
    }
    await Promise.race([this.#found.promise, Promise.all(this.#underWay)])
    this.#rethrow()
    return this.#winner
  }

  why(): string {
    if (this.failure !== null && this.#connected === 0) return 'no connection'
    if (this.unknown !== '') return 'what it says is not known'
    return this.#closedSilently > 0 && this.#closedSilently >= this.#connected - 1 ? 'it closes every connection without a word' : 'it says nothing'
  }

  close(): void {
    this.#stop.abort()
    for (const each of this.#open) if (each !== this.#winner?.conversation) each.close()
  }

  /** Nothing is there, or nothing that lets itself be talked to. */
  #isPointless(): boolean {
    return this.#connected === 0 || this.#run.now() >= this.#until || (this.#closedSilently >= 3 && this.#closedSilently === this.#connected)
  }

  /** true: found. false: all have been quiet for so long, or are over. */
  async #round(rows: readonly (Row | null)[], quietMs: number): Promise<boolean> {
    const quiet = rows.map((row) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const attempt = this.#attempt(row, quietMs, resolve).catch((error: unknown) => { this.#fatal ??= error }).finally(resolve)
      this.#underWay.push(attempt)
      return promise
    })
    await Promise.race([this.#found.promise, Promise.all(quiet)])
    this.#rethrow()
    return this.#winner !== null
  }

  #rethrow(): void {
    if (this.#winner === null && this.#fatal !== null) throw this.#fatal
  }

  /** One connection with one greeting, or none. `quiet` hears of its silence; an answer may still come after that. */
  async #attempt(row: Row | null, quietMs: number, quiet: () => void): Promise<void> {
    const { host, address, port } = this.#place
    const { now } = this.#run
    const began = now()
    let conversation: Conversation
    try {
      const tls = this.#secure ? { serverName: host, minVersion: null, maxVersion: null, ciphers: null } : null
      conversation = new Conversation(await this.#run.network.dial(address, port, { tls, timeoutMs: this.#run.timeoutMs }, this.#signal), this.#run, this.#until)
    } catch (error) {
      if (error instanceof NetworkError && (error.fault !== 'cancelled' || this.#stop.signal.aborted)) {
        this.failure ??= error
        return
      }
      throw error
    }
    this.#connected++
    this.#wayMs = Math.max(this.#wayMs, now() - began)
    this.#open.add(conversation)
    try {
      const greeting = row?.protocol.greeting?.({ host, port, random: this.#run.random })
      if (greeting !== undefined) await conversation.say(greeting)
      const { timeoutMs } = this.#run
      const ends = now() + (row === null && this.#speaksFirst ? timeoutMs : Math.min(patienceMs, timeoutMs))
      let wait = quietMs + 4 * this.#wayMs
      while (this.#winner === null && conversation.heard.length < mostUnknown) {
        if (!await conversation.more(Math.min(wait, ends - now()))) {
          if (conversation.ended || now() >= ends) break
          quiet()
          wait = ends - now()
          continue
        }
        const known = this.#known(conversation.heard, row)
        if (known === null) continue
        if (this.#winner !== null) break
        this.#winner = { ...known, conversation, sent: row?.protocol ?? null }
        this.#found.resolve(this.#winner)
        return
      }
      if (conversation.remembered === '') this.#closedSilently += conversation.ended ? 1 : 0
      else if (this.unknown === '') this.unknown = conversation.remembered
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    } finally {
      if (this.#winner?.conversation !== conversation) {
        this.#open.delete(conversation)
        conversation.close()
      }
    }
  }

  /** The protocol that knows these bytes best; of equals, what is usual at the port. */
  #known(heard: Bytes, sent: Row | null): { readonly protocol: Protocol; readonly certainty: number } | null {
    let best: { readonly protocol: Protocol; readonly certainty: number } | null = null
    let most = 0.3
    for (const row of table) {
      const certainty = row.protocol.recognise(heard)
      const weight = certainty + (this.#expected.includes(row) ? 0.1 : 0) + (row === sent ? 0.05 : 0)
      if (certainty === 0 || weight <= most) continue
      most = weight
      best = { protocol: row.protocol, certainty }
    }
    return best
  }
}

async function identifyDatagram(place: ServicePlace, { run, identifier, name }: Options): Promise<Service> {
  const service = new Examination(place, run, { tls: false, name: name ?? 'unknown', conversation: null, until: run.now() + longestMs })
  let failure: NetworkError | null = null
  for (const { name: protocol, requests, knows } of udpProtocols.filter(({ ports }) => ports.includes(place.port))) {
    for (const request of requests) {
      let heard: Bytes
      try {
        heard = await service.datagram(request)
      } catch (error) {
        if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
        failure = error
        if (error.fault === 'timeout') continue
        break
      }
      service.banner = heard
      if (!knows(heard)) continue
      service.name = protocol
      service.confidence = 1
      service.reasons.push(`it answers a datagram of ${protocol}`)
      await service.attempt(async () => datagramExaminers[protocol]?.(service, heard))
      return service.result(identifier)
    }
  }
  service.confidence = name === undefined ? 0 : 0.2
  service.reasons.push('nothing that is known answers')
  if (failure !== null) service.fault(failure)
  return service.result(identifier)
}
