// Remote desktops (MS-RDPBCGR, 2.2.1.1): which security is asked for before a session.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor, Malformed, uint, uintLe } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const SSL = 1
const HYBRID = 2
const HYBRID_EX = 8

/** A connection request of X.224 within TPKT (RFC 1006), with what is offered. */
const request = (protocols: number): Bytes => `\x03\0${uint(19, 2)}\x0e\xe0\0\0\0\0\0\x01\0${uintLe(8, 2)}${uintLe(protocols, 4)}`
const tpkt = withHead(4, head => Math.max(0, new Cursor(head, 2).uint(2) - 4))

/** `selected`: the protocol that was chosen; null with a `failure`'s number, or from servers that know of no negotiation. Errors: Malformed. */
export function readConfirm(bytes: Bytes): { readonly selected: number | null; readonly failure: number | null } {
  const cursor = new Cursor(bytes, 5)
  if (cursor.uint(1) !== 0xd0) throw new Malformed({ en: 'the answer of RDP is no confirmation', ko: '연결 확인이 아닌 RDP 응답' })
  cursor.bytes(5)
  if (cursor.left < 8) return { selected: null, failure: null }
  const kind = cursor.uint(1)
  cursor.bytes(3)
  const value = cursor.uintLe(4)
  return kind === 2 ? { selected: value, failure: null } : { selected: null, failure: kind === 3 ? value : null }
}

const isConfirm = beginning('03 00 00 .. .. d0')

async function chosen(service: Examination, protocols: number): Promise<number | null> {
  const conversation = await service.open()
  const answer = await conversation.ask(request(protocols), tpkt)
  conversation.close()
  if (answer === null) return null
  const { selected, failure } = readConfirm(answer)
  return failure !== null ? null : selected ?? 0
}

export const rdp: Protocol = {
  name: 'ms-wbt-server',
  greeting: () => request(SSL | HYBRID | HYBRID_EX),
  recognise: heard => (isConfirm(heard) ? 1 : 0),
  async examine(service) {
    const { selected } = readConfirm(await service.conversation.hear(tpkt) ?? '')
    const best = selected ?? 0
    service.tell('security', best === 0 ? 'RDP' : [best & SSL ? 'TLS' : '', best & HYBRID ? 'NLA' : '', best & HYBRID_EX ? 'NLA (extended)' : ''].filter(each => each !== '').join(', '))
    if ((best & (SSL | HYBRID | HYBRID_EX)) !== 0) service.startTls = 'rdp'
    const overTls = best === SSL || await chosen(service, SSL) === SSL
    const plain = best === 0 || await chosen(service, 0) === 0
    if (plain) service.find('service.rdp_without_nla', { en: 'the oldest security of RDP is taken, without TLS or NLA', ko: 'TLS와 NLA 없이 가장 오래된 RDP 보안 방식이 수락됨' })
    else if (overTls) service.find('service.rdp_without_nla', { en: 'a session begins over TLS without NLA', ko: 'NLA 없이 TLS만으로 세션이 시작됨' })
    service.find('service.rdp_exposed', { en: `RDP, security ${best}`, ko: `RDP, 보안 방식 ${best}` })
  },
}
