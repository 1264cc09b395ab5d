// Linux audit records: raw lines (also several of one event, joined), the same as JSON fields, and laurel's JSON. Names are auditd's own, which are Sigma's.
// Format: https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Format. sources.test.ts has the service logs as oracle.
import { event, file, present } from './ocsf.ts'
import type { Columns, Fields, LogSource } from './reading.ts'
import { parseTime } from './time.ts'
import { ip, isBag, oneLine, port, table, text, whole } from './values.ts'
import type { Bag } from './values.ts'

/** What the kernel escapes as hex when it holds anything but plain characters. */
const HEX_FIELDS = new Set(['proctitle', 'comm', 'exe', 'cwd', 'name', 'key', 'cmd', 'acct', 'data', 'path', 'dir', 'watch', 'old', 'new', 'ocomm', 'vm', 'grp', 'new_group', 'terminal'])
const LINE = /^(?:node=(\S+) )?type=([A-Za-z0-9_[\]]+) msg=audit\((\d+(?:\.\d+)?):(\d+)\):\s?/
const AUDIT_TYPES = /^(?:SYSCALL|EXECVE|PATH|CWD|PROCTITLE|SOCKADDR|USER_[A-Z_]+|CRED_[A-Z]+|SERVICE_(?:START|STOP)|CONFIG_CHANGE|LOGIN|ADD_(?:USER|GROUP)|DEL_(?:USER|GROUP)|ANOM_[A-Z_]+|AVC|CRYPTO_[A-Z_]+|DAEMON_[A-Z]+|SYSTEM_[A-Z]+|NETFILTER_CFG|BPF|TTY|KERN_MODULE|SECCOMP|CHUSER_ID|CHGRP_ID|GRP_[A-Z_]+|ROLE_[A-Z_]+|MAC_[A-Z_]+|OBJ_PID|MMAP|INTEGRITY_[A-Z_]+|FEATURE_CHANGE|TIME_[A-Z]+|UNKNOWN\[\d+\])$/

const SYSCALLS_X86_64: Record<number, string> = {
  0: 'read', 1: 'write', 2: 'open', 3: 'close', 9: 'mmap', 10: 'mprotect', 41: 'socket', 42: 'connect', 43: 'accept', 44: 'sendto', 45: 'recvfrom', 49: 'bind', 50: 'listen', 56: 'clone', 57: 'fork', 58: 'vfork', 59: 'execve',
  62: 'kill', 76: 'truncate', 77: 'ftruncate', 80: 'chdir', 82: 'rename', 83: 'mkdir', 84: 'rmdir', 85: 'creat', 86: 'link', 87: 'unlink', 88: 'symlink', 90: 'chmod', 91: 'fchmod', 92: 'chown', 93: 'fchown', 94: 'lchown',
  101: 'ptrace', 105: 'setuid', 106: 'setgid', 113: 'setreuid', 114: 'setregid', 117: 'setresuid', 119: 'setresgid', 132: 'utime', 133: 'mknod', 155: 'pivot_root', 157: 'prctl', 159: 'adjtimex', 161: 'chroot', 164: 'settimeofday',
  165: 'mount', 166: 'umount2', 169: 'reboot', 170: 'sethostname', 171: 'setdomainname', 175: 'init_module', 176: 'delete_module', 188: 'setxattr', 189: 'lsetxattr', 190: 'fsetxattr', 197: 'removexattr', 227: 'clock_settime',
  246: 'kexec_load', 257: 'openat', 258: 'mkdirat', 259: 'mknodat', 260: 'fchownat', 263: 'unlinkat', 264: 'renameat', 265: 'linkat', 266: 'symlinkat', 268: 'fchmodat', 272: 'unshare', 288: 'accept4', 304: 'open_by_handle_at',
  308: 'setns', 310: 'process_vm_readv', 311: 'process_vm_writev', 313: 'finit_module', 316: 'renameat2', 319: 'memfd_create', 320: 'kexec_file_load', 321: 'bpf', 322: 'execveat', 323: 'userfaultfd', 435: 'clone3', 437: 'openat2',
}
const SYSCALLS_ARM64: Record<number, string> = {
  33: 'mknodat', 34: 'mkdirat', 35: 'unlinkat', 36: 'symlinkat', 37: 'linkat', 38: 'renameat', 39: 'umount2', 40: 'mount', 41: 'pivot_root', 48: 'faccessat', 49: 'chdir', 51: 'chroot', 53: 'fchmodat', 54: 'fchownat', 56: 'openat', 97: 'unshare',
  105: 'init_module', 106: 'delete_module', 117: 'ptrace', 129: 'kill', 142: 'reboot', 144: 'setgid', 145: 'setreuid', 146: 'setuid', 147: 'setresuid', 161: 'sethostname', 198: 'socket', 200: 'bind', 201: 'listen', 202: 'accept', 203: 'connect',
  220: 'clone', 221: 'execve', 268: 'setns', 273: 'finit_module', 276: 'renameat2', 279: 'memfd_create', 280: 'bpf', 281: 'execveat', 435: 'clone3', 437: 'openat2',
}

