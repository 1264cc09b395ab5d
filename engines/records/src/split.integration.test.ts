import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitRecords } from './index.ts'
import type { SplitOptions } from './index.ts'

async function* cut(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? bytes.length)
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** Records as text, faults as `line code`. */
async function split(input: string | Uint8Array, options: Partial<SplitOptions> = {}, sizes: number[] = [1 << 20]): Promise<string[]> {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  const out: string[] = []
  let index = 0
  for await (const batch of splitRecords(cut(bytes, sizes), { name: 'f', ...options })) {
    for (const record of batch) {
      expect(record.index).toBe(index++)
      out.push(record.error === undefined ? Buffer.from(record.bytes).toString() : `${record.line} ${record.error.code}`)
    }
  }
  return out
}

/** A zip of stored and deflated members, written by hand so that the reader has an independent writer. */
function zip(members: [string, Buffer][]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of members) {
    const data = deflateRawSync(content)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0); local.writeUInt16LE(20, 4); local.writeUInt16LE(8, 8)
    local.writeUInt32LE(crc32(content), 14); local.writeUInt32LE(data.length, 18); local.writeUInt32LE(content.length, 22); local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0); central.writeUInt16LE(20, 4); central.writeUInt16LE(20, 6); central.writeUInt16LE(8, 10)
    central.writeUInt32LE(crc32(content), 16); central.writeUInt32LE(data.length, 20); central.writeUInt32LE(content.length, 24); central.writeUInt16LE(name.length, 28); central.writeUInt32LE(offset, 42)
    parts.push(local, Buffer.from(name), data)
    directory.push(central, Buffer.from(name))
    offset += 30 + name.length + data.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(members.length, 8); end.writeUInt16LE(members.length, 10); end.writeUInt32LE(listing.length, 12); end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, listing, end])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

