import type { Json, JsonObject } from '@haechi/mcp-wire'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocument } from './document.ts'
import type { ApiVersion } from './model.ts'
import { closure, createSchemaConverter, pruned, shortened } from './schema.ts'
import type { Component } from './schema.ts'

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false, addUsedSchema: false, meta: true })
const isSchema = ajv.getSchema('https://json-schema.org/draft/2020-12/schema')!

/** A schema with the components beside it, as an argument of a tool of that version. */
function converted(raw: Json, version: ApiVersion = '3.0', schemas: JsonObject = {}): JsonObject {
  const read = readDocument(JSON.stringify(version === '2.0' ? { swagger: '2.0', paths: {}, definitions: schemas } : { openapi: `${version}.0`, paths: {}, components: { schemas } }))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  const reached = new Set<Component>()
  const schema = createSchemaConverter(read.document).argument(raw, reached)
  const { within } = closure(reached, 100_000)
  return within.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(within.map((component) => [component.name, component.converted().schema])) }
}

describe('the older dialects', () => {
  test.each<[string, Json, JsonObject]>([
    ['nullable', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    ['nullable with values', { type: 'string', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
    ['nullable, of what it is composed', { nullable: true, allOf: [{ type: 'object' }] }, { anyOf: [{ type: 'object' }, { type: 'null' }] }],
    ['bounds that are excluded', { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false }, { type: 'number', exclusiveMinimum: 1, maximum: 5 }],
    ['a tuple', { type: 'array', items: [{ type: 'string' }] }, { type: 'array', prefixItems: [{ type: 'string' }] }],
    ['what is for people', { type: 'string', example: 'x', xml: {}, externalDocs: {}, title: 'X' }, { type: 'string' }],
    ['bytes', { type: 'string', format: 'byte' }, { type: 'string', contentEncoding: 'base64' }],
    ['a discriminator', { type: 'object', discriminator: { propertyName: 'kind', mapping: { cat: '#/x', dog: '#/y' } } }, { type: 'object', description: 'Its kind is in kind: cat, dog.' }],
  ])('%s', (_what, raw, expected) => expect(converted(raw)).toEqual(expected))
})

describe('what is broken is mended where it is plain, and left out where not', () => {
  test.each<[string, Json, JsonObject]>([
    ['required of a property', { type: 'string', required: true }, { type: 'string' }],
    ['a type nobody knows', { type: 'int' }, { type: 'integer' }],
    ['no type at all', { type: 'whatever', maxLength: 3 }, { maxLength: 3 }],
    ['values that are none', { type: 'string', enum: null }, { type: 'string' }],
    ['no values', { type: 'string', enum: [] }, { type: 'string' }],
    ['values twice, and of another type', { type: 'string', enum: ['1', 1, true, '1'] }, { type: 'string', enum: ['1', 'true'] }],
    ['values that the type rules out', { type: 'integer', enum: ['a'] }, { type: 'integer' }],
    ['a pattern that does not compile', { type: 'string', pattern: '(?i)[' }, { type: 'string' }],
    ['a pattern that only backtracking can match', { type: 'string', pattern: '(a)\\1' }, { type: 'string' }],
    ['numbers as text', { type: 'integer', minimum: '1', maximum: 'many' }, { type: 'integer', minimum: 1 }],
    ['a negative length', { type: 'string', minLength: -1, maxLength: 2.5 }, { type: 'string' }],
    ['a fraction as a step', { type: 'number', multipleOf: 0.01 }, { type: 'number' }],
    ['properties that are a list', { type: 'object', properties: [], required: 'id' }, { type: 'object' }],
    ['properties that are no schemas', { type: 'object', properties: { a: 'string', b: null } }, { type: 'object', properties: { a: {}, b: {} } }],
    ['a reference to nowhere', { $ref: '#/components/schemas/Nobody' }, {}],
    ['a reference elsewhere', { $ref: 'https://example.com/schema.json' }, {}],
    ['no schema', 'string', {}],
  ])('%s', (_what, raw, expected) => expect(converted(raw)).toEqual(expected))
})

test('what only the server sets is no argument, wherever that is said', () => {
  const schemas = { Id: { type: 'string', readOnly: true }, Base: { type: 'object', properties: { created: { type: 'string', readOnly: true }, name: { type: 'string' } }, required: ['created', 'name'] } }
  expect(converted({ type: 'object', properties: { id: { $ref: '#/components/schemas/Id' }, label: { type: 'string' } }, required: ['id', 'label'] }, '3.0', schemas)).toEqual({ type: 'object', properties: { label: { type: 'string' } }, required: ['label'] })
  expect(converted({ allOf: [{ $ref: '#/components/schemas/Base' }], required: ['created'] }, '3.0', schemas)).toEqual({ $ref: '#/$defs/Base', $defs: { Base: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } } })
})

test('a cycle stays a reference, and only what is reached is defined', () => {
  const schemas = { Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' }, value: { $ref: '#/components/schemas/Value' } } }, Value: { type: 'object', properties: { n: { type: 'integer' } } }, Other: { type: 'object' } }
  const schema = converted({ $ref: '#/components/schemas/Node' }, '3.0', schemas)
  expect(Object.keys(schema['$defs']!)).toEqual(['Node', 'Value'])
  expect(ajv.compile(schema)({ next: { next: { value: { n: 1.5 } } } })).toBe(false)
})

test('names of components are short where that is enough', () => {
  const schemas = { 'io.k8s.core.v1.Pod': { type: 'object' }, 'io.k8s.core.v1.Event': { type: 'object' }, 'io.k8s.events.v1.Event': { type: 'object' }, 사용자: { type: 'object' } }
  const { $defs } = converted({ type: 'object', properties: Object.fromEntries(Object.keys(schemas).map((name, index) => [index, { $ref: `#/components/schemas/${encodeURIComponent(name)}` }])) }, '3.0', schemas)
  expect(Object.keys($defs!)).toEqual(['Pod', 'io_k8s_core_v1_Event', 'io_k8s_events_v1_Event', expect.stringMatching(/^_[0-9a-f]{8}$/)])
})

test('a long chain of components is no deep call', () => {
  const schemas = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`C${index}`, { type: 'object', properties: { next: { $ref: `#/components/schemas/C${index + 1}` } } }]))
  const read = readDocument(JSON.stringify({ openapi: '3.0.0', paths: {}, components: { schemas } }))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  const reached = new Set<Component>()
  createSchemaConverter(read.document).argument({ $ref: '#/components/schemas/C0' }, reached)
  const { within, beyond } = closure(reached, 10_000)
  expect(within.length).toBeGreaterThan(50)
  expect(beyond).toHaveLength(1)
})

