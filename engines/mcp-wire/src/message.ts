// Invariant: whatever bytes come in, what leaves here is one well-formed JSON-RPC message (or a batch of them) or a RpcProblem; no object in it has an own
// member __proto__, and none is nested deeper than `deepest`. Defended by message.test.ts.
import { isUtf8 } from 'node:buffer'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'

export type RequestId = string | number
export type Request = { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: JsonObject }
export type Notification = { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
export type Response = { readonly kind: 'response'; readonly id: RequestId; readonly result: JsonObject | null; readonly error: JsonObject | null }
/** Not a message, but something that may be told what is wrong with it. */
export type Malformed = { readonly kind: 'malformed'; readonly id: RequestId | undefined; readonly problem: RpcProblem }
export type Message = Request | Notification | Response | Malformed

const deepest = 128
const mostInBatch = 50
const nested = `The body is nested deeper than ${deepest} levels`
const none: JsonObject = {}

/** Throws RpcProblem -32700 for what is no JSON, -32600 for an array that is no batch. */
export function readMessages(body: Uint8Array | string): Message | readonly Message[] {
  if (typeof body !== 'string' && !isUtf8(body)) throw new RpcProblem(code.parse, 'The body is not UTF-8')
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  if (tooDeep(text)) throw new RpcProblem(code.parse, nested)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw new RpcProblem(code.parse, 'The body is not JSON')
  }
  // A name can be spelt with escapes, so their presence is enough to look.
  if (text.includes('__proto__') || text.includes('\\u')) withoutPrototypes(value, 0)
  return messagesOf(value)
}

/** For a body that somebody else has parsed. */
export function readParsed(value: Json): Message | readonly Message[] {
  withoutPrototypes(value, 0)
  return messagesOf(value)
}

function messagesOf(value: Json): Message | readonly Message[] {
  if (!Array.isArray(value)) return classified(value)
  const batch = value as readonly Json[]
  if (batch.length === 0 || batch.length > mostInBatch) throw new RpcProblem(code.invalidRequest, `A batch holds 1 to ${mostInBatch} messages`)
  return batch.map(classified)
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function classified(value: Json): Message {
  if (!isObject(value)) return malformed(undefined, code.invalidRequest, 'A message is an object')
  const { id, method, params } = value
  const known = typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : undefined
  if (value['jsonrpc'] !== '2.0') return malformed(known, code.invalidRequest, 'jsonrpc must be "2.0"')
  if (typeof method === 'string') {
    if (id !== undefined && known === undefined) return malformed(undefined, code.invalidRequest, 'An id is a string or an integer')
    if (params !== undefined && !isObject(params)) return malformed(known, code.invalidParams, 'params must be an object')
    return known === undefined ? { kind: 'notification', method, params: params ?? none } : { kind: 'request', id: known, method, params: params ?? none }
  }
  if (known !== undefined && (isObject(value['result']) || isObject(value['error']))) {
    return { kind: 'response', id: known, result: isObject(value['result']) ? value['result'] : null, error: isObject(value['error']) ? value['error'] : null }
  }
  return malformed(known, code.invalidRequest, 'A message has a method, a result or an error')
}

const malformed = (id: RequestId | undefined, which: number, message: string): Malformed => ({ kind: 'malformed', id, problem: new RpcProblem(which, message) })

function tooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charCodeAt(at)
    if (quoted) {
      if (letter === 0x5c) at += 1
      else if (letter === 0x22) quoted = false
    } else if (letter === 0x22) quoted = true
    else if (letter === 0x7b || letter === 0x5b) {
      depth += 1
      if (depth > deepest) return true
    } else if (letter === 0x7d || letter === 0x5d) depth -= 1
  }
  return false
}

// Whoever copies arguments by assignment must not change a prototype.
function withoutPrototypes(value: Json, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= deepest) throw new RpcProblem(code.parse, nested)
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) withoutPrototypes(item, depth + 1)
    return
  }
  if (Object.hasOwn(value, '__proto__')) delete (value as Record<string, Json>)['__proto__']
  for (const name of Object.keys(value)) withoutPrototypes((value as JsonObject)[name] as Json, depth + 1)
}

/** The text of a JSON-RPC answer with `error`. */
export function errorText(id: RequestId | undefined, problem: RpcProblem): string {
  const error = { code: problem.code, message: problem.message, ...(problem.data === undefined ? {} : { data: problem.data }) }
  return JSON.stringify(id === undefined ? { jsonrpc: '2.0', error } : { jsonrpc: '2.0', id, error })
}

export const notificationText = (method: string, params: JsonObject): string => JSON.stringify({ jsonrpc: '2.0', method, params })
