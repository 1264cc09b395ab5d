// What is known about vulnerabilities, from a folder of feeds as their publishers name them. Defended by commands/risk.test.ts.
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { createKnowledge } from '@haechi/risk'
import type { FeedForm, FeedKind, Knowledge } from '@haechi/risk'
import { HaechiError } from '@haechi/server/errors'
import type { Context } from './context.ts'
import { grouped } from './layout.ts'
import { openProgress } from './progress.ts'

/** What the files of a folder of knowledge are called, and what they hold. */
const feeds: readonly (readonly [RegExp, FeedKind, FeedForm])[] = [
  [/^known_exploited_vulnerabilities(?!.*schema).*\.json$/, 'kev', 'document'], [/^epss.*\.csv$/, 'epss', 'lines'], [/^kev-.*attack.*\.json$/, 'attack', 'document'], [/^attcktocvemappings\.csv$/, 'attack', 'lines'],
  [/^vulnrichment.*\.(?:ndjson|jsonl)$/, 'vulnrichment', 'lines'], [/^nvd.*\.(?:ndjson|jsonl)$/, 'nvd', 'lines'], [/^nvd.*\.json$/, 'nvd', 'document'], [/^osv.*\.(?:ndjson|jsonl)$/, 'osv', 'lines'], [/^osv.*\.json$/, 'osv', 'document'],
  [/^debian.*tracker.*\.json$/, 'debian', 'document'],
]

/** Where feeds are looked for: what was named, else the corpus; null where nothing was named and there is none. */
export const knowledgePath = (named: string | undefined, environment: Context['environment']): string | null => named ?? (environment['HAECHI_CORPUS'] === undefined || environment['HAECHI_CORPUS'] === '' ? null : join(environment['HAECHI_CORPUS'], 'vuln'))

/** A feed that cannot be read to its end is told, and the rest taken. Errors: file_unreadable, knowledge_empty, interrupted. */
export async function loadKnowledge(context: Context, directory: string, refuse: (error: unknown, place: string) => void): Promise<Knowledge> {
  const knowledge = createKnowledge()
  let names: string[]
  try {
    names = (await readdir(directory, { recursive: true })).toSorted()
  } catch (error) {
    throw new HaechiError('file_unreadable', { file: directory, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
  }
  const files = (await Promise.all(names.map(async (name) => {
    const [, kind, form] = feeds.find(([pattern]) => pattern.test(basename(name).toLowerCase().replace(/\.gz$/, ''))) ?? []
    const path = join(directory, name)
    return kind === undefined || form === undefined ? [] : [{ path, kind, form, bytes: (await stat(path)).size }]
  }))).flat()
  if (files.length === 0) throw new HaechiError('knowledge_empty', { directory })
  const progress = openProgress(context, false)
  progress.expect(files.reduce((sum, { bytes }) => sum + bytes, 0), true)
  let read = 0
  for (const { path, kind, form, bytes } of files) {
    if (context.stop.aborted) throw new HaechiError('interrupted')
    const reader = knowledge.open(kind, form)
    const decoder = new TextDecoder()
    const source = createReadStream(path, { highWaterMark: 1_048_576 })
    let truncated = false
    try {
      for await (const piece of path.endsWith('.gz') ? source.pipe(createGunzip()) : source) {
        reader.write(decoder.decode(piece as Uint8Array, { stream: true }))
        progress.done(read + Math.min(bytes, source.bytesRead), 0)
      }
    } catch (error) {
      // An archive that ends early, or a disk that does: what was read is taken, and that it is not all is remembered.
      truncated = true
      progress.aside(() => refuse(new HaechiError('file_unreadable', { file: path, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error }), path))
    }
    const { taken, rejections, rejected } = reader.end({ truncated })
    read += bytes
    progress.done(read, taken)
    const [first] = rejected
    if (first !== undefined) progress.aside(() => refuse(new HaechiError('knowledge_refused', { count: grouped(rejections), taken: grouped(taken), code: first.code, place: first.place, reason: first.reason }), path))
  }
  progress.close()
  return knowledge
}
