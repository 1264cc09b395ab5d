import type { Technology } from '@haechi/fingerprints'
import { expect, test } from 'vitest'
import type { Finding } from '../model.ts'
import { isInBoth } from '../evidence.fixture.ts'
import { probeBucket } from './buckets.ts'
import { webChecks } from './checks.ts'
import { elsewhere, findExposures } from './exposures.ts'
import { probeWeb } from './probe.ts'
import { pages, web } from './site.fixture.ts'
import type { Answering, Site } from './site.fixture.ts'
import { Visitor } from './visitor.ts'

const word = (length: number): string => 'q'.repeat(length)
async function exposed(all: Readonly<Record<string, Answering>>, named: readonly string[] = []): Promise<string[]> {
  return (await exposures(all, named)).map(({ check, severity, place }) => `${severity} ${check.slice(4)} ${new URL(place).pathname}`)
}
function exposures(all: Readonly<Record<string, Answering>>, named: readonly string[] = []): Promise<Finding[]> {
  const origin = new URL('https://www.shop.test/')
  return findExposures(origin, 'www.shop.test', named.map((path) => new URL(path, origin)), new Visitor(web(pages(all)).run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 }), word)
}
const plain = (body: string): Answering => ({ body, type: 'text/plain' })
const pem = (kind: string): string => `-----BEGIN ${kind}-----\n${'QUJDRA'.repeat(20)}\n-----END ${kind}-----\n`

