// Templates and answers as nobody writes them: each follows from a seed and its number alone, so that what was found once is found again.
import { dump, load } from 'js-yaml'
import { AnswerReader, NotHttp } from '../../../apps/server/src/platform/http1.ts'
import { NetworkError } from '../../../engines/templates/src/index.ts'
import type { Connection, HttpRequest, HttpResponse, Network, NetworkFault } from '../../../engines/templates/src/index.ts'

export class Draw {
  #state: number

  constructor(seed: number, number: number) {
    this.#state = (Math.imul(seed | 0, 0x9E3779B1) ^ Math.imul(number + 1, 0x85EBCA6B)) | 0
  }

  /** mulberry32: quality is of no matter here, only that it is the same everywhere. */
  readonly bits = (): number => {
    this.#state = (this.#state + 0x6D2B79F5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  below(count: number): number {
    return count <= 0 ? 0 : this.bits() % count
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item
  }

  /** One of so many times. */
  in(times: number): boolean {
    return this.below(times) === 0
  }

  bytes(most: number): string {
    let text = ''
    for (let left = this.below(most); left > 0; left -= 1) text += String.fromCharCode(this.below(256))
    return text
  }
}

/** Pieces of expressions, regular expressions, paths, requests, YAML and flows. */
const pieces = [
  '(', ')', '[', ']', '{', '}', '{{', '}}', '§', '*', '+', '?', '|', '^', '$', '\\', '.', ',', ':', ';', '"', "'", '`', '/', '//', '..', '&&', '||', '!', '=~', '==', '<', '>', '\n', '\r\n', '\t', ' ', '\0', '\u00ff', '\u00e9', '한', '%', '%00', '%0d%0a', '-', '--', '#', '@', '&a', '*a', '<<:', '!!binary ', '|+', '>-',
  '(a+)+$', '(x+x+)+y', '{1000}', '{0,1000}', '(?i)', '(?s)', '(?:', '(?P<n>', '(?<!', '\\b', '\\p{L}', '\\x{10FFFF}', '[[:alpha:]]', '[^', '.*', '.*?', '$1',
  '-1', '0', '1', '1e9', '9007199254740993', '0.1', 'true', 'null', 'NaN', 'body', 'body_1', 'status_code', 'all_headers', 'header', 'raw', 'interactsh_protocol', '{{randstr}}', '{{BaseURL}}', '{{Hostname}}', '{{rand_int(1,9)}}', '{{md5(body)}}', '{{x}}', '{{{{x}}}}', '§x§',
  "repeat('a', 1000000000)", "repeat(body, 1000)", "replace(body, '', body)", "regex('(a|a)*$', body)", 'len(body)', "padding('a','b',1000000000)", "base64_decode(body)", "gzip_decode(body)", "json_prettify(body)", "compare_versions('1.2', '<= 2')", 'to_number(body)', "hex_decode(body)", "date_time('%Y')", "aes_gcm('0000000000000000', body)", "generate_jwt(body, 'HS256', 'x')", "jarm(body)", "sort(body)", "uniq(split(body, ''))", "join(',', body)", 'unix_time()', "wait_for(1000)", "resolve('x')", "ip_format('127.0.0.1', 3)", "zip('a', body)", "substr(body, -5, 1e9)", "index(body, -1)", "concat(", "print_debug(body)", "dump(body)", "1 in (1, 2)", "?:", "1/0", "2 ** 1000", "1 << 99",
  '//*', '//*[', '//a[position() = last()]', '/html/body//*[.//*]', 'ancestor::*', 'count(//*)', '@*', 'text()', '.[]', '.. | ..', '[range(100000)]', 'def f: f; f', 'recurse', '.a.b?', 'paths', 'tojson', '@base64', 'test("a")', 'limit(3; repeat(1))', '"\\(.)"', '$__loc__', 'input', 'env',
  'for (;;) {}', 'while (true) { http() }', 'http(', 'http(99)', 'set("a", ', 'iterate(', 'template.http_body', 'function f() { return f() } f()', '() =>', 'let a = [', 'throw 1', 'try {', '?.', '...',
  'GET / HTTP/1.1\nHost: {{Hostname}}\n\n', 'HTTP/9.9', 'Host:', 'Content-Length: 99999999999', 'Transfer-Encoding: chunked', 'Cookie: a=b', '@timeout: 99999999h', '@Host: http://elsewhere.test', '@tls-sni: x', '@once', 'http://elsewhere.test/', 'https://[::1]:99999/', '//', 'file:///etc/passwd', 'ws://', '127.0.0.1:0', '{{Host}}:65536',
] as const

