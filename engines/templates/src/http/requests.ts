// The requests of a block, made from its texts and what their markers stand for. Three things hold whatever an answer said before: a value of it never starts a header
// or a request of its own, what has no value is not sent, and an address is only where the network lets it be. Defended by requests.test.ts.
import { bytesOf } from '@haechi/probes/wire'
import { EvaluationError } from '../dsl/evaluation.ts'
import { compileText, type Text } from '../interpolation.ts'
import type { Bytes, HttpBlock, HttpRequest, Lookup, Run } from '../model.ts'
import { TemplateError } from '../problem.ts'
import { type Address, type Base, baseOf, baseOfAddress, defaultPort, escapeUnfit, hostHeader, joinQueries, mergePaths, parseAddress, splitRelative, withBrackets, wireTarget } from './address.ts'
import { type Combination, ofOwn } from './payloads.ts'
import { isMultipart, mergeTarget, mergeUnsafeTarget, type RawHead, readHead, splitRaw, withLineEnds } from './raw.ts'

export type Built = {
  readonly request: HttpRequest
  /** As it is shown. */
  readonly url: Bytes
  /** Sent as they are, over a connection of their own; null: an ordinary request. */
  readonly bytes: Bytes | null
}

/** One request of a block before its markers are filled in. */
type Source =
  /** '{{BaseURL}}/literal': nothing to fill in. */
  | { readonly kind: 'fixed'; readonly fromRoot: boolean; readonly rest: Bytes; readonly path: Bytes; readonly query: Bytes | null }
  | { readonly kind: 'path'; readonly text: Text; readonly port: number | null }
  | { readonly kind: 'raw'; readonly host: Text | null; readonly serverName: Text | null; readonly timeoutMs: number | null; readonly line: Text; readonly head: Text; readonly body: Text }

export type Prepared = {
  readonly source: Source
  readonly once: boolean
  /** Takes away what a request before it has left: sent even where nothing can match any more. */
  readonly cleansUp: boolean
}

export type PreparedBlock = {
  readonly requests: readonly Prepared[]
  readonly method: Text
  readonly headers: readonly (readonly [name: Bytes, value: Text])[]
  readonly body: Text | null
  readonly digest: { readonly username: Text; readonly password: Text } | null
}

const prepared = new WeakMap<HttpBlock, PreparedBlock>()

/** Once for each block. Errors: TemplateError function_unsupported. */
export function prepare(block: HttpBlock): PreparedBlock {
  let known = prepared.get(block)
  if (known === undefined) {
    known = {
      requests: block.path.length > 0 ? block.path.map(preparePath) : withCleaning(block.raw.map(prepareRaw)),
      method: compileText(block.method === '' ? 'GET' : block.method),
      headers: Object.entries(block.headers).map(([name, value]) => [bytesOf(name), compileText(value)] as const),
      body: block.body === '' ? null : compileText(withLineEnds(block.body)),
      digest: block.digest === null ? null : { username: compileText(block.digest.username), password: compileText(block.digest.password) },
    }
    prepared.set(block, known)
  }
  return known
}

const line = ({ source }: Prepared): Bytes => (source.kind === 'raw' ? source.line.source : '')

function withCleaning(requests: readonly Prepared[]): Prepared[] {
  const first = requests.findIndex((request) => /^(?:POST|PUT|PATCH|MKCOL) /.test(line(request)))
  return requests.map((request, index) => (first >= 0 && index > first && /^DELETE |^\S+ \S*(?:delete|remove|uninstall|destroy)/i.test(line(request)) ? { ...request, cleansUp: true } : request))
}

const ownPort = /\{\{BaseURL\}\}:(\d{1,5})/

