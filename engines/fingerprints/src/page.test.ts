import fc from 'fast-check'
import { parse } from 'parse5'
import { expect, test } from 'vitest'
import { readPage } from './page.ts'

test('title, meta, scripts and links as they are written', () => {
  const page = readPage(`<!doctype html><HTML><head><Title>
    A &amp; B&#32;&#x43;</TITLE><meta name=Generator content='X 1'><meta property="og:site_name" content="S"><meta http-equiv="refresh" content="0"/>
    <script src="/a.js" async></script><script>var x = '<meta name="no" content="no"><script src="/no.js">'</script><link rel=icon href=/i.ico><script SRC='/b.js'/></script>`)
  expect(page).toEqual({ title: 'A & B C', metas: new Map([['generator', ['X 1']], ['og:site_name', ['S']], ['refresh', ['0']]]), scripts: ['/a.js', '/b.js'], links: ['/i.ico'] })
})

test('what is commented out, quoted, or text is not there', () => {
  expect(readPage('<!-- <title>no</title><script src="/no.js"></script> --><textarea><meta name="no" content="x"></textarea><a title="<script src=/no.js>">x</a>')).toMatchObject({ title: '', metas: new Map() })
  expect(readPage('<title>first</title><title>second</title>').title).toBe('first')
})

test('a page that ends anywhere, or never, is read in time', () => {
  const whole = '<title>a</title><meta name="generator" content="b"><script src="c"></script><!-- x -->'
  for (let at = 0; at <= whole.length; at++) readPage(whole.slice(0, at))
  const from = performance.now()
  for (const unit of ['<', '<!--', '<script>', '<script ', '<meta a="', "<meta a='b=\"", '<title>', '<meta ', '</', '<link href=x ', '&amp;', '<meta name=a content=b>', '<textarea>', '<a "']) readPage(unit.repeat(Math.ceil(1_000_000 / unit.length)))
  expect(performance.now() - from).toBeLessThan(10_000)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (html) => void readPage(html)))
})

// Beside a whole parser, for pages of well-written tags.
type Element = { readonly nodeName: string; readonly attrs?: readonly { name: string; value: string }[]; readonly childNodes?: readonly Element[]; readonly value?: string }
function walk(node: Element, found: { title: string[]; scripts: string[]; generators: string[] }): typeof found {
  const attribute = (name: string) => node.attrs?.find((each) => each.name === name)?.value
  if (node.nodeName === 'title') found.title.push((node.childNodes ?? []).map(({ value }) => value ?? '').join('').replace(/\s+/g, ' ').trim())
  if (node.nodeName === 'script' && (attribute('src') ?? '') !== '') found.scripts.push(attribute('src') ?? '')
  if (node.nodeName === 'meta' && attribute('name')?.toLowerCase() === 'generator' && attribute('content') !== undefined) found.generators.push(attribute('content') ?? '')
  for (const child of node.childNodes ?? []) walk(child, found)
  return found
}
const text = fc.constantFrom('x', ' a b ', '&amp;', '&#65;', '>', "'", '한글', '/js/app.js?v=1.2')
const piece = fc.oneof(
  text.map((value) => `<title>${value}</title>`), text.map((value) => `<script src="${value}"></script>`), text.map((value) => `<script async src = "${value}" defer>var a = "<title>no</title>"</script>`),
  text.map((value) => `<META content="${value}" NAME="Generator">`), text.map((value) => `<!-- <script src="${value}"></script> -->`), text.map((value) => `<p class="${value}">t</p>`),
)
test('reads what a whole parser reads', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
    const html = `<!doctype html><head>${pieces.join('\n')}`
    const expected = walk(parse(html), { title: [], scripts: [], generators: [] })
    const page = readPage(html)
    expect([page.title, page.scripts, page.metas.get('generator') ?? []]).toEqual([expected.title[0] ?? '', expected.scripts, expected.generators])
  }))
})
