import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openConsole } from './console.ts'
import type { Console } from './console.ts'
import { openLog } from './log.ts'

let folder: string
let opened: Console | undefined
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'haechi-console-')) })
afterEach(async () => {
  await opened?.close()
  await rm(folder, { recursive: true, force: true })
})

/** A build script as the console's: builds into the folder of its argument, else into `${folder}/dist`, and prints where. */
async function open(script: string): Promise<Console> {
  const file = join(folder, 'build.mjs')
  await writeFile(file, `import { mkdirSync, writeFileSync, existsSync } from 'node:fs'\nconst [output = ${JSON.stringify(join(folder, 'dist'))}] = process.argv.slice(2)\n${script}`)
  opened = openConsole({ log: openLog({ level: 'fatal', destination: join(folder, 'log') }), dataDirectory: join(folder, 'data'), basePath: '/mdr', script: file })
  return opened
}
const build = (hash: string) => `mkdirSync(output + '/${hash}/assets', { recursive: true }); writeFileSync(output + '/${hash}/index.html', '<base href="/" /><script nonce="__HAECHI_NONCE__"></script>${hash}'); writeFileSync(output + '/${hash}/assets/a-1.js', 'plain'); writeFileSync(output + '/${hash}/assets/a-1.js.gz', 'gzip'); writeFileSync(output + '/${hash}/favicon.svg', '<svg/>'); writeFileSync(output + '/current', '${hash}'); console.log(output)\n`
async function page(site: Console): Promise<Response> {
  for (;;) {
    const response = await site.page()
    if (response.headers.get('refresh') === null) return response
  }
}

test('a page stands under the prefix with a nonce of its own, and a later build is served from then on', async () => {
  const site = await open(build('one'))
  const first = await page(site)
  expect(first.status).toBe(200)
  const nonce = /'nonce-([^']+)'/.exec(first.headers.get('content-security-policy')!)![1]!
  expect(await first.text()).toBe(`<base href="/mdr/" /><script nonce="${nonce}"></script>one`)
  await mkdir(join(folder, 'dist/two'))
  await writeFile(join(folder, 'dist/two/index.html'), 'two')
  await writeFile(join(folder, 'dist/current'), 'two')
  expect(await (await site.page()).text()).toBe('two')
})

test('only files of the build are given, compressed where the browser takes it, hashed ones for ever', async () => {
  const site = await open(build('one'))
  await page(site)
  const gzip = await site.file('/assets/a-1.js', new Headers({ 'accept-encoding': 'gzip, br' }))
  expect([gzip?.headers.get('content-encoding'), await gzip?.text()]).toEqual(['gzip', 'gzip'])
  const plain = await site.file('/assets/a-1.js', new Headers())
  expect([plain?.headers.get('content-encoding'), await plain?.text(), plain?.headers.get('cache-control')]).toEqual([null, 'plain', 'public, max-age=31536000, immutable'])
  expect((await site.file('/favicon.svg', new Headers()))?.headers.get('cache-control')).toBe('public, max-age=3600')
  for (const path of ['/', '/index.html', '/current', '/assets/../index.html', '/assets/%2e%2e/favicon.svg', '/assets/none.js', '/../build.mjs', '/.current', '/one/favicon.svg']) expect(await site.file(path, new Headers()), path).toBeNull()
})

test('while it is built a small page says so and comes back; nothing waits for it', async () => {
  const site = await open(`const wait = () => existsSync(${JSON.stringify(join(folder, 'go'))}) ? (() => { ${build('one')} })() : setTimeout(wait, 20)\nwait()`)
  const waiting = await site.page()
  expect([waiting.status, waiting.headers.get('refresh')]).toEqual([503, '1'])
  expect(await waiting.text()).toMatch(/콘솔을 준비하고 있습니다[\s\S]*being built/)
  expect(await site.file('/assets/a-1.js', new Headers())).toBeNull()
  await writeFile(join(folder, 'go'), '')
  expect((await page(site)).status).toBe(200)
})

test('a build that fails is said with its code, and the reason is in the log', async () => {
  const site = await open("console.error('UNRESOLVED ./x.tsx'); process.exit(1)")
  const failed = await page(site)
  expect(failed.status).toBe(503)
  expect(await failed.text()).toMatch(/콘솔을 빌드하지 못했습니다[\s\S]*console_build_failed/)
})

test('where the installation may not be written it is built into the data directory', async () => {
  const site = await open(`if (process.argv.length < 3) { console.error('EACCES: permission denied'); process.exit(1) }\n${build('own')}`)
  expect(await (await page(site)).text()).toContain('own')
  expect(await (await site.file('/favicon.svg', new Headers()))?.text()).toBe('<svg/>')
})

test('close() ends a build that is under way', async () => {
  const site = await open('setInterval(() => {}, 1000)')
  await site.close()
})
