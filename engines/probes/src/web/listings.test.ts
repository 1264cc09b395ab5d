import { expect, test } from 'vitest'
import { findListings, listingOf, privateName, shown } from './listings.ts'
import { pages, web } from './site.fixture.ts'
import { Visitor } from './visitor.ts'

const page = (body: string, type = 'text/html') => ({ status: 200, reason: '', headers: [['Content-Type', type]] as const, body, truncated: false, durationMs: 1, address: '' })
const url = new URL('https://a.test/files/')

// As the servers write them.
const servers: Readonly<Record<string, string>> = {
  'Apache': '<html><head><title>Index of /files</title></head><body><h1>Index of /files</h1><table><tr><td><a href="/">Parent Directory</a></td></tr><tr><td><a href="a.txt">a.txt</a></td></tr></table></body></html>',
  'nginx': '<html>\r\n<head><title>Index of /files/</title></head>\r\n<body>\r\n<h1>Index of /files/</h1><hr><pre><a href="../">../</a>\r\n<a href="a.txt">a.txt</a></pre></body></html>',
  'Python': '<!DOCTYPE HTML><html><head><title>Directory listing for /files/</title></head><body><ul><li><a href="a.txt">a.txt</a></li></ul></body></html>',
  'IIS': '<html><head><title>a.test - /files/</title></head><body><H1>a.test - /files/</H1><pre><A HREF="/">[To Parent Directory]</A><br><A HREF="/files/a.txt">a.txt</A></pre></body></html>',
  'Tomcat': '<html><head><title>Directory Listing For [/files/]</title></head><body><a href="/files/a.txt">a.txt</a></body></html>',
  'serve-index': '<html><head><title>listing directory /files/</title></head><body><ul id="files"><li><a href="/files/a.txt">a.txt</a></li></ul></body></html>',
  'Jetty': '<html><head><title>Directory: /files/</title></head><body><a href="/files/a.txt">a.txt</a></body></html>',
}
test.each(Object.entries(servers))('%s shows its files', (_, body) => {
  expect(listingOf(url, page(body))).toEqual(['a.txt'])
})

test('what is no listing', () => {
  expect(listingOf(url, page('<title>Index of refraction</title><a href="a.txt">a</a>'))).toBeNull()
  expect(listingOf(url, page('<title>Shop - /files/</title><a href="a.txt">a</a>'))).toBeNull()
  expect(listingOf(url, page('<title>Index of /files/</title>'))).toBeNull()
  expect(listingOf(url, { ...page(servers['nginx']!), status: 404 })).toBeNull()
  expect(listingOf(url, page(servers['nginx']!, 'text/plain'))).toBeNull()
})

test('who lists anything lists nothing', async () => {
  const look = (site: Parameters<typeof web>[0]) => findListings(new URL('https://a.test/'), 'a.test', [url], new Visitor(web(site).run, { requests: 100, bytes: 1e6, durationMs: 1e6 }), (length) => 'q'.repeat(length))
  expect((await look(() => servers['nginx']!)).findings).toEqual([])
  const { findings, files } = await look(pages({ '/files/': servers['nginx']!.replaceAll('a.txt', 'customers.csv') }))
  expect(findings.map(({ severity, place, evidence }) => [severity, place, evidence])).toEqual([['medium', 'https://a.test/files/', { en: '1 names, among them customers.csv', ko: '이름 1개, 그중 customers.csv 포함' }]])
  expect(files.map(({ href }) => href)).toEqual(['https://a.test/files/customers.csv'])
})

test('no directory is asked for whose name ends a session or changes something', async () => {
  const { run, requests } = web(pages({}))
  await findListings(new URL('https://a.test/'), 'a.test', ['/logout/', '/users/delete/5', '/reports/x'].map((path) => new URL(path, 'https://a.test/')), new Visitor(run, { requests: 100, bytes: 1e6, durationMs: 1e6 }), (length) => 'q'.repeat(length))
  const asked = requests.map(({ target }) => target)
  expect(asked).toContain('/reports/')
  expect(asked.filter((target) => /logout|delete/.test(target))).toEqual([])
})

test('names that nobody shows on purpose', () => {
  expect(['db.sql', 'site.bak', 'payroll-2026.xlsx', '.env', 'id_rsa', 'my_passwords.txt', 'customers.csv', 'dump.sql.gz', 'server.key', '급여.xlsx'].filter((name) => !privateName.test(name))).toEqual([])
  expect(['index.html', 'logo.png', 'keyboard.js', 'passwordless.md', 'report.pdf', 'environment.js', 'clients.html'].filter((name) => privateName.test(name))).toEqual([])
  expect(shown('a'.repeat(100))).toBe(`${'a'.repeat(12)}…${'a'.repeat(10)}`)
})
