import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerProblem, createTechnologyIdentifier, faviconHashes, readIcons, readTechnologyRules } from './index.ts'
import type { HttpAnswer } from './index.ts'

const read = (content: string | Uint8Array) => readTechnologyRules([{ path: 'r.yaml', content }])
const identify = (content: string, answer: HttpAnswer) => {
  const { rules, refused } = read(content)
  expect(refused).toEqual([])
  return createTechnologyIdentifier(rules).identify(answer)
}
const rule = (hints: string, more = ''): string => `- { id: a, name: A, category: cms, hints: [${hints}]${more} }\n`

test.each<[string, HttpAnswer, boolean]>([
  ["status: '^403$'", { status: 403 }, true], ["status: '^403$'", { status: 200 }, false], ["header.x-a: '^b$'", { headers: { 'X-A': 'B' } }, true], ["header.x-a: '^b$'", { headers: { 'x-a': ['c', 'b'] } }, true],
  ["headers: '^x-a: b$'", { headers: { 'x-a': 'b' } }, true], ["cookie.sid: '^1'", { headers: { 'set-cookie': ['a=2', 'SID=12; Path=/'] } }, true], ["cookie.sid: ''", { headers: { cookie: 'sid=1' } }, false], ["cookies: '^s_[0-9]+='", { headers: { 'set-cookie': 's_77=x' } }, true],
  ["title: '^A B$'", { body: '<title> A\n B </title>' }, true], ["meta.generator: '^A'", { body: '<meta name=generator content=A1>' }, true], ["script: '/a\\.js'", { body: '<script src=/a.js></script>' }, true], ["script: '/a\\.js'", { body: '/a.js' }, false],
  ["link: a", { body: '<link href=a.css>' }, true], ["body: 'x.z'", { body: new TextEncoder().encode('xyz') }, true], ["json./a/0/b~1c: '^5$'", { body: '{"a":[{"b/c":5}]}' }, true], ["json./a: ''", { body: '{"a":{}}' }, true], ["json./a: ''", { body: '{"b":1}' }, false], ["json./a: ''", { body: '{"a":' }, false],
  ["url: '/x$'", { url: 'http://h/x' }, true], ["certificate.subject: 'CN=a'", { certificate: { subject: 'CN=a' } }, true], ["certificate.name: '^b$'", { certificate: { names: ['a', 'b'] } }, true], ["dns.cname: 'b'", { dns: { cname: ['b.'] } }, true], ["dns.cname: 'b'", {}, false],
  ["favicon: '^mmh3:0$'", { favicon: new Uint8Array() }, true], ["favicon: '^md5:00'", { favicon: { md5: '00', mmh3: 5 } }, true], ["status: 200, body: a", { status: 200, body: 'b' }, false], ["json./__proto__: ''", { body: '{"a":1}' }, false], ["dns.constructor: ''", { dns: {} }, false],
])('%s for %j: %s', (hint, answer, found) => {
  expect(identify(rule(`{ ${hint} }`), answer).length > 0).toBe(found)
})

test('hints add up; the longest version wins, and CPE and build go with it', () => {
  const [found] = identify(
    "- { id: n, name: N, category: web_server, cpe: 'a:f5:nginx', hints: [{ header.server: '^nginx/(?P<version>[0-9.]+)', confidence: 60 }, { body: 'nginx/(?P<version>[0-9]+)', confidence: 50 }] }",
    { headers: { server: 'nginx/1.18.0 (Ubuntu)' }, body: '<center>nginx/1</center>' },
  )
  expect(found).toMatchObject({ version: '1.18.0', cpe: { name: 'cpe:2.3:a:f5:nginx:1.18.0:*:*:*:*:*:*:*', origin: 'stated' }, confidence: { value: 0.8, grade: 'high' }, build: { distribution: 'ubuntu', packageVersion: null, sourcePackage: 'nginx' } })
  expect(found?.evidence).toEqual([{ source: 'header.server', found: 'nginx/1.18.0' }, { source: 'body', found: 'nginx/1' }])
})

test('what is implied is there less surely, what is excluded is not, and circles end', () => {
  const rules = "- { id: a, name: A, category: cms, implies: [b], excludes: [x], hints: [{ body: a }] }\n- { id: b, name: B, category: language, implies: [c], hints: [{ body: bbb, confidence: 99 }] }\n- { id: c, name: C, category: language, implies: [a], hints: [{ body: ccc }] }\n- { id: x, name: X, category: cms, hints: [{ body: a }] }\n"
  expect(identify(rules, { body: 'a' }).map(({ id, confidence, impliedBy }) => [id, confidence.value, impliedBy])).toEqual([['a', 0.8, ['c']], ['b', 0.72, ['a']], ['c', 0.648, ['b']]])
  expect(identify(rules, { body: 'a bbb' })[0]).toMatchObject({ id: 'b', confidence: { value: 0.99 }, impliedBy: ['a'] })
})

