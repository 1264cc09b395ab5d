import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from './model.ts'
import { createSeal } from './seal.ts'

const clock = { time: 1000, now: () => clock.time }
const key = Buffer.alloc(32, 7)
const seal = createSeal(key, clock)

test('what is closed is opened, by every process with the key', () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string(), (value, purpose) => {
    const text = seal.close(value as Json, purpose, 1000)
    expect(text).toMatch(/^[\x21-\x7e]+$/)
    expect(createSeal(key, clock).open(text, purpose)).toEqual(JSON.parse(JSON.stringify(value)))
  }))
})

test('no other text is opened', () => {
  const text = seal.close({ a: 1 }, 'p', 1000)
  fc.assert(fc.property(fc.integer({ min: 0, max: text.length - 1 }), fc.constantFrom(...'ABCabc019-_.~ '.split('')), (at, letter) => {
    fc.pre(text[at] !== letter)
    expect(seal.open(text.slice(0, at) + letter + text.slice(at + 1), 'p')).toBeUndefined()
  }), { numRuns: 1000 })
  for (const other of [`${text}x`, `${text}=`, `${text}-TAMPERED`, text.slice(0, -1), '', '.', 'a', text.split('.')[0] as string, ` ${text}`]) expect(seal.open(other, 'p')).toBeUndefined()
})

test('not for another purpose, not with another key, not too late', () => {
  const text = seal.close(1, 'a', 1000)
  expect(seal.open(text, 'b')).toBeUndefined()
  expect(createSeal(Buffer.alloc(32, 8), clock).open(text, 'a')).toBeUndefined()
  clock.time += 999
  expect(seal.open(text, 'a')).toBe(1)
  clock.time += 1
  expect(seal.open(text, 'a')).toBeUndefined()
})

test('where a purpose ends is no matter of what stands behind it', () => {
  const text = seal.close(1, 'a', 1e9)
  const [payload = '', mac = ''] = text.split('.')
  expect(seal.open(`${payload.slice(1)}.${mac}`, `a${payload[0]}`)).toBeUndefined()
})
