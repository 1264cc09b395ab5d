import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { encode } from 'dns-packet'
import type { Answer } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeName } from '../dns-message.ts'
import type { DnsRecord } from '../dns-message.ts'
import { judgeSet, namesKey, readDigest, readKey, readSignature } from './dnssec.ts'
import type { ZoneKey } from './dnssec.ts'

const now = 1_750_000_000
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
const record = (answer: Answer): DnsRecord => decodeMessage(encode({ type: 'response', answers: [answer] })).answer[0]!
const keyRecord = (flags = 257, algorithm = 15, key = raw): DnsRecord => record({ type: 'DNSKEY', name: 'example', ttl: 60, data: { flags, algorithm, key } })
const key = readKey(keyRecord())!

type Given = { readonly owner?: string; readonly labels?: number; readonly signedOwner?: string; readonly expiration?: number; readonly inception?: number; readonly tag?: number; readonly signer?: string; readonly algorithm?: number }
/** Of A records, as RFC 4034, 3.1.8.1 says, written down once more. */
function signed(addresses: readonly string[], { owner = 'www.example', labels = 2, signedOwner = owner, expiration = now + 3_600, inception = now - 3_600, tag = key.tag, signer = 'example', algorithm = 15 }: Given = {}): { readonly set: DnsRecord[]; readonly signature: DnsRecord } {
  const head = Buffer.alloc(18)
  head.writeUInt16BE(1, 0)
  head.set([algorithm, labels], 2)
  for (const [at, value] of [300, expiration, inception].entries()) head.writeUInt32BE(value >>> 0, 4 + at * 4)
  head.writeUInt16BE(tag, 16)
  const rows = addresses.map(address => Buffer.from(address.split('.').map(Number))).toSorted(Buffer.compare).map(bytes => Buffer.concat([encodeName(signedOwner), Buffer.from('000100010000012c0004', 'hex'), bytes]))
  const signature = sign(null, Buffer.concat([head, encodeName(signer), ...rows]), privateKey)
  return {
    set: addresses.map(address => record({ type: 'A', name: owner.toUpperCase(), ttl: 17, data: address })),
    signature: record({ type: 'RRSIG', name: owner, ttl: 17, data: { typeCovered: 'A', algorithm, labels, originalTTL: 300, expiration: expiration >>> 0, inception: inception >>> 0, keyTag: tag, signersName: signer, signature } }),
  }
}
const verdict = (addresses: readonly string[], given: Given = {}, keys: readonly ZoneKey[] = [key]): string => {
  const { set, signature } = signed(addresses, given)
  return judgeSet(set, [signature], keys, 'example', now * 1_000).verdict
}

