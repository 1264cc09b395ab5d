// A run that was started ends, whatever is killed in between: a step whose outcome is recorded is not run again, and a run that waits
// wakes on whichever node is alive. Time is the platform's clock: DBOS only executes, it never sleeps. Defended by workflows.integration.test.ts.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { DBOS as Dbos } from '@dbos-inc/dbos-sdk'
import { sql } from 'kysely'
import { Pool } from 'pg'
import type { Clock } from './clock.ts'
import { clientConfig, databaseError } from './database.ts'
import type { Database, DatabaseConnection } from './database.ts'
import { errorEntry, HaechiError } from './errors.ts'
import type { ErrorCode, ErrorParams } from './errors.ts'
import type { Logger } from './log.ts'

/** JSON data: what a run takes in, what a step gives back and what a signal carries is stored. */
export type Workflow<Input> = { readonly name: string; readonly input?: (input: Input) => void }

export interface Run {
  readonly id: string
  /** null: work of the platform itself. */
  readonly tenantId: string | null
  /**
   * One effect, or anything else whose answer may differ the next time (the clock, the database, the network). Its outcome is recorded:
   * a value, or a HaechiError, which is thrown again at each replay. `key` is the same at every attempt, because after a kill
   * the effect may have happened without being recorded: whoever receives the effect must dedupe on it. A failure that the error table
   * calls retryable is tried five times within 15 s. `name` is unique in the run: put the target into it.
   */
  step<T>(name: string, effect: (key: string) => Promise<T> | T): Promise<T>
  /** The platform's clock, recorded. */
  now(name: string): Promise<number>
  /** The oldest payload signalled for `topic` and not yet taken, also one from before the wait. `until` is epoch ms on the platform's clock. */
  waitForSignal<T extends object>(topic: string, options?: { until?: number }): Promise<T | 'timeout'>
}

export type RunStatus = {
  readonly id: string
  readonly workflow: string
  readonly tenantId: string | null
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  readonly result?: unknown
  /** 'internal' for what is not a coded error; the log has it under the run's id. */
  readonly error?: { code: ErrorCode; params: ErrorParams }
}

export interface Workflows {
  /**
   * Before launch(). Between its steps and waits the body must do the same at every replay: no clock, no chance, no query outside a step.
   * A released workflow that still has runs waiting changes only at its end. `concurrency`: runs at once on all nodes, waiting ones included.
   */
  define<Input, Output>(name: string, body: (run: Run, input: Input) => Promise<Output>, options?: { concurrency?: number }): Workflow<Input>
  /** Before launch(). `next` gives the time after a time (epoch ms, pure). After an absence a schedule runs once, not once for each time missed. */
  schedule(workflow: Workflow<null>, next: (after: number) => number): void
  /** Everything below waits for it. Errors: database_unavailable. */
  launch(): Promise<void>
  /** Idempotent by `id` for 90 days. Resolves when the run is durable, not when it ends. */
  start<Input>(workflow: Workflow<Input>, run: { id: string; tenantId: string | null; input: Input }): Promise<void>
  /** Kept until the run takes it. The same key twice is one signal. Errors: not_found. */
  signal(runId: string, topic: string, payload: object, idempotencyKey: string): Promise<void>
  status(runId: string): Promise<RunStatus | null>
  /** Ends the run at its next step or wait. */
  cancel(runId: string): Promise<void>
  /** Wakes what is due on the clock now; happens by itself every second. */
  sweep(): Promise<void>
  /** Lets the steps that are running end (at most 10 s) and begins no other. What is unfinished goes on at the next launch. */
  close(): Promise<void>
}

/** For schedule(). */
export const every = (milliseconds: number) => (after: number): number => Math.floor(after / milliseconds) * milliseconds + milliseconds

// A run is bound to the version that started it; with a new one an approval that waits would never wake.
const applicationVersion = '1'
const sweepEvery = 1_000
const executorReportsEvery = 10_000
const executorDeadAfter = 60_000
const keepFinishedFor = 90 * 86_400_000
const century = 100 * 365 * 86_400
const transientTries = 5
// The pool's listener keeps one; the rest carries steps. More gains nothing on two cores (measured).
const connections = 10

type Envelope = { tenantId: string | null; input: unknown }
type Outcome = { value: unknown } | { error: { code: ErrorCode; params: ErrorParams } }
type Message = { payload: object } | { timer: string }

let opened = false

