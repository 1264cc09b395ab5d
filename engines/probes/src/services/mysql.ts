// MySQL and MariaDB: the server's greeting (protocol 10), and whether the administrator needs a password.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, uintLe } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const packet = withHead(4, head => new Cursor(head).uintLe(3))

const PLUGIN_AUTH = 0x80000
const SECURE_CONNECTION = 0x8000
const PROTOCOL_41 = 0x200
const SSL = 0x800

export type MysqlGreeting = { readonly version: Bytes; readonly capabilities: number; readonly plugin: Bytes }

/** Of the first packet, with its head. Errors: Malformed. */
export function readGreeting(bytes: Bytes): MysqlGreeting {
  const cursor = new Cursor(bytes, 4)
  if (cursor.uint(1) !== 10) throw new Malformed({ en: 'the greeting of MySQL is of another version', ko: 'MySQL 초기 핸드셰이크의 버전이 다름' })
  const version = cursor.until('\0')
  cursor.bytes(4 + 8 + 1)
  let capabilities = cursor.uintLe(2)
  if (cursor.left < 16) return { version, capabilities, plugin: '' }
  cursor.bytes(3)
  capabilities += cursor.uintLe(2) * 0x10000
  const length = cursor.uint(1)
  cursor.bytes(10)
  if ((capabilities & SECURE_CONNECTION) !== 0) cursor.bytes(Math.min(cursor.left, Math.max(13, length - 8)))
  return { version, capabilities, plugin: (capabilities & PLUGIN_AUTH) !== 0 && cursor.left > 0 ? cursor.rest().split('\0', 1)[0] ?? '' : '' }
}

/** What an error packet says. Errors: Malformed. */
export function readError(bytes: Bytes): { readonly code: number; readonly text: Bytes } {
  const cursor = new Cursor(bytes, 5)
  const code = cursor.uintLe(2)
  return { code, text: cursor.rest().replace(/^#[0-9A-Z]{5}/, '') }
}

/** The version that a greeting states. MariaDB puts 5.5.5- before its own, so that old replicas take it (KB: "MariaDB versus MySQL: Compatibility"). */
export function softwareOf(version: Bytes): { readonly product: 'MariaDB' | 'MySQL' | 'Percona Server'; readonly version: string | null } {
  const [, maria] = /^(?:5\.5\.5-)?(\d+\.\d+\.\d+)-MariaDB/i.exec(version) ?? []
  if (maria !== undefined) return { product: 'MariaDB', version: maria }
  if (/mariadb/i.test(version)) return { product: 'MariaDB', version: null }
  const [, number = null] = /^(\d+\.\d+\.\d+)/.exec(version) ?? []
  return { product: /percona/i.test(version) || /^\d+\.\d+\.\d+-\d+(?:\.\d+)?(?:-log)?$/.test(version) ? 'Percona Server' : 'MySQL', version: number }
}

const isGreeting = beginning('.. .. 00 00 0a')
const isRefusal = beginning('.. .. 00 00-01 ff')

export const mysql: Protocol = {
  name: 'mysql',
  greeting: null,
  recognise(heard) {
    if (isGreeting(heard)) return /^\d{1,2}\.\d{1,2}[\w.+~:@ -]{0,100}$/.test(heard.slice(5, heard.indexOf('\0', 5))) ? 1 : 0
    return isRefusal(heard) && /MariaDB|MySQL|^(?:#[0-9A-Z]{5})?Host |connections/.test(heard.slice(7, 300)) ? 0.95 : 0
  },
  async examine(service) {
    const { conversation } = service
    const first = await conversation.hear(packet) ?? service.banner
    if (first.charCodeAt(4) === 0xff) {
      const { code, text } = readError(first)
      service.is(/MariaDB/.test(text) ? 'MariaDB' : 'MySQL')
      service.fingerprint('mysql.error', text)
      service.tell('refusal', `${code} ${text}`)
      return
    }
    const greeting = readGreeting(first)
    const software = softwareOf(greeting.version)
    service.is(software.product, software.version, greeting.version)
    service.fingerprint('mysql.banners', greeting.version)
    service.tell('greeting', greeting.version)
    service.tell('plugin', greeting.plugin)
    if ((greeting.capabilities & SSL) !== 0 && !service.tls) service.startTls = 'mysql'
    service.find('service.database_exposed', `${software.product} ${greeting.version}`)
    await tryAdministrator(service, greeting)
  },
}

/** One login as root, without a password: what installations leave behind. */
async function tryAdministrator(service: Examination, { capabilities }: MysqlGreeting): Promise<void> {
  if ((capabilities & PROTOCOL_41) === 0) return
  const content = `${uintLe(PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH, 4)}${uintLe(0x1000000, 4)}\x21${'\0'.repeat(23)}root\0\0mysql_native_password\0`
  let answer = await service.conversation.ask(`${uintLe(content.length, 3)}\x01${content}`, packet)
  // Another way of proving oneself is asked for: an empty proof again.
  if (answer?.charCodeAt(4) === 0xfe) answer = await service.conversation.ask('\0\0\0\x03', packet)
  if (answer?.charCodeAt(4) === 0x01 && answer.charCodeAt(5) === 0x03) answer = await service.conversation.hear(packet)
  if (answer?.charCodeAt(4) === 0) service.find('service.mysql_without_password', { en: 'root is logged in with an empty password', ko: '빈 비밀번호로 root 로그인됨' })
  await service.conversation.say('\x01\0\0\0\x01')
}