/** One event: its values by name, and what the single values cannot hold. */
export type AuditEvent = {
  type: string
  /** Seconds since the epoch as written. */
  stamp: string | null
  serial: string | null
  node: string | null
  values: Bag
  /** EXECVE's arguments in order, decoded. */
  argv: string[] | null
  paths: string[]
  types: string[]
}

/** Whether a text begins like an audit record; cheap enough to ask of every line. */
export function looksLikeAudit(line: string): boolean {
  return (line.startsWith('type=') || line.startsWith('node=')) && LINE.test(line)
}

/** An audit event out of a text of one or more lines with the same serial; null when the first line is none. */
export function parseAudit(message: string): AuditEvent | null {
  let audit: AuditEvent | null = null
  for (const line of message.split('\n')) {
    const head = LINE.exec(line)
    if (head === null) continue
    const type = head[2] as string
    const values = pairs(line, head[0].length)
    if (audit === null) {
      audit = { type, stamp: head[3] ?? null, serial: head[4] ?? null, node: head[1] ?? null, values: Object.create(null) as Bag, argv: null, paths: [], types: [] }
    } else if (head[4] !== audit.serial) continue
    merge(audit, type, values)
  }
  return audit
}

function merge(audit: AuditEvent, type: string, values: Bag): void {
  audit.types.push(type)
  if (type === 'EXECVE') {
    const count = Math.min(whole(values['argc']) ?? 0, 4096)
    const argv: string[] = []
    for (let i = 0; i < count; i++) {
      const value = values[`a${i}`] ?? values[`a${i}[0]`]
      if (typeof value === 'string') argv.push(value)
    }
    audit.argv = argv
  } else if (type === 'PATH') {
    const name = text(values['name'])
    if (name !== null && values['nametype'] !== 'PARENT') audit.paths.push(name)
  }
  const own = audit.values
  // The arguments of EXECVE are what a0.. means to a rule; those of SYSCALL are addresses.
  for (const key of Object.keys(values)) if (own[key] === undefined || (type === 'EXECVE' && /^a\d/.test(key)) || (type === 'PATH' && key === 'name' && values['nametype'] === 'NORMAL' && audit.paths.length === 1)) own[key] = values[key]
}

const isWord = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 45 || c === 91 || c === 93

