import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openKeyring, sealerFromKey } from './secrets.ts'

const sealer = sealerFromKey(Buffer.alloc(32, 1), 'master.key')
const unreadable = expect.objectContaining({ code: 'secret_unreadable' })

describe('a sealed value', () => {
  test('opens in its own place under its own key, and only there', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.string(), fc.string(), (plain, place, other) => {
      const sealed = sealer.seal(plain, place)
      expect(Buffer.from(sealer.open(sealed, place)).equals(Buffer.from(plain))).toBe(true)
      if (other !== place) expect(() => sealer.open(sealed, other)).toThrow(unreadable)
      expect(() => sealerFromKey(Buffer.alloc(32, 2), 'x').open(sealed, place)).toThrow(unreadable)
    }))
  })
  test('every changed or missing byte is found', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, at, change) => {
      const sealed = Buffer.from(sealer.seal(plain, 'here'))
      const edited = Buffer.from(sealed)
      edited[at % edited.length]! ^= change
      expect(() => sealer.open(edited, 'here')).toThrow(unreadable)
      expect(() => sealer.open(sealed.subarray(0, at % sealed.length), 'here')).toThrow(unreadable)
    }))
  })
  test('the same secret twice looks different, and does not contain it', () => {
    const secret = Buffer.from('a secret of some length')
    expect(Buffer.from(sealer.seal(secret, 'a')).equals(Buffer.from(sealer.seal(secret, 'a')))).toBe(false)
    expect(Buffer.from(sealer.seal(secret, 'a')).includes(secret)).toBe(false)
  })
  test('the error names place and key file, never a byte of either', () => {
    expect(() => sealer.open(Buffer.from('garbage'), 'access_keys/key_1')).toThrow(/access_keys\/key_1.*master\.key/)
  })
})

describe('the key file', () => {
  let directory: string
  let file: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'haechi-secrets-'))
    file = join(directory, 'keys', 'master.key')
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('is made once, for its owner alone, and read again', async () => {
    const first = await openKeyring(file)
    expect([first.created, (await stat(file)).mode & 0o777, (await stat(join(directory, 'keys'))).mode & 0o777]).toEqual([true, 0o600, 0o700])
    const again = await openKeyring(file)
    expect(again.created).toBe(false)
    const sealed = first.sealer('access').seal(Buffer.from('x'), 'p')
    expect(Buffer.from(again.sealer('access').open(sealed, 'p')).toString()).toBe('x')
    expect(() => again.sealer('event-log').open(sealed, 'p')).toThrow(unreadable)
    expect(Buffer.from(again.key('access')).equals(Buffer.from(again.key('event-log')))).toBe(false)
  })
  test('many at once agree on one', async () => {
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyring(file)))
    expect(new Set(rings.map((ring) => Buffer.from(ring.key('a')).toString('hex'))).size).toBe(1)
    expect(rings.filter((ring) => ring.created)).toHaveLength(1)
  })
  test('permissions that were opened are closed again', async () => {
    await openKeyring(file)
    await chmod(file, 0o644)
    await openKeyring(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })
  test('a damaged one is refused and left as it is', async () => {
    await openKeyring(file)
    for (const damage of ['', 'short', (await readFile(file, 'utf8')).slice(0, 20)]) {
      await writeFile(file, damage)
      await expect(openKeyring(file)).rejects.toThrow(unreadable)
      expect(await readFile(file, 'utf8')).toBe(damage)
    }
  })
})
