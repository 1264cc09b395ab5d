// The scanner against texts that it did not see while its rules were written, against the poison set of the developers, and against what real APIs say.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readDocument, scan, toTools } from '@haechi/openapi-tools'
import type { ScannedTool } from '@haechi/openapi-tools'
import { describe, expect, test } from 'vitest'
import { directorySpecs, drawn, namedSpecs } from '../../specs.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const poisonSet = join(process.env['HAECHI_CORPUS'] ?? resolve(import.meta.dirname, '../../../../shared/data'), 'mcp-poison/mcp-poison.ndjson')
const verdict = (tool: ScannedTool) => {
  const { findings } = scan([tool])[0]!
  return { poisoned: findings.some(({ capability }) => !capability), capable: findings.some(({ capability }) => capability), findings }
}
const report = (line: string) => console.log(`scan: ${line}`)

type Labelled = ScannedTool & { readonly id: string; readonly text_label: 'poisoned' | 'dangerous' | 'clean' | null }

describe.skipIf(!existsSync(poisonSet))(`the poison set${existsSync(poisonSet) ? '' : ' (skipped: no HAECHI_CORPUS)'}`, () => {
  const entries = existsSync(poisonSet) ? readFileSync(poisonSet, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Labelled) : []
  const of = (label: Labelled['text_label']) => entries.filter((entry) => entry.text_label === label)

  test('nine tenths of the poisoned, none of the clean, the dangerous as capability', () => {
    const missed = of('poisoned').filter((entry) => !verdict(entry).poisoned).map(({ name }) => name)
    const flagged = of('clean').filter((entry) => verdict(entry).findings.length > 0).map(({ name }) => name)
    const capable = of('dangerous').filter((entry) => verdict(entry).capable)
    report(`poison set: ${of('poisoned').length - missed.length} of ${of('poisoned').length} poisoned, ${flagged.length} of ${of('clean').length} clean, ${capable.length} of ${of('dangerous').length} dangerous as capability`)
    expect(flagged).toEqual([])
    expect(missed.length).toBeLessThanOrEqual(0.1 * of('poisoned').length)
    expect(capable.length).toBeGreaterThanOrEqual(0.9 * of('dangerous').length)
  })

  test('as one list they are judged as each alone', () => {
    const together = scan(entries)
    expect(together.map(({ findings }) => findings)).toEqual(entries.map((entry) => verdict(entry).findings))
  })
})

/** `seen` marks texts that were written to find what the rules missed, and that shaped them; of the others a third, by their hash, was only counted. */
type Text = readonly [place: string, text: string, seen?: 'seen']
const textsOf = (kind: 'poisoned' | 'clean') => readFileSync(new URL(`scan-${kind}.ndjson`, import.meta.url), 'utf8').trim().split('\n').map((line) => {
  const text = JSON.parse(line) as Text
  return { text, tool: toolOf(text), heldOut: text[2] === undefined && Number.parseInt(createHash('sha256').update(line).digest('hex').slice(0, 8), 16) % 3 === 0 }
})

/** A tool with the text in that place; U+2038 parts keys, so that no scanner of keys takes them for real ones. */
function toolOf([place, written]: Text): ScannedTool {
  const text = written.replaceAll('\u2038', '')
  const sample = { name: 'sample', description: 'Does a thing.' }
  const property = (more: object): ScannedTool => ({ ...sample, inputSchema: { type: 'object', properties: { value: { type: 'string', ...more } } } })
  if (place === 'description' || place === 'title' || place === 'name') return { ...sample, [place]: text }
  if (place === 'property') return { ...sample, inputSchema: { type: 'object', properties: { [text]: { type: 'string' } } } }
  if (place === 'output') return { ...sample, outputSchema: { type: 'object', properties: { result: { description: text } } } }
  if (place === 'annotation') return { ...sample, annotations: { title: text } }
  if (place === 'enum' || place === 'examples') return property({ [place]: [text] })
  return property({ [place === 'param' ? 'description' : place === 'comment' ? '$comment' : place]: text })
}

test('poisoned texts in all places of a tool are found, near misses are not', () => {
  const poisoned = textsOf('poisoned').map((one) => ({ ...one, found: verdict(one.tool).poisoned }))
  const clean = textsOf('clean').map((one) => ({ ...one, found: verdict(one.tool).poisoned }))
  const share = (texts: readonly { found: boolean }[]) => `${texts.filter(({ found }) => found).length} of ${texts.length}`
  for (const [name, chosen] of [['held out', true], ['others', false]] as const) {
    report(`own texts, ${name}: ${share(poisoned.filter(({ heldOut }) => heldOut === chosen))} poisoned, ${share(clean.filter(({ heldOut }) => heldOut === chosen))} near misses`)
  }
  expect(poisoned.length).toBeGreaterThan(150)
  expect(clean.length).toBeGreaterThan(300)
  expect(clean.filter(({ found }) => found).map(({ text }) => text)).toEqual([])
  for (const part of [poisoned, poisoned.filter(({ heldOut }) => heldOut)]) expect(part.filter(({ found }) => found).length / part.length).toBeGreaterThan(0.95)
})

test(`at most one tool in a thousand of real APIs is flagged (${full ? 'all documents' : '150 documents below 15 MB; all with HAECHI_TEST_FULL=1'})`, () => {
  let tools = 0
  let capable = 0
  const flagged: string[] = []
  for (const { name, file } of full ? directorySpecs() : drawn(directorySpecs().filter(({ file: path }) => statSync(path).size < 15_000_000), 150, (spec) => spec.name)) {
    const read = readDocument(readFileSync(file))
    if ('refusal' in read) continue
    const set = toTools(read.document)
    // The descriptions whole as well: a definition may have shortened them.
    const results = scan(set.tools.map((tool) => ({ ...set.definition(tool), text: `${tool.operation.summary}\n\n${tool.operation.description}` })))
    tools += results.length
    for (const { name: toolName, findings } of results) {
      if (findings.some(({ capability }) => capability)) capable++
      const poison = findings.filter(({ capability }) => !capability)
      if (poison.length > 0) flagged.push(`${name} ${toolName}: ${poison.map(({ rule, evidence }) => `${rule} ${evidence}`).join('; ')}`)
    }
  }
  report(`real APIs: ${flagged.length} of ${tools} tools flagged (${(100 * flagged.length / tools).toFixed(3)} %), ${capable} with a capability (${(100 * capable / tools).toFixed(3)} %)`)
  expect(flagged.length / tools, flagged.join('\n')).toBeLessThanOrEqual(0.001)
  expect(capable / tools).toBeLessThanOrEqual(0.002)
})

test('the tools of GitHub are scanned in less than two seconds', () => {
  const read = readDocument(readFileSync(namedSpecs.github()))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  const set = toTools(read.document)
  const definitions = set.tools.map((tool) => set.definition(tool))
  const from = process.cpuUsage()
  const results = scan(definitions)
  const { user, system } = process.cpuUsage(from)
  report(`GitHub: ${results.length} tools in ${Math.round((user + system) / 1_000)} ms of CPU`)
  expect(results.length).toBeGreaterThan(1_000)
  expect((user + system) / 1_000).toBeLessThan(10_000)
})
