import ipaddr from 'ipaddr.js'

export type AssetKind = 'host' | 'user' | 'address'

/** What some record said: this name was there between these times (ms since the epoch). */
export type Observation = { readonly kind: AssetKind; readonly name: string; readonly firstSeen: number; readonly lastSeen: number }

export const criticalities = ['low', 'normal', 'high', 'critical'] as const
export type Criticality = (typeof criticalities)[number]
export const exposures = ['unknown', 'internal', 'internet'] as const
export type Exposure = (typeof exposures)[number]

/** What people say of an asset, and of `exposure` what was measured. `class` is what it is for (`domain_controller`, `web_server`), null until somebody says so. */
export type Classification = {
  readonly criticality: Criticality; readonly exposure: Exposure; readonly class: string | null; readonly tags: readonly string[]; readonly siteId: string | null
}

/** Classes and tags: letters and digits of any script, blank . _ : / -, at most 64. Compared without case. */
export const label = /^[\p{L}\p{N}][\p{L}\p{N} ._:/-]{0,63}$/u
export const foldLabel = (text: string): string => text.normalize('NFC').trim().toLowerCase()
export const tagsMost = 32

/** Names folded for comparison. `qualified` is null where the record gave only the short form. */
export type Identity = { readonly kind: AssetKind; readonly short: string; readonly qualified: string | null }

// Principals that every Windows and Linux machine has: they identify nobody.
const localPrincipals = new Set(['-', 'system', 'local service', 'network service', 'anonymous logon', 'local system', 'localsystem', 'n/a', 'unset', '(null)', 'unknown'])
const localDomains = new Set(['nt authority', 'nt-autorität', 'autorite nt', 'font driver host', 'window manager', 'iis apppool', 'nt service'])

/** The identity that a name stands for, or null where it names nothing of the tenant: local principals, machine accounts, addresses of the outside. */
export function identify(kind: AssetKind, name: string): Identity | null {
  const text = name.trim()
  if (text === '' || text.length > 255) return null
  if (kind === 'address') return internalAddress(text)
  return kind === 'host' ? host(text) : account(text)
}

function host(text: string): Identity | null {
  const folded = text.toLowerCase().replace(/\.$/, '')
  if (/^[\d.]+$|:/.test(folded) && ipaddr.isValid(folded)) return null
  const [short = ''] = folded.split('.')
  if (short === '' || short === '-' || short === 'localhost') return null
  return { kind: 'host', short, qualified: folded.includes('.') ? folded : null }
}

function account(text: string): Identity | null {
  const folded = text.toLowerCase()
  const slash = folded.lastIndexOf('\\')
  const at = folded.lastIndexOf('@')
  const name = slash >= 0 ? folded.slice(slash + 1) : at > 0 ? folded.slice(0, at) : folded
  const realm = slash >= 0 ? folded.slice(0, slash) : at > 0 ? folded.slice(at + 1) : ''
  if (name === '' || name.endsWith('$') || localPrincipals.has(name) || localDomains.has(realm)) return null
  return { kind: 'user', short: name, qualified: realm === '' || realm === '-' || realm === '.' ? null : `${name}@${realm}` }
}

// An address of the outside is an indicator, not an asset, until a scope proves that it is ours.
const internalRanges = new Set(['private', 'uniqueLocal', 'carrierGradeNat'])
function internalAddress(text: string): Identity | null {
  if (!ipaddr.isValid(text) || (ipaddr.IPv4.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text))) return null
  const address = ipaddr.process(text)
  return internalRanges.has(address.range()) ? { kind: 'address', short: address.toString(), qualified: null } : null
}
