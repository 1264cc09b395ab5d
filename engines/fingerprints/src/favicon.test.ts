import { expect, test } from 'vitest'
import { faviconHashes, murmur3 } from './favicon.ts'

test('MurmurHash3 of texts that are known', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)
  expect([murmur3(bytes('')), murmur3(bytes('hello')) >>> 0, murmur3(bytes('hello, world')) >>> 0, murmur3(bytes('The quick brown fox jumps over the lazy dog')) >>> 0]).toEqual([0, 0x248BFA47, 0x149BBB7F, 0x2E4FF723])
})

test('both hashes of an icon, of which the second is over base64 in lines of 76', () => {
  // By Python: mmh3.hash(base64.encodebytes(bytes(range(256)))), and of nothing.
  const icon = Uint8Array.from({ length: 256 }, (_, at) => at)
  expect(faviconHashes(icon)).toEqual({ md5: 'e2c865db4162bed963bfaa9ef6ac18f0', mmh3: -757_223_386 })
  expect(faviconHashes(new Uint8Array())).toEqual({ md5: 'd41d8cd98f00b204e9800998ecf8427e', mmh3: 0 })
  expect(faviconHashes(icon.subarray(3, 60)).mmh3).toBe(faviconHashes(icon.slice(3, 60)).mmh3)
})
