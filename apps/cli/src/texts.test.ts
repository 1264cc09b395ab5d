import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandHelp } from './help.ts'
import { widthOf } from './layout.ts'
import { allCommands } from './program.ts'
import { catalogue, languageOf, textIn } from './texts.ts'
import type { TextKey } from './texts.ts'

const keys = Object.keys(catalogue.en) as TextKey[]
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

test.each(keys)('%s has the same placeholders in both languages', (key) => {
  expect(placeholders(catalogue.ko[key])).toEqual(placeholders(catalogue.en[key]))
  expect(catalogue.ko[key].length).toBeGreaterThan(0)
})

test('every text is used', () => {
  const code = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'texts.ts')
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n')
  expect(keys.filter((key) => !code.includes(`'${key}'`))).toEqual([])
})

describe('help', async () => {
  for (const command of await allCommands()) {
    test.each(['en', 'ko'] as const)(`${command.path.join(' ')} in %s: every option told, an example, no line too wide`, async (language) => {
      const lines = await commandHelp({ text: textIn(language), language, width: 80 }, command)
      const help = lines.join('\n')
      const options = typeof command.options === 'function' ? await command.options() : command.options
      for (const name of Object.keys(options)) expect(help).toContain(`--${name}`)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const { line } of command.examples) expect(line).toMatch(new RegExp(`(haechi ${command.path.join(' ')}|npm start)`))
      expect(help).not.toMatch(/undefined|\{\w+\}/)
      for (const line of lines.filter((each) => !each.startsWith('  haechi') && !each.includes('{"error"'))) expect(widthOf(line), line).toBeLessThanOrEqual(command.examples.some((each) => line.includes(each.line)) ? 200 : 100)
    })
  }
})

test('the language: --lang, then the first locale variable that is set', () => {
  expect(languageOf([], { LANG: 'ko_KR.UTF-8' })).toBe('ko')
  expect(languageOf([], { LC_ALL: 'C', LANG: 'ko_KR.UTF-8' })).toBe('en')
  expect(languageOf([], { LC_ALL: '', LC_MESSAGES: 'ko_KR', LANG: 'en_US' })).toBe('ko')
  expect(languageOf(['search', '--lang', 'en'], { LANG: 'ko_KR.UTF-8' })).toBe('en')
  expect(languageOf(['--lang=ko'], {})).toBe('ko')
})
