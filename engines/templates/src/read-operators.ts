// Matchers and extractors as they are written. What Nuclei refuses when it compiles them is refused here: a type with the fields of another, a flag that does
// nothing for its type. One that lists nothing is read, and never holds, as there. Defended by read.test.ts.
import type { Bytes, Extractor, Matcher } from './model.ts'
import { TemplateError } from './problem.ts'
import { Fields, countOf } from './fields.ts'

export const operatorFields = ['id', 'matchers', 'matchers-condition', 'extractors']

const matcherTypes = ['word', 'regex', 'binary', 'status', 'size', 'dsl', 'xpath'] as const
const matcherValues = { word: 'words', regex: 'regex', binary: 'binary', status: 'status', size: 'size', dsl: 'dsl', xpath: 'xpath' } as const
const matcherFields = new Set(['type', 'condition', 'part', 'negative', 'name', 'encoding', 'case-insensitive', 'match-all', 'internal', ...Object.values(matcherValues)])
const extractorTypes = ['regex', 'kval', 'json', 'xpath', 'dsl'] as const
const extractorFields = new Set(['type', 'name', 'part', 'internal', 'case-insensitive', 'group', 'attribute', ...extractorTypes])

type Read = { id: string | null; matchers: readonly Matcher[]; matchersCondition: 'and' | 'or'; extractors: readonly Extractor[] }

export function readOperators(fields: Fields): Read {
  return {
    id: fields.words('id'), matchers: readMatchers(fields, 'matchers'), matchersCondition: condition(fields, 'matchers-condition'),
    extractors: fields.items('extractors').map(({ node, place }) => readExtractor(new Fields(node, place, extractorFields))),
  }
}

export const readMatchers = (fields: Fields, name: string): Matcher[] => fields.items(name).map(({ node, place }) => readMatcher(new Fields(node, place, matcherFields)))

export const condition = (fields: Fields, name: string): 'and' | 'or' => fields.choice(name, ['and', 'or'], 'matcher_invalid') ?? 'or'

function readMatcher(fields: Fields): Matcher {
  const refuse = (name: string, reason: string): never => {
    throw new TemplateError('matcher_invalid', fields.at(name), reason)
  }
  const type = fields.choice('type', matcherTypes, 'matcher_invalid') ?? refuse('type', `A matcher has a type: ${matcherTypes.join(', ')}.`)
  const own = matcherValues[type]
  const other = Object.values(matcherValues).find((name) => name !== own && fields.raw(name) !== null)
  if (other !== undefined) refuse(other, `A matcher of type ${type} has no "${other}"; what it looks for is written as "${own}".`)
  const counted = type === 'status' || type === 'size'
  const values: readonly Bytes[] = counted ? [] : fields.texts(own)
  const numbers = counted ? numbersOf(fields, own) : []
  const caseInsensitive = fields.flag('case-insensitive')
  if (caseInsensitive && type !== 'word') refuse('case-insensitive', `Only words are compared without case; for type ${type} it says nothing.`)
  if (type === 'binary') for (const [index, value] of values.entries()) hexadecimal(value, `${fields.at(own)}[${index}]`)
  const hex = fields.choice('encoding', ['hex'], 'matcher_invalid') !== null
  return {
    type, name: fields.words('name'), part: fields.words('part'), condition: condition(fields, 'condition'), negative: fields.flag('negative'), internal: fields.flag('internal'), caseInsensitive,
    matchAll: fields.flag('match-all'), hex: hex && type === 'word', values, numbers,
  }
}

function numbersOf(fields: Fields, name: string): number[] {
  const node = fields.raw(name)
  if (node === null) return []
  return Array.isArray(node) ? fields.items(name).map((item) => countOf(item.node, item.place)) : [countOf(node, fields.at(name))]
}

function hexadecimal(value: Bytes, place: string): void {
  if (value.length % 2 === 1 || !/^[0-9a-fA-F]*$/.test(value)) throw new TemplateError('matcher_invalid', place, 'Bytes are written as pairs of hexadecimal digits.')
}

function readExtractor(fields: Fields): Extractor {
  const refuse = (name: string, reason: string): never => {
    throw new TemplateError('extractor_invalid', fields.at(name), reason)
  }
  const type = fields.choice('type', extractorTypes, 'extractor_invalid') ?? refuse('type', `An extractor has a type: ${extractorTypes.join(', ')}.`)
  const other = extractorTypes.find((name) => name !== type && fields.raw(name) !== null)
  if (other !== undefined) refuse(other, `An extractor of type ${type} has no "${other}"; what it looks for is written as "${type}".`)
  const values = fields.texts(type)
  const caseInsensitive = fields.flag('case-insensitive')
  if (caseInsensitive && type !== 'kval') refuse('case-insensitive', `Only names (kval) are looked up without case; for type ${type} it says nothing.`)
  return {
    type, name: fields.words('name'), part: fields.words('part'), internal: fields.flag('internal'), caseInsensitive, values: type === 'kval' && caseInsensitive ? values.map((value) => value.toLowerCase()) : values,
    group: fields.count('group') ?? 0, attribute: fields.words('attribute'),
  }
}
