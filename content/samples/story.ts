// A told story: two months of a small company that does not exist, from ordinary days to tonight's attack. Pure: the same `now` and seed give the
// same records, byte for byte. Defended by story.integration.test.ts, which also runs our rules over every chapter.
import { readFileSync } from 'node:fs'
import { backgroundOf } from './background.ts'
import { chaptersOf } from './chapters.ts'
import type { Burst, Chapter } from './chapters.ts'
import { company, hosts, people } from './company.ts'
import { randomOf } from './random.ts'

export type { Burst, Chapter, Step } from './chapters.ts'
export type { Person } from './company.ts'

export type Story = {
  readonly company: typeof company
  readonly hosts: typeof hosts
  readonly people: typeof people
  /** In order of time; none ends after `now`. */
  readonly chapters: readonly Chapter[]
  readonly background: readonly Burst[]
  /** ms since the epoch: when it begins. */
  readonly from: number
}

const day = 86_400_000

/** `now` in ms since the epoch is when the story is told: tonight's chapter has just happened then. */
export function storyOf({ now, seed = 20_261_122, days = 50 }: { now: number; seed?: number; days?: number }): Story {
  const from = now - days * day
  return { company, hosts, people, from, chapters: chaptersOf(now, randomOf(seed)), background: backgroundOf(from, now, randomOf(seed + 1)) }
}

/** The feed as a list. */
export const feed = (): Uint8Array => readFileSync(new URL('./feed.csv', import.meta.url))

/** What a shipper sends. */
export const ndjson = ({ records }: Burst): Uint8Array<ArrayBuffer> => Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
