// SOCKS 5 (RFC 1928). Whether it would let others through is not tried.
import { exactly } from './conversation.ts'
import type { Protocol } from './model.ts'

const NONE = 0
const PASSWORD = 2

export const socks: Protocol = {
  name: 'socks',
  greeting: () => '\x05\x02\0\x02',
  recognise: heard => (heard.length === 2 && heard.startsWith('\x05') && [NONE, 1, PASSWORD, 0xff].includes(heard.charCodeAt(1)) ? 0.95 : 0),
  async examine(service) {
    const method = (await service.conversation.hear(exactly(2)) ?? '').charCodeAt(1)
    service.tell('method', { [NONE]: 'none', 1: 'GSSAPI', [PASSWORD]: 'password', 255: 'refused' }[method] ?? method)
    if (method === NONE) service.find('service.socks_without_password', { en: 'SOCKS 5 asks for no login (method 0)', ko: 'SOCKS 5에서 로그인을 요구하지 않음(method 0)' })
  },
}
