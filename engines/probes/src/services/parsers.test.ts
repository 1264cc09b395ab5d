// Whatever a server sends: a parser reads it or says that it is malformed, recognition is a number, and both take time that grows with the bytes.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bytes } from '../bytes.ts'
import { isInBoth } from '../evidence.fixture.ts'
import { children, element, objectId, read } from './ber.ts'
import { readClickHouse, readFirstCell, readTexts } from './clusters.ts'
import { Cursor, Malformed } from './cursor.ts'
import { readAnswer } from './domain.ts'
import { dechunked, readHead } from './http.ts'
import { fieldsOf } from './http-interfaces.ts'
import { readMessage } from './ldap.ts'
import { readId } from './mail.ts'
import { readMetadata, readTable } from './messaging.ts'
import { readDocument, readReply } from './mongodb.ts'
import { packetLength, readPublish } from './mqtt.ts'
import { readPrelogin } from './mssql.ts'
import { readError, readGreeting, softwareOf } from './mysql.ts'
import { readChallenge } from './ntlm.ts'
import { versionOf as oracleVersionOf } from './oracle.ts'
import { identified, identifiedDatagram } from './peer.fixture.ts'
import { readFields } from './postgres.ts'
import { datagramExaminers, table } from './protocols.ts'
import { readConfirm } from './rdp.ts'
import { readInfo } from './redis.ts'
import { readExports, readMappings, readResults } from './rpc.ts'
import { readModules } from './rsync.ts'
import { readNative, readNegotiated } from './smb.ts'
import { readServerInfo } from './smb-server.ts'
import { readSnmp } from './snmp.ts'
import { isTerrapin, readKexInit, weakOf } from './ssh.ts'
import { readTelnet } from './telnet.ts'
import { readSetup, versionOf } from './x11.ts'

const parsers: Readonly<Record<string, (bytes: Bytes) => unknown>> = {
  readKexInit, readGreeting, readError, softwareOf, readFields, readMessage, readSnmp, readAnswer, readChallenge, readNegotiated, readNative, readServerInfo, readReply, readPublish, readPrelogin, readConfirm, readSetup, readResults, readMetadata,
  readFirstCell, readClickHouse, readInfo, readModules, readTelnet, readHead, dechunked, fieldsOf, readId,
  readDocument: bytes => readDocument(new Cursor(bytes)), readTable: bytes => readTable(new Cursor(bytes)), readMappings: bytes => readMappings(new Cursor(bytes)), readExports: bytes => readExports(new Cursor(bytes)), readTexts: bytes => readTexts(new Cursor(bytes)),
  ber: bytes => children(read(new Cursor(bytes))).map(objectId),
  framings: bytes => [element(bytes), packetLength(bytes)],
  weak: (bytes) => { const offer = readKexInit(bytes); return [weakOf(offer), isTerrapin(offer)] },
}

/** Bytes, and what looks like beginnings of messages: lengths, tags, texts. */
const bytes = fc.array(fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)), maxLength: 40 }),
  fc.constantFrom('\0', '\0\0\0', '\xff\xff\xff\xff', '\x30\x84', '\x30\x80', '\x02\x01\x01', '\xfeSMB', '\xffSMB\x73', 'NTLMSSP\0\x02\0\0\0', '\x0a5.7\0', 'HTTP/1.1 200 OK\r\n', '220 ', '\r\n', '* OK ', '+OK ', '{"a":', '\x01\0\0\0', 'Haec\0\0\0\x01', '\x16\x03\x01', 'SSH-2.0-x\r\n', 'RFB 003.008\n', '\x10\x14', '\x05\0\x02'),
), { maxLength: 12 }).map(parts => parts.join(''))

describe('parsers', () => {
  for (const [name, parse] of Object.entries(parsers)) {
    test(name, () => {
      fc.assert(fc.property(bytes, (given) => {
        try {
          parse(given)
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
          expect([error.text, isInBoth(error.text)]).toEqual([error.text, true])
        }
      }), { numRuns: 300 })
    })
  }

  test('versions out of numbers', () => {
    expect(oracleVersionOf(186_647_040)).toBe('11.2.0.2.0')
    expect(oracleVersionOf(318_767_104)).toBe('19.0.0.0.0')
    expect(versionOf(11_903_000)).toBe('1.19.3')
    expect(versionOf(12_101_007)).toBe('21.1.7')
    expect(versionOf(70_300_000)).toBeNull()
  })
})

test('recognition is a number from 0 to 1 for any bytes', () => {
  fc.assert(fc.property(bytes, (given) => {
    for (const { protocol } of table) {
      const certainty = protocol.recognise(given)
      expect(certainty, protocol.name).toBeGreaterThanOrEqual(0)
      expect(certainty, protocol.name).toBeLessThanOrEqual(1)
    }
  }))
})

test('recognition of 16 KiB takes no longer, whatever they are', () => {
  for (const unit of ['a', '\n', '\r', 'a\r\n', ' ', '220-', '220-a\r\n', '<', '* ', '\xff', '\xff\xfb\x01', '(', 'login', '0', ':x NOTICE ', '"', '{"a":', 'RFB ', '\0']) {
    const given = unit.repeat(Math.ceil(16_384 / unit.length))
    const began = performance.now()
    for (const { protocol } of table) protocol.recognise(given)
    expect(performance.now() - began, JSON.stringify(unit)).toBeLessThan(10_000)
  }
})

test('whatever is answered at whatever port, nothing is thrown, left open, or called worse than it was proved to be', async () => {
  const ports = [...new Set(table.flatMap(row => row.ports.slice(0, 1)))]
  await fc.assert(fc.asyncProperty(fc.constantFrom(...ports), fc.option(bytes), fc.array(fc.option(bytes), { maxLength: 6 }), async (port, first, answers) => {
    const service = await identified(port, { ...(first === null ? {} : { first }), answer: (_, turn) => answers[turn] })
    expect(service.left).toBe(0)
    expect(service.faults.filter(({ message }) => !isInBoth(message))).toEqual([])
    expect(service.confidence).toBeLessThanOrEqual(1)
    expect(service.findings.filter(({ severity }) => severity === 'critical')).toEqual([])
  }), { numRuns: 200 })
})

test('a true service whose later answers are rubbish keeps what it said before', async () => {
  const beginnings: readonly (readonly [number, Bytes, string])[] = [[22, 'SSH-2.0-OpenSSH_9.2p1\r\n', 'ssh'], [5900, 'RFB 003.008\n', 'rfb'], [873, '@RSYNCD: 31.0\n', 'rsync'], [21, '220 (vsFTPd 3.0.3)\r\n', 'ftp'], [143, '* OK IMAP4rev1 Dovecot ready.\r\n', 'imap']]
  await fc.assert(fc.asyncProperty(fc.constantFrom(...beginnings), fc.array(bytes, { maxLength: 5 }), async ([port, first, name], answers) => {
    expect(await identified(port, { first, answer: (_, turn) => answers[turn] ?? null })).toMatchObject({ name, banner: expect.stringContaining(first) as string })
  }), { numRuns: 100 })
})

test('over UDP, too', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom(53, 123, 161, 500, 1194, 1434, 1900, 5060, 11_211, 137), fc.array(bytes, { minLength: 1, maxLength: 4 }), async (port, answers) => {
    let turn = 0
    const service = await identifiedDatagram(port, () => answers[turn++ % answers.length] ?? '')
    expect(service.findings.filter(({ severity }) => severity === 'critical')).toEqual([])
  }), { numRuns: 200 })
  for (const [name, examine] of Object.entries(datagramExaminers)) expect(typeof examine, name).toBe('function')
})
