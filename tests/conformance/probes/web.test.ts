// Probes of web sites against the servers that are in use: what is there is found, what is not there is not, and what is hostile ends.
import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createTechnologyIdentifier, readIcons, readTechnologyRules } from '@haechi/fingerprints'
import { createMcpServer } from '@haechi/mcp-wire'
import { probeBucket, probeWeb } from '@haechi/probes'
import type { ProbeRun, WebOptions, WebReport } from '@haechi/probes'
import { createScanNetwork } from '@haechi/server/scan-network'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Server, createMcpHandler } from '@modelcontextprotocol/server'
import { Server as OldServer } from '@modelcontextprotocol/sdk/server/index.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, test } from 'vitest'
import { ownIconFile, ownTechnologyFiles } from '../../../apps/cli/src/fingerprint-files.ts'
import { packages } from '../../lab/packages.ts'
import { started as startPackage } from '../templates/pairs.ts'
import { apache, freePort, nginx, serve, site } from './web-servers.ts'

const technologies = createTechnologyIdentifier(readTechnologyRules(ownTechnologyFiles()).rules, { icons: readIcons(ownIconFile()).icons })
const has = (program: string): boolean => spawnSync('which', [program]).status === 0
const full = process.env['HAECHI_TEST_FULL'] === '1'

async function withRun<T>(work: (run: ProbeRun) => Promise<T>, options: { readonly timeoutMs?: number; readonly resolve?: (host: string) => Promise<readonly string[]>; readonly permit?: string; readonly signal?: AbortSignal } = {}): Promise<T> {
  const network = createScanNetwork({ scope: null, clock: { now: () => 1_700_000_000_000 }, ...(options.resolve === undefined ? {} : { resolve: options.resolve }) })
  try {
    await network.permit(options.permit ?? '127.0.0.1')
    return await work({ network, signal: options.signal ?? new AbortController().signal, timeoutMs: options.timeoutMs ?? 5_000, now: () => 1_700_000_000_000, random: () => 5 })
  } finally {
    network.close()
  }
}

const probe = (url: string, more: Partial<WebOptions> = {}, options: Parameters<typeof withRun>[1] = {}): Promise<WebReport> => withRun((run) => probeWeb(url, { run, identifyTechnologies: (answer) => technologies.identify(answer), ...more }), options)
const told = ({ findings, origin }: WebReport, least: readonly string[] = ['low', 'medium', 'high', 'critical']): string[] => findings.filter(({ severity, check }) => least.includes(severity) && check !== 'web.cleartext').map(({ check, place, severity }) => `${severity} ${check} ${place.slice(origin.length)}`).toSorted()

describe.skipIf(!has('nginx') || !has('git'))('nginx', () => {
  test('what it shows is found, each proven', async () => {
    using files = site({ 'index.html': '<title>Shop</title><script src="/app.js"></script><a href="/files/">files</a>', '.env': 'APP_NAME=shop\nDB_PASSWORD=hunter2hunter2\n', 'files/customers.csv': 'a,b', 'files/old/dump.sql': 'CREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\n', 'app.js': 'fetch("/api/v1/orders")\n//# sourceMappingURL=app.js.map', 'app.js.map': '{"version":3,"sources":["a.ts"],"sourcesContent":["let a"]}' }, { repository: true })
    await using server = await nginx(files.folder, "autoindex on; location = /nginx_status { stub_status; } location / { add_header Access-Control-Allow-Origin $http_origin; add_header Access-Control-Allow-Credentials true; add_header Set-Cookie 'PHPSESSID=abc; Path=/'; }")
    const report = await probe(server.url, { crawl: { pages: 50, depth: 3 } })
    expect(report.technologies.map(({ id }) => id)).toContain('nginx')
    expect(report.paths).toEqual([`${server.url}api/v1/orders`])
    expect(told(report)).toEqual([
      'high web.database_exposed /files/old/dump.sql', 'high web.env_exposed /.env', 'high web.git_exposed /.git/HEAD', 'low web.cookie_flags /', 'medium web.directory_listing /files/old/', 'low web.server_status /nginx_status',
      'medium web.cors_credentials /', 'medium web.directory_listing /files/',
    ].toSorted())
    expect(told(report, ['info'])).toContain('info web.source_map /app.js.map')
    expect(JSON.stringify(report)).not.toContain('hunter2')
  })

  test('who is set up well has nothing', async () => {
    using files = site({ 'index.html': '<title>Shop</title>', '.env': 'A=1\nDB_PASSWORD=x\n', 'files/a.txt': 'x' }, { repository: true })
    await using server = await nginx(files.folder, 'location ~ /\\. { return 403; }')
    expect(told(await probe(server.url))).toEqual([])
  })

  test('everything is answered by one page, or leads to a login', async () => {
    using files = site({ 'index.html': '<title>App</title><div id=root></div>' })
    await using app = await nginx(files.folder, 'location / { try_files $uri /index.html; }')
    expect(told(await probe(app.url))).toEqual([])
    await using wall = await nginx(files.folder, 'location = /login { return 200 "<form><input type=text name=u>"; } location / { return 302 /login; }')
    expect(told(await probe(wall.url), ['medium', 'high', 'critical'])).toEqual([])
    await using json = await nginx(files.folder, 'default_type application/json; location / { return 200 \'{"status":"ok","data":{"__typename":"Query"},"openapi":"3.1.0","activeProfiles":[],"propertySources":[],"jsonrpc":"2.0","result":{"protocolVersion":"2025-06-18","serverInfo":{"name":"x"},"tools":[{"name":"exec"}]}}\'; }')
    const anything = await probe(json.url)
    expect(told(anything)).toEqual([])
    expect(anything.apis).toEqual([])
  })
})

