// What a client names as a target, read into what it means, and the addresses that no policy may block: loopback, link-local, this platform's own,
// whole private networks, a quarter of the Internet. Pure. Defended by targets.test.ts.
import ipaddr from 'ipaddr.js'
import type { ActionType } from './wire.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
export type Network = { readonly address: Address; readonly bits: number }

export type Target =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'network'; readonly network: Network; readonly text: string }
  /** `name` is `host\user`, `user@realm`, or a bare name that must be unique. */
  | { readonly kind: 'account'; readonly name: string }
  | { readonly kind: 'file'; readonly host: string; readonly file: string }
  /** Stands for every affected host of the incident. */
  | { readonly kind: 'hash'; readonly sha256: string }

const sha256 = /^[0-9a-f]{64}$/i
/** Accounts without which no machine runs. */
const systemAccounts = new Set(['system', 'local system', 'localsystem', 'local service', 'network service', 'anonymous logon', 'trustedinstaller'])

/** The meaning of `text`, or null where it has none for this kind of action. */
export function readTarget(action: ActionType, text: string): Target | null {
  const given = text.normalize('NFC').trim()
  if (given === '' || given.length > 1_024) return null
  if (action === 'isolate_host') return isHostName(given) ? { kind: 'host', name: given } : null
  if (action === 'block_ip') {
    const network = readNetwork(given)
    return network === null ? null : { kind: 'network', network, text: networkText(network) }
  }
  if (action === 'disable_account') return /^[^\\@]+(?:[\\@][^\\@]+)?$/.test(given) ? { kind: 'account', name: given } : null
  if (sha256.test(given)) return { kind: 'hash', sha256: given.toLowerCase() }
  const colon = given.indexOf(':')
  const [host, file] = [given.slice(0, colon).trim(), given.slice(colon + 1).trim()]
  if (colon <= 0 || !isHostName(host)) return null
  if (sha256.test(file)) return { kind: 'file', host, file: file.toLowerCase() }
  return isFilePath(file) ? { kind: 'file', host, file } : null
}

const isHostName = (name: string): boolean => name.length <= 255 && /^[^\s:\\/@]+$/.test(name)
/** Absolute, and more than the root itself. */
const isFilePath = (path: string): boolean => /^\/+[^/]|^[a-z]:[\\/]+[^\\/]|^\\\\[^\\]+\\[^\\]+\\+[^\\]/i.test(path)

/** An address is a network of one. Host bits are cleared; an IPv4 address written as IPv6 is an IPv4 address. */
export function readNetwork(text: string): Network | null {
  const slash = text.indexOf('/')
  const plain = slash < 0 ? text : text.slice(0, slash)
  const suffix = slash < 0 ? null : text.slice(slash + 1)
  const v4 = ipaddr.IPv4.isValidFourPartDecimal(plain)
  // Other spellings of IPv4 (0x7f.1, 017700000001) mean different things to different programs.
  if (!v4 && (!plain.includes(':') || plain.includes('%') || !ipaddr.IPv6.isValid(plain))) return null
  if (suffix !== null && !/^\d{1,3}$/.test(suffix)) return null
  const raw = v4 ? ipaddr.IPv4.parse(plain) : ipaddr.IPv6.parse(plain)
  const width = v4 ? 32 : 128
  const bits = suffix === null ? width : Number(suffix)
  if (bits > width) return null
  if (raw instanceof ipaddr.IPv6 && raw.isIPv4MappedAddress() && bits >= 96) return cleared(raw.toIPv4Address(), bits - 96)
  return cleared(raw, bits)
}

function cleared(address: Address, bits: number): Network {
  return { address: ipaddr.fromByteArray(address.toByteArray().map((byte, at) => byte & mask(bits, at))), bits }
}
/** The part of the byte at `at` that belongs to a network of `bits`. */
const mask = (bits: number, at: number): number => (0xff << (8 - Math.min(8, Math.max(0, bits - at * 8)))) & 0xff

export const networkText = ({ address, bits }: Network): string =>
  (bits === (address.kind() === 'ipv4' ? 32 : 128) ? address.toString() : `${address.toString()}/${bits}`)

