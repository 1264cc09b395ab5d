// The README's examples run as they stand there.
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { expect, it } from 'vitest'

const entry: Readonly<Record<string, unknown>> = await import('./index.ts')
const [first = '', second = ''] = [...readFileSync(new URL('../README.md', import.meta.url), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!)
const document = JSON.stringify({
  openapi: '3.1.0', info: { title: 'Users', version: '1' }, servers: [{ url: 'https://api.example.com' }], security: [{ apiKey: [] }],
  components: { securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
  paths: { '/users/{id}': { get: { operationId: 'get_user', summary: 'Get a user', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 200: { description: 'The user', content: { 'application/json': { schema: { type: 'object', properties: { name: { type: 'string' } } } } } } } } } },
})
const asked: { url: string; headers: Record<string, string> }[] = []
const given = {
  text: document, secret: 'a-secret',
  fetch: (url: string, { headers }: { headers: Record<string, string> }) => {
    asked.push({ url, headers })
    return Promise.resolve(Response.json({ name: 'Ada' }))
  },
}

/** Runs the code with the imports it names, and gives what it calls `wanted`. */
async function run(code: string, scope: Readonly<Record<string, unknown>>, wanted: readonly string[]): Promise<Record<string, unknown>> {
  const imported: Record<string, unknown> = {}
  const body = code.replaceAll(/import \{([^}]+)\} from '@haechi\/openapi-tools'\n/g, (_, names: string) => {
    for (const name of names.split(',').map((part) => part.trim())) {
      expect(entry, name).toHaveProperty(name)
      imported[name] = entry[name]
    }
    return ''
  })
  const all = { ...scope, ...imported }
  // oxlint-disable-next-line no-implied-eval, no-new-func -- the README's own code, run as it is written
  const made = new Function(...Object.keys(all), `return (async () => {${stripTypeScriptTypes(body)}\nreturn { ${wanted.join(', ')} } })()`) as (...values: unknown[]) => Promise<Record<string, unknown>>
  return made(...Object.values(all))
}

it('reads, lists, calls and searches as its README says', async () => {
  const { set, list, result, callTool, send } = await run(first, given, ['set', 'list', 'result', 'callTool', 'send'])
  expect(list).toMatchObject([{ name: 'get_user', inputSchema: { required: ['id'] } }])
  expect(result).toMatchObject({ structuredContent: { name: 'Ada' } })
  expect(asked).toMatchObject([{ url: 'https://api.example.com/users/7', headers: { 'x-key': 'a-secret' } }])
  const { found, answer } = await run(second, { set, callTool, send, secret: given.secret }, ['found', 'answer'])
  expect(found).toMatchObject([{ name: 'get_user', method: 'GET', path: '/users/{id}', required: ['id'] }])
  expect(answer).toMatchObject({ structuredContent: { name: 'Ada' } })
})
