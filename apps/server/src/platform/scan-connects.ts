// Many connects to one address. A few are made here; many in threads, whose event loops share the machine's processors and leave this one to others. Defended by
// scan-connects.integration.test.ts.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { NetworkError } from '@haechi/probes/wire'
import type { PortBatch } from '@haechi/probes/wire'
import { connectPorts, portStates, withSockets } from './scan-connecting.ts'
import type { Connected, Connecting } from './scan-connecting.ts'

/** null: that one is to end. */
export type ToThread = { readonly id: number; readonly connecting: Connecting | null }
/** null: it was ended. */
export type FromThread = { readonly id: number; readonly connected: Connected | null }

export interface Connects {
  /** As `connects` of ProbeNetwork. Errors: NetworkError cancelled. */
  connect(address: string, ports: readonly number[], limits: { readonly concurrency: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<PortBatch>
  close(): void
}

/** Below that, threads would take longer to start than to connect. */
const many = 512
const mostThreads = 4

export function createConnects(): Connects {
  let threads: Thread[] | null = null

  return {
    async connect(address, ports, { concurrency, timeoutMs }, signal) {
      const connecting = { address, timeoutMs, ports: shared(Uint16Array, ports.length), states: shared(Uint8Array, ports.length), next: shared(Int32Array, 1) }
      connecting.ports.set(ports)
      if (ports.length >= many) threads ??= Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => new Thread(() => { threads = null }))
      const all = await Promise.all(ports.length < many || threads === null
        ? [connectPorts(withSockets, { ...connecting, concurrency }, signal)]
        : threads.slice(0, concurrency).map((thread, at, { length }) => thread.connect({ ...connecting, concurrency: Math.floor((concurrency + at) / length) }, signal)))
      const connected = all.filter((each) => each !== null)
      if (connected.length < all.length) throw new NetworkError('cancelled', address, { en: 'the scan was stopped', ko: '검사가 중단됨' })
      const slowest = connected.flatMap(({ slowestAnswerMs }) => slowestAnswerMs ?? [])
      return {
        states: Array.from(connecting.states, (state) => portStates[state]!), durationMs: Math.max(...connected.map((each) => each.durationMs)),
        slowestAnswerMs: slowest.length === 0 ? null : Math.max(...slowest), notBegun: connected.reduce((sum, each) => sum + each.notBegun, 0),
      }
    },
    close() {
      for (const thread of threads ?? []) thread.close()
      threads = null
    },
  }
}

const shared = <Kind>(kind: { new (buffer: SharedArrayBuffer): Kind; readonly BYTES_PER_ELEMENT: number }, length: number): Kind => new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))

class Thread {
  readonly #worker = new Worker(new URL('./scan-connects-thread.ts', import.meta.url))
  readonly #waiting = new Map<number, { readonly resolve: (connected: Connected | null) => void; readonly reject: (error: Error) => void }>()
  #last = 0

  /** `gone`: it has ended, by itself or because it was closed. */
  constructor(gone: () => void) {
    this.#worker.unref()
    this.#worker.on('message', ({ id, connected }: FromThread) => {
      this.#waiting.get(id)?.resolve(connected)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) this.#worker.unref()
    })
    this.#worker.on('error', (error) => { this.#end(error) })
    this.#worker.on('exit', () => {
      gone()
      this.#end(null)
    })
  }

  /** null when `signal` was aborted, or the thread was closed. */
  async connect(connecting: Connecting, signal: AbortSignal): Promise<Connected | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Connected | null>()
    const id = ++this.#last
    this.#waiting.set(id, { resolve, reject })
    this.#worker.ref()
    this.#post({ id, connecting })
    const abort = (): void => { this.#post({ id, connecting: null }) }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  close(): void {
    void this.#worker.terminate()
  }

  #end(error: Error | null): void {
    for (const { resolve, reject } of this.#waiting.values()) {
      if (error === null) resolve(null)
      else reject(error)
    }
    this.#waiting.clear()
  }

  #post(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(message)
  }
}
