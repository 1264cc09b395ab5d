// Telnet (RFC 854): options are refused, and what is shown before a login is read.
import type { Bytes } from '../bytes.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const IAC = '\xff'
const isOption = beginning('ff fb-fe 00-ff')

/** What stands between commands, and the answer that refuses every option (RFC 1143). */
export function readTelnet(heard: Bytes): { readonly text: Bytes; readonly refusal: Bytes } {
  let text = ''
  let refusal = ''
  for (let at = 0; at < heard.length; at++) {
    if (heard[at] !== IAC) {
      text += heard[at]
      continue
    }
    const command = heard.charCodeAt(at + 1)
    if (command === 0xfa) {
      const end = heard.indexOf('\xff\xf0', at)
      at = end === -1 ? heard.length : end + 1
    } else if (command >= 0xfb && command <= 0xfe) {
      // WILL and WONT are answered with DONT, DO and DONT with WONT.
      if (at + 2 < heard.length) refusal += IAC + (command <= 0xfc ? '\xfe' : '\xfc') + heard[at + 2]
      at += 2
    } else at++
  }
  return { text, refusal }
}

export const telnet: Protocol = {
  name: 'telnet',
  greeting: null,
  recognise: heard => (isOption(heard) ? 0.97 : /^[^]{0,400}(?:login|username|password) ?: ?$/i.test(heard.slice(0, 500)) ? 0.6 : 0),
  async examine(service) {
    const { conversation } = service
    let answered = 0
    let text = ''
    for (let rounds = 0; rounds < 4; rounds++) {
      const read = readTelnet(conversation.take(conversation.heard.length))
      text += read.text
      if (read.refusal !== '' && answered++ < 4) await conversation.say(read.refusal)
      if (/(?:login|username|password) ?: ?$/i.test(text) || !await conversation.more(600)) break
    }
    const shownText = text.trim()
    if (shownText !== '') service.banner = shownText
    service.fingerprint('telnet_banners', shownText)
    service.calls(/^([\w-]+(?:\.[\w-]+)*) login:\s*$/m.exec(shownText)?.[1])
    service.find('service.telnet_exposed', shownText === '' ? { en: 'options of Telnet are negotiated', ko: 'Telnet 옵션이 협상됨' } : shownText)
  },
}
