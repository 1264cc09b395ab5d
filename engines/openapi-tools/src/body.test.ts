import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '@haechi/mcp-wire'
import { writeBody } from './body.ts'
import type { Body, PartEncoding } from './model.ts'
import { body } from './operation.fixture.ts'
import { CallProblem } from './problem.ts'

const part = (name: string, over: Partial<PartEncoding> = {}): PartEncoding => ({ name, contentType: null, file: false, list: false, style: null, explode: true, allowReserved: false, ...over })
const written = (of: Body, value: Json): [string, string] => {
  const { contentType, body: it } = writeBody(of, value)
  return [contentType, typeof it === 'string' ? it : Buffer.from(it).toString('latin1')]
}
function problem(of: Body, value: Json): string {
  try {
    return `written ${JSON.stringify(written(of, value))}`
  } catch (error) {
    if (error instanceof CallProblem) return error.code
    throw error
  }
}

describe('bodies', () => {
  it.each<[Body, Json, string, string]>([
    [body('json', 'application/json; charset=utf-8'), { a: '한' }, 'application/json; charset=utf-8', '{"a":"한"}'],
    [body('json', 'application/merge-patch+json'), null, 'application/merge-patch+json', 'null'],
    [body('json', '*/*'), [1], 'application/json', '[1]'],
    [body('json', 'a/b\r\nx: y'), 1, 'application/json', '1'],
    [body('text', 'application/xml'), '<a/>', 'application/xml', '<a/>'],
    [body('text', 'text/csv'), 'a,b\n', 'text/csv', 'a,b\n'],
    [body('text', 'text/plain'), 5, 'text/plain', '5'],
    [body('sequence', 'application/jsonl'), [{ a: 1 }, 2], 'application/jsonl', '{"a":1}\n2\n'],
    [body('sequence', 'application/jsonl'), { a: 1 }, 'application/jsonl', '{"a":1}\n'],
    [body('sequence', 'application/json-seq'), [{ a: 1 }], 'application/json-seq', '\u001E{"a":1}\n'],
    [body('binary', 'application/octet-stream'), { base64: 'AP8=' }, 'application/octet-stream', '\u0000\u00FF'],
    [body('binary', 'image/*'), { base64: 'AP8=', contentType: 'image/png' }, 'image/png', '\u0000\u00FF'],
    [body('binary', 'image/jpeg'), { text: 'x', contentType: 'image/png' }, 'image/jpeg', 'x'],
    [body('binary', 'application/pdf'), 'bare', 'application/pdf', 'bare'],
  ])('%o of %j', (of, value, contentType, text) => {
    const { contentType: type, body: it } = writeBody(of, value)
    expect([type, typeof it === 'string' ? it : Buffer.from(it).toString('latin1')]).toEqual([contentType, text])
  })
  it('what does not fit is said', () => {
    expect([problem(body('form', 'application/x-www-form-urlencoded'), [1]), problem(body('multipart', 'multipart/form-data'), 'x'), problem(body('text', 'application/xml'), { a: 1 })]).toEqual(['argument_unsuitable', 'argument_unsuitable', 'argument_unsuitable'])
    for (const file of [{}, { text: 'a', base64: 'YQ==' }, { base64: '!!' }, { base64: 5 }, 5, ['x'], { text: 'a', contentType: 'no type' }, { text: 'a', contentType: 'a/b\r\nx: y' }] as Json[]) expect(problem(body('binary', 'a/b'), file)).toBe('file_invalid')
  })
})

