// Holds bin/with-node24.mjs: installs are serialised, repeated only when the lock file changed, survive a kill, and the script's end is the launcher's end.
// A fake npm and a fake tree stand in for the registry, so that nothing is downloaded; tests/e2e/fresh-debian.sh does the same with the real ones.
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const unprivileged = 65_534
const asRoot = process.getuid?.() === 0
const pinnedFolder = process.platform === 'darwin' ? `node-bin-darwin-${process.arch}` : `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

// Writes what it was called with, fails when another npm is at work in the same tree, and waits for the file `go` where the test asks for it.
const fakeNpm = `
const { appendFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
if (process.env.FAKE_FAIL) { console.error('the registry is away'); process.exit(3) }
writeFileSync('busy', '', { flag: 'wx' })
rmSync('node_modules', { recursive: true, force: true })
appendFileSync('npm.log', JSON.stringify(process.argv.slice(2)) + '\\n')
function finish() {
  mkdirSync('node_modules/${pinnedFolder}/bin', { recursive: true })
  if (process.env.FAKE_NODE !== 'none') symlinkSync(process.env.FAKE_NODE || process.execPath, 'node_modules/${pinnedFolder}/bin/node')
  rmSync('busy')
}
if (process.env.FAKE_WAIT) { const timer = setInterval(() => { if (existsSync('go')) { clearInterval(timer); finish() } }, 10) } else finish()
`

let root: string
const started: ChildProcess[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haechi-with-node24-'))
  chmodSync(root, 0o755)
  cpSync(resolve('bin'), join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'package-lock.json'), '{"version":1}')
  writeFileSync(join(root, 'npm-cli.js'), fakeNpm)
  writeFileSync(join(root, 'show.mjs'), 'console.log(JSON.stringify({ argv: process.argv.slice(2), path: process.env.PATH.split(":")[0], cwd: process.cwd() }))')
  writeFileSync(join(root, 'end.mjs'), 'process.argv[2] === "signal" ? process.kill(process.pid, "SIGKILL") : process.exit(Number(process.argv[2]))')
  writeFileSync(join(root, 'drain.mjs'), `
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => process.stdout.write(name + '\\n', () => { if (name === process.argv[2]) process.exit(5) }))
console.log('ready'); setInterval(() => {}, 1000)`)
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }
type Started = { child: ChildProcess; ended: Promise<Ended>; says(text: string): Promise<void> }

function launch(args: readonly string[], options: { env?: NodeJS.ProcessEnv; node?: readonly string[]; uid?: number; cwd?: string } = {}): Started {
  const env = { PATH: process.env['PATH'], LANG: 'C.UTF-8', npm_execpath: join(root, 'npm-cli.js'), ...options.env }
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = spawn(process.execPath, [...(options.node ?? []), join(root, 'bin/with-node24.mjs'), ...args], { cwd: options.cwd ?? root, env, stdio: ['ignore', 'pipe', 'pipe'], ...identity })
  started.push(child)
  const heard = { stdout: '', stderr: '' }
  const waiting: (() => void)[] = []
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (text) => { heard[name] += String(text); for (const look of waiting) look() })
  const ended = new Promise<Ended>((done) => { child.once('close', (code, signal) => done({ code, signal, ...heard })) })
  const says = (text: string) => new Promise<void>((done, failed) => {
    const look = () => { if ((heard.stdout + heard.stderr).includes(text)) done() }
    waiting.push(look)
    look()
    void ended.then(() => failed(new Error(`ended without saying ${text}: ${heard.stderr}`)))
  })
  return { child, ended, says }
}
const installs = () => (existsSync(join(root, 'npm.log')) ? readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as string[]) : [])
const leftovers = () => readdirSync(root).filter((name) => name.startsWith('.haechi-install'))
async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((done) => { setTimeout(done, 5) })
}

describe('install', () => {
  test('happens once, without scripts or development tools, and the script runs where the caller stands', async () => {
    const first = await launch(['show.mjs', 'a', '--b'], { cwd: tmpdir() }).ended
    expect(first.code, first.stderr).toBe(0)
    const pinned = join(root, 'node_modules', pinnedFolder, 'bin')
    expect(JSON.parse(first.stdout)).toEqual({ argv: ['a', '--b'], path: pinned, cwd: tmpdir() })
    expect(first.stderr).toContain('Installing')
    const second = await launch(['show.mjs']).ended
    expect(second.stderr).toBe('')
    expect(installs()).toHaveLength(1)
    expect(installs()[0]).toEqual(expect.arrayContaining(['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']))
    expect(leftovers()).toEqual([])
  })

  test('is repeated when the lock file changed or development tools are wanted, and never drops them', async () => {
    await launch(['show.mjs']).ended
    await launch(['--dev', 'show.mjs']).ended
    await launch(['show.mjs']).ended
    writeFileSync(join(root, 'package-lock.json'), '{"version":2}')
    await launch(['show.mjs']).ended
    expect(installs().map((args) => args.find((arg) => arg.endsWith('=dev')))).toEqual(['--omit=dev', '--include=dev', '--include=dev'])
  })

  test('two starts at once: one installs, the other waits and says so, both run', async () => {
    const env = { FAKE_WAIT: '1' }
    const first = launch(['show.mjs'], { env })
    await until(() => installs().length === 1)
    const second = launch(['show.mjs'], { env })
    await second.says(`Another process (${first.child.pid})`)
    writeFileSync(join(root, 'go'), '')
    expect((await first.ended).code).toBe(0)
    expect((await second.ended).code).toBe(0)
    expect(installs()).toHaveLength(1)
    expect(leftovers()).toEqual([])
  })

  test('many starts over a dead lock: exactly one installs', async () => {
    writeFileSync(join(root, '.haechi-install.lock'), JSON.stringify([{ pid: process.pid, started: 'another life' }]))
    writeFileSync(join(root, '.haechi-install.lock.takeover'), JSON.stringify([{ pid: 2 ** 22 + 1 }]))
    const all = await Promise.all(Array.from({ length: 6 }, () => launch(['show.mjs']).ended))
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
    expect(installs()).toHaveLength(1)
    expect(leftovers()).toEqual([])
  })

  test('killed in the middle: the next start waits for the npm that was left behind, then installs again', async () => {
    const first = launch(['show.mjs'], { env: { FAKE_WAIT: '1' } })
    await until(() => installs().length === 1)
    first.child.kill('SIGKILL')
    const second = launch(['show.mjs'])
    await second.says('Another process')
    writeFileSync(join(root, 'go'), '')
    expect((await second.ended).code).toBe(0)
    expect(installs()).toHaveLength(2)
    expect(leftovers()).toEqual([])
  })

  test('a stop signal while installing ends the wait and frees the lock', async () => {
    const first = launch(['show.mjs'], { env: { FAKE_WAIT: '1' } })
    await until(() => installs().length === 1)
    first.child.kill('SIGTERM')
    expect((await first.ended).signal).toBe('SIGTERM')
    expect(leftovers()).toEqual([])
  })

  test('a failing npm is named with what it said, in the language of the user', async () => {
    const english = await launch(['show.mjs'], { env: { FAKE_FAIL: '1' } }).ended
    expect(english.code).toBe(1)
    expect(english.stderr).toMatch(/install_failed: npm could not install .*exit code 3.*the registry is away/s)
    const korean = await launch(['show.mjs'], { env: { FAKE_FAIL: '1', LC_ALL: 'ko_KR.UTF-8' } }).ended
    expect(korean.stderr).toMatch(/install_failed: npm이 .*설치하지 못했습니다.*the registry is away/s)
    expect(leftovers()).toEqual([])
  })

  test.skipIf(!asRoot)('a folder of somebody else: a complete install starts, an incomplete one says who can', async () => {
    const before = await launch(['show.mjs'], { uid: unprivileged }).ended
    expect(before.stderr).toContain('install_not_writable')
    await launch(['show.mjs']).ended
    const after = await launch(['show.mjs'], { uid: unprivileged }).ended
    expect(after.code, after.stderr).toBe(0)
  })
})

describe('Node', () => {
  const pretend = (version: string) => ['--import', `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`]

  test('a pinned one that cannot run gives way to the running one when that is new enough', async () => {
    const { code, stderr } = await launch(['show.mjs'], { env: { FAKE_NODE: '/nowhere/node' } }).ended
    expect(code, stderr).toBe(0)
  })
  test('none at all is node24_missing', async () => {
    for (const node of ['none', join(root, 'package.json')]) {
      rmSync(join(root, 'node_modules'), { recursive: true, force: true })
      const { code, stderr } = await launch(['show.mjs'], { env: { FAKE_NODE: node }, node: pretend('20.20.2') }).ended
      expect(code).toBe(1)
      expect(stderr).toContain('node24_missing')
    }
  })
  test('below 18 is refused before anything is installed', async () => {
    const { code, stderr } = await launch(['show.mjs'], { node: pretend('16.20.0') }).ended
    expect(code).toBe(1)
    expect(stderr).toContain('node_too_old')
    expect(installs()).toEqual([])
  })
})

describe('the end of the script', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'node_modules', pinnedFolder, 'bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules', pinnedFolder, 'bin/node'))
  })
  test('its exit code and its signal come back', async () => {
    expect((await launch(['end.mjs', '7']).ended).code).toBe(7)
    expect((await launch(['end.mjs', 'signal']).ended).signal).toBe('SIGKILL')
  })
  test.each([['SIGINT', 'SIGTERM'], ['SIGTERM', 'SIGHUP'], ['SIGHUP', 'SIGTERM']] as const)('%s reaches it once and its draining is waited for', async (name, last) => {
    const running = launch(['drain.mjs', last])
    await running.says('ready')
    running.child.kill(name)
    await running.says(name)
    running.child.kill(name)
    running.child.kill(last)
    const { code, stdout } = await running.ended
    expect(code).toBe(5)
    expect(stdout).toBe(`ready\n${name}\n${last}\n`)
  })
})
