// npm run bench:start: first and later starts of an installed clone, step by step. Beside it the bare start of the same Node.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, serve } from '../../apps/server/src/main.ts'
import { machine } from './load.ts'

const data = mkdtempSync(join(tmpdir(), 'haechi-start-'))
console.log(machine())
const begin = performance.now()
spawnSync(process.execPath, ['-e', '0'])
console.log(`bare Node: ${(performance.now() - begin).toFixed(0)} ms`)
for (const name of ['first start', 'second start', 'third start']) {
  const steps: string[] = []
  let last = performance.now()
  let current = ''
  const started = await serve(readConfig({ data, port: 0 }, {}), ({ step, detail }) => {
    const now = performance.now()
    if (current !== '') steps.push(`${current} ${(now - last).toFixed(0)}`)
    current = detail === undefined ? step : `${step}/${detail}`
    last = now
  })
  steps.push(`${current} ${(performance.now() - last).toFixed(0)}`)
  console.log(`${name}: ${started.startedInMs} ms (${steps.filter((step) => !step.includes(data)).join(', ')})`)
  const stopping = performance.now()
  await started.close()
  console.log(`  drained in ${(performance.now() - stopping).toFixed(0)} ms`)
}
rmSync(data, { recursive: true })
