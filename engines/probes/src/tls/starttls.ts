// What is said before a TLS handshake on ports that begin in clear text: RFC 3207 (SMTP), 9051 (IMAP), 2595 (POP3), 4217 (FTP), 4511 (LDAP), 6120 (XMPP), and the
// manuals of PostgreSQL, MySQL and of Remote Desktop (MS-RDPBCGR).
// Invariant: whatever the other side says, the dialogue ends within its bounds of bytes, reads and time, and throws nothing but NetworkError (starttls.test.ts).
import type { Bytes } from '../bytes.ts'
import type { Text } from '../evidence.ts'
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'

export type StartTls = 'smtp' | 'imap' | 'pop3' | 'ftp' | 'ldap' | 'postgres' | 'mysql' | 'xmpp' | 'rdp'

const mostBytes = 64 * 1024
const mostReads = 512

type Dialogue = {
  readonly say: (text: Bytes) => Promise<void>
  /** What has come, as soon as `whole` says that it is all, which is then taken away. */
  readonly hear: (whole: (text: Bytes) => number) => Promise<Bytes>
  readonly name: string
  readonly refused: (why: Text) => NetworkError
}

/** The length of an answer that ends with a line "250 text"; lines "250-text" go before it. */
const reply = (text: Bytes): number => {
  const last = /^(?:\d{3}-[^\n]*\n|[^\d\n][^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(text)
  return last === null ? 0 : last[0].length
}
const line = (text: Bytes): number => text.indexOf('\n') + 1
const bytes = (count: number) => (text: Bytes): number => (text.length >= count ? count : 0)

const silent: Text = { en: 'it does not greet', ko: '접속 응답이 올바르지 않음' }
const unencrypted: Text = { en: 'it takes no encrypted connections', ko: '암호화된 연결을 받지 않음' }
const lacks = (command: string): Text => ({ en: `it knows no ${command}`, ko: `${command} 미지원` })

const dialogues: Readonly<Record<StartTls, (talk: Dialogue) => Promise<void>>> = {
  async smtp({ say, hear, refused }) {
    if (!(await hear(reply)).includes('220')) throw refused(silent)
    await say('EHLO scan.invalid\r\n')
    await hear(reply)
    await say('STARTTLS\r\n')
    if (!/^220/m.test(await hear(reply))) throw refused(lacks('STARTTLS'))
  },
  async imap({ say, hear, refused }) {
    if (!(await hear(line)).startsWith('* ')) throw refused(silent)
    await say('a1 STARTTLS\r\n')
    const answer = await hear(text => /^a1 [^\n]*\n/m.test(text) ? text.length : 0)
    if (!/^a1 OK/im.test(answer)) throw refused(lacks('STARTTLS'))
  },
  async pop3({ say, hear, refused }) {
    if (!(await hear(line)).startsWith('+OK')) throw refused(silent)
    await say('STLS\r\n')
    if (!(await hear(line)).startsWith('+OK')) throw refused(lacks('STLS'))
  },
  async ftp({ say, hear, refused }) {
    if (!(await hear(reply)).includes('220')) throw refused(silent)
    await say('AUTH TLS\r\n')
    if (!/^234/m.test(await hear(reply))) throw refused(lacks('AUTH TLS'))
  },
  async ldap({ say, hear, refused }) {
    await say('\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037')
    const answer = await hear(text => (text.length >= 2 && text.charCodeAt(1) < 0x80 ? bytes(2 + text.charCodeAt(1))(text) : text.length >= 6 ? text.length : 0))
    // ExtendedResponse with the result code success.
    const result = answer.indexOf('\x0a\x01\x00')
    if (!answer.startsWith('\x30') || result < 5 || result > 16) throw refused(lacks('StartTLS'))
  },
  async postgres({ say, hear, refused }) {
    await say('\0\0\0\x08\x04\xd2\x16\x2f')
    if (await hear(bytes(1)) !== 'S') throw refused(unencrypted)
  },
  async mysql({ say, hear, refused }) {
    const greeting = await hear(text => (text.length >= 4 ? bytes(4 + text.charCodeAt(0) + text.charCodeAt(1) * 256)(text) : 0))
    const version = greeting.indexOf('\0', 5)
    if (greeting.charCodeAt(4) !== 10 || version < 0) throw refused(silent)
    const capabilities = version + 1 + 4 + 8 + 1
    if ((greeting.charCodeAt(capabilities + 1) & 0x08) === 0) throw refused(unencrypted)
    await say(`\x20\0\0\x01\x05\xae\x03\0\0\0\0\x01\x21${'\0'.repeat(23)}`)
  },
  async xmpp({ say, hear, name, refused }) {
    await say(`<?xml version='1.0'?><stream:stream to='${name.replace(/[^\w.:-]/g, '')}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`)
    const features = await hear(text => (/<\/(?:stream:)?(?:features|error)>/.test(text) ? text.length : 0))
    if (!features.includes('urn:ietf:params:xml:ns:xmpp-tls')) throw refused(lacks('STARTTLS'))
    await say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    if (!(await hear(text => text.indexOf('>') + 1)).includes('<proceed')) throw refused(lacks('STARTTLS'))
  },
  async rdp({ say, hear, refused }) {
    // An X.224 connection request that asks for TLS, CredSSP or RDSTLS.
    await say('\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x0b\0\0\0')
    const answer = await hear(text => (text.length >= 4 ? bytes(text.charCodeAt(2) * 256 + text.charCodeAt(3))(text) : 0))
    if (answer.charCodeAt(11) !== 2 || answer.charCodeAt(15) === 0) throw refused(unencrypted)
  },
}

/** Brings a fresh connection to where a ClientHello may be sent. Throws NetworkError: tls_failed (no TLS there), protocol_error, timeout, closed. */
export async function startTls(connection: Connection, protocol: StartTls, place: { readonly endpoint: string; readonly serverName: string | null; readonly timeoutMs: number; readonly now: () => number }): Promise<void> {
  const { endpoint, timeoutMs, now } = place
  const ends = now() + timeoutMs
  let heard = ''
  let total = 0
  let reads = 0
  await dialogues[protocol]({
    name: place.serverName ?? 'localhost',
    say: text => connection.write(text),
    async hear(whole) {
      for (;;) {
        const length = heard === '' ? 0 : whole(heard)
        if (length > 0) {
          const taken = heard.slice(0, length)
          heard = heard.slice(length)
          return taken
        }
        const left = ends - now()
        if (left <= 0 || ++reads > mostReads) throw new NetworkError('timeout', endpoint, { en: `${endpoint} did not come to TLS in time (${protocol}).`, ko: `제한 시간 안에 TLS로 넘어가지 못함(${protocol})` })
        const more = await connection.read(16 * 1024, Math.min(left, timeoutMs))
        if (more === '') throw new NetworkError('closed', endpoint, { en: `${endpoint} closed the connection before TLS (${protocol}).`, ko: `TLS 전에 연결을 끊음(${protocol})` })
        total += more.length
        if (total > mostBytes) throw new NetworkError('protocol_error', endpoint, { en: `What ${endpoint} says before TLS has no end (${protocol}).`, ko: `TLS 전에 보내는 내용이 끝나지 않음(${protocol})` })
        heard += more
      }
    },
    refused: ({ en, ko }) => new NetworkError('tls_failed', endpoint, { en: `${endpoint} does not come to TLS: ${en} (${protocol}).`, ko: `TLS로 넘어가지 못함: ${ko}(${protocol})` }),
  })
}