describe('forms', () => {
  test('NDJSON, with blank lines, CRLF and no last newline', async () => {
    expect(await split('{"a": 1}\r\n\n{"b":2.10}\n{"c":3}')).toEqual(['{"a": 1}', '{"b":2.10}', '{"c":3}'])
  })
  test('printed and concatenated objects: white space goes, numbers and strings stay as written', async () => {
    expect(await split('{\n  "a": [1.0, 1e2, 9007199254740993],\n  "b": "x  \\n y"\n}\n{ "c": 1 }{"d":2} {"e":\n3}')).toEqual(['{"a":[1.0,1e2,9007199254740993],"b":"x  \\n y"}', '{ "c": 1 }', '{"d":2}', '{"e":3}'])
  })
  test('objects packed on a line of NDJSON', async () => {
    expect(await split('{"a":1}\n{"b":1}{"c":1}\n{"d":1}')).toEqual(['{"a":1}', '{"b":1}', '{"c":1}', '{"d":1}'])
  })
  test('a JSON array, on one line, printed, or one object a line', async () => {
    expect(await split('[{"a":1},{"b":2}, {"c"\n:3}]')).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
    expect(await split('[\n{"a":1},\n{"b":2}\n]\n')).toEqual(['{"a":1}', '{"b":2}'])
    expect(await split('[\n  {\n    "a": 1\n  }\n]')).toEqual(['{"a":1}'])
    expect(await split('[]')).toEqual([])
  })
  test('CloudTrail files are unwrapped, whatever stands after the records', async () => {
    expect(await split('{"Records":[{"a":1},\n{"b":2}],"x":["]}",{"y":1}]}\n{ "Records" : [{"c":1}]}')).toEqual(['{"a":1}', '{"b":2}', '{"c":1}'])
  })
  test('text lines', async () => {
    expect(await split('Jul  2 a b: "c"\n\nJul  3 x\r\n')).toEqual(['{"message":"Jul  2 a b: \\"c\\""}', '{"message":"Jul  3 x"}'])
    expect(await split('[2023-01-01] error, not an array\n')).toEqual(['{"message":"[2023-01-01] error, not an array"}'])
  })
  test('CSV by content or by name, quotes, repeated names', async () => {
    expect(await split('a,b,a\n1,"2\n""3""",4\n5,6\n7,8,9\n', { name: 'x.csv' })).toEqual(['{"a":"1","b":"2\\n\\"3\\"","a_2":"4"}', '4 csv_invalid', '{"a":"7","b":"8","a_2":"9"}'])
    expect(await split('TimeCreated;Event ID;Message\n2020;4688;한글\n')).toEqual(['{"TimeCreated":"2020","Event ID":"4688","Message":"한글"}'])
    expect(await split('src_ip,user\n')).toEqual([])
  })
  test('byte order marks and UTF-16', async () => {
    expect(await split('\uFEFF{"a":"é"}\n')).toEqual(['{"a":"é"}'])
    expect(await split(Buffer.from('\uFEFF{"a":"é한😀"}\r\n{"b":1}', 'utf16le'))).toEqual(['{"a":"é한😀"}', '{"b":1}'])
    expect(await split(Buffer.from('\uFEFF{"a":"é"}', 'utf16le').swap16())).toEqual(['{"a":"é"}'])
  })
  test('gzip with several members, zip with several files, gzip in zip', async () => {
    expect(await split(Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":2}\n')]))).toEqual(['{"a":1}', '{"b":2}'])
    expect(await split(zip([['a.json', Buffer.from('[{"a":1}]')], ['b/c.log', Buffer.from('Jul  2 x\n')], ['d.json.gz', gzipSync('{"d":1}')]]))).toEqual(['{"a":1}', '{"message":"Jul  2 x"}', '{"d":1}'])
  })
  test('nothing at all', async () => {
    for (const nothing of ['', '\n\n', '\uFEFF', gzipSync('')]) expect(await split(nothing)).toEqual([])
  })
})

describe('faults cost one record', () => {
  test('in NDJSON', async () => {
    expect(await split('{"a":1}\n{"b":\n{"c":1,}\nnonsense\n"text"\n[1]\n{"d":"x\ny"}\n{"e":1}')).toEqual(['{"a":1}', '2 json_invalid', '3 json_invalid', '4 json_invalid', '5 not_an_object', '6 not_an_object', '7 json_invalid', '8 json_invalid', '{"e":1}'])
  })
  test('in the first line, cut where brackets stay open', async () => {
    for (const cutOff of ['{"a":1', '{"a":"x', '{"a":1,', '{"a":[']) expect(await split(`${cutOff}\n{"b":2}\n{"c":3}\n`), cutOff).toEqual(['1 json_invalid', '{"b":2}', '{"c":3}'])
  })
  test('among printed objects', async () => {
    expect(await split('{\n "a": 1\n}\n{\n "b": oops\n}\n{\n "c": 1\n')).toEqual(['{"a":1}', '4 json_invalid', '7 json_invalid'])
    expect(await split('{\n "a": "cut\n}\n{\n "b": 1\n}\n')).toEqual(['1 json_invalid', '{"b":1}'])
  })
  test('in an array, and an array that never ends', async () => {
    expect(await split('[\n{"a":1},\n{"b":oops},\n7,\n{"c":1}\n]')).toEqual(['{"a":1}', '3 json_invalid', '4 json_invalid', '{"c":1}'])
    expect(await split('[{"a":1},{"b":2}')).toEqual(['{"a":1}', '{"b":2}', '1 json_invalid'])
  })
  test('invalid UTF-8', async () => {
    expect(await split(Buffer.from('{"a":1}\n{"b":"\xff"}\n{"c":1}\n', 'latin1'))).toEqual(['{"a":1}', '2 utf8_invalid', '{"c":1}'])
    expect(await split(Buffer.from('Jul  1 a\nJul \xff\nJul  2 b\n', 'latin1'))).toEqual(['{"message":"Jul  1 a"}', '2 utf8_invalid', '{"message":"Jul  2 b"}'])
    expect(await split(Buffer.from('a,b\n1,\xff\n2,3\n', 'latin1'), { name: 'x.csv' })).toEqual(['2 utf8_invalid', '{"a":"2","b":"3"}'])
  })
  test('too deep: 200 levels are the limit', async () => {
    const deep = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(await split(`${deep(200)}\n${deep(201)}\n${deep(100_000)}\n{"b":1}`)).toEqual([deep(200), '2 depth_exceeded', '3 depth_exceeded', '{"b":1}'])
    // Many brackets side by side are not deep.
    expect(await split(`{"a":[${'{},'.repeat(5000)}1]}`)).toHaveLength(1)
  })
  test('too large, in lines, printed, in an array and as text', async () => {
    const big = `{"big":"${'x'.repeat(5000)}"}`
    const limit = { maxRecordBytes: 1000 }
    for (const sizes of [[7], [1 << 20]]) {
      expect(await split(`{"a":1}\n${big}\n{"b":1}`, limit, sizes)).toEqual(['{"a":1}', '2 record_too_large', '{"b":1}'])
      expect(await split(`${big}\n{"b":1}`, limit, sizes)).toEqual(['1 record_too_large', '{"b":1}'])
      expect(await split(`[{"a":1},${big},{"b":1}]`, limit, sizes)).toEqual(['{"a":1}', '1 record_too_large', '{"b":1}'])
      expect(await split(`{\n"big":"${'x'.repeat(5000)}"}\n{\n"b":1}`, limit, sizes)).toEqual(['1 record_too_large', '{"b":1}'])
      expect(await split(`Jul 1\n${'y'.repeat(5000)}\nJul 2`, limit, sizes)).toEqual(['{"message":"Jul 1"}', '2 record_too_large', '{"message":"Jul 2"}'])
      expect(await split(`a,b\n1,${'z'.repeat(5000)}\n2,3\n`, { ...limit, name: 'x.csv' }, sizes)).toEqual(['2 record_too_large', '{"a":"2","b":"3"}'])
    }
  })
  test('the limit counts what is cut off later too, however the input is cut', async () => {
    for (const sizes of [[3], [1 << 20]]) {
      expect(await split('{"a":1}\n{"b":2}          \n{"c":3}', { maxRecordBytes: 10 }, sizes)).toEqual(['{"a":1}', '2 record_too_large', '{"c":3}'])
      expect(await split('Jul 1\nJul 2          \nJul 3', { maxRecordBytes: 10 }, sizes)).toEqual(['{"message":"Jul 1"}', '2 record_too_large', '{"message":"Jul 3"}'])
    }
  })
  test('a text that is cut in a printed object is seen at its line end', async () => {
    expect(await split(`{\n "a": "cut\n}\n${'{\n "b": 1\n}\n'.repeat(50)}`, { maxRecordBytes: 100 })).toEqual(['1 json_invalid', ...Array.from({ length: 50 }, () => '{"b":1}')])
  })
  test('a gzip that ends early gives what could be read', async () => {
    const whole = gzipSync(`${Array.from({ length: 2000 }, (_, i) => `{"i":${i},"r":"${Math.sin(i)}"}`).join('\n')}\n`)
    const got = await split(whole.subarray(0, whole.length >> 1))
    expect(got.length).toBeGreaterThan(500)
    expect(got.at(-1)).toMatch(/gzip_invalid$/)
    expect(got[0]).toBe('{"i":0,"r":"0"}')
    const small = ['{"a":1}', '{"b":"한글"}', '{"c":3}', '{"d":4}']
    const packed = gzipSync(`${small.join('\n')}\n`)
    for (let length = 2; length < packed.length; length++) {
      const cutOff = await split(packed.subarray(0, length))
      const good = cutOff.filter((line) => line.startsWith('{'))
      expect(good, `${length} bytes`).toEqual(small.slice(0, good.length))
      expect(cutOff.at(-1), `${length} bytes`).toMatch(/gzip_invalid$/)
    }
    const broken = Buffer.from(whole)
    broken.fill(0, whole.length - 200, whole.length - 100)
    expect((await split(broken)).at(-1)).toMatch(/gzip_invalid$/)
  })
  test('a zip without a directory, a broken member, binary content', async () => {
    expect(await split(zip([['a', Buffer.from('{"a":1}')]]).subarray(0, 40))).toEqual(['1 zip_invalid'])
    const spoilt = zip([['a', Buffer.from('{"a":1}'.repeat(50))], ['b', Buffer.from('{"b":1}')]])
    spoilt.fill(0xff, 31, 40)
    expect(await split(spoilt)).toEqual([expect.stringMatching(/zip_invalid$/), '{"b":1}'])
    expect(await split(Buffer.from('ElfFile\0\0\0'))).toEqual(['1 binary_content'])
  })
  test('prototype keys are ordinary data', async () => {
    expect(await split('{"__proto__":{"x":1},"constructor":2}')).toEqual(['{"__proto__":{"x":1},"constructor":2}'])
    expect(await split('__proto__,b\n1,2\n', { name: 'x.csv' })).toEqual(['{"__proto__":"1","b":"2"}'])
  })
  test('ndjson means ndjson: what is no object on its line is a fault of that line', async () => {
    expect(await split('[{"a":1}]\n{"b":1}{"c":1}\n{"d":1}\n{"Records":[{"e":1}]}', { form: 'ndjson' })).toEqual(['1 not_an_object', '2 json_invalid', '{"d":1}', '{"Records":[{"e":1}]}'])
  })
  test('what the input throws passes through', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a":1}\n')
      throw new Error('disk gone')
    }
    await expect(async () => { for await (const batch of splitRecords(failing(), { name: 'f' })) void batch }).rejects.toThrow('disk gone')
  })
})

