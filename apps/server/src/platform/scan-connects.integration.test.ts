import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { constants } from 'node:os'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PortState } from '@haechi/probes/wire'
import { connectPorts, portStates, withHandles, withSockets } from './scan-connecting.ts'
import type { Connecting, Opener } from './scan-connecting.ts'
import { createConnects } from './scan-connects.ts'

const servers: Server[] = []
let deaf: ChildProcess
const waiting: Socket[] = []
/** The system takes no more connections for it. */
let silent: number
let open: number[]
let closed: number[]
let accepted = 0
const never = new AbortController().signal

async function listen(host: string): Promise<Server> {
  const server = createServer((socket) => {
    accepted++
    socket.on('error', () => undefined).resume()
  })
  server.listen(0, host)
  await once(server, 'listening')
  return server
}
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
const portOf = (server: Server): number => (server.address() as AddressInfo).port

beforeAll(async () => {
  servers.push(...await Promise.all(Array.from({ length: 5 }, () => listen('127.0.0.1'))), await listen('::1'))
  open = servers.slice(0, 5).map(portOf)
  const gone = await Promise.all(Array.from({ length: 5 }, () => listen('127.0.0.1')))
  closed = gone.map(portOf)
  await Promise.all(gone.map((server) => server[Symbol.asyncDispose]()))
})

/** A server that takes one connection in and never looks. */
beforeAll(async () => {
  const child = spawn(process.execPath, ['-e', 'const server = require("node:net").createServer().listen(0, "127.0.0.1", 1, () => { require("node:fs").writeSync(1, `${server.address().port}\n`); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) })'], { stdio: ['ignore', 'pipe', 'inherit'] })
  deaf = child
  silent = Number(String((await once(child.stdout, 'data'))[0]))
  for (let each = 0; each < 2; each++) {
    const socket = connect(silent, '127.0.0.1')
    waiting.push(socket)
    await once(socket, 'connect')
  }
})
afterAll(async () => {
  for (const socket of waiting) socket.on('error', () => undefined).destroy()
  deaf.kill('SIGKILL')
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
})

const connecting = (ports: readonly number[], settings: Partial<Connecting> = {}): Connecting => ({
  address: '127.0.0.1', ports: Uint16Array.from(ports), states: new Uint8Array(ports.length), next: new Int32Array(1), concurrency: 4, timeoutMs: 5_000, ...settings,
})
const statesOf = ({ states }: Connecting): PortState[] => Array.from(states, (state) => portStates[state]!)

describe.each([['sockets', withSockets], ['handles', withHandles()]] as const)('with %s', (_, opener) => {
  it('what listens is open, what refuses is closed', async () => {
    const asked = connecting([...open, ...closed, ...open])
    const connected = await connectPorts(opener!, asked, never)
    expect(statesOf(asked)).toEqual([...open.map(() => 'open'), ...closed.map(() => 'closed'), ...open.map(() => 'open')])
    expect(connected).toMatchObject({ notBegun: 0 })
    expect(connected!.slowestAnswerMs).toBeLessThanOrEqual(connected!.durationMs)
  })

  it('what is silent is filtered, and let go', async () => {
    const asked = connecting([silent, silent, closed[0]!, silent], { concurrency: 2, timeoutMs: 500 })
    await connectPorts(opener!, asked, never)
    expect(statesOf(asked)).toEqual(['filtered', 'filtered', 'closed', 'filtered'])
    await expect.poll(sockets).toBe(waiting.length)
  })

  it('of IPv6, too', async () => {
    const asked = connecting([portOf(servers[5]!), closed[0]!], { address: '::1' })
    await connectPorts(opener!, asked, never)
    expect(statesOf(asked)).toEqual(['open', 'closed'])
  })

  it('what cannot be reached is filtered, at once', async () => {
    // RFC 1122, section 3.2.1.3: nobody is there.
    const asked = connecting([80, 81], { address: '255.255.255.255', timeoutMs: 60_000 })
    expect(await connectPorts(opener!, asked, never)).toMatchObject({ slowestAnswerMs: null })
    expect(statesOf(asked)).toEqual(['filtered', 'filtered'])
  })

  it('leaves no connection to the other side', async () => {
    const server = servers[0]!
    const before = accepted
    await connectPorts(opener!, connecting(Array.from({ length: 50 }, () => open[0]!)), never)
    await expect.poll(() => accepted).toBe(before + 50)
    await expect.poll(() => new Promise((resolve) => { server.getConnections((_error, count) => { resolve(count) }) })).toBe(0)
  })
})

