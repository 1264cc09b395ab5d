import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallToolResult, JsonObject } from '@haechi/mcp-wire'
import { readAnswer } from './answer.ts'
import type { AnswerOptions, HttpAnswer } from './answer.ts'
import { operation, parameter } from './operation.fixture.ts'

const get = operation()
const wrapped = operation({ wrapped: 'result' })
const answer = (contentType: string | null, content: string | Uint8Array | null, over: Partial<HttpAnswer> = {}): HttpAnswer => ({ status: 200, headers: contentType === null ? {} : { 'content-type': contentType }, body: typeof content === 'string' ? Buffer.from(content) : content, ...over })
const read = async (contentType: string | null, content: string | Uint8Array | null, options: AnswerOptions = {}, of = get): Promise<CallToolResult> => await readAnswer(of, answer(contentType, content), options)
const textOf = ({ content }: CallToolResult): string => content.map((block) => (block.type === 'text' ? block.text : `(${block.type})`)).join('|')
async function* chunked(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

describe('JSON', () => {
  it('as it was sent but for its whitespace, and as a value', async () => {
    expect(await read('application/json; charset=utf-8', '{\n  "a b": [1, 2],\t"c": "x,  y\\" z", "n": 12345678901234567890\n}')).toEqual({
      content: [{ type: 'text', text: '{"a b":[1,2],"c":"x,  y\\" z","n":12345678901234567890}' }], structuredContent: { 'a b': [1, 2], c: 'x,  y" z', n: Number('12345678901234567890') },
    })
    expect((await read('application/problem+json', '[1]')).structuredContent).toBeUndefined()
    expect((await read('application/vnd.api+json', '[1]', {}, wrapped)).structuredContent).toEqual({ result: [1] })
    expect((await read(null, '{"a":1}')).structuredContent).toEqual({ a: 1 })
  })
  it('that is none stays as it is, with a note, and is no error', async () => {
    const broken = await read('application/json', '{"a":', { outputSchema: { type: 'object' } })
    expect(broken).toEqual({ content: [{ type: 'text', text: '{"a":' }, { type: 'text', text: expect.stringContaining('not') as string }], structuredContent: {} })
  })
  it('structuredContent is what the outputSchema takes of it, and there is always one', async () => {
    const outputSchema: JsonObject = { type: 'object', properties: { result: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } } } }
    expect((await read('application/json', '[{"n":1},{"n":"x","m":2},3]', { outputSchema }, wrapped)).structuredContent).toEqual({ result: [{ n: 1 }, { m: 2 }] })
    expect((await read('application/json', '"text"', { outputSchema }, wrapped)).structuredContent).toEqual({})
    expect((await read('application/json', '[1]', { outputSchema: { type: 'object' } })).structuredContent).toEqual({})
    expect((await read('text/plain', 'x', { outputSchema })).structuredContent).toEqual({})
    expect((await readAnswer(get, answer(null, null, { status: 204 }), { outputSchema }))).toEqual({ content: [{ type: 'text', text: expect.stringContaining('204') as string }], structuredContent: {} })
  })
  it('is valid whatever is sent', async () => {
    const outputSchema: JsonObject = { type: 'object', $defs: { n: { type: 'object', properties: { v: { type: ['integer', 'null'] }, next: { $ref: '#/$defs/n' } } } }, properties: { a: { type: 'array', items: { $ref: '#/$defs/n' } }, b: { anyOf: [{ type: 'string', minLength: 2 }, { enum: [1, 2] }] }, c: { type: 'object', additionalProperties: { type: 'boolean' } } } }
    const valid = new Ajv2020({ strict: false }).compile(outputSchema)
    const names = fc.constantFrom('a', 'b', 'c', 'v', 'next', 'x')
    const { any } = fc.letrec((tie) => ({ any: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.boolean(), fc.string(), fc.constant(null), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(names, tie('any'), { maxKeys: 4 })) }))
    await fc.assert(fc.asyncProperty(any, async (value) => {
      const { structuredContent, isError, content } = await read('application/json', JSON.stringify(value), { outputSchema })
      expect(valid(structuredContent), JSON.stringify(valid.errors)).toBe(true)
      expect(isError).toBeUndefined()
      expect(JSON.parse((content[0] as { text: string }).text)).toEqual(JSON.parse(JSON.stringify(value)))
    }))
  })
})

