// A secret is told by an excerpt and a hash: which one it is, and never what. Defended by redaction.test.ts.
import { createHash } from 'node:crypto'
import type { Found, Redacted } from './model.ts'

const SHOWN = 4
/** Of what is shorter nothing is shown. */
const SHOWN_FROM = 12
const prefixes = /^(?:[A-Za-z]{2,10}[_-](?:[a-z]{2,6}[_-]){0,2})/

/** The excerpt shows at most the provider's prefix, and never more than a fifth of the secret. */
export function redact({ secret }: Found): Redacted {
  const prefix = prefixes.exec(secret)?.[0] ?? secret.slice(0, SHOWN)
  const shown = secret.length < SHOWN_FROM ? '' : prefix.slice(0, Math.max(SHOWN, Math.floor(secret.length / 5))).replaceAll(/[^\x21-\x7e]/g, '.')
  return { excerpt: `${shown}…(${secret.length})`, hash: createHash('sha256').update(secret, 'latin1').digest('hex').slice(0, 16) }
}
