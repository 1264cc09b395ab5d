// `haechi templates run`: Nuclei templates on hosts whose owner agreed. Everything is judged before the first byte is sent, and what was found until an
// interruption is shown. Defended by tests/e2e/templates.test.ts.
import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { parseTarget, scan, toSarif } from '@haechi/templates'
import type { FileEntry, Match, ScanEvent, ScanTotals, Selection, Settings, Severity, Target } from '@haechi/templates'
import { HaechiError } from '@haechi/server/errors'
import { createScanNetwork } from '@haechi/server/scan-network'
import type { Scope } from '@haechi/server/scan-network'
import { chosenAmong, command, commaList, wholeNumber } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { loadTemplates, signerOption, signersOf } from '../template-files.ts'
import { permitted, scopeAnswer, scopeOf, showScope } from '../scan/permission.ts'
import { unreadableFile } from '../unreadable-file.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

/** From the least to the worst. */
const severities: readonly Severity[] = ['unknown', 'info', 'low', 'medium', 'high', 'critical']
const attacks = ['batteringram', 'pitchfork', 'clusterbomb'] as const
/** Requests to one host in a second, where it is not this machine. */
const politeRate = 150
const plainEvery = 10_000
const redrawEvery = 100
const mostBytes = 4_194_304
const mostRequests = 5_000

export const templatesRun = command({
  path: ['templates', 'run'], about: 'templates_run', details: 'templates_run_details',
  arguments: [{ name: 'TARGET', about: 'argument_targets', many: true }],
  options: {
    'templates': { value: 'PATH', about: 'option_templates', required: true },
    'scope': { value: 'FILE', about: 'option_scope' },
    'tags': { value: 'TAG,...', about: 'option_tags' },
    'exclude-tags': { value: 'TAG,...', about: 'option_exclude_tags' },
    'severity': { value: 'SEVERITY,...', about: 'option_severity_list' },
    'id': { value: 'ID,...', about: 'option_template_ids' },
    'include-intrusive': { about: 'option_include_intrusive' },
    'workflows': { about: 'option_workflows' },
    ...signerOption,
    'signed-only': { about: 'option_signed_only' },
    'rate': { value: 'N', about: 'option_rate' },
    'concurrency': { value: 'N', about: 'option_concurrency' },
    'timeout': { value: 'SECONDS', about: 'option_request_timeout' },
    'variable': { value: 'NAME=VALUE', about: 'option_variable', many: true },
    'disable-redirects': { about: 'option_disable_redirects' },
    'sni': { value: 'NAME', about: 'option_sni' },
    'attack-type': { value: 'TYPE', about: 'option_attack_type', choices: attacks },
    'resolver': { value: 'ADDRESS,...', about: 'option_resolver' },
    'all': { about: 'option_held' },
    'sarif': { about: 'option_sarif' },
    'fail-on': { value: 'SEVERITY', about: 'option_fail_on_severity', choices: ['info', 'low', 'medium', 'high', 'critical'] },
  },
  examples: [
    { line: 'haechi templates run http://localhost:8080 --templates ./nuclei-templates', about: 'example_templates_run' },
    { line: 'haechi templates run www.example.com --templates ./nuclei-templates --scope scope.yaml --severity high,critical', about: 'example_templates_scope' },
    { line: 'haechi templates run localhost --templates ./nuclei-templates --tags cve --json --fail-on high', about: 'example_json' },
    { line: 'haechi templates run ./src --templates ./nuclei-templates/file --sarif > result.sarif', about: 'example_templates_files' },
  ],
  async run(context, { options, arguments: named }) {
    // Answers live for a moment. Where the room for what is young grows, they become old in it, and the whole takes half as much memory again.
    setFlagsFromString('--semi-space-growth-factor=1')
    const selection = selectionOf(options)
    const settings = settingsOf(options)
    const perHost = wholeNumber('--concurrency', options.concurrency, 1, 500, 25)
    const scope = options.scope === undefined ? null : await scopeOf(options.scope)
    let unreadable = 0
    const passOver = (place: string, error: unknown): void => {
      unreadable++
      context.report(error, place)
    }
    const { targets, folders } = await placesOf(named, passOver)
    const network = createScanNetwork({ scope, clock: context.clock, resolvers: settings.resolvers })
    try {
      const reached = await permitted(context, network, targets)
      if (reached.targets.length + folders.length === 0) return exitCodes.failed
      const rate = wholeNumber('--rate', options.rate, 0, 1_000_000, reached.own ? 0 : politeRate)
      const { library, shownAs } = await loadTemplates(context, [options.templates], passOver, { cached: true, keys: signersOf(options.signer) })
      if (library.templates.length === 0) throw new HaechiError('templates_missing', { path: options.templates })
      if (scope !== null) showScope(context, scope)
      const report = new Report(context, { held: options.all, sarif: options.sarif, secrets: Object.values(settings.variables), scope, shownAs, refused: { count: library.refused.length, path: options.templates } })
      for await (const event of scan({
        library, selection, targets: reached.targets, folders, network, settings, concurrency: { perHost, overall: perHost * 4 }, rate, seed: randomBytes(4).readUInt32LE(), now: () => context.clock.now(), signal: context.stop,
      })) report.take(event)
      await report.end()
      if (context.stop.aborted) return exitCodes.interrupted
      const least = options['fail-on'] === undefined ? Infinity : severities.indexOf(options['fail-on'] as Severity)
      return report.worst >= least || report.silent || unreadable + reached.refused > 0 ? exitCodes.failed : exitCodes.ok
    } finally {
      network.close()
    }
  },
})

