import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

const ssh = `<fingerprints matches="ssh.banner" protocol="ssh" database_type="service" preference="0.90">
  <fingerprint pattern="^OpenSSH_([\\w.]+) (Debian-.*)$"><description>OpenSSH on Debian</description><param pos="0" name="service.vendor" value="OpenBSD"/><param pos="0" name="service.product" value="OpenSSH"/><param pos="1" name="service.version"/>
  <param pos="0" name="service.cpe23" value="cpe:/a:openbsd:openssh:{service.version}"/><param pos="0" name="os.vendor" value="Debian"/><param pos="0" name="os.product" value="Linux"/></fingerprint>
  <fingerprint pattern="^two\\nlines$"><description>Two</description><param pos="0" name="service.product" value="Two"/></fingerprint></fingerprints>`
const servers = '<fingerprints matches="http_header.server" database_type="service"><fingerprint pattern="^nginx/(\\S+)|^OpenSSH"><description>nginx</description><param pos="0" name="service.product" value="nginx"/><param pos="1" name="service.version"/></fingerprint></fingerprints>'

function recog(): string {
  const path = join(folder(), 'recog')
  mkdirSync(join(path, 'xml'), { recursive: true })
  writeFileSync(join(path, 'xml/ssh_banners.xml'), ssh)
  writeFileSync(join(path, 'xml/http_servers.xml'), servers)
  return path
}
const lines = (out: string) => out.split('\n').filter((each) => each !== '').map((each) => JSON.parse(each) as Record<string, unknown>)
const codes = (err: string) => lines(err).map(({ error }) => (error as { code: string }).code)
const debian = 'OpenSSH_9.2p1 Debian-2+deb12u10'

test('a line for each banner: what matched, the params, CPE, build and confidence', async () => {
  const { code, out, err } = await haechi(['fingerprint', '--db', 'ssh.banner', '--fingerprints', recog(), '--json'], { input: [`${debian}\r\nunk`, 'nown\n'] })
  expect([code, err]).toEqual([0, ''])
  expect(lines(out)).toMatchObject([
    {
      line: 1, database: 'ssh.banner', matched: 'OpenSSH on Debian', params: { 'service.version': '9.2p1', 'service.product': 'OpenSSH', 'service.protocol': 'ssh', 'service.cpe23': 'cpe:/a:openbsd:openssh:9.2p1' },
      cpe: [{ origin: 'stated', name: 'cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*' }], confidence: 0.85, grade: 'high', build: { distribution: 'debian', source_package: 'openssh', package_version: '1:9.2p1-2+deb12u10' },
    },
    { line: 2, matched: null, params: {}, cpe: [], confidence: 0, build: null },
  ])
})

test('without --db every database is asked; a file name is a name too; what there is not is told', async () => {
  const path = recog()
  const all = await haechi(['fingerprint', '--fingerprints', path, '--json'], { input: [debian] })
  expect(lines(all.out).map(({ line, database }) => [line, database])).toEqual([[1, 'ssh.banner'], [1, 'http_header.server']])
  expect(lines((await haechi(['fingerprint', '--db', 'ssh_banners', '--fingerprints', path, '--json'], { input: [debian] })).out)).toMatchObject([{ matched: 'OpenSSH on Debian' }])
  const none = await haechi(['fingerprint', '--db', 'ftp.banner', '--fingerprints', path, '--json'], { input: [debian] })
  expect([none.code, codes(none.err)]).toEqual([2, ['usage_fingerprint_db']])
  expect(none.err).toContain('http_header.server, ssh.banner')
})

test('where fingerprints come from: a folder, a file, an archive, the corpus; else where to get them', async () => {
  const path = recog()
  const archive = join(path, '..', 'corpus/recog/recog.tar.gz')
  mkdirSync(join(path, '..', 'corpus/recog'), { recursive: true })
  execFileSync('tar', ['czf', archive, '-C', path, '.'])
  for (const [words, environment] of [[['--fingerprints', join(path, 'xml/ssh_banners.xml')], {}], [['--fingerprints', archive], {}], [[], { HAECHI_CORPUS: join(path, '..', 'corpus') }]] as const) {
    expect(lines((await haechi(['fingerprint', '--db', 'ssh.banner', ...words, '--json'], { input: [debian], environment })).out)).toMatchObject([{ matched: 'OpenSSH on Debian' }])
  }
  const missing = await haechi(['fingerprint', '--lang', 'ko'], { input: [debian] })
  expect([missing.code, missing.err]).toEqual([1, expect.stringMatching(/fingerprints_missing: .*github\.com\/rapid7\/recog.*--fingerprints/)])
  const empty = folder()
  const damaged = join(empty, 'a.tar.gz')
  writeFileSync(damaged, gzipSync(Buffer.alloc(600, 'x')))
  const cut = join(empty, 'b.tgz')
  writeFileSync(cut, 'no gzip')
  for (const [named, expected] of [[empty, 'fingerprints_missing'], [damaged, 'archive_invalid'], [cut, 'archive_invalid'], [join(empty, 'nowhere'), 'file_unreadable']] as const) {
    const { code, err } = await haechi(['fingerprint', '--fingerprints', named, '--json'], { input: [debian] })
    expect([code, codes(err)]).toEqual([1, [expected]])
  }
})

