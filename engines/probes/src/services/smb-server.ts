// What an SMB server says of itself to whoever does not say who he is: a session without a name (MS-NLMP, 3.2.5.1.2), the pipe "srvsvc", and one question there
// (MS-SRVS, 3.1.4.17). Samba puts its true version into that comment where its owner has not written another.
import type { Bytes } from '../bytes.ts'
import { withHead } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { Cursor, Malformed, fromUtf16, hex, uint, uintLe, utf16 } from './cursor.ts'

/** Session messages of four bytes of head (RFC 1002, 4.3.1; MS-SMB2, 2.1). */
export const sessionMessage = withHead(4, head => new Cursor(head, 1).uint(3))
export const framed = (message: Bytes): Bytes => `\0${uint(message.length, 3)}${message}`

const none = '\0'.repeat(8)
/** MS-SMB2, 2.2.1.2. */
export const head2 = (command: number, id: number, session = none, tree = 0): Bytes =>
  `\xfeSMB${uintLe(64, 2)}${uintLe(0, 2)}${uintLe(0, 4)}${uintLe(command, 2)}${uintLe(31, 2)}${uintLe(0, 4)}${uintLe(0, 4)}${uintLe(id, 8)}${uintLe(0xfeff, 4)}${uintLe(tree, 4)}${session}${'\0'.repeat(16)}`

/** One element of ASN.1 whose content is short. */
const one = (tag: number, content: Bytes): Bytes => uint(tag, 1) + (content.length < 128 ? uint(content.length, 1) : `\x81${uint(content.length, 1)}`) + content
/** The first token of SPNEGO around NTLM's first (RFC 4178, 4.2.1). */
export const firstToken = (token: Bytes): Bytes => one(0x60, hex('06062b0601050502') + one(0xa0, one(0x30, one(0xa0, hex('300c060a2b06010401823702020a')) + one(0xa2, one(4, token)))))
const nextToken = (token: Bytes): Bytes => one(0xa1, one(0x30, one(0xa2, one(4, token))))

export const sessionSetup = (id: number, session: Bytes, token: Bytes): Bytes =>
  framed(`${head2(1, id, session)}${uintLe(25, 2)}\0\x01${uintLe(0, 4)}${uintLe(0, 4)}${uintLe(88, 2)}${uintLe(token.length, 2)}${none}${token}`)

/** Nobody's proof: no name, and a single zero where an answer would be. */
const anonymous: Bytes = ((): Bytes => {
  const empty = `${uintLe(0, 4)}${uintLe(73, 4)}`
  return `NTLMSSP\0${uintLe(3, 4)}${uintLe(1, 2)}${uintLe(1, 2)}${uintLe(72, 4)}${empty}${empty}${empty}${empty}${empty}${uintLe(0xa2088a05, 4)}${hex('0a00614a0000000f')}\0`
})()

const SRVSVC = hex('c84f324b 7016 d301 1278 5a47bf6ee188 03000000')
const NDR = hex('045d888a eb1c c911 9fe8 08002b104860 02000000')
const fragment = (kind: number, call: number, body: Bytes): Bytes => `\x05\0${uint(kind, 1)}\x03\x10\0\0\0${uintLe(16 + body.length, 2)}\0\0${uintLe(call, 4)}${body}`
const bind = fragment(11, 1, `${uintLe(4280, 2)}${uintLe(4280, 2)}${uintLe(0, 4)}\x01\0\0\0${uintLe(0, 2)}\x01\0${SRVSVC}${NDR}`)
/** A text of NDR: how many may be, begin and are there, and the text to a full word. */
const wide = (text: string): Bytes => {
  const bytes = utf16(`${text}\0`)
  const count = bytes.length / 2
  return `${uintLe(count, 4)}${uintLe(0, 4)}${uintLe(count, 4)}${bytes}${'\0'.repeat((4 - (bytes.length % 4)) % 4)}`
}
/** NetrServerGetInfo, level 101. */
const getInfo = (server: string): Bytes => {
  const stub = `${uintLe(0x20000, 4)}${wide(`\\\\${server}`)}${uintLe(101, 4)}`
  return fragment(0, 2, `${uintLe(stub.length, 4)}${uintLe(0, 2)}${uintLe(21, 2)}${stub}`)
}

