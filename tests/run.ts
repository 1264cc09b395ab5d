// npm test: everything that proves the product on small data. Ends with `N passed, N failed, N skipped`; each skip says why above it.
// npm run test:full adds the corpora and the long chaos runs (HAECHI_TEST_FULL=1).
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, staticParts } from './check.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const full = process.argv.includes('--full')
const environment = { ...process.env, NO_COLOR: '1', ...(full ? { HAECHI_TEST_FULL: '1' } : {}) }
const scratch = mkdtempSync(join(tmpdir(), 'haechi-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const skips: string[] = []
const failures: string[] = []
const deaths: string[] = []

// Packages of the machine that tests use: Python's clients as ones that we did not write, a browser, what the lab's hosts serve, and the scanners that ours is measured against.
const packages = [
  'python3-elasticsearch', 'python3-requests', 'chromium',
  'iproute2', 'nftables', 'curl', 'openssl', 'gnutls-bin', 'bind9', 'bind9-dnsutils', 'dnsmasq-base', 'nginx-light', 'apache2', 'openssh-server', 'vsftpd', 'redis-server', 'memcached', 'mosquitto', 'postgresql-15', 'mariadb-server', 'samba', 'postfix', 'dovecot-imapd',
  'dovecot-pop3d', 'rsync', 'slapd', 'snmpd', 'tigervnc-standalone-server', 'stunnel4',
  'nmap', 'sslscan',
]

function provide(): void {
  const missing = packages.filter((name) => spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' }).stdout?.includes('install ok installed') !== true)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) {
    console.log(`not root, or no apt: tests that need ${missing.join(', ')} are skipped`)
    return
  }
  console.log(`installing ${missing.join(', ')}`)
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  spawnSync('apt-get', ['update', '-qq'], options)
  // Debian starts what it installs, unless this says no (invoke-rc.d(8)): tests start servers where only they reach them.
  const policy = '/usr/sbin/policy-rc.d'
  const own = !existsSync(policy)
  if (own) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options)
  } finally {
    if (own) rmSync(policy)
  }
}

function installClients(): void {
  const npm = process.env['npm_execpath']
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--silent']
  const options = { cwd: join(root, 'tests'), stdio: 'inherit' as const }
  const done = npm === undefined ? spawnSync('npm', args, options) : spawnSync(process.execPath, [npm, ...args], options)
  if (done.status !== 0) throw new Error('npm ci in tests/ failed: the packages of tests/package-lock.json could not be installed')
}

type VitestReport = { testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[] }

type Run = { code: number | null; said: string; report: VitestReport | null; problem: string }

async function vitest(name: string, more: readonly string[]): Promise<Run> {
  const file = join(scratch, `${name.replace(/\W+/g, '-')}.json`)
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--silent', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...more]
  let said = ''
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'pipe'], env: environment }).on('close', resolve)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      said = (said + text).slice(-4_000_000)
    })
  })
  // What a dying engine says stands where it died, long before the end.
  if (code !== 0) for (const [death] of said.matchAll(/^.*\b(?:FATAL|Fatal error|Assertion .* failed)\b.*(?:\n.*){0,30}/gm)) deaths.push(`${name}: ${death}`)
  try {
    return { code, said, report: JSON.parse(readFileSync(file, 'utf8')) as VitestReport, problem: '' }
  } catch (error) {
    return { code, said, report: null, problem: `no report (${String(error)})` }
  }
}

/** Files whose process was ended by V8 or the kernel, which no assertion does. */
const died = ({ said }: Run): string[] => [...said.matchAll(/Worker exited unexpectedly with signal SIG(?:TRAP|SEGV).* while running test file (\S+\.ts)/g)].map(([, file]) => file!)

async function suite(name: string, more: readonly string[]): Promise<void> {
  const start = performance.now()
  let run = await vitest(name, more)
  // On two busy cores a Node 24 dies now and then in V8 itself (nodejs/node#64841, #66126): one such file is run once more, and that is told at the end.
  const [dead, ...others] = new Set(died(run))
  if (dead !== undefined && others.length === 0) {
    deaths.push(`${dead.replace(root, '')}: its process was ended by a signal; it is run once more`)
    const again = await vitest(`${name} again`, [...more.filter((word) => word !== '.integration.test.ts'), dead])
    const rest = run.report?.testResults.filter(({ name: path }) => path !== dead) ?? []
    run = { ...again, code: rest.some(({ status }) => status === 'failed') ? 1 : again.code, report: again.report && { testResults: [...rest, ...again.report.testResults] } }
  }
  let failed = 0
  for (const { name: path, status, message, assertionResults } of run.report?.testResults ?? []) {
    const place = path.replace(root, '')
    if (status === 'failed' && assertionResults.every((each) => each.status !== 'failed')) {
      failed++
      failures.push(`${place}: ${message}`)
    }
    for (const { status: outcome, fullName, failureMessages } of assertionResults) {
      if (outcome === 'passed') total.passed++
      else if (outcome === 'failed') { failed++; failures.push(`${place}: ${fullName}: ${failureMessages.join('; ')}`) }
      else { total.skipped++; skips.push(`${place}: ${fullName}`) }
    }
  }
  if (run.code !== 0 && failed === 0 || run.report === null) { failed++; failures.push(`${name}: ended with ${run.code}; ${run.problem}`) }
  total.failed += failed
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
}

const start = performance.now()
provide()
installClients()
for (const part of staticParts) {
  const { name, ok, seconds, output } = await run(part)
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`)
  if (ok) total.passed++
  else { total.failed++; failures.push(name); console.log(output) }
}
// Those that open nothing share processes: a fresh one for each file would take longer than its tests.
await suite('unit tests', ['--no-isolate', '--maxWorkers=3', '--exclude', '**/*.integration.test.ts'])
await suite('integration tests', ['.integration.test.ts'])
await suite('whole product', ['--config', 'tests/vitest.config.ts'])
rmSync(scratch, { recursive: true, force: true })
for (const skip of skips) console.log(`skipped: ${skip}`)
// Last, because a log is read from its end, and often only its end is kept.
for (const death of deaths) console.log(`died: ${death.slice(0, 4_000)}`)
for (const failure of failures) console.log(`failed: ${failure.split('\n').slice(0, 6).join('\n  ').slice(0, 1_000)}`)
console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
