// `haechi scan`: what is there, what is wrong with it, and what comes first, in one go and without a server. What was found until an interruption is shown.
// Defended by scan.test.ts and tests/conformance/scan.
import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { createIdentifier, createTechnologyIdentifier, readFingerprints, readIcons, readTechnologyRules } from '@haechi/fingerprints'
import type { Identifier, TechnologyIdentifier } from '@haechi/fingerprints'
import { PortSyntaxError, checks, createResolver, parsePorts, topPorts, trustStore, udpPorts } from '@haechi/probes'
import type { PortSet, Resolver } from '@haechi/probes'
import { bandName, compareDecisions, dayOf, explain, levelName } from '@haechi/risk'
import type { Severity } from '@haechi/risk'
import { readTarget, scanTargets, toPage, toSarif } from '@haechi/scan'
import type { Asset, Problem, ScanEvent, ScanTotals } from '@haechi/scan'
import { createDetector, genericRules } from '@haechi/secrets'
import { everything } from '@haechi/templates'
import { HaechiError } from '@haechi/server/errors'
import { createScanNetwork } from '@haechi/server/scan-network'
import type { Scope } from '@haechi/server/scan-network'
import { chosenAmong, command, commaList, wholeNumber } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { fingerprintFiles, fingerprintPath, ownIconFile, ownTechnologyFiles } from '../fingerprint-files.ts'
import { knowledgePath, loadKnowledge } from '../knowledge-files.ts'
import { grouped, safe } from '../layout.ts'
import { permitted, scopeAnswer, scopeOf, showScope } from '../scan/permission.ts'
import { openScreenshots } from '../scan/screenshot.ts'
import { ownSecretRules } from '../secret-rules.ts'
import { loadTemplates, signerOption, signersOf } from '../template-files.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']
/** Connects and requests to one host in a second, where it is not this machine. */
const politeRate = 300
const redrawEvery = 100
const plainEvery = 10_000
const userAgent = 'Mozilla/5.0 (compatible; Haechi security scan)'
const mostBytes = 4_194_304
const mostRequests = 5_000

