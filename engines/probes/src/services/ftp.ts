// FTP (RFC 959), its features (RFC 2389) and TLS (RFC 4217).
import type { Bytes } from '../bytes.ts'
import { reply } from './conversation.ts'
import type { Examination } from './examination.ts'
import type { Protocol } from './model.ts'
import type { Naming } from './software.ts'

const naming: Naming = [
  [/\(vsFTPd (\d[\w.+-]*)\)/, 'vsftpd'], [/\bvsFTPd (\d[\w.+-]*)/, 'vsftpd'], [/\bProFTPD (\d[\w.+-]*)/, 'ProFTPD'], [/\bProFTPD/, 'ProFTPD'], [/\bPure-FTPd(?: (\d[\w.]*))?/, 'Pure-FTPd'], [/FileZilla Server(?: version)? v?(\d[\w.]*)/, 'FileZilla Server'],
  [/FileZilla Server/, 'FileZilla Server'], [/Microsoft FTP Service/, 'Microsoft FTP Service'], [/Serv-U FTP(?: Server)? v?(\d[\w.]*)/, 'Serv-U'], [/pyftpdlib (\d[\w.]*)/, 'pyftpdlib'], [/Titan FTP Server (\d[\w.]*)/, 'Titan FTP Server'], [/Wing FTP Server/, 'Wing FTP Server'],
]

/** A refusal may take seconds, so that guessing does; a welcome does not. */
const welcomeMs = 1200

const codeOf = (answer: Bytes | null): number => Number(/(\d{3})(?: [^\n]*)?\r?\n$/.exec(answer ?? '')?.[1] ?? 0)

/** `greeting`: the whole first reply. */
export async function examineFtp(service: Examination, greeting: Bytes): Promise<void> {
  const { conversation } = service
  service.name = 'ftp'
  const text = greeting.replace(/^220[ -]?/gm, '').trim()
  service.fingerprint('ftp.banner', text)
  service.isNamed(text, naming)
  service.calls(/^([\w-]+(?:\.[\w-]+)+) /.exec(text)?.[1])
  const features = await conversation.ask('FEAT\r\n', reply) ?? ''
  const taken = /^\s*AUTH (?:\S*\b)?(?:TLS|SSL)/im.test(features)
  if (taken && !service.tls) service.startTls = 'ftp'
  const system = await conversation.ask('SYST\r\n', reply) ?? ''
  if (system.startsWith('215 ')) service.tell('system', system.slice(4).trim())
  const user = codeOf(await conversation.ask('USER anonymous\r\n', reply))
  const login = user === 331 ? codeOf(await conversation.ask('PASS haechi@example.com\r\n', reply, welcomeMs)) : user
  const welcome = text.split('\n')[0] ?? ''
  if (login === 230) service.find('service.ftp_anonymous', { en: `${welcome}: USER anonymous is logged in (230)`, ko: `${welcome}: USER anonymous 로그인 성공(230)` })
  else if (!taken && !service.tls && user === 331) service.find('service.cleartext_login', { en: 'FTP without AUTH TLS asks for a password (331)', ko: 'AUTH TLS가 없는 FTP에서 비밀번호를 요구함(331)' })
  await conversation.say('QUIT\r\n')
}

export const ftp: Protocol = {
  name: 'ftp',
  greeting: null,
  recognise(heard) {
    const text = heard.slice(0, 4096)
    if (!/^(?:220|120|421|530)[ -][^\n]*\r?\n/.test(text) || /\bE?SMTP\b/i.test(text)) return 0
    return /ftp|FileZilla|Serv-U/i.test(text) ? 0.95 : text.startsWith('220') ? 0.45 : 0.35
  },
  async examine(service) {
    await examineFtp(service, await service.conversation.hear(reply) ?? service.banner)
  },
}
