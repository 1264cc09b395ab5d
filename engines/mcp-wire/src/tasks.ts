// Calls that go on in the background (extension io.modelcontextprotocol/tasks, SEP-2663). Invariant: a task is there, for its caller alone, for as long as ttlMs
// says, and its state moves working <-> input_required -> completed | failed | cancelled, never on from the last three. Defended by tasks.test.ts.
import { randomBytes } from 'node:crypto'
import type { Caller, InputRequest } from './catalogue.ts'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'

const ttlMs = 3_600_000
const pollIntervalMs = 500
const mostTasks = 1000
const mostOfOne = 100

type Asked = Readonly<Record<string, InputRequest>>
type Given = Readonly<Record<string, JsonObject>>

export class Task {
  readonly id = randomBytes(16).toString('base64url')
  readonly callerId: string
  readonly createdAt: number
  updatedAt: number
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled' = 'working'
  #end: JsonObject = {}
  readonly #asked = new Map<string, { readonly request: InputRequest; give(response: JsonObject): void; refuse(error: Error): void }>()
  readonly #clock: { now(): number }
  readonly #abort: () => void
  readonly #changed: (task: Task) => void

  constructor(callerId: string, clock: { now(): number }, abort: () => void, changed: (task: Task) => void) {
    this.callerId = callerId
    this.#clock = clock
    this.createdAt = this.updatedAt = clock.now()
    this.#abort = abort
    this.#changed = changed
  }

  get over(): boolean {
    return this.status !== 'working' && this.status !== 'input_required'
  }

  #become(status: Task['status']): void {
    this.status = status
    this.updatedAt = this.#clock.now()
    this.#changed(this)
  }

  /** As CreateTaskResult shows it. */
  head(): JsonObject {
    const { id, status, createdAt, updatedAt } = this
    return { taskId: id, status, createdAt: new Date(createdAt).toISOString(), lastUpdatedAt: new Date(updatedAt).toISOString(), ttlMs, pollIntervalMs }
  }

  /** As tasks/get shows it. */
  detail(): JsonObject {
    const inputRequests = Object.fromEntries([...this.#asked].map(([name, { request }]) => [name, request as unknown as Json]))
    return { ...this.head(), ...(this.status === 'input_required' ? { inputRequests } : {}), ...this.#end }
  }

  finish(result: JsonObject): void {
    if (this.over) return
    this.#end = { result }
    this.#become('completed')
  }

  fail(problem: RpcProblem): void {
    if (this.over) return
    this.#end = { error: { code: problem.code, message: problem.message, ...(problem.data === undefined ? {} : { data: problem.data }) } }
    this.#become('failed')
  }

  cancel(): void {
    if (this.over) return
    this.#become('cancelled')
    for (const { refuse } of this.#asked.values()) refuse(new RpcProblem(code.internal, 'The task was cancelled'))
    this.#asked.clear()
    this.#abort()
  }

  async ask(requests: Asked): Promise<Given> {
    if (this.over) throw new RpcProblem(code.internal, 'The task is over')
    const given = Object.entries(requests).map(async ([name, request]): Promise<[string, JsonObject]> => {
      const response = await new Promise<JsonObject>((give, refuse) => { this.#asked.set(name, { request, give, refuse }) })
      return [name, response]
    })
    this.#become('input_required')
    return Object.fromEntries(await Promise.all(given))
  }

  /** tasks/update: names that are not asked for are passed over. */
  give(responses: Given): void {
    for (const [name, response] of Object.entries(responses)) {
      this.#asked.get(name)?.give(response)
      this.#asked.delete(name)
    }
    if (!this.over) this.#become(this.#asked.size === 0 ? 'working' : 'input_required')
  }
}

export class Tasks {
  readonly #tasks = new Map<string, Task>()
  readonly #clock: { now(): number }
  readonly #changed: (task: Task) => void

  constructor(clock: { now(): number }, changed: (task: Task) => void) {
    this.#clock = clock
    this.#changed = changed
  }

  get running(): number {
    return this.#tasks.values().reduce((count, { over }) => count + (over ? 0 : 1), 0)
  }

  create(caller: Caller, abort: () => void): Task {
    const now = this.#clock.now()
    let own = 0
    for (const [id, { callerId, updatedAt, over }] of this.#tasks) {
      if (over && now - updatedAt > ttlMs) this.#tasks.delete(id)
      else if (callerId === caller.id) own += 1
    }
    if (own >= mostOfOne || this.#tasks.size >= mostTasks) throw new RpcProblem(code.internal, 'There are too many tasks. Try again later')
    const task = new Task(caller.id, this.#clock, abort, this.#changed)
    this.#tasks.set(task.id, task)
    return task
  }

  get(id: Json | undefined, caller: Caller): Task {
    const task = typeof id === 'string' ? this.#tasks.get(id) : undefined
    if (task === undefined || task.callerId !== caller.id) throw new RpcProblem(code.invalidParams, 'There is no such task')
    return task
  }

  close(): void {
    for (const task of this.#tasks.values()) task.cancel()
    this.#tasks.clear()
  }
}
