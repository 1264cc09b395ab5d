// What to do about findings and by when, and the scores of CVSS vectors; no server is asked. One line of facts that cannot be read costs no other. Defended by risk.test.ts.
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { distributionBuild } from '@haechi/fingerprints'
import { splitRecords } from '@haechi/records'
import { bandName, compareDecisions, cpesOfPackage, dayOf, decide, explain, findingsOf, levelName, mergeFindings, readChangelog, readLine, readVector, RiskProblem, scoreOf, stateName, weaknessName } from '@haechi/risk'
import type { CvssSeverity, Decision, Facts, Held } from '@haechi/risk'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { knowledgePath, loadKnowledge } from '../knowledge-files.ts'
import type { TextKey } from '../texts.ts'
import { printTable } from './lists.ts'

const severityTexts = { none: 'cvss_none', low: 'cvss_low', medium: 'cvss_medium', high: 'cvss_high', critical: 'cvss_critical' } as const satisfies Readonly<Record<CvssSeverity, TextKey>>

const riskCvss = command({
  path: ['risk', 'cvss'], about: 'risk_cvss', details: 'risk_cvss_details', arguments: [{ name: 'VECTOR', about: 'argument_vector', many: true }], options: {},
  examples: [{ line: 'haechi risk cvss CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', about: 'example_risk_cvss' }, { line: 'haechi risk cvss AV:N/AC:L/Au:N/C:P/I:P/A:P --json', about: 'example_risk_cvss_two' }],
  run: async (context, { arguments: vectors }) => {
    let failed = 0
    const scores = vectors.flatMap((vector) => {
      try {
        return [scoreOf(readVector(vector))]
      } catch (error) {
        failed++
        context.report(coded(error), vector.slice(0, 200))
        return []
      }
    })
    const cell = (score: number | null) => (score === null ? '-' : score.toFixed(1))
    if (context.json) for (const score of scores) context.out.write(`${JSON.stringify(score)}\n`)
    else if (scores.length > 0) {
      printTable(context, scores, [
        { title: 'column_vector', cell: ({ vector }) => safe(vector) }, { title: 'column_version', fixed: true, cell: ({ version }) => version }, { title: 'column_base', align: 'right', fixed: true, cell: ({ base }) => cell(base) },
        { title: 'column_temporal', align: 'right', fixed: true, cell: ({ temporal }) => cell(temporal) }, { title: 'column_environmental', align: 'right', fixed: true, cell: ({ environmental }) => cell(environmental) },
        { title: 'column_severity', fixed: true, cell: ({ severity }) => context.text(severityTexts[severity]) },
      ])
    }
    return Promise.resolve(failed > 0 ? exitCodes.failed : exitCodes.ok)
  },
})

/** What a program gets: one line a decision. */
const answerOf = (decision: Decision, context: Context) => ({
  asset: decision.asset, site: decision.site, cve: decision.cve, weakness: decision.weakness, place: decision.place, level: decision.level, band: decision.band, due: decision.due === null ? null : dayOf(decision.due), overdue: decision.overdue,
  row: decision.row, answers: decision.answers, band_at_best: decision.bandAtBest, state: decision.state, order: decision.order, factors: decision.factors, cwe: decision.cwe, techniques: decision.techniques, controls: decision.controls,
  evidence: decision.evidence.map(({ at, detail, ...rest }) => ({ ...rest, detail: detail[context.language], at: at === null ? null : new Date(at).toISOString() })), notes: decision.notes, explanation: explain(decision, context.language),
})
const heldAnswer = (asset: string, { cve, range, status, verdict, reason }: Held, context: Context) => ({ asset, cve, level: null, held: { status, range, fixed_in: verdict?.fixedIn ?? null, source: verdict?.source ?? null, advisory: verdict?.id ?? null, reason: reason[context.language] } })

const heldTexts = { fixed: 'held_fixed', not_affected: 'held_not_affected', undecided: 'held_undecided' } as const satisfies Readonly<Record<Held['status'], TextKey>>
const single = ['cve', 'cpe', 'banner', 'package'] as const

