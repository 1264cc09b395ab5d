import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, test } from 'vitest'
import { accountRail, blockRail, listed, networkText, overlaps, readNetwork, readTarget } from './targets.ts'

describe('what a target means', () => {
  test('host', () => {
    expect(readTarget('isolate_host', ' WS-12 ')).toEqual({ kind: 'host', name: 'WS-12' })
    expect(readTarget('isolate_host', '서버-1.본사.kr')).toMatchObject({ kind: 'host' })
    for (const none of ['', '  ', 'a b', 'host\\user', 'user@host', 'http://x', 'x'.repeat(300)]) expect(readTarget('isolate_host', none)).toBeNull()
  })
  test('network', () => {
    const text = (given: string) => { const target = readTarget('block_ip', given); return target?.kind === 'network' ? target.text : null }
    expect(text('203.0.113.7')).toBe('203.0.113.7')
    expect(text('203.0.113.77/24')).toBe('203.0.113.0/24')
    expect(text('203.0.113.7/32')).toBe('203.0.113.7')
    expect(text('2001:DB8::1/48')).toBe('2001:db8::/48')
    expect(text('::ffff:203.0.113.7')).toBe('203.0.113.7')
    expect(text('::ffff:203.0.113.0/120')).toBe('203.0.113.0/24')
    for (const none of ['', 'evil.example', '203.0.113', '203.0.113.7/33', '203.0.113.7/', '203.0.113.7/-1', '0x7f.1', '017700000001', '2130706433', '1.2.3.4.5', '2001:db8::/129', 'fe80::1%eth0', '203.0.113.7/24/8', '1.2.3.4 ; rm']) expect(text(none), none).toBeNull()
  })
  test('account', () => {
    expect(readTarget('disable_account', 'WS-12\\bob')).toEqual({ kind: 'account', name: 'WS-12\\bob' })
    expect(readTarget('disable_account', 'bob@corp.local')).toEqual({ kind: 'account', name: 'bob@corp.local' })
    for (const none of ['\\bob', 'a\\b\\c', 'bob@', '@corp', 'a\\b@c']) expect(readTarget('disable_account', none), none).toBeNull()
    for (const machine of ['WS-12\\WS-12$', 'NT AUTHORITY\\SYSTEM', 'system', 'Local Service']) expect(accountRail(machine), machine).toBe('target_protected')
    expect(accountRail('CORP\\bob')).toBeNull()
  })
  test('file', () => {
    const hash = 'A'.repeat(64)
    expect(readTarget('quarantine_file', hash)).toEqual({ kind: 'hash', sha256: hash.toLowerCase() })
    expect(readTarget('quarantine_file', `WS-12:${hash}`)).toEqual({ kind: 'file', host: 'WS-12', file: hash.toLowerCase() })
    expect(readTarget('quarantine_file', 'WS-12:C:\\Users\\bob\\악성.exe')).toEqual({ kind: 'file', host: 'WS-12', file: 'C:\\Users\\bob\\악성.exe' })
    expect(readTarget('quarantine_file', 'web-1:/tmp/x')).toEqual({ kind: 'file', host: 'web-1', file: '/tmp/x' })
    expect(readTarget('quarantine_file', 'WS-12:\\\\srv\\share\\x.exe')).toMatchObject({ file: '\\\\srv\\share\\x.exe' })
    for (const none of ['web-1:/', 'WS-12:C:\\', 'web-1:relative', 'web-1:', ':/tmp/x', 'd41d8cd98f00b204e9800998ecf8427e', 'C:\\x.exe']) expect(readTarget('quarantine_file', none), none).toBeNull()
  })
  test('no text throws', () => {
    fc.assert(fc.property(fc.constantFrom('isolate_host', 'block_ip', 'disable_account', 'quarantine_file'), fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (action, text) => { readTarget(action, text) }))
  })
})

