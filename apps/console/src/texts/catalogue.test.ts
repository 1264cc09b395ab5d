// Every text of the console, in both languages: what the compiler cannot see.
import { glob, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { catalogue, translator } from './catalogue.ts'
import type { Catalogue } from './catalogue.ts'

const source = new URL('../', import.meta.url).pathname
const hangul = /[ㄱ-ㆎ가-힣]/
/** Names that are the same in both languages: OCSF, MTTD, n = {count}, 90 %. */
const nameless = (text: string) => /^[^a-z가-힣]*$/.test(text.replace(/\{\w+\}/g, ''))
const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort()

const catalogues: { file: string; texts: Catalogue }[] = []
const labels: { file: string; en: string; ko: string }[] = []
for await (const file of glob('**/*.{ts,tsx}', { cwd: source })) {
  if (/\.(test|fixture)\.tsx?$/.test(file)) continue
  if (file.endsWith('texts.ts')) {
    const module = await import(source + file) as Record<string, unknown>
    for (const value of Object.values(module)) if (typeof value === 'object' && value !== null && 'en' in value && 'ko' in value) catalogues.push({ file, texts: value as Catalogue })
  }
  for (const [, en = '', ko = ''] of (await readFile(source + file, 'utf8')).matchAll(/\ben: '((?:[^'\\]|\\.)*)', ko: '((?:[^'\\]|\\.)*)'/g)) labels.push({ file, en, ko })
}
const texts = catalogues.flatMap(({ file, texts: { en, ko } }) => Object.keys(en).map((key) => ({ place: `${file} ${key}`, en: en[key]!, ko: (ko as Record<string, string>)[key] })))

describe('every text', () => {
  it('was found', () => {
    expect(catalogues.length).toBeGreaterThanOrEqual(3)
    expect(texts.length).toBeGreaterThan(100)
    expect(labels.length).toBeGreaterThan(5)
  })
  it('stands in both languages under the same keys', () => {
    for (const { file, texts: { en, ko } } of catalogues) expect(Object.keys(ko).sort(), file).toEqual(Object.keys(en).sort())
  })
  it('has the same placeholders', () => {
    for (const { place, en, ko } of texts) for (const text of typeof en === 'string' ? [en] : [en.other]) expect(placeholders(ko ?? ''), place).toEqual(placeholders(text))
    for (const { place, en } of texts) if (typeof en !== 'string') expect(placeholders(en.other), place).toEqual(expect.arrayContaining([...placeholders(en.one), 'count']))
  })
  it('is English in English and Korean in Korean', () => {
    const all = [...texts, ...labels.map(({ file, en, ko }) => ({ place: `${file} label`, en, ko }))]
    for (const { place, en, ko } of all) {
      expect(typeof en === 'string' ? en : `${en.one} ${en.other}`, place).not.toMatch(hangul)
      if (!nameless(ko ?? '')) expect(ko, place).toMatch(hangul)
    }
  })
  it('is written politely: a Korean sentence that ends with 다. ends with 니다.', () => {
    for (const { place, ko } of texts) expect(ko, place).not.toMatch(/(?<!니)다[.](?:\s|$)/)
  })
})

describe('a translator', () => {
  const sample = catalogue({ plain: 'Plain', rows: { one: '{count} row of {name}', other: '{count} rows of {name}' } }, { plain: '그대로', rows: '{name}의 행 {count}개' })
  it('fills placeholders, counts in English, and writes numbers with separators', () => {
    const en = translator(sample, 'en')
    const ko = translator(sample, 'ko')
    expect(en('plain')).toBe('Plain')
    expect(en('rows', { count: 1, name: 'a' })).toBe('1 row of a')
    expect(en('rows', { count: 12_345, name: '{x}' })).toBe('12,345 rows of {x}')
    expect(ko('rows', { count: 1, name: 'a' })).toBe('a의 행 1개')
  })
  it('is held by the compiler', () => {
    // @ts-expect-error a key is missing in Korean
    catalogue({ a: 'A', b: 'B' }, { a: '가' })
    // @ts-expect-error a placeholder is missing in Korean
    catalogue({ a: 'A {name}' }, { a: '가' })
    // @ts-expect-error a placeholder is only in Korean
    catalogue({ a: 'A' }, { a: '가 {name}' })
    // @ts-expect-error a key is only in Korean
    catalogue({ a: 'A' }, { a: '가', b: '나' })
    const t = translator(sample, 'en')
    // @ts-expect-error an unknown key
    expect(() => t('nothing')).toThrow()
    // @ts-expect-error a value is not given
    t('rows', { count: 1 })
  })
})
