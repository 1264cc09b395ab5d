// SMB (MS-SMB2, MS-CIFS) over TCP 445 and, behind a session of NetBIOS, 139: versions, signing, names. What Samba does not tell is not made up: its challenge carries
// a fixed build of Windows, which is not Samba's.
import type { Bytes } from '../bytes.ts'
import type { Conversation } from './conversation.ts'
import { Cursor, Malformed, bytesIn, drawn, fromUtf16, hex, uint, uintLe, utf16 } from './cursor.ts'
import type { Examination } from './examination.ts'
import type { Addressee, Protocol } from './model.ts'
import { negotiate, readChallenge } from './ntlm.ts'
import { beginning } from './shape.ts'
import { askServer, firstToken, framed, head2, sessionMessage, sessionSetup } from './smb-server.ts'

const dialects: Readonly<Record<number, string>> = { 0x202: '2.0.2', 0x210: '2.1', 0x300: '3.0', 0x302: '3.0.2', 0x311: '3.1.1' }

/** All dialects, with the contexts that 3.1.1 wants: SHA-512, and AES in two modes. */
function negotiate2(random: () => number): Bytes {
  const offered = Object.keys(dialects).map(Number)
  const integrity = `${uintLe(1, 2)}${uintLe(38, 2)}${uintLe(0, 4)}${uintLe(1, 2)}${uintLe(32, 2)}${uintLe(1, 2)}${drawn(random, 32)}\0\0`
  const encryption = `${uintLe(2, 2)}${uintLe(6, 2)}${uintLe(0, 4)}${uintLe(2, 2)}${uintLe(2, 2)}${uintLe(1, 2)}`
  const list = offered.map(each => uintLe(each, 2)).join('')
  const body = `${uintLe(36, 2)}${uintLe(offered.length, 2)}${uintLe(1, 2)}\0\0${uintLe(0x7f, 4)}${drawn(random, 16)}${uintLe(64 + 36 + list.length + 2, 4)}${uintLe(2, 2)}\0\0${list}\0\0`
  return framed(head2(0, 0) + body + integrity + encryption)
}

/** Version 1's own, with its one dialect; who does not speak it closes, or says that none suits. */
const negotiate1: Bytes = framed(`\xffSMB\x72${'\0'.repeat(4)}\x18${hex('01c8')}${'\0'.repeat(12)}${hex('fffffeff00000000')}\0${uintLe(12, 2)}\x02NT LM 0.12\0`)

export type Negotiated = { readonly dialect: string; readonly signing: 'required' | 'optional'; readonly guid: Bytes }

/** Errors: Malformed. */
export function readNegotiated(message: Bytes): Negotiated {
  const cursor = new Cursor(message, 4)
  if (cursor.bytes(4) !== '\xfeSMB') throw new Malformed({ en: 'an answer of SMB 2 begins otherwise', ko: 'SMB 2 형식이 아닌 응답' })
  cursor.bytes(4)
  const status = cursor.uintLe(4)
  if (status !== 0) throw new Malformed({ en: `SMB 2 refuses to negotiate: ${status.toString(16)}`, ko: `SMB 2 협상 거부: ${status.toString(16)}` })
  cursor.bytes(64 - 12)
  cursor.bytes(2)
  const mode = cursor.uintLe(2)
  const dialect = cursor.uintLe(2)
  cursor.bytes(2)
  const guid = cursor.bytes(16)
  cursor.bytes(12 + 8 + 8)
  return { dialect: dialects[dialect] ?? dialect.toString(16), signing: (mode & 2) !== 0 ? 'required' : 'optional', guid }
}

export type Native = { readonly system: string; readonly manager: string }

/** What a server of version 1 calls its system and itself, of its answer to a session's setup. Errors: Malformed. */
export function readNative(message: Bytes): Native {
  const cursor = new Cursor(message, 4)
  if (cursor.bytes(5) !== '\xffSMB\x73') throw new Malformed({ en: 'an answer of SMB 1 begins otherwise', ko: 'SMB 1 형식이 아닌 응답' })
  cursor.bytes(5)
  const unicode = (cursor.uintLe(2) & 0x8000) !== 0
  cursor.bytes(20)
  const words = cursor.bytes(cursor.uint(1) * 2)
  const blob = words.length >= 8 ? new Cursor(words, 6).uintLe(2) : 0
  const content = cursor.bytes(Math.min(cursor.uintLe(2), cursor.left))
  const start = blob + (unicode && (32 + 1 + words.length + 2 + blob) % 2 === 1 ? 1 : 0)
  const [system = '', manager = ''] = (unicode ? fromUtf16(content.slice(start)) : content.slice(start)).split('\0')
  return { system, manager }
}

const isVersion2 = beginning('00 00 .. .. fe 53 4d 42 40 00')
const isVersion1 = beginning('00 00 .. .. ff 53 4d 42 72')
/** Without an error, and with a dialect chosen. */
const isTaken = (answer: Bytes): boolean => isVersion1(answer) && answer.slice(9, 13) === '\0\0\0\0' && answer.slice(37, 39) !== '\xff\xff'

export const smb: Protocol = {
  name: 'microsoft-ds',
  greeting: ({ random }: Addressee) => negotiate2(random),
  recognise: heard => (isVersion2(heard) ? 1 : isVersion1(heard) ? 0.95 : 0),
  examine: service => examineSmb(service, service.conversation),
}

