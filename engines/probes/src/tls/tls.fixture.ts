// A TLS server of the tests' own, in memory: it reads ClientHellos and answers as it is told, byte for byte, in a time that passes only when somebody waits.
import { NetworkError } from '../network.ts'
import type { Connection, ProbeNetwork, TlsVersion } from '../network.ts'
import type { ProbeRun } from '../model.ts'
import { tlsVersions, versionNumber } from './hello.ts'

export const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]
const u24 = (value: number): number[] => [(value >> 16) & 255, (value >> 8) & 255, value & 255]
export const message = (type: number, body: readonly number[]): number[] => [type, ...u24(body.length), ...body]
export const record = (version: TlsVersion, content: readonly number[], type = 22): number[] => [type, 3, Math.min(3, tlsVersions.indexOf(version)), ...u16(content.length), ...content]
export const alert = (code: number): number[] => [21, 3, 1, 0, 2, 2, code]

export type Hello = { readonly version: TlsVersion; readonly suites: readonly number[]; readonly compressions: readonly number[]; readonly extensions: ReadonlyMap<number, Buffer> }

/** null: no ClientHello of SSL 3.0 or later. */
export function readHello(data: string): Hello | null {
  const bytes = Buffer.from(data, 'latin1')
  if (bytes[0] !== 22 || bytes[5] !== 1) return null
  let at = 9 + 2 + 32
  at += 1 + bytes.readUInt8(at)
  const count = bytes.readUInt16BE(at)
  const suites = Array.from({ length: count / 2 }, (_, place) => bytes.readUInt16BE(at + 2 + place * 2))
  at += 2 + count
  const compressions = [...bytes.subarray(at + 1, at + 1 + bytes.readUInt8(at))]
  at += 1 + compressions.length
  const extensions = new Map<number, Buffer>()
  for (at += 2; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2)
    extensions.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  const version = extensions.has(43) ? 'tls13' : tlsVersions.find(each => versionNumber(each) === bytes.readUInt16BE(9))
  return version === undefined ? null : { version, suites, compressions, extensions }
}

export function serverHello(version: TlsVersion, suite: number, extensions: readonly (readonly [number, readonly number[]])[] = [], compression = 0): number[] {
  const list = extensions.flatMap(([type, content]) => [...u16(type), ...u16(content.length), ...content])
  return message(2, [...u16(Math.min(0x0303, versionNumber(version))), ...Array.from({ length: 32 }, () => 7), 0, ...u16(suite), compression, ...u16(list.length), ...list])
}

export const certificateMessage = (...list: readonly (readonly number[])[]): number[] => {
  const all = list.flatMap(each => [...u24(each.length), ...each])
  return message(11, [...u24(all.length), ...all])
}

/** What comes back for what was written, on one connection. null: silence. 'end': it is closed. */
export type Talk = (written: string, count: number) => readonly number[] | null | 'end'

export type Served = ProbeRun & { /** Milliseconds that have passed. */ readonly passed: () => number; readonly dialled: () => number; readonly open: () => number }

/** `serve` is asked for each connection; null: it is refused. `cut`: how many bytes come at a time. */
export function served(serve: (connection: number) => Talk | null, options: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly cut?: number } = {}): Served {
  const start = Date.UTC(2026, 10, 22)
  let now = start
  let dialled = 0
  let open = 0
  let seed = 5
  const signal = options.signal ?? new AbortController().signal
  const unused = (): never => { throw new Error('a TLS probe does not ask for this') }
  const network: ProbeNetwork = {
    http: unused, dns: unused, addresses: unused, connects: unused, datagram: unused,
    dial: async (host, port, { timeoutMs }, stop) => {
      if (stop.aborted) throw new NetworkError('cancelled', `${host}:${port}`, 'stopped')
      now += 1
      const talk = serve(dialled++)
      if (talk === null) throw new NetworkError('refused', `${host}:${port}`, `refused within ${timeoutMs} ms`)
      open++
      return connection(talk, `${host}:${port}`)
    },
  }
  function connection(talk: Talk, endpoint: string): Connection {
    let waiting: number[] = []
    let ended = false
    let writes = 0
    return {
      address: '192.0.2.1', tls: null,
      close: () => { open-- },
      write: (data) => {
        const answer = talk(data, writes++)
        if (answer === 'end') ended = true
        else if (answer !== null) waiting = [...waiting, ...answer]
        return Promise.resolve()
      },
      read: (maxBytes, timeoutMs) => {
        if (signal.aborted) return Promise.reject(new NetworkError('cancelled', endpoint, 'stopped'))
        if (waiting.length > 0) {
          const size = Math.min(maxBytes, options.cut ?? maxBytes)
          const piece = waiting.slice(0, size)
          waiting = waiting.slice(size)
          return Promise.resolve(Buffer.from(piece).toString('latin1'))
        }
        if (ended) return Promise.resolve('')
        now += timeoutMs
        return Promise.reject(new NetworkError('timeout', endpoint, 'nothing came'))
      },
    }
  }
  return {
    network, signal, timeoutMs: options.timeoutMs ?? 1_000, now: () => now, random: () => (seed = Math.imul(seed, 1_664_525) + 1_013_904_223 >>> 0),
    passed: () => now - start, dialled: () => dialled, open: () => open,
  }
}
