// Voice, pictures and chat: RTSP (RFC 7826), SIP (RFC 3261), XMPP (RFC 6120), IRC (RFC 2812).
import type { Bytes } from '../bytes.ts'
import { upTo } from './conversation.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import type { Naming } from './software.ts'

const head = upTo(/\r?\n\r?\n/)
const field = (text: Bytes, name: string): Bytes | null => new RegExp(`^${name}:[ \\t]*([^\\r\\n]{0,500})`, 'im').exec(text)?.[1]?.trim() ?? null

/** 'Name/1.2' or 'Name 1.2': as products call themselves in such fields. */
function called(service: Examination, text: Bytes | null, naming: Naming): void {
  if (text === null || text === '' || service.isNamed(text, naming)) return
  const [, product, version] = /^([A-Za-z][\w .-]{0,80}?)[/ ]v?(\d[\w.-]{0,40})/.exec(text) ?? /^([A-Za-z][\w .-]{0,80})/.exec(text) ?? []
  if (product !== undefined) service.isCalled(product, version ?? null)
}

export const rtsp: Protocol = {
  name: 'rtsp',
  greeting: () => 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Haechi\r\n\r\n',
  recognise: heard => (/^RTSP\/\d\.\d \d{3}/.test(heard) ? 1 : 0),
  async examine(service) {
    const answer = await service.conversation.hear(head) ?? service.banner
    called(service, field(answer, 'Server'), [])
    service.tell('methods', field(answer, 'Public') ?? '')
    service.fingerprint('rtsp_header.server', field(answer, 'Server') ?? '')
  },
}

const sipNaming: Naming = [[/^(?:Asterisk PBX|Asterisk)[ /]?(\d[\w.-]*)?/i, 'Asterisk'], [/^kamailio \((\d[\w.-]*)/i, 'Kamailio'], [/^FreeSWITCH(?:-mod_sofia)?[ /](\d[\w.-]*)/i, 'FreeSWITCH'], [/^FPBX-[\d.]+\((\d[\w.-]*)\)/, 'Asterisk']]

function examineSipHead(service: Examination, answer: Bytes): void {
  const text = field(answer, 'Server') ?? field(answer, 'User-Agent')
  service.fingerprint('sip_header.server', text ?? '')
  called(service, text, sipNaming)
  service.tell('methods', field(answer, 'Allow') ?? '')
}

export const sip: Protocol = {
  name: 'sip',
  greeting: ({ host, random }) => `OPTIONS sip:${host} SIP/2.0\r\nVia: SIP/2.0/TCP probe.invalid;branch=z9hG4bK${random().toString(16)}\r\nMax-Forwards: 1\r\nFrom: <sip:probe@probe.invalid>;tag=haechi\r\nTo: <sip:${host}>\r\nCall-ID: ${random().toString(16)}@probe.invalid\r\nCSeq: 1 OPTIONS\r\nContact: <sip:probe@probe.invalid>\r\nContent-Length: 0\r\n\r\n`,
  recognise: heard => (/^SIP\/2\.0 \d{3}/.test(heard) ? 1 : 0),
  async examine(service) {
    examineSipHead(service, await service.conversation.hear(head) ?? service.banner)
  },
}

export function examineSipDatagram(service: Examination, answer: Bytes): Promise<void> {
  examineSipHead(service, answer)
  return Promise.resolve()
}

const stream = (kind: 'client' | 'server', host: string): Bytes => `<?xml version='1.0'?><stream:stream to='${host}' xmlns='jabber:${kind}' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`

const xmpp = (kind: 'client' | 'server'): Protocol => ({
  name: `xmpp-${kind}`,
  greeting: ({ host }) => stream(kind, host),
  recognise: heard => (/<stream:stream\b/.test(heard.slice(0, 1000)) ? (heard.includes(`jabber:${kind}`) ? 1 : 0.9) : 0),
  async examine(service) {
    const { conversation } = service
    const features = await conversation.hear(upTo(/<\/stream:features>|<stream:features ?\/>|<\/stream:error>|<\/stream:stream>/), 1500) ?? conversation.heard
    service.calls(/<stream:stream\b[^>]{0,1000}?\bfrom=['"]([^'"]{1,255})['"]/.exec(features)?.[1])
    if (features.includes('urn:ietf:params:xml:ns:xmpp-tls') && !service.tls) service.startTls = 'xmpp'
    const mechanisms = [...features.matchAll(/<mechanism>([\w-]{1,40})<\/mechanism>/g)].map(([, name]) => name)
    service.tell('mechanisms', mechanisms.join(', '))
    if (!service.tls && mechanisms.includes('PLAIN')) service.find('service.cleartext_login', { en: 'XMPP offers PLAIN before TLS', ko: 'XMPP가 TLS 이전에 PLAIN 인증을 제공함' })
    if (/ejabberd/i.test(features)) service.is('ejabberd')
    else if (/prosody/i.test(features)) service.is('Prosody')
    await conversation.say('</stream:stream>')
  },
})
export const xmppClient = xmpp('client')
export const xmppServer = xmpp('server')

const ircNaming: Naming = [[/\bUnreal(?:IRCd-)?(\d[\w.]*)/, 'UnrealIRCd'], [/\bInspIRCd-(\d[\w.]*)/, 'InspIRCd'], [/\bngircd-(\d[\w.]*)/i, 'ngIRCd']]

export const irc: Protocol = {
  name: 'irc',
  greeting: ({ random }) => `NICK h${(random() >>> 0).toString(36)}\r\nUSER haechi 0 * :haechi\r\n`,
  recognise: heard => (/^(?::\S+ )?NOTICE (?:AUTH|\*|Auth|h\w+) :/i.test(heard) ? 0.95 : /^:\S+ (?:001|4\d\d|PING) /.test(heard) || /^PING :\S+\r?\n/.test(heard) ? 0.9 : 0),
  async examine(service) {
    const { conversation } = service
    // A notice before, or a complaint (451) about what another protocol's greeting was: nobody has said a name yet.
    if (!/^:\S+ 00\d /m.test(conversation.heard)) {
      conversation.take(conversation.heard.length)
      await conversation.say('NICK haechi7\r\nUSER haechi 0 * :haechi\r\n')
    }
    for (let reads = 0; reads < 8 && !/^:\S+ (?:004|4\d\d) /m.test(conversation.heard); reads++) {
      const ping = /^PING (\S+)\r?$/m.exec(conversation.heard)?.[1]
      if (ping !== undefined) await conversation.say(`PONG ${ping}\r\n`)
      if (!await conversation.more(1000)) break
    }
    service.calls(/^:([\w.-]+) /m.exec(conversation.heard)?.[1])
    service.isNamed(/^:\S+ (?:002|004) [^\r\n]*/m.exec(conversation.heard)?.[0] ?? '', ircNaming)
    await conversation.say('QUIT\r\n')
  },
}
