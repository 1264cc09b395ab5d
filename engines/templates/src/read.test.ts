import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTemplate } from './read.ts'
import { bytes, httpText, readText, templateOf, templateText, verdictOf } from './template.fixture.ts'
import type { HttpBlock } from './model.ts'

const http = (lines: string): HttpBlock => templateOf(httpText(lines)).blocks[0] as HttpBlock

test('defaults are Nuclei\'s', () => {
  const { hash, ...template } = templateOf(httpText(''))
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(template).toEqual({
    id: 'example', file: 'http/example.yaml', signature: null, variables: {}, constants: {}, selfContained: false, stopAtFirstMatch: false, flow: null, workflow: [], support: { status: 'runnable' },
    info: {
      name: 'Example', authors: ['a', 'b'], severity: 'high', tags: ['one', 'two'], description: null, impact: null, remediation: null, references: [], metadata: {},
      classification: { cve: [], cwe: [], cpe: null, cvssMetrics: null, cvssScore: null, epssScore: null, epssPercentile: null },
    },
    blocks: [{
      protocol: 'http', id: null, matchers: [], matchersCondition: 'or', extractors: [], method: 'GET', path: ['{{BaseURL}}/'], raw: [], headers: {}, body: '', payloads: null, redirects: false, hostRedirects: false, maxRedirects: 10,
      stopAtFirstMatch: false, unsafe: false, race: 0, disableCookie: false, disablePathAutomerge: false, skipVariablesCheck: false, iterateAll: false, requestCondition: false, maxSize: null, digest: null, selfContained: false,
      globalMatchers: false, preCondition: [], preConditionCondition: 'or',
    }],
  })
})

test('what Go takes for a field is taken alike', () => {
  const block = http('    headers: {X: 5, Y: true, Z: null}\n    max-redirects: "3"\n    matchers-condition: AND\n    matchers:\n      - {type: word, words: one, part: all, condition: And}\n      - {type: status, status: ["200", 404]}\n      - {type: dsl, dsl: "true"}\n    extractors:\n      - {type: kval, kval: Server}')
  expect(block).toMatchObject({ headers: { X: '5', Y: 'true', Z: '' }, maxRedirects: 3, matchersCondition: 'and' })
  expect(block.matchers.map(({ values, numbers, part, condition }) => [values, numbers, part, condition])).toEqual([[['one'], [], 'all', 'and'], [[], [200, 404], null, 'or'], [['true'], [], null, 'or']])
  expect(templateOf(templateText('requests:\n  - path: ["{{BaseURL}}"]\nnetwork:\n  - host: "{{Hostname}}"\n    inputs: [{data: 00ff, type: hex, read: 4}]\n')).blocks).toMatchObject([{ protocol: 'http' }, { protocol: 'tcp', host: ['{{Hostname}}'], inputs: [{ data: '00ff', hex: true, read: 4, name: null }], readSize: 1024 }])
  expect(templateOf(templateText('workflows:\n  - tags: a, B\n').replace('  severity: high\n', ''))).toMatchObject({ info: { severity: 'unknown' }, workflow: [{ template: null, tags: ['a', 'b'] }] })
  expect(templateOf(templateText('file:\n  - extensions: [.JS, all]\n    max-size: 5Mb\n')).blocks).toMatchObject([{ extensions: ['js', 'all'], maxSize: 5 * 1024 * 1024 }])
  expect(templateOf(templateText('dns:\n  - {name: "{{FQDN}}", type: aaaa, class: inet}\nssl:\n  - {min_version: ssl30, max_version: tls12}\n')).blocks).toMatchObject([{ type: 'AAAA', class: 'IN', recursion: true, retries: 3 }, { address: '{{Host}}:{{Port}}', minVersion: 'sslv3', maxVersion: 'tls12' }])
})

