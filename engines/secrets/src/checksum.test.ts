import { createSign, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { draw } from '../../../content/secrets/draw.ts'
import { checksums } from './checksum.ts'

const holds = (name: string, secret: string): boolean => checksums[name]!.holds(secret)

test("GitHub's check digits: the examples' own, and none that a character away", () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const token = draw('ghp_{base62:30}{github:6}', String(seed))
    expect(holds('github', token)).toBe(true)
    const other = token[10] === 'a' ? 'b' : 'a'
    expect(holds('github', token.slice(0, 10) + other + token.slice(11))).toBe(false)
    expect(holds('github', `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`)).toBe(false)
  }
  expect(holds('github', 'ghp_')).toBe(false)
})

test('tokens of RFC 7515 have a header that names an algorithm, and claims', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = `${part({ alg: 'ES256', typ: 'JWT' })}.${part({ sub: 'someone', iat: 1_700_000_000 })}`
  expect(holds('jwt', `${head}.${createSign('sha256').update(head).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`)).toBe(true)
  expect(holds('jwt', `${part({ typ: 'JWT' })}.${part({})}.${'A'.repeat(40)}`)).toBe(false)
  expect(holds('jwt', `${part({ alg: 'ES256' })}.notjsonatall.${'A'.repeat(40)}`)).toBe(false)
  expect(holds('jwt', 'eyJ')).toBe(false)
  expect(holds('jwt', '')).toBe(false)
})

test('keys between their lines: PKCS #8, PKCS #1, SEC 1, sealed, with line ends as written in code; and no words between such lines', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey
  for (const pem of [
    ec.export({ type: 'pkcs8', format: 'pem' }), ec.export({ type: 'sec1', format: 'pem' }), rsa.export({ type: 'pkcs1', format: 'pem' }),
    rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }), rsa.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
  ].map(String)) {
    expect(holds('pem', pem)).toBe(true)
    expect(holds('pem', pem.replaceAll('\n', '\\n'))).toBe(true)
    expect(holds('pem', pem.replaceAll('\n', '\r\n'))).toBe(true)
  }
  expect(holds('pem', '-----BEGIN PRIVATE KEY-----\nthe key goes here, and nowhere else in the world\n-----END PRIVATE KEY-----')).toBe(false)
  expect(holds('pem', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----')).toBe(false)
})

test('a run of backslashes between the lines of a key is read once', () => {
  const from = process.cpuUsage()
  expect(holds('pem', `-----BEGIN PRIVATE KEY-----${'\\'.repeat(300_000)}-----END PRIVATE KEY-----`)).toBe(false)
  expect(process.cpuUsage(from).user).toBeLessThan(5_000_000)
})
