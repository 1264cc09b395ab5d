import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Context } from './context.ts'
import { folder } from './process.fixture.ts'
import { loadTemplates } from './template-files.ts'
import type { LoadedTemplates } from './template-files.ts'

const template = (id: string, lines = ''): string => `id: ${id}\ninfo: {name: n, author: a, severity: low, tags: t}\nhttp:\n  - path: ["{{BaseURL}}"]\n${lines}`

function files(given: Readonly<Record<string, string>>, root = folder()): string {
  for (const [name, text] of Object.entries(given)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const context = (cache: string, stop = new AbortController().signal): Context => ({ environment: { XDG_CACHE_HOME: cache }, err: { terminal: false }, stop, json: true } as unknown as Context)

async function load(paths: readonly string[], cache?: string): Promise<LoadedTemplates & { readonly faults: readonly string[] }> {
  const faults: string[] = []
  const loaded = await loadTemplates(context(cache ?? folder()), paths, (place, error) => faults.push(`${place}: ${(error as { code?: string }).code}`), { cached: cache !== undefined })
  return { ...loaded, faults }
}
const idsOf = ({ library }: LoadedTemplates): string[] => library.templates.map(({ id }) => id)
const lacking = ({ library }: LoadedTemplates): (string | null)[] => library.templates.map(({ support }) => (support.status === 'parsed' ? support.problem.code : null))

test('folders are walked in the order of names; word lists, profiles, hidden files and links are no templates', async () => {
  const root = files({ '.nuclei-ignore': '', 'b/2.yml': template('two'), 'b/1.yaml': template('one'), 'a.yaml': template('zero'), '.x.yaml': template('hidden'), 'helpers/h.yaml': template('helper'), 'profiles/p.yml': template('profile'), 'readme.md': '' })
  symlinkSync(join(root, 'a.yaml'), join(root, 'link.yaml'))
  const loaded = await load([root])
  expect([idsOf(loaded), loaded.faults]).toEqual([['zero', 'one', 'two'], []])
  expect(loaded.library.templates.map(({ file }) => [file, loaded.shownAs(file)])).toEqual([['a.yaml', join(root, 'a.yaml')], ['b/1.yaml', join(root, 'b/1.yaml')], ['b/2.yml', join(root, 'b/2.yml')]])
})

test('what is missing, empty or unreadable is told, and the rest is loaded', async () => {
  const root = files({ 'a.yaml': template('a'), 'empty/readme.md': '' })
  const loaded = await load([join(root, 'none.yaml'), join(root, 'empty'), join(root, 'a.yaml'), join(root, 'a.yaml')])
  expect([idsOf(loaded), loaded.faults]).toEqual([['a'], [`${join(root, 'none.yaml')}: file_unreadable`, `${join(root, 'empty')}: templates_missing`]])
})

test('of what is too large no more than that is read, and what is no file is not waited for', async () => {
  const root = files({ 'huge.yaml': '', 'a.yaml': template('a', '    payloads: {u: huge.txt}'), 'huge.txt': 'x\n' })
  truncateSync(join(root, 'huge.yaml'), 3 * 2 ** 30)
  truncateSync(join(root, 'huge.txt'), 3 * 2 ** 30)
  execFileSync('mkfifo', [join(root, 'pipe.yaml')])
  const loaded = await load([root, join(root, 'pipe.yaml')])
  expect(loaded.library.refused.map(({ file, problem }) => [file, problem.code])).toEqual([['a.yaml', 'payload_invalid'], ['huge.yaml', 'file_too_large']])
  expect(loaded.faults).toEqual([`${join(root, 'pipe.yaml')}: templates_missing`])
})

test('payloads and workflows find their files from the root, also where only a part of it is named, and nothing above it', async () => {
  const above = folder()
  writeFileSync(join(above, 'secret.txt'), 'secret')
  const root = files({
    '.nuclei-ignore': '', 'helpers/users.txt': 'root\nadmin', 'http/a.yaml': template('a', '    payloads: {u: helpers/users.txt, n: near.txt}'), 'http/near.txt': 'x', 'http/b.yaml': template('b', '    payloads: {u: ../../secret.txt}'),
    'http/c.yaml': template('c', '    payloads: {u: helpers/link.txt}'), 'workflows/w.yaml': 'id: w\ninfo: {name: n, author: a}\nworkflows: [{template: http/a.yaml}]',
  }, join(above, 'templates'))
  symlinkSync(join(above, 'secret.txt'), join(root, 'helpers/link.txt'))
  const http = await load([join(root, 'http')])
  expect(http.library.templates[0]?.blocks[0]).toMatchObject({ payloads: { lists: { u: ['root', 'admin'], n: ['x'] } } })
  expect(lacking(http)).toEqual([null, 'needs_file', 'needs_file'])
  const workflow = await load([join(root, 'workflows/w.yaml')])
  expect([idsOf(workflow), lacking(workflow), workflow.library.byPath.get('http/a.yaml')?.id]).toEqual([['w'], [null], 'a'])
})

test('files of one name in two folders are two files', async () => {
  const [one, two] = [files({ 'x.yaml': template('one') }), files({ 'x.yaml': template('two'), 'y.yaml': template('one') })]
  const loaded = await load([one, two])
  expect(idsOf(loaded)).toEqual(['one', 'two'])
  expect(loaded.library.templates.map(({ file }) => loaded.shownAs(file))).toEqual([join(one, 'x.yaml'), join(two, 'x.yaml')])
  expect(loaded.library.refused.map(({ file, problem }) => [loaded.shownAs(file), problem.code])).toEqual([[join(two, 'y.yaml'), 'duplicate_id']])
})

test('a second load takes what the first found, until a file of it, or one that it named, is another', async () => {
  const cache = folder()
  const root = files({ 'a.yaml': template('a', '    payloads: {u: users.txt}'), 'users.txt': 'root', 'w.yaml': 'id: w\ninfo: {name: n, author: a}\nworkflows: [{template: http/none.yaml}, {template: lists}]', 'lists/readme.md': '' })
  const at = new Date(1_700_000_000_000)
  const kept = (): string => join(cache, 'haechi/templates', readdirSync(join(cache, 'haechi/templates'))[0]!)
  const first = await load([root], cache)
  // A load that reads anew puts another file in its place.
  const { ino } = statSync(kept())
  const again = await load([root], cache)
  expect(statSync(kept()).ino).toBe(ino)
  expect(again.library.templates).toEqual(first.library.templates)
  const users = async (): Promise<unknown> => ((await load([root], cache)).library.templates[0]!.blocks[0] as unknown as { payloads: { lists: { u: string[] } } }).payloads.lists.u
  writeFileSync(join(root, 'users.txt'), 'admin')
  expect(await users()).toEqual(['admin'])
  utimesSync(join(root, 'users.txt'), at, at)
  expect(await users()).toEqual(['admin'])
  writeFileSync(kept(), 'broken')
  expect(await users()).toEqual(['admin'])
  rmSync(join(root, 'users.txt'))
  expect(lacking(await load([root], cache))[0]).toBe('needs_file')
  writeFileSync(join(root, 'users.txt'), 'again')
  expect(await users()).toEqual(['again'])
  mkdirSync(join(root, 'http'))
  writeFileSync(join(root, 'http/none.yaml'), template('b'))
  expect(lacking(await load([root], cache))).toEqual([null, null, 'needs_template'])
  writeFileSync(join(root, 'lists/c.yaml'), template('c'))
  expect(lacking(await load([root], cache))).toEqual([null, null, null, null])
  rmSync(join(root, 'http'), { recursive: true })
  expect(lacking(await load([root], cache))).toEqual([null, null, 'needs_template'])
})

test('it ends where it is asked to', async () => {
  const root = files(Object.fromEntries(Array.from({ length: 260 }, (_, at) => [`${at}.yaml`, template(`t${at}`)])))
  await expect(loadTemplates(context(folder(), AbortSignal.abort()), [root], () => undefined)).rejects.toMatchObject({ code: 'interrupted' })
})
