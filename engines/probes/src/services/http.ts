// HTTP, as far as it tells which product answers; what lies behind it is looked at elsewhere. Interfaces of databases, clusters and engines that anybody may use
// are found here, because they are services more than sites.
import type { Bytes } from '../bytes.ts'
import { upTo } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import type { Examination } from './examination.ts'
import { examineInterface } from './http-interfaces.ts'
import type { Addressee, Protocol } from './model.ts'
import type { Naming } from './software.ts'

const naming: Naming = [
  [/^openresty(?:\/(\d[\w.]*))?/i, 'OpenResty'], [/^nginx(?:\/(\d[\w.]*))?/i, 'nginx'], [/^Apache\/(\d[\w.]*)/, 'Apache HTTP Server'], [/^Apache-Coyote/, 'Apache Tomcat'], [/^Apache(?: |$)/, 'Apache HTTP Server'], [/^Microsoft-IIS\/(\d[\w.]*)/, 'Microsoft IIS'],
  [/^Microsoft-HTTPAPI\/(\d[\w.]*)/, 'Microsoft HTTPAPI'], [/^lighttpd(?:\/(\d[\w.]*))?/i, 'lighttpd'], [/^Caddy(?:\/v?(\d[\w.]*))?/, 'Caddy'], [/^Jetty\(([^)]{1,60})\)/, 'Jetty'], [/^squid(?:\/(\d[\w.]*))?/i, 'Squid'], [/^Varnish/i, 'Varnish'], [/^envoy/, 'Envoy'],
  [/^LiteSpeed/, 'LiteSpeed'], [/^gunicorn(?:\/(\d[\w.]*))?/, 'gunicorn'], [/^Werkzeug\/(\d[\w.]*)/, 'Werkzeug'], [/^uvicorn/, 'uvicorn'], [/^Tinyproxy(?:\/(\d[\w.]*))?/i, 'Tinyproxy'], [/^Kestrel/, 'Kestrel'], [/^SimpleHTTP\/[\d.]+ Python\/(\d[\w.]*)/, 'Python http.server'],
  [/^thttpd\/(\d[\w.]*)/, 'thttpd'], [/^mini_httpd\/(\d[\w.]*)/, 'mini_httpd'], [/^Boa\/(\d[\w.]*)/, 'Boa'], [/^GoAhead/, 'GoAhead'], [/^Docker\/(\d[\w.]*)/, 'Docker'], [/^MinIO/, 'MinIO'], [/^CouchDB\/(\d[\w.]*)/, 'CouchDB'], [/^CUPS\/(\d[\w.]*)/, 'CUPS'], [/MiniUPnPd\/(\d[\w.]*)/, 'miniupnpd'],
]

export type HttpHead = { readonly status: number; readonly headers: ReadonlyMap<string, Bytes> }

/** Of the first answer in what came; null where it is none. Of repeated headers the first counts. */
export function readHead(heard: Bytes): HttpHead | null {
  const [first = '', ...lines] = (heard.slice(0, 65_536).split(/\r?\n\r?\n/, 1)[0] ?? '').split(/\r?\n/)
  const status = /^(?:HTTP\/\d(?:\.\d)?|ICY) (\d{3})(?: |$)/.exec(first)?.[1]
  if (status === undefined) return null
  const headers = new Map<string, Bytes>()
  for (const each of lines.slice(0, 200)) {
    const colon = each.indexOf(':')
    const name = each.slice(0, colon).trim().toLowerCase()
    if (colon > 0 && !headers.has(name)) headers.set(name, each.slice(colon + 1).trim())
  }
  return { status: Number(status), headers }
}

/** Servers of HTTPS that are spoken to in the clear say so in HTTP: nginx, Apache, Go's, Tomcat. */
const tlsHint = /plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL-enabled|HTTP request to an HTTPS server|combination of host and port requires TLS/
export const mayAwaitTls = (heard: Bytes): boolean => /^HTTP\/1\.[01] 400 /.test(heard)
export const awaitsTls = (heard: Bytes): boolean => mayAwaitTls(heard) && tlsHint.test(heard.slice(0, 4096))

