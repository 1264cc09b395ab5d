import fc from 'fast-check'
import { expect, it } from 'vitest'
import { eventStream } from './event-stream.ts'

const read = async (chunks: Uint8Array[]) => {
  const found: { event: string; data: string }[] = []
  for await (const message of eventStream(new ReadableStream({ start(controller) { for (const chunk of chunks) controller.enqueue(chunk); controller.close() } }))) found.push(message)
  return found
}
const cut = (bytes: Uint8Array, places: number[]) => [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length].slice(1).map((end, at, all) => bytes.subarray(at === 0 ? 0 : all[at - 1]!, end))

it('reads the same messages wherever the network cuts the bytes, with any line end', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''))
  await fc.assert(fc.asyncProperty(
    fc.array(fc.record({ event: fc.constantFrom('', 'incident'), data: fc.array(line, { minLength: 1, maxLength: 3 }) })), fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(), { maxLength: 12 }),
    async (messages, end, places) => {
      const text = messages.map(({ event, data }) => [': alive', ...(event === '' ? [] : [`event: ${event}`]), ...data.map((each) => `data: ${each}`), '', ''].join(end)).join('')
      // What ends with a lone carriage return is not known to be ended before the next byte.
      expect(await read(cut(new TextEncoder().encode(`${text}:${end}`), places))).toEqual(messages.map(({ event, data }) => ({ event: event || 'message', data: data.join('\n') })))
    },
  ))
})
it('says nothing of a message that was broken off', async () => {
  expect(await read([new TextEncoder().encode('data: whole\n\ndata: ha')])).toEqual([{ event: 'message', data: 'whole' }])
})
