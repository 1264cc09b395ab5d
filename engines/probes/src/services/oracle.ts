// Oracle's listener (TNS): asked for its version, it gives it as a number in its refusal, or as text.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, hex, uint } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const data = '(CONNECT_DATA=(COMMAND=version))'
const connect: Bytes = `${uint(58 + data.length, 2)}${hex('0000 01 00 0000 0136 012c 0000 0800 7fff 7f08 0000 0001')}${uint(data.length, 2)}${hex('003a 00000000 00 00')}${'\0'.repeat(58 - 34)}${data}`
const whole = withHead(8, head => Math.max(0, new Cursor(head).uint(2) - 8))

/** VSNNUM: 4, 8, 4, 8 and 4... bits: '11.2.0.2.0' of 186647040. From release 18 on the parts are 8, 8, 8, 4, 4 bits. */
export function versionOf(number: number): string {
  const major = Math.floor(number / 2 ** 24) & 0xff
  return major >= 18
    ? [major, (number >> 16) & 0xff, (number >> 12) & 0x0f, (number >> 4) & 0xff, number & 0x0f].join('.')
    : [major, (number >> 20) & 0x0f, (number >> 12) & 0xff, (number >> 8) & 0x0f, number & 0xff].join('.')
}

const isTns = beginning('00-1f .. 00 00 02-0b 00')

export const oracle: Protocol = {
  name: 'oracle-tns',
  greeting: () => connect,
  recognise: heard => (isTns(heard) && /\((?:DESCRIPTION|ERR|VSNNUM|ERROR_STACK)=|TNSLSNR/.test(heard.slice(0, 600)) ? 1 : isTns(heard) && heard.charCodeAt(4) === 0x0b && heard.length === 8 ? 0.6 : 0),
  async examine(service) {
    const { conversation } = service
    const text = `${await conversation.hear(whole) ?? ''}${await conversation.hear(whole, 500) ?? ''}`
    const [, stated] = /TNSLSNR for [^:]{1,60}: Version (\d+(?:\.\d+){2,4})/.exec(text) ?? []
    const [, number] = /\(VSNNUM=(\d{1,10})\)/.exec(text) ?? []
    service.is('Oracle Database', stated ?? (number === undefined || number === '0' ? null : versionOf(Number(number))))
    service.find('service.database_exposed', { en: 'the listener of Oracle', ko: 'Oracle 리스너' })
  },
}
