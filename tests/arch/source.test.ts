// Rules of the house that are about what stands in the files themselves.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describe as textOf, errorTable } from '../../apps/server/src/platform/errors.ts'
import type { ErrorCode } from '../../apps/server/src/platform/errors.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = ['apps', 'engines'].flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
  .map((name) => `${top}/${name}`)
  .filter((name) => /\.(tsx?|sql)$/.test(name) && !/node_modules|^apps\/console\/dist\//.test(name)))
const product = files.filter((name) => !/\.(test|fixture|contract)\.ts$|\/contract\.ts$/.test(name))
const read = new Map<string, string>()
const text = (file: string): string => {
  const known = read.get(file) ?? readFileSync(join(root, file), 'utf8')
  read.set(file, known)
  return known
}

function lines(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) => text(file).split('\n').flatMap((line, at) => (pattern.test(line) && !/^\s*(\/\/|\*|--)/.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [])))
}

test('there is something to look at', () => {
  expect(product.length).toBeGreaterThan(60)
})

test('time comes from the clock that is passed in', () => {
  const outside = product.filter((file) => file !== 'apps/server/src/platform/clock.ts' && file !== 'apps/console/src/clock.ts' && !file.startsWith('apps/cli/'))
  expect(lines(/\bDate\.now\(|new Date\(\)/, outside)).toEqual([])
  expect(lines(/\b(now|current_timestamp|localtimestamp|statement_timestamp|transaction_timestamp)\(\)/i, outside.filter((file) => file.endsWith('.sql')))).toEqual([])
})

test('a test that a file names is there', () => {
  const others = ['content', ...readdirSync(join(root, 'tests'), { withFileTypes: true }).flatMap(({ name }) => (/^(?:node_modules|\.|.*\.\w+$)/.test(name) ? [] : [`tests/${name}`]))]
  const all = [...files, ...others.flatMap((top) => readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`))].filter((name) => name.endsWith('.test.ts'))
  const named = product.flatMap((file) => [...text(file).matchAll(/^\/\/.*$/gm)].flatMap(([line]) => [...line.matchAll(/[\w/-][\w./-]*\.test\.ts/g)].map(([name]) => ({ file, name }))))
  expect(named.length).toBeGreaterThan(100)
  expect(named.filter(({ name }) => !all.some((each) => each === name || each.endsWith(`/${name}`)))).toEqual([])
})

test('no mark of unfinished work', () => {
  expect(lines(/\b(TODO|FIXME|XXX|HACK)\b/, product)).toEqual([])
})

test('a context\'s tables carry its prefix, and no other context\'s SQL names them', () => {
  const contexts = readdirSync(join(root, 'apps/server/src'), { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'platform').map(({ name }) => name)
  expect(contexts).toContain('access')
  for (const context of contexts) {
    const own = files.filter((file) => file.startsWith(`apps/server/src/${context}/`))
    for (const migration of own.filter((file) => file.endsWith('.sql'))) {
      for (const [, table = ''] of text(migration).matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/gi)) expect(table).toMatch(new RegExp(`^${context}_`))
    }
    const tables = own.filter((file) => file.endsWith('.sql')).flatMap((file) => [...text(file).matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/gi)].map(([, table = '']) => table))
    const others = product.filter((file) => file.startsWith('apps/server/src/') && !file.startsWith(`apps/server/src/${context}/`))
    for (const table of tables) expect(lines(new RegExp(`\\b${table}\\b`), others)).toEqual([])
  }
})

test('every error code speaks both languages, with the same parameters', () => {
  const codes = Object.keys(errorTable) as ErrorCode[]
  expect(codes.length).toBeGreaterThan(40)
  const parameters = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  for (const code of codes) {
    const { en, ko } = errorTable[code]
    expect([code, parameters(ko)]).toEqual([code, parameters(en)])
    expect([code, /[가-힣]/.test(ko), /[가-힣]/.test(en)]).toEqual([code, true, false])
    expect(textOf(code, {}, 'en')).not.toBe('')
  }
})

test('every error code is used', () => {
  const all = product.filter((file) => !file.endsWith('platform/errors.ts')).map(text).join('\n')
  expect(Object.keys(errorTable).filter((code) => !all.includes(`'${code}'`) && !all.includes(`"${code}"`))).toEqual([])
})

test('the lock files name no host to download from, and new ones will not either', () => {
  expect(text('.npmrc')).toContain('omit-lockfile-registry-resolved=true')
  for (const file of ['package-lock.json', 'tests/package-lock.json']) {
    const { packages } = JSON.parse(text(file)) as { packages: Record<string, { resolved?: string; link?: boolean }> }
    expect(Object.keys(packages).length).toBeGreaterThan(5)
    // What is left are the links of our own workspaces, which npm ci needs.
    expect(Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && (link !== true || resolved.includes(':'))).map(([name]) => name)).toEqual([])
  }
})