describe.skipIf(!has('apache2'))('Apache', () => {
  test('what it shows is found, each proven', async () => {
    using files = site({ 'index.html': '<title>It works</title>', 'backup/site.zip': 'PK\x03\x04', '.htpasswd': 'admin:$apr1$abcdefgh$0123456789abcdefghijkl\n', 'id_rsa': `-----BEGIN OPENSSH PRIVATE KEY-----\n${'QUJDRA'.repeat(30)}\n-----END OPENSSH PRIVATE KEY-----\n`, 'dav/x': '' })
    await using server = await apache(files.folder, `TraceEnable On\nExtendedStatus On\n<Location /server-status>\nSetHandler server-status\n</Location>\n<Directory ${files.folder}>\nOptions Indexes\nRequire all granted\n</Directory>`)
    const report = await probe(server.url)
    expect(told(report)).toEqual(['critical web.private_key_exposed /id_rsa', 'high web.credentials_exposed /.htpasswd', 'low web.directory_listing /backup/', 'low web.server_status /server-status', 'low web.trace_enabled /'])
    expect(report.technologies.map(({ id }) => id)).toContain('apache-httpd')
    expect(report.methods).toContain('TRACE')
    expect(JSON.stringify(report)).not.toMatch(/QUJDRA|apr1\$abc/)
  })

  test('as Debian sets it up it has nothing', async () => {
    using files = site({ 'index.html': '<title>It works</title>', '.htpasswd': 'admin:$apr1$abcdefgh$0123456789abcdefghijkl\n', 'images/a.png': 'x' })
    await using server = await apache(files.folder, `TraceEnable Off\n<FilesMatch "^\\.ht">\nRequire all denied\n</FilesMatch>\n<Directory ${files.folder}>\nOptions -Indexes\nRequire all granted\n</Directory>`)
    expect(told(await probe(server.url))).toEqual([])
  })
})

