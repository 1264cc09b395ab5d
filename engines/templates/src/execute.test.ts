import { describe, expect, test } from 'vitest'
import { lines, runOn } from './http/web.fixture.ts'
import { TemplateError } from './problem.ts'
import { templateOf, templateText } from './template.fixture.ts'

const read = (body: string) => templateOf(templateText(body))
const path = (written: string, more = ''): string => `  - method: GET\n    path:\n      - "${written}"\n${more}`
const dsl = (expression: string, more = ''): string => `    matchers:\n      - type: dsl\n        dsl:\n          - '${expression}'\n${more}`

describe('names', () => {
  test('constants stand above what is given, what is given above variables', async () => {
    const template = read(`variables:\n  a: "of the template"\n  b: "of the template"\nconstants:\n  c: "fixed"\nhttp:\n${path('{{BaseURL}}/{{to_lower(b)}}/{{c}}')}`)
    expect(lines(await runOn({}, template, { settings: { variables: { a: 'outside', b: 'OUTSIDE', c: 'outside' } } }))).toEqual(['GET http://a.test/outside/fixed'])
  })
  test('variables may stand on others, and on what is extracted later', async () => {
    const template = read(`variables:\n  base: "x{{suffix}}"\n  suffix: "{{to_lower('TWO')}}"\n  late: "{{token}}-{{base}}"\nhttp:\n${path('{{BaseURL}}/one', '    extractors:\n      - type: regex\n        name: token\n        internal: true\n        group: 1\n        regex:\n          - "t=(\\\\w+)"\n')}${path('{{BaseURL}}/{{late}}')}`)
    expect(lines(await runOn({ http: () => ({ body: 't=abc' }) }, template))).toEqual(['GET http://a.test/one', 'GET http://a.test/abc-xtwo'])
  })
  test('one that stands for itself has no value, and what needs it is not asked', async () => {
    const template = read(`variables:\n  a: "{{b}}"\n  b: "{{a}}"\n  user: "{{user}}"\nhttp:\n${['{{a}}', '{{user}}', 'plain'].map((place) => path(`{{BaseURL}}/${place}`)).join('')}`)
    expect(lines(await runOn({}, template))).toEqual(['GET http://a.test/plain'])
    expect(lines(await runOn({}, template, { settings: { variables: { user: 'kim' } } }))).toEqual(['GET http://a.test/kim', 'GET http://a.test/plain'])
  })
  test('markers are the same within a run, differ by name, and follow from the seed', async () => {
    const template = read(`variables:\n  n: "{{rand_int(1000, 9999)}}"\nhttp:\n${path('{{BaseURL}}/{{randstr}}/{{randstr_1}}/{{n}}', '      - "{{BaseURL}}/{{randstr}}/{{n}}"\n')}`)
    const [first, second] = lines(await runOn({}, template))
    const [, , , marker, other, number] = first!.split('/')
    expect(marker).toMatch(/^\w{27}$/)
    expect(other).not.toBe(marker)
    expect(second).toBe(`GET http://a.test/${marker}/${number}`)
    expect(lines(await runOn({}, template))).toEqual([first, second])
  })
  test('what an answer says is no expression', async () => {
    const template = read(`http:\n${path('{{BaseURL}}/one', '    extractors:\n      - type: regex\n        name: token\n        internal: true\n        group: 1\n        regex:\n          - "t=(.+)"\n')}${path('{{BaseURL}}/{{url_encode(token)}}')}`)
    expect(lines(await runOn({ http: () => ({ body: 't={{md5("x")}}' }) }, template))[1]).toBe('GET http://a.test/%7B%7Bmd5(%22x%22)%7D%7D')
  })
})

