// What a template extracts because it is a secret is not told: an excerpt and a hash say which one it is. Defended by redaction.test.ts.
import { createHash } from 'node:crypto'
import { bytesOf } from '@haechi/probes/wire'
import type { Match } from './model.ts'

/** Tags of templates that look for somebody's secrets. */
const revealing = new Set(['token', 'tokens', 'secret', 'secrets', 'key', 'keys', 'apikey', 'password', 'passwords', 'passwd', 'credential', 'credentials', 'creds'])
const shownFrom = 16

/** The match without the secrets that its template looks for: in `extracted`, and wherever these stand in the evidence. Matches of other templates are as they were. */
export function redacted(match: Match): Match {
  if (match.extracted.length === 0 || !match.info.tags.some((tag) => revealing.has(tag.trim().toLowerCase()))) return match
  const hidden = new Map(match.extracted.filter((text) => text !== '').map((text) => [text, excerpt(text)]))
  // The longest first: one may stand inside another.
  const longest = [...hidden].sort(([one], [other]) => other.length - one.length)
  const without = (text: string): string => longest.reduce((rest, [secret, shown]) => rest.replaceAll(secret, () => shown), text)
  const { evidence } = match
  return { ...match, extracted: match.extracted.map((text) => hidden.get(text) ?? text), values: {}, evidence: { request: without(evidence.request), response: without(evidence.response) } }
}

function excerpt(secret: string): string {
  if (secret.length < shownFrom) return `… (${secret.length} characters)`
  const hash = createHash('sha256').update(bytesOf(secret), 'latin1').digest('hex')
  return `${secret.slice(0, 4)}… (${secret.length} characters, sha256 ${hash.slice(0, 12)})`
}
