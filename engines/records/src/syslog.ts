// Syslog lines (RFC 3164, RFC 5424, journald's JSON) and what sshd, sudo and PAM say in them. sources.test.ts has the service logs as oracle.
import { event, file, present } from './ocsf.ts'
import type { Columns, Fields, LogSource } from './reading.ts'
import { parseSyslogStamp, parseTime } from './time.ts'
import { baseName, ip, oneLine, port, table, text, whole } from './values.ts'
import type { Bag } from './values.ts'

export type SyslogLine = {
  /** ms, or null when neither the line nor its wrapper says. */
  time: number | null
  host: string | null
  program: string
  pid: number | null
  severity: number | null
  text: string
}

const RFC3164 = /^(?:<(\d{1,3})>)?(?:([A-Z][a-z]{2})\s+(\d{1,2})\s+(\d{2}:\d{2}:\d{2})|(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?))\s+(\S+)\s+([\w./@+-]{1,64}?)(?:\[(\d+)\])?:\s?(.*)$/s
const RFC5424 = /^<(\d{1,3})>\d{1,2} (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:[^\]"\\]|"(?:[^"\\]|\\.)*"|\\.)*\])+) ?(?:\uFEFF)?(.*)$/s

export function parseSyslog(line: string, now: number | undefined): SyslogLine | null {
  // A longer text is no syslog line, and the patterns need not see it.
  if (line.length > 65_536) return null
  const modern = line.charCodeAt(0) === 60 ? RFC5424.exec(line) : null
  if (modern !== null) {
    return {
      time: parseTime(modern[2]), host: text(modern[3]), program: baseName(text(modern[4]) ?? ''), pid: whole(modern[5]), severity: Number(modern[1]) % 8, text: modern[7] ?? '',
    }
  }
  const match = RFC3164.exec(line)
  if (match === null) return null
  return {
    time: match[5] === undefined ? parseSyslogStamp(match[2] as string, match[3] as string, match[4] as string, now) : parseTime(match[5].replace(',', '.')),
    host: match[6] ?? null, program: baseName(match[7] as string), pid: whole(match[8]), severity: match[1] === undefined ? null : Number(match[1]) % 8, text: match[9] ?? '',
  }
}

/** journald's export: `__REALTIME_TIMESTAMP` in microseconds, `_HOSTNAME`, `SYSLOG_IDENTIFIER`, `MESSAGE`. */
export function fromJournal(record: Bag): SyslogLine | null {
  const message = record['MESSAGE']
  if (message === undefined || (record['SYSLOG_IDENTIFIER'] === undefined && record['_COMM'] === undefined && record['__REALTIME_TIMESTAMP'] === undefined)) return null
  const stamp = record['_SOURCE_REALTIME_TIMESTAMP'] ?? record['__REALTIME_TIMESTAMP']
  return {
    time: parseTime(typeof stamp === 'string' ? Number(stamp) : stamp), host: text(record['_HOSTNAME']), program: text(record['SYSLOG_IDENTIFIER']) ?? text(record['_COMM']) ?? '',
    pid: whole(record['_PID'] ?? record['SYSLOG_PID']), severity: whole(record['PRIORITY']),
    // journald gives bytes that are no text as an array of numbers.
    text: typeof message === 'string' ? message : Array.isArray(message) ? Buffer.from(message.filter((byte): byte is number => typeof byte === 'number')).toString() : '',
  }
}

/** What a line says, beyond that it was written. */
export type Saying = {
  type: number
  status: 0 | 1 | 2
  user: string | null
  srcIp: string | null
  srcPort: number | null
  command: string | null
  /** The account that acts, where the line tells it from the one acted on. */
  actor: string | null
  detail: string | null
}

const say = (type: number, status: 0 | 1 | 2, user: string | undefined, from?: string, fromPort?: string): Saying => ({
  type, status, user: user === undefined || user === '' ? null : user, srcIp: ip(from), srcPort: port(fromPort), command: null, actor: null, detail: null,
})

const ADDRESS = '([0-9a-fA-F.:%]+[0-9a-zA-Z]*)'
type Rule = { word: string; pattern: RegExp; read: (m: RegExpExecArray) => Saying }
const rule = (word: string, pattern: string, read: Rule['read']): Rule => ({ word, pattern: new RegExp(pattern), read })