const riskDecide = command({
  path: ['risk', 'decide'], about: 'risk_decide', details: 'risk_decide_details', arguments: [{ name: 'FILE', about: 'argument_facts', optional: true }],
  options: {
    knowledge: { value: 'DIR', about: 'option_knowledge' }, cve: { value: 'CVE', about: 'option_cve' }, cpe: { value: 'CPE', about: 'option_cpe' }, package: { value: 'NAME@VERSION', about: 'option_package' }, distribution: { value: 'NAME:RELEASE', about: 'option_distribution' },
    banner: { value: 'TEXT', about: 'option_banner' }, changelog: { value: 'FILE', about: 'option_changelog' }, exposed: { about: 'option_exposed' }, internal: { about: 'option_internal' }, asset: { value: 'NAME', about: 'option_risk_asset' },
    criticality: { value: 'LEVEL', about: 'option_criticality', choices: ['low', 'medium', 'high', 'critical'] }, all: { about: 'option_risk_all' },
  },
  examples: [
    { line: 'haechi risk decide findings.ndjson --knowledge ./vuln', about: 'example_risk_decide' }, { line: 'haechi risk decide --cve CVE-2021-44228 --exposed', about: 'example_risk_decide_one' },
    { line: "haechi risk decide --banner 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10' --exposed --all", about: 'example_risk_decide_banner' },
  ],
  async run(context, { options, arguments: [file] }) {
    const asked = single.filter((name) => options[name] !== undefined)
    if (options.exposed && options.internal) throw new HaechiError('usage_together', { options: '--exposed, --internal' })
    if (asked.length > 0 && file !== undefined) throw new HaechiError('usage_together', { options: `FILE, --${asked[0]}` })
    const at = context.clock.now()
    let failed = 0
    const refuse = (error: unknown, place: string): void => {
      failed++
      context.report(coded(error), place)
    }
    const directory = knowledgePath(options.knowledge, context.environment)
    if (directory === null && !context.json) context.err.write(`${context.text('risk_without_knowledge')}\n`)
    const knowledge = directory === null ? null : await loadKnowledge(context, directory, refuse)
    const changelog = options.changelog === undefined ? null : readChangelog(await changelogText(options.changelog))
    const findings: Facts[] = []
    const held: { readonly asset: string; readonly one: Held }[] = []
    const take = (value: unknown, place: string): void => {
      try {
        const line = readLine(withBanner(value), at)
        if (knowledge === null && line.software !== null && line.facts.cve === null) throw new HaechiError('knowledge_missing')
        const found = findingsOf(line.software === null ? line : { ...line, software: { ...line.software, changelog } }, knowledge, at)
        for (const one of found.findings) findings.push(one)
        for (const one of found.held) held.push({ asset: line.facts.asset.id, one })
      } catch (error) {
        refuse(error, place)
      }
    }
    if (asked.length > 0) take(question(options, at), `--${asked[0]}`)
    else {
      for await (const { place, value, error } of lines(context, file ?? '-')) {
        if (context.stop.aborted) throw new HaechiError('interrupted')
        if (error === undefined) take(value, place)
        else refuse(error, place)
      }
    }
    const decisions = mergeFindings(findings).map((facts) => decide(facts, at)).sort(compareDecisions)
    if (context.json) {
      for (const decision of decisions) context.out.write(`${JSON.stringify(answerOf(decision, context))}\n`)
      if (options.all) for (const { asset, one } of held) context.out.write(`${JSON.stringify(heldAnswer(asset, one, context))}\n`)
    } else {
      printDecisions(context, decisions)
      if (options.all) for (const { one } of held) context.out.write(`${safe(context.text('risk_held_line', { cve: one.cve, status: context.text(heldTexts[one.status]), range: one.range, reason: one.reason[context.language] }))}\n`)
      else if (held.length > 0) context.err.write(`${context.text('risk_held', { count: grouped(held.length) })}\n`)
    }
    return failed > 0 ? exitCodes.failed : exitCodes.ok
  },
})

