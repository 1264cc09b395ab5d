// Remote procedure calls of ONC (RFC 5531): the map of ports (RFC 1833), and what NFS gives to whom (RFC 1813, appendix I).
import type { Bytes } from '../bytes.ts'
import type { Conversation } from './conversation.ts'
import { Cursor, Malformed, uint } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const id = 0x48616563
const call = (program: number, version: number, procedure: number): Bytes => `${uint(id, 4)}${[0, 2, program, version, procedure, 0, 0, 0, 0].map(each => uint(each, 4)).join('')}`
/** The last fragment of a message of one (RFC 5531, 11). */
const record = (message: Bytes): Bytes => uint(0x80000000 + message.length, 4) + message
const whole = (heard: Bytes): number | null => {
  if (heard.length < 4) return null
  const length = 4 + (new Cursor(heard).uint(4) % 2 ** 31)
  return heard.length >= length ? length : null
}

const PORTMAP = 100_000
const MOUNT = 100_005
const NFS = 100_003
const programs: Readonly<Record<number, string>> = { [PORTMAP]: 'portmapper', [NFS]: 'nfs', [MOUNT]: 'mountd', 100_021: 'nlockmgr', 100_024: 'status', 100_004: 'ypserv', 100_007: 'ypbind', 100_011: 'rquotad', 100_227: 'nfs_acl', 100_001: 'rstatd', 100_002: 'rusersd' }

/** The results of an accepted call. Errors: Malformed. */
export function readResults(message: Bytes): Cursor {
  const cursor = new Cursor(message)
  if (cursor.uint(4) !== id || cursor.uint(4) !== 1) throw new Malformed({ en: 'an answer to another call', ko: '다른 호출에 대한 응답' })
  if (cursor.uint(4) !== 0) throw new Malformed({ en: 'the call was denied', ko: '호출이 거부됨' })
  cursor.bytes(4)
  cursor.bytes(Math.ceil(cursor.uint(4) / 4) * 4)
  const state = cursor.uint(4)
  if (state !== 0) throw new Malformed({ en: `the call was not carried out (${state})`, ko: `호출이 실행되지 않음(${state})` })
  return cursor
}

export type Mapping = { readonly program: number; readonly version: number; readonly transport: 'tcp' | 'udp'; readonly port: number }
const mostEntries = 2000

/** Errors: Malformed. */
export function readMappings(cursor: Cursor): Mapping[] {
  const list: Mapping[] = []
  while (cursor.uint(4) === 1 && list.length < mostEntries) {
    const [program, version, transport, port] = [cursor.uint(4), cursor.uint(4), cursor.uint(4), cursor.uint(4)]
    list.push({ program, version, transport: transport === 6 ? 'tcp' : 'udp', port })
  }
  return list
}

export type Export = { readonly path: Bytes; readonly groups: readonly Bytes[] }

/** Errors: Malformed. */
export function readExports(cursor: Cursor): Export[] {
  const text = (): Bytes => {
    const length = cursor.uint(4)
    const value = cursor.bytes(length)
    cursor.bytes((4 - (length % 4)) % 4)
    return value
  }
  const list: Export[] = []
  while (cursor.uint(4) === 1 && list.length < mostEntries) {
    const path = text()
    const groups: Bytes[] = []
    while (cursor.uint(4) === 1 && groups.length < mostEntries) groups.push(text())
    list.push({ path, groups })
  }
  return list
}

async function results(conversation: Conversation, message: Bytes): Promise<Cursor | null> {
  const answer = await conversation.ask(record(message), whole)
  return answer === null ? null : readResults(answer.slice(4))
}

async function showExports(service: Examination, mappings: readonly Mapping[]): Promise<void> {
  const mount = mappings.find(({ program, version, transport }) => program === MOUNT && transport === 'tcp' && (version === 3 || version === 1))
  if (mount === undefined) return
  const conversation = await service.open(mount.port)
  const given = await results(conversation, call(MOUNT, mount.version, 5))
  if (given === null) return
  const exports = readExports(given)
  service.tell('exports', exports.map(({ path, groups }) => `${path} (${groups.join(', ') || 'everybody'})`).join('; '))
  const forAll = exports.filter(({ groups }) => groups.length === 0 || groups.some(group => group === '*' || group === '0.0.0.0/0'))
  const paths = forAll.map(({ path }) => path).join(', ')
  if (forAll.length > 0) service.find('service.nfs_open_export', { en: `exported to everybody: ${paths}`, ko: `모두에게 공유된 경로: ${paths}` })
}

const isReply = beginning('80 00 .. .. 48 61 65 63 00 00 00 01')

export const sunrpc: Protocol = {
  name: 'sunrpc',
  greeting: () => record(call(PORTMAP, 2, 4)),
  recognise: heard => (isReply(heard) ? 1 : 0),
  async examine(service) {
    const answer = await service.conversation.hear(whole)
    if (answer === null) return
    const mappings = readMappings(readResults(answer.slice(4)))
    const named = mappings.map(({ program, version, transport, port }) => `${programs[program] ?? program} ${version} ${transport}/${port}`)
    service.tell('programs', [...new Set(named)].join(', '))
    const names = [...new Set(mappings.map(({ program }) => programs[program] ?? String(program)))].join(', ')
    service.find('service.rpcbind_exposed', { en: `${mappings.length} programs: ${names}`, ko: `프로그램 ${mappings.length}개: ${names}` })
    await showExports(service, mappings)
  },
}

export const nfs: Protocol = {
  name: 'nfs',
  greeting: () => record(call(NFS, 3, 0)),
  recognise: heard => (isReply(heard) ? 0.9 : 0),
  examine(service) {
    service.find('service.nfs_exposed', { en: 'a call of NFS is answered', ko: 'NFS 호출에 응답함' })
    return Promise.resolve()
  },
}