export async function openWorkflows(options: {
  /** The owner's: DBOS creates and migrates its own schema. */
  connection: DatabaseConnection
  database: Database
  clock: Clock
  log: Logger
  /** Stable over restarts of a node, so that it finds its own runs at once. */
  executorId: string
}): Promise<Workflows> {
  if (opened) throw new TypeError('DBOS allows one instance in a process')
  opened = true
  const { database, clock, log, executorId } = options
  // Some of DBOS's environment variables would connect it to its vendor's cloud.
  for (const name of Object.keys(process.env)) if (name.startsWith('DBOS')) delete process.env[name]
  const { DBOS, Error: errors } = await import('@dbos-inc/dbos-sdk')
  const { DBOSExecutor } = await import('@dbos-inc/dbos-sdk/internal/dbos-executor')
  // A call from inside a step or a run is an ordinary call, not a child of that run.
  const outside = AsyncLocalStorage.snapshot()

  const bodies = new Map<string, { start: (envelope: Envelope) => Promise<Outcome>; queue: string | null }>()
  const queues = new Map<string, number>()
  const schedules = new Map<string, (after: number) => number>()
  const launched = Promise.withResolvers<void>()
  launched.promise.catch(() => undefined)
  const pool = new Pool({ ...clientConfig(options.connection), application_name: 'haechi workflows', max: connections, connectionTimeoutMillis: 5_000 })
  pool.on('error', (error) => log.warn({ err: error }, 'workflow connection lost'))
  const ending = new AbortController()
  const activeSteps = new Set<symbol>()
  let waiting = 0
  let reportAt = 0
  let pruneAt = 0
  let loop: Promise<void> | null = null

  function enter(id: string, tenantId: string | null): Run {
    const names = new Set<string>()
    let waits = 0
    const record = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
      if (names.has(name)) throw new TypeError(`the run ${id} has two steps named ${name}`)
      names.add(name)
      return await DBOS.runStep(effect, { name })
    }
    const run: Run = {
      id,
      tenantId,
      async step(name, effect) {
        const outcome = await record(name, () => attempt(() => effect(`${id}:${name}`)))
        return open(outcome) as Awaited<ReturnType<typeof effect>>
      },
      now: (name) => run.step(name, () => clock.now()),
      async waitForSignal<T extends object>(topic: string, { until }: { until?: number } = {}): Promise<T | 'timeout'> {
        const wait = `${topic}#${waits++}`
        if (until !== undefined) {
          await record(`set ${wait}`, () => database.platform(async (tx) => {
            await sql`INSERT INTO platform_timers VALUES (${id}, ${wait}, ${tenantId ?? '*'}, ${topic}, ${new Date(until)}) ON CONFLICT DO NOTHING`.execute(tx)
          }))
        }
        for (;;) {
          // Its own timeout is out of reach. The poll finds what was signalled while DBOS's listener was reconnecting; thousands that wait poll less often.
          waiting++
          const message = await DBOS.recv<Message>(topic, { timeoutSeconds: century, pollingIntervalMs: Math.min(60_000, Math.max(5_000, waiting * 10)) })
            .finally(() => { waiting-- })
          if (message === null) continue
          if ('payload' in message) {
            if (until !== undefined) await record(`clear ${wait}`, () => forget([{ run_id: id, wait }]))
            return message.payload as T
          }
          // A timer that fired together with the signal of an earlier wait is stale.
          if (message.timer === wait) return 'timeout'
        }
      },
    }
    return run
  }

  async function attempt(effect: () => unknown): Promise<Outcome> {
    for (let tried = 1; ; tried++) {
      // Stays where it is: the process is about to end, and the run goes on elsewhere.
      if (ending.signal.aborted) await new Promise(() => undefined)
      const active = Symbol()
      activeSteps.add(active)
      try {
        return { value: await effect() }
      } catch (error) {
        if (!(error instanceof HaechiError)) throw error
        if (!errorEntry(error.code).retry || tried === transientTries) return { error: { code: error.code, params: error.params } }
      } finally {
        activeSteps.delete(active)
      }
      await pause(1_000 * 2 ** (tried - 1))
    }
  }

  const forget = (timers: readonly { run_id: string; wait: string }[]): Promise<void> => database.platform(async (tx) => {
    await sql`DELETE FROM platform_timers USING unnest(${timers.map((timer) => timer.run_id)}::text[], ${timers.map((timer) => timer.wait)}::text[]) gone(run_id, wait)
      WHERE platform_timers.run_id = gone.run_id AND platform_timers.wait = gone.wait`.execute(tx)
  })

  async function send(runId: string, topic: string, message: Message, key: string): Promise<boolean> {
    try {
      await outside(() => DBOS.send(runId, message, topic, key))
      return true
    } catch (error) {
      if (error instanceof errors.DBOSNonExistentWorkflowError) return false
      throw databaseError(error)
    }
  }

  async function fireTimers(): Promise<void> {
    for (;;) {
      const due = await database.platform(async (tx) => (await sql<{ run_id: string; wait: string; topic: string }>`
        SELECT run_id, wait, topic FROM platform_timers WHERE due_at <= ${new Date(clock.now())} ORDER BY due_at LIMIT 500`.execute(tx)).rows)
      if (due.length === 0) return
      // Sent before it is forgotten: a kill in between sends it twice under one key, which is once. A run that is gone needs no timer.
      for (const { run_id, wait, topic } of due) await send(run_id, topic, { timer: wait }, `timer:${wait}`)
      await forget(due)
    }
  }

  async function fireSchedules(): Promise<void> {
    const now = clock.now()
    const rows = await database.platform(async (tx) => {
      for (const [name, next] of schedules) {
        await sql`INSERT INTO platform_schedules VALUES (${name}, ${new Date(next(now))}) ON CONFLICT DO NOTHING`.execute(tx)
      }
      return (await sql<{ name: string; due_at: Date }>`SELECT name, due_at FROM platform_schedules WHERE due_at <= ${new Date(now)}`.execute(tx)).rows
    })
    for (const { name, due_at } of rows) {
      const next = schedules.get(name)
      if (next === undefined) continue
      await begin(name, `${name}@${due_at.toISOString()}`, { tenantId: null, input: null })
      await database.platform((tx) => sql`UPDATE platform_schedules SET due_at = ${new Date(next(now))} WHERE name = ${name} AND due_at = ${due_at}`.execute(tx))
    }
  }

  /** Reports this node alive and takes over the runs of nodes that are not. */
  async function watch(): Promise<void> {
    const now = clock.now()
    const dead = await database.platform(async (tx) => {
      if (now >= reportAt) {
        await sql`INSERT INTO platform_executors VALUES (${executorId}, ${new Date(now)}) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`.execute(tx)
      }
      return (await sql<{ id: string; seen_at: Date }>`SELECT id, seen_at FROM platform_executors WHERE seen_at < ${new Date(now - executorDeadAfter)} AND id <> ${executorId}`.execute(tx)).rows
    })
    if (now >= reportAt) reportAt = now + executorReportsEvery
    for (const { id, seen_at } of dead) {
      // Putting its runs back into the queue is idempotent, so the row goes only afterwards.
      await outside(() => DBOSExecutor.globalInstance!.recoverPendingWorkflows([id]))
      await database.platform((tx) => sql`DELETE FROM platform_executors WHERE id = ${id} AND seen_at = ${seen_at}`.execute(tx))
      log.warn({ executor: id }, 'took over the runs of a node that is gone')
    }
  }

  async function prune(): Promise<void> {
    const now = clock.now()
    if (now < pruneAt) return
    for (;;) {
      const old = await outside(() => DBOS.listWorkflows({
        completedBefore: new Date(now - keepFinishedFor).toISOString(), limit: 500, loadInput: false, loadOutput: false,
      }))
      if (old.length === 0) break
      await outside(() => DBOS.deleteWorkflows(old.map((run) => run.workflowID)))
    }
    pruneAt = now + 3_600_000
  }

  let away = false
  async function sweep(): Promise<void> {
    try {
      await watch()
      await fireTimers()
      await fireSchedules()
      await prune()
      away = false
    } catch (error) {
      if (!away) log.warn({ err: error }, 'workflow timers wait for the database')
      away = true
    }
  }

  async function sweepOften(): Promise<void> {
    for (;;) {
      await pause(sweepEvery, undefined, { signal: ending.signal }).catch(() => undefined)
      if (ending.signal.aborted) return
      await sweep()
    }
  }

  async function begin(name: string, id: string, envelope: Envelope): Promise<void> {
    const body = bodies.get(name)
    if (body === undefined) throw new TypeError(`no workflow named ${name}`)
    try {
      await outside(() => DBOS.startWorkflow(body.start, { workflowID: id, ...(body.queue === null ? {} : { queueName: body.queue }) })(envelope))
    } catch (error) {
      throw databaseError(error)
    }
  }

  return {
    define(name, body, { concurrency } = {}) {
      const start = async (envelope: Envelope): Promise<Outcome> => {
        const run = enter(DBOS.workflowID!, envelope.tenantId)
        try {
          return { value: await body(run, envelope.input as Parameters<typeof body>[1]) }
        } catch (error) {
          if (error instanceof HaechiError) return { error: { code: error.code, params: error.params } }
          if (!(error instanceof errors.DBOSWorkflowCancelledError)) log.error({ err: error, run: run.id, workflow: name }, 'run failed')
          throw error
        }
      }
      // A run that waits for weeks is recovered at every restart of its node; the default would give it up at the hundredth.
      const registered = DBOS.registerWorkflow(start, { name, maxRecoveryAttempts: 10_000 })
      const queue = concurrency === undefined ? null : name
      if (concurrency !== undefined) queues.set(name, concurrency)
      bodies.set(name, { start: registered, queue })
      return { name }
    },
    schedule({ name }, next) {
      schedules.set(name, next)
    },
    async launch() {
      try {
        DBOS.setConfig({
          name: 'haechi', applicationVersion, executorID: executorId, systemDatabasePool: pool, systemDatabaseSchemaName: 'dbos',
          enableOTLP: false, tracingEnabled: false, logger: quiet(log),
        })
        await DBOS.launch()
        for (const [name, globalConcurrency] of queues) await DBOS.registerQueue(name, { globalConcurrency, onConflict: 'always_update' })
        // Schedules exist from here on, and what came due while nobody was there starts before anything new.
        await sweep()
        launched.resolve()
        loop = sweepOften()
      } catch (error) {
        const coded = databaseError(error instanceof Error && error.cause instanceof Error ? error.cause : error)
        launched.reject(coded)
        throw coded
      }
    },
    async start(workflow, { id, tenantId, input }) {
      await launched.promise
      await begin(workflow.name, id, { tenantId, input })
    },
    async signal(runId, topic, payload, idempotencyKey) {
      await launched.promise
      if (!await send(runId, topic, { payload }, `signal:${idempotencyKey}`)) throw new HaechiError('not_found', { what: runId })
    },
    async status(runId) {
      await launched.promise
      const found = await outside(() => DBOS.getWorkflowStatus(runId))
      return found === null ? null : statusOf(found)
    },
    async cancel(runId) {
      await launched.promise
      await outside(() => DBOS.cancelWorkflow(runId))
    },
    async sweep() {
      await launched.promise
      await sweep()
    },
    async close() {
      ending.abort()
      await loop
      for (let waited = 0; activeSteps.size > 0 && waited < 10_000; waited += 20) await pause(20)
      await DBOS.shutdown()
      await pool.end()
    },
  }
}