/** OpenSSH's messages, most telling first; `word` is looked for before the pattern is tried. User names may hold blanks, so they end at the last ` from `. */
const SSHD: Rule[] = [
  rule('Accepted ', `^Accepted (\\S+) for (.*) from ${ADDRESS} port (\\d+)`, (m) => ({ ...say(300201, 1, m[2], m[3], m[4]), detail: m[1] ?? null })),
  rule('Failed ', `^Failed (\\S+) for (?:invalid user )?(.*) from ${ADDRESS} port (\\d+)`, (m) => ({ ...say(300201, 2, m[2], m[3], m[4]), detail: m[1] ?? null })),
  rule('nvalid user ', `^[Ii]nvalid user (.*) from ${ADDRESS}(?: port (\\d+))?`, (m) => say(300201, 2, m[1], m[2], m[3])),
  rule('llegal user ', `^[Ii]llegal user (.*) from ${ADDRESS}`, (m) => say(300201, 2, m[1], m[2])),
  rule('maximum authentication attempts', `maximum authentication attempts exceeded for (?:invalid user )?(.*) from ${ADDRESS} port (\\d+)`, (m) => say(300201, 2, m[1], m[2], m[3])),
  rule(' not allowed because ', `^User (.*) from (\\S+) not allowed because`, (m) => say(300201, 2, m[1], m[2])),
  rule(' user ', `^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) (?:\\S+ )?(?:\\S+ )?user (.*?) ${ADDRESS} port (\\d+)(.*)$`, (m) => {
    const preauth = (m[4] ?? '').includes('[preauth]') || /(?:authenticating|invalid) user/.test(m[0])
    return say(preauth ? 300201 : 300202, preauth ? 2 : 1, m[1], m[2], m[3])
  }),
  rule('Disconnect', `^Disconnect(?:ed from|ing) ${ADDRESS}(?: port (\\d+))?`, (m) => say(400702, 0, undefined, m[1], m[2])),
  rule('Received disconnect from ', `^Received disconnect from ${ADDRESS}(?: port (\\d+))?`, (m) => say(400702, 0, undefined, m[1], m[2])),
  rule('Magic value check failed', `from ${ADDRESS} port (\\d+)`, (m) => say(400704, 2, undefined, m[1], m[2])),
  rule('nable to negotiate with ', `nable to negotiate with ${ADDRESS} port (\\d+)`, (m) => say(400704, 2, undefined, m[1], m[2])),
  rule('Timeout before authentication', `Timeout before authentication for (?:connection from )?${ADDRESS}(?: to \\S+)?(?:,? port (\\d+))?`, (m) => say(400704, 2, undefined, m[1], m[2])),
  rule('refused connect from', `refused connect from (?:\\S+ \\()?${ADDRESS}`, (m) => say(400705, 2, undefined, m[1])),
  rule('Connection from ', `Connection from ${ADDRESS} port (\\d+)`, (m) => (m.input.includes('fatal') ? say(400704, 2, undefined, m[1], m[2]) : say(400701, 1, undefined, m[1], m[2]))),
  rule('Did not receive identification', `from ${ADDRESS}(?: port (\\d+))?`, (m) => say(400704, 2, undefined, m[1], m[2])),
  rule('Bad protocol version', `from ${ADDRESS}(?: port (\\d+))?`, (m) => say(400704, 2, undefined, m[1], m[2])),
  rule('Connection ', `Connection (?:closed|reset) by ${ADDRESS}(?: port (\\d+))?`, (m) => (m[0].includes('reset') ? say(400703, 2, undefined, m[1], m[2]) : say(400702, 0, undefined, m[1], m[2]))),
  rule('Server listening on ', `^Server listening on ${ADDRESS} port (\\d+)`, () => say(400707, 1, undefined)),
]

const PAM: Rule[] = [
  rule('authentication failure', `authentication failure;.*?(?:\\bruser=(\\S*))?\\s+rhost=(\\S*)(?:\\s+user=(.*))?$`, (m) => ({ ...say(300201, 2, m[3]?.trim(), m[2]), actor: text(m[1]) })),
  rule('session opened for user', `session opened for user (\\S+?)(?:\\(uid=\\d+\\))?(?: by (\\S*?)(?:\\(uid=\\d+\\))?)?$`, (m) => ({ ...say(300201, 1, m[1]), actor: text(m[2]) })),
  rule('session closed for user', `session closed for user (\\S+)`, (m) => say(300202, 1, m[1])),
  rule('check pass; user unknown', 'user unknown', () => say(300201, 2, undefined)),
]

const SUDO = /^\s*(\S+) : (?:(.*?) ; )?TTY=(\S+) ; PWD=(.*?) ; USER=(\S+) ;(?:.*?)? ?COMMAND=(.*)$/
const NOTHING = say(0, 0, undefined)

export function understand(line: SyslogLine): Saying {
  const { text: said, program } = line
  if (said.includes('pam_')) {
    const found = firstOf(PAM, said)
    if (found !== null) return found
  }
  if (program === 'sshd' || program === 'sshd-session' || program === 'sshd-auth') {
    return firstOf(SSHD, said.startsWith('error: ') || said.startsWith('fatal: ') ? said.slice(7) : said) ?? NOTHING
  }
  if (program === 'sudo') {
    const match = SUDO.exec(said)
    if (match !== null) return { ...say(100701, match[2] === undefined ? 1 : 2, match[5]), actor: match[1] ?? null, command: match[6] ?? null, detail: match[2] ?? null }
  }
  if (program === 'CRON' || program === 'cron' || program === 'crond') {
    const match = /^\((\S+)\) CMD \((.*)\)$/.exec(said)
    if (match !== null) return { ...say(100606, 1, match[1]), command: match[2] ?? null }
  }
  if (program === 'useradd' || program === 'adduser') {
    const match = /^new user: name=([^,]+)/.exec(said)
    if (match !== null) return say(300101, 1, match[1])
  }
  if (program === 'userdel') {
    const match = /^delete user '([^']+)'/.exec(said)
    if (match !== null) return say(300106, 1, match[1])
  }
  return NOTHING
}

