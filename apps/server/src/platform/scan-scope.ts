// Who may be scanned. The machine's own addresses need no proof; everything else stands in a scope that names its owner and its end, and nothing that is no
// target of the scan is reached because a template, a redirect or a resolver says so. Defended by scan-scope.test.ts and scan-network.integration.test.ts.
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import { load } from 'js-yaml'
import { z } from 'zod'
import { metadataAddresses } from './egress.ts'
import { HaechiError } from './errors.ts'

/** `until` in milliseconds since 1970; the scope ends with it. */
export type Scope = { readonly targets: readonly string[]; readonly owner: string; readonly until: number }

const name = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/
const shape = z.strictObject({
  targets: z.array(z.string().min(1).max(300)).min(1).max(100_000),
  owner: z.string().trim().min(1).max(300),
  until: z.union([z.string(), z.date()]),
})

/**
 * JSON or YAML: `targets` (host names, '*.example.com' for all below one, addresses, networks as '192.0.2.0/24'), `owner` (who has agreed), `until`
 * ('2027-01-31': to the end of that day in UTC, or a time with its zone). Errors: scan_scope_invalid.
 */
export function readScope(text: string, file: string): Scope {
  const invalid = (reason: string): HaechiError => new HaechiError('scan_scope_invalid', { file, reason })
  let read: unknown
  try {
    read = load(text)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message.split('\n')[0]! : String(error))
  }
  const parsed = shape.safeParse(read)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const targets = parsed.data.targets.map((entry) => {
    const plain = entry.trim().toLowerCase().replace(/\.$/, '')
    if (ipaddr.isValid(plain)) return ipaddr.parse(plain).toString()
    if (ipaddr.isValidCIDR(plain)) return plain
    const ascii = plain.startsWith('*.') ? `*.${hostOf(plain.slice(2))}` : hostOf(plain)
    if (!name.test(ascii) || /^[\d.]+$/.test(ascii)) throw invalid(`targets: ${entry}`)
    return ascii
  })
  const until = timeOf(parsed.data.until)
  if (until === null) throw invalid(`until: ${String(parsed.data.until)}`)
  return { targets, owner: parsed.data.owner, until }
}

const hostOf = (host: string): string => URL.parse(`http://${host}/`)?.hostname ?? host

function timeOf(written: string | Date): number | null {
  // YAML reads an unquoted date as one; it means the whole day, as a quoted one does.
  const text = written instanceof Date ? written.toISOString().replace('T00:00:00.000Z', '') : written.trim()
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
  if (!day && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return null
  const time = Date.parse(day ? `${text}T23:59:59.999Z` : text)
  return Number.isNaN(time) || (day && !new Date(time).toISOString().startsWith(text)) ? null : time
}

/** By its name or, without one that is written there, by every address it has: one of them outside is how rebinding looks. */
export function covers(scope: Scope, host: string, addresses: readonly string[]): boolean {
  const plain = host.toLowerCase()
  const named = scope.targets.some((entry) => entry === plain || (entry.startsWith('*.') && plain.endsWith(entry.slice(1))))
  // A proven name may lead to an inner address, but not to what belongs to no host, or to the machine that scans.
  if (named) return addresses.every((address) => !isOwn(address) && (reachable(address) || within(scope, address)))
  return addresses.length > 0 && addresses.every((address) => within(scope, address) && !metadata.has(address))
}

const within = (scope: Scope, address: string): boolean => scope.targets.some((entry) => contains(entry, address))

function contains(entry: string, address: string): boolean {
  const cidr = ipaddr.isValid(entry) ? `${entry}/${entry.includes(':') ? 128 : 32}` : entry
  if (!ipaddr.isValidCIDR(cidr)) return false
  const [network, length] = ipaddr.parseCIDR(cidr)
  const parsed = ipaddr.parse(address)
  return parsed.kind() === network.kind() && parsed.match(network, length)
}

const noHost = new Set(['unspecified', 'broadcast', 'multicast', 'linkLocal'])
// Azure's, Oracle's, Alibaba's and Amazon's; the others are link-local.
const metadata = new Set([...metadataAddresses, '192.0.0.192', '100.100.100.200', 'fd00:ec2::254'])
const reachable = (address: string): boolean => ipaddr.isValid(address) && !noHost.has(ipaddr.parse(address).range()) && !metadata.has(address)

/** Loopback, and what the interfaces of this machine have. */
export function isOwn(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() === 'loopback') return true
  const plain = parsed.toString()
  return Object.values(networkInterfaces()).some((all) => all?.some((each) => ipaddr.isValid(each.address) && ipaddr.parse(each.address).toString() === plain))
}
