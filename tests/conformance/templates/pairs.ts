// Real npm packages in a version that has a hole and in one that has it closed, or left open and locked: what untouched templates must tell apart. Fetched from the
// registry that npm is set to, kept in tests/.pairs, started on loopback on a port of their own.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const kept = fileURLToPath(new URL('../../.pairs', import.meta.url))

type Program = {
  readonly packages: Readonly<Record<string, string>>
  /** By path, beside node_modules. */
  readonly files: Readonly<Record<string, string>>
  /** Run with Node before the first start. */
  readonly build: readonly string[] | null
  /** Run with Node; PORT is replaced. */
  readonly start: readonly string[]
}

export type Pair = {
  readonly name: string
  readonly templates: readonly string[]
  readonly vulnerable: Program
  readonly patched: Program
  readonly long: boolean
}

const next = 'node_modules/next/dist/bin/next'
const nextProgram = (version: string, react: string, files: Program['files']): Program => ({ packages: { 'next': version, react, 'react-dom': react }, files, build: [next, 'build'], start: [next, 'start', '-H', '127.0.0.1', '-p', 'PORT'] })
const withMiddleware = {
  'middleware.js': "import { NextResponse } from 'next/server'\nexport const middleware = (request) => NextResponse.redirect(new URL('/login', request.url))\nexport const config = { matcher: '/' }\n",
  'pages/index.js': "export default function Home() { return <p>inside</p> }\nexport const getServerSideProps = async () => ({ props: {} })\n",
  'pages/login.js': 'export default function Login() { return <p>login</p> }\n',
}
const withServerComponents = {
  'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html> }\n',
  'app/page.js': "export const dynamic = 'force-dynamic'\nexport default function Page() { return <p>home</p> }\n",
}

const vite = (version: string): Program => ({
  packages: { vite: version }, files: { 'index.html': '<html><body><script type="module" src="/main.js"></script></body></html>', 'main.js': 'console.log(1)\n' }, build: null,
  start: ['node_modules/vite/bin/vite.js', '--strictPort', '--host', '127.0.0.1', '--port', 'PORT'],
})
const nodeSrv = (version: string): Program => ({ packages: { 'node-srv': version }, files: { 'index.html': '<p>hi</p>' }, build: null, start: ['node_modules/node-srv/bin/node-srv', '-p', 'PORT'] })
const st = (version: string): Program => ({
  packages: { st: version }, files: { 'public/a.txt': 'hi', 'serve.cjs': "const mount = require('st')({ path: __dirname + '/public', url: '/public', passthrough: true })\nrequire('http').createServer((request, response) => mount(request, response, () => { response.statusCode = 404; response.end() })).listen(Number(process.argv[2]), '127.0.0.1')\n" }, build: null, start: ['serve.cjs', 'PORT'],
})
const nodeRed = (settings: string, dashboard: string | null): Program => ({
  packages: { 'node-red': '3.1.0', ...(dashboard === null ? {} : { 'node-red-dashboard': dashboard }) }, build: null, start: ['-r', './older.cjs', 'node_modules/node-red/red.js', '-s', 'settings.cjs', '-p', 'PORT'],
  // Node 24 has no util.log any more.
  files: { 'older.cjs': "require('util').log ??= console.log\n", 'settings.cjs': `module.exports = { uiHost: '127.0.0.1', userDir: __dirname + '/user', nodesDir: __dirname + '/node_modules/node-red-dashboard', telemetry: { enabled: false }, ${settings} }\n`, 'user/package.json': '{"name":"flows","private":true}' },
})
/** bcrypt of 'password' and of another one, as Node-RED's documentation has users make them. */
const nodeRedLogin = (password: string): string => `adminAuth: { type: 'credentials', users: [{ username: 'admin', password: require('bcryptjs').hashSync(${JSON.stringify(password)}, 4), permissions: '*' }] }`

