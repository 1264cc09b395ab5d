import { parseTarget } from '@haechi/templates'
import type { Target } from './model.ts'

/** An address and how many of its bits are the network's. */
const cidr = /^([0-9a-f:.]+)\/(\d{1,3})$/i

/** 'example.com', '192.0.2.7:8443', 'https://example.com/app', '192.0.2.0/24', '2001:db8::/120'. null: no such thing. */
export function readTarget(input: string): Target | null {
  const text = input.trim()
  const [, address = '', length] = cidr.exec(text) ?? []
  if (length !== undefined) {
    const host = parseTarget(address)?.host
    const bits = host?.includes(':') === true ? 128 : 32
    return host === undefined || !/^[\d.]+$|:/.test(host) || Number(length) > bits ? null : { input: text, host: null, network: `${host}/${length}`, port: null, scheme: null, path: '' }
  }
  const target = parseTarget(text)
  return target === null ? null : { input: text, host: target.host, network: null, port: target.port, scheme: target.scheme, path: target.path }
}

/** More are never taken from one network. */
export const mostAddresses = 65_536

const wide = (address: string): bigint => {
  if (!address.includes(':')) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  return [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

function written(value: bigint, six: boolean): string {
  if (!six) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16)).join(':')
  // RFC 5952, 4.2: as the URL standard writes it.
  return parseTarget(groups)?.host ?? groups
}

/** Addresses of a network in their order, at most `mostAddresses`; of one of version 4 without its own and the broadcast address, where it has them. */
export function addressesOf(network: string): { readonly addresses: readonly string[]; readonly cut: boolean } {
  const [address = '', length = ''] = network.split('/')
  const six = address.includes(':')
  const bits = BigInt(six ? 128 : 32)
  const free = bits - BigInt(length)
  const first = (wide(address) >> free) << free
  const edges = !six && free >= 2n ? 1n : 0n
  const count = (1n << free) - 2n * edges
  const taken = count > BigInt(mostAddresses) ? mostAddresses : Number(count)
  return { addresses: Array.from({ length: taken }, (_, at) => written(first + edges + BigInt(at), six)), cut: count > BigInt(taken) }
}
