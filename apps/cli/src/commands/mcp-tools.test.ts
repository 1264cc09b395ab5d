import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fakeServer, folder, haechi } from '../process.fixture.ts'

const document = (title: string, paths: object) => ({ openapi: '3.1.0', info: { title, version: '1' }, paths })
const users = document('Users', { '/users': { get: { operationId: 'list', summary: 'List users', tags: ['public'] }, delete: { summary: '모두 삭제' }, post: { parameters: [{ in: 'query', required: true }] } } })

function files(...documents: readonly unknown[]): string[] {
  const place = folder()
  return documents.map((one, index) => {
    const file = join(place, `api${index}.json`)
    writeFileSync(file, typeof one === 'string' ? one : JSON.stringify(one))
    return file
  })
}

test('the definitions are printed for programs, and what was left out beside them', async () => {
  const [file = ''] = files(users)
  const { code, out, err } = await haechi(['mcp', 'tools', '--spec', file, '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({ tools: [
    { name: 'delete_users', title: '모두 삭제', description: '모두 삭제', inputSchema: { type: 'object', properties: {} }, annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true } },
    { name: 'list', title: 'List users', description: 'List users', inputSchema: { type: 'object', properties: {} }, annotations: { readOnlyHint: true, openWorldHint: true } },
  ] })
  expect(err).toMatch(/^.*api0\.json: POST \/users: parameter_invalid: .+\n$/)
})

test('a table for people', async () => {
  const [file = ''] = files(users)
  const { out, err } = await haechi(['mcp', 'tools', '--spec', file, '--lang', 'ko'])
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toMatchObject([['이름', '영향', 'API 작업', '설명'], ['delete_users', '파괴', 'DELETE /users', '모두 삭제'], ['list', '읽기', 'GET /users', 'List users'], ['']])
  expect(err).toContain('도구 2개')
})

test('several documents in one list tell by their names which is which; one that is refused costs only itself', async () => {
  const [one = '', two = '', broken = ''] = files(users, document('Orders', { '/orders': { get: { operationId: 'list', tags: ['public'] } } }), '<html>')
  const { code, out, err } = await haechi(['mcp', 'tools', '--spec', one, `orders=${two}`, broken, '--tag', 'public', '--json'])
  expect(code).toBe(1)
  expect((JSON.parse(out) as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(['api0__list', 'orders__list'])
  expect(err).toMatch(/"code":"mcp_spec_refused"/)
})

test('a document behind an address, with an overlay', async () => {
  const server = await fakeServer(() => ({ body: users }))
  const [overlay = ''] = files({ overlay: '1.0.0', info: { title: 'o', version: '1' }, actions: [{ target: '$.paths["/users"].delete', remove: true }, { target: '$.paths["/users"].get', update: { 'x-mcp': { name: 'people' } } }] })
  const { out } = await haechi(['mcp', 'tools', '--spec', `${server.url}/openapi.json`, '--overlay', overlay, '--json'])
  expect((JSON.parse(out) as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(['people'])
})

test('a file that is not there is named', async () => {
  const { code, err } = await haechi(['mcp', 'tools', '--spec', '/nowhere/api.json', '--json'])
  expect(code).toBe(1)
  expect(err).toMatch(/file_unreadable.*\/nowhere\/api\.json/)
})
