import { expect, test } from 'vitest'
import { crawl, isHarmful, shapeOf } from './crawl.ts'
import { pages, web } from './site.fixture.ts'
import type { Answering, Site } from './site.fixture.ts'
import { Visitor } from './visitor.ts'

async function crawled(site: Site, limits = { pages: 50, depth: 4 }) {
  const { run, requests } = web(site)
  const visitor = new Visitor(run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 })
  const url = new URL('https://a.test/')
  const result = await crawl({ url, response: (await visitor.ask(url))! }, 'a.test', limits, visitor)
  return { ...result, asked: requests.map(({ method, target, host }) => `${method} ${host}${target}`) }
}
const all = (site: Readonly<Record<string, Answering>>) => crawled(pages(site))

test('pages, scripts, forms and what robots and the site map name', async () => {
  const result = await all({
    '/': '<title>Home</title><a href="/a?x=1#top">a</a><a href="https://b.test/">b</a><img src=/i.png><script src="/app.js"></script><form action=/login method=post><input name=user><input type=password name=pw></form>',
    '/a': '<title>A</title><a href="deep/er">d</a>', '/deep/er': '<title>D</title>', '/robots.txt': { body: 'User-agent: *\nDisallow: /admin/*\nSitemap: /map.xml\n', type: 'text/plain' }, '/admin/': '<title>Admin</title>',
    '/map.xml': { body: '<urlset><url><loc>https://a.test/news?a=1&amp;b=2</loc></url><url><loc>https://c.test/no</loc></url></urlset>', type: 'application/xml' }, '/news': '<title>News</title>',
    '/app.js': { body: 'fetch("/api/v1/users"); axios.get(`/api/items/${id}`); const t = "text/html"; const bucket = "https://assets.s3.amazonaws.com/x"', type: 'text/javascript' },
  })
  expect(result.pages.map(({ title, depth }) => `${depth} ${title}`).toSorted()).toEqual(['0 Home', '1 A', '1 Admin', '1 News', '2 D'])
  expect(result.forms).toEqual([{ url: 'https://a.test/', method: 'POST', action: 'https://a.test/login', fields: ['user', 'pw'], password: true }])
  expect(result.paths).toEqual(['https://a.test/api/items/', 'https://a.test/api/v1/users'])
  expect(result.hosts).toEqual(expect.arrayContaining(['b.test']))
  expect(result.buckets).toEqual(['https://assets.s3.amazonaws.com/'])
  expect(result.asked.every((line) => line.startsWith('GET a.test/'))).toBe(true)
  expect(result.asked.filter((line) => line.includes('login') || line.includes('i.png'))).toEqual([])
})

test('nothing is ended or changed', async () => {
  const harmful = ['/logout', '/log-out', '/user/sign_out', '/account?action=delete', '/a/remove/1', '/shutdown', '/?do=reset', '/%6cogout', '/Unsubscribe?id=1', '/items/1/destroy.json']
  const harmless = ['/blog', '/catalogue', '/undeleted', '/presets', '/about', '/dropdown']
  expect(harmful.filter((path) => !isHarmful(new URL(path, 'https://a.test')))).toEqual([])
  expect(harmless.filter((path) => isHarmful(new URL(path, 'https://a.test')))).toEqual([])
  const result = await crawled((_, url) => (url.pathname === '/' ? [...harmful, ...harmless].map((path) => `<a href="${path}">x</a>`).join('') : '<title>x</title>'))
  expect(result.asked.filter((line) => harmful.some((path) => line === `GET a.test${path}`))).toEqual([])
  expect(result.pages).toHaveLength(1 + harmless.length)
})

test('calendars, mazes and pages that repeat themselves end', async () => {
  let day = 0
  const calendar = await crawled(() => `<title>${day++}</title>${Array.from({ length: 40 }, () => `<a href="/day/${day++}?t=${day}">x</a>`).join('')}`, { pages: 500, depth: 100 })
  expect(calendar.pages.length).toBeLessThan(20)
  const same = await crawled((_, url) => (/\.(?:txt|xml)$/.test(url.pathname) ? null : '<a href="x/">x</a><a href="y/">y</a><a href="z/">z</a>'), { pages: 500, depth: 100 })
  expect(same.pages.length).toBeLessThan(15)
  const one = await crawled((_, url) => (url.pathname.length > 1 && url.pathname.endsWith('t') ? null : Array.from({ length: 100 }, (_n, at) => `<a href="/${String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26))}">x</a>`).join('')), { pages: 500, depth: 100 })
  expect(one.pages.length).toBeLessThan(110)
  expect(shapeOf(new URL('https://a.test/p/12?b=1&a=2'))).toBe(shapeOf(new URL('https://a.test/p/7?a=x&b=y')))
})

test('limits of pages and depth', async () => {
  const tree: Site = (_, url) => (/\.(?:txt|xml)$/.test(url.pathname) ? null : `<title>${url.pathname}</title>${['x', 'y', 'z'].map((name) => `<a href="${url.pathname}${name}/">x</a>`).join('')}`)
  expect((await crawled(tree, { pages: 7, depth: 9 })).pages).toHaveLength(7)
  expect((await crawled(tree, { pages: 100, depth: 2 })).pages).toHaveLength(1 + 3 + 9)
  expect((await crawled(tree, { pages: 1, depth: 0 })).asked).toEqual(['GET a.test/'])
})

test('a source map with the sources is told', async () => {
  const site = { '/': '<script src=/a.js></script><script src=/b.js></script>', '/a.js': { body: 'x\n//# sourceMappingURL=a.js.map', type: 'text/javascript' }, '/a.js.map': { body: '{"version":3,"sources":["x.ts","y.ts"],"sourcesContent":["a","b"]}', type: 'application/json' }, '/b.js': { body: 'x\n//# sourceMappingURL=b.js.map', type: 'text/javascript' }, '/b.js.map': { body: '{"version":3,"sources":["x.ts"]}', type: 'application/json' } }
  expect((await all(site)).findings.map(({ place, evidence }) => [place, evidence])).toEqual([['https://a.test/a.js.map', { en: '2 sources with their text', ko: '원본 파일 2개와 그 내용' }]])
})
