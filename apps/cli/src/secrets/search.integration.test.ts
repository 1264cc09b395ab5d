// The search with its threads: each text once, whatever thread looks at it and wherever else it stands.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readSecretRules } from '@haechi/secrets'
import { describe, expect, test } from 'vitest'
import { folder } from '../process.fixture.ts'
import { search } from './search.ts'
import type { SearchEvent, Sighting } from './search.ts'

const { rules } = readSecretRules([{ path: 'own.yaml', content: '- id: badge\n  name: { en: Badge, ko: 배지 }\n  provider: Example\n  severity: high\n  keywords: [badge-]\n  pattern: \'badge-[0-9a-f]{32}\'\n' }])
const badge = (seed: string): string => `badge-${createHash('md5').update(seed).digest('hex')}`

async function searched(sources: readonly string[], options: { readonly history?: boolean; readonly signal?: AbortSignal; readonly onEvent?: (event: SearchEvent) => void } = {}) {
  const sightings: Sighting[] = []
  const faults: string[] = []
  const reasons: string[] = []
  let last: Extract<SearchEvent, { kind: 'progress' }> | null = null
  for await (const event of search(sources, { rules: async () => rules, history: options.history ?? false, packages: false, signal: options.signal ?? new AbortController().signal })) {
    options.onEvent?.(event)
    if (event.kind === 'sighting') sightings.push(event.sighting)
    else if (event.kind === 'fault') {
      faults.push(event.fault.path)
      reasons.push(event.fault.reason)
    } else last = event
  }
  return { sightings, faults, reasons, files: last?.files ?? 0, bytes: last?.bytes ?? 0 }
}

test('so much text that more threads begin: each file once, and every secret', async () => {
  const home = folder()
  const [size, count] = [8_388_608, 40]
  const secret = badge('one')
  writeFileSync(join(home, 'a0'), `${'plain text\n'.repeat(size / 11)}${secret}\n`)
  for (let at = 1; at < count; at++) linkSync(join(home, 'a0'), join(home, `a${at}`))
  const { sightings, files, bytes, faults } = await searched([home])
  expect([files, faults]).toEqual([count, []])
  expect(bytes).toBeGreaterThan(count * (size - 11))
  expect(sightings.map(({ path }) => path).toSorted()).toEqual(Array.from({ length: count }, (_, at) => `a${at}`).toSorted())
  expect(new Set(sightings.map(({ found }) => found.secret))).toEqual(new Set([secret]))
}, 60_000)

test('an archive that takes its time does not change whose the texts behind it are', async () => {
  const [one, two] = [folder(), folder()]
  writeFileSync(join(one, 'long'), 'plain text\n'.repeat(1_000_000))
  execFileSync('python3', ['-c', 'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z: z.write(sys.argv[2], "long")', join(one, 'a.zip'), join(one, 'long')])
  for (let at = 0; at < 255; at++) writeFileSync(join(one, `b${at}`), 'plain text')
  writeFileSync(join(two, 'c'), badge('three'))
  const { sightings } = await searched([one, two])
  expect(sightings.map(({ source, path }) => [source, path])).toEqual([[two, 'c']])
})

test('a source that stands among tests or examples is judged by what is in it', async () => {
  const home = join(folder(), 'examples/test')
  mkdirSync(join(home, 'fixtures'), { recursive: true })
  const password = createHash('md5').update('four').digest('base64')
  for (const path of ['app.conf', 'fixtures/app.conf']) writeFileSync(join(home, path), `db_password = "${password}"\n`)
  const { sightings } = await searched([home])
  const [own, rehearsed] = sightings.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  expect([own?.path, rehearsed?.path]).toEqual(['app.conf', 'fixtures/app.conf'])
  expect(own!.found.confidence).toBeGreaterThan(rehearsed!.found.confidence)
})

test('stopped, it ends with what it has seen', async () => {
  const home = folder()
  writeFileSync(join(home, 'a0'), 'plain text\n'.repeat(200_000))
  for (let at = 1; at < 100; at++) linkSync(join(home, 'a0'), join(home, `a${at}`))
  const stop = new AbortController()
  const { files } = await searched([home], { signal: stop.signal, onEvent: () => { stop.abort() } })
  expect(files).toBeGreaterThan(0)
  expect(files).toBeLessThan(100)
  expect((await searched([home], { signal: stop.signal })).files).toBe(0)
})

