// npm run bench:templates-run [-- --intrusive] [--rounds 3]: all runnable http templates against one target on loopback that answers everything. The target runs in a
// process of its own and counts what it is asked. Beside it, in the same run, a bare undici loop sends the very same requests and does nothing else. CPU seconds
// of the scanning process hold on a busy machine, wall clocks only on an idle one.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Pool } from 'undici'
import { everything, fromCache, parseTarget, readLibrary, scan, toCache } from '@haechi/templates'
import type { HttpRequest, Network } from '@haechi/templates'
import { systemClock } from '../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../apps/server/src/platform/scan-network.ts'
import { corpusFiles, isTemplateFile, missingTemplates } from '../templates-corpus.ts'
import { machine, quantile } from './load.ts'

const { values } = parseArgs({ options: { part: { type: 'string' }, port: { type: 'string' }, folder: { type: 'string' }, intrusive: { type: 'boolean' }, rounds: { type: 'string', default: '3' } } })
const page = '<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>'
const concurrency = 25

type Figures = { readonly requests: number; readonly cpu: number; readonly wall: number; readonly rss: number; readonly told: string }

if (missingTemplates !== false) console.log(missingTemplates)
else if (values.part === 'target') target()
else if (values.part === 'library') library(values.folder!)
else if (values.part === 'scan' || values.part === 'record') await scanning(values.folder!, Number(values.port), values.part === 'record')
else if (values.part === 'bare') await bare(values.folder!, Number(values.port))
else await main()

