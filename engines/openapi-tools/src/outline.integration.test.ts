import type { Json, JsonObject } from '@haechi/mcp-wire'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDocument } from './document.ts'
import { createOutliner } from './outline.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, addUsedSchema: false })

function outliner(schemas: JsonObject = {}, version = '3.1.0') {
  const read = readDocument(JSON.stringify({ openapi: version, paths: {}, components: { schemas } }))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  return createOutliner(read.document)
}

test('an outline tells what can be there, and demands nothing', () => {
  const user = { type: 'object', required: ['id'], additionalProperties: false, properties: { id: { type: 'string', format: 'uuid', description: 'Its id.' }, name: { type: 'string', nullable: true, enum: ['a'] }, secret: { type: 'string', writeOnly: true }, boss: { $ref: '#/components/schemas/User' } } }
  expect(outliner({ User: user }, '3.0.0').outline([{ type: 'array', items: { $ref: '#/components/schemas/User' } }])).toEqual({
    type: 'array', items: { type: 'object', properties: { id: { type: 'string' }, name: { type: ['string', 'null'] }, boss: { type: 'object', properties: { id: { type: 'string' }, name: { type: ['string', 'null'] }, boss: expect.objectContaining({ type: 'object' }) as object } } } },
  })
})

test('what is composed is told as one', () => {
  const parts = { A: { type: 'object', properties: { a: { type: 'string' }, both: { type: 'string' } } }, B: { properties: { b: { type: 'integer' }, both: { type: 'number' } } } }
  const all = [{ $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }]
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    expect(outliner(parts).outline([{ [keyword]: all }])).toEqual({ type: 'object', properties: { a: { type: 'string' }, both: { type: ['number', 'string'] }, b: { type: 'integer' } } })
  }
  expect(outliner(parts).outline(all)).toEqual(outliner(parts).outline([{ anyOf: all }]))
  expect(outliner().isObject([{ type: 'object' }, { type: 'array' }])).toBe(false)
})

test('what all of several say is what each allows', () => {
  const both = (one: Json, other: Json) => outliner().outline([{ allOf: [{ type: one }, { type: other }] }])
  for (const [one, other, expected] of [['integer', 'number', 'integer'], ['number', 'integer', 'integer'], [['string', 'null'], 'string', 'string'], ['string', ['null', 'string'], 'string']] as const) expect(both(one, other)).toEqual({ type: expected })
  expect(both('string', 'integer')).toBeNull()
})

test('what says nothing is not told, and what says much is bounded', () => {
  expect(outliner().outline([{ type: 'object' }])).toBeNull()
  expect(outliner().outline([{}])).toBeNull()
  expect(outliner().outline([])).toBeNull()
  const wide = { type: 'object', properties: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`p${index}`, { type: 'object', properties: { x: { type: 'string' } } }])) }
  expect(JSON.stringify(outliner().outline([wide])).length).toBeLessThan(1_000)
})

test('schemas that double at each step cost no more than their text', () => {
  const schemas = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`S${index}`, { allOf: [{ $ref: `#/components/schemas/S${index + 1}` }, { $ref: `#/components/schemas/S${index + 1}` }], properties: { a: { anyOf: [{ $ref: `#/components/schemas/S${index + 1}` }, { $ref: `#/components/schemas/S${index + 2}` }] } } }]))
  expect(outliner(schemas).outline([{ $ref: '#/components/schemas/S0' }])).not.toBeUndefined()
})

const name = fc.constantFrom('a', 'b', '__proto__')
/** With alternatives, or with all of several. */
const drawn = (compositions: readonly string[]) => fc.letrec<{ schema: Json }>((tie) => ({
  schema: fc.oneof({ maxDepth: 4 }, fc.constantFrom<Json>({ type: 'string' }, { type: ['integer', 'null'] }, { type: 'number' }, {}, { const: 1 }, { $ref: '#/components/schemas/A' }, { $ref: '#/components/schemas/B' }),
    fc.record({ type: fc.constantFrom('object', ['object', 'null']), properties: fc.dictionary(name, tie('schema'), { maxKeys: 2 }) }),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record(Object.fromEntries(compositions.map((keyword) => [keyword, fc.array(tie('schema'), { minLength: 1, maxLength: 3 })])))),
})).schema
const { value } = fc.letrec<{ value: Json }>((tie) => ({ value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<Json>(null, 'x', 1, 2.5, true), fc.dictionary(name, tie('value'), { maxKeys: 2 }), fc.array(tie('value'), { maxLength: 2 })) }))

const accepts = (one: JsonObject, value: Json): boolean => ajv.compile(one)(value)

test('an answer that the document accepts, its outline accepts', () => {
  let accepted = 0
  const schema = drawn(['allOf'])
  fc.assert(fc.property(schema, fc.record({ A: schema, B: schema }), fc.array(value, { minLength: 12, maxLength: 12 }), (answer, schemas, values) => {
    const outline = outliner(schemas).outline([answer])
    if (outline === null) return
    const original = { allOf: [answer], components: { schemas } }
    for (const one of values) {
      try {
        if (!accepts(original, one)) continue
      } catch {
        // A schema that only refers to itself.
        continue
      }
      accepted++
      expect(accepts(outline, one), `${JSON.stringify(one)} of ${JSON.stringify(answer)}`).toBe(true)
    }
  }), { numRuns: 300 })
  expect(accepted).toBeGreaterThan(50)
})

