import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lists } from './lists.ts'
import { catalogueOf, json, now, serverOf, text } from './wire.fixture.ts'

const tool = (name: string) => ({ name, description: `Does ${name}`, inputSchema: { type: 'object' } })

test('a list is what the catalogue says, serialised here or elsewhere', async () => {
  const pretty = { name: 'b', json: JSON.stringify(tool('b'), null, 2) }
  const { server } = serverOf({}, { more: { tools: [tool('c'), pretty, tool('a')] } })
  const { result, id } = await json(server.fetch(now('tools/list', {}, { id: 'x"\\' })))
  expect(id).toBe('x"\\')
  expect(result?.['tools']).toEqual([tool('c'), tool('b'), tool('a')])
  expect(result).toMatchObject({ resultType: 'complete', ttlMs: 60_000, cacheScope: 'public', _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'test', version: '1' } } })
})

test('two tools of one name are refused, and the catalogue in force stays', async () => {
  const { server } = serverOf({ a: async () => text('a') })
  expect(() => { server.swap(catalogueOf({}, { tools: [tool('b'), tool('b')] })) }).toThrow('Two tools are called b')
  expect((await json(server.fetch(now('tools/list')))).result?.['tools']).toHaveLength(1)
})

test('each caller sees and calls its own, whoever asked before', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `tool${at}`)
  const { server } = serverOf({}, {
    more: { tools: names.map(tool), call: async (name) => text(name), view: ({ id }) => ({ key: id, sees: (name) => id.includes(name.slice(4)) }) },
  })
  await fc.assert(fc.asyncProperty(fc.stringMatching(/^[0-7]{0,4}$/), fc.integer({ min: 0, max: 7 }), async (id, at) => {
    const { result } = await json(server.fetch(now('tools/list'), { caller: { id } }))
    expect((result as unknown as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(names.filter((_, index) => id.includes(String(index))))
    expect(result?.['cacheScope']).toBe('private')
    const called = await json(server.fetch(now('tools/call', { name: `tool${at}` }), { caller: { id } }))
    if (id.includes(String(at))) expect(called.result?.['content']).toEqual(text(`tool${at}`).content)
    else expect(called.error?.code).toBe(-32602)
  }), { numRuns: 300 })
})

test('arguments to be mirrored are found along properties only', () => {
  const lists = new Lists(catalogueOf({}, {
    tools: [{
      ...tool('a'),
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
          list: { type: 'array', items: { properties: { no: { 'x-mcp-header': 'No' } } } },
        },
      },
    }],
  }))
  expect(lists.mirrored('a')).toEqual([{ header: 'mcp-param-region', path: ['region'] }, { header: 'mcp-param-count', path: ['deep', 'count'] }])
  expect(lists.mirrored('b')).toBeUndefined()
})
