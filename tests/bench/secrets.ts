// npm run bench:secrets: secrets in the text of node_modules (under another folder name, because the peers skip that one) and in all that this repository's history holds,
// ours as the command searches, beside betterleaks and kingfisher (HAECHI_SECRETS_PEERS: the folder of their programs) in the same run. Each reads files from the same warm folders,
// walks them itself, and starts anew; the peers without a network, so that none of them asks a provider. Prints MB/s, ratios, how many each finds, and with --finds what.
// And how many of the examples of secrets and of near misses in the data each finds: half of those are kingfisher's own.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { redact } from '@haechi/secrets'
import { gunzipSync } from 'node:zlib'
import { corpus } from '../server.ts'
import { machine, quantile } from './load.ts'
import type { Find } from './secrets-ours.ts'

const root = join(import.meta.dirname, '../..')
const ROUNDS = 3
const EXAMPLES = 'examples of secrets'

type Scanner = { readonly name: string; readonly program: string; readonly args: (folder: string, report: string) => readonly string[]; readonly read: (lines: readonly unknown[], folder: string) => readonly Find[] }
type BetterleaksLine = { finding?: { rule_id: string; match: { value: string }; location: { path: string; start_line: number } } }
type KingfisherLine = { rule: { id: string }; finding?: { snippet: string; path: string; line: number } }
const within = (path: string, folder: string): string => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path)
const bin = process.env['HAECHI_SECRETS_PEERS']
const scanners: readonly Scanner[] = [
  { name: 'haechi', program: process.execPath, args: (folder, report) => [join(import.meta.dirname, 'secrets-ours.ts'), folder, report], read: (lines) => lines as Find[] },
  ...(bin === undefined ? [] : [
    {
      name: 'betterleaks', program: join(bin, 'betterleaks'), args: (folder: string, report: string) => ['auto', folder, '--no-banner', '-s', '--exit-code', '0', '-o', report],
      read: (lines: readonly unknown[], folder: string) => (lines as BetterleaksLine[]).flatMap(({ finding }) => (finding === undefined ? [] : [{ path: within(finding.location.path, folder), line: finding.location.start_line, rule: finding.rule_id, secret: finding.match.value }])),
    },
    {
      name: 'kingfisher', program: join(bin, 'kingfisher'),
      args: (folder: string, report: string) => ['scan', folder, '--no-validate', '--no-update-check', '--no-dedup', '-q', '-f', 'jsonl', '-o', report, '--rule-cache-dir', join(dirname(report), 'rules')],
      read: (lines: readonly unknown[], folder: string) => (lines as KingfisherLine[]).flatMap(({ rule, finding }) => (finding === undefined ? [] : [{ path: within(finding.path, folder), line: finding.line, rule: rule.id, secret: finding.snippet }])),
    },
  ]),
]

/** Wall and processor time of a program with all that it starts, in milliseconds. */
function timed(program: string, args: readonly string[]): { readonly wall: number; readonly cpu: number } {
  const isolated = process.getuid?.() === 0 ? ['unshare', '-n'] : []
  // Ours compiles once for all rounds, as kingfisher compiles its rules.
  const script = 'TIMEFORMAT="@ %R %U %S"; time "$@" > /dev/null 2>&1'
  const { error, status, stderr } = spawnSync('bash', ['-c', script, 'bash', ...isolated, program, ...args], { encoding: 'utf8', timeout: 600_000, env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'haechi-bench-compiled') } })
  const [, wall, user, system] = /@ ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr) ?? []
  // 200: kingfisher found something.
  if (error !== undefined || (status !== 0 && status !== 200) || system === undefined) throw new Error(`${program} ended with ${status} ${error?.message ?? ''}`)
  return { wall: Number(wall) * 1_000, cpu: (Number(user) + Number(system)) * 1_000 }
}

/** Files that are text, under a name of their own for each node_modules. */
function copyText(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const path = join(from, entry.name)
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) copyText(path, join(to, entry.name === 'node_modules' ? 'packages' : entry.name))
    else if (entry.isFile() && !readFileSync(path).subarray(0, 8_000).includes(0)) {
      mkdirSync(to, { recursive: true })
      copyFileSync(path, join(to, entry.name))
    }
  }
}

