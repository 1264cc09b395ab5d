// Load for MCP endpoints that costs the loading side little: one request, the same bytes again and again over connections that stay open, answers read as far as
// their end has to be found. Also streams that only listen.
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export type Round = { readonly done: number; readonly failed: number; readonly bytes: number; readonly seconds: number; readonly latencies: readonly number[]; readonly first: string }

/** 2026-07-28: everything that a request needs is in the request. */
export function modernRequest(url: string, method: string, params: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}): Buffer {
  const body = JSON.stringify({
    jsonrpc: '2.0', id: 1, method,
    params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' } } },
  })
  const name = params['name']
  return httpRequest(url, 'POST', body, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(typeof name === 'string' ? { 'mcp-name': name } : {}), ...headers })
}

export function httpRequest(url: string, method: string, body: string, headers: Readonly<Record<string, string>>): Buffer {
  const { host, pathname, search } = new URL(url)
  const lines = [`${method} ${pathname}${search} HTTP/1.1`, `host: ${host}`, 'accept: application/json, text/event-stream', ...(body === '' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`])]
  return Buffer.from(`${[...lines, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n${body}`)
}

const none = Buffer.alloc(0)
const keptBytes = 65_536

/** Reads answers off one connection, by their length or their chunks. */
function reader(onAnswer: (status: number, body: Buffer, bytes: number) => void): (data: Buffer) => void {
  let waiting: 'head' | 'size' | 'end' | null = 'head'
  let chunked = false
  let rest: Buffer = none
  let left = 0
  let status = 0
  let bytes = 0
  let kept: Buffer[] = []
  let keptLength = 0
  const finish = (): void => {
    const [body, length] = [Buffer.concat(kept), bytes]
    waiting = 'head'
    kept = []
    keptLength = 0
    bytes = 0
    onAnswer(status, body, length)
  }
  return (data) => {
    while (data.length > 0) {
      if (waiting === null) {
        const part = data.subarray(0, left)
        bytes += part.length
        if (keptLength < keptBytes) {
          kept.push(part)
          keptLength += part.length
        }
        left -= part.length
        data = data.subarray(part.length)
        if (left > 0) continue
        if (chunked) waiting = 'size'
        else finish()
        continue
      }
      rest = rest.length === 0 ? data : Buffer.concat([rest, data])
      data = none
      const mark: string = waiting === 'head' ? '\r\n\r\n' : '\r\n'
      const end = rest.indexOf(mark)
      if (end === -1) return
      const text = rest.toString('latin1', 0, end)
      data = rest.subarray(end + mark.length)
      rest = none
      if (waiting === 'head') {
        status = Number(text.slice(9, 12))
        const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
        chunked = /\r\ntransfer-encoding: *chunked/i.test(text)
        left = Number(length ?? 0)
        if (chunked) waiting = 'size'
        else if (left > 0) waiting = null
        else finish()
      } else if (waiting === 'size') {
        // Behind each chunk stands an empty line.
        if (text === '') continue
        left = Number.parseInt(text, 16)
        waiting = left === 0 ? 'end' : null
      } else finish()
    }
  }
}

export type Load = {
  readonly url: string
  readonly request: Buffer
  readonly connections: number
  /** Seconds, or until the promise is fulfilled. */
  readonly until: number | Promise<unknown>
  /** Whether an answer (its first 64 KiB) is right; asked of every one. */
  right(body: Buffer): boolean
}

/** Errors: an error of a connection counts as a failed request, and the connection is made anew. */
export async function load({ url, request, connections, until, right }: Load): Promise<Round> {
  const { hostname, port } = new URL(url)
  const latencies: number[] = []
  let done = 0
  let failed = 0
  let bytes = 0
  let first = ''
  let over = false
  const start = performance.now()
  const ending = (typeof until === 'number' ? new Promise((resolve) => { setTimeout(resolve, until * 1_000) }) : until).finally(() => { over = true })
  const one = (): Promise<void> => new Promise((resolve) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sent = 0
    const send = (): void => {
      if (over) {
        socket.destroy()
        resolve()
        return
      }
      sent = performance.now()
      socket.write(request)
    }
    socket.on('connect', send)
    socket.on('data', reader((status, body, length) => {
      if (first === '') first = body.toString()
      if (status === 200 && right(body)) done += 1
      else failed += 1
      bytes += length
      latencies.push(performance.now() - sent)
      send()
    }))
    socket.on('error', () => {
      failed += 1
      resolve(over ? undefined : one())
    })
  })
  await Promise.all([ending, ...Array.from({ length: connections }, one)])
  return { done, failed, bytes, seconds: (performance.now() - start) / 1_000, latencies, first }
}

export interface Listening {
  /** Streams that have begun. */
  readonly begun: number
  /** When each stream heard the n-th time that the list changed, in ms of performance.now(). */
  heard(n: number): readonly number[]
  readonly lost: number
  close(): void
}

/** Opens streams that listen, at most 50 at once, and resolves when all have begun. `requests` gives the bytes of each. */
export async function listen(url: string, count: number, requestFor: (index: number) => Promise<Buffer> | Buffer, begins: (text: string) => boolean): Promise<Listening> {
  const { hostname, port } = new URL(url)
  const sockets: Socket[] = []
  const times: number[][] = []
  let begun = 0
  let lost = 0
  let closing = false
  const open = async (index: number): Promise<void> => {
    const request = await requestFor(index)
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => socket.write(request))
      const heard: number[] = []
      let started = false
      times.push(heard)
      sockets.push(socket)
      socket.on('data', (data) => {
        const text = data.toString('latin1')
        for (let at = text.indexOf('tools/list_changed'); at !== -1; at = text.indexOf('tools/list_changed', at + 1)) heard.push(performance.now())
        if (started || !begins(text)) return
        started = true
        begun += 1
        resolve()
      })
      socket.on('close', () => {
        if (!closing) lost += 1
        if (!started) reject(new Error(`stream ${index} ended before it began`))
      })
      socket.on('error', () => undefined)
    })
  }
  for (let from = 0; from < count; from += 50) await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, i) => open(from + i)))
  return {
    get begun() { return begun },
    get lost() { return lost },
    heard: (n) => times.flatMap((heard) => (heard.length >= n ? [heard[n - 1]!] : [])),
    close() {
      closing = true
      for (const socket of sockets) socket.destroy()
    },
  }
}