test('banners of several lines in base64, bytes that are no text, lines without end', async () => {
  const path = recog()
  const encoded = Buffer.from('two\nlines').toString('base64')
  const some = await haechi(['fingerprint', '--db', 'ssh.banner', '--encoding', 'base64', '--fingerprints', path, '--json'], { input: [`${encoded}\n?\n\n${encoded}`] })
  expect([some.code, lines(some.out).map(({ line, matched }) => [line, matched]), codes(some.err)]).toEqual([1, [[1, 'Two'], [3, null], [4, 'Two']], ['banner_not_base64']])
  const long = await haechi(['fingerprint', '--db', 'ssh.banner', '--fingerprints', path, '--json'], { input: [...Array.from({ length: 40 }, () => 'x'.repeat(100_000)), `\n${debian}\n\0\n`] })
  expect([long.code, lines(long.out).map(({ line }) => line), codes(long.err)]).toEqual([1, [2, 3], ['banner_too_long']])
})

test('a bad fingerprint is told, and the rest is used', async () => {
  const path = recog()
  writeFileSync(join(path, 'xml/bad.xml'), '<!DOCTYPE x [<!ENTITY a "b">]><fingerprints/>')
  const { code, out, err } = await haechi(['fingerprint', '--fingerprints', path, '--json'], { input: [debian] })
  expect([code, codes(err), lines(out).length]).toEqual([1, ['fingerprint_refused'], 2])
  expect(err).toContain('xml_doctype')
})

const wire = 'HTTP/1.1 200 OK\r\nServer: nginx/1.18.0 (Ubuntu)\r\nSet-Cookie: PHPSESSID=topsecret; path=/\r\n\r\n<meta name="generator" content="WordPress 6.1.9">'

test('technologies of an answer as it went over the wire, without Recog, and with it', async () => {
  const { code, out, err } = await haechi(['fingerprint', '--http', '-', '--json'], { input: [wire] })
  expect([code, err]).toEqual([0, ''])
  expect(out).not.toContain('topsecret')
  const [answer] = lines(out) as { technologies: { id: string }[]; identifications: unknown[] }[]
  expect(answer?.technologies).toMatchObject([
    { id: 'nginx', version: '1.18.0', cpe: { name: 'cpe:2.3:a:f5:nginx:1.18.0:*:*:*:*:*:*:*' }, build: { distribution: 'ubuntu', package_version: null } }, { id: 'wordpress', version: '6.1.9', confidence: 0.95, grade: 'high' }, { id: 'php', implied_by: ['wordpress'] },
  ])
  expect(answer?.identifications).toEqual([])
  const both = await haechi(['fingerprint', '--http', '-', '--fingerprints', recog(), '--json'], { input: [wire] })
  expect(lines(both.out)).toMatchObject([{ identifications: [{ database: 'http_header.server', matched: 'nginx' }] }])
})

test('records, redirects, compressed bodies, and what is no answer', async () => {
  const at = folder()
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(at, name), content)
    return join(at, name)
  }
  const ids = async (path: string) => lines((await haechi(['fingerprint', '--http', path, '--json'])).out).map(({ technologies }) => (technologies as { id: string }[]).map(({ id }) => id))
  expect(await ids(file('a.ndjson', '{"status":200,"headers":{"server":"openresty"},"url":"http://a","more":1}\n{"body":"Ollama is running"}\n'))).toEqual([['openresty', 'nginx'], ['ollama']])
  // The icon of Jenkins is not at hand; its hash is.
  expect(await ids(file('g.ndjson', '{"favicon":{"md5":"","mmh3":81586312}}\n{"favicon":"AQID"}\n'))).toEqual([['jenkins', 'java'], []])
  expect(await ids(file('b', 'HTTP/1.1 301 Moved\nServer: lighttpd/1.4.69\nLocation: /x\n\nHTTP/2 200\nserver: Caddy\n\n<p>'))).toEqual([['lighttpd'], ['caddy']])
  expect(await ids(file('c', Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n'), gzipSync('<title>Grafana</title>')])))).toEqual([['grafana']])
  expect(await ids(file('d', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n<title>Grafana</title>'))).toEqual([['grafana']])
  const { code, out, err } = await haechi(['fingerprint', '--http', file('e.ndjson', '{"headers":[]}\n[]\n{"x":1}\n{"status":200}\n'), '/nowhere', '--json'])
  expect([code, lines(out).length, codes(err)]).toEqual([1, 1, ['http_answer_invalid', 'not_an_object', 'http_answer_invalid', 'file_unreadable']])
  const bad = await haechi(['fingerprint', '--http', file('f', ''), '--json'])
  expect([bad.code, codes(bad.err)]).toEqual([1, ['file_without_records']])
})

test('people see tables in their language', async () => {
  const banners = await haechi(['fingerprint', '--fingerprints', recog(), '--lang', 'ko'], { input: [`${debian}\nnothing\n`] })
  expect(banners.out).toMatch(/OpenBSD OpenSSH +9\.2p1 +Debian Linux +debian 12: openssh 1:9\.2p1-2\+deb12u10 .*높음 0\.85/)
  expect(banners.out).toContain('알 수 없음')
  expect(banners.err).toBe('배너 2개 가운데 1개를 식별했습니다.\n')
  const answers = await haechi(['fingerprint', '--http', '-', '--lang', 'ko'], { input: [wire] })
  expect(answers.out).toMatch(/워드프레스 +6\.1\.9 +콘텐츠 관리 +높음 0\.95/)
  expect(answers.err).toBe('응답 1개, 기술 3개.\n')
  expect((await haechi(['fingerprint', '--http', '-'], { input: [wire] })).out).toMatch(/WordPress +6\.1\.9 +cms +high 0\.95/)
})
