// Connects to many ports of one address in one event loop, each closed at once with a reset, so that neither side keeps anything of it. Invariant: no more under way
// than was allowed, no longer than was allowed, and nothing of it left in the end (scan-connects.integration.test.ts).
import { connect, isIP } from 'node:net'
import { constants } from 'node:os'
import type { PortState } from '@haechi/probes/wire'

/** Several loops may share the arrays: each takes the port at `next` and writes its state, which is a place in `portStates`. */
export type Connecting = {
  readonly address: string
  readonly ports: Uint16Array
  readonly states: Uint8Array
  readonly next: Int32Array
  readonly concurrency: number
  readonly timeoutMs: number
}
/** As in PortBatch. */
export type Connected = { readonly durationMs: number; readonly slowestAnswerMs: number | null; readonly notBegun: number }

export const portStates = ['filtered', 'closed', 'open'] as const satisfies readonly PortState[]
const closed = 1
const open = 2

/** Begins a connect and tells how it ended: 0, or the system's error number (without sign). Returns what ends it before that. */
export type Opener = (address: string, port: number, ended: (error: number) => void) => () => void

const { ECONNREFUSED, ECONNRESET, EMFILE, ENFILE, EADDRNOTAVAIL, EAGAIN, ENOBUFS, ENOMEM } = constants.errno
/** Not the host's: descriptors, local ports, memory. */
const ownLimits = new Set([EMFILE, ENFILE, EADDRNOTAVAIL, EAGAIN, ENOBUFS, ENOMEM])

/** null when `signal` was aborted. */
export function connectPorts(opener: Opener, { address, ports, states, next, concurrency, timeoutMs }: Connecting, signal: AbortSignal): Promise<Connected | null> {
  const { promise, resolve } = Promise.withResolvers<Connected | null>()
  const begun = new Float64Array(ports.length)
  /** In the order of their beginning. */
  const running = new Map<number, () => void>()
  const started = performance.now()
  let slowestAnswerMs: number | null = null
  let notBegun = 0
  let over = false

  function finish(result: Connected | null): void {
    if (over) return
    over = true
    clearInterval(watch)
    signal.removeEventListener('abort', stop)
    for (const end of running.values()) end()
    running.clear()
    resolve(result)
  }
  const stop = (): void => { finish(null) }
  function proceed(): void {
    if (over) return
    while (running.size < concurrency) {
      const index = Atomics.add(next, 0, 1)
      if (index >= ports.length) break
      begin(index)
    }
    if (running.size === 0) finish({ durationMs: performance.now() - started, slowestAnswerMs, notBegun })
  }
  function begin(index: number): void {
    begun[index] = performance.now()
    running.set(index, opener(address, ports[index]!, (error) => {
      if (!running.delete(index)) return
      if (error === 0 || error === ECONNREFUSED || error === ECONNRESET) {
        states[index] = error === 0 ? open : closed
        slowestAnswerMs = Math.max(slowestAnswerMs ?? 0, performance.now() - begun[index]!)
      } else if (ownLimits.has(error)) notBegun++
      proceed()
    }))
  }
  const watch = setInterval(() => {
    const now = performance.now()
    // Of a loop that was late itself: first what has come in the meantime.
    setImmediate(() => {
      for (const [index, end] of running) {
        if (now - begun[index]! < timeoutMs) break
        running.delete(index)
        end()
      }
      proceed()
    })
  }, Math.max(5, timeoutMs / 16))

  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  else proceed()
  return promise
}

/** With Node's sockets. */
export const withSockets: Opener = (address, port, ended) => {
  const socket = connect({ host: address, port })
  socket.on('connect', () => {
    socket.resetAndDestroy()
    ended(0)
  })
  // Node has them negative.
  socket.on('error', (error: NodeJS.ErrnoException) => { ended(-(error.errno ?? 0) || ECONNRESET) })
  // A reset would wait for the connection.
  return () => { socket.destroy() }
}

type Handle = { connect(request: object, address: string, port: number): number; connect6(request: object, address: string, port: number): number; reset(done: () => void): number; close(): void }
type Binding = { readonly TCP: new (kind: number) => Handle; readonly TCPConnectWrap: new () => { oncomplete: (error: number) => void }; readonly constants: { readonly SOCKET: number } }

/**
 * With what lies below Node's sockets, for they take more time than the kernel: half of a scan. It is no public part of Node, so null where it is not as it was; then
 * sockets do the same.
 */
export function withHandles(): Opener | null {
  let binding: Binding
  try {
    binding = (process as unknown as { binding(name: string): Binding }).binding('tcp_wrap')
    new binding.TCP(binding.constants.SOCKET).close()
  } catch {
    return null
  }
  const { TCP, TCPConnectWrap, constants: { SOCKET } } = binding
  const nothing = (): void => undefined
  return (address, port, ended) => {
    const handle = new TCP(SOCKET)
    const request = new TCPConnectWrap()
    let isOver = false
    const end = (reset: boolean): void => {
      isOver = true
      if (!reset || handle.reset(nothing) !== 0) handle.close()
    }
    request.oncomplete = (error) => {
      if (isOver) return
      end(error === 0)
      ended(-error)
    }
    const error = isIP(address) === 6 ? handle.connect6(request, address, port) : handle.connect(request, address, port)
    // What fails at once is told later, too.
    if (error !== 0) setImmediate(() => { request.oncomplete(error) })
    return () => { if (!isOver) end(false) }
  }
}