/** `key=value` pairs: quoted, bare, hex or in an inner `msg='...'`. The enriched part after 0x1d has its names in upper case; some collectors lose the separator. */
function pairs(line: string, from: number): Bag {
  const values = Object.create(null) as Bag
  const execve = line.includes('type=EXECVE ')
  let at = from
  while (at < line.length) {
    while (at < line.length && !isWord(line.charCodeAt(at))) at++
    const keyAt = at
    while (at < line.length && isWord(line.charCodeAt(at))) at++
    if (line.charCodeAt(at) !== 61) { at++; continue }
    const key = line.slice(keyAt, at)
    at++
    const quote = line.charCodeAt(at)
    if (quote === 34 || quote === 39) {
      let stop = line.indexOf(quote === 34 ? '"' : "'", at + 1)
      if (stop === -1) stop = line.length
      const inner = line.slice(at + 1, stop)
      if (quote === 39 && key === 'msg') {
        const nested = pairs(inner, 0)
        for (const name of Object.keys(nested)) values[name] ??= nested[name]
        values['msg'] = inner
      } else values[key] = inner
      at = stop + 1
      continue
    }
    let stop = at
    while (stop < line.length) {
      const c = line.charCodeAt(stop)
      if (c === 32 || c === 29) break
      if (c === 61 && stop > at) {
        // The next name has run into this value: `0OUID=`.
        let name = stop
        while (name > at && line.charCodeAt(name - 1) >= 65 && line.charCodeAt(name - 1) <= 90) name--
        if (name < stop && name > at) { stop = name; break }
      }
      stop++
    }
    const bare = line.slice(at, stop)
    values[key] = HEX_FIELDS.has(key) || (execve && /^a\d+(?:\[\d+\])?$/.test(key)) ? unhex(bare) : bare
    at = stop
  }
  return values
}

function unhex(value: string): string {
  if (value.length < 2 || value.length % 2 === 1 || !/^[0-9A-F]+$/.test(value)) return value
  // Arguments in a proctitle are separated by NUL.
  return Buffer.from(value, 'hex').toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ')
}

/** Audit fields that came as JSON: a flat object with `type`, or laurel's object by record type. */
export function auditFromJson(record: Bag): AuditEvent | null {
  const type = record['type']
  if (typeof type === 'string' && AUDIT_TYPES.test(type) && !isBag(record['winlog'])) {
    return { type, stamp: text(record['timestamp']), serial: text(record['serial']) ?? text(record['sequence']), node: text(record['node']), values: record, argv: null, paths: [], types: [type] }
  }
  const id = record['ID']
  if (typeof id !== 'string' || !/^\d+\.\d+:\d+$/.test(id)) return null
  const parts = Object.keys(record).filter((key) => AUDIT_TYPES.test(key))
  const first = parts[0]
  if (first === undefined) return null
  const [stamp = null, serial = null] = id.split(':')
  const audit: AuditEvent = { type: first, stamp, serial, node: text(record['NODE']), values: Object.create(null) as Bag, argv: null, paths: [], types: [] }
  for (const part of parts) {
    const entries = Array.isArray(record[part]) ? record[part] : [record[part]]
    for (const entry of entries) {
      if (!isBag(entry)) continue
      const values: Bag = Object.assign(Object.create(null) as Bag, entry)
      if (part === 'EXECVE' && Array.isArray(values['ARGV'])) {
        values['argc'] = values['ARGV'].length
        values['ARGV'].forEach((argument: unknown, i) => { values[`a${i}`] = text(argument) ?? '' })
      } else if (part === 'PROCTITLE' && Array.isArray(values['ARGV'])) values['proctitle'] = values['ARGV'].map((argument) => text(argument) ?? '').join(' ')
      delete values['ARGV']
      merge(audit, part, values)
    }
  }
  return audit
}

/**
 * Joins the lines of each event (same node, time and serial) into one text that `readRecord` takes, in the order of their first lines.
 * Lines that are no audit records come out alone. Keeps the open events only: an event is given when 64 others have begun after it.
 */
