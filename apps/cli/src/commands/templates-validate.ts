// `haechi templates validate`: which templates can be run here, which are read but lack something, which are refused, each with its code. Nothing is sent.
// Defended by templates-validate.test.ts.
import type { Problem, Template } from '@haechi/templates'
import { command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { loadTemplates, signerOption, signersOf } from '../template-files.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

type Status = 'runnable' | 'parsed' | 'refused'
/** One line of --json. `trust`: whether the signature holds, for whoever has to decide what may be run; null where the file was refused. */
type Line = {
  readonly file: string; readonly status: Status; readonly code: string | null; readonly place: string | null; readonly reason: string | null
  readonly id: string | null; readonly severity: string | null; readonly protocols: readonly string[]; readonly trust: Trust | null; readonly signer: string | null
}
type Trust = 'verified' | 'wrong' | 'unknown_signer' | 'unsigned'

const statuses: readonly Status[] = ['runnable', 'parsed', 'refused']
const trusts: readonly Trust[] = ['verified', 'wrong', 'unknown_signer', 'unsigned']

export const templatesValidate = command({
  path: ['templates', 'validate'], about: 'templates_validate', details: 'templates_validate_details', arguments: [{ name: 'PATH', about: 'argument_templates', many: true }], options: signerOption,
  examples: [{ line: 'haechi templates validate ./nuclei-templates', about: 'example_templates_validate' }, { line: 'haechi templates validate ./own --signer nuclei-user.crt', about: 'example_templates_signer' }, { line: 'haechi templates validate one.yaml two.yaml --json', about: 'example_json' }],
  async run(context, { options, arguments: paths }) {
    let unreadable = 0
    const { library, shownAs } = await loadTemplates(context, paths, (place, error) => {
      unreadable++
      context.report(error, place)
    }, { keys: signersOf(options.signer) })
    const lines = [...library.templates.map((template) => lineOf(template)), ...library.refused.map(({ file, problem }) => refusedLine(file, problem))]
      .map((line) => ({ ...line, file: shownAs(line.file) })).toSorted((one, other) => (one.file < other.file ? -1 : one.file > other.file ? 1 : 0))
    if (context.json) for (const line of lines) context.out.write(`${JSON.stringify(line)}\n`)
    else {
      for (const { file, place, code, reason } of lines.filter(({ status, trust }) => status === 'refused' || trust === 'wrong')) {
        context.out.write(`${safe(code === null ? `${file}: ${context.text('template_changed')}` : `${file}: ${place === '' ? '' : `${place}: `}${code}: ${reason}`)}\n`)
      }
      const counts = [...Map.groupBy(lines, ({ status, code }) => `${status} ${code ?? ''}`).values()].map((same) => ({ ...same[0]!, count: same.length }))
      printTable(context, counts.toSorted((one, other) => statuses.indexOf(one.status) - statuses.indexOf(other.status) || other.count - one.count), [
        { title: 'column_state', fixed: true, cell: ({ status }) => wordOf(context, 'template', status) },
        { title: 'column_count', align: 'right', fixed: true, cell: ({ count }) => grouped(count) },
        { title: 'column_code', fixed: true, cell: ({ code }) => code ?? '' },
        { title: 'column_example', cell: ({ status, file, reason }) => (status === 'runnable' ? file : `${file}: ${reason}`) },
      ])
      const of = (status: Status): string => grouped(lines.filter((line) => line.status === status).length)
      const trusted = trusts.map((trust) => ({ trust, count: lines.filter((line) => line.trust === trust).length })).filter(({ count }) => count > 0).map(({ trust, count }) => `${wordOf(context, 'trust', trust)} ${grouped(count)}`)
      context.err.write(`${context.text('templates_totals', { files: grouped(lines.length), runnable: of('runnable'), parsed: of('parsed'), refused: of('refused'), share: lines.length === 0 ? '0' : ((lines.filter(({ status }) => status === 'runnable').length / lines.length) * 100).toFixed(1), trust: trusted.join(', ') })}\n`)
    }
    return library.refused.length + unreadable > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function lineOf({ file, support, id, info, blocks, workflow, signature }: Template): Line {
  const problem = support.status === 'parsed' ? support.problem : null
  return {
    file, status: support.status, code: problem?.code ?? null, place: problem?.place ?? null, reason: problem?.reason ?? null, id, severity: info.severity,
    protocols: [...new Set([...blocks.map(({ protocol }) => protocol), ...(workflow.length === 0 ? [] : ['workflow'])])], trust: signature?.state ?? 'unsigned', signer: signature?.signer ?? null,
  }
}

const refusedLine = (file: string, { code, place, reason }: Problem): Line => ({ file, status: 'refused', code, place, reason, id: null, severity: null, protocols: [], trust: null, signer: null })
