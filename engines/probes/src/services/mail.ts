// Mail: SMTP (RFC 5321), POP3 (RFC 1939, 2449) and IMAP (RFC 9051, 2971). Nothing is sent through them.
import type { Bytes } from '../bytes.ts'
import { line, reply, upTo } from './conversation.ts'
import type { Examination } from './examination.ts'
import { examineFtp } from './ftp.ts'
import type { Protocol } from './model.ts'
import type { Naming } from './software.ts'

const naming: Naming = [
  [/\bPostfix(?: (\d[\w.]*))?/, 'Postfix'], [/\bExim (\d[\w.]*)/, 'Exim'], [/\bExim\b/, 'Exim'], [/\bSendmail (\d[\w.]*)/, 'Sendmail'], [/Microsoft ESMTP MAIL Service(?:, Version: (\d[\d.]*))?/, 'Microsoft Exchange'], [/\bOpenSMTPD\b/, 'OpenSMTPD'],
  [/\bMailEnable\b/, 'MailEnable'], [/\bhMailServer\b/, 'hMailServer'], [/\bHaraka(?:\/(\d[\w.]*))?/, 'Haraka'], [/\bZimbra\b/, 'Zimbra'], [/\bqmail\b/, 'qmail'],
  [/\bDovecot\b(?! \()(?: v?(\d[\w.]*))?/, 'Dovecot'], [/\bDovecot\b/, 'Dovecot'], [/Cyrus (?:IMAP|POP3)4?(?: Murder)?(?: server)?(?: v?(\d[\w.]*))?/, 'Cyrus IMAP'], [/Courier-(?:IMAP|POP3)/i, 'Courier'], [/Microsoft Exchange/, 'Microsoft Exchange'], [/IMAP4rev1 (20\d\d\S*)/, 'UW IMAP'],
]

export const smtp: Protocol = {
  name: 'smtp',
  greeting: null,
  recognise(heard) {
    const text = heard.slice(0, 4096)
    if (!/^(?:220|421|554)[ -][^\n]*\r?\n/.test(text) || /\bftp/i.test(text)) return 0
    return /\bE?SMTP\b/i.test(text) ? 0.95 : text.startsWith('220') ? 0.5 : 0.4
  },
  async examine(service) {
    const { conversation } = service
    const greeting = await conversation.hear(reply) ?? service.banner
    const answer = await conversation.ask('EHLO haechi.invalid\r\n', reply) ?? ''
    // Neither greeting of SMTP is taken, and the server did not call itself so: FTP begins alike.
    if (!answer.startsWith('250') && !/\bE?SMTP\b/i.test(greeting) && !(await conversation.ask('HELO haechi.invalid\r\n', reply) ?? '').startsWith('250')) {
      await examineFtp(service, greeting)
      return
    }
    const text = greeting.replace(/^220[ -]?/gm, '').trim()
    service.fingerprint('smtp.banner', text)
    service.isNamed(text, naming)
    service.calls(/^([\w-]+(?:\.[\w-]+)*)(?:\s|$)/.exec(text)?.[1])
    const extensions = answer.split(/\r?\n/).filter(each => each.startsWith('250')).slice(1).map(each => each.slice(4).trim())
    if (extensions.length > 0) service.tell('extensions', extensions.join(', '))
    const offersTls = extensions.some(each => /^STARTTLS$/i.test(each))
    if (offersTls && !service.tls) service.startTls = 'smtp'
    const offered = extensions.find(each => /^AUTH/i.test(each)) ?? 'AUTH'
    if (!service.tls && extensions.some(each => /^AUTH[ =].*\b(?:PLAIN|LOGIN)\b/i.test(each))) service.find('service.cleartext_login', { en: `SMTP offers ${offered} before TLS`, ko: `SMTP가 TLS 이전에 제공하는 인증: ${offered}` })
    await conversation.say('QUIT\r\n')
  },
}

/** Lines until one that is a single dot, or a refusal (RFC 1939, 3). */
const multiline = upTo(/^-ERR[^\n]*\n|^\+OK[^\n]*\n(?:(?!\.\r?\n)[^\n]*\n){0,200}\.\r?\n/)

export const pop3: Protocol = {
  name: 'pop3',
  greeting: null,
  recognise: heard => (/^\+OK[^\n]*\r?\n/.test(heard) ? (/POP|Dovecot|<[^>\s]+@[^>\s]+>|ready/i.test(heard.slice(0, 1000)) ? 0.95 : 0.7) : /^-ERR [^\n]*\r?\n/.test(heard) && /pop/i.test(heard.slice(0, 300)) ? 0.7 : 0),
  async examine(service) {
    const { conversation } = service
    const greeting = (await conversation.hear(line) ?? '').trim()
    const text = greeting.replace(/^\+OK ?/, '')
    service.fingerprint('pop3.banner', text)
    service.calls(/<[^>@]*@([\w.-]+)>/.exec(text)?.[1])
    const answer = await conversation.ask('CAPA\r\n', multiline) ?? ''
    const capabilities = answer.split(/\r?\n/).slice(1, -2)
    service.tell('capabilities', capabilities.join(', '))
    const implementation = capabilities.find(each => each.startsWith('IMPLEMENTATION '))?.slice('IMPLEMENTATION '.length)
    if (!service.isNamed(text, naming) && implementation !== undefined && !service.isNamed(implementation, naming)) service.isCalled(implementation, null)
    loginsOf(service, 'pop3', capabilities.includes('STLS'), capabilities.includes('USER') || /^SASL .*\b(?:PLAIN|LOGIN)\b/m.test(capabilities.join('\n')))
    await conversation.say('QUIT\r\n')
  },
}

/** The tagged line that ends a command (RFC 9051, 2.2.2). */
const tagged = (tag: string) => upTo(new RegExp(`^${tag} [^\\n]*\\r?\\n`, 'm'))
/** Pairs of an ID answer: ("name" "Dovecot" "version" NIL). */
export function readId(answer: Bytes): Map<string, string> {
  const fields = new Map<string, string>()
  const list = /^\* ID \(([^\r\n]{0,4000})\)/im.exec(answer)?.[1] ?? ''
  const words = [...list.matchAll(/"((?:[^"\\]|\\.){0,500})"|NIL/gi)].map(([all, text]) => (all.toUpperCase() === 'NIL' ? null : (text ?? '').replace(/\\(.)/g, '$1')))
  for (let at = 0; at + 1 < words.length; at += 2) if (typeof words[at] === 'string' && typeof words[at + 1] === 'string') fields.set(words[at]!.toLowerCase(), words[at + 1]!)
  return fields
}

