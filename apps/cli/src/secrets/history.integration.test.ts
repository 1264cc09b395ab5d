// The engine's reading of repositories beside git's own: made by git, packed by git, and this project's.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRepository } from '@haechi/secrets'
import { afterAll, describe, expect, it } from 'vitest'
import { gitFiles, gitFolder } from './git-files.ts'

const home = mkdtempSync(join(tmpdir(), 'haechi-history-'))
afterAll(() => { rmSync(home, { recursive: true, force: true }) })
const available = spawnSync('git', ['--version']).status === 0
const root = join(import.meta.dirname, '../../../..')

const git = (folder: string, ...args: readonly string[]): string => execFileSync('git', ['-C', folder, '-c', 'user.name=Lee', '-c', 'user.email=lee@example.com', '-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main', '-c', 'gc.auto=0', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 256 * 1_048_576 })

function compared(folder: string): void {
  const found = gitFolder(folder)
  expect(found).not.toBeNull()
  const files = gitFiles(found!)
  const { commits, blobs: walked, objects, problems } = readRepository(files)
  const blobs = [...walked]
  expect(problems).toEqual([])
  const reachable = new Set(git(folder, 'rev-list', '--all', '--reflog').split('\n').filter((line) => line !== ''))
  expect(new Set(commits.map(({ id }) => id))).toEqual(reachable)
  const all = git(folder, 'cat-file', '--batch-all-objects', '--batch-check').split('\n').map((line) => line.split(' ')).filter(([, type]) => type === 'blob')
  expect(new Map(blobs.map(({ id }) => [id, objects.read(id).bytes.length]))).toEqual(new Map(all.map(([id, , size]) => [id, Number(size)])))
  for (const { id } of blobs.slice(0, 5)) expect(objects.read(id).bytes).toEqual(execFileSync('git', ['-C', folder, 'cat-file', 'blob', id], { maxBuffer: 256 * 1_048_576 }))
  files.close()
}

describe.skipIf(!available)('beside git (needs git)', () => {
  it('reads branches, merges, tags, rewritten and packed histories alike', () => {
    const folder = join(home, 'repository')
    mkdirSync(folder)
    git(folder, 'init', '-q')
    const commit = (name: string, content: string): void => {
      writeFileSync(join(folder, name), content)
      git(folder, 'add', '-A')
      git(folder, 'commit', '-q', '-m', `changes ${name}`)
    }
    const long = Array.from({ length: 400 }, (_, line) => `line ${line} of a file that is long enough for deltas`).join('\n')
    commit('a.txt', long)
    for (let round = 0; round < 20; round++) commit('a.txt', `${long}\nround ${round}`)
    git(folder, 'checkout', '-q', '-b', 'side')
    mkdirSync(join(folder, 'deep/er'), { recursive: true })
    commit('deep/er/한글.txt', 'side')
    git(folder, 'checkout', '-q', 'main')
    commit('b.txt', 'main')
    git(folder, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    git(folder, 'tag', '-a', 'v1', '-m', 'first')
    commit('gone.txt', 'to be rewritten')
    git(folder, 'reset', '-q', '--hard', 'HEAD~1')
    compared(folder)
    git(folder, 'repack', '-adfq', '--depth=50')
    compared(folder)
    git(folder, 'gc', '-q', '--prune=now')
    compared(folder)
    git(folder, 'worktree', 'add', '-q', join(home, 'tree'), 'side')
    expect(readRepository(gitFiles(gitFolder(join(home, 'tree'))!)).commits.length).toBeGreaterThan(20)
    execFileSync('git', ['clone', '-q', '--shared', '--bare', folder, join(home, 'shared.git')], { stdio: 'ignore' })
    const shared = readRepository(gitFiles(gitFolder(join(home, 'shared.git'))!))
    expect([...shared.blobs].length).toBeGreaterThan(20)
    expect(shared.problems).toEqual([])
    expect(shared.commits.length).toBeGreaterThan(20)
    // The commit that first held a text is git's own answer, too.
    const first = readRepository(gitFiles(gitFolder(folder)!)).blobs.find(({ path }) => path === 'deep/er/한글.txt')
    expect(first?.commit?.id).toBe(git(folder, '-c', 'core.quotepath=off', 'log', '--all', '--diff-filter=A', '--format=%H', '--', 'deep/er/한글.txt').trim())
  })

  it('reads repositories of SHA-256', () => {
    const folder = join(home, 'sha256')
    mkdirSync(folder)
    git(folder, 'init', '-q', '--object-format=sha256')
    writeFileSync(join(folder, 'a.txt'), 'content')
    git(folder, 'add', '-A')
    git(folder, 'commit', '-q', '-m', 'first')
    compared(folder)
    git(folder, 'repack', '-adq')
    compared(folder)
  })

  it.skipIf(gitFolder(root) === null)("reads this project's own history", () => { compared(root) })
})
