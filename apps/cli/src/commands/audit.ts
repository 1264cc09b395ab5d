import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { verifyAuditExport } from '@haechi/server/audit'
import type { AuditFault } from '@haechi/server/audit'
import { HaechiError } from '@haechi/server/errors'
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'
import type { TextKey } from '../texts.ts'
import { localTime } from '../times.ts'
import { listPatience, printFields, printList } from './lists.ts'

type Row = { sequence: number; at: string; actor: { kind: string; name: string }; action: string; resource: { kind: string; id: string } | null; outcome: string; detail: object }

const chainOption = { chain: { value: 'CHAIN', about: 'option_chain', choices: ['tenant', 'platform'] } } as const
const faults = {
  header_missing: 'fault_header_missing', algorithm_unknown: 'fault_algorithm_unknown', line_unreadable: 'fault_line_unreadable', record_changed: 'fault_record_changed',
  chain_mixed: 'fault_chain_mixed', record_missing: 'fault_record_missing', record_repeated: 'fault_record_repeated', chain_broken: 'fault_chain_broken',
} as const satisfies Record<AuditFault, TextKey>

export const auditCommands: readonly Command[] = [
  command({
    path: ['audit', 'list'], about: 'audit_list', options: { limit: { value: 'N', about: 'option_limit' }, ...chainOption, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi audit list --tenant acme --limit 50', about: 'example_audit_list' }, { line: 'haechi audit list --chain platform --json', about: 'example_audit_platform' }],
    async run(context, { options }) {
      await printList<Row>(context, context.server(options), '/api/v1/audit', 'records', [
        { title: 'column_sequence', align: 'right', fixed: true, cell: (row) => String(row.sequence) }, { title: 'column_time', fixed: true, cell: (row) => localTime(Date.parse(row.at)) },
        { title: 'column_actor', cell: (row) => row.actor.name }, { title: 'column_action', cell: (row) => row.action }, { title: 'column_outcome', cell: (row) => row.outcome },
        { title: 'column_resource', cell: (row) => (row.resource === null ? '' : `${row.resource.kind} ${row.resource.id}`) }, { title: 'column_detail', cell: (row) => JSON.stringify(row.detail) },
      ], { limit: wholeNumber('--limit', options.limit, 1, 1_000_000, 100), query: { chain: options.chain } })
      return exitCodes.ok
    },
  }),
  command({
    path: ['audit', 'export'], about: 'audit_export', details: 'audit_export_details', options: { output: { value: 'FILE', about: 'option_output' }, ...chainOption, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi audit export --tenant acme --output acme-audit.ndjson', about: 'example_audit_export' }, { line: 'haechi audit export --chain platform > platform.ndjson', about: 'example_audit_stdout' }],
    async run(context, { options }) {
      const arriving = context.server(options).stream('/api/v1/audit/export', { query: { chain: options.chain }, patience: listPatience, stop: context.stop })
      if (options.output === undefined) {
        const decoder = new TextDecoder()
        for await (const chunk of arriving) context.out.write(decoder.decode(chunk, { stream: true }))
        return exitCodes.ok
      }
      const file = options.output
      // An earlier export is evidence: it is never overwritten.
      const output = createWriteStream(file, { flags: 'wx', mode: 0o600 })
      try {
        await once(output, 'open')
        for await (const chunk of arriving) if (!output.write(chunk)) await once(output, 'drain')
        output.end()
        await once(output, 'finish')
      } catch (error) {
        output.destroy()
        throw (error as NodeJS.ErrnoException).syscall === undefined ? error : new HaechiError('file_not_written', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
      }
      printFields(context, { file }, [['column_file', file]])
      return exitCodes.ok
    },
  }),
  command({
    path: ['audit', 'verify'], about: 'audit_verify', details: 'audit_verify_details', arguments: [{ name: 'FILE', about: 'argument_audit_file' }], options: {},
    examples: [{ line: 'haechi audit verify acme-audit.ndjson', about: 'example_audit_verify' }],
    async run(context, { arguments: [file = ''] }) {
      const input = createReadStream(file)
      let verdict
      try {
        await once(input, 'open')
        verdict = await verifyAuditExport(lines(input))
      } catch (error) {
        throw new HaechiError('file_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, { cause: error })
      }
      if (!verdict.ok) {
        if (context.json) context.out.write(`${JSON.stringify({ ok: false, line: verdict.line, reason: verdict.reason })}\n`)
        throw new HaechiError('audit_chain_broken', { file, line: verdict.line, reason: context.text(faults[verdict.reason]) })
      }
      printFields(context, verdict, [
        ['column_verdict', context.text('audit_holds')], ['column_chain', verdict.chain], ['column_records', grouped(verdict.records)],
        ['column_from', verdict.first ?? ''], ['column_to', verdict.last ?? ''], ['column_head', verdict.head],
      ])
      return exitCodes.ok
    },
  }),
]

/** Split at LF alone: node:readline would also split at U+2028, which a record may hold. */
async function* lines(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of input) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