export const scan = command({
  path: ['scan'], about: 'scan', details: 'scan_details',
  arguments: [{ name: 'TARGET', about: 'argument_scan_targets', many: true }],
  options: {
    'scope': { value: 'FILE', about: 'option_scope' },
    'ports': { value: 'PORTS', about: 'option_ports' },
    'templates': { value: 'PATH', about: 'option_scan_templates' },
    'severity': { value: 'SEVERITY,...', about: 'option_scan_severity' },
    'tags': { value: 'TAG,...', about: 'option_scan_tags' },
    ...signerOption,
    'fingerprints': { value: 'PATH', about: 'option_fingerprints' },
    'knowledge': { value: 'DIR', about: 'option_knowledge' },
    'from': { value: 'PLACE', about: 'option_vantage', choices: ['outside', 'inside'] },
    'rate': { value: 'N', about: 'option_scan_rate' },
    'timeout': { value: 'SECONDS', about: 'option_answer_timeout' },
    'resolver': { value: 'ADDRESS,...', about: 'option_probe_resolver' },
    'screenshots': { about: 'option_screenshots' },
    'html': { value: 'FILE', about: 'option_html' },
    'sarif': { about: 'option_sarif' },
    'all': { about: 'option_scan_all' },
    'fail-on': { value: 'SEVERITY', about: 'option_fail_on_severity', choices: ['info', 'low', 'medium', 'high', 'critical'] },
  },
  examples: [
    { line: 'haechi scan localhost', about: 'example_scan_own' },
    { line: 'haechi scan example.com 192.0.2.0/24 --scope scope.yaml --html result.html', about: 'example_scan_scope' },
    { line: 'haechi scan https://localhost:8443 --templates ./nuclei-templates --json --fail-on high', about: 'example_json' },
  ],
  async run(context, { options, arguments: named }) {
    // Answers live for a moment: see templates-run.ts.
    setFlagsFromString('--semi-space-growth-factor=1')
    const narrowing = { '--severity': options.severity !== undefined, '--tags': options.tags !== undefined, '--signer': options.signer.length > 0 }
    for (const [option, isGiven] of Object.entries(narrowing)) if (isGiven && options.templates === undefined) throw new HaechiError('usage_option_alone', { option, needed: '--templates' })
    if (options.screenshots && options.html === undefined) throw new HaechiError('usage_option_alone', { option: '--screenshots', needed: '--html' })
    const targets = [...new Set(named)].map((input) => {
      const target = readTarget(input)
      if (target === null) throw new HaechiError('scan_target_invalid', { target: input })
      return target
    })
    const chosenPorts = options.ports === undefined ? null : portsOf(options.ports, context)
    const timeoutMs = wholeNumber('--timeout', options.timeout, 1, 300, 5) * 1_000
    const chosen = chosenAmong('--severity', options.severity, severities.toReversed())
    const resolvers = commaList(options.resolver)
    const scope = options.scope === undefined ? null : await scopeOf(options.scope)
    let resolver: Resolver | null = null
    const network = createScanNetwork({ scope, clock: context.clock, resolvers, ...(resolvers.length === 0 ? {} : { resolve: async (host: string) => (await resolver!.lookup(host)).addresses }) })
    if (resolvers.length > 0) resolver = createResolver({ run: { network, signal: context.stop, timeoutMs, now: () => context.clock.now(), random: () => randomBytes(4).readUInt32LE() }, servers: resolvers })
    const startedAt = context.clock.now()
    try {
      const hosts = targets.map((target) => ({ ...target, host: target.host ?? target.network!.split('/')[0]! }))
      const zones: string[] = []
      const reached = await permitted(context, network, hosts, async ({ host, input }) => {
        // A name without an address may still be a zone, with mail and servers of its own.
        if (!host.includes('.')) return false
        try {
          await network.permitZone(host)
        } catch {
          return false
        }
        zones.push(input)
        return true
      })
      const allowed = targets.filter(({ input }) => zones.includes(input) || reached.targets.some((each) => each.input === input))
      if (allowed.length === 0) return exitCodes.failed
      // Nobody scans for an hour and then learns that the page has no place.
      if (options.html !== undefined) await written(options.html, async (file) => { await (await open(file, 'a')).close() })
      if (scope !== null) showScope(context, scope)
      const refuse = (place: string, error: unknown): void => { context.report(error, place) }
      const directory = knowledgePath(options.knowledge, context.environment)
      const knowledge = directory === null ? null : await loadKnowledge(context, directory, (error, place) => { refuse(place, error) })
      const loaded = options.templates === undefined ? null : await loadTemplates(context, [options.templates], refuse, { cached: true, keys: signersOf(options.signer) })
      if (loaded !== null && loaded.library.templates.length === 0) throw new HaechiError('templates_missing', { path: options.templates ?? '' })
      await using screenshots = options.screenshots ? await openScreenshots({ network, signal: context.stop }) : null
      const ports: PortSet = chosenPorts ?? (reached.own ? { tcp: parsePorts('all').tcp, udp: udpPorts } : { tcp: topPorts, udp: udpPorts })
      const report = new Report(context, { scope, all: options.all, sarif: options.sarif, refused: loaded?.library.refused.length ?? 0, templates: options.templates ?? '', targets: allowed.map(({ input }) => input), startedAt })
      const rules = ownSecretRules()
      for await (const event of scanTargets({
        targets: allowed, network, ports, rate: wholeNumber('--rate', options.rate, 0, 1_000_000, reached.own ? 0 : politeRate), timeoutMs, resolvers: resolvers.length === 0 ? null : resolvers, identifier: identifierOf(context, options.fingerprints), technologies: technologiesOf(), roots: trustStore([...getCACertificates('default'), ...getCACertificates('system')]), secrets: { detector: createDetector(rules), rules: [...genericRules, ...rules] },
        templates: loaded === null ? null : {
          library: loaded.library, selection: { ...everything, tags: commaList(options.tags), severities: chosen }, concurrency: 25,
          settings: { disableRedirects: false, attack: null, serverName: null, timeoutMs, maxBytes: mostBytes, userAgent, variables: {}, maxRequests: mostRequests, resolvers },
        },
        knowledge, vantage: options.from === 'outside' || options.from === 'inside' ? options.from : null, screenshot: screenshots === null ? null : (url, signal) => screenshots.take(url, signal),
        seed: randomBytes(4).readUInt32LE(), now: () => context.clock.now(), signal: context.stop,
      })) report.take(event)
      await report.end(options.html)
      if (context.stop.aborted) return exitCodes.interrupted
      const least = options['fail-on'] === undefined ? Infinity : severities.indexOf(options['fail-on'] as Severity)
      return report.worst >= least || reached.refused > 0 ? exitCodes.failed : exitCodes.ok
    } finally {
      network.close()
    }
  },
})

