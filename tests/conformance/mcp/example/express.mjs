// An Express application that gains MCP in one line: the last before it listens.
import { readFileSync } from 'node:fs'
import { createMcpServer } from '@haechi/mcp-wire'
import { apiCatalogue } from '@haechi/openapi-tools'
import express from 'express'

const document = readFileSync(new URL('pets.openapi.yaml', import.meta.url))
const baseUrl = `http://127.0.0.1:${process.env.PORT}`
const pets = [{ name: 'Haechi', kind: 'dog' }, { name: 'Nabi', kind: 'cat' }]

const app = express()
app.use(express.json())
app.get('/pets', (request, response) => { response.json(pets.filter(({ kind }) => kind === (request.query.kind ?? kind))) })
app.post('/pets', (request, response) => { response.status(201).json(request.body) })
app.use('/mcp', createMcpServer({ name: 'pets', title: 'Pets', description: 'A shop for pets', version: '1.0.0', clock: Date, catalogue: apiCatalogue(document, { fetch, baseUrl }) }).node)
app.listen(Number(process.env.PORT), '127.0.0.1', () => { process.send?.('listening') })