test('texts are bytes, what people read is Unicode', () => {
  const template = templateOf(httpText('    body: "é"\n    headers: {é: ü}').replace('name: Example', 'name: 예'))
  expect(template.info.name).toBe('예')
  expect(template.blocks[0]).toMatchObject({ body: '\u00C3\u00A9', headers: { '\u00C3\u00A9': '\u00C3\u00BC' } })
})

test('info is read as it is written in practice', () => {
  const info = '  reference:\n    - https://a.test\n    - https://b.test\n  classification:\n    cve-id: CVE-2024-1,cve-2024-2\n    cwe-id: [CWE-79]\n    cvss-score: 9.8\n    epss-score: 0.5\n    cpe: cpe:2.3:a:x:y:*:*:*:*:*:*:*:*\n  metadata: {verified: true, max-request: 2, shodan-query: [a, b], __proto__: x}\n'
  const template = templateOf(httpText('').replace('http:\n', `${info}http:\n`))
  expect(template.info).toMatchObject({ references: ['https://a.test', 'https://b.test'], classification: { cve: ['CVE-2024-1', 'CVE-2024-2'], cwe: ['CWE-79'], cvssScore: 9.8, epssScore: 0.5 } })
  expect(Object.entries(template.info.metadata)).toEqual([['verified', true], ['max-request', 2], ['shodan-query', ['a', 'b']], ['__proto__', 'x']])
})

test('matchers that name a certain request look at all of them', () => {
  expect(http('    matchers: [{type: dsl, dsl: ["status_code_2 == 200"]}]').requestCondition).toBe(true)
  expect(http('    matchers: [{type: word, part: body_1, words: [x]}]').requestCondition).toBe(true)
  expect(http('    extractors: [{type: regex, part: header_2, regex: [x]}]').requestCondition).toBe(true)
  expect(http('    matchers: [{type: dsl, dsl: ["status_code == 200"]}]').requestCondition).toBe(false)
})

