// npm run bench:search: one host, and text, over a million events of 1 kB; cold first, then the median of five. Beside it a bare read of the same bytes.
import { searchable, startServer } from '../server.ts'
import { events, machine, post, quantile } from './load.ts'

const million = 1_000_000
const server = await startServer()
try {
  console.log(machine())
  const key = await server.createKey({ role: 'ingest', name: 'bench' })
  const authorization = `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}`
  let end = 0
  for (let first = 0; first < million; first += 5_000) {
    const answer = await post(`${server.url}/ingest/v1/events`, events(first, 5_000), { authorization, 'content-type': 'application/x-ndjson' })
    end = (JSON.parse(answer.body) as { end: number }).end
  }
  await searchable(server, end)
  // The floor: find a string in as many bytes that stand in memory already.
  const bytes = events(0, 100_000)
  const start = performance.now()
  for (let i = 0; i < 10; i++) bytes.indexOf('no such text in it')
  console.log(`bare search of 1 GB in memory: ${(performance.now() - start).toFixed(0)} ms`)
  for (const [name, query, expected] of [
    ['one host', 'host:WS-0042.corp.example', 1_000],
    ['one host, first page', 'host:WS-0042.corp.example', null],
    ['text, rare', '000000777777', 1],
    ['text, in all', 'inventory.ps1', million],
    ['text, in none', 'mimikatz', 0],
    ['text, first page', 'inventory.ps1', null],
  ] as const) {
    const times: number[] = []
    for (let i = 0; i < 6; i++) {
      const begin = performance.now()
      const response = await server.api(`/api/v1/events${expected === null ? '?limit=100&' : '/count?'}query=${encodeURIComponent(query)}`)
      const body = await response.json() as { count?: number; events?: unknown[] }
      times.push(performance.now() - begin)
      if (expected !== null && body.count !== expected) throw new Error(`${name}: ${body.count} found, ${expected} expected`)
      if (expected === null && body.events?.length !== 100) throw new Error(`${name}: ${JSON.stringify(body).slice(0, 300)}`)
    }
    console.log(`${name}: first ${times[0]!.toFixed(0)} ms, then ${quantile(times.slice(1), 0.5).toFixed(0)} ms`)
  }
} finally {
  await server.remove()
}
