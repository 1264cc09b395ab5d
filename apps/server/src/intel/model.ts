import { createHash } from 'node:crypto'
import { parseIndicator } from '@haechi/indicators'
import type { Indicator, ParsedIndicator } from '@haechi/indicators'

/** Bytes of one feed. */
export const feedBytes = 64 * 1_048_576
export const lookupMost = 1_000

/** Names one indicator in the database: 128 bits of SHA-256, in hexadecimal. */
export const keyOf = (type: Indicator['type'], value: string): string => createHash('sha256').update(`${type} ${value}`).digest('hex').slice(0, 32)

/** `4/24`: the version and length of a network. */
export const lengthOf = (network: string): string => `${network.includes(':') ? 6 : 4}/${network.slice(network.indexOf('/') + 1)}`

/**
 * Keys of all that may speak about an indicator: itself, the names above a domain, and the networks around an address, of the lengths that are among the feeds.
 * A superset: what of it speaks is the engine's to say.
 */
export function reaching({ type, value }: ParsedIndicator, lengths: readonly string[]): string[] {
  const keys = [keyOf(type, value)]
  if (type === 'domain') {
    for (let dot = value.indexOf('.'); dot >= 0; dot = value.indexOf('.', dot + 1)) keys.push(keyOf('domain', value.slice(dot + 1)))
  }
  if (type === 'ip' || type === 'cidr') {
    const [address = '', own = ''] = value.split('/')
    const version = address.includes(':') ? '6/' : '4/'
    for (const length of lengths) {
      const bits = length.slice(2)
      if (!length.startsWith(version) || (own !== '' && Number(bits) >= Number(own))) continue
      const network = parseIndicator(`${address}/${bits}`)
      if (network !== null) keys.push(keyOf(network.type, network.value))
    }
  }
  return keys
}
