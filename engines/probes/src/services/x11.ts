// X11 (X Window System Protocol, 8): a screen that takes anybody.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import { Cursor } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

/** Little-endian, version 11.0, without a proof. */
const setup = 'l\0\x0b\0\0\0\0\0\0\0\0\0'
const whole = withHead(8, head => new Cursor(head, 6).uintLe(2) * 4)

/** Errors: Malformed. */
export function readSetup(bytes: Bytes): { readonly vendor: Bytes; readonly release: number } {
  const cursor = new Cursor(bytes, 8)
  const release = cursor.uintLe(4)
  cursor.bytes(12)
  const length = cursor.uintLe(2)
  cursor.bytes(14)
  return { vendor: cursor.bytes(length), release }
}

/** 11903000 is 1.19.3 and, since the first part is no longer said, 12101007 is 21.1.7; null for other counts. */
export function versionOf(release: number): string | null {
  if (release < 10_000_000 || release >= 20_000_000) return null
  const [minor, patch] = [Math.floor(release / 100_000) % 100, Math.floor(release / 1000) % 100]
  return minor >= 21 ? `${minor}.${patch}.${release % 1000}` : `1.${minor}.${patch}`
}

const isAnswer = beginning('00-02 .. 0b 00 00 00')

export const x11: Protocol = {
  name: 'x11',
  greeting: () => setup,
  recognise: heard => (heard.length >= 8 && isAnswer(heard) ? 1 : 0),
  async examine(service) {
    const answer = await service.conversation.hear(whole) ?? ''
    if (answer.charCodeAt(0) !== 1) {
      service.tell('refusal', answer.slice(8, 8 + answer.charCodeAt(1)))
      return
    }
    const { vendor, release } = readSetup(answer)
    service.tell('vendor', vendor)
    service.fingerprint('x11.vendor', vendor)
    if (/X\.Org/i.test(vendor)) service.is('X.Org', versionOf(release))
    service.find('service.x11_without_password', { en: `the screen of "${vendor}" takes a client without a proof`, ko: `인증 없이 클라이언트 연결이 수락된 화면: "${vendor}"` })
  },
}
