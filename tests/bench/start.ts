// npm run bench:start: first and later starts of an installed clone, beside the bare start of the same Node. `npm start` on a bare Debian, with what
// npm takes of it, is tests/e2e/fresh-debian.sh.
import { spawnSync } from 'node:child_process'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'
import { machine, quantile } from './load.ts'

console.log(machine())
const bare = Array.from({ length: 5 }, () => {
  const begin = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - begin
})
console.log(`bare Node: ${quantile(bare, 0.5).toFixed(0)} ms`)
let server: TestServer | undefined
for (const name of ['first start', 'second start', 'third start']) {
  const begin = performance.now()
  server = server === undefined ? await startServer() : await server.restart()
  const ready = performance.now()
  if ((await fetch(`${server.url}/readyz`)).status !== 200) throw new Error('not ready')
  const code = await server.stop()
  console.log(`${name}: ${(ready - begin).toFixed(0)} ms to the URL, drained in ${(performance.now() - ready).toFixed(0)} ms with exit code ${code}`)
}
await server?.remove()
