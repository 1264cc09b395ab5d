import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Of } from './encoding.ts'

const little = (text: string): Buffer => Buffer.from(text, 'utf16le')
const big = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const mark = '\uFEFF'
/** Of characters that Unicode assigns, as people write them. */
const text = fc.array(fc.constantFrom('password = ', 'k7Q!x9Lm', '\r\n', '\t', '비밀번호', '😀', 'é', '한', ' '), { minLength: 1, maxLength: 2_000 }).map((parts) => parts.join(''))

test('a marked text is what it says, whatever is written in it', () => {
  fc.assert(fc.property(text, (written) => {
    for (const bytes of [little(mark + written), big(mark + written), Buffer.from(mark + written)]) expect(utf8Of(bytes).toString()).toBe(written)
  }))
  // Cut off within a character.
  expect([little(`${mark}key`), big(`${mark}key`)].map((bytes) => utf8Of(bytes.subarray(0, -1)).toString())).toEqual(['ke', 'ke'])
  expect([little(mark), big(mark), Buffer.from(mark)].map((bytes) => utf8Of(bytes).length)).toEqual([0, 0, 0])
  // The pair ends behind what is looked at.
  for (const before of ['x'.repeat(3_998), 'x'.repeat(3_999)]) expect(utf8Of(little(`${mark}${before}😀`)).toString()).toBe(`${before}😀`)
})

test('a text without a mark is known by its ASCII', () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 6_000 }).map((written) => written.replaceAll(/[^ -~]/g, '?')), (written) => {
    for (const bytes of [little(written), big(written)]) expect(utf8Of(bytes).toString()).toBe(written)
  }))
  const mixed = '# 설정 파일\r\ndb_password = "k7Q!x9Lm"\r\n'
  expect([little(mixed), big(mixed)].map((bytes) => utf8Of(bytes).toString())).toEqual([mixed, mixed])
})

test('what is no such text stays as it is', () => {
  const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]), deflateSync(Buffer.alloc(1_000, 'pixels'))])
  const samples = Buffer.from(Int16Array.from({ length: 4_000 }, (_, at) => Math.round(60 * Math.sin(at / 7))).buffer)
  const utf32 = Buffer.from(Uint32Array.from(`${mark}password`.split('').map((each) => each.charCodeAt(0))).buffer)
  const binaries: readonly Buffer[] = [
    readFileSync(process.execPath).subarray(0, 100_000), png, samples, utf32, Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(100), Buffer.from('비밀번호'), Buffer.from('plain text\0'), Buffer.from([0xff, 0xfe, 0, 0xd8, 0x41, 0]), Buffer.from([0xef, 0xbb]),
    Buffer.from([...Array(300).keys()].flatMap((each) => [each & 0xff, each >> 8])),
  ]
  for (const bytes of binaries) expect(utf8Of(bytes)).toBe(bytes)
})

test('any bytes are taken: they stay, lose their mark, or are read in pairs', () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from([0xff, 0xfe, ...bytes])), fc.array(fc.constantFrom(0, 0, 0x41, 0x20, 0xd8, 0xff, 0xfe), { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes))), (any) => {
    const bytes = Buffer.from(any)
    const seen = utf8Of(bytes)
    const whole = (from: number): Buffer => bytes.subarray(from, bytes.length - ((bytes.length - from) % 2))
    const pairs = (written: Buffer): string => written.toString('utf16le').toWellFormed()
    expect([bytes.toString('latin1'), bytes.subarray(3).toString('latin1'), ...[0, 2].flatMap((from) => [whole(from), Buffer.from(whole(from)).swap16()].map((each) => Buffer.from(pairs(each)).toString('latin1')))]).toContain(seen.toString('latin1'))
  }), { numRuns: 500 })
})
