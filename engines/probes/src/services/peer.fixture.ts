// Services of a network that is only here: each says what its protocol says, at once. A silence costs no time but moves the clock.
import type { Bytes } from '../bytes.ts'
import { NetworkError } from '../network.ts'
import type { Connection, NetworkFault, ProbeNetwork } from '../network.ts'
import type { ProbeRun } from '../model.ts'
import { identifyService } from './identify.ts'
import type { Service } from './model.ts'

export type Peer = {
  /** What it says first. */
  readonly first?: Bytes
  /** Of what it has just heard and how often it was spoken to in this connection: its answer; undefined: it stays silent; null: it closes. */
  readonly answer?: (heard: Bytes, turn: number) => Bytes | null | undefined
  readonly tls?: boolean
  /** What it says to who speaks in the clear where it awaits TLS. */
  readonly clear?: Bytes
  /** Bytes a read, at most. */
  readonly pieces?: number
  /** What is there in place of a stream of its own: endless bytes, a byte a second. */
  readonly endless?: (read: number) => Bytes
}

export type Lan = ProbeNetwork & { readonly dialled: number[]; open: number; clock: number; readonly said: Bytes[] }

/** A ServerHello's beginning, as far as it is looked at. */
const serverHello = '\x16\x03\x03\0\x31\x02\0\0\x2d\x03\x03'
const nobody = (endpoint: string, fault: NetworkFault = 'refused'): NetworkError => new NetworkError(fault, endpoint, fault)

export function lan(peers: Readonly<Record<number, Peer>>, datagrams: Readonly<Record<number, (payload: Bytes) => Bytes | null>> = {}): Lan {
  const made: Lan = {
    dialled: [], said: [], open: 0, clock: 1_000,
    http: ({ host, port }) => Promise.reject(nobody(`${host}:${port}`)),
    dns: () => Promise.reject(nobody('resolver', 'timeout')),
    addresses: host => Promise.resolve([host]),
    connects: (_, ports) => Promise.resolve({ states: ports.map(port => (port in peers ? 'open' : 'closed')), durationMs: 1, slowestAnswerMs: 1, notBegun: 0 }),
    datagram(address, port, payload) {
      made.said.push(payload)
      const answer = datagrams[port]?.(payload)
      if (answer === undefined) return Promise.reject(nobody(`${address}:${port}`))
      return answer === null ? Promise.reject(nobody(`${address}:${port}`, 'timeout')) : Promise.resolve(answer)
    },
    dial(host, port, { tls }, signal) {
      const endpoint = `${host}:${port}`
      const peer = peers[port]
      if (signal.aborted) return Promise.reject(nobody(endpoint, 'cancelled'))
      if (peer === undefined) return Promise.reject(nobody(endpoint))
      if (tls !== null && peer.tls !== true) return Promise.reject(nobody(endpoint, 'tls_failed'))
      made.dialled.push(port)
      return Promise.resolve(connection(made, peer, endpoint, tls !== null, signal))
    },
  }
  return made
}

function connection(made: Lan, peer: Peer, endpoint: string, secured: boolean, signal: AbortSignal): Connection {
  const wrapped = peer.tls === true && !secured
  let waiting = wrapped ? '' : peer.first ?? ''
  let [closed, gone, turn, reads] = [false, false, 0, 0]
  made.open++
  return {
    address: '192.0.2.1', tls: secured ? { version: 'tls13', cipher: 'TLS_AES_128_GCM_SHA256', certificates: [] } : null,
    write(data) {
      if (closed || gone) return Promise.reject(nobody(endpoint, 'closed'))
      made.said.push(data)
      const answer = wrapped ? (data.startsWith('\x16\x03') ? serverHello : peer.clear ?? '\x15\x03\x01\0\x02\x02\x46') : peer.answer?.(data, turn++)
      if (answer === null) closed = true
      else waiting += answer ?? ''
      return Promise.resolve()
    },
    async read(maxBytes, timeoutMs) {
      await Promise.resolve()
      if (signal.aborted || gone) throw nobody(endpoint, signal.aborted ? 'cancelled' : 'closed')
      if (peer.endless !== undefined && !wrapped) {
        made.clock += 1_000
        return peer.endless(reads++).slice(0, maxBytes)
      }
      const given = waiting.slice(0, Math.min(maxBytes, peer.pieces ?? maxBytes))
      waiting = waiting.slice(given.length)
      if (given !== '' || closed) return given
      made.clock += timeoutMs
      throw nobody(endpoint, 'timeout')
    },
    close() {
      if (!gone) made.open--
      gone = true
    },
  }
}

export const runOn = (network: Lan, signal = new AbortController().signal): ProbeRun => {
  let drawn = 7
  return { network, signal, timeoutMs: 3_000, now: () => network.clock, random: () => (drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0) }
}

/** What answers at `port` of a host whose only service is this one. */
export async function identified(port: number, peer: Peer): Promise<Service & { readonly dialled: number; readonly left: number; readonly took: number }> {
  const network = lan({ [port]: peer })
  const service = await identifyService({ host: 'a.example', address: '192.0.2.1', port, transport: 'tcp' }, { run: runOn(network) })
  return { ...service, dialled: network.dialled.length, left: network.open, took: network.clock - 1_000 }
}

export async function identifiedDatagram(port: number, answer: (payload: Bytes) => Bytes | null): Promise<Service> {
  return identifyService({ host: 'a.example', address: '192.0.2.1', port, transport: 'udp' }, { run: runOn(lan({}, { [port]: answer })) })
}
