import ipaddr from 'ipaddr.js'

const { IPv4, IPv6 } = ipaddr

type Address = { version: 4 | 6; bytes: readonly number[] }
/** Addresses that begin with the first `bits` bits of `bytes`. */
export type Network = Address & { bits: number }

/** Strict forms only: four decimal parts, or IPv6 without a zone. An IPv4 address written in IPv6 (::ffff:10.0.0.1) is that IPv4 address. */
export function parseAddress(text: string): Address | null {
  if (text.length > 45) return null
  if (IPv4.isValidFourPartDecimal(text)) return { version: 4, bytes: IPv4.parse(text).toByteArray() }
  if (!text.includes(':') || text.includes('%') || !IPv6.isValid(text)) return null
  const address = IPv6.parse(text)
  return address.isIPv4MappedAddress() ? { version: 4, bytes: address.toIPv4Address().toByteArray() } : { version: 6, bytes: address.toByteArray() }
}

/** `10.0.0.0/8`, `fc00::/7`; a bare address is the network of itself. Bits behind the prefix are ignored, as in pySigma. */
export function parseCidr(text: string): Network | null {
  const [base = '', prefix, ...rest] = text.split('/')
  const address = parseAddress(base)
  if (address === null || rest.length > 0) return null
  const most = address.bytes.length * 8
  if (prefix === undefined) return { ...address, bits: most }
  if (!/^\d{1,3}$/.test(prefix)) return null
  // The prefix of a mapped network counts from the IPv6 address.
  const bits = address.version === 4 && base.includes(':') ? Number(prefix) - 96 : Number(prefix)
  return bits < 0 || bits > most ? null : { ...address, bits }
}

export function contains(network: Network, address: Address): boolean {
  if (network.version !== address.version) return false
  const whole = network.bits >> 3
  for (let at = 0; at < whole; at += 1) if (network.bytes[at] !== address.bytes[at]) return false
  const rest = network.bits & 7
  return rest === 0 || ((network.bytes[whole] as number) ^ (address.bytes[whole] as number)) >> (8 - rest) === 0
}
