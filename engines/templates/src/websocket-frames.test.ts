import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NetworkError } from '@haechi/probes/wire'
import type { Connection } from './model.ts'
import { FrameReader, acceptOf, encodeFrame } from './websocket-frames.ts'

/** Gives these bytes in pieces of these sizes, then the end. */
function reader(bytes: string, sizes: readonly number[], maxBytes = 100_000): FrameReader {
  let at = 0
  let next = 0
  const connection: Connection = {
    address: '192.0.2.1', tls: null, close: () => undefined, write: () => Promise.resolve(),
    read: most => {
      const piece = bytes.slice(at, at + Math.max(1, Math.min(most, sizes[next++ % sizes.length] ?? most)))
      at += piece.length
      return Promise.resolve(piece)
    },
  }
  return new FrameReader(connection, { endpoint: 'h:1', received: '', maxBytes, now: () => 0 })
}

const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 })
const latin1 = (max: number): fc.Arbitrary<string> => fc.uint8Array({ maxLength: max }).map(bytes => Buffer.from(bytes).toString('latin1'))

it('the proof of a key is that of RFC 6455, 1.3', () => { expect(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=') })

it('what is written is what is read, in whatever pieces it comes', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(1, 2), fc.oneof(latin1(300), fc.constantFrom('x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_535), 'x'.repeat(65_536)))), { minLength: 1, maxLength: 4 }), fc.integer(), sizes, async (messages, mask, pieces) => {
    const read = reader(messages.map(([opcode, data]) => encodeFrame(opcode, data, mask)).join(''), pieces)
    for (const [opcode, data] of messages) expect(await read.next(1000, () => 0)).toEqual({ opcode, data })
    await expect(read.next(1000, () => 0)).rejects.toMatchObject({ fault: 'closed' })
  }))
})

it('whatever else comes is a message or a fault', async () => {
  await fc.assert(fc.asyncProperty(latin1(200), sizes, async (bytes, pieces) => {
    try {
      const read = reader(bytes, pieces, 1000)
      for (let count = 0; count < 20; count++) expect((await read.next(1000, () => 0)).data.length).toBeLessThanOrEqual(1000)
    } catch (error) {
      expect(error).toBeInstanceOf(NetworkError)
      expect(['closed', 'protocol_error', 'timeout']).toContain((error as NetworkError).fault)
    }
  }), { numRuns: 2000 })
})
