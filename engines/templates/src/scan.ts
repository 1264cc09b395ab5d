// Many templates on many targets. One template's fault is its own; a host that cannot be reached costs nothing but itself, and only the target's own silence makes
// it count as silent; whatever is not run, not sent or not believed is counted with its reason. Defended by scan.test.ts and tests/conformance/templates.
import { judge, judgeHost } from './believing.ts'
import { runTemplate } from './execute.ts'
import type { Execution } from './execute.ts'
import { createFileScan } from './file.ts'
import { globalBlocks, watched } from './http/global-matchers.ts'
import type { Library } from './library.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { Connection, FileEntry, HttpRequest, HttpResponse, Match, Network, NetworkFault, ProblemCode, Settings, Target, Template } from './model.ts'
import { TemplateError } from './problem.ts'
import { redacted } from './redaction.ts'
import { allowedInWorkflow, select } from './selection.ts'
import type { Selection, Skipped } from './selection.ts'
import { sharing } from './sharing.ts'
import { runWorkflow } from './workflow.ts'

export type ScanOptions = {
  readonly library: Library
  readonly selection: Selection
  readonly targets: readonly Target[]
  /** What file templates read: folders by the name they were given, with what is in them. */
  readonly folders?: readonly { readonly input: string; readonly entries: AsyncIterable<FileEntry> }[]
  readonly network: Network
  readonly settings: Settings
  /** Templates at a time, on one host and in all. */
  readonly concurrency: { readonly perHost: number; readonly overall: number }
  /** Requests to one host in a second; 0: as fast as it goes. */
  readonly rate: number
  /** Equal seeds give equal requests. */
  readonly seed: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly signal: AbortSignal
  /** Bytes of answers that are kept for other templates. 64 MiB. */
  readonly keptBytes?: number
}

/** Why a template was not run on a target. */
export type NotRun = Skipped | 'no_web' | 'target_unresponsive' | 'interrupted' | 'file_template' | 'not_a_file_template'

export type ScanTotals = {
  readonly targets: number
  /** Templates times targets. */
  readonly run: number
  readonly skipped: Readonly<Partial<Record<NotRun, number>>>
  readonly failed: Readonly<Partial<Record<ProblemCode | 'internal', number>>>
  /** `asked` by templates, of these `controls` to see whether matches can be believed; `shared` with others that had asked the same; `sent` in the end. */
  readonly requests: { readonly asked: number; readonly shared: number; readonly sent: number; readonly controls: number }
  readonly faults: Readonly<Partial<Record<NetworkFault, number>>>
  readonly matches: number
  readonly held: number
  readonly interrupted: boolean
}

export type ScanEvent =
  /** `doubt` is null. */
  | { readonly kind: 'match'; readonly match: Match }
  /** Not believed; `doubt` says why. */
  | { readonly kind: 'held'; readonly match: Match }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly requests: number; readonly found: number }
  | { readonly kind: 'template_failed'; readonly template: string; readonly file: string; readonly target: string; readonly code: ProblemCode | 'internal'; readonly place: string; readonly reason: string }
  /** After `failures` requests in a row. `skipped` of its templates are not run. */
  | { readonly kind: 'target_unresponsive'; readonly target: string; readonly endpoint: string; readonly fault: NetworkFault; readonly failures: number; readonly skipped: number }
  | { readonly kind: 'done'; readonly totals: ScanTotals }

const failuresOfATarget = 30
const failuresOfOthers = 5
const progressEvery = 50
const waitingEvents = 1_000
const silent: ReadonlySet<NetworkFault> = new Set(['refused', 'unreachable', 'timeout', 'not_resolved', 'tls_failed'])
const web: ReadonlySet<string> = new Set(['http', 'websocket'])

/**
 * Runs what is selected on each target and tells what happens. Matches of a target come when all of its templates have run, because only then is known whether
 * they can be believed; an aborted signal ends the scan with what there is until then, and `done` comes in any case. Never throws for what targets,
 * templates or the network do.
 */
export async function* scan(options: ScanOptions): AsyncGenerator<ScanEvent, void, undefined> {
  const running = new Scan(options)
  yield* running.events()
}

class Scan {
  readonly #options: ScanOptions
  readonly #queue: ScanEvent[] = []
  #wake: (() => void) | null = null
  #room: (() => void)[] = []
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #skipped: Partial<Record<NotRun, number>>
  readonly #failed: Partial<Record<ProblemCode | 'internal', number>> = {}
  readonly #faults: Partial<Record<NetworkFault, number>> = {}
  readonly #counted = new WeakSet<NetworkError>()
  readonly #chosen: readonly Template[]
  readonly #overall: Semaphore
  readonly #hosts = new Map<string, Host>()
  readonly #total: number
  #run = 0
  #done = 0
  #asked = 0
  #shared = 0
  #sent = 0
  #controls = 0
  #matches = 0
  #held = 0
  #found = 0

