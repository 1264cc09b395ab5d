// Hosts and ports as they are written.

/** 4 or 6; 0: a name. What stands here has been brought into the URL standard's form. */
export const addressVersion = (host: string): 0 | 4 | 6 => (host.includes(':') ? 6 : /^\d{1,3}(\.\d{1,3}){3}$/.test(host) ? 4 : 0)

/** '[2001:db8::1]:22', 'example.com:22'; null without a port. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } | null {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(address.trim())
  const port = Number(parts?.[3])
  return parts === null || port < 1 || port > 65535 ? null : { host: parts[1] ?? parts[2] ?? '', port }
}

/** The name under which an address is looked up: '4.3.2.1.in-addr.arpa', or nibbles under ip6.arpa (RFC 1035, 3.5; RFC 3596, 2.5). */
export function reverseName(address: string): string {
  if (addressVersion(address) === 4) return `${address.split('.').reverse().join('.')}.in-addr.arpa`
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return `${[...before, ...zeros, ...after].map(group => group.padStart(4, '0')).join('').split('').reverse().join('.')}.ip6.arpa`
}
