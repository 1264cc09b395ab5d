// Started by feed-reader.ts. A feed is somebody else's text: it is read here, so that whatever it costs is not the server's time and memory.
import { parentPort, workerData } from 'node:worker_threads'
import { readCsv, readStix } from '@haechi/indicators'
import { keyOf, lengthOf } from './model.ts'
import type { FeedReport, ReadFeed } from './feed-reader.ts'

const { bytes, format, options } = workerData as ReadFeed
const text = new TextDecoder().decode(bytes)
const { indicators, rejected, rejections, observables } = format === 'csv' ? readCsv(text, options) : readStix(text, options)

const rows = 5_000
// A value that was cut between two halves of a character is JSON, but no text for a database.
const whole = (_: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)
const report: FeedReport = {
  indicators: indicators.length,
  networks: [...new Set(indicators.filter(({ type }) => type === 'cidr').map(({ value }) => lengthOf(value)))],
  observables,
  rejectedCount: rejections,
  rejected: rejected.map(({ place, code, reason }) => ({ line: place.startsWith('line ') ? Number(place.slice(5)) : null, place: place.toWellFormed(), code, reason: reason.toWellFormed() })),
}
let at = 0
parentPort?.on('message', () => {
  const page = indicators.slice(at, at + rows)
  at += rows
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(page.length === 0 ? null : JSON.stringify(page.map((one) => ({ ...one, key: keyOf(one.type, one.value), subdomains: one.subdomains === true })), whole))
})
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(report)
