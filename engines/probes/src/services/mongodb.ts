// MongoDB's wire protocol and as much of BSON (bsonspec.org) as its answers need.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, fromUtf16, uintLe } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }
export type Document = { readonly [name: string]: Value }

const deepest = 16
const mostElements = 2000

/** Errors: Malformed. */
export function readDocument(cursor: Cursor, depth = 0): Document {
  if (depth > deepest) throw new Malformed({ en: 'a document of BSON is too deep', ko: 'BSON 문서의 중첩이 너무 깊음' })
  const length = cursor.uintLe(4)
  if (length < 5) throw new Malformed({ en: 'a document of BSON is too short', ko: 'BSON 문서가 너무 짧음' })
  const inner = new Cursor(cursor.bytes(length - 4))
  const document: Record<string, Value> = Object.create(null) as Record<string, Value>
  for (let elements = 0; elements < mostElements; elements++) {
    const kind = inner.uint(1)
    if (kind === 0) break
    document[inner.until('\0')] = readValue(kind, inner, depth)
  }
  return document
}

function readValue(kind: number, cursor: Cursor, depth: number): Value {
  switch (kind) {
    case 0x01: return Buffer.from(cursor.bytes(8), 'latin1').readDoubleLE(0)
    case 0x02: case 0x0d: case 0x0e: return cursor.bytes(Math.max(1, cursor.uintLe(4))).slice(0, -1)
    case 0x03: return readDocument(cursor, depth + 1)
    case 0x04: return Object.values(readDocument(cursor, depth + 1))
    case 0x05: { const length = cursor.uintLe(4); cursor.bytes(1); return cursor.bytes(length) }
    case 0x07: return cursor.bytes(12)
    case 0x08: return cursor.uint(1) !== 0
    case 0x0a: case 0x06: case 0x7f: case 0xff: return null
    case 0x0b: cursor.until('\0'); cursor.until('\0'); return null
    case 0x10: return cursor.uintLe(4)
    case 0x09: case 0x11: case 0x12: return cursor.uintLe(6) + cursor.uintLe(2) * 2 ** 48
    case 0x13: return fromUtf16(cursor.bytes(16))
    default: throw new Malformed({ en: `a value of BSON has the unknown type ${kind}`, ko: `BSON 값의 유형을 알 수 없음(${kind})` })
  }
}

/** A document of numbers and texts. */
const write = (fields: Readonly<Record<string, number | string>>): Bytes => {
  const elements = Object.entries(fields).map(([name, value]) => (typeof value === 'number' ? `\x10${name}\0${uintLe(value, 4)}` : `\x02${name}\0${uintLe(value.length + 1, 4)}${value}\0`)).join('')
  return `${uintLe(elements.length + 5, 4)}${elements}\0`
}
const message = (id: number, operation: number, body: Bytes): Bytes => uintLe(16 + body.length, 4) + uintLe(id, 4) + uintLe(0, 4) + uintLe(operation, 4) + body
const QUERY = 2004
const REPLY = 1
const MSG = 2013

/** Understood by all versions as the first message. */
const hello = message(1, QUERY, `\0\0\0\0admin.$cmd\0${uintLe(0, 4)}${uintLe(0xffffffff, 4)}${write({ isMaster: 1 })}`)
const command = (id: number, name: string): Bytes => message(id, MSG, `\0\0\0\0\0${write({ [name]: 1, $db: 'admin' })}`)
const legacy = (id: number, name: string): Bytes => message(id, QUERY, `\0\0\0\0admin.$cmd\0${uintLe(0, 4)}${uintLe(0xffffffff, 4)}${write({ [name]: 1 })}`)
const whole = withHead(4, head => Math.max(0, new Cursor(head).uintLe(4) - 4))

/** The document of an answer. Errors: Malformed. */
export function readReply(bytes: Bytes): Document {
  const cursor = new Cursor(bytes, 12)
  const operation = cursor.uintLe(4)
  if (operation === REPLY) cursor.bytes(20)
  else if (operation === MSG) cursor.bytes(5)
  else throw new Malformed({ en: 'an answer of MongoDB is neither a reply nor a message', ko: 'OP_REPLY도 OP_MSG도 아닌 MongoDB 응답' })
  return readDocument(cursor)
}

export const mongodb: Protocol = {
  name: 'mongodb',
  greeting: () => hello,
  recognise: heard => (heard.length >= 36 && new Cursor(heard, 8).uintLe(4) === 1 && [REPLY, MSG].includes(new Cursor(heard, 12).uintLe(4)) ? 1 : 0),
  async examine(service) {
    const first = readReply(await service.conversation.hear(whole) ?? '')
    const modern = typeof first['maxWireVersion'] === 'number' && first['maxWireVersion'] >= 6
    if (typeof first['setName'] === 'string') service.tell('set', first['setName'])
    if (typeof first['maxWireVersion'] === 'number') service.tell('maxWireVersion', first['maxWireVersion'])
    const ask = async (id: number, name: string): Promise<Document> => readReply(await service.conversation.ask((modern ? command : legacy)(id, name), whole) ?? '')
    await service.attempt(async () => {
      const build = await ask(2, 'buildInfo')
      if (typeof build['version'] === 'string') service.is(typeof build['ferretdb'] === 'object' || 'ferretdbVersion' in build ? 'FerretDB' : 'MongoDB', build['version'])
    })
    judge(service, await ask(3, 'listDatabases'))
  },
}

function judge(service: Examination, list: Document): void {
  const databases = list['databases']
  if (list['ok'] === 1 && Array.isArray(databases)) {
    const names = (databases as readonly Value[]).slice(0, 10).map(each => (each !== null && typeof each === 'object' && 'name' in each && typeof each['name'] === 'string' ? each['name'] : '?'))
    service.find('service.mongodb_without_password', { en: `listDatabases is answered: ${names.join(', ')}`, ko: `listDatabases에 응답함: ${names.join(', ')}` })
  } else if (typeof list['errmsg'] === 'string') service.tell('listDatabases', list['errmsg'])
  service.find('service.database_exposed', 'MongoDB')
}
