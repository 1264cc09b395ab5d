import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Indicator, ParsedIndicator } from './indicator.ts'
import { parseIndicator } from './indicator.ts'
import { createIndex } from './lookup.ts'
import { scanRecord } from './scan.ts'

const NOW = Date.UTC(2026, 5, 1)
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e'

function says(text: string, more: Partial<Indicator> = {}): Indicator {
  const { type, value, subdomains } = parseIndicator(text) as ParsedIndicator
  return { type, value, verdict: 'malicious', confidence: 50, source: 'feed', tags: [], techniques: [], first_seen: null, last_seen: null, valid_until: null, ...(subdomains ? { subdomains } : {}), ...more }
}

const planted = ['198.51.100.7', '2001:db8::1', '203.0.113.0/24', 'evil.example', '*.bad.example', 'http://evil.example/a?b=1', 'https://files.example/x,y(z)', MD5, SHA256, 'mallory@mail.example', 'xn--3e0b707e.example', '::5', '2001:db8:5::']
const index = createIndex()
index.add(planted.map((text) => says(text)))
index.add([says('good.example', { verdict: 'benign' }), says('old.example', { valid_until: NOW })])

const hits = (record: Record<string, unknown>) => scanRecord(record, index, NOW).map(({ field, answer }) => `${field} ${answer.value}`)

describe('events', () => {
  test('columns', () => {
    expect(hits({ time: 5, src_ip: '10.0.0.1', dst_ip: '198.51.100.7', hash: `${MD5} ${SHA256}`, host: 'ws-12', src_port: 80, user: null, list: ['a', '203.0.113.9'] }))
      .toEqual(['dst_ip 198.51.100.7', `hash ${MD5}`, `hash ${SHA256}`, 'list 203.0.113.9'])
  })

  test.each([
    ['connect to 198.51.100.7:443, refused', ['198.51.100.7']],
    ['(198.51.100.7).', ['198.51.100.7']],
    ['addr=[2001:DB8:0::1]:443', ['2001:db8::1']],
    ['peer 2001:db8::1.', ['2001:db8::1']],
    ['from ::5. to 2001:db8:5::.', ['::5', '2001:db8:5::']],
    ['src=203.0.113.200;dst=1.2.3.4', ['203.0.113.200']],
    ['query: www.Bad.example. IN A', ['www.bad.example']],
    ['{"url":"http://evil.example/a?b=1","x":1}', ['http://evil.example/a?b=1', 'evil.example']],
    ['curl http://EVIL.example:80/a?b=1#top', ['http://evil.example/a?b=1', 'evil.example']],
    ['see http://evil.example/a?b=1).', ['http://evil.example/a?b=1', 'evil.example']],
    ['get https://files.example/x,y(z) now', ['https://files.example/x,y(z)']],
    ['url=http://evil.example/a?b=1', ['http://evil.example/a?b=1', 'evil.example']],
    ['x:http://user@evil.example/', ['evil.example']],
    ['from=<Mallory@mail.example>', ['mallory@mail.example']],
    ['mailto:a@evil.example', ['evil.example']],
    ['\\\\evil.example\\share', ['evil.example']],
    [`SHA256=${SHA256.toUpperCase()},MD5=${MD5}`, [SHA256, MD5]],
    [`sha256:${SHA256}`, [SHA256]],
    ['visit 한국.example today', ['xn--3e0b707e.example']],
    ['http://redirect.example/?to=http://evil.example/a?b=1', ['evil.example', 'http://evil.example/a?b=1']],
    ['good.example old.example notevil.example evil.example.org C:\\Windows\\cmd.exe 198.51.100.70 1198.51.100.7', []],
    ['', []],
  ])('%s', (text, expected) => expect(hits({ raw: text }).sort()).toEqual(expected.map((value) => `raw ${value}`).sort()))

  test('each once, under the field that named it first', () => {
    expect(hits({ dst_ip: '198.51.100.7', raw: '198.51.100.7 198.51.100.7' })).toEqual(['dst_ip 198.51.100.7'])
  })
})

describe('properties', () => {
  test('what is planted between signs of any kind is found', () => {
    const edge = fc.constantFrom(' ', '"', '\'', '<', '>', '\t', '\n', '{', '}', '|', '`')
    const noise = fc.string({ unit: fc.constantFrom('a', '0', '.', '-', '/', ':', '@', '=', ' ', 'é', '%') })
    fc.assert(fc.property(noise, edge, fc.constantFrom(...planted.filter((text) => !/[*]|\/24/.test(text))), edge, noise, (before, left, text, right, after) => {
      expect(hits({ raw: before + left + text + right + after })).toContain(`raw ${text}`)
    }), { numRuns: 2000 })
  })

  test('no record makes it throw or dawdle', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (record) => void scanRecord(record, index, NOW)))
    for (const text of ['a.'.repeat(300_000), ':'.repeat(600_000), 'http://'.repeat(90_000), '@'.repeat(600_000), '1.'.repeat(300_000), 'x'.repeat(1_000_000), '::1 '.repeat(100_000)]) {
      const start = process.hrtime.bigint()
      scanRecord({ text }, index, NOW)
      expect(Number(process.hrtime.bigint() - start) / 1e6, text.slice(0, 10)).toBeLessThan(15_000)
    }
  })
})
