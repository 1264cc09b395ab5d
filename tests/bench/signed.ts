// npm run bench:signed: GET signed by scheme 1 and by API key, beside the same server's unsigned /healthz.
import { createHmac } from 'node:crypto'
import { Agent, get } from 'node:http'
import { startServer } from '../server.ts'
import { machine, quantile } from './load.ts'

const server = await startServer({ args: ['--requests-per-second', '100000'] })
const agent = new Agent({ keepAlive: true, maxSockets: 32 })
try {
  console.log(machine())
  const key = await server.createKey({ role: 'auditor', name: 'bench' })
  let stamp = Date.now() * 1000
  const sign = (path: string): Record<string, string> => {
    stamp = Math.max(stamp + 1, Date.now() * 1000)
    const timestamp = `${new Date(Math.floor(stamp / 1000)).toISOString().slice(0, 19)}.${String(stamp % 1_000_000).padStart(6, '0')}`
    return { 'x-api-key': key.id, 'x-timestamp': timestamp, 'x-signature': createHmac('sha256', key.secret).update(`GET\n${path}\n${timestamp}\n`).digest('hex') }
  }
  const one = (path: string, headers: Record<string, string>) => new Promise<void>((resolve, reject) => {
    get(`${server.url}${path}`, { agent, headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => { body += chunk.toString() })
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode} ${body}`))))
    }).on('error', reject)
  })
  let floor = 0
  for (const [name, path, headers] of [
    ['unsigned /healthz', '/healthz', () => ({})],
    ['Basic, GET /api/v1/assets', '/api/v1/assets', () => ({ authorization: `Basic ${Buffer.from(`${key.id}:${key.secret}`).toString('base64')}` })],
    ['signed, GET /api/v1/assets', '/api/v1/assets', () => sign('/api/v1/assets')],
  ] as const) {
    const latencies: number[] = []
    const start = performance.now()
    await Promise.all(Array.from({ length: 32 }, async () => {
      while (performance.now() - start < 8_000) {
        const begin = performance.now()
        await one(path, headers())
        latencies.push(performance.now() - begin)
      }
    }))
    const rate = latencies.length / ((performance.now() - start) / 1000)
    floor ||= rate
    console.log(`${name}: ${Math.round(rate)}/s (${(rate / floor).toFixed(2)} of unsigned), p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms`)
  }
} finally {
  await server.remove()
}
