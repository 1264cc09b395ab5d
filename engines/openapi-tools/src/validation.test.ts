import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { createArgumentCheck } from './arguments.ts'
import { fit, NOTHING } from './fit.ts'
import { Validation } from './validation.ts'

/** Formats are held elsewhere: Ajv has none without a package of its own. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, logger: false })

// Few names and values, so that schema and value meet.
const name = fc.constantFrom('a', 'b', 'c', 'a/b~', '한')
const leaf: fc.Arbitrary<Json> = fc.oneof(fc.constantFrom<Json>(null, true, false, 0, 1, 2, 1.5, -3, 10, '', 'a', 'ab', 'abc', '한글', '2026-01-02', '2026-02-30'), fc.integer({ min: -5, max: 12 }))
const value: fc.Arbitrary<Json> = fc.letrec<{ any: Json }>((tie) => ({ any: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('any'), { maxLength: 4 }), fc.dictionary(name, tie('any'), { maxKeys: 4, noNullPrototype: true })) })).any
const small = fc.integer({ min: 0, max: 4 })
const type = fc.constantFrom('string', 'number', 'integer', 'boolean', 'object', 'array', 'null')

function schemas(keywords: 'all' | 'of outputs'): fc.Arbitrary<JsonObject> {
  const { node } = fc.letrec<{ node: JsonObject; sub: Json }>((tie) => {
    const sub = tie('sub')
    // A reference stands only where a step into the value has been taken: one that leads back to itself has no answer, and Ajv's is a stack overflow.
    const step = fc.oneof(sub, fc.constantFrom<Json>({ $ref: '#/$defs/one' }, { $ref: '#/$defs/two' }))
    const structural = {
      properties: fc.dictionary(name, step, { maxKeys: 3, noNullPrototype: true }), additionalProperties: step, items: step, anyOf: fc.array(sub, { minLength: 1, maxLength: 3 }), allOf: fc.array(sub, { minLength: 1, maxLength: 2 }),
    }
    const plain = {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })), enum: fc.uniqueArray(value, { minLength: 1, maxLength: 4, selector: (it) => JSON.stringify(it) }), const: value, required: fc.uniqueArray(name, { maxLength: 2 }),
      minimum: small, maximum: small, exclusiveMinimum: small, exclusiveMaximum: small, multipleOf: fc.constantFrom(1, 2, 0.5), minLength: small, maxLength: small, minItems: small, maxItems: small, minProperties: small, maxProperties: small,
      uniqueItems: fc.boolean(), pattern: fc.constantFrom('^a', 'b$', '^[a-c]*$', '.'),
    }
    const rare = {
      oneOf: fc.array(sub, { minLength: 1, maxLength: 3 }), not: sub, if: sub, ['then' as string]: sub, else: sub, prefixItems: fc.array(sub, { minLength: 1, maxLength: 2 }), contains: sub, minContains: small, maxContains: small, propertyNames: sub,
      patternProperties: fc.dictionary(fc.constantFrom('^a', 'b'), sub, { minKeys: 1, maxKeys: 2, noNullPrototype: true }), dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 2, noNullPrototype: true }), dependentSchemas: fc.dictionary(name, sub, { maxKeys: 2, noNullPrototype: true }),
    }
    const all: Record<string, fc.Arbitrary<Json>> = { ...structural, ...plain, ...(keywords === 'all' ? rare : {}) }
    const some = fc.subarray(Object.keys(all), { minLength: 1, maxLength: 3 }).chain((kept) => fc.record(Object.fromEntries(kept.map((key) => [key, all[key]!]))) as fc.Arbitrary<JsonObject>)
    return { node: some, sub: fc.oneof({ maxDepth: 2 }, fc.constantFrom<Json>({}, true, false, { type: 'string' }, { type: 'integer' }), tie('node')) }
  })
  return fc.record({ node, one: node, two: node }).map(({ node: root, one, two }) => ({ ...root, $defs: { one, two } }))
}

const judged = (schema: JsonObject, drawn: Json): boolean => ajv.validate(schema, drawn)

describe('Validation', () => {
  it('calls valid what Ajv calls valid', () => {
    const seen = { valid: 0, invalid: 0 }
    fc.assert(fc.property(schemas('all'), fc.array(value, { minLength: 1, maxLength: 3 }), (schema, values) => {
      for (const drawn of values) {
        const theirs = judged(schema, drawn)
        const validation = new Validation(schema, 'strict')
        const ours = validation.violations(schema, drawn)
        if (validation.unsure) continue
        seen[theirs ? 'valid' : 'invalid'] += 1
        expect(ours.length === 0, JSON.stringify({ schema, drawn, ours })).toBe(theirs)
      }
    }), { numRuns: 300 })
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(40)
  })
  it('gives up on alternatives that multiply instead of following them', () => {
    const schema: JsonObject = { $defs: { n: { anyOf: Array.from({ length: 8 }, (_, at) => ({ type: 'object', properties: { a: { $ref: '#/$defs/n' } }, required: [`b${at}`] })) } }, $ref: '#/$defs/n' }
    let drawn: Json = {}
    for (let at = 0; at < 40; at += 1) drawn = { a: drawn }
    const validation = new Validation(schema, 'strict')
    validation.violations(schema, drawn)
    expect(validation.unsure).toBe(true)
    expect(fit(schema, drawn)).toBe(NOTHING)
    const loop: JsonObject = { $defs: { n: { $ref: '#/$defs/n' } }, $ref: '#/$defs/n' }
    expect(new Validation(loop, 'strict').violations(loop, 1)).toEqual([])
    expect(fit(loop, 1)).toBe(NOTHING)
  })
  it('patterns do not stall, and those that linear time cannot do say nothing', () => {
    const schema: JsonObject = { type: 'object', properties: { a: { pattern: '^(a+)+$' }, b: { pattern: '^(?=x)x$' } } }
    expect(createArgumentCheck(schema)({ a: `${'a'.repeat(50_000)}!`, b: 'y' })).toEqual([expect.stringContaining("'a' has to match the pattern ^(a+)+$")])
  })
})

describe('fit', () => {
  it('gives what Ajv calls valid, all of it where the whole is valid, and parts of the value only', () => {
    const seen = { whole: 0, parts: 0, nothing: 0 }
    fc.assert(fc.property(schemas('of outputs'), fc.array(value, { minLength: 1, maxLength: 3 }), (schema, values) => {
      for (const drawn of values) {
        const whole = judged(schema, drawn)
        const fitted = fit(schema, drawn)
        seen[fitted === NOTHING ? 'nothing' : whole ? 'whole' : 'parts'] += 1
        if (fitted === NOTHING) expect(whole, JSON.stringify({ schema, drawn })).toBe(false)
        else {
          expect(judged(schema, fitted), JSON.stringify({ schema, drawn, fitted })).toBe(true)
          if (whole) expect(fitted).toEqual(drawn)
          else within(fitted, drawn)
        }
      }
    }), { numRuns: 300 })
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(8)
  })
  function within(part: Json, whole: Json): void {
    if (Array.isArray(part)) {
      expect(Array.isArray(whole) && part.length <= whole.length).toBe(true)
    } else if (typeof part === 'object' && part !== null) for (const [key, member] of Object.entries(part)) within(member, (whole as JsonObject)[key] as Json)
    else expect(part).toBe(whole)
  }
  it('drops members, items and what no alternative takes', () => {
    const schema: JsonObject = { type: 'object', properties: { n: { type: 'integer' }, list: { type: 'array', items: { type: 'object', properties: { at: { type: 'string', format: 'date-time' } } } }, either: { anyOf: [{ type: 'string' }, { type: 'object', properties: { x: { type: 'number' } } }] } } }
    expect(fit(schema, { n: 'x', list: [{ at: '2026-01-02T03:04:05Z', more: 1 }, { at: 'yesterday' }, 5], either: { x: 'no' }, other: [1] })).toEqual({ list: [{ at: '2026-01-02T03:04:05Z', more: 1 }, {}], either: {}, other: [1] })
    expect(fit(schema, 5)).toBe(NOTHING)
    expect(fit(schema, { other: Infinity, n: 1 })).toEqual({ n: 1 })
    expect(Object.keys(fit({}, JSON.parse('{"__proto__":1,"a":2}') as Json) as object)).toEqual(['a'])
  })
})

describe('createArgumentCheck', () => {
  const check = createArgumentCheck({
    type: 'object', required: ['id'], $defs: { state: { enum: ['open', 'closed'] } },
    properties: { id: { type: 'string' }, perPage: { type: 'integer', minimum: 1, maximum: 100 }, state: { $ref: '#/$defs/state' }, body: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 2 }, tags: { type: 'array', items: { type: 'string' } }, owner: { anyOf: [{ type: 'object', required: ['id'], properties: { id: { type: 'integer' } } }, { type: 'null' }] } } } },
  })
  it.each<[Json, string[]]>([
    [{ id: 'a', perPage: 5, state: 'open', body: { name: 'xy', tags: [], owner: null, other: 1 } }, []],
    [{}, ["The tool needs 'id'."]],
    [{ id: 5 }, ["'id' has to be a string, not 5."]],
    [{ id: 'a', per_page: 5 }, ["The tool does not know 'per_page'; did you mean 'perPage'?"]],
    [{ id: 'a', zzz: 5 }, ["The tool does not know 'zzz'; it knows 'id', 'perPage', 'state', 'body'."]],
    [{ id: 'a', perPage: 1000 }, ["'perPage' has to be at most 100, not 1000."]],
    [{ id: 'a', state: 'Opened' }, [`'state' has to be one of "open", "closed", not "Opened" (did you mean "open"?)`]],
    [{ id: 'a', body: { tags: [1], name: 'x', owner: { id: '1' } } }, ["'body/tags/0' has to be a string, not 1.", "'body/name' has to have at least 2 characters, not 1.", "'body/owner/id' has to be an integer, not \"1\"."]],
    [{ id: 'a', body: 'x' }, ["'body' has to be an object, not \"x\"."]],
    [[], ['The arguments have to be an object.']],
  ])('%j', (args, problems) => expect(check(args).toSorted()).toEqual(problems.toSorted()))
  it('at most ten, whatever is wrong', () => {
    expect(check(Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`x${at}`, 1]))).length).toBe(10)
    expect(check({ id: 'a', body: { name: 'xy', tags: Array.from({ length: 1_000 }, () => 1) } }).length).toBe(10)
    expect(check(JSON.parse('{"id":"a","__proto__":1}') as Json).length).toBe(1)
  })
  it('what is open stays open, what documents get wrong is forgiven', () => {
    expect(createArgumentCheck({ type: 'object', properties: {}, additionalProperties: { type: 'integer' } })({ a: 1, b: 'x' })).toEqual(["'b' has to be an integer, not \"x\"."])
    expect(createArgumentCheck({ type: 'object', properties: { d: { format: 'date' }, p: { multipleOf: 0.01 }, o: { oneOf: [{ type: 'string' }, { minLength: 1 }] } } })({ d: 'soon', p: 19.99, o: 'x' })).toEqual([])
  })
})