test('each fault has its code and its place', () => {
  const first = (lines: string): string => verdictOf(httpText(lines))
  const cases: readonly (readonly [string, string])[] = [
    [verdictOf(''), 'refused not_a_template line 1'], [verdictOf('- a\n- b'), 'refused not_a_template line 1'], [verdictOf('just words'), 'refused not_a_template line 1'], [verdictOf('a: [1'), 'refused yaml_invalid line 1'],
    [verdictOf('info: {name: x, author: y, severity: low}\nhttp: [{path: [x]}]'), 'refused id_missing id'], [verdictOf(templateText('', 'a b')), 'refused id_invalid id'], [verdictOf(templateText('', 'a--b')), 'refused id_invalid id'],
    [verdictOf('id: x\nhttp: [{path: [x]}]'), 'refused info_missing info'], [verdictOf('id: x\ninfo: {name: x}\nhttp: [{path: [x]}]'), 'refused info_missing info.author'], [verdictOf('id: x\ninfo: text\nhttp: [{path: [x]}]'), 'refused field_invalid info'],
    [verdictOf(httpText('').replace('high', 'fatal')), 'refused severity_invalid info.severity'], [verdictOf(templateText('')), 'refused nothing_to_do '], [verdictOf(templateText('http: []')), 'refused nothing_to_do '],
    [verdictOf(templateText('http: {path: x}')), 'refused field_invalid http'], [verdictOf(templateText('nosuch: 1\nhttp: [{path: [x]}]')), 'refused field_unknown nosuch'],
    [first('    pathes: x'), 'refused field_unknown http[0].pathes'], [first('    redirects: maybe'), 'refused field_invalid http[0].redirects'], [first('    max-redirects: -1'), 'refused field_invalid http[0].max-redirects'],
    [first('    raw: ["GET / HTTP/1.1"]'), 'refused request_invalid http[0].raw'], [verdictOf(templateText('http: [{method: GET}]')), 'refused request_invalid http[0].path'], [verdictOf(templateText('http: [{raw: [GET]}]')), 'refused request_invalid http[0].raw[0]'],
    [first('    matchers: [{words: [x]}]'), 'refused matcher_invalid http[0].matchers[0].type'], [first('    matchers: [{type: words, words: [x]}]'), 'refused matcher_invalid http[0].matchers[0].type'],
    [first('    matchers: [{type: status, words: [x]}]'), 'refused matcher_invalid http[0].matchers[0].words'], [first('    matchers: [{type: regex, regex: ["("]}]'), 'refused regex_invalid http[0].matchers[0].regex[0]'],
    [first('    matchers: [{type: regex, regex: [x], case-insensitive: true}]'), 'refused matcher_invalid http[0].matchers[0].case-insensitive'], [first('    matchers: [{type: binary, binary: [abc]}]'), 'refused matcher_invalid http[0].matchers[0].binary[0]'],
    [first('    matchers: [{type: dsl, dsl: ["a ==="]}]'), 'refused expression_invalid http[0].matchers[0].dsl[0]'], [first('    matchers: [{type: status, status: [x]}]'), 'refused field_invalid http[0].matchers[0].status[0]'],
    [first('    matchers-condition: xor'), 'refused matcher_invalid http[0].matchers-condition'], [first('    extractors: [{type: json, regex: [x]}]'), 'refused extractor_invalid http[0].extractors[0].regex'], [first('    extractors: [{type: word}]'), 'refused extractor_invalid http[0].extractors[0].type'],
    [first('    extractors: [{type: regex, regex: ["[a"]}]'), 'refused regex_invalid http[0].extractors[0].regex[0]'], [first('    attack: sniper'), 'refused field_invalid http[0].attack'],
    [first('    payloads: {a: []}'), 'refused payload_invalid http[0].payloads.a'], [first('    payloads: {a: null}'), 'refused payload_invalid http[0].payloads.a'], [first('    payloads: [a]'), 'refused field_invalid http[0].payloads'],
    [verdictOf(templateText('dns: [{name: x, type: AXFR}]')), 'refused field_invalid dns[0].type'], [verdictOf(templateText('dns: [{type: A}]')), 'refused request_invalid dns[0].name'], [verdictOf(templateText('tcp: [{inputs: [{data: x}]}]')), 'refused request_invalid tcp[0].host'],
    [verdictOf(templateText('tcp: [{host: [x], inputs: [{data: xyz, type: hex}]}]')), 'refused request_invalid tcp[0].inputs[0].data'], [verdictOf(templateText('file: [{max-size: much}]')), 'refused field_invalid file[0].max-size'],
    [verdictOf(templateText('ssl: [{min_version: tls9}]')), 'refused field_invalid ssl[0].min_version'], [verdictOf(templateText('workflows: [{subtemplates: []}]')), 'refused request_invalid workflows[0]'],
    [verdictOf(templateText('workflows: [{template: ../x.yaml}]')), 'refused request_invalid workflows[0].template'],
    [first('    body: "{{interactsh-url}}"'), 'parsed needs_out_of_band http[0].body'], [first('    matchers: [{type: word, part: interactsh_protocol, words: [dns]}]'), 'parsed needs_out_of_band http[0].matchers'], [first('    body: Interactsh'), 'runnable'],
    [first('    fuzzing: [{part: query}]'), 'parsed needs_fuzzing http[0].fuzzing'], [first('    signature: AWS'), 'parsed feature_unsupported http[0].signature'], [first('    payloads: {a: lists/a.txt}'), 'parsed needs_file http[0].payloads.a'],
    [verdictOf(templateText('headless: [{steps: []}]')), 'parsed needs_browser headless[0]'], [verdictOf(templateText('javascript: [{code: x}]')), 'parsed needs_javascript javascript[0]'], [verdictOf(templateText('code: [{engine: [sh], source: x}]')), 'parsed needs_code code[0]'],
    [verdictOf(templateText('whois: [{query: x}]')), 'parsed needs_whois whois[0]'], [first('    body: "{{jarm(\'a:1\')}}"'), 'parsed function_unsupported http[0].body'],
  ]
  expect(cases.map(([found]) => found)).toEqual(cases.map(([, expected]) => expected))
})

