// The whole of Recog as it was published, against itself: each example and what it says that its fingerprint gives.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { CORPUS, untar } from '../../../tests/templates-corpus.ts'
import { createIdentifier, readFingerprints } from './index.ts'

const archive = join(CORPUS, 'recog/recog.tar.gz')
const missing = !existsSync(archive)
const read = missing ? null : readFingerprints(untar(gunzipSync(readFileSync(archive))))
const { databases = [], refused = [], cpeNames } = read ?? {}
const options = cpeNames === undefined ? {} : { cpeNames }

/** `file:line` of examples that do not give what they say, and why. Nothing differs. */
const differing: Readonly<Record<string, string>> = {}

test.skipIf(missing)(`all of it is read${missing ? ` (skipped: no ${archive}; set HAECHI_CORPUS)` : ''}`, () => {
  expect(refused).toEqual([])
  expect([databases.length, databases.reduce((sum, { fingerprints }) => sum + fingerprints.length, 0), databases.flatMap(({ fingerprints }) => fingerprints.flatMap(({ examples }) => examples)).length]).toEqual([50, 4_657, 7_525])
})

test.skipIf(missing)('each example is matched by its own fingerprint first, with the params that it expects', () => {
  const failed: string[] = []
  for (const database of databases) {
    const identifier = createIdentifier([database], options)
    for (const { line, examples } of database.fingerprints) {
      for (const example of examples) {
        const found = identifier.identify(database.name, example.banner)
        const wrong = Object.entries(example.expected).filter(([name, value]) => found?.params[name] !== value)
        if (found?.line !== line || wrong.length > 0) failed.push(`${database.file}:${example.line}`)
      }
    }
  }
  expect(failed.toSorted()).toEqual(Object.keys(differing).toSorted())
})

test.skipIf(missing)('every CPE that comes out is well-formed', () => {
  const identifier = createIdentifier(databases, options)
  const names = new Set(databases.flatMap(({ name, fingerprints }) => fingerprints.flatMap(({ examples }) => examples.flatMap(({ banner }) => {
    const found = identifier.identify(name, banner)
    return [found?.service, found?.os, found?.hardware, found?.component].flatMap((side) => side?.cpe?.name ?? [])
  }))))
  expect(names.size).toBeGreaterThan(2_000)
  expect([...names].filter((name) => !/^cpe:2\.3:[aoh](?::(?:\*|-|(?:[a-z0-9_.-]|\\[!-/:-@[-`{-~])+)){10}$/.test(name))).toEqual([])
})
