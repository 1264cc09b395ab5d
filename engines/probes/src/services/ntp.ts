// NTP (RFC 5905): the answer to a client's question, and the system's variables where they are told (RFC 9327).
import type { Bytes } from '../bytes.ts'
import { hex } from './cursor.ts'
import type { Examination } from './examination.ts'

/** Mode 6, READVAR of the system. */
const readVariables = hex('1602 0001 0000 0000 0000 0000')

export async function examineNtp(service: Examination, answer: Bytes): Promise<void> {
  service.tell('version', (answer.charCodeAt(0) >> 3) & 7)
  service.tell('stratum', answer.charCodeAt(1))
  const told = await service.furtherDatagram(readVariables)
  if (told === null) return
  const text = told.slice(12)
  if ((told.charCodeAt(1) & 0x80) === 0 || (told.charCodeAt(1) & 0x40) !== 0 || text === '') return
  const value = (name: string): string | null => new RegExp(`\\b${name}="?([^",]{1,200})`).exec(text)?.[1]?.trim() ?? null
  const version = value('version')
  service.fingerprint('ntp.readvar', text)
  if (version !== null) service.is('ntpd', /\bntpd (?:ntpd )?(\d+\.\d+\.\d+\w*)/.exec(version)?.[1] ?? null)
  service.os = value('system')
  const seen = version ?? text.slice(0, 80)
  service.find('service.ntp_variables', { en: `READVAR is answered: ${seen}`, ko: `READVAR에 응답함: ${seen}` })
}
