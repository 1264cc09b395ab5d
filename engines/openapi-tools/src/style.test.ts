import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '@haechi/mcp-wire'
import type { ParameterStyle } from './model.ts'
import { encode, encodeReserved, expand, pairs } from './style.ts'

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((it) => it.isWellFormed())
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((it) => it.isWellFormed() && it !== '__proto__')
const list = fc.array(text, { minLength: 1, maxLength: 5 })
const object = fc.dictionary(key, text, { minKeys: 1, maxKeys: 5, noNullPrototype: true })

const written = (value: Json, style: ParameterStyle, explode: boolean, name = 'color'): string => pairs(value, { name, style, explode }, encode).map((pair) => pair.join('=')).join('&')
const twos = (flat: readonly string[]): [string, string][] => Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!])
// A property that returns false has failed, and what `expect` returns is nothing to rely on.
const same = (read: unknown, meant: unknown): void => {
  expect(read).toEqual(meant)
}
const sameObject = (read: readonly (readonly [string, string])[], meant: object): void => same(Object.fromEntries(read), { ...meant })

describe('the table of OpenAPI 3.2 §4.12.2.3', () => {
  const array = ['blue', 'black', 'brown']
  const rgb = { R: 100, G: 200, B: 150 }
  it.each<[ParameterStyle, boolean, string, string, string, string]>([
    ['matrix', false, ';color', ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
    ['matrix', true, ';color', ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
    ['label', false, '.', '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
    ['label', true, '.', '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
    ['simple', false, '', 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
    ['simple', true, '', 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
  ])('%s, explode %s in a path', (style, explode, ofEmpty, ofText, ofList, ofObject) => {
    expect(['', 'blue', array, rgb].map((value) => expand(value, { name: 'color', style, explode }, encode))).toEqual([ofEmpty, ofText, ofList, ofObject])
  })
  it.each<[ParameterStyle, boolean, string, string, string, string]>([
    ['form', false, 'color=', 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
    ['form', true, 'color=', 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
    ['spaceDelimited', false, 'color=', 'color=blue', 'color=blue%20black%20brown', 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, 'color=', 'color=blue', 'color=blue%7Cblack%7Cbrown', 'color=R%7C100%7CG%7C200%7CB%7C150'],
    ['tabDelimited', false, 'color=', 'color=blue', 'color=blue%09black%09brown', 'color=R%09100%09G%09200%09B%09150'],
    ['deepObject', true, 'color=', 'color=blue', 'color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown', 'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
  ])('%s, explode %s in a query', (style, explode, ofEmpty, ofText, ofList, ofObject) => {
    expect(['', 'blue', array, rgb].map((value) => written(value, style, explode))).toEqual([ofEmpty, ofText, ofList, ofObject])
  })
  it('leaves out what is null or empty, and writes what has no form of its own as JSON', () => {
    expect([null, [], {}, [null], { a: null }].map((value) => written(value, 'form', true))).toEqual(['', '', '', '', ''])
    expect([[], {}, { a: [] }].map((value) => written(value, 'deepObject', true))).toEqual(['', '', ''])
    expect(written([{ a: 1 }, true, 0], 'form', false)).toBe('color=%7B%22a%22%3A1%7D,true,0')
    expect(written({ a: { b: [1, { c: 2 }] } }, 'deepObject', true)).toBe('color%5Ba%5D%5Bb%5D%5B%5D=1&color%5Ba%5D%5Bb%5D%5B1%5D%5Bc%5D=2')
  })
})

describe('a naive reader gets back what was meant', () => {
  const parsed = (query: string): [string, string][] => [...new URLSearchParams(query.replaceAll('+', '%2B'))]
  it('form and deepObject, exploded: as URLSearchParams reads them', () => {
    fc.assert(fc.property(list, (value) => same(parsed(written(value, 'form', true)), value.map((it) => ['color', it]))))
    fc.assert(fc.property(object, (value) => sameObject(parsed(written(value, 'form', true)), value)))
    fc.assert(fc.property(object, (value) => sameObject(parsed(written(value, 'deepObject', true)).map(([name, it]) => [name.slice('color['.length, -1), it]), value)))
  })
  it.each<[ParameterStyle, string]>([['form', ','], ['pipeDelimited', '%7C'], ['spaceDelimited', '%20'], ['tabDelimited', '%09']])('%s, not exploded: cut at %s, then decoded', (style, delimiter) => {
    // The delimiters but the comma are escapes themselves: a value that holds one cannot be told apart, by OpenAPI's own words.
    const plain = (it: string): boolean => delimiter === ',' || !it.includes(decodeURIComponent(delimiter))
    const read = (query: string): string[] => query.slice('color='.length).split(delimiter).map(decodeURIComponent)
    fc.assert(fc.property(list.filter((value) => value.every(plain)), (value) => same(read(written(value, style, false)), value)))
    fc.assert(fc.property(object.filter((value) => Object.entries(value).flat().every(plain)), (value) => sameObject(twos(read(written(value, style, false))), value)))
  })
  it.each<[ParameterStyle, boolean]>([['simple', false], ['simple', true], ['label', false], ['label', true], ['matrix', false], ['matrix', true]])('%s, explode %s', (style, explode) => {
    const expanded = (value: Json): string => expand(value, { name: 'color', style, explode }, encode)
    const separator = style === 'simple' || !explode ? ',' : style === 'label' ? '.' : ';'
    const bare = (it: string): string => it.slice(style === 'simple' ? 0 : 1).replace(style === 'matrix' && !explode ? /^color=?/ : /^/, '')
    // '.' is unreserved and so is not escaped: exploded labels cannot hold it, by RFC 6570's own words.
    const plain = (it: string): boolean => style !== 'label' || !explode || !it.includes('.')
    fc.assert(fc.property(list.filter((value) => value.every(plain)), (value) => same(bare(expanded(value)).split(separator).map((it) => decodeURIComponent(style === 'matrix' && explode ? it.replace(/^color=?/, '') : it)), value)))
    fc.assert(fc.property(object.filter((value) => Object.entries(value).flat().every(plain)), (value) => {
      const cut = bare(expanded(value)).split(separator)
      sameObject((explode ? cut.map((it): [string, string] => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]) : twos(cut)).map(([name, it]) => [decodeURIComponent(name), decodeURIComponent(it)]), value)
    }))
  })
})

it('allowReserved keeps what RFC 3986 reserves, but for what would end the value', () => {
  expect(encodeReserved('query')("a/b?c:d@e!$()*,;=%2F &+#[]%'")).toBe('a/b?c:d@e!$()*,;=%2F%20%26%2B%23%5B%5D%25%27')
  expect(encodeReserved('path')('a/b?c#d&e')).toBe('a%2Fb%3Fc%23d&e')
  fc.assert(fc.property(text, (value) => same(new URLSearchParams(`a=${encodeReserved('query')(value.replaceAll('%', ''))}`).get('a'), value.replaceAll('%', ''))))
})
