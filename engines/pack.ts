// Emits an engine as plain JavaScript with types, for any Node from 22 on: npm run pack -- ENGINE [FOLDER], by default dist/ENGINE; the archive's path is printed.
// What is packed is what can be reached from the entries and nothing else: other engines go in, npm packages stay dependencies with the versions of the lock.
// Defended by src/pack.integration.test.ts of each, which install the archive and compile against it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const engines = fileURLToPath(new URL('.', import.meta.url))
const root = join(engines, '..')
type Entries = { readonly '.': string } & Readonly<Record<string, string>>
/** What a package offers beside its main entry is what its own types speak of. */
const packages = {
  'sigma': {
    description: 'Sigma 2.1 detection engine: rules, filters, correlations and processing pipelines',
    entries: { '.': 'sigma/src/index', './records': 'records/src/index' },
  },
  'openapi-tools': {
    description: 'OpenAPI 2.0 to 3.2 as MCP tools: conversion, requests, differences, poisoning scan, search',
    entries: { '.': 'openapi-tools/src/index', './wire': 'mcp-wire/src/index' },
  },
  'mcp-wire': {
    description: 'The Model Context Protocol as a fetch handler: 2026-07-28 and the handshake era on one endpoint',
    entries: { '.': 'mcp-wire/src/index' },
  },
  'patterns': {
    description: 'Regular expressions of Go and RE2 in linear time, and many literals in one pass',
    entries: { '.': 'patterns/src/index' },
  },
  'templates': {
    description: 'Nuclei templates, unmodified: read, checked, run over a network that the caller provides',
    entries: { '.': 'templates/src/index' },
  },
  'probes': {
    description: 'Probes of an attack surface: DNS, ports, services, TLS and web, over a network that the caller provides',
    entries: { '.': 'probes/src/index' },
  },
  'secrets': {
    description: 'Leaked credentials in text, archives and the history of a repository',
    entries: { '.': 'secrets/src/index' },
  },
  'fingerprints': {
    description: 'Products and versions from banners (Recog) and web answers, as CPE 2.3',
    entries: { '.': 'fingerprints/src/index' },
  },
  'risk': {
    description: 'CVSS 2.0 to 4.0, SSVC and BOD 26-04, version orders of distributions, and the decision that explains itself',
    entries: { '.': 'risk/src/index' },
  },
} as const satisfies Readonly<Record<string, { description: string; entries: Entries }>>
export type Engine = keyof typeof packages
const isEngine = (name: string | undefined): name is Engine => name !== undefined && Object.hasOwn(packages, name)
const workspace: Readonly<Record<string, string>> = { '@haechi/probes/wire': 'probes/src/wire', ...Object.fromEntries(['records', 'patterns', 'sigma', 'mcp-wire', 'openapi-tools', 'probes', 'templates', 'fingerprints', 'risk', 'secrets', 'scan'].map((name) => [`@haechi/${name}`, `${name}/src/index`])) }
// As the compiler writes them: a statement at the start of a line, or import('...') anywhere.
const specifier = /(^(?:import|export)\b(?:[^'"`;()=]*\bfrom)?\s*|\bimport\()(['"])([^'"\n]+)\2(?=[;)]| with )/gm

type Manifest = { version: string; license: string; dependencies?: Record<string, string> }
const manifestOf = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest

/** Runs a tool; what it says is told where it fails. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' && command === 'npm' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`}`)
  return stdout
}

function emit(entries: Entries, scratch: string): void {
  writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false, declaration: true, rewriteRelativeImportExtensions: true, target: 'es2023', rootDir: engines, outDir: scratch, typeRoots: [join(root, 'node_modules/@types')],
      paths: Object.fromEntries(Object.entries(workspace).map(([name, entry]) => [name, [join(engines, `${entry}.ts`)]])),
    },
    include: [], exclude: [], files: Object.values(entries).map((entry) => join(engines, `${entry}.ts`)),
  }))
  run(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', join(scratch, 'tsconfig.json')], scratch)
}

/** Copies what the entries reach and points each import at what is packed. Gives the npm packages that the code, or only its types, ask for. */
function gather(entries: Entries, scratch: string, folder: string): Set<string> {
  const imported = new Set<string>()
  const due = Object.values(entries).flatMap((entry) => [`${entry}.js`, `${entry}.d.ts`])
  const packed = new Set(due)
  for (let file = due.pop(); file !== undefined; file = due.pop()) {
    const own = file
    const ending = file.endsWith('.d.ts') ? '.d.ts' : '.js'
    const text = readFileSync(join(scratch, file), 'utf8').replace(specifier, (whole, before: string, quote: string, name: string) => {
      if (name.startsWith('node:')) return whole
      const target = name.startsWith('.') ? posix.join(posix.dirname(own), name.replace(/\.(ts|js)$/, '')) : workspace[name]
      if (target === undefined) {
        imported.add(name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
        return whole
      }
      if (!existsSync(join(scratch, target + ending))) throw new Error(`${own} imports ${name}, which was not emitted`)
      if (!packed.has(target + ending)) due.push(target + ending)
      packed.add(target + ending)
      const path = posix.relative(posix.dirname(own), target)
      return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}.js${quote}`
    })
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return imported
}

/** Writes the package into `output`/package and beside it the archive, whose path it gives. Errors: those of the compiler and of npm, as they put them. */
export function pack(engine: Engine, output: string): string {
  const { description, entries } = packages[engine]
  const folder = join(output, 'package')
  const scratch = mkdtempSync(join(tmpdir(), 'haechi-pack-'))
  try {
    rmSync(folder, { recursive: true, force: true })
    emit(entries, scratch)
    const imported = gather(entries, scratch, folder)
    const { version, license } = manifestOf(join(engines, engine, 'package.json'))
    const known = manifestOf(join(root, 'package.json')).dependencies ?? {}
    const versionOf = (name: string): string => {
      const found = known[name]
      if (found === undefined) throw new Error(`${name} is imported, but it is no dependency of package.json`)
      return found
    }
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify({
      name: `@haechi/${engine}`, version, license, description, type: 'module', sideEffects: false, engines: { node: '>=22' },
      exports: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { types: `./${entry}.d.ts`, default: `./${entry}.js` }])),
      dependencies: Object.fromEntries([...imported].sort().map((name) => [name, versionOf(name)])),
    }, null, 2)}\n`)
    writeFileSync(join(folder, 'README.md'), readFileSync(join(engines, engine, 'README.md')))
    writeFileSync(join(folder, 'LICENSE'), readFileSync(join(root, 'LICENSE')))
    const [{ filename }] = JSON.parse(run('npm', ['pack', folder, '--pack-destination', output, '--json', '--ignore-scripts', '--silent'], output)) as [{ filename: string }]
    return join(output, filename)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [engine, folder] = process.argv.slice(2)
  if (isEngine(engine)) console.log(pack(engine, resolve(folder ?? join(root, 'dist', engine))))
  else {
    console.error(`usage: npm run pack -- ${Object.keys(packages).join('|')} [FOLDER]`)
    process.exitCode = 2
  }
}
