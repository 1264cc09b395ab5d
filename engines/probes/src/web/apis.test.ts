import fc from 'fast-check'
import { expect, test } from 'vitest'
import { servicesIn } from './apis.ts'
import { probeWeb } from './probe.ts'
import { pages, web } from './site.fixture.ts'
import type { Answering, Site } from './site.fixture.ts'

const apis = async (site: Site) => {
  const { apis: found, findings, wellKnown } = await probeWeb('https://a.test/', web(site).options)
  return { found: found.map(({ kind, url, title, operations, authenticated }) => [kind, new URL(url).pathname + new URL(url).search, title, operations, authenticated]), checks: findings.filter(({ check }) => /openapi|graphql|mcp|grpc/.test(check)).map(({ check, severity }) => `${severity} ${check}`), wellKnown: wellKnown.map(({ name }) => name) }
}
const json = (value: unknown, status = 200): Answering => ({ status, body: JSON.stringify(value), type: 'application/json' })
const home = { '/': '<title>x</title>' }
const document = { openapi: '3.1.0', info: { title: 'Orders', version: '1' }, paths: { '/a': { get: {}, post: {}, parameters: [] } } }

test('descriptions: JSON and YAML, where they usually are, where a page or a header names them', async () => {
  expect(await apis(pages({ ...home, '/v3/api-docs': json(document) }))).toEqual({ found: [['openapi', '/v3/api-docs', 'Orders', 2, null]], checks: ['info web.openapi_exposed'], wellKnown: [] })
  expect((await apis(pages({ ...home, '/openapi.yaml': { body: 'openapi: 3.0.3\ninfo:\n  title: Y\n  version: "2"\npaths:\n  /a:\n    get:\n      responses: {}\n', type: 'text/yaml' } }))).found).toEqual([['openapi', '/openapi.yaml', 'Y', 1, null]])
  expect((await apis(pages({ '/': { body: '<title>x</title>', headers: { Link: '</hidden.json>; rel=service-desc' } }, '/hidden.json': json(document) }))).found).toEqual([['openapi', '/hidden.json', 'Orders', 2, null]])
  expect((await apis(pages({ ...home, '/openapi.json': json({ openapi: 'yes', status: 'ok' }), '/swagger.json': '<title>swagger: 2.0</title>' }))).found).toEqual([])
  expect((await apis(() => json(document))).found).toEqual([])
})

const graphql = (introspection: boolean): Site => (request, url) => {
  if (url.pathname !== '/graphql' || request.method !== 'POST') return url.pathname === '/' ? '<title>x</title>' : null
  const { query } = JSON.parse(request.body ?? '{}') as { query: string }
  const alias = /^query\{(\w+):__typename\}$/.exec(query)?.[1]
  if (alias !== undefined) return json({ data: { [alias]: 'Query' } })
  return introspection ? json({ data: { __schema: { queryType: { fields: [{ name: 'me' }] }, mutationType: { fields: [{ name: 'pay' }] }, types: [] } } }) : json({ errors: [{ message: 'no' }] })
}
test('GraphQL by an answer that only it gives', async () => {
  expect(await apis(graphql(true))).toMatchObject({ found: [['graphql', '/graphql', null, 2, null]], checks: ['low web.graphql_introspection'] })
  expect(await apis(graphql(false))).toMatchObject({ found: [['graphql', '/graphql', null, null, null]], checks: [] })
  expect((await apis((request) => json({ data: { __typename: 'Query', echo: request.body } }))).found).toEqual([])
  expect((await apis((request) => json({ data: { [/\{(\w+):/.exec(request.body ?? '')?.[1] ?? '']: null } }))).found).toEqual([])
})

const mcp = (tools: readonly string[], answer: (id: string, result: object) => Answering): Site => (request, url) => {
  if (url.pathname !== '/mcp' || request.method !== 'POST') return url.pathname === '/' ? '<title>x</title>' : null
  const { id, method } = JSON.parse(request.body ?? '{}') as { id?: string; method: string }
  if (id === undefined) return { status: 202 }
  return answer(id, method === 'initialize' ? { protocolVersion: '2025-06-18', serverInfo: { name: 'files', version: '1' }, capabilities: {} } : { tools: tools.map((name) => ({ name })) })
}
test('MCP by answers to its own questions, in JSON and as events', async () => {
  const asJson = (id: string, result: object) => json({ jsonrpc: '2.0', id, result })
  expect(await apis(mcp(['search_docs', 'readPage'], asJson))).toMatchObject({ found: [['mcp', '/mcp', 'files', 2, false]], checks: ['medium web.mcp_without_authentication'] })
  expect(await apis(mcp(['runShell'], (id, result) => ({ type: 'text/event-stream', body: `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n` })))).toMatchObject({ found: [['mcp', '/mcp', 'files', 1, false]], checks: ['high web.mcp_without_authentication'] })
  // Answers to another question, an echo, and no tools.
  expect((await apis(mcp(['x'], (_, result) => json({ jsonrpc: '2.0', id: 'other', result })))).found).toEqual([])
  expect((await apis((request, url) => (url.pathname === '/mcp' ? { body: request.body ?? '', type: 'application/json' } : null))).found).toEqual([])
  expect((await apis(mcp([], asJson))).checks).toEqual([])
})

test('gRPC-web, its services, and any bytes', async () => {
  const name = (text: string): string => `\x0a${String.fromCharCode(text.length)}${text}`
  const service = name('shop.Orders')
  const list = `\x0a${String.fromCharCode(service.length)}${service}`
  const message = `\x32${String.fromCharCode(list.length)}${list}`
  const frame = `\0\0\0\0${String.fromCharCode(message.length)}${message}\x80\0\0\0\x0fgrpc-status:0\r\n`
  expect(servicesIn(frame)).toEqual(['shop.Orders'])
  expect(await apis((request, url) => (url.pathname.startsWith('/grpc.reflection.v1.') ? { body: frame, type: 'application/grpc-web+proto' } : url.pathname === '/' ? '<title>x</title>' : null))).toMatchObject({ found: [['grpc_web', '/', null, 1, null]], checks: ['low web.grpc_reflection'] })
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void servicesIn(`\0\0\0\0\xff${Buffer.from(bytes).toString('latin1')}`)))
})

test('SOAP and OData', async () => {
  const wsdl = '<?xml version="1.0"?><wsdl:definitions name="x" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"><wsdl:portType><wsdl:operation name="Pay"/></wsdl:portType><wsdl:service name="Bank"/></wsdl:definitions>'
  const site: Site = (_, url) => (url.pathname === '/' ? '<a href="/bank.asmx">x</a>' : url.pathname === '/bank.asmx' && url.search === '?wsdl' ? { body: wsdl, type: 'text/xml' } : url.pathname === '/odata/$metadata' ? { body: '<edmx:Edmx Version="4.0"><EntitySet Name="Orders"/></edmx:Edmx>', type: 'application/xml' } : null)
  expect((await apis(site)).found).toEqual([['odata', '/odata/$metadata', null, 1, null], ['wsdl', '/bank.asmx?wsdl', 'Bank', 1, null]])
})

test('well-known files, by what stands in them', async () => {
  expect((await apis(pages({ ...home, '/.well-known/security.txt': { body: 'Contact: mailto:a@b.test\n', type: 'text/plain' }, '/.well-known/jwks.json': json({ keys: [{ kty: 'RSA' }] }), '/.well-known/assetlinks.json': json({ no: 1 }) }))).wellKnown).toEqual(['security.txt', 'jwks.json'])
  expect((await apis(() => ({ body: 'Contact: us\n', type: 'text/plain' }))).wellKnown).toEqual([])
})