test('what cannot be read is told, and the rest goes on; a link leads nowhere', async () => {
  const home = folder()
  mkdirSync(join(home, 'closed'))
  writeFileSync(join(home, 'open'), badge('two'))
  writeFileSync(join(home, 'empty'), '')
  execFileSync('ln', ['-s', '.', join(home, 'circle')])
  execFileSync('mkfifo', [join(home, 'pipe')])
  chmodSync(join(home, 'closed'), 0)
  const { sightings, files, faults } = await searched([home, join(home, 'open')])
  // What two sources hold belongs to the first.
  expect(sightings.map(({ path }) => path)).toEqual(['open'])
  expect(files).toBe(2)
  // Root may look everywhere.
  expect(faults).toEqual(process.getuid?.() === 0 ? [] : [join(home, 'closed')])
})

test('a repository that names what is no file, and a source that is none, end nothing', async () => {
  const home = folder()
  const named: Readonly<Record<string, string>> = { 'HEAD': 'ref: a\0b\n', 'objects/info/alternates': `/a\0b\n/${'c'.repeat(5_000)}\n` }
  mkdirSync(join(home, '.git/objects/info'), { recursive: true })
  mkdirSync(join(home, '.git/refs/heads'), { recursive: true })
  for (const [path, content] of Object.entries(named)) writeFileSync(join(home, '.git', path), content)
  symlinkSync('x', join(home, '.git/refs/heads/x'))
  writeFileSync(join(home, 'a'), badge('five'))
  const circle = folder()
  symlinkSync('.git', join(circle, '.git'))
  execFileSync('mkfifo', [join(circle, 'pipe')])
  const { sightings, faults } = await searched([home, circle, join(circle, 'pipe')], { history: true })
  expect(sightings.map(({ path }) => path)).toEqual(['a'])
  expect(faults).toEqual([circle, join(circle, 'pipe')])
})

test('a text that is longer than a text can be is told, and the rest goes on', async () => {
  const home = folder()
  writeFileSync(join(home, 'a'), `${'plain text\n'.repeat(1_000)}badge-`)
  truncateSync(join(home, 'a'), 560_000_000)
  writeFileSync(join(home, 'b'), badge('six'))
  const { sightings, faults } = await searched([home])
  expect([sightings.map(({ path }) => path), faults]).toEqual([['b'], [join(home, 'a')]])
}, 30_000)

