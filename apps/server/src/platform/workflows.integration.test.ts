import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { testDatabase } from './postgres.fixture.ts'
import type { TestDatabase } from './postgres.fixture.ts'
import type { NodeOptions } from './workflows.fixture.ts'
import { every } from './workflows.ts'
import type { RunStatus } from './workflows.ts'

const start = Date.UTC(2026, 0, 1)
const hour = 3_600_000
let scratch: TestDatabase
let children: ChildProcess[] = []

beforeEach(async () => { scratch = await testDatabase() })
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  await scratch.drop()
})

type Node = { effects: string[]; /** Its workflow `contain` has recorded its steps and waits. */ waits: Promise<void>; call<T = null>(command: string, ...args: unknown[]): Promise<T>; kill(): Promise<void> }

async function node(options: Partial<NodeOptions> = {}): Promise<Node> {
  const child = fork(new URL('workflows.fixture.ts', import.meta.url), [JSON.stringify({ connection: scratch.connection, executorId: 'one', now: start, ...options })])
  children.push(child)
  const effects: string[] = []
  const answers = new Map<number, (answer: { value: unknown; error?: string }) => void>()
  const [ready, waits] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  child.on('message', (message: { ready?: true; waits?: true; effect?: string; id?: number; value: unknown }) => {
    if (message.ready) ready.resolve()
    if (message.waits) waits.resolve()
    if (message.effect !== undefined) effects.push(message.effect)
    if (message.id !== undefined) answers.get(message.id)?.(message)
  })
  child.on('exit', (code, signal) => ready.reject(new Error(`the node ended: ${code ?? signal}`)))
  await ready.promise
  let calls = 0
  return {
    effects,
    waits: waits.promise,
    call: <T>(command: string, ...args: unknown[]) => new Promise<T>((resolve, reject) => {
      const id = ++calls
      answers.set(id, ({ value, error }) => (error === undefined ? resolve(value as T) : reject(new Error(error))))
      child.send({ id, command, args })
    }),
    kill: async () => { child.kill('SIGKILL'); await once(child, 'exit') },
  }
}
const patiently = { timeout: 10_000, interval: 20 }
const ended = (on: Node, id: string): Promise<RunStatus> => vi.waitFor(async () => {
  const status = await on.call<RunStatus | null>('status', id)
  expect(status?.state).toMatch(/succeeded|failed|cancelled/)
  return status!
}, patiently)
const timers = async (): Promise<unknown[]> => (await scratch.database.platform((tx) => sql`SELECT FROM platform_timers`.execute(tx))).rows
const timersSet = (count: number): Promise<void> => vi.waitFor(async () => expect(await timers()).toHaveLength(count), patiently)
const effects = (on: Node, expected: string[]): Promise<void> => vi.waitFor(() => expect(on.effects).toEqual(expected), patiently)

describe('kill -9', () => {
  test('in the middle of a step: what was recorded is not run again, the step that was not repeats under its key', async () => {
    const first = await node({ hangIn: 'contain b' })
    await first.call('start', 'contain', 'run_1', {})
    await effects(first, ['run_1:contain a', 'run_1:contain b'])
    await first.kill()
    const second = await node()
    await effects(second, ['run_1:contain b', 'run_1:contain c'])
    expect(await second.call('status', 'run_1')).toEqual({ id: 'run_1', workflow: 'contain', tenantId: 'ten_a', state: 'running' })
    await second.call('signal', 'run_1', 'approval', { by: 'kim' }, 'approval_1')
    expect(await ended(second, 'run_1')).toMatchObject({ state: 'succeeded', result: { answer: { by: 'kim' } } })
  })

  test('while it waits for a signal: the signal wakes it after the restart, and no step runs again', async () => {
    const first = await node()
    await first.call('start', 'contain', 'run_1', {})
    await first.waits
    expect(first.effects).toEqual(['run_1:contain a', 'run_1:contain b', 'run_1:contain c'])
    await first.kill()
    const second = await node()
    await second.call('signal', 'run_1', 'approval', { by: 'kim' }, 'approval_1')
    expect(await ended(second, 'run_1')).toMatchObject({ state: 'succeeded', result: { answer: { by: 'kim' } } })
    expect(second.effects).toEqual(['run_1:after'])
  })

  test('while it waits with a deadline that passes before the restart', async () => {
    const first = await node()
    await first.call('start', 'contain', 'run_1', { until: start + hour })
    await timersSet(1)
    await first.kill()
    const second = await node({ now: start + 2 * hour })
    expect(await ended(second, 'run_1')).toMatchObject({ result: { answer: 'timeout' } })
  })

  test('of a node that does not come back: another takes its runs over once it has been silent for a minute', async () => {
    const first = await node()
    await first.call('start', 'contain', 'run_1', {})
    await first.waits
    const second = await node({ executorId: 'two' })
    await first.kill()
    await second.call('signal', 'run_1', 'approval', { by: 'kim' }, 'approval_1')
    await second.call('advance', 60_000)
    expect(await second.call('status', 'run_1')).toMatchObject({ state: 'running' })
    await second.call('advance', 1)
    await ended(second, 'run_1')
    expect(second.effects).toEqual(['run_1:after'])
  })
})

