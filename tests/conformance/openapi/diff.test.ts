// The differ on documents of the world: versions of one API one after the other, and the largest with a small change. `npm test` draws some, test:full takes all.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diff, kinds, readDocument, toTools } from '../../../engines/openapi-tools/src/index.ts'
import type { ChangeKind, ToolSet } from '../../../engines/openapi-tools/src/index.ts'
import { directorySpecs, drawn, namedSpecs } from '../../specs.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'

function toolsOf(text: string | Uint8Array): ToolSet | null {
  const read = readDocument(text)
  return 'refusal' in read ? null : toTools(read.document)
}

// github.com/ghes-3.0.json and github.com/ghes-3.1.json are versions of one API.
const versions = [...Map.groupBy(directorySpecs(), ({ name }) => name.replace(/\.json$/, '').replace(/\/?v?\d[\w.-]*$/, '')).values()].flatMap((all) => all.slice(1).map((head, at) => ({ name: `${all[at]!.name} -> ${head.name}`, base: all[at]!, head })))

test(`versions one after the other: the same is empty, the reverse says the reverse (${full ? versions.length : 10} of ${versions.length})`, () => {
  // What is added comes back as removed, whether it was required or not.
  const plain = (kind: string): string => kind.replace(/^required-|^(?:writing|destructive|unguarded)-(?=tool)/, '')
  let count = 0
  for (const { name, base, head } of full ? versions : drawn(versions, 10, ({ name: one }) => one)) {
    const [old, again, now] = [base.file, base.file, head.file].map((file) => toolsOf(readFileSync(file)))
    if (old == null || again == null || now == null) continue
    const changes = diff(old, now)
    count += changes.length
    expect([name, diff(old, again)]).toEqual([name, []])
    expect([name, [...new Set(diff(now, old).map(({ kind }) => plain(kind)))].sort()]).toEqual([name, [...new Set(changes.map(({ kind }) => plain(kinds[kind].reverse)))].sort()])
  }
  expect(count).toBeGreaterThan(full ? 10_000 : 100)
  console.log(`${full ? versions.length : 10} pairs of versions: ${count} changes`)
}, full ? 900_000 : 120_000)

test(`every document beside itself: nothing (${full ? 'all' : 30})`, () => {
  const all = directorySpecs()
  for (const { name, file } of full ? all : drawn(all, 30, ({ name: one }) => one)) {
    const bytes = readFileSync(file)
    const [one, other] = [toolsOf(bytes), toolsOf(bytes)]
    expect([name, one === null || other === null ? [] : diff(one, other)]).toEqual([name, []])
  }
}, full ? 1_800_000 : 120_000)

test.each([['GitHub', 'github', 5_000], ['Microsoft Graph', 'graph', 10_000]] as const)('%s with a small change costs little', (name, spec, mostMs) => {
  const text = readFileSync(namedSpecs[spec](), 'utf8')
  const root = JSON.parse(text) as { paths: Record<string, Record<string, { description?: string; operationId?: string }>>; components: { schemas: Record<string, { properties?: Record<string, unknown> }> } }
  const paths = Object.entries(root.paths)
  const [first, second] = [paths[7]!, paths[11]!]
  delete root.paths[first[0]]
  Object.values(second[1]).find(({ operationId }) => operationId !== undefined)!.description = 'Something else.'
  // One that many operations answer with.
  root.components.schemas[spec === 'github' ? 'simple-user' : 'BaseCollectionPaginationCountResponse']!.properties!['fresh'] = { type: 'string' }
  const [base, head] = [toolsOf(text)!, toolsOf(JSON.stringify(root))!]
  const start = performance.now()
  const cpu = process.cpuUsage()
  const changes = diff(base, head)
  const ms = process.cpuUsage(cpu).user / 1_000
  console.log(`${name}: ${base.tools.length} tools, ${changes.length} changes in ${ms.toFixed(0)} ms of CPU (${(performance.now() - start).toFixed(0)} ms on the clock)`)
  const found = new Set<ChangeKind>(changes.map(({ kind }) => kind))
  expect([...found].sort()).toEqual(['description-changed', 'output-property-added', 'tool-removed'])
  // Many times what it takes: a busy machine is no failure, comparing all with all is.
  expect(ms).toBeLessThan(mostMs)
}, 120_000)
