// npm run bench:sigma [-- --runs 5] [--lanes raw_windows,...]: the pinned SigmaHQ rules over the event lanes, NDJSON bytes in, matches with their values out, one core, by CPU time.
// "as lines" also writes each match as a line of JSON with all that it was matched by; rsigma's lines are part of its figure, and leave out what keywords met.
// With RSIGMA=path the runs alternate with rsigma's over the same bytes; without it the ratio is to the plain matcher, and the lanes' README has rsigma's figures.
// default: every rule for every event. routed: rules whose log source contradicts what the event states are left out, fields as they stand: what rsigma does.
// detect: our own reading, which also knows collectors' names for things: what the product does.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import { createMatcher, createPlainMatcher, parse } from '@haechi/sigma'
import type { LogSource, Match, Matcher, Rule } from '@haechi/sigma'
import { corpus } from '../server.ts'
import { machine, quantile } from './load.ts'

const LANES = ['raw_windows', 'structured_windows', 'low_match', 'match_heavy', 'mixed_schema', 'no_match', 'cisco_syslog', 'sysmon_file_event', 'correlation', 'otrf-lane-60k', 'otrf-lane-balanced-30k']
const BATCH = 262_144
type Mode = 'default' | 'routed' | 'detect'

const bytesOf = (lane: string): Buffer => gunzipSync(readFileSync(join(corpus, lane.startsWith('otrf') ? 'telemetry' : 'lanes', `${lane}.ndjson.gz`)))
function batchesOf(data: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let from = 0; from < data.length;) {
    const end = data.indexOf(10, Math.min(from + BATCH, data.length - 1))
    batches.push(data.subarray(from, end === -1 ? data.length : end))
    from = end === -1 ? data.length : end + 1
  }
  return batches
}
const stated = (record: unknown): { shape: 'unknown'; logSource: LogSource; fields: Record<string, unknown> } => {
  const fields = record as Record<string, unknown>
  const logSource: LogSource = {}
  for (const part of ['product', 'category', 'service'] as const) if (typeof fields[part] === 'string') logSource[part] = fields[part].toLowerCase()
  return { shape: 'unknown', logSource, fields }
}
/** Recorded attacks do not state their product; both engines are told. */
const sourceOf = (lane: string, mode: Mode): LogSource | 'detect' => (mode === 'default' ? {} : mode === 'routed' && lane.startsWith('otrf') ? { product: 'windows' } : 'detect')
const matcherFor = (rules: readonly Rule[], mode: Mode): Matcher => (mode === 'detect' ? createMatcher(rules) : createMatcher(rules, {}, stated))

/** What a result line says of its rule is the same each time. */
const heads = new Map<Rule, string>()
function line({ rule, eventIndex, matched }: Match): number {
  let head = heads.get(rule)
  if (head === undefined) {
    head = JSON.stringify({ rule_id: rule.id, rule_title: rule.title, level: rule.level, tags: rule.tags }).slice(0, -1)
    heads.set(rule, head)
  }
  return `${head},"event_index":${eventIndex},"matched":${JSON.stringify(matched)}}`.length
}

/** CPU seconds of this thread, matches, and the wall milliseconds of each batch. */
function run(matcher: Matcher, batches: readonly Buffer[], source: LogSource | 'detect', lines = false): { cpu: number; matches: number; batchMs: number[] } {
  const from = process.threadCpuUsage()
  const batchMs: number[] = []
  let matches = 0
  let written = 0
  for (const batch of batches) {
    const start = performance.now()
    const found = matcher.match(batch, source)
    matches += found.length
    if (lines) for (const match of found) written += line(match)
    batchMs.push(performance.now() - start)
  }
  const { user, system } = process.threadCpuUsage(from)
  if (lines && matches > 0 && written === 0) throw new RangeError('lines of no length')
  return { cpu: (user + system) / 1e6, matches, batchMs }
}

function rulesFrom(folder: string): { rules: Rule[]; loadMs: number } {
  const names = execFileSync('find', [folder, '-name', '*.yml']).toString().split('\n').filter((name) => name !== '').toSorted()
  const from = process.cpuUsage()
  const rules = names.flatMap((name) => parse(readFileSync(name, 'utf8'), name).rules)
  createMatcher(rules)
  const { user, system } = process.cpuUsage(from)
  return { rules, loadMs: (user + system) / 1e3 }
}

