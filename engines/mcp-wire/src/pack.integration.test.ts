// The packed form, as somebody who has only its README uses it: unpacked into node_modules, the README's first example compiled and run as it stands there.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { installPacked } from '../../pack.fixture.ts'
import { json } from './wire.fixture.ts'

const root = resolve(import.meta.dirname, '../../..')
const { home, installed, manifest, files, remove } = installPacked('mcp-wire', ['@types/node'])
afterAll(remove)

test('it needs nothing, and holds no TypeScript and no test', () => {
  expect(manifest.dependencies).toEqual({})
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