describe('interfaces for programs', () => {
  const npm = createRequire(`${packages()}/`)
  const tools = [{ name: 'refund_order', description: 'x', inputSchema: { type: 'object' as const } }, { name: 'run_query', description: 'x', inputSchema: { type: 'object' as const } }]
  const document = { openapi: '3.1.0', info: { title: 'Orders', version: '1.4.2' }, paths: { '/orders': { get: { responses: { 200: { description: 'x' } } }, post: { responses: { 200: { description: 'x' } } } } } }

  test('OpenAPI, GraphQL and MCP of the official parts are told from their answers', async () => {
    const { createSchema, createYoga } = npm('graphql-yoga') as { createSchema: (options: object) => object; createYoga: (options: object) => RequestListener }
    const graphql = createYoga({ schema: createSchema({ typeDefs: 'type Query { orders: [String] } type Mutation { refund(id: ID!): String }' }), logging: false, graphqlEndpoint: '/graphql' })
    const mcp = toNodeHandler(createMcpHandler(() => {
      const server = new Server({ name: 'orders', version: '1.4.2' }, { capabilities: { tools: {} } })
      server.setRequestHandler('tools/list', () => ({ tools }))
      return server
    })) as RequestListener
    await using server = await serve((request, response) => {
      const path = request.url?.split('?')[0]
      if (path === '/graphql') graphql(request, response)
      else if (path === '/mcp') mcp(request, response)
      else if (path === '/spec/orders') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
      else if (path === '/docs') response.writeHead(200, { 'content-type': 'text/html' }).end("<title>Swagger UI</title><script>SwaggerUIBundle({ url: '/spec/orders' })</script>")
      else if (path === '/.well-known/openid-configuration') response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer":"http://a","authorization_endpoint":"http://a/x"}')
      else response.writeHead(path === '/' ? 200 : 404, { 'content-type': 'text/html' }).end('<title>x</title>')
    })
    const report = await probe(server.url)
    expect(report.apis.map(({ kind, url, title, version, operations, authenticated }) => ({ kind, path: new URL(url).pathname, title, version, operations, authenticated }))).toEqual([
      { kind: 'openapi', path: '/spec/orders', title: 'Orders', version: '1.4.2', operations: 2, authenticated: null },
      { kind: 'graphql', path: '/graphql', title: null, version: null, operations: 2, authenticated: null },
      { kind: 'mcp', path: '/mcp', title: 'orders', version: '1.4.2', operations: 2, authenticated: false },
    ])
    expect(report.wellKnown.map(({ name }) => name)).toEqual(['openid-configuration'])
    expect(told(report)).toEqual(['high web.mcp_without_authentication /mcp', 'low web.graphql_introspection /graphql'])
  })

  test('MCP without a handshake, behind a login, and over a stream that stays open', async () => {
    const catalogue = { tools: [{ name: 'greet', description: 'Greets', inputSchema: { type: 'object' as const } }], call: () => Promise.resolve({ content: [] }) }
    const open = createMcpServer({ name: 'greeter', version: '1.0.0', title: 'Greeter', description: 'x', clock: { now: () => 0 }, catalogue, hosts: 'any' })
    const closed = createMcpServer({ name: 'greeter', version: '1.0.0', title: 'Greeter', description: 'x', clock: { now: () => 0 }, catalogue, hosts: 'any', authenticate: () => Promise.resolve(null), resourceMetadata: { url: 'http://127.0.0.1/.well-known/oauth-protected-resource/mcp', document: { resource: 'http://127.0.0.1/mcp', authorization_servers: ['http://127.0.0.1/'] } } })
    const old = new OldServer({ name: 'older', version: '0.9' }, { capabilities: { tools: {} } })
    old.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: 'read_page', inputSchema: { type: 'object' } }] }))
    let transport: SSEServerTransport | null = null
    const missing: RequestListener = (_, response) => { response.writeHead(404).end() }
    await using first = await serve((request, response) => { (request.url === '/mcp' ? open.node : missing)(request, response) })
    await using second = await serve((request, response) => { (request.url === '/mcp' ? closed.node : missing)(request, response) })
    await using third = await serve((request, response) => {
      if (request.url === '/sse') {
        // Its first reader may have gone when the second comes.
        void (transport?.close() ?? Promise.resolve()).then(() => {
          transport = new SSEServerTransport('/messages', response)
          return old.connect(transport)
        })
      } else if (request.url?.startsWith('/messages') === true) void transport?.handlePostMessage(request, response)
      else missing(request, response)
    })
    const apis = async (url: string) => (await probe(url)).apis.map(({ kind, url: at, title, operations, authenticated }) => [kind, new URL(at).pathname, title, operations, authenticated])
    expect(await apis(first.url)).toEqual([['mcp', '/mcp', 'greeter', 1, false]])
    expect(await apis(second.url)).toEqual([['mcp', '/mcp', null, null, true]])
    expect(await apis(third.url)).toEqual([['mcp', '/sse', 'older', 1, false]])
    await old.close()
  })

  test('buckets of s3rver: listed, missing, and no bucket at all', async () => {
    const S3rver = npm('s3rver') as new (options: object) => { run(): Promise<{ readonly port: number }>; close(): Promise<void> }
    const directory = mkdtempSync(join(tmpdir(), 's3rver-'))
    const port = await freePort()
    const server = new S3rver({ port, address: '127.0.0.1', silent: true, directory, allowMismatchedSignatures: true, configureBuckets: [{ name: 'papers', configs: [] }, { name: 'empty', configs: [] }] })
    await server.run()
    try {
      for (const key of ['report.pdf', 'private/payroll-2026.xlsx']) await fetch(`http://127.0.0.1:${port}/papers/${key}`, { method: 'PUT', body: 'x', headers: { 'content-type': 'application/octet-stream' } })
      const bucket = (name: string) => withRun((run) => probeBucket(`http://127.0.0.1:${port}/${name}`, { run }))
      expect(await bucket('papers')).toMatchObject({ provider: 's3', state: 'listed', name: 'papers', objects: 2, findings: [{ check: 'web.bucket_listing', severity: 'high' }] })
      expect(await bucket('empty')).toMatchObject({ state: 'listed', objects: 0, findings: [{ severity: 'low' }] })
      expect(await bucket('nobodys')).toMatchObject({ provider: 's3', state: 'missing', findings: [] })
      expect(told(await probe(`http://127.0.0.1:${port}/papers`))).toContain('high web.bucket_listing /papers')
    } finally {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    }
    await using other = await serve((_, response) => { response.end('<title>x</title>') })
    expect(await withRun((run) => probeBucket(other.url, { run }))).toMatchObject({ provider: null, state: 'no_bucket' })
  })
})