/** Errors: file_not_written. */
async function written(file: string, write: (file: string) => Promise<void>): Promise<void> {
  try {
    await write(file)
  } catch (error) {
    throw new HaechiError('file_not_written', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
  }
}

/** Errors: scan_ports_invalid. */
function portsOf(written: string, { language }: Context): PortSet {
  try {
    return parsePorts(written)
  } catch (error) {
    if (error instanceof PortSyntaxError) throw new HaechiError('scan_ports_invalid', { value: written, reason: error.text[language] })
    throw error
  }
}

function identifierOf(context: Context, named: string | undefined): Identifier | null {
  const path = fingerprintPath(named, context.environment)
  if (path === null) return null
  const { databases, cpeNames } = readFingerprints(fingerprintFiles(path))
  return createIdentifier(databases, { cpeNames })
}

function technologiesOf(): TechnologyIdentifier {
  const { rules } = readTechnologyRules(ownTechnologyFiles())
  return createTechnologyIdentifier(rules, { icons: readIcons(ownIconFile()).icons })
}

type Choices = { readonly scope: Scope | null; readonly all: boolean; readonly sarif: boolean; /** Files that are no templates, and where they stand. */ readonly refused: number; readonly templates: string; readonly targets: readonly string[]; readonly startedAt: number }

class Report {
  /** Index of the worst severity; -1: nothing. */
  worst = -1
  readonly #context: Context
  readonly #choices: Choices
  readonly #problems: Problem[] = []
  readonly #assets: Asset[] = []
  readonly #held: Omit<Extract<ScanEvent, { kind: 'held' }>, 'kind'>[] = []
  readonly #faults: Omit<Extract<ScanEvent, { kind: 'fault' }>, 'kind'>[] = []
  readonly #screenshots: { readonly site: string; readonly png: Uint8Array }[] = []
  #totals: ScanTotals | null = null
  #drawn = false
  #drawnAt = performance.now()

  constructor(context: Context, choices: Choices) {
    this.#context = context
    this.#choices = choices
  }

  take(event: ScanEvent): void {
    switch (event.kind) {
      case 'asset':
        this.#assets.push(event.asset)
        this.#line(() => this.#assetAnswer(event.asset))
        break
      case 'weakness':
        this.worst = Math.max(this.worst, severities.indexOf(event.weakness.severity))
        this.#problems.push(event.weakness)
        this.#line(() => this.#problemAnswer(event.weakness))
        break
      case 'held': {
        const { kind: _, ...held } = event
        this.#held.push(held)
        if (this.#choices.all) this.#line(() => ({ asset: held.asset, kind: 'held', weakness: held.id, severity: null, confidence: 0, evidence: held.reason[this.#context.language], place: held.place }))
        break
      }
      case 'fault': {
        const { kind: _, ...fault } = event
        this.#faults.push(fault)
        this.#aside(() => {
          if (this.#context.json) this.#context.err.write(`${JSON.stringify({ fault: { ...fault, message: fault.message[this.#context.language] } })}\n`)
          else if (this.#choices.all) this.#context.err.write(`${safe(`${fault.asset} ${fault.place}: ${wordOf(this.#context, 'scan_count', fault.fault)}: ${fault.message[this.#context.language]}`)}\n`)
        })
        break
      }
      case 'screenshot':
        this.#screenshots.push({ site: event.site, png: event.png })
        break
      case 'progress':
        this.#draw(event)
        break
      case 'done':
        this.#totals = event.totals
        break
    }
  }

  async end(html: string | undefined): Promise<void> {
    const { out, err, json, text, language, clock } = this.#context
    const { scope, sarif, refused, templates, targets, startedAt } = this.#choices
    this.#aside(() => undefined)
    const totals = this.#totals!
    const problems = this.#problems.toSorted((a, b) => compareDecisions(a.decision, b.decision) || severities.indexOf(b.severity) - severities.indexOf(a.severity) || (a.id < b.id ? -1 : 1))
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
    if (sarif) out.write(toSarif(problems, { version, language, properties: { ...scopeAnswer(scope), totals } }))
    else if (!json) {
      this.#inventory()
      printTable(this.#context, problems, [
        { title: 'column_level', fixed: true, cell: ({ decision }) => levelName(decision.level, language) },
        { title: 'column_severity', fixed: true, cell: ({ severity }) => wordOf(this.#context, 'template_severity', severity) },
        { title: 'column_due', fixed: true, cell: ({ decision }) => (decision.due === null ? '-' : dayOf(decision.due)) },
        { title: 'column_asset', cell: ({ asset }) => safe(asset) },
        { title: 'column_place', cell: ({ place }) => safe(place) },
        { title: 'column_finding', cell: ({ title }) => safe(title[language]) },
        { title: 'column_evidence', cell: ({ evidence }) => safe(evidence[language]) },
      ])
    }
    if (this.#choices.all && !sarif && !json && this.#held.length > 0) {
      out.write('\n')
      printTable(this.#context, this.#held, [
        { title: 'column_asset', cell: ({ asset }) => safe(asset) },
        { title: 'column_place', cell: ({ place }) => safe(place) },
        { title: 'column_held', cell: ({ id }) => safe(checks[id]?.title[language] ?? id) },
        { title: 'column_reason', cell: ({ reason }) => safe(reason[language]) },
      ])
    }
    if (html !== undefined) {
      const page = toPage({ problems, assets: this.#assets, held: this.#held, faults: this.#faults.map((each) => ({ ...each, fault: wordOf(this.#context, 'scan_count', each.fault) })), screenshots: this.#screenshots, totals, targets, scope, startedAt, endedAt: clock.now(), version }, language)
      await written(html, (file) => writeFile(file, page))
    }
    if (json) {
      err.write(`${JSON.stringify({ totals: { ...totals, refused_files: refused } })}\n`)
      return
    }
    const count = (level: Problem['decision']['level']): string => grouped(problems.filter(({ decision }) => decision.level === level).length)
    err.write(`${text('scan_done', { hosts: grouped(totals.assets.host ?? 0), services: grouped(totals.assets.service ?? 0), urgent: count('urgent'), remedy: count('remedy'), watch: count('watch') })}\n`)
    if (refused > 0) err.write(`${safe(text('scan_refused_files', { count: grouped(refused), path: templates }))}\n`)
    if (totals.held > 0 && !this.#choices.all) err.write(`${text('scan_held_back', { held: grouped(totals.held) })}\n`)
    if (totals.faults > 0 && !this.#choices.all) err.write(`${text('scan_faulty', { count: grouped(totals.faults) })}\n`)
    if (totals.silent.length > 0) err.write(`${safe(text('scan_silent', { hosts: totals.silent.slice(0, 10).join(', ') + (totals.silent.length > 10 ? ', …' : '') }))}\n`)
    if (totals.interrupted) err.write(`${text('scan_interrupted')}\n`)
  }

  #inventory(): void {
    const services = this.#assets.filter(({ kind }) => kind !== 'name' && kind !== 'host')
    if (services.length === 0) return
    printTable(this.#context, services, [
      { title: 'column_asset', cell: ({ id }) => safe(id) },
      { title: 'column_kind', fixed: true, cell: ({ kind }) => wordOf(this.#context, 'asset_kind', kind) },
      { title: 'column_about', cell: ({ summary }) => safe(summary[this.#context.language]) },
    ])
    this.#context.out.write('\n')
  }

  #assetAnswer({ id, kind, confidence, summary, foundBy, details }: Asset): object {
    return { asset: id, kind, weakness: null, severity: null, confidence, evidence: summary[this.#context.language], found_by: foundBy, details, ...scopeAnswer(this.#choices.scope) }
  }

  #problemAnswer(problem: Problem): object {
    const { asset, id, severity, confidence, evidence, place, origin, title, remedy, weakness, cve, decision } = problem
    const { language } = this.#context
    return {
      asset, kind: weakness, weakness: id, severity, confidence, evidence: evidence[language], place, origin, title: title[language], remedy: remedy?.[language] ?? null, cve, cwe: decision.cwe, level: decision.level, band: decision.band, timeline: bandName(decision.band, language),
      due: decision.due === null ? null : dayOf(decision.due), order: decision.order, state: decision.state, why: explain(decision, language), ...scopeAnswer(this.#choices.scope),
    }
  }

  #line(answer: () => object): void {
    if (!this.#context.json || this.#choices.sarif) return
    this.#aside(() => { this.#context.out.write(`${JSON.stringify(answer())}\n`) })
  }

  #draw({ phase, done, total, weaknesses }: Extract<ScanEvent, { kind: 'progress' }>): void {
    const { err, json, text } = this.#context
    const now = performance.now()
    if (json || now - this.#drawnAt < (err.terminal ? redrawEvery : plainEvery)) return
    this.#drawnAt = now
    const line = text('scan_phase', { phase: wordOf(this.#context, 'scan_phase', phase), done: grouped(done), total: grouped(total), found: grouped(weaknesses) })
    err.write(err.terminal ? `\r\x1b[K${line.slice(0, err.width() - 1)}` : `${line}\n`)
    this.#drawn = err.terminal
  }

  #aside(write: () => void): void {
    if (this.#drawn) this.#context.err.write('\r\x1b[K')
    this.#drawn = false
    write()
  }
}