test('shorter is the same but for its descriptions, and pruned is open below', () => {
  const schema = { type: 'object', description: 'One. Two.', properties: { description: { type: 'string', description: 'First is this sentence. Second.' } }, required: ['description'] }
  expect(shortened(schema, 3)).toEqual({ type: 'object', properties: { description: { type: 'string' } }, required: ['description'] })
  expect(shortened(schema, 1)['properties']).toEqual({ description: { type: 'string', description: 'First is this sentence.' } })
  const deep: JsonObject = { type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'object', properties: Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, { type: 'string' }])) } } } } }
  expect(pruned(deep, 300)).toEqual({ type: 'object', properties: { a: { type: 'object', properties: { b: { type: 'object' } } } } })
  expect(pruned(deep, 1e6)).toBe(deep)
})

// ---- drawn

const name = fc.constantFrom('a', 'b', 'c', '__proto__', '$ref', 'description')
const leaf = fc.oneof(fc.constant({ type: 'string' }), fc.constant({ type: 'integer' }), fc.constant({ type: 'string', enum: ['x', 'y'] }), fc.constant({ type: ['number', 'null'], minimum: 1 }), fc.constant({ const: 1 }), fc.constant({ type: 'string', pattern: '^x+$', maxLength: 3 }), fc.constant({ type: 'string', pattern: '(?=x)x' }), fc.constant({ $ref: '#/components/schemas/A' }), fc.constant({ $ref: '#/components/schemas/B' }), fc.constantFrom(false, {}))
const { sane } = fc.letrec<{ sane: Json }>((tie) => ({
  sane: fc.oneof({ maxDepth: 4 }, leaf, fc.record({ type: fc.constant('object'), properties: fc.dictionary(name, tie('sane'), { maxKeys: 3 }), required: fc.uniqueArray(name, { maxLength: 1 }), additionalProperties: tie('sane'), patternProperties: fc.constantFrom({}, { '^b': { type: 'string' } }, { '(?=b)b': { type: 'string' } }) }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('array'), items: tie('sane'), prefixItems: fc.array(tie('sane'), { minLength: 1, maxLength: 2 }), maxItems: fc.nat(3), uniqueItems: fc.boolean() }, { requiredKeys: ['type'] }),
    fc.record({ allOf: fc.array(tie('sane'), { minLength: 1, maxLength: 2 }), anyOf: fc.array(tie('sane'), { minLength: 1, maxLength: 2 }), oneOf: fc.array(tie('sane'), { minLength: 1, maxLength: 2 }), not: fc.constantFrom({ const: 1 }, { type: 'string' }), type: fc.constantFrom('object', 'string') }, { requiredKeys: [] })),
}))
const value = fc.letrec<{ value: Json }>((tie) => ({ value: fc.oneof({ maxDepth: 3 }, fc.constantFrom<Json>(null, 'x', 'xx', 'y', 1, 2.5, 0, true), fc.dictionary(name, tie('value'), { maxKeys: 3 }), fc.array(tie('value'), { maxLength: 3 })) })).value

