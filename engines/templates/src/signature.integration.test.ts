import { createHash, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { missingTemplates, templateFiles } from '../../../tests/templates-corpus.ts'
import { publicTemplatesKey, splitSignature } from './signature.ts'

// P-256 (SEC 2, 2.4.2) and the recovery of a public key from a signature (SEC 1, 4.1.6).
const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
type Point = readonly [bigint, bigint] | null
const generator: Point = [0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n, 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n]
const mod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by
function power(base: bigint, exponent: bigint, by: bigint): bigint {
  let result = 1n
  for (let square = mod(base, by), left = exponent; left > 0n; square = (square * square) % by, left >>= 1n) if (left & 1n) result = (result * square) % by
  return result
}
const inverse = (value: bigint, by: bigint): bigint => power(value, by - 2n, by)
function add(one: Point, other: Point): Point {
  if (one === null || other === null) return one ?? other
  if (one[0] === other[0] && mod(one[1] + other[1], p) === 0n) return null
  const slope = one[0] === other[0] ? (3n * one[0] * one[0] - 3n) * inverse(2n * one[1], p) : (other[1] - one[1]) * inverse(other[0] - one[0], p)
  const x = mod(slope * slope - one[0] - other[0], p)
  return [x, mod(slope * (one[0] - x) - one[1], p)]
}
function times(factor: bigint, point: Point): Point {
  let result: Point = null
  for (let doubled = point, left = factor; left > 0n; doubled = add(doubled, doubled), left >>= 1n) if (left & 1n) result = add(result, doubled)
  return result
}
const numberOf = (digits: Uint8Array): bigint => BigInt(`0x${Buffer.from(digits).toString('hex')}`)

function candidates(content: Uint8Array): string[] {
  const { der, signed: text } = splitSignature(content)!
  const r = numberOf(der.subarray(4, 4 + der[3]!))
  const s = numberOf(der.subarray(6 + der[3]!))
  const z = numberOf(createHash('sha256').update(text).digest())
  const square = mod(r * r * r - 3n * r + b, p)
  const y = power(square, (p + 1n) / 4n, p)
  return [y, p - y].map((root) => add(times(mod(s * inverse(r, n), n), [r, root]), times(mod(-z * inverse(r, n), n), generator))!.map((value) => value.toString(16).padStart(64, '0')).join(':'))
}

test.skipIf(missingTemplates !== false)(`the key of the public templates is what their signatures have in common${missingTemplates === false ? '' : `: ${missingTemplates}`}`, { timeout: 120_000 }, () => {
  const [signer, key] = publicTemplatesKey
  expect(signer).toBe('922c64590222798bb761d5b6d8e72950')
  const some = templateFiles()!.filter(({ content }) => splitSignature(content)?.signer === signer).slice(0, 3)
  const [first, ...others] = some.map(({ content }) => candidates(content))
  const common = first!.filter((candidate) => others.every((more) => more.includes(candidate)))
  expect(common).toHaveLength(1)
  const [x = '', y = ''] = common[0]!.split(':')
  expect(createHash('md5').update(Buffer.from(x, 'hex')).digest('hex')).toBe(signer)
  const { x: hasX, y: hasY } = createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' })
  expect([hasX, hasY].map((text) => Buffer.from(text!, 'base64url').toString('hex'))).toEqual([x, y])
})
