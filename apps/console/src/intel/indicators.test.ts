import { expect, it } from 'vitest'
import { pasted, refanged } from './indicators.ts'

it('takes apart what was pasted', () => {
  expect(pasted('198.51.100.7\n  evil[.]example \r\n\r\n"https://a.example/x,y", 198.51.100.7; <bad@a.example>')).toEqual(['198.51.100.7', 'evil[.]example', 'https://a.example/x,y', 'bad@a.example'])
  expect(pasted(' \n ')).toEqual([])
})
it('keeps the brackets of a defanged indicator', () => {
  expect(pasted('198[.]51[.]100[.]7 user[@]a[.]example')).toEqual(['198[.]51[.]100[.]7', 'user[@]a[.]example'])
})
it('says a defanged indicator plainly', () => {
  expect(refanged('hxxps://evil[.]example/a')).toBe('https://evil.example/a')
  expect(refanged('hxxp[://]evil(dot)example')).toBe('http://evil.example')
  expect(refanged('user[at]evil{.}example')).toBe('user@evil.example')
  expect(refanged('https://plain.example/[x]')).toBe('https://plain.example/[x]')
})
