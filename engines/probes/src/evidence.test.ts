import { expect, test } from 'vitest'
import { bytesOf } from './bytes.ts'
import { TextError, evidenceOf } from './evidence.ts'

test('words are of a language, what stood on the wire is the same in both', () => {
  expect(evidenceOf(bytesOf('급여.xlsx\r\n\0'))).toEqual({ en: '급여.xlsx', ko: '급여.xlsx' })
  const name = bytesOf('급여')
  expect(evidenceOf({ en: `the share ${name} is open`, ko: `공유 ${name}이(가) 열려 있음` })).toEqual({ en: 'the share 급여 is open', ko: '공유 급여이(가) 열려 있음' })
  expect(evidenceOf({ en: '\xff\xfe', ko: '값 \xff\xfe' })).toEqual({ en: '\xff\xfe', ko: '값 \xff\xfe' })
})

test('an error is told as evidence is, and its message is the English', () => {
  expect(new TextError({ en: 'it does not answer', ko: '응답하지 않음' })).toMatchObject({ message: 'it does not answer', text: { en: 'it does not answer', ko: '응답하지 않음' } })
  expect(new TextError('ECONNRESET')).toMatchObject({ message: 'ECONNRESET', text: { en: 'ECONNRESET', ko: 'ECONNRESET' } })
})

test('it is one line, and bounded', () => {
  const { en, ko } = evidenceOf({ en: 'a\r\nb'.repeat(1000), ko: '가\u001b[31m'.repeat(1000) }, 100)
  expect([en.length, ko.length]).toEqual([100, 100])
  // oxlint-disable-next-line no-control-regex
  expect(en + ko).not.toMatch(/[\0-\x1f]/)
  expect(en.endsWith('…')).toBe(true)
})