const contains = (outer: Network, inner: Network): boolean => {
  if (outer.bits > inner.bits || outer.address.kind() !== inner.address.kind()) return false
  const [a, b] = [outer.address.toByteArray(), inner.address.toByteArray()]
  return a.every((byte, at) => ((byte ^ b[at]!) & mask(outer.bits, at)) === 0)
}
export const overlaps = (a: Network, b: Network): boolean => contains(a, b) || contains(b, a)

const networks = (...texts: string[]): Network[] => texts.map((text) => readNetwork(text)!)
const neverBlocked = networks('0.0.0.0/32', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255', '::', '::1', 'fe80::/10', 'ff00::/8')
/** All of IPv4, written as IPv6. */
const mappedIPv4: Network = { address: ipaddr.IPv6.parse('::ffff:0:0'), bits: 96 }
const privateNetworks = networks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')

/** The rail of block_ip. `managed`: addresses by which this platform itself is reached. */
export function blockRail(network: Network, managed: readonly Network[]): 'network_too_broad' | 'target_protected' | null {
  const v4 = network.address.kind() === 'ipv4'
  if (network.bits < (v4 ? 8 : 16) || privateNetworks.some((whole) => contains(network, whole))) return 'network_too_broad'
  if (privateNetworks.some((whole) => contains(whole, network)) && network.bits < (v4 ? 24 : 64)) return 'network_too_broad'
  if (contains(network, mappedIPv4)) return 'network_too_broad'
  return [...neverBlocked, ...managed].some((one) => overlaps(network, one)) ? 'target_protected' : null
}

/** The rail of disable_account: machine accounts and those of the system itself. */
export function accountRail(name: string): 'target_protected' | null {
  const { short } = readAccount(name)
  return short.endsWith('$') || systemAccounts.has(short) ? 'target_protected' : null
}

function readAccount(name: string): { short: string; realm: string | null } {
  const text = fold(name)
  const slash = text.lastIndexOf('\\')
  if (slash >= 0) return { short: text.slice(slash + 1), realm: text.slice(0, slash) }
  const at = text.lastIndexOf('@')
  return at > 0 ? { short: text.slice(0, at), realm: text.slice(at + 1) } : { short: text, realm: null }
}

/** Comparison of names: composed, lower case, no trailing dot. */
export const fold = (text: string): string => text.normalize('NFC').trim().toLowerCase().replace(/\.$/, '')

/**
 * Whether an entry of a list of names means this target. Host names: the short and the full form of a name are one where either side gives only the short one;
 * `*` stands for any characters. Addresses: the two overlap. `names` are all that the target is known by, its asset id among them.
 */
export function listed(entry: string, target: { readonly action: ActionType; readonly names: readonly string[]; readonly network: Network | null }): boolean {
  const wanted = fold(entry)
  if (wanted === '') return false
  if (target.action === 'block_ip') {
    const network = readNetwork(wanted)
    return network !== null && target.network !== null && overlaps(network, target.network)
  }
  const same = target.action === 'disable_account' ? sameAccount : sameHost
  return target.names.some((name) => same(wanted, fold(name)))
}

const sameHost = (wanted: string, name: string): boolean => {
  if (wanted.includes('*')) return glob(wanted, name)
  if (wanted === name) return true
  // An address of four numbers has no short form.
  if (ipaddr.isValid(wanted) || ipaddr.isValid(name)) return false
  const [a, b] = [wanted.split('.')[0], name.split('.')[0]]
  return a === b && (!wanted.includes('.') || !name.includes('.'))
}

const sameAccount = (wanted: string, name: string): boolean => {
  const [a, b] = [readAccount(wanted), readAccount(name)]
  const same = wanted.includes('*') ? glob(a.short, b.short) : a.short === b.short
  return same && (a.realm === null || b.realm === null || sameHost(a.realm, b.realm))
}

/** Linear in both: no regex, so that no list of names can hang a verdict. */
function glob(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (!text.startsWith(first) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