type Given = { readonly 'tags': string | undefined; readonly 'exclude-tags': string | undefined; readonly 'severity': string | undefined; readonly 'id': string | undefined; readonly 'include-intrusive': boolean; readonly 'workflows': boolean; readonly 'signed-only': boolean }

/** Errors: usage_choice. */
function selectionOf(options: Given): Selection {
  const chosen = chosenAmong('--severity', options.severity, severities.toReversed())
  return {
    tags: commaList(options.tags), excludeTags: commaList(options['exclude-tags']), severities: chosen, ids: commaList(options.id), includeIntrusive: options['include-intrusive'], workflows: options.workflows, signedOnly: options['signed-only'],
  }
}

/** Errors: usage_number, usage_variable. */
function settingsOf(options: { readonly 'disable-redirects': boolean; readonly 'attack-type': string | undefined; readonly 'sni': string | undefined; readonly 'timeout': string | undefined; readonly 'variable': readonly string[]; readonly 'resolver': string | undefined }): Settings {
  const variables: Record<string, string> = Object.create(null) as Record<string, string>
  for (const each of options.variable) {
    const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(each) ?? []
    if (name === undefined || value === undefined) throw new HaechiError('usage_variable', { value: each.replace(/=.*$/s, '=…') })
    variables[name] = Buffer.from(value, 'utf8').toString('latin1')
  }
  return {
    disableRedirects: options['disable-redirects'], attack: attacks.find((each) => each === options['attack-type']) ?? null, serverName: options.sni ?? null,
    timeoutMs: wholeNumber('--timeout', options.timeout, 1, 300, 10) * 1_000, maxBytes: mostBytes, userAgent: 'Mozilla/5.0 (compatible; Haechi security scan)', variables, maxRequests: mostRequests, resolvers: commaList(options.resolver),
  }
}

type Refuse = (place: string, error: unknown) => void
type Folder = { readonly input: string; readonly entries: AsyncIterable<FileEntry> }