export function* joinAudit(lines: Iterable<string>): Generator<string> {
  const open = new Map<string, string>()
  for (const line of lines) {
    const head = LINE.exec(line)
    if (head === null) { yield line; continue }
    const key = `${head[1] ?? ''} ${head[3] ?? ''}:${head[4] ?? ''}`
    const begun = open.get(key)
    open.set(key, begun === undefined ? line : `${begun}\n${line}`)
    if (open.size > 64) {
      const [oldest, joined] = open.entries().next().value as [string, string]
      open.delete(oldest)
      yield joined
    }
  }
  yield* open.values()
}

function syscallName(values: Bag): string | null {
  const enriched = text(values['SYSCALL'])
  if (enriched !== null) return enriched
  const number = whole(values['syscall'])
  if (number === null) return text(values['syscall'])
  const arch = text(values['arch']) ?? 'c000003e'
  return (arch === 'c00000b7' || arch === '0xc00000b7' ? SYSCALLS_ARM64 : arch === 'c000003e' || arch === '0xc000003e' || arch === 'x86_64' ? SYSCALLS_X86_64 : {})[number] ?? null
}

const TYPES = table<number>({
  EXECVE: 100701, PROCTITLE: 100701, USER_CMD: 100701, ANOM_ABEND: 100702,
  USER_LOGIN: 300201, USER_AUTH: 300201, USER_START: 300201, LOGIN: 300201, USER_ERR: 300201, USER_LOGOUT: 300202, USER_END: 300202, USER_ACCT: 300299, CRED_ACQ: 300299, CRED_DISP: 300299, CRED_REFR: 300299, USER_ROLE_CHANGE: 300301,
  ADD_USER: 300101, DEL_USER: 300106, USER_CHAUTHTOK: 300103, USER_MGMT: 300199, ACCT_LOCK: 300109, ACCT_UNLOCK: 300112, ADD_GROUP: 300606, DEL_GROUP: 300605, GRP_MGMT: 300699,
  SERVICE_START: 600203, SERVICE_STOP: 600204, CONFIG_CHANGE: 501901, DAEMON_START: 600203, DAEMON_END: 600204, KERN_MODULE: 100201,
})
const EXEC = new Set(['execve', 'execveat'])
const FILE_TYPES = table<number>({
  open: 100114, openat: 100114, openat2: 100114, creat: 100101, unlink: 100104, unlinkat: 100104, rmdir: 100104, rename: 100105, renameat: 100105, renameat2: 100105, chmod: 100107, fchmod: 100107, fchmodat: 100107,
  chown: 100107, fchown: 100107, lchown: 100107, fchownat: 100107, truncate: 100103, ftruncate: 100103, mkdir: 100101, mkdirat: 100101, link: 100101, linkat: 100101, symlink: 100101, symlinkat: 100101, setxattr: 100106, removexattr: 100106,
})

function typeOf(audit: AuditEvent): number {
  const { type, values } = audit
  if (type === 'SYSCALL') {
    const name = syscallName(values)
    if (name === null) return 100399
    if (EXEC.has(name)) return 100701
    if (name === 'connect') return 400101
    if (name === 'bind') return 400199
    if (name === 'listen') return 400107
    if (name === 'accept' || name === 'accept4') return 400101
    if (name === 'init_module' || name === 'finit_module') return 100201
    if (name === 'delete_module') return 100202
    if (name === 'setuid' || name === 'setreuid' || name === 'setresuid') return 100705
    if (name === 'ptrace') return 100703
    // Without its PATH record a call does not say which file.
    if (audit.paths.length > 0) return FILE_TYPES[name] ?? 100304
    return 100304
  }
  if (type === 'PATH') return values['nametype'] === 'CREATE' ? 100101 : values['nametype'] === 'DELETE' ? 100104 : 100114
  if (type === 'SOCKADDR') return 400199
  if (type === 'USER_LOGIN' && values['op'] === 'logout') return 300202
  return TYPES[type] ?? 99
}

function succeeded(values: Bag): number {
  const word = text(values['success']) ?? text(values['res']) ?? text(values['result'])
  return word === null ? 0 : word === 'yes' || word === 'success' || word === '1' ? 1 : 2
}