test('a bomb is read in bounded memory', async () => {
  const bomb = gzipSync(Buffer.alloc(192 * 1024 * 1024, 'a'))
  const before = process.memoryUsage().rss
  let peak = 0
  for await (const batch of splitRecords(cut(bomb, [65_536]), { name: 'bomb' })) {
    expect(batch.every((record) => record.error?.code === 'record_too_large')).toBe(true)
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  expect(peak - before).toBeLessThan(120 * 1024 * 1024)
})

const json = fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
const broken = fc.constantFrom('{"a":', 'oops', '{"x":1,}', '[1]', '{"s":"\t"}', '}', '{', '"', ']', '{"a":{"b":1}', '[', ',')
const piece = fc.oneof({ weight: 4, arbitrary: json.map((value) => JSON.stringify(value)) }, { weight: 2, arbitrary: json.map((value) => JSON.stringify(value, null, 2)) }, broken)
const document = fc.array(fc.tuple(piece, fc.constantFrom('\n', '\n', '\r\n', '', ' ', ',\n')), { maxLength: 12 }).map((parts) => parts.map(([value, gap]) => value + gap).join(''))

test('however the bytes are cut, the records are the same', async () => {
  await fc.assert(fc.asyncProperty(document, fc.constantFrom('{"first":1}\n', '', '[', '{"Records": ['), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(24, 1 << 20), fc.constantFrom('detect' as const, 'ndjson' as const), async (body, start, sizes, maxRecordBytes, form) => {
    const options = { maxRecordBytes, form }
    expect(await split(start + body, options, sizes)).toEqual(await split(start + body, options))
  }), { numRuns: 600 })
})

test('however text and CSV are cut, the records are the same', async () => {
  const row = fc.array(fc.constantFrom('a', '"b"', '"c\nd"', '"e""f"', '', 'g"', ' ', 'é', '\t', '2020-01-01 x'), { maxLength: 5 }).map((cells) => cells.join(','))
  await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }), fc.constantFrom(12, 1 << 20), fc.constantFrom('x.csv', 'x.log'), async (rows, end, sizes, maxRecordBytes, name) => {
    const body = `one,two,three${end}${rows.join(end)}`
    expect(await split(body, { name, maxRecordBytes }, sizes)).toEqual(await split(body, { name, maxRecordBytes }))
  }), { numRuns: 400 })
})

test('NDJSON and printed JSON give back what was written', async () => {
  await fc.assert(fc.asyncProperty(fc.array(json, { minLength: 1, maxLength: 8 }), fc.constantFrom(0, 2), async (values, indent) => {
    const written = values.map((value) => JSON.stringify(value, null, indent))
    // An object `{"Records": [...]}` is a wrapper by definition.
    fc.pre(!written.some((value) => /^\{\s*"Records"/.test(value)))
    expect(await split(written.join('\n'))).toEqual(values.map((value) => JSON.stringify(value)))
    expect(await split(`[${written.join(',')}]`)).toEqual(values.map((value) => JSON.stringify(value)))
  }), { numRuns: 300 })
})

test('arbitrary bytes never throw', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', '\x1f\x8b\x08', 'PK\x03\x04', '\xff\xfe', '{"a":'), async (bytes, start) => {
    await split(Buffer.concat([Buffer.from(start, 'latin1'), bytes]), {}, [13])
  }), { numRuns: 400 })
})
