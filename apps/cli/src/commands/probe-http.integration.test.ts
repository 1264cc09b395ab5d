import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { exitCodes } from '../exit-codes.ts'
import { folder, haechi } from '../process.fixture.ts'
import { findChromium } from '../scan/screenshot.ts'

async function site(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => { server.close(resolve) })
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
const shop: RequestListener = (request, response) => {
  if (request.url === '/') response.writeHead(200, { 'content-type': 'text/html', 'server': 'nginx/1.22.1' }).end('<title>Shop \u001b[31m&lt;b&gt;</title><a href="/next">x</a>')
  else if (request.url === '/next') response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Next</title>')
  else if (request.url === '/.env') response.writeHead(200, { 'content-type': 'text/plain' }).end('APP=shop\nDB_PASSWORD=hunter2hunter2\n')
  else response.writeHead(404).end()
}

describe('haechi probe http', () => {
  test('one object for machines', async () => {
    const host = await site(shop)
    const { out, err, code } = await haechi(['probe', 'http', `http://${host}/`, '--crawl', '--json'])
    const report = JSON.parse(out) as { final: object; technologies: { id: string }[]; pages: { title: string }[]; findings: { weakness: string; severity: string; kind: string; place: string }[] }
    expect([code, err]).toEqual([0, ''])
    expect(report.final).toMatchObject({ status: 200, server: 'nginx/1.22.1' })
    expect(report.technologies.map(({ id }) => id)).toEqual(['nginx'])
    expect(report.pages.map(({ title }) => title)).toContain('Next')
    expect(report.findings).toContainEqual(expect.objectContaining({ asset: '127.0.0.1', weakness: 'web.env_exposed', severity: 'high', kind: 'exposed_credential', place: `http://${host}/.env` }))
    expect(out).not.toContain('hunter2')
  })

  test('tables for people, without a control character of the site; a host without a scheme', async () => {
    const host = await site(shop)
    const { out, code } = await haechi(['probe', 'http', host])
    expect(code).toBe(0)
    for (const part of [`http://${host}/ (200)`, 'nginx 1.22.1', 'A file of environment settings can be read']) expect(out).toContain(part)
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/\x1b\[31m/)
    expect((await haechi(['probe', 'http', host, '--lang', 'ko'])).out).toContain('환경 설정 파일을 읽을 수 있습니다')
  })

  test('all that only leads to another port of the host is followed there', async () => {
    const host = await site(shop)
    const away = await site((request, response) => { response.writeHead(301, { location: `http://${host}${request.url ?? ''}` }).end() })
    const report = JSON.parse((await haechi(['probe', 'http', `http://${away}/`, '--json'])).out) as { url: string; origin: string; chain: object[]; findings: { weakness: string }[] }
    expect(report).toMatchObject({ url: `http://${away}/`, origin: `http://${host}`, chain: [{ status: 301 }, { status: 200 }] })
    expect(report.findings.map(({ weakness }) => weakness)).toContain('web.env_exposed')
  })

  test('the dot of the root is no part of a host', async () => {
    const host = (await site(shop)).replace('127.0.0.1', 'localhost.')
    expect(JSON.parse((await haechi(['probe', 'http', `http://${host}/`, '--json'])).out)).toMatchObject({ url: `http://${host.replace('.:', ':')}/`, final: { status: 200 } })
  })

  test('nobody there, nobody agreed, and what is no URL', async () => {
    expect((await haechi(['probe', 'http', 'http://127.0.0.1:1/', '--json'])).code).toBe(1)
    expect((await haechi(['probe', 'http', 'http://198.51.100.7/'])).code).toBe(4)
    expect((await haechi(['probe', 'http', 'ftp://127.0.0.1/'])).err).toContain('ftp://127.0.0.1/')
    const none = await haechi(['probe', 'http', `http://${await site(shop)}/`, '--screenshot', join(folder(), 'a.png')], { environment: { PATH: '/nowhere' } })
    expect(none.err).toContain('Chromium')
  })

  test('who stops it gets the exit code for that', async () => {
    const stop = new AbortController()
    const host = await site((request, response) => {
      if (request.url !== '/') stop.abort()
      shop(request, response)
    })
    expect((await haechi(['probe', 'http', `http://${host}/`], { stop: stop.signal })).code).toBe(exitCodes.interrupted)
  })

  test.skipIf(findChromium(process.env) === null || process.env['HAECHI_TEST_FULL'] !== '1')('a picture of the page (HAECHI_TEST_FULL=1)', async () => {
    const file = join(folder(), 'a.png')
    const { out } = await haechi(['probe', 'http', `http://${await site(shop)}/`, '--screenshot', file, '--json'], { environment: { PATH: process.env['PATH'] } })
    expect(JSON.parse(out)).toMatchObject({ screenshot: file })
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG')
  })
})