/** Every blob that the history holds, once, by the first path that git tells for it. */
function copyHistory(to: string): void {
  const git = (args: readonly string[], input?: string): Buffer => execFileSync('git', ['-C', root, ...args], { maxBuffer: 2 ** 31, ...(input === undefined ? {} : { input }) })
  const paths = new Map(git(['rev-list', '--objects', '--all']).toString('latin1').trim().split('\n').map((line) => [line.slice(0, 40), line.slice(41)] as const).filter(([, path]) => path !== ''))
  const answer = git(['cat-file', '--batch'], [...paths.keys()].join('\n'))
  for (let at = 0; at < answer.length;) {
    const end = answer.indexOf(10, at)
    const [id = '', type = '', size = '0'] = answer.toString('latin1', at, end).split(' ')
    const content = answer.subarray(end + 1, end + 1 + Number(size))
    at = end + 2 + Number(size)
    if (type !== 'blob' || content.subarray(0, 8_000).includes(0)) continue
    const path = join(to, id.slice(0, 12), paths.get(id)!)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** An example a file, in a folder that says which it is. */
function copyExamples(to: string): void {
  for (const folder of ['positive', 'negative']) mkdirSync(join(to, folder), { recursive: true })
  const lines = gunzipSync(readFileSync(join(corpus, 'secrets/rule-examples.ndjson.gz'))).toString('utf8').trim().split('\n')
  for (const [at, line] of lines.entries()) {
    const { example, positive } = JSON.parse(line) as { example: string; positive: boolean }
    writeFileSync(join(to, positive ? 'positive' : 'negative', `${at}.conf`), example)
  }
}

function measure(title: string, folder: string, scratch: string): void {
  const times = new Map<string, { wall: number; cpu: number }[]>(scanners.map(({ name }) => [name, []]))
  const finds = new Map<string, readonly Find[]>()
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0), 0)
  // One round more than counts: who reads first warms the folder, and kingfisher its rules.
  for (let round = 0; round <= ROUNDS; round += 1) for (const { name, program, args, read } of scanners) {
    const report = join(scratch, `${name}.jsonl`)
    rmSync(report, { force: true })
    const took = timed(program, args(folder, report))
    if (round > 0) times.get(name)!.push(took)
    finds.set(name, read(readFileSync(report, 'utf8').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown), folder))
  }
  console.log(`\n${title}: ${(bytes / 1e6).toFixed(1)} MB of text, medians of ${ROUNDS} rounds; ratios are times of ours`)
  const median = (name: string, of: 'wall' | 'cpu'): number => quantile(times.get(name)!.map((each) => each[of]), 0.5)
  const place = ({ path, line }: Find): string => `${path}:${line}`
  for (const { name } of scanners) {
    const [wall, cpu] = [median(name, 'wall'), median(name, 'cpu')]
    const mine = new Set(finds.get(name)!.map(place))
    const others = new Set([...finds].filter(([other]) => other !== name).flatMap(([, found]) => found.map(place)))
    console.log(`${name.padEnd(12)} ${(bytes / 1e3 / wall).toFixed(0).padStart(4)} MB/s  ${wall.toFixed(0).padStart(5)} ms x ${(wall / median('haechi', 'wall')).toFixed(2)}  processor ${cpu.toFixed(0).padStart(5)} ms x ${(cpu / median('haechi', 'cpu')).toFixed(2)}  lines with a find ${mine.size}, of them no other's ${[...mine].filter((line) => !others.has(line)).length}`)
  }
  if (title === EXAMPLES) for (const [name, found] of finds) {
    const files = (kind: string): number => new Set(found.filter(({ path }) => path.startsWith(kind)).map(({ path }) => path)).size
    console.log(`${name.padEnd(12)} finds a secret in ${files('positive')} of ${readdirSync(join(folder, 'positive')).length} examples, and in ${files('negative')} of ${readdirSync(join(folder, 'negative')).length} near misses`)
  }
  if (!process.argv.includes('--finds')) return
  const lines = new Map<string, string[]>()
  for (const [name, found] of finds) for (const find of found) {
    const { excerpt, hash } = redact({ ...find, start: 0, end: 0, column: 0, confidence: 0 })
    lines.set(place(find), [...lines.get(place(find)) ?? [], `${name} ${find.rule} ${excerpt} ${hash.slice(0, 6)}`])
  }
  for (const [line, told] of [...lines].toSorted(([one], [other]) => (one < other ? -1 : 1))) console.log(`  ${line}: ${[...new Set(told)].join('; ')}`)
}

const scratch = mkdtempSync(join(tmpdir(), 'haechi-bench-secrets-'))
try {
  console.log(machine())
  const packages = join(scratch, 'packages')
  copyText(join(root, 'node_modules'), packages)
  measure('text of node_modules', packages, scratch)
  const history = join(scratch, 'history')
  copyHistory(history)
  measure("all blobs of this repository's history", history, scratch)
  const examples = join(scratch, 'examples')
  copyExamples(examples)
  measure(EXAMPLES, examples, scratch)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
