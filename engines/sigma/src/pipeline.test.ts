// Each transformation and condition of a pipeline by what rules match after it; what is refused, with its line; and what a pipeline must leave alone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyPipelines, builtInPipelines, createMatcher, link, parse, parsePipeline } from './index.ts'
import type { Linked } from './link.ts'
import type { Pipeline } from './pipeline.ts'

type Event = Record<string, unknown>

function pipeline(yaml: string): Pipeline {
  const read = parsePipeline(yaml, 'p.yml')
  if ('rejection' in read) throw new Error(JSON.stringify(read.rejection))
  return read.pipeline
}

const indent = (text: string, by: string): string => text.split('\n').map((line) => by + line).join('\n')
/** One transformation, its lines as written behind the dash. */
const one = (lines: string): Pipeline => pipeline(`transformations:\n  - ${indent(lines, '    ').trimStart()}`)
const rule = (selection: string, head = ''): string => `title: A rule\nid: r\n${head}${head.includes('logsource') ? '' : 'logsource: {product: windows, category: process_creation}\n'}detection:\n  s:\n${indent(selection, '    ')}\n  condition: s\n`

function linked(text: string, pipelines: readonly Pipeline[]): Linked {
  const parsed = parse(text, 'r.yml', { placeholders: pipelines })
  const all = applyPipelines(link(parsed), pipelines)
  return { ...all, rejected: [...parsed.rejected, ...all.rejected] }
}

