import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHtml, readXml, textOf } from './markup.ts'
import { compileXPath } from './xpath.ts'
import { TemplateError } from './problem.ts'

const library = readXml(`<?xml version="1.0"?>
<!DOCTYPE library [<!ELEMENT library ANY>]>
<library xmlns:d="urn:d"><!-- shelves -->
  <shelf id="s1" d:row="1"><book lang="ko" year="2001">가나 &amp; 다</book><book lang="en" year="1999">Second <b>bold</b></book><book year="2010"/></shelf>
  <shelf id="s2"><book lang="en" year="2020"><![CDATA[<third>]]></book></shelf>
  <d:note>&#x41;&#66;</d:note>
</library>`)!
const told = (source: string, root = library): unknown => {
  const value = compileXPath(source).evaluate(root)
  return typeof value === 'object' ? value.map((node) => (node.kind === 'attribute' ? `@${node.value}` : textOf(node))) : value
}

test.each<[string, unknown]>([
  ['/library/shelf/book/@year', ['@2001', '@1999', '@2010', '@2020']],
  ['//book[1]', ['가나 & 다', '<third>']],
  ['(//book)[1]', ['가나 & 다']],
  ['//book[last()]/@year', ['@2010', '@2020']],
  ['//book[position() > 1 and @lang]', ['Second bold']],
  ['//book[@year > 2000][not(@lang)]/@year', ['@2010']],
  ["//*[@id='s2']/preceding-sibling::shelf/@id", ['@s1']],
  ['//b/ancestor::shelf/@id', ['@s1']],
  ['//b/..', ['Second bold']],
  ['//d:note', ['AB']],
  ['//@d:row', ['@1']],
  ["//book[contains(text(), '다')]/@lang | //shelf[2]/@id", ['@ko', '@s2']],
  ["concat(/library/shelf[1]/@id, '-', count(//book))", 's1-4'],
  ['sum(//book/@year) div count(//book)', 2007.5],
  ["translate('bar', 'abc', 'AB')", 'BAr'],
  ["substring('12345', 1.5, 2.6)", '234'],
  ["substring('12345', 0, 3)", '12'],
  ["substring-before('a=b', '=')", 'a'],
  ["normalize-space('  a   b ')", 'a b'],
  ["string-length('가나😀')", 3],
  ['//shelf[book/@lang = "ko"]/@id', ['@s1']],
  ['//book/@lang != "ko"', true],
  ['//nothing = //nothing', false],
  ["matches(//shelf[1]/@id, '^s[0-9]$')", true],
  ['-count(//book) + 2 * 3 mod 4', -2],
  ['4 - 2 - 1', 1],
  ["//shelf[@id='s1'and not(contains(@id, 'x'))]/@id", ['@s1']],
  ['string(//book)', '가나 & 다'],
  ["boolean('') or false()", false],
  ["//book[2]/following::book/@year", ['@2010', '@2020']],
  ['//comment()', [' shelves ']],
  ['//text()[. = "bold"]', ['bold']],
  ['//book[@lang][2]/@year', ['@1999']],
  ['* | /', [expect.anything(), expect.anything()]],
  ['local-name(//d:note)', 'note'],
])('%s', (source, expected) => {
  expect(told(source)).toEqual(expected)
})

test('HTML is read as browsers do: a table gets its body, names are small, entities are letters', () => {
  const page = readHtml('<html><head><title>It &eacute;</title></head><body><table><tr><td><form><input id=x value="1"><input ID="y" VALUE=2></form></table>')
  expect(told('/html/body/table/tbody/tr/td/form/input[2]/@value', page)).toEqual(['@2'])
  expect(told('/html/head/title', page)).toEqual(['It é'])
  expect(told("//input[@id='x'][1]/@value", page)).toEqual(['@1'])
})

test.each(['<?xml?><a>', '<?xml?><a></b>', '<?xml?><a>&nope;</a>', '<?xml?><a b=c/>', '<?xml?><a b="1"c="2"/>', '<?xml?>text', '<?xml?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', '<?xml?><a>&#0;</a>', '<?xml?>', '<?xml?><a/>x', '<?xml?><a><!-- </a>'])('no XML: %s', (text) => {
  expect(readXml(text)).toBeNull()
})

test.each(['', '//', '/a[', 'a b', 'foo(', 'nope()', "'x", 'a/@', '$v', 'a::b', 'count()', 'contains(a)', '//a]', `${'('.repeat(200)}1${')'.repeat(200)}`])('no expression: %s', (source) => {
  expect(() => compileXPath(source)).toThrow(TemplateError)
})

describe('bounds', () => {
  const exhausted = expect.objectContaining({ code: 'exhausted' })
  test('an expression that multiplies itself ends', () => {
    const page = readHtml('<i>x</i>'.repeat(3000))
    expect(() => compileXPath('//*[count(//*[count(//i) > 1]) > 1]').evaluate(page)).toThrow(exhausted)
  })
  test('texts that are joined again and again count', () => {
    const page = readHtml(`<p>${'y'.repeat(100_000)}</p>`.repeat(30))
    expect(() => compileXPath("//*[contains(., 'x')][contains(/, 'x')][contains(/, 'z')] | //p[contains(/, 'x') or contains(/, 'y')][contains(/, 'z') or contains(/, 'y')]").evaluate(page)).toThrow(exhausted)
  })
  test('depth', () => {
    expect(() => readHtml('<div>'.repeat(100_000))).toThrow(exhausted)
    expect(() => readXml(`<?xml?>${'<a>'.repeat(100_000)}`)).toThrow(exhausted)
  })
})

test('whatever is read, nothing but the errors that are promised is thrown', () => {
  const piece = fc.constantFrom('<a>', '</a>', '<b c="1">', '&amp;', '&x;', '<!--', '-->', '<![CDATA[', ']]>', '<?p?>', '<table>', '<p>', '<', '>', '"', 'text', '<!DOCTYPE', '/>', '\0', '\uDC80')
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    readXml(`<?xml version="1.0"?>${pieces.join('')}`)
    readHtml(pieces.join(''))
  }))
  const symbol = fc.constantFrom('/', '//', 'a', '@', '*', '[', ']', '(', ')', '1', '"x"', 'and', 'or', '=', '<', '|', '-', '.', '..', 'text()', 'not(', 'last()', ',', 'child::', ' ')
  fc.assert(fc.property(fc.array(symbol, { maxLength: 15 }), (symbols) => {
    try {
      compileXPath(symbols.join('')).evaluate(library)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
    }
  }))
})
