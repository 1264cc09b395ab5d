// The command as a person gives it: repositories, archives, a paste, a baseline. The secrets are made up when the test runs.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

type Line = { readonly weakness: string; readonly hash: string; readonly path: string; readonly line: number; readonly column: number; readonly severity: string; readonly present: boolean; readonly owner: string | null; readonly evidence: string; readonly first_commit: { readonly id: string; readonly subject: string } | null; readonly places: number }
const lines = (out: string): Line[] => out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line)
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A GitHub token with its check digits, of random looking letters. */
function token(seed: string): string {
  const random = [...createHash('sha256').update(seed).digest()].slice(0, 30).map((byte) => base62[byte % 62]).join('')
  let left = crc32(Buffer.from(random))
  let digits = ''
  for (let at = 0; at < 6; at++, left = Math.floor(left / 62)) digits = base62[left % 62]! + digits
  return `ghp_${random}${digits}`
}

const git = (directory: string, ...args: readonly string[]): string => execFileSync('git', ['-C', directory, '-c', 'user.name=Park', '-c', 'user.email=park@example.com', '-c', 'init.defaultBranch=main', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const hasGit = spawnSync('git', ['--version']).status === 0

describe('secrets scan', () => {
  test('folders and archives, without a secret in what is told', async () => {
    const home = folder()
    const secret = token('one')
    mkdirSync(join(home, 'src/node_modules/x'), { recursive: true })
    writeFileSync(join(home, 'src/.env'), `A=1\nTOKEN=${secret}\n`)
    writeFileSync(join(home, 'src/node_modules/x/index.js'), `const t = "${token('two')}"\n`)
    writeFileSync(join(home, 'src/marked.ts'), `const t = "${token('three')}" // haechi:allow\n`)
    writeFileSync(join(home, 'src/backup.gz'), gzipSync(`# old\nTOKEN=${token('four')}\n`))
    const { code, out, err } = await haechi(['secrets', 'scan', join(home, 'src'), '--json'])
    expect(code).toBe(0)
    expect(lines(out).map(({ weakness, path, line }) => [weakness, path, line])).toEqual([['github-personal-access-token', '.env', 2], ['github-personal-access-token', 'backup.gz!/backup', 2]])
    expect(out + err).not.toContain(secret.slice(8, 30))
    expect(JSON.parse(err)).toMatchObject({ totals: { secrets: 2, allowed: 1, folders: 1, unreadable: 0 } })
    expect((await haechi(['secrets', 'scan', join(home, 'src'), '--packages', '--json'])).out.split('\n').filter((line) => line !== '')).toHaveLength(3)
    expect((await haechi(['secrets', 'scan', join(home, 'src'), '--fail-on', 'high'])).code).toBe(1)
  })

  test('a paste, which leaves nothing behind', async () => {
    const { out } = await haechi(['secrets', 'scan', '-', '--json'], { input: ['here is the key: ', token('five'), '\n'] })
    expect(lines(out)).toMatchObject([{ path: 'stdin', line: 1 }])
    // Lines of a configuration are known without its name.
    const password = createHash('md5').update('five').digest('base64')
    expect(lines((await haechi(['secrets', 'scan', '-', '--json'], { input: [`DB_PASSWORD=${password}\n`] })).out)).toMatchObject([{ path: 'stdin', weakness: 'generic-configured-secret' }])
  })

  test('texts in UTF-16: files, in archives, in a paste; a mark in front counts for no column', async () => {
    const home = folder()
    const text = (seed: string): string => `\uFEFF비밀 "${token(seed)}"\r\n또 "${token(`${seed} again`)}"\r\n`
    writeFileSync(join(home, 'a-utf8.txt'), text('one'))
    writeFileSync(join(home, 'b-little.reg'), text('two'), 'utf16le')
    writeFileSync(join(home, 'c-big.txt'), Buffer.from(text('three'), 'utf16le').swap16())
    writeFileSync(join(home, 'd-unmarked.log'), `token: "${token('four')}"`, 'utf16le')
    writeFileSync(join(home, 'e.gz'), gzipSync(Buffer.from(text('five'), 'utf16le')))
    const { out, err } = await haechi(['secrets', 'scan', home, '--json'])
    expect(lines(out).map(({ path, line, column }) => [path, line, column])).toEqual([
      ...['a-utf8.txt', 'b-little.reg', 'c-big.txt'].flatMap((path) => [[path, 1, 5], [path, 2, 4]]), ['d-unmarked.log', 1, 9], ['e.gz!/e', 1, 5], ['e.gz!/e', 2, 4],
    ])
    expect(JSON.parse(err)).toMatchObject({ totals: { unreadable: 0 } })
    const pasted = await haechi(['secrets', 'scan', '-', '--json'], { input: [Buffer.from(text('six'), 'utf16le')] })
    expect(lines(pasted.out)).toMatchObject([{ path: 'stdin', line: 1, column: 5 }, { path: 'stdin', line: 2, column: 4 }])
    // Only the bytes tell how much was looked at.
    expect(JSON.parse(pasted.err)).toMatchObject({ totals: { bytes: text('six').length * 2 } })
  })

  test('a baseline, and SARIF', async () => {
    const home = folder()
    writeFileSync(join(home, 'a.txt'), token('six'))
    writeFileSync(join(home, 'c.txt'), `비밀 키 ${token('one')} 와 😀 ${token('two')}\n`)
    const known = (await haechi(['secrets', 'scan', home, '--json'])).out
    writeFileSync(join(home, 'b.txt'), token('seven'))
    const baseline = join(folder(), 'known.ndjson')
    writeFileSync(baseline, known)
    const { out } = await haechi(['secrets', 'scan', home, '--baseline', baseline, '--sarif'])
    const { runs: [run] } = JSON.parse(out) as { runs: { results: { ruleId: string; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[] }
    expect(run?.results.map(({ ruleId, locations }) => [ruleId, locations[0]?.physicalLocation.artifactLocation.uri])).toEqual([['github-personal-access-token', 'b.txt']])
    const { runs: [all] } = JSON.parse((await haechi(['secrets', 'scan', join(home, 'c.txt'), '--sarif'])).out) as { runs: { results: { locations: { physicalLocation: { region: { startColumn: number } } }[] }[] }[] }
    expect(all?.results.map(({ locations }) => locations[0]?.physicalLocation.region.startColumn)).toEqual([6, 52])
    writeFileSync(baseline, 'no json\n')
    const refused = await haechi(['secrets', 'scan', home, '--baseline', baseline, '--json'])
    expect([refused.code, (JSON.parse(refused.err) as { error: { code: string } }).error.code]).toEqual([1, 'baseline_invalid'])
  })

  test('rules of one\'s own, and ones that are none', async () => {
    const home = folder()
    writeFileSync(join(home, 'a.txt'), 'id: ACME-93kd02md92kd\n')
    const rules = join(folder(), 'own.yaml')
    writeFileSync(rules, "- id: acme-key\n  name: { en: Acme key, ko: Acme 키 }\n  provider: Acme\n  severity: high\n  keywords: [ACME-]\n  pattern: '\\b(ACME-[a-z0-9]{12})\\b'\n  positives: ['ACME-{lower:12}']\n  negatives: ['ACME-x']\n")
    expect(lines((await haechi(['secrets', 'scan', home, '--rules', rules, '--json'])).out).map(({ weakness }) => weakness)).toEqual(['acme-key'])
    writeFileSync(rules, "- id: bad\n  pattern: '('\n")
    const refused = await haechi(['secrets', 'scan', home, '--rules', rules, '--json'])
    expect((JSON.parse(refused.err) as { error: { code: string } }).error.code).toBe('secret_rules_refused')
    const unnamed = join(folder(), 'own.rules')
    writeFileSync(unnamed, '[]\n')
    const passed = await haechi(['secrets', 'scan', home, '--rules', unnamed, '--json'])
    expect((JSON.parse(passed.err) as { error: { code: string } }).error.code).toBe('secret_rules_refused')
    expect((await haechi(['secrets', 'scan', join(home, 'nothing')])).code).not.toBe(0)
  })

  test('of more than a thousand of one kind in one file the first are told, and that there are more', async () => {
    const home = folder()
    writeFileSync(join(home, 'all.env'), Array.from({ length: 1_001 }, (_, at) => `${token(`many ${at}`)}\n`).join(''))
    const { code, out, err } = await haechi(['secrets', 'scan', home, '--json'])
    expect([code, lines(out).length]).toEqual([1, 1_000])
    expect(err).toContain(`${join(home, 'all.env')} was not looked through to its end (too_many)`)
    expect((await haechi(['secrets', 'scan', home, '--lang', 'ko'])).err).toContain('(한 종류의 비밀값이 너무 많음)')
  })

  test.skipIf(!hasGit)('history: who brought it, when, and whether it is still there (needs git)', async () => {
    const home = folder()
    git(home, 'init', '-q')
    writeFileSync(join(home, 'config.yml'), `key: ${token('eight')}\n`)
    git(home, 'add', '-A')
    git(home, 'commit', '-q', '-m', 'adds the configuration')
    const first = git(home, 'rev-parse', 'HEAD').trim()
    writeFileSync(join(home, 'config.yml'), `# moved\nkey: ${token('eight')}\n`)
    // By a clock that is behind.
    execFileSync('git', ['-C', home, '-c', 'user.name=Late', '-c', 'user.email=late@example.com', 'commit', '-aq', '-m', 'moves it'], { env: { ...process.env, GIT_COMMITTER_DATE: '2001-01-01T00:00:00Z' } })
    writeFileSync(join(home, 'config.yml'), '# gone\n')
    git(home, 'commit', '-aq', '-m', 'takes it out')
    writeFileSync(join(home, '.env'), `TOKEN=${token('nine')}\n`)
    const { out } = await haechi(['secrets', 'scan', home, '--json'])
    expect(lines(out)).toMatchObject([
      { path: '.env', present: true, owner: null, first_commit: null, places: 1 }, { path: 'config.yml', present: false, owner: 'Park <park@example.com>', first_commit: { id: first, subject: 'adds the configuration' }, places: 2 },
    ])
    expect(lines((await haechi(['secrets', 'scan', home, '--no-history', '--json'])).out).map(({ path }) => path)).toEqual(['.env'])
    writeFileSync(join(home, 'export.reg'), `\uFEFF"Token"="${token('nine in pairs')}"\r\n`, 'utf16le')
    git(home, 'add', 'export.reg')
    git(home, 'commit', '-q', '-m', 'keeps an export')
    git(home, 'rm', '-q', 'export.reg')
    git(home, 'commit', '-q', '-m', 'takes it out, too')
    git(home, 'clone', '-q', '--bare', home, join(home, 'bare.git'))
    expect(lines((await haechi(['secrets', 'scan', join(home, 'bare.git'), '--json'])).out).map(({ path }) => path)).toEqual(['config.yml', 'export.reg'])
  })

  test.skipIf(!hasGit)('what stands there now is told where it stands: staged, no longer tracked, renamed, copied, changed since (needs git)', async () => {
    const home = folder()
    git(home, 'init', '-q')
    for (const name of ['untracked', 'before', 'one', 'moved']) writeFileSync(join(home, name), `key: ${token(name)}\n`)
    git(home, 'add', '-A')
    git(home, 'commit', '-q', '-m', `adds ${token('one')}`)
    git(home, 'rm', '-q', '--cached', 'untracked')
    git(home, 'mv', 'before', 'after')
    writeFileSync(join(home, 'other'), `key: ${token('one')}\n`)
    git(home, 'add', 'other')
    git(home, 'commit', '-q', '-m', 'moves')
    writeFileSync(join(home, 'staged'), `key: ${token('staged')}\n`)
    git(home, 'add', 'staged')
    writeFileSync(join(home, 'moved'), `# down\nkey: ${token('moved')}\nagain: ${token('moved')}\n`)
    const { out } = await haechi(['secrets', 'scan', home, `${home}/`, '--json'])
    const named = lines(out).filter(({ path }) => path.length < 40)
    expect(named.map(({ path, line, present, places, owner }) => [path, line, present, places, owner !== null])).toEqual([
      ['after', 1, true, 1, true], ['moved', 2, true, 2, true], ['one', 1, true, 1, true], ['other', 1, true, 1, true], ['staged', 1, true, 1, false], ['untracked', 1, true, 2, true], ['(commit message)', 1, false, 1, true],
    ])
    // What was staged and is in no commit has no name in the history; lines of a configuration are known there, too.
    const password = createHash('md5').update('lost').digest('base64')
    writeFileSync(join(home, '.env'), `DB_PASSWORD=${password}\n`)
    git(home, 'add', '.env')
    rmSync(join(home, '.env'))
    const lost = git(home, 'rev-parse', ':.env').trim()
    expect(lines((await haechi(['secrets', 'scan', home, '--json'])).out).filter(({ path }) => path.startsWith(lost)).map(({ weakness }) => weakness)).toEqual(['generic-configured-secret'])
    // Also in what people wrote beside it.
    expect(named[0]!.first_commit!.subject).toBe('adds ghp_…(40)')
    expect(out).not.toContain(token('one').slice(8, 30))
  })

  test.skipIf(!hasGit)('settings of repositories, whose addresses hold tokens at times; a link is not followed to them (needs git)', async () => {
    const [home, elsewhere] = [folder(), folder()]
    const remote = (seed: string): readonly string[] => ['remote', 'add', 'origin', `https://oauth2:${token(seed)}@git.example.com/a.git`]
    for (const name of ['clone', 'bare.git']) {
      git(home, 'init', '-q', ...(name === 'clone' ? [] : ['--bare']), name)
      git(join(home, name), ...remote(name))
    }
    git(elsewhere, 'init', '-q')
    git(elsewhere, ...remote('elsewhere'))
    mkdirSync(join(home, 'linked'))
    symlinkSync(join(elsewhere, '.git'), join(home, 'linked/.git'))
    writeFileSync(join(home, 'linked/a.txt'), 'a')
    const { out } = await haechi(['secrets', 'scan', home, '--json'])
    expect(lines(out).map(({ path, present }) => [path, present])).toEqual([['bare.git/config', true], ['clone/.git/config', true]])
    expect(lines((await haechi(['secrets', 'scan', home, '--no-history', '--json'])).out).map(({ path }) => path)).toEqual(['bare.git/config', 'clone/.git/config'])
    expect(lines((await haechi(['secrets', 'scan', join(home, 'bare.git'), '--json'])).out).map(({ path }) => path)).toEqual(['config'])
  })

  test.skipIf(!hasGit)('messages of commits: by the first that says it, under one path (needs git)', async () => {
    const home = folder()
    const inner = join(home, 'inner')
    mkdirSync(inner)
    for (const each of [home, inner]) {
      git(each, 'init', '-q')
      git(each, 'commit', '-q', '--allow-empty', '-m', 'starts')
      git(each, 'commit', '-q', '--allow-empty', '-m', `deploys\n\nwith 키 ${token('said')}`)
      git(each, 'commit', '-q', '--allow-empty', '-m', `again ${token('said')}`)
    }
    const first = git(inner, 'rev-parse', 'HEAD~1').trim()
    const { out } = await haechi(['secrets', 'scan', home, '--json'])
    expect(lines(out)).toMatchObject([{ path: '(commit message)', line: 3, column: 8, present: false, places: 2, first_commit: { subject: 'deploys' } }, { path: 'inner/(commit message)', line: 3, first_commit: { id: first }, owner: 'Park <park@example.com>' }])
    expect(out).not.toContain(token('said').slice(8, 30))
    const baseline = join(folder(), 'known.ndjson')
    writeFileSync(baseline, out)
    git(home, 'commit', '-q', '--amend', '--allow-empty', '-m', `once more ${token('said')}`)
    expect((await haechi(['secrets', 'scan', home, '--baseline', baseline, '--json'])).out).toBe('')
    expect((await haechi(['secrets', 'scan', home, '--no-history', '--json'])).out).toBe('')
    const told = (await haechi(['secrets', 'scan', home, '--lang', 'ko'], { width: 200 })).out
    expect(told).toMatch(/: \(커밋 메시지\):3 /)
    expect(told).toMatch(/: inner\/\(커밋 메시지\):3 /)
  })

  test('stopped at once, it says so', async () => {
    const stop = new AbortController()
    stop.abort()
    const home = folder()
    writeFileSync(join(home, 'a.txt'), token('ten'))
    expect((await haechi(['secrets', 'scan', home, '--json'], { stop: stop.signal })).code).toBe(130)
  })
})
