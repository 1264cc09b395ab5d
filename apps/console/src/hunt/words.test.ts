import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fieldOf, narrowed, words } from './words.ts'

it('splits as the server does', () => {
  expect(words('host:WS-12 user:"CORP\\bob lee" 4625 "failed \\"to\\" log on" 5"')).toEqual(['host:WS-12', 'user:"CORP\\bob lee"', '4625', '"failed \\"to\\" log on"', '5"'])
  expect(words('  ')).toEqual([])
  expect(words('user:"open to the end')).toEqual(['user:"open to the end'])
})
it('adds a field, or puts it in the place of the one that stands', () => {
  expect(narrowed('', 'host', 'WS-12')).toBe('host:WS-12')
  expect(narrowed('powershell user:kim', 'host', 'WS-12')).toBe('powershell user:kim host:WS-12')
  expect(narrowed('ip:10.0.0.1 failed', 'address', '10.0.0.2')).toBe('address:10.0.0.2 failed')
  expect(narrowed('event_code:1', 'code', '4625')).toBe('code:4625')
  expect(narrowed('', 'process', 'C:\\Program Files\\a.exe')).toBe('process:"C:\\Program Files\\a.exe"')
})
it('a value that was added is one word of its field, whatever it holds', () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }).filter((value) => /[^\s\\]/.test(value)), fc.constantFrom('', 'powershell', 'host:A', '"two words"'), (value, before) => {
    const found = words(narrowed(before, 'user', value)).filter((word) => fieldOf(word) === 'user')
    expect(found.length).toBe(1)
    expect(words(narrowed(narrowed(before, 'user', value), 'user', 'x'))).toEqual([...words(before), 'user:x'])
  }))
})
