import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { ServerProblem } from './client.ts'
import type { TextKey } from './texts.ts'

/** What a script may rely on. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3, notAllowed: 4, notFound: 5, interrupted: 130 } as const
export const exitCodeTexts: Readonly<Record<keyof typeof exitCodes, TextKey>> = {
  ok: 'exit_ok', failed: 'exit_failed', usage: 'exit_usage', unreachable: 'exit_unreachable', notAllowed: 'exit_not_allowed', notFound: 'exit_not_found', interrupted: 'exit_interrupted',
}

const unreachable: readonly ErrorCode[] = ['server_not_running', 'server_unreachable', 'server_untrusted', 'server_answer_invalid', 'control_file_unreadable', 'control_file_exposed']
const outOfScope: readonly ErrorCode[] = ['scan_scope_missing', 'scan_scope_expired', 'scan_scope_exceeded']

export function exitCodeOf(error: unknown): number {
  if (error instanceof ServerProblem) {
    if (error.status === 401 || error.status === 403) return exitCodes.notAllowed
    if (error.status === 404) return exitCodes.notFound
    return [408, 429, 502, 503, 504].includes(error.status) ? exitCodes.unreachable : exitCodes.failed
  }
  if (!(error instanceof HaechiError)) return exitCodes.failed
  if (error.code === 'interrupted') return exitCodes.interrupted
  if (error.code === 'not_found') return exitCodes.notFound
  if (outOfScope.includes(error.code)) return exitCodes.notAllowed
  if (unreachable.includes(error.code)) return exitCodes.unreachable
  return /^(usage|remote|config)_/.test(error.code) ? exitCodes.usage : exitCodes.failed
}