describe('connects', () => {
  /** Ends none, or what it is told to. */
  function scripted(error: (port: number) => number | null = () => null) {
    const running = new Set<number>()
    let most = 0
    let begun = 0
    const opener: Opener = (_, port, ended) => {
      running.add(begun++)
      most = Math.max(most, running.size)
      const id = begun - 1
      const code = error(port)
      if (code !== null) setImmediate(() => {
        if (running.delete(id)) ended(code)
      })
      return () => { running.delete(id) }
    }
    return { opener, running, most: () => most, begun: () => begun }
  }

  it('whatever answers, how many there are: as many at a time as was allowed, each begun once, none left', async () => {
    const { ECONNREFUSED, EMFILE, EHOSTUNREACH, ECONNRESET } = constants.errno
    const outcomes: readonly (readonly [number | null, PortState])[] = [[0, 'open'], [ECONNREFUSED, 'closed'], [ECONNRESET, 'closed'], [EHOSTUNREACH, 'filtered'], [EMFILE, 'filtered'], [null, 'filtered']]
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(outcomes.length - 1), { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (ports, concurrency) => {
      const { opener, running, most, begun } = scripted((port) => outcomes[port]![0])
      const asked = connecting(ports, { concurrency, timeoutMs: 10 })
      const connected = await connectPorts(opener, asked, never)
      expect(statesOf(asked)).toEqual(ports.map((port) => outcomes[port]![1]))
      expect(connected!.notBegun).toBe(ports.filter((port) => outcomes[port]![0] === EMFILE).length)
      expect(most()).toBeLessThanOrEqual(concurrency)
      expect([begun(), running.size]).toEqual([ports.length, 0])
    }), { numRuns: 25 })
  })

  it('stopped, all of them end', async () => {
    const stop = new AbortController()
    const { opener, running, begun } = scripted()
    const all = connectPorts(opener, connecting(Array.from({ length: 100 }, (_, at) => at + 1), { concurrency: 10, timeoutMs: 60_000 }), stop.signal)
    expect(running.size).toBe(10)
    stop.abort()
    expect(await all).toBeNull()
    expect([begun(), running.size]).toEqual([10, 0])
    expect(await connectPorts(opener, connecting([1]), stop.signal)).toBeNull()
    expect(begun()).toBe(10)
  })
})

describe('in threads', () => {
  it('many ports are told in the order in which they were asked', async () => {
    const connects = createConnects()
    const ports = Array.from({ length: 3_000 }, (_, at) => (at % 7 === 0 ? open : closed)[at % 5]!)
    const batch = await connects.connect('127.0.0.1', ports, { concurrency: 64, timeoutMs: 5_000 }, never)
    expect(batch.states).toEqual(ports.map((port) => (open.includes(port) ? 'open' : 'closed')))
    expect(batch).toMatchObject({ notBegun: 0 })
    expect(batch.slowestAnswerMs).toBeGreaterThan(0)
    connects.close()
  })

  it('several batches at a time', async () => {
    const connects = createConnects()
    const batches = await Promise.all([open, closed].map((some) => connects.connect('127.0.0.1', Array.from({ length: 1_000 }, (_, at) => some[at % 5]!), { concurrency: 16, timeoutMs: 5_000 }, never)))
    expect(batches.map(({ states }) => [...new Set(states)])).toEqual([['open'], ['closed']])
    connects.close()
  })

  it('stopped, and closed, they end', async () => {
    const connects = createConnects()
    const stop = new AbortController()
    const many = Array.from({ length: 20_000 }, (_, at) => closed[at % 5]!)
    const stopped = connects.connect('127.0.0.1', many, { concurrency: 4, timeoutMs: 5_000 }, stop.signal)
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ name: 'NetworkError', fault: 'cancelled' })
    const ended = connects.connect('127.0.0.1', many, { concurrency: 4, timeoutMs: 5_000 }, never)
    connects.close()
    await expect(ended).rejects.toMatchObject({ fault: 'cancelled' })
  })
})