test('what is no text is refused before it is looked at', () => {
  const codeOf = (content: Uint8Array): string => {
    const read = readTemplate('x.yaml', content)
    return 'refusal' in read ? read.refusal.code : 'read'
  }
  expect(codeOf(new Uint8Array(9 * 1024 * 1024).fill(97))).toBe('file_too_large')
  expect(codeOf(Uint8Array.of(0xFF, 0xFE, 0x00))).toBe('not_text')
  expect(codeOf(bytes(httpText('    body: "\0"')))).toBe('not_text')
  expect(codeOf(bytes(`\uFEFF${httpText('')}`))).toBe('read')
})

test('expressions of any depth are read or refused', () => {
  const nested: readonly ((depth: number) => string)[] = [
    (depth) => `flow: '${'`${'.repeat(depth)}1${'}`'.repeat(depth)}'`, (depth) => `flow: '${'('.repeat(depth)}http()${')'.repeat(depth)}'`, (depth) => `flow: '${'x=>'.repeat(depth)}1'`,
    ...['dsl', 'regex', 'xpath'].map((type) => (depth: number) => `    matchers: [{type: ${type}, ${type}: ['${'('.repeat(depth)}1${')'.repeat(depth)}']}]`), (depth) => `    extractors: [{type: json, json: ['${'['.repeat(depth)}1${']'.repeat(depth)}']}]`,
    (depth) => `    body: '{{${'md5('.repeat(depth)}a${')'.repeat(depth)}}}'`,
  ]
  for (const text of nested) for (const depth of [50, 3_000, 20_000]) expect(verdictOf(httpText(text(depth)))).toMatch(/^(?:runnable|refused (?:field|flow|regex|expression)_invalid|parsed flow_unsupported)/)
})

test('payloads: lists, texts of lines and files, which only stand beneath the folder of the templates', () => {
  const asked: string[] = []
  const payloadFile = (path: string): Uint8Array | null => {
    asked.push(path)
    return path === 'lists/users.txt' || path === 'http/near.txt' ? bytes('root\r\n\nadmin\n') : null
  }
  const lists = (payloads: string): unknown => (templateOf(httpText(`    payloads: {${payloads}}`), { payloadFile }).blocks[0] as HttpBlock).payloads?.lists
  expect(lists('a: [1, yes, null, "x y", 1.50]')).toEqual({ a: ['1', 'true', '', 'x y', '1.5'] })
  expect(lists('a: "one\\n two\\n\\n"')).toEqual({ a: ['one', 'two'] })
  expect(lists('a: lists/users.txt, b: near.txt')).toEqual({ a: ['root', 'admin'], b: ['root', 'admin'] })
  asked.length = 0
  for (const path of ['../../etc/passwd', '/etc/passwd', 'a/../../../etc/passwd', 'C:\\x', 'lists\\users.txt']) expect(verdictOf(httpText(`    payloads: {a: '${path}'}`), { payloadFile })).toBe('parsed needs_file http[0].payloads.a')
  expect(asked.filter((path) => path.includes('..') || path.startsWith('/') || path.includes('\\'))).toEqual([])
})

test('lists that combine to too much are refused before they are combined', () => {
  const list = `[${Array.from({ length: 200 }, (_, at) => `v${at}`).join(', ')}]`
  const lines = (attack: string): string => `    attack: ${attack}\n    payloads:\n      a: ${list}\n      b: ${list}\n      c: ${list}\n`
  expect(verdictOf(httpText(lines('clusterbomb')))).toBe('refused payload_explosion http[0].payloads')
  expect(verdictOf(httpText(lines('pitchfork')))).toBe('runnable')
  const file = Buffer.alloc(2_000_002, 'a\n')
  expect(verdictOf(httpText('    payloads: {a: x.txt}'), { payloadFile: () => file })).toBe('refused payload_explosion http[0].payloads.a')
})

