// Stores of clusters with protocols of their own: ZooKeeper, Cassandra's CQL (native protocol 4), ClickHouse's native protocol.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

export const zookeeper: Protocol = {
  name: 'zookeeper',
  greeting: () => 'srvr',
  recognise: heard => (/^Zookeeper version: |^srvr is not executed because it is not in the whitelist|^This ZooKeeper instance is not currently serving requests/.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    await conversation.gather(() => false, 500)
    service.is('Apache ZooKeeper', /^Zookeeper version: (\d+\.\d+\.\d+[\w.]*)/.exec(conversation.heard)?.[1] ?? null)
    const mode = /^Mode: (\w+)/m.exec(conversation.heard)?.[1]
    if (mode !== undefined) service.tell('mode', mode)
    const session = await service.open()
    // A session of ten seconds, from nothing; then the children of the root (type 8).
    const opened = await session.ask(`${uint(44, 4)}${'\0'.repeat(12)}${uint(10_000, 4)}${'\0'.repeat(8)}${uint(16, 4)}${'\0'.repeat(16)}`, framed)
    if (opened === null) return
    const answer = await session.ask(`${uint(14, 4)}${uint(1, 4)}${uint(8, 4)}${uint(1, 4)}/\0`, framed)
    await session.say(`${uint(8, 4)}${uint(2, 4)}${uint(0xfffffff5, 4)}`)
    if (answer === null || new Cursor(answer, 16).uint(4) !== 0) return
    const names = readTexts(new Cursor(answer, 20)).slice(0, 10).join(', ')
    service.find('service.zookeeper_without_password', { en: `the nodes beneath / are listed: ${names}`, ko: `/ 아래 노드 목록이 조회됨: ${names}` })
  },
}

const framed = withHead(4, head => new Cursor(head).uint(4))
/** Errors: Malformed. */
export function readTexts(cursor: Cursor): Bytes[] {
  const count = cursor.uint(4)
  if (count > 10_000) throw new Malformed({ en: 'there are too many texts', ko: '문자열이 너무 많음' })
  return Array.from({ length: count }, () => cursor.bytes(cursor.uint(4)))
}

const cql = (opcode: number, body: Bytes): Bytes => `\x04\0\0\0${uint(opcode, 1)}${uint(body.length, 4)}${body}`
const [STARTUP, READY, OPTIONS, QUERY, RESULT] = [0x01, 0x02, 0x05, 0x07, 0x08]
const cqlFrame = withHead(9, head => new Cursor(head, 5).uint(4))
const isCql = beginning('83-85 00-0f .. .. 06')
const isCqlError = beginning('83-85 00-0f .. .. 00 00 00')
const short = (text: Bytes): Bytes => uint(text.length, 2) + text

/** The first column of the first row. Errors: Malformed. */
export function readFirstCell(bytes: Bytes): Bytes | null {
  const cursor = new Cursor(bytes, 9)
  if (cursor.uint(4) !== 2) return null
  const flags = cursor.uint(4)
  const columns = cursor.uint(4)
  if (columns !== 1) throw new Malformed({ en: 'an answer of CQL has other columns', ko: 'CQL 응답의 열이 다름' })
  if ((flags & 2) !== 0) cursor.bytes(cursor.uint(4))
  if ((flags & 1) !== 0) for (let texts = 0; texts < 2; texts++) cursor.bytes(cursor.uint(2))
  if ((flags & 4) === 0) {
    if ((flags & 1) === 0) for (let texts = 0; texts < 2; texts++) cursor.bytes(cursor.uint(2))
    cursor.bytes(cursor.uint(2))
    cursor.bytes(2)
  }
  return cursor.uint(4) === 0 ? null : cursor.bytes(cursor.uint(4))
}

export const cassandra: Protocol = {
  name: 'cassandra',
  greeting: () => cql(OPTIONS, ''),
  recognise: heard => (isCql(heard) ? 1 : isCqlError(heard) && /protocol version/i.test(heard.slice(0, 300)) ? 0.9 : 0),
  async examine(service) {
    const { conversation } = service
    const supported = await conversation.hear(cqlFrame) ?? ''
    if (/SCYLLA_/.test(supported)) service.is('ScyllaDB')
    const cqlVersion = /CQL_VERSION[^]{4}(\d[\d.]{2,10})/.exec(supported)?.[1]
    if (cqlVersion !== undefined) service.tell('CQL', cqlVersion)
    const answer = await conversation.ask(cql(STARTUP, `${uint(1, 2)}${short('CQL_VERSION')}${short('3.0.0')}`), cqlFrame)
    service.find('service.database_exposed', 'CQL')
    if (answer?.charCodeAt(4) !== READY) {
      service.tell('authentication', 'required')
      return
    }
    const query = 'SELECT release_version FROM system.local'
    const result = await conversation.ask(cql(QUERY, `${uint(query.length, 4)}${query}\0\x01\0`), cqlFrame)
    const version = result?.charCodeAt(4) === RESULT ? readFirstCell(result) : null
    if (service.product === null) service.is('Apache Cassandra', version)
    if (version !== null) service.find('service.cassandra_without_password', { en: `a query is answered without a login: release ${version}`, ko: `로그인 없이 쿼리에 응답함: 릴리스 ${version}` })
  },
}

const variable = (value: number): Bytes => (value < 128 ? uint(value, 1) : `${uint((value & 127) | 128, 1)}${variable(value >> 7)}`)
const text = (value: Bytes): Bytes => variable(value.length) + value
/** LEB128. Errors: Malformed. */
function readVariable(cursor: Cursor): number {
  let value = 0
  for (let at = 0; at < 6; at++) {
    const byte = cursor.uint(1)
    value += (byte & 127) * 128 ** at
    if (byte < 128) return value
  }
  throw new Malformed({ en: 'a number of ClickHouse is too long', ko: 'ClickHouse의 숫자가 너무 긺' })
}

/** The server's greeting. Errors: Malformed. */
export function readClickHouse(bytes: Bytes): { readonly name: Bytes; readonly version: string } {
  const cursor = new Cursor(bytes, 1)
  const name = cursor.bytes(readVariable(cursor))
  return { name, version: [readVariable(cursor), readVariable(cursor)].join('.') }
}

export const clickhouse: Protocol = {
  name: 'clickhouse',
  // As user default, without a password: what installations come with.
  greeting: () => `\0${text('Haechi')}${variable(20)}${variable(1)}${variable(54_000)}${text('')}${text('default')}${text('')}`,
  recognise: heard => (heard.startsWith('\0\nClickHouse') ? 1 : heard.startsWith('\x02') && /DB::(?:Net)?Exception/.test(heard.slice(0, 400)) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    await conversation.more(300)
    service.find('service.database_exposed', 'ClickHouse')
    if (!conversation.heard.startsWith('\0')) {
      service.is('ClickHouse')
      service.tell('authentication', 'required')
      return
    }
    const { version } = readClickHouse(conversation.heard)
    service.is('ClickHouse', version)
    service.find('service.clickhouse_without_password', { en: `user default is logged in without a password: version ${version}`, ko: `사용자 default, 비밀번호 없이 로그인됨: 버전 ${version}` })
  },
}