if (isMainThread) await main()
else {
  const { folder, lane } = workerData as { folder: string; lane: string }
  const { rules } = rulesFrom(folder)
  const matcher = matcherFor(rules, 'routed')
  const batches = batchesOf(bytesOf(lane))
  run(matcher, batches, sourceOf(lane, 'routed'))
  parentPort!.on('message', (times: number) => {
    const from = performance.now()
    for (let i = 0; i < times; i += 1) run(matcher, batches, sourceOf(lane, 'routed'))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort!.postMessage(performance.now() - from)
  })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort!.postMessage('ready')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, lanes: { type: 'string', default: LANES.join() }, modes: { type: 'string', default: 'default,routed,detect' }, workers: { type: 'boolean', default: true }, one: { type: 'boolean', default: false } }, allowNegative: true })
  const folder = mkdtempSync(join(tmpdir(), 'haechi-sigma-'))
  try {
    execFileSync('tar', ['-xzf', join(corpus, 'sigma-rules/sigma-rules-994da166.tar.gz'), '-C', folder])
    const { rules, loadMs } = rulesFrom(folder)
    if (values.one) {
      compare(values.lanes, values.modes.split(',') as Mode[], rules, Number(values.runs), folder, process.env['RSIGMA'])
      return
    }
    console.log(`${machine()}; ${rules.length} rules; load ${loadMs.toFixed(0)} ms of CPU with reading and parsing; ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB RSS`)
    const rsigma = process.env['RSIGMA']
    console.log(rsigma === undefined ? 'RSIGMA is not set: ratios are to the plain matcher over every 100th event' : `beside ${execFileSync(rsigma, ['--version']).toString().trim()}`)
    // Each in a process of its own, as a matcher is used, and as rsigma is run.
    for (const lane of values.lanes.split(',')) {
      for (const mode of values.modes.split(',')) execFileSync(process.execPath, [import.meta.filename, '--one', '--lanes', lane, '--modes', mode, '--runs', values.runs], { stdio: 'inherit' })
    }
    if (values.workers) for (const lane of ['structured_windows', 'otrf-lane-balanced-30k']) await twoWorkers(folder, lane)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compare(lane: string, modes: readonly Mode[], rules: readonly Rule[], runs: number, folder: string, rsigma: string | undefined): void {
  const data = bytesOf(lane)
  const batches = batchesOf(data)
  const events = data.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0) + (data.at(-1) === 10 ? 0 : 1)
  const file = join(folder, 'lane.ndjson')
  const one = join(folder, 'one.ndjson')
  if (rsigma !== undefined) writeFileSync(one, '{"nothing":1}\n')
  for (const mode of modes) {
    // A run of rsigma is a process that loads its rules first, so short lanes are given to it many times over.
    const times = Math.max(1, Math.round((mode === 'default' ? 25_000_000 : 75_000_000) / data.length))
    if (rsigma !== undefined) writeFileSync(file, Buffer.concat(Array.from({ length: times }, () => (data.at(-1) === 10 ? data : Buffer.concat([data, Buffer.from('\n')])))))
    const matcher = matcherFor(rules, mode)
    const source = sourceOf(lane, mode)
    run(matcher, batches, source)
    const own: number[] = []
    const theirs: number[] = []
    const written: number[] = []
    const batchMs: number[] = []
    let matches = 0
    for (let i = 0; i < runs; i += 1) {
      let cpu = 0
      for (let time = 0; time < times; time += 1) {
        const done = run(matcher, batches, source)
        cpu += done.cpu
        matches = done.matches
        batchMs.push(...done.batchMs)
      }
      own.push(events * times / cpu)
      written.push(events / run(matcher, batches, source, true).cpu)
      if (rsigma !== undefined && mode !== 'detect') {
        const flags = mode === 'routed' ? ['--logsource-routing', ...(lane.startsWith('otrf') ? ['--event-logsource', 'product=windows'] : [])] : []
        theirs.push(events * times / Math.max(1e-3, childCpu(rsigma, folder, file, flags) - childCpu(rsigma, folder, one, flags)))
      }
    }
    const median = (list: readonly number[]): number => quantile(list, 0.5)
    const ratios = own.map((rate, at) => rate / (theirs[at] ?? Number.NaN))
    const beside = theirs.length > 0 ? `rsigma ${Math.round(median(theirs))}/s, ratio ${median(ratios).toFixed(2)}` : rsigma === undefined ? `${(median(own) / plainRate(rules, mode, data, source)).toFixed(1)} times the plain matcher` : ''
    console.log(`${lane.padEnd(23)} ${mode.padEnd(8)} ${String(Math.round(median(own))).padStart(8)}/s (as lines ${Math.round(median(written))})  p99 of a batch of ${BATCH >> 10} KiB ${quantile(batchMs, 0.99).toFixed(1)} ms  ${matches} matches  ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB with the lane  ${beside}`)
  }
}

function plainRate(rules: readonly Rule[], mode: Mode, data: Buffer, source: LogSource | 'detect'): number {
  const lines = data.toString().split('\n').filter((text, at) => text !== '' && at % 100 === 0)
  return lines.length / run(mode === 'detect' ? createPlainMatcher(rules) : createPlainMatcher(rules, {}, stated), [Buffer.from(lines.join('\n'))], source).cpu
}

/** CPU seconds of a run of rsigma. */
function childCpu(rsigma: string, folder: string, events: string, flags: readonly string[]): number {
  const out = execFileSync('sh', ['-c', '"$0" "$@" > /dev/null 2>/dev/null; times', rsigma, 'engine', 'eval', '-r', join(folder, 'rules'), '-e', `@${events}`, '--input-format', 'json', ...flags]).toString()
  // POSIX `times`: the second line is of the children.
  const [user = '', system = ''] = (out.trim().split('\n')[1] ?? '').split(' ')
  const seconds = (text: string): number => {
    const [minutes = '0', rest = '0'] = text.replace('s', '').split('m')
    return Number(minutes) * 60 + Number(rest)
  }
  return seconds(user) + seconds(system)
}

async function twoWorkers(folder: string, lane: string): Promise<void> {
  const start = async (): Promise<Worker> => {
    const worker = new Worker(import.meta.filename, { workerData: { folder, lane } })
    await new Promise((resolve) => worker.once('message', resolve))
    return worker
  }
  const workers = [await start(), await start()]
  const time = (worker: Worker): Promise<number> => new Promise((resolve) => {
    worker.once('message', resolve)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    worker.postMessage(5)
  })
  const alone = await time(workers[0]!)
  const together = await Promise.all(workers.map(time))
  console.log(`${lane}, routed: two workers do ${(2 * alone / Math.max(...together)).toFixed(2)} times what one does`)
  await Promise.all(workers.map((worker) => worker.terminate()))
}
