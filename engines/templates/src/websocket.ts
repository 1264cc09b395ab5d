// Conversations over WebSocket (the websocket protocol): a handshake, then for each input a message and the one that answers it.
// Invariant: a connection counts only if the server has proved that it read the handshake's key (RFC 6455, 4.1; websocket.test.ts).
import { charge, conclude, namesOf, render } from './findings.ts'
import { withBrackets } from './http/address.ts'
import { combinations } from './http/payloads.ts'
import { NetworkError } from '@haechi/probes/wire'
import type { Bytes, Connection, Lookup, Outcome, Run, Target, Value, WebsocketBlock } from './model.ts'
import { CLOSE, FrameReader, TEXT, acceptOf, encodeFrame } from './websocket-frames.ts'

const longestHead = 64 * 1024
const mostReads = 1024

/** Of a target that was given as ws:// or wss:// or as a place of the web, which has its WebSockets at the same port. */
const schemeOf = (target: Target): 'ws' | 'wss' => (/^wss:/i.test(target.input) || (target.scheme === 'https' && !/^ws:/i.test(target.input)) ? 'wss' : 'ws')

type Head = { readonly accepted: boolean; readonly text: Bytes; readonly rest: Bytes }

async function shakeHands(connection: Connection, endpoint: string, request: Bytes, key: string, run: Run): Promise<Head> {
  await connection.write(request)
  const ends = run.now() + run.settings.timeoutMs
  let received = ''
  let reads = 0
  let end = -1
  while ((end = received.indexOf('\r\n\r\n')) < 0) {
    const left = ends - run.now()
    if (received.length > longestHead || ++reads > mostReads) throw new NetworkError('protocol_error', endpoint, `The answer of ${endpoint} to a WebSocket handshake has no end.`)
    if (left <= 0) throw new NetworkError('timeout', endpoint, `${endpoint} did not finish its answer to a WebSocket handshake in time.`)
    const more = await connection.read(16 * 1024, left)
    if (more === '') throw new NetworkError('closed', endpoint, `${endpoint} closed the connection within its answer to a WebSocket handshake.`)
    received += more
  }
  const text = received.slice(0, end + 2)
  const accept = /\r\nsec-websocket-accept:[ \t]*([^\r\n]*?)[ \t]*\r\n/i.exec(text)?.[1]
  return { accepted: /^HTTP\/1\.1 101\b/.test(text) && accept === acceptOf(key), text, rest: received.slice(end + 4) }
}

/** Runs a block, once for each combination of its payloads. A refused handshake is no fault: the block has then not matched. */
export async function runWebsocket(block: WebsocketBlock, run: Run): Promise<Outcome> {
  const { target, settings } = run
  const own = new Map<string, Value>()
  if (!run.template.selfContained) {
    own.set('Scheme', schemeOf(target))
    own.set('Hostname', target.port === null ? withBrackets(target.host) : `${withBrackets(target.host)}:${target.port}`)
    own.set('BaseURL', `${schemeOf(target)}://${withBrackets(target.host)}${target.port === null ? '' : `:${target.port}`}${target.path}`)
  }
  let matched = false
  for (const payload of combinations(block.payloads, settings.attack)) {
    run.signal.throwIfAborted()
    charge(run, 'websocket')
    if (await converse(block, run, namesOf(run, own, payload))) matched = true
    if (matched && run.template.stopAtFirstMatch) break
  }
  return { matched }
}

async function converse(block: WebsocketBlock, run: Run, names: Lookup): Promise<boolean> {
  const { target, settings } = run
  const address = render(block.address, names, run, 'websocket.address')
  const url = address === null ? null : URL.parse(address)
  if (address === null || url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) return false
  // An address without a path is asked at the target's.
  const path = url.pathname === '/' && target.path !== '' ? `${target.path}${url.search}` : `${url.pathname}${url.search}`
  const tls = url.protocol === 'wss:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  const endpoint = `${withBrackets(host)}:${port}`
  const matchedAt = `${url.protocol}//${url.host}${path === '/' && !/^wss?:\/\/[^/]+\//i.test(address) ? '' : path}`

  const keyBytes = Buffer.alloc(16)
  for (let at = 0; at < 16; at += 4) keyBytes.writeUInt32BE(run.random() >>> 0, at)
  const key = keyBytes.toString('base64')
  const headers: [Bytes, Bytes][] = [['Host', url.host], ['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Version', '13'], ['Sec-WebSocket-Key', key]]
  for (const [name, written] of Object.entries(block.headers)) {
    const value = render(written, names, run, 'websocket.headers')
    if (value === null || /[\r\n]/.test(name + value)) return false
    const place = headers.findIndex(([known]) => known.toLowerCase() === name.toLowerCase())
    if (place < 0) headers.push([name, value])
    else headers[place] = [name, value]
  }
  const handshake = `GET ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const sentKey = headers.find(([name]) => name.toLowerCase() === 'sec-websocket-key')?.[1] ?? key

  let connection: Connection | null = null
  let request = ''
  let response = ''
  const events = new Map<string, Value>()
  try {
    connection = await run.network.dial(host, port, { tls: tls ? { serverName: settings.serverName ?? host, minVersion: null, maxVersion: null, ciphers: null } : null, timeoutMs: settings.timeoutMs }, run.signal)
    const head = await shakeHands(connection, endpoint, handshake, sentKey, run)
    if (!head.accepted) {
      run.sent({ protocol: 'websocket', fault: null })
      return false
    }
    const reader = new FrameReader(connection, { endpoint, received: head.rest, maxBytes: settings.maxBytes, now: run.now })
    for (const input of block.inputs) {
      const data = render(input.data, names, run, 'websocket.inputs')
      if (data === null) return false
      request += data
      await connection.write(encodeFrame(TEXT, data, run.random()))
      const message = await reader.next(settings.timeoutMs, run.random)
      if (message.opcode === CLOSE) throw new NetworkError('closed', endpoint, `${endpoint} ended the WebSocket instead of answering.`)
      response += message.data
      if (input.name !== null) events.set(input.name, message.data)
    }
    await connection.write(encodeFrame(CLOSE, '\x03\xe8', run.random()))
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    run.sent({ protocol: 'websocket', fault: error })
    return false
  } finally {
    connection?.close()
  }
  run.sent({ protocol: 'websocket', fault: null })
  const parts = new Map<string, Value>([
    ['type', 'websocket'], ['success', 'true'], ['request', request], ['response', response], ['host', target.input], ['matched', matchedAt], ['ip', connection.address], ...events,
  ])
  return conclude(block, run, names, {
    protocol: 'websocket', parts, partName: part => (part === '' || part === 'body' || part === 'all' ? 'response' : part), defaultPart: 'response',
    matchedAt, address: connection.address, request: handshake + request, response,
  })
}
