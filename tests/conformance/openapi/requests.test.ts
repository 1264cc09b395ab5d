// Requests of real APIs beside those that @readme/oas-to-har builds from the same document and the same arguments: 2,000 operations drawn by hash from all
// 2,639 specs. Whatever is not the same belongs to a class in requests-differences.ts that says who is wrong, and stands in requests-differences.tsv.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { CallProblem, buildRequest, readDocument, toTools } from '@haechi/openapi-tools'
import type { HttpRequest } from '@haechi/openapi-tools'
import type { JsonObject } from '@haechi/mcp-wire'
import { directorySpecs } from '../../specs.ts'
import { drawOperations, nameOf } from './drawn.ts'
import { credentialsFor, differences, harOf, withFiles } from './har.ts'
import { CLASSES } from './requests-differences.ts'
import { sample } from './sampling.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const OPERATIONS = 2_000
/** In a short run, the operations whose document is small. */
const SHORT = { bytes: 300_000, operations: 300 }
const listed = fileURLToPath(new URL('requests-differences.tsv', import.meta.url))
/** Their servers are relative; where the document came from is known to nobody, and oas-to-har says this. */
const documentUrl = 'https://example.com/'

type Outcome = { readonly name: string; readonly places: readonly { readonly place: string; readonly class: string }[] } | { readonly name: string; readonly failed: string }

it(`${full ? 'all' : `some ${SHORT.operations}`} of ${OPERATIONS} operations: the request is that of oas-to-har, or it is known who is wrong${full ? '' : ' (all with HAECHI_TEST_FULL=1)'}`, { timeout: full ? 1_200_000 : 240_000 }, () => {
  const files = new Map(directorySpecs().map(({ name, file }) => [name, file]))
  const outcomes: Outcome[] = []
  for (const [spec, operations] of Map.groupBy(drawOperations(OPERATIONS), (one) => one.spec)) {
    const text = readFileSync(files.get(spec) ?? '', 'utf8')
    if (!full && (text.length > SHORT.bytes || outcomes.length >= SHORT.operations)) continue
    const read = readDocument(text)
    const set = 'document' in read ? toTools(read.document) : null
    const document = JSON.parse(text) as JsonObject
    for (const one of operations) {
      const name = nameOf(one)
      const tool = set?.tools.find(({ operation }) => operation.key === `${one.method.toUpperCase()} ${one.path}`)
      if (set === null || tool === undefined) {
        outcomes.push({ name, failed: `no tool: ${'refusal' in read ? read.refusal.code : (set?.skipped.find(({ key }) => key === `${one.method.toUpperCase()} ${one.path}`)?.code ?? 'nothing said')}` })
        continue
      }
      const { operation } = tool
      const credentials = credentialsFor(operation)
      let request: HttpRequest | null = null
      let args: JsonObject = {}
      let failed = 'no arguments could be drawn'
      // Headers hold no other scripts, and some paths no slashes: then plain letters.
      for (const odd of [true, false]) {
        const sampled = sample(set.definition(tool).inputSchema, name, { optional: 0.5, odd })
        if (sampled === undefined) break
        args = withFiles(operation, sampled as JsonObject)
        try {
          request = buildRequest(operation, args, { credentials: credentials.ours, documentUrl })
          break
        } catch (error) {
          if (!(error instanceof CallProblem)) throw error
          failed = `${error.code}: ${error.message}`
        }
      }
      if (request === null) {
        outcomes.push({ name, failed })
        continue
      }
      let theirs
      try {
        theirs = harOf(document, operation, args, credentials.theirs)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        outcomes.push({ name, places: [{ place: 'all', class: 'oas-to-har overflows its stack' }] })
        continue
      }
      const compared = { operation, args, request, document }
      outcomes.push({ name, places: differences(request, theirs, operation).map((difference) => {
        const known = CLASSES.find((it) => it.explains(difference, compared))
        if (known === undefined) console.log(`unexplained: ${name}\n  ${difference.place}\n  ours   ${difference.ours.slice(0, 600)}\n  theirs ${difference.theirs.slice(0, 600)}`)
        return { place: difference.place, class: known?.id ?? 'unexplained' }
      }) })
    }
  }
  const failed = outcomes.filter((it) => 'failed' in it)
  const compared = outcomes.filter((it) => 'places' in it)
  const same = compared.filter(({ places }) => places.length === 0).length
  const unexplained = compared.filter(({ places }) => places.some((it) => it.class === 'unexplained')).length
  const counts = Object.entries(Object.groupBy(compared.flatMap(({ places }) => [...new Set(places.map((it) => it.class))]), (id) => id)).map(([id, all]) => `${all?.length} ${id}`).sort()
  for (const { name, failed: why } of failed) console.log(`not built: ${name}: ${why}`)
  console.log(`requests: ${outcomes.length} operations, ${same} the same, ${compared.length - same - unexplained} differ where oas-to-har is wrong or both may, ${unexplained + failed.length} ours; right ${(((compared.length - unexplained) / outcomes.length) * 100).toFixed(2)} %\n${counts.join('\n')}`)
  expect(unexplained).toBe(0)
  expect((compared.length - unexplained) / outcomes.length).toBeGreaterThanOrEqual(0.98)
  const rows = [...failed.map(({ name, failed: why }) => `${name}\tall\tours: ${why}`), ...compared.flatMap(({ name, places }) => places.map((it) => `${name}\t${it.place}\t${it.class}`))].sort()
  if (full && process.env['HAECHI_WRITE_DIFFERENCES'] === '1') writeFileSync(listed, `${rows.join('\n')}\n`)
  const known = readFileSync(listed, 'utf8').split('\n')
  if (full) expect(rows).toEqual(known.filter((row) => row !== ''))
  else expect(rows.filter((row) => !known.includes(row))).toEqual([])
})
