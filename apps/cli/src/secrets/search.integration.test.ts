// The search with its threads: each text once, whatever thread looks at it and wherever else it stands.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSecretRules } from '@haechi/secrets'
import { expect, test } from 'vitest'
import { folder } from '../process.fixture.ts'
import { search } from './search.ts'
import type { SearchEvent, Sighting } from './search.ts'

const { rules } = readSecretRules([{ path: 'own.yaml', content: '- id: badge\n  name: { en: Badge, ko: 배지 }\n  provider: Example\n  severity: high\n  keywords: [badge-]\n  pattern: \'badge-[0-9a-f]{32}\'\n' }])
const badge = (seed: string): string => `badge-${createHash('md5').update(seed).digest('hex')}`

async function searched(sources: readonly string[], options: { readonly history?: boolean; readonly signal?: AbortSignal; readonly onEvent?: (event: SearchEvent) => void } = {}) {
  const sightings: Sighting[] = []
  const faults: string[] = []
  let last: Extract<SearchEvent, { kind: 'progress' }> | null = null
  for await (const event of search(sources, { rules: async () => rules, history: options.history ?? false, packages: false, signal: options.signal ?? new AbortController().signal })) {
    options.onEvent?.(event)
    if (event.kind === 'sighting') sightings.push(event.sighting)
    else if (event.kind === 'fault') faults.push(event.fault.path)
    else last = event
  }
  return { sightings, faults, files: last?.files ?? 0, bytes: last?.bytes ?? 0 }
}

test('so much text that more threads begin: each file once, and every secret', async () => {
  const home = folder()
  const [size, count] = [8_388_608, 40]
  const secret = badge('one')
  writeFileSync(join(home, 'a0'), `${'plain text\n'.repeat(size / 11)}${secret}\n`)
  for (let at = 1; at < count; at++) linkSync(join(home, 'a0'), join(home, `a${at}`))
  const { sightings, files, bytes, faults } = await searched([home])
  expect([files, faults]).toEqual([count, []])
  expect(bytes).toBeGreaterThan(count * (size - 11))
  expect(sightings.map(({ path }) => path).toSorted()).toEqual(Array.from({ length: count }, (_, at) => `a${at}`).toSorted())
  expect(new Set(sightings.map(({ found }) => found.secret))).toEqual(new Set([secret]))
}, 60_000)

test('an archive that takes its time does not change whose the texts behind it are', async () => {
  const [one, two] = [folder(), folder()]
  writeFileSync(join(one, 'long'), 'plain text\n'.repeat(1_000_000))
  execFileSync('python3', ['-c', 'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z: z.write(sys.argv[2], "long")', join(one, 'a.zip'), join(one, 'long')])
  for (let at = 0; at < 255; at++) writeFileSync(join(one, `b${at}`), 'plain text')
  writeFileSync(join(two, 'c'), badge('three'))
  const { sightings } = await searched([one, two])
  expect(sightings.map(({ source, path }) => [source, path])).toEqual([[two, 'c']])
})

test('a source that stands among tests or examples is judged by what is in it', async () => {
  const home = join(folder(), 'examples/test')
  mkdirSync(join(home, 'fixtures'), { recursive: true })
  const password = createHash('md5').update('four').digest('base64')
  for (const path of ['app.conf', 'fixtures/app.conf']) writeFileSync(join(home, path), `db_password = "${password}"\n`)
  const { sightings } = await searched([home])
  const [own, rehearsed] = sightings.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  expect([own?.path, rehearsed?.path]).toEqual(['app.conf', 'fixtures/app.conf'])
  expect(own!.found.confidence).toBeGreaterThan(rehearsed!.found.confidence)
})

test('stopped, it ends with what it has seen', async () => {
  const home = folder()
  writeFileSync(join(home, 'a0'), 'plain text\n'.repeat(200_000))
  for (let at = 1; at < 100; at++) linkSync(join(home, 'a0'), join(home, `a${at}`))
  const stop = new AbortController()
  const { files } = await searched([home], { signal: stop.signal, onEvent: () => { stop.abort() } })
  expect(files).toBeGreaterThan(0)
  expect(files).toBeLessThan(100)
  expect((await searched([home], { signal: stop.signal })).files).toBe(0)
})

test('what cannot be read is told, and the rest goes on; a link leads nowhere', async () => {
  const home = folder()
  mkdirSync(join(home, 'closed'))
  writeFileSync(join(home, 'open'), badge('two'))
  writeFileSync(join(home, 'empty'), '')
  execFileSync('ln', ['-s', '.', join(home, 'circle')])
  execFileSync('mkfifo', [join(home, 'pipe')])
  chmodSync(join(home, 'closed'), 0)
  const { sightings, files, faults } = await searched([home, join(home, 'open')])
  // What two sources hold belongs to the first.
  expect(sightings.map(({ path }) => path)).toEqual(['open'])
  expect(files).toBe(2)
  // Root may look everywhere.
  expect(faults).toEqual(process.getuid?.() === 0 ? [] : [join(home, 'closed')])
})

test('a repository that names what is no file, and a source that is none, end nothing', async () => {
  const home = folder()
  const named: Readonly<Record<string, string>> = { 'HEAD': 'ref: a\0b\n', 'objects/info/alternates': `/a\0b\n/${'c'.repeat(5_000)}\n` }
  mkdirSync(join(home, '.git/objects/info'), { recursive: true })
  mkdirSync(join(home, '.git/refs/heads'), { recursive: true })
  for (const [path, content] of Object.entries(named)) writeFileSync(join(home, '.git', path), content)
  symlinkSync('x', join(home, '.git/refs/heads/x'))
  writeFileSync(join(home, 'a'), badge('five'))
  const circle = folder()
  symlinkSync('.git', join(circle, '.git'))
  execFileSync('mkfifo', [join(circle, 'pipe')])
  const { sightings, faults } = await searched([home, circle, join(circle, 'pipe')], { history: true })
  expect(sightings.map(({ path }) => path)).toEqual(['a'])
  expect(faults).toEqual([circle, join(circle, 'pipe')])
})

test('a text that is longer than a text can be is told, and the rest goes on', async () => {
  const home = folder()
  writeFileSync(join(home, 'a'), `${'plain text\n'.repeat(1_000)}badge-`)
  truncateSync(join(home, 'a'), 560_000_000)
  writeFileSync(join(home, 'b'), badge('six'))
  const { sightings, faults } = await searched([home])
  expect([sightings.map(({ path }) => path), faults]).toEqual([['b'], [join(home, 'a')]])
}, 30_000)

test('rules that cannot be read end it with their error', async () => {
  await expect(search([folder()], { rules: () => Promise.reject(new Error('no rules')), history: false, packages: false, signal: new AbortController().signal }).next()).rejects.toThrow('no rules')
})