describe('a signature', () => {
  it('holds for its records in any order, and from its wildcard', () => {
    expect([verdict(['192.0.2.1']), verdict(['192.0.2.9', '192.0.2.1', '10.0.0.1']), verdict(['192.0.2.1'], { owner: 'a.b.example', labels: 1, signedOwner: '*.example' })]).toEqual(['valid', 'valid', 'valid'])
    const { set, signature } = signed(['192.0.2.1'])
    expect(judgeSet([...set, ...set], [signature], [key], 'example', now * 1_000)).toEqual({ verdict: 'valid', expiresInMs: 3_600_000 })
  })

  it('has its time, also where 32 bits of seconds end', () => {
    expect([verdict(['192.0.2.1'], { expiration: now - 1 }), verdict(['192.0.2.1'], { inception: now + 1 })]).toEqual(['expired', 'not_yet_valid'])
    const { set, signature } = signed(['192.0.2.1'], { inception: 2 ** 32 - 100, expiration: 2 ** 32 + 100 })
    expect(judgeSet(set, [signature], [key], 'example', 2 ** 32 * 1_000).verdict).toBe('valid')
  })

  it('of another zone, another key, a key that signs no zones, or an unknown kind is none', () => {
    expect(verdict(['192.0.2.1'], { signer: 'other' })).toBe('wrong')
    expect(verdict(['192.0.2.1'], { tag: key.tag ^ 1 })).toBe('no_key')
    expect(verdict(['192.0.2.1'], {}, [readKey(keyRecord(1))!])).toBe('no_key')
    const unknown = readKey(keyRecord(257, 200))!
    expect(verdict(['192.0.2.1'], { algorithm: 200, tag: unknown.tag }, [unknown])).toBe('unsupported')
    expect(judgeSet(signed(['192.0.2.1']).set, [], [key], 'example', now * 1_000)).toEqual({ verdict: 'unsigned', expiresInMs: null })
  })

  it('with any byte changed, in it or in what it is of, is wrong', () => {
    const { set, signature } = signed(['192.0.2.1', '192.0.2.2'])
    fc.assert(fc.property(fc.constantFrom('set', 'signature'), fc.nat(), fc.integer({ min: 1, max: 255 }), (where, place, change) => {
      const altered = (given: DnsRecord): DnsRecord => {
        const rdata = Buffer.from(given.rdata)
        const at = where === 'set' ? place % rdata.length : 18 + 9 + place % 64
        rdata[at]! ^= change
        return { ...given, rdata }
      }
      expect(judgeSet(where === 'set' ? [set[0]!, altered(set[1]!)] : set, [where === 'signature' ? altered(signature) : signature], [key], 'example', now * 1_000).verdict).toBe('wrong')
    }))
  })

  it('one that holds is enough; thousands of keys and signatures are not tried', () => {
    const good = signed(['192.0.2.1'])
    const bad = signed(['192.0.2.2']).signature
    expect(judgeSet(good.set, [bad, good.signature], [key], 'example', now * 1_000).verdict).toBe('valid')
    let tried = 0
    const counted = { ...key, get key() { tried++; return key.key } }
    const keys = Array.from({ length: 2_000 }, () => counted)
    expect(judgeSet(good.set, Array.from({ length: 2_000 }, () => bad), keys, 'example', now * 1_000).verdict).toBe('wrong')
    expect(tried).toBeLessThanOrEqual(4 * 2 * 4)
  })
})

describe('keys', () => {
  it('have the tag of RFC 4034, appendix B, and what their algorithm says', () => {
    const rsa = Buffer.from('AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==', 'base64')
    // The example of RFC 4034, 2.3, whose tag stands in 3.3.
    expect(readKey(keyRecord(256, 5, rsa))).toMatchObject({ algorithm: 5, bits: 1_024, entry: false, tag: 2_642 })
    expect(key).toMatchObject({ bits: 256, entry: true })
  })

  it('that cannot be one are kept without', () => {
    for (const [algorithm, bytes] of [[15, raw.subarray(1)], [13, Buffer.alloc(64)], [8, Buffer.from([0, 255, 255, 1])], [8, Buffer.from([1])], [8, Buffer.alloc(3_000, 1)]] as const) expect(readKey(keyRecord(257, algorithm, bytes))).toMatchObject({ key: null, bits: null })
    fc.assert(fc.property(fc.nat(255), fc.uint8Array({ minLength: 1, maxLength: 200 }), (algorithm, bytes) => { expect(readKey(keyRecord(257, algorithm, Buffer.from(bytes)))).toMatchObject({ algorithm }) }))
  })

  it('are named by a digest', () => {
    const hash = createHash('sha256').update(Buffer.concat([encodeName('example'), key.rdata])).digest()
    const of = (digestType: number, digest: Buffer, keyTag = key.tag): boolean | null => namesKey(readDigest(record({ type: 'DS', name: 'example', ttl: 1, data: { keyTag, algorithm: 15, digestType, digest } }))!, key, 'example')
    expect([of(2, hash), of(2, Buffer.alloc(32)), of(2, hash, key.tag ^ 1), of(1, hash), of(99, hash)]).toEqual([true, false, false, false, null])
  })
})

it('reads of signatures what stands there', () => {
  expect(readSignature(signed(['192.0.2.1']).signature)).toEqual({ covers: 'A', algorithm: 15, labels: 2, originalTtl: 300, expiration: now + 3_600, inception: now - 3_600, tag: key.tag, signer: 'example' })
  expect(readSignature(keyRecord())).toBeNull()
})
