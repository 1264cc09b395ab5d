import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPattern } from './stix-pattern.ts'
import { readStix } from './stix.ts'

const source = 'feed'
const bundle = (...objects: unknown[]) => ({ type: 'bundle', id: 'bundle--1', objects })
const indicator = (pattern: unknown, more: object = {}) => ({ type: 'indicator', id: 'indicator--1', pattern, pattern_type: 'stix', valid_from: '2026-01-01T00:00:00Z', ...more })
const read = (...objects: unknown[]) => readStix(bundle(...objects), { source })
const taken = (pattern: string) => read(indicator(pattern)).indicators.map(({ type, value }) => `${type} ${value}`)
const codes = (...objects: unknown[]) => read(...objects).rejected.map(({ code }) => code)
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e'

describe('patterns', () => {
  test.each([
    ["[ipv4-addr:value = '198.51.100.7']", ['ip 198.51.100.7']],
    ["[ ipv4-addr:value = '198.51.100.0/24' ]", ['cidr 198.51.100.0/24']],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ['cidr 198.51.100.0/24']],
    ["[ipv6-addr:value = '2001:DB8::1']", ['ip 2001:db8::1']],
    ["[domain-name:value IN ('a.example', 'b.example')]", ['domain a.example', 'domain b.example']],
    ["[domain-name:value = 'a.example' OR url:value = 'http://a.example/x']", ['domain a.example', 'url http://a.example/x']],
    ["[domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']", ['domain a.example', 'domain b.example']],
    ["([domain-name:value = 'a.example'] OR ([email-addr:value = 'a@b.example']))", ['domain a.example', 'email a@b.example']],
    ["[(file:hashes.MD5 = 'D41D8CD98F00B204E9800998ECF8427E')]", [`md5 ${MD5}`]],
    [`[file:hashes.'SHA-1' = '${'a'.repeat(40)}' OR file:hashes.'SHA-256' = '${'b'.repeat(64)}']`, [`sha1 ${'a'.repeat(40)}`, `sha256 ${'b'.repeat(64)}`]],
    ["[url:value = 'http://a.example/it\\'s'] /* a note */ // and another", ["url http://a.example/it's"]],
  ])('%s', (pattern, expected) => {
    expect(taken(pattern)).toEqual(expected)
    expect(read(indicator(pattern)).rejections).toBe(0)
  })

  test.each([
    "[domain-name:value = 'a.example' AND ipv4-addr:value = '10.0.0.1']",
    "[domain-name:value = 'a.example'] AND [ipv4-addr:value = '10.0.0.1']",
    "[domain-name:value = 'a.example'] FOLLOWEDBY [ipv4-addr:value = '10.0.0.1']",
    "[domain-name:value = 'a.example' AND (ipv4-addr:value = '10.0.0.1' OR ipv4-addr:value = '10.0.0.2')]",
    "[domain-name:value = 'a.example'] REPEATS 5 TIMES WITHIN 60 SECONDS",
    "[domain-name:value = 'a.example'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'",
    "[domain-name:value != 'a.example']", "[domain-name:value NOT = 'a.example']", "[NOT domain-name:value = 'a.example']",
    "[domain-name:value LIKE '%.example']", "[domain-name:value MATCHES '.*']", "[domain-name:value > 'a.example']", '[EXISTS domain-name:value]', '[ipv4-addr:value = 5]',
    "[file:name = 'a.exe']", `[file:hashes.'SHA-512' = '${'a'.repeat(128)}']`, "[network-traffic:dst_ref.value = '10.0.0.1']", "[ipv4-addr:value ISSUPERSET '10.0.0.0/8']",
    `[file:hashes.MD5 = '${MD5}' AND file:size = 5]`, "[ipv4-addr:resolves_to_refs[*].value = 'a']",
  ])('%s needs more than one value to be equal', (pattern) => {
    const { indicators, rejected } = read(indicator(pattern))
    expect(indicators).toEqual([])
    expect(rejected).toMatchObject([{ place: 'indicator--1', code: 'pattern_unsupported' }])
  })

  test('alternatives stand by themselves: those that cannot be taken are named, the others count', () => {
    const { indicators, rejected } = read(indicator("[domain-name:value = 'a.example' OR file:name = 'x' OR ipv4-addr:value = 'nonsense' OR (url:value = 'http://a.example/' AND file:name = 'y')]"))
    expect(indicators.map(({ value }) => value)).toEqual(['a.example'])
    expect(rejected.map(({ code }) => code)).toEqual(['pattern_unsupported', 'value_invalid', 'pattern_unsupported'])
  })

  test.each(['', '[', '[]', "[domain-name:value = ]", "[domain-name:value 'a']", "[domain-name:value = 'a.example'", "domain-name:value = 'a.example'", "[domain-name:value = 'a.example'] OR", "[domain-name:value = 'a.example']]",
    "[domain-name:value = 'a\\n.example']", "[value = 'a']", "[domain-name:value IN ()]", "[domain-name:value = 'a'] WITHIN", '\0', '('.repeat(100_000), `[${'('.repeat(1000)}`, 'x'.repeat(300_000)])('%.40j is no pattern', (pattern) => {
    expect(codes(indicator(pattern))).toEqual(['pattern_invalid'])
  })

  test('no text makes it throw or dawdle', () => {
    const piece = fc.constantFrom('[', ']', '(', ')', 'domain-name:value', "'a.example'", '=', 'AND', 'OR', 'NOT', 'IN', ',', 'FOLLOWEDBY', 'WITHIN', '5', 'SECONDS', '/*', '*/', '//', ' ', "'", '\\', "t'x'")
    fc.assert(fc.property(fc.oneof(fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(' ')), fc.string()), (pattern) => void readPattern(pattern)), { numRuns: 3000 })
    for (const pattern of ["'".repeat(200_000), '/*'.repeat(100_000), "'\\\\".repeat(60_000), `a:${'a.'.repeat(100_000)}`, ' '.repeat(250_000), '['.repeat(250_000)]) {
      const start = process.hrtime.bigint()
      readPattern(pattern)
      expect(Number(process.hrtime.bigint() - start) / 1e6, pattern.slice(0, 20)).toBeLessThan(15_000)
    }
  })
})

