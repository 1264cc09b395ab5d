// Services that say at once who they are, and need no more than being read.
import { line } from './conversation.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const isBgp = beginning('ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff .. .. 01-05')
/** A router that opens a session, or says at once why it does not (RFC 4271, 4.1). */
const bgp: Protocol = { name: 'bgp', greeting: null, recognise: heard => (isBgp(heard) ? 0.95 : 0), examine: () => Promise.resolve() }

const speaker = (name: string, shape: RegExp, certainty: number, told: (service: Examination, found: RegExpExecArray) => void): Protocol => ({
  name,
  greeting: null,
  recognise: heard => (shape.test(heard.slice(0, 2000)) ? certainty : 0),
  async examine(service) {
    const text = await service.conversation.hear(line) ?? service.banner
    const found = shape.exec(text) ?? shape.exec(service.banner)
    if (found !== null) told(service, found)
  },
})

export const speakers: readonly (readonly [protocol: Protocol, ports: readonly number[], secure: readonly number[]])[] = [
  [speaker('nntp', /^20[01] [^\n]*(?:InterNetNews|NNTP|news)[^\n]*\r?\n/i, 0.9, (service, found) => { service.fingerprint('nntp.banner', found[0].slice(4).trim()); service.isNamed(found[0], [[/\bINN (\d[\w.]*)/, 'INN']]) }), [119], [563]],
  [speaker('vmware-auth', /^220 VMware Authentication Daemon Version (\d[\w.]*)/, 1, (service, found) => { service.isCalled('VMware Authentication Daemon', found[1] ?? null, 'VMware') }), [902], []],
  [speaker('sieve', /^"IMPLEMENTATION" "([^"\r\n]{1,100})"/, 1, (service, found) => { if (found[1]?.startsWith('Dovecot') === true) service.is('Dovecot'); else service.isCalled(found[1] ?? '', null) }), [4190, 2000], []],
  [speaker('munin', /^# munin node at (\S{1,255})\r?\n/, 1, (service, found) => { service.calls(found[1]) }), [4949], []],
  [speaker('lmtp', /^220 [^\n]*\bLMTP\b[^\n]*\r?\n/, 0.97, (service, found) => { if (/Dovecot/.test(found[0])) service.is('Dovecot') }), [24, 2003], []],
  [bgp, [179], []],
]