async function main(): Promise<void> {
  console.log(machine())
  const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-'))
  const child = spawn(process.execPath, [import.meta.filename, '--part', 'target'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = await once(child.stdout, 'data') as [Buffer]
    const port = line.toString().trim()
    part('library', folder, port)
    const count = async (): Promise<number> => Number(await (await fetch(`http://127.0.0.1:${port}/haechi-bench-count`)).text())
    const rounds: { readonly ours: Figures; readonly theirs: Figures; readonly received: number }[] = []
    part('record', folder, port)
    for (let round = 0; round < Number(values.rounds); round++) {
      await count()
      const ours = part('scan', folder, port)
      const received = await count()
      rounds.push({ ours, received, theirs: part('bare', folder, port) })
    }
    const middle = (of: (round: typeof rounds[number]) => number): number => quantile(rounds.map(of), 0.5)
    const [first] = rounds
    console.log(`ours: ${first!.ours.told}`)
    console.log(`  ${middle(({ received }) => received)} requests at the target; ${middle(({ ours }) => ours.cpu).toFixed(2)} CPU s, ${middle(({ ours }) => ours.requests / ours.cpu).toFixed(0)} requests/CPU s with matching; wall ${middle(({ ours }) => ours.wall).toFixed(1)} s; at most ${middle(({ ours }) => ours.rss).toFixed(0)} MB`)
    console.log(`bare undici, the same ${first!.theirs.requests} requests: ${middle(({ theirs }) => theirs.cpu).toFixed(2)} CPU s, ${middle(({ theirs }) => theirs.requests / theirs.cpu).toFixed(0)} requests/CPU s; wall ${middle(({ theirs }) => theirs.wall).toFixed(1)} s; at most ${middle(({ theirs }) => theirs.rss).toFixed(0)} MB`)
    console.log(`ours takes ${middle(({ ours, theirs }) => (ours.cpu / ours.requests) / (theirs.cpu / theirs.requests)).toFixed(2)} times the CPU time a request of the bare loop`)
    console.log('nuclei 3.10 (not installable here; measured elsewhere on 2 cores): 12,658 requests, of which some 10,315 differ; 900-1,000 requests/CPU s; 743 MB')
  } finally {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

function part(name: string, folder: string, port: string): Figures {
  const done = spawnSync(process.execPath, [import.meta.filename, '--part', name, '--folder', folder, '--port', port, ...(values.intrusive ? ['--intrusive'] : [])], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${name} ended with ${done.status}`)
  return JSON.parse(done.stdout.trim() === '' ? '{}' : done.stdout) as Figures
}

function target(): void {
  let count = 0
  const server = createServer({ insecureHTTPParser: true }, (request, response) => {
    if (request.url === '/haechi-bench-count') {
      response.end(String(count))
      count = 0
      return
    }
    count++
    request.resume().on('end', () => { response.writeHead(200, { 'content-type': 'text/html' }).end(page) })
  }).on('clientError', (_, socket) => socket.destroy()).listen(0, '127.0.0.1', () => { console.log((server.address() as AddressInfo).port) })
  server.keepAliveTimeout = 60_000
}

function library(folder: string): void {
  const files = new Map(corpusFiles()!.map(({ path, content }) => [path, content]))
  const read = readLibrary([...files].filter(([path]) => isTemplateFile(path)).map(([path, content]) => ({ path, content })), { payloadFile: (path) => files.get(path) ?? null })
  const http = read.templates.filter(({ blocks, workflow }) => workflow.length === 0 && blocks.every(({ protocol }) => protocol === 'http'))
  for (const piece of toCache({ ...read, templates: http })) appendFileSync(join(folder, 'library'), piece)
}

async function scanning(folder: string, port: number, record: boolean): Promise<void> {
  setFlagsFromString('--semi-space-growth-factor=1')
  const read = fromCache(readFileSync(join(folder, 'library')))!
  const own = createScanNetwork({ scope: null, clock: systemClock })
  await own.permit('127.0.0.1')
  const recorded: HttpRequest[] = []
  const network: Network = !record ? own : { ...own, http: (request, signal) => {
    if (request.port === port) recorded.push(request)
    return own.http(request, signal)
  } }
  const cpu = process.cpuUsage()
  const begin = performance.now()
  for await (const event of scan({
    library: read, selection: { ...everything, includeIntrusive: values.intrusive === true }, targets: [parseTarget(`http://127.0.0.1:${port}`)!], network,
    settings: { disableRedirects: false, attack: null, serverName: null, timeoutMs: 10_000, maxBytes: 4_194_304, userAgent: 'Haechi', variables: {}, maxRequests: 5_000, resolvers: [] },
    concurrency: { perHost: concurrency, overall: concurrency }, rate: 0, seed: 1, now: systemClock.now, signal: new AbortController().signal,
  })) {
    if (event.kind !== 'done') continue
    const { requests, run, matches, held } = event.totals
    if (record) writeFileSync(join(folder, 'requests'), JSON.stringify(recorded))
    else tell(requests.sent, cpu, begin, `${run} templates, ${requests.asked} requests asked, ${requests.shared} shared, ${requests.sent} sent; ${matches} matches, ${held} held back`)
  }
  own.close()
}

function tell(requests: number, cpu: NodeJS.CpuUsage, begin: number, told: string): void {
  const { user, system } = process.cpuUsage(cpu)
  console.log(JSON.stringify({ requests, cpu: (user + system) / 1e6, wall: (performance.now() - begin) / 1_000, rss: process.resourceUsage().maxRSS / 1e3, told } satisfies Figures))
}

async function bare(folder: string, port: number): Promise<void> {
  // What undici does not send as it is written is left out of its loop.
  const refused = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect'])
  const requests = (JSON.parse(readFileSync(join(folder, 'requests'), 'utf8')) as HttpRequest[]).map(({ method, target: path, headers, body }) => ({ method: method as 'GET', path, headers: headers.filter(([name]) => !refused.has(name.toLowerCase())).flat(), body: body === null ? null : Buffer.from(body, 'latin1') }))
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: concurrency })
  const cpu = process.cpuUsage()
  const begin = performance.now()
  let at = 0
  let sent = 0
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (at < requests.length) {
      try {
        const { body } = await pool.request(requests[at++]!)
        await body.text()
        sent++
      } catch (error) {
        if (!(error instanceof Error)) throw error
      }
    }
  }))
  tell(sent, cpu, begin, '')
  await pool.close()
}