describe('objects', () => {
  const evil = "[domain-name:value = 'evil.example']"

  test('all that a bundle says about an indicator', () => {
    const { indicators, rejections } = read(
      indicator(evil, {
        indicator_types: ['malicious-activity'], confidence: 85, valid_until: '2027-01-01T00:00:00Z', labels: ['c2'], kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'command-and-control' }],
        object_marking_refs: ['marking-definition--f88d31f6-486f-44da-b317-01333bde0b82', 'marking-definition--own'],
      }),
      { type: 'marking-definition', id: 'marking-definition--own', definition_type: 'tlp', definition: { tlp: 'green' } },
      { type: 'malware', id: 'malware--1', name: 'PoisonIvy' },
      { type: 'threat-actor', id: 'threat-actor--1', name: 'Somebody' },
      { type: 'attack-pattern', id: 'attack-pattern--1', name: 'Web', external_references: [{ source_name: 'mitre-attack', external_id: 'T1071.001' }, { source_name: 'capec', external_id: 'CAPEC-1' }] },
      { type: 'relationship', id: 'relationship--1', relationship_type: 'indicates', source_ref: 'indicator--1', target_ref: 'malware--1' },
      { type: 'relationship', id: 'relationship--2', relationship_type: 'indicates', source_ref: 'indicator--1', target_ref: 'attack-pattern--1' },
      { type: 'relationship', id: 'relationship--3', relationship_type: 'related-to', source_ref: 'indicator--1', target_ref: 'threat-actor--1' },
      { type: 'sighting', id: 'sighting--1', sighting_of_ref: 'indicator--1', first_seen: '2025-12-01T00:00:00Z', last_seen: '2026-02-01T00:00:00Z' },
    )
    expect(rejections).toBe(0)
    expect(indicators).toEqual([{
      type: 'domain', value: 'evil.example', verdict: 'malicious', confidence: 85, source, tags: ['c2', 'mitre-attack:command-and-control', 'tlp:amber', 'tlp:green', 'PoisonIvy'], techniques: ['T1071.001'],
      first_seen: Date.UTC(2025, 11, 1), last_seen: Date.UTC(2026, 1, 1), valid_until: Date.UTC(2027, 0, 1),
    }])
  })

  test.each([
    [{ indicator_types: ['benign'] }, 'benign'], [{ indicator_types: ['benign', 'compromised'] }, 'malicious'], [{ indicator_types: ['anonymization'] }, 'suspicious'],
    [{ indicator_types: ['unknown'] }, 'unknown'], [{ indicator_types: ['own-word'] }, 'suspicious'], [{}, 'suspicious'],
  ])('%j is %s', (more, verdict) => expect(read(indicator(evil, more)).indicators[0]).toMatchObject({ verdict, confidence: 50 }))

  test('pointing to malware is malicious where no type says otherwise', () => {
    const beside = [{ type: 'malware', id: 'malware--1', name: 'M' }, { type: 'relationship', id: 'relationship--1', relationship_type: 'indicates', source_ref: 'indicator--1', target_ref: 'malware--1' }]
    expect(read(indicator(evil), ...beside).indicators[0]?.verdict).toBe('malicious')
    expect(read(indicator(evil, { indicator_types: ['benign'] }), ...beside).indicators[0]?.verdict).toBe('benign')
  })

  test.each([
    [indicator(evil, { revoked: true }), 'revoked'],
    [indicator('alert tcp any', { pattern_type: 'snort' }), 'pattern_type_unsupported'],
    [indicator(5), 'field_invalid'],
    [indicator(evil, { confidence: 101 }), 'field_invalid'],
    [indicator(evil, { confidence: 'high' }), 'field_invalid'],
    [indicator(evil, { valid_from: 'yesterday' }), 'field_invalid'],
    [indicator(evil, { valid_until: '2025-01-01T00:00:00Z' }), 'field_invalid'],
    [indicator(evil, { valid_until: 5 }), 'field_invalid'],
    [indicator("[ipv4-addr:value = '0.0.0.0/0']"), 'range_too_wide'],
    [indicator("[ipv4-addr:value = 'evil.example']"), 'type_mismatch'],
    [indicator("[domain-name:value = 'localhost']"), 'value_invalid'],
    [{ id: 'x' }, 'object_invalid'], [{ type: 'indicator' }, 'object_invalid'], [null, 'object_invalid'], [[], 'object_invalid'],
  ])('%j', (object, code) => {
    expect(codes(object)).toEqual([code])
    expect(read(object).indicators).toEqual([])
  })

  test('never ending is said as the year 9999', () => expect(read(indicator(evil, { valid_until: '9999-12-31T23:59:59Z' })).indicators[0]?.valid_until).toBeNull())

  test('of two versions the later counts, wherever it stands', () => {
    const old = indicator(evil, { modified: '2026-01-01T00:00:00Z' })
    const gone = indicator(evil, { modified: '2026-01-02T00:00:00Z', revoked: true })
    for (const objects of [[old, gone], [gone, old]]) expect(read(...objects).indicators).toEqual([])
  })

  test('observables are counted, not taken', () => {
    expect(read({ type: 'ipv4-addr', id: 'ipv4-addr--1', value: '10.0.0.1' }, { type: 'file', id: 'file--1' })).toEqual({ indicators: [], rejected: [], rejections: 0, observables: 2 })
  })

  test('the same value twice is one indicator', () => {
    const { indicators } = read(indicator(evil, { labels: ['a'], confidence: 10 }), indicator(evil, { id: 'indicator--2', labels: ['b'], confidence: 20, indicator_types: ['malicious-activity'] }))
    expect(indicators).toMatchObject([{ verdict: 'malicious', confidence: 20, tags: ['a', 'b'] }])
  })
})

