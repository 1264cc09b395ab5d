// The expressions of the public templates, held against re2js: what is accepted, whether it stands in a text, and what it finds there.
import { load } from 'js-yaml'
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { expect, test } from 'vitest'
import { corpusFiles, isTemplateFile, missingTemplates } from '../../../tests/templates-corpus.ts'
import { PatternError, compileRegex } from './index.ts'

function expressionsIn(files: readonly { readonly path: string; readonly content: Uint8Array }[]): Set<string> {
  const found = new Set<string>()
  const gather = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'regex' && Array.isArray(value)) for (const source of value) if (typeof source === 'string') found.add(source)
      gather(value)
    }
  }
  for (const { path, content } of files) {
    if (!isTemplateFile(path) || !Buffer.from(content).includes('regex')) continue
    try {
      gather(load(Buffer.from(content).toString('utf8')))
    } catch {
      // No YAML: the reader of templates tells of it.
    }
  }
  return found
}

/** Texts that the expression itself brings to mind, so that many are found: its own letters, and those with its classes filled in. */
const brought = (source: string): string[] => {
  const plain = source.replaceAll(/\(\?[a-zA-Z<>:-]*/g, '(').replaceAll(/\\[dD]/g, '7').replaceAll(/\\[wW]/g, 'w').replaceAll(/\\[sS]/g, ' ').replaceAll(/\[[^\]]*\]/g, 'a1').replaceAll(/[*+?^$()|\\]|\{[\d,]+\}/g, '').replaceAll('.', '-')
  return [source, plain, `x ${plain.toUpperCase()}\n"${plain}"=0123456789abcdef0123456789abcdef é`]
}

const full = process.env['HAECHI_TEST_FULL'] === '1'

test.skipIf(missingTemplates !== false)(`${full ? 'all' : 'every fifth of the'} expressions of the public templates${missingTemplates === false ? '' : `: ${missingTemplates}`}`, { timeout: 120_000 }, () => {
  const all = [...expressionsIn(corpusFiles()!)]
  expect(all.length).toBeGreaterThan(5000)
  const sources = full ? all : all.filter((_, at) => at % 5 === 0)
  let stood = 0
  for (const source of sources) {
    let oracle: RE2JS | null = null
    try {
      oracle = RE2JS.compile(source)
    } catch (error) {
      if (!(error instanceof RE2JSSyntaxException)) throw error
    }
    if (oracle === null) {
      expect(() => compileRegex(source), source).toThrow(PatternError)
      continue
    }
    const regex = compileRegex(source)
    for (const text of brought(source)) {
      const matcher = oracle.matcher(text)
      const wanted = matcher.find() ? [matcher.start(), ...Array.from({ length: oracle.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined)] : null
      const found = regex.exec(text)
      if (wanted !== null) stood += 1
      expect({ source, text, found: found === null ? null : [found.index, ...found.groups] }).toEqual({ source, text, found: wanted })
      expect(regex.test(text)).toBe(wanted !== null)
    }
  }
  // Otherwise the texts say little.
  expect(stood).toBeGreaterThan(sources.length / 2)
})
