// npm run bench:mcp [-- --parts convert,call,list,swaps,clients --seconds 5 --rounds 3]: the MCP server against the bare baselines, in one run.
// convert: document to tools, compared, scanned and swapped in, in the worker that `haechi mcp serve` uses; beside JSON.parse of the same bytes.
// call:    tools/call through `haechi mcp serve` to a stub API; beside node:http with undici doing the least, and the official SDK's server with the same tool.
// list:    tools/list of 250 kB and of the whole of GitHub; beside node:http writing the same bytes, and the SDK's server.
// swaps:   10,000 swaps of the catalogue under load, and a document that changes on disk under load.
// clients: 1,000 that listen, told that the list changed.
// Servers stand on the first core, load and stub on the second (taskset; without it they share). Rates depend on what else the machine does; "per CPU s" counts
// the server's own processor time and does not. Nothing here fails: figures are printed, with their ratio to the bare baseline.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createMcpServer } from '@haechi/mcp-wire'
import { readDocument, toTools } from '@haechi/openapi-tools'
import type { ToolDefinition } from '@haechi/mcp-wire'
import { createConverter } from '../../apps/cli/src/mcp/conversion.ts'
import { namedSpecs } from '../specs.ts'
import { machine, memory, processorTime, quantile } from './load.ts'
import { httpRequest, listen, load, modernRequest } from './mcp-load.ts'
import type { Round } from './mcp-load.ts'

const { values } = parseArgs({ options: {
  parts: { type: 'string', default: 'convert,call,list,swaps,clients' }, seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '3' }, concurrency: { type: 'string', default: '16' },
  swaps: { type: 'string', default: '10000' }, clients: { type: 'string', default: '1000' }, convert: { type: 'string' }, changed: { type: 'string' },
} })
const [seconds, rounds, connections] = [Number(values.seconds), Number(values.rounds), Number(values.concurrency)]
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
const pinned = process.platform === 'linux' && cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0

const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const hosts = fileURLToPath(new URL('mcp-hosts.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'haechi-bench-mcp-'))
const running = new Set<ChildProcess>()

type Host = { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** A process on the first core (the servers) or the second; ready when it has printed its URL. */
async function host(core: 0 | 1, args: readonly string[]): Promise<Host> {
  const [command, ...rest] = [...(pinned ? ['taskset', '-c', String(core)] : []), process.execPath, ...args]
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  running.add(child)
  const ended = new Promise<void>((resolve) => { child.once('exit', () => { running.delete(child); resolve() }) })
  const lines = createInterface(child.stdout)
  const url = await Promise.race([
    new Promise<string>((resolve) => { lines.on('line', (line) => { const found = /http:\/\/127\.0\.0\.1:\d+\/\w+/.exec(line); if (found !== null) resolve(found[0]) }) }),
    ended.then(() => { throw new Error(`${args.join(' ')} ended before it served`) }),
  ])
  return { url, pid: child.pid!, stop: () => { child.kill('SIGTERM'); return ended } }
}
const origin = (url: string): string => new URL(url).origin
const cpuOf = (pid: number): number => Object.values(processorTime(pid)).reduce((sum, part) => sum + part, 0)
const rssOf = (pid: number): number => Object.values(memory(pid)).reduce((sum, part) => sum + part, 0)
async function jsonOf<T>(url: string): Promise<T> { return await (await fetch(url)).json() as T }

type Lane = { readonly name: string; readonly host: Host; readonly request: Buffer; right(body: Buffer): boolean }
type Measured = { readonly rate: number; readonly perCpu: number; readonly p50: number; readonly p99: number; readonly bytes: number; readonly failed: number }

/** One round of each after the other, `rounds` times; medians. The first is the baseline. */
async function compare(lanes: readonly Lane[], show: (name: string, measured: Measured, baseline: Measured) => string): Promise<void> {
  const found = new Map<string, Measured[]>(lanes.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, host: { url, pid }, request, right } of lanes) {
      const before = cpuOf(pid)
      const done: Round = await load({ url, request, connections, until: round === -1 ? Math.min(2, seconds) : seconds, right })
      if (round === -1) {
        if (done.done === 0) throw new Error(`${name} answered nothing right: ${done.first.slice(0, 500)}`)
        continue
      }
      found.get(name)!.push({ rate: done.done / done.seconds, perCpu: done.done / (cpuOf(pid) - before), p50: quantile(done.latencies, 0.5), p99: quantile(done.latencies, 0.99), bytes: done.bytes / Math.max(1, done.done + done.failed), failed: done.failed })
    }
  }
  const medians = lanes.map(({ name }) => {
    const all = found.get(name)!
    const of = (key: keyof Measured): number => median(all.map((one) => one[key]))
    return { name, measured: { rate: of('rate'), perCpu: of('perCpu'), p50: of('p50'), p99: of('p99'), bytes: of('bytes'), failed: all.reduce((sum, one) => sum + one.failed, 0) } }
  })
  for (const { name, measured } of medians) console.log(`  ${name.padEnd(28)} ${show(name, measured, medians[0]!.measured)}`)
}
const percent = (part: number, of: number): string => `${(100 * part / of).toFixed(1)} %`

const api = (paths: Record<string, unknown>): string => JSON.stringify({ openapi: '3.1.0', info: { title: 'Items', version: '1' }, paths })
const itemSchema = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' }, email: { type: 'string' }, active: { type: 'boolean' }, groups: { type: 'array', items: { type: 'string' } }, address: { type: 'object', properties: { city: { type: 'string' }, country: { type: 'string' }, zip: { type: 'string' } } }, created: { type: 'string' } } }
const getItem = (summary: string): unknown => ({
  get: {
    operationId: 'getItem', summary, parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 40 } }, { name: 'verbose', in: 'query', schema: { type: 'boolean' } }],
    responses: { 200: { description: 'The item', content: { 'application/json': { schema: itemSchema } } } },
  },
})
const itemsApi = (summary = 'Get an item'): string => api({ '/items/{id}': getItem(summary) })
const call = (url: string): Buffer => modernRequest(url, 'tools/call', { name: 'getItem', arguments: { id: '7', verbose: true } })
const rightCall = (body: Buffer): boolean => body.includes('Ada Lovelace') && !body.includes('"isError":true')