describe('what is hostile ends, and is told', () => {
  const html = { 'content-type': 'text/html' }

  test('bombs, bodies and headers without an end', async () => {
    const bomb = gzipSync(Buffer.alloc(128 * 1024 * 1024), { level: 9 })
    await using packed = await serve((_, response) => { response.writeHead(200, { ...html, 'content-encoding': 'gzip' }).end(bomb) })
    const before = process.memoryUsage().rss
    const exploded = await probe(packed.url)
    expect(exploded.faults).toContainEqual(expect.objectContaining({ fault: 'budget_exceeded' }))
    expect(told(exploded)).toEqual([])
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
    const more = (response: import('node:http').ServerResponse, text: string): void => { while (!response.destroyed && response.write(text)); if (!response.destroyed) response.once('drain', () => { more(response, text) }) }
    await using endless = await serve((_, response) => { response.writeHead(200, html); more(response, 'x'.repeat(65_536)) })
    expect((await probe(endless.url, { budget: { requests: 400, bytes: 8_000_000, durationMs: 60_000 } })).faults).toContainEqual(expect.objectContaining({ fault: 'budget_exceeded' }))
    await using talks = await serve((_, response) => { if (response.socket !== null) { response.socket.write('HTTP/1.1 200 OK\r\n'); const next = (): void => { while (response.socket?.destroyed === false && response.socket.write(`X: ${'a'.repeat(60_000)}\r\n`)); response.socket?.once('drain', next) }; next() } })
    expect(await probe(talks.url)).toMatchObject({ ended: 'no_answer', final: null, faults: [{ fault: 'protocol_error' }] })
  })

  test('a drip, a mouth that never opens, and a death in the middle', async () => {
    const timers = new Set<NodeJS.Timeout>()
    await using slow = await serve((_, response) => { response.writeHead(200, html); timers.add(setInterval(() => response.write('.'), 50)) })
    const started = performance.now()
    const drip = await probe(slow.url, {}, { timeoutMs: 200 })
    for (const timer of timers) clearInterval(timer)
    expect(drip.final?.status).toBe(200)
    expect(performance.now() - started).toBeLessThan(8_000)
    await using silent = await serve(() => undefined)
    expect(await probe(silent.url, {}, { timeoutMs: 200 })).toMatchObject({ ended: 'no_answer', faults: [{ fault: 'timeout' }], requests: 1 })
    let asked = 0
    await using dies = await serve((request, response) => { if (++asked > 5) request.socket.destroy(); else response.writeHead(200, html).end('<title>alive</title>') })
    const dead = await probe(dies.url)
    expect(dead.final?.title).toBe('alive')
    expect(dead.faults).toContainEqual(expect.objectContaining({ fault: 'closed', message: { en: expect.stringContaining('not asked again') as string, ko: expect.stringContaining('더는 요청하지 않음') as string } }))
    expect(dead.requests).toBeLessThan(30)
  })

  test('a way inward is not gone, wherever it leads from', async () => {
    let reached = 0
    await using inside = await serve((_, response) => { reached++; response.end('secret') })
    await using outside = await serve((request, response) => { response.writeHead(request.url === '/' ? 302 : 200, { ...html, location: `http://inward.test:${inside.port}/` }).end(`<a href="http://inward.test:${inside.port}/a">x</a><script src="http://inward.test:${inside.port}/b.js"></script>`) })
    // The scan was given one name only; the other leads to an address of this machine that is none of its targets.
    const resolve = (host: string): Promise<readonly string[]> => Promise.resolve(host === 'site.test' ? ['127.0.0.1'] : ['127.0.0.2'])
    const report = await probe(`http://site.test:${outside.port}/`, { crawl: { pages: 20, depth: 2 } }, { resolve, permit: 'site.test' })
    expect(report).toMatchObject({ ended: 'out_of_scope', leadsTo: `http://inward.test:${inside.port}/` })
    expect(report.faults).toContainEqual(expect.objectContaining({ fault: 'out_of_scope' }))
    expect(reached).toBe(0)
  })

  test('who stops it stops it at once', async () => {
    const stop = new AbortController()
    await using server = await serve((request, response) => { if (request.url !== '/') stop.abort(); response.writeHead(200, html).end('<title>x</title>') })
    await expect(probe(server.url, {}, { signal: stop.signal })).rejects.toMatchObject({ fault: 'cancelled' })
  })

  test('a maze costs what it may', async () => {
    await using maze = await serve((request, response) => { response.writeHead(200, html).end(`<title>${request.url ?? ''}</title>${Array.from({ length: 500 }, (_, at) => `<a href="${request.url === '/' ? '' : request.url}/${String.fromCharCode(97 + at % 26)}${at}">x</a>`).join('')}`) })
    const report = await probe(maze.url, { crawl: { pages: 100, depth: 10 } })
    expect(report.pages.length).toBeLessThanOrEqual(100)
    expect(report.requests).toBeLessThan(420)
  })
})