function preparePath(path: Bytes): Prepared {
  const fixed = /^\{\{(BaseURL|RootURL)\}\}((?:[/?][^]*)?)$/.exec(path)
  if (fixed !== null && compileText(fixed[2]!).literal !== null) {
    const rest = splitRelative(fixed[2]!)
    return { source: { kind: 'fixed', fromRoot: fixed[1] === 'RootURL', rest: fixed[2]!, path: rest.path, query: rest.query }, once: false, cleansUp: false }
  }
  const port = ownPort.exec(path)
  return { source: { kind: 'path', text: compileText(port === null ? path : path.replace(`:${port[1]}`, '')), port: port === null ? null : Number(port[1]) }, once: false, cleansUp: false }
}

function prepareRaw(raw: Bytes): Prepared {
  const { host, serverName, timeoutMs, once, head, body } = splitRaw(raw)
  const end = head.indexOf('\n')
  const text = (value: Bytes | null): Text | null => (value === null ? null : compileText(value))
  return { source: { kind: 'raw', host: text(host), serverName: text(serverName), timeoutMs, line: compileText(end < 0 ? head : head.slice(0, end)), head: compileText(head), body: compileText(body) }, once, cleansUp: false }
}

const lineBreak = /[\r\n\0]/
const lineBreaks = /\r\n|[\r\n\0]/g
const countBreaks = (text: Bytes): number => (lineBreak.test(text) ? text.match(lineBreaks)!.length : 0)
const illegalInHeader = /[\0\r\n]/

/** What one request is made with. */
class Making {
  readonly block: HttpBlock
  readonly run: Run
  readonly base: Base
  readonly lookup: Lookup
  readonly missing: string[] = []
  readonly #combination: Combination

  constructor(block: HttpBlock, run: Run, base: Base, combination: Combination, current: ReadonlyMap<string, Bytes>, isOther: boolean) {
    this.block = block
    this.run = run
    this.base = base
    this.#combination = combination
    const { values, template, settings } = run
    const authored = (name: string): boolean => Object.hasOwn(template.constants, name) || Object.hasOwn(template.variables, name) || Object.hasOwn(settings.variables, name)
    this.lookup = (name) => ofOwn(combination, name) ?? current.get(name) ?? (isOther && base.values.has(name) && !authored(name) ? base.values.get(name) : values.get(name))
  }

  render(text: Text): Bytes {
    if (text.literal !== null) return text.literal
    try {
      return text.render(this.lookup, this.run, this.missing)
    } catch (error) {
      if (error instanceof EvaluationError) throw new TemplateError('budget_exceeded', this.block.id ?? 'http', error.message)
      throw error
    }
  }