describe('what is never blocked', () => {
  const managed = [readNetwork('198.51.100.10')!]
  const rail = (text: string) => blockRail(readNetwork(text)!, managed)
  test('table', () => {
    for (const text of ['127.0.0.1', '127.9.9.9', '::1', '::', '0.0.0.0', '169.254.169.254', 'fe80::1', '224.0.0.1', '255.255.255.255', 'ff02::1', '198.51.100.10', '198.51.100.0/24', '::ffff:127.0.0.1']) expect([text, rail(text)]).toEqual([text, 'target_protected'])
    for (const text of ['0.0.0.0/0', '128.0.0.0/1', '10.0.0.0/8', '10.1.0.0/16', '192.168.0.0/16', '172.16.0.0/12', '100.64.0.0/10', '192.168.0.0/23', '::/0', '2000::/3', 'fc00::/7', 'fd00:1::/32', '::ffff:0:0/90', '6.0.0.0/7']) expect([text, rail(text)]).toEqual([text, 'network_too_broad'])
    for (const text of ['203.0.113.7', '203.0.113.0/24', '8.0.0.0/8', '10.1.2.3', '10.1.2.0/24', '2001:db8::/48', 'fd00::1', 'fd00:1:2:3::/64']) expect([text, rail(text)]).toEqual([text, null])
  })
  test('no network that holds one of our own or a loopback address passes', () => {
    fc.assert(fc.property(fc.constantFrom('198.51.100.10', '127.0.0.1', '169.254.169.254'), fc.integer({ min: 0, max: 32 }), (address, bits) => { expect(rail(`${address}/${bits}`)).not.toBeNull() }))
  })
})

test('networks overlap exactly when one holds the other\'s first address (against another implementation)', () => {
  const network = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, bits]) => `${address}/${bits}`)
  fc.assert(fc.property(network, network, (a, b) => {
    const [na, nb] = [readNetwork(a)!, readNetwork(b)!]
    const oracle = ipaddr.IPv4.parse(na.address.toString()).match(ipaddr.IPv4.parseCIDR(b)) || ipaddr.IPv4.parse(nb.address.toString()).match(ipaddr.IPv4.parseCIDR(a))
    expect(overlaps(na, nb)).toBe(oracle)
    expect(readNetwork(networkText(na))).toEqual(na)
  }))
})

describe('lists of names', () => {
  const host = (entry: string, ...names: string[]) => listed(entry, { action: 'isolate_host', names, network: null })
  test('hosts', () => {
    expect(host('DC01', 'dc01.corp.local')).toBe(true)
    expect(host('dc01.corp.local', 'DC01')).toBe(true)
    expect(host('dc01.corp.local.', 'dc01.corp.local')).toBe(true)
    expect(host('dc01.seoul.corp', 'dc01.busan.corp')).toBe(false)
    expect(host('ast_7', 'x', 'ast_7')).toBe(true)
    expect(host('dc*', 'dc01.corp.local')).toBe(true)
    expect(host('*-prod*', 'web-1-prod.kr')).toBe(true)
    expect(host('dc', 'dc01')).toBe(false)
    expect(host('10.0.0.1', '10.0.0.2')).toBe(false)
    expect(host('', 'x')).toBe(false)
    expect(host('서버', '서버'.normalize('NFD'))).toBe(true)
  })
  test('accounts and addresses', () => {
    const account = (entry: string, name: string) => listed(entry, { action: 'disable_account', names: [name], network: null })
    expect(account('CORP\\svc-backup', 'svc-backup@corp')).toBe(true)
    expect(account('svc-backup', 'CORP\\svc-backup')).toBe(true)
    expect(account('svc-*', 'CORP\\svc-backup')).toBe(true)
    expect(account('svc-backup@other', 'svc-backup@corp')).toBe(false)
    const address = (entry: string, text: string) => listed(entry, { action: 'block_ip', names: [text], network: readNetwork(text) })
    expect(address('203.0.113.0/24', '203.0.113.9')).toBe(true)
    expect(address('203.0.113.9', '203.0.113.0/24')).toBe(true)
    expect(address('203.0.114.0/24', '203.0.113.9')).toBe(false)
    expect(address('dc01', '203.0.113.9')).toBe(false)
  })
  test('a pattern takes what a regex of the same meaning takes, and no time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.') })
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*') }).filter((one) => one.includes('*'))
    fc.assert(fc.property(pattern, text.filter((one) => one !== '' && !one.endsWith('.')), (one, name) => {
      expect(host(one, name)).toBe(new RegExp(`^${one.replaceAll('*', '.*')}$`).test(name))
    }))
    expect(host(`${'*a'.repeat(2_000)}b`, 'a'.repeat(20_000))).toBe(false)
  })
})