const values: readonly unknown[] = [null, true, false, 0, -1, 1e9, 2 ** 53, 1.5, NaN, '', ' ', 'x', '{{x}}', [], {}, [[]], [null], [0], ['a'], { a: null }, { a: [] }, 'http', 'dsl', 'regex', 'and', 'or', 'clusterbomb', 'pitchfork', 'body', new Date(0)]

export function mutatedText(text: string, draw: Draw, other: string): string {
  const at = draw.below(text.length + 1)
  const to = Math.min(text.length, at + draw.below(draw.in(4) ? text.length : 12))
  switch (draw.below(8)) {
    case 0: return text.slice(0, at) + text.slice(to)
    case 1: return text.slice(0, to) + text.slice(at)
    case 2: return text.slice(0, at) + draw.one(pieces) + text.slice(draw.in(2) ? at : to)
    case 3: return text.slice(0, at) + String.fromCharCode(draw.below(256)) + text.slice(at + 1)
    case 4: return text.slice(0, at) + draw.one(pieces).repeat(1 + draw.below(draw.in(5) ? 2_000 : 5)) + text.slice(at)
    case 5: {
      const from = draw.below(other.length + 1)
      return text.slice(0, at) + other.slice(from, from + draw.below(200)) + text.slice(to)
    }
    case 6: return draw.one(pieces) + text + draw.one(pieces)
    default: return text.slice(0, at) + text.slice(at).split('').reverse().join('').slice(0, 40) + text.slice(at + 40)
  }
}

type Place = { readonly holder: { [key: string]: unknown }; readonly key: string }

function places(tree: unknown): Place[] {
  const found: Place[] = []
  const due: unknown[] = [tree]
  for (let node = due.pop(); node !== undefined; node = due.pop()) {
    if (typeof node !== 'object' || node === null) continue
    for (const key of Object.keys(node)) {
      const holder = node as { [key: string]: unknown }
      found.push({ holder, key })
      if (typeof holder[key] === 'object' && holder[key] !== null) due.push(holder[key])
    }
  }
  return found
}

/** Something of the tree is gone, twice, elsewhere, of another type, or another text. */
function mutatedTree(tree: unknown, draw: Draw, others: unknown): void {
  const all = places(tree)
  if (all.length === 0) return
  // Most of a template is its head, which hardly does anything.
  const working = all.filter(({ key }) => /^(?:\d+|raw|path|dsl|regex|words|body|flow|xpath|json|payloads|part|type|group|data|name|inputs|attack|matchers|extractors|condition)$/.test(key))
  const texts = working.filter(({ holder, key }) => typeof holder[key] === 'string' && key !== 'type' && key !== 'condition' && key !== 'part')
  const kind = draw.below(12)
  const { holder, key } = draw.one(kind > 4 && texts.length > 0 ? texts : working.length > 0 && !draw.in(5) ? working : all)
  switch (kind) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      break
    case 1:
      if (Array.isArray(holder)) for (let count = draw.in(10) ? 300 : 1; count > 0; count -= 1) holder.push(structuredClone(holder[Number(key)]))
      else holder[`${key}${draw.below(3)}`] = structuredClone(holder[key])
      break
    case 2:
      holder[key] = structuredClone(draw.one(values))
      break
    case 3: {
      const from = places(others)
      if (from.length === 0) break
      const taken = draw.one(from)
      holder[draw.in(2) || Array.isArray(holder) ? key : taken.key] = structuredClone(taken.holder[taken.key])
      break
    }
    case 4:
      holder[key] = draw.in(2) ? [holder[key]] : { [key]: holder[key] }
      break
    default: {
      const value = holder[key]
      if (typeof value === 'string') holder[key] = mutatedText(value, draw, draw.one(pieces))
      else if (typeof value === 'number') holder[key] = draw.one([0, -1, value * 1e6, value + 0.5, -value, 2 ** 31, 2 ** 53])
      else if (Array.isArray(value)) value.reverse()
    }
  }
}

