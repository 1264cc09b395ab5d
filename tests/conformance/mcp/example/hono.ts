// A hono application that gains MCP in one line, the last. Calls of tools go to the application itself and never leave the process.
import { readFileSync } from 'node:fs'
import { createMcpServer } from '@haechi/mcp-wire'
import { apiCatalogue } from '@haechi/openapi-tools'
import { Hono } from 'hono'

const document = readFileSync(new URL('pets.openapi.yaml', import.meta.url))
const pets = [{ name: 'Haechi', kind: 'dog' }, { name: 'Nabi', kind: 'cat' }]

export const app = new Hono()
app.get('/pets', (c) => c.json(pets.filter(({ kind }) => kind === (c.req.query('kind') ?? kind))))
app.post('/pets', async (c) => c.json(await c.req.json<object>(), 201))

app.mount('/mcp', createMcpServer({ name: 'pets', title: 'Pets', description: 'A shop for pets', version: '1.0.0', clock: Date, catalogue: apiCatalogue(document, { fetch: app.fetch, baseUrl: 'http://pets' }) }).fetch)
