// `haechi secrets scan`: credentials in folders, archives and the history of repositories. Nothing that is found is shown: an excerpt and a hash tell which it is.
// Defended by secrets-scan.integration.test.ts.
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Severity } from '@haechi/risk'
import { createDetector, genericRules, readSecretRules, redact, severityOf, toSarif } from '@haechi/secrets'
import type { Detector, Leak, SecretRule } from '@haechi/secrets'
import { HaechiError } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { byteSize, grouped, safe } from '../layout.ts'
import { ownSecretRules } from '../secret-rules.ts'
import { ask } from '../secrets/live.ts'
import { commitMessage, search } from '../secrets/search.ts'
import type { Sighting } from '../secrets/search.ts'
import { unreadableFile } from '../unreadable-file.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']
const redrawEvery = 100

export const secretsScan = command({
  path: ['secrets', 'scan'], about: 'secrets_scan', details: 'secrets_scan_details', arguments: [{ name: 'PATH', about: 'argument_secret_sources', many: true }],
  options: {
    'no-history': { about: 'option_no_history' },
    'packages': { about: 'option_packages' },
    'rules': { value: 'FILE', about: 'option_secret_rules', many: true },
    'baseline': { value: 'FILE', about: 'option_baseline' },
    'live': { about: 'option_live' },
    'sarif': { about: 'option_sarif' },
    'fail-on': { value: 'SEVERITY', about: 'option_fail_on_severity', choices: severities },
  },
  examples: [
    { line: 'haechi secrets scan .', about: 'example_secrets' }, { line: 'haechi secrets scan backup.zip ./config --json', about: 'example_json' }, { line: 'haechi secrets scan . --baseline known.ndjson --sarif --fail-on high > result.sarif', about: 'example_secrets_baseline' },
    { line: 'pbpaste | haechi secrets scan -', about: 'example_secrets_paste' },
  ],
  async run(context, { options, arguments: named }) {
    const names = new Map<string, SecretRule>(genericRules.map((rule) => [rule.id, rule]))
    let inForce: readonly SecretRule[] = []
    const rules = async (): Promise<readonly SecretRule[]> => {
      inForce = [...ownSecretRules(), ...await rulesOf(options.rules)]
      for (const rule of inForce) names.set(rule.id, rule)
      return inForce
    }
    const known = options.baseline === undefined ? new Set<string>() : await baselineOf(options.baseline)
    await using paste = named.includes('-') ? await pasted(context) : null
    const sources = Array.from(Map.groupBy(named, (source) => (source === '-' ? source : resolve(source))).values(), ([source]) => (source === '-' ? paste!.file : source!))
    for (const source of sources) {
      try {
        await stat(source)
      } catch (error) {
        throw unreadableFile(source, error)
      }
    }
    const leaks = new Map<string, Gathered>()
    const progress = new Progress(context)
    const totals = { files: 0, bytes: 0, allowed: 0, unreadable: 0, known: 0, folders: 0 }
    for await (const event of search(sources, { rules, history: !options['no-history'], packages: options.packages, signal: context.stop })) {
      switch (event.kind) {
        case 'sighting':
          gather(leaks, names, event.sighting, paste?.file ?? null)
          break
        case 'fault': {
          const { path, reason } = event.fault
          totals.unreadable++
          progress.aside(() => { context.report(new HaechiError('secrets_unreadable', { path: paste === null ? path : path.replace(paste.file, 'stdin'), reason: context.json ? reason : wordOf(context, 'secrets_fault', reason) })) })
          break
        }
        case 'progress':
          totals.files = event.files
          totals.bytes = event.bytes
          totals.allowed = event.allowed
          totals.folders = event.folders
          progress.draw(event.files, event.bytes, leaks.size)
          break
      }
    }
    progress.aside(() => undefined)
    const found = [...leaks.values()].filter(({ rule, hash, path }) => {
      const isKnown = known.has(keyOf(rule.id, hash, path))
      if (isKnown) totals.known++
      return !isKnown
    })
    if (options.live && !context.stop.aborted) await live(found, context)
    const sorted = found.toSorted((a, b) => severities.indexOf(severityOf(b)) - severities.indexOf(severityOf(a)) || Number(b.present) - Number(a.present) || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
    if (options.sarif) {
      const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
      context.out.write(toSarif(sorted, { version, language: context.language }))
    } else if (context.json) {
      const detector = createDetector(inForce)
      for (const leak of sorted) context.out.write(`${JSON.stringify(answerOf(leak, detector, context))}\n`)
    } else print(sorted, context)
    if (context.json) context.err.write(`${JSON.stringify({ totals: { ...totals, secrets: sorted.length, interrupted: context.stop.aborted } })}\n`)
    else {
      context.err.write(`${context.text('secrets_total', { secrets: grouped(sorted.length), files: grouped(totals.files), size: byteSize(totals.bytes) })}\n`)
      if (totals.known + totals.allowed + totals.folders > 0) context.err.write(`${context.text('secrets_passed_over', { known: grouped(totals.known), allowed: grouped(totals.allowed), folders: grouped(totals.folders) })}\n`)
    }
    if (context.stop.aborted) return exitCodes.interrupted
    const least = options['fail-on'] === undefined ? Infinity : severities.indexOf(options['fail-on'] as Severity)
    return totals.unreadable > 0 || sorted.some((leak) => severities.indexOf(severityOf(leak)) >= least) ? exitCodes.failed : exitCodes.ok
  },
})

/** `places`: commits and files in which it stands at this path; null: the file. */
type Gathered = { -readonly [K in keyof Leak]: Leak[K] } & { readonly secret: string; readonly places: Set<string | null>; /** Of its first commit. */ order: number }

const keyOf = (rule: string, hash: string, path: string): string => JSON.stringify([rule, hash, path])

/** One secret at one path is one leak: told as it stands now, with the first commit that brought it. */
function gather(leaks: Map<string, Gathered>, rules: ReadonlyMap<string, SecretRule>, { found, source, path, commit, order, present }: Sighting, paste: string | null): void {
  const rule = rules.get(found.rule)
  if (rule === undefined) return
  const { excerpt, hash } = redact(found)
  const shown = source === paste ? `stdin${path.slice(paste.length)}` : path
  const key = JSON.stringify([source, keyOf(rule.id, hash, shown)])
  const known = leaks.get(key)
  if (known === undefined) {
    leaks.set(key, { rule, secret: found.secret, excerpt, hash, source: source === paste ? 'stdin' : source, path: shown, line: found.line, column: found.column, confidence: found.confidence, present, first: commit, live: null, places: new Set([commit?.id ?? null]), order })
    return
  }
  if (order < known.order) Object.assign(known, { first: commit, order, ...(known.present ? {} : { line: found.line, column: found.column }) })
  // A file as it stands goes before what HEAD has of it.
  if (present && (!known.present || (commit === null && !known.places.has(null)))) Object.assign(known, { present, line: found.line, column: found.column })
  known.places.add(commit?.id ?? null)
}

/** What somebody wrote, without the secrets in it. */
function withoutSecrets(text: string, detector: Detector): string {
  const bytes = Buffer.from(text)
  let at = 0
  let told = ''
  for (const found of detector.detect(bytes, { path: '' }).found) {
    told += bytes.toString('utf8', at, found.start) + redact(found).excerpt
    at = found.end
  }
  return told + bytes.toString('utf8', at)
}

const answerOf = (leak: Gathered, detector: Detector, { language }: Context): object => ({
  asset: leak.source, kind: leak.live === 'alive' ? 'valid_credential' : 'exposed_credential', weakness: leak.rule.id, severity: severityOf(leak), confidence: leak.confidence, evidence: leak.excerpt, hash: leak.hash, name: leak.rule.name[language], provider: leak.rule.provider, path: leak.path, line: leak.line, column: leak.column, present: leak.present,
  owner: leak.first === null ? null : `${leak.first.author} <${leak.first.email}>`, first_commit: leak.first === null ? null : { id: leak.first.id, at: new Date(leak.first.authoredAt).toISOString(), subject: withoutSecrets(leak.first.subject, detector) }, places: leak.places.size, live: leak.live,
})

function print(leaks: readonly Gathered[], context: Context): void {
  printTable(context, leaks, [
    { title: 'column_severity', fixed: true, cell: (leak) => wordOf(context, 'template_severity', severityOf(leak)) },
    { title: 'column_secret', cell: ({ rule }) => rule.name[context.language] },
    { title: 'column_place', cell: ({ path, line, source }) => safe(`${source === path || source === '.' ? '' : `${source}: `}${path.endsWith(commitMessage) ? path.slice(0, -commitMessage.length) + context.text('secret_commit_message') : path}:${line}`) },
    { title: 'column_excerpt', fixed: true, cell: ({ excerpt }) => safe(excerpt) },
    { title: 'column_state', fixed: true, cell: ({ present, live }) => (live === null || live === 'unknown' ? context.text(present ? 'secret_present' : 'secret_past') : wordOf(context, 'liveness', live)) },
    { title: 'column_first_commit', fixed: true, cell: ({ first }) => (first === null ? '-' : `${first.id.slice(0, 10)} ${new Date(first.authoredAt).toISOString().slice(0, 10)}`) },
    { title: 'column_author', cell: ({ first }) => (first === null ? '-' : safe(first.author)) },
  ])
}

/** Each secret is asked about once, wherever it stands. */
async function live(leaks: readonly Gathered[], context: Context): Promise<void> {
  const { createEgress } = await import('@haechi/server/egress')
  const egress = createEgress()
  try {
    for (const same of Map.groupBy(leaks, ({ rule, hash }) => JSON.stringify([rule.id, hash])).values()) {
      const [{ rule, secret }] = same as [Gathered, ...Gathered[]]
      const answer = context.stop.aborted ? 'unknown' : await ask(rule, secret, egress, context.stop)
      for (const leak of same) leak.live = answer
    }
  } finally {
    await egress.close()
  }
}

/** Rules of one's own, beside ours. Errors: file_unreadable, secret_rules_refused. */
async function rulesOf(files: readonly string[]): Promise<readonly SecretRule[]> {
  const contents = await Promise.all(files.map(async (path) => {
    if (!/\.ya?ml$/i.test(path)) throw new HaechiError('secret_rules_refused', { file: path, line: 1, reason: 'its name does not end in .yaml or .yml' })
    try {
      return { path, content: await readFile(path) }
    } catch (error) {
      throw unreadableFile(path, error)
    }
  }))
  const { rules, refused: [first] } = readSecretRules(contents)
  if (first !== undefined) throw new HaechiError('secret_rules_refused', { file: first.file, line: first.line ?? 1, reason: first.reason })
  return rules
}

/** What an earlier run with --json has told. Errors: file_unreadable, baseline_invalid. */
async function baselineOf(file: string): Promise<ReadonlySet<string>> {
  const { splitRecords } = await import('@haechi/records')
  const known = new Set<string>()
  try {
    for await (const batch of splitRecords(createReadStream(file), { name: file })) {
      for (const { bytes, line, error } of batch) {
        const record = bytes === undefined ? null : JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as { weakness?: unknown; hash?: unknown; path?: unknown }
        if (error !== undefined || typeof record?.weakness !== 'string' || typeof record.hash !== 'string' || typeof record.path !== 'string') throw new HaechiError('baseline_invalid', { file, line })
        known.add(keyOf(record.weakness, record.hash, record.path))
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw unreadableFile(file, error)
  }
  return known
}

/** Standard input as a file that only this user may read, and that is gone afterwards. */
async function pasted(context: Context): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'haechi-paste-'))
  const parts: Uint8Array[] = []
  for await (const part of context.input) parts.push(part)
  // A name by which lines of a configuration are taken for such.
  const file = join(folder, 'stdin.txt')
  await writeFile(file, Buffer.concat(parts), { mode: 0o600 })
  return { file, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }) }
}

class Progress {
  readonly #context: Context
  #drawn = false
  #at = 0

  constructor(context: Context) {
    this.#context = context
  }

  draw(files: number, bytes: number, secrets: number): void {
    const { err, json, text } = this.#context
    const now = performance.now()
    if (json || !err.terminal || now - this.#at < redrawEvery) return
    this.#at = now
    err.write(`\r\x1b[K${text('secrets_progress', { files: grouped(files), size: byteSize(bytes), secrets: grouped(secrets) }).slice(0, err.width() - 1)}`)
    this.#drawn = true
  }

  aside(write: () => void): void {
    if (this.#drawn) this.#context.err.write('\r\x1b[K')
    this.#drawn = false
    write()
  }
}
