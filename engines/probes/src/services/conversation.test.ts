import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetworkError } from '../network.ts'
import type { Connection } from '../network.ts'
import { Conversation, exactly, line, reply, upTo, withHead } from './conversation.ts'
import { Cursor, Malformed, uint, uintLe } from './cursor.ts'

let clock = 0
const limits = { timeoutMs: 1_000, now: () => clock }
function pieces(list: readonly string[], everyMs = 1): Connection & { reads: number } {
  let at = 0
  const made = {
    address: '192.0.2.1', tls: null, reads: 0, write: () => Promise.resolve(), close: () => undefined,
    read(maxBytes: number, timeoutMs: number) {
      made.reads++
      const piece = list[at % list.length] ?? ''
      if (at++ >= 100_000) return Promise.resolve('')
      clock += Math.min(everyMs, timeoutMs)
      return everyMs > timeoutMs ? Promise.reject(new NetworkError('timeout', 'x', 'silence')) : Promise.resolve(piece.slice(0, maxBytes))
    },
  }
  return made
}

test('messages come whole, however they are cut', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\r'), maxLength: 20 }), { minLength: 1, maxLength: 10 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (lines, cuts) => {
    const sent = lines.map(each => `${each}\n`).join('')
    const cut: string[] = []
    for (let at = 0, turn = 0; at < sent.length; turn++) {
      const length = cuts[turn % cuts.length]!
      cut.push(sent.slice(at, at + length))
      at += length
    }
    clock = 0
    const conversation = new Conversation(pieces([...cut, '']), limits, Infinity)
    const heard: string[] = []
    while (heard.length < lines.length) heard.push(await conversation.hear(line) ?? 'nothing')
    expect(heard).toEqual(lines.map(each => `${each}\n`))
    expect(conversation.remembered).toBe(sent)
  }))
})

describe('bounds', () => {
  test('bytes: what has no end is left after 256 KiB', async () => {
    const conversation = new Conversation(pieces(['x'.repeat(16_384)]), limits, Infinity)
    expect(await conversation.hear(line, 1e9)).toBeNull()
    expect(conversation.heard.length).toBeLessThanOrEqual(256 * 1024 + 16_384)
    expect(conversation.remembered.length).toBe(2048)
    expect(conversation.ended).toBe(true)
  })

  test('reads: a byte at a time is left, too', async () => {
    const connection = pieces(['x'], 0)
    expect(await new Conversation(connection, limits, Infinity).hear(line, 1e9)).toBeNull()
    expect(connection.reads).toBeLessThan(1100)
  })

  test('time: of one wait, and of all', async () => {
    clock = 0
    expect(await new Conversation(pieces(['x'], 300), limits, Infinity).hear(line)).toBeNull()
    expect(clock).toBeLessThanOrEqual(1_300)
    clock = 0
    const late = new Conversation(pieces(['x'], 300), limits, 500)
    expect(await late.hear(line)).toBeNull()
    expect(await late.hear(line)).toBeNull()
    expect(clock).toBeLessThanOrEqual(800)
  })

  test('a stop is passed on; a break is an end', async () => {
    const failing = (fault: 'cancelled' | 'closed'): Connection => ({ ...pieces(['']), read: () => Promise.reject(new NetworkError(fault, 'x', fault)), write: () => Promise.reject(new NetworkError(fault, 'x', fault)) })
    await expect(new Conversation(failing('cancelled'), limits, Infinity).more(1)).rejects.toThrow(NetworkError)
    await expect(new Conversation(failing('cancelled'), limits, Infinity).say('x')).rejects.toThrow(NetworkError)
    const broken = new Conversation(failing('closed'), limits, Infinity)
    await broken.say('x')
    expect(broken.ended).toBe(true)
    expect(await broken.hear(line)).toBeNull()
  })
})

test('framings', () => {
  expect(reply('220 ready\r\nmore')).toBe(11)
  expect(reply('250-a\r\n250 b\r\n')).toBe(14)
  expect(reply('250-a\r\n250-b\r\n')).toBeNull()
  expect(exactly(4)('abc')).toBeNull()
  expect(upTo(/\r\n\r\n/)('a\r\n\r\nb')).toBe(5)
  expect(withHead(4, head => new Cursor(head).uint(4))('\0\0\0\x02abc')).toBe(6)
})

test('numbers are read as they are written, and nothing beyond the end', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 1, max: 6 }), (number, length) => {
    const value = number % 256 ** length
    expect(new Cursor(uint(value, length)).uint(length)).toBe(value)
    expect(new Cursor(uintLe(value, length)).uintLe(length)).toBe(value)
    expect(() => new Cursor(uint(value, length)).uint(length + 1)).toThrow(Malformed)
  }))
})
