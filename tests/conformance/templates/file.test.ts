// File templates: the fixtures of Nuclei's integration tests, and what its documentation says of names, sizes, archives and conditions.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createFileScan } from '../../../engines/templates/src/file.ts'
import type { FileEntry, Match, Template } from '../../../engines/templates/src/index.ts'
import { blockTemplate, expectationsOf, fixture, missingFixtures } from './harness.ts'

const entry = (path: string, content: string | Buffer): FileEntry => {
  const bytes = Buffer.from(content).toString('latin1')
  return { path, size: bytes.length, read: maxBytes => Promise.resolve(bytes.slice(0, maxBytes)) }
}
const judge = async (templates: Template | readonly Template[], files: Readonly<Record<string, string | Buffer>>): Promise<Match[]> => {
  const scan = createFileScan(Array.isArray(templates) ? (templates as readonly Template[]) : [templates as Template])
  const matches: Match[] = []
  for (const [path, content] of Object.entries(files)) matches.push(...await scan.judge(entry(path, content)))
  return matches
}
const places = (matches: readonly Match[]): string[] => matches.map(match => match.matchedAt)
const block = (rest: string): Template => blockTemplate('file', `\n  - ${rest.trim()}\n`)
const wordIn = (fields: string): Template => block(`${fields}\n    matchers: [{ type: word, words: [needle] }]`)

describe.skipIf(missingFixtures !== false)(`fixtures${missingFixtures === false ? '' : ` (${missingFixtures})`}`, () => {
  it('none is left out', () => {
    expect(expectationsOf('file.test.ts').flatMap(({ fixtures }) => fixtures).toSorted()).toEqual(['extract', 'matcher-with-nested-and', 'matcher-with-or'].map(name => `protocols/file/${name}.yaml`).toSorted())
  })

  const data = { 'data/one.txt': 'AAA\nBBB\n', 'data/two.txt': 'CCC\nDDD\n', 'data/three.txt': '11 EE 11\n11 FF 11\n' }
  it.each([['matcher-with-or', ['data/one.txt'], []], ['matcher-with-nested-and', ['data/two.txt'], []], ['extract', ['data/three.txt'], ['11 EE 11', '11 FF 11']]] as const)('%s', async (name, found, extracted) => {
    const matches = await judge(fixture(`protocols/file/${name}.yaml`), data)
    expect(places(matches)).toEqual(found)
    expect(matches.flatMap(match => match.extracted)).toEqual(extracted)
  })
})

describe('which files are read', () => {
  const files = (paths: readonly string[]): Record<string, string> => Object.fromEntries(paths.map(path => [path, 'a needle\n']))

  it('those of the extensions, with and without a dot', async () => {
    expect(places(await judge(wordIn('extensions: [php, ".conf", htaccess]'), files(['a/x.php', 'x.conf', 'b/.htaccess', 'x.txt', 'x.php.bak', 'php', 'conf'])))).toEqual(['a/x.php', 'x.conf', 'b/.htaccess'])
  })

  it('all but those that hold nothing to read, unless one of these is named', async () => {
    expect(places(await judge(wordIn('extensions: [all]'), files(['x', 'x.txt', 'x.png', 'x.csv', 'y.zip', 'y.tar.gz', 'x.PNG'])))).toEqual(['x', 'x.txt', 'x.PNG'])
    expect(places(await judge(wordIn('extensions: [all, png]'), files(['x.txt', 'x.png', 'x.gif'])))).toEqual(['x.txt', 'x.png'])
  })

  it('none that is denied: by extension, by name, by folder', async () => {
    const template = wordIn('extensions: [all]\n    denylist: [".log", secret.txt, node_modules, a/b/]')
    expect(places(await judge(template, files(['x.log', 'x/secret.txt', 'node_modules/x.js', 'y/node_modules/z/x.js', 'a/b/c.txt', 'a/bc.txt', 'ok.txt'])))).toEqual(['a/bc.txt', 'ok.txt'])
  })

  it('by what they are, where a template asks for a mime type', async () => {
    const template = wordIn('extensions: [application/pdf, image/png]\n    mime-type: true')
    expect(places(await judge(template, { 'a.bin': '%PDF-1.7 needle', 'b.bin': 'needle', 'c.dat': Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('needle')]) }))).toEqual(['a.bin', 'c.dat'])
  })

  it('none that cannot be read, not even for what is missing in it', async () => {
    const template = block('extensions: [all]\n    matchers: [{ type: word, words: [needle], negative: true }]')
    expect(await judge(template, { 'x.txt': 'hay' })).toHaveLength(1)
    expect(await createFileScan([template]).judge({ path: 'x.txt', size: 3, read: () => Promise.resolve(null) })).toEqual([])
  })

  it('as much as a template wants', async () => {
    const content = `${'x'.repeat(2000)}needle`
    expect(await judge(wordIn('extensions: [all]\n    max-size: 1Kb'), { 'x.txt': content })).toEqual([])
    expect(await judge(wordIn('extensions: [all]\n    max-size: 5Kb'), { 'x.txt': content })).toHaveLength(1)
  })

  it('what stands in an archive, where a template says so', async () => {
    const tar = (name: string, content: string): Buffer => {
      const header = Buffer.alloc(512)
      header.write(name, 0)
      header.write(content.length.toString(8).padStart(11, '0'), 124)
      header.write('0', 156)
      header.write('ustar\0', 257)
      return Buffer.concat([header, Buffer.from(content), Buffer.alloc(512 - (content.length % 512) + 1024)])
    }
    const archives = { 'a.tar': tar('in/x.txt', 'needle'), 'b.tar.gz': gzipSync(tar('in/y.txt', 'needle')), 'c.txt.gz': gzipSync('needle'), 'd.gz': Buffer.from('1f8b0800ffff', 'hex'), 'e.tar': tar('x.png', 'needle') }
    expect(places(await judge(wordIn('extensions: [all]\n    archive: true'), archives))).toEqual(['a.tar/in/x.txt', 'b.tar.gz/in/y.txt', 'c.txt'])
    expect(await judge(wordIn('extensions: [all]'), archives)).toEqual([])
  })

  it('a bomb is not unpacked', async () => {
    const scan = createFileScan([wordIn('extensions: [all]\n    archive: true')], { maxBytes: 100_000 })
    expect(await scan.judge(entry('bomb.gz', gzipSync(Buffer.alloc(50_000_000))))).toEqual([])
  })
})