function definitionsOf(text: string): ToolDefinition[] {
  const read = readDocument(text)
  if ('refusal' in read) throw new Error(read.refusal.reason)
  const set = toTools(read.document)
  return set.tools.map((tool) => set.definition(tool))
}
function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
const serve = (spec: string, upstream: string, ...more: string[]): Promise<Host> => host(0, [main, 'mcp', 'serve', '--spec', spec, '--base-url', origin(upstream), '--port', '0', '--json', ...more])

const parts: Record<string, () => Promise<void>> = {
  async convert() {
    for (const name of ['github', 'graph', 'stripe', 'kubernetes'] as const) {
      // The next version: one operation gone, one that says something else.
      const root = JSON.parse(readFileSync(namedSpecs[name](), 'utf8')) as { paths: Record<string, Record<string, { description?: string }>> }
      const [gone, next] = Object.keys(root.paths)
      delete root.paths[gone!]
      for (const operation of Object.values(root.paths[next!]!)) if (typeof operation === 'object' && !Array.isArray(operation)) operation.description = 'Changed.'
      const changed = written('next.json', JSON.stringify(root))
      // Each in a process of its own: peak memory is a process's.
      const done = spawnSync(process.execPath, [import.meta.filename, '--convert', namedSpecs[name](), '--changed', changed, '--rounds', values.rounds], { stdio: ['ignore', 'inherit', 'inherit'] })
      if (done.status !== 0) console.log(`  ${name}: the process ended with ${done.status ?? done.signal}`)
    }
  },
  async call() {
    const stub = await host(1, [hosts, 'stub'])
    const spec = written('items.json', itemsApi())
    const list = written('items-tools.json', JSON.stringify(definitionsOf(itemsApi())))
    const [bare, ours, sdk] = [await host(0, [hosts, 'bare', list, origin(stub.url)]), await serve(spec, stub.url), await host(0, [hosts, 'sdk', list, origin(stub.url)])]
    console.log(`\ntools/call to a stub API, concurrency ${connections}, ${seconds} s a round, medians of ${rounds} rounds by turns`)
    const lane = (name: string, { url, pid, stop }: Host): Lane => ({ name, host: { url, pid, stop }, request: call(url), right: rightCall })
    await compare([lane('bare node:http + undici', bare), lane('haechi mcp serve', ours), lane('SDK server', sdk)], (_, { rate, perCpu, p50, p99, failed }, baseline) =>
      `${rate.toFixed(0).padStart(6)}/s (${percent(rate, baseline.rate)} of bare)  ${perCpu.toFixed(0).padStart(6)} per CPU s (${percent(perCpu, baseline.perCpu)})  p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, failed ${failed}`)
    for (const one of [bare, ours, sdk, stub]) await one.stop()
  },
  async list() {
    const text = readFileSync(namedSpecs.github(), 'utf8')
    const root = JSON.parse(text) as { paths: Record<string, unknown> }
    const paths = Object.entries(root.paths)
    // The first paths of GitHub whose tools make a list of 250 kB.
    let [low, high] = [1, paths.length]
    const cut = (count: number): string => JSON.stringify({ ...root, paths: Object.fromEntries(paths.slice(0, count)) })
    const size = (count: number): number => JSON.stringify(definitionsOf(cut(count))).length
    while (low < high) {
      const middle = low + high >> 1
      if (size(middle) < 250_000) low = middle + 1
      else high = middle
    }
    const stub = await host(1, [hosts, 'stub'])
    for (const [name, document] of [[`the first ${low} paths of GitHub`, cut(low)], ['GitHub', text]] as const) {
      const spec = written('list.json', document)
      const list = written('list-tools.json', JSON.stringify(definitionsOf(document)))
      const [bare, ours, sdk] = [await host(0, [hosts, 'bare', list]), await serve(spec, stub.url, '--list', '--accept-findings'), await host(0, [hosts, 'sdk', list])]
      console.log(`\ntools/list of ${name} (document ${sha256(Buffer.from(document))}, ${(JSON.parse(readFileSync(list, 'utf8')) as unknown[]).length} tools, list ${megabytes(readFileSync(list).length)}), concurrency ${connections}, ${seconds} s a round, medians of ${rounds} rounds by turns`)
      const lane = (title: string, one: Host): Lane => ({ name: title, host: one, request: modernRequest(one.url, 'tools/list', {}), right: (body) => body.includes('"tools":[{') })
      await compare([lane('bare node:http', bare), lane('haechi mcp serve', ours), lane('SDK server', sdk)], (_, { rate, perCpu, bytes, p99, failed }, baseline) =>
        `${rate.toFixed(0).padStart(6)}/s  ${(rate * bytes / 1e6).toFixed(0).padStart(5)} MB/s (${percent(rate, baseline.rate)} of bare)  ${perCpu.toFixed(0).padStart(6)} per CPU s (${percent(perCpu, baseline.perCpu)})  ${(bytes / 1e3).toFixed(0)} kB each, p99 ${p99.toFixed(1)} ms, failed ${failed}`)
      for (const one of [bare, ours, sdk]) await one.stop()
    }
    await stub.stop()
  },
  async swaps() {
    const stub = await host(1, [hosts, 'stub'])
    const many = Number(values.swaps)
    const list = written('swap-tools.json', JSON.stringify([...definitionsOf(itemsApi()), ...definitionsOf(readFileSync(namedSpecs.github(), 'utf8')).slice(0, 100)]))
    const server = await host(0, ['--expose-gc', hosts, 'swaps', list, origin(stub.url)])
    console.log(`\n${many} swaps of a catalogue of 101 tools under load, concurrency ${connections}, 20 clients listening`)
    const at = (path: string): string => new URL(path, server.url).href
    const listening = await listen(server.url, 20, () => modernRequest(server.url, 'subscriptions/listen', { notifications: { toolsListChanged: true } }), (text) => text.includes('acknowledged'))
    type Memory = { rss: number; heap: number; swaps: number }
    // Warm first: what a running server holds, not what starting costs.
    await Promise.all([jsonOf(at('/swap/500')), load({ url: server.url, request: call(server.url), connections, until: 2, right: rightCall })])
    const before = await jsonOf<Memory>(at('/memory'))
    const swapping = (async () => { for (let left = many; left > 0; left -= 500) await jsonOf(at(`/swap/${Math.min(500, left)}`)) })()
    const done = await load({ url: server.url, request: call(server.url), connections, until: swapping, right: rightCall })
    const after = await jsonOf<Memory>(at('/memory'))
    const heard = listening.heard(after.swaps).length
    console.log(`  ${done.done} calls beside ${after.swaps - before.swaps} swaps in ${done.seconds.toFixed(1)} s (${((after.swaps - before.swaps) / done.seconds).toFixed(0)} swaps/s), failed calls ${done.failed}, p99 ${quantile(done.latencies, 0.99).toFixed(1)} ms`)
    console.log(`  after a collection: RSS ${megabytes(before.rss)} before, ${megabytes(after.rss)} after; heap ${megabytes(before.heap)} before, ${megabytes(after.heap)} after; ${heard} of 20 clients heard of every one of ${after.swaps}, streams lost ${listening.lost}`)
    listening.close()
    await server.stop()

    const spec = written('changing.json', itemsApi())
    const ours = await serve(spec, stub.url)
    const watching = await listen(ours.url, 1, () => modernRequest(ours.url, 'subscriptions/listen', { notifications: { toolsListChanged: true } }), (text) => text.includes('acknowledged'))
    const times: number[] = []
    const rss = rssOf(ours.pid)
    const changing = (async () => {
      for (let version = 1; version <= 100; version += 1) {
        const from = performance.now()
        // Whole at once, as editors and deployments write.
        renameSync(written('changing.new', itemsApi(`Get an item, version ${version}`)), spec)
        while (watching.heard(version).length === 0) {
          if (performance.now() - from > 10_000) return
          await new Promise((resolve) => { setTimeout(resolve, 1) })
        }
        times.push(performance.now() - from)
      }
    })()
    const beside = await load({ url: ours.url, request: call(ours.url), connections, until: changing, right: rightCall })
    console.log(`  haechi mcp serve, its file changed ${times.length} times under load: ${beside.done} calls, failed ${beside.failed}; file to list_changed p50 ${quantile(times, 0.5).toFixed(0)} ms, p95 ${quantile(times, 0.95).toFixed(0)} ms; RSS ${rss} MiB before, ${rssOf(ours.pid)} MiB after`)
    watching.close()
    await ours.stop()
    await stub.stop()
  },
  async clients() {
    const many = Number(values.clients)
    const stub = await host(1, [hosts, 'stub'])
    const spec = written('clients.json', itemsApi())
    for (const era of ['2026-07-28, subscriptions/listen', '2025-11-25, sessions with a GET stream'] as const) {
      const ours = await serve(spec, stub.url)
      const requestFor = async (): Promise<Buffer> => {
        if (era.startsWith('2026')) return modernRequest(ours.url, 'subscriptions/listen', { notifications: { toolsListChanged: true } })
        const opened = await fetch(ours.url, {
          method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } } }),
        })
        await opened.text()
        return httpRequest(ours.url, 'GET', '', { 'mcp-session-id': opened.headers.get('mcp-session-id')!, 'mcp-protocol-version': '2025-11-25' })
      }
      await load({ url: ours.url, request: call(ours.url), connections, until: Math.min(3, seconds), right: rightCall })
      const before = rssOf(ours.pid)
      const listening = await listen(ours.url, many, requestFor, (text) => /acknowledged|200 OK/.test(text))
      const after = rssOf(ours.pid)
      const from = performance.now()
      renameSync(written('clients.new', itemsApi(`Get an item, ${era}`)), spec)
      while (listening.heard(1).length < listening.begun && performance.now() - from < 20_000) await new Promise((resolve) => { setTimeout(resolve, 5) })
      const heard = listening.heard(1).map((time) => time - from)
      const earliest = Math.min(...heard)
      const beside = await load({ url: ours.url, request: call(ours.url), connections, until: Math.min(3, seconds), right: rightCall })
      console.log(`\n${listening.begun} clients connected (${era}): RSS ${before} MiB before, ${after} MiB after, ${((after - before) * 1024 / many).toFixed(1)} KiB each`)
      console.log(`  list_changed reached ${heard.length}, p50 ${quantile(heard, 0.5).toFixed(0)} ms, p99 ${quantile(heard, 0.99).toFixed(0)} ms after the file changed; first to last ${(Math.max(...heard) - earliest).toFixed(0)} ms; lost ${listening.lost}`)
      console.log(`  tools/call beside them: ${(beside.done / beside.seconds).toFixed(0)}/s, failed ${beside.failed}`)
      listening.close()
      await ours.stop()
    }
    await stub.stop()
  },
}

