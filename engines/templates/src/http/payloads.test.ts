import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Payloads } from '../model.ts'
import { combinations, ofOwn } from './payloads.ts'

const lists = { user: ['a', 'b'], word: ['1', '2', '3'] }
const all = (attack: Payloads['attack'], from: Payloads['lists'] = lists): string[] => [...combinations({ attack, lists: from })].map((one) => Object.entries(one).map(([name, value]) => `${name}=${value}`).join(' '))

test('batteringram: each list by itself', () => expect(all('batteringram')).toEqual(['user=a', 'user=b', 'word=1', 'word=2', 'word=3']))
test('pitchfork: together, to the end of the shortest', () => expect(all('pitchfork')).toEqual(['user=a word=1', 'user=b word=2']))
test('clusterbomb: each with each', () => expect(all('clusterbomb')).toEqual(['user=a word=1', 'user=a word=2', 'user=a word=3', 'user=b word=1', 'user=b word=2', 'user=b word=3']))
test('one empty list leaves nothing to combine', () => {
  expect(all('clusterbomb', { user: ['a'], word: [] })).toEqual([])
  expect(all('pitchfork', { user: ['a'], word: [] })).toEqual([])
})
test('without payloads there is one request', () => expect([...combinations(null)]).toEqual([{}]))
test('an attack from outside goes before that of the template', () => expect([...combinations({ attack: 'pitchfork', lists }, 'clusterbomb')]).toHaveLength(6))

test('a billion of billions costs nothing before it is asked for', () => {
  const many = Array.from({ length: 1000 }, (_, at) => String(at))
  const payloads: Payloads = { attack: 'clusterbomb', lists: Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`p${at}`, many])) }
  const drawn = combinations(payloads)
  expect(drawn.next().value).toEqual({ p0: '0', p1: '0', p2: '0', p3: '0', p4: '0', p5: '0' })
})

test('names are a template\'s own', () => {
  const made = [...combinations({ attack: 'batteringram', lists: Object.fromEntries([['__proto__', ['x']]]) })]
  expect(ofOwn(made[0]!, '__proto__')).toBe('x')
  expect(ofOwn(made[0]!, 'constructor')).toBeUndefined()
})

test('as many as are counted, and all different where the values are', () => {
  fc.assert(fc.property(fc.constantFrom<Payloads['attack']>('batteringram', 'pitchfork', 'clusterbomb'), fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }), (attack, lengths) => {
    const payloads: Payloads = { attack, lists: Object.fromEntries(lengths.map((length, at) => [`n${at}`, Array.from({ length }, (_, index) => `${at}.${index}`)])) }
    const found = [...combinations(payloads)].map((one) => JSON.stringify(one))
    const counted = { batteringram: lengths.reduce((sum, length) => sum + length, 0), pitchfork: Math.min(...lengths), clusterbomb: lengths.reduce((product, length) => product * length, 1) }
    expect(found).toHaveLength(counted[attack])
    expect(new Set(found).size).toBe(found.length)
  }))
})
