import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage, DnsMessageError, encodeName, encodeQuery } from '../dns-message.ts'
import { canonicalName, compareNames, isWithin, labelsIn, nameOrNull, parentOf } from './names.ts'

describe('names', () => {
  it('of one spelling or another are one text', () => {
    for (const name of ['Www.Example.COM', 'www.example.com.', String.raw`w\119w.example.com`, String.raw`\www.example.com.`]) expect(canonicalName(name)).toBe('www.example.com')
    expect([canonicalName('.'), canonicalName(''), canonicalName(String.raw`a\.B.example`)]).toEqual(['', '', String.raw`a\.b.example`])
    expect([nameOrNull('a..b'), nameOrNull('x'.repeat(64)), nameOrNull('.a'), nameOrNull(`${'abcdefgh.'.repeat(30)}com`)]).toEqual([null, null, null, null])
  })

  it('within a zone are so by labels, not by letters', () => {
    expect([isWithin('example', 'example'), isWithin('a.example', 'example'), isWithin('a.example', ''), isWithin('badexample', 'example'), isWithin('example', 'a.example')]).toEqual([true, true, true, false, false])
    expect([isWithin(String.raw`a\.example`, 'example'), isWithin(String.raw`a\\.example`, 'example')]).toEqual([false, true])
  })

  it('have labels and parents with their escapes', () => {
    expect(labelsIn(String.raw`a\.b.c\\.example`)).toEqual([String.raw`a\.b`, String.raw`c\\`, 'example'])
    expect([parentOf('a.b.c'), parentOf('c'), parentOf('')]).toEqual(['b.c', '', ''])
  })

  it('stand in the order of RFC 4034, 6.1', () => {
    const sorted = ['example', 'a.example', 'yljkjljk.a.example', 'z.a.example', 'zabc.a.example', 'z.example', String.raw`\001.z.example`, '*.z.example', String.raw`\200.z.example`]
    expect(sorted.toReversed().toSorted(compareNames)).toEqual(sorted)
  })

  const label = fc.uint8Array({ minLength: 1, maxLength: 20 })
  it('come back as they were from the wire, whatever bytes they have', () => {
    fc.assert(fc.property(fc.array(label, { maxLength: 6 }), labels => {
      const wire = Buffer.concat([...labels.flatMap(each => [Buffer.of(each.length), each]), Buffer.of(0)])
      const query = Buffer.from(encodeQuery({ id: 1, name: '.', type: 'A', class: 'IN', recursion: true, authenticData: false }))
      const { name } = decodeMessage(Buffer.concat([query.subarray(0, 12), wire, query.subarray(13)])).questions[0]!
      expect(encodeName(name)).toEqual(wire)
      const canonical = canonicalName(name)
      expect(canonicalName(canonical)).toBe(canonical)
      expect(labelsIn(canonical)).toHaveLength(labels.length)
      expect(compareNames(canonical, canonical)).toBe(0)
      if (labels.length > 0) expect(isWithin(canonical, parentOf(canonical))).toBe(true)
    }))
  })

  it('that are none are refused, never anything else', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), text => {
      try {
        encodeName(canonicalName(text) === '' ? '.' : canonicalName(text))
      } catch (error) {
        expect(error).toBeInstanceOf(DnsMessageError)
      }
    }))
  })
})
