// The engine against what others read out of the same lines: OCSF pairs by the authors of the schema, and expected fields of about 120 services.
import { describe, expect, test } from 'vitest'
import { bytesOf, linesOf, missing, tarFiles } from './corpus.fixture.ts'
import { columnsOf, readRecord } from './index.ts'

type Bag = Record<string, unknown>
const at = (event: Bag, path: string): unknown => path.split('.').reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? (value as Bag)[key] : undefined), event)

/** What is compared, and under which other names the older versions have it. */
const COMPARED: [string, string[]][] = [
  ['class_uid', ['class_uid']], ['category_uid', ['category_uid']], ['activity_id', ['activity_id']], ['severity_id', ['severity_id']], ['time', ['time']], ['status_id', ['status_id']],
  ['device.hostname', ['device.hostname']], ['actor.user.name', ['actor.user.name']], ['actor.user.domain', ['actor.user.domain']], ['actor.user.type', ['actor.user.type']], ['actor.process.pid', ['actor.process.pid']],
  ['actor.process.file.path', ['actor.process.file.path']], ['user.name', ['user.name']], ['user.domain', ['user.domain']], ['process.pid', ['process.pid']], ['process.file.path', ['process.file.path']], ['process.cmd_line', ['process.cmd_line']],
  ['src_endpoint.ip', ['src_endpoint.ip']], ['logon_type_id', ['logon_type_id']], ['auth_protocol_id', ['auth_protocol_id']], ['api.operation', ['api.operation']], ['api.service.name', ['api.service.name']], ['cloud.region', ['cloud.region']],
  ['cloud.provider', ['cloud.provider']], ['http_request.user_agent', ['http_request.user_agent']], ['metadata.uid', ['metadata.uid']], ['actor.user.credential_uid', ['actor.user.credential_uid']], ['is_mfa', ['mfa']], ['exit_code', ['exit_code']],
  ['actor.user.account.uid', ['actor.user.account.uid', 'actor.user.account_uid']], ['win_resource.name', ['win_resource.name']], ['win_resource.type_id', ['win_resource.type_id']],
]

const ZONE = 'the text states no zone: the pair was made in the local time of its author (UTC-5 or UTC-4), we read it as UTC'
const UID = 'the pair made up an id; ours is the record number'
const DASH = 'the pair keeps the text `-`, which says that there is none'

/** Where we differ from a pair, and why. A difference that is not listed, and a listed one that is gone, fails the test. */
const DIFFERENCES: Record<string, Record<string, string>> = {
  'AWS/v1.0.0-rc.2/CloudTrail/API Activity/samples/generic_api_activity.ocsf': { class_uid: 'API Activity moved from 3005 to 6003 in OCSF 1.0', category_uid: 'with its class' },
  'AWS/v1.0.0-rc.2/CloudTrail/Account Change/samples/account_change.ocsf': {},
  'AWS/v1.0.0-rc.2/CloudTrail/Authentication/samples/authentication.ocsf': {},
  'AWS/v1.1.0/CloudTrail/API Activity/samples/generic_api_activity.ocsf': {},
  'Microsoft/Windows Events/4624/4624_0.json': { time: ZONE, 'metadata.uid': UID, 'src_endpoint.ip': DASH },
  'Microsoft/Windows Events/4625/4625_0.json': { time: ZONE, 'metadata.uid': UID, 'src_endpoint.ip': DASH, 'actor.user.name': DASH, 'actor.user.domain': DASH, 'actor.process.file.path': DASH },
  'Microsoft/Windows Events/4661/4661.json': { time: ZONE, 'metadata.uid': UID, class_uid: 'Windows Resource Activity was 1010 and is 201003, of the win extension', activity_id: '201003 has 1 Access, which the release candidate had not' },
  'Microsoft/Windows Events/4688/4688_0.json': { time: ZONE, 'metadata.uid': UID },
  'Microsoft/Windows Events/4689/4689_0.json': { time: ZONE, 'metadata.uid': UID },
}

describe.skipIf(missing !== false)('pairs of source records and OCSF events', () => {
  const pairs = missing === false ? linesOf('ocsf-pairs/pairs.ndjson.gz').map((line) => JSON.parse(line) as { name: string; raw: string; ocsf: Bag }).filter(({ name }) => /Windows Events|CloudTrail/.test(name)) : []
  test.each(pairs)('$name', ({ name, raw, ocsf }) => {
    const allowed = DIFFERENCES[name.replace('markdown/', '')]
    if (allowed === undefined) expect.unreachable(`${name} is not in the table`)
    const own = readRecord(raw).ocsf
    const differing: Record<string, unknown> = {}
    let compared = 0
    for (const [path, theirs] of COMPARED) {
      const expected = theirs.map((other) => at(ocsf, other)).find((value) => value !== undefined)
      if (expected === undefined) continue
      compared++
      if (at(own, path) !== expected) differing[path] = [at(own, path), expected]
    }
    expect(compared).toBeGreaterThan(8)
    for (const path of Object.keys(allowed)) if (!(path in differing)) expect.soft(path, `${name}: listed as different, is the same`).toBe('different')
    expect(Object.fromEntries(Object.entries(differing).filter(([path]) => allowed[path] === undefined)), name).toEqual({})
  })
  test('all nine are there', () => expect(pairs).toHaveLength(9))
})

type Expected = { log_file: string; log_type: string; events?: Record<string, Bag[]> }

