// Servers of the Model Context Protocol: both transports over HTTP, the revisions with a handshake and the one without. Their tools are listed, never called.
// Defended by apis.test.ts and, against real servers, tests/conformance/probes/web.test.ts.
import type { Connection } from '../network.ts'
import { NetworkError } from '../network.ts'
import type { Finding } from '../model.ts'
import type { FoundApis } from './apis.ts'
import { found } from './checks.ts'
import { isRecord } from './json.ts'
import type { Api } from './model.ts'
import { headerOf, mediaTypeOf, placeOf, textOf } from './visitor.ts'
import type { Ask, Visitor } from './visitor.ts'

type Words = (length: number, key: string) => string
const places = ['/mcp', '/api/mcp', '/v1/mcp', '/mcp/v1', '/mcp-server', '/']
const streams = ['/sse', '/mcp/sse', '/mcp']
const revision = '2025-06-18'
const later = '2026-07-28'
/** Tools that do more than read, by what they call themselves. */
const acting = /(?:^|[^a-z])(?:exec(?:ute)?|run|shell|bash|command|eval|delete|remove|drop|write|update|create|insert|deploy|send|kill|restart|upload|sql)(?:[^a-z]|$)/i

export async function findMcp({ origin, asset, visitor, word, named }: { readonly origin: URL; readonly asset: string; readonly visitor: Visitor; readonly word: Words; readonly named: readonly URL[] }): Promise<FoundApis> {
  const urls = [...new Map([...places.map((path) => new URL(path, origin)), ...named.filter(({ pathname }) => /(?:^|\/)mcp(?:\/|$)/i.test(pathname)).slice(0, 6)].map((url) => [placeOf(url), url])).values()]
  const spoken = (await Promise.all(urls.map((url) => speak(url, visitor, word)))).filter((api) => api !== null)
  // A server at every path is told once, at the place where it is usual.
  const apis: Api[] = [...new Map(spoken.toReversed().map((api) => [`${api.title} ${api.operations} ${api.authenticated}`, api])).values()]
  if (apis.length === 0) {
    const old = (await Promise.all(streams.map((path) => speakOverStream(new URL(path, origin), visitor, word)))).find((api) => api !== null)
    if (old !== undefined && old !== null) apis.push(old)
  }
  return { apis, findings: apis.flatMap((api) => judged(asset, api)) }
}

function judged(asset: string, api: Api): Finding[] {
  if (api.authenticated !== false || api.operations === null || api.operations === 0) return []
  const acts = api.names.filter((name) => acting.test(name.replace(/([a-z])([A-Z])/g, '$1_$2')))
  const some = (acts.length > 0 ? acts : api.names).slice(0, 6).join(', ')
  return [found(asset, 'web.mcp_without_authentication', api.url, { en: `${api.title ?? 'a server'} lists ${api.operations} tools: ${some}`, ko: `서버 이름: ${api.title ?? '알 수 없음'}, 로그인 없이 조회된 도구 ${api.operations}개: ${some}` }, { confidence: 1, ...(acts.length > 0 ? { severity: 'high' } : {}) })]
}

