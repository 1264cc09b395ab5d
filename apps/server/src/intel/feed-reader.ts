// Whatever a feed holds, reading it ends: in a thread with memory and time of its own, whose death is the feed's fault and nobody else's.
// Defended by intel.integration.test.ts.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ReadOptions, RejectionCode } from '@haechi/indicators'
import { HaechiError } from '../platform/errors.ts'

export type FeedFormat = 'csv' | 'stix'
export type ReadFeed = { bytes: Uint8Array; format: FeedFormat; options: ReadOptions }
export type FeedReport = {
  readonly indicators: number
  /** As `lengthOf` writes them. */
  readonly networks: readonly string[]
  readonly observables: number
  /** `rejected` has the first 1,000. */
  readonly rejectedCount: number
  readonly rejected: readonly { readonly line: number | null; readonly place: string; readonly code: RejectionCode; readonly reason: string }[]
}

/** `next` gives the indicators as JSON arrays of rows (with their keys), null after the last. */
export type FeedReading = { readonly report: FeedReport; next(): Promise<string | null>; close(): Promise<void> }

/** `bytes` is handed over and gone for the caller. Errors: feed_unreadable (more memory or time than a feed may cost). */
export async function readFeed(feed: ReadFeed, limits: { megabytes: number; milliseconds: number }): Promise<FeedReading> {
  const thread = new Worker(new URL('./feed-reader-thread.ts', import.meta.url), {
    workerData: feed, transferList: [feed.bytes.buffer as ArrayBuffer], resourceLimits: { maxOldGenerationSizeMb: limits.megabytes },
  })
  const late = setTimeout(() => { void thread.terminate() }, limits.milliseconds)
  const gone = once(thread, 'exit').then(() => undefined, (error: unknown) => error)
  const told = (): Promise<unknown> => new Promise((resolve, reject) => {
    thread.once('message', resolve)
    void gone.then((cause) => reject(new HaechiError('feed_unreadable', { name: feed.options.source, megabytes: limits.megabytes, seconds: limits.milliseconds / 1_000 }, { cause })))
  })
  try {
    const report = await told() as FeedReport
    return {
      report,
      async next() {
        const answer = told()
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        thread.postMessage(null)
        return await answer as string | null
      },
      async close() { await thread.terminate() },
    }
  } finally {
    clearTimeout(late)
  }
}
