// Documents become tools in a thread of their own: calls go on being answered whatever a document costs, and one that costs too much costs only that
// thread. Another takes its place and is given what was in force. Defended by conversion.integration.test.ts.
import { Worker } from 'node:worker_threads'
import type { Change, Finding, Refusal, SearchIndex, Tool } from '@haechi/openapi-tools'
import { HaechiError } from '@haechi/server/errors'
import type { RefersTo } from './specification.ts'

/** `prefix` stands before the names of the tools where several documents share a list. */
export type Job = {
  readonly spec: string
  readonly bytes: Uint8Array
  readonly url: string | null
  readonly documents?: ReadonlyMap<string, Uint8Array>
  readonly unavailable?: ReadonlyMap<string, string>
  readonly overlays: readonly string[]
  readonly prefix: string | null
}
/** `json` is the text of its ToolDefinition. */
export type ConvertedTool = Tool & { readonly json: string }
export type ToolFinding = Finding & { readonly tool: string }
export type About = { readonly title: string; readonly version: string; readonly description: string }
export type Conversion = {
  /** In order of their names. */
  readonly tools: readonly ConvertedTool[]
  readonly about: About
  /** Against what was accepted last; [] for the first. */
  readonly changes: readonly Change[]
  readonly findings: readonly ToolFinding[]
  readonly skipped: readonly (Refusal & { readonly key: string })[]
  readonly warnings: readonly Refusal[]
}

export type ToThread =
  | { readonly kind: 'convert'; readonly id: number; readonly job: Job; /** Nothing but the end is told. */ readonly quiet: boolean }
  | { readonly kind: 'refers'; readonly id: number; readonly bytes: Uint8Array; readonly url: string; readonly glance: boolean }
  | { readonly kind: 'accept'; readonly spec: string }
  | { readonly kind: 'index'; readonly id: number; readonly tools: ReadonlySet<string> }
export type FromThread = { readonly id: number } & (
  | { readonly kind: 'part'; readonly tools: readonly ConvertedTool[] }
  | { readonly kind: 'done'; /** Names of tools that are as they were in what was accepted when this was asked for: they are not sent again. */ readonly same: readonly string[] } & Conversion
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'references'; readonly references: readonly string[] }
  | { readonly kind: 'indexed'; readonly index: SearchIndex }
  | { readonly kind: 'failed'; readonly reason: string }
)

export interface Converter {
  /** Errors: mcp_spec_refused, mcp_spec_exhausting. */
  convert(job: Job, place: string): Promise<Conversion>
  /** outsideReferences of a document. Errors: mcp_spec_exhausting. */
  refersTo(place: string): RefersTo
  /** What was converted last is in force: the next conversion is compared with it. */
  accept(job: Job): void
  /** Of these among all tools that were accepted, in the order of their names. */
  index(tools: ReadonlySet<string>): Promise<SearchIndex>
  close(): Promise<void>
}

type Tools = ReadonlyMap<string, ConvertedTool>
/** `before`: what the thread compares with. It hears what is accepted in the order in which it is asked. */
type Waiting = { readonly tools: ConvertedTool[]; readonly before: Tools; resolve(message: FromThread): void; reject(error: unknown): void }