export const imap: Protocol = {
  name: 'imap',
  greeting: null,
  recognise: heard => (/^\* (?:OK|PREAUTH|BYE)\b[^\n]*\r?\n/i.test(heard) ? (/IMAP|CAPABILITY|Dovecot|Courier|Cyrus/i.test(heard.slice(0, 1000)) ? 0.97 : 0.8) : 0),
  async examine(service) {
    const { conversation } = service
    const greeting = (await conversation.hear(line) ?? '').trim()
    const text = greeting.replace(/^\* (?:OK|PREAUTH|BYE) ?/i, '')
    service.fingerprint('imap4.banner', text)
    service.isNamed(text, naming)
    const answer = await conversation.ask('h1 CAPABILITY\r\n', tagged('h1')) ?? ''
    const capabilities = (/^\* CAPABILITY ([^\r\n]*)/im.exec(answer)?.[1] ?? '').split(' ').map(each => each.toUpperCase())
    service.tell('capabilities', capabilities.join(' '))
    if (capabilities.includes('ID')) {
      const id = readId(await conversation.ask('h2 ID NIL\r\n', tagged('h2')) ?? '')
      const [name, version] = [id.get('name'), id.get('version') ?? null]
      if (name !== undefined && !service.isNamed(`${name} ${version ?? ''}`, naming) && service.product === null) service.isCalled(name, version, id.get('vendor') ?? null)
      service.os ??= [id.get('os'), id.get('os-version')].filter(each => each !== undefined).join(' ') || null
    }
    loginsOf(service, 'imap', capabilities.includes('STARTTLS'), !capabilities.includes('LOGINDISABLED'))
    await conversation.say('h9 LOGOUT\r\n')
  },
}

function loginsOf(service: Examination, protocol: 'imap' | 'pop3', offersTls: boolean, takesPasswords: boolean): void {
  if (service.tls) return
  if (offersTls) service.startTls = protocol
  if (takesPasswords) service.find('service.cleartext_login', { en: `${protocol.toUpperCase()} takes passwords without TLS`, ko: `${protocol.toUpperCase()}: TLS 없이 비밀번호를 받음` })
}