  constructor(options: ScanOptions) {
    this.#options = options
    const { chosen, skipped } = select(options.library.templates, options.selection)
    this.#chosen = [...chosen].sort(byRequest)
    const places = options.targets.length + (options.folders?.length ?? 0)
    this.#skipped = Object.fromEntries(Object.entries(skipped).map(([reason, count]) => [reason, count * places]))
    this.#overall = new Semaphore(options.concurrency.overall)
    this.#total = this.#chosen.length * places
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
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
        for (const go of this.#room.splice(0)) go()
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
      for (const go of this.#room.splice(0)) go()
      await work
    }
  }

  #tell(event: ScanEvent): void {
    this.#queue.push(event)
    this.#wake?.()
  }

  #totals(): ScanTotals {
    return {
      targets: this.#options.targets.length + (this.#options.folders?.length ?? 0), run: this.#run, skipped: this.#skipped, failed: this.#failed,
      requests: { asked: this.#asked, shared: this.#shared, sent: this.#sent, controls: this.#controls }, faults: this.#faults,
      matches: this.#matches, held: this.#held, interrupted: this.#options.signal.aborted,
    }
  }

  async #all(): Promise<void> {
    const { targets, folders = [], concurrency } = this.#options
    const places = [...targets.map((target) => () => this.#scanTarget(target)), ...folders.map((folder) => () => this.#scanFolder(folder))]
    await each(places, Math.max(1, concurrency.overall), (place) => place())
  }

  #skip(reason: NotRun, count = 1): void {
    if (count > 0) this.#skipped[reason] = (this.#skipped[reason] ?? 0) + count
    this.#step(count)
  }

  #step(count: number): void {
    const before = this.#done
    this.#done += count
    if (Math.floor(before / progressEvery) !== Math.floor(this.#done / progressEvery) || this.#done === this.#total) {
      this.#tell({ kind: 'progress', done: this.#done, total: this.#total, requests: this.#sent, found: this.#found })
    }
  }

  /** What is no TemplateError is a fault of ours, or of the machine, that this template has come upon; it is the template's all the same. */
  #fail(template: Template, target: string, error: unknown): void {
    const problem = error instanceof TemplateError ? error.problem : { code: 'internal' as const, place: '', reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
    this.#failed[problem.code] = (this.#failed[problem.code] ?? 0) + 1
    this.#tell({ kind: 'template_failed', template: template.id, file: template.file, target, ...problem })
  }

  /** What fails on a connection that stands, its executor tells; what fails before, the network has thrown by then: each counts once. */
  #fault(error: NetworkError): void {
    if (this.#counted.has(error)) return
    this.#counted.add(error)
    this.#faults[error.fault] = (this.#faults[error.fault] ?? 0) + 1
  }

