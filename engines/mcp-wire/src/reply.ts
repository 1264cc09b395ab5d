// One endpoint under two kinds of host: node:http (Express, connect), and whatever speaks Request and Response.
import { Buffer } from 'node:buffer'
import type { Caller } from './catalogue.ts'
import type { HttpEndpoint, HttpReply, HttpRequest } from './http.ts'
import type { Json } from './model.ts'
import type { NodeRequest, NodeResponse } from './server.ts'

export function serveNode(endpoint: HttpEndpoint, request: NodeRequest, response: NodeResponse): void {
  const wire: HttpRequest = {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    header(name) {
      const value = request.headers[name]
      return typeof value === 'string' || value === undefined ? value : value.join(', ')
    },
    body: (most) => nodeBody(request, most),
  }
  const reply: HttpReply = {
    answer(status, headers, head, text) {
      if (response.headersSent) {
        response.destroy()
        return
      }
      const length = (head?.length ?? 0) + Buffer.byteLength(text)
      response.writeHead(status, { ...headers, 'content-length': length })
      if (head === null) response.end(text)
      else {
        // Head and text leave in one piece: a small answer in one packet.
        response.cork()
        response.write(head)
        response.end(text)
      }
    },
    stream(headers) {
      response.writeHead(200, headers)
      return {
        write: (text) => { response.write(text) },
        waiting: () => response.writableLength,
        end: () => { response.end() },
        cut: () => { response.destroy() },
      }
    },
    onGone: (listener) => { response.on('close', listener) },
  }
  // A connection that breaks ends in 'close'; without a listener, 'error' would end the process.
  response.on('error', () => {})
  void endpoint.handle(wire, reply)
}

function nodeBody(request: NodeRequest, most: number): ReturnType<HttpRequest['body']> {
  const { body } = request
  if (body instanceof Uint8Array) return Promise.resolve(body)
  if (typeof body === 'string') return Promise.resolve(Buffer.from(body))
  if (body !== undefined) return Promise.resolve({ parsed: body as Json })
  if (Number(request.headers['content-length'] ?? 0) > most) return Promise.resolve('too large')
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length > most) resolve('too large')
      else chunks.push(chunk)
    })
    request.on('end', () => { resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length)) })
    request.on('error', () => { resolve('gone') })
  })
}

export function serveFetch(endpoint: HttpEndpoint, request: Request, caller?: Caller): Promise<Response> {
  const { pathname, host } = new URL(request.url)
  const wire: HttpRequest = {
    method: request.method,
    url: pathname,
    header: (name) => request.headers.get(name) ?? (name === 'host' ? host : undefined),
    body: (most) => fetchBody(request, most),
  }
  return new Promise((resolve) => {
    const gone: (() => void)[] = []
    const leave = () => { for (const listener of gone.splice(0)) listener() }
    const reply: HttpReply = {
      answer(status, headers, head, text) {
        const body = status === 204 || status === 202 ? null : head === null ? text : Buffer.concat([head, Buffer.from(text)])
        resolve(new Response(body, { status, headers }))
      },
      stream(headers) {
        let controller: ReadableStreamDefaultController<Uint8Array> | null = null
        const body = new ReadableStream<Uint8Array>({
          start(given) { controller = given },
          cancel() {
            controller = null
            leave()
          },
        }, { highWaterMark: 0, size: (chunk) => chunk.length })
        const finish = (how: (given: ReadableStreamDefaultController<Uint8Array>) => void) => {
          if (controller === null) return
          how(controller)
          controller = null
          leave()
        }
        resolve(new Response(body, { status: 200, headers }))
        return {
          write: (text) => { controller?.enqueue(Buffer.from(text)) },
          waiting: () => -(controller?.desiredSize ?? 0),
          end: () => { finish((given) => { given.close() }) },
          cut: () => { finish((given) => { given.error(new Error('The client does not read')) }) },
        }
      },
      onGone(listener) {
        if (gone.length === 0) request.signal.addEventListener('abort', leave, { once: true })
        gone.push(listener)
      },
    }
    void endpoint.handle(wire, reply, caller)
  })
}

async function fetchBody(request: Request, most: number): ReturnType<HttpRequest['body']> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return 'too large'
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > most) return 'too large'
      chunks.push(chunk)
    }
  } catch {
    return 'gone'
  }
  return Buffer.concat(chunks, length)
}