test('an icon is a hint for its product, and a technology by itself where no rule knows it', () => {
  const { rules } = read("- { id: a, name: A, category: cms, cpe: 'a:v:p', hints: [{ body: a, confidence: 50 }], implies: [b] }\n- { id: b, name: B, category: cms, hints: [{ body: b }] }\n")
  const { icons, refused } = readIcons({ path: 'i.json', content: '{"icons":[{"mmh3":1,"name":"P","vendor":"v","product":"p"},{"mmh3":2,"name":"B","vendor":null,"product":null},{"mmh3":3,"name":"Other One","vendor":"o","product":"one"},{"mmh3":"4"}]}' })
  expect([icons.length, refused.map(({ code }) => code)]).toEqual([3, ['rule_invalid']])
  const identifier = createTechnologyIdentifier(rules, { icons })
  const found = (mmh3: number, body = '') => identifier.identify({ favicon: { md5: '', mmh3 }, body }).map(({ id, confidence, impliedBy }) => [id, confidence.value, impliedBy])
  expect(found(1)).toEqual([['a', 0.7, []], ['b', 0.63, ['a']]])
  expect(found(1, 'a')[0]).toEqual(['a', 0.85, []])
  expect(found(2)).toEqual([['b', 0.7, []]])
  expect(identifier.identify({ favicon: { md5: '', mmh3: 3 } })).toMatchObject([{ id: 'other-one', category: 'other', cpe: { name: 'cpe:2.3:a:o:one:*:*:*:*:*:*:*:*' }, evidence: [{ source: 'favicon', found: 'mmh3:3' }] }])
  expect(found(9)).toEqual([])
  for (const content of ['', '[]', '{"icons":5}', new Uint8Array([0xFF])]) expect(readIcons({ path: 'i.json', content }).icons).toEqual([])
})

test('the value of a cookie never leaves', () => {
  const found = identify("- { id: a, name: A, category: cms, hints: [{ cookie.sid: '.*' }, { cookies: '^sid=.*' }] }", { headers: { 'set-cookie': 'SID=hunter2secret; Path=/' } })
  expect(JSON.stringify(found)).not.toContain('hunter2')
  expect(found[0]?.evidence).toEqual([{ source: 'cookie.sid', found: '' }, { source: 'cookies', found: 'SID' }])
})

test('a bad rule is refused with its line, and the rest goes on', () => {
  for (const [bad, code] of [
    ['- 5', 'rule_invalid'], ['- { id: A B }', 'rule_invalid'], ['- { id: b, name: B, category: nothing, hints: [{ body: a }] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [{ confidence: 5 }] }', 'rule_invalid'],
    ["- { id: b, name: B, category: cms, hints: [{ body: '(' }] }", 'pattern_invalid'], ["- { id: b, name: B, category: cms, hints: [{ body: '(?=a)' }] }", 'pattern_invalid'], ['- { id: b, name: B, category: cms, hints: [{ smell: a }] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [{ header: a }] }', 'rule_invalid'],
    ['- { id: b, name: B, category: cms, hints: [{ body: a, confidence: 200 }] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, cpe: x, hints: [{ body: a }] }', 'cpe_invalid'], ['- { id: a, name: B, category: cms, hints: [{ body: a }] }', 'rule_duplicate'],
    ['- { id: b, name: B, category: cms, implies: [z], hints: [{ body: a }] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [{ body: a }], more: 1 }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [{ body: a }], misses: [{ status: x }] }', 'rule_invalid'], ['- { id: b, name: B, category: cms, hints: [{ body: [a] }] }', 'rule_invalid'],
  ] as const) {
    const { rules, refused } = read(`${rule('{ body: a }')}${bad}\n- { id: last, name: L, category: cms, hints: [{ body: a }] }\n`)
    expect([bad, rules.map(({ id }) => id), refused.map((each) => [each.code, each.line])]).toEqual([bad, ['a', 'last'], [[code, 2]]])
  }
  for (const [content, code] of [['a: [', 'yaml_invalid'], ['a: 1', 'rule_invalid'], [new Uint8Array([0xFF]), 'encoding_invalid'], [' '.repeat(17_000_000), 'file_too_large']] as const) expect(read(content).refused.map((each) => each.code)).toEqual([code])
})

test('what no answer is, is told', () => {
  for (const bad of [null, [], 'x', { status: '200' }, { headers: [] }, { headers: { a: 5 } }, { body: 5 }, { url: 5 }, { favicon: 'x' }, { certificate: { names: 5 } }, { dns: { cname: 'x' } }, { more: 1 }]) expect(answerProblem(bad)).toEqual(expect.any(String))
  for (const good of [{}, { status: 200, headers: { a: ['b'], c: 'd' }, body: '', url: '', favicon: faviconHashes(new Uint8Array()), certificate: { subject: '' }, dns: { cname: [] } }]) expect(answerProblem(good)).toBeNull()
})

test('any answer: huge, binary, deep JSON, many headers', () => {
  const { rules } = read(rule("{ body: 'x(a+)+y' }, { json./a/b: z }, { headers: 'q' }, { script: s }"))
  const identifier = createTechnologyIdentifier(rules)
  const from = performance.now()
  identifier.identify({ body: `x${'a'.repeat(20_000_000)}` })
  identifier.identify({ body: '['.repeat(1_000_000) })
  identifier.identify({ body: '<script '.repeat(200_000), headers: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`h${at}`, 'v'.repeat(100)])) })
  expect(performance.now() - from).toBeLessThan(10_000)
  fc.assert(fc.property(fc.record({ status: fc.integer(), headers: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))), body: fc.oneof(fc.string(), fc.uint8Array(), fc.json()), url: fc.string(), favicon: fc.uint8Array() }, { requiredKeys: [] }), (answer) => void identifier.identify(answer)))
})
