// `haechi templates run` as a user runs it: against a server on this machine, in both languages, with scopes that allow and refuse, and stopped in the middle.
import { spawn } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CORPUS } from '../templates-corpus.ts'

const main = resolve('apps/cli/src/main.ts')
const home = mkdtempSync(join(tmpdir(), 'haechi-e2e-templates-'))
const templates = join(home, 'templates')
let server: Server
let url = ''
let asked: string[] = []
let waiting: (() => void) | null = null

const template = (id: string, severity: string, body: string): void => writeFileSync(join(templates, `${id}.yaml`), `id: ${id}\ninfo: {name: "Name of ${id}", author: haechi, severity: ${severity}, tags: "own,${id}", classification: {cve-id: CVE-2024-0001, cwe-id: CWE-200, cvss-score: 7.5}}\n${body}`)
const http = (path: string, matcher: string): string => `http:\n  - method: GET\n    path: ["{{BaseURL}}${path}"]\n    ${matcher}\n`

beforeAll(async () => {
  mkdirSync(templates)
  template('env-file', 'high', `${http('/.env', 'matchers: [{type: word, words: ["DB_PASSWORD="]}]')}    extractors: [{type: regex, group: 1, regex: ["DB_HOST=(\\\\S+)"]}]\n`)
  template('front-page', 'info', http('/', 'matchers: [{type: word, words: ["Hello"]}]'))
  template('redirected', 'medium', http('/away', 'redirects: true\n    matchers: [{type: word, words: ["secret of another host"]}]'))
  template('elsewhere', 'medium', 'http:\n  - method: GET\n    path: ["http://192.0.2.77:81/"]\n    matchers: [{type: status, status: [200]}]\n')
  writeFileSync(join(templates, 'changes.yaml'), `id: changes\ninfo: {name: n, author: a, severity: critical, tags: intrusive}\n${http('/.env', 'matchers: [{type: status, status: [200]}]')}`)
  template('token', 'low', http('/?key={{token}}', 'matchers: [{type: word, words: ["key accepted"]}]'))
  template('slow', 'info', http('/slow', 'matchers: [{type: status, status: [200]}]'))
  template('in-files', 'high', 'file:\n  - extensions: [txt]\n    extractors: [{type: regex, regex: ["AKIA[A-Z0-9]{16}"]}]\n')
  writeFileSync(join(templates, 'broken.yaml'), 'id: broken\n')
  server = createServer((request, response) => {
    asked.push(request.url!)
    if (request.url === '/.env') response.writeHead(200, { 'content-type': 'text/plain' }).end('DB_HOST=db.internal\nDB_PASSWORD=hunter2\n')
    else if (request.url === '/away') response.writeHead(302, { location: 'http://192.0.2.77/' }).end()
    else if (request.url === '/?key=s3cretkey') response.end('Hello, key accepted')
    else if (request.url === '/') response.end('Hello')
    else if (request.url === '/slow' && waiting !== null) waiting()
    else response.writeHead(404).end('nothing here')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(home, { recursive: true, force: true })
})

type Ended = { readonly code: number | null; readonly out: string; readonly err: string; readonly lines: readonly Readonly<Record<string, unknown>>[] }
function start(words: readonly string[]): { readonly child: ReturnType<typeof spawn>; readonly ended: Promise<Ended> } {
  asked = []
  const child = spawn(process.execPath, [main, 'templates', 'run', ...words], { env: { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text })
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, out, err, get lines() { return out.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>) } })) }
}
const run = (...words: string[]): Promise<Ended> => start(words).ended
const scopeFile = (name: string, text: string): string => {
  const file = join(home, name)
  writeFileSync(file, text)
  return file
}

test('with --signed-only nothing runs that is not signed by somebody who is trusted', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const folder = join(home, 'signed')
  mkdirSync(folder)
  const text = `id: mine\ninfo: {name: n, author: a, severity: high}\n${http('/.env', 'matchers: [{type: status, status: [200]}]')}`
  const signature = sign('sha256', Buffer.from(text.trim()), privateKey)
  const signer = createHash('md5').update(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')).digest('hex')
  const digest = `# digest: ${Buffer.concat([Buffer.from([signature.length + 3, 0x0a, 0x00, signature.length]), signature]).toString('hex')}:${signer}`
  writeFileSync(join(folder, 'mine.yaml'), text + digest)
  writeFileSync(join(folder, 'changed.yaml'), text.replace('id: mine', 'id: changed') + digest)
  const key = join(home, 'signer.pem')
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }))
  expect((await run(url, '--templates', folder, '--json', '--signed-only')).lines).toEqual([])
  expect((await run(url, '--templates', folder, '--json', '--signed-only', '--signer', key)).lines.map((line) => line['template'])).toEqual(['mine'])
})