/** A path is one that begins like one; everything else is a host. Errors: scan_target_invalid, file_unreadable. */
async function placesOf(named: readonly string[], passOver: PassOver): Promise<{ readonly targets: readonly Target[]; readonly folders: readonly Folder[] }> {
  const targets: Target[] = []
  const folders: Folder[] = []
  for (const each of new Set(named)) {
    if (/^\.{0,2}\//.test(each) || each === '.' || each === '..') {
      try {
        await stat(each)
      } catch (error) {
        throw new HaechiError('file_unreadable', { file: each, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
      }
      folders.push({ input: each, entries: filesIn(each, passOver) })
      continue
    }
    const target = parseTarget(each)
    if (target === null) throw new HaechiError('scan_target_invalid', { target: each })
    targets.push(target)
  }
  return { targets, folders }
}

type PassOver = (place: string, error: unknown) => void

/** Files beneath a path, in the order of their names. Links are not followed; what cannot be read is told, and the rest goes on. */
async function* filesIn(path: string, refuse: Refuse): AsyncGenerator<FileEntry> {
  const told = (file: string, error: unknown): void => { refuse(file, unreadableFile(file, error)) }
  const read = async (maxBytes: number): Promise<string> => {
    try {
      return await beginning(path, maxBytes)
    } catch (error) {
      told(path, error)
      return ''
    }
  }
  let entries: Dirent[]
  try {
    const stats = await stat(path)
    if (stats.isFile()) yield { path, size: stats.size, read }
    if (!stats.isDirectory()) return
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    told(path, error)
    return
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) if (entry.isDirectory() || entry.isFile()) yield* filesIn(join(path, entry.name), refuse)
}

async function beginning(path: string, maxBytes: number): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, maxBytes))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

type Choices = { readonly held: boolean; readonly sarif: boolean; readonly secrets: readonly string[]; readonly scope: Scope | null; readonly shownAs: (file: string) => string; /** Files that are no templates. */ readonly refused: { readonly count: number; readonly path: string } }

class Report {
  /** Index of the worst severity that is believed; -1: nothing. */
  worst = -1
  /** A target did not answer. */
  silent = false
  readonly #context: Context
  readonly #choices: Choices
  readonly #matches: Match[] = []
  readonly #started = performance.now()
  #drawn = false
  #drawnAt = performance.now()
  #totals: ScanTotals | null = null

  constructor(context: Context, choices: Choices) {
    this.#context = context
    this.#choices = choices
  }

