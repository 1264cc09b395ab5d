// npm run bench:ingest [-- --seconds 60] [--rate 15000] [--bulk]: events of 1 kB over HTTP to durable and searchable, beside a bare server that only appends and syncs.
import { open, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { searchable, startServer } from '../server.ts'
import { events, machine, memory, post, postAgain, quantile } from './load.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, bulk: { type: 'boolean', default: false }, rate: { type: 'string', default: '0' }, bare: { type: 'boolean', default: false } } })
const seconds = Number(values.seconds)
const perRequest = 1_000
const inFlight = 6

/** The floor under every figure: read the body, append it to a file, fdatasync, answer. No parsing, no encryption, no search. */
async function bare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-bare-'))
  const file = await open(join(folder, 'log'), 'w')
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => { void file.writev(chunks).then(() => file.datasync()).then(() => outgoing.end('{}')) })
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  process.once('disconnect', () => { void rm(folder, { recursive: true }).then(() => process.exit(0)) })
}

/** Keeps up to `inFlight` requests under way for `duration` seconds, at most `rate` events a second where one is given; answers how many events were accepted and how long each request took. */
async function closedLoop(duration: number, send: (first: number) => Promise<number>, rate = 0): Promise<{ accepted: number; elapsed: number; latencies: number[] }> {
  let next = 0
  let accepted = 0
  const latencies: number[] = []
  const start = performance.now()
  const worker = async () => {
    while (performance.now() - start < duration * 1000) {
      const first = next
      next += perRequest
      const due = rate === 0 ? 0 : start + (first / rate) * 1000
      if (due > performance.now()) await delay(due - performance.now())
      const sent = performance.now()
      const kept = await send(first)
      accepted += kept
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return { accepted, elapsed: (performance.now() - start) / 1000, latencies }
}

async function main(): Promise<void> {
  console.log(machine())
  const child = fork(import.meta.filename, ['--bare'])
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(message as number)))
  const floor = await closedLoop(Math.min(10, seconds), async (first) => {
    await post(`http://127.0.0.1:${port}/`, events(first, perRequest), {})
    return perRequest
  })
  child.disconnect()
  const floorRate = floor.accepted / floor.elapsed
  console.log(`bare append + fdatasync: ${Math.round(floorRate)} events/s, p99 ${quantile(floor.latencies, 0.99).toFixed(0)} ms`)

  const server = await startServer()
  try {
    const key = await server.createKey({ role: 'ingest', name: 'bench' })
    const authorization = `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`
    let end = 0
    const ndjson = async (first: number, body: Buffer, batchKey: string): Promise<number> => {
      const answer = await postAgain(`${server.url}/ingest/v1/events`, body, { authorization, 'content-type': 'application/x-ndjson', 'idempotency-key': batchKey })
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body}`)
      const totals = JSON.parse(answer.body) as { accepted: number; rejected: number; duplicate: number; end: number }
      end = Math.max(end, totals.end)
      return totals.accepted + totals.duplicate
    }
    let send = (first: number) => ndjson(first, events(first, perRequest), `b${first}`)
    if (values.bulk) {
      const require = createRequire(new URL('../package.json', import.meta.url))
      const { Client } = require('@elastic/elasticsearch') as { Client: new (options: object) => { bulk(parameters: object): Promise<{ errors: boolean; items: unknown[] }> } }
      const client = new Client({ node: server.url, auth: { apiKey: Buffer.from(`${key.id}:${key.secret}`).toString('base64') } })
      send = async (first) => {
        const documents = events(first, perRequest).toString().split('\n').slice(0, -1)
        const answer = await client.bulk({ operations: documents.flatMap((document, i) => [{ create: { _index: 'bench', _id: String(first + i) } }, document]) })
        if (answer.errors) throw new Error('bulk answered errors')
        return answer.items.length
      }
    }
    const samples: Record<string, number>[] = []
    const sampling = setInterval(() => samples.push(memory(server.pid)), Math.max(1_000, seconds * 50))
    const start = performance.now()
    const { accepted, elapsed, latencies } = await closedLoop(seconds, send, Number(values.rate))
    const progress = await (await server.api('/api/v1/events/progress')).json() as { durable: number; searchable: number }
    end = Math.max(end, progress.durable)
    await searchable(server, end)
    const whole = (performance.now() - start) / 1000
    clearInterval(sampling)
    const { count } = await (await server.api('/api/v1/events/count')).json() as { count: number }
    console.log(`${values.bulk ? '_bulk by @elastic/elasticsearch' : 'NDJSON'}: ${Math.round(accepted / elapsed)} events/s acknowledged, ${Math.round(accepted / whole)} events/s to searchable (${((accepted / elapsed) / floorRate).toFixed(2)} of bare); `
      + `request of ${perRequest} p50 ${quantile(latencies, 0.5).toFixed(0)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`)
    console.log(`sent ${accepted}, found ${count}: ${accepted === count ? 'none lost, none doubled' : 'DIFFERENT'}; behind at the end ${progress.durable - progress.searchable}`)
    for (const at of [0, 0.25, 0.5, 0.75, 1]) console.log(`MiB at ${at * 100} %: ${JSON.stringify(samples[Math.min(samples.length - 1, Math.floor(at * samples.length))])}`)

    if (!values.bulk) {
      // Open loop at half the goal: 75 requests a second of 100 events, each sent at its time whatever the ones before do.
      const waits: number[] = []
      const pending: Promise<void>[] = []
      const begin = performance.now()
      const requests = Math.min(seconds, 30) * 75
      for (let i = 0; i < requests; i++) {
        const due = begin + i * (1000 / 75)
        if (due > performance.now()) await delay(due - performance.now())
        pending.push(ndjson(0, events(1e9 + i * 100, 100), `h${i}`).then(() => { waits.push(performance.now() - due) }))
      }
      await Promise.all(pending)
      console.log(`acknowledgement at 7,500 events/s: p50 ${quantile(waits, 0.5).toFixed(1)} ms, p99 ${quantile(waits, 0.99).toFixed(1)} ms, max ${Math.max(...waits).toFixed(1)} ms (n ${waits.length})`)
    }
  } finally {
    await server.remove()
  }
}

await (values.bare ? bare() : main())
