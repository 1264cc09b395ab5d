// npm test: everything that proves the product on small data. Ends with `N passed, N failed, N skipped`; each skip says why above it.
// npm run test:full adds the corpora and the long chaos runs (HAECHI_TEST_FULL=1).
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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

// Packages of the machine that tests use: Python's clients as ones that we did not write, and a browser.
const packages = ['python3-elasticsearch', 'python3-requests', 'chromium']

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
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options)
}

function installClients(): void {
  const npm = process.env['npm_execpath']
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--silent']
  const options = { cwd: join(root, 'tests'), stdio: 'inherit' as const }
  const done = npm === undefined ? spawnSync('npm', args, options) : spawnSync(process.execPath, [npm, ...args], options)
  if (done.status !== 0) throw new Error('npm ci in tests/ failed: the packages of tests/package-lock.json could not be installed')
}

type VitestReport = { testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string }[] }[] }

async function suite(name: string, config: string | null): Promise<void> {
  const file = join(scratch, `${name.replace(/\W+/g, '-')}.json`)
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--silent', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...(config === null ? [] : ['--config', config])]
  const start = performance.now()
  const code = await new Promise<number | null>((resolve) => {
    spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: environment }).on('close', resolve)
  })
  let failed = 0
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
    for (const { name: place, status, assertionResults } of report.testResults) {
      if (status === 'failed' && assertionResults.length === 0) failed++
      for (const { status: outcome, fullName } of assertionResults) {
        if (outcome === 'passed') total.passed++
        else if (outcome === 'failed') failed++
        else { total.skipped++; skips.push(`${place.replace(root, '')}: ${fullName}`) }
      }
    }
  } catch {
    failed++
  }
  total.failed += code !== 0 && failed === 0 ? 1 : failed
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
}

const start = performance.now()
provide()
installClients()
for (const part of staticParts) {
  const { name, ok, seconds, output } = await run(part)
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`)
  if (ok) total.passed++
  else { total.failed++; console.log(output) }
}
await suite('unit tests', null)
await suite('whole product', 'tests/vitest.config.ts')
rmSync(scratch, { recursive: true, force: true })
for (const skip of skips) console.log(`skipped: ${skip}`)
console.log(`${((performance.now() - start) / 1000).toFixed(0)} s`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
