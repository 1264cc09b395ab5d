import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCpe, parseCpeTemplate, splitVersion } from './cpe.ts'

const plain = { part: 'a', vendor: 'v', product: 'p', version: null, update: null } as const

// NIST IR 7695, figure 6-3: 13 parts; each is a logical value or a string of unreserved characters and quoted ones.
const part = String.raw`(?:\*|-|(?:[a-z0-9_.-]|\\[!-\/:-@\[-\x60{-~])+)`
const wellFormed = new RegExp(`^cpe:2\\.3:[aoh]:${Array.from({ length: 10 }, () => part).join(':')}$`)

test('a name has 13 parts, with everything quoted that has to be', () => {
  expect(formatCpe({ part: 'a', vendor: 'openbsd', product: 'openssh', version: '9.2', update: 'p1' })).toBe('cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*')
  expect(formatCpe({ ...plain, vendor: 'AVM', product: 'FRITZ!OS', version: '1:2*3' })).toBe(String.raw`cpe:2.3:a:avm:fritz\!os:1\:2\*3:*:*:*:*:*:*:*`)
  expect(formatCpe({ ...plain, vendor: 'two words', product: 'z/os', version: '-', targetSoftware: 'wordpress' })).toBe(String.raw`cpe:2.3:a:two_words:z\/os:-:*:*:*:*:wordpress:*:*`)
})

test('whatever a banner says, it is one well-formed name', () => {
  const text = fc.option(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('*', '-', '?', ':', '\\', '', ' ', '한글', '\0')))
  fc.assert(fc.property(text, text, text, text, (vendor, product, version, update) => {
    expect(formatCpe({ part: 'o', vendor, product, version, update })).toMatch(wellFormed)
  }))
})

test('a URI of CPE 2.2 is taken apart and decoded', () => {
  expect(parseCpeTemplate('cpe:/o:ibm:z%2fos:{os.version}')).toEqual({ part: 'o', components: ['ibm', 'z/os', '{os.version}'] })
  for (const bad of ['', 'cpe:/x:a:b', 'cpe:/a:only', 'cpe:2.3:a:b:c', 'cpe:/a:1:2:3:4:5:6:7']) expect(parseCpeTemplate(bad)).toBeNull()
})

test.each([
  ['9.2p1', '9.2', 'p1'], ['6.6.1p1-hpn14v4', '6.6.1', 'p1'], ['5.8p2_hpn13v11', '5.8', 'p2'], ['9.11.4-P2', '9.11.4', 'p2'], ['9.0.0.M1', '9.0.0', 'milestone1'], ['1.3.5rc3', '1.3.5', 'rc3'], ['4.0-beta2', '4.0', 'beta2'],
  ['1.0.2k', '1.0.2k', null], ['2.4.57', '2.4.57', null], ['2003 SP2', '2003', 'sp2'], ['7.2.4-4ubuntu2', '7.2.4-4ubuntu2', null], ['v1.2.3-rc.1', '1.2.3', 'rc1'], ['v2.0', '2.0', null], ['', '', null],
] as const)('%s is version %s, update %s', (text, version, update) => {
  expect(splitVersion(text)).toEqual({ version, update })
})

test('long versions are split in linear time', () => {
  const long = `${'1.'.repeat(50_000)}x`
  const from = performance.now()
  splitVersion(long)
  expect(performance.now() - from).toBeLessThan(10_000)
})
