// The server's side of the detection thread: one request at a time, so that it is known which stretch of the log a fault belongs to. A thread that ends is
// started again, and whoever asks tells it anew what is in force (`generation` says so). Defended by follow.integration.test.ts.
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Indicator } from '@haechi/indicators'
import type { Logger } from '../platform/log.ts'
import type { PackRejection } from '../platform/packs.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { CorrelationState } from './correlation-state.ts'
import type { FromThread, Linking, SearchRequest, Slice, TenantRules, ToThread } from './messages.ts'
import type { PackContent, PackText, RuleFacts } from './rules.ts'
import type { ThreadData } from './thread.ts'

export type PackReading = { readonly rules: readonly RuleFacts[]; readonly filters: number; readonly rejected: readonly PackRejection[] }

export interface Searcher {
  /** Rises when a new thread knows nothing of what was told. */
  generation(): number
  pack(content: PackContent): Promise<PackReading>
  tenant(rules: TenantRules): Promise<Linking>
  indicators(version: string, part: readonly Indicator[], first: boolean): Promise<void>
  use(tenant: string, indicators: string): Promise<void>
  keep(packs: readonly string[], indicators: readonly string[]): void
  /** Errors: SearchFailed, when the thread ended, threw, or took longer than a minute. */
  search(request: SearchRequest): Promise<Slice>
  close(): Promise<void>
}
export class SearchFailed extends Error {}
/** The thread that was told what is in force for the tenant is gone: no fault of the events. */
export class SearchUntold extends Error {}

const heapMegabytes = 1_536
/** Of what is read of events nothing lives long: with room for a slice of it, little is copied. */
const youngMegabytes = 128
const slowestRestart = 2_000
const searchSeconds = 60
const asideSeconds = 300
/** For the kept state of correlations; after that it is asked for anew. */
const stateSeconds = 20
/** A state of correlations is kept after so many events. */
const saveEvents = 20_000

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
const post = (worker: Worker, message: ToThread) => { worker.postMessage(message) }
const threadOf = (data: ThreadData) => new Worker(new URL('./thread.ts', import.meta.url), { workerData: data, env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: youngMegabytes } })

export function openSearcher({ logFolder, sealer, log, states, onRestart, dieOn = null, saveEvents: saves = saveEvents }: { logFolder: string; sealer: Sealer; log: Logger; states: Pick<CorrelationState, 'beginning' | 'reached'>; onRestart?: () => void; dieOn?: string | null; saveEvents?: number }): Searcher {
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  let asked = 0
  let generation = 0
  let worker: Worker | null = null
  let restart = 100
  let restarting: Promise<void> = Promise.resolve()
  let closed = false

  function begin(): void {
    const started = worker = threadOf({ logFolder, dieOn, saveEvents: saves })
    started.on('message', hear)
    let reason = 'exit'
    started.on('error', (error) => {
      reason = 'code' in error ? String(error.code) : error.name
      log.error({ err: error }, 'The detection thread failed')
    })
    started.on('exit', () => {
      if (worker === started) worker = null
      // At once, not with the next thread: what is told from now on reaches that one, which knows nothing.
      generation++
      for (const { reject } of waiting.values()) reject(new SearchFailed(reason))
      waiting.clear()
      if (closed) return
      log.error({ reason, again_in_ms: restart }, 'The detection thread ended; it is started again')
      onRestart?.()
      const pause = restart
      restart = Math.min(restart * 2, slowestRestart)
      restarting = delay(pause, undefined, { ref: false }).then(() => { if (!closed) begin() })
    })
  }

  function hear(message: FromThread): void {
    if (message.kind === 'openKey') {
      let key: Uint8Array | null = null
      try {
        key = sealer.open(message.wrapped, message.place)
      } catch (error) {
        log.error({ err: error }, 'The key of an event log segment cannot be opened')
      }
      tell({ kind: 'key', id: message.id, key })
      return
    }
    if (message.kind === 'begin') {
      const { id, tenant, from, refused } = message
      const at = worker
      void Promise.race([states.beginning(tenant, from, refused), delay(stateSeconds * 1_000, null, { ref: false })]).catch((error: unknown) => {
        log.warn({ err: error, tenant }, 'The state of running correlations cannot be read now; it is tried again')
        return null
      }).then((beginning) => { if (at !== null && worker === at) post(at, { kind: 'beginning', id, beginning }) })
      return
    }
    const question = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.kind === 'untold') question?.reject(new SearchUntold('a new thread'))
    else if (message.kind === 'failed') question?.reject(new SearchFailed(message.reason))
    else if (message.kind === 'pack') question?.resolve({ rules: message.rules, filters: message.filters, rejected: message.rejected } as never)
    else if (message.kind === 'linked') question?.resolve(message.linking as never)
    else question?.resolve((message.kind === 'found' ? message.slice : undefined) as never)
  }

  const tell = (message: ToThread) => { if (worker !== null) post(worker, message) }

  async function ask<T>(message: (id: number) => ToThread, seconds: number | null): Promise<T> {
    await restarting
    if (worker === null) throw new SearchFailed('closed')
    const id = asked++
    const at = worker
    const overdue = seconds === null ? undefined : setTimeout(() => { void at.terminate() }, seconds * 1_000)
    try {
      return await new Promise<T>((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        post(at, message(id))
      })
    } finally {
      clearTimeout(overdue)
    }
  }

  begin()
  return {
    generation: () => generation,
    pack: (pack) => ask((id) => ({ kind: 'pack', id, pack }), null),
    tenant: (rules) => ask((id) => ({ kind: 'tenant', id, rules }), searchSeconds),
    indicators: (version, part, first) => ask((id) => ({ kind: 'indicators', id, version, part, first }), searchSeconds),
    use: (tenant, indicators) => ask((id) => ({ kind: 'use', id, tenant, indicators }), searchSeconds),
    keep: (packs, indicators) => tell({ kind: 'keep', packs, indicators }),
    async search(request) {
      const slice = await ask<Slice>((id) => ({ kind: 'search', id, request }), searchSeconds)
      restart = 100
      if (slice.again === 'reached') states.reached(request.tenant)
      return slice
    },
    async close() {
      closed = true
      await worker?.terminate()
      await restarting
    },
  }
}

/** Reads a pack and compiles its rules in a thread of its own, so that neither the server nor detection waits for it or ends with it. Errors: SearchFailed. */
export async function readPackAside(files: readonly PackText[]): Promise<PackReading> {
  const aside = threadOf({ logFolder: '', dieOn: null, saveEvents })
  const overdue = setTimeout(() => { void aside.terminate() }, asideSeconds * 1_000)
  try {
    return await new Promise<PackReading>((resolve, reject) => {
      let reading: PackReading | null = null
      aside.on('message', (message: FromThread) => {
        if (message.kind === 'pack') {
          reading = message
          post(aside, { kind: 'tenant', id: 1, rules: { tenant: '', packs: [''], disabled: [], enabled: [], suppressions: [] } })
        } else if (message.kind === 'linked' && reading !== null) resolve(reading)
      })
      aside.on('error', (error) => reject(new SearchFailed('code' in error ? String(error.code) : error.message)))
      aside.on('exit', () => reject(new SearchFailed('exit')))
      post(aside, { kind: 'pack', id: 0, pack: { key: '', name: '', version: '', license: null, files } })
    })
  } finally {
    clearTimeout(overdue)
    await aside.terminate()
  }
}