async function examineSmb(service: Examination, conversation: Conversation): Promise<void> {
  const { signing, dialect, guid } = readNegotiated(await conversation.hear(sessionMessage) ?? '')
  service.tell('dialect', dialect)
  service.tell('signing', signing)
  const answer = await conversation.ask(sessionSetup(1, '\0'.repeat(8), firstToken(negotiate)), sessionMessage)
  const challenge = answer === null ? null : readChallenge(answer)
  for (const [name, value] of Object.entries(challenge?.names ?? {})) service.tell(name, Buffer.from(value, 'utf8').toString('latin1'))
  service.calls(challenge?.names['dnsName'] ?? challenge?.names['netbiosName'])
  // Samba's challenge says 6.1.0, and its GUID is its name as text: neither is any Windows'.
  const isSamba = challenge?.build === '6.1.0' || /^[a-z0-9_-]{1,15}$/i.test(guid.replace(/\0+$/, ''))
  if (isSamba) service.is('Samba')
  else if (challenge?.build !== null && challenge?.build !== undefined) {
    service.is('Microsoft Windows SMB')
    service.os = `Windows ${challenge.build}`
  }
  service.find('service.smb_exposed', `SMB ${dialect}${isSamba ? ', Samba' : ''}`)
  if (signing === 'optional') service.find('service.smb_signing_optional', { en: `SMB ${dialect}: signing is not required`, ko: `SMB ${dialect}: 서명을 요구하지 않음` })
  await service.attempt(async () => {
    const told = answer === null || challenge === null ? null : await askServer(conversation, answer, service.place.address)
    if (told === null) return
    service.tell('comment', Buffer.from(told.comment, 'utf8').toString('latin1'))
    service.tell('server', `${told.name} ${told.version}`)
    sambaOf(service, told.comment)
  })
  await service.attempt(() => examineVersion1(service))
}

/** 'Samba 4.17.12-Debian' */
function sambaOf(service: Examination, text: string): boolean {
  const version = /\bSamba (\d+\.\d+\.\d+[\w.]*)/.exec(text)?.[1]
  if (version !== undefined) service.is('Samba', version, text)
  return version !== undefined
}

async function examineVersion1(service: Examination): Promise<void> {
  const conversation = service.name === 'netbios-ssn' ? await overNetbios(service) : await service.open()
  const answer = await conversation.ask(negotiate1, sessionMessage)
  if (answer === null || !isTaken(answer)) return
  service.find('service.smb_version_1', { en: 'the dialect NT LM 0.12 is taken', ko: 'NT LM 0.12 다이얼렉트가 수락됨' })
  const token = firstToken(negotiate)
  const words = `\xff\0${uintLe(0, 2)}${uintLe(0xffff, 2)}${uintLe(2, 2)}${uintLe(1, 2)}${uintLe(0, 4)}${uintLe(token.length, 2)}${uintLe(0, 4)}${uintLe(0x800000d4, 4)}`
  const content = `${token}${(token.length % 2 === 0) ? '\0' : ''}${utf16('Unix\0')}${utf16('Haechi\0')}`
  const setup = framed(`\xffSMB\x73${'\0'.repeat(4)}\x18${hex('01c8')}${'\0'.repeat(12)}${hex('fffffeff00000100')}\x0c${words}${uintLe(content.length, 2)}${content}`)
  const said = await conversation.ask(setup, sessionMessage)
  if (said === null) return
  const { system, manager } = readNative(said)
  service.tell('native', `${system}, ${manager}`)
  service.fingerprint('smb.native_lm', Buffer.from(manager, 'utf8').toString('latin1'))
  service.fingerprint('smb.native_os', Buffer.from(system, 'utf8').toString('latin1'))
  if (!sambaOf(service, manager) && system.startsWith('Windows')) service.os = system
}

/** Level one of the names of NetBIOS (RFC 1001, 14.1). */
const netbiosName = (name: string, kind: number): Bytes => {
  const padded = name.padEnd(15, ' ') + String.fromCharCode(kind)
  return `\x20${bytesIn(padded).map(each => String.fromCharCode(0x41 + (each >> 4), 0x41 + (each & 15))).join('')}\0`
}
const sessionRequest: Bytes = ((content: Bytes): Bytes => `\x81\0${uint(content.length, 2)}${content}`)(netbiosName('*SMBSERVER', 0x20) + netbiosName('HAECHI', 0))

async function overNetbios(service: Examination): Promise<Conversation> {
  const conversation = await service.open()
  await conversation.ask(sessionRequest, sessionMessage)
  return conversation
}

const isPositive = beginning('82 00 00 00')
const isNegative = beginning('83 00 00 01 80-8f')

export const netbios: Protocol = {
  name: 'netbios-ssn',
  greeting: () => sessionRequest,
  recognise: heard => (isPositive(heard) ? 1 : isNegative(heard) ? 0.9 : 0),
  async examine(service) {
    const { conversation } = service
    if ((await conversation.hear(sessionMessage))?.charCodeAt(0) !== 0x82) return
    await conversation.say(negotiate2(service.run.random))
    await examineSmb(service, conversation)
  },
}
