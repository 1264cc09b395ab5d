// A gigabyte of logs, templates, schemas and vulnerability texts, none of it kept for its secrets: fewer than twenty findings, and none that is not in neighbours.yaml with what it is.
// One secret in many places is one finding. The whole is read with HAECHI_TEST_FULL=1, else what a minute has room for.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createDetector, redact } from '@haechi/secrets'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { CORPUS, untar } from '../../templates-corpus.ts'
import { contentRules } from './rules.ts'

type Neighbour = { readonly folder: string; readonly hash: string; readonly what: string }

const missing = !existsSync(CORPUS)
const full = process.env['HAECHI_TEST_FULL'] === '1'
const explained = load(readFileSync(join(import.meta.dirname, 'neighbours.yaml'), 'utf8')) as readonly Neighbour[]
/** These hold nine tenths of the bytes, and none of the findings. */
const large = ['evtx', 'telemetry', 'vuln', 'sigma-regression', 'lanes', 'ocsf-pairs']
const folders = missing ? [] : readdirSync(CORPUS, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'secrets' && (full || !large.includes(entry.name))).map(({ name }) => name)

test.skipIf(missing)(`neighbours hold next to no secrets${missing ? ` (skipped: no ${CORPUS}; set HAECHI_CORPUS)` : full ? '' : ` (without ${large.join(', ')}; HAECHI_TEST_FULL=1)`}`, () => {
  const detector = createDetector(contentRules())
  const found = new Set<string>()
  let bytes = 0
  const look = (folder: string, path: string, content: Uint8Array): void => {
    bytes += content.length
    for (const each of detector.detect(content, { path }).found) found.add(`${folder} ${redact(each).hash}`)
  }
  for (const folder of folders) for (const entry of readdirSync(join(CORPUS, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const content = readFileSync(join(entry.parentPath, entry.name))
    const plain = entry.name.endsWith('.gz') ? gunzipSync(content) : content
    if (/\.tar(?:\.gz)?$/.test(entry.name)) for (const file of untar(plain)) look(folder, file.path, file.content)
    else look(folder, entry.name, plain)
  }
  expect(bytes).toBeGreaterThan(50_000_000)
  const known = new Set(explained.map(({ folder, hash }) => `${folder} ${hash}`))
  expect([...found].filter((each) => !known.has(each))).toEqual([])
  expect(explained.length).toBeLessThan(20)
})
