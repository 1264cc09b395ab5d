import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import type { Answer } from 'dns-packet'
import { isInBoth } from '../evidence.fixture.ts'
import { memoryRun } from './network.fixture.ts'
import { Notes } from './notes.ts'
import { createResolver } from './resolver.ts'
import { judgeSigning } from './signing.ts'

const ed25519 = { flags: 257, algorithm: 15, key: Buffer.alloc(32, 1) }
const key = (data: object): Answer => ({ type: 'DNSKEY', name: 'lab.example', ttl: 1, data } as Answer)
/** RFC 3110: three bytes of exponent, a modulus whose highest bit is set. */
const rsa = (bits: number): Buffer => Buffer.concat([Buffer.from([3, 1, 0, 1]), Buffer.alloc(bits / 8, 0xff)])
const digest = (digestType: number): Answer => ({ type: 'DS', name: 'lab.example', ttl: 1, data: { keyTag: 7, algorithm: 15, digestType, digest: Buffer.alloc(32) } })
const none: Answer = { type: 'SOA', name: 'example', ttl: 1, data: { mname: 'a', rname: 'b' } }
const signature = (keyTag: number): Answer => ({ type: 'RRSIG', name: 'lab.example', ttl: 1, data: { typeCovered: 'DNSKEY', algorithm: 15, labels: 2, originalTTL: 1, expiration: 1, inception: 0, keyTag, signersName: 'lab.example', signature: Buffer.alloc(64) } })

it.each([
  ['no key, none named', [], [none], [['dns.dnssec_missing', 'lab.example has no DNSKEY record', 'lab.example에 DNSKEY 레코드가 없음']]],
  ['no key, one named', [], [digest(2)], [['dns.dnssec_bogus', 'the parent has a DS record, but the zone has no key', '상위 영역에 DS 레코드가 있으나 영역에 키가 없음']]],
  ['a key, another named by SHA-1', [key(ed25519)], [digest(1)], [
    ['dns.dnssec_bogus', expect.stringMatching(/^the parent's DS records \(7\) name none of the zone's keys \(\d+\)$/), expect.stringMatching(/^상위 영역의 DS 레코드\(7\)가 가리키는 키가 영역의 키\(\d+\) 중에 없음$/)],
    ['dns.dnssec_weak', 'DS of SHA-1 alone', 'SHA-1 DS 레코드만 있음'],
  ]],
  ['a key that nothing is signed with, none named', [key(ed25519)], [none], [
    ['dns.dnssec_bogus', 'signatures of DNSKEY (none) do not hold', '유효하지 않은 서명: DNSKEY(서명 없음)'], ['dns.dnssec_no_ds', 'the zone has 1 keys, its parent no DS record', '영역에 키가 1개 있으나 상위 영역에 DS 레코드가 없음'],
  ]],
  ['a signature by a key of nobody', [key(ed25519), signature(1)], [], [['dns.dnssec_bogus', 'signatures of DNSKEY (by no key of the zone) do not hold', '유효하지 않은 서명: DNSKEY(영역의 키로 서명되지 않음)']]],
  ['weak keys, some of a kind', [key({ flags: 256, algorithm: 8, key: rsa(1_024) }), key({ flags: 257, algorithm: 8, key: rsa(1_024) }), key({ flags: 257, algorithm: 5, key: rsa(2_048) })], [], [
    ['dns.dnssec_bogus', 'signatures of DNSKEY (none) do not hold', '유효하지 않은 서명: DNSKEY(서명 없음)'], ['dns.dnssec_weak', 'RSA of 1024 bits, RSASHA1', 'RSA 1024비트, RSASHA1'],
  ]],
] as const)('%s: told in both languages', async (_, keys, parent, told) => {
  const run = memoryRun(({ type }) => (type === 'DNSKEY' ? { answers: [...keys] } : type === 'DS' ? { answers: parent.filter(record => record.type === 'DS'), authorities: parent.filter(record => record.type === 'SOA') } : {}))
  const notes = new Notes(run, createResolver({ run, servers: ['192.0.2.254'] }), 100)
  await judgeSigning('lab.example', null, notes)
  expect(notes.findings.map(({ check, evidence: { en, ko } }) => [check, en, ko])).toEqual(told)
  expect(notes.findings.filter(({ evidence }) => !isInBoth(evidence))).toEqual([])
})
