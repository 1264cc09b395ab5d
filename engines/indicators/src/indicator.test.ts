import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseIndicator } from './indicator.ts'

const parsed = (text: string) => {
  const found = parseIndicator(text)
  return found === null ? null : `${found.type} ${found.value}`
}

describe('one spelling per indicator', () => {
  test.each([
    ['198.51.100.7', 'ip 198.51.100.7'],
    ['198[.]51(.)100[dot]7', 'ip 198.51.100.7'],
    ['  10.0.0.1 ', 'ip 10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', 'ip 2001:db8::1'],
    ['2001:db8[:]:1', 'ip 2001:db8::1'],
    ['[2001:db8::1]', 'ip 2001:db8::1'],
    ['::ffff:192.0.2.1', 'ip 192.0.2.1'],
    ['::ffff:c000:201', 'ip 192.0.2.1'],
    ['192.0.2.77/24', 'cidr 192.0.2.0/24'],
    ['192[.]0[.]2[.]77 / 25', 'cidr 192.0.2.0/25'],
    ['192.0.2.77/32', 'ip 192.0.2.77'],
    ['0.0.0.0/0', 'cidr 0.0.0.0/0'],
    ['::ffff:192.0.2.77/120', 'cidr 192.0.2.0/24'],
    ['2001:db8:ffff::1/33', 'cidr 2001:db8:8000::/33'],
    ['2001:db8::1/128', 'ip 2001:db8::1'],
    ['Evil.Example.', 'domain evil.example'],
    ['evil [.] example', 'domain evil.example'],
    ['*.evil.example', 'domain evil.example'],
    ['한국.example', 'domain xn--3e0b707e.example'],
    ['xn--3e0b707e.example', 'domain xn--3e0b707e.example'],
    ['_dmarc.evil.example', 'domain _dmarc.evil.example'],
    ['hxxp://Evil[.]example', 'url http://evil.example/'],
    ['hxxps[://]evil[.]example:443/A?b=1#frag', 'url https://evil.example/A?b=1'],
    ['HXXPS[:]//evil.example./x', 'url https://evil.example/x'],
    ['h**p : // evil.example:8080/', 'url http://evil.example:8080/'],
    ['fxp://evil.example/a', 'url ftp://evil.example/a'],
    ['http://[2001:DB8::1]:80/', 'url http://[2001:db8::1]/'],
    ['http://0x7f.1/', 'url http://127.0.0.1/'],
    ['D41D8CD98F00B204E9800998ECF8427E', 'md5 d41d8cd98f00b204e9800998ecf8427e'],
    ['DA39A3EE5E6B4B0D3255BFEF95601890AFD80709', 'sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['Mallory[at]Evil[.]example', 'email mallory@evil.example'],
    ['mallory [@] evil.example', 'email mallory@evil.example'],
  ])('%s', (text, expected) => expect(parsed(text)).toBe(expected))

  test.each([
    '', ' ', '.', '..', 'a..b', 'word', 'localhost', '010.0.0.1', '0x7f.0.0.1', '0x7f000001', '127.1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.4:443', '１.１.１.１', 'fe80::1%eth0', '::ffff:010.0.0.1',
    '1.2.3.4/33', '1.2.3.4/08', '1.2.3.4/255.0.0.0', 'evil.example/path', 'http://', 'javascript://alert(1)', 'file:///etc/passwd', 'http://evil example/', '@evil.example', 'a@', 'a@b@c.example', 'a@localhost',
    '-evil.example', 'evil-.example', `${'a'.repeat(64)}.example`, `${'a.'.repeat(130)}example`, 'zz1d8cd98f00b204e9800998ecf8427e', '__proto__', 'evil.example\0', 'x'.repeat(5000), `${'['.repeat(900)}.${']'.repeat(900)}`,
  ])('is nobody\'s indicator: %j', (text) => expect(parseIndicator(text)).toBeNull())

  test('a wildcard is the domain and what is below', () => {
    expect(parseIndicator('*.evil.example')).toEqual({ type: 'domain', value: 'evil.example', original: '*.evil.example', subdomains: true })
    expect(parseIndicator('evil.example')).not.toHaveProperty('subdomains')
  })
})

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--') && text.slice(2, 4) !== '--')
const domain = fc.tuple(label, label, fc.constantFrom('com', 'example', 'kr')).map((labels) => labels.join('.'))
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
const canonical = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, bits]) => `${address}/${bits}`),
  fc.ipV6(), domain, hex(32), hex(40), hex(64),
  fc.tuple(label, domain).map(([local, at]) => `${local}@${at}`),
  fc.tuple(fc.constantFrom('http', 'https'), domain, fc.stringMatching(/^[a-zA-Z0-9/?=&_-]{0,20}$/)).map(([scheme, host, path]) => `${scheme}://${host}/${path}`),
)

/** Each separator is hidden, or not, in one of the ways that people use. */
function defang(text: string, choose: (ways: number) => number): string {
  const dots = ['.', '[.]', '(.)', '[dot]', '{.}', '[DOT]', ' [.] ', '( . )']
  const ats = ['@', '[@]', '[at]', '(at)', ' [at] ']
  const hidden = text
    .replace(/^http/, () => ['http', 'hxxp', 'HXXP', 'hXXp', 'h**p'][choose(5)] as string)
    .replace(/:\/\//, () => ['://', '[://]', '[:]//', ' :// '][choose(4)] as string)
    .replace(/\./g, () => dots[choose(dots.length)] as string)
    .replace(/@/, () => ats[choose(ats.length)] as string)
  const cased = /^[0-9a-f]+$/.test(hidden) && choose(2) === 1 ? hidden.toUpperCase() : hidden
  return ['', ' ', '\t', '\n '][choose(4)] + cased + ['', ' ', '\r\n'][choose(3)]
}

describe('properties', () => {
  test('an indicator defanged in any way is the same indicator', () => {
    fc.assert(fc.property(canonical, fc.infiniteStream(fc.nat()), (text, numbers) => {
      const plain = parsed(text)
      expect(plain).not.toBeNull()
      const hidden = defang(text, (ways) => (numbers.next().value as number) % ways)
      expect(parsed(hidden), hidden).toBe(plain)
    }), { numRuns: 2000 })
  })

  test('a canonical value is ASCII and parses to itself; nothing throws', () => {
    const pieces = fc.constantFrom('http://', 'hxxp', '[.]', '[', ']', '(', ')', '.', '/', '..', ':', '@', '[at]', '%5b', '%2e', '\\', '\t', ' ', '#', '?', '::', 'ffff', '1.2.3.4', '0x7f', 'xn--', 'ß', '한', '。', 'a', 'evil.example', '*', '-', '\u00ad', '\ud800')
    const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')), canonical)
    fc.assert(fc.property(hostile, (text) => {
      const first = parseIndicator(text)
      if (first === null) return
      expect(first.value).toMatch(/^[\x21-\x7e]+$/)
      expect(first.original).toBe(text)
      const again = parseIndicator(first.value)
      expect({ type: again?.type, value: again?.value }).toEqual({ type: first.type, value: first.value })
    }), { numRuns: 5000 })
  })

  test('a hostile text costs no time worth speaking of', () => {
    for (const text of [' '.repeat(4096), '['.repeat(4096), '[ '.repeat(2048), `${'['.repeat(2000)}.${']'.repeat(2000)}`, 'a.'.repeat(2048), 'h'.repeat(4096), '.'.repeat(4096)]) {
      const start = process.hrtime.bigint()
      parseIndicator(text)
      expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(30_000)
    }
  })
})
