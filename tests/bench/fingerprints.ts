// npm run bench:fingerprints [-- --seconds 2]: banners a second on one core, by CPU time: the examples of Recog against a whole database each, and against all
// databases at once, beside the bare loop (re2js over the same patterns in their order, until the first match) in the same run.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { RE2JS } from 're2js'
import { createIdentifier, createTechnologyIdentifier, readFingerprints, readTechnologyRules } from '@haechi/fingerprints'
import type { Database } from '@haechi/fingerprints'
import { corpus } from '../server.ts'
import { untar } from '../templates-corpus.ts'
import { ownTechnologyFiles } from '../../apps/cli/src/fingerprint-files.ts'
import { machine } from './load.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } })
const seconds = Number(values.seconds)
const archive = join(corpus, 'recog/recog.tar.gz')
if (!existsSync(archive)) throw new Error(`no ${archive}; set HAECHI_CORPUS`)
const packed = readFileSync(archive)

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
let from = cpu()
const { databases, cpeNames } = readFingerprints(untar(gunzipSync(packed)))
const load = cpu() - from
const fingerprints = databases.flatMap((database) => database.fingerprints)
from = cpu()
const identifier = createIdentifier(databases, { cpeNames })
const prepare = cpu() - from
console.log(`${machine()}; recog.tar.gz ${createHash('sha256').update(packed).digest('hex').slice(0, 16)}; ${databases.length} databases, ${fingerprints.length} fingerprints`)
console.log(`read ${(load * 1e3).toFixed(0)} ms, prepare ${(prepare * 1e3).toFixed(0)} ms of CPU; ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB RSS`)

/** Banners a CPU second: whole rounds until `seconds` are used, after one round that is not counted. */
function rate(banners: readonly string[], look: (banner: string) => unknown): number {
  const budget = cpu() + 2 * seconds
  let looked = 0
  for (const banner of banners) {
    look(banner)
    if (++looked % 64 === 0 && cpu() > budget) break
  }
  const start = cpu()
  let count = 0
  for (let spent = 0; spent < seconds;) {
    for (const banner of banners) {
      look(banner)
      if (++count % 64 === 0 && cpu() - start >= seconds) break
    }
    spent = cpu() - start
  }
  return count / (cpu() - start)
}

const bare = (database: Database): ((banner: string) => boolean) => {
  const compiled = database.fingerprints.map(({ regex }) => RE2JS.compile(regex.source))
  return (banner) => compiled.some((each) => each.matcher(banner).find())
}
const bannersOf = (database: Database): string[] => database.fingerprints.flatMap(({ examples }) => examples.map(({ banner }) => banner))
const line = (name: string, size: number, banners: number, ours: number, theirs: number): void => {
  console.log(`${name.padEnd(34)} ${String(size).padStart(5)} fingerprints ${String(banners).padStart(5)} banners  ${ours.toFixed(0).padStart(8)} banners/s  bare loop ${theirs.toFixed(0).padStart(7)}  ratio ${(ours / theirs).toFixed(1)}`)
}

for (const stem of ['ssh_banners', 'http_servers', 'snmp_sysdescr', 'html_title', 'favicons', 'telnet_banners']) {
  const database = databases.find((each) => each.stem === stem)!
  const banners = bannersOf(database)
  line(`${stem}, its examples`, database.fingerprints.length, banners.length, rate(banners, (banner) => identifier.identify(database.name, banner)), rate(banners, bare(database)))
}
const ssh = databases.find(({ stem }) => stem === 'ssh_banners')!
const unknown = Array.from({ length: 500 }, (_, at) => `SomethingElse_${at}.2p1 of nobody, with a longer text behind it ${at * 7_919}`)
line('ssh_banners, nothing matches', ssh.fingerprints.length, unknown.length, rate(unknown, (banner) => identifier.identify(ssh.name, banner)), rate(unknown, bare(ssh)))

const mixed = databases.flatMap((database) => bannersOf(database).map((banner) => ({ database, banner }))).toSorted((a, b) => (createHash('md5').update(a.banner).digest('hex') < createHash('md5').update(b.banner).digest('hex') ? -1 : 1))
const owners = new Map(mixed.map(({ database, banner }) => [banner, database]))
const loops = new Map(databases.map((database) => [database, bare(database)]))
const texts = mixed.map(({ banner }) => banner)
line('all examples, each its database', fingerprints.length, texts.length, rate(texts, (banner) => identifier.identify(owners.get(banner)!.stem, banner)), rate(texts, (banner) => loops.get(owners.get(banner)!)!(banner)))
line('all examples, all databases', fingerprints.length, texts.length, rate(texts, (banner) => identifier.all(banner)), rate(texts, (banner) => [...loops.values()].map((loop) => loop(banner))))

const { rules } = readTechnologyRules(ownTechnologyFiles())
const technologies = createTechnologyIdentifier(rules)
const answers = rules.flatMap(({ matches, misses }) => [...matches.map(({ answer }) => answer), ...misses])
const page = `<!doctype html><html><head><title>A page</title>${'<script src="/js/app.js"></script>'.repeat(10)}</head><body>${'<p class="text">Nothing of note in this paragraph, and a <a href="/link">link</a>.</p>\n'.repeat(600)}</body></html>`
const pages = answers.map((answer) => ({ ...answer, body: `${typeof answer.body === 'string' ? answer.body : ''}${page}` }))
console.log(`${rules.length} technology rules: ${answerRate(answers).toFixed(0)} answers/s of their samples, ${answerRate(pages).toFixed(0)} answers/s with a page of ${(page.length / 1e3).toFixed(0)} kB each`)

function answerRate(all: typeof answers): number {
  const start = cpu()
  let count = 0
  while (cpu() - start < seconds) {
    technologies.identify(all[count % all.length]!)
    count++
  }
  return count / (cpu() - start)
}
