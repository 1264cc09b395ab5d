// Rules over files of events, with no server. Each match is one line on standard output; what was refused and how much there was goes to
// standard error. A rule or record that cannot be read costs no other. Defended by detect.test.ts.
import { createReadStream } from 'node:fs'
import { splitRecords } from '@haechi/records'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { answerOf, createMatcher, parse } from '@haechi/sigma'
import type { Rule } from '@haechi/sigma'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'
import { ruleFiles } from '../rule-files.ts'
import { findInputs } from './ingest.ts'

export const detect = command({
  path: ['detect'], about: 'detect', details: 'detect_details',
  options: { rules: { value: 'PATH', about: 'option_rules', required: true, many: true }, input: { value: 'PATH', about: 'option_input', required: true, many: true } },
  examples: [{ line: 'haechi detect --rules ./rules --input events.ndjson.gz', about: 'example_detect' }, { line: 'journalctl -o json | haechi detect --rules ./rules ./own.yml --input -', about: 'example_detect_stdin' }],
  async run(context, { options }) {
    const totals = { events: 0, matches: 0, rules: 0, rejected_rules: 0, rejected_records: 0 }
    let failed = 0
    const refuse = (path: string, error: unknown): void => {
      failed++
      context.report(error, path)
    }
    const rules: Rule[] = []
    for await (const { file, text } of ruleFiles(options.rules, refuse)) {
      const { rules: read, rejected } = parse(text, file)
      rules.push(...read)
      totals.rejected_rules += rejected.length
      for (const { line, code, reason } of rejected) context.report(new HaechiError('rule_rejected', { rejection: code, reason }), `${file}:${line}`)
    }
    totals.rules = rules.length
    if (rules.length === 0) throw new HaechiError('rules_missing', { path: options.rules.join(', ') })
    const matcher = createMatcher(rules, {
      onError: (fault) => { if (fault.code === 'regex_exhausted') context.report(new HaechiError('rule_regex_exhausted', { rule: fault.rule.title }), `${fault.rule.file}:${fault.rule.line}`) },
    })
    for (const { path } of await findInputs(options.input, refuse)) {
      try {
        for await (const records of splitRecords(path === '-' ? context.input : createReadStream(path), { name: path === '-' ? 'stdin' : path })) {
          if (context.stop.aborted) {
            printTotals(context, totals)
            return exitCodes.interrupted
          }
          const lines: Uint8Array[] = []
          const indexes: number[] = []
          for (const record of records) {
            if (record.error !== undefined) {
              totals.rejected_records++
              refuse(record.error.place, new HaechiError(record.error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...record.error.params }))
              continue
            }
            lines.push(record.bytes, Buffer.from('\n'))
            indexes.push(record.index)
          }
          totals.events += indexes.length
          for (const match of matcher.match(Buffer.concat(lines), 'detect')) {
            totals.matches++
            const record: unknown = JSON.parse(Buffer.from(lines[match.eventIndex * 2] as Uint8Array).toString())
            context.out.write(`${JSON.stringify(answerOf(match, { input: path, eventIndex: indexes[match.eventIndex] as number, record, now: context.clock.now() }))}\n`)
          }
        }
      } catch (error) {
        refuse(path, new HaechiError('file_unreadable', { file: path, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, { cause: error }))
      }
    }
    printTotals(context, totals)
    return failed > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function printTotals(context: Context, totals: Readonly<Record<'events' | 'matches' | 'rules' | 'rejected_rules' | 'rejected_records', number>>): void {
  if (context.json) context.err.write(`${JSON.stringify({ statistics: totals })}\n`)
  else context.err.write(`${context.text('detect_totals', Object.fromEntries(Object.entries(totals).map(([name, count]) => [name, grouped(count)])))}\n`)
}