describe('blocks', () => {
  test('see what earlier ones answered, by protocol and number', async () => {
    const { matches } = await runOn({ http: (_, number) => ({ status: 200 + number, body: `body ${number}` }) }, read(`http:\n${path('{{BaseURL}}/1')}${path('{{BaseURL}}/2')}${path('{{BaseURL}}/3', dsl('http_1_body == "body 1" && http_2_status_code == 202 && http_body == "body 3"'))}`))
    expect(matches).toHaveLength(1)
  })
  test('by id', async () => {
    const { matches } = await runOn({ http: (_, number) => ({ body: `body ${number}` }) }, read(`http:\n  - id: login\n    method: GET\n    path:\n      - "{{BaseURL}}/1"\n${path('{{BaseURL}}/2', dsl('login_body == "body 1"'))}`))
    expect(matches).toHaveLength(1)
  })
  test('wait before the request whose text says so, and not for ever', async () => {
    const seen = await runOn({}, read(`http:\n${path('{{BaseURL}}/1')}${path('{{BaseURL}}/2?{{wait_for(9)}}')}${path('{{BaseURL}}/3?{{wait_for(500)}}')}`))
    expect(seen.pauses).toEqual([{ milliseconds: 9_000, after: 1 }, { milliseconds: 111_000, after: 2 }])
    expect(lines(seen)[1]).toBe('GET http://a.test/2?true')
  })
  test('stop at the first match where the template says so', async () => {
    const blocks = `http:\n${path('{{BaseURL}}/1', dsl('status_code == 200'))}${path('{{BaseURL}}/2', dsl('status_code == 200'))}`
    expect((await runOn({}, read(`stop-at-first-match: true\n${blocks}`))).requests).toHaveLength(1)
    expect((await runOn({}, read(blocks))).requests).toHaveLength(2)
  })
})

describe('flows', () => {
  const blocks = (flow: string, second = ''): string => `flow: |\n  ${flow.replaceAll('\n', '\n  ')}\nhttp:\n${path('{{BaseURL}}/1', dsl('contains(body, "yes")', '        internal: true\n'))}${path('{{BaseURL}}/2', second === '' ? dsl('true') : second)}`
  test('go on only where what they need was found; internal matchers are no finding', async () => {
    const no = await runOn({ http: () => ({ body: 'no' }) }, read(blocks('http(1) && http(2)')))
    expect([lines(no), no.matches.length, no.matched]).toEqual([['GET http://a.test/1'], 0, false])
    const yes = await runOn({ http: () => ({ body: 'yes' }) }, read(blocks('http(1) && http(2)')))
    expect([lines(yes).length, yes.matches.length, yes.matched]).toEqual([2, 1, true])
    const either = await runOn({ http: () => ({ body: 'yes' }) }, read(blocks('http(1) || http(2)')))
    expect(lines(either)).toEqual(['GET http://a.test/1'])
  })
  test('without numbers all run; what has neither matchers nor extractors counts as done', async () => {
    expect(lines(await runOn({}, read(`flow: http() && http(1)\nhttp:\n${path('{{BaseURL}}/1')}${path('{{BaseURL}}/2')}`)))).toEqual(['GET http://a.test/1', 'GET http://a.test/2', 'GET http://a.test/1'])
  })
  test('set values, go through what was extracted, and call the functions of expressions', async () => {
    const extracted = '    extractors:\n      - type: regex\n        name: names\n        internal: true\n        regex:\n          - "n\\\\d"\n'
    const template = read(`flow: |\n  http(1)\n  for (let name of iterate(template.names)) {\n    set("name", to_upper(name) + base64(name))\n    http(2)\n  }\nhttp:\n${path('{{BaseURL}}/1', extracted)}${path('{{BaseURL}}/{{name}}')}`)
    expect(lines(await runOn({ http: () => ({ body: 'n1 n2' }) }, template))).toEqual(['GET http://a.test/1', 'GET http://a.test/N1bjE=', 'GET http://a.test/N2bjI='])
    expect(lines(await runOn({ http: () => ({ body: 'n1' }) }, template))).toEqual(['GET http://a.test/1', 'GET http://a.test/N1bjE='])
  })
  test.each([['for (;;) { set("a", 1) }', 'budget_exceeded'], ['null.x', 'flow_failed'], ['md5()', 'flow_failed'], ['repeat("x", 1e9)', 'budget_exceeded']])('%s ends the template with a code', async (flow, code) => {
    const { error } = await runOn({}, { ...read(blocks('http(1)')), flow })
    expect(error instanceof TemplateError && error.problem.code).toBe(code)
  })
  test('an interrupted one ends', async () => {
    const stop = new AbortController()
    stop.abort(new Error('stopped'))
    expect((await runOn({}, read(blocks('http(1)')), { signal: stop.signal })).error).toEqual(new Error('stopped'))
  })
})