// What is there, and beside it what only looks so.
const samples: readonly (readonly [path: string, there: string, finding: string, not: string])[] = [
  ['/.svn/wc.db', 'SQLite format 3\0 WCROOT', 'high repository_exposed', 'SQLite format 3\0 other'],
  ['/.svn/entries', '10\n\ndir\n4\n', 'high repository_exposed', '12\n'],
  ['/.hg/requires', 'revlogv1\nstore\n', 'high repository_exposed', 'store\n'],
  ['/.bzr/README', 'This is a Bazaar control directory.\n', 'high repository_exposed', 'This is a shop.'],
  ['/.env', 'APP=1\nDB_PASSWORD=x1\n', 'high env_exposed', 'APP=1 is what we say\nThis is text\nand more\n'],
  ['/.env.local', 'NODE_ENV=production\nPORT=80\n', 'medium env_exposed', '<html>A=1\nB=2\n</html>'],
  ['/id_rsa', pem('OPENSSH PRIVATE KEY'), 'critical private_key_exposed', pem('PUBLIC KEY')],
  ['/server.key', pem('ENCRYPTED PRIVATE KEY'), 'medium private_key_exposed', pem('CERTIFICATE')],
  ['/.htpasswd', 'admin:$apr1$abcdefgh$0123456789abcdefghij\n', 'high credentials_exposed', 'admin: the administrator'],
  ['/.aws/credentials', '[default]\naws_access_key_id = x\naws_secret_access_key = abcdefghijklmnopqrstuvwxyz\n', 'high credentials_exposed', '[default]\naws_secret_access_key =\n'],
  ['/.git-credentials', 'https://me:secretsecret@git.test\n', 'high credentials_exposed', 'https://git.test/\n'],
  ['/.npmrc', '//registry.test/:_authToken=abcdefghijk\n', 'high credentials_exposed', '//registry.test/:_authToken=${TOKEN}\n'],
  ['/.docker/config.json', '{"auths":{"a":{"auth":"YWJjZGVmZ2hpag=="}}}', 'high credentials_exposed', '{"auths":{"a":{}}}'],
  ['/.netrc', 'machine a.test login me password secret\n', 'high credentials_exposed', 'machine learning\n'],
  ['/.pgpass', 'db.test:5432:shop:me:secret\n', 'high credentials_exposed', 'a:b:c\n'],
  ['/.kube/config', 'apiVersion: v1\nclusters:\n- a\nusers:\n- b\n', 'high credentials_exposed', 'apiVersion: v1\nusers:\n'],
  ['/sftp-config.json', '// x\n{"host":"a","password":"b"}', 'high credentials_exposed', '{"host":"a","password":""}'],
  ['/terraform.tfstate', '{"version":4,"terraform_version":"1.5","resources":[]}', 'high credentials_exposed', '{"resources":[]}'],
  ['/wp-config.php.bak', "<?php define('DB_PASSWORD', 'x');", 'high config_exposed', '<p>wp-config</p>'],
  ['/config.php~', '<?php $a = 1;', 'medium config_exposed', 'config'],
  ['/WEB-INF/web.xml', '<?xml version="1.0"?><web-app version="3">', 'medium config_exposed', '<web-site>'],
  ['/web.config', '<configuration><add connectionString="Server=a;Password=b"/></configuration>', 'high config_exposed', '<html><configuration>'],
  ['/config/database.yml', 'production:\n  adapter: mysql2\n  database: shop\n  password: x\n', 'high config_exposed', 'adapter: none\n'],
  ['/appsettings.json', '{"Logging":{},"AllowedHosts":"*"}', 'medium config_exposed', '{"logging":{}}'],
  ['/application.properties', 'spring.datasource.url=jdbc:x\n', 'medium config_exposed', 'season=spring\n'],
  ['/docker-compose.yml', 'services:\n  web:\n    image: nginx\n', 'medium config_exposed', 'services: many\n'],
  ['/dump.sql', '-- MySQL dump 10.13\nCREATE TABLE `a` (b int);\nINSERT INTO `a` VALUES (1);', 'high database_exposed', 'We create tables and insert into them.'],
  ['/shop.sql', 'INSERT INTO a VALUES (1);', 'high database_exposed', '<html>INSERT INTO a</html>'],
  ['/db.sqlite3', 'SQLite format 3\0abc', 'high database_exposed', 'SQLite'],
  ['/backup.zip', 'PK\x03\x04abc', 'medium backup_exposed', 'PKabc'],
  ['/shop.tar.gz', '\x1f\x8b\x08abc', 'medium backup_exposed', 'x'],
  ['/error_log', '[01-Jan-2026 10:00:00 UTC] PHP Warning: x in /a.php\n', 'medium log_exposed', 'PHP Warning: x'],
  ['/.DS_Store', '\0\0\0\x01Bud1\0', 'low project_files', 'Bud1'],
  ['/phpinfo.php', '<title>PHP 8.2.1 - phpinfo()</title><h1>PHP Version 8.2.1</h1>', 'low phpinfo', '<p>phpinfo() shows the PHP Version</p>'],
  ['/server-status', '<h1>Apache Server Status for a.test</h1>', 'low server_status', '<h1>Status</h1>'],
  ['/nginx_status', 'Active connections: 1 \nserver accepts handled requests\n 1 1 1 \n', 'low server_status', 'Active connections: many'],
  ['/metrics', '# HELP a_total A\n# TYPE a_total counter\na_total 1\n', 'low metrics_exposed', '# HELP is on the way\n'],
  ['/actuator', '{"_links":{"self":{"href":"http://a/actuator","templated":false},"health":{"href":"x","templated":false}}}', 'low actuator_exposed', '{"_links":{}}'],
  ['/actuator/env', '{"activeProfiles":["a"],"propertySources":[]}', 'medium actuator_env', '{"status":"UP"}'],
  ['/actuator/heapdump', 'JAVA PROFILE 1.0.2\0', 'high heap_dump', 'JAVA'],
  ['/debug/pprof/', '<html>Types of profiles available:</html>', 'medium debug_mode', '<html>profiles</html>'],
  ['/.wp-config.php.swp', 'b0VIM 8.2', 'medium config_exposed', 'VIM'],
  ['/web.config', '<configuration></configuration>', 'medium config_exposed', '<web></web>'],
  ['/appsettings.json', '{"ConnectionStrings":{"a":"Password=b"}}', 'high config_exposed', '{"strings":1}'],
  ['/.idea/workspace.xml', '<?xml version="1.0"?>\n<project version="4">', 'low project_files', '<?xml version="1.0"?><projects>'],
  ['/.vscode/settings.json', '{"editor.tabSize": 2}', 'low project_files', '{"size": 2}'],
  ['/server-info', '<h1>Apache Server Information</h1>', 'low server_status', '<h1>Information</h1>'],
  ['/debug/vars', '{"cmdline":["a"],"memstats":{}}', 'low metrics_exposed', '{"cmdline":[]}'],
  ['/trace.axd', '<h1>Application Trace</h1>', 'medium debug_mode', '<h1>Trace</h1>'],
  ['/elmah.axd', '<title>Error log for ROOT</title>', 'medium log_exposed', '<title>Errors</title>'],
]
test.each(samples)('%s: what is there, and what only looks so', async (path, there, finding, not) => {
  expect(await exposed({ [path]: plain(there) })).toEqual([`${finding} ${path}`])
  expect(await exposed({ [path]: plain(not) })).toEqual([])
  // A server that says it of any place of this shape says it of nothing.
  expect(await exposed({ [path]: plain(there), [elsewhere(path, word)]: plain(there) })).toEqual([])
})

