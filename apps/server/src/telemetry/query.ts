// `host:WS-12 user:"CORP\bob" 4625 failed` -> what the event store is asked. Pure; a word without a known field is text.
import ipaddr from 'ipaddr.js'
import { HaechiError } from '../platform/errors.ts'

/** `source` is a source's name here; the service turns it into its id. All given parts must hold. */
export type EventFilter = { host?: string; user?: string; process?: string; address?: string; hash?: string; source?: string; eventCode?: string; text?: string }

const fields: Readonly<Record<string, keyof EventFilter>> = {
  host: 'host', user: 'user', process: 'process', address: 'address', ip: 'address', hash: 'hash', source: 'source', code: 'eventCode', event_code: 'eventCode', text: 'text',
}

/**
 * Words are `field:value` (host, user, process, address, hash, source, code, text) or text; `"..."` keeps spaces, with `\"` inside. Words of text that stand
 * together are one phrase, searched as they stand. Errors: query_syntax.
 */
export function parseQuery(query: string): EventFilter {
  const filter: EventFilter = {}
  const phrase: string[] = []
  for (const { word, quoted } of words(query)) {
    const colon = quoted ? -1 : word.indexOf(':')
    const field = colon > 0 ? fields[word.slice(0, colon).toLowerCase()] : undefined
    if (field === undefined || field === 'text') phrase.push(field === 'text' ? word.slice(colon + 1) : word)
    else {
      const value = word.slice(colon + 1)
      if (value === '') throw new HaechiError('query_syntax', { place: word, reason: 'a value is missing after the colon' })
      if (filter[field] !== undefined) throw new HaechiError('query_syntax', { place: word, reason: `${field} is given twice` })
      filter[field] = value
    }
  }
  if (phrase.length > 0) filter.text = phrase.join(' ')
  checkFilter(filter)
  return filter
}

export function checkFilter(filter: EventFilter): void {
  const { address, hash } = filter
  if (address !== undefined && !ipaddr.isValid(address) && !ipaddr.isValidCIDR(address)) throw new HaechiError('query_syntax', { place: address, reason: 'an IP address or CIDR is expected' })
  if (hash !== undefined && !/^[0-9a-f]{32,64}$/i.test(hash)) throw new HaechiError('query_syntax', { place: hash, reason: 'an MD5, SHA-1 or SHA-256 in hex is expected' })
}

function* words(query: string): Generator<{ word: string; quoted: boolean }> {
  let at = 0
  while (at < query.length) {
    if (/\s/.test(query[at]!)) { at++; continue }
    const start = at
    const quoted = query[at] === '"'
    let word = ''
    let inside = false
    for (; at < query.length && (inside || !/\s/.test(query[at]!)); at++) {
      const char = query[at]!
      if (inside && char === '\\' && query[at + 1] === '"') word += query[++at]
      // A quote opens only where a word or a field's value begins: 5" is text.
      else if (char === '"' && (inside || word === '' || word.endsWith(':'))) inside = !inside
      else word += char
    }
    if (inside) throw new HaechiError('query_syntax', { place: query.slice(start, start + 40), reason: 'a closing quotation mark is missing' })
    yield { word, quoted }
  }
}