describe('one node', () => {
  test('waits on the platform clock: not a millisecond early', async () => {
    const on = await node()
    await on.call('start', 'contain', 'run_1', { until: start + hour })
    await effects(on, ['run_1:contain a', 'run_1:contain b', 'run_1:contain c'])
    await timersSet(1)
    await on.call('advance', hour - 1)
    expect(await timers(), 'a timer that fired is gone').toHaveLength(1)
    expect(await on.call('status', 'run_1')).toMatchObject({ state: 'running' })
    await on.call('advance', 1)
    expect(await ended(on, 'run_1')).toMatchObject({ result: { answer: 'timeout' } })
    await on.call('close')
  })

  test('a timer and a signal that come together: the first wait takes one, and its timer never ends the next wait', async () => {
    const on = await node()
    const runs = Array.from({ length: 20 }, (_, n) => `run_${n}`)
    for (const id of runs) await on.call('start', 'twice', id, { until: start + hour })
    await timersSet(20)
    await Promise.all([on.call('advance', hour), ...runs.map((id) => on.call('signal', id, 'approval', { n: 1 }, '1'))])
    for (const id of runs) {
      await on.call('signal', id, 'approval', { n: 2 }, '2')
      const { result } = await ended(on, id)
      expect([[{ n: 1 }, { n: 2 }], ['timeout', { n: 1 }]]).toContainEqual(result)
    }
  })

  test('the same start and the same signal twice are one', async () => {
    const on = await node()
    await Promise.all([1, 2, 3].map(() => on.call('start', 'twice', 'run_1', { until: start + hour })))
    await on.call('signal', 'run_1', 'approval', { n: 1 }, 'a')
    await on.call('signal', 'run_1', 'approval', { n: 1 }, 'a')
    await on.call('signal', 'run_1', 'approval', { n: 2 }, 'b')
    expect(await ended(on, 'run_1')).toMatchObject({ result: [{ n: 1 }, { n: 2 }] })
    await expect(on.call('signal', 'run_none', 'approval', {}, 'a')).rejects.toThrow('not_found')
    expect(await on.call('status', 'run_none')).toBeNull()
  })

  test('failures: coded ones keep their code and params, retryable ones are tried again, bugs are internal', async () => {
    const on = await node()
    for (const name of ['refused', 'flaky', 'broken', 'doubled']) await on.call('start', name, name, null)
    expect(await ended(on, 'refused')).toMatchObject({ state: 'failed', error: { code: 'not_found', params: { what: 'host' } } })
    expect(await ended(on, 'flaky')).toMatchObject({ state: 'succeeded', result: 3 })
    expect(await ended(on, 'broken')).toMatchObject({ state: 'failed', error: { code: 'internal' } })
    expect(await ended(on, 'doubled')).toMatchObject({ state: 'failed', error: { code: 'internal' } })
    expect(on.effects.filter((key) => key === 'refused')).toHaveLength(1)
    expect(on.effects.filter((key) => key === 'doubled:same')).toHaveLength(1)
  })

  test('cancel ends a run that waits', async () => {
    const on = await node()
    await on.call('start', 'contain', 'run_1', {})
    await effects(on, ['run_1:contain a', 'run_1:contain b', 'run_1:contain c'])
    await on.call('cancel', 'run_1')
    expect(await ended(on, 'run_1')).toMatchObject({ state: 'cancelled' })
    expect(on.effects).not.toContain('run_1:after')
  })

  test('a workflow with a concurrency of two never has three runs under way', async () => {
    const on = await node()
    for (const n of [1, 2, 3]) await on.call('start', 'narrow', `run_${n}`, null)
    await vi.waitFor(() => expect(on.effects).toHaveLength(2), patiently)
    const running = on.effects.map((key) => key.split(':')[0]!)
    const [waiting] = ['run_1', 'run_2', 'run_3'].filter((id) => !running.includes(id))
    expect(await on.call('status', waiting)).toMatchObject({ state: 'queued' })
    await on.call('signal', running[0], 'go', {}, 'x')
    await effects(on, [...on.effects.slice(0, 2), `${waiting}:in`])
  })

  test('a schedule runs on the hour, and once after an absence', async () => {
    const first = await node()
    await first.call('advance', hour)
    await effects(first, ['hourly@2026-01-01T01:00:00.000Z:tick'])
    await first.call('close')
    const later = await node({ now: start + 5.5 * hour })
    await effects(later, ['hourly@2026-01-01T02:00:00.000Z:tick'])
    await later.call('advance', hour / 2)
    await effects(later, ['hourly@2026-01-01T02:00:00.000Z:tick', 'hourly@2026-01-01T06:00:00.000Z:tick'])
  })

  test('the database goes away and comes back: the run goes on', async () => {
    const on = await node()
    await on.call('start', 'contain', 'run_1', { until: start + hour })
    await timersSet(1)
    const admin = new Client(scratch.connection)
    await admin.connect()
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
    await vi.waitFor(async () => expect((await admin.query(`SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN dbos%' AND datname = current_database()`)).rowCount).toBe(1), patiently)
    await admin.end()
    await vi.waitFor(() => on.call('advance', hour), patiently)
    expect(await ended(on, 'run_1')).toMatchObject({ result: { answer: 'timeout' } })
  })
})

test('the application role cannot enter the tables of DBOS', async () => {
  await (await node()).call('close')
  await expect(scratch.database.platform((tx) => sql`SELECT FROM dbos.workflow_status`.execute(tx))).rejects.toThrow('permission denied for schema dbos')
})

test('every() lands on multiples, whatever the time it is asked at', () => {
  expect([0, 1, 999, 1000].map(every(1000))).toEqual([1000, 1000, 1000, 2000])
})