test('a repository is high where a second file agrees', async () => {
  const head = plain('ref: refs/heads/main\n')
  expect(await exposed({ '/.git/HEAD': head, '/.git/config': plain('[core]\n\trepositoryformatversion = 0\n') })).toEqual(['high git_exposed /.git/HEAD'])
  expect(await exposed({ '/.git/HEAD': head })).toEqual(['medium git_exposed /.git/HEAD'])
  expect(await exposed({ '/.git/HEAD': plain('<html>ref: refs/heads/main</html>') })).toEqual([])
})

test('a file with two reasons to be looked for is told once', async () => {
  const findings = await findExposures(new URL('https://backup.test/'), 'backup.test', [], new Visitor(web(pages({ '/backup.sql': plain('INSERT INTO a VALUES (1);') })).run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 }), word)
  expect(findings).toHaveLength(1)
})

test('an application below the root has files of its own', async () => {
  const look = async (all: Readonly<Record<string, Answering>>) => (await findExposures(new URL('https://a.test/shop/index.php'), 'a.test', [], new Visitor(web(pages(all)).run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 }), word)).map(({ severity, place }) => `${severity} ${place}`)
  const repository = { '/shop/.git/HEAD': plain('ref: refs/heads/main\n'), '/shop/.git/config': plain('[core]\nrepositoryformatversion = 0\n') }
  expect(await look(repository)).toEqual(['high https://a.test/shop/.git/HEAD'])
  expect(await look({ ...repository, [`/shop${elsewhere('/.git/HEAD', word)}`]: plain('ref: refs/heads/main\n') })).toEqual([])
})

test('files that the site itself names are judged by what they are', async () => {
  expect(await exposed({ '/old/customers.sql': plain('INSERT INTO a VALUES (1);'), '/keys/a.pem': plain(pem('RSA PRIVATE KEY')), '/certs/a.pem': plain(pem('CERTIFICATE')) }, ['/old/customers.sql', '/keys/a.pem', '/certs/a.pem', 'https://other.test/x.sql'])).toEqual(['high database_exposed /old/customers.sql', 'critical private_key_exposed /keys/a.pem'])
})

test('where nothing is said of what nobody has, nothing is believed', async () => {
  expect(await exposed({ '/.env': plain('A=1\nDB_PASSWORD=x1\n'), [elsewhere('/.env', word)]: 'timeout' })).toEqual([])
})

test('no secret of a file is told', async () => {
  const findings = await findExposures(new URL('https://a.test'), 'a.test', [], new Visitor(web(pages({ '/.env': plain('A=1\nDB_PASSWORD=hunter2hunter2\n'), '/.git-credentials': plain('https://me:hunter2hunter2@git.test\n') })).run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 }), word)
  expect(findings).toHaveLength(2)
  expect(JSON.stringify(findings)).not.toContain('hunter2')
})

test('every check has its words in both languages', () => {
  for (const { title, remedy } of Object.values(webChecks)) expect([title.en, title.ko, remedy.en, remedy.ko].every((text) => text.length > 5)).toBe(true)
})