describe('what is found', () => {
  it('lines that hold it, with their numbers, once a file', async () => {
    const [match, ...rest] = await judge(block('extensions: [all]\n    extractors: [{ type: regex, regex: ["key=[0-9]+"] }]'), { 'x.txt': 'a\r\nkey=1\r\nb\nkey=2 key=1' })
    expect(rest).toEqual([])
    expect(match).toMatchObject({ protocol: 'file', matchedAt: 'x.txt', extracted: ['key=1', 'key=2'], evidence: { response: '2: key=1\n4: key=2 key=1' } })
  })

  it('conditions within a matcher and between matchers span lines', async () => {
    const and = block('extensions: [all]\n    matchers: [{ type: word, words: [one, two], condition: and }]')
    const both = block('extensions: [all]\n    matchers-condition: and\n    matchers: [{ type: word, words: [one] }, { type: regex, regex: ["t.o"] }]')
    for (const template of [and, both]) expect(places(await judge(template, { 'a.txt': 'one\ntwo', 'b.txt': 'one\none' }))).toEqual(['a.txt'])
  })

  it('what is missing is missing in the file, not in a line', async () => {
    const template = block('extensions: [conf]\n    matchers: [{ type: word, words: ["ServerTokens Prod"], negative: true }]')
    expect(places(await judge(template, { 'a.conf': 'x\nServerTokens Prod\ny\n', 'b.conf': 'x\n' }))).toEqual(['b.conf'])
  })

  it('named matchers, each once', async () => {
    const template = block('extensions: [all]\n    matchers: [{ type: word, name: first, words: [one] }, { type: word, name: second, words: [two] }, { type: word, name: third, words: [three] }]')
    expect((await judge(template, { 'a.txt': 'one\none\ntwo' })).map(match => match.matcher)).toEqual(['first', 'second'])
  })

  it('bytes, hashes, documents and letters of either case', async () => {
    const content = Buffer.from([0, 1, 10, 0xfe, 0xff])
    const hash = '9b5aba7d9e5d55fb1eb0c9b4b1a5c7c7'
    expect(await judge(block(`extensions: [all]\n    matchers: [{ type: binary, binary: ["010AFE"] }]`), { 'x.bin': content })).toHaveLength(1)
    expect(await judge(block(`extensions: [all]\n    matchers: [{ type: dsl, dsl: ["md5(raw) == '${hash}'", "sha256(raw) == '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'"] }]`), { 'x.txt': 'hello' })).toHaveLength(1)
    expect(await judge(block(`extensions: [all]\n    matchers: [{ type: dsl, dsl: ["md5(raw) == '${hash}'"] }]`), { 'x.txt': 'hello' })).toEqual([])
    expect(await judge(block('extensions: [xml]\n    matchers: [{ type: xpath, part: body, xpath: ["/a/b[@c=\'1\']"] }]'), { 'x.xml': '<?xml version="1.0"?><a>\n<b c="1"/></a>' })).toHaveLength(1)
    expect(await judge(block('extensions: [all]\n    matchers: [{ type: word, words: ["NeeDLE"], case-insensitive: true }]'), { 'x.txt': 'a nEEdle' })).toHaveLength(1)
  })

  it('all templates of a file at once, in their order', async () => {
    const templates = [wordIn('extensions: [all]'), block('extensions: [txt]\n    matchers: [{ type: word, words: [hay] }]'), block('extensions: [php]\n    matchers: [{ type: word, words: [hay] }]')].map((template, place) => ({ ...template, id: `own-${place}` }))
    expect((await judge(templates, { 'x.txt': 'hay\nneedle' })).map(match => match.template)).toEqual(['own-0', 'own-1'])
  })
})