describe('what it says', () => {
  test('a table for people, in English and Korean, with what was not run, not sent and not read', async () => {
    const english = await run(url, '--templates', templates, '--lang', 'en')
    expect(english.out.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['SEVERITY', 'TEMPLATE', 'NAME', 'MATCHED AT', 'EXTRACTED'], ['high', 'env-file', 'Name of env-file', `${url}/.env`, 'db.internal'], ['info', 'front-page', 'Name of front-page', expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/?$/) as string], [''],
    ])
    expect(english.err).toMatch(/2 matches, 0 held back\. \d+ templates run on 1 targets; \d+ requests asked \(\d+ of them controls\), \d+ shared, \d+ sent\./)
    expect(english.err).toContain('out_of_scope 2')
    expect(english.err).toContain('intrusive 1')
    expect(english.code, 'findings alone are no failure').toBe(0)
    const korean = await run(url, '--templates', templates, '--lang', 'ko')
    expect(korean.out).toMatch(/^심각도 +템플릿 +이름 +발견 위치 +추출값\n높음 +env-file /)
    expect(korean.err).toContain('결과 2건, 보류 0건.')
  })

  test('a line for each match, with what others rely on first', async () => {
    const { lines, err, code } = await run(url, '--templates', templates, '--json', '--severity', 'high,critical')
    expect([code, lines.length]).toEqual([0, 1])
    expect(Object.keys(lines[0]!).slice(0, 5)).toEqual(['template', 'matcher', 'extracted', 'matched_at', 'severity'])
    expect(lines[0]).toMatchObject({ template: 'env-file', matcher: null, extracted: ['db.internal'], matched_at: `${url}/.env`, severity: 'high', name: 'Name of env-file', file: join(templates, 'env-file.yaml'), cve: ['CVE-2024-0001'], cwe: ['CWE-200'], cvss: 7.5, doubt: null, address: '127.0.0.1', evidence: { request: 'GET /.env HTTP/1.1', response: 'HTTP/1.1 200 OK' } })
    expect(JSON.parse(err.trim().split('\n').at(-1)!)).toMatchObject({ totals: { matches: 1, held: 0, interrupted: false, refused_files: 1 } })
  })

  test.skipIf(!existsSync(join(CORPUS, 'schemas/sarif/sarif-schema-2.1.0.json')))('SARIF as its schema says (needs HAECHI_CORPUS)', async () => {
    const { out, code } = await run(url, '--templates', templates, '--sarif')
    const schema = JSON.parse(readFileSync(join(CORPUS, 'schemas/sarif/sarif-schema-2.1.0.json'), 'utf8')) as Record<string, unknown>
    const valid = new Ajv({ strict: false, validateFormats: false, validateSchema: false }).compile(Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== 'id')))
    const sarif = JSON.parse(out) as { runs: { results: { ruleId: string; level: string; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[]; tool: { driver: { rules: { id: string }[] } } }[] }
    expect(valid(sarif), JSON.stringify(valid.errors)).toBe(true)
    expect(valid({ ...sarif, version: '3' })).toBe(false)
    expect(sarif.runs[0]!.results.map(({ ruleId, level, locations }) => [ruleId, level, locations[0]!.physicalLocation.artifactLocation.uri])).toEqual([['env-file', 'error', `${url}/.env`], ['front-page', 'note', `${url}/`]])
    expect(code).toBe(0)
  })

  test('exit codes: --fail-on, a target that is none, a name that leads nowhere, a variable that is none', async () => {
    expect((await run(url, '--templates', templates, '--id', 'env-file', '--fail-on', 'high')).code).toBe(1)
    expect((await run(url, '--templates', templates, '--id', 'env-file', '--fail-on', 'critical')).code).toBe(0)
    expect(await run('ftp://x', '--templates', templates)).toMatchObject({ code: 1, err: expect.stringContaining('scan_target_invalid') as string })
    expect(await run('no-such-host.invalid', url, '--templates', templates, '--id', 'env-file')).toMatchObject({ code: 1, out: expect.stringContaining('env-file') as string, err: expect.stringContaining('scan_target_unresolved') as string })
    expect(await run(url, '--templates', templates, '--variable', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('usage_variable') as string })
    expect(await run(url, '--templates', join(home, 'none'))).toMatchObject({ code: 1 })
  })

  test('what was given for the scan is used and not shown again', async () => {
    const { lines } = await run(url, '--templates', templates, '--json', '--id', 'token', '--variable', 'token=s3cretkey')
    expect(asked).toContain('/?key=s3cretkey')
    expect(lines).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toContain('s3cretkey')
  })

  test('a server that nobody runs is told, with what was not run', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const { code, err } = await run(`127.0.0.1:${port}`, '--templates', templates, '--lang', 'en')
    expect(err).toContain('no_web')
    expect(code).toBe(0)
  })

  test('files of a folder, by file templates only', async () => {
    const source = join(home, 'source')
    mkdirSync(join(source, 'deep'), { recursive: true })
    writeFileSync(join(source, 'deep', 'keys.txt'), 'key = AKIAABCDEFGHIJKLMNOP\n')
    const { lines, code } = await run(source, '--templates', templates, '--json')
    expect(code).toBe(0)
    expect(lines).toMatchObject([{ template: 'in-files', extracted: ['AKIAABCDEFGHIJKLMNOP'], severity: 'high', target: source }])
    expect(asked).toEqual([])
  })
})

