// A server process for workflows.integration.test.ts: DBOS allows one instance in a process, and the tests kill it.
import { manualClock } from './clock.ts'
import { openDatabase } from './database.ts'
import type { DatabaseConnection } from './database.ts'
import { HaechiError } from './errors.ts'
import { silentLog } from './log.ts'
import { every, openWorkflows } from './workflows.ts'

export type NodeOptions = {
  connection: DatabaseConnection
  executorId: string
  now: number
  /** The step in which this process hangs. */
  hangIn?: string
}

const options = JSON.parse(process.argv[2]!) as NodeOptions
const clock = manualClock(options.now)
const database = await openDatabase(options.connection, silentLog)
const workflows = await openWorkflows({ connection: options.connection, database, clock, log: silentLog, executorId: options.executorId })

/** The outside world: sees each effect, and hangs where it was told to. */
async function effect(key: string): Promise<string> {
  process.send!({ effect: key })
  if (options.hangIn !== undefined && key.endsWith(`:${options.hangIn}`)) await new Promise(() => undefined)
  return key
}

const defined = {
  contain: workflows.define('contain', async (run, { until }: { until?: number }) => {
    for (const target of ['a', 'b', 'c']) await run.step(`contain ${target}`, effect)
    // An effect is seen before its step is recorded; from here on all of them are.
    process.send!({ waits: true })
    const answer = await run.waitForSignal<{ by: string }>('approval', until === undefined ? {} : { until })
    await run.step('after', effect)
    return { answer }
  }),
  twice: workflows.define('twice', async (run, { until }: { until: number }) => {
    const first = await run.waitForSignal<{ n: number }>('approval', { until })
    const second = await run.waitForSignal<{ n: number }>('approval')
    return [first, second]
  }),
  refused: workflows.define<null, unknown>('refused', async (run) => {
    await run.step('look', () => { process.send!({ effect: 'refused' }); throw new HaechiError('not_found', { what: 'host' }) })
  }),
  flaky: workflows.define<null, unknown>('flaky', async (run) => {
    let tried = 0
    return await run.step('send', () => { if (++tried < 3) throw new HaechiError('database_unavailable'); return tried })
  }),
  broken: workflows.define('broken', async () => { throw new RangeError('a bug') }),
  doubled: workflows.define<null, unknown>('doubled', async (run) => { await run.step('same', effect); await run.step('same', effect) }),
  narrow: workflows.define<null, unknown>('narrow', async (run) => {
    await run.step('in', effect)
    await run.waitForSignal('go')
  }, { concurrency: 2 }),
  hourly: workflows.define<null, unknown>('hourly', async (run) => { await run.step('tick', effect) }),
}
workflows.schedule(defined.hourly, every(3_600_000))

const commands: Record<string, (...args: never[]) => unknown> = {
  start: (name: keyof typeof defined, id: string, input: never) => workflows.start<never>(defined[name], { id, tenantId: 'ten_a', input }),
  signal: (...args: Parameters<typeof workflows.signal>) => workflows.signal(...args),
  status: (id: string) => workflows.status(id),
  cancel: (id: string) => workflows.cancel(id),
  advance: async (milliseconds: number) => { clock.advance(milliseconds); await workflows.sweep() },
  close: async () => { await workflows.close(); await database.close() },
}
process.on('message', ({ id, command, args }: { id: number; command: string; args: never[] }) => {
  Promise.resolve(commands[command]!(...args)).then(
    (value) => process.send!({ id, value: value ?? null }),
    (error: unknown) => process.send!({ id, error: error instanceof HaechiError ? error.code : String(error) }),
  )
})
await workflows.launch()
process.send!({ ready: true })
