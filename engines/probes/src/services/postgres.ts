// PostgreSQL, protocol 3 (its documentation, chapter "Frontend/Backend Protocol"). The version is told only to who is logged in.
import type { Bytes } from '../bytes.ts'
import { exactly, withHead } from './conversation.ts'
import { Cursor, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const startup = (user: string): Bytes => {
  const content = `\0\x03\0\0user\0${user}\0database\0${user}\0application_name\0haechi\0\0`
  return uint(content.length + 4, 4) + content
}
const sslRequest = '\0\0\0\x08\x04\xd2\x16\x2f'
const message = withHead(5, head => new Cursor(head, 1).uint(4) - 4)

/** Fields of an ErrorResponse by their letter. Errors: Malformed. */
export function readFields(bytes: Bytes): Map<string, Bytes> {
  const cursor = new Cursor(bytes, 5)
  const fields = new Map<string, Bytes>()
  for (;;) {
    const kind = cursor.bytes(1)
    if (kind === '\0') return fields
    fields.set(kind, cursor.until('\0'))
  }
}

const ways: Readonly<Record<number, string>> = { 0: 'trust', 3: 'cleartext password', 5: 'MD5 password', 7: 'GSSAPI', 9: 'SSPI', 10: 'SASL (SCRAM)' }

const isAuthentication = beginning('52 00 00 00 08-ff 00 00 00 00-0c')
const isError = beginning('45 00 00 .. .. 53')

export const postgres: Protocol = {
  name: 'postgresql',
  greeting: () => startup('postgres'),
  recognise: heard => (isAuthentication(heard) ? 1 : isError(heard) && /^[A-Z\x80-\xff]{3,40}$/.test(heard.slice(6, heard.indexOf('\0', 6))) ? 0.97 : 0),
  async examine(service) {
    const { conversation } = service
    service.is('PostgreSQL')
    let version: Bytes | null = null
    let trusted = false
    for (let messages = 0; messages < 64; messages++) {
      const next = await conversation.hear(message)
      if (next === null) break
      const kind = next[0]
      if (kind === 'E') {
        const fields = readFields(next)
        service.tell('refusal', `${fields.get('C') ?? ''} ${fields.get('M') ?? ''}`)
        service.reasons.push(`error ${fields.get('C') ?? ''}`)
        break
      }
      if (kind === 'R') {
        const way = new Cursor(next, 5).uint(4)
        service.tell('authentication', ways[way] ?? String(way))
        trusted = way === 0
        if (!trusted) break
      }
      if (kind === 'S') {
        const cursor = new Cursor(next, 5)
        if (cursor.until('\0') === 'server_version') version = cursor.until('\0')
      }
      if (kind === 'Z') break
    }
    if (trusted && version !== null) {
      // '15.20 (Debian 15.20-0+deb12u1)'
      service.is('PostgreSQL', version.split(' ', 1)[0], `PostgreSQL ${version}`)
      service.find('service.postgres_without_password', { en: `user postgres is logged in without a password; server_version ${version}`, ko: `사용자 postgres, 비밀번호 없이 로그인됨; server_version ${version}` })
      await conversation.say('X\0\0\0\x04')
    }
    service.find('service.database_exposed', 'PostgreSQL')
    if (service.tls) return
    const other = await service.open()
    if (await other.ask(sslRequest, exactly(1)) === 'S') service.startTls = 'postgres'
  },
}
