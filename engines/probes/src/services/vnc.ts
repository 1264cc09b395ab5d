// Remote framebuffer (RFC 6143): versions, ways to prove oneself, and the name of a screen that asks for none. Nothing of the screen is read.
import type { Bytes } from '../bytes.ts'
import { exactly, withHead } from './conversation.ts'
import { Cursor, bytesIn } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'

const ways: Readonly<Record<number, string>> = { 1: 'none', 2: 'password', 5: 'RA2', 6: 'RA2ne', 16: 'Tight', 18: 'TLS', 19: 'VeNCrypt', 20: 'SASL', 30: 'Apple', 35: 'Apple', 129: 'RSA-AES' }
const NONE = 1

export const vnc: Protocol = {
  name: 'rfb',
  greeting: null,
  recognise: heard => (/^RFB \d{3}\.\d{3}\n/.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    const greeting = await conversation.hear(exactly(12)) ?? ''
    const stated = greeting.slice(4, 11)
    service.tell('protocol', stated)
    if (stated === '003.889') service.is('Apple Remote Desktop')
    if (/^00[45]\.\d/.test(stated)) service.is('RealVNC')
    const version = stated < '003.007' ? '003.003' : stated === '003.007' ? stated : '003.008'
    await conversation.say(`RFB ${version}\n`)
    let offered: number[]
    if (version === '003.003') offered = [new Cursor(await conversation.hear(exactly(4)) ?? '\0\0\0\0').uint(4)]
    else offered = bytesIn((await conversation.hear(withHead(1, head => head.charCodeAt(0))) ?? '').slice(1))
    if (offered.length === 0 || offered[0] === 0) {
      const reason = await conversation.hear(withHead(4, head => new Cursor(head).uint(4)), 500)
      if (reason !== null) service.tell('refusal', reason.slice(4))
      return
    }
    service.tell('security', offered.map(each => ways[each] ?? String(each)).join(', '))
    if (offered.includes(NONE)) await showScreen(service, version)
    service.find('service.vnc_exposed', { en: `RFB ${stated}, security types ${offered.join(', ')}`, ko: `RFB ${stated}, 보안 유형 ${offered.join(', ')}` })
  },
}

/** The server's word that nothing was asked for: it goes on to the screen. */
async function showScreen(service: Examination, version: Bytes): Promise<void> {
  const { conversation } = service
  if (version !== '003.003') await conversation.say(String.fromCharCode(NONE))
  if (version === '003.008' && await conversation.hear(exactly(4)) !== '\0\0\0\0') return
  const start = await conversation.ask('\x01', withHead(24, head => Math.min(new Cursor(head, 20).uint(4), 1000)))
  if (start === null) return
  const cursor = new Cursor(start)
  const [width, height] = [cursor.uint(2), cursor.uint(2)]
  const name = start.slice(24)
  service.tell('screen', `${name} (${width}x${height})`)
  service.find('service.vnc_without_password', { en: `the screen "${name}" (${width} x ${height}) opens with security type None`, ko: `보안 유형 None으로 화면이 열림: "${name}" (${width} x ${height})` })
}
