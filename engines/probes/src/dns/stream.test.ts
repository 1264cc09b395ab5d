import { expect, it } from 'vitest'
import { memoryRun } from './network.fixture.ts'
import type { Connection } from '../network.ts'
import { DnsStream } from './stream.ts'
import type { StreamRun } from './stream.ts'

/** A connection that gives these bytes a piece at a time, each after `step` milliseconds. */
function given(pieces: Iterable<string>, step = 1): { readonly run: StreamRun; readonly reads: () => number } {
  let time = 0
  let reads = 0
  const left = pieces[Symbol.iterator]()
  const connection: Connection = {
    address: '192.0.2.1', tls: null, write: async () => undefined, close: () => undefined,
    async read(maxBytes, timeoutMs) {
      reads++
      time += Math.min(step, timeoutMs)
      const next = left.next()
      return next.done === true ? '' : next.value.slice(0, maxBytes)
    },
  }
  const run = memoryRun(() => null, { clock: () => time })
  return { run: { ...run, network: { ...run.network, dial: async () => connection } }, reads: () => reads }
}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

it('puts messages together from pieces, and keeps what comes early', async () => {
  const { run } = given(['\0', '\x03a', 'bc\0\x02d', 'e\0\0'])
  const stream = await DnsStream.open('192.0.2.1:53', false, run)
  expect([text(await stream.receive()), text(await stream.receive()), text(await stream.receive())]).toEqual(['abc', 'de', ''])
  await expect(stream.receive()).rejects.toMatchObject({ fault: 'closed' })
})

it('gives a message the time of one answer, however many pieces it comes in', async () => {
  function* drip(): Generator<string> {
    yield '\xff\xff'
    for (;;) yield 'x'
  }
  const { run, reads } = given(drip(), 10)
  await expect((await DnsStream.open('192.0.2.1:53', false, run)).receive()).rejects.toMatchObject({ fault: 'timeout' })
  expect(reads()).toBeLessThanOrEqual(101)
})

it('ends within a message with the connection', async () => {
  const { run } = given(['\0\x09abc'])
  await expect((await DnsStream.open('192.0.2.1:53', false, run)).receive()).rejects.toMatchObject({ fault: 'closed', endpoint: '192.0.2.1:53' })
})
