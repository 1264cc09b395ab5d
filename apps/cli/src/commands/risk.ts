// What to do about findings and by when, and the scores of CVSS vectors; no server is asked. One line of facts that cannot be read costs no other. Defended by risk.test.ts.
import { createReadStream } from 'node:fs'
import { splitRecords } from '@haechi/records'
import { compareDecisions, dayOf, decide, explain, levelName, bandName, readLine, readVector, RiskProblem, scoreOf, stateName, weaknessName } from '@haechi/risk'
import type { CvssSeverity, Decision } from '@haechi/risk'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
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
  asset: decision.asset, site: decision.site, cve: decision.cve, weakness: decision.weakness, level: decision.level, band: decision.band, due: decision.due === null ? null : dayOf(decision.due), overdue: decision.overdue, row: decision.row,
  answers: decision.answers, band_at_best: decision.bandAtBest, state: decision.state, order: decision.order, factors: decision.factors, cwe: decision.cwe, techniques: decision.techniques, controls: decision.controls,
  evidence: decision.evidence.map(({ at, ...rest }) => ({ ...rest, at: at === null ? null : new Date(at).toISOString() })), notes: decision.notes, explanation: explain(decision, context.language),
})

const riskDecide = command({
  path: ['risk', 'decide'], about: 'risk_decide', details: 'risk_decide_details', arguments: [{ name: 'FILE', about: 'argument_facts', optional: true }],
  options: {
    cve: { value: 'CVE', about: 'option_cve' }, exposed: { about: 'option_exposed' }, internal: { about: 'option_internal' }, asset: { value: 'NAME', about: 'option_risk_asset' }, criticality: { value: 'LEVEL', about: 'option_criticality', choices: ['low', 'medium', 'high', 'critical'] },
  },
  examples: [{ line: 'haechi risk decide findings.ndjson', about: 'example_risk_decide' }, { line: 'haechi risk decide --cve CVE-2021-44228 --exposed', about: 'example_risk_decide_one' }],
  async run(context, { options, arguments: [file] }) {
    if (options.exposed && options.internal) throw new HaechiError('usage_together', { options: '--exposed, --internal' })
    if (options.cve !== undefined && file !== undefined) throw new HaechiError('usage_together', { options: 'FILE, --cve' })
    const at = context.clock.now()
    let failed = 0
    const decisions: Decision[] = []
    const decideOne = (facts: unknown, place: string): void => {
      try {
        decisions.push(decide(readLine(facts, at).facts, at))
      } catch (error) {
        failed++
        context.report(coded(error), place)
      }
    }
    if (options.cve !== undefined) {
      const today = new Date(at).toISOString()
      const reached = options.exposed ? 'yes' : options.internal ? 'no' : 'unknown'
      decideOne({ asset: { id: options.asset ?? '-', criticality: options.criticality, exposure: { reached, measured_at: reached === 'unknown' ? null : today } }, cve: options.cve }, '--cve')
    } else {
      for await (const { place, value, error } of lines(context, file ?? '-')) {
        if (context.stop.aborted) throw new HaechiError('interrupted')
        if (error === undefined) decideOne(value, place)
        else {
          failed++
          context.report(error, place)
        }
      }
    }
    decisions.sort(compareDecisions)
    if (context.json) for (const decision of decisions) context.out.write(`${JSON.stringify(answerOf(decision, context))}\n`)
    else printDecisions(context, decisions)
    return failed > 0 ? exitCodes.failed : exitCodes.ok
  },
})

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
  facts_malformed: 'facts_malformed', fact_invalid: 'fact_invalid', fact_unknown: 'fact_unknown', fact_missing: 'fact_missing',
}

export const riskCommands = [riskCvss, riskDecide]
