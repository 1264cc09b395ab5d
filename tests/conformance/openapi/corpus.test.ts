// Every document of the world that we have, as tools: each is read or refused with a code, no operation is lost without one, every schema is valid
// JSON Schema 2020-12 of type object that holds all it refers to, names are unique and legal, and the official client takes every list.
// 150 documents drawn by hash, or with `npm run test:full` all 2,639.
import { readFileSync } from 'node:fs'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { readDocument, toTools } from '@haechi/openapi-tools'
import type { ApiDocument } from '@haechi/openapi-tools'
import type { Json, JsonObject, ToolDefinition } from '@haechi/mcp-wire'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { directorySpecs, drawn, kubernetesSwagger, namedSpecs } from '../../specs.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
const specs = full ? directorySpecs() : drawn(directorySpecs(), 150, ({ name }) => name)
/** Compiled, which is slow: of each document the tools with the smallest hashes. */
const compiled = 2

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, addUsedSchema: false })
const isSchema = ajv.getSchema('https://json-schema.org/draft/2020-12/schema')!

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a document has, counted without the engine. */
function operationsIn({ root }: ApiDocument): number {
  const behind = (reference: string): Json | undefined => reference.slice(2).split('/').map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')).reduce<Json | undefined>((at, part) => (isObject(at) ? at[part] : undefined), root)
  const paths = root['paths']
  return Object.entries(isObject(paths) ? paths : {}).reduce((sum, [path, given]) => {
    const item = isObject(given) && typeof given['$ref'] === 'string' ? behind(given['$ref']) : given
    return sum + (path.startsWith('x-') || !isObject(item) ? 0 : Object.keys(item).filter((name) => /^(get|put|post|delete|options|head|patch|trace)$/.test(name)).length)
  }, 0)
}

/** What is wrong with a definition; [] for nothing. */
function faults(definition: ToolDefinition): string[] {
  const found: string[] = []
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(definition.name)) found.push('name')
  for (const schema of [definition.inputSchema, definition.outputSchema]) {
    if (schema === undefined) continue
    if (schema['type'] !== 'object') found.push(`type ${JSON.stringify(schema['type'])}`)
    if (isSchema(schema) !== true) found.push(ajv.errorsText(isSchema.errors))
    const defined = new Set(Object.keys(schema['$defs'] ?? {}))
    for (const [, reference] of JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)) if (!reference!.startsWith('#/$defs/') || !defined.has(reference!.slice(8))) found.push(`reference ${reference}`)
  }
  return found
}

/** A client of whoever answers tools/list with what is set. */
async function officialClient() {
  const [ours, theirs] = InMemoryTransport.createLinkedPair()
  let tools: readonly ToolDefinition[] = []
  // It is no EventTarget.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  ours.onmessage = (message) => {
    if (!('id' in message) || !('method' in message)) return
    const result = message.method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'corpus', version: '1' } } : { tools }
    void ours.send({ jsonrpc: '2.0', id: message.id, result: JSON.parse(JSON.stringify(result)) as typeof result })
  }
  await ours.start()
  const client = new Client({ name: 'corpus', version: '1' }, { versionNegotiation: { mode: 'legacy' } })
  await client.connect(theirs)
  return {
    async list(definitions: readonly ToolDefinition[]): Promise<number> {
      tools = definitions
      return (await client.listTools()).tools.length
    },
    close: () => client.close(),
  }
}

test(`${specs.length} documents of the world become tools${full ? '' : ' (all 2,639 with npm run test:full)'}`, async () => {
  const refused: string[] = []
  const skipped = new Map<string, string[]>()
  const wrong: string[] = []
  const counts = { operations: 0, tools: 0, outputs: 0, bytes: 0, converted: 0 }
  const client = await officialClient()
  for (const { name, file } of specs) {
    const bytes = readFileSync(file)
    const begin = performance.now()
    const read = readDocument(bytes)
    if ('refusal' in read) {
      refused.push(`${name}: ${read.refusal.code} at ${read.refusal.place}`)
      continue
    }
    const set = toTools(read.document)
    const definitions = set.tools.map((tool) => set.definition(tool))
    counts.converted += performance.now() - begin
    counts.operations += operationsIn(read.document)
    counts.tools += definitions.length
    counts.bytes += definitions.reduce((sum, definition) => sum + Buffer.byteLength(JSON.stringify(definition)), 0)
    counts.outputs += definitions.filter(({ outputSchema }) => outputSchema !== undefined).length
    for (const one of set.skipped) skipped.set(one.code, [...skipped.get(one.code) ?? [], `${name}: ${one.key}`])
    if (operationsIn(read.document) !== definitions.length + set.skipped.length) wrong.push(`${name}: operations went missing`)
    if (new Set(definitions.map((definition) => definition.name)).size !== definitions.length) wrong.push(`${name}: names that are not unique`)
    for (const definition of definitions) for (const fault of faults(definition)) wrong.push(`${name}: ${definition.name}: ${fault}`)
    for (const definition of drawn(definitions, compiled, (one) => one.name)) {
      for (const schema of [definition.inputSchema, definition.outputSchema ?? {}]) {
        try {
          ajv.compile(schema)
        } catch (error) {
          wrong.push(`${name}: ${definition.name} does not compile: ${String(error)}`)
        }
      }
    }
    try {
      if (await client.list(definitions) !== definitions.length) wrong.push(`${name}: the official client leaves tools out`)
    } catch (error) {
      wrong.push(`${name}: the official client refuses the list: ${String(error).slice(0, 300)}`)
    }
  }
  await client.close()
  console.log(`${specs.length} documents, ${refused.length} refused; ${counts.operations} operations, ${counts.tools} tools, ${counts.outputs} with an outputSchema; ${(counts.bytes / 1e6).toFixed(1)} MB of definitions; read and converted in ${(counts.converted / 1_000).toFixed(1)} s`)
  for (const [code, all] of skipped) console.log(`  left out: ${code} ${all.length}, such as ${all.slice(0, 3).join('; ')}`)
  for (const line of refused) console.log(`  refused: ${line}`)
  expect(wrong).toEqual([])
  expect(counts.tools).toBeGreaterThan(specs.length)
  expect(counts.tools / counts.operations).toBeGreaterThanOrEqual(0.99)
  expect(counts.converted).toBeLessThan(180_000)
})

test('the lists of large APIs stay small', () => {
  const bounds = [['GitHub', readFileSync(namedSpecs.github()), 1.7, 1_223], ['Stripe', readFileSync(namedSpecs.stripe()), 3, 452], ['Kubernetes', readFileSync(namedSpecs.kubernetes()), 4, 845], ['Kubernetes 1.11 in Swagger 2.0', kubernetesSwagger(), 5, 963]] as const
  for (const [name, source, megabytes, tools] of bounds) {
    const read = readDocument(source)
    if ('refusal' in read) throw new Error(read.refusal.reason)
    const set = toTools(read.document)
    const size = Buffer.byteLength(JSON.stringify({ tools: set.tools.map((tool) => set.definition(tool)) })) / 1e6
    console.log(`${name}: ${set.tools.length} tools in ${size.toFixed(2)} MB`)
    expect(set.tools.length, name).toBe(tools)
    expect(size, name).toBeLessThanOrEqual(megabytes)
    expect(set.tools.flatMap((tool) => faults(set.definition(tool)))).toEqual([])
  }
})
