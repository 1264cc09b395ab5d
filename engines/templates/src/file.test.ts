import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFileScan } from './file.ts'
import type { Extractor, FileBlock, Lookup, Matcher, Template } from './model.ts'
import { compileOperators } from './operators.ts'
import { readTemplate } from './read.ts'

const words = ['key', 'KEY', 'pass', 'a', 'needle', 'ab', 'ſecret', 'é', 'kelvin', '=']
const expressions = ['key=[0-9]+', '(?i)pass(word)?', 'ne+dle', '^a', 'b$', '(?i)KEY', '[a-z]{3}=', 'a|b', '(?i)(key|pass|secret|token|auth|cred|kelvin)', '\\bab\\b', 'é+', '', '(?m)^x', 'k.y', '(?i)secret', '(?i)kelvin']
const base = (): Template => {
  const read = readTemplate('x.yaml', Buffer.from('id: x\ninfo: { name: x, author: x, severity: info }\nfile:\n  - extensions: [all]\n    matchers: [{ type: word, words: [x] }]\n'))
  if ('refusal' in read) throw new Error(read.refusal.reason)
  return read.template
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1')
const matcher: fc.Arbitrary<Matcher> = fc.record({
  type: fc.constantFrom('word' as const, 'regex' as const), name: fc.constantFrom(null, 'one', 'two'), part: fc.constantFrom(null, 'raw', 'body'), condition: fc.constantFrom('and' as const, 'or' as const, 'or' as const),
  negative: fc.constantFrom(false, false, false, true), internal: fc.constant(false), caseInsensitive: fc.boolean(), matchAll: fc.boolean(), hex: fc.constant(false), picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), numbers: fc.constant([]),
}).map(({ picks, ...rest }) => ({ ...rest, caseInsensitive: rest.type === 'word' && rest.caseInsensitive, values: picks.map(pick => bytes((rest.type === 'word' ? words : expressions)[pick % (rest.type === 'word' ? words : expressions).length] ?? '')) }))
const extractor: fc.Arbitrary<Extractor> = fc.record({
  name: fc.constantFrom(null, 'found'), internal: fc.constantFrom(false, false, false, true), picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
}).map(({ picks, ...rest }) => ({ ...rest, type: 'regex' as const, part: null, caseInsensitive: false, group: 0, attribute: null, values: picks.map(pick => bytes(expressions[pick % expressions.length] ?? '')) }))
const content = fc.array(fc.constantFrom('key=1', 'KEY', 'password', 'a', 'b', 'needle', 'nedle', '\n', '\n', '\r\n', ' ', 'ab', 'ſecret', 'K', 'secret', '\u212Aelvin', 'é', 'x', '=', 'key', '\xff'), { maxLength: 40 }).map(parts => bytes(parts.join('')))

/** Every line, or the whole, given to all matchers and extractors. */
function plainly(block: FileBlock, raw: string): unknown {
  const whole = (block.matchersCondition === 'and' && block.matchers.length > 1) || block.matchers.some(each => each.negative || (each.condition === 'and' && each.values.length > 1))
  const lines = raw.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const found = new Map<string, Set<string>>()
  for (const text of whole ? [raw] : lines.map(line => line.replace(/\r$/, ''))) {
    const lookup: Lookup = name => (name === 'raw' || name === 'body' ? text : undefined)
    const judgement = compileOperators(block, 'raw').judge({ part: name => lookup(name) as string | undefined, lookup }, { random: () => 0, now: () => 0 })
    for (const result of judgement.results) {
      const known = found.get(String(result.matcher ?? result.extractor)) ?? new Set<string>()
      for (const value of result.extracted) known.add(Buffer.from(value, 'latin1').toString())
      found.set(String(result.matcher ?? result.extractor), known)
    }
  }
  return [...found].map(([name, values]) => ({ name, values: [...values].toSorted() })).toSorted((one, other) => (one.name < other.name ? -1 : 1))
}

it('leaving out what cannot find something changes nothing', async () => {
  const template = base()
  await fc.assert(fc.asyncProperty(fc.array(matcher, { maxLength: 3 }), fc.array(extractor, { maxLength: 2 }), fc.constantFrom('and' as const, 'or' as const), content, async (matchers, extractors, matchersCondition, raw) => {
    fc.pre(matchers.length + extractors.length > 0)
    const block: FileBlock = { ...(template.blocks[0] as FileBlock), matchers, extractors, matchersCondition }
    const matches = await createFileScan([{ ...template, blocks: [block] }]).judge({ path: 'x.txt', size: raw.length, read: () => Promise.resolve(raw) })
    const found = matches.map(match => ({ name: String(match.matcher), values: match.extracted.map(value => value).toSorted() })).toSorted((one, other) => (one.name < other.name ? -1 : 1))
    expect(found.map(each => each.name)).toEqual((plainly(block, raw) as { name: string }[]).map(each => each.name))
    // What is no UTF-8 is shown byte by byte; here only what is shown alike is compared.
    if (!raw.includes('\xff')) expect(found).toEqual(plainly(block, raw))
  }), { numRuns: 3000 })
})

it('a template that cannot be judged does not stop the others', async () => {
  const template = base()
  const block = template.blocks[0] as FileBlock
  const expression = { ...block, matchers: [{ ...block.matchers[0]!, type: 'dsl' as const, values: ['repeat("x", 999999999) == raw'] }] }
  const failed: string[] = []
  const scan = createFileScan([{ ...template, id: 'bomb', blocks: [expression] }, { ...template, id: 'good' }], { failed: each => { failed.push(each.id) } })
  const matches = await scan.judge({ path: 'x.txt', size: 1, read: () => Promise.resolve('x') })
  expect(matches.map(match => match.template)).toEqual(['good'])
})
