import { HaechiError } from '@haechi/server/errors'
import { describe, expect, test } from 'vitest'
import { commonOptions, findCommand, readArguments, suggestion, wholeNumber } from './command.ts'
import type { Argument, Options } from './command.ts'
import { allCommands } from './program.ts'

const options = { source: { value: 'NAME', about: 'option_source', required: true }, from: { value: 'TIME', about: 'option_from' }, side: { value: 'SIDE', about: 'option_side', choices: ['provider', 'customer'] }, wait: { about: 'option_wait' }, ...commonOptions } as const satisfies Options
const read = (words: readonly string[], args: readonly Argument[] = [{ name: 'FILE', about: 'argument_file', many: true }]) => readArguments('ingest', { options, arguments: args }, words)
const codeOf = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    return (error as HaechiError).code
  }
  return 'none'
}

describe('readArguments', () => {
  test('options in both forms, in any place', () => {
    const expected = { source: 'dc01', from: '-2h', side: undefined, wait: true, json: false, lang: undefined, help: false }
    expect(read(['a.json', '--source', 'dc01', '--from', '-2h', '--wait', 'b.json'])).toEqual({ options: expected, arguments: ['a.json', 'b.json'] })
    expect(read(['--source=dc01', '--from=-2h', '--wait', '--', '--odd', '-'])).toEqual({ options: expected, arguments: ['--odd', '-'] })
  })

  test.each([
    ['usage_unknown_option', ['f', '--sorce', 'x']], ['usage_unknown_option', ['f', '-x']], ['usage_unknown_option', ['f', '--__proto__', 'x']], ['usage_unknown_option', ['f', '--constructor']],
    ['usage_value_missing', ['f', '--source']], ['usage_value_missing', ['f', '--source', '--wait']], ['usage_value_missing', ['f', '--source=']],
    ['usage_value_unexpected', ['f', '--source', 's', '--wait=yes']], ['usage_option_repeated', ['f', '--source', 'a', '--source', 'b']],
    ['usage_option_missing', ['f']], ['usage_choice', ['f', '--source', 's', '--side', 'both']], ['usage_argument_missing', ['--source', 's']],
  ])('%s', (code, words) => {
    expect(codeOf(() => read(words))).toBe(code)
  })

  test('an option with many values takes all up to the next option, and may come again', () => {
    const many = { rules: { value: 'PATH', about: 'option_rules', required: true, many: true }, ...commonOptions } as const satisfies Options
    const readMany = (words: readonly string[]) => readArguments('detect', { options: many, arguments: [{ name: 'FILE', about: 'argument_file', optional: true }] }, words)
    expect(readMany(['--rules', 'a', 'b', '-', '--json', 'x', '--rules', 'c', '--rules=d']).options).toMatchObject({ rules: ['a', 'b', '-', 'c', 'd'], json: true })
    expect(readMany(['--rules=d', 'x'])).toMatchObject({ options: { rules: ['d'] }, arguments: ['x'] })
    expect(codeOf(() => readMany([]))).toBe('usage_option_missing')
    expect(codeOf(() => readMany(['--rules', '--json']))).toBe('usage_value_missing')
    expect(codeOf(() => readMany(['--rules', 'a', '-x']))).toBe('usage_unknown_option')
  })

  test('one argument too many is named', () => {
    expect(codeOf(() => read(['a', 'b', '--source', 's'], [{ name: 'FILE', about: 'argument_file' }]))).toBe('usage_argument_extra')
  })

  test('with --help nothing is missed', () => {
    expect(read(['--help']).options['help']).toBe(true)
  })
})

test('what is nearly right is suggested, what is not is not', () => {
  expect(suggestion('serch', ['serve', 'search'], '')).toContain('search')
  expect(suggestion('xyzzy', ['serve', 'search'], '')).toBe('')
})

test('findCommand', async () => {
  const commands = await allCommands()
  expect(findCommand(commands, ['keys', 'create', '--json']).command.path).toEqual(['keys', 'create'])
  expect(findCommand(commands, ['search', 'keys']).rest).toEqual(['keys'])
  expect(codeOf(() => findCommand(commands, ['keys']))).toBe('usage_verb_missing')
  expect(codeOf(() => findCommand(commands, ['keys', 'creat']))).toBe('usage_unknown_command')
})

test('wholeNumber', () => {
  expect(wholeNumber('--limit', undefined, 1, 10, 5)).toBe(5)
  expect(wholeNumber('--limit', '7', 1, 10, 5)).toBe(7)
  for (const bad of ['0', '11', '1.5', '1e1', '-1', 'x', ' 1']) expect(codeOf(() => wholeNumber('--limit', bad, 1, 10, 5))).toBe('usage_number')
})