// What each kind of check is seen by: a site that has nearly all, and those that cannot be the same.
const answer = (value: unknown): Answering => ({ body: JSON.stringify(value), type: 'application/json' })
const open: Site = (request, url) => {
  const origin = request.headers.find(([name]) => name === 'Origin')?.[1]
  const body = request.body ?? ''
  if (request.method === 'TRACE') return { type: 'message/http', body: request.headers.flat().join('\n') }
  if (request.method === 'OPTIONS') return { headers: { Allow: 'GET, PUT', DAV: '1' } }
  if (url.pathname === '/' && request.method === 'GET') return { body: '<title>x</title><script src=/a.js></script><input type=password>', headers: { 'Set-Cookie': 'sid=x; SameSite=None', ...(origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true' }) } }
  if (url.pathname === '/graphql' && body.includes('__schema')) return answer({ data: { __schema: { queryType: { fields: [{ name: 'me' }] }, mutationType: { fields: [{ name: 'pay' }] } } } })
  if (url.pathname === '/graphql' && body !== '') return answer({ data: { [/\{(\w+):/.exec(body)?.[1] ?? '']: 'Query' } })
  if (url.pathname === '/mcp' && request.method === 'POST') {
    const { id, method } = JSON.parse(body) as { id?: string; method: string }
    return id === undefined ? { status: 202 } : answer({ jsonrpc: '2.0', id, result: method === 'initialize' ? { protocolVersion: '2025-06-18', serverInfo: { name: 'files', version: '1' }, capabilities: {} } : { tools: [{ name: 'read' }, { name: 'list' }] } })
  }
  if (url.pathname.startsWith('/grpc.reflection.')) return { body: '\0\0\0\0\x0a\x32\x08\x0a\x06\x0a\x04shop\x80\0\0\0\x0fgrpc-status:0\r\n', type: 'application/grpc-web+proto' }
  return pages({
    '/a.js': { body: 'x\n//# sourceMappingURL=a.js.map', type: 'text/javascript' }, '/a.js.map': answer({ version: 3, sources: ['x.ts'], sourcesContent: ['a'] }),
    '/files/': '<title>Index of /files/</title><a href="../">../</a><a href="a.txt">a.txt</a>', '/backup/': '<title>Index of /backup/</title><a href="../">../</a><a href="db.sql">db.sql</a>',
    '/openapi.json': answer({ openapi: '3.1.0', info: {}, paths: { '/a': { get: {} } } }),
    '/.git/HEAD': plain('ref: refs/heads/main\n'), '/.git/config': plain('[core]\n\trepositoryformatversion = 0\n'), '/backup.zip': { body: 'PK\x03\x04abc', headers: { 'Content-Length': '7' } }, '/dump.sql': plain('CREATE TABLE a (b int);'),
  })(request, url)
}
const nullOrigin: Site = (request) => ({ body: 'x', headers: request.headers.some(([name, value]) => name === 'Origin' && value === 'null') ? { 'Access-Control-Allow-Origin': 'null', 'Access-Control-Allow-Credentials': 'true' } : {} })
const trap = pages({ '/': 'x', '/server-status': '<h1>Apache Server Status for x</h1>', '/nginx_status': plain('Active connections: 1 \nserver accepts handled requests\n'), '/phpinfo.php': '<title>phpinfo()</title>PHP Version 8.1.2', '/trace.axd': '<h1>Application Trace</h1>', '/actuator/env': answer({ activeProfiles: [], propertySources: [] }) })
const portal: Technology = { id: 'guacamole', name: 'Guacamole', nameKo: null, category: 'security', vendor: null, version: '1.5', cpe: null, confidence: { value: 0.9, grade: 'high', reasons: [] }, evidence: [], impliedBy: [], build: null }

test('what was seen is told in both languages, of every check', async () => {
  const probed = async (site: Site, url = 'https://a.test/') => (await probeWeb(url, { ...web(site).options, crawl: { pages: 5, depth: 1 }, identifyTechnologies: ({ url: at = url }) => (new URL(at).pathname === '/' ? [portal] : []) })).findings
  const bucket = async (keys: string) => (await probeBucket('https://papers.s3.amazonaws.com/', { run: web(() => ({ body: `<?xml version="1.0"?><ListBucketResult><Name>p</Name>${keys}</ListBucketResult>`, type: 'application/xml' })).run })).findings
  const findings = (await Promise.all([
    ...samples.map(([path, there]) => exposures({ [path]: plain(there) })),
    probed(open), probed(open, 'http://a.test/'), probed(nullOrigin), probed(trap),
    probed(() => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm=x' } }), 'http://a.test/'),
    probed((_, { pathname }) => (pathname === '/' ? { body: 'x', headers: { 'Strict-Transport-Security': 'max-age=600' } } : { status: 404, body: '<title>Action Controller: Exception caught</title>' })),
    bucket(''), bucket('<IsTruncated>true</IsTruncated><Contents><Key>a.pdf</Key></Contents>'),
  ])).flat()
  expect([...new Set(findings.map(({ check }) => check))].toSorted()).toEqual(Object.keys(webChecks).toSorted())
  // Names, numbers and what a header says are what they are.
  const plainly = findings.filter(({ evidence: { en, ko } }) => en === ko).map(({ check, evidence }) => `${check} ${evidence.en}`)
  expect([...new Set(plainly)].toSorted()).toEqual(['web.phpinfo PHP 8.1.2', 'web.phpinfo PHP 8.2.1', 'web.portal_exposed Guacamole 1.5', 'web.write_methods DAV, Allow: GET, PUT'])
  for (const { evidence: { en, ko } } of findings.filter((finding) => finding.evidence.en !== finding.evidence.ko)) {
    expect([ko, isInBoth({ en, ko })]).toEqual([ko, true])
    // The same of it in both.
    expect(ko.match(/\d+/g)?.toSorted()).toEqual(en.match(/\d+/g)?.toSorted())
  }
})