describe('hostile input', () => {
  const whole = (input: unknown, more: object = {}) => readStix(input, { source, ...more }).rejected.map(({ place, code }) => `${place} ${code}`)

  test('the whole has a code', () => {
    expect(whole('{')).toEqual(['bundle json_invalid'])
    for (const none of ['[]', 'null', '5', '{}', '{"type":"bundle","objects":{}}', undefined]) expect(whole(none)).toEqual(['bundle not_a_bundle'])
    expect(whole('{"type":"bundle"}')).toEqual([])
    expect(whole('x'.repeat(101), { maxLength: 100 })).toEqual(['bundle input_too_large'])
  })

  test('depth, prototype keys, references in circles and lists without end', () => {
    const deep = `{"type":"bundle","objects":[{"type":"indicator","id":"i","pattern":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`
    expect(whole(deep)).toEqual(['i field_invalid'])
    const keys = '{"type":"bundle","__proto__":{"polluted":1},"objects":[{"type":"__proto__","id":"__proto__","constructor":{"prototype":{"polluted":1}}},{"type":"relationship","id":"r","relationship_type":"indicates","source_ref":"__proto__","target_ref":"r"},{"type":"toString","id":"constructor"}]}'
    expect(whole(keys)).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    const many = read(indicator("[domain-name:value = 'evil.example']", { labels: Array.from({ length: 5000 }, (_, n) => `tag${n}${'x'.repeat(500)}`) }))
    expect(many.indicators[0]?.tags).toHaveLength(32)
    const noise = readStix(bundle(...Array.from({ length: 5000 }, () => null)), { source })
    expect(noise.rejected).toHaveLength(1000)
    expect(noise.rejections).toBe(5000)
  })

  test('arbitrary JSON never makes it throw', () => {
    const keys = fc.constantFrom('type', 'id', 'pattern', 'objects', 'labels', 'object_marking_refs', 'definition', 'kill_chain_phases', 'external_references', 'valid_until', 'confidence')
    const object = fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.constantFrom('indicator', 'relationship', 'marking-definition', 'malware')))
    fc.assert(fc.property(fc.array(object), (objects) => void readStix(JSON.stringify(bundle(...objects)), { source })), { numRuns: 500 })
  })
})

const archive = resolve(process.env['HAECHI_CORPUS'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url)), 'schemas/stix2/stix2-json-schemas.tar.gz')

describe.skipIf(!existsSync(archive))('the specification\'s own examples (skipped without the corpus)', () => {
  const example = (name: string) => readStix(execFileSync('tar', ['xzOf', archive, `examples/${name}`], { encoding: 'utf8', maxBuffer: 1e8 }), { source: name })

  test.each([
    ['indicator-for-c2-ip-address.json', 1, []],
    ['indicators-for-C2-with-COA.json', 2, []],
    // Two certificates by issuer and serial number.
    ['threat-reports/apt1.json', 10, ['pattern_unsupported', 'pattern_unsupported']],
    // `domain autuo.xicp.net` is a slip of its author; two file names.
    ['threat-reports/poisonivy.json', 42, ['value_invalid', 'pattern_unsupported', 'pattern_unsupported']],
  ])('%s', (name, count, expected) => {
    const { indicators, rejected } = example(name)
    expect(indicators).toHaveLength(count)
    expect(rejected.map(({ code }) => code)).toEqual(expected)
  })
})