export function createConverter({ megabytes = 2_048, seconds = 60 }: { readonly megabytes?: number; readonly seconds?: number } = {}): Converter {
  const accepted = new Map<string, { readonly job: Job; readonly tools: Tools }>()
  const fresh = new Map<string, Tools>()
  const waiting = new Map<number, Waiting>()
  let last = 0
  let thread: Worker | undefined
  let queue: Promise<unknown> = Promise.resolve()

  function open(): Worker {
    const worker = new Worker(new URL('./conversion-thread.ts', import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: 16 } })
    const gone = (error: unknown): void => {
      if (thread !== worker) return
      thread = undefined
      for (const one of waiting.values()) one.reject(error)
      waiting.clear()
    }
    worker.on('message', (message: FromThread) => {
      const one = waiting.get(message.id)
      if (one === undefined) return
      if (message.kind === 'part') {
        one.tools.push(...message.tools)
        return
      }
      waiting.delete(message.id)
      if (message.kind === 'failed') one.reject(new ThreadFailure(message.reason))
      else one.resolve(message.kind === 'done' ? { ...message, tools: [...one.tools, ...message.tools, ...message.same.map((name) => one.before.get(name)!)].sort(byName) } : message)
    })
    worker.on('error', gone)
    worker.on('exit', () => gone(new ThreadFailure('ended')))
    for (const { job } of accepted.values()) {
      // What was in force is converted again, so that the next version has something to be compared with; nobody waits for it.
      post(worker, { kind: 'convert', id: 0, job, quiet: true })
      post(worker, { kind: 'accept', spec: job.spec })
    }
    return worker
  }

  function request(message: (id: number) => ToThread): Promise<FromThread> {
    thread ??= open()
    const id = ++last
    const { promise, resolve, reject } = Promise.withResolvers<FromThread>()
    const asked = message(id)
    waiting.set(id, { tools: [], before: (asked.kind === 'convert' ? accepted.get(asked.job.spec)?.tools : undefined) ?? new Map(), resolve, reject })
    post(thread, asked)
    return promise
  }

  async function end(): Promise<void> {
    const ending = thread
    thread = undefined
    for (const one of waiting.values()) one.reject(new ThreadFailure('ended'))
    waiting.clear()
    await ending?.terminate()
  }

  /** One after the other: the time of one is not that of another. */
  function answered<Kind extends FromThread['kind']>(place: string, kinds: readonly Kind[], message: (id: number) => ToThread): Promise<Extract<FromThread, { readonly kind: Kind }>> {
    const turn = queue.then(async () => bounded(place, kinds, message))
    queue = turn.catch(() => undefined)
    return turn
  }

  async function bounded<Kind extends FromThread['kind']>(place: string, kinds: readonly Kind[], message: (id: number) => ToThread): Promise<Extract<FromThread, { readonly kind: Kind }>> {
    const exhausting = (cause?: unknown): HaechiError => new HaechiError('mcp_spec_exhausting', { place, megabytes, seconds }, { cause })
    let late = false
    const timer = setTimeout(() => {
      late = true
      void end()
    }, seconds * 1_000)
    try {
      const answer = await request(message)
      if (!kinds.includes(answer.kind as Kind)) throw new ThreadFailure(answer.kind)
      return answer as Extract<FromThread, { readonly kind: Kind }>
    } catch (error) {
      // Deep recursion is as good as any other way to need too much.
      if (late || !(error instanceof ThreadFailure) || /RangeError/.test(error.message)) throw exhausting(error)
      throw new HaechiError('mcp_spec_refused', { place, refusal: 'conversion_failed', at: '#', reason: error.message }, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async convert(job, place) {
      const answer = await answered(place, ['done', 'refused'], (id) => ({ kind: 'convert', id, job, quiet: false }))
      if (answer.kind === 'refused') throw new HaechiError('mcp_spec_refused', { place, refusal: answer.refusal.code, at: answer.refusal.place, reason: answer.refusal.reason })
      fresh.set(job.spec, new Map(answer.tools.map((tool) => [tool.name, tool])))
      return answer
    },
    refersTo: (place) => async (bytes, { url, glance }) => answered(place, ['references', 'refused'], (id) => ({ kind: 'refers', id, bytes, url, glance })),
    accept(job) {
      accepted.set(job.spec, { job, tools: fresh.get(job.spec) ?? new Map() })
      fresh.delete(job.spec)
      if (thread !== undefined) post(thread, { kind: 'accept', spec: job.spec })
    },
    async index(tools) {
      const answer = await request((id) => ({ kind: 'index', id, tools }))
      if (answer.kind !== 'indexed') throw new ThreadFailure(answer.kind)
      return answer.index
    },
    close: end,
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
const post = (thread: Worker, message: ToThread): void => thread.postMessage(message)

class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure'
}
