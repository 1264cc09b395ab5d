import { describe, expect, it } from 'vitest'
import type { CallToolResult, JsonObject } from '@haechi/mcp-wire'
import { createCaller } from './call.ts'
import type { CallOptions } from './call.ts'
import type { Operation, Tool } from './model.ts'
import { body, operation, parameter } from './operation.fixture.ts'
import type { HttpRequest } from './request.ts'

const toolOf = (of: Operation, name = 'tool'): Tool => ({ name, title: name, description: '', annotations: {}, operation: of })
const post = operation({
  method: 'POST', path: '/things/{id}', parameters: [parameter('id', 'path'), parameter('dry', 'query')], body: body('json', 'application/json', { required: true }), security: [[{ id: 'key', type: 'apiKey', in: 'query', name: 'api_key', scopes: [] }]],
})
const inputSchema: JsonObject = { type: 'object', properties: { id: { type: 'string' }, dry: { type: 'boolean' }, body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } }, required: ['id', 'body'] }
const good = { id: 'x', body: { name: 'n' } }

function caller(schemas: { inputSchema: JsonObject; outputSchema?: JsonObject } = { inputSchema }) {
  let asked = 0
  const made = createCaller({ definition: (tool) => ((asked += 1), { name: tool.name, ...schemas }) })
  return { asked: () => asked, call: async (args: unknown, options: Partial<CallOptions> = {}, tool = toolOf(post)): Promise<CallToolResult> => await made.callTool(tool, args as JsonObject, { credentials: { key: 'top-secret' }, send: async () => await Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"ok":true}') }), ...options }) }
}
const textOf = ({ content }: CallToolResult): string => content.map((block) => (block.type === 'text' ? block.text : '')).join('|')

describe('a call', () => {
  it('is checked, sent once and read', async () => {
    const sent: HttpRequest[] = []
    const result = await caller({ inputSchema, outputSchema: { type: 'object', properties: { ok: { type: 'boolean' } } } }).call(good, { send: async (request) => (sent.push(request), await Promise.resolve({ status: 201, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"ok":true}') })) })
    expect(result).toEqual({ content: [{ type: 'text', text: '{"ok":true}' }], structuredContent: { ok: true } })
    expect(sent.map(({ method, url, body: it }) => [method, url, it])).toEqual([['POST', 'https://api.example/v1/things/x?api_key=top-secret', '{"name":"n"}']])
  })
  it('that is wrong is not sent, and all that is wrong is said at once', async () => {
    const send = async (): Promise<never> => await Promise.reject(new Error('sent'))
    const problems = textOf(await caller().call({ ID: 'x', dry: 'yes' }, { send }))
    expect(problems).toMatch(/^arguments_invalid: /)
    for (const part of ["'ID'; did you mean 'id'?", "'dry' has to be a boolean", "needs 'id'", "needs 'body'"]) expect(problems).toContain(part)
    expect(textOf(await caller().call({ ...good, id: '../admin' }, { send }))).toMatch(/^path_traversal: /)
    expect(textOf(await caller().call(good, { send, credentials: {} }))).toMatch(/^credentials_missing: .*\(key\)/)
    expect(textOf(await caller().call('x', { send }))).toMatch(/^arguments_invalid: /)
    expect(textOf(await caller().call({ ...good, body: { name: 5 } }, { send }))).toBe("arguments_invalid: 'body/name' has to be a string, not 5.")
  })
  it('that does not arrive says the code, and nothing of the request', async () => {
    const thrown = [Object.assign(new Error('connect ECONNREFUSED https://api.example/v1/things/x?api_key=top-secret'), { code: 'ECONNREFUSED' }), new TypeError('fetch failed: top-secret', { cause: Object.assign(new Error('x'), { code: 'UND_ERR_SOCKET' }) }), 'top-secret', Object.assign(new Error('x'), { code: 'top secret' })]
    const failing = async (error: unknown): Promise<CallToolResult> => await caller().call(good, { send: () => {
      throw error
    } })
    const results = await Promise.all(thrown.map(failing))
    expect(results.map(textOf).map((it) => it.split(':')[0])).toEqual(['ECONNREFUSED', 'UND_ERR_SOCKET', 'send_failed', 'send_failed'])
    expect(results.every(({ isError }) => isError)).toBe(true)
    expect(JSON.stringify(results)).not.toMatch(/secret|api\.example/)
  })
  it('that breaks off while it is read is a result too', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a')
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    }
    expect(textOf(await caller().call(good, { send: async () => await Promise.resolve({ status: 200, headers: {}, body: broken() }) }))).toMatch(/^ECONNRESET: /)
  })
  it('that is cancelled rejects with the reason, before, while and after it is sent', async () => {
    const reason = new Error('cancelled')
    await expect(caller().call(good, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    await expect(caller().call(good, { signal: controller.signal, send: async (_, signal) => await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      controller.abort(reason)
    }) })).rejects.toBe(reason)
  })
  it('does not hand back what the credentials hold, in no form', async () => {
    const echo = JSON.stringify({ plain: 'top-secret', basic: Buffer.from('top-secret').toString('base64'), escaped: encodeURIComponent('p&ss:w/rd'), password: 'w/rd' })
    const result = await caller().call(good, { credentials: { key: 'top-secret', other: 'p&ss:w/rd' }, send: async () => await Promise.resolve({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(echo) }) })
    expect(JSON.stringify(result)).not.toMatch(/top-secret|dG9wLXNlY3JldA|p%26ss|w\/rd/)
  })
  it('keeps what it prepared for a tool, and not for ever', async () => {
    const { asked, call } = caller()
    for (let round = 0; round < 3; round += 1) await call(good)
    expect(asked()).toBe(1)
    for (let at = 0; at < 300; at += 1) await call(good, {}, toolOf(post, `tool${at}`))
    await call(good)
    expect(asked()).toBe(302)
  })
})