const accept = ['Accept', 'application/json, text/event-stream'] as const
const message = (id: string | null, method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', ...(id === null ? {} : { id }), method, params })
const hello = { protocolVersion: revision, capabilities: {}, clientInfo: { name: 'haechi', version: '1' } }
const post = (body: string, more: readonly (readonly [string, string])[] = []): Ask => ({ method: 'POST', headers: [['Content-Type', 'application/json'], accept, ...more], body, timeoutMs: 3_000, maxBytes: 1_048_576 })

/** Streamable HTTP. */
async function speak(url: URL, visitor: Visitor, word: Words): Promise<Api | null> {
  const id = word(10, `initialize ${url.pathname}`)
  const first = await visitor.ask(url, post(message(id, 'initialize', hello)))
  if (first === null) return null
  const api: Api = { kind: 'mcp', url: placeOf(url), title: null, version: null, operations: null, names: [], authenticated: null }
  // MCP, "Authorization": who asks for a login says where.
  if (first.status === 401 && /resource_metadata\s*=/i.test(headerOf(first, 'www-authenticate') ?? '') && /mcp/i.test(url.pathname)) return { ...api, authenticated: true }
  const answer = answerTo(id, textOf(first))
  const result = isRecord(answer?.['result']) ? answer['result'] : null
  const listId = word(10, `list ${url.pathname}`)
  if (result !== null && typeof result['protocolVersion'] === 'string' && isRecord(result['serverInfo'])) {
    const session = headerOf(first, 'mcp-session-id')
    const more = [['MCP-Protocol-Version', result['protocolVersion'].slice(0, 20)] as const, ...(session === null ? [] : [['Mcp-Session-Id', session] as const])]
    await visitor.ask(url, post(message(null, 'notifications/initialized', {}), more))
    const list = await visitor.ask(url, post(message(listId, 'tools/list', {}), more))
    if (session !== null) await visitor.ask(url, { method: 'DELETE', headers: more, maxBytes: 65_536 })
    return { ...api, ...named(result['serverInfo']), ...toolsOf(list === null ? null : answerTo(listId, textOf(list))) }
  }
  // The revision without a handshake: an error of JSON-RPC to this question is worth another.
  if (answer === null || !isRecord(answer['error'])) return null
  const about = { _meta: { 'io.modelcontextprotocol/protocolVersion': later, 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': hello.clientInfo } }
  const list = await visitor.ask(url, post(message(listId, 'tools/list', about), [['MCP-Protocol-Version', later], ['Mcp-Method', 'tools/list']]))
  const tools = toolsOf(list === null ? null : answerTo(listId, textOf(list)))
  return tools.operations === null ? null : { ...api, ...tools }
}

/** HTTP with server-sent events, of 2024-11-05: the answers come on a stream that stays open. */
async function speakOverStream(url: URL, visitor: Visitor, word: Words): Promise<Api | null> {
  const stream = await EventStream.open(url, visitor)
  if (stream === null) return null
  try {
    const endpoint = /^event:\s*endpoint\r?\ndata:\s*(\S{1,500})/m.exec(await stream.until(/^event:\s*endpoint\r?\ndata:\s*\S{1,500}\r?\n/m))?.[1]
    const place = endpoint === undefined ? null : URL.parse(endpoint, url.href)
    if (place === null || place.origin !== url.origin) return null
    const ask = async (id: string, method: string, params: object): Promise<Readonly<Record<string, unknown>> | null> => {
      await visitor.ask(place, post(message(id, method, params)))
      return answerTo(id, await stream.until(new RegExp(`"id"\\s*:\\s*"${id}"[\\s\\S]*?\\n\\r?\\n|\\n[^\\n]*"id"\\s*:\\s*"${id}"[^\\n]*\\n`)))
    }
    const hi = await ask(word(10, 'stream initialize'), 'initialize', { ...hello, protocolVersion: '2024-11-05' })
    if (hi === null || !isRecord(hi['result']) || !isRecord(hi['result']['serverInfo'])) return null
    await visitor.ask(place, post(message(null, 'notifications/initialized', {})))
    return { kind: 'mcp', url: placeOf(url), ...named(hi['result']['serverInfo']), ...toolsOf(await ask(word(10, 'stream list'), 'tools/list', {})) }
  } finally {
    stream.close()
  }
}

const named = (about: Readonly<Record<string, unknown>>): { readonly title: string | null; readonly version: string | null } => ({ title: typeof about['name'] === 'string' ? about['name'].slice(0, 200) : null, version: typeof about['version'] === 'string' ? about['version'].slice(0, 100) : null })

function toolsOf(answer: Readonly<Record<string, unknown>> | null): { readonly operations: number | null; readonly names: readonly string[]; readonly authenticated: boolean | null } {
  const tools = isRecord(answer?.['result']) ? answer['result']['tools'] : null
  if (!Array.isArray(tools)) return { operations: null, names: [], authenticated: null }
  const names = (tools as unknown[]).flatMap((tool) => (isRecord(tool) && typeof tool['name'] === 'string' ? [tool['name'].slice(0, 100)] : []))
  return { operations: tools.length, names: names.slice(0, 100), authenticated: false }
}

/** The answer to a question, from JSON or from a stream of events. An answer to another question is none. */
function answerTo(id: string, text: string): Readonly<Record<string, unknown>> | null {
  for (const candidate of /^\s*\{/.test(text) ? [text] : [...text.matchAll(/^data:[ \t]?(.*)$/gm)].map(([, data = '']) => data)) {
    try {
      const value: unknown = JSON.parse(candidate)
      if (isRecord(value) && value['jsonrpc'] === '2.0' && value['id'] === id && !('method' in value)) return value
    } catch {
      // Another kind of event.
    }
  }
  return null
}

const largestStream = 1_048_576
const patienceMs = 2_000

/** An answer that goes on, read from a connection of its own. */
class EventStream {
  readonly #connection: Connection
  #text = ''

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async open(url: URL, visitor: Visitor): Promise<EventStream | null> {
    const probe = await visitor.ask(url, { headers: [['Accept', 'text/event-stream']], maxBytes: 4_096, timeoutMs: 1_500 })
    if (probe === null || probe.status !== 200 || mediaTypeOf(probe) !== 'text/event-stream' || !/^event:\s*endpoint/m.test(probe.body)) return null
    const connection = await visitor.dial(url, `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`)
    return connection === null ? null : new EventStream(connection)
  }

  /** What has come, as soon as the expression is in it; or when the stream says no more. */
  async until(wanted: RegExp): Promise<string> {
    // Sizes of chunks (RFC 9112, 7.1) stand on lines of their own between events.
    const plain = (): string => this.#text.replace(/\r\n[0-9a-f]{1,8}\r\n/gi, '')
    for (let reads = 0; reads < 200 && !wanted.test(plain()) && this.#text.length < largestStream; reads++) {
      try {
        const bytes = await this.#connection.read(65_536, patienceMs)
        if (bytes === '') break
        this.#text += bytes
      } catch (error) {
        if (!(error instanceof NetworkError) || error.fault === 'cancelled') throw error
        break
      }
    }
    return plain()
  }

  close(): void {
    this.#connection.close()
  }
}
