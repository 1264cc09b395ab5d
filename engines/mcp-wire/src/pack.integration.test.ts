// The packed form, as somebody who has only its README uses it: unpacked into node_modules, the README's first example compiled and run as it stands there.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pack } from '../../pack.ts'
import { json } from './wire.fixture.ts'

const root = resolve(import.meta.dirname, '../../..')
const home = mkdtempSync(join(tmpdir(), 'haechi-packed-'))
const installed = join(home, 'node_modules/@haechi/mcp-wire')

beforeAll(() => {
  const archive = pack('mcp-wire', join(home, 'out'))
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1'])
  mkdirSync(join(home, 'node_modules/@types'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(home, 'node_modules/@types/node'))
  writeFileSync(join(home, 'package.json'), '{ "type": "module", "private": true }')
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

test('it needs nothing, and holds no TypeScript and no test', () => {
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: object }
  expect(dependencies).toEqual({})
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  expect(files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
})

test('the README\'s example compiles and serves', async () => {
  const example = /```ts\n(.*?\n)```/s.exec(readFileSync(join(installed, 'README.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(home, 'example.ts'), example.replace(/\.listen\(.*\n/, ".listen(0, '127.0.0.1', function (this: import('node:net').Server) { console.log(JSON.stringify(this.address())) })\n"))
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: { target: 'es2023', lib: ['es2023'], module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, types: ['node'], skipLibCheck: false, outDir: 'built' }, files: ['example.ts'] }))
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', home], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    expect((error as { stdout: string }).stdout).toBe('')
  }
  const child = spawn(process.execPath, ['--no-experimental-strip-types', join(home, 'built/example.js')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const { port } = JSON.parse(await new Promise<string>((done, failed) => {
      child.stdout.once('data', (chunk: Buffer) => { done(chunk.toString()) })
      child.once('exit', (code) => { failed(new Error(`The example ended with ${code}`)) })
    })) as { port: number }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet', arguments: { name: 'Ada' } } })
    expect((await json(fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body }))).result).toEqual({ content: [{ type: 'text', text: 'Hello, Ada!' }] })
  } finally {
    child.kill()
  }
})
