import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pack } from './pack.ts'
import type { Engine } from './pack.ts'

const root = resolve(import.meta.dirname, '..')
type Manifest = { readonly dependencies: Readonly<Record<string, string>>; readonly engines: { readonly node: string } }

/** The packed engine in a project of somebody who has never seen this repository: unpacked into node_modules beside the dependencies that it declares, and what `also` names. */
export function installPacked(engine: Engine, also: readonly string[] = []): { readonly home: string; readonly installed: string; readonly manifest: Manifest; readonly files: readonly string[]; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'haechi-packed-'))
  const installed = join(home, 'node_modules/@haechi', engine)
  const archive = pack(engine, join(home, 'out'))
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1'])
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest
  for (const name of [...Object.keys(manifest.dependencies), ...also]) {
    mkdirSync(dirname(join(home, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(home, 'node_modules', name))
  }
  writeFileSync(join(home, 'package.json'), '{ "type": "module", "private": true }')
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
  return { home, installed, manifest, files, remove: () => rmSync(home, { recursive: true, force: true }) }
}

/** The first example of the packed README, compiled and run as a stranger would: what it prints. `before` stands in front of it and declares what it takes as given. */
export function runExample({ home, installed }: { readonly home: string; readonly installed: string }, before = ''): string {
  const example = /```ts\n(.*?\n)```/s.exec(readFileSync(join(installed, 'README.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(home, 'example.ts'), `${before}\n${example}`)
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: { target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, types: ['node'], skipLibCheck: false, outDir: 'built' }, files: ['example.ts'] }))
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', home], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    throw new Error(`The example does not compile: ${(error as { stdout: string }).stdout}`, { cause: error })
  }
  return execFileSync(process.execPath, ['--no-experimental-strip-types', join(home, 'built/example.js')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}
