import { expect, test } from 'vitest'
import { listingOf as bucketListingOf } from './buckets.ts'
import { crawl } from './crawl.ts'
import { findExposures } from './exposures.ts'
import { judgeHeaders } from './headers.ts'
import { bucketsIn, linksOf, pathsIn } from './links.ts'
import { listingOf } from './listings.ts'
import { web } from './site.fixture.ts'
import { Visitor } from './visitor.ts'

// Texts on which an expression that goes back looks at every place as often as there are places.
const units = [
  ' ', '\n', '\t\n', '\r\n', 'a', 'A', '0', '.', '/', '<', '<a ', '<a href="', '"', "'", '{', '{"', '"a":', '[', '-', 'A=', 'A=1\n', ':', 'a: \n', '# HELP a b\n', '<?xml ', '<Key>', '<Blob>', '<Name>', 'url: "', '<form>', '-----BEGIN PRIVATE KEY-----\n', '"/a', 'clusters:\n', 'services:\n',
  '[a]\n', '<title>', '// a\n', 'adapter: a\n', 'spring:\n', 'INSERT INTO ', 'COPY ', 'allow: ', 'machine a login b\n', '//a/:_', '%', '&#', 'https://s3.', '//# sourceMappingURL=', '<configuration connectionString="', '"sources":["a', '<loc>',
]

test.each(units)('a text of %j is read in time by all who read it', async (unit) => {
  const text = unit.repeat(Math.ceil(131_072 / unit.length)).slice(0, 131_072)
  const url = new URL('https://a.test/')
  const slow: string[] = []
  const timed = async (name: string, work: () => unknown): Promise<void> => {
    const from = performance.now()
    await work()
    const took = performance.now() - from
    if (took > 5_000) slow.push(`${name} ${Math.round(took)} ms`)
  }
  const visitor = (type: string): Visitor => new Visitor(web(() => ({ body: text, type })).run, { requests: 1_000, bytes: 1e9, durationMs: 1e6 })
  const response = { status: 200, reason: '', headers: [['Content-Type', 'text/html'], ['Set-Cookie', text.slice(0, 8_000)], ['Link', text.slice(0, 8_000)]] as const, body: text, truncated: false, durationMs: 1, address: '' }
  await timed('links', () => linksOf(url, response))
  await timed('listing', () => listingOf(url, response))
  await timed('headers', () => judgeHeaders('a.test', url, response))
  await timed('paths', () => pathsIn(text, url))
  await timed('buckets', () => bucketsIn(text))
  await timed('bucket', () => bucketListingOf(`<ListBucketResult>${text}`))
  await timed('exposures', () => findExposures(url, 'a.test', [], visitor('text/plain'), (length) => 'q'.repeat(length)))
  await timed('crawl', () => crawl({ url, response }, 'a.test', { pages: 2, depth: 1 }, visitor('text/plain')))
  expect(slow).toEqual([])
})
