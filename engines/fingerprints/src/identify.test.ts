import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createIdentifier, readFingerprints } from './index.ts'

const escaped = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.codePointAt(0)};`)
const database = (patterns: readonly string[], attributes = 'matches="m" preference="0.5"', inner = '', path = 'm.xml') => readFingerprints([{
  path, content: `<fingerprints ${attributes}>${patterns.map((pattern, at) => `<fingerprint pattern="${escaped(pattern)}"><description>${at}</description><param pos="0" name="service.product" value="p${at}"/>${inner}</fingerprint>`).join('\n')}</fingerprints>`,
}]).databases

test('the first fingerprint that matches counts, and databases go by preference', () => {
  expect(createIdentifier(database(['b', 'a', 'ab'])).identify('m', 'ab')?.matched).toBe('0')
  const identifier = createIdentifier([...database(['a'], 'matches="low" database_type="util.os"', '', 'l.xml'), ...database(['a'], 'matches="high" preference="0.9" database_type="service"', '', 'h.xml'), ...database(['a'], 'matches="mid" preference="0.5"', '', 'i.xml')])
  expect(identifier.all('a').map(({ database: name }) => name)).toEqual(['high', 'mid', 'low'])
  expect(identifier.all('a', 'util.os').map(({ database: name }) => name)).toEqual(['low'])
  expect(identifier.identify('l', 'a')?.database).toBe('low')
  expect([identifier.identify('nowhere', 'a'), identifier.identify('low', 'b')]).toEqual([null, null])
})

// Expressions with literals of all kinds, and letters that fold to ASCII (the Kelvin sign, long s), against the plain loop.
const atoms = fc.constantFrom('ab', 'OpenSSH', 'k', 's', 'K', 'ſ', String.raw`\d+`, '[a-c]', '(?i:AB)', '(?i)ks', 'a?', '(?:ab|cd)', '.*', '^', '$', String.raw`\.`, '(ab)*', 'x{2}', '한', String.raw`\x41b`, '[Kk]')
const patterns = fc.array(fc.array(atoms, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')), { minLength: 1, maxLength: 12 })
const banners = fc.array(fc.constantFrom('ab', 'AB', 'cd', 'OpenSSH', 'openssh', 'k', 'K', 'ſ', 's', '1', 'xx', '.', '\n', '한', 'a', 'b'), { maxLength: 8 }).map((parts) => parts.join(''))
test('sparing what cannot match changes nothing', () => {
  fc.assert(fc.property(patterns, fc.array(banners, { maxLength: 10 }), (sources, texts) => {
    const databases = database(sources)
    const identifier = createIdentifier(databases)
    for (const text of texts) {
      const plain = databases[0]!.fingerprints.find(({ regex }) => regex.test(text))
      expect(identifier.identify('m', text)?.matched).toBe(plain?.description)
    }
  }), { numRuns: 300 })
})

test('a banner is known as it came over the wire, too', () => {
  for (const [name, wire] of [['ssh.banner', 'SSH-2.0-Known 1\r\n'], ['ftp.banner', '220 Known 1\r\n'], ['ftp.banner', '220-Welcome\r\n220 Known 1'], ['smtp.banner', '220 Known 1'], ['pop3.banner', '+OK Known 1\r\n'], ['imap4.banner', '* OK Known 1'], ['http_header.server', 'Server: Known 1'], ['other', 'Known 1\n\n']] as const) {
    expect([wire, createIdentifier(database(['^Known 1\\z'], `matches="${name}"`)).identify(name, wire)?.matched]).toEqual([wire, '0'])
  }
  expect(createIdentifier(database(['^Known 1\\z'], 'matches="other"')).identify('other', '220 Known 1')).toBeNull()
  // What is written for the whole comes first.
  expect(createIdentifier(database(['^Known', '^220 Known'], 'matches="ftp.banner"')).identify('ftp.banner', '220 Known')?.matched).toBe('1')
})

test('any banner: huge, binary, empty, not UTF-8', () => {
  const identifier = createIdentifier(database(['^$', '(a+)+z', 'ÿþ', '한글', '\u{1F600}']))
  expect(identifier.identify('m', '')?.matched).toBe('0')
  expect(identifier.identify('m', new Uint8Array([0xFF, 0xFE, 0]))?.matched).toBe('2')
  expect(identifier.identify('m', new TextEncoder().encode('x한글'))?.matched).toBe('3')
  expect(identifier.identify('m', `${'a'.repeat(10_000_000)}z`)).toBeNull()
  expect(identifier.identify('m', `z한글${'a'.repeat(100_000)}`)).toMatchObject({ matched: '3', truncated: true })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void identifier.all(bytes)))
})

test('confidence: what the fingerprint says of itself, the kind of database, and a version', () => {
  const of = (name: string, inner: string) => createIdentifier(database(['(a)(b)?'], `matches="${name}"`, inner)).identify(name, 'a')!.confidence
  expect(of('ssh.banner', '<param pos="1" name="service.version"/>')).toMatchObject({ value: 0.85, grade: 'high' })
  expect(of('ssh.banner', '<param pos="0" name="service.certainty" value="0.5"/>')).toMatchObject({ value: 0.475, grade: 'low' })
  expect(of('tls.jarm', '<param pos="1" name="service.version"/>').reasons).toContain('a JARM hash is shared by many (x 0.5)')
  expect(of('ssh.banner', '<param pos="0" name="service.certainty" value="certain"/>').value).toBe(0.808)
})

test('CPE: stated with the version put in, derived where the table names the vendor, else none', () => {
  const { databases, cpeNames } = readFingerprints([
    { path: 'cpe-remap.yaml', content: 'mappings:\n  a:\n    aruba_networks:\n      vendor: arubanetworks\n      products:\n        old_os: new_os\n' },
    { path: 'm.xml', content: `<fingerprints>${[
      '<fingerprint pattern="one (.*)"><param pos="1" name="service.version"/><param pos="0" name="service.product" value="X"/><param pos="0" name="service.cpe23" value="cpe:/a:v%21:x:{service.version}"/></fingerprint>',
      '<fingerprint pattern="two (.*)"><param pos="1" name="service.version"/><param pos="0" name="service.vendor" value="Aruba Networks"/><param pos="0" name="service.product" value="Old OS"/></fingerprint>',
      '<fingerprint pattern="three"><param pos="0" name="service.vendor" value="Nobody"/><param pos="0" name="service.product" value="Nothing"/></fingerprint>',
    ].join('')}</fingerprints>` },
  ])
  const identifier = createIdentifier(databases, { cpeNames })
  expect(identifier.identify('m', 'one 1:2.0 (x)')?.service?.cpe).toEqual({ origin: 'stated', name: String.raw`cpe:2.3:a:v\!:x:1\:2.0_\(x\):*:*:*:*:*:*:*` })
  expect(identifier.identify('m', 'one ')?.service?.cpe?.name).toBe(String.raw`cpe:2.3:a:v\!:x:*:*:*:*:*:*:*:*`)
  expect(identifier.identify('m', 'two 3.1p2')?.service).toMatchObject({ version: '3.1', update: 'p2', fullVersion: '3.1p2', cpe: { origin: 'derived', name: 'cpe:2.3:a:arubanetworks:new_os:3.1:p2:*:*:*:*:*:*' } })
  expect(identifier.identify('m', 'three')?.service?.cpe).toBeNull()
})

test('a table of names that is no table is refused', () => {
  expect(readFingerprints([{ path: 'cpe-remap.yaml', content: 'a: [' }]).refused).toMatchObject([{ code: 'yaml_invalid' }])
  for (const content of ['[]', 'mappings: 5', 'mappings: {a: {v: 3}}']) expect(readFingerprints([{ path: 'cpe-remap.yaml', content }]).refused).toEqual([])
})
