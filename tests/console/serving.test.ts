// How the server gives the console to browsers, and keeps `GET /` for shippers.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../server.ts'
import type { TestServer } from '../server.ts'

let server: TestServer
beforeAll(async () => { server = await startServer({ args: ['--base-path', '/mdr'] }) })
afterAll(async () => { await server?.remove() })

const origin = () => new URL(server.url).origin
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
/** The page, once its build is done: seconds after the first start, at once after that. */
async function page(path: string): Promise<Response> {
  for (;;) {
    const response = await fetch(origin() + path, { headers: html })
    if (response.status !== 503) return response
    expect(await response.text()).toContain('being built')
    expect(response.headers.get('refresh')).toBe('1')
  }
}

test('a browser gets the page at / and at every path of the console, below the prefix; a client of Elasticsearch gets its product check', async () => {
  for (const path of ['/mdr/', '/mdr/incidents/inc_01?tab=story']) {
    const response = await page(path)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<base href="/mdr/"')
  }
  const check = await fetch(`${origin()}/mdr/`, { headers: { accept: 'application/vnd.elasticsearch+json; compatible-with=8' } })
  expect(check.headers.get('x-elastic-product')).toBe('Elasticsearch')
  expect(await check.json()).toMatchObject({ version: { number: expect.stringMatching(/^8\./) } })
  for (const accept of ['*/*', 'application/json']) expect((await fetch(`${origin()}/mdr/`, { headers: { accept } })).headers.get('content-type')).toContain('application/json')
  // What is the API's stays the API's, for browsers too.
  expect((await fetch(`${origin()}/mdr/api/v1/nothing`, { headers: html })).status).toBe(404)
  expect((await fetch(`${origin()}/mdr/readyz`, { headers: html })).headers.get('content-type')).toContain('application/json')
  expect((await fetch(`${origin()}/mdr/assets/nothing.js`, { headers: html })).status).toBe(404)
})

test('a page allows only its own files and its own nonce, which is new each time', async () => {
  const nonces = await Promise.all([1, 2].map(async () => {
    const response = await page('/mdr/')
    const policy = response.headers.get('content-security-policy') ?? ''
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const text = await response.text()
    expect(text).not.toContain('__HAECHI_NONCE__')
    for (const [tag] of text.matchAll(/<script[^>]*>/g)) expect(tag).toContain(`nonce="${nonce}"`)
    return nonce
  }))
  expect(new Set(nonces).size).toBe(2)
})

test('files are compressed and kept for ever by the browser, and what a first page loads stays small', async () => {
  const text = await (await page('/mdr/')).text()
  const files = [...text.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file = '']) => file)
  expect(files.length).toBeGreaterThan(1)
  let size = 0
  for (const file of files) {
    const response = await fetch(`${origin()}/mdr/${file}`, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('content-encoding')).toBe('gzip')
    size += Number(response.headers.get('content-length'))
    expect((await response.text()).length).toBeGreaterThan(0)
  }
  console.log(`first page: ${files.length} files, ${(size / 1_000).toFixed(0)} kB gzip`)
  expect(size).toBeLessThan(200_000)
  for (const path of ['/mdr/assets/..%2f..%2f..%2fpackage.json', '/mdr/assets/../index.html', '/mdr/current', '/mdr/index.html']) expect((await fetch(origin() + path)).headers.get('content-type'), path).toContain('json')
})

test('a browser that may not come in is not asked for a password by a window of its own', async () => {
  const answer = await fetch(`${origin()}/mdr/api/v1/session`, { headers: { 'sec-fetch-site': 'same-origin' } })
  expect(answer.status).toBe(401)
  expect(answer.headers.get('www-authenticate')).not.toMatch(/basic/i)
  expect((await fetch(`${origin()}/mdr/api/v1/session`)).headers.get('www-authenticate')).toMatch(/basic/i)
})
