// Microsoft SQL Server: the message before login (MS-TDS, 2.2.6.5) states the server's version.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, hex, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

/** Version, encryption, instance, thread, and no several results at once. */
const options = hex('00 001a 0006 01 0020 0001 02 0021 0001 03 0022 0004 04 0026 0001 ff 110000000000 02 00 00000000 00')
const packet = (kind: number, content: Bytes): Bytes => `${uint(kind, 1)}\x01${uint(content.length + 8, 2)}\0\0\0\0${content}`
const whole = withHead(8, head => Math.max(0, new Cursor(head, 2).uint(2) - 8))

/** Errors: Malformed. */
export function readPrelogin(bytes: Bytes): { readonly version: string; readonly encryption: string } {
  const content = bytes.slice(8)
  const cursor = new Cursor(content)
  let version = ''
  let encryption = ''
  for (let options = 0; options < 16; options++) {
    const kind = cursor.uint(1)
    if (kind === 0xff) break
    const value = new Cursor(content, Math.min(cursor.uint(2), content.length))
    const length = cursor.uint(2)
    if (kind === 0) version = [value.uint(1), value.uint(1), value.uint(2)].join('.')
    if (kind === 1 && length > 0) encryption = ['off', 'on', 'not supported', 'required'][value.uint(1)] ?? 'unknown'
  }
  if (version === '') throw new Malformed({ en: 'SQL Server states no version', ko: '버전이 없는 SQL Server 응답' })
  return { version, encryption }
}

const isAnswer = beginning('04 01 00 .. .. .. .. .. 00 00')

export const mssql: Protocol = {
  name: 'ms-sql-s',
  greeting: () => packet(0x12, options),
  recognise: heard => (isAnswer(heard) ? 1 : 0),
  async examine(service) {
    const { version, encryption } = readPrelogin(await service.conversation.hear(whole) ?? '')
    service.is('Microsoft SQL Server', version)
    service.tell('encryption', encryption)
    service.find('service.database_exposed', `Microsoft SQL Server ${version}`)
  },
}
