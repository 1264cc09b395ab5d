// LDAP (RFC 4511): the root entry, and whether anybody may read beneath it.
import type { Bytes } from '../bytes.ts'
import { children, element, encode, integer, numberOf, octets, read, sequence } from './ber.ts'
import type { Conversation } from './conversation.ts'
import { Cursor, Malformed } from './cursor.ts'
import type { Protocol } from './model.ts'
import { beginning } from './shape.ts'

const SEARCH = 0x63
const ENTRY = 0x64
const DONE = 0x65

/** `scope`: 0 the entry itself, 2 all beneath. At most one entry is asked for. */
const search = (id: number, base: Bytes, scope: number, attributes: readonly Bytes[]): Bytes =>
  sequence(integer(id), encode(SEARCH, octets(base) + encode(10, String.fromCharCode(scope)) + encode(10, '\0') + integer(1) + integer(5) + encode(1, '\0') + encode(0x87, 'objectClass') + sequence(...attributes.map(octets))))

const unbind = sequence(integer(9), '\x42\0')
const startTls = sequence(integer(8), encode(0x77, encode(0x80, '1.3.6.1.4.1.1466.20037')))
const startTlsName = '1.3.6.1.4.1.1466.20037'

export type LdapMessage = { readonly operation: number; readonly name: Bytes; readonly attributes: ReadonlyMap<string, readonly Bytes[]>; readonly result: number; readonly diagnostic: Bytes }

/** Errors: Malformed. */
export function readMessage(bytes: Bytes): LdapMessage {
  const [, operation] = children(read(new Cursor(bytes)))
  if (operation === undefined) throw new Malformed({ en: 'a message of LDAP without an operation', ko: '작업이 없는 LDAP 메시지' })
  const parts = children(operation)
  const attributes = new Map<string, Bytes[]>()
  if (operation.tag !== ENTRY) return { operation: operation.tag, name: '', attributes, result: parts[0] === undefined ? -1 : numberOf(parts[0]), diagnostic: parts[2]?.content ?? '' }
  for (const each of children(parts[1] ?? { tag: 0x30, content: '' })) {
    const [type, values] = children(each)
    if (type !== undefined && values !== undefined) attributes.set(type.content.toLowerCase(), children(values).map(({ content }) => content))
  }
  return { operation: operation.tag, name: parts[0]?.content ?? '', attributes, result: 0, diagnostic: '' }
}

async function answers(conversation: Conversation): Promise<LdapMessage[]> {
  const list: LdapMessage[] = []
  while (list.length < 8) {
    const next = await conversation.hear(element)
    if (next === null) break
    const message = readMessage(next)
    list.push(message)
    if (message.operation !== ENTRY && message.operation !== 0x73) break
  }
  return list
}

/** Message 1, an entry or the end, with each form of its length; and a notice of disconnection. */
const answersSearch = ['', '..', '.. ..', '.. .. ..', '.. .. .. ..'].map(length => beginning(`30 .. ${length} 02 01 01 64-65`))
const isNotice = beginning('30 00-7f 02 01 00 78')

export const ldap: Protocol = {
  name: 'ldap',
  greeting: () => search(1, '', 0, ['*', '+']),
  recognise: heard => (answersSearch.some(begins => begins(heard)) ? 1 : isNotice(heard) ? 0.9 : 0),
  async examine(service) {
    const { conversation } = service
    const found = await answers(conversation)
    const root = found.find(({ operation }) => operation === ENTRY)
    const result = found.find(({ operation }) => operation === DONE)
    if (result !== undefined && result.result !== 0) service.tell('result', `${result.result} ${result.diagnostic}`)
    const first = (name: string): Bytes | null => root?.attributes.get(name.toLowerCase())?.[0] ?? null
    const all = (name: string): readonly Bytes[] => root?.attributes.get(name.toLowerCase()) ?? []
    const contexts = all('namingContexts').filter(each => each !== '')
    if (first('structuralObjectClass') === 'OpenLDAProotDSE' || all('objectClass').includes('OpenLDAProotDSE')) service.is('OpenLDAP')
    else if (first('rootDomainNamingContext') !== null && first('domainFunctionality') !== null) {
      if (all('supportedCapabilities').includes('1.2.840.113556.1.4.800')) service.is('Active Directory')
    }
    const [vendor, version] = [first('vendorName'), first('vendorVersion')]
    if (vendor !== null && service.product === null) {
      const number = /\b(\d+\.\d[\w.]*)/.exec(version ?? '')?.[1] ?? null
      if (/389 Project/.test(vendor)) service.is('389 Directory Server', number)
      else if (/Apache Software/.test(vendor)) service.is('ApacheDS', number ?? version)
      else if (/OpenLDAP/.test(vendor)) service.is('OpenLDAP', number)
      else service.isCalled(version?.replace(/[\s/]*v?\d.*$/, '') || vendor, number, vendor)
    }
    service.calls(first('dnsHostName'))
    service.tell('namingContexts', contexts.join('; '))
    service.tell('versions', all('supportedLDAPVersion').join(', '))
    if (!service.tls && (all('supportedExtension').includes(startTlsName) || (root === undefined && await offersTls(service.open())))) service.startTls = 'ldap'
    if (contexts.length > 0) {
      const readable: Bytes[] = []
      for (const [at, context] of contexts.slice(0, 3).entries()) {
        await conversation.say(search(2 + at, context, 2, ['objectClass']))
        const entry = (await answers(conversation)).find(({ operation }) => operation === ENTRY)
        if (entry !== undefined) readable.push(entry.name)
      }
      if (readable.length > 0) service.find('service.ldap_anonymous_read', { en: `entries are readable without login: ${readable.join('; ')}`, ko: `로그인 없이 엔트리를 읽을 수 있음: ${readable.join('; ')}` })
    }
    await conversation.say(unbind)
  },
}

async function offersTls(opening: Promise<Conversation>): Promise<boolean> {
  const conversation = await opening
  const answer = await conversation.ask(startTls, element)
  return answer !== null && readMessage(answer).result === 0
}
