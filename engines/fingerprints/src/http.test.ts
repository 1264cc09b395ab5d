import { expect, test } from 'vitest'
import { bannersOf, createIdentifier, identifyHttp, readFingerprints } from './index.ts'

test('headers, title, icon and certificate go to the databases that know such texts', () => {
  expect(bannersOf({
    headers: { Server: 'nginx', 'Set-Cookie': ['a=1', 'b=2'], 'x-other': 'x' }, body: '<title>T</title>', favicon: new Uint8Array(), certificate: { subject: 'CN=a', issuer: 'CN=b' },
  })).toEqual([
    { database: 'http_header.server', banner: 'nginx' }, { database: 'http_header.cookie', banner: 'a=1' }, { database: 'http_header.cookie', banner: 'b=2' }, { database: 'html_title', banner: 'T' },
    { database: 'favicon.md5', banner: 'd41d8cd98f00b204e9800998ecf8427e' }, { database: 'x509.subject', banner: 'CN=a' }, { database: 'x509.issuer', banner: 'CN=b' },
  ])
  expect(bannersOf({})).toEqual([])
  expect(bannersOf({ headers: JSON.parse('{"constructor":"x","__proto__":"y"}') as Record<string, string> })).toEqual([])
  const { databases } = readFingerprints([{ path: 'html_title.xml', content: '<fingerprints><fingerprint pattern="^T$"><description>d</description><param pos="0" name="service.product" value="P"/></fingerprint></fingerprints>' }])
  expect(identifyHttp(createIdentifier(databases), { body: '<title>T</title>' })).toMatchObject([{ service: { product: 'P' } }])
})