  take(event: ScanEvent): void {
    switch (event.kind) {
      case 'match':
        this.worst = Math.max(this.worst, severities.indexOf(event.match.info.severity))
        this.#show(event.match)
        break
      case 'held':
        if (this.#choices.held) this.#show(event.match)
        break
      case 'progress':
        this.#draw(event)
        break
      case 'template_failed':
        if (this.#choices.held) this.#aside(() => { this.#context.err.write(this.#context.json ? `${JSON.stringify({ template_failed: { ...event, kind: undefined } })}\n` : `${safe(`${event.template}: ${event.target}: ${event.code}: ${event.reason}`)}\n`) })
        break
      case 'target_unresponsive':
        this.silent = true
        this.#aside(() => { this.#context.report(new HaechiError('scan_target_unresponsive', { endpoint: event.endpoint, fault: event.fault, failures: event.failures, skipped: event.skipped }), event.target) })
        break
      case 'done':
        this.#totals = event.totals
        break
    }
  }

  async end(): Promise<void> {
    const { out, err, json, text } = this.#context
    this.#aside(() => undefined)
    const totals = this.#totals!
    const sorted = this.#matches.toSorted((a, b) => severities.indexOf(b.info.severity) - severities.indexOf(a.info.severity) || (a.template < b.template ? -1 : 1))
    if (this.#choices.sarif) {
      const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
      out.write(toSarif(sorted.map((match) => ({ ...match, matchedAt: this.#redacted(match.matchedAt) })), { version, properties: { ...scopeAnswer(this.#choices.scope), totals } }))
    } else if (!json) {
      printTable(this.#context, sorted, [
        { title: 'column_severity', fixed: true, cell: ({ info }) => wordOf(this.#context, 'template_severity', info.severity) },
        { title: 'column_template', fixed: true, cell: ({ template, matcher, doubt }) => safe(`${template}${matcher === null ? '' : `:${matcher}`}${doubt === null ? '' : ` (${wordOf(this.#context, 'doubt', doubt)})`}`) },
        { title: 'column_name', cell: ({ info }) => safe(info.name) },
        { title: 'column_matched_at', cell: ({ matchedAt }) => safe(this.#redacted(matchedAt)) },
        { title: 'column_extracted', cell: ({ extracted }) => safe(extracted.join(', ')) },
      ])
    }
    const { refused } = this.#choices
    if (json) err.write(`${JSON.stringify({ totals: { ...totals, refused_files: refused.count } })}\n`)
    else {
      if (refused.count > 0) err.write(`${text('scan_refused_files', { count: grouped(refused.count), path: refused.path })}\n`)
      const { requests, skipped, failed, faults } = totals
      err.write(`${text('scan_totals', { matches: grouped(totals.matches), held: grouped(totals.held), run: grouped(totals.run), targets: grouped(totals.targets), sent: grouped(requests.sent), asked: grouped(requests.asked), shared: grouped(requests.shared), controls: grouped(requests.controls) })}\n`)
      this.#counts('scan_skipped', skipped)
      this.#counts('scan_failed', failed)
      this.#counts('scan_faults', faults)
      if (totals.held > 0 && !this.#choices.held) err.write(`${text('scan_held', { held: grouped(totals.held) })}\n`)
      if (totals.interrupted) err.write(`${text('scan_interrupted')}\n`)
    }
  }

  #counts(title: 'scan_skipped' | 'scan_failed' | 'scan_faults', counts: Readonly<Record<string, number>>): void {
    const parts = Object.entries(counts).toSorted((a, b) => b[1] - a[1]).map(([name, count]) => `${wordOf(this.#context, 'scan_count', name)} ${grouped(count)}`)
    if (parts.length > 0) this.#context.err.write(`${this.#context.text(title, { counts: parts.join(', ') })}\n`)
  }

  #show(match: Match): void {
    this.#matches.push(match)
    const { out, json } = this.#context
    if (!json || this.#choices.sarif) return
    const { template, matcher, extracted, matchedAt, info, file, target, address, protocol, evidence, doubt } = match
    const { cve, cwe, cvssScore, cvssMetrics, cpe } = info.classification
    this.#aside(() => {
      out.write(`${JSON.stringify({
        template, matcher, extracted, matched_at: this.#redacted(matchedAt), severity: info.severity, name: info.name, file: this.#choices.shownAs(file), target, host: hostOf(matchedAt), address, protocol,
        cve, cwe, cvss: cvssScore, cvss_vector: cvssMetrics, cpe, tags: info.tags, doubt, evidence: { request: this.#redacted(firstLine(evidence.request)), response: firstLine(evidence.response) }, ...scopeAnswer(this.#choices.scope),
      })}\n`)
    })
  }

  /** What was given for this scan may be a key; it is not shown again. */
  #redacted(text: string): string {
    let shown = text
    for (const secret of this.#choices.secrets) if (secret.length >= 4) shown = shown.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')
    return shown
  }

  #draw({ done, total, requests, found }: Extract<ScanEvent, { kind: 'progress' }>): void {
    const { err, json, text } = this.#context
    const now = performance.now()
    if (json || now - this.#drawnAt < (err.terminal ? redrawEvery : plainEvery)) return
    this.#drawnAt = now
    const line = text('scan_progress', { share: String(Math.floor((done / Math.max(1, total)) * 100)), done: grouped(done), total: grouped(total), rate: grouped(requests / Math.max(0.001, (now - this.#started) / 1_000)), found: grouped(found) })
    err.write(err.terminal ? `\r\x1b[K${line.slice(0, err.width() - 1)}` : `${line}\n`)
    this.#drawn = err.terminal
  }

  #aside(write: () => void): void {
    if (this.#drawn) this.#context.err.write('\r\x1b[K')
    this.#drawn = false
    write()
  }
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? ''
const hostOf = (place: string): string => /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)/i.exec(place)?.[1] ?? ''