function firstOf(rules: Rule[], said: string): Saying | null {
  for (const { word, pattern, read } of rules) {
    if (!said.includes(word)) continue
    const match = pattern.exec(said)
    if (match !== null) return read(match)
  }
  return null
}

const SERVICES = table<string>({
  sshd: 'sshd', 'sshd-session': 'sshd', 'sshd-auth': 'sshd', sudo: 'sudo', cron: 'cron', CRON: 'cron', crond: 'cron', su: 'auth', login: 'auth', 'systemd-logind': 'auth', useradd: 'auth', userdel: 'auth', groupadd: 'auth', passwd: 'auth',
  vsftpd: 'vsftpd', clamd: 'clamav', freshclam: 'clamav', guacd: 'guacamole',
})

export function syslogLogSource(line: SyslogLine): LogSource {
  return { product: 'linux', service: SERVICES[line.program] ?? 'syslog' }
}

export function syslogColumns(line: SyslogLine, said: Saying): Columns {
  const service = syslogLogSource(line).service as string
  const severity = line.severity
  return {
    time: line.time,
    class_uid: Math.trunc(said.type / 100), activity_id: said.type % 100,
    severity_id: severity === null ? 1 : severity <= 2 ? 5 : severity === 3 ? 3 : severity === 4 ? 2 : 1,
    host: line.host, user: said.type === 100701 ? said.actor ?? said.user : said.user, process: text(line.program), process_id: line.pid, parent_process: null, command_line: said.command,
    src_ip: said.srcIp, src_port: said.srcPort, dst_ip: null, dst_port: null, hash: null, event_code: null,
    log_source: `linux//${service}`, shape: service === 'sshd' ? 'sshd' : 'syslog',
    message: oneLine(line.program === '' ? 'syslog' : line.program, line.text),
  }
}

export function syslogFields(line: SyslogLine, said: Saying, record: Bag, raw: string): Fields {
  const fields = Object.create(null) as Fields
  for (const key of Object.keys(record)) fields[key] = record[key]
  const extra: Bag = { message: raw, hostname: line.host, program: line.program, pid: line.pid, user: said.user, src_ip: said.srcIp, src_port: said.srcPort }
  for (const key of Object.keys(extra)) if (fields[key] === undefined && extra[key] !== null) fields[key] = extra[key]
  if (line.program === 'sudo' && said.user !== null) fields['USER'] ??= said.user
  return fields
}

export function syslogOcsf(line: SyslogLine, said: Saying, columns: Columns): Bag {
  const user = columns.user === null ? undefined : { name: columns.user }
  const process = present({ name: columns.process, pid: columns.process_id })
  const acting = said.actor !== null && columns.class_uid !== 1007 ? { name: said.actor } : undefined
  const device = present({ hostname: columns.host, type_id: 0, os: { name: 'Linux', type_id: 200 } })
  const src = present({ ip: columns.src_ip, port: columns.src_port })
  const dst = present({ hostname: columns.host })
  const about = columns.class_uid >= 3001 && columns.class_uid <= 3005
  const body: Bag = { device, actor: present({ process, user: acting ?? (about ? undefined : user) }) ?? { app_name: 'syslog' } }
  switch (columns.class_uid) {
    case 1007: body['process'] = { name: columns.process ?? undefined, ...(columns.process_id === null ? {} : { pid: columns.process_id }), cmd_line: columns.command_line ?? undefined, user: said.user === null ? undefined : { name: said.user } }; break
    case 1006: body['job'] = present({ name: columns.command_line ?? 'cron', cmd_line: columns.command_line, file: file(columns.command_line === null ? null : columns.command_line.trim().split(/\s/)[0] ?? null) }); break
    case 3001: body['user'] = user ?? { name: 'unknown' }; body['src_endpoint'] = src; break
    case 3002:
      body['user'] = user ?? { name: 'unknown' }
      body['src_endpoint'] = src
      body['dst_endpoint'] = dst
      body['service'] = { name: columns.process ?? 'unknown' }
      body['is_remote'] = src === undefined ? null : true
      break
    case 4007: body['src_endpoint'] = src; body['dst_endpoint'] = { ...dst, svc_name: 'ssh' }; break
    default: break
  }
  return event(columns, {
    product: { name: columns.process ?? 'syslog', vendor_name: 'Linux' }, metadata: { log_name: 'syslog' }, status: said.status, statusDetail: said.detail,
    unmapped: src !== undefined && columns.class_uid === 0 ? { src_endpoint: src } : undefined,
  }, body)
}
