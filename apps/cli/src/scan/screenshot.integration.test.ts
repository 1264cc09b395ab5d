import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NetworkError } from '@haechi/probes'
import type { Network } from '@haechi/probes'
import { createScanNetwork } from '@haechi/server/scan-network'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { findChromium, openScreenshots } from './screenshot.ts'

async function listening(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => { server.close(resolve) })
  })
  return (server.address() as AddressInfo).port
}
const html = { 'content-type': 'text/html' }
const never = new AbortController().signal

/** A network on which only some ports may be reached, and what was asked of it. */
async function confined(ports: readonly number[]): Promise<{ network: Network; dialled: string[] }> {
  const scan = createScanNetwork({ scope: null, clock: { now: () => 0 } })
  await scan.permit('127.0.0.1')
  onTestFinished(() => { scan.close() })
  const dialled: string[] = []
  const network: Network = {
    http: (request, signal) => scan.http(request, signal), dns: (...given) => scan.dns(...given),
    dial(host, port, options, signal) {
      dialled.push(`${host}:${port}`)
      return host === '127.0.0.1' && ports.includes(port) ? scan.dial(host, port, options, signal) : Promise.reject(new NetworkError('out_of_scope', `${host}:${port}`, 'not for this scan'))
    },
  }
  return { network, dialled }
}

/** Where only the browsers of one test have their folders: others run beside it. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-pictures-'))
  // Where we are root the browser is nobody.
  chmodSync(folder, 0o711)
  vi.stubEnv('TMPDIR', folder)
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

describe.skipIf(findChromium(process.env) === null)('pictures of pages', () => {
  test('a page goes only where the scan may, and leaves nothing behind', async () => {
    let reached = 0
    const inside = await listening((_, response) => { reached++; response.end('secret') })
    const port = await listening((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: `http://127.0.0.1:${inside}/` }).end()
      else if (request.url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
      else response.writeHead(200, html).end(`<h1>Hello</h1><img src="http://127.0.0.1:${inside}/a.png"><img src="http://inward.test/b.png"><script>fetch('http://localhost:${inside}/c'); new WebSocket('ws://127.0.0.1:${inside}/d'); navigator.sendBeacon('http://127.0.0.1:${inside}/e')</script><iframe src="http://127.0.0.1:${inside}/f"></iframe>`)
    })
    const { network, dialled } = await confined([port])
    const folder = ownFolder()
    {
      await using screenshots = await openScreenshots({ network, signal: never })
      expect(readdirSync(folder)).toHaveLength(1)
      const png = await screenshots.take(`http://127.0.0.1:${port}/`, never)
      expect(Buffer.from(png!).subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
      expect(Buffer.from(png!).readUInt32BE(16)).toBe(1_280)
      expect(await screenshots.take(`http://127.0.0.1:${port}/away`, never)).toBeNull()
      expect(await screenshots.take(`http://127.0.0.1:${port}/file`, never)).toBeNull()
      for (const url of ['file:///etc/passwd', 'http://127.0.0.1:1/', 'http://192.0.2.1/', 'javascript:alert(1)']) expect(await screenshots.take(url, never)).toBeNull()
    }
    expect(reached).toBe(0)
    expect(dialled).toEqual(expect.arrayContaining([`127.0.0.1:${port}`, `127.0.0.1:${inside}`, 'inward.test:80']))
    expect(readdirSync(folder)).toEqual([])
  }, 60_000)

  test.skipIf(process.env['HAECHI_TEST_FULL'] !== '1')('pages that never end, ask, or hang cost their time only (HAECHI_TEST_FULL=1)', async () => {
    const port = await listening((request, response) => {
      if (request.url === '/dialog') response.writeHead(200, html).end('<h1>x</h1><script>alert(1);confirm(2);prompt(3);window.open("/");onbeforeunload=()=>1</script>')
      else if (request.url === '/stop') response.writeHead(200, html).end('<script>for(;;){}</script>')
      else if (request.url === '/download') response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' }).end('x')
      else response.writeHead(200, html).end('<h1>fine</h1>')
    })
    const { network } = await confined([port])
    await using screenshots = await openScreenshots({ network, signal: never })
    expect(await screenshots.take(`http://127.0.0.1:${port}/dialog`, never)).not.toBeNull()
    expect(await screenshots.take(`http://127.0.0.1:${port}/download`, never)).toBeNull()
    const stop = new AbortController()
    const hanging = screenshots.take(`http://127.0.0.1:${port}/stop`, stop.signal)
    setTimeout(() => { stop.abort() }, 500)
    expect(await hanging).toBeNull()
    expect(await screenshots.take(`http://127.0.0.1:${port}/`, never)).not.toBeNull()
  }, 60_000)

  test('a browser that does not start is said', async () => {
    const { network } = await confined([])
    await expect(openScreenshots({ network, signal: never, environment: { PATH: '/nowhere' } })).rejects.toMatchObject({ code: 'screenshot_browser_missing' })
    expect(existsSync('/nowhere')).toBe(false)
  })
})