  #deliver(matches: readonly Match[]): void {
    for (const match of judgeHost(matches).map(redacted)) {
      if (match.doubt === null) this.#matches++
      else this.#held++
      this.#tell(match.doubt === null ? { kind: 'match', match } : { kind: 'held', match })
    }
  }

  async #scanTarget(given: Target): Promise<void> {
    const { network, concurrency, rate, now, settings, seed, keptBytes = 67_108_864 } = this.#options
    const signal = this.#signal
    let host = this.#hosts.get(given.host)
    if (host === undefined) this.#hosts.set(given.host, host = { slots: new Semaphore(concurrency.perHost), pace: new Pace(rate, now), endpoints: new Map() })
    const guarded = new Guarded(network, host, { sent: () => { this.#sent++ }, fault: (error) => { this.#fault(error) } })
    const wanted = this.#chosen.filter((template) => template.workflow.length > 0 || template.blocks.some(({ protocol }) => protocol !== 'file'))
    this.#skip('file_template', this.#chosen.length - wanted.length)
    const needsWeb = wanted.filter(usesWeb)
    const target = needsWeb.length === 0 ? given : await probed(given, guarded, settings, signal)
    const noWeb = target.scheme === null && needsWeb.length > 0
    const endpoint = endpointOf(target.host, target.port ?? (target.scheme === 'https' ? 443 : 80))
    guarded.watch(endpoint)
    const queue = noWeb ? wanted.filter((template) => !usesWeb(template)) : [...wanted]
    if (noWeb) this.#skip('no_web', needsWeb.length)
    queue.reverse()
    const found: Match[] = []
    const overseen = watched(guarded, globalBlocks(this.#chosen), { target, random: () => 0, now, report: (match) => { found.push(match) }, failed: (template, error) => { this.#caught(error, template, target.input) } })
    const shared = sharing(overseen, keptBytes)
    const known = new Set<string>()

    const one = async (given: Template): Promise<void> => {
      // What is compiled of a block is kept for as long as the block is: where it is run only once, for no longer.
      const template = this.#options.targets.length > 1 ? given : { ...given, blocks: given.blocks.map((block) => ({ ...block })) }
      const reported: Match[] = []
      const runOn = (network: Network, report: (match: Match) => void): Promise<unknown> => {
        const execution: Execution = { target, network, signal, settings, seed, now, report, sent: ({ fault }) => { if (fault !== null) this.#fault(fault) } }
        return template.workflow.length > 0
          ? runWorkflow(template, lookupsOf(this.#options.library), execution, { selected: (each) => allowedInWorkflow(each, this.#options.selection), failed: (each, error) => { this.#fail(each, target.input, error) } })
          : runTemplate(template, execution)
      }
      try {
        await runOn(shared.session(), (match) => {
          const key = JSON.stringify([match.template, match.matcher, match.matchedAt, match.extracted])
          if (known.has(key)) return
          known.add(key)
          reported.push(match)
        })
      } catch (error) {
        this.#caught(error, template, target.input)
      }
      if (reported.length === 0 || signal.aborted) return
      this.#found += reported.length
      // What says nothing of HTTP has no place where it cannot be, and is not sent twice for that.
      if (!usesWeb(template)) {
        found.push(...reported)
        return
      }
      const judged = await judge(reported, { template, target, network: shared.session(), seed }, async (decoy) => {
        const again: Match[] = []
        try {
          await runOn(decoy, (match) => again.push(match))
        } catch (error) {
          // It could not go on where nothing is as it expects.
          if (!(error instanceof TemplateError || error instanceof NetworkError)) this.#caught(error, template, target.input)
        }
        return again
      })
      found.push(...judged.matches)
      this.#controls += judged.requests
    }

    const worker = async (): Promise<void> => {
      for (let template = queue.pop(); template !== undefined; template = queue.pop()) {
        if (signal.aborted) {
          this.#skip('interrupted')
          continue
        }
        if (guarded.dead !== null && usesWeb(template)) {
          const left = [template, ...queue.filter(usesWeb)]
          for (const other of queue.splice(0).filter((other) => !usesWeb(other))) queue.push(other)
          this.#tell({ kind: 'target_unresponsive', target: target.input, endpoint, fault: guarded.dead, failures: failuresOfATarget, skipped: left.length })
          this.#skip('target_unresponsive', left.length)
          continue
        }
        await host.slots.take()
        await this.#overall.take()
        try {
          await one(template)
        } finally {
          this.#overall.give()
          host.slots.give()
        }
        this.#run++
        this.#step(1)
        await this.#breathe()
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency.perHost, Math.max(1, queue.length)) }, worker))
    this.#asked += shared.counts.asked
    this.#shared += shared.counts.shared
    this.#deliver(found)
  }

  /** Nobody is told faster than he listens. */
  async #breathe(): Promise<void> {
    if (this.#queue.length < waitingEvents || this.#signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#room.push(resolve)
    await promise
  }

  #caught(error: unknown, template: Template, target: string): void {
    if (!(error instanceof NetworkError) && !this.#signal.aborted) this.#fail(template, target, error)
  }

  async #scanFolder({ input, entries }: NonNullable<ScanOptions['folders']>[number]): Promise<void> {
    const templates = this.#chosen.filter((template) => template.blocks.some(({ protocol }) => protocol === 'file'))
    this.#skip('not_a_file_template', this.#chosen.length - templates.length)
    const told = new Set<Template>()
    const files = createFileScan(templates, {
      failed: (template, path, { code, place, reason }) => {
        // Once: what one file does to a template, all of its kind do.
        if (told.has(template)) return
        told.add(template)
        this.#fail(template, path, new TemplateError(code, place, reason))
      },
    })
    const found: Match[] = []
    for await (const entry of entries) {
      if (this.#signal.aborted) break
      for (const match of await files.judge(entry)) found.push({ ...match, target: input })
    }
    this.#run += templates.length
    this.#step(templates.length)
    for (const match of found) this.#tell({ kind: 'match', match: redacted(match) })
    this.#matches += found.length
  }
}

const usesWeb = (template: Template): boolean => template.workflow.length > 0 || template.blocks.some(({ protocol }) => web.has(protocol))
const lookupsOf = ({ byPath, byTag }: Library): { byPath(path: string): Template | undefined; byTag(tag: string): readonly Template[] } => ({ byPath: (path) => byPath.get(path), byTag: (tag) => byTag.get(tag) ?? [] })
const endpointOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** What asks for the same first stands together, so that its answer is kept no longer than it is needed. */
function byRequest(a: Template, b: Template): number {
  const left = firstOf(a)
  const right = firstOf(b)
  return left < right ? -1 : left > right ? 1 : 0
}

function firstOf({ blocks: [block] }: Template): string {
  if (block?.protocol !== 'http') return ''
  return block.raw[0]?.split('\n', 1)[0]?.trim() ?? `${block.method} ${block.path[0] ?? ''}`
}

/** Which of https and http answers; without a scheme, where neither does. */
async function probed(target: Target, network: Network, settings: Settings, signal: AbortSignal): Promise<Target> {
  if (target.scheme !== null) return target
  for (const scheme of ['https', 'http'] as const) {
    const port = target.port ?? (scheme === 'https' ? 443 : 80)
    try {
      await network.http({
        method: 'GET', scheme, host: target.host, port, target: target.path === '' ? '/' : target.path, headers: [['User-Agent', settings.userAgent], ['Accept', '*/*']], body: null,
        serverName: settings.serverName, timeoutMs: settings.timeoutMs, maxBytes: settings.maxBytes,
      }, signal)
      return { ...target, scheme }
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
    }
  }
  return target
}

type Host = { readonly slots: Semaphore; readonly pace: Pace; readonly endpoints: Map<string, Endpoint> }
type Endpoint = { failures: number; most: number; fault: NetworkFault | null }

/** Keeps the pace, and does not ask again where nobody answers. */
class Guarded implements Network {
  readonly #network: Network
  readonly #host: Host
  readonly #told: { sent(): void; fault(error: NetworkError): void }
  #own: Endpoint | null = null

  constructor(network: Network, host: Host, told: { sent(): void; fault(error: NetworkError): void }) {
    this.#network = network
    this.#host = host
    this.#told = told
  }

  /** The endpoint whose silence is the target's. */
  watch(endpoint: string): void {
    this.#own = this.#endpoint(endpoint)
    this.#own.most = failuresOfATarget
    this.#own.fault = null
    this.#own.failures = 0
  }

  get dead(): NetworkFault | null {
    return this.#own?.fault ?? null
  }

  #endpoint(name: string): Endpoint {
    let endpoint = this.#host.endpoints.get(name)
    if (endpoint === undefined) this.#host.endpoints.set(name, endpoint = { failures: 0, most: failuresOfOthers, fault: null })
    return endpoint
  }

  async #guard<T>(name: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const endpoint = this.#endpoint(name)
    try {
      if (endpoint.fault !== null) throw new NetworkError(endpoint.fault, name, 'it has not answered before')
      const wait = this.#host.pace.wait()
      if (wait > 0) await pause(wait, signal)
      this.#told.sent()
      const answer = await ask()
      endpoint.failures = 0
      return answer
    } catch (error) {
      if (error instanceof NetworkError) {
        this.#told.fault(error)
        if (silent.has(error.fault) && ++endpoint.failures >= endpoint.most) endpoint.fault = error.fault
        else if (!silent.has(error.fault) && error.fault !== 'out_of_scope' && error.fault !== 'cancelled') endpoint.failures = 0
      }
      throw error
    }
  }

  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    return this.#guard(endpointOf(request.host, request.port), signal, () => this.#network.http(request, signal))
  }

  dial(host: string, port: number, options: Parameters<Network['dial']>[2], signal: AbortSignal): Promise<Connection> {
    return this.#guard(endpointOf(host, port), signal, () => this.#network.dial(host, port, options, signal))
  }

  dns(message: Uint8Array, options: Parameters<Network['dns']>[1], signal: AbortSignal): Promise<Uint8Array> {
    return this.#guard(`dns ${options.resolver ?? ''}`, signal, () => this.#network.dns(message, options, signal))
  }
}

class Semaphore {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(free: number) {
    this.#free = free
  }

  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise((resolve) => { this.#waiting.push(resolve) })
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

/** So many requests in a second, evenly. */
class Pace {
  readonly #interval: number
  readonly #now: () => number
  #next = 0

  constructor(rate: number, now: () => number) {
    this.#interval = rate === 0 ? 0 : 1_000 / rate
    this.#now = now
  }

  /** Milliseconds. */
  wait(): number {
    if (this.#interval === 0) return 0
    const now = this.#now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#interval
    return at - now
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', go)
      resolve()
    }
    const timer = setTimeout(go, milliseconds)
    signal.addEventListener('abort', go)
  })
}

async function each<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items].reverse()
  await Promise.all(Array.from({ length: Math.min(most, left.length) }, async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item)
  }))
}
