import { command, connectionOptions, tenantOption } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { byteSize, grouped } from '../layout.ts'
import { duration, localTime } from '../times.ts'
import { printList } from './lists.ts'

type Source = {
  name: string; last_received_at: string | null; accepted: number; rejected: number; duplicate: number; bytes: number; unknown_shape: number; rate_per_second: number; lag_ms: number | null
  errors: Readonly<Record<string, number>>
}

export const sourcesList = command({
  path: ['sources', 'list'], about: 'sources_list', options: { ...tenantOption, ...connectionOptions },
  examples: [{ line: 'haechi sources list --tenant acme', about: 'example_sources_list' }, { line: 'haechi sources list --json', about: 'example_json' }],
  async run(context, { options }) {
    await printList<Source>(context, context.server(options), '/api/v1/sources', 'sources', [
      { title: 'column_source', cell: (row) => row.name }, { title: 'column_accepted', align: 'right', fixed: true, cell: (row) => grouped(row.accepted) },
      { title: 'column_rejected', align: 'right', fixed: true, cell: (row) => grouped(row.rejected) }, { title: 'column_duplicate', align: 'right', fixed: true, cell: (row) => grouped(row.duplicate) },
      { title: 'column_size', align: 'right', fixed: true, cell: (row) => byteSize(row.bytes) }, { title: 'column_rate', align: 'right', fixed: true, cell: (row) => row.rate_per_second.toFixed(1) },
      { title: 'column_lag', align: 'right', fixed: true, cell: (row) => (row.lag_ms === null ? '' : duration(row.lag_ms / 1_000)) },
      { title: 'column_last_received', fixed: true, cell: (row) => localTime(row.last_received_at === null ? null : Date.parse(row.last_received_at)) },
      { title: 'column_errors', cell: (row) => Object.entries(row.errors).map(([code, count]) => `${code} ${grouped(count)}`).join(', ') },
    ], { paged: false })
    return exitCodes.ok
  },
})