/** Values that have a chance. */
function likely(raw: Json, schemas: JsonObject, deep: number): Json[] {
  if (typeof raw !== 'object' || raw === null || deep === 0) return ['x', 1, null, {}]
  const schema = raw as JsonObject
  if (typeof schema['$ref'] === 'string') return likely(schemas[schema['$ref'].slice(-1)]!, schemas, deep - 1)
  const of = (one: Json | undefined): Json[] => likely(one ?? null, schemas, deep - 1)
  const branches = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => ((schema[keyword] ?? []) as Json[]).flatMap(of))
  const properties = Object.entries((schema['properties'] ?? {}) as JsonObject)
  const whole = [0, 1, 2].map((nth) => Object.fromEntries([...properties, ...((schema['required'] ?? []) as string[]).map((name) => [name, schema['additionalProperties'] ?? null] as const)].map(([name, one]) => [name, of(one)[nth] ?? 'x'])))
  return [...branches, ...whole, {}, [], ...of(schema['items']).map((one) => [one]), ((schema['prefixItems'] ?? []) as Json[]).map((one) => of(one)[0] ?? 1), ...((schema['enum'] ?? []) as Json[]), schema['const'] ?? 2, 'xx', { a: 'x', b: 'x', ...whole[0] }].slice(0, 24)
}

test('what the document accepts, the argument accepts', () => {
  let accepted = 0
  fc.assert(fc.property(sane, fc.record({ A: sane, B: sane }), fc.array(value, { maxLength: 40 }), (raw, schemas, values) => {
    let original: (value: Json) => boolean
    try {
      original = ajv.compile({ allOf: [raw], components: { schemas } }) as typeof original
    } catch {
      // A schema that only refers to itself.
      return
    }
    const ours = ajv.compile(converted(raw, '3.1', schemas)) as typeof original
    for (const one of [...values, ...likely(raw, schemas, 3)]) {
      let fits = false
      try {
        fits = original(one)
      } catch {
        continue
      }
      if (!fits) continue
      accepted++
      expect(ours(one), `${JSON.stringify(one)} of ${JSON.stringify(raw)}`).toBe(true)
    }
  }), { numRuns: 120 })
  expect(accepted).toBeGreaterThan(100)
})

const keyword = fc.constantFrom('type', 'properties', 'required', 'items', 'prefixItems', 'enum', 'const', 'allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'minimum', 'exclusiveMinimum', 'maxLength', 'pattern', 'format', 'description', 'additionalProperties', 'patternProperties', 'discriminator', 'default', '$ref', '$defs', '$id', 'readOnly', 'x-nullable', 'a')
const sloppy = fc.letrec<{ sloppy: Json }>((tie) => ({
  sloppy: fc.oneof({ maxDepth: 5 }, fc.constantFrom<Json>('string', 'object', 'array', 'integer', 'int', '[', '#/components/schemas/A', '#/components/schemas/B', '#', '', 'a/b~', null, true, false, -1, 1.5, 1e300), fc.array(tie('sloppy'), { maxLength: 3 }), fc.dictionary(keyword, tie('sloppy'), { maxKeys: 5 })),
})).sloppy

test('whatever stands where a schema should, comes out as one that is valid and compiles', () => {
  fc.assert(fc.property(sloppy, sloppy, sloppy, fc.constantFrom<ApiVersion>('2.0', '3.0', '3.1', '3.2'), (raw, one, other, version) => {
    const schema = converted(raw, version, { A: one, B: other })
    expect(isSchema(schema), JSON.stringify(schema)).toBe(true)
    for (const [, name] of JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"]*)"/g)) expect(Object.keys(schema['$defs'] ?? {})).toContain(name)
    // A definition that is nothing but a reference to itself is valid, and means nothing.
    ajv.compile({ type: 'object', properties: { body: schema }, ...(schema['$defs'] === undefined ? {} : { $defs: schema['$defs'] }) })
  }), { numRuns: 1_000 })
})
