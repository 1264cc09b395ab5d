// What --debug shows: every message of both sides, one a line, without secrets and cut to what fits a screen. Defended by telling.test.ts.
import type { JsonObject } from '@haechi/mcp-wire'

export interface DebugSink {
  /** To and from the MCP client. */
  message(direction: 'in' | 'out', caller: string, message: JsonObject): void
  /** To the API; already without credentials. */
  request(request: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> }): void
  answer(status: number, headers: Readonly<Record<string, string>>, ms: number): void
  failed(error: unknown): void
}

const longest = 2_000
const secretName = /pass(word|wd|phrase)?$|secret|token|authorization|api[-_]?key|credential|private[-_]?key|cookie|session/i

/** Values under names that say so are masked; what a model was given to say as a secret is one here too. */
export function masked(value: unknown): string {
  const text = JSON.stringify(value, (name, inner: unknown) => (name !== '' && secretName.test(name) && (typeof inner === 'string' || typeof inner === 'number') ? '***' : inner)) ?? 'null'
  return text.length <= longest ? text : `${text.slice(0, longest)}... (${text.length})`
}

// oxlint-disable-next-line no-control-regex -- what moves a terminal's cursor is what is looked for
const safe = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')

export function debugTo(write: (line: string) => void): DebugSink {
  const line = (mark: string, text: string): void => write(`${mark} ${safe(text)}\n`)
  return {
    message: (direction, caller, message) => line(direction === 'in' ? '-->' : '<--', `${caller} ${masked(message)}`),
    request: ({ method, url, headers }) => line('  =>', `${method} ${url} ${masked(headers)}`),
    answer: (status, headers, ms) => line('  <=', `${status} ${headers['content-type'] ?? ''} ${ms.toFixed(1)} ms`),
    failed: (error) => line('  <=', error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  }
}
