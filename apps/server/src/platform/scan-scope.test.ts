import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { covers, isOwn, readScope } from './scan-scope.ts'
import type { Scope } from './scan-scope.ts'

const scope = (...targets: string[]): Scope => ({ targets, owner: 'Example', until: 0 })

describe('the file', () => {
  test('YAML and JSON, every way to write a target and an end', () => {
    const text = 'owner: Example Ltd, by contract 7\nuntil: 2027-01-31\ntargets:\n  - WWW.Example.com.\n  - "*.예시.example"\n  - 192.0.2.7\n  - 198.51.100.0/24\n  - 2001:DB8::1\n'
    const read = readScope(text, 'scope.yaml')
    expect(read).toEqual({ owner: 'Example Ltd, by contract 7', until: Date.parse('2027-01-31T23:59:59.999Z'), targets: ['www.example.com', '*.xn--vv4b11d.example', '192.0.2.7', '198.51.100.0/24', '2001:db8::1'] })
    expect(readScope(JSON.stringify({ targets: ['a.example'], owner: 'x', until: '2027-01-31T09:00:00+09:00' }), 'scope.json').until).toBe(Date.parse('2027-01-31T00:00:00Z'))
  })

  test.each([
    ['', 'nothing'], ['targets: []\nowner: x\nuntil: 2027-01-01', 'targets'], ['targets: [a.example]\nuntil: 2027-01-01', 'owner'], ['targets: [a.example]\nowner: " "\nuntil: 2027-01-01', 'owner'], ['targets: [a.example]\nowner: x', 'until'],
    ['targets: [a.example]\nowner: x\nuntil: tomorrow', 'until'], ['targets: [a.example]\nowner: x\nuntil: "2027-02-31"', 'until'], ['targets: [a.example]\nowner: x\nuntil: "2027-01-01T00:00"', 'until'], ['targets: ["a b"]\nowner: x\nuntil: 2027-01-01', 'targets'],
    ['targets: ["*"]\nowner: x\nuntil: 2027-01-01', 'targets'], ['targets: ["0.0.0.0/33"]\nowner: x\nuntil: 2027-01-01', 'targets'], ['targets: ["300.1.1.1"]\nowner: x\nuntil: 2027-01-01', 'targets'], ['targets: [a.example]\nowner: x\nuntil: 2027-01-01\nports: [1]', 'ports'], ['a: [', 'yaml'],
  ])('is refused with its place: %j', (text) => {
    expect(() => readScope(text, 'scope.yaml')).toThrow(expect.objectContaining({ code: 'scan_scope_invalid', params: expect.objectContaining({ file: 'scope.yaml' }) as object }) as Error)
  })
})

describe('what it covers', () => {
  test('a name by its name, whatever public or inner address it has', () => {
    expect(covers(scope('a.example'), 'A.example', ['203.0.113.9'])).toBe(true)
    expect(covers(scope('a.example'), 'a.example', ['10.1.2.3'])).toBe(true)
    expect(covers(scope('a.example'), 'b.a.example', ['203.0.113.9'])).toBe(false)
    expect(covers(scope('*.a.example'), 'b.a.example', ['203.0.113.9'])).toBe(true)
    expect(covers(scope('*.a.example'), 'a.example', ['203.0.113.9'])).toBe(false)
    expect(covers(scope('*.a.example'), 'xa.example', ['203.0.113.9'])).toBe(false)
  })

  test('a name never leads to the scanner itself, to no host, or to a cloud\'s metadata', () => {
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '224.0.0.1', '169.254.169.254', '168.63.129.16', 'fe80::1', '255.255.255.255']) expect(covers(scope('a.example'), 'a.example', ['203.0.113.9', address]), address).toBe(false)
  })

  test('an address by a network; a name without an entry only where all of its addresses are within', () => {
    expect(covers(scope('203.0.113.0/24'), '203.0.113.9', ['203.0.113.9'])).toBe(true)
    expect(covers(scope('203.0.113.0/24'), '203.0.114.9', ['203.0.114.9'])).toBe(false)
    expect(covers(scope('203.0.113.0/24'), 'a.example', ['203.0.113.9', '203.0.113.10'])).toBe(true)
    expect(covers(scope('203.0.113.0/24'), 'a.example', ['203.0.113.9', '10.0.0.1'])).toBe(false)
    expect(covers(scope('203.0.113.9'), 'a.example', [])).toBe(false)
    expect(covers(scope('2001:db8::/32'), '2001:db8::9', ['2001:db8::9'])).toBe(true)
    expect(covers(scope('0.0.0.0/0'), 'x', ['168.63.129.16'])).toBe(false)
  })
})

test('own is loopback and what the interfaces have', () => {
  for (const address of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', ...Object.values(networkInterfaces()).flatMap((all) => all?.map((each) => each.address) ?? [])]) expect(isOwn(address), address).toBe(true)
  for (const address of ['8.8.8.8', '0.0.0.0', 'name', '2001:db8::1']) expect(isOwn(address), address).toBe(false)
})