  /** A text in which a line break begins something new: there are as many as were written, unless nothing in it comes from an answer. */
  renderHead(text: Text): Bytes {
    const result = this.render(text)
    if (text.literal !== null || countBreaks(result) <= countBreaks(text.source)) return result
    const name = text.names.find((each) => !this.#authored(each))
    if (name === undefined) return result
    throw new TemplateError('request_invalid', 'raw', `'${name.slice(0, 60)}' comes from an answer, and a line break with it would begin a header or a request of its own: not sent.`)
  }

  /** Whoever wrote the template, started the scan or named the target wrote the value too. */
  #authored(name: string): boolean {
    const { template, settings } = this.run
    if (Object.hasOwn(this.#combination, name)) return !this.answersIn(this.#combination[name]!)
    if (Object.hasOwn(settings.variables, name) || Object.hasOwn(template.constants, name)) return true
    const value = this.lookup(name)
    if (value === undefined || value === this.base.values.get(name) || name.startsWith('randstr')) return true
    const written = ofOwn(template.variables, name)
    return typeof written === 'string' ? compileText(written).names.every((inner) => inner !== name && this.#authored(inner)) : written !== undefined
  }

  /** Payloads are filled in before they come here, so that only the list itself tells what was written. */
  answersIn(value: Bytes): boolean {
    return lineBreak.test(value) && !Object.values(this.block.payloads?.lists ?? {}).some((list) => list.includes(value))
  }
}

/** '{{Hostname}}:9780' means that port, also where the target has one already. */
const lastPort = (text: Bytes): Bytes => text.replace(/^((?:https?:\/\/)?(?:\[[^\]]*\]|[^\s:/?#[\]]+)):\d{1,5}(:\d{1,5})(?=[/?#]|$)/i, '$1$2')

/** A request's host, where it is not the target's. */
function otherPlace(written: Bytes, address: Address): Address | null {
  const scheme = /^https:\/\//i.test(written) ? 'https' : /^http:\/\//i.test(written) ? 'http' : address.scheme
  const place = lastPort(written.replace(/^https?:\/\//i, '').replace(/[/?#].*$/s, ''))
  const hasPort = /:\d+$/.test(place.replace(/^\[[^\]]*\]/, ''))
  const port = address.port === defaultPort(address.scheme) ? '' : `:${address.port}`
  const parsed = parseAddress(`${scheme}://${place}${hasPort ? '' : port}`)
  return parsed === null ? null : { ...parsed, path: address.path, query: address.query }
}

/** A whole address, or one without its scheme, which then is the target's. */
function addressIn(text: Bytes, own: Address): Address | null {
  const full = /^https?:\/\//i.test(text) ? text : /^(?:\[[\da-f:.]+\]|[\w-]+(?:\.[\w-]+)+)(?::\d|[/?#]|$)/i.test(text) ? `${own.scheme}://${text}` : null
  return full === null ? null : parseAddress(lastPort(full))
}

const standard = new WeakMap<Base, { readonly agent: Bytes; readonly headers: readonly (readonly [Bytes, Bytes])[] }>()
/** Of a request whose template names none: one list for each target, so that equal requests are quickly seen as equal. */
function standardHeaders(base: Base, agent: Bytes): readonly (readonly [Bytes, Bytes])[] {
  const known = standard.get(base)
  if (known !== undefined && known.agent === agent) return known.headers
  const headers = [['Host', hostHeader(base.address.scheme, base.address.authority)], ['User-Agent', agent], ['Accept', '*/*'], ['Accept-Language', 'en']] as const
  standard.set(base, { agent, headers })
  return headers
}

/** Lengths are the network's, and a connection's life too. */
const ofTheNetwork = (name: string, value: Bytes): boolean =>
  name === 'content-length' || (name === 'transfer-encoding' && !/^chunked$/i.test(value)) || (name === 'connection' && /^(?:close|keep-alive)$/i.test(value)) || name === 'proxy-connection'

function assemble(making: Making, plan: PreparedBlock, address: Address, ownHeaders: RawHead['headers'], isRaw: boolean): readonly (readonly [Bytes, Bytes])[] {
  const agent = making.run.settings.userAgent
  // Raw text that names none but the target gets the same, so that many templates share what they ask for.
  const plain = !isRaw || (ownHeaders.length === 1 && ownHeaders[0]![0] === 'Host' && ownHeaders[0]![1] === address.authority)
  if (plain && plan.headers.length === 0 && address === making.base.address && !making.block.unsafe) return standardHeaders(making.base, agent)
  const headers = new Map<string, readonly [Bytes, Bytes]>()
  headers.set('host', ['Host', hostHeader(address.scheme, address.authority)])
  if (!making.block.unsafe) headers.set('user-agent', ['User-Agent', agent])
  if (!isRaw && !making.block.unsafe) {
    headers.set('accept', ['Accept', '*/*'])
    headers.set('accept-language', ['Accept-Language', 'en'])
  }
  if (address.userinfo !== null) headers.set('authorization', ['Authorization', `Basic ${Buffer.from(decodeUserinfo(address.userinfo), 'latin1').toString('base64')}`])
  const put = (name: Bytes, value: Bytes): void => {
    const key = name.toLowerCase()
    if (ofTheNetwork(key, value)) return
    if (name === '' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || illegalInHeader.test(value)) throw new TemplateError('request_invalid', 'headers', `The header '${name.slice(0, 60)}' would begin something new: not sent.`)
    headers.set(key, [name, key === 'host' ? hostHeader(address.scheme, value) || value : value])
  }
  for (const [name, value] of ownHeaders) put(name, value)
  for (const [name, value] of plan.headers) put(name, making.render(value).trim())
  return [...headers.values()]
}

/** A body that is announced in chunks is one, as Go sends it; without a body there is nothing to announce. */
function framed(headers: HttpRequest['headers'], body: Bytes | null): Pick<HttpRequest, 'headers' | 'body'> {
  if (!headers.some(([name]) => name.toLowerCase() === 'transfer-encoding')) return { headers, body }
  if (body === null || body === '') return { headers: headers.filter(([name]) => name.toLowerCase() !== 'transfer-encoding'), body: null }
  return { headers, body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` }
}

function decodeUserinfo(userinfo: Bytes): Bytes {
  const text = userinfo.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return text.includes(':') ? text : `${text}:`
}

/** The names that stay without a value, in place of a request that is not sent; or the request. Errors: TemplateError request_invalid, budget_exceeded. */
export function build(block: HttpBlock, run: Run, { source }: Prepared, combination: Combination, current: ReadonlyMap<string, Bytes>): Built | { readonly missing: readonly string[] } {
  const plan = prepare(block)
  const own = baseOf(run.target)
  const selfContained = block.selfContained || run.template.selfContained
  const common = {
    serverName: run.settings.serverName,
    timeoutMs: run.settings.timeoutMs,
    maxBytes: block.maxSize === null ? run.settings.maxBytes : Math.min(block.maxSize, run.settings.maxBytes),
  }

  if (source.kind === 'fixed' && !selfContained && plan.headers.length === 0 && plan.body === null && plan.method.literal !== null) {
    const { address } = own
    const path = source.fromRoot ? source.path : address.path + source.path
    const target = wireTarget(path, joinQueries(address.query, source.query))
    const headers = block.unsafe ? assemble(new Making(block, run, own, combination, current, false), plan, address, [], false) : standardHeaders(own, run.settings.userAgent)
    return { request: { ...common, method: plan.method.literal, scheme: address.scheme, host: address.host, port: address.port, target, headers, body: null }, url: `${address.scheme}://${address.authority}${source.fromRoot ? '' : address.path}${source.rest}`, bytes: null }
  }

  if (source.kind !== 'raw') {
    let base = own
    if (source.kind === 'path' && source.port !== null) {
      const { address } = own
      base = baseOfAddress({ ...address, port: source.port, authority: `${withBrackets(address.host)}:${source.port}` }, bytesOf(run.target.input))
    }
    const making = new Making(block, run, base, combination, current, base !== own)
    const text = source.kind === 'path' ? making.render(source.text) : (source.fromRoot ? `${base.address.scheme}://${base.address.authority}` : `${base.address.scheme}://${base.address.authority}${base.address.path}`) + source.rest
    const method = making.render(plan.method)
    const body = plan.body === null ? null : making.render(plan.body)
    const parsed = addressIn(text.trimStart(), base.address)
    if (parsed === null) {
      if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
      throw new TemplateError('request_invalid', 'path', `'${text.slice(0, 100)}' is no address of the web: a path begins with {{BaseURL}} or http://.`)
    }
    const address = sameAuthority(parsed, base.address)
    const headers = assemble(making, plan, address, [], false)
    if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) throw new TemplateError('request_invalid', 'method', 'The method holds what no method may.')
    const query = selfContained ? parsed.query : joinQueries(base.address.query, parsed.query)
    return { request: { ...common, method, scheme: address.scheme, host: address.host, port: address.port, target: wireTarget(parsed.path, query), ...framed(headers, body) }, url: text, bytes: null }
  }

  return buildRaw(block, run, plan, source, own, selfContained, combination, current, common)
}

/** The target's own object where it is the target's place: its headers are at hand. */
const sameAuthority = (parsed: Address, own: Address): Address => (parsed.userinfo === null && parsed.scheme === own.scheme && parsed.authority === own.authority ? own : parsed)

function buildRaw(
  block: HttpBlock, run: Run, plan: PreparedBlock, source: Source & { kind: 'raw' }, own: Base, selfContained: boolean, combination: Combination, current: ReadonlyMap<string, Bytes>,
  common: Pick<HttpRequest, 'serverName' | 'timeoutMs' | 'maxBytes'>,
): Built | { readonly missing: readonly string[] } {
  let base = own
  if (selfContained) {
    const first = new Making(block, run, own, combination, current, false)
    const written = readHead(`${first.renderHead(source.line).replace(/\r$/, '')}\r\n`, true).target
    const address = parseAddress(written)
    if (address === null) {
      if (first.missing.length > 0) return { missing: first.missing }
      throw new TemplateError('request_invalid', 'raw', `A self-contained request names its host: "GET https://host/path HTTP/1.1", not '${written.slice(0, 100)}'.`)
    }
    base = baseOfAddress({ ...address, path: '', query: null }, written)
  }
  const making = new Making(block, run, base, combination, current, base !== own)
  const headText = making.renderHead(source.head)
  if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
  const head = readHead(headText, block.unsafe)
  const rest = headText.slice(head.end) + making.render(source.body)
  const host = source.host === null ? null : making.renderHead(source.host)
  const serverName = source.serverName === null ? common.serverName : making.renderHead(source.serverName)
  let address: Address = base.address
  if (host !== null) {
    const other = otherPlace(host, address)
    if (other === null) {
      if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
      throw new TemplateError('request_invalid', 'raw', `'@Host: ${host.slice(0, 100)}' names no host.`)
    }
    address = other
  }
  const limits = { ...common, timeoutMs: source.timeoutMs ?? common.timeoutMs }

  if (block.unsafe) {
    const target = mergeUnsafeTarget(base.address, head.target, block.disablePathAutomerge)
    const bytes = headText.slice(0, head.targetAt) + target + headText.slice(head.targetAt + head.target.length, head.end) + rest
    if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
    const named = serverName === 'request.host' ? hostOf(head.headers) : serverName
    const shown = escapeUnfit(target.startsWith('/') || target === '' ? target : `/${target}`)
    const request: HttpRequest = { ...limits, serverName: named, method: head.method, scheme: address.scheme, host: address.host, port: address.port, target: shown === '' ? '/' : shown, headers: head.headers, body: rest === '' ? null : rest }
    return { request, url: parseAddress(target) === null ? `${address.scheme}://${address.authority}${shown}` : target, bytes }
  }

  const { path, query } = selfContained ? selfContainedTarget(head.target) : mergeTarget(base.address, head.target, block.disablePathAutomerge)
  const body = plan.body !== null ? making.render(plan.body) : isMultipart(head.headers) ? rest : rest.replace(/\r\n$/, '')
  const headers = assemble(making, plan, address, head.headers, true)
  if (making.missing.length > 0 && !block.skipVariablesCheck) return { missing: making.missing }
  const target = wireTarget(path, query)
  const named = serverName === 'request.host' ? hostOf(headers) : serverName
  return {
    request: { ...limits, serverName: named, method: head.method, scheme: address.scheme, host: address.host, port: address.port, target, ...framed(headers, body === '' ? null : body) },
    url: `${address.scheme}://${address.authority}${path === '' && query === null ? '' : target}`,
    bytes: null,
  }
}

function selfContainedTarget(target: Bytes): { readonly path: Bytes; readonly query: Bytes | null } {
  const { path, query } = parseAddress(target)!
  return { path: mergePaths('', path), query }
}

function hostOf(headers: RawHead['headers']): string | null {
  const written = headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
  return written === undefined || written === '' ? null : written.replace(/:\d+$/, '')
}

/** Authority and whole text of a request as it goes onto the wire, for people and for matchers that look at it. */
export function requestText(request: HttpRequest, bytes: Bytes | null): Bytes {
  if (bytes !== null) return bytes
  let text = `${request.method} ${request.target} HTTP/1.1\r\n`
  for (const [name, value] of request.headers) text += `${name}: ${value}\r\n`
  if (request.body !== null && !request.headers.some(([name]) => name.toLowerCase() === 'transfer-encoding')) text += `Content-Length: ${request.body.length}\r\n`
  return `${text}\r\n${request.body ?? ''}`
}
