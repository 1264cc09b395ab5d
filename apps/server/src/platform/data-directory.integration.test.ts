import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDataDirectory, resolveDataDirectory } from './data-directory.ts'

// Takes the lock, says `held` or the code of the refusal, and holds until it is killed or told to release.
const contender = `
import { lockDataDirectory } from ${JSON.stringify(new URL('data-directory.ts', import.meta.url).href)}
try {
  const lock = await lockDataDirectory(process.argv[1])
  console.log('held')
  process.stdin.once('data', () => lock.release().then(() => console.log('released')))
} catch (error) {
  console.log(error.code)
  process.exit(0)
}`

let parent: string
let directory: string
const started: ChildProcess[] = []
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'haechi-data-'))
  directory = join(parent, 'a/data')
})
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  await rm(parent, { recursive: true, force: true })
})

async function contend(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', contender, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  started.push(child)
  const [said] = await once(child.stdout, 'data') as [Buffer]
  return { child, said: String(said).trim() }
}

test('of eight processes that start at once exactly one holds; after its kill -9 exactly one of the next eight', async () => {
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 8 }, contend))
    expect(all.map(({ said }) => said).sort()).toEqual([...Array.from({ length: 7 }, () => 'data_directory_in_use'), 'held'])
    const winner = all.find(({ said }) => said === 'held')!.child
    winner.kill('SIGKILL')
    await once(winner, 'exit')
  }
})

test('a refusal names the pid and URL of the holder; release lets the next one in', async () => {
  const { child, said } = await contend()
  expect(said).toBe('held')
  await expect(lockDataDirectory(directory)).rejects.toMatchObject({ code: 'data_directory_in_use', params: { directory, pid: '?', url: '?' } })
  await writeFile(join(directory, 'control.json'), JSON.stringify({ pid: child.pid, url: 'http://127.0.0.1:7443' }))
  await expect(lockDataDirectory(directory)).rejects.toMatchObject({ params: { pid: child.pid, url: 'http://127.0.0.1:7443' } })
  child.stdin?.write('release')
  await once(child.stdout!, 'data')
  const lock = await lockDataDirectory(directory)
  await lock.release()
  await lock.release()
})

test('a second lock in the same process is refused and leaves the first one standing', async () => {
  const lock = await lockDataDirectory(directory)
  await expect(lockDataDirectory(directory)).rejects.toMatchObject({ code: 'data_directory_in_use' })
  expect((await contend()).said).toBe('data_directory_in_use')
  await lock.release()
  expect((await contend()).said).toBe('held')
})

test('the directory and the lock are private; one that anybody may write to, or that is a file, is refused', async () => {
  const lock = await lockDataDirectory(directory)
  expect((await stat(directory)).mode & 0o777).toBe(0o700)
  expect((await stat(join(directory, 'lock'))).mode & 0o777).toBe(0o600)
  await lock.release()
  await chmod(directory, 0o777)
  await expect(lockDataDirectory(directory)).rejects.toMatchObject({ code: 'data_directory_shared' })
  await writeFile(join(parent, 'file'), '')
  await expect(lockDataDirectory(join(parent, 'file'))).rejects.toMatchObject({ code: 'data_directory_unusable' })
})

test('where the data goes', () => {
  expect(resolveDataDirectory('x', {})).toBe(join(process.cwd(), 'x'))
  const asRoot = process.getuid?.() === 0
  expect(resolveDataDirectory(undefined, { XDG_DATA_HOME: '/xdg' })).toBe(asRoot ? '/var/lib/haechi' : '/xdg/haechi')
  expect(resolveDataDirectory('', { XDG_DATA_HOME: 'relative' })).toBe(asRoot ? '/var/lib/haechi' : join(homedir(), '.local/share/haechi'))
})
