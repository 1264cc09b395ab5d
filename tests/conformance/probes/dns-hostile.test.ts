// Name servers that lie, over real sockets: whatever they send and however long, the probe of a zone comes back soon, with what was to be had.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { encode } from 'dns-packet'
import type { Answer, Packet } from 'dns-packet'
import { afterEach, expect, test } from 'vitest'
import { createResolver, decodeMessage, probeZone } from '../../../engines/probes/src/index.ts'
import type { ZoneReport } from '../../../engines/probes/src/index.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'

type Asked = { readonly id: number; readonly name: string; readonly type: string }
/** Messages as they go out, one after the other; null: nothing. */
type Liar = (asked: Asked, over: 'udp' | 'tcp') => Iterable<Uint8Array> | null

const open: (Socket | Server)[] = []
afterEach(() => { for (const each of open.splice(0)) each.close() })

async function listen(liar: Liar): Promise<number> {
  const read = (bytes: Uint8Array): Asked => {
    const { id, questions: [question] } = decodeMessage(bytes)
    return { id, name: question!.name.replace(/\.$/, ''), type: question!.type }
  }
  const tcp = createServer(socket => {
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      const messages = (liar(read(data.subarray(2)), 'tcp') ?? [])[Symbol.iterator]()
      const pump = (): void => {
        for (let room = true; room && !socket.destroyed;) {
          const next = messages.next()
          if (next.done === true) return
          room = socket.write(Buffer.concat([Buffer.of(next.value.length >> 8, next.value.length & 255), next.value]))
        }
        socket.once('drain', pump)
      }
      pump()
    })
  }).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4').on('message', (data, { port: to, address }) => { for (const message of liar(read(data), 'udp') ?? []) udp.send(message, to, address) })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  open.push(tcp, udp)
  return port
}

async function probe(liar: Liar): Promise<{ readonly report: ZoneReport; readonly ms: number; readonly heap: number }> {
  const server = `127.0.0.1:${await listen(liar)}`
  const network = createScanNetwork({ scope: null, clock: systemClock, resolvers: [server] })
  await network.permit('127.0.0.1')
  let drawn = 1
  const run = { network, signal: new AbortController().signal, timeoutMs: 400, now: () => systemClock.now(), random: () => (drawn = Math.imul(drawn, 1_664_525) + 1_013_904_223 >>> 0) }
  const resolver = createResolver({ run, servers: [server] })
  const started = performance.now()
  try {
    const report = await probeZone('lab.example', { run, resolver, nameServers: [server], words: ['www', 'api', 'mail'] })
    return { report, ms: performance.now() - started, heap: process.memoryUsage().rss }
  } finally {
    resolver.close()
    network.close()
  }
}

const soa = (name: string): Answer => ({ name, type: 'SOA', ttl: 1, data: { mname: 'ns.lab.example', rname: 'a.lab.example', serial: 1 } })
const answer = ({ id, name, type }: Asked, parts: Partial<Packet>): Uint8Array => encode({ id, type: 'response', flags: 0x0400, questions: [{ name, type: (type === 'HTTPS' ? 'UNKNOWN_65' : type) as 'A', class: 'IN' }], ...parts })
const isZone: Liar = asked => [answer(asked, asked.type === 'SOA' ? { answers: [soa('lab.example')] } : { authorities: [soa('lab.example')] })]

test('answers with other numbers, and thousands of them, are not listened to', async () => {
  const { report, ms } = await probe(asked => Array.from({ length: 50 }, (_, at) => answer({ ...asked, id: asked.id ^ (at + 1) }, { answers: [soa('lab.example')] })))
  expect(report).toMatchObject({ status: 'unanswered', findings: [], faults: [{ fault: 'timeout' }] })
  expect(ms).toBeLessThan(20_000)
})

test.each([
  ['loops of pointers', (asked: Asked) => Buffer.concat([answer(asked, {}).subarray(0, 6), Buffer.from('00010000000000', 'hex').subarray(0, 6), Buffer.from('c00cc00c', 'hex')])],
  ['noise', (asked: Asked) => Buffer.concat([answer(asked, {}).subarray(0, 12), Buffer.alloc(400, 0xff)])],
  ['a head and nothing else', (asked: Asked) => answer(asked, {}).subarray(0, 12)],
])('%s are no answers', async (_, lie) => {
  const { report, ms } = await probe(asked => [lie(asked)])
  expect(report).toMatchObject({ status: 'unanswered', findings: [], faults: [{ fault: 'protocol_error' }] })
  expect(ms).toBeLessThan(20_000)
})

test('a transfer without an end is ended, and what came is kept', async () => {
  const { report, ms, heap } = await probe((asked, over) => {
    if (asked.type !== 'AXFR') return isZone(asked, over)
    return (function* () {
      yield answer(asked, { answers: [soa('lab.example')] })
      const many = Array.from({ length: 1_000 }, (_, at): Answer => ({ name: `h${at}.lab.example`, type: 'A', ttl: 1, data: '192.0.2.1' }))
      const message = answer(asked, { answers: many })
      for (;;) yield message
    })()
  })
  expect(report.nameServers).toMatchObject([{ transfer: 'cut' }])
  expect(report.findings.find(({ check }) => check === 'dns.zone_transfer')?.evidence.en).toMatch(/until it was ended$/)
  expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'budget_exceeded' }))
  expect(report.names.length).toBeGreaterThan(1_000)
  expect(ms).toBeLessThan(40_000)
  expect(heap).toBeLessThan(1_500_000_000)
})

test('answers as large as TCP takes, aliases in circles and records of others do no harm', async () => {
  const { report, ms } = await probe((asked, over) => {
    if (asked.type === 'SOA' || asked.type === 'AXFR') return isZone(asked, over)
    if (over === 'udp') return [answer(asked, { flags: 0x0600 })]
    const foreign: Answer[] = [{ name: 'www.bank.example', type: 'A', ttl: 1, data: '203.0.113.66' }, { name: 'bank.example', type: 'NS', ttl: 1, data: 'ns.evil.example' }]
    const ring: Answer[] = [{ name: asked.name, type: 'CNAME', ttl: 1, data: `other.${asked.name}` }, { name: `other.${asked.name}`, type: 'CNAME', ttl: 1, data: asked.name }]
    return [answer(asked, { answers: [...foreign, ...ring, ...Array.from({ length: 1_500 }, (_, at): Answer => ({ name: `h${at}.bank.example`, type: 'A', ttl: 1, data: '203.0.113.66' }))], additionals: foreign })]
  })
  expect(report.status).toBe('zone')
  expect(report.names.every(({ name, addresses }) => (name === 'lab.example' || name.endsWith('.lab.example')) && addresses.length === 0)).toBe(true)
  expect(JSON.stringify(report.findings)).not.toContain('bank')
  expect(report.findings.filter(({ severity }) => severity === 'high' || severity === 'critical')).toEqual([])
  expect(ms).toBeLessThan(20_000)
})

test('a transfer that is taken and never begins costs the time of one answer', async () => {
  const { report, ms } = await probe((asked, over) => (asked.type === 'AXFR' ? [] : isZone(asked, over)))
  expect(report.nameServers).toMatchObject([{ transfer: 'failed' }])
  expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'timeout', place: expect.stringContaining('AXFR') }))
  expect(ms).toBeLessThan(30_000)
})