describe.skipIf(missing !== false)('service logs', () => {
  const expected = missing === false ? JSON.parse(bytesOf('service-logs/expected.json.gz').toString()) as Record<string, Expected> : {}
  const logs = missing === false ? tarFiles('service-logs/logs.tar.gz') : new Map<string, Buffer>()
  const lines = (test: Expected): string[] => ((logs.get(`logs/${test.log_file}`) ?? Buffer.from('')).toString().split('\n')).filter((line) => line.trim() !== '')

  test('sshd: every expected address and user, in order, and nothing of them lost', () => {
    let compared = 0
    const wrong: string[] = []
    for (const [name, entry] of Object.entries(expected)) {
      for (const events of Object.values(entry.events ?? {})) {
        const wanted = events.filter(({ service, log_type }) => service === 'ssh' && String(log_type).startsWith('ssh_'))
        if (wanted.length === 0) continue
        const read = lines(entry).map((line) => ({ line, columns: columnsOf(line, { now: Date.UTC(2026, 6, 1) }) }))
        let next = 0
        for (const event of wanted) {
          const found = read.findIndex(({ columns }, i) => i >= next && columns.src_ip === event['source_ip'] && (event['target_user'] === undefined || columns.user === event['target_user']))
          if (found === -1) wrong.push(`${name}: ${String(event['source_ip'])} ${String(event['target_user'])}`)
          else {
            next = found + 1
            compared++
            const hit = read[found] as (typeof read)[number]
            if (event['machine'] !== undefined && hit.columns.host !== event['machine']) wrong.push(`${name}: host ${String(hit.columns.host)} for ${JSON.stringify(event['machine'])}`)
            if (hit.columns.time === null && /^\w{3}\s+\d|^\d{4}-/.test(hit.line)) wrong.push(`${name}: no time in ${hit.line.slice(0, 40)}`)
            if (event['log_type'] === 'ssh_failed-auth' && hit.columns.class_uid !== 3002 && hit.columns.class_uid !== 4007) wrong.push(`${name}: class ${hit.columns.class_uid}`)
          }
        }
      }
    }
    console.log(`sshd: ${compared} events agree`)
    expect(wrong).toEqual([])
    expect(compared).toBe(33)
  })

  test('auditd and laurel: executable, ids, serial', () => {
    let compared = 0
    for (const [name, entry] of Object.entries(expected)) {
      if (entry.log_type !== 'auditd' && entry.log_type !== 'laurel') continue
      const bySerial = new Map(lines(entry).map((line) => readRecord(line)).filter(({ shape }) => shape === 'auditd').toReversed().map((reading) => [reading.fields['serial'], reading]))
      for (const event of Object.values(entry.events ?? {}).flat()) {
        const reading = bySerial.get(event['auditd_eventid'])
        expect(reading, `${name} ${String(event['auditd_eventid'])}`).toBeDefined()
        for (const key of ['exe', 'comm', 'tty', 'uid', 'auid', 'ppid', 'pid', 'euid', 'subj']) {
          if (event[key] === undefined) continue
          expect.soft(String(reading?.fields[key]), `${name} ${key}`).toBe(event[key])
          compared++
        }
        if (event['log_type'] === 'execve') expect.soft(reading?.columns.class_uid, name).toBe(1007)
        if (event['parent_progname'] !== undefined) expect.soft(reading?.columns.parent_process).toBe(event['parent_progname'])
      }
      for (const line of lines(entry)) expect.soft(columnsOf(line).shape, line.slice(0, 60)).toBe('auditd')
    }
    console.log(`auditd: ${compared} values agree`)
    expect(compared).toBeGreaterThan(60)
  })

  test('Windows events as XML: source, user, host, time', () => {
    let compared = 0
    for (const name of ['windows-bf', 'windows-logs']) {
      const entry = expected[name]
      if (entry === undefined) continue
      for (const line of lines(entry)) {
        const { columns, fields, logSource } = readRecord(line)
        expect(columns).toMatchObject({ shape: 'evtx', event_code: '4625', class_uid: 3002, src_ip: '192.168.9.212', host: 'exchange-1.mydomain.test' })
        expect(columns.time).not.toBeNull()
        expect(logSource).toEqual({ product: 'windows', service: 'security' })
        const wanted = Object.values(entry.events ?? {}).flat().map((event) => event['target_user'])
        if (wanted.length > 0) expect(wanted).toContain(columns.user)
        expect(fields['LogonType']).toMatch(/^[38]$/)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(3)
  })

  test('CloudTrail: address, name, source, region, account', () => {
    let compared = 0
    for (const [name, entry] of Object.entries(expected)) {
      if (entry.log_type !== 'aws-cloudtrail') continue
      const read = lines(entry).map((line) => readRecord(line))
      for (const { shape, columns } of read) {
        expect.soft(shape).toBe('cloudtrail')
        expect.soft(columns.time).not.toBeNull()
      }
      for (const event of Object.values(entry.events ?? {}).flat()) {
        const found = read.find(({ columns, ocsf }) => columns.event_code === event['event_name'] && columns.src_ip === event['source_ip'] && at(ocsf, 'cloud.region') === event['region'] && at(ocsf, 'metadata.uid') === event['event_id'])
        expect.soft(found, `${name} ${String(event['event_name'])}`).toBeDefined()
        expect.soft(at(found?.ocsf ?? {}, 'api.service.name')).toBe(event['event_source'])
        compared++
      }
    }
    console.log(`CloudTrail: ${compared} events agree`)
    expect(compared).toBeGreaterThan(1)
  })
})
