import fc from 'fast-check'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { readDocument } from './document.ts'
import type { ReadOptions } from './document.ts'
import type { ApiDocument, JsonObject } from './model.ts'
import { parseYaml } from './yaml.ts'

const read = (source: string | Uint8Array, options?: ReadOptions): ApiDocument => {
  const result = readDocument(source, options)
  if ('refusal' in result) throw new Error(`${result.refusal.code} ${result.refusal.place} ${result.refusal.reason}`)
  return result.document
}
const refused = (source: string | Uint8Array, options?: ReadOptions): string => {
  const result = readDocument(source, options)
  return 'refusal' in result ? `${result.refusal.code} ${result.refusal.place}` : 'read'
}

/** As somebody writes it first: no servers, no operationIds, no schemas. */
const nine = `openapi: 3.0.3
info: {title: 인사 관리, version: 1}
paths:
  /직원:
    get:
      summary: 직원 목록을 조회합니다
  /직원/{사번}:
    get:
      summary: 직원 한 명을 조회합니다`

describe('what is read', () => {
  test('nine lines in Korean', () => {
    const { version, root, warnings } = read(nine)
    expect([version, warnings]).toEqual(['3.0', []])
    expect(Object.keys(root['paths'] as JsonObject)).toEqual(['/직원', '/직원/{사번}'])
  })
  test('in every encoding of YAML and JSON', () => {
    const utf16 = (text: string, little: boolean): Uint8Array => {
      const bytes = Buffer.from(text, 'utf16le')
      return little ? bytes : bytes.swap16()
    }
    const sources = [`\uFEFF${nine}`, Buffer.from(`\uFEFF${nine}`), utf16(`\uFEFF${nine}`, true), utf16(`\uFEFF${nine}`, false), utf16(nine, true), utf16(nine, false), nine.replaceAll('\n', '\r\n'), JSON.stringify(read(nine).root, null, '\t'), `\uFEFF${JSON.stringify(read(nine).root)}`]
    for (const source of sources) expect(read(source)).toMatchObject({ root: read(nine).root, warnings: [] })
  })
  test.each([
    ['openapi: 3.0', '3.0'], ['openapi: 3', '3.0'], ['openapi: "3.0.4"', '3.0'], ['openapi: 3.0.0-rc2', '3.0'], ['openapi: 3.1', '3.1'], ['openapi: 3.1.2', '3.1'], ['openapi: 3.2.0', '3.2'],
    ['swagger: 2', '2.0'], ['swagger: 2.0', '2.0'], ["swagger: '2.0'", '2.0'], ['swagger: 2.0.0', '2.0'],
  ])('%s', (line, version) => {
    expect(read(`${line}\npaths: {}`).version).toBe(version)
  })
  test('keys of YAML as they are written; dates and infinities as words; merges of 1.1', () => {
    const { root } = read(`openapi: 3.0.0
paths: {}
x: &x {200: a, 1.0: b, null: c, yes: d, 2024-01-01: 2024-01-01, 0x1F: 0x1F, no: .inf, e: 1e3, f: 1e999, q: '1', t: !!str 5, empty: }
y: {<<: *x, 200: own}
z: {<<: [{m: 1, n: 1}, {n: 2, o: 3}]}`)
    expect(root['x']).toEqual({ 200: 'a', '1.0': 'b', null: 'c', yes: 'd', '2024-01-01': '2024-01-01', '0x1F': 31, no: '.inf', e: 1000, f: '1e999', q: '1', t: '5', empty: null })
    expect(root['y']).toEqual({ ...root['x'] as JsonObject, 200: 'own' })
    expect(root['z']).toEqual({ m: 1, n: 1, o: 3 })
  })
  test('what two readers may read differently is read, and said', () => {
    const { root, warnings } = read('openapi: 3.0.0\npaths: {}\npaths: {/a: {}}\nx: !Ref a\n---\nopenapi: 3.1.0')
    expect(root).toEqual({ openapi: '3.0.0', paths: { '/a': {} }, x: 'a' })
    expect(warnings.map(({ code, place }) => `${code} ${place}`)).toEqual(['document_ambiguous line 3', 'document_ambiguous line 4', 'document_ambiguous line 6'])
    expect(read('{"openapi": "3.0.0", # why\n"paths": {},}').warnings).toMatchObject([{ code: 'document_ambiguous', place: 'line 1' }])
  })
  test('names that JavaScript knows are data', () => {
    for (const source of ['{"openapi": "3.0.0", "paths": {}, "__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}', 'openapi: 3.0.0\npaths: {}\n__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}']) {
      const { root, resolve } = read(source)
      expect(({} as JsonObject)['polluted']).toBeUndefined()
      expect(Object.getPrototypeOf(root)).toBe(Object.prototype)
      expect(resolve('#/__proto__/polluted')).toEqual({ value: 1, at: '#/__proto__/polluted' })
    }
  })
  test('from 3.1 on without paths, and that is said', () => {
    expect(read('openapi: 3.1.0\ncomponents: {}').warnings).toMatchObject([{ code: 'paths_missing', place: '#' }])
  })
})

