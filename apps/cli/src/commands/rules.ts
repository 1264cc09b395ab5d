import { lintFile } from '@haechi/sigma'
import { command } from '../command.ts'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { ruleFiles } from '../rule-files.ts'

const rulesLint = command({
  path: ['rules', 'lint'], about: 'rules_lint', details: 'rules_lint_details', arguments: [{ name: 'PATH', about: 'argument_rules', many: true }], options: {},
  examples: [{ line: 'haechi rules lint ./rules', about: 'example_rules_lint' }, { line: 'haechi rules lint one.yml two.yml --json', about: 'example_json' }],
  async run(context, { arguments: paths }) {
    let read = 0
    let refused = 0
    let unreadable = 0
    const refuse = (path: string, error: unknown): void => {
      unreadable++
      context.report(error, path)
    }
    for await (const { file, text } of ruleFiles(paths, refuse)) {
      for (const { status, code, line, id, reason } of lintFile(text, file)) {
        if (status === 'ok') read++
        else refused++
        if (context.json) context.out.write(`${JSON.stringify({ file, status, code, line, id, reason })}\n`)
        else if (status === 'rejected') context.out.write(`${safe(`${file}:${line}: ${code}: ${reason}`)}\n`)
      }
    }
    if (!context.json) context.err.write(`${context.text('rules_totals', { read: grouped(read), refused: grouped(refused) })}\n`)
    return refused + unreadable > 0 ? exitCodes.failed : exitCodes.ok
  },
})

export const ruleCommands: readonly Command[] = [rulesLint]