describe('other kinds', () => {
  it('images, audio, files', async () => {
    const bytes = Buffer.from([0, 255, 1])
    expect((await read('image/png', bytes)).content).toEqual([{ type: 'image', data: 'AP8B', mimeType: 'image/png' }])
    expect((await read('audio/wav; x=y', bytes)).content).toEqual([{ type: 'audio', data: 'AP8B', mimeType: 'audio/wav' }])
    expect((await read('application/pdf', bytes)).content).toEqual([{ type: 'resource', resource: { uri: 'answer:///answer', mimeType: 'application/pdf', blob: 'AP8B' } }])
    expect((await readAnswer(get, answer('application/zip', bytes, { headers: { 'content-type': 'application/zip', 'content-disposition': 'attachment; filename="a b/../c.zip"' } }))).content[0]).toMatchObject({ resource: { uri: 'answer:///a%20b%2F..%2Fc.zip' } })
    expect((await read(null, bytes)).content).toMatchObject([{ type: 'resource', resource: { mimeType: 'application/octet-stream' } }])
    expect(textOf(await read('application/octet-stream', 'plain after all'))).toBe('plain after all')
  })
  it.each<[string, Uint8Array, string]>([
    ['text/plain', Buffer.from('한글'), '한글'], ['text/plain; charset=euc-kr', Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]), '한글'], ['text/html; charset="iso-8859-1"', Buffer.from([0xe4]), 'ä'], ['application/xml;charset=nonsense', Buffer.from('<ä/>'), '<ä/>'],
    ['application/json; charset=euc-kr', Buffer.from([0x22, 0xc7, 0xd1, 0x22]), '"한"'], ['text/csv', Buffer.from([0x61, 0xff]), 'a\uFFFD'],
  ])('texts in their charset: %s', async (contentType, bytes, text) => expect(textOf(await read(contentType, bytes))).toBe(text))
  it('several parts are several blocks', async () => {
    const parts = '--b\r\nContent-Type: text/plain\r\n\r\none\r\ntwo\r\n--b\r\ncontent-type: image/png\r\n\r\n\u0001\u0002\r\n--b\r\n\r\nbare\r\n--b\r\nContent-Type: application/json\r\n\r\n{"a": 1}\r\n--b--\r\nepilogue'
    expect((await read('multipart/mixed; boundary="b"', `preamble\r\n${parts}`)).content).toEqual([{ type: 'text', text: 'one\r\ntwo' }, { type: 'image', data: 'AQI=', mimeType: 'image/png' }, { type: 'text', text: 'bare' }, { type: 'text', text: '{"a":1}' }])
    expect((await read('multipart/mixed; boundary=b', 'no parts')).content).toMatchObject([{ type: 'resource' }])
    expect((await read('multipart/mixed', parts)).content).toMatchObject([{ type: 'resource' }])
  })
  it('HEAD has headers only', async () => {
    const result = await readAnswer(operation({ method: 'HEAD' }), answer(null, null, { headers: { 'content-length': '5', etag: '"x"', 'set-cookie': 'sid=secret' } }))
    expect(textOf(result)).toBe('HTTP 200\ncontent-length: 5\netag: "x"')
  })
  it('any bytes of any declared kind give a result', async () => {
    const kinds = fc.constantFrom('application/json', 'text/event-stream', 'application/jsonl', 'multipart/mixed; boundary=x', 'image/png', 'text/plain; charset=utf-16', '', 'a/b', ';;', 'application/json-seq', 'text/plain; charset=')
    await fc.assert(fc.asyncProperty(kinds, fc.oneof(fc.uint8Array(), fc.string().map((it) => Buffer.from(`--x\r\n${it}\r\n--x--`))), fc.integer({ min: 200, max: 599 }), async (kind, bytes, status) => {
      const result = await readAnswer(get, answer(kind, bytes, { status }))
      expect(result.content.length).toBeGreaterThan(0)
      expect(result.isError === true).toBe(status >= 300 && status !== 304)
    }))
  })
})