describe('where it goes', () => {
  test('nowhere without its owner\'s consent, beyond it, or after its end', async () => {
    const ended = scopeFile('ended.yaml', 'targets: [192.0.2.7]\nowner: Example Ltd\nuntil: 2020-01-31\n')
    const other = scopeFile('other.json', JSON.stringify({ targets: ['192.0.2.8'], owner: 'Example Ltd', until: '2099-01-31' }))
    const invalid = scopeFile('invalid.yaml', 'targets: []\n')
    for (const [words, reason] of [[[], 'scan_scope_missing'], [['--scope', ended], 'scan_scope_expired'], [['--scope', other], 'scan_scope_exceeded']] as const) {
      expect(await run('192.0.2.7', url, '--templates', templates, ...words), reason).toMatchObject({ code: 4, out: '', err: expect.stringContaining(reason) as string })
      expect(asked, 'not even what was allowed').toEqual([])
    }
    expect(await run(url, '--templates', templates, '--scope', invalid)).toMatchObject({ code: 1, err: expect.stringContaining('scan_scope_invalid') as string })
  })

  test('a scope is repeated in what is said', async () => {
    const scope = scopeFile('scope.yaml', 'targets: [203.0.113.0/24]\nowner: Example Ltd\nuntil: 2099-01-31\n')
    const { lines, err } = await run(url, '--templates', templates, '--id', 'env-file', '--json', '--scope', scope)
    expect(lines[0]).toMatchObject({ scope: { owner: 'Example Ltd', until: '2099-01-31T23:59:59.999Z', targets: ['203.0.113.0/24'] } })
    expect(JSON.parse(err.split('\n')[0]!)).toEqual({ scope: { owner: 'Example Ltd', until: '2099-01-31T23:59:59.999Z', targets: ['203.0.113.0/24'] } })
    expect((await run(url, '--templates', templates, '--id', 'env-file', '--scope', scope, '--lang', 'ko')).err).toContain('Example Ltd의 검사 범위')
  })
})

test('stopped in the middle it shows what it has found', async () => {
  const reached = new Promise<void>((resolve) => { waiting = resolve })
  const { child, ended } = start([url, '--templates', templates, '--id', 'env-file,slow', '--concurrency', '1', '--lang', 'en'])
  await reached
  waiting = null
  child.kill('SIGINT')
  const { code, out, err } = await ended
  expect(code).toBe(130)
  expect(out).toContain('env-file')
  expect(err).toContain('Interrupted')
})
