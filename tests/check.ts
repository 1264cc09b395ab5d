// npm run check: everything that can be said about the code without starting the product, side by side. Tests named *.integration.test.ts start
// processes or read whole corpora; they run in npm test.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

export type Part = { name: string; command: string[] }

const tool = (path: string) => [process.execPath, `${root}node_modules/${path}`]
export const staticParts: Part[] = [
  { name: 'types', command: [process.execPath, `${root}node_modules/@typescript/native/bin/tsc`, '-p', 'tsconfig.json'] },
  { name: 'types of the console', command: [process.execPath, `${root}node_modules/@typescript/native/bin/tsc`, '-p', 'apps/console/tsconfig.json'] },
  { name: 'lint', command: [...tool('oxlint/bin/oxlint'), '--type-aware', '--quiet', 'apps', 'engines', 'tests'] },
  { name: 'unused code', command: [...tool('knip/bin/knip.js'), '--no-progress', '--exclude', 'types'] },
]
const unitTests: Part = { name: 'unit tests', command: [...tool('vitest/vitest.mjs'), 'run', '--reporter=default', '--silent', '--no-isolate', '--maxWorkers=3', '--exclude', '**/*.integration.test.ts'] }

export type Outcome = { name: string; ok: boolean; seconds: number; output: string }

export function run({ name, command }: Part): Promise<Outcome> {
  const start = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command[0]!, command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
    let output = ''
    child.stdout.on('data', (data: Buffer) => { output += data.toString() })
    child.stderr.on('data', (data: Buffer) => { output += data.toString() })
    child.on('close', (code) => resolve({ name, ok: code === 0, seconds: (performance.now() - start) / 1000, output }))
  })
}

if (import.meta.main) {
  const start = performance.now()
  const outcomes = await Promise.all([...staticParts, unitTests].map(run))
  for (const { name, ok, seconds, output } of outcomes) {
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds.toFixed(1)} s)`)
    if (!ok) console.log(output)
  }
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`)
  process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
}
