import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createIdentifier, readFingerprints } from './index.ts'

const xml = (inner: string, attributes = 'matches="x.banner" protocol="x" database_type="service" preference="0.5"'): string => `<?xml version="1.0"?>\n<fingerprints ${attributes}>\n${inner}\n</fingerprints>`
const print = (pattern: string, inner = '<param pos="0" name="service.product" value="P"/>', attributes = ''): string => `<fingerprint pattern="${pattern}" ${attributes}><description>d</description>${inner}</fingerprint>`
const read = (content: string | Uint8Array, path = 'xml/x_banners.xml') => readFingerprints([{ path, content }])
const codes = (content: string | Uint8Array) => read(content).refused.map(({ code, line }) => `${code}:${line}`)
const params = (content: string, banner: string) => createIdentifier(read(content).databases).identify('x.banner', banner)?.params ?? null

test('what a file says of itself, or leaves out', () => {
  expect(read(xml(print('a'))).databases[0]).toMatchObject({ name: 'x.banner', stem: 'x_banners', protocol: 'x', type: 'service', preference: 0.5 })
  expect(read(xml(print('a'), '')).databases[0]).toMatchObject({ name: 'x_banners', protocol: null, type: null, preference: 0.1 })
  expect(codes(xml(print('a'), 'preference="7"'))).toEqual(['preference_invalid:2'])
})

test('patterns mean what they mean in Ruby', () => {
  expect(params(xml(print('^b$')), 'a\nb\nc')).not.toBeNull()
  expect(params(xml(print('a.b')), 'a\nb')).toBeNull()
  for (const written of [print('a.b', undefined, 'flags="REG_DOT_NEWLINE"'), print('a.b', undefined, 'flags="REG_MULTILINE"'), print('(?m)a.b'), print('(?im:A.B)')]) expect(params(xml(written), 'a\nb')).not.toBeNull()
  for (const written of [print('AB', undefined, 'flags="REG_ICASE"'), print('AB', undefined, 'flags="IGNORECASE, REG_DOT_NEWLINE"'), print('(?i)AB')]) expect(params(xml(written), 'xab')).not.toBeNull()
  expect(params(xml(print(String.raw`^\h+[\hx]\Z`)), 'beefx\n')).not.toBeNull()
  expect(params(xml(print(String.raw`[]a][^]b]\h(?m:.)`)), 'ac1\n')).not.toBeNull()
  expect(params(xml(print(String.raw`[(?m)\]]a\(\?m\)`)), 'ma(?m)')).not.toBeNull()
})

test('groups, fixed values and what stands in them', () => {
  const inner = '<param pos="1" name="service.version"/><param pos="0" name="service.cpe23" value="cpe:/a:v:p:{service.version}"/><param pos="2" name="hw.model"/><param pos="0" name="hw.product" value="X {hw.model}"/><param pos="0" name="hw.family" value="{hw.product} F"/><param pos="1" name="_tmp.a"/>'
  expect(params(xml(print(String.raw`a(\d+)?(b)?`, inner)), 'a1b')).toEqual({ 'service.version': '1', 'service.cpe23': 'cpe:/a:v:p:1', 'hw.model': 'b', 'hw.product': 'X b', 'hw.family': 'X b F', 'service.protocol': 'x' })
  expect(params(xml(print(String.raw`a(\d+)?(b)?`, inner)), 'a')).toEqual({ 'service.cpe23': 'cpe:/a:v:p:-', 'service.protocol': 'x' })
  expect(params(xml(print('(.*)', '<param pos="1" name="os.version"/><param pos="0" name="os.product" value="{os.version}-{os.version}"/>')), '{os.version}$&')).toMatchObject({ 'os.product': '{os.version}$&-{os.version}$&' })
  expect(params(xml(print('a', '<param pos="0" name="service.protocol" value="y"/>')), 'a')).toEqual({ 'service.protocol': 'y' })
  expect(Object.keys(params(xml(print('(a)', '<param pos="1" name="__proto__"/><param pos="1" name="constructor"/>')), 'a') ?? {})).toEqual(['__proto__', 'constructor', 'service.protocol'])
})

test('entities of XML and characters by number are read, also in attributes; CDATA is not', () => {
  const { databases } = read(xml('<fingerprint pattern="&lt;a&#x20;b&#62;&amp;amp;"><description>&quot;d&apos;</description><example service.version="&#49;">&lt;a b&gt;&amp;amp;</example><example><![CDATA[<a b>&amp;]]></example><param pos="0" name="n" value="v"/></fingerprint>'))
  const [print1] = databases[0]!.fingerprints
  expect([print1?.description, print1?.examples.map(({ banner, expected }) => [banner, expected])]).toEqual(['"d\'', [['<a b>&amp;', { 'service.version': '1' }], ['<a b>&amp;', {}]]])
  expect(print1?.regex.test('<a b>&amp;')).toBe(true)
})

