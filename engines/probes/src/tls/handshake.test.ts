import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { suiteNumber } from './cipher-suites.ts'
import { NetworkError } from '../network.ts'
import type { Connection, TlsVersion } from '../network.ts'
import { greet } from './handshake.ts'
import type { Greeted } from './handshake.ts'
import { clientHello, offeredSuites, tlsVersions } from './hello.ts'

const u16 = (value: number): number[] => [value >> 8, value & 255]
const u24 = (value: number): number[] => [value >> 16, (value >> 8) & 255, value & 255]
const message = (type: number, body: readonly number[]): number[] => [type, ...u24(body.length), ...body]
const record = (version: number, content: readonly number[], type = 22): number[] => [type, 3, version, ...u16(content.length), ...content]
const serverHello = (version: number, suite: number, extensions: readonly number[] = []): number[] =>
  message(2, [3, version, ...Array.from({ length: 32 }, () => 7), 4, 1, 2, 3, 4, ...u16(suite), 0, ...(extensions.length === 0 ? [] : [...u16(extensions.length), ...extensions])])
const certificates = (...list: readonly (readonly number[])[]): number[] => {
  const all = list.flatMap(each => [...u24(each.length), ...each])
  return message(11, [...u24(all.length), ...all])
}

/** Gives these bytes in pieces of these sizes, then the end. */
function connection(bytes: readonly number[], sizes: readonly number[] = []): Connection & { readonly written: string[] } {
  const written: string[] = []
  let at = 0
  let next = 0
  return {
    written, address: '192.0.2.1', tls: null, close: () => undefined,
    write: data => {
      written.push(data)
      return Promise.resolve()
    },
    read: maxBytes => {
      const size = Math.max(1, Math.min(maxBytes, sizes[next++ % Math.max(1, sizes.length)] ?? maxBytes))
      const piece = Buffer.from(bytes.slice(at, at + size)).toString('latin1')
      at += size
      return Promise.resolve(piece)
    },
  }
}

const suite = suiteNumber('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256') ?? 0
const ask = (bytes: readonly number[], sizes: readonly number[] = [], maxVersion: TlsVersion = 'tls12', minVersion: TlsVersion = 'sslv3'): Promise<Greeted> =>
  greet(connection(bytes, sizes), { endpoint: 'h:1', serverName: 'h', minVersion, maxVersion, suites: [...offeredSuites, 0x1301], timeoutMs: 1000, random: () => 5, now: () => 0 })

const good = [...record(3, [...serverHello(3, suite), ...certificates([1, 2, 3], [4])]), ...record(3, message(14, []))]

describe('what a server answers', () => {
  it('is read whatever pieces it comes in, and however its records are cut', async () => {
    const handshake = [...serverHello(3, suite), ...certificates([1, 2, 3], [4])]
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }), fc.array(fc.nat(handshake.length - 1), { maxLength: 4 }), async (sizes, cuts) => {
      const places = [0, ...new Set(cuts.toSorted((one, other) => one - other)), handshake.length]
      const bytes = places.slice(1).flatMap((end, index) => record(3, handshake.slice(places[index], end)))
      const answer = await ask(bytes, sizes)
      expect({ ...answer, certificates: answer.certificates.map(each => [...each]) }).toEqual({ version: 'tls12', suite, certificates: [[1, 2, 3], [4]] })
    }))
  })

  it.each(tlsVersions.slice(0, 4).map((version, place) => [version, place] as const))('of %s', async (version, place) => {
    expect(await ask(record(place, [...serverHello(place, suite), ...message(14, [])]))).toEqual({ version, suite, certificates: [] })
    for (const other of tlsVersions.slice(0, 4)) {
      const [least, most] = [other, other]
      if (other !== version) await expect(ask(record(place, serverHello(place, suite)), [], most, least)).rejects.toMatchObject({ fault: 'tls_failed' })
    }
  })

  it('of TLS 1.3 stands in an extension, behind others', async () => {
    const extensions = [...u16(51), ...u16(2), 0, 29, ...u16(43), ...u16(2), 3, 4]
    expect(await ask(record(3, serverHello(3, 0x1301, extensions)), [], 'tls13')).toEqual({ version: 'tls13', suite: 0x1301, certificates: [] })
  })

  it('may begin with a warning', async () => { await expect(ask([...record(3, serverHello(3, suite)), ...record(3, [1, 112], 21), ...record(3, certificates([9]))])).resolves.toMatchObject({ version: 'tls12' }) })
})

describe('whatever else comes', () => {
  const outcome = async (bytes: readonly number[], sizes: readonly number[] = []): Promise<void> => {
    try {
      await ask(bytes, sizes)
    } catch (error) {
      expect(error).toBeInstanceOf(NetworkError)
      expect(['tls_failed', 'protocol_error', 'closed', 'timeout']).toContain((error as NetworkError).fault)
    }
  }
  it('bytes', async () => { await fc.assert(fc.asyncProperty(fc.array(fc.nat(255), { maxLength: 200 }), bytes => outcome(bytes)), { numRuns: 1000 }) })
  it('records', async () => { await fc.assert(fc.asyncProperty(fc.array(fc.nat(255), { maxLength: 200 }), fc.constantFrom(20, 21, 22, 23), (content, type) => outcome(record(3, content, type))), { numRuns: 1000 }) })
  it('one wrong byte', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.integer({ min: 1, max: 50 }), (at, byte, size) => outcome(good.with(at, byte), [size])), { numRuns: 2000 })
  })
  it('the end too early', async () => {
    for (let length = 0; length < good.length - 9; length++) await expect(ask(good.slice(0, length)), String(length)).rejects.toBeInstanceOf(NetworkError)
  })
  it('empty records without end', async () => {
    const bytes = Array.from({ length: 20_000 }, () => record(3, [])).flat()
    await outcome(bytes, [5])
  })
})

it('a greeting names nothing that its version does not know', () => {
  const salt = { random: Buffer.alloc(32, 1), session: Buffer.alloc(32, 2) }
  const sslv3 = clientHello({ serverName: 'example.com', version: 'sslv3', suites: [5] }, salt)
  expect(sslv3.subarray(0, 3)).toEqual(Buffer.from([22, 3, 0]))
  expect(sslv3.includes('example.com')).toBe(false)
  const tls10 = clientHello({ serverName: 'example.com', version: 'tls10', suites: [5] }, salt)
  expect(tls10.subarray(0, 3)).toEqual(Buffer.from([22, 3, 1]))
  expect(tls10.includes('example.com')).toBe(true)
  // An address is no name of a server (RFC 6066, section 3).
  expect(clientHello({ serverName: '192.0.2.1', version: 'tls12', suites: [5] }, salt).includes('192.0.2.1')).toBe(false)
})