export const pairs: readonly Pair[] = [
  { name: 'vite', templates: ['http/cves/2025/CVE-2025-31125.yaml', 'http/cves/2025/CVE-2025-31486.yaml'], vulnerable: vite('6.2.2'), patched: vite('6.2.7'), long: false },
  { name: 'node-srv', templates: ['http/cves/2018/CVE-2018-3714.yaml'], vulnerable: nodeSrv('2.0.0'), patched: nodeSrv('2.2.2'), long: false },
  { name: 'st', templates: ['http/cves/2014/CVE-2014-3744.yaml'], vulnerable: st('0.2.4'), patched: st('1.2.2'), long: false },
  { name: 'next, middleware', templates: ['http/cves/2025/CVE-2025-29927.yaml'], vulnerable: nextProgram('14.2.24', '18.3.1', withMiddleware), patched: nextProgram('14.2.25', '18.3.1', withMiddleware), long: true },
  { name: 'next, server components', templates: ['http/cves/2025/CVE-2025-55182.yaml'], vulnerable: nextProgram('15.5.6', '19.1.0', withServerComponents), patched: nextProgram('15.5.7', '19.1.2', withServerComponents), long: true },
  { name: 'node-red, default login', templates: ['http/default-logins/node-red/nodered-default-login.yaml'], vulnerable: nodeRed(nodeRedLogin('password'), null), patched: nodeRed(nodeRedLogin('another, longer one'), null), long: true },
  { name: 'node-red-dashboard', templates: ['http/cves/2021/CVE-2021-3223.yaml'], vulnerable: nodeRed('', '2.26.1'), patched: nodeRed('', '2.26.2'), long: true },
]

/** Its folder, below the system's temporary one: some holes lead only a few folders up. */
function provided(name: string, program: Program, scratch: string): string {
  const folder = join(kept, `${name.replaceAll(/\W+/g, '-')}-${Object.values(program.packages).join('-')}`)
  if (!existsSync(folder)) {
    mkdirSync(kept, { recursive: true })
    const fetching = mkdtempSync(join(kept, 'fetching-'))
    try {
      writeFileSync(join(fetching, 'package.json'), JSON.stringify({ private: true, dependencies: program.packages }))
      const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: fetching, encoding: 'utf8' })
      if (done.status !== 0) throw new Error(`npm install ${JSON.stringify(program.packages)}: ${done.error?.message ?? done.stderr}`)
      if (!existsSync(folder)) renameSync(fetching, folder)
    } finally {
      rmSync(fetching, { recursive: true, force: true })
    }
  }
  symlinkSync(join(folder, 'node_modules'), join(scratch, 'node_modules'))
  writeFileSync(join(scratch, 'package.json'), readFileSync(join(folder, 'package.json')))
  for (const [path, content] of Object.entries(program.files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true })
    writeFileSync(join(scratch, path), content)
  }
  return scratch
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts it and waits until it answers. Errors: what it printed, where it ended before or answered nothing for a minute. */
export async function started(name: string, program: Program): Promise<{ readonly url: string } & AsyncDisposable> {
  const folder = provided(name, program, mkdtempSync(join(tmpdir(), 'pair-')))
  const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_OPTIONS: '--preserve-symlinks-main' }
  if (program.build !== null) {
    const built = spawnSync(process.execPath, program.build, { cwd: folder, encoding: 'utf8', env: environment })
    if (built.status !== 0) throw new Error(`${name}: ${built.stdout}${built.stderr}`)
  }
  const port = await freePort()
  let printed = ''
  const child = spawn(process.execPath, program.start.map((word) => (word === 'PORT' ? String(port) : word)), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: environment })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { printed = `${printed}${String(chunk)}`.slice(-4_000) })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 300) {
      await stop()
      throw new Error(`${name} did not answer on ${url}: ${printed}`)
    }
    try {
      await (await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5_000) })).text()
      return { url, [Symbol.asyncDispose]: stop }
    } catch {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 200)), ended])
    }
  }
}
