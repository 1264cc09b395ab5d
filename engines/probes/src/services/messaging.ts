// Brokers of messages: AMQP 0-9-1 and 1.0, Kafka, NATS, OpenWire; and the map of Erlang's nodes beside them.
import type { Bytes } from '../bytes.ts'
import { line, withHead } from './conversation.ts'
import { Cursor, Malformed, hex, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

// AMQP 0-9-1, 2.3.5 and 4.2.5.5.
const frame = withHead(7, head => new Cursor(head, 3).uint(4) + 1)
const isHeader = beginning('41 4d 51 50 00-03 .. .. ..')
const isStart = beginning('01 00 00 .. .. .. .. 00 0a 00 0a')

/** Texts of a table of fields, those of tables within it left out. Errors: Malformed. */
export function readTable(cursor: Cursor, depth = 0): Map<string, Bytes> {
  if (depth > 8) throw new Malformed({ en: 'a table of AMQP is too deep', ko: 'AMQP 테이블의 중첩이 너무 깊음' })
  const table = new Cursor(cursor.bytes(cursor.uint(4)))
  const fields = new Map<string, Bytes>()
  while (table.left > 0) {
    const name = table.bytes(table.uint(1))
    const value = fieldOf(table, depth)
    if (value !== null) fields.set(name, value)
  }
  return fields
}

function fieldOf(table: Cursor, depth: number): Bytes | null {
  const kind = table.bytes(1)
  if (kind === 'S' || kind === 'x') return table.bytes(table.uint(4))
  if (kind === 'F') readTable(table, depth + 1)
  else if (kind === 'A') table.bytes(table.uint(4))
  else {
    const length = { t: 1, b: 1, B: 1, s: 2, u: 2, U: 2, I: 4, i: 4, f: 4, L: 8, l: 8, d: 8, T: 8, D: 5, V: 0 }[kind]
    if (length === undefined) throw new Malformed({ en: 'a field of AMQP has an unknown type', ko: 'AMQP 필드의 유형을 알 수 없음' })
    table.bytes(length)
  }
  return null
}

export const amqp: Protocol = {
  name: 'amqp',
  greeting: () => 'AMQP\0\0\x09\x01',
  recognise: heard => (isStart(heard) ? 1 : isHeader(heard) ? 0.95 : 0),
  async examine(service) {
    const { conversation } = service
    if (conversation.heard.startsWith('AMQP')) {
      service.tell('protocol', conversation.heard.slice(4, 8).split('').map(each => each.charCodeAt(0)).join('-'))
      return
    }
    const cursor = new Cursor((await conversation.hear(frame) ?? '').slice(11))
    service.tell('protocol', `${cursor.uint(1)}-${cursor.uint(1)}`)
    const properties = readTable(cursor)
    const mechanisms = cursor.bytes(cursor.uint(4))
    const [product, version] = [properties.get('product'), properties.get('version') ?? null]
    if (/RabbitMQ/i.test(product ?? '')) service.is('RabbitMQ', version)
    else if (/qpid/i.test(product ?? '')) service.is('Qpid', version)
    else if (product !== undefined) service.isCalled(product, version)
    service.tell('platform', properties.get('platform') ?? '')
    service.tell('mechanisms', mechanisms)
    service.calls(/@([\w.-]+)$/.exec(properties.get('cluster_name') ?? '')?.[1])
    if (/\bANONYMOUS\b/.test(mechanisms)) service.tell('anonymous', 'offered')
  },
}

/** ApiVersions, version 0, and Metadata of all topics, version 1 (Kafka's protocol guide). */
const request = (key: number, version: number, id: number, body: Bytes): Bytes => {
  const content = `${uint(key, 2)}${uint(version, 2)}${uint(id, 4)}${uint(6, 2)}haechi${body}`
  return uint(content.length, 4) + content
}
const framed = withHead(4, head => new Cursor(head).uint(4))
const apiId = 0x48616563

/** Brokers and names of topics of a Metadata answer, version 1. Errors: Malformed. */
export function readMetadata(bytes: Bytes): { readonly brokers: readonly string[]; readonly topics: readonly string[] } {
  const cursor = new Cursor(bytes, 8)
  const text = (): Bytes => {
    const length = cursor.uint(2)
    return length === 0xffff ? '' : cursor.bytes(length)
  }
  const brokers: string[] = []
  const topics: string[] = []
  for (let left = cursor.uint(4); left > 0 && left < 10_000; left--) {
    cursor.bytes(4)
    brokers.push(`${text()}:${cursor.uint(4)}`)
    text()
  }
  cursor.bytes(4)
  for (let left = cursor.uint(4); left > 0 && left < 100_000; left--) {
    cursor.bytes(2)
    topics.push(text())
    cursor.bytes(1)
    for (let partitions = cursor.uint(4); partitions > 0 && partitions < 100_000; partitions--) {
      cursor.bytes(10)
      for (let lists = 0; lists < 2; lists++) cursor.bytes(cursor.uint(4) * 4)
    }
  }
  return { brokers, topics }
}

const isApiVersions = beginning('00 00 .. .. 48 61 65 63 00 00-23')

export const kafka: Protocol = {
  name: 'kafka',
  greeting: () => request(18, 0, apiId, ''),
  recognise: heard => (isApiVersions(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    const versions = new Cursor(await conversation.hear(framed) ?? '', 10)
    service.is('Apache Kafka')
    service.tell('requests', versions.uint(4))
    const answer = await conversation.ask(request(3, 1, 2, '\xff\xff\xff\xff'), framed)
    if (answer === null) return
    const { brokers, topics } = readMetadata(answer)
    service.tell('brokers', brokers.join(', '))
    service.calls(brokers[0]?.replace(/:\d+$/, ''))
    const names = topics.slice(0, 10).join(', ')
    service.find('service.kafka_without_password', { en: `topics are listed without a login: ${names || 'none yet'}`, ko: `토픽 목록이 로그인 없이 조회됨: ${names || '아직 없음'}` })
  },
}

export const nats: Protocol = {
  name: 'nats',
  greeting: null,
  recognise: heard => (/^INFO \{[^\n]*"server_id"[^\n]*\r\n/.test(heard) ? 1 : 0),
  async examine(service) {
    const text = (await service.conversation.hear(line) ?? '').slice(5)
    const value = (name: string): string | null => new RegExp(`"${name}":"?([^",}]{1,100})`).exec(text)?.[1] ?? null
    service.is('NATS', value('version'))
    service.tell('authentication', value('auth_required') === 'true' ? 'required' : 'none')
    if (value('auth_required') === 'true' || await service.conversation.ask('CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n', line, 1000) !== 'PONG\r\n') return
    const version = value('version') ?? '?'
    service.find('service.nats_without_password', { en: `a client is taken without a login: version ${version}`, ko: `로그인 없이 클라이언트 연결이 수락됨: 버전 ${version}` })
  },
}

/** The first command, WireFormatInfo (1), with its magic word; the version of the broker stands among its properties. */
export const openWire: Protocol = {
  name: 'openwire',
  greeting: null,
  recognise: heard => (heard.startsWith('\x01ActiveMQ', 4) ? 1 : 0),
  examine(service) {
    const { heard } = service.conversation
    service.is('ActiveMQ', /ProviderVersion\t[^]{2}(\d[\w.-]{0,40})/.exec(heard)?.[1] ?? null)
    return Promise.resolve()
  },
}

const isNames = beginning('00 00 11 11')

/** Erlang's own: a port, and names with theirs (Erlang distribution protocol, 14.1). */
export const epmd: Protocol = {
  name: 'epmd',
  greeting: () => hex('0001 6e'),
  recognise: heard => (isNames(heard) || /^\0\0[^]{2}name \S+ at port \d+\n/.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    await conversation.gather(() => false, 500)
    service.is('Erlang Port Mapper')
    const nodes = [...conversation.heard.slice(4).matchAll(/^name (\S{1,100}) at port (\d{1,5})$/gm)].map(([, name, port]) => `${name} (${port})`).join(', ')
    service.tell('nodes', nodes)
    service.find('service.epmd_exposed', { en: `Erlang nodes: ${nodes || 'none'}`, ko: `Erlang 노드: ${nodes || '없음'}` })
  },
}
