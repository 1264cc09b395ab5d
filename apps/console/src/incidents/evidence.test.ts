import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { layOut, mark } from './evidence.ts'
import { eventOf, lsassRecord } from './incidents.fixture.ts'

const markedIn = (text: string, matched: Parameters<typeof mark>[1]) => mark(text, matched).filter(({ marked }) => marked).map((segment) => segment.text)

describe('a raw record as evidence', () => {
  test('the values that matched are marked where the record has them', () => {
    expect(markedIn(layOut(lsassRecord), eventOf().matched)).toEqual(['"C:\\\\Windows\\\\System32\\\\lsass.exe"', '"0x1fffff"'])
  })

  test('an equal value under another key is not marked while the field itself is there', () => {
    const text = layOut('{"EventID": 1, "Version": 1, "Keywords": "1"}')
    expect(mark(text, [{ selection: 's', field: 'EventID', value: 1 }])).toEqual([{ text: '{\n  "EventID": ', marked: false }, { text: '1', marked: true }, { text: ',\n  "Version": 1,\n  "Keywords": "1"\n}', marked: false }])
  })

  test('where the record names the field otherwise, a long equal value is marked and a short one is not', () => {
    const text = layOut('{"event": {"code": "1"}, "process": {"executable": "C:\\\\a.exe"}}')
    expect(markedIn(text, [{ selection: 's', field: 'EventID', value: 1 }, { selection: 's', field: 'Image', value: 'c:\\A.exe' }])).toEqual(['"C:\\\\a.exe"'])
  })

  test('what is not JSON stays as it is, its values marked where they occur', () => {
    const line = 'sshd[31]: Accepted password for root from 203.0.113.9'
    expect(layOut(line)).toBe(line)
    expect(markedIn(line, [{ selection: 'k', field: null, value: 'Accepted password' }])).toEqual(['Accepted password'])
  })

  test('put together again it is the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json().map((text) => layOut(text)), fc.json()), fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null))), (text, values) => {
      expect(mark(text, values.map((value) => ({ selection: 's', field: 'a', value }))).map((segment) => segment.text).join('')).toBe(text)
    }))
  })
})
