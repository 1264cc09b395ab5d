import { command, connectionOptions } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'

type Removed = { tenant: { id: string; name: string; display_name: string }; rows: number }

/** Milliseconds for a store and its rows to go. */
const removalSilence = 120_000

export const demoRemove = command({
  path: ['demo', 'remove'], about: 'demo_remove', details: 'demo_remove_details', options: connectionOptions, examples: [{ line: 'haechi demo remove', about: 'example_demo_remove' }],
  async run(context, { options }) {
    const removed = await context.server(options).call<Removed>('DELETE', '/api/v1/demo', { silence: removalSilence, stop: context.stop })
    context.out.write(context.json ? `${JSON.stringify(removed)}\n` : `${context.text('demo_removed', { name: removed.tenant.display_name, rows: grouped(removed.rows) })}\n`)
    return exitCodes.ok
  },
})
