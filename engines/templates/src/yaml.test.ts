import fc from 'fast-check'
import { dump, load } from 'js-yaml'
import { expect, test } from 'vitest'
import { TemplateError } from './problem.ts'
import { Scalar, parseYaml } from './yaml.ts'
import type { Yaml } from './yaml.ts'

/** As JSON: scalars as what they are. */
const plain = (node: Yaml | null): unknown => (node === null ? null : typeof node === 'string' ? node : node instanceof Scalar ? node.value : Array.isArray(node) ? (node as readonly Yaml[]).map(plain) : Object.fromEntries([...(node as ReadonlyMap<string, Yaml>)].map(([name, value]) => [name, plain(value)])))
const placeOf = (text: string): string => {
  try {
    parseYaml(text)
  } catch (error) {
    if (error instanceof TemplateError) return `${error.problem.code} ${error.problem.place}`
    throw error
  }
  return 'read'
}

test('a plain scalar keeps its text, and is what YAML 1.1 says where that is asked for', () => {
  const scalars = ['00', '0x1F', '017', '0b11', '1_000', '-5', '1e3', '.5', 'yes', 'Off', '~', '', '0o17', '1.50']
  const read = parseYaml(scalars.map((text, at) => `k${at}: ${text}`).join('\n')) as ReadonlyMap<string, Scalar>
  expect([...read.values()].map(({ text, value }) => [text, value])).toEqual([
    ['00', 0], ['0x1F', 31], ['017', 15], ['0b11', 3], ['1_000', 1000], ['-5', -5], ['1e3', 1000], ['.5', 0.5], ['yes', true], ['Off', false], ['~', null], ['', null], ['0o17', 15], ['1.50', 1.5],
  ])
})

test('what looks like a number and is none, or stands in quotes, is text', () => {
  expect(plain(parseYaml('- 1.2.3\n- "12"\n- 2026-11-22\n- 0x\n- 089a\n- -\n- yesterday\n- !!str 5\n- 1e999\n- .'))).toEqual(['1.2.3', '12', '2026-11-22', '0x', '089a', [null], 'yesterday', '5', '1e999', '.'])
})

test('values are those of js-yaml for whatever it writes', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.array(tie('value')), fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== '__proto__' && name !== '<<'), tie('value'))),
  })).value
  fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value), (given) => {
    const text = dump(given)
    // js-yaml writes for YAML 1.2, where these words are text.
    if (/(?:^|[\s-])(?:y|n|yes|no|on|off|[-+]?0[0-7]+|[-+]?[0-9_]*_[0-9_]*|[-+]?0[bx][0-9a-f]+)$/im.test(text)) return
    const read = plain(parseYaml(text))
    expect(Object.keys(given).length === 0 ? {} : read).toEqual(load(text))
  }))
})

test('aliases and merges are read, and what they stand for is counted', () => {
  expect(plain(parseYaml('a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3'))).toEqual({ a: { x: 1, y: 2 }, b: { x: 1, y: 2 }, c: { x: 1, y: 3 } })
  const bomb = ['a: &l0 [x, x, x, x, x, x, x, x, x, x]', ...Array.from({ length: 9 }, (_, at) => `b${at}: &l${at + 1} [${Array.from({ length: 10 }, () => `*l${at}`).join(', ')}]`)].join('\n')
  expect(placeOf(bomb)).toMatch(/^yaml_invalid line [0-9]+$/)
})

test('what is no YAML, or too much of it, is refused with its line', () => {
  expect(placeOf('a: [1, 2')).toMatch(/^yaml_invalid line/)
  expect(placeOf('a: b: c')).toBe('yaml_invalid line 1')
  expect(placeOf('a: 1\nb: 2\na: 3')).toBe('yaml_invalid line 3')
  expect(placeOf('a: *nobody')).toBe('yaml_invalid line 1')
  expect(placeOf('a: &a\n  b: *a')).toBe('yaml_invalid line 2')
  expect(placeOf('a:\n  b: !!python/object:os.system x')).toBe('yaml_invalid line 2')
  expect(placeOf('['.repeat(100_000))).toMatch(/^yaml_invalid/)
  expect(placeOf(`${'- '.repeat(1000)}x`)).toMatch(/^yaml_invalid/)
  expect(placeOf(`a: &a ${'['.repeat(40)}${']'.repeat(40)}\nb: ${'['.repeat(40)}*a${']'.repeat(40)}`)).toBe('yaml_invalid line 2')
  expect(placeOf('? [a]\n: b')).toBe('yaml_invalid line 1')
  expect(placeOf('\u0000')).toMatch(/^yaml_invalid/)
  expect([parseYaml(''), parseYaml('# nothing'), parseYaml('---\n---\n')].map(plain)).toEqual([null, null, null])
})