/** `sources` are templates that somebody wrote. */
export function mutatedTemplate(sources: readonly string[], draw: Draw): string {
  let text = draw.one(sources)
  const other = draw.one(sources)
  if (!draw.in(6)) {
    try {
      const tree = load(text)
      const others = load(other)
      for (let count = 1 + draw.below(3); count > 0; count -= 1) mutatedTree(tree, draw, others)
      return Buffer.from(draw.in(2) ? JSON.stringify(tree) : dump(tree), 'utf8').toString('latin1')
    } catch {
      // What cannot be written as YAML is mutated as it stands.
    }
  }
  for (let count = 1 + draw.below(3); count > 0; count -= 1) text = mutatedText(text, draw, other)
  return text
}

const faults: readonly NetworkFault[] = ['out_of_scope', 'not_resolved', 'refused', 'unreachable', 'timeout', 'closed', 'tls_failed', 'protocol_error']
const banners = ['SSH-2.0-OpenSSH_9.6\r\n', '220 ProFTPD 1.3.5 Server ready.\r\n', '+OK Dovecot ready.\r\n', '* OK IMAP4rev1\r\n', 'RFB 003.008\n', '-ERR unknown command\r\n', '5.7.1\0\u00ff\u00f7', 'ActiveMQ\0\u00ff', '\u0015\u0003\u0001\0\u0002\u0002\u0028', '{"version":"1.2.3"}\n', '<stream:stream>'] as const
/** The first messages of TLS: a record, and a ServerHello in it. */
const hello = `\u0016\u0003\u0003\0\u004a\u0002\0\0\u0046\u0003\u0003${'\u0007'.repeat(32)}\u0020${'\u0008'.repeat(32)}\u00c0\u002f\0`
const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n\u0081\u0005hello\u0082\u007e\u0001\0'
const bodies = [
  '<!doctype html><html><head><title>Login</title></head><body><form action="/login"><input name="csrf" value="abc123"><a href="/x">x</a></form></body></html>', '{"status":"ok","version":"1.2.3","items":[{"id":1,"name":"a"},{"id":2,"name":null}],"deep":{"a":{"b":[1,2,3]}}}',
  '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><l x="1"><m>&b;</m></l>', 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\n', 'uid=0(root) gid=0(root)', '\u001f\u008b\b\0\0\0\0\0\0\u0003\u004b\u0004\0', '', 'PK\u0003\u0004', 'a'.repeat(3_000), '<a>'.repeat(700), '['.repeat(3_000),
] as const

/** Answers whatever it is asked, mostly with what the template might look for, and never the same. `calls` is how often it was asked anything. */
export class HostileNetwork implements Network {
  calls = 0
  readonly #draw: Draw
  readonly #wanted: readonly string[]
  readonly #most: number

  /** `wanted`: texts that the template names. Beyond `most` calls it throws what is no NetworkError: the template does not end. */
  constructor(draw: Draw, wanted: readonly string[], most: number) {
    this.#draw = draw
    this.#wanted = wanted
    this.#most = most
  }

  #called(endpoint: string): void {
    this.calls += 1
    if (this.calls > this.#most) throw new Error(`more than ${this.#most} calls of the network`)
    if (this.#draw.in(12)) throw new NetworkError(this.#draw.one(faults), endpoint, 'as drawn')
  }

  #body(): string {
    const draw = this.#draw
    let body: string = draw.in(3) ? draw.bytes(400) : draw.one(bodies)
    for (let count = draw.below(4); count > 0 && this.#wanted.length > 0; count -= 1) body += draw.one(this.#wanted)
    for (let count = draw.below(3); count > 0; count -= 1) body = mutatedText(body, draw, draw.one(bodies))
    return draw.in(60) ? body.repeat(100).slice(0, 300_000) : body
  }

  #wire(): string {
    const draw = this.#draw
    const body = this.#body()
    let head = `HTTP/1.1 ${draw.one([200, 200, 200, 301, 302, 307, 401, 403, 404, 500, 99, 999])} ${draw.one(['OK', '', 'Found'])}\r\n`
    if (draw.in(2)) head += `Location: ${draw.one(['/', '/next', '//elsewhere.test/', 'http://127.0.0.1/x', 'http://[::1', '?', '#', '\\\\x', 'javascript:1', '{{BaseURL}}'])}\r\n`
    if (draw.in(2)) head += `Set-Cookie: ${draw.one(['a=b; Path=/', 'x', '=', 'a=b; Domain=.test; Secure', 'a="b;c"', `a=${draw.bytes(20).replaceAll(/[\r\n]/g, '')}`])}\r\n`
    if (draw.in(4)) head += 'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth", algorithm=MD5\r\n'
    if (draw.in(3)) head += `Content-Type: ${draw.one(['text/html; charset=utf-8', 'application/json', 'x', ''])}\r\n`
    const framed = draw.in(4) ? `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : draw.in(4) ? `\r\n${body}` : `Content-Length: ${body.length}\r\n\r\n${body}`
    return draw.in(4) ? mutatedText(head + framed, draw, hello) : head + framed
  }

  /** Bytes as they come over a connection: read by what reads them in a scan. */
  async http(request: HttpRequest): Promise<HttpResponse> {
    const endpoint = `${request.host}:${request.port}`
    this.#called(endpoint)
    const draw = this.#draw
    const wire = Buffer.from(this.#wire(), 'latin1')
    const reader = new AnswerReader(request.method, Math.min(request.maxBytes, 200_000))
    try {
      for (let at = 0; at < wire.length && reader.answer === null;) {
        const size = 1 + draw.below(draw.in(10) ? 20 : wire.length)
        reader.push(wire.subarray(at, at + size))
        at += size
      }
      if (reader.answer === null) reader.end()
    } catch (error) {
      if (error instanceof NotHttp) throw new NetworkError('protocol_error', endpoint, error.message)
      throw error
    }
    const { status, reason, headers, body, truncated } = reader.answer!
    return { status, reason, headers, body: body.toString('latin1'), truncated, durationMs: draw.below(5_000), address: '127.0.0.1' }
  }

  async dial(host: string, port: number, options: Parameters<Network['dial']>[2]): Promise<Connection> {
    const endpoint = `${host}:${port}`
    this.#called(endpoint)
    const draw = this.#draw
    let said = draw.one([() => draw.one(banners) as string, () => hello, () => upgraded, () => this.#wire(), () => draw.bytes(200), () => ''])()
    for (let count = draw.below(3); count > 0; count -= 1) said = mutatedText(said, draw, hello)
    const more = (): void => this.#called(endpoint)
    return {
      address: '127.0.0.1',
      tls: options.tls === null ? null : { version: draw.one(['tls10', 'tls12', 'tls13']), cipher: draw.one(['ECDHE-RSA-AES128-GCM-SHA256', 'x', '']), certificates: Array.from({ length: draw.below(3) }, () => Buffer.from(`0\u0082\u0001\n0\u0081\u00f4${draw.bytes(300)}`, 'latin1')) },
      async write() { more() },
      async read(most) {
        more()
        const part = said.slice(0, 1 + draw.below(most))
        said = said.slice(part.length)
        if (said === '' && draw.in(3)) said = draw.bytes(100)
        return part
      },
      close: () => undefined,
    }
  }

  async dns(message: Uint8Array): Promise<Uint8Array> {
    this.#called('127.0.0.1:53')
    const draw = this.#draw
    if (draw.in(8)) return Buffer.from(draw.bytes(100), 'latin1')
    const question = Buffer.from(message)
    question[2] = 0x81
    question[3] = 0x80 | draw.below(6)
    question.writeUInt16BE(draw.one([0, 1, 2, 65_535]), 6)
    const record = (type: number, data: string): string => `\u00c0\u000c\0${String.fromCharCode(type)}\0\u0001\0\0\0\u003c${String.fromCharCode(data.length >> 8, data.length & 255)}${data}`
    const records = Array.from({ length: draw.below(4) }, () => record(draw.one([1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 52, 255]), draw.one(['\u007f\0\0\u0001', '\u0001a\0', '\u00c0\u000c', '\u00c0\u00ff', '\u0005hello', draw.bytes(40)]))).join('')
    let answer = question.toString('latin1') + records
    if (draw.in(2)) answer = answer.slice(0, 2) + mutatedText(answer.slice(2), draw, records)
    return Buffer.from(answer, 'latin1')
  }
}