/** The peer in a SOCKADDR: enriched text or the raw bytes of a struct sockaddr. */
function socketAddress(values: Bag): { address: string; port: number | null } | null {
  const enriched = text(values['laddr']) ?? (isBag(values['SADDR']) ? text(values['SADDR']['addr']) ?? text(values['SADDR']['laddr']) : null)
  if (enriched !== null) {
    const address = ip(enriched)
    return address === null ? null : { address, port: port(values['lport'] ?? (isBag(values['SADDR']) ? values['SADDR']['port'] ?? values['SADDR']['lport'] : undefined)) }
  }
  const raw = values['saddr']
  if (typeof raw !== 'string' || !/^[0-9A-F]{16,}$/i.test(raw)) return null
  const bytes = Buffer.from(raw, 'hex')
  const family = bytes.readUInt16LE(0)
  const number = bytes.readUInt16BE(2)
  if (family === 2) return { address: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port: number === 0 ? null : number }
  if (family === 10 && bytes.length >= 24) {
    const groups: string[] = []
    for (let i = 8; i < 24; i += 2) groups.push(bytes.readUInt16BE(i).toString(16))
    return { address: groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::'), port: number === 0 ? null : number }
  }
  return null
}

const UNSET = new Set(['4294967295', '-1', 'unset'])

function userName(values: Bag): string | null {
  for (const key of ['acct', 'AUID', 'UID', 'auid', 'uid']) {
    const value = text(values[key])
    if (value !== null && !UNSET.has(value)) return value
  }
  return null
}

const commandLine = (audit: AuditEvent): string | null => {
  if (audit.argv !== null && audit.argv.length > 0) return audit.argv.join(' ')
  if (audit.type === 'EXECVE') {
    const parts: string[] = []
    for (let i = 0; i < 4096; i++) {
      const value = text(audit.values[`a${i}`])
      if (value === null) break
      parts.push(value)
    }
    if (parts.length > 0) return parts.join(' ')
  }
  return text(audit.values['proctitle']) ?? text(audit.values['cmd'])
}

export const auditLogSource: LogSource = { product: 'linux', service: 'auditd' }

export function auditColumns(audit: AuditEvent, host: string | null, received: unknown): Columns {
  const { values, type } = audit
  const kind = typeOf(audit)
  const peer = socketAddress(values)
  const syscall = type === 'SYSCALL' ? syscallName(values) : null
  const laurelParent = isBag(values['PPID']) ? text(values['PPID']['exe']) : null
  const command = commandLine(audit)
  const process = text(values['exe']) ?? text(values['comm'])
  const remote = ip(values['addr'])
  return {
    time: parseTime(audit.stamp === null ? received : Number(audit.stamp)),
    class_uid: Math.trunc(kind / 100), activity_id: kind % 100, severity_id: type.startsWith('ANOM_') ? 3 : 1,
    host: audit.node ?? host,
    user: userName(values),
    process, process_id: whole(values['pid']), parent_process: laurelParent,
    command_line: command,
    src_ip: remote, src_port: null,
    dst_ip: peer?.address ?? null, dst_port: peer?.port ?? null,
    hash: null, event_code: type, log_source: 'linux//auditd', shape: 'auditd',
    message: oneLine(syscall === null ? type : `${type} ${syscall}`, command ?? text(values['name']) ?? process ?? text(values['msg'])),
  }
}

export function auditFields(audit: AuditEvent, record: Bag): Fields {
  const fields = Object.create(null) as Fields
  for (const key of Object.keys(record)) fields[key] = record[key]
  for (const key of Object.keys(audit.values)) fields[key] = audit.values[key]
  fields['type'] = audit.types.length > 1 ? audit.types : audit.type
  if (audit.serial !== null) fields['serial'] = audit.serial
  if (audit.paths.length > 1) fields['name'] = audit.paths
  const syscall = syscallName(audit.values)
  if (syscall !== null) fields['SYSCALL'] ??= syscall
  return fields
}

export function auditOcsf(audit: AuditEvent, columns: Columns): Bag {
  const { values } = audit
  const left = Object.create(null) as Bag
  const mapped = new Set(['exe', 'comm', 'pid', 'ppid', 'uid', 'auid', 'acct', 'addr', 'success', 'res', 'result', 'cwd', 'proctitle', 'cmd', 'ses', 'UID', 'AUID', 'argc', 'saddr', 'exit', 'tty', 'terminal'])
  for (const key of Object.keys(values)) if (!mapped.has(key) && !/^a\d+$/.test(key)) left[key] = values[key]
  const uid = text(values['auid']) ?? text(values['uid'])
  const user = columns.user === null ? undefined : present({ name: columns.user, uid: uid !== null && !UNSET.has(uid) ? uid : null })
  const process = present({
    name: text(values['comm']), pid: columns.process_id, file: file(text(values['exe'])), cmd_line: columns.command_line, working_directory: text(values['cwd']),
    parent_process: present({ pid: whole(values['ppid']), file: file(columns.parent_process) }),
    session: present({ uid: text(values['ses']), terminal: text(values['tty']) ?? text(values['terminal']) }),
  })
  const launched = columns.class_uid === 1007
  const actorProcess = launched ? process?.['parent_process'] : process
  const actor = present({ process: actorProcess, user, app_name: actorProcess === undefined && user === undefined ? 'kernel' : null })
  const device = { hostname: columns.host ?? undefined, type_id: 0, os: { name: 'Linux', type_id: 200 } }
  const body: Bag = { actor, device: present(device) }
  const src = columns.src_ip === null ? undefined : { ip: columns.src_ip }
  const syscall = syscallName(values)
  switch (columns.class_uid) {
    case 1007:
      body['process'] = { ...process, user }
      body['exit_code'] = columns.activity_id === 2 ? whole(values['exit']) : null
      break
    case 1001: body['file'] = file(audit.paths[0] ?? text(values['name']) ?? '?'); break
    case 1002: body['driver'] = { file: file(text(values['name']) ?? '?') }; break
    case 1003: body['kernel'] = { name: syscall ?? text(values['syscall']) ?? audit.type, type_id: 2, type: 'System Call', system_call: syscall ?? undefined }; break
    case 3001: case 3002: case 3003:
      body['user'] = user ?? { name: 'unknown' }
      body['src_endpoint'] = src
      if (columns.class_uid !== 3001) body['dst_endpoint'] = columns.host === null ? null : { hostname: columns.host }
      if (columns.class_uid === 3002) body['service'] = { name: text(values['exe']) ?? 'audit' }
      if (columns.class_uid === 3003) body['privileges'] = [text(values['new-role']) ?? 'role']
      break
    case 3006: body['group'] = { name: text(values['grp']) ?? columns.user ?? 'unknown' }; body['src_endpoint'] = src; break
    case 4001:
      body['dst_endpoint'] = present({ ip: columns.dst_ip, port: columns.dst_port })
      body['src_endpoint'] = present({ hostname: columns.host }) ?? (columns.dst_ip === null ? { name: 'localhost' } : undefined)
      break
    case 6002: body['app'] = { name: text(values['unit']) ?? text(values['exe']) ?? 'auditd' }; break
    default: break
  }
  // Only the classes of accounts have a place for where somebody came from.
  if (src !== undefined && body['src_endpoint'] !== src) left['addr'] = columns.src_ip
  return event(columns, {
    product: { name: 'Linux Audit', vendor_name: 'Linux' },
    metadata: { log_name: 'audit', uid: audit.serial ?? undefined, original_time: audit.stamp ?? undefined },
    status: succeeded(values), statusCode: text(values['exit']), unmapped: present(left),
  }, body)
}