describe('streams', () => {
  it('each event is told when it comes, across chunks', async () => {
    const told: unknown[] = []
    const bytes = Buffer.from('id: 1\r\ndata: 한\r\ndata: two\r\n\r\n: comment\ndata:three\n\nevent: x\n\ndata\n\ndata: last')
    const result = await readAnswer(get, { status: 200, headers: { 'content-type': 'text/event-stream' }, body: chunked(...[...bytes].map((byte) => Uint8Array.of(byte))) }, { progress: (event) => void told.push(event) })
    expect(told).toEqual([{ progress: 1, message: '한\ntwo' }, { progress: 2, message: 'three' }, { progress: 3, message: '' }, { progress: 4, message: 'last' }])
    expect(textOf(result)).toBe('한\ntwo\nthree\n\nlast')
  })
  it('lines of JSON are one value in the end', async () => {
    const told: string[] = []
    const body = chunked('{"a":1}\n{"a"', ':2}\n\n{"a":3}')
    const result = await readAnswer(wrapped, { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body }, { progress: ({ message }) => void told.push(message) })
    expect(told).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
    expect(result.structuredContent).toEqual({ result: [{ a: 1 }, { a: 2 }, { a: 3 }] })
    expect(textOf(await read('application/json-seq', '\u001E{"a":1}\n\u001E2\n'))).toBe('{"a":1}\n2')
  })
  it('a slow reader slows the stream', async () => {
    let given = 0
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => { open = resolve })
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; given < 5; given += 1) yield Buffer.from(`{"n":${given}}\n`)
    }
    const reading = readAnswer(get, { status: 200, headers: { 'content-type': 'application/jsonl' }, body: source() }, { progress: async () => await gate })
    await new Promise((resolve) => setImmediate(resolve))
    expect(given).toBe(0)
    open()
    await reading
    expect(given).toBe(5)
  })
})

describe('what goes wrong', () => {
  it('errors are results with the status, what the API says, and when to come back', async () => {
    expect(await readAnswer(get, answer('application/json', '{ "error": "no such thing" }', { status: 404 }), { outputSchema: { type: 'object' } })).toEqual({ content: [{ type: 'text', text: 'HTTP 404\n{"error":"no such thing"}' }], isError: true })
    expect(textOf(await readAnswer(get, answer(null, null, { status: 429, headers: { 'retry-after': '30' } })))).toBe('HTTP 429\nRetry after: 30 seconds.')
    expect(textOf(await readAnswer(get, answer(null, null, { status: 503, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' } })))).toContain('Retry after: Wed, 21 Oct')
    expect(textOf(await readAnswer(get, answer('image/png', 'xx', { status: 500 })))).toBe('HTTP 500')
    const long = textOf(await readAnswer(get, answer('text/html', 'x'.repeat(100_000), { status: 500 })))
    expect(long.length).toBeLessThan(17_000)
    expect(long).toContain('100000 characters')
    expect(textOf(await readAnswer(get, answer('application/json', '{"a', { status: 400 })))).toBe('HTTP 400\n{"a')
  })
  it('redirects are told without what a query may hold', async () => {
    expect(textOf(await readAnswer(get, answer(null, null, { status: 302, headers: { location: 'https://sso.example/in?token=abc' } })))).toBe('HTTP 302\nThe API redirects to https://sso.example/in; redirects are not followed.')
    expect((await readAnswer(get, answer(null, null, { status: 304 }))).isError).toBeUndefined()
  })
  it('an answer without end is cut off, with a word on how to ask for less', async () => {
    let ended = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(1_000)
      } finally {
        ended = true
      }
    }
    const of = operation({ parameters: [parameter('per_page', 'query'), parameter('id', 'query')] })
    for (const contentType of ['text/plain', 'text/event-stream', 'application/json']) {
      ended = false
      const result = await readAnswer(of, { status: 200, headers: { 'content-type': contentType }, body: endless() }, { maxBytes: 10_000 })
      expect(result.isError).toBe(true)
      expect(textOf(result)).toMatch(/^answer_too_large: .*'per_page' can narrow it/)
      expect(ended).toBe(true)
    }
  })
})

describe('secrets', () => {
  const secrets = ['s3cret/"key']
  it('that an API echoes do not reach the model, in any form of answer', async () => {
    const plain = secrets[0]!
    const echoes: [string, string][] = [
      ['text/plain', `you sent ${plain}`], ['application/json', '{"s3cret\\/\\u0022key":"a s3cret/\\"key"}'], ['text/event-stream', `data: ${plain}\n\n`], ['application/octet-stream', `\u0000${plain}`], ['multipart/mixed; boundary=b', `--b\r\n\r\n${plain}\r\n--b--`], ['image/svg+xml', plain],
    ]
    for (const [contentType, content] of echoes) {
      const result = await readAnswer(wrapped, answer(contentType, content), { secrets: [plain, 's3cret/\\"key'] })
      const all = JSON.stringify(result) + result.content.map((block) => (block.type === 'image' ? Buffer.from(block.data, 'base64').toString() : block.type === 'resource' && 'blob' in block.resource ? Buffer.from(block.resource.blob, 'base64').toString() : '')).join('')
      expect(all, contentType).not.toContain('s3cret/')
      expect(JSON.stringify(result.structuredContent ?? {}), contentType).not.toContain('s3cret')
    }
    expect(textOf(await readAnswer(get, answer('text/plain', plain, { status: 401 }), { secrets }))).toBe('HTTP 401\n***********')
  })
})
