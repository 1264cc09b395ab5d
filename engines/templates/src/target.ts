import type { Target } from './model.ts'

/**
 * 'https://example.com/app', 'example.com', 'example.com:8443', '192.0.2.7:22', '[2001:db8::1]:443', '2001:db8::1'. null: no such thing. The host is
 * brought into the form of the URL standard (lower case, punycode, one way to write an address); path and port stay as written. A query or fragment is
 * no part of a target.
 */
export function parseTarget(input: string): Target | null {
  const text = input.trim()
  const written = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#\s\\]+)(\/[^?#\s]*)?(?:[?#]\S*)?$/i.exec(text)
  if (written === null) return null
  const [, protocol, place = '', path = ''] = written
  const scheme = protocol?.toLowerCase() ?? null
  if ((scheme !== null && scheme !== 'http' && scheme !== 'https') || place.includes('@')) return null
  // An address of version 6 may stand without brackets where no port follows.
  const authority = (place.match(/:/g)?.length ?? 0) > 1 && !place.startsWith('[') ? `[${place}]` : place
  const url = URL.parse(`http://${authority}/`)
  const port = /:(\d+)$/.exec(authority.replace(/^\[[^\]]*\]/, ''))?.[1]
  if (url === null || url.hostname === '' || port === '0' || (port === undefined && authority.endsWith(':'))) return null
  return { input: text, scheme, host: url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''), port: port === undefined ? null : Number(port), path: path.replace(/\/+$/, '') }
}
