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
import type { Match, NetworkError, Protocol, Settings, Template } from '../../../engines/templates/src/model.ts'
import { readTemplate } from '../../../engines/templates/src/read.ts'
import { parseTarget } from '../../../engines/templates/src/target.ts'
import { CORPUS } from '../../templates-corpus.ts'

const folder = join(CORPUS, 'nuclei-fixtures')
export const missingFixtures: string | false = existsSync(join(folder, 'expectations.json')) ? false : `no fixtures at ${folder} (set HAECHI_CORPUS)`

export type Expectation = { readonly fixtures: readonly string[]; readonly group: string; readonly options: string; readonly expected_results: number | null; readonly server: string }
export const expectations = (): Expectation[] => (missingFixtures === false ? (JSON.parse(readFileSync(join(folder, 'expectations.json'), 'utf8')) as Expectation[]) : [])

/** Which file of tests answers for which groups. */
export const answersFor = {
  'http.test.ts': ['http', 'loader', 'matcher-status'], 'flow.test.ts': ['flow', 'multi', 'workflow'], 'dsl.test.ts': ['dsl'],
  'dns.test.ts': ['dns'], 'tcp.test.ts': ['network'], 'ssl.test.ts': ['ssl'], 'file.test.ts': ['file'], 'websocket.test.ts': ['websocket'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export const expectationsOf = (file: keyof typeof answersFor): Expectation[] => expectations().filter(({ group }) => (answersFor[file] as readonly string[]).includes(group))

export const fixtureBytes = (path: string): Uint8Array => readFileSync(join(folder, 'fixtures', path))
export function template(path: string, content: Uint8Array | string): Template {
  const read = readTemplate(path, typeof content === 'string' ? Buffer.from(content) : content)
  if ('refusal' in read) throw new Error(`${path}: ${read.refusal.place}: ${read.refusal.reason}`)
  return read.template
}
export const fixture = (path: string): Template => template(path, fixtureBytes(path))
export const templateOf = (source: string): Template => template('own.yaml', source)
/** A template of one block, which is given as it stands below `protocol:`. */
export const blockTemplate = (protocol: string, block: string, head = ''): Template =>
  templateOf(`id: own-template\ninfo:\n  name: Own\n  author: haechi\n  severity: info\n${head}${protocol}:\n${block.replace(/^\n/, '')}`)

export const settings: Settings = {
  disableRedirects: false, attack: null, serverName: null, timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024, userAgent: 'haechi-test', variables: {}, maxRequests: 10_000, resolvers: [],
}

export type Serving = { readonly url: string; readonly place: string; readonly port: number } & AsyncDisposable

/** Any server, on a port of its own unless one is named; its connections end with it. */
export async function listening(server: Server, scheme = 'http', wanted = 0): Promise<Serving> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${scheme}://127.0.0.1:${port}`, place: `127.0.0.1:${port}`, port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const serve = (handler: RequestListener): Promise<Serving> => listening(createHttp({ insecureHTTPParser: true }, handler))

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

export const serveTls = (handler: RequestListener): Promise<Serving> => listening(createHttps(ownCertificate(), handler), 'https')

/** A server of bytes. */
export const serveBytes = (onConnection: (socket: Socket) => void): Promise<Serving> => listening(createTcp({ allowHalfOpen: true }, onConnection))

export const answer = (response: ServerResponse, body: string, status = 200, headers: Record<string, string | string[]> = {}): void => void response.writeHead(status, headers).end(body)

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

export type Ran = { readonly matched: boolean; readonly matches: readonly Match[]; readonly faults: readonly NetworkError[]; readonly sent: readonly Protocol[] }
export type Running = {
  /** Resolvers that are named here may be asked. */
  readonly settings?: Partial<Settings>
  /** Addresses of a name; nothing else: every name is this machine's. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** Hosts that may be reached; nothing else: the target's. */
  readonly permit?: readonly string[]
  readonly now?: () => number
  readonly signal?: AbortSignal
}

/** Runs a template on a target over the scan's own network, with nothing but this machine in its scope. */
export async function run(what: Template, target: string, running: Running = {}): Promise<Ran> {
  const parsed = parseTarget(target.replace(/^ws/, 'http'))
  if (parsed === null) throw new Error(`no target: ${target}`)
  const all = { ...settings, ...running.settings }
  const network = createScanNetwork({ scope: null, clock: systemClock, resolvers: all.resolvers, resolve: running.resolve ?? (() => Promise.resolve(['127.0.0.1'])) })
  const matches: Match[] = []
  const faults: NetworkError[] = []
  const sent: Protocol[] = []
  try {
    for (const host of running.permit ?? [parsed.host]) await network.permit(host)
    const { matched } = await runTemplate(what, {
      target: { ...parsed, input: target }, network, signal: running.signal ?? new AbortController().signal, settings: all, seed: 1, now: running.now ?? (() => systemClock.now()),
      report: (match) => void matches.push(match),
      sent: ({ protocol, fault }) => {
        sent.push(protocol)
        if (fault !== null) faults.push(fault)
      },
    })
    return { matched, matches, faults, sent }
  } finally {
    network.close()
  }
}
