// One of the threads that look for secrets: reads what it is told to, finds, and tells without the text around.
import { constants } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { createDetector } from '@haechi/secrets'
import type { Detector, Found } from '@haechi/secrets'
import { isPacked, newBudget, unpacked } from './archive.ts'
import { utf8Of } from './encoding.ts'
import type { FromThread, Text, ThreadFault, ToThread } from './search.ts'

let detector: Detector
/** Larger files are told and passed over. */
const largestFile = 1_073_741_824

function bytesOf(text: Text): Buffer | ThreadFault | null {
  if ('bytes' in text) return Buffer.from(text.bytes.buffer)
  if (text.size > largestFile) return { path: text.file, reason: 'too_large' }
  try {
    const bytes = readFileSync(text.file)
    // What HEAD has as it stands here is looked at in the history.
    if (text.head === null) return bytes
    const id = createHash(text.head.length === 64 ? 'sha256' : 'sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
    return text.head === id ? null : bytes
  } catch (error) {
    return { path: text.file, reason: (error as NodeJS.ErrnoException).code ?? 'unreadable' }
  }
}

/** Said beside it, for us or for another tool, that it is none. */
const mark = /haechi:allow|gitleaks:allow|betterleaks:allow|kingfisher:(?:ignore|allow)|trufflehog:ignore|pragma: allowlist secret|noseyparker:ignore/i
function marked(text: Buffer, { start, end }: Found): boolean {
  const from = text.lastIndexOf(10, Math.max(0, start - 1)) + 1
  const to = text.indexOf(10, end)
  return mark.test(text.toString('latin1', Math.max(from, start - 1_000), Math.min(to === -1 ? text.length : to, end + 1_000)))
}

/** With columns in UTF-16 code units, as editors and SARIF have them. */
function inCharacters(text: Buffer, found: readonly Found[]): Found[] {
  let at = 0
  let column = 1
  return found.map((each) => {
    const begin = each.start - each.column + 1
    if (begin > at) [at, column] = [begin, 1]
    column += text.toString('utf8', at, each.start).length
    at = each.start
    return { ...each, column }
  })
}

async function answer(texts: readonly Text[]): Promise<void> {
  const found: { readonly text: number; readonly path: string; readonly all: readonly Found[] }[] = []
  const faults: ThreadFault[] = []
  let bytes = 0
  let files = 0
  let allowed = 0
  for (const [at, text] of texts.entries()) {
    const content = bytesOf(text)
    if (content === null) continue
    if (!Buffer.isBuffer(content)) {
      faults.push(content)
      continue
    }
    const fault = (path: string, reason: string): void => { faults.push({ path: 'file' in text ? text.file + path.slice(text.path.length) : path, reason }) }
    const look = (path: string, member: Buffer): void => {
      const within = member.length > constants.MAX_STRING_LENGTH ? member : utf8Of(member)
      if (within.length > constants.MAX_STRING_LENGTH) {
        fault(path, 'too_large')
        return
      }
      bytes += member.length
      files++
      const seen = detector.detect(within, { path: text.as + path.slice(text.path.length) })
      const all = inCharacters(within, seen.found.filter((each) => !marked(within, each)))
      allowed += seen.found.length - all.length
      if (seen.cut.length > 0) fault(path, 'too_many')
      if (all.length > 0) found.push({ text: at, path, all })
    }
    if (isPacked(text.path, content)) {
      bytes += content.length
      files++
      for await (const member of unpacked(text.path, content, newBudget())) {
        if ('reason' in member) fault(member.path, member.reason)
        else look(member.path, member.bytes)
      }
    } else look(text.path, content)
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage({ found, faults, bytes, files, allowed } satisfies FromThread)
}

// One after another, in their order: that is how they are known again.
let turn = Promise.resolve()
parentPort!.on('message', (message: ToThread) => {
  if ('rules' in message) detector = createDetector(message.rules)
  else turn = turn.then(() => answer(message.texts))
})
