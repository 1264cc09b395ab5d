// An API's document with all the files that it refers to. Of a document on disk only files in its folder or below are read, whatever a reference says and
// wherever a link leads; nothing is ever fetched for a reference. What is told is one version of all of them. Defended by specification.integration.test.ts.
import { createHash } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { outsideReferences, readDocument } from '@haechi/openapi-tools'
import type { ApiDocument } from '@haechi/openapi-tools'
import { HaechiError } from '@haechi/server/errors'
import { linesOf } from './lines.ts'
import { fileSource, isUrl, largestDocument } from './source.ts'
import type { Content, Source } from './source.ts'

/** `hash`: of all of it. */
export type Specification = Content & {
  /** What its references are relative to. Of a file no place on this machine: it says nothing of that in a tool or a report. */
  readonly address: string
  /** What it refers to, by address. */
  readonly documents: ReadonlyMap<string, Uint8Array>
  /** What it refers to and was not read: why, and what to do. */
  readonly unavailable: ReadonlyMap<string, string>
}

export type RefersTo = (bytes: Uint8Array, options: { readonly url: string; readonly glance: boolean }) => ReturnType<typeof outsideReferences> | Promise<ReturnType<typeof outsideReferences>>

type Gathered = {
  readonly specification: Specification
  /** What a change in matters, also where it is not there yet. */
  readonly files: ReadonlySet<string>
  /** Those that could not be read and may be readable later, by address. */
  readonly failures: ReadonlyMap<string, HaechiError>
}

export const mostDocuments = 200
/** A file that does not parse may be half of one. */
const secondLookMs = 250
/** Where the folder of a document stands among addresses: what leads out of it can be told from what does not. */
const root = '/spec/'

/** Errors: those of `refersTo`. */
async function gather(place: string, content: Content, refersTo: RefersTo): Promise<Gathered> {
  const documents = new Map<string, Uint8Array>()
  const unavailable = new Map<string, string>()
  const failures = new Map<string, HaechiError>()
  const files = new Set<string>()
  if (isUrl(place)) return { specification: { ...content, address: content.url ?? place, documents, unavailable }, files, failures }
  const address = `file://${root}${encodeURIComponent(basename(place))}`
  const folder = dirname(resolve(place))
  const hash = createHash('sha256').update(content.hash)
  let left = largestDocument - content.bytes.length

  const fail = (one: string, shown: string, error: unknown): void => {
    const reason = error instanceof HaechiError ? String(error.params['reason'] ?? error.code) : (error as NodeJS.ErrnoException).code ?? 'unknown'
    unavailable.set(one, `The file ${shown} cannot be read (${reason}). Put it there, or correct the reference.`)
    failures.set(one, new HaechiError('file_unreadable', { file: shown, reason }, { cause: error }))
  }
  /** What may be read for an address; null where nothing may. */
  async function admitted(one: string): Promise<{ readonly address: string; readonly shown: string; readonly path: string } | null> {
    const url = new URL(one)
    const refuse = (reason: string): null => {
      unavailable.set(one, `${reason}, or bundle the documents into one.`)
      return null
    }
    if (url.protocol !== 'file:' || url.host !== '') return refuse(`The reference leads to ${one.slice(0, 200)}, and nothing is fetched for a reference. Save that document beside ${place} and refer to it by its file name`)
    const outside = `The reference leads out of the folder of ${place}, and only files in it or below are read, by a relative path. Move the file there`
    const path = resolve(folder, `.${sep}${decoded(url.pathname.slice(root.length))}`)
    if (!url.pathname.startsWith(root) || !below(path, folder)) return refuse(outside)
    if (url.search !== '' || path.includes('\0')) return refuse('The reference names no file. Correct it')
    const shown = join(dirname(place), path.slice(folder.length))
    if (files.size >= mostDocuments) return refuse(`${place} refers to more than ${mostDocuments} files. Refer to fewer`)
    try {
      if (!below(await realpath(path), await realpath(folder))) return refuse(outside)
      const found = await stat(path)
      if (!found.isFile()) return refuse(`${shown} is no file. Correct the reference`)
      if (found.size > left) return refuse(`${place} and the files that it refers to are larger than ${largestDocument} bytes. Make them smaller`)
      left -= found.size
      files.add(path)
      return { address: one, shown, path }
    } catch (error) {
      files.add(path)
      fail(one, shown, error)
      return null
    }
  }

  const known = new Set([address])
  const named = (found: Awaited<ReturnType<RefersTo>>): string[] => ('refusal' in found ? [] : found.references).filter((one) => !known.has(one) && known.add(one))
  // A document that cannot be read is refused when it is: it has no references until then.
  let next = named(await refersTo(content.bytes, { url: address, glance: true }))
  while (next.length > 0) {
    const level: { readonly address: string; readonly shown: string; readonly path: string }[] = []
    for (const one of next) {
      const file = await admitted(one)
      if (file !== null) level.push(file)
    }
    next = []
    const read = await Promise.all(level.map(async ({ path }) => fileSource(path).first().catch((error: unknown) => error)))
    for (const [at, { address: one, shown }] of level.entries()) {
      const result = read[at]
      if (!isContent(result)) {
        fail(one, shown, result)
        continue
      }
      documents.set(one, result.bytes)
      hash.update(`\n${one} ${result.hash}`)
      const found = await refersTo(result.bytes, { url: one, glance: false })
      if ('refusal' in found) failures.set(one, new HaechiError('mcp_spec_refused', { place: shown, reason: found.refusal.reason.replace(/\.$/, ''), refusal: found.refusal.code, at: found.refusal.place }))
      next.push(...named(found))
    }
  }
  hash.update(`\n${[...unavailable.keys()].join('\n')}`)
  return { specification: { ...content, hash: hash.digest('hex'), address, documents, unavailable }, files, failures }
}

