// Rules, filters and correlations over files of events, with no server. Each match is one line on standard output; what was refused and how much there was goes to
// standard error. A rule or record that cannot be read costs no other, and no input is held in memory. Defended by detect.test.ts.
import { createReadStream } from 'node:fs'
import { columnsOf, splitRecords } from '@haechi/records'
import type { SourceRecord } from '@haechi/records'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { answerOf, correlationAnswerOf, createCorrelator, createMatcher } from '@haechi/sigma'
import type { CorrelatorStats } from '@haechi/sigma'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'
import { linkFiles, pipelineOption, pipelinesOf, rejection, ruleFiles } from '../rule-files.ts'
import type { RuleFile } from '../rule-files.ts'
import { findInputs } from './ingest.ts'

const readBytes = 256 * 1024
/** An event's number for the correlator: its input's times this, and its place in it. */
const perInput = 2 ** 32

type Totals = Record<'events' | 'matches' | 'rules' | 'rejected_rules' | 'rejected_records' | 'correlations' | 'groups' | 'evicted' | 'forgotten' | 'untimed' | 'late', number>

export const detect = command({
  path: ['detect'], about: 'detect', details: 'detect_details',
  options: {
    rules: { value: 'PATH', about: 'option_rules', required: true, many: true }, input: { value: 'PATH', about: 'option_input', required: true, many: true }, ...pipelineOption,
  },
  examples: [
    { line: 'haechi detect --rules ./rules --input events.ndjson.gz', about: 'example_detect' }, { line: 'journalctl -o json | haechi detect --rules ./rules ./own.yml --input -', about: 'example_detect_stdin' },
    { line: 'haechi detect --rules ./rules --pipeline ecs ./own-fields.yml --input export.json', about: 'example_detect_pipeline' },
  ],
  async run(context, { options }) {
    const totals: Totals = { events: 0, matches: 0, rules: 0, rejected_rules: 0, rejected_records: 0, correlations: 0, groups: 0, evicted: 0, forgotten: 0, untimed: 0, late: 0 }
    let failed = 0
    const refuse = (path: string, error: unknown): void => {
      failed++
      context.report(error, path)
    }
    const pipelines = await pipelinesOf(options.pipeline)
    const files: RuleFile[] = []
    for await (const file of ruleFiles(options.rules, refuse)) files.push(file)
    const { rules, correlations, silent, rejected } = linkFiles(files, pipelines)
    for (const one of rejected) context.report(rejection(one), `${one.file}:${one.line}`)
    Object.assign(totals, { rules: rules.length, correlations: correlations.length, rejected_rules: rejected.length })
    if (rules.length === 0) throw new HaechiError('rules_missing', { path: options.rules.join(', ') })
    const matcher = createMatcher(rules, {
      onError: (fault) => { if (fault.code === 'regex_exhausted') context.report(new HaechiError('rule_regex_exhausted', { rule: fault.rule.title }), `${fault.rule.file}:${fault.rule.line}`) },
    })
    const correlator = createCorrelator(correlations)
    const correlated = new Set(correlations.flatMap((correlation) => correlation.rules))
    const inputs = await findInputs(options.input, refuse)
    const placeOf = (ref: number) => ({ input: inputs[Math.floor(ref / perInput)]?.path ?? '', eventIndex: ref % perInput })

    /** The lines of a batch of one input: those of an event's rules, each followed by the correlations that it completed. */
    const search = (input: number, path: string, records: readonly Extract<SourceRecord, { error?: never }>[]): void => {
      let event = { at: -1, record: null as unknown, time: null as number | null, untimed: false }
      let out = ''
      for (const match of matcher.match(Buffer.concat(records.flatMap(({ bytes }) => [bytes, newline])), 'detect')) {
        const { bytes, index } = records[match.eventIndex]!
        if (event.at !== match.eventIndex) {
          const record: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
          event = { at: match.eventIndex, record, time: columnsOf(record, { now: context.clock.now() }).time, untimed: false }
        }
        const { record, time } = event
        if (!silent.has(match.rule.id)) {
          totals.matches++
          out += `${JSON.stringify(answerOf(match, { input: path, eventIndex: index, record, now: context.clock.now() }))}\n`
        }
        if (!correlated.has(match.rule.id)) continue
        if (time === null) {
          if (!event.untimed) totals.untimed++
          event.untimed = true
          continue
        }
        for (const completed of correlator.add({ ruleId: match.rule.id, time, fields: match.fields, ref: input * perInput + index })) {
          if (silent.has(completed.correlation.id)) continue
          totals.matches++
          out += `${JSON.stringify(correlationAnswerOf(completed, { input: path, eventIndex: index, eventTime: time, placeOf }))}\n`
        }
      }
      if (out !== '') context.out.write(out)
    }

    for (const [input, { path, named }] of inputs.entries()) {
      let met = 0
      try {
        for await (const batch of splitRecords(path === '-' ? context.input : createReadStream(path, { highWaterMark: readBytes }), { name: path === '-' ? 'stdin' : path })) {
          if (context.stop.aborted) {
            printTotals(context, totals)
            return exitCodes.interrupted
          }
          met += batch.length
          for (const { error } of batch) {
            if (error === undefined) continue
            totals.rejected_records++
            refuse(error.place, new HaechiError(error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...error.params }))
          }
          const records = batch.filter((record) => record.error === undefined)
          totals.events += records.length
          search(input, path, records)
          Object.assign(totals, statisticsOf(correlator.stats()))
        }
        if (met === 0 && named) refuse(path, new HaechiError('file_without_records', { file: path }))
      } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException
        if (syscall === undefined) throw error
        refuse(path, new HaechiError('file_unreadable', { file: path, reason: code ?? '' }, { cause: error }))
      }
    }
    printTotals(context, totals)
    return failed > 0 ? exitCodes.failed : exitCodes.ok
  },
})

const newline = Buffer.from('\n')
const statisticsOf = ({ groups, evicted, forgotten, late }: CorrelatorStats) => ({ groups, evicted, forgotten, late })

function printTotals(context: Context, totals: Readonly<Totals>): void {
  if (context.json) {
    context.err.write(`${JSON.stringify({ statistics: totals })}\n`)
    return
  }
  const texts = Object.fromEntries(Object.entries(totals).map(([name, count]) => [name, grouped(count)]))
  context.err.write(`${context.text('detect_totals', texts)}\n`)
  if (totals.correlations > 0) context.err.write(`${context.text('detect_correlation_totals', texts)}\n`)
}
