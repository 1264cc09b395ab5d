// One line of JSON a call, for whoever has to know afterwards what was done. Names and sizes of arguments, never their values, and no credential. A disk
// that is full or gone is said once and costs lines, never a call. Defended by call-log.test.ts.
import { appendFile } from 'node:fs/promises'
import { HaechiError } from '@haechi/server/errors'

export type CallRecord = {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly tool: string
  /** 'GET /users/{id}' */
  readonly operation: string
  readonly status: 'ok' | 'error'
  /** Of the API's answer; null: there was none. */
  readonly http_status: number | null
  /** From the call to its result. */
  readonly ms: number
  readonly caller: string
  /** Why there is no answer of the API. */
  readonly error: string | null
  /** Characters of each argument as JSON, by name. */
  readonly arguments: Readonly<Record<string, number>>
}

export interface CallLog {
  write(record: CallRecord): void
  /** When all that was written so far is on disk, or given up. */
  close(): Promise<void>
}

/** Bytes that wait for a slow disk; what comes on top is counted and not kept. */
const mostWaiting = 8_388_608

/** `failed` hears of a disk that does not take lines: once until it does again. */
export function openCallLog(file: string, failed: (error: HaechiError) => void, append: typeof appendFile = appendFile): CallLog {
  let lines: string[] = []
  let waiting = 0
  let lost = 0
  let told = false
  let flushing: Promise<void> | null = null

  async function flush(): Promise<void> {
    while (lines.length > 0) {
      const batch = lines
      lines = []
      waiting = 0
      const note = lost === 0 ? '' : `${JSON.stringify({ lost })}\n`
      try {
        // Opened anew each time: whoever rotates logs may move the file away.
        await append(file, note + batch.join(''), { mode: 0o600 })
        if (note !== '') lost = 0
        told = false
      } catch (error) {
        lost += batch.length
        if (!told) failed(new HaechiError('mcp_log_failed', { file, reason: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' }, { cause: error }))
        told = true
      }
    }
    flushing = null
  }

  return {
    write(record) {
      const line = `${JSON.stringify(record)}\n`
      if (waiting + line.length > mostWaiting) {
        lost++
        return
      }
      lines.push(line)
      waiting += line.length
      flushing ??= flush()
    },
    async close() {
      await flushing
    },
  }
}

/** Names may come from a model too: they are cut, and there are at most 64. */
export const sizesOf = (args: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(Object.entries(args).slice(0, 64).map(([name, value]) => [name.slice(0, 64), JSON.stringify(value)?.length ?? 0]))
