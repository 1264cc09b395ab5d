import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCsv } from './csv.ts'

const source = 'list'
const read = (text: string, more: object = {}) => readCsv(text, { source, ...more })
const values = (text: string, more: object = {}) => read(text, more).indicators.map(({ type, value }) => `${type} ${value}`)
const codes = (text: string, more: object = {}) => read(text, more).rejected.map(({ place, code }) => `${place} ${code}`)

describe('lists as they are', () => {
  test.each([
    ['one per line', '# a list\n198.51.100.7\r\n\nevil[.]example\n*.bad.example\n', ['ip 198.51.100.7', 'domain evil.example', 'domain bad.example']],
    ['named columns', 'type,value\ndomain,evil.example\nurl,hxxp://evil.example/a\n', ['domain evil.example', 'url http://evil.example/a']],
    ['semicolons and a mark', '\ufeffIndicator;Tags\nevil.example;a,b\n', ['domain evil.example']],
    ['tabs', 'ioc\tnote\nevil.example\thello\n', ['domain evil.example']],
    ['no names, the value in the second column', '5,evil.example\n6,198.51.100.7\n', ['domain evil.example', 'ip 198.51.100.7']],
    ['names in a comment, all quoted', '# made today\n# "first_seen_utc","ioc_id","ioc_value","ioc_type"\n"2026-01-02 03:04:05", "1", "evil.example", "domain"\n', ['domain evil.example']],
    ['a cell over two lines', 'note,value\n"one\ntwo ""x""",evil.example\n', ['domain evil.example']],
    ['MISP', 'uuid,event_id,category,type,value,comment,to_ids,date\n"u",1,"Network activity","ip-dst","198.51.100.7","",1,20260102\n', ['ip 198.51.100.7']],
    ['no final line end', 'evil.example', ['domain evil.example']],
    ['nothing', '', []],
  ])('%s', (_name, text, expected) => {
    expect(values(text)).toEqual(expected)
  })

  test('all columns', () => {
    expect(read('value,verdict,confidence,tags,techniques,first_seen,last_seen,valid_until\nevil.example,Suspicious,75,"c2, loader",T1071.001 t1105 x,2026-01-02,2026-01-03T04:05:06Z,1798761600\n').indicators).toEqual([{
      type: 'domain', value: 'evil.example', verdict: 'suspicious', confidence: 75, source, tags: ['c2', 'loader'], techniques: ['T1071.001', 'T1105'],
      first_seen: Date.UTC(2026, 0, 2), last_seen: Date.UTC(2026, 0, 3, 4, 5, 6), valid_until: 1_798_761_600_000,
    }])
    expect(read('evil.example', { verdict: 'benign', confidence: 90 }).indicators).toMatchObject([{ verdict: 'benign', confidence: 90 }])
    expect(read('*.evil.example').indicators[0]).toMatchObject({ subdomains: true, verdict: 'malicious', confidence: 50 })
  })

  test('columns under names of one\'s own', () => {
    expect(values('Host,Mine\na.example,evil.example\n', { columns: { value: 'mine' } })).toEqual(['domain evil.example'])
  })

  test('a broken row costs itself', () => {
    const text = 'value,type,confidence,valid_until,verdict\nnonsense,,,,\nevil.example,ip,,,\n0.0.0.0/0,,,,\nevil.example,,lots,,\nevil.example,,,soon,\nevil.example,,,,evil\n"evil".example,,,,\ngood.example,,,,\n'
    expect(codes(text)).toEqual(['line 2 value_invalid', 'line 3 type_mismatch', 'line 4 range_too_wide', 'line 5 field_invalid', 'line 6 field_invalid', 'line 7 field_invalid', 'line 8 csv_invalid'])
    expect(values(text)).toEqual(['domain good.example'])
    expect(codes('a.example\n"open\nb.example\n')).toEqual(['line 2 csv_invalid'])
    expect(values('a.example\n"open\nb.example\n')).toEqual(['domain a.example', 'domain b.example'])
  })

  test('the whole has a code', () => {
    expect(codes('name,place\nx,y\n')).toEqual(['line 1 column_missing'])
    expect(codes('x'.repeat(101), { maxLength: 100 })).toEqual(['file input_too_large'])
    expect(readCsv(['x'.repeat(60), 'x'.repeat(60)], { source, maxLength: 100 }).rejected[0]?.code).toBe('input_too_large')
  })
})

describe('properties', () => {
  const piece = fc.constantFrom('value', 'type', ',', ';', '\t', '"', '""', '\n', '\r\n', '#', ' ', 'evil.example', '198.51.100.7', 'x', '__proto__', '\ufeff')
  const text = fc.oneof(fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')), fc.string())

  test('any text, in any chunks, reads alike and throws nothing', () => {
    fc.assert(fc.property(text, fc.integer({ min: 1, max: 9 }), (whole, size) => {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.slice(at * size, at * size + size))
      expect(readCsv(chunks, { source })).toEqual(read(whole))
    }), { numRuns: 2000 })
  })

  test('what was written quoted comes back', () => {
    const cell = fc.stringMatching(/^[a-z",\n; #]{0,12}$/)
    fc.assert(fc.property(fc.array(cell, { minLength: 1, maxLength: 8 }), (notes) => {
      const rows = notes.map((note, at) => `"${note.replaceAll('"', '""')}",h${at}.example`)
      expect(values(`note,value\n${rows.join('\n')}\n`)).toEqual(notes.map((_, at) => `domain h${at}.example`))
    }))
  })

  test('hostile shapes cost no time worth speaking of', () => {
    for (const hostile of [','.repeat(2_000_000), '"'.repeat(2_000_001), '"\n'.repeat(300_000), '"a'.repeat(500_000), `${'x'.repeat(1_000_000)},`.repeat(2), '#\n'.repeat(300_000), ' '.repeat(2_000_000), `"${'""\n'.repeat(300_000)}`]) {
      const start = process.hrtime.bigint()
      readCsv(hostile, { source })
      expect(Number(process.hrtime.bigint() - start) / 1e6, hostile.slice(0, 10)).toBeLessThan(30_000)
    }
  })
})