const isContent = (result: unknown): result is Content => typeof result === 'object' && result !== null && 'bytes' in result
const below = (path: string, folder: string): boolean => path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** `main` with the files that its document refers to; they are followed as it is. In a version that follows another no file fails that did not before. */
export function specificationSource(main: Source, refersTo: RefersTo): Source<Specification> {
  const parts = new Map<string, Source>()
  let content: Content
  let known: Gathered
  let told: ((news: Specification | HaechiError) => void) | null = null
  let failure = ''
  let busy = false
  let again = false

  const tellFailure = (error: HaechiError): void => {
    if (error.message !== failure) told?.(error)
    failure = error.message
  }
  function watch(files: ReadonlySet<string>): void {
    for (const [file, source] of parts) {
      if (files.has(file)) continue
      source.close()
      parts.delete(file)
    }
    for (const file of files) {
      if (parts.has(file) || told === null) continue
      const source = fileSource(file)
      parts.set(file, source)
      source.follow(() => { void look() })
    }
  }
  async function look(): Promise<void> {
    again = true
    if (busy) return
    busy = true
    try {
      let second = false
      while (again) {
        again = false
        if (told === null) return
        const gathered = await gather(main.place, content, refersTo)
        watch(new Set([...known.files, ...gathered.files]))
        const failed = [...gathered.failures].find(([address]) => !known.failures.has(address))
        if (failed !== undefined) {
          if (second) tellFailure(failed[1])
          else {
            await pause(secondLookMs)
            again = true
          }
          second = !second
          continue
        }
        second = false
        failure = ''
        watch(gathered.files)
        const changed = gathered.specification.hash !== known.specification.hash
        known = gathered
        if (changed) told?.(gathered.specification)
      }
    } catch (error) {
      tellFailure(error instanceof HaechiError ? error : new HaechiError('file_unreadable', { file: main.place, reason: String(error) }, { cause: error }))
    } finally {
      busy = false
    }
  }
  return {
    place: main.place,
    async first() {
      content = await main.first()
      known = await gather(main.place, content, refersTo)
      return known.specification
    },
    follow(listener) {
      told = listener
      watch(known.files)
      main.follow((news) => {
        if (news instanceof HaechiError) {
          told?.(news)
          return
        }
        content = news
        void look()
      })
    },
    close() {
      told = null
      main.close()
      for (const source of parts.values()) source.close()
      parts.clear()
    },
  }
}

export type Overlay = { readonly file: string; readonly text: string }

/** Once. Errors: those of `source.first()`; mcp_spec_refused, which names the line, or the overlay. */
export async function readApi(source: Source, overlays: readonly Overlay[] = []): Promise<{ readonly document: ApiDocument; readonly bytes: Uint8Array }> {
  const { bytes, address, documents, unavailable } = await specificationSource(source, outsideReferences).first()
  const read = readDocument(bytes, { overlays: overlays.map(({ text }) => text), url: address, documents, unavailable })
  if (!('refusal' in read)) return { document: read.document, bytes }
  const { code, place, reason } = read.refusal
  const overlay = overlays[Number(/^overlay (\d+)/.exec(place)?.[1]) - 1]
  const line = overlay !== undefined ? undefined : place.startsWith('#') ? linesOf(new TextDecoder().decode(bytes), [place]).get(place) : /^line (\d+)/.exec(place)?.[1]
  throw new HaechiError('mcp_spec_refused', { place: overlay?.file ?? (line === undefined ? source.place : `${source.place}:${line}`), reason: reason.replace(/\.$/, ''), refusal: code, at: place })
}

/** Errors: those of `source.first()`. */
export const readOverlay = async (source: Source): Promise<Overlay> => ({ file: source.place, text: new TextDecoder().decode((await source.first()).bytes) })
