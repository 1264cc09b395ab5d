// SNMP versions 1 and 2c with the community that everybody knows (RFC 1157, 3416), and version 3's discovery, which needs none (RFC 3414, 4). Only read.
import type { Bytes } from '../bytes.ts'
import { children, encode, integer, numberOf, objectId, octets, read, sequence } from './ber.ts'
import { Cursor, Malformed, hex } from './cursor.ts'
import type { Examination } from './examination.ts'

const GET = 0xa0
const RESPONSE = 0xa2
const REPORT = 0xa8
const systemDescription = '1.3.6.1.2.1.1.1.0'
const systemName = '1.3.6.1.2.1.1.5.0'
const oids: Readonly<Record<string, Bytes>> = { [systemDescription]: hex('2b06010201010100'), [systemName]: hex('2b06010201010500') }

const get = (version: 0 | 1, community: string): Bytes =>
  sequence(integer(version), octets(community), encode(GET, integer(0x4861) + integer(0) + integer(0) + sequence(...Object.values(oids).map(oid => sequence(encode(6, oid), '\x05\0')))))
export type SnmpAnswer = { readonly version: number; readonly community: Bytes | null; readonly values: ReadonlyMap<string, Bytes>; /** Of version 3. */ readonly engine: Bytes | null }

/** Errors: Malformed. */
export function readSnmp(bytes: Bytes): SnmpAnswer {
  const parts = children(read(new Cursor(bytes)))
  const [first, second, third] = parts
  if (first === undefined || first.tag !== 2 || second === undefined || third === undefined) throw new Malformed({ en: 'a message of SNMP without its parts', ko: '구성 요소가 빠진 SNMP 메시지' })
  const version = numberOf(first)
  if (version === 3) return { version, community: null, values: new Map(), engine: children(read(new Cursor(third.content)))[0]?.content ?? null }
  const values = new Map<string, Bytes>()
  if (third.tag !== RESPONSE && third.tag !== REPORT) throw new Malformed({ en: 'a message of SNMP that is no answer', ko: '응답이 아닌 SNMP 메시지' })
  for (const binding of children(children(third)[3] ?? { tag: 0x30, content: '' })) {
    const [oid, value] = children(binding)
    if (oid !== undefined && value?.tag === 4) values.set(objectId(oid), value.content)
  }
  return { version, community: second.content, values, engine: null }
}

/** Enterprise numbers of IANA that run agents everywhere. */
const enterprises: Readonly<Record<number, string>> = { 8072: 'Net-SNMP', 9: 'Cisco', 311: 'Microsoft', 2636: 'Juniper', 14988: 'MikroTik', 12356: 'Fortinet', 25461: 'Palo Alto Networks', 11: 'HP', 2011: 'Huawei', 41112: 'Ubiquiti', 6876: 'VMware' }

export async function examineSnmp(service: Examination, answer: Bytes): Promise<void> {
  const first = readSnmp(answer)
  if (first.engine !== null && first.engine.length >= 5) {
    const enterprise = new Cursor(first.engine).uint(4) % 2 ** 31
    service.tell('engine', Buffer.from(first.engine, 'latin1').toString('hex'))
    const maker = enterprises[enterprise]
    if (enterprise === 8072) service.is('Net-SNMP')
    else if (maker !== undefined) service.isCalled('SNMP agent', null, maker)
  }
  for (const version of [1, 0] as const) {
    const told = await service.furtherDatagram(get(version, 'public'))
    const values = told === null ? null : readSnmp(told).values
    const description = values?.get(systemDescription)
    if (values === null || description === undefined) continue
    service.fingerprint('snmp.sys_description', description)
    service.tell('sysDescr', description)
    service.calls(values.get(systemName))
    // 'Linux host 6.1.0-18-amd64 #1 SMP ...': what it runs on, not the agent.
    service.os = /^(Linux|FreeBSD|OpenBSD|NetBSD|SunOS|Darwin) \S+ (\S+)/.exec(description)?.slice(1, 3).join(' ') ?? null
    const answered = `${version === 1 ? '2c' : '1'}: sysDescr "${description.slice(0, 120)}"`
    service.find('service.snmp_public', { en: `version ${answered}`, ko: `버전 ${answered}` })
    return
  }
}
