import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { appendFile, open } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEgress } from '@haechi/server/egress'
import { HaechiError } from '@haechi/server/errors'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fileSource, nameOf, urlSource } from './source.ts'
import type { Content, Source } from './source.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'haechi-source-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const textOf = (news: Content | HaechiError): string => (news instanceof HaechiError ? `! ${news.code}` : Buffer.from(news.bytes).toString())

async function followed(source: Source): Promise<string[]> {
  onTestFinished(() => source.close())
  const heard = [textOf(await source.first())]
  source.follow((news) => heard.push(textOf(news)))
  return heard
}

describe('a file', () => {
  test('has to be there at first; a folder is none', async () => {
    const path = folder()
    await expect(fileSource(join(path, 'none.yaml')).first()).rejects.toMatchObject({ code: 'file_unreadable', params: { reason: 'ENOENT' } })
    await expect(fileSource(path).first()).rejects.toMatchObject({ code: 'file_unreadable', params: { reason: 'EISDIR' } })
  })

  test('that is written again with the same bytes is no news', async () => {
    const file = join(folder(), 'a')
    writeFileSync(file, 'first')
    const heard = await followed(fileSource(file))
    for (const text of ['first', 'second', 'second', 'third']) {
      writeFileSync(file, text)
      await expect.poll(() => heard.at(-1)).toBe(text)
      // Longer than it takes to see a change: nothing is there to wait for.
      await new Promise((resolve) => { setTimeout(resolve, 200) })
    }
    expect(heard).toEqual(['first', 'second', 'third'])
  })

  test('that is written slowly is told when it is whole', async () => {
    const file = join(folder(), 'a')
    writeFileSync(file, 'first')
    const heard = await followed(fileSource(file))
    let from = performance.now()
    let still = 0
    const handle = await open(file, 'w')
    for (let part = 0; part < 20; part++) {
      const begun = performance.now()
      await handle.write('x'.repeat(2_000))
      // On a busy machine a pause may be as long as a file stands still that is whole (40 ms), and then what is there is told.
      if (performance.now() - from > 35) still++
      from = begun
      // Longer than events are gathered, and shorter than the file is watched for whether it still grows.
      await new Promise((resolve) => { setTimeout(resolve, 28) })
    }
    await handle.close()
    await expect.poll(() => heard.at(-1)?.length).toBe(40_000)
    expect(heard.length).toBeLessThanOrEqual(2 + still)
  })

  test('however it is changed, what it held last is what was told last, and nothing twice in a row', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('write' as const, 'rename' as const, 'link' as const, 'touch' as const), text: fc.stringMatching(/^[a-c]{1,3}$/) }),
      fc.constant({ kind: 'remove' as const, text: '' }),
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      const path = mkdtempSync(join(tmpdir(), 'haechi-source-'))
      const file = join(path, 'api')
      writeFileSync(file, 'first')
      const source = fileSource(file)
      const heard = [textOf(await source.first())]
      source.follow((news) => heard.push(textOf(news)))
      let now: string | null = 'first'
      let made = 0
      try {
        for (const { kind, text } of steps) {
          const other = join(path, `other${made++}`)
          if (kind === 'write' && now !== null) writeFileSync(file, text)
          else if (kind === 'rename') { writeFileSync(other, text); renameSync(other, file) }
          else if (kind === 'link') { mkdirSync(other); writeFileSync(join(other, 'api'), text); symlinkSync(join(other, 'api'), `${other}.link`); renameSync(`${other}.link`, file) }
          else if (kind === 'touch') { if (now !== null) await appendFile(file, '') }
          else if (now !== null) unlinkSync(file)
          now = kind === 'remove' ? null : kind === 'touch' ? now : kind === 'write' && now === null ? null : text
        }
        await expect.poll(() => heard.at(-1), { interval: 20 }).toBe(now ?? '! file_unreadable')
        for (const [at, told] of heard.entries()) if (at > 0) expect(told).not.toBe(heard[at - 1])
      } finally {
        source.close()
        rmSync(path, { recursive: true, force: true })
      }
    }), { numRuns: 12 })
  })
})

describe('a URL', () => {
  async function serving(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => { server.close(); server.closeAllConnections() })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/openapi.json`
  }
  const following = (url: string): Promise<string[]> => {
    const egress = createEgress()
    onTestFinished(() => egress.close())
    return followed(urlSource(url, egress, { everyMs: 10, allowPrivate: ['127.0.0.1'] }))
  }

  test.each([['etag', '"a"', 'if-none-match'], ['last-modified', 'Sun, 22 Nov 2026 12:00:00 GMT', 'if-modified-since']])('asks with the %s that it was given', async (header, value, condition) => {
    let text = 'one'
    let unchanged = 0
    const url = await serving((request, response) => {
      if (text === 'one' && request.headers[condition] === value) {
        unchanged++
        response.writeHead(304).end()
      } else response.writeHead(200, text === 'one' ? { [header]: value } : {}).end(text)
    })
    const heard = await following(url)
    await expect.poll(() => unchanged).toBeGreaterThan(5)
    expect(heard).toEqual(['one'])
    text = 'two'
    await expect.poll(() => heard).toEqual(['one', 'two'])
  })

  test('without either it is known by its content; a failure is told once, and slows the asking down', async () => {
    let status = 200
    const times: number[] = []
    const url = await serving((_, response) => {
      times.push(performance.now())
      response.writeHead(status).end('one')
    })
    const heard = await following(url)
    await expect.poll(() => times.length).toBeGreaterThan(5)
    expect(heard).toEqual(['one'])
    status = 500
    const from = times.length
    await expect.poll(() => times.length - from).toBeGreaterThan(5)
    expect(heard).toEqual(['one', '! mcp_spec_unavailable'])
    expect(times.at(-1)! - times.at(-2)!).toBeGreaterThan(100)
    status = 200
    await expect.poll(() => times.length - from).toBeGreaterThan(8)
    expect(heard).toEqual(['one', '! mcp_spec_unavailable'])
  })

  test('this machine is reached only where it was named', async () => {
    const url = await serving((_, response) => { response.end('one') })
    const egress = createEgress()
    onTestFinished(() => egress.close())
    await expect(urlSource(url, egress, { everyMs: 10, allowPrivate: [] }).first()).rejects.toMatchObject({ code: 'egress_refused' })
    const away = await serving((_, response) => { response.writeHead(302, { location: url.replace('127.0.0.1', '127.0.0.2') }).end() })
    await expect(urlSource(away, egress, { everyMs: 10, allowPrivate: ['127.0.0.1'] }).first()).rejects.toMatchObject({ code: 'egress_refused' })
  })
})

test.each([['./a/My API.v2.yaml', 'my_api_v2'], ['https://api.example.com:8443/x.json?y=z', 'api_example_com'], ['동물.yaml', 'api'], ['openapi.json', 'openapi']])('%s is called %s', (place, name) => {
  expect(nameOf(place)).toBe(name)
})
