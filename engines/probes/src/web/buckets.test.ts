import fc from 'fast-check'
import { expect, test } from 'vitest'
import { listingOf, probeBucket } from './buckets.ts'
import { web } from './site.fixture.ts'
import type { Site } from './site.fixture.ts'

const bucket = (url: string, site: Site) => probeBucket(url, { run: web(site).run })
const xml = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}) => ({ status, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`, type: 'application/xml', headers })

test('listings of Amazon, Google and Azure', async () => {
  expect(await bucket('https://papers.s3.amazonaws.com/', () => xml('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>papers</Name><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b/c.pdf</Key></Contents></ListBucketResult>', 200, { 'x-amz-request-id': '1' })))
    .toMatchObject({ provider: 's3', state: 'listed', name: 'papers', objects: 1, more: true, findings: [{ severity: 'medium', evidence: { en: '1 and more names, such as a&b/c.pdf', ko: '이름 1개 이상, 예: a&b/c.pdf' } }] })
  expect(await bucket('https://storage.googleapis.com/papers', () => xml("<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>papers</Name><IsTruncated>false</IsTruncated><Contents><Key>backup/db.sql</Key></Contents></ListBucketResult>", 200, { 'x-guploader-uploadid': 'x' })))
    .toMatchObject({ provider: 'gcs', state: 'listed', findings: [{ severity: 'high' }] })
  const azure: Site = (_, url) => (url.searchParams.get('comp') === 'list' ? xml('<EnumerationResults ServiceEndpoint="https://a.blob.core.windows.net/" ContainerName="papers"><Blobs><Blob><Name>x.txt</Name></Blob></Blobs><NextMarker/></EnumerationResults>', 200, { 'x-ms-request-id': '1' }) : xml('<Error><Code>ResourceNotFound</Code></Error>', 404, { 'x-ms-request-id': '1' }))
  expect(await bucket('https://a.blob.core.windows.net/papers', azure)).toMatchObject({ provider: 'azure', state: 'listed', name: 'papers', objects: 1, more: false })
})

test('private, missing, none, and no answer', async () => {
  expect(await bucket('https://papers.s3.amazonaws.com/', () => xml('<Error><Code>AccessDenied</Code></Error>', 403))).toMatchObject({ provider: 's3', state: 'private', findings: [] })
  expect(await bucket('https://papers.s3.amazonaws.com/', () => xml('<Error><Code>NoSuchBucket</Code></Error>', 404))).toMatchObject({ provider: 's3', state: 'missing', findings: [] })
  expect(await bucket('https://a.test/papers', () => '<title>Shop</title><p>&lt;ListBucketResult&gt;')).toMatchObject({ provider: null, state: 'no_bucket', findings: [] })
  expect(await bucket('https://a.test/papers', () => 'refused')).toMatchObject({ state: 'no_answer', faults: [{ fault: 'refused' }] })
  expect(await bucket('https://a.blob.core.windows.net/papers', () => xml('<Error><Code>PublicAccessNotPermitted</Code></Error>', 409, { 'x-ms-request-id': '1' }))).toMatchObject({ provider: 'azure', state: 'private' })
})

test('names are told by their ends only, and any text is borne', async () => {
  const long = `${'x'.repeat(40)}-passwords.txt`
  const { findings } = await bucket('https://papers.s3.amazonaws.com/', () => xml(`<ListBucketResult><Name>p</Name><Contents><Key>${long}</Key></Contents></ListBucketResult>`))
  expect(findings[0]?.evidence.en).toContain('such as')
  expect(JSON.stringify(findings)).not.toContain(long)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void listingOf(`<ListBucketResult>${text}`)))
})