export type ServerInfo = { readonly name: string; readonly version: string; readonly comment: string }

/** Of a fragment of DCE/RPC with the answer at level 101. Errors: Malformed. */
export function readServerInfo(bytes: Bytes): ServerInfo {
  const cursor = new Cursor(bytes)
  if (cursor.bytes(3) !== '\x05\0\x02') throw new Malformed({ en: 'the pipe does not answer the question', ko: '파이프가 질의에 응답하지 않음' })
  cursor.bytes(21)
  if (cursor.uintLe(4) !== 101 || cursor.uintLe(4) === 0) throw new Malformed({ en: 'the pipe tells nothing of the server', ko: '파이프 응답에 서버 정보가 없음' })
  cursor.bytes(4)
  const named = cursor.uintLe(4) !== 0
  const version = `${cursor.uintLe(4)}.${cursor.uintLe(4)}`
  cursor.bytes(4)
  const commented = cursor.uintLe(4) !== 0
  const text = (): string => {
    cursor.bytes(8)
    const length = cursor.uintLe(4) * 2
    const value = fromUtf16(cursor.bytes(length)).replace(/\0+$/, '')
    cursor.bytes(Math.min(cursor.left, (4 - (length % 4)) % 4))
    return value
  }
  const name = named ? text() : ''
  return { name, version, comment: commented ? text() : '' }
}

const PENDING = 0x103

/** The final answer without its head of transport; null: it was refused. */
async function ask(conversation: Conversation, message: Bytes): Promise<Bytes | null> {
  await conversation.say(message)
  for (let answers = 0; answers < 4; answers++) {
    const answer = (await conversation.hear(sessionMessage))?.slice(4) ?? ''
    const status = answer.length < 64 ? null : new Cursor(answer, 8).uintLe(4)
    if (status !== PENDING) return status === 0 ? answer : null
  }
  return null
}

/** Goes on after `challenged`, the answer to NTLM's first token. null: nobody is told anything without a name. Errors: Malformed, NetworkError. */
export async function askServer(conversation: Conversation, challenged: Bytes, server: string): Promise<ServerInfo | null> {
  const session = challenged.slice(4 + 40, 4 + 48)
  if (await ask(conversation, sessionSetup(2, session, nextToken(anonymous))) === null) return null
  const path = utf16(`\\\\${server}\\IPC$`)
  const tree = await ask(conversation, framed(`${head2(3, 3, session)}${uintLe(9, 2)}\0\0${uintLe(72, 2)}${uintLe(path.length, 2)}${path}`))
  if (tree === null) return null
  const treeId = new Cursor(tree, 36).uintLe(4)
  const pipe = utf16('srvsvc')
  const created = await ask(conversation, framed(`${head2(5, 4, session, treeId)}${uintLe(57, 2)}\0\0${uintLe(2, 4)}${none}${none}${uintLe(0x0012019f, 4)}${uintLe(0, 4)}${uintLe(7, 4)}${uintLe(1, 4)}${uintLe(0, 4)}${uintLe(120, 2)}${uintLe(pipe.length, 2)}${none}${pipe}`))
  if (created === null) return null
  const file = new Cursor(created, 64 + 64).bytes(16)
  const transceive = async (id: number, data: Bytes): Promise<Bytes | null> => {
    const answer = await ask(conversation, framed(`${head2(11, id, session, treeId)}${uintLe(57, 2)}\0\0${uintLe(0x11c017, 4)}${file}${uintLe(120, 4)}${uintLe(data.length, 4)}${uintLe(0, 4)}${uintLe(0, 4)}${uintLe(0, 4)}${uintLe(4280, 4)}${uintLe(1, 4)}${uintLe(0, 4)}${data}`))
    if (answer === null) return null
    const cursor = new Cursor(answer, 64 + 32)
    const [offset, length] = [cursor.uintLe(4), cursor.uintLe(4)]
    return new Cursor(answer, Math.min(offset, answer.length)).bytes(length)
  }
  if (await transceive(5, bind) === null) return null
  const told = await transceive(6, getInfo(server))
  return told === null ? null : readServerInfo(told)
}
