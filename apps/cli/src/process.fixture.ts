import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { run } from './program.ts'

/** A directory of its own for one test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'haechi-cli-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export type Asked = { readonly method: string; readonly path: string; readonly query: URLSearchParams; readonly headers: IncomingMessage['headers']; readonly body: string }
export type Told = { status?: number; headers?: Record<string, string>; body?: unknown } | 'cut'

/** A server that answers as `tell` says and writes down what it was asked. `directory` holds its control file. */
export async function fakeServer(tell: (asked: Asked, count: number) => Told | Promise<Told>) {
  const asked: Asked[] = []
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk)
    const url = new URL(incoming.url ?? '/', 'http://localhost')
    const bytes = Buffer.concat(chunks)
    const body = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString()
    const one = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, headers: incoming.headers, body }
    asked.push(one)
    const told = await tell(one, asked.length)
    if (told === 'cut') incoming.socket.destroy()
    else {
      outgoing.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers })
      outgoing.end(typeof told.body === 'string' ? told.body : JSON.stringify(told.body ?? {}))
    }
  }
  const server = createServer((incoming, outgoing) => { void answer(incoming, outgoing) })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(() => new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  }))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const directory = folder()
  writeFileSync(join(directory, 'control.json'), JSON.stringify({ url, token: 'control-token', pid: 1 }), { mode: 0o600 })
  return { url, directory, asked }
}

export const noon = Date.UTC(2026, 10, 22, 12)

/** One command line in this process. */
export async function haechi(words: readonly string[], around: { environment?: NodeJS.ProcessEnv; width?: number; input?: readonly (string | Buffer)[]; stop?: AbortSignal; now?: number } = {}): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const out = (name: 'out' | 'err') => ({ write: (text: string) => { written[name] += text }, terminal: around.width !== undefined, width: () => around.width ?? Infinity })
  async function* input() { for (const part of around.input ?? []) yield typeof part === 'string' ? Buffer.from(part) : part }
  const code = await run(words, {
    out: out('out'), err: out('err'), input: input(), environment: { LANG: 'C.UTF-8', ...around.environment }, clock: { now: () => around.now ?? noon }, stop: around.stop ?? new AbortController().signal,
  })
  return { code, ...written }
}
