// Servers of the lab that no package has, each run inside its host: `programs.ts ROLE [FOLDER OF PACKAGES]`.
import { createSocket } from 'node:dgram'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createRequire } from 'node:module'
import { createServer as createTcp } from 'node:net'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

const [role = '', folder = ''] = process.argv.slice(2)
const packages = createRequire(`${folder}/`)

const page = (title: string, body: string): string => `<!doctype html><html lang="en"><head><title>${title}</title></head><body>${body}</body></html>`
const serveHttp = (port: number, listener: RequestListener): void => { createServer(listener).listen(port) }
const serveTcp = (port: number, onConnection: (socket: Socket) => void): void => {
  createTcp((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  }).listen(port)
}
/** Calls until the connection ends. */
const every = (socket: Socket, ms: number, turn: () => void): void => {
  const timer = setInterval(turn, ms)
  socket.on('close', () => { clearInterval(timer) })
}
/** As much as the other side takes, for as long as it takes it. */
function flood(socket: Socket, start: string, more: string): void {
  const next = (): void => {
    for (;;) if (socket.destroyed || !socket.write(more)) return
  }
  socket.write(start)
  socket.on('drain', next)
  next()
}

const roles: Readonly<Record<string, () => void | Promise<void>>> = {
  async api() {
    const { toNodeHandler } = await import('@modelcontextprotocol/node')
    const { Server, createMcpHandler } = await import('@modelcontextprotocol/server')
    const { createSchema, createYoga } = packages('graphql-yoga') as { createSchema: (options: object) => object; createYoga: (options: object) => RequestListener }
    const graphql = createYoga({ schema: createSchema({ typeDefs: 'type Order { id: ID, total: Float } type Query { orders: [Order] } type Mutation { refund(id: ID!): Order }', resolvers: { Query: { orders: () => [] } } }), logging: false })
    const mcp = toNodeHandler(createMcpHandler(() => {
      const server = new Server({ name: 'orders', version: '1.4.2' }, { capabilities: { tools: {} } })
      server.setRequestHandler('tools/list', () => ({ tools: [{ name: 'refund_order', description: 'Gives money back', inputSchema: { type: 'object' as const, properties: { id: { type: 'string' } } } }] }))
      return server
    })) as RequestListener
    const document = {
      openapi: '3.1.0', info: { title: 'Orders', version: '1.4.2' },
      paths: { '/orders': { get: { operationId: 'listOrders', responses: { 200: { description: 'Orders' } } } }, '/orders/{id}': { delete: { operationId: 'deleteOrder', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 204: { description: 'Gone' } } } } },
    }
    serveHttp(80, (request, response) => {
      const path = request.url?.split('?')[0]
      if (path === '/graphql') graphql(request, response)
      else if (path === '/mcp') mcp(request, response)
      else if (path === '/openapi.json') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
      else if (path === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(page('Orders', '<h1>Orders</h1>'))
      else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    })
  },

  async bucket() {
    const S3rver = packages('s3rver') as new (options: object) => { run(): Promise<unknown> }
    // The name that leads to it is the bucket's, as with a site that is a bucket.
    const name = 'bucket.lab.example'
    mkdirSync('/srv/buckets', { recursive: true })
    await new S3rver({ port: 80, address: '0.0.0.0', silent: true, directory: '/srv/buckets', allowMismatchedSignatures: true, configureBuckets: [{ name, configs: [] }] }).run()
    for (const key of ['customers.csv', 'payroll-2026.xlsx']) await fetch(`http://127.0.0.1/${name}/${key}`, { method: 'PUT', body: 'placeholder', headers: { 'content-type': 'application/octet-stream' } })
  },

  catchall() {
    serveHttp(80, (_, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end(page('App', '<div id="root"></div><script src="/static/main.js"></script>')) })
    serveHttp(8080, (_, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}') })
    // Says what it was asked for, among the words that signatures look for.
    serveHttp(8081, (request, response) => {
      const asked = (request.url ?? '').replaceAll(/[<>&"]/g, '')
      response.writeHead(200, { 'content-type': 'text/html', 'server': 'Apache/2.4.49 (Unix) OpenSSL/1.0.1f PHP/5.6.1' }).end(page('Login - Jenkins - Grafana - phpMyAdmin', `<p>${asked}</p><pre>ref: refs/heads/main [core] repositoryformatversion DB_PASSWORD=none root:x:0:0: uid=0(root) -----BEGIN RSA PRIVATE KEY-----</pre>`))
    })
  },

  honeypot() {
    const banners = ['SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.1\r\n', '220 ProFTPD 1.3.3c Server\r\n', '220 mail ESMTP Exim 4.87\r\n', 'HTTP/1.1 200 OK\r\nServer: Apache/2.4.49\r\nContent-Length: 5\r\n\r\nhello', '+OK POP3\r\n', '* OK IMAP4rev1\r\n', 'RFB 003.008\n', '-ERR unknown\r\n', '+PONG\r\n']
    let turn = 0
    serveTcp(7777, (socket) => {
      socket.write(banners[turn++ % banners.length] ?? '')
      socket.on('data', () => { socket.write(banners.join('')) })
      socket.setTimeout(5_000, () => { socket.destroy() })
    })
  },

  tarpit() {
    let line = 0
    serveTcp(22, (socket) => { every(socket, 1_000, () => { socket.write(`${(line++).toString(16)}\r\n`) }) })
    serveTcp(21, (socket) => { flood(socket, '220 ', 'A'.repeat(65_536)) })
    serveTcp(25, () => undefined)
    serveTcp(443, (socket) => { socket.on('data', () => undefined) })
    serveTcp(6379, (socket) => { socket.destroy() })
    serveTcp(80, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      every(socket, 500, () => { socket.write(`X-${(line++).toString(36)}: a\r\n`) })
    })
  },

  hostile() {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024), { level: 9 })
    const sites: Readonly<Record<string, RequestListener>> = {
      loop: (request, response) => { response.writeHead(302, { location: `/?${Number(request.url?.slice(2)) + 1 || 1}` }).end() },
      bomb: (_, response) => { response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' }).end(bomb) },
      maze: (request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end(page('Maze', Array.from({ length: 2_000 }, (_, index) => `<a href="${request.url === '/' ? '' : request.url}/${index}">${index}</a>`).join(''))) },
      escape: (_, response) => { response.writeHead(200, { 'content-type': 'text/html', 'server': 'a\u009b31mred' }).end(page('\u001b]0;owned\u0007\u001b[2J<img src=x onerror=alert(1)>', '\u001b[31mred')) },
      away: (request, response) => { response.writeHead(302, { location: request.url === '/' ? 'http://inward.hostile.example:8099/' : 'http://169.254.169.254/latest/meta-data/' }).end() },
      headers: (_, response) => {
        if (response.socket !== null) flood(response.socket, 'HTTP/1.1 200 OK\r\n', `X-Long: ${'a'.repeat(60_000)}\r\n`)
      },
    }
    const anySite: RequestListener = (request, response) => {
      const site = sites[request.headers.host?.split('.')[0] ?? '']
      if (site === undefined) response.writeHead(200, { 'content-type': 'text/html' }).end(page('Hostile', ''))
      else site(request, response)
    }
    serveHttp(80, anySite)
    createHttps({ key: readFileSync('/etc/lab/hostile.key'), cert: readFileSync('/etc/lab/hostile.pem') }, anySite).listen(443)
    // A name that points to itself, for every question (RFC 1035, 4.1.4 names no bound).
    const answer = (message: Buffer): Buffer => Buffer.concat([message.subarray(0, 2), Buffer.from([0x84, 0, 0, 1, 0, 3, 0, 0, 0, 0]), message.subarray(12), Buffer.from('c00c000100010000003c0004cb007182c0ff0005000100000001000bc0', 'hex'), Buffer.alloc(40, 0xc0)])
    const socket = createSocket('udp4')
    socket.on('message', (message, { address, port }) => { socket.send(answer(message), port, address) }).bind(53)
    serveTcp(53, (stream) => { stream.on('data', () => { stream.write(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(2_000, 0xc0)])) }) })
  },
}

await roles[role]?.()
