// Ordinary days: sign-ins, office programs, shops and builds. Nothing here fires a rule above low (story.integration.test.ts).
import { attackers, company, hosts } from './company.ts'
import type { Burst } from './chapters.ts'
import type { Random } from './random.ts'
import { recorderOf } from './records.ts'
import type { Source, SourceRecord } from './records.ts'

const hour = 3_600_000
const seoul = 9 * hour

const workstations = hosts.filter(({ class: kind }) => kind === 'workstation')
const programs = [
  ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe', '"C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"'],
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE', '"C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE" "C:\\Users\\Public\\plan.xlsx"'],
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE', '"C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE"'],
  ['C:\\Windows\\System32\\notepad.exe', 'notepad.exe C:\\Temp\\memo.txt'],
  ['C:\\Windows\\System32\\mmc.exe', 'mmc.exe eventvwr.msc'],
  ['C:\\Program Files\\KakaoTalk\\KakaoTalk.exe', '"C:\\Program Files\\KakaoTalk\\KakaoTalk.exe" -bystartup'],
] as const
const commands = [['/usr/bin/git', ['git', 'gc', '--auto']], ['/usr/bin/rsync', ['rsync', '-a', '/srv/git/', '/backup/git/']], ['/usr/bin/ls', ['ls', '-l', '/var/log']], ['/usr/bin/df', ['df', '-h']]] as const
const pages = ['/', '/products', '/products/184', '/cart', '/assets/main.css', '/login', '/api/stock?item=184'] as const

/** From `from` to `to` (ms since the epoch), in bursts that each end at a round time; the last hours before `to` come in finer ones. */
export function backgroundOf(from: number, to: number, random: Random): Burst[] {
  const r = recorderOf(random)
  const bursts: Burst[] = []
  // On the first day each host is heard of once.
  const opening = from + hour / 2
  bursts.push(
    { at: opening, source: 'windows', records: hosts.filter(({ system }) => system === 'windows').map(({ name, user }, index) => r.security(name, from + index * 60_000, 4624, { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', TargetUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1104', TargetUserName: user, TargetDomainName: company.domain, LogonType: '2', LogonProcessName: 'User32', AuthenticationPackageName: 'Negotiate', IpAddress: '127.0.0.1', IpPort: '0', WorkstationName: name })) },
    { at: opening, source: 'linux', records: hosts.flatMap(({ name, system }, index) => (system === 'linux' ? [r.syslog(name, from + index * 60_000, 'CRON', '(root) CMD (/usr/lib/sysstat/sa1 1 1)')] : [])) },
  )
  // A shipper that was told of the day's events at noon and midnight; today it sends every ten minutes.
  const recent = to - 6 * hour
  for (let start = opening; start < to;) {
    const width = start < recent ? Math.min(12 * hour, recent - start) : Math.min(hour / 6, to - start)
    const end = start + width
    const local = new Date(start + width / 2 + seoul)
    const working = local.getUTCDay() % 6 !== 0 && local.getUTCHours() >= 8 && local.getUTCHours() < 20
    const moments = (perHour: number) => Array.from({ length: Math.max(1, Math.round((perHour * width) / hour * (0.6 + 0.8 * random.next()))) }, () => start + Math.floor(random.next() * width)).toSorted((a, b) => a - b)
    const add = (source: Source, records: SourceRecord[]) => { if (records.length > 0) bursts.push({ at: end, source, records }) }
    const recentOnly = start >= recent ? 6 : 1

    add('windows', moments((working ? 2.4 : 0.5) * recentOnly).map((at) => {
      const { name, user, address } = random.pick(workstations)
      const shell = r.running(name, user, 'C:\\Windows\\explorer.exe')
      switch (random.between(0, 3)) {
        case 0: return r.security('DC-01', at, 4624, { SubjectUserSid: 'S-1-0-0', SubjectUserName: '-', TargetUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1104', TargetUserName: user, TargetDomainName: company.domain, LogonType: '3', LogonProcessName: 'Kerberos', AuthenticationPackageName: 'Kerberos', IpAddress: address, IpPort: String(random.between(49_200, 65_000)), WorkstationName: name })
        case 1: return r.connection(at, { ...shell, image: programs[0][0] }, { address: `203.0.113.${random.between(10, 40)}`, port: 443, name: 'www.example' })
        case 2: return r.question(at, { ...shell, image: programs[0][0] }, random.pick(['www.example', 'mail.saesol.example', 'groupware.saesol.example']), '203.0.113.12')
        default: {
          const [image, commandLine] = random.pick(programs)
          return r.start(at, shell, image, commandLine).record
        }
      }
    }))
    add('linux', moments(0.5 * recentOnly).map((at) => {
      switch (random.between(0, 4)) {
        case 0: return r.syslog('GIT-01', at, 'sshd', `Accepted publickey for git from 10.20.1.7 port ${random.between(40_000, 60_000)} ssh2: ED25519 SHA256:n0tAr3alK3y`)
        case 1: return r.syslog(random.pick(['GIT-01', 'WEB-01', 'DB-01'] as const), at, 'CRON', '(root) CMD (/usr/lib/sysstat/sa1 1 1)')
        case 2: return r.syslog('WEB-01', at, 'sudo', '  it.lee : TTY=pts/0 ; PWD=/home/it.lee ; USER=root ; COMMAND=/usr/bin/systemctl reload nginx')
        case 3: return r.syslog('WEB-01', at, 'sshd', `Invalid user ${random.pick(['admin', 'test', 'oracle'])} from ${attackers.scanner} port ${random.between(40_000, 60_000)}`)
        default: {
          const [exe, argv] = random.pick(commands)
          return r.execute('GIT-01', at, 'git', exe, argv)
        }
      }
    }))
    add('web', moments((working ? 1.6 : 0.6) * recentOnly).map((at) => (random.next() < 0.04
      ? r.request(at, attackers.scanner, 'GET /.env HTTP/1.1', 404, 'Mozilla/5.0 zgrab/0.x')
      : r.request(at, `203.0.113.${random.between(60, 190)}`, `GET ${random.pick(pages)} HTTP/1.1`, 200, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'))))
    if (random.next() < 0.5) {
      add('cloudtrail', moments(0.2 * recentOnly).map((at) => r.cloud(at, random.pick(['minsu.park', 'deploy-bot']), '198.51.100.12', random.pick(['ec2', 's3', 'sts']), random.pick(['DescribeInstances', 'ListBuckets', 'GetCallerIdentity']), null, { readOnly: true })))
      add('database', moments(0.2 * recentOnly).map((at) => r.database(at, '10.20.8.80', 'orders_app', 'LOG:  checkpoint complete: wrote 412 buffers (2.5%)')))
    }
    start = end
  }
  return bursts
}
