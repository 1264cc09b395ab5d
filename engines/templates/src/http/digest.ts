// Digest access authentication (RFC 7616) for one request after its 401: MD5, SHA-256 and SHA-512/256 with their -sess forms, qop auth or none. Defended by digest.test.ts.
import { createHash } from 'node:crypto'
import type { Bytes } from '../model.ts'

const algorithms: Record<string, string> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }
const strength = ['MD5', 'SHA-256', 'SHA-512-256']

/** Parameters of the challenges in one WWW-Authenticate value. */
function challenges(value: Bytes): { scheme: string; parameters: Map<string, Bytes> }[] {
  const found: { scheme: string; parameters: Map<string, Bytes> }[] = []
  const token = /\s*,?\s*(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([A-Za-z0-9!#$%&'*+.^_`|~-]+))/y
  for (let at = 0; at < value.length; at = token.lastIndex) {
    token.lastIndex = at
    const piece = token.exec(value)
    if (piece === null) break
    if (piece[4] !== undefined) found.push({ scheme: piece[4].toLowerCase(), parameters: new Map() })
    else found.at(-1)?.parameters.set(piece[1]!.toLowerCase(), piece[2]?.replace(/\\(.)/g, '$1') ?? piece[3]!)
  }
  return found
}

const quoted = (value: Bytes): Bytes => `"${value.replace(/["\\]/g, '\\$&')}"`

/**
 * The value of Authorization that answers `challenge` (one WWW-Authenticate header each), or null where there is no digest challenge that we know.
 * `clientNonce`: hexadecimal, fresh for each request.
 */
export function digestAuthorization(
  challenge: readonly Bytes[],
  request: { readonly method: Bytes; readonly target: Bytes },
  credentials: { readonly username: Bytes; readonly password: Bytes },
  clientNonce: string,
): Bytes | null {
  const known = challenge
    .flatMap(challenges)
    .filter(({ scheme, parameters }) => scheme === 'digest' && parameters.has('nonce') && (parameters.get('algorithm') ?? 'MD5').toUpperCase().replace(/-SESS$/, '') in algorithms)
    .map(({ parameters }) => ({ parameters, algorithm: parameters.get('algorithm') ?? 'MD5', base: (parameters.get('algorithm') ?? 'MD5').toUpperCase().replace(/-SESS$/, '') }))
    .sort((a, b) => strength.indexOf(b.base) - strength.indexOf(a.base))[0]
  if (known === undefined) return null
  const { parameters, algorithm, base } = known
  const hash = (text: Bytes): string => createHash(algorithms[base]!).update(text, 'latin1').digest('hex')
  const realm = parameters.get('realm') ?? ''
  const nonce = parameters.get('nonce')!
  const offered = parameters.get('qop')?.toLowerCase().split(/[\s,]+/) ?? []
  if (offered.length > 0 && !offered.includes('auth')) return null
  const qop = offered.length > 0 ? 'auth' : null
  const opaque = parameters.get('opaque')
  if ([realm, nonce, opaque ?? ''].some((text) => /[\0\r\n]/.test(text))) return null
  const first = hash(`${credentials.username}:${realm}:${credentials.password}`)
  const a1 = /-sess$/i.test(algorithm) ? hash(`${first}:${nonce}:${clientNonce}`) : first
  const a2 = hash(`${request.method}:${request.target}`)
  const response = qop === null ? hash(`${a1}:${nonce}:${a2}`) : hash(`${a1}:${nonce}:00000001:${clientNonce}:${qop}:${a2}`)
  const hashUser = parameters.get('userhash')?.toLowerCase() === 'true'
  const fields = [
    `username=${quoted(hashUser ? hash(`${credentials.username}:${realm}`) : credentials.username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(request.target)}`,
    `response="${response}"`,
  ]
  if (parameters.has('algorithm')) fields.push(`algorithm=${algorithm}`)
  if (opaque !== undefined) fields.push(`opaque=${quoted(opaque)}`)
  if (qop !== null) fields.push(`qop=${qop}`, 'nc=00000001', `cnonce="${clientNonce}"`)
  else if (/-sess$/i.test(algorithm)) fields.push(`cnonce="${clientNonce}"`)
  if (hashUser) fields.push('userhash=true')
  return `Digest ${fields.join(', ')}`
}
