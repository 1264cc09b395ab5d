// Source records as shippers write them: winlogbeat for Windows, audit and syslog lines, web and database logs with their host, CloudTrail.
import { company, hosts } from './company.ts'
import type { HostName } from './company.ts'
import type { Random } from './random.ts'

export type SourceRecord = Record<string, unknown>
export type Source = 'windows' | 'linux' | 'web' | 'database' | 'cloudtrail'
export type Process = { readonly host: HostName; readonly guid: string; readonly pid: number; readonly image: string; readonly commandLine: string; readonly user: string }

const iso = (at: number) => new Date(at).toISOString()
const sysmonTime = (at: number) => iso(at).replace('T', ' ').replace('Z', '')
const addressOf = new Map<string, string>(hosts.map(({ name, address }) => [name, address]))
const account = (user: string) => (user.includes('\\') ? user : `${company.domain}\\${user}`)
const quoted = (text: string) => (/^[\w./:=@%+,-]+$/.test(text) ? `"${text}"` : Buffer.from(text, 'utf8').toString('hex').toUpperCase())

/** Record numbers and process ids go on from call to call, as on real hosts. Times are ms since the epoch. */
export function recorderOf(random: Random) {
  const numbers = new Map<string, number>()
  const next = (what: string, from: number) => {
    const number = (numbers.get(what) ?? from) + 1
    numbers.set(what, number)
    return number
  }
  const pid = () => random.between(300, 4_000) * 4

  const windows = (host: HostName, at: number, channel: string, provider: string, code: number, data: SourceRecord, user?: string): SourceRecord => ({
    '@timestamp': iso(at),
    agent: { type: 'winlogbeat', version: '8.15.3' },
    host: { name: host, ip: [addressOf.get(host)] },
    event: { code: String(code), kind: 'event', provider },
    winlog: {
      channel, provider_name: provider, event_id: String(code), computer_name: host, record_id: next(`${host} ${channel}`, 40_000),
      ...(user === undefined ? {} : { user: { name: user, domain: company.domain, type: 'User' } }), event_data: data,
    },
  })
  const sysmon = (host: HostName, at: number, code: number, data: SourceRecord) =>
    windows(host, at, 'Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon', code, { RuleName: '-', UtcTime: sysmonTime(at), ...data })

  return {
    /** A process that is there without an event of its own: a parent from before. */
    running: (host: HostName, user: string, image: string, commandLine = `"${image}"`): Process => ({ host, guid: `{${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}}`, pid: pid(), image, commandLine, user: account(user) }),
    /** Sysmon 1. */
    start(at: number, parent: Process, image: string, commandLine: string, user = parent.user): { process: Process; record: SourceRecord } {
      const process: Process = { host: parent.host, guid: `{${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}}`, pid: pid(), image, commandLine, user: account(user) }
      return {
        process,
        record: sysmon(parent.host, at, 1, {
          ProcessGuid: process.guid, ProcessId: String(process.pid), Image: image, OriginalFileName: image.slice(image.lastIndexOf('\\') + 1), CommandLine: commandLine, CurrentDirectory: 'C:\\Windows\\System32\\',
          User: process.user, LogonId: `0x${random.hex(6)}`, TerminalSessionId: '1', IntegrityLevel: 'Medium', Hashes: `SHA256=${random.hex(64).toUpperCase()}`,
          ParentProcessGuid: parent.guid, ParentProcessId: String(parent.pid), ParentImage: parent.image, ParentCommandLine: parent.commandLine, ParentUser: parent.user,
        }),
      }
    },
    /** Sysmon 3. */
    connection: (at: number, process: Process, to: { address: string; port: number; name?: string }) => sysmon(process.host, at, 3, {
      ProcessGuid: process.guid, ProcessId: String(process.pid), Image: process.image, User: process.user, Protocol: 'tcp', Initiated: 'true', SourceIsIpv6: 'false', SourceIp: addressOf.get(process.host),
      SourceHostname: process.host, SourcePort: String(random.between(49_200, 65_000)), DestinationIsIpv6: 'false', DestinationIp: to.address, DestinationHostname: to.name ?? '-', DestinationPort: String(to.port),
    }),
    /** Sysmon 22. */
    question: (at: number, process: Process, name: string, answer: string) => sysmon(process.host, at, 22, {
      ProcessGuid: process.guid, ProcessId: String(process.pid), Image: process.image, User: process.user, QueryName: name, QueryStatus: '0', QueryResults: `::ffff:${answer};`,
    }),
    /** Sysmon 10. */
    memoryRead: (at: number, process: Process, target: string, access: string) => sysmon(process.host, at, 10, {
      SourceProcessGUID: process.guid, SourceProcessId: String(process.pid), SourceThreadId: String(random.between(1_000, 9_000)), SourceImage: process.image, TargetProcessGUID: `{${random.hex(8)}-0000-0000-0000-000000000000}`,
      TargetProcessId: '768', TargetImage: target, GrantedAccess: access, SourceUser: process.user, TargetUser: 'NT AUTHORITY\\SYSTEM',
    }),
    /** Sysmon 11. */
    fileCreated: (at: number, process: Process, file: string) => sysmon(process.host, at, 11, {
      ProcessGuid: process.guid, ProcessId: String(process.pid), Image: process.image, TargetFilename: file, CreationUtcTime: sysmonTime(at), User: process.user,
    }),
    /** PowerShell 4104. */
    scriptBlock: (at: number, process: Process, text: string) => windows(process.host, at, 'Microsoft-Windows-PowerShell/Operational', 'Microsoft-Windows-PowerShell', 4104, {
      MessageNumber: '1', MessageTotal: '1', ScriptBlockText: text, ScriptBlockId: `${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}`, Path: '',
    }, process.user.slice(process.user.indexOf('\\') + 1)),
    security: (host: HostName, at: number, code: number, data: SourceRecord) => windows(host, at, 'Security', 'Microsoft-Windows-Security-Auditing', code, data),
    system: (host: HostName, at: number, code: number, data: SourceRecord) => windows(host, at, 'System', 'Service Control Manager', code, data),

    /** One execve with its arguments, as auditd's lines of one serial; `user` is the effective one. */
    execute(host: HostName, at: number, user: string, exe: string, argv: readonly string[], success = 'yes'): SourceRecord {
      const head = (type: string) => `type=${type} msg=audit(${(at / 1000).toFixed(3)}:${serial}):`
      const serial = next(`${host} audit`, 70_000)
      const comm = exe.slice(exe.lastIndexOf('/') + 1)
      const syscall = `${head('SYSCALL')} arch=c000003e syscall=59 success=${success} exit=0 a0=55d0 a1=55e0 a2=55f0 a3=8 items=2 ppid=${random.between(900, 9_000)} pid=${random.between(9_001, 32_000)} auid=4294967295 uid=33 gid=33 euid=33 tty=(none) ses=4294967295 comm="${comm}" exe="${exe}" key=(null)\u001dARCH=x86_64 SYSCALL=execve AUID="unset" UID="${user}"`
      const args = argv.map((argument, index) => `a${index}=${quoted(argument)}`).join(' ')
      return { '@timestamp': iso(at + 400), host: { name: host }, message: `${syscall}\n${head('EXECVE')} argc=${argv.length} ${args}` }
    },
    /** A file that appears, as auditd's watch reports it. */
    path(host: HostName, at: number, user: string, exe: string, file: string): SourceRecord {
      const head = (type: string) => `type=${type} msg=audit(${(at / 1000).toFixed(3)}:${serial}):`
      const serial = next(`${host} audit`, 70_000)
      return {
        '@timestamp': iso(at + 400), host: { name: host },
        message: `${head('SYSCALL')} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd a2=241 a3=1b6 items=2 ppid=${random.between(900, 9_000)} pid=${random.between(9_001, 32_000)} auid=1000 uid=0 gid=0 euid=0 tty=pts1 ses=41 comm="${exe.slice(exe.lastIndexOf('/') + 1)}" exe="${exe}" key="files"\u001dARCH=x86_64 SYSCALL=openat AUID="${user}" UID="root"\n`
          + `${head('PATH')} item=1 name="${file}" inode=${random.between(100_000, 900_000)} dev=08:02 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=CREATE`,
      }
    },
    /** RFC 3164 with the ISO stamp of rsyslog's default template. */
    syslog: (host: HostName, at: number, program: string, text: string): SourceRecord => ({ message: `${iso(at).replace('Z', '+00:00')} ${host} ${program}[${random.between(600, 32_000)}]: ${text}` }),
    /** A line of nginx, with the host that the shipper adds. */
    request(at: number, from: string, line: string, status: number, agent: string): SourceRecord {
      // Sun, 22 Nov 2026 03:10:03 GMT
      const [, day, month, year, clock] = new Date(at).toUTCString().split(' ')
      return {
        '@timestamp': iso(at), host: { name: 'WEB-01' }, category: 'webserver', service: 'nginx',
        message: `${from} - - [${day}/${month}/${year}:${clock} +0000] "${line}" ${status} ${random.between(120, 18_000)} "-" "${agent}"`,
      }
    },
    /** A line of PostgreSQL. */
    database: (at: number, from: string, user: string, text: string): SourceRecord => ({
      '@timestamp': iso(at), host: { name: 'DB-01' }, category: 'database', service: 'postgresql', user: { name: user }, source: { ip: from }, message: `${sysmonTime(at)} UTC [${random.between(100, 9_000)}] ${from} ${user}@orders ${text}`,
    }),
    cloud(at: number, user: string, from: string, source: string, name: string, parameters: unknown, more: SourceRecord = {}): SourceRecord {
      return {
        eventVersion: '1.09',
        userIdentity: { type: 'IAMUser', principalId: `AIDAEXAMPLE${user.toUpperCase().replace(/[^A-Z0-9]/g, '')}`, arn: `arn:aws:iam::${company.awsAccount}:user/${user}`, accountId: company.awsAccount, accessKeyId: 'AKIAIOSFODNN7EXAMPLE', userName: user },
        eventTime: iso(at).replace(/\.\d{3}Z/, 'Z'), eventSource: `${source}.amazonaws.com`, eventName: name, awsRegion: 'ap-northeast-2', sourceIPAddress: from, userAgent: 'aws-cli/2.17.0', requestParameters: parameters, responseElements: null,
        requestID: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`, eventID: `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}`,
        readOnly: false, eventType: 'AwsApiCall', managementEvent: true, recipientAccountId: company.awsAccount, eventCategory: 'Management', ...more,
      }
    },
  }
}
export type Recorder = ReturnType<typeof recorderOf>