describe.skipIf(!full)('azurite, which is fetched for it (HAECHI_TEST_FULL=1)', () => {
  test('containers that everybody may list, that only some may, and none', async () => {
    const [account, key] = ['papers', Buffer.alloc(64, 7).toString('base64')]
    process.env['AZURITE_ACCOUNTS'] = `${account}:${key}`
    await using server = await startPackage('azurite', { packages: { azurite: '3.37.0' }, files: {}, build: null, start: ['node_modules/azurite/dist/src/blob/main.js', '--blobHost', '127.0.0.1', '--blobPort', 'PORT', '--silent', '--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry'] })
    delete process.env['AZURITE_ACCOUNTS']
    /** Azure Storage, "Authorize with Shared Key". */
    const put = async (path: string, query: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> => {
      const own: Record<string, string> = { ...headers, 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-10-04' }
      const canonical = Object.keys(own).filter((name) => name.startsWith('x-ms-')).toSorted().map((name) => `${name}:${own[name] ?? ''}\n`).join('')
      const text = `PUT\n\n\n${body === '' ? '' : body.length}\n\n${own['content-type'] ?? ''}\n\n\n\n\n\n\n${canonical}/${account}/${account}/${path}${query === '' ? '' : `\n${query.replace('=', ':')}`}`
      const answer = await fetch(`${server.url}/${account}/${path}${query === '' ? '' : `?${query}`}`, { method: 'PUT', ...(body === '' ? {} : { body: Buffer.from(body) }), headers: { ...own, authorization: `SharedKey ${account}:${createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')}` } })
      expect([answer.status, await answer.text()]).toEqual([201, ''])
    }
    await put('open', 'restype=container', { 'x-ms-blob-public-access': 'container' }, '')
    await put('closed', 'restype=container', {}, '')
    await put('open/backup.sql', '', { 'content-type': 'text/plain', 'x-ms-blob-type': 'BlockBlob' }, 'x')
    const look = (name: string) => withRun((run) => probeBucket(`${server.url}/${account}/${name}`, { run }))
    expect(await look('open')).toMatchObject({ provider: 'azure', state: 'listed', name: 'open', objects: 1, findings: [{ severity: 'high' }] })
    expect(await look('closed')).toMatchObject({ provider: 'azure', state: expect.stringMatching(/private|missing/) as string, findings: [] })
    expect(await look('nobodys')).toMatchObject({ provider: 'azure', findings: [] })
  })
})