// What authors write, and what may happen to it on its way.
const seed = templateText(`variables: {a: "{{rand_base(5)}}", b: 5}
flow: http(1) && http(2)
http:
  - raw:
      - |
        POST /{{a}} HTTP/1.1
        Host: {{Hostname}}

        x={{b}}
    payloads: {p: [1, 2], q: [3]}
    attack: clusterbomb
    matchers-condition: and
    matchers:
      - {type: word, words: ["é{{md5(a)}}"], part: body_2, condition: and, negative: true}
      - {type: regex, regex: ["(?i)a{2,3}[^b]"]}
      - {type: dsl, dsl: ["contains(body, 'x') && status_code_1 == 200"]}
      - {type: status, status: [200, 302]}
      - {type: binary, binary: ["00ff"]}
      - {type: xpath, xpath: ["//a[@href]"]}
    extractors:
      - {type: json, json: [".a[] | .b"], internal: true, name: c}
      - {type: regex, group: 1, regex: ["v([0-9.]+)"]}
  - path: ["{{BaseURL}}"]
dns: [{name: "{{FQDN}}", type: TXT}]
tcp: [{host: ["tls://{{Hostname}}"], port: 21, inputs: [{data: 0a, type: hex}]}]
ssl: [{address: "{{Host}}:{{Port}}"}]
file: [{extensions: [all], max-size: 5Mb}]
`)

test('a mutated template is read or refused with a code, and never throws', () => {
  const codes = new Set<string>()
  const judge = (text: string): void => {
    const read = readText(text)
    codes.add('refusal' in read ? read.refusal.code : read.template.support.status)
    if ('template' in read) expect(JSON.parse(JSON.stringify(read.template))).toEqual(read.template)
  }
  const edit = fc.record({ at: fc.nat(seed.length), length: fc.nat(12), put: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('\n', ':', '- ', '{{', '}}', '&a ', '*a', '[', ']', '{', '}', '"', '|', '\t', '!!binary ', '<<: ', '(', '\\', '\u0000', '5', 'null')) })
  fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    judge(edits.reduce((text, { at, length, put }) => text.slice(0, at) + put + text.slice(at + length), seed))
  }), { numRuns: 400 })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
    expect('refusal' in readTemplate('x.yaml', content)).toBe(true)
  }))
  expect(codes.has('yaml_invalid')).toBe(true)
  expect(codes.has('runnable') || codes.has('parsed')).toBe(true)
  expect(codes.size).toBeGreaterThan(4)
})

test('a value of any kind in any field is read or refused with a code', () => {
  const names = ['id', 'info', 'http', 'dns', 'tcp', 'ssl', 'file', 'websocket', 'workflows', 'variables', 'constants', 'flow', 'self-contained', 'code', 'headless', 'javascript', 'whois', 'stop-at-first-match']
  const inner = ['path', 'raw', 'method', 'headers', 'payloads', 'attack', 'matchers', 'extractors', 'name', 'type', 'host', 'inputs', 'address', 'extensions', 'author', 'severity', 'tags', 'classification', 'metadata', 'words', 'regex', 'dsl', 'status', 'template', 'subtemplates', 'data', 'fuzzing', 'matchers-condition', 'max-size']
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, fc.constantFrom('x', '', 'word', 'GET / HTTP/1.1', '{{x}}', 5, -1, 1e300, true, null), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...inner), tie('value'), { maxKeys: 4 })),
  })).value
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 }), fc.boolean(), (top, whole) => {
    const read = readText(JSON.stringify(whole ? { id: 'x', info: { name: 'x', author: 'y', severity: 'low' }, ...top } : top))
    if ('refusal' in read) expect(read.refusal.reason).not.toBe('')
  }), { numRuns: 500 })
})
