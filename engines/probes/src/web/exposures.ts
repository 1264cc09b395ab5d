// Files that should not be on a web server, and what proves that they are there: their content, and that a place which nobody has does not answer the same. What
// gives data away is believed when a second file agrees. No value of a secret is told. Defended by exposures.test.ts and, against real servers, tests/conformance/probes/web.test.ts.
import type { Severity } from '@haechi/risk'
import type { Bytes } from '../bytes.ts'
import { evidenceOf } from '../evidence.ts'
import type { Text } from '../evidence.ts'
import type { HttpResponse } from '../network.ts'
import type { Finding } from '../model.ts'
import { found } from './checks.ts'
import type { WebCheck } from './checks.ts'
import { headerOf, mediaTypeOf, placeOf } from './visitor.ts'
import type { Visitor } from './visitor.ts'

/** What was seen, or null: it is not that file. */
type Proof = (body: Bytes, response: HttpResponse) => { readonly evidence: Text; readonly severity?: Severity; readonly confidence?: number } | null

type Exposure = {
  readonly check: WebCheck
  /** '{host}' stands for the name of the site: 'example' of www.example.com. */
  readonly paths: readonly string[]
  readonly proof: Proof
  /** A second file of the same thing; without it the finding is one step less. */
  readonly second?: { readonly path: string; readonly proof: (body: Bytes) => boolean; readonly severity: Severity }
  /** Servers have one of these, or two, one in front of the other. */
  readonly platform?: 'apache' | 'nginx' | 'iis' | 'java' | 'php' | 'go' | 'git' | 'svn' | 'hg' | 'bzr'
}

const isPage = (body: Bytes): boolean => /^\s*(?:<!doctype html|<html|<head|<body|<script)/i.test(body)
/** Files of text, told by what stands in them. */
const text = (patterns: RegExp | readonly RegExp[], en: string, ko: string, severity?: Severity): Proof => (body) => (!isPage(body) && [patterns].flat().every((pattern) => pattern.test(body)) ? { evidence: { en, ko }, ...(severity === undefined ? {} : { severity }) } : null)
const page = (pattern: RegExp, en: string, ko: string): Proof => (body) => (pattern.test(body) ? { evidence: { en, ko } } : null)
const magic = (starts: readonly Bytes[], en: string, ko: string): Proof => (body) => (starts.some((start) => body.startsWith(start)) ? { evidence: { en, ko } } : null)

const hashedLogins = /^[\w.@+-]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\}|\$[156]\$)[\w./$=+-]{8,}/m
const secretName = /PASS|SECRET|TOKEN|KEY|PWD|CREDENTIAL|DSN|_URL|_URI/i
const settings: Proof = (body) => {
  if (isPage(body)) return null
  const lines = body.slice(0, 65_536).split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const pairs = lines.flatMap((line) => {
    const [, name, value = ''] = /^(?:export\s+)?([A-Z][A-Z0-9_]{0,63})\s*=\s*(.*)$/.exec(line) ?? []
    return name === undefined ? [] : [{ name, filled: !/^(?:""|''|null|)$/.test(value.trim()) }]
  })
  if (pairs.length < 2 || pairs.length < lines.length * 0.7) return null
  const secrets = pairs.filter(({ name, filled }) => filled && secretName.test(name)).map(({ name }) => name)
  const some = secrets.slice(0, 6).join(', ')
  return secrets.length === 0 ? { evidence: { en: `${pairs.length} settings`, ko: `설정 ${pairs.length}개` }, severity: 'medium' }
    : { evidence: { en: `${pairs.length} settings, among them ${some} (values not shown)`, ko: `설정 ${pairs.length}개, 그중 ${some} 포함(값은 표시하지 않음)` }, severity: 'high' }
}

const privateKey: Proof = (body) => {
  const [, kind] = /^\s*(?:Bag Attributes[\s\S]{0,400})?-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY)-----\r?\n[A-Za-z0-9+/=:,\-\s]{60}/.exec(body) ?? []
  if (kind === undefined) return null
  const locked = kind.startsWith('ENCRYPTED') || /Proc-Type: 4,ENCRYPTED/.test(body.slice(0, 300))
  return { evidence: { en: `a key in PEM form: ${kind}${locked ? ', with a passphrase' : ''}`, ko: `PEM 형식의 키: ${kind}${locked ? ', 암호로 보호됨' : ''}` }, severity: locked ? 'medium' : 'critical' }
}

