import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInBoth } from '../evidence.fixture.ts'
import { NetworkError } from '../network.ts'
import { startTls } from './starttls.ts'
import type { StartTls } from './starttls.ts'
import { served } from './tls.fixture.ts'
import type { Talk } from './tls.fixture.ts'

const bytes = (text: string): number[] => [...Buffer.from(text, 'latin1')]
type Script = readonly (readonly [said: string, answer: string])[]

/** `first` comes before anything was said. */
async function talk(protocol: StartTls, first: string, script: Script, cut = 1_000): Promise<string[]> {
  const said: string[] = []
  const answer: Talk = (written, count) => {
    if (count === 0) return bytes(first)
    said.push(written)
    return bytes(script.find(([pattern]) => written.includes(pattern))?.[1] ?? '')
  }
  const run = served(() => answer, { cut })
  const connection = await run.network.dial('h', 1, { tls: null, timeoutMs: 10 }, run.signal)
  await connection.write('the fixture answers what is written')
  await startTls(connection, protocol, { endpoint: 'h:1', serverName: 'mail.example.com', timeoutMs: 1_000, now: run.now })
  return said
}

const mysqlGreeting = (capabilities: string): string => `\x4a\0\0\0\x0a8.0.36\0\x01\0\0\0saltsalt\0${capabilities}\x21\x02\0\xff\xc1\x15${'\0'.repeat(10)}saltsaltsalt\0caching_sha2_password\0`
const ldapAnswer = (code: string): string => `\x30\x0c\x02\x01\x01\x78\x07\x0a\x01${code}\x04\0\x04\0`
const good: Readonly<Record<StartTls, readonly [first: string, script: Script]>> = {
  smtp: ['220-mail.example.com\r\n220 ESMTP\r\n', [['EHLO', '250-mail.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n'], ['STARTTLS\r\n', '220 2.0.0 Ready\r\n']]],
  imap: ['* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', [['STARTTLS', '* 1 EXISTS\r\na1 OK Begin\r\n']]],
  pop3: ['+OK ready\r\n', [['STLS', '+OK begin\r\n']]],
  ftp: ['220 (vsFTPd 3.0.3)\r\n', [['AUTH TLS', '234 Proceed\r\n']]],
  ldap: ['', [['1.3.6.1.4.1.1466.20037', ldapAnswer('\0')]]],
  postgres: ['', [['\x04\xd2\x16\x2f', 'S']]],
  mysql: [mysqlGreeting('\xff\xff'), [['\x20\0\0\x01', '']]],
  xmpp: ['', [['stream:stream', "<?xml version='1.0'?><stream:stream id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"], ['<starttls', "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"]]],
  rdp: ['', [['\x03\0\0\x13', '\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0']]],
}
const refusals: Readonly<Record<StartTls, readonly [first: string, script: Script]>> = {
  smtp: ['220 ESMTP\r\n', [['EHLO', '250 mail\r\n'], ['STARTTLS', '502 5.5.1 no\r\n']]],
  imap: ['* OK ready\r\n', [['STARTTLS', 'a1 BAD no\r\n']]],
  pop3: ['+OK ready\r\n', [['STLS', '-ERR no\r\n']]],
  ftp: ['220 ready\r\n', [['AUTH', '530 Please login\r\n']]],
  ldap: ['', [['1466', ldapAnswer('\x02')]]],
  postgres: ['', [['\x2f', 'N']]],
  mysql: [mysqlGreeting('\xff\xf7'), []],
  xmpp: ['', [['stream:stream', '<stream:stream><stream:features></stream:features>']]],
  rdp: ['', [['\x03', '\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0']]],
}
const protocols = Object.keys(good) as StartTls[]

describe('before TLS', () => {
  it.each(protocols)('%s leads to it, whatever pieces the answers come in', async (protocol) => {
    for (const cut of [1, 3, 1_000]) expect((await talk(protocol, ...good[protocol], cut)).length, String(cut)).toBeGreaterThan(0)
  })

  it.each(protocols)('%s may refuse it', async (protocol) => {
    await expect(talk(protocol, ...refusals[protocol])).rejects.toMatchObject({ fault: 'tls_failed', text: expect.toSatisfy(isInBoth) as object })
  })

  it.each(protocols)('%s: endless words, silence and the end are typed faults', async (protocol) => {
    for (const [answer, fault] of [[() => Array.from({ length: 70_000 }, () => 0x2d), /^(?:smtp|imap|pop3|ftp|xmpp)$/.test(protocol) ? ['protocol_error'] : ['tls_failed', 'timeout', 'protocol_error']], [() => null, ['timeout']], [() => 'end', ['closed']]] as const satisfies readonly (readonly [Talk, readonly string[]])[]) {
      const run = served(() => answer)
      const connection = await run.network.dial('h', 1, { tls: null, timeoutMs: 10 }, run.signal)
      await connection.write('the fixture answers what is written')
      const ended = await startTls(connection, protocol, { endpoint: 'h:1', serverName: null, timeoutMs: 1_000, now: run.now }).catch((error: unknown) => error)
      expect(fault).toContain((ended as NetworkError).fault)
      expect((ended as NetworkError).text).toSatisfy(isInBoth)
      expect(run.passed()).toBeLessThan(3_000)
    }
  })

  it('any bytes end in TLS or in a typed fault', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...protocols), fc.array(fc.nat(255), { maxLength: 100 }), fc.integer({ min: 1, max: 20 }), async (protocol, answer, cut) => {
      const run = served(() => () => answer, { cut })
      const connection = await run.network.dial('h', 1, { tls: null, timeoutMs: 10 }, run.signal)
      await connection.write('the fixture answers what is written')
      const ended = await startTls(connection, protocol, { endpoint: 'h:1', serverName: 'a\r\nQUIT', timeoutMs: 1_000, now: run.now }).catch((error: unknown) => error)
      expect(ended === undefined || ended instanceof NetworkError).toBe(true)
      expect(run.passed()).toBeLessThan(5_000)
    }), { numRuns: 500 })
  })
})
