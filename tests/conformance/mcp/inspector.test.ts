// The official inspector, a second client of its own making, judges the lists of large APIs as they are served.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createMcpServer } from '@haechi/mcp-wire'
import { apiCatalogue } from '@haechi/openapi-tools'
import { expect, test } from 'vitest'
import { namedSpecs } from '../../specs.ts'
import { startFixture } from './fixture.ts'

const inspector = fileURLToPath(new URL('../../node_modules/.bin/mcp-inspector', import.meta.url))
const full = process.env['HAECHI_TEST_FULL'] === '1'

async function inspected(url: string, ...more: string[]): Promise<{ readonly code: number | null; readonly out: string; readonly verdict: string }> {
  const child = spawn(process.execPath, [inspector, '--cli', url, '--transport', 'http', ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => { out.push(chunk) })
  child.stderr.on('data', (chunk: Buffer) => { err.push(chunk) })
  const code = await new Promise<number | null>((resolve) => { child.on('close', resolve) })
  return { code, out: Buffer.concat(out).toString(), verdict: /(\d+ errors?)/.exec(Buffer.concat(err).toString())?.[1] ?? Buffer.concat(err).toString().slice(-500) }
}

test.each(['legacy', 'modern'])('the fixtures, %s', async (era) => {
  const fixture = await startFixture()
  try {
    const { code, out } = await inspected(fixture.url, '--protocol-era', era, '--method', 'tools/call', '--tool-name', 'greet', '--tool-args-json', '{"name":"Ada"}')
    expect([code, out]).toEqual([0, expect.stringContaining('Hello, Ada!')])
  } finally {
    fixture.close()
  }
})

test.skipIf(!full).each(['github', 'stripe', 'kubernetes'] as const)('%s, every tool, strictly (npm run test:full: the documents are downloaded)', async (name) => {
  const catalogue = apiCatalogue(readFileSync(namedSpecs[name]()), { fetch, baseUrl: 'http://127.0.0.1:1' })
  const mcp = createMcpServer({ name, version: '1', clock: Date, catalogue })
  const http = createServer(mcp.node)
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve) })
  try {
    const { code, out, verdict } = await inspected(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, '--method', 'tools/list', '--strict')
    expect([code, verdict]).toEqual([0, '0 errors'])
    expect((JSON.parse(out) as { tools: unknown[] }).tools).toHaveLength(catalogue.tools.length)
  } finally {
    mcp.close()
    http.close()
    http.closeAllConnections()
  }
})