const phpSource: Proof = (body) => (!/^\s*<\?php/.test(body) ? null
  : /DB_PASSWORD|password['"]\s*=>|\$dbpass|\$db_pass/i.test(body) ? { evidence: { en: 'source of PHP with the password of a database (not shown)', ko: '데이터베이스 비밀번호가 든 PHP 소스(비밀번호는 표시하지 않음)' }, severity: 'high' }
  : { evidence: { en: 'source of PHP', ko: 'PHP 소스' }, severity: 'medium' })
const dump: Proof = (body) => (!isPage(body) && /^(?:-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin)|(?:CREATE TABLE|INSERT INTO|DROP TABLE IF EXISTS)\s+\S|PRAGMA foreign_keys)/im.test(body.slice(0, 65_536)) ? { evidence: /INSERT INTO|^COPY .{1,300} FROM stdin/im.test(body) ? { en: 'statements of SQL with rows', ko: '데이터 행이 든 SQL 문' } : { en: 'statements of SQL', ko: 'SQL 문' } } : null)
const archive: Proof = (body, response) => {
  if (!['PK\x03\x04', '\x1f\x8b\x08', 'Rar!\x1a\x07', '7z\xbc\xaf\x27\x1c', 'BZh'].some((start) => body.startsWith(start)) && body.slice(257, 262) !== 'ustar') return null
  const length = headerOf(response, 'content-length')
  return { evidence: length === null ? { en: 'an archive', ko: '압축 파일' } : { en: `an archive of ${length} bytes`, ko: `압축 파일, ${length}바이트` }, confidence: 0.8 }
}
const json = (keys: readonly string[], en: string, ko: string): Proof => (body) => {
  if (!/^\s*\{/.test(body)) return null
  const start = body.slice(0, 65_536)
  return keys.every((key) => new RegExp(`"${key.replaceAll('.', '\\.')}"\\s*:`).test(start)) ? { evidence: { en, ko } } : null
}

const exposures: readonly Exposure[] = [
  { check: 'web.git_exposed', paths: ['/.git/HEAD'], proof: text(/^(?:ref: refs\/heads\/[\w./-]{1,200}|[0-9a-f]{40}|[0-9a-f]{64})\s*$/, '.git/HEAD names a branch', '.git/HEAD가 브랜치를 가리킴'), second: { path: '/.git/config', proof: (body) => /\[core\]/.test(body) && /repositoryformatversion\s*=/.test(body), severity: 'high' }, platform: 'git' },
  { check: 'web.repository_exposed', paths: ['/.svn/wc.db'], proof: (body) => (body.startsWith('SQLite format 3\0') && /WCROOT|REPOSITORY/.test(body) ? { evidence: { en: 'the working copy database of Subversion', ko: 'Subversion 작업 사본의 데이터베이스' } } : null), platform: 'svn' },
  { check: 'web.repository_exposed', paths: ['/.svn/entries'], proof: text(/^(?:[89]|10)\r?\n\r?\ndir\r?\n\d+\r?\n/, 'the entries of a Subversion working copy', 'Subversion 작업 사본의 entries 파일'), platform: 'svn' },
  { check: 'web.repository_exposed', paths: ['/.hg/requires'], proof: (body) => (!isPage(body) && ['revlogv1', 'store', 'fncache', 'dotencode', 'share-safe', 'generaldelta'].filter((word) => body.split(/\r?\n/).includes(word)).length >= 2 ? { evidence: { en: 'the requirements of a Mercurial repository', ko: 'Mercurial 저장소의 requires 파일' } } : null), platform: 'hg' },
  { check: 'web.repository_exposed', paths: ['/.bzr/README'], proof: text(/^This is a Bazaar control directory\./, 'a Bazaar control directory', 'Bazaar 제어 디렉터리'), platform: 'bzr' },
  { check: 'web.env_exposed', paths: ['/.env', '/.env.local', '/.env.production', '/.env.prod', '/.env.bak', '/.env.backup', '/.env.old', '/.env.save', '/api/.env', '/app/.env', '/backend/.env'], proof: settings },
  { check: 'web.private_key_exposed', paths: ['/id_rsa', '/.ssh/id_rsa', '/.ssh/id_ed25519', '/server.key', '/private.key', '/privkey.pem', '/key.pem', '/ssl.key', '/{host}.key'], proof: privateKey },
  { check: 'web.credentials_exposed', paths: ['/.htpasswd'], proof: text(hashedLogins, 'logins with hashed passwords (not shown)', '비밀번호가 해시된 로그인 정보(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.aws/credentials'], proof: text([/^[ \t]*\[[\w .-]{1,64}\]/m, /^[ \t]*aws_secret_access_key[ \t]*=[ \t]*\S{20,}/m], 'keys of AWS (not shown)', 'AWS 키(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.git-credentials'], proof: text(/^https?:\/\/[^\s:@/]{1,100}:[^\s@/]{4,}@[\w.-]+/m, 'a login in a URL (not shown)', 'URL에 든 로그인 정보(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.npmrc'], proof: text(/^\/\/[\w.-]+\/[^\s=]*:_(?:authToken|password|auth)\s*=\s*["']?(?!\$\{)\S{8,}/m, 'a token for a package registry (not shown)', '패키지 레지스트리 토큰(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.docker/config.json', '/.dockercfg'], proof: (body) => (/^\s*\{/.test(body) && /"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"/.test(body) ? { evidence: { en: 'a login for a container registry (not shown)', ko: '컨테이너 레지스트리 로그인 정보(표시하지 않음)' } } : null) },
  { check: 'web.credentials_exposed', paths: ['/.netrc', '/_netrc'], proof: text(/^machine\s+\S+\s+login\s+\S+\s+password\s+\S+/m, 'logins of machines (not shown)', '원격 시스템의 로그인 정보(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.pgpass'], proof: text(/^[\w.*-]+:(?:\d+|\*):[^:\s]+:[^:\s]+:\S+\s*$/m, 'logins of PostgreSQL (not shown)', 'PostgreSQL 로그인 정보(표시하지 않음)') },
  { check: 'web.credentials_exposed', paths: ['/.kube/config'], proof: text([/^apiVersion:[ \t]*v1/m, /^clusters:/m, /^users:/m], 'the configuration of a Kubernetes client', 'Kubernetes 클라이언트 설정') },
  { check: 'web.credentials_exposed', paths: ['/sftp-config.json', '/.vscode/sftp.json'], proof: (body) => (/^(?:\s|\/\/[^\n]*\n)*\{/.test(body) && /"host"\s*:/.test(body) && /"password"\s*:\s*"[^"]+"/.test(body) ? { evidence: { en: 'the login of a file upload (not shown)', ko: '파일 업로드용 로그인 정보(표시하지 않음)' } } : null) },
  { check: 'web.credentials_exposed', paths: ['/terraform.tfstate'], proof: json(['terraform_version', 'resources'], 'the state of Terraform', 'Terraform 상태 파일') },
  { check: 'web.config_exposed', paths: ['/wp-config.php.bak', '/wp-config.php~', '/wp-config.php.old', '/wp-config.php.save', '/wp-config.php.orig', '/wp-config.bak', '/wp-config.txt', '/config.php.bak', '/config.php~', '/configuration.php.bak', '/settings.php.bak', '/index.php.bak', '/index.php~'], proof: phpSource, platform: 'php' },
  { check: 'web.config_exposed', paths: ['/.wp-config.php.swp', '/.index.php.swp'], proof: magic(['b0VIM '], 'the swap file of an editor', '편집기의 스왑 파일'), platform: 'php' },
  { check: 'web.config_exposed', paths: ['/WEB-INF/web.xml'], proof: (body) => (/<web-app[\s>]/.test(body) ? { evidence: { en: 'the deployment descriptor of a Java application', ko: 'Java 애플리케이션의 배포 서술자' } } : null), platform: 'java' },
  { check: 'web.config_exposed', paths: ['/web.config', '/web.config.bak'], proof: (body) => (/<configuration[\s>]/.test(body) && !isPage(body) ? { evidence: /password\s*=/i.test(body) ? { en: 'the configuration of IIS with a password (not shown)', ko: '비밀번호가 든 IIS 설정(비밀번호는 표시하지 않음)' } : { en: 'the configuration of IIS', ko: 'IIS 설정' }, severity: /connectionString="[^"]*password\s*=/i.test(body) ? 'high' : 'medium' } : null), platform: 'iis' },
  { check: 'web.config_exposed', paths: ['/config/database.yml', '/database.yml'], proof: text([/^[ \t]*adapter:[ \t]*\S/m, /^[ \t]*database:[ \t]*\S/m, /^[ \t]*(?:username|password):/m], 'the database settings of a Rails application', 'Rails 애플리케이션의 데이터베이스 설정', 'high') },
  { check: 'web.config_exposed', paths: ['/appsettings.json', '/appsettings.Production.json'], proof: (body) => (/^(?:\xef\xbb\xbf)?\s*\{/.test(body) && /"(?:ConnectionStrings|Logging|AllowedHosts)"\s*:/.test(body) ? { evidence: /password\s*=/i.test(body) ? { en: 'settings of an ASP.NET application with a password (not shown)', ko: '비밀번호가 든 ASP.NET 애플리케이션 설정(비밀번호는 표시하지 않음)' } : { en: 'settings of an ASP.NET application', ko: 'ASP.NET 애플리케이션 설정' }, severity: /password\s*=/i.test(body) ? 'high' : 'medium' } : null), platform: 'iis' },
  { check: 'web.config_exposed', paths: ['/application.properties', '/application.yml'], proof: text(/^[ \t]*(?:spring\.(?:datasource|application|jpa)\.[\w.-]+[ \t]*=|spring:[ \t]*$)/m, 'settings of a Spring application', 'Spring 애플리케이션 설정'), platform: 'java' },
  { check: 'web.config_exposed', paths: ['/docker-compose.yml', '/docker-compose.yaml'], proof: text([/^services:[ \t]*\r?$/m, /^[ \t]+(?:image|build):/m], 'the services of Docker Compose', 'Docker Compose 서비스 정의') },
  { check: 'web.database_exposed', paths: ['/dump.sql', '/backup.sql', '/database.sql', '/db.sql', '/data.sql', '/{host}.sql', '/mysql.sql', '/backup/dump.sql', '/backup/backup.sql'], proof: dump },
  { check: 'web.database_exposed', paths: ['/db.sqlite3', '/db.sqlite', '/database.sqlite', '/data.db', '/app.db'], proof: magic(['SQLite format 3\0'], 'a database of SQLite', 'SQLite 데이터베이스') },
  { check: 'web.backup_exposed', paths: ['/backup.zip', '/backup.tar.gz', '/backup.tgz', '/backup.tar', '/www.zip', '/site.zip', '/html.zip', '/web.zip', '/public.zip', '/{host}.zip', '/{host}.tar.gz', '/dump.sql.gz', '/backup.sql.gz'], proof: archive },
  { check: 'web.log_exposed', paths: ['/error_log', '/error.log', '/debug.log', '/wp-content/debug.log', '/storage/logs/laravel.log', '/logs/error.log', '/access.log'], proof: text(/^\[\d{2}-\w{3}-\d{4} [\d:]{8}[^\]]{0,40}\] PHP |^\[\d{4}-\d{2}-\d{2} [\d:]{8}\] \w+\.(?:ERROR|DEBUG|INFO|WARNING):|^\[\w{3} \w{3} +\d+ [\d:.]+ \d{4}\] \[|^[\da-f.:]{7,39} \S+ \S+ \[\d{2}\/\w{3}\/\d{4}:|^\d{4}\/\d{2}\/\d{2} [\d:]{8} \[(?:error|warn|crit)\] /m, 'lines of a log', '로그 기록') },
  { check: 'web.project_files', paths: ['/.DS_Store'], proof: magic(['\0\0\0\x01Bud1'], 'names of files, as the Finder of macOS keeps them', 'macOS Finder가 저장한 파일 이름') },
  { check: 'web.project_files', paths: ['/.idea/workspace.xml'], proof: (body) => (/^\s*<\?xml[\s\S]{0,200}<project\s+version=/.test(body) ? { evidence: { en: 'the workspace of an editor', ko: '편집기의 작업 공간 파일' } } : null) },
  { check: 'web.project_files', paths: ['/.vscode/settings.json'], proof: (body, response) => (/^\s*(?:\/\/[^\n]*\n\s*)*\{[\s\S]{0,20000}"(?:editor|files|workbench|terminal|python|typescript)\.[\w.]+"\s*:/.test(body) && mediaTypeOf(response) !== 'text/html' ? { evidence: { en: 'the settings of an editor', ko: '편집기 설정' } } : null) },
  { check: 'web.phpinfo', paths: ['/phpinfo.php', '/info.php', '/test.php', '/php.php', '/i.php'], proof: (body) => (/<title>[^<]{0,80}phpinfo\(\)/i.test(body) && /PHP Version/.test(body) ? { evidence: evidenceOf(`PHP ${/PHP Version (?:<\/td><td class="v">)?\s*([\d.]{3,12})/.exec(body)?.[1] ?? ''}`) } : null), platform: 'php' },
  { check: 'web.server_status', paths: ['/server-status'], proof: page(/<h1>Apache Server Status for /i, 'the status of Apache, with requests of others', '다른 사용자의 요청이 보이는 Apache 상태 페이지'), platform: 'apache' },
  { check: 'web.server_status', paths: ['/server-info'], proof: page(/<h1[^>]*>Apache Server Information</i, 'the configuration of Apache', 'Apache 설정'), platform: 'apache' },
  { check: 'web.server_status', paths: ['/nginx_status', '/stub_status', '/basic_status'], proof: text(/^Active connections: \d+\s*\nserver accepts handled requests/, 'the status of nginx', 'nginx 상태 페이지'), platform: 'nginx' },
  { check: 'web.metrics_exposed', paths: ['/metrics', '/actuator/prometheus'], proof: text(/^# HELP \S+ [^\n]*\n# TYPE \S+ (?:counter|gauge|histogram|summary|untyped)$/m, 'metrics for Prometheus', 'Prometheus 지표') },
  { check: 'web.actuator_exposed', paths: ['/actuator', '/manage'], proof: (body) => {
    if (!/^\s*\{"_links":\{"self":\{"href":"[^"]{1,500}","templated":false\}/.test(body)) return null
    const names = [...body.matchAll(/"([a-z-]{2,30})":\{"href"/g)].map(([, name]) => name).filter((name) => name !== 'self').slice(0, 15).join(', ')
    return { evidence: { en: `endpoints: ${names}`, ko: `엔드포인트: ${names}` } }
  }, platform: 'java' },
  { check: 'web.actuator_env', paths: ['/actuator/env'], proof: json(['activeProfiles', 'propertySources'], 'properties of the application (values not shown)', '애플리케이션 속성(값은 표시하지 않음)'), platform: 'java' },
  { check: 'web.heap_dump', paths: ['/actuator/heapdump', '/heapdump'], proof: magic(['JAVA PROFILE 1.0'], 'a heap dump of Java', 'Java 힙 덤프'), platform: 'java' },
  { check: 'web.metrics_exposed', paths: ['/debug/vars'], proof: json(['cmdline', 'memstats'], 'variables of a Go program', 'Go 프로그램의 변수'), platform: 'go' },
  { check: 'web.debug_mode', paths: ['/debug/pprof/'], proof: page(/Types of profiles available:/, 'profiles of a Go program', 'Go 프로그램의 프로파일'), platform: 'go' },
  { check: 'web.log_exposed', paths: ['/elmah.axd'], proof: page(/<title>\s*Error log for /i, 'the error log of an ASP.NET application', 'ASP.NET 애플리케이션의 오류 로그'), platform: 'iis' },
  { check: 'web.debug_mode', paths: ['/trace.axd'], proof: page(/<h1>Application Trace<\/h1>/i, 'requests that ASP.NET has traced', 'ASP.NET이 추적한 요청 기록'), platform: 'iis' },
]

/** What a file is taken for by its name, where the site itself names it. */
const byName: readonly (readonly [RegExp, WebCheck, Proof])[] = [
  [/\/\.env(?:\.[\w-]+)?$/i, 'web.env_exposed', settings], [/\.sql(?:\.txt)?$/i, 'web.database_exposed', dump], [/\.(?:sqlite3?|db)$/i, 'web.database_exposed', magic(['SQLite format 3\0'], 'a database of SQLite', 'SQLite 데이터베이스')],
  [/\.(?:key|pem|ppk)$|\/id_(?:rsa|dsa|ecdsa|ed25519)$/i, 'web.private_key_exposed', privateKey], [/(?:backup|dump|\bdb|database)[\w.-]*\.(?:zip|t?gz|tar|rar|7z|bz2)$/i, 'web.backup_exposed', archive],
  [/\.(?:php|inc)(?:\.(?:bak|old|save|orig|txt)|~)$/i, 'web.config_exposed', phpSource], [/\.htpasswd$/i, 'web.credentials_exposed', text(hashedLogins, 'logins with hashed passwords (not shown)', '비밀번호가 해시된 로그인 정보(표시하지 않음)')],
]
const mostNamed = 40

/** More kinds of server than stand behind one another; and nobody keeps one folder in three systems. */
const platformsOfATrap = 4
const repositoriesOfATrap = 3
const mostRead = 262_144

/** `word` gives a text of so many letters that nobody has used; equal ones for equal places. `named`: files that the site itself names. Folders of version control and the like are looked for beside `site`, too. */
export async function findExposures(site: URL, asset: string, named: readonly URL[], visitor: Visitor, word: (length: number, key: string) => string): Promise<Finding[]> {
  const origin = new URL('/', site)
  const name = siteName(origin.hostname)
  const folder = site.pathname.replace(/\/[^/]*$/, '')
  const usual = exposures.flatMap((exposure) => exposure.paths.flatMap((path) => ['', ...(folder !== '' && path.startsWith('/.') ? [folder] : [])].map((base) => ({ exposure, base, url: new URL(`${base}${path.replace('{host}', name)}`, origin) }))))
  // The name of the site may be one of the usual ones.
  const wanted = [...new Map(usual.map((each) => [`${each.exposure.check} ${placeOf(each.url)}`, each])).values()]
  const known = new Set(wanted.map(({ url }) => placeOf(url)))
  const more = [...new Map(named.map((url) => [placeOf(url), url])).values()].flatMap((url): { readonly url: URL; readonly base: string; readonly exposure: Exposure }[] => {
    const kind = url.origin === origin.origin && !known.has(placeOf(url)) ? byName.find(([pattern]) => pattern.test(url.pathname)) : undefined
    return kind === undefined ? [] : [{ url, base: '', exposure: { check: kind[1], paths: [], proof: kind[2] } }]
  }).slice(0, mostNamed)
  const tried = await Promise.all([...wanted, ...more].map(async ({ exposure, base, url }) => {
    const response = await visitor.ask(url, { maxBytes: mostRead })
    const seen = response?.status === 200 ? exposure.proof(response.body, response) : null
    if (seen === null) return []
    const control = await visitor.ask(new URL(`${base}${elsewhere(url.pathname.slice(base.length), word)}`, origin), { maxBytes: mostRead })
    // Without an answer to what nobody has, nothing is known of what somebody has.
    if (control === null || (control.status === 200 && exposure.proof(control.body, control) !== null)) return []
    const { second } = exposure
    const agreed = second === undefined ? null : await visitor.ask(new URL(`${base}${second.path}`, origin), { maxBytes: mostRead })
    const agrees = agreed?.status === 200 && second!.proof(agreed.body)
    const shown = second === undefined ? seen : agrees ? { evidence: { en: `${seen.evidence.en}; ${second.path.slice(1)} agrees`, ko: `${seen.evidence.ko}, ${second.path.slice(1)}에서도 확인됨` }, severity: second.severity, confidence: 1 } : { ...seen, severity: 'medium' as const, confidence: 0.6 }
    return [{ exposure, finding: found(asset, exposure.check, placeOf(url), shown.evidence, shown) }]
  }))
  const all = tried.flat()
  const platforms = new Set(all.flatMap(({ exposure }) => exposure.platform ?? []))
  const repositories = ['git', 'svn', 'hg', 'bzr'].filter((each) => platforms.has(each as 'git')).length
  if (repositories < repositoriesOfATrap && platforms.size - repositories < platformsOfATrap) return all.map(({ finding }) => finding)
  const at = [...platforms].join(', ')
  return [found(asset, 'web.trap', `${origin.origin}/`, { en: `has at once ${at}: ${all.length} files, none of them believed`, ko: `${at} 환경의 파일이 동시에 있음: 파일 ${all.length}개를 모두 믿지 않음` }), ...all.map(({ finding }) => ({ ...finding, severity: 'info' as const, confidence: 0.1 }))]
}

/** 'example' of www.example.co.kr; the address itself where it is one. */
const siteName = (hostname: string): string => (/^[\d.]+$|:/.test(hostname) ? hostname.replace(/[[\]:]/g, '') : hostname.replace(/^www\./, '').split('.', 1)[0]!)

/** A place of the same shape that nobody has: dots in front and endings stay. */
export const elsewhere = (path: string, word: (length: number, key: string) => string): string => path.replace(/[^/]+/g, (segment, at: number) => {
  const [, dots = '', rest = '', ending = ''] = /^(\.*)(.*?)(\.[a-z0-9~]{1,6})?$/i.exec(segment) ?? []
  return `${dots}${word(Math.max(5, rest.length), `${at} ${segment}`)}${ending}`
})