function verdicts(text: string, pipelines: readonly Pipeline[], events: readonly Event[]): boolean[] {
  const { rules, rejected } = linked(text, pipelines)
  expect(rejected).toEqual([])
  const hit = new Set(createMatcher(rules).match(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')), {}).map(({ eventIndex }) => eventIndex))
  return events.map((_, index) => hit.has(index))
}

function check(text: string, pipelines: readonly Pipeline[], positive: readonly Event[], negative: readonly Event[]): void {
  expect(verdicts(text, pipelines, positive), `must match: ${JSON.stringify(positive)}`).toEqual(positive.map(() => true))
  expect(verdicts(text, pipelines, negative), `must not match: ${JSON.stringify(negative)}`).toEqual(negative.map(() => false))
}

const DIGESTS = { md5: 'a'.repeat(32), sha1: 'b'.repeat(40), sha256: 'c'.repeat(64) }

describe('transformations', () => {
  test.each<[name: string, transformation: string, selection: string, positive: Event[], negative: Event[]]>([
    ['a field has another name', 'type: field_name_mapping\nmapping: {f: a.b}', 'f: x', [{ 'a.b': 'x' }, { a: { b: 'X' } }], [{ f: 'x' }]],
    ['a field is one of several', 'type: field_name_mapping\nmapping: {f: [a, b]}', 'f: x', [{ a: 'x' }, { b: 'x' }], [{ f: 'x' }, { a: 'y', b: 'z' }]],
    ['all values of one of several', 'type: field_name_mapping\nmapping: {f: [a, b]}', 'f|contains|all: [x, y]', [{ a: 'xy' }], [{ a: 'x', b: 'y' }]],
    ['what is absent is absent in all', 'type: field_name_mapping\nmapping: {f: [a, b]}', 'f: null', [{}, { f: 'x' }], [{ a: 'x' }, { b: 'x' }]],
    ['absent or a value', 'type: field_name_mapping\nmapping: {f: [a, b]}', `f: [null, '']`, [{}, { a: 'x', b: '' }], [{ a: 'x' }]],
    ['not there is not in any', 'type: field_name_mapping\nmapping: {f: [a, b]}', 'f|exists: false', [{}], [{ a: 1 }, { b: 1 }]],
    ['different is different in all', 'type: field_name_mapping\nmapping: {f: [a, b]}', 'f|neq: x', [{ a: 'y' }, {}], [{ a: 'y', b: 'x' }]],
    ['a field that a value refers to', 'type: field_name_mapping\nmapping: {f: a, g: [b, c]}', 'f|fieldref: g', [{ a: 1, b: 1 }, { a: 1, c: 1 }], [{ a: 1, g: 1 }, { f: 1, b: 1 }]],
    ['other fields stay', 'type: field_name_mapping\nmapping: {f: a}', 'g: x', [{ g: 'x' }], [{ a: 'x' }]],
    ['a name of an object is a name', 'type: field_name_mapping\nmapping: {f: a}', 'toString: x', [{ toString: 'x' }], [{ a: 'x' }]],
    ['keywords become a field', `type: field_name_mapping\nmapping: {null: message}`, '- needle', [{ message: 'a needle here' }], [{ other: 'needle' }]],
    ['a beginning of names', 'type: field_name_prefix_mapping\nmapping: {win.: [w_, x_]}', 'win.f: x', [{ w_f: 'x' }, { x_f: 'x' }], [{ 'win.f': 'x' }]],
    ['in front of names', 'type: field_name_prefix\nprefix: win.', 'f: x', [{ 'win.f': 'x' }], [{ f: 'x' }]],
    ['behind names', 'type: field_name_suffix\nsuffix: .keyword', 'f: x', [{ 'f.keyword': 'x' }], [{ f: 'x' }]],
    ['names in other letters', 'type: field_name_transform\ntransform_func: snake_case\nmapping: {EventID: event_code}', 'CommandLine: x\nEventID: 1', [{ command_line: 'x', event_code: 1 }], [{ command_line: 'x', event_id: 1 }]],
    ['names in capitals, keywords stay', 'type: field_name_transform\ntransform_func: upper', '- x\n- f: y', [{ F: 'y' }, { q: 'ax' }], [{ f: 'y' }]],
    ['an item goes', 'type: drop_detection_item\nfield_name_conditions: [{type: include_fields, fields: [f]}]', 'f: x\ng: y', [{ g: 'y' }], [{ f: 'x' }]],
    ['an alternative goes', 'type: drop_detection_item\nfield_name_conditions: [{type: include_fields, fields: [f]}]', '- f: x\n- g: y', [{ g: 'y' }], [{ f: 'x' }]],
    ['hashes by algorithm', 'type: hashes_fields\nvalid_hash_algos: [MD5, SHA1, SHA256]\nfield_prefix: File\nfield_name_conditions: [{type: include_fields, fields: [Hashes]}]', `Hashes|contains: ['MD5=${DIGESTS.md5}', 'sha1=${DIGESTS.sha1}', 'IMPHASH=1']`, [{ FileMD5: DIGESTS.md5.toUpperCase() }, { FileSHA1: DIGESTS.sha1 }], [{ Hashes: `MD5=${DIGESTS.md5}` }, { FileSHA1: DIGESTS.md5 }]],
    ['hashes, and nothing else', 'type: hashes_fields\nvalid_hash_algos: [MD5]', `Hashes: ${DIGESTS.md5}\ng: x`, [{ MD5: DIGESTS.md5, g: 'x' }], [{ Hashes: DIGESTS.md5, g: 'x' }]],
    ['any hash of an algorithm', 'type: hashes_fields\nvalid_hash_algos: [MD5]', 'Hashes|contains: MD5=', [{ MD5: 'x' }], [{ SHA1: 'x' }]],
    ['hashes by their length, all in one field', 'type: hashes_fields\nvalid_hash_algos: [SHA256]\nfield_prefix: hash\ndrop_algo_prefix: true\nfield_name_conditions: [{type: include_fields, fields: [h]}]', `h: ${DIGESTS.sha256}`, [{ hash: DIGESTS.sha256 }], [{ h: DIGESTS.sha256 }]],
    ['a part of a text', `type: replace_string\nregex: 'HKLM\\\\'\nreplacement: 'HKEY_LOCAL_MACHINE\\\\'`, String.raw`f|startswith: 'HKLM\Software\'`, [{ f: String.raw`HKEY_LOCAL_MACHINE\Software\x` }], [{ f: String.raw`HKLM\Software\x` }]],
    ['groups and the wildcards around', String.raw`type: replace_string
regex: '^\*\\([^\\]+)$'
replacement: '\1'`, String.raw`f|endswith: '\cmd.exe'`, [{ f: 'cmd.exe' }], [{ f: String.raw`C:\cmd.exe` }, { f: 'xcmd.exe' }]],
    ['a named group', String.raw`type: replace_string
regex: '(?P<a>x+)(?P<b>y+)'
replacement: '\g<b>\g<1>'`, 'f: 1xxy2', [{ f: '1yxx2' }], [{ f: '1xxy2' }]],
    ['a replacement makes wildcards', `type: replace_string\nregex: '-+'\nreplacement: '*'`, 'f: a--b', [{ f: 'a123b' }], [{ f: 'a' }]],
    ['a literal asterisk stays one', `type: replace_string\nregex: 'a'\nreplacement: 'b'`, String.raw`f: 'a\*'`, [{ f: 'b*' }], [{ f: 'bx' }]],
    ['a backslash before a wildcard stays one', `type: replace_string\nregex: 'a'\nreplacement: 'b'`, String.raw`f: 'a\\*'`, [{ f: String.raw`b\x` }], [{ f: 'b*' }]],
    ['between wildcards only', `type: replace_string\nregex: '^.*$'\nreplacement: '<\\g<0>>'\nskip_special: true`, `f: 'a*b'`, [{ f: '<a>xx<b>' }], [{ f: '<axxb>' }]],
    ['between wildcards, stars are stars', `type: replace_string\nregex: 'b'\nreplacement: '*'\nskip_special: true`, `f: 'a?b'`, [{ f: 'ax*' }], [{ f: 'axx' }]],
    ['between wildcards, stars are wildcards', `type: replace_string\nregex: 'b'\nreplacement: '*'\nskip_special: true\ninterpret_special: true`, `f: 'a?b'`, [{ f: 'ax*' }, { f: 'axx' }], [{ f: 'a' }]],
    ['an empty match', `type: replace_string\nregex: 'x*'\nreplacement: '-'`, 'f: axb', [{ f: '-a--b-' }], [{ f: '-a-b-' }]],
    ['each dash of windash', `type: replace_string\nregex: '-m'\nreplacement: '=m'`, `f|windash: 'x -m'`, [{ f: 'x =m' }, { f: 'x /m' }, { f: 'x \u2014m' }], [{ f: 'x -m' }]],
    ['windash without the text', `type: replace_string\nregex: 'q'\nreplacement: 'r'`, `f|windash: 'x -m'`, [{ f: 'x -m' }, { f: 'x /m' }], [{ f: 'x =m' }]],
    ['a keyword is as it is written', `type: replace_string\nregex: '^a$'\nreplacement: 'b'`, '- a', [{ q: 'xbx' }], [{ q: 'xax' }]],
    ['numbers are texts', `type: replace_string\nregex: '^4'\nreplacement: '5'`, 'f: 42', [{ f: 52 }], [{ f: 42 }]],
    ['expressions stay', `type: replace_string\nregex: 'a'\nreplacement: 'b'`, 'f|re: a', [{ f: 'a' }], [{ f: 'b' }]],
    ['another word', `type: map_string\nmapping: {'true': '2', no: [x, 'y*']}`, `f: ['true', no]`, [{ f: 2 }, { f: 'x' }, { f: 'yy' }], [{ f: 'true' }, { f: 'no' }]],
    ['another word, all of them', 'type: map_string\nmapping: {a: [x, y]}', 'f|all: [a, z]', [{ f: ['y', 'z'] }], [{ f: ['x', 'y'] }, { f: 'z' }]],
    ['only the whole value', 'type: map_string\nmapping: {a: x}', 'f|contains: a', [{ f: 'bab' }], [{ f: 'x' }]],
    ['always the same value', 'type: set_value\nvalue: 5\nfield_name_conditions: [{type: include_fields, fields: [f]}]', 'f|all: [a, b]\ng: c', [{ f: 5, g: 'c' }], [{ f: 'a', g: 'c' }]],
    ['no value', 'type: set_value\nvalue: null', 'f: a', [{}], [{ f: 'a' }]],
    ['a number that must be a text', `type: set_value\nvalue: 5\nforce_type: str`, 'f: a', [{ f: '5' }, { f: 5 }], [{ f: 'a' }]],
    ['texts as numbers', `type: convert_type\ntarget_type: num`, `f: '0042'`, [{ f: 42 }, { f: '42' }], [{ f: 43 }]],
    ['numbers as texts', `type: convert_type\ntarget_type: str`, 'f: 42', [{ f: '42' }], [{ f: 43 }]],
    ['letters', 'type: case\nmethod: upper', 'f|cased|contains: abc', [{ f: 'xABC' }], [{ f: 'xabc' }]],
    ['an expression with its case', 'type: regex\nmethod: plain', 'f|contains: aBc', [{ f: 'xaBcx' }], [{ f: 'abc' }]],
    ['an expression without', 'type: regex', 'f|contains: aBc', [{ f: 'xABCx' }], [{ f: 'ab' }]],
    ['another condition', 'type: add_condition\nconditions: {Channel: Sec*, id: [1, 2]}', 'f: x', [{ f: 'x', Channel: 'Security', id: 2 }], [{ f: 'x' }, { f: 'x', Channel: 'Security', id: 3 }]],
    ['a condition that must not hold', 'type: add_condition\nnegated: true\nname: s\nconditions: {g: y}', 'f: x', [{ f: 'x' }], [{ f: 'x', g: 'y' }]],
    ['a condition with modifiers', 'type: add_condition\nconditions: {"g|startswith": y}', 'f: x', [{ f: 'x', g: 'yy' }], [{ f: 'x', g: 'xy' }]],
    ['a condition with the log source in it', 'type: add_condition\ntemplate: true\nconditions: {index: "log-$product-${category}$service"}', 'f: x', [{ f: 'x', index: 'log-windows-process_creation' }], [{ f: 'x', index: 'log-' }]],
    ['one in another', 'type: nest\nitems:\n  - type: field_name_mapping\n    mapping: {f: a}\n  - type: field_name_suffix\n    suffix: _', 'f: x', [{ a_: 'x' }], [{ a: 'x' }]],
  ])('%s', (_, transformation, selection, positive, negative) => check(rule(selection), [one(transformation)], positive, negative))

  test('a selection of which nothing is left goes out of the condition', () => {
    const drop = one('type: drop_detection_item\nfield_name_conditions: [{type: include_fields, fields: [f]}]')
    const text = (condition: string): string => `title: x\nid: r\nlogsource: {product: a}\ndetection:\n  a: {f: 1}\n  b: {g: 1}\n  c: {h: 1}\n  condition: ${condition}\n`
    check(text('a and b'), [drop], [{ g: 1 }], [{ f: 1 }])
    check(text('(a or b) and not (a and c)'), [drop], [{ g: 1 }], [{ g: 1, h: 1 }])
    check(text('not a and b'), [drop], [{ g: 1, f: 1 }], [{ h: 1 }])
    expect(linked(text('a or not a'), [drop])).toMatchObject({ rules: [], rejected: [{ code: 'pipeline_failed', file: 'r.yml', line: 1, id: 'r' }] })
  })

  test('the log source and the list of fields', () => {
    const { rules } = linked(rule('f: x', 'fields: [f, g]\n'), [pipeline(`transformations:
  - {type: change_logsource, product: windows, service: Sysmon}
  - {type: field_name_mapping, mapping: {f: [a, b]}}
  - {type: add_field, field: [n, m]}
  - {type: remove_field, field: [b, absent]}`)])
    expect(rules).toMatchObject([{ logsource: { product: 'windows', service: 'sysmon' }, fields: ['a', 'g', 'n', 'm'] }])
    expect(linked(rule('f: x', 'fields: [f]\n'), [one('type: set_field\nfields: [z]')]).rules[0]?.fields).toEqual(['z'])
  })

  test('a name in the list of fields remembers what was applied to it', () => {
    const { rules } = linked(rule('f: x', 'fields: [f, g]\n'), [pipeline(`transformations:
  - {id: map, type: field_name_mapping, mapping: {f: a}}
  - {type: field_name_prefix, prefix: p., field_name_cond_not: true, field_name_conditions: [{type: processing_item_applied, processing_item_id: map}]}`)])
    expect(rules[0]?.fields).toEqual(['a', 'p.g'])
  })

  test('a field may be called as what every object has', () => {
    check(rule('constructor: x\n__proto__: y'), [builtInPipelines.ecs], [{ event: { category: 'process', type: 'start' }, winlog: { event_data: { constructor: 'x', ['__proto__']: 'y' } } }], [])
  })

  test.each<[name: string, transformation: string, selection: string, reason: string]>([
    ['rule_failure', 'type: rule_failure\nmessage: not here', 'f: x', 'not here'],
    ['detection_item_failure', 'type: detection_item_failure\nmessage: no names\nfield_name_conditions: [{type: include_fields, fields: [f]}]', 'f: x', 'f: no names'],
    ['strict_field_mapping_failure', 'type: strict_field_mapping_failure', 'f: x', 'no pipeline maps the field "f"'],
    ['a text that is no number', 'type: convert_type\ntarget_type: num', 'f: x', '"x" is no number'],
    ['a hash that is needed and not known', 'type: hashes_fields\nvalid_hash_algos: [MD5]', `Hashes|contains|all: ['MD5=${DIGESTS.md5}', 'IMPHASH=1']`, '"1" is no hash of MD5'],
    ['no hash that is known', 'type: hashes_fields\nvalid_hash_algos: [MD5]', 'Hashes: x', 'no value of Hashes is a hash of MD5'],
  ])('%s refuses the rule, and only that', (_, transformation, selection, reason) => {
    const other = rule('- only', 'logsource: {product: other}\n').replace('id: r', 'id: o')
    const refusing = one(`${transformation}\nrule_conditions: [{type: logsource, product: windows}]`)
    expect(linked(`${rule(selection)}---\n${other}`, [refusing])).toMatchObject({ rules: [{ id: 'o' }], rejected: [{ code: 'pipeline_failed', reason, id: 'r', line: 1 }] })
  })

  test('a strict mapping lets what is mapped through', () => {
    const strict = pipeline('transformations:\n  - {type: field_name_mapping, mapping: {f: a, g: [b, c]}}\n  - {type: strict_field_mapping_failure}')
    expect(linked(rule('f: x\ng: y'), [strict]).rejected).toEqual([])
    expect(linked(rule('f: x\nh: y'), [strict]).rejected).toMatchObject([{ code: 'pipeline_failed' }])
  })
})

describe('conditions', () => {
  /** The field is renamed where the conditions let it. */
  const applies = (conditions: string, selection = 'f: x', head = ''): boolean => {
    const before = `- {id: before, type: field_name_mapping, mapping: {m: mm, q: qq}}\n- {type: set_state, key: k, val: 5}\n- {type: set_custom_attribute, attribute: own, value: 3}`
    const text = `transformations:\n${indent(before, '  ')}\n  - type: add_condition\n    conditions: {applied: 1}\n${indent(conditions, '    ')}`
    const { rules, rejected } = linked(rule(selection, head), [pipeline(text)])
    expect(rejected).toEqual([])
    return rules[0]?.detection.selections.size === 2
  }
  const head = `name: n\nlevel: high\nstatus: test\nauthor: Somebody\ndate: 2024/05/01\ntags: [attack.t1003, attack.Execution]\nreferences: [a, b]\n`
  test.each<[name: string, condition: string, holds: string, holdsNot: string]>([
    ['logsource', 'type: logsource', ', product: windows', ', product: linux'],
    ['logsource, all parts', 'type: logsource, product: windows', ', category: process_creation', ', category: process_creation, service: sysmon'],
    ['contains_field', 'type: contains_field', ', field: f', ', field: g'],
    ['contains_detection_item', 'type: contains_detection_item, field: f', ', value: X', ', value: y'],
    ['processing_item_applied', 'type: processing_item_applied', ', processing_item_id: before', ', processing_item_id: other'],
    ['processing_state', 'type: processing_state, key: k', ', val: 5', ', val: 6'],
    ['processing_state, more than', 'type: processing_state, key: k, op: gt', ', val: 4', ', val: 5'],
    ['processing_state, never set', 'type: processing_state, val: 5', ', key: k', ', key: other, op: ne'],
    ['rule_attribute', 'type: rule_attribute, attribute: author', ', value: Somebody', ', value: somebody'],
    ['rule_attribute, not', 'type: rule_attribute, attribute: name, op: ne', ', value: other', ', value: n'],
    ['rule_attribute, levels', 'type: rule_attribute, attribute: level, op: gte', ', value: medium', ', value: critical'],
    ['rule_attribute, statuses', 'type: rule_attribute, attribute: status, op: lt', ', value: stable', ', value: experimental'],
    ['rule_attribute, dates', 'type: rule_attribute, attribute: date, op: lte', ', value: 2024-05-01', ', value: 2024-04-30'],
    ['rule_attribute, lists', 'type: rule_attribute, attribute: references', ', op: in, value: a', ', op: not_in, value: a'],
    ['rule_attribute, custom', 'type: rule_attribute, attribute: own, op: gt', ', value: 2', ', value: 3'],
    ['rule_attribute, absent', 'type: rule_attribute, value: x, op: ne', ', attribute: title', ', attribute: license'],
    ['tag', 'type: tag', ', tag: attack.execution', ', tag: attack.t1'],
  ])('%s', (_, condition, holds, holdsNot) => {
    expect(applies(`rule_conditions: [{${condition}${holds}}]`, 'f: x', head)).toBe(true)
    expect(applies(`rule_conditions: [{${condition}${holdsNot}}]`, 'f: x', head)).toBe(false)
    expect(applies(`rule_cond_not: true\nrule_conditions: [{${condition}${holdsNot}}]`, 'f: x', head)).toBe(true)
  })

  test('rules and correlations are told apart', () => {
    expect(applies('rule_conditions: [{type: is_sigma_rule}]')).toBe(true)
    expect(applies('rule_conditions: [{type: is_sigma_correlation_rule}]')).toBe(false)
  })

  test.each<[name: string, linking: string, expected: boolean]>([
    ['and', 'rule_conditions: [{type: tag, tag: attack.t1003}, {type: tag, tag: none}]', false],
    ['or', 'rule_cond_op: or\nrule_conditions: [{type: tag, tag: attack.t1003}, {type: tag, tag: none}]', true],
    ['any', 'rule_cond_op: any\nrule_conditions: [{type: tag, tag: attack.t1003}, {type: tag, tag: none}]', true],
    ['all', 'rule_cond_op: all\nrule_conditions: [{type: tag, tag: attack.t1003}, {type: tag, tag: none}]', false],
    ['not', 'rule_cond_op: or\nrule_cond_not: true\nrule_conditions: [{type: tag, tag: attack.t1003}, {type: tag, tag: none}]', false],
    ['a map without an expression', 'rule_conditions: {a: {type: tag, tag: attack.t1003}, b: {type: tag, tag: none}}', false],
    ['an expression', 'rule_cond_expr: a and not (b or c)\nrule_conditions: {a: {type: tag, tag: attack.t1003}, b: {type: tag, tag: none}, c: {type: is_sigma_correlation_rule}}', true],
    ['no conditions', 'rule_conditions: []', true],
  ])('linked by %s', (_, linking, expected) => expect(applies(linking, 'f: x', head)).toBe(expected))

  /** Which of the items are renamed. */
  const renamed = (conditions: string, selection: string): string[] => {
    const text = `transformations:\n  - {id: first, type: field_name_mapping, mapping: {m: mm}}\n  - type: field_name_suffix\n    suffix: _\n${indent(conditions, '    ')}`
    const { rules, rejected } = linked(rule(selection), [pipeline(text)])
    expect(rejected).toEqual([])
    return JSON.stringify([...rules[0]?.detection.selections.values() ?? []]).match(/"field":"(\w+)_"/g)?.map((field) => field.slice(9, -2)) ?? []
  }
  const items = String.raw`a: x
b: ['*\x.exe', y]
c: null
d: 5
e|re: x
m: z`
  test.each<[conditions: string, expected: string[]]>([
    ['detection_item_conditions: [{type: match_string, cond: any, pattern: "^x"}]', ['a']],
    [String.raw`detection_item_conditions: [{type: match_string, cond: any, pattern: '\*.x'}]`, ['b']],
    [String.raw`detection_item_conditions: [{type: match_string, cond: all, pattern: '[^q]'}]`, ['a', 'b', 'mm']],
    [String.raw`detection_item_conditions: [{type: match_string, cond: all, pattern: x, negate: true}]`, ['b', 'c', 'd', 'e', 'mm']],
    ['detection_item_conditions: [{type: is_null, cond: any}]', ['c']],
    ['detection_item_conditions: [{type: match_value, cond: any, value: 5}]', ['d']],
    ['detection_item_conditions: [{type: match_value, cond: any, value: Y}]', ['b']],
    ['detection_item_conditions: [{type: contains_wildcard, cond: any}]', ['b']],
    ['detection_item_conditions: [{type: contains_wildcard, cond: all}]', []],
    ['detection_item_conditions: [{type: processing_item_applied, processing_item_id: first}]', ['mm']],
    ['detection_item_cond_not: true\ndetection_item_conditions: [{type: processing_item_applied, processing_item_id: first}]', ['a', 'b', 'c', 'd', 'e']],
    ['field_name_conditions: [{type: include_fields, fields: [a, c]}]', ['a', 'c']],
    ['field_name_conditions: [{type: exclude_fields, fields: [a, c]}]', ['b', 'd', 'e', 'mm']],
    ['field_name_conditions: [{type: include_fields, mode: re, fields: ["[ab]$", m]}]', ['a', 'b', 'mm']],
    ['field_name_cond_not: true\nfield_name_conditions: [{type: processing_item_applied, processing_item_id: first}]', ['a', 'b', 'c', 'd', 'e']],
    ['field_name_conditions: [{type: processing_state, key: none, val: 1}]', []],
    ['detection_item_conditions: [{type: is_null, cond: any}]\nfield_name_conditions: [{type: include_fields, fields: [a, c]}]', ['c']],
  ])('%s', (conditions, expected) => expect(renamed(conditions, items)).toEqual(expected))
})

describe('order', () => {
  test('pipelines run by priority, equal ones as they are given', () => {
    const suffix = (text: string, priority: number): Pipeline => pipeline(`priority: ${priority}\ntransformations: [{type: field_name_suffix, suffix: ${text}}]`)
    check(rule('f: x'), [suffix('_c', 20), suffix('_a', 10), suffix('_d', 20), suffix('_b', 10)], [{ f_a_b_c_d: 'x' }], [])
  })
  test('state and what was applied go from one pipeline to the next, not from rule to rule', () => {
    const first = pipeline('transformations:\n  - {id: i, type: set_state, key: k, val: v, rule_conditions: [{type: logsource, product: windows}]}')
    const second = pipeline('priority: 1\ntransformations:\n  - {type: field_name_suffix, suffix: _, rule_conditions: [{type: processing_state, key: k, val: v}, {type: processing_item_applied, processing_item_id: i}]}')
    const { rules } = linked(`${rule('f: x')}---\n${rule('f: x', 'logsource: {product: linux}\n').replace('id: r', 'id: o')}`, [second, first])
    expect(rules.map(({ detection }) => detection.selections.get('s'))).toMatchObject([{ field: 'f_' }, { field: 'f' }])
  })
})

test('an item remembers all that was applied to it, a correlation stays one', () => {
  const twice = pipeline(`transformations:
  - {id: first, type: field_name_mapping, mapping: {f: a}}
  - {id: second, type: field_name_mapping, mapping: {a: b, g: h}}
  - type: field_name_suffix
    suffix: _
    field_name_conditions: [{type: processing_item_applied, processing_item_id: first}]`)
  check(rule('f: x\ng: y'), [twice], [{ b_: 'x', h: 'y' }], [{ b: 'x', h: 'y' }])
  const added = pipeline(`transformations:
  - {id: own, type: add_condition, conditions: {c: 1}}
  - {type: field_name_suffix, suffix: _, field_name_cond_not: true, field_name_conditions: [{type: processing_item_applied, processing_item_id: own}]}`)
  check(rule('f: x'), [added], [{ f_: 'x', c: 1 }], [{ f_: 'x', c_: 1 }])
  const moved = pipeline(`transformations:
  - {type: change_logsource, product: linux}
  - {type: field_name_mapping, mapping: {u: v}, rule_conditions: [{type: is_sigma_correlation_rule}]}`)
  const text = `${rule('f: x')}---\ntitle: Many\nid: c\ncorrelation: {type: event_count, rules: [r], group-by: [u], timespan: 5m, condition: {gte: 3}}\n`
  expect(linked(text, [moved]).correlations).toMatchObject([{ groupBy: ['v'] }])
})

describe('placeholders', () => {
  const vars = (text: string, items = '[{type: value_placeholders}]'): Pipeline => pipeline(`vars: ${text}\ntransformations: ${items}`)
  test('values of vars, wildcards in them count', () => {
    check(rule(`f|expand: 'x%a%'`), [vars(`{a: ['1', '2*', 3]}`)], [{ f: 'x1' }, { f: 'x2yy' }, { f: 'x3' }], [{ f: 'x' }, { f: 'x%a%' }])
  })
  test('any text for what has no value', () => {
    check(rule(`f|expand: '%a%-%b%'`), [vars('{a: 1}', '[{type: value_placeholders}, {type: wildcard_placeholders}]')], [{ f: '1-zz' }, { f: '1-' }], [{ f: '2-zz' }])
    check(rule(`f|re|expand: '^a%a%x$'`), [vars('{}', '[{type: wildcard_placeholders}]')], [{ f: 'abbx' }], [{ f: 'x' }, { f: 'ab' }])
    expect(linked(rule(`f|cidr|expand: '%a%'`), [vars('{}', '[{type: wildcard_placeholders}]')]).rejected).toMatchObject([{ code: 'value_invalid', line: 6 }])
  })
  test('only those that are included, or not excluded, for the log source and field', () => {
    const refused = (items: string): unknown[] => linked(rule(`f|expand: '%a%'`), [vars('{a: 1}', items)]).rejected.map(({ code, line }) => [code, line])
    expect(refused('[{type: value_placeholders, include: [b]}]')).toEqual([['placeholder_unresolved', 6]])
    expect(refused('[{type: value_placeholders, exclude: [a]}]')).toEqual([['placeholder_unresolved', 6]])
    expect(refused('[{type: value_placeholders, rule_conditions: [{type: logsource, product: linux}]}]')).toEqual([['placeholder_unresolved', 6]])
    expect(refused('[{type: value_placeholders, field_name_conditions: [{type: exclude_fields, fields: [f]}]}]')).toEqual([['placeholder_unresolved', 6]])
    expect(refused('[{type: nest, rule_conditions: [{type: logsource, product: windows}], items: [{type: value_placeholders, include: [a]}]}]')).toEqual([])
  })
  test('the later pipeline has the last word on a var', () => {
    check(rule(`f|expand: '%a%'`), [vars('{a: 1}'), vars('{a: 2}', '[]')], [{ f: 2 }], [{ f: 1 }])
  })
})

describe('correlations and filters', () => {
  const correlation = (extra: string): string => `${rule('f: x')}---
title: Many
id: c
fields: [u]
correlation:
  type: value_count
  rules: [r]
  group-by: [u, who]
  timespan: 5m
  condition: {gte: 3, field: v}
  aliases: {who: {r: w}}
${extra}`
  test('its fields are those of the events', () => {
    const map = one('type: field_name_mapping\nmapping: {u: user.name, v: value, w: wh.o, who: never}\nrule_conditions: [{type: logsource, product: windows}]')
    expect(linked(correlation(''), [map]).correlations).toMatchObject([{ groupBy: ['user.name', 'who'], valueOf: ['value'], aliases: { who: { r: 'wh.o' } }, fields: ['user.name'] }])
    const elsewhere = one('type: field_name_mapping\nmapping: {u: user.name}\nrule_conditions: [{type: logsource, product: linux}]')
    expect(linked(correlation(''), [elsewhere]).correlations).toMatchObject([{ groupBy: ['u', 'who'] }])
  })
  test('one field cannot become several there', () => {
    expect(linked(correlation(''), [one('type: field_name_mapping\nmapping: {u: [a, b]}')])).toMatchObject({ correlations: [], rejected: [{ code: 'pipeline_failed', id: 'c', line: 9 }] })
  })
  test('one over a rule that is refused is refused, and the rules that it silenced speak', () => {
    const other = rule('f: y').replace('id: r', 'id: o')
    const both = correlation('').replace('rules: [r]', 'rules: [r, o]').replace('aliases: {who: {r: w}}', '')
    const { rules, correlations, silent, rejected } = linked(`${other}---\n${both}`, [one('type: rule_failure\nmessage: no\nrule_conditions: [{type: contains_detection_item, field: f, value: x}]')])
    expect([rules.map(({ id }) => id), correlations, [...silent], rejected.map(({ code, id }) => [code, id])]).toEqual([['o'], [], [], [['pipeline_failed', 'r'], ['rule_unknown', 'c']]])
  })
  test('a filter goes with its rule', () => {
    const filter = `title: Known\nid: f\nlogsource: {product: windows}\nfilter:\n  rules: [r]\n  known: {g: y}\n  condition: not known\n`
    check(`${rule('f: x')}---\n${filter}`, [one('type: field_name_mapping\nmapping: {f: a, g: b}\nrule_conditions: [{type: logsource, category: process_creation}]')], [{ a: 'x' }], [{ a: 'x', b: 'y' }])
  })
})

describe('what is no pipeline', () => {
  test.each<[name: string, yaml: string, code: string, line: number]>([
    ['nothing', '', 'pipeline_invalid', 1],
    ['a list', '- a', 'pipeline_invalid', 1],
    ['broken YAML', 'name: x\ntransformations: [', 'yaml_invalid', 2],
    ['two documents', 'name: a\n---\nname: b', 'pipeline_invalid', 2],
    ['an unknown key', 'name: a\ntransformation: []', 'pipeline_invalid', 2],
    ['a priority that is no number', 'priority: high', 'pipeline_invalid', 1],
    ['postprocessing', 'transformations: []\npostprocessing:\n  - type: embed', 'pipeline_unsupported', 2],
    ['finalizers', 'finalizers:\n  - type: concat', 'pipeline_unsupported', 1],
    ['a query', 'transformations:\n  - type: query_expression_placeholders\n    expression: x', 'pipeline_unsupported', 2],
    ['a file', 'transformations:\n  - type: file_placeholders', 'pipeline_unsupported', 2],
    ['no type', 'transformations:\n  - id: x', 'pipeline_invalid', 2],
    ['an unknown transformation', 'transformations:\n  - type: field_mapping', 'pipeline_invalid', 2],
    ['an unknown parameter', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    sufix: b', 'pipeline_invalid', 4],
    ['a misspelt condition', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_condition: []', 'pipeline_invalid', 4],
    ['a parameter that is missing', 'transformations:\n  - type: field_name_prefix', 'pipeline_invalid', 2],
    ['an unknown condition', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_conditions:\n      - type: log_source', 'pipeline_invalid', 5],
    ['a condition of another kind', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_conditions:\n      - type: include_fields\n        fields: [a]', 'pipeline_invalid', 5],
    ['an expression over a list', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_conditions: [{type: is_sigma_rule}]\n    rule_cond_expr: a', 'pipeline_invalid', 5],
    ['an expression that names nothing', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_conditions: {a: {type: is_sigma_rule}}\n    rule_cond_expr: b', 'pipeline_invalid', 5],
    ['linking without conditions', 'transformations:\n  - type: field_name_prefix\n    prefix: a\n    rule_cond_not: true', 'pipeline_invalid', 2],
    ['an empty mapping', 'transformations:\n  - type: field_name_mapping\n    mapping:', 'pipeline_invalid', 2],
    ['a mapping to nothing', 'transformations:\n  - type: field_name_mapping\n    mapping:\n      a: []', 'pipeline_invalid', 4],
    ['a broken expression', 'transformations:\n  - type: replace_string\n    regex: "("\n    replacement: x', 'regex_invalid', 3],
    ['lookaround', 'transformations:\n  - type: replace_string\n    regex: "(?=a)"\n    replacement: x', 'regex_unsupported', 3],
    ['a group that is not there', 'transformations:\n  - type: replace_string\n    regex: "a"\n    replacement: \\1', 'value_invalid', 4],
    ['a broken pattern', 'transformations:\n  - type: drop_detection_item\n    detection_item_conditions:\n      - type: match_string\n        cond: any\n        pattern: "["', 'regex_invalid', 6],
    ['a broken condition to add', 'transformations:\n  - type: add_condition\n    conditions:\n      "a|nonsense": x', 'modifier_unknown', 4],
    ['a number that is none', 'transformations:\n  - type: set_value\n    value: x\n    force_type: num', 'pipeline_invalid', 2],
    ['placeholders that are named and not', 'transformations:\n  - type: value_placeholders\n    include: [a]\n    exclude: [b]', 'pipeline_invalid', 2],
    ['placeholders by value', 'transformations:\n  - type: value_placeholders\n    detection_item_conditions: [{type: is_null, cond: any}]', 'pipeline_unsupported', 2],
    ['placeholders by what came before', 'transformations:\n  - type: value_placeholders\n    rule_conditions: [{type: processing_state, key: a, val: b}]', 'pipeline_unsupported', 2],
  ])('%s', (_, yaml, code, line) => expect(parsePipeline(yaml, 'p.yml')).toMatchObject({ rejection: { file: 'p.yml', code, line } }))

  test('what says nothing is allowed', () => {
    expect(pipeline('name: x\npriority: 5\nvars: {for: {templates: 1}}\nallowed_backends: [splunk]\npostprocessing: []\nfinalizers:\ntransformations:')).toEqual({ name: 'x', priority: 5, vars: {}, items: [] })
  })
})

describe('hostile', () => {
  const words = 'name:|vars:|transformations:|  - |type: |nest|items:|field_name_mapping|mapping: |replace_string|regex: |replacement: |add_condition|conditions: |rule_conditions: |detection_item_conditions: |field_name_conditions: |rule_cond_expr: |logsource|match_string|cond: |any|pattern: |include_fields|fields: |mode: re|set_value|value: |{|}|[|]|,|a|b|(|)*|\\1|\n|\n    |\n      |&a |*a|__proto__|null|1'.split('|')
  test('no text throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(''))), (text) => {
      const read = parsePipeline(text, 'p.yml')
      if ('pipeline' in read) linked(rule('f: x'), [read.pipeline])
      else expect(read.rejection.line >= 1 && read.rejection.line <= text.split(/\r\n|\r|\n/).length).toBe(true)
    }), { numRuns: 2000 })
  })
  test('no parameters throw, whatever they are, and what is read runs', () => {
    const scalar = fc.constantFrom<unknown>('f', 'x', 'a*', '(x)', '\\1', '', null, 1, true, '__proto__', 'null')
    const texts = fc.array(scalar, { maxLength: 3 })
    const map = fc.dictionary(fc.constantFrom('f', 'x', '__proto__', 'constructor', 'null', 'a*', '1'), fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxKeys: 3 })
    const any = fc.oneof(scalar, texts, map)
    const kinds: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
      field_name_mapping: { mapping: map }, field_name_prefix_mapping: { mapping: map }, field_name_transform: { transform_func: fc.constantFrom('lower', 'title', 'snake_case'), mapping: map }, field_name_prefix: { prefix: scalar },
      field_name_suffix: { suffix: any }, drop_detection_item: {}, hashes_fields: { valid_hash_algos: texts, field_prefix: scalar }, replace_string: { regex: scalar, replacement: scalar, skip_special: fc.boolean() }, map_string: { mapping: map },
      set_value: { value: any, force_type: fc.constantFrom(null, 'str', 'num') }, convert_type: { target_type: fc.constantFrom('str', 'num') }, case: { method: fc.constantFrom('upper', 'snake_case') }, regex: { method: fc.constant('plain') },
      add_condition: { conditions: map, name: scalar, template: fc.boolean(), negated: fc.boolean() }, change_logsource: { product: scalar, service: any }, add_field: { field: any }, remove_field: { field: texts }, set_field: { fields: texts },
      set_state: { key: scalar, val: any }, set_custom_attribute: { attribute: scalar, value: any }, rule_failure: { message: any }, detection_item_failure: { message: scalar }, strict_field_mapping_failure: {},
      value_placeholders: { include: texts }, wildcard_placeholders: { exclude: any }, nest: { items: any },
    }
    const item = fc.constantFrom(...Object.entries(kinds)).chain(([type, parameters]) => fc.record({ type: fc.constant(type), ...parameters }))
    const text = `${rule(`f: [x, 'a*', 1, null]\ng|windash|contains: ' -x'\nh|expand: '%f%'\ni|fieldref: f`)}---\n${rule('- x\n- y').replace('id: r', 'id: k')}`
    let read = 0
    fc.assert(fc.property(fc.array(item, { minLength: 1, maxLength: 2 }), (transformations) => {
      const parsed = parsePipeline(JSON.stringify({ vars: { f: 'q' }, transformations }), 'p.yml')
      if ('rejection' in parsed) return
      read += 1
      const { rules } = linked(text, [parsed.pipeline])
      createMatcher(structuredClone(rules)).match(Buffer.from('{"f":"x","g":"a -x"}'), {})
    }), { numRuns: 1500 })
    expect(read).toBeGreaterThan(300)
  })
  test('an expression that goes back for ever elsewhere', () => {
    const from = performance.now()
    linked(rule(`f: ${'a'.repeat(4000)}`), [one(`type: replace_string\nregex: '(a+)+$|(a|aa)+b'\nreplacement: x`)])
    expect(performance.now() - from).toBeLessThan(30_000)
  })
  test('depth', () => {
    let yaml = '{"type":"field_name_prefix","prefix":"a"}'
    for (let depth = 0; depth < 30; depth += 1) yaml = `{"type":"nest","items":[${yaml}]}`
    expect(parsePipeline(`transformations: [${yaml}]`, 'p.yml')).toMatchObject({ rejection: { line: 1 } })
  })
})

test('pipelines without items change nothing, not even the objects', () => {
  const before = link(parse(rule('f: x'), 'r.yml'))
  expect(applyPipelines(before, [pipeline('name: empty')])).toBe(before)
  expect(applyPipelines(before, [])).toBe(before)
  const [untouched] = applyPipelines(before, [one('type: field_name_mapping\nmapping: {other: b}')]).rules
  expect(untouched).toEqual(before.rules[0])
  const dashed = link(parse(rule(`f|windash|contains: ' -x'\ng|re: q`), 'r.yml'))
  expect(applyPipelines(dashed, [one('type: replace_string\nregex: q\nreplacement: r')]).rules).toEqual(dashed.rules)
})

test('a pipeline is plain data', () => {
  const all = one('type: nest\nitems:\n  - {type: replace_string, regex: x, replacement: y}\n  - {type: add_condition, conditions: {a: 1}}\n  - {type: field_name_mapping, mapping: {f: a}}')
  check(rule('f: x'), [structuredClone(all)], [{ a: ['y', 1] }], [{ a: 'x' }])
})
