// The way in for MCP clients over HTTP. Beyond loopback there is none without a token and a certificate; a token is compared in constant time; who does
// not read what is answered is cut off before it costs memory. Defended by listener.test.ts.
import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { McpServerOptions } from '@haechi/mcp-wire'
import { HaechiError } from '@haechi/server/errors'
import { isLoopback, serverCertificate } from '@haechi/server/tls'
import { readToken } from './credentials.ts'

export const path = '/mcp'

export type Admission = {
  readonly host: string
  readonly token: string | null
  readonly certificate: { readonly cert: string; readonly key: string } | null
  /** What the MCP server is told of who may come. */
  readonly options: Pick<McpServerOptions, 'hosts' | 'origins' | 'authenticate'>
}

/** Errors: mcp_exposed, mcp_token_weak, mcp_file_exposed, file_unreadable, tls_*. */
export async function admission(given: { readonly host: string; readonly tokenFile: string | undefined; readonly certFile: string | undefined; readonly keyFile: string | undefined; readonly clock: { now(): number } }): Promise<Admission> {
  const { host, tokenFile, certFile = '', keyFile = '', clock } = given
  if (!isLoopback(host) && (tokenFile === undefined || certFile === '' || keyFile === '')) throw new HaechiError('mcp_exposed', { host })
  const token = tokenFile === undefined ? null : await readToken(tokenFile)
  // A pair is given here or the host is loopback, so nothing is made in any data directory.
  const certificate = await serverCertificate({ host, certFile, keyFile, dataDirectory: '', clock })
  return {
    host, token, certificate,
    options: {
      ...(isLoopback(host) ? {} : { hosts: certificate === null ? [host] : namesIn(certificate.cert, host) }),
      ...(token === null ? {} : { authenticate: bearer(token) }),
    },
  }
}

/** Hashed first, so that neither content nor length shows in the time that a comparison takes. */
function bearer(token: string): NonNullable<McpServerOptions['authenticate']> {
  const hashed = (text: string): Buffer => createHash('sha256').update(text).digest()
  const wanted = hashed(token)
  return (header) => {
    const [, sent] = /^Bearer +(\S+)$/i.exec(header('authorization') ?? '') ?? []
    return timingSafeEqual(hashed(sent ?? ''), wanted) && sent !== undefined ? { id: 'token' } : null
  }
}

/** The names under which this server may be asked: those that its certificate is for. One with a wildcard says nothing certain, and the token decides alone. */
export function namesIn(cert: string, host: string): readonly string[] | 'any' {
  const names = (new X509Certificate(cert).subjectAltName ?? '').split(', ').flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? [])
  if (names.some((name) => name.startsWith('*'))) return 'any'
  return [...new Set([...names, ...(['0.0.0.0', '::'].includes(host) ? [] : [host]), 'localhost', '127.0.0.1', '[::1]'])].map((name) => (name.includes(':') && !name.startsWith('[') ? `[${name}]` : name))
}

export interface Listener {
  /** The endpoint. */
  readonly url: string
  close(): Promise<void>
}

/** Bytes that wait for one client. A list of tools of 20 MB is allowed to be slow. */
const mostUnread = 67_108_864
const silentMs = 300_000

/** Errors: mcp_port_taken, mcp_listen_failed. */
export async function listen(handle: RequestListener, { host, certificate }: Admission, port: number, idleMs = silentMs): Promise<Listener> {
  const server: Server = certificate === null ? createServer() : createTlsServer({ cert: certificate.cert, key: certificate.key })
  // One that opens connections and says nothing, or half a header, holds nothing for long; streams are kept alive by what is sent on them.
  server.headersTimeout = 10_000
  server.requestTimeout = 60_000
  server.keepAliveTimeout = 65_000
  server.maxHeadersCount = 200
  server.timeout = idleMs
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const sweep = setInterval(() => { for (const socket of sockets) if (socket.writableLength > mostUnread) socket.destroy() }, 5_000).unref()
  server.on('request', (request, response) => {
    const [at] = (request.url ?? '/').split('?', 1)
    if (at === path || at?.startsWith('/.well-known/') === true) handle(request, response)
    else response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(`MCP is spoken at ${path}\n`)
  })
  try {
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen({ port, host, backlog: 2_048 }, resolve) })
  } catch (error) {
    clearInterval(sweep)
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new HaechiError(reason === 'EADDRINUSE' ? 'mcp_port_taken' : 'mcp_listen_failed', { host, port, ...(reason === 'EADDRINUSE' ? {} : { reason }) }, { cause: error })
  }
  // A connection that fails is its client's loss; the server has nothing to say to that.
  server.on('error', () => undefined)
  const bound = server.address() as AddressInfo
  const shown = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host
  return {
    url: `${certificate === null ? 'http' : 'https'}://${shown.includes(':') ? `[${shown}]` : shown}:${bound.port}${path}`,
    async close() {
      clearInterval(sweep)
      const closed = new Promise<void>((resolve) => { server.close(() => resolve()) })
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), 2_000)
      await closed
      clearTimeout(late)
    },
  }
}