test('examples in base64 and in files beside', () => {
  const content = xml(print('a', '<example _encoding="base64">YQ\n==</example><example _filename="one.bin" n="v"/><example _filename="two.txt" _encoding="base64"/><example _filename="../../etc/passwd"/><example _encoding="rot13">n</example><example _encoding="base64">?</example><param pos="0" name="n" value="v"/>'))
  const { databases, refused } = readFingerprints([{ path: 'xml/x_banners.xml', content }, { path: 'xml/x_banners/one.bin', content: new Uint8Array([0xFF, 0x61]) }, { path: 'xml/x_banners/two.txt', content: 'YQ==\n' }])
  expect(databases[0]?.fingerprints[0]?.examples.map(({ banner }) => banner)).toEqual(['a', 'ÿa', 'a'])
  expect(refused.map(({ code }) => code)).toEqual(['example_invalid', 'example_invalid', 'example_invalid'])
})

test('one bad fingerprint is refused with its line, and the rest goes on', () => {
  const good = print('good')
  for (const [bad, code] of [
    [print('('), 'pattern_invalid'], [print('(?=x)'), 'pattern_invalid'], [print('a'.repeat(9_000)), 'pattern_invalid'], ['<fingerprint><description>d</description></fingerprint>', 'pattern_missing'], [print('a', undefined, 'flags="REG_EXTENDED"'), 'flag_unknown'],
    [print('a', '<param pos="2" name="n"/>'), 'param_invalid'], [print('a', '<param pos="x" name="n"/>'), 'param_invalid'], [print('a', '<param pos="0" name="n"/>'), 'param_invalid'], [print('a', '<param pos="0" value="n"/>'), 'param_invalid'],
    [print('a', '<param pos="0" name="a" value="{b}"/><param pos="0" name="b" value="{a}"/>'), 'param_cycle'], [print('a', '<param pos="0" name="service.cpe23" value="cpe:/z:a:b"/>'), 'cpe_invalid'], ['<banner/>', 'element_unknown'],
    [print('a', '<param pos="0" name="n" value="v"/>'.repeat(200)), 'too_many'],
  ] as const) {
    const { databases, refused } = read(xml(`${good}\n${bad}\n${good}`))
    expect([code, databases[0]?.fingerprints.length, refused.map((each) => [each.code, each.line])]).toEqual([code, 2, [[code, 4]]])
  }
  expect(read(xml(print('a', '<strange/><param pos="0" name="n" value="v"/>')))).toMatchObject({ databases: [{ fingerprints: [{ description: 'd' }] }], refused: [{ code: 'element_unknown', line: 3 }] })
})

test('one bad file is refused, and the others go on', () => {
  const bomb = `<!DOCTYPE f [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${xml(print('&b;'))}`
  const bad: [string, string | Uint8Array][] = [
    ['xml_doctype', bomb], ['xml_invalid', xml('<fingerprint>')], ['xml_invalid', xml(print('a')).slice(0, -5)], ['xml_invalid', ''], ['xml_invalid', 'no xml'], ['xml_invalid', '\0\0\0'], ['not_fingerprints', '<html/>'],
    ['xml_too_deep', '<a>'.repeat(100_000)], ['encoding_invalid', new Uint8Array([0x3C, 0xFF, 0xFE])], ['encoding_invalid', '<?xml version="1.0" encoding="ISO-8859-1"?><fingerprints/>'], ['file_too_large', ' '.repeat(17_000_000)],
  ]
  const { databases, refused } = readFingerprints([...bad.map(([, content], at) => ({ path: `bad${at}.xml`, content })), { path: 'good.xml', content: xml(print('a')) }])
  expect(refused.map(({ file, code }) => [file, code])).toEqual(bad.map(([code], at) => [`bad${at}.xml`, code]))
  expect(databases.map(({ stem }) => stem)).toEqual(['good'])
})

test('refusals without end are counted, not listed', () => {
  const { refused } = read(xml('<x/>'.repeat(5_000)))
  expect([refused.length, refused.at(-1)?.code]).toEqual([1_001, 'too_many'])
})

test('hostile XML takes no long time', () => {
  const from = performance.now()
  for (const content of ['<'.repeat(500_000), '<a b="'.repeat(100_000), `<a>${'<!--'.repeat(100_000)}`, `<a>${'&amp;'.repeat(500_000)}</a>`, `<a ${'b="1" '.repeat(100_000)}/>`, '<?'.repeat(100_000), `<fingerprints>${'<fingerprint pattern="a"/>'.repeat(20_000)}</fingerprints>`]) read(content)
  expect(performance.now() - from).toBeLessThan(10_000)
})

test('a file of any text, or of mangled fingerprints, never throws', () => {
  const whole = xml(print(String.raw`^(?i:SSH)-([\d.]+)_(.*)$`, '<example service.version="1">SSH-1_x</example><param pos="1" name="service.version"/><param pos="0" name="service.cpe23" value="cpe:/a:v:p:{service.version}"/>'))
  const mangled = fc.tuple(fc.nat(whole.length), fc.nat(whole.length), fc.string({ maxLength: 8 })).map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + (length % 20)))
  fc.assert(fc.property(fc.oneof(fc.string(), mangled, fc.uint8Array({ maxLength: 200 })), fc.string(), (content, banner) => {
    const { databases } = read(content)
    for (const database of databases) createIdentifier([database]).identify(database.name, banner)
  }), { numRuns: 500 })
})
