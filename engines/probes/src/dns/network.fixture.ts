// DNS in memory: zones as records, and servers that answer for them as RFC 1034, 4.3.2 has it, or as badly as a test wants.
import { encode } from 'dns-packet'
import type { Answer, Packet } from 'dns-packet'
import { decodeMessage } from '../dns-message.ts'
import type { ProbeRun } from '../model.ts'
import { NetworkError } from '../network.ts'
import type { Connection, HttpResponse, ProbeNetwork } from '../network.ts'

export type Asked = { readonly name: string; readonly written: string; readonly type: string; readonly class: string; readonly id: number; readonly server: string; readonly over: 'udp' | 'tcp' | 'dot'; readonly bytes: Uint8Array }
/** What goes back; several messages are a transfer. A string is a fault, null silence. */
export type Reply = Partial<Packet> | Uint8Array | readonly (Partial<Packet> | Uint8Array)[] | 'refused' | 'out_of_scope' | null
export type Answerer = (asked: Asked) => Reply

/** Mulberry32. */
const random = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let drawn = Math.imul(state ^ (state >>> 15), 1 | state)
    drawn = (drawn + Math.imul(drawn ^ (drawn >>> 7), 61 | drawn)) ^ drawn
    return (drawn ^ (drawn >>> 14)) >>> 0
  }
}

export type MemoryRun = ProbeRun & { readonly asked: Asked[]; readonly dialled: string[]; readonly stop: () => void }

export function memoryRun(answerer: Answerer, more: { readonly http?: (url: string) => Pick<HttpResponse, 'status' | 'body'> | null; readonly clock?: () => number } = {}): MemoryRun {
  const asked: Asked[] = []
  const dialled: string[] = []
  const controller = new AbortController()
  let time = 1_700_000_000_000
  const now = more.clock ?? (() => (time += 1))
  const reply = (message: Uint8Array, server: string, over: Asked['over']): readonly Uint8Array[] => {
    if (controller.signal.aborted) throw new NetworkError('cancelled', server, 'stopped')
    const { id, questions: [question] } = decodeMessage(message)
    const written = question!.name.replace(/(?<=.)\.$/, '')
    const one: Asked = { name: written.toLowerCase(), written, type: question!.type, class: question!.class, id, server, over, bytes: message }
    asked.push(one)
    const answer = answerer(one)
    if (answer === null) throw new NetworkError('timeout', server, { en: 'no answer in time', ko: '제한 시간 안에 응답 없음' })
    if (typeof answer === 'string') throw new NetworkError(answer, server, answer)
    const list = Array.isArray(answer) ? answer as readonly (Partial<Packet> | Uint8Array)[] : [answer as Partial<Packet> | Uint8Array]
    return list.map(each => (each instanceof Uint8Array ? each : encode({ id, type: 'response', questions: [{ name: written, type: (one.type === 'HTTPS' ? 'UNKNOWN_65' : one.type) as 'A', class: one.class as 'IN' }], ...each })))
  }
  const unused = (): never => { throw new Error('not used') }
  const network: ProbeNetwork = {
    async dns(message, { resolver }) {
      const [first] = reply(message, resolver ?? 'own', 'udp')
      return first!
    },
    async dial(host, port, { tls }) {
      const server = `${host}:${port}`
      dialled.push(server)
      let waiting = ''
      const connection: Connection = {
        address: host, tls: null,
        async write(data) {
          const bytes = Buffer.from(data, 'latin1')
          for (const message of reply(bytes.subarray(2), server, tls === null ? 'tcp' : 'dot')) waiting += Buffer.concat([Buffer.of(message.length >> 8, message.length & 255), message]).toString('latin1')
        },
        async read(maxBytes) {
          const data = waiting.slice(0, Math.min(maxBytes, 1_000))
          waiting = waiting.slice(data.length)
          return data
        },
        close() { waiting = '' },
      }
      return connection
    },
    async http({ scheme, host, target }) {
      const answer = more.http?.(`${scheme}://${host}${target}`) ?? null
      if (answer === null) throw new NetworkError('refused', host, 'refused')
      return { reason: '', headers: [], truncated: false, durationMs: 1, address: '192.0.2.1', ...answer }
    },
    async addresses() { return [] },
    connects: unused, datagram: unused,
  }
  return { network, signal: controller.signal, timeoutMs: 1_000, now, random: random(8), asked, dialled, stop: () => { controller.abort() } }
}

const rcodes = { noError: 0, noName: 3, refused: 5 }
const authoritative = 0x0400

/** Records as [name, type, data of dns-packet]. '*' labels are wildcards. The nearest zone answers; `recursive` follows aliases into other zones and sets RA. */
export function zones(all: Readonly<Record<string, readonly (readonly [name: string, type: string, data: unknown])[]>>, { recursive = true, transfers = [] as readonly string[] } = {}): Answerer {
  const recordsOf = (zone: string): Answer[] => [
    { name: zone, type: 'SOA', ttl: 300, data: { mname: 'ns.test', rname: 'admin.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 60 } },
    ...all[zone]!.map(([name, type, data]) => ({ name: name === '@' ? zone : `${name}${zone === '' ? '' : `.${zone}`}`, type, ttl: 300, data }) as Answer),
  ]
  const zoneOf = (name: string): string | undefined => Object.keys(all).filter(zone => zone === '' || name === zone || name.endsWith(`.${zone}`)).toSorted((a, b) => b.length - a.length)[0]
  return ({ name, type, server }) => {
    if (type === 'AXFR') {
      const records = Object.hasOwn(all, name) && transfers.includes(name) ? recordsOf(name) : null
      return records === null ? { flags: rcodes.refused } : [{ answers: records.slice(0, 2) }, { questions: [], answers: [...records.slice(2), records[0]!] }]
    }
    const answers: Answer[] = []
    let at = name
    for (let hops = 0; hops < 20; hops++) {
      const zone = zoneOf(at)
      if (zone === undefined) return { flags: rcodes.refused, answers }
      const records = recordsOf(zone)
      const soa = records[0]!
      const exact = records.filter(record => record.name.toLowerCase() === at)
      const exists = (each: string): boolean => records.some(record => record.name.toLowerCase() === each || record.name.toLowerCase().endsWith(`.${each}`))
      // RFC 4592, 3.3.1: only the wildcard right below the nearest name that exists counts.
      let encloser = at
      while (encloser !== zone && !exists(encloser)) encloser = encloser.includes('.') ? encloser.slice(encloser.indexOf('.') + 1) : ''
      const owned = exists(at) ? exact : records.filter(record => record.name === `*.${encloser}`).map(record => ({ ...record, name: at }))
      const flags = authoritative | (recursive && server !== 'auth' ? 0x80 : 0)
      const found = owned.filter(record => record.type === type)
      if (found.length > 0) return { flags, answers: [...answers, ...found] }
      const alias = owned.find(record => record.type === 'CNAME')
      if (alias === undefined) return { flags: flags | (owned.length > 0 || exists(at) ? rcodes.noError : rcodes.noName), answers, authorities: [soa] }
      answers.push(alias)
      at = (alias as { readonly data: string }).data.toLowerCase()
      if (!recursive && zoneOf(at) !== zone) return { flags, answers }
      if (answers.some(answer => answer.name.toLowerCase() === at)) return { flags, answers }
    }
    return { answers }
  }
}