describe('forms', () => {
  const form = (value: JsonObject, parts: PartEncoding[] = []): string => written(body('form', 'application/x-www-form-urlencoded', { parts }), value)[1]
  it('write each field by its encoding', () => {
    expect(form({ a: 'x y&z=+', b: [1, 2], c: { d: 1 }, e: null, f: true })).toBe('a=x%20y%26z%3D%2B&b=1&b=2&c=%7B%22d%22%3A1%7D&f=true')
    expect(form({ a: { b: [1], c: { d: 2 } } }, [part('a', { style: 'deepObject' })])).toBe('a%5Bb%5D%5B%5D=1&a%5Bc%5D%5Bd%5D=2')
    expect(form({ a: [1, 2] }, [part('a', { style: 'form', explode: false })])).toBe('a=1,2')
    expect(form({ a: [1, 2] }, [part('a', { contentType: 'application/json' })])).toBe('a=%5B1%2C2%5D')
    expect(form({ a: 'a/b?' }, [part('a', { style: 'form', allowReserved: true })])).toBe('a=a/b?')
  })
  it('are read back by URLSearchParams', () => {
    const text = fc.string({ unit: 'binary', maxLength: 10 }).filter((it) => it.isWellFormed())
    fc.assert(fc.property(fc.dictionary(text.filter((it) => it !== '__proto__'), text, { noNullPrototype: true }), (value) => {
      expect(Object.fromEntries(new URLSearchParams(form(value)))).toEqual({ ...value })
    }))
  })
})

describe('multipart', () => {
  const multipart = (value: JsonObject, parts: PartEncoding[] = []) => writeBody(body('multipart', 'multipart/form-data', { parts }), value)
  /** As the platform reads it: undici's parser, which is none of ours. */
  const read = async (value: JsonObject, parts: PartEncoding[] = []): Promise<[string, unknown][]> => {
    const { contentType, body: it } = multipart(value, parts)
    const data = await new Response(it, { headers: { 'content-type': contentType } }).formData()
    return await Promise.all([...data].map(async ([name, entry]): Promise<[string, unknown]> => [name, typeof entry === 'string' ? entry : [entry.name, entry.type, Buffer.from(await entry.arrayBuffer()).toString('latin1')]]))
  }
  it('parts are texts, JSON and files', async () => {
    expect(await read({ text: 'a\r\nb', list: ['x', 'y'], one: { base64: 'AP8=', filename: 'a "b"\\.png', contentType: 'image/png' }, many: [{ text: '1' }, { text: '2', filename: '2' }], none: null },
      [part('one', { file: true }), part('many', { file: true, list: true, contentType: 'text/plain, text/csv' })])).toEqual([
      ['text', 'a\r\nb'], ['list', 'x'], ['list', 'y'], ['one', ['a "b"%5C.png', 'image/png', '\u0000\u00FF']], ['many', ['many', 'text/plain', '1']], ['many', ['2', 'text/plain', '2']],
    ])
    const json = Buffer.from(multipart({ a: { b: 1 }, c: [1] }, [part('c', { contentType: 'application/json' })]).body as Uint8Array).toString()
    expect(json).toContain('name="a"\r\nContent-Type: application/json\r\n\r\n{"b":1}\r\n')
    expect(json).toContain('name="c"\r\nContent-Type: application/json\r\n\r\n[1]\r\n')
    expect(Buffer.from(multipart({ a: { b: 1 } }, [part('a', { style: 'deepObject' })]).body as Uint8Array).toString()).toContain('name="a[b]"\r\n\r\n1')
  })
  it.each(['a"\r\nContent-Type: evil/evil\r\n\r\n', 'a\nb', 'a\u0000'])('no name or filename ends a line: %j', (name) => {
    expect(problem(body('multipart', 'multipart/form-data', { parts: [part('f', { file: true })] }), { f: { text: 'x', filename: name } })).toBe('file_invalid')
    expect(problem(body('multipart', 'multipart/form-data'), { [name]: 'x' })).toBe('file_invalid')
  })
  it('no content ends its part, not even one that holds an earlier boundary', async () => {
    let content = ''
    for (let round = 0; round < 5; round += 1) {
      content += `\r\n--${/boundary=(.*)$/.exec(multipart({ a: content }).contentType)![1]}--\r\n`
      expect(await read({ a: content })).toEqual([['a', content]])
    }
  })
  it('whatever the texts are, they come back', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((it) => it.isWellFormed())
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), text, { minKeys: 1, noNullPrototype: true }), async (value) => {
      expect(await read(value)).toEqual(Object.entries(value))
    }))
  })
})