function open(outcome: Outcome): unknown {
  if ('error' in outcome) throw new HaechiError(outcome.error.code, outcome.error.params)
  return outcome.value
}

function statusOf(found: NonNullable<Awaited<ReturnType<typeof Dbos.getWorkflowStatus>>>): RunStatus {
  const [envelope] = (found.input ?? []) as [Envelope?]
  const base = { id: found.workflowID, workflow: found.workflowName, tenantId: envelope?.tenantId ?? null }
  switch (found.status) {
    case 'SUCCESS': {
      const outcome = found.output as Outcome
      return 'error' in outcome ? { ...base, state: 'failed', error: outcome.error } : { ...base, state: 'succeeded', result: outcome.value }
    }
    case 'PENDING': return { ...base, state: 'running' }
    case 'ENQUEUED': case 'DELAYED': return { ...base, state: 'queued' }
    case 'CANCELLED': return { ...base, state: 'cancelled' }
    default: return { ...base, state: 'failed', error: { code: 'internal', params: { incident: found.workflowID } } }
  }
}

/** DBOS tells at length what it does; what is only of interest to its authors goes to debug. */
function quiet(log: Logger): { info(entry: unknown): void; debug(entry: unknown): void; warn(entry: unknown): void; error(entry: unknown, metadata?: { error?: unknown }): void } {
  return {
    debug: () => undefined,
    info: (entry) => log.debug({ part: 'dbos' }, String(entry)),
    warn: (entry) => log.warn({ part: 'dbos' }, String(entry)),
    error: (entry, metadata) => log.error({ part: 'dbos', err: metadata?.error }, String(entry)),
  }
}