const git = (directory: string, ...args: readonly string[]): string => execFileSync('git', ['-C', directory, '-c', 'user.name=Kim', '-c', 'user.email=kim@example.com', '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main', '-c', 'protocol.file.allow=always', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
/** A repository whose history holds a badge that is gone, and one that stands there. */
function repository(path: string, seed: string): string {
  mkdirSync(path, { recursive: true })
  git(path, 'init', '-q')
  writeFileSync(join(path, 'gone.txt'), badge(`${seed} gone`))
  writeFileSync(join(path, 'here.txt'), badge(`${seed} here`))
  git(path, 'add', '-A')
  git(path, 'commit', '-q', '-m', 'first')
  git(path, 'rm', '-q', 'gone.txt')
  git(path, 'commit', '-q', '-m', 'second')
  return path
}

describe.skipIf(spawnSync('git', ['--version']).status !== 0)('repositories below a source (needs git)', () => {
  const told = (sightings: readonly Sighting[]): string[] => sightings.map(({ path, present, commit, found }) => `${path} ${commit === null ? 'file' : present ? 'HEAD' : 'past'} ${found.secret}`).toSorted()
  const of = (path: string, seed: string): string[] => [`${path}gone.txt past ${badge(`${seed} gone`)}`, `${path}here.txt HEAD ${badge(`${seed} here`)}`]

  test('clones, bare ones, submodules, repositories within repositories and worktrees: each history once, below its folder', async () => {
    const home = folder()
    for (const name of ['a', 'deep/b', 'a/inner', '비밀']) repository(join(home, name), name)
    writeFileSync(join(home, 'a/inner/new.txt'), badge('new'))
    git(home, 'clone', '-q', '--bare', repository(join(folder(), 'c'), 'c'), join(home, 'c.git'))
    git(join(home, 'deep/b'), 'submodule', '--quiet', 'add', repository(join(folder(), 'sub'), 'sub'), 'sub')
    git(join(home, '비밀'), 'worktree', 'add', '-q', join(home, '비밀-side'))
    const expected = [...of('a/', 'a'), ...of('deep/b/', 'deep/b'), ...of('a/inner/', 'a/inner'), ...of('비밀/', '비밀'), ...of('c.git/', 'c'), ...of('deep/b/sub/', 'sub'), `a/inner/new.txt file ${badge('new')}`, `비밀-side/here.txt file ${badge('비밀 here')}`]
    const { sightings, faults } = await searched([home, join(home, 'a')], { history: true })
    expect(faults).toEqual([])
    expect(told(sightings)).toEqual(expected.toSorted())
    expect(new Set(sightings.map(({ source }) => source))).toEqual(new Set([home]))
    // As the one that is named has it: without histories all is only what stands there.
    expect(told((await searched([home], { history: false })).sightings).filter((line) => !/ file /.test(line))).toEqual([])
  })

  test('one that leads out of what is named is told and not followed, however it does', async () => {
    const [home, outside] = [folder(), repository(join(folder(), 'outside'), 'outside')]
    git(outside, 'worktree', 'add', '-q', join(home, 'tree'))
    const away: Readonly<Record<string, (path: string) => void>> = {
      file: (path) => { writeFileSync(join(path, '.git'), `gitdir: ${join(outside, '.git')}\n`) },
      upwards: (path) => { writeFileSync(join(path, '.git'), `gitdir: ${relative(path, join(outside, '.git'))}\n`) },
      link: (path) => { symlinkSync(join(outside, '.git'), join(path, '.git')) },
      common: (path) => {
        mkdirSync(join(path, '.git'))
        for (const [name, content] of [['HEAD', 'ref: refs/heads/main\n'], ['commondir', join(outside, '.git')]] as const) writeFileSync(join(path, '.git', name), content)
      },
      alternates: (path) => {
        git(path, 'init', '-q')
        writeFileSync(join(path, '.git/objects/info/alternates'), `${join(outside, '.git/objects')}\n`)
        writeFileSync(join(path, '.git/refs/heads/main'), git(outside, 'rev-parse', 'HEAD'))
      },
      objects: (path) => {
        git(path, 'init', '-q')
        rmSync(join(path, '.git/objects'), { recursive: true })
        symlinkSync(join(outside, '.git/objects'), join(path, '.git/objects'))
      },
    }
    for (const [name, lead] of Object.entries(away)) {
      mkdirSync(join(home, name))
      writeFileSync(join(home, name, 'own.txt'), badge(name))
      lead(join(home, name))
    }
    const { sightings, faults, reasons } = await searched([home], { history: true })
    expect(told(sightings)).toEqual([...Object.keys(away).map((name) => `${name}/own.txt file ${badge(name)}`), `tree/here.txt file ${badge('outside here')}`].toSorted())
    expect(faults.toSorted()).toEqual([...Object.keys(away), 'tree'].map((name) => join(home, name)).toSorted())
    expect(new Set(reasons)).toEqual(new Set(['points_outside']))
    // Named itself, or with where it leads, it is read.
    for (const sources of [[join(home, 'tree')], [home, outside]]) {
      const named = await searched(sources, { history: true })
      expect([named.faults, named.sightings.some(({ found }) => found.secret === badge('outside gone'))]).toEqual([[], true])
    }
  })

  test('one that is none is told, and its files are looked at', async () => {
    const home = folder()
    for (const [name, make] of Object.entries({ empty: (path: string) => { mkdirSync(path) }, nowhere: (path: string) => { writeFileSync(path, 'gitdir: ../nowhere/at/all\n') }, broken: (path: string) => { for (const part of ['objects/pack', 'refs']) mkdirSync(join(path, part), { recursive: true }); writeFileSync(join(path, 'HEAD'), 'x'); writeFileSync(join(path, 'objects/pack/pack-1.idx'), 'x') } })) {
      mkdirSync(join(home, name))
      writeFileSync(join(home, name, 'own.txt'), badge(name))
      make(join(home, name, '.git'))
    }
    const { sightings, faults, reasons } = await searched([home], { history: true })
    expect(told(sightings)).toHaveLength(3)
    expect(faults.map((path, at) => `${relative(home, path)} ${reasons[at]!}`).toSorted()).toEqual(['broken: objects/pack/pack-1.idx object_corrupt', 'empty not_a_repository', 'nowhere not_a_repository'])
  })
})

test('rules that cannot be read end it with their error', async () => {
  await expect(search([folder()], { rules: () => Promise.reject(new Error('no rules')), history: false, packages: false, signal: new AbortController().signal }).next()).rejects.toThrow('no rules')
})
