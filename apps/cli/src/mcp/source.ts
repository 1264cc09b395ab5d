// Follows a document on disk or behind a URL. What is told is whole and new: a file is read when it has stopped changing, and the same bytes are never
// told twice. Editors that rename, links that are switched (Kubernetes' ConfigMaps) and folders that come back are changes like any other.
// Defended by source.integration.test.ts.
import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HaechiError } from '@haechi/server/errors'
import type { Egress } from '@haechi/server/egress'

export type Content = { readonly bytes: Uint8Array; /** SHA-256, hex. */ readonly hash: string; /** Of a document behind a URL: where it came from after redirects. */ readonly url: string | null }

export interface Source<C extends Content = Content> {
  /** As it was given. */
  readonly place: string
  /** Errors: file_unreadable, mcp_spec_too_large, mcp_spec_unavailable, egress_*. */
  first(): Promise<C>
  /** From now on tells what is new, and once why it cannot be read. Never both at once, never again the same. */
  follow(told: (news: C | HaechiError) => void): void
  close(): void
}

export const largestDocument = 67_108_864
/** Between two looks at a file that seems to be written at the moment. */
const settlingMs = 40
const settlingLooks = 50
/** Where the file system says nothing (network drives, folders that came later). */
const lookEveryMs = 2_000
const longestBackoff = 32

export const isUrl = (place: string): boolean => /^https?:\/\//i.test(place)

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown')

export function fileSource(place: string): Source {
  const file = resolve(place)
  const watched = new Map<string, FSWatcher>()
  let known = { mark: '', hash: '', failure: '' }
  let timer: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let told: ((news: Content | HaechiError) => void) | null = null
  let busy = false
  let again = false

  /** Another one means that the file is another or was written. */
  async function markOf(): Promise<string> {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true })
    return `${dev}:${ino}:${size}:${mtimeNs}`
  }

  async function settled(): Promise<{ mark: string; bytes: Uint8Array }> {
    let failure: unknown
    let before = ''
    for (let look = 0; look < settlingLooks; look++) {
      try {
        const mark = await markOf()
        if (mark === before) {
          if (Number(mark.split(':')[2]) > largestDocument) throw new HaechiError('mcp_spec_too_large', { place, limit: largestDocument })
          const bytes = await readFile(file)
          if (await markOf() === mark) return { mark, bytes }
        }
        before = mark
      } catch (error) {
        if (error instanceof HaechiError) throw error
        // A file that is being replaced is away for a moment; at its first reading it has to be there.
        failure = error
        if (told === null || look > 10 || !['ENOENT', 'ENOTDIR'].includes(codeOf(error))) break
      }
      await pause(settlingMs)
    }
    throw new HaechiError('file_unreadable', { file: place, reason: failure === undefined ? 'EBUSY' : codeOf(failure) }, { cause: failure })
  }

  /** The folders in which something happens when the file becomes another: its own, and those of what it links to. */
  async function watchFolders(): Promise<void> {
    const folders = new Set([dirname(file)])
    await realpath(file).then((real) => folders.add(dirname(real)), () => undefined)
    for (const [folder, watcher] of watched) {
      if (folders.has(folder)) continue
      watcher.close()
      watched.delete(folder)
    }
    for (const folder of folders) {
      if (watched.has(folder) || told === null) continue
      try {
        const watcher = watch(folder, () => soon())
        watcher.on('error', () => {
          watcher.close()
          watched.delete(folder)
        })
        watched.set(folder, watcher)
      } catch {
        // No watching there: the regular look finds what changed.
      }
    }
  }

  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => { void look() }, 20)
  }

  async function look(): Promise<void> {
    if (busy) {
      again = true
      return
    }
    busy = true
    try {
      do {
        again = false
        if (await markOf().catch(() => '') === known.mark && known.failure === '') continue
        await tell()
      } while (again)
    } finally {
      busy = false
    }
    await watchFolders()
  }

  async function tell(): Promise<void> {
    try {
      const { mark, bytes } = await settled()
      const hash = hashOf(bytes)
      const changed = hash !== known.hash
      known = { mark, hash, failure: '' }
      if (changed) told?.({ bytes, hash, url: null })
    } catch (error) {
      const failure = error instanceof HaechiError ? error : new HaechiError('file_unreadable', { file: place, reason: codeOf(error) }, { cause: error })
      if (known.failure !== failure.message) told?.(failure)
      known = { ...known, mark: '', failure: failure.message }
    }
  }

  return {
    place,
    async first() {
      const { mark, bytes } = await settled()
      known = { mark, hash: hashOf(bytes), failure: '' }
      return { bytes, hash: known.hash, url: null }
    },
    follow(listener) {
      told = listener
      void watchFolders().then(look)
      looking = setInterval(() => { void look() }, lookEveryMs)
    },
    close() {
      told = null
      clearTimeout(timer)
      clearInterval(looking)
      for (const watcher of watched.values()) watcher.close()
      watched.clear()
    },
  }
}

/** `everyMs`: between two looks; while the other side fails up to 32 times as long. `allowPrivate` as in EgressRequest. */
export function urlSource(place: string, egress: Egress, { everyMs, allowPrivate }: { readonly everyMs: number; readonly allowPrivate: readonly string[] }): Source {
  let validators: Record<string, string> = {}
  let known = { hash: '', failure: '' }
  let timer: NodeJS.Timeout | undefined
  let slower = 1
  const stop = new AbortController()

  /** null: the other side says that nothing changed. */
  async function ask(): Promise<Content | null> {
    const answer = await egress.fetch(place, {
      headers: { accept: 'application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/json, application/yaml, text/yaml, */*;q=0.5', ...validators },
      maxBytes: largestDocument, allowPrivate, signal: stop.signal,
    })
    if (answer.status === 304) return null
    if (answer.status !== 200) throw new HaechiError('mcp_spec_unavailable', { place: new URL(place).host, status: answer.status })
    const { etag, 'last-modified': modified } = answer.headers
    // RFC 9110, section 13.1.3: a time only where there is no tag.
    validators = etag !== undefined ? { 'if-none-match': etag } : modified !== undefined ? { 'if-modified-since': modified } : {}
    return { bytes: answer.body, hash: hashOf(answer.body), url: answer.url }
  }

  async function look(told: (news: Content | HaechiError) => void): Promise<void> {
    try {
      const content = await ask()
      slower = 1
      const changed = content !== null && content.hash !== known.hash
      known = { hash: content?.hash ?? known.hash, failure: '' }
      if (changed) told(content)
    } catch (error) {
      if (stop.signal.aborted) return
      slower = Math.min(slower * 2, longestBackoff)
      const failure = error instanceof HaechiError ? error : new HaechiError('egress_failed', { place: new URL(place).host, reason: codeOf(error) }, { cause: error })
      if (known.failure !== failure.message) told(failure)
      known = { ...known, failure: failure.message }
    }
    if (!stop.signal.aborted) timer = setTimeout(() => { void look(told) }, everyMs * slower)
  }

  return {
    place,
    async first() {
      const content = await ask()
      known = { hash: content?.hash ?? '', failure: '' }
      return content ?? { bytes: new Uint8Array(), hash: '', url: place }
    },
    follow(told) { timer = setTimeout(() => { void look(told) }, everyMs) },
    close() {
      clearTimeout(timer)
      stop.abort()
    },
  }
}

/** A short name for what stands at a place: of a file its name without the ending, of a URL its host. */
export function nameOf(place: string): string {
  const word = isUrl(place) ? new URL(place).hostname : basename(place).replace(/\.(json|ya?ml)$/i, '')
  return word.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 24) || 'api'
}