describe('what is refused', () => {
  const deep = (levels: number, open: string, close: string): string => `{"openapi":"3.0.0","paths":{},"x":${open.repeat(levels)}1${close.repeat(levels)}}`
  const cases: readonly (readonly [string, string])[] = [
    ['', 'document_empty line 1'], [' \n\t', 'document_empty line 1'], ['# nothing\n', 'document_empty line 1'], ['# nothing\n---\n', 'document_not_an_object #'],
    ['\n<!DOCTYPE html><html></html>', 'document_unparsable line 2'], ['{"openapi": "3.0.0",\n\n "paths": {]', 'document_unparsable line 3'], ['{"openapi": "3.0.0"', 'document_unparsable line 1'], ['{"openapi": [1\n2\n],\n x', 'document_unparsable line 2'],
    ['openapi: 3.0.0\npaths:\n\t/a: {}', 'document_unparsable line 3'], ['openapi: 3.0.0\npaths: {\n', 'document_unparsable line 3'], ['a: b\n? [c]\n: d', 'document_unparsable line 2'],
    ['a\0b', 'document_not_text line 1'], ['a: *b', 'document_aliases line 1'], ['a: &a\n  b: *a', 'document_aliases line 2'],
    ['[]', 'document_not_an_object #'], ['just words', 'document_not_an_object #'], ['null', 'document_not_an_object #'], ['42', 'document_not_an_object #'],
    ['asyncapi: 2.0.0\nchannels: {}', 'version_missing #'], ['openapi: {}', 'version_missing #'], ['openapi: 4.0.0', 'version_unsupported #/openapi'], ['openapi: 3.9', 'version_unsupported #/openapi'], ['swagger: 1.2', 'version_unsupported #/swagger'],
    ['openapi: 3.0.0', 'paths_missing #'], ['openapi: 3.0.0\npaths:', 'paths_missing #'], ['openapi: 3.0.0\npaths: [/a]', 'paths_missing #/paths'], ['openapi: 3.1.0\npaths: none', 'paths_missing #/paths'],
    [deep(600, '[', ']'), 'document_too_deep line 1'], [deep(1e5, '[', ']'), 'document_too_deep line 1'], [deep(600, '{"a":', '}'), 'document_too_deep line 1'],
    [deep(600, '[', ']').replace('{', '{,'), 'document_unparsable line 1'], [`openapi: 3.0.0\nx: ${'['.repeat(600)}`, 'document_too_deep line 2'], [`openapi: 3.0.0\n${Array.from({ length: 600 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')}`, 'document_too_deep line 501'],
  ]
  test.each(cases.map(([source, expected]) => ({ source, expected, title: JSON.stringify(source.slice(0, 40)) })))('$title: $expected', ({ source, expected }) => {
    expect(refused(source)).toBe(expected)
    expect(refused(Buffer.from(source))).toBe(expected)
  })
  test('bytes that are no text, with their line', () => {
    expect(refused(Buffer.from([...Buffer.from('openapi: 3.0.0\ninfo: '), 0xb0, 0xa1]))).toBe('document_not_text line 2')
    expect(refused(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]))).toBe('document_not_text line 1')
  })
  test('more bytes than are allowed, in any of the documents', () => {
    expect(refused(nine, { maxBytes: 100 })).toBe('document_too_large line 1')
    expect(refused(`${nine} `.padEnd(300), { maxBytes: 300, overlays: [' '.repeat(301)] })).toBe('overlay_invalid overlay 1 line 1')
  })
  test('small values by the million, at once', () => {
    expect(refused(`x: [${'[],'.repeat(3e6)}]`)).toBe('document_too_large line 1')
    expect(refused(`x:\n${'-\n'.repeat(5e6)}`)).toBe('document_too_large line 1')
    expect(refused(`{"x":[${'{},'.repeat(8.1e6)}1]}`)).toBe('document_too_large line 1')
  })
  test('the same fault a hundred thousand times is told a hundred times', () => {
    expect(read(`openapi: 3.0.0\npaths: {}\nx: {${'a: 1,'.repeat(1e5)}}`).warnings.length).toBe(100)
  })
  test('aliases that stand for more than they are worth, in size and in depth, at once', () => {
    const laughs = Array.from({ length: 9 }, (_, at) => `x${at + 1}: &x${at + 1} [${Array.from({ length: 9 }, () => `*x${at}`).join(', ')}]`).join('\n')
    expect(refused(`x0: &x0 lol\n${laughs}\nopenapi: 3.0.0\npaths: {}`)).toMatch(/^document_aliases line \d+$/)
    const merges = Array.from({ length: 30 }, (_, at) => `x${at + 1}: &x${at + 1} {a: {<<: *x${at}}, b: {<<: *x${at}}}`).join('\n')
    expect(refused(`x0: &x0 {k: ${'v'.repeat(1000)}}\n${merges}\nopenapi: 3.0.0\npaths: {}`)).toMatch(/^document_aliases line \d+$/)
    for (const [open, close] of [['[', ']'], ['{a: ', '}']] as const) {
      const ladder = Array.from({ length: 30 }, (_, at) => `x${at + 1}: &x${at + 1} ${open.repeat(20)}*x${at}${close.repeat(20)}`).join('\n')
      expect(refused(`x0: &x0 1\n${ladder}\nopenapi: 3.0.0\npaths: {}`)).toBe('document_too_deep line 26')
    }
  })
})

