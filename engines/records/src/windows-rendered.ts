// Reads the text of a Windows event (`Label:<tab>value` under section lines) back into the names of its event data, for collectors that send the text alone.
import { table } from './values.ts'
import type { Bag } from './values.ts'

type Who = 'Subject' | 'Target' | ''

const SECTIONS = table<Who>({
  subject: 'Subject', 'creator subject': 'Subject', 'target subject': 'Target', 'new logon': 'Target', 'account for which logon failed': 'Target', 'target account': 'Target',
  'new account': 'Target', 'account that was locked out': 'Target', 'account whose credentials were used': 'Target', 'account information': 'Target', 'group': 'Target', 'user': 'Target',
})

const LABELS = table<string>({
  'caller process id': 'ProcessId', 'caller process name': 'ProcessName', 'creator process id': 'ProcessId', 'creator process name': 'ParentProcessName', 'process command line': 'CommandLine',
  'source network address': 'IpAddress', 'client address': 'IpAddress', 'source address': 'IpAddress', 'source port': 'IpPort', 'client port': 'IpPort', 'workstation name': 'WorkstationName', 'source workstation': 'Workstation',
  'logon process': 'LogonProcessName', 'authentication package': 'AuthenticationPackageName', 'transited services': 'TransmittedServices', 'package name (ntlm only)': 'LmPackageName',
  'exit status': 'Status', 'token elevation type': 'TokenElevationType', 'elevated token': 'ElevatedToken', 'linked logon id': 'TargetLinkedLogonId', 'transaction id': 'TransactionId', 'handle id': 'HandleId',
})

const WHO = table<string>({ 'security id': 'UserSid', 'account name': 'UserName', 'account domain': 'DomainName', 'domain name': 'DomainName', 'logon id': 'LogonId', 'logon guid': 'LogonGuid' })

/** The values of a rendered text, or null when it has none. A text that goes on into prose ends at the first line that is neither label nor section. */
export function renderedData(message: string): Bag | null {
  const data = Object.create(null) as Bag
  let who: Who = ''
  let count = 0
  let list: string | null = null
  for (const raw of message.split(/\r?\n/, 400)) {
    const match = /^(\s*)([A-Za-z][A-Za-z0-9 ()/-]{1,48}?)\s*:(?:\s+(.*))?$/.exec(raw)
    if (match === null) {
      const more = raw.trim()
      if (list !== null && more !== '' && !more.includes(' ') && /^\s/.test(raw)) data[list] = `${String(data[list])}\n${more}`
      else if (more === '') list = null
      continue
    }
    const label = (match[2] as string).toLowerCase()
    // A command line keeps its last blanks.
    const value = label === 'process command line' ? match[3] ?? '' : (match[3] ?? '').trim()
    if (value.trim() === '') {
      who = SECTIONS[label] ?? ''
      list = null
      continue
    }
    const own = WHO[label]
    const name = own !== undefined && who !== '' ? (own === 'LogonGuid' ? 'LogonGuid' : `${who}${own}`) : LABELS[label] ?? (match[2] as string).replaceAll(' ', '').replace(/ID$/, 'Id')
    if (data[name] === undefined) {
      data[name] = value
      count++
      list = name === 'Accesses' || name === 'Privileges' ? name : null
    }
  }
  return count === 0 ? null : data
}

/** The `key=value` lines before `Message=` of a forwarded event log text, with what the message says; null when the text is none. */
export function renderedRecord(text: string): Bag | null {
  const split = text.indexOf('\nMessage=')
  if (split === -1 || !/(?:^|\n)EventCode=\d+/.test(text.slice(0, split))) return null
  const record = Object.create(null) as Bag
  const lines = text.slice(0, split).split(/\r?\n/)
  for (const line of lines) {
    const equals = line.indexOf('=')
    if (equals > 0) record[line.slice(0, equals)] = line.slice(equals + 1)
    else if (/^\d/.test(line)) record['TimeCreated'] = line.trim()
  }
  const message = text.slice(split + '\nMessage='.length)
  record['Message'] = message
  return record
}

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' }
const plain = (value: string): string => (value.includes('&') ? value.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] as string).replace(/&#(x[0-9a-f]{1,6}|\d{1,7});/gi, (_, code: string) => character(Number(`0${code}`) || Number(code))) : value)
const character = (code: number): string => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '')

/** An event as the XML that Windows shows it in, as an object of the form of EVTX converters; null when the text is none. */
export function xmlRecord(text: string): Bag | null {
  const begin = text.indexOf('<System>')
  const end = text.indexOf('</System>', begin)
  if (begin === -1 || end === -1 || !text.includes('<Event ')) return null
  const head = text.slice(begin, end)
  const element = (name: string): string | undefined => new RegExp(`<${name}(?: [^>]{0,200})?>([^<]{0,400})</${name}>`).exec(head)?.[1]
  const attribute = (name: string, key: string): string | undefined => new RegExp(`<${name} [^>]{0,400}?\\b${key}=["']([^"']{0,200})["']`).exec(head)?.[1]
  const id = element('EventID')
  if (id === undefined) return null
  const data = Object.create(null) as Bag
  for (const match of text.slice(end).matchAll(/<Data Name=["']([^"']{1,100})["'](?:\s*\/>|>([^<]*)<\/Data>)/g)) data[match[1] as string] = plain(match[2] ?? '')
  return {
    Event: {
      System: {
        Provider: { '#attributes': { Name: attribute('Provider', 'Name') } }, EventID: id, Level: element('Level'), Task: element('Task'), Keywords: element('Keywords'), TimeCreated: { '#attributes': { SystemTime: attribute('TimeCreated', 'SystemTime') } },
        EventRecordID: element('EventRecordID'), Channel: element('Channel'), Computer: element('Computer'), Security: { '#attributes': { UserID: attribute('Security', 'UserID') } },
      },
      EventData: data,
    },
  }
}
