import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketsIn, linksOf, pathsIn, webUrl } from './links.ts'

const url = new URL('https://a.test/dir/page')
const read = (body: string, headers: readonly (readonly [string, string])[] = []) => linksOf(url, { headers: [['Content-Type', 'text/html'], ...headers], body })

test('links as a browser resolves them, without logins and fragments', () => {
  const found = read('<base href="/base/"><a href="x?a=1#b">1</a><a href="//c.test/y">2</a><a href="mailto:a@b">3</a><a href="javascript:x()">4</a><a href="https://me:pw@d.test/">5</a><iframe src=frame></iframe><link rel="shortcut icon" href=/f.ico><link rel=service-desc href=/api.json><!-- <a href=/no> -->')
  expect(found.pages.map(({ href }) => href)).toEqual(['https://a.test/base/x?a=1', 'https://c.test/y', 'https://d.test/', 'https://a.test/base/frame'])
  expect(found.icons.map(({ href }) => href)).toEqual(['https://a.test/f.ico'])
  expect(found.services.map(({ href }) => href)).toEqual(['https://a.test/api.json'])
  expect(read('', [['Link', '</openapi.json>; rel="service-desc"; type="x", </css>; rel=preload']]).services.map(({ href }) => href)).toEqual(['https://a.test/openapi.json'])
})

test('paths of scripts, and not what only looks like them', () => {
  const script = 'a("/api/v2/users");b(\'https://a.test/x/y?z=1\');c(`/items/${id}`);d("graphql/v1");e="text/html";f="/";g="//";h=/re\\/gex/;i="/a";j="</div>";k="api/orders/1"'
  expect(pathsIn(script, url).map(({ href }) => href)).toEqual(['https://a.test/api/v2/users', 'https://a.test/x/y?z=1', 'https://a.test/items/', 'https://a.test/graphql/v1', 'https://a.test/api/orders/1'])
})

test('buckets of clouds by their names', () => {
  const text = 'https://files.s3.amazonaws.com/a.png //s3.ap-northeast-2.amazonaws.com/other-bucket/x "https:\\/\\/storage.googleapis.com\\/my_bucket\\/x" https://acct.blob.core.windows.net/public/y https://x.s3.example.com/ https://s3.amazonaws.com.evil.test/'
  expect(bucketsIn(text).toSorted()).toEqual(['https://acct.blob.core.windows.net/public', 'https://files.s3.amazonaws.com/', 'https://s3.ap-northeast-2.amazonaws.com/other-bucket'].toSorted())
})

test('any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (body, header) => {
    for (const link of read(`<a href="${body}">${body}`, [['Link', header]]).pages) expect(link.protocol).toMatch(/^https?:$/)
    pathsIn(body, url)
    bucketsIn(body)
    webUrl(body, url)
  }))
})