describe('any input', () => {
  const outcome = (source: string | Uint8Array): void => {
    const result = readDocument(source, { overlays: ['overlay: 1.0.0\nactions: [{target: $.paths.*, update: {}}]'] })
    if ('refusal' in result) expect(result.refusal).toEqual({ code: expect.stringMatching(/^[a-z_]+$/) as string, place: expect.stringMatching(/^(?:overlay 1 )?(?:line [1-9]\d*|#.*)$/s) as string, reason: expect.stringMatching(/\S.*\.$/s) as string })
    else expect(JSON.stringify(result.document.root)).toContain('{')
  }
  test('bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), outcome), { numRuns: 500 })
  })
  test('text of the signs that YAML and JSON are made of', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('openapi: 3.1.0', 'swagger', ':', ' ', '\n', '\n  ', '- ', '{', '}', '[', ']', ',', '"', "'", '&a ', '*a', '<<', '!!', '|', '>', '#', '%', '---', '...', '?', '\t', '\r', '__proto__', 'paths:', '{}', '1e9', '\u2028', '\uFEFF', '\uD800')).map((parts) => parts.join('')), outcome), { numRuns: 1000 })
  })
  test('JSON values, as JSON and where paths and components should stand', () => {
    fc.assert(fc.property(fc.jsonValue(), fc.constantFrom('3.0.0', '3.1.0', 3, null), (value, openapi) => {
      outcome(JSON.stringify(value))
      outcome(JSON.stringify({ openapi, paths: value, components: value }))
    }), { numRuns: 300 })
  })
  test('YAML is read as another reader of it does', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a: ', 'b', ' ', '\n', '\n  ', '- ', '{', '}', '[', ']', ',', '"', "'", '&x ', '*x', '|\n', '>\n', '#', '1', '.5', 'null', 'true', '~', 'k: v\n', '---\n')).map((parts) => parts.join('')), (text) => {
      let expected: unknown
      let written: string
      try {
        expected = load(text, { json: true })
        written = JSON.stringify(expected)
      } catch {
        return
      }
      // It makes values of keys and texts of those; here they stay as they are written. What holds itself is refused here.
      if (!/"(?:null|0\.5)":/.test(written)) expect(parseYaml(text, 100, [])).toEqual(expected)
    }), { numRuns: 2000 })
  })
})