/** As a package brings it (changelog.Debian.gz) or unpacked. */
async function changelogText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: 268_435_456 }) : bytes).toString()
  } catch (error) {
    throw new HaechiError('file_unreadable', { file: path, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
  }
}

type Question = { readonly [name in 'cve' | 'cpe' | 'package' | 'distribution' | 'banner' | 'asset' | 'criticality']: string | undefined } & { readonly exposed: boolean; readonly internal: boolean }

/** The options of a single question as a line of facts. */
function question(options: Question, at: number): unknown {
  const reached = options.exposed ? 'yes' : options.internal ? 'no' : 'unknown'
  const [name, version] = splitLast(options.package, '@')
  const [ecosystem, release] = options.distribution?.split(':') ?? []
  if (options.package !== undefined && (version === undefined || ecosystem === undefined)) throw new HaechiError('risk_package_incomplete', { value: options.package })
  const installed = version === undefined ? undefined : { name, version, ecosystem, release }
  return {
    asset: { id: options.asset ?? '-', criticality: options.criticality, exposure: { reached, measured_at: reached === 'unknown' ? null : new Date(at).toISOString() } }, cve: options.cve,
    software: options.cpe === undefined && installed === undefined && options.banner === undefined ? undefined : { cpe: options.cpe ?? [], package: installed, banner: options.banner },
  }
}
function splitLast(text: string | undefined, separator: string): [string | undefined, string | undefined] {
  const at = text?.lastIndexOf(separator) ?? -1
  return text === undefined || at < 1 ? [undefined, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

/** What a banner tells of the build that answered takes the place of the banner: its distribution, its package, its upstream version's CPE name. */
function withBanner(value: unknown): unknown {
  const software = (value as { software?: { banner?: unknown; cpe?: unknown; package?: unknown; distribution?: unknown } | null } | null)?.software
  if (software === undefined || software === null || !Object.hasOwn(software, 'banner')) return value
  const { banner, ...rest } = software
  if (typeof banner !== 'string') return banner === undefined ? { ...(value as object), software: rest } : value
  const build = distributionBuild(banner)
  const source = build?.sourcePackage ?? null
  const cpes = source === null || build?.upstreamVersion == null ? [] : cpesOfPackage(source, build.upstreamVersion)
  const installed = build === null || source === null || build.packageVersion === null ? null : { ecosystem: build.distribution, release: build.release, name: source, source, version: build.packageVersion }
  const given = typeof rest.cpe === 'string' ? [rest.cpe] : rest.cpe ?? []
  return { ...(value as object), software: { ...rest, cpe: Array.isArray(given) && given.length === 0 ? cpes : given, package: rest.package ?? installed, distribution: rest.distribution ?? build?.distribution } }
}

function printDecisions(context: Context, decisions: readonly Decision[]): void {
  const { language } = context
  printTable(context, decisions, [
    { title: 'column_level', fixed: true, cell: ({ level }) => levelName(level, language) }, { title: 'column_due', fixed: true, cell: ({ due, overdue }) => (due === null ? '-' : `${dayOf(due)}${overdue ? ' !' : ''}`) },
    { title: 'column_order', align: 'right', fixed: true, cell: ({ order }) => order.toFixed(1) }, { title: 'column_asset', cell: ({ asset }) => safe(asset) }, { title: 'column_finding', fixed: true, cell: ({ cve, weakness }) => cve ?? weaknessName(weakness, language) },
    { title: 'column_state', fixed: true, cell: ({ state }) => stateName(state, language) }, { title: 'column_why', cell: ({ band, row }) => `${bandName(band, language)} (BOD 26-04 #${row})` },
  ])
  // A single question is answered in full.
  const [only] = decisions
  if (decisions.length === 1 && only !== undefined) for (const line of explain(only, language)) context.out.write(`${safe(line)}\n`)
  else if (decisions.length > 1) {
    const count = (level: Decision['level']) => grouped(decisions.filter((each) => each.level === level).length)
    context.err.write(`${context.text('risk_totals', { urgent: count('urgent'), remedy: count('remedy'), watch: count('watch') })}\n`)
  }
}

/** JSON values of a file or of standard input, each with its place. */
async function* lines(context: Context, path: string): AsyncGenerator<{ place: string; value?: unknown; error?: HaechiError }> {
  const name = path === '-' ? 'stdin' : path
  try {
    for await (const batch of splitRecords(path === '-' ? context.input : createReadStream(path), { name })) {
      for (const { bytes, line, error } of batch) {
        if (bytes === undefined) yield { place: error.place, error: new HaechiError(error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...error.params }) }
        else yield { place: `${name}:${line}`, value: JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown }
      }
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new HaechiError('file_unreadable', { file: path, reason: code ?? '' }, { cause: error })
  }
}

function coded(error: unknown): unknown {
  if (!(error instanceof RiskProblem)) return error
  return new HaechiError(codes[error.code] ?? 'fact_invalid', { place: error.place, found: error.found, allowed: error.allowed.join(', ') }, { cause: error })
}

const codes: Partial<Readonly<Record<RiskProblem['code'], ErrorCode>>> = {
  cvss_version_unknown: 'cvss_version_unknown', cvss_malformed: 'cvss_malformed', cvss_metric_unknown: 'cvss_metric_unknown', cvss_value_unknown: 'cvss_value_unknown', cvss_metric_repeated: 'cvss_metric_repeated', cvss_metric_missing: 'cvss_metric_missing',
  cpe_invalid: 'cpe_invalid', version_invalid: 'version_invalid', facts_malformed: 'facts_malformed', fact_invalid: 'fact_invalid', fact_unknown: 'fact_unknown', fact_missing: 'fact_missing',
}

export const riskCommands = [riskCvss, riskDecide]
