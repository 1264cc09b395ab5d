import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventStream } from './event-stream.ts'
import type { Kept, Sink } from './event-stream.ts'

function sink(): Sink & { text: string; over: 'no' | 'ended' | 'cut'; full: number } {
  return {
    text: '', over: 'no', full: 0,
    write(text) { this.text += text },
    waiting() { return this.full },
    end() { this.over = 'ended' },
    cut() { this.over = 'cut' },
  }
}
const data = (text: string) => [...text.matchAll(/^data: (.+)$/gm)].map(([, message]) => message)
const last = (text: string) => Number([...text.matchAll(/^id: s1\.(\d+)$/gm)].at(-1)?.[1] ?? 0)

test('however often a client is lost, it gets each message once and in order, and nothing is kept in the end', () => {
  const step = fc.constantFrom('send', 'lose', 'pause', 'return', 'end')
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const all: Kept = { total: 0 }
    let now = sink()
    const got: string[] = []
    const stream = new EventStream(now, '2025-11-25', 's1', all)
    let sent = 0
    let seen = 0
    const leave = () => {
      got.push(...(data(now.text) as string[]))
      seen = Math.max(seen, last(now.text))
      now.text = ''
    }
    const back = () => {
      leave()
      now = sink()
      stream.resume(now, seen)
    }
    for (const each of steps) {
      if (stream.ended) break
      if (each === 'send') stream.send(`{"n":${(sent += 1)}}`)
      else if (each === 'lose') stream.lost(now)
      else if (each === 'pause') stream.pause()
      else if (each === 'return') back()
      else stream.end()
    }
    if (!stream.open && stream.resumable) {
      back()
      if (stream.ended) expect(now.over).toBe('ended')
    }
    stream.end()
    leave()
    expect(got).toEqual(Array.from({ length: sent }, (_, at) => `{"n":${at + 1}}`))
    expect(now.over).toBe('ended')
    expect(all.total).toBe(0)
  }), { numRuns: 1000 })
})

test('what is kept of all streams has an end; then a stream goes on without', () => {
  const all: Kept = { total: 0 }
  const streams = Array.from({ length: 3 }, () => new EventStream(sink(), '2025-11-25', 's1', all))
  const large = 'x'.repeat(30 << 20)
  for (const stream of streams) stream.send(large)
  expect(streams.map(({ resumable }) => resumable)).toEqual([true, true, false])
  expect(all.total).toBeLessThan(64 << 20)
  for (const stream of streams) stream.end()
  expect(all.total).toBe(0)
})

test('who does not read is cut off', () => {
  const slow = sink()
  const stream = new EventStream(slow, '2026-07-28', null, { total: 0 })
  stream.send('1')
  slow.full = (1 << 20) + 1
  stream.beat()
  expect(slow.over).toBe('no')
  stream.send('2')
  expect([slow.over, slow.text]).toEqual(['cut', 'data: 1\n\n'])
})

test('revisions that do not come back are told nothing of it', () => {
  for (const version of ['2024-11-05', '2025-03-26', '2025-06-18', '2026-07-28']) {
    const one = sink()
    const stream = new EventStream(one, version, 's1', { total: 0 })
    stream.pause()
    stream.send('{"a":\n1}')
    expect([one.text, one.over]).toEqual(['data: {"a":\ndata: 1}\n\n', 'no'])
  }
})
