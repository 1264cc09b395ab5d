import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallContext } from './catalogue.ts'
import type { CallToolResult, JsonObject } from './model.ts'
import { RpcProblem } from './problem.ts'
import { Tasks } from './tasks.ts'
import type { Task } from './tasks.ts'
import { before, events, json, now, serverOf, text } from './wire.fixture.ts'

const capabilities = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } }
const hour = 3_600_000

function held(): { readonly tool: (args: JsonObject, context: CallContext) => Promise<CallToolResult>; finish(result: CallToolResult | Error): void; readonly context: () => CallContext } {
  const { promise, resolve } = Promise.withResolvers<CallToolResult | Error>()
  let seen: CallContext | undefined
  return {
    tool: async (_, context) => {
      seen = context
      context.task('optional')
      const result = await promise
      if (result instanceof Error) throw result
      return result
    },
    finish: resolve,
    context: () => seen as CallContext,
  }
}

test('a call becomes a task and its result is fetched', async () => {
  const { tool, finish } = held()
  const { server, clock } = serverOf({ job: tool })
  const made = (await json(server.fetch(now('tools/call', { name: 'job' }, { capabilities })))).result as JsonObject
  expect(made).toMatchObject({ resultType: 'task', status: 'working', ttlMs: hour, pollIntervalMs: 500, createdAt: new Date(1_000_000).toISOString() })
  const get = async (id = 'anonymous') => await json(server.fetch(now('tasks/get', { taskId: made['taskId'] as string }, { capabilities }), { caller: { id } }))
  expect((await get()).result).toMatchObject({ resultType: 'complete', status: 'working' })
  expect((await get('somebody')).error?.code).toBe(-32602)
  clock.time += 5000
  finish(text('done'))
  await expect.poll(async () => (await get()).result).toMatchObject({ status: 'completed', result: text('done'), lastUpdatedAt: new Date(1_005_000).toISOString() })
  expect(server.open.tasks).toBe(0)
})

test('a client that goes does not end a task, the client\'s word does', async () => {
  const { tool, context } = held()
  const { server } = serverOf({ job: tool })
  const client = new AbortController()
  const made = (await json(server.fetch(new Request(now('tools/call', { name: 'job' }, { capabilities }), { signal: client.signal })))).result as JsonObject
  client.abort()
  expect(context().signal.aborted).toBe(false)
  const of = async (method: string) => (await json(server.fetch(now(method, { taskId: made['taskId'] as string }, { capabilities })))).result
  expect(await of('tasks/cancel')).toEqual({ resultType: 'complete', _meta: expect.anything() as unknown })
  expect(context().signal.aborted).toBe(true)
  expect(await of('tasks/get')).toMatchObject({ status: 'cancelled' })
  expect(await of('tasks/cancel')).toMatchObject({ resultType: 'complete' })
})

test('who listens to a task is told', async () => {
  const { tool, finish } = held()
  const { server } = serverOf({ job: tool })
  const made = (await json(server.fetch(now('tools/call', { name: 'job' }, { capabilities })))).result as JsonObject
  const stream = events(await server.fetch(now('subscriptions/listen', { notifications: { taskIds: [made['taskId'] as string] } }, { id: 9, capabilities })))
  const stranger = events(await server.fetch(now('subscriptions/listen', { notifications: { taskIds: [made['taskId'] as string] } }), { caller: { id: 'somebody' } }))
  expect((await stream.next())?.message).toMatchObject({ method: 'notifications/subscriptions/acknowledged', params: { notifications: { taskIds: [made['taskId']] } } })
  await stranger.next()
  finish(new RpcProblem(-32603, 'broke'))
  expect((await stream.next())?.message).toMatchObject({ method: 'notifications/tasks', params: { taskId: made['taskId'], status: 'failed', error: { code: -32603, message: 'broke' }, _meta: { 'io.modelcontextprotocol/subscriptionId': 9 } } })
  server.close()
  expect((await stranger.next())?.message?.method).toBeUndefined()
})

test('where the client cannot, the call waits or is refused', async () => {
  const { tool, finish } = held()
  const { server } = serverOf({ job: tool, must: async (_, context) => { context.task('required'); return text('') } })
  const waiting = server.fetch(now('tools/call', { name: 'job' }))
  finish(text('done'))
  expect((await json(waiting)).result).toMatchObject({ resultType: 'complete', ...text('done') })
  expect((await json(server.fetch(now('tools/call', { name: 'must' })))).error).toMatchObject({ code: -32021, data: { requiredCapabilities: { extensions: {} } } })
  expect((await json(server.fetch(before('tools/call', { name: 'must' })))).error?.code).toBe(-32021)
  expect((await json(server.fetch(now('tasks/get', { taskId: 'x' })))).error?.code).toBe(-32021)
})

test('a task is there as long as ttlMs says, and may be forgotten afterwards', () => {
  const clock = { time: 0, now: () => clock.time }
  const tasks = new Tasks(clock, () => {})
  const caller = { id: 'a' }
  const task = tasks.create(caller, () => {})
  clock.time = 5 * hour
  task.finish({})
  clock.time = 6 * hour
  tasks.create(caller, () => {})
  expect(tasks.get(task.id, caller)).toBe(task)
  clock.time += 1
  tasks.create(caller, () => {})
  expect(() => tasks.get(task.id, caller)).toThrow('no such task')
})

test('there is an end to tasks', () => {
  const tasks = new Tasks({ now: () => 0 }, () => {})
  for (let at = 0; at < 100; at += 1) tasks.create({ id: 'a' }, () => {})
  expect(() => tasks.create({ id: 'a' }, () => {})).toThrow('too many tasks')
  for (let at = 0; at < 900; at += 1) tasks.create({ id: `b${at}` }, () => {})
  expect(() => tasks.create({ id: 'c' }, () => {})).toThrow('too many tasks')
})

test('whatever happens to a task, its last state is its last', () => {
  const step = fc.constantFrom('finish', 'fail', 'cancel', 'ask', 'give', 'giveOther')
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const states: string[] = []
    const task: Task = new Tasks({ now: () => 0 }, ({ status }) => { states.push(status) }).create({ id: 'a' }, () => {})
    let asked = 0
    const open = new Set<string>()
    for (const each of steps) {
      if (each === 'finish') task.finish({ content: [] })
      else if (each === 'fail') task.fail(new RpcProblem(-32603, 'x'))
      else if (each === 'cancel') task.cancel()
      else if (each === 'ask') {
        asked += 1
        if (!task.over) open.add(`q${asked}`)
        task.ask({ [`q${asked}`]: { method: 'roots/list' } }).catch(() => {})
      } else {
        task.give(each === 'give' ? { [`q${asked}`]: { roots: [] } } : { other: {} })
        if (each === 'give') open.delete(`q${asked}`)
      }
      if (!task.over) expect([each, task.status]).toEqual([each, open.size > 0 ? 'input_required' : 'working'])
    }
    const last = states.findIndex((state) => ['completed', 'failed', 'cancelled'].includes(state))
    if (last >= 0) expect(states.length).toBe(last + 1)
    const detail = task.detail()
    expect('result' in detail).toBe(task.status === 'completed')
    expect('error' in detail).toBe(task.status === 'failed')
    expect('inputRequests' in detail).toBe(task.status === 'input_required')
    if (task.status === 'input_required') expect(Object.keys(detail['inputRequests'] as JsonObject).length).toBeGreaterThan(0)
  }), { numRuns: 1000 })
})
