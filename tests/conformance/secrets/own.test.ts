// This project holds no secret: what is found in it is made up, and stands in own.yaml with what it is for. Tests invent passwords every day, so that they are held to it with HAECHI_TEST_FULL=1 only.
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { createDetector } from '@haechi/secrets'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { contentRules } from './rules.ts'

const root = join(import.meta.dirname, '../../..')
const full = process.env['HAECHI_TEST_FULL'] === '1'
const left = new Set(['node_modules', 'dist', 'coverage'])
const made = load(readFileSync(join(import.meta.dirname, 'own.yaml'), 'utf8')) as readonly { readonly file: string; readonly what: string }[]
const isTest = (file: string): boolean => /\.(?:test|fixture)\.ts$|^tests\//.test(file)

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !left.has(entry.name) && !entry.name.startsWith('.')) yield* files(path)
    else if (entry.isFile() && !entry.name.endsWith('.log')) yield path
  }
}

test(`what is found here is made up${full ? '' : ' (tests with HAECHI_TEST_FULL=1)'}`, () => {
  const detector = createDetector(contentRules())
  const found = [...files(root)].map((path) => ({ path, file: relative(root, path).replaceAll(sep, '/') })).filter(({ path, file }) => (full || !isTest(file)) && detector.detect(readFileSync(path), { path: file }).found.length > 0)
  expect(found.map(({ file }) => file).filter((file) => !made.some((each) => each.file === file))).toEqual([])
})
