// Templates against real servers on loopback, over the network that scans use.
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { makeCertificate } from '../../../apps/server/src/platform/certificate.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { runTemplate } from '../../../engines/templates/src/execute.ts'
import type { Match, NetworkError, Settings, Template } from '../../../engines/templates/src/model.ts'
import { readTemplate } from '../../../engines/templates/src/read.ts'
import { parseTarget } from '../../../engines/templates/src/target.ts'
import { CORPUS } from '../../templates-corpus.ts'

const folder = join(CORPUS, 'nuclei-fixtures')
export const missingFixtures: string | false = existsSync(join(folder, 'expectations.json')) ? false : `no fixtures at ${folder} (set HAECHI_CORPUS)`

export type Expectation = { readonly fixtures: readonly string[]; readonly group: string; readonly options: string; readonly expected_results: number | null; readonly server: string }
export const expectations = (): Expectation[] => (missingFixtures === false ? (JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')) as Expectation[]) : [])

export const fixtureBytes = (path: string): Uint8Array => readFileSync(join(folder, 'fixtures', path))
export function template(path: string, content: Uint8Array | string): Template {
  const read = readTemplate(path, typeof content === 'string' ? Buffer.from(content) : content)
  if ('refusal' in read) throw new Error(`${path}: ${read.refusal.place}: ${read.refusal.reason}`)
  return read.template
}
export const fixture = (path: string): Template => template(path, fixtureBytes(path))

export const settings: Settings = {
  disableRedirects: false, attack: null, serverName: null, timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024, userAgent: 'haechi-test', variables: {}, maxRequests: 10_000, resolvers: [],
}

export type Running = { readonly url: string; readonly place: string; readonly port: number } & AsyncDisposable

async function listening(server: Server, scheme: string, sockets: Set<Socket>): Promise<Running> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${scheme}://127.0.0.1:${port}`, place: `127.0.0.1:${port}`, port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const serve = (handler: RequestListener): Promise<Running> => listening(createHttp({ insecureHTTPParser: true }, handler), 'http', new Set())

let certificate: { readonly key: string; readonly cert: string } | null = null
function ownCertificate(): { readonly key: string; readonly cert: string } {
  if (certificate === null) {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const now = systemClock.now()
    const cert = makeCertificate({ subject: 'test', publicKey: keys.publicKey, issuer: { name: 'test', ...keys }, notBefore: now - 60_000, notAfter: now + 86_400_000, names: [{ type: 'dns', value: 'test' }] })
    certificate = { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
  }
  return certificate
}

export const serveTls = (handler: RequestListener): Promise<Running> => listening(createHttps(ownCertificate(), handler), 'https', new Set())

/** A server of bytes. */
export const serveBytes = (onConnection: (socket: Socket) => void): Promise<Running> => listening(createTcp({ allowHalfOpen: true }, onConnection), 'http', new Set())

export const answer = (response: ServerResponse, body: string, status = 200, headers: Record<string, string | string[]> = {}): void => void response.writeHead(status, headers).end(body)

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

export type Ran = { readonly matched: boolean; readonly matches: readonly Match[]; readonly faults: readonly NetworkError[]; readonly sent: number }

/** Runs a template on a target over the scan's own network, with nothing but this machine in its scope. */
export async function run(what: Template, target: string, options: { readonly settings?: Partial<Settings>; readonly resolve?: (host: string) => Promise<readonly string[]>; readonly permit?: readonly string[]; readonly signal?: AbortSignal } = {}): Promise<Ran> {
  const network = createScanNetwork({ scope: null, clock: systemClock, ...(options.resolve === undefined ? {} : { resolve: options.resolve }) })
  try {
    const parsed = parseTarget(target)
    if (parsed === null) throw new Error(`no target: ${target}`)
    for (const host of options.permit ?? [parsed.host]) await network.permit(host)
    const matches: Match[] = []
    const faults: NetworkError[] = []
    let sent = 0
    const { matched } = await runTemplate(what, {
      target: parsed, network, signal: options.signal ?? new AbortController().signal, settings: { ...settings, ...options.settings }, seed: 1, now: () => systemClock.now(),
      report: (match) => void matches.push(match),
      sent: ({ fault }) => {
        sent++
        if (fault !== null) faults.push(fault)
      },
    })
    return { matched, matches, faults, sent }
  } finally {
    network.close()
  }
}