/** A process that serves one document and is given its next version, again and again. */
async function convertOne(file: string, next: string): Promise<void> {
  const bytes = readFileSync(file)
  const changed = readFileSync(next)
  const converter = createConverter()
  const name = `${dirname(file).split('/').at(-1)}/${file.split('/').at(-1)}`
  const server = createMcpServer({ name: 'bench', version: '1', catalogue: { tools: [], call: () => Promise.reject(new Error('none')) }, clock: { now: () => 0 } })
  const times: number[] = []
  const cpu: number[] = []
  const held: number[] = []
  let tools = 0
  let found = ''
  for (let i = 0; i <= rounds; i += 1) {
    const usage = process.cpuUsage()
    const from = performance.now()
    let longest = 0
    let before = performance.now()
    const watching = setInterval(() => { longest = Math.max(longest, performance.now() - before - 5); before = performance.now() }, 5)
    const job = { spec: 'one', bytes: i % 2 === 0 ? bytes : changed, url: null, overlays: [], prefix: null }
    const conversion = await converter.convert(job, file)
    converter.accept(job)
    const index = await converter.index(new Set(conversion.tools.map((tool) => tool.name)))
    server.swap({ tools: conversion.tools.map((tool) => ({ name: tool.name, json: tool.json })), call: () => Promise.reject(new Error('none')) })
    times.push(performance.now() - from)
    clearInterval(watching)
    if (index.size === 0) throw new RangeError('nothing was indexed')
    held.push(longest)
    const used = process.cpuUsage(usage)
    cpu.push((used.user + used.system) / 1e3)
    tools = conversion.tools.length
    found = `${conversion.changes.length} changes, ${conversion.findings.length} findings, list ${megabytes(conversion.tools.reduce((sum, { json }) => sum + json.length + 1, 0))}`
  }
  await converter.close()
  const peak = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024
  const bare = Array.from({ length: rounds }, () => {
    const from = performance.now()
    JSON.parse(bytes.toString())
    return performance.now() - from
  })
  console.log(`  ${name} (${megabytes(bytes.length)}, sha256 ${sha256(bytes)}): ${tools} tools; first ${times[0]!.toFixed(0)} ms (${cpu[0]!.toFixed(0)} ms of CPU), each next version ${median(times.slice(1)).toFixed(0)} ms (${median(cpu.slice(1)).toFixed(0)} ms of CPU); ${found}; peak RSS ${peak.toFixed(0)} MiB; this thread held up to ${Math.max(...held.slice(1)).toFixed(0)} ms; JSON.parse alone ${median(bare).toFixed(0)} ms (x ${(median(times.slice(1)) / median(bare)).toFixed(1)})`)
}

if (values.convert !== undefined) await convertOne(values.convert, values.changed!)
else {
  const version = (name: string): string => (JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')) as { version: string }).version
  console.log(`${machine()}; ${pinned ? 'servers on core 0, load and stub on core 1' : 'not pinned'}; @modelcontextprotocol/server ${version('@modelcontextprotocol/server')}, undici ${(JSON.parse(readFileSync(new URL('../../node_modules/undici/package.json', import.meta.url), 'utf8')) as { version: string }).version}`)
  try {
    for (const part of values.parts.split(',')) {
      // What converts has a worker, and may use both.
      if (pinned) spawnSync('taskset', ['-acp', part === 'convert' ? `0-${cpus().length - 1}` : '1', String(process.pid)])
      if (part === 'convert') console.log('\nconvert + diff + scan + index + swap, in a worker as `haechi mcp serve` does')
      await parts[part]!()
    }
  } finally {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}