const withBrackets = (host: string): string => (host.includes(':') ? `[${host}]` : host)
export const requestFor = (method: string, target: string, { host, port }: Pick<Addressee, 'host' | 'port'>, headers = ''): Bytes =>
  `${method} ${target} HTTP/1.1\r\nHost: ${withBrackets(host)}${port === 80 || port === 443 ? '' : `:${port}`}\r\nUser-Agent: Mozilla/5.0 (compatible; Haechi security scan)\r\nAccept: */*\r\n${headers}Connection: close\r\n\r\n`

export type HttpAnswered = HttpHead & { readonly body: Bytes }
const mostBody = 64 * 1024
const bodyMs = 1500

/** The answer that is on its way, with as much of its body as is needed to know a product. */
export async function hearAnswer(conversation: Conversation, waitMs: number): Promise<HttpAnswered | null> {
  const head = await conversation.hear(upTo(/\r?\n\r?\n/), waitMs)
  const read = readHead(head ?? conversation.heard)
  if (read === null) return null
  const length = Math.min(Number(read.headers.get('content-length') ?? mostBody) || 0, mostBody)
  if (head !== null && read.status !== 204 && read.status !== 304) await conversation.gather(heard => heard.length >= length || heard.endsWith('\r\n0\r\n\r\n'), bodyMs)
  const body = conversation.take(Math.min(conversation.heard.length, mostBody))
  return { ...read, body: /chunked/i.test(read.headers.get('transfer-encoding') ?? '') ? dechunked(body) : body }
}

export function dechunked(body: Bytes): Bytes {
  let text = ''
  for (let at = 0; at < body.length;) {
    const [all = '', size = ''] = /^([0-9a-fA-F]{1,8})(?:;[^\r\n]{0,200})?\r\n/.exec(body.slice(at, at + 220)) ?? []
    const length = Number.parseInt(size, 16)
    if (all === '' || length === 0) break
    text += body.slice(at + all.length, at + all.length + length)
    at += all.length + length + 2
  }
  return text
}

/** Another request over a connection of its own. */
async function request(service: Examination, target: string, headers = ''): Promise<HttpAnswered | null> {
  const conversation = await service.open()
  try {
    await conversation.say(requestFor('GET', target, service.place, headers))
    return await hearAnswer(conversation, service.run.timeoutMs)
  } finally {
    conversation.close()
  }
}

export const http: Protocol = {
  name: 'http',
  greeting: to => requestFor('GET', '/', to),
  recognise: heard => (/^HTTP\/\d(?:\.\d)? \d{3}(?: [^\r\n]*)?\r?\n/.test(heard) ? 1 : /^(?:\s*<(?:!doctype html|html)\b)/i.test(heard.slice(0, 200)) ? 0.6 : 0),
  async examine(service) {
    const answer = await hearAnswer(service.conversation, service.run.timeoutMs)
    if (answer === null) return
    const server = answer.headers.get('server') ?? null
    service.tell('status', answer.status)
    if (server !== null) {
      service.tell('server', server)
      service.fingerprint('http_header.server', server)
      service.isNamed(server, naming)
    }
    const via = answer.headers.get('via')
    if (/^squid/i.test(server ?? '') || (via !== undefined && /\(squid(?:\/(\d[\w.]*))?\)/i.test(via) && answer.headers.get('x-squid-error') !== undefined)) {
      service.is('Squid', /squid\/(\d[\w.]*)/i.exec(server ?? via ?? '')?.[1] ?? null)
      service.name = 'http-proxy'
      service.calls(via === undefined ? null : /^\S+ (\S+)/.exec(via)?.[1])
    }
    if (service.product === 'Tinyproxy') service.name = 'http-proxy'
    const realm = answer.headers.get('www-authenticate')
    if (realm !== undefined) service.fingerprint('http_header.wwwauth', realm)
    await examineInterface(service, answer, (target, headers) => request(service, target, headers))
  },
}
