import { createHash, createHmac, createPublicKey, generateKeyPairSync, sign, verify, constants } from 'node:crypto'
import fc from 'fast-check'
import { httpbis, createSigner } from 'http-message-signatures'
import { describe, expect, test } from 'vitest'
import { HaechiError } from '../platform/errors.ts'
import { digestMatches, ed25519PublicKey, parseTimestamp, readScheme1, readScheme2, readSignature, scheme1Signature } from './signing.ts'
import type { SignedRequest, SigningKey } from './signing.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof HaechiError ? error.code : String(error)
  }
}
const rejection = (work: Promise<unknown>): Promise<string> => work.then(() => 'none', (error: unknown) => (error instanceof HaechiError ? error.code : String(error)))
const requestOf = (method: string, url: string, headers: Record<string, string>, target = url): SignedRequest =>
  ({ method, path: new URL(url).pathname, url: new URL(url), target: new URL(target), headers: new Headers(headers) })

describe('RFC 9421 appendix B.2', () => {
  const fields = {
    host: 'example.com', date: 'Tue, 20 Apr 2021 02:07:55 GMT', 'content-type': 'application/json', 'content-length': '18',
    'content-digest': 'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
  }
  const read = (input: string, signature: string) =>
    readSignature('POST', new URL('https://example.com/foo?param=Value&Pet=dog'), new Headers({ ...fields, 'signature-input': input, signature }))
  // B.1.2; RSA-PSS is none of our algorithms, but it proves the bases.
  const rsaPss = createPublicKey(`-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`)
  const pss = (base: string, signature: Uint8Array) => verify('sha512', Buffer.from(base), { key: rsaPss, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, signature)

  test('B.2.1 minimal', async () => {
    const { base, signature, parameters } = await read('sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
      'sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:')
    expect(base).toBe('"@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"')
    expect(parameters).toMatchObject({ keyid: 'test-key-rsa-pss', nonce: 'b3k2pp5k7z-50gnwp.yemd' })
    expect(pss(base, signature)).toBe(true)
  })
  test('B.2.2 selective', async () => {
    const { base, signature } = await read('sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
      'sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:')
    expect(base.split('\n').slice(0, 3)).toEqual(['"@authority": example.com', `"content-digest": ${fields['content-digest']}`, '"@query-param";name="Pet": dog'])
    expect(pss(base, signature)).toBe(true)
  })
  test('B.2.3 full coverage', async () => {
    const { base, signature } = await read('sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
      'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:')
    expect(base).toContain('"@path": /foo\n"@query": ?param=Value&Pet=dog\n"@authority": example.com')
    expect(pss(base, signature)).toBe(true)
  })
  // B.2.4 signs a response with ECDSA: a server that verifies requests never meets it.
  test('B.2.5 hmac-sha256', async () => {
    const { base, signature } = await read('sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"', 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:')
    const secret = Buffer.from('uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==', 'base64')
    expect(createHmac('sha256', secret).update(base).digest().equals(signature)).toBe(true)
  })
  test('B.2.6 ed25519', async () => {
    const { base, signature } = await read('sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:')
    const key = createPublicKey(ed25519PublicKey('JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=')!)
    expect(verify(null, Buffer.from(base), key, signature)).toBe(true)
  })
  test('Content-Digest of the test message (RFC 9530)', () => {
    const body = Buffer.from('{"hello": "world"}')
    expect(digestMatches(fields['content-digest'], body)).toBe(true)
    expect(digestMatches('sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:', body)).toBe(true)
    expect(digestMatches(`${fields['content-digest']}, unknown=:AAAA:`, body)).toBe(true)
    expect(digestMatches(fields['content-digest'], Buffer.from('{"hello": "world!"}'))).toBe(false)
    // One of two is wrong; none is known; not a dictionary.
    expect(digestMatches(`${fields['content-digest']}, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:`, body)).toBe(false)
    expect(digestMatches('md5=:AAAA:', body)).toBe(false)
    expect(digestMatches('', body)).toBe(false)
    expect(digestMatches('sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=', body)).toBe(false)
  })
})

describe('scheme 2', () => {
  const secret = Buffer.from('a secret')
  const hmac: SigningKey = { algorithm: 'hmac-sha256', secret }
  /** A second implementation of the signature base, from the text of the RFC alone. */
  const signed = (method: string, url: string, body: string, change: { components?: string[]; parameters?: string; digest?: string | null; key?: Buffer } = {}): SignedRequest => {
    const target = new URL(url)
    const digest = change.digest === undefined ? `sha-256=:${createHash('sha256').update(body).digest('base64')}:` : change.digest
    const components = change.components ?? ['@method', '@authority', '@path', '@query', ...(digest === null ? [] : ['content-digest'])]
    const value = (name: string): string => ({
      '@method': method, '@authority': target.host, '@path': target.pathname, '@query': target.search === '' ? '?' : target.search, 'content-digest': digest ?? '',
    })[name] ?? ''
    const parameters = `(${components.map((name) => `"${name}"`).join(' ')});${change.parameters ?? 'created=1700000000;expires=1700000300;nonce="n";keyid="k"'}`
    const base = [...components.map((name) => `"${name}": ${value(name)}`), `"@signature-params": ${parameters}`].join('\n')
    const signature = createHmac('sha256', change.key ?? secret).update(base).digest('base64')
    return requestOf(method, url, { ...(digest === null ? {} : { 'content-digest': digest }), 'signature-input': `sig=${parameters}`, signature: `sig=:${signature}:` })
  }

  test('any request that a second implementation signs holds, and no other key or body does', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom('GET', 'POST', 'DELETE'), fc.webPath(), fc.webQueryParameters(), fc.string(), fc.string({ minLength: 1 }), async (method, path, query, body, other) => {
      const url = new URL(`https://soc.example:8443${path.startsWith('/') ? path : `/${path}`}${query === '' ? '' : `?${query}`}`).href
      const claim = await readScheme2(signed(method, url, body))
      expect(claim.holds(hmac, Buffer.from(body))).toBe(true)
      expect(claim.holds({ algorithm: 'hmac-sha256', secret: Buffer.from(`${secret.toString()}${other}`) }, Buffer.from(body))).toBe(false)
      expect(codeOf(() => claim.holds(hmac, Buffer.from(body + other)))).toBe('content_digest_mismatch')
    }))
  })

  test('what the library signs holds here, by HMAC and by Ed25519', async () => {
    const pair = generateKeyPairSync('ed25519')
    const keys = [
      { signer: createSigner(secret, 'hmac-sha256', 'k'), key: hmac },
      { signer: createSigner(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), 'ed25519', 'k'), key: { algorithm: 'ed25519', publicKey: pair.publicKey } as SigningKey },
    ]
    for (const { signer, key } of keys) {
      const message = await httpbis.signMessage({
        key: signer, fields: ['@method', '@authority', '@path', '@query'], params: ['created', 'expires', 'nonce', 'keyid', 'alg'], paramValues: { created: new Date(1_700_000_000_000), nonce: 'n1' },
      }, { method: 'GET', url: 'http://soc.example/api/v1/incidents?status=open', headers: {} })
      const claim = await readScheme2(requestOf('GET', 'http://soc.example/api/v1/incidents?status=open', message.headers))
      expect(claim).toMatchObject({ scheme: 2, keyId: 'k', signedAt: 1_700_000_000_000, expiresAt: 1_700_000_300_000 })
      expect(claim.holds(key, Buffer.alloc(0))).toBe(true)
      expect(keys.filter((other) => other.key !== key).map((other) => claim.holds(other.key, Buffer.alloc(0)))).toEqual([false])
      const moved = await readScheme2(requestOf('GET', 'http://soc.example/api/v1/incidents?status=all', message.headers))
      expect(moved.holds(key, Buffer.alloc(0))).toBe(false)
    }
  })

  test.each(['@method', '@authority', '@path', '@query'])('%s must be covered', async (missing) => {
    const components = ['@method', '@authority', '@path', '@query', 'content-digest'].filter((name) => name !== missing)
    expect(await rejection(readScheme2(signed('POST', 'https://soc.example/a', '{}', { components })))).toBe('signature_incomplete')
  })
  test.each(['created', 'expires', 'nonce', 'keyid'])('%s must be there', async (missing) => {
    const parameters = ['created=1700000000', 'expires=1700000300', 'nonce="n"', 'keyid="k"'].filter((parameter) => !parameter.startsWith(missing)).join(';')
    expect(await rejection(readScheme2(signed('POST', 'https://soc.example/a', '{}', { parameters })))).toBe('signature_incomplete')
  })
  test('a body without a covered digest', async () => {
    const claim = await readScheme2(signed('POST', 'https://soc.example/a', '{}', { digest: null }))
    expect(codeOf(() => claim.holds(hmac, Buffer.from('{}')))).toBe('signature_incomplete')
    expect(claim.holds(hmac, Buffer.alloc(0))).toBe(true)
  })
  test('a member of the digest that is covered by key alone does not count', async () => {
    // Signed in good order, over the member sha-256 alone: the rest of the field could be anything.
    const digest = createHash('sha256').update('{}').digest('base64')
    const parameters = '("@method" "@authority" "@path" "@query" "content-digest";key="sha-256");created=1700000000;expires=1700000300;nonce="n";keyid="k"'
    const base = `"@method": POST\n"@authority": soc.example\n"@path": /a\n"@query": ?\n"content-digest";key="sha-256": :${digest}:\n"@signature-params": ${parameters}`
    const signature = createHmac('sha256', secret).update(base).digest('base64')
    const claim = await readScheme2(requestOf('POST', 'https://soc.example/a', { 'content-digest': `sha-256=:${digest}:`, 'signature-input': `sig=${parameters}`, signature: `sig=:${signature}:` }))
    expect(codeOf(() => claim.holds(hmac, Buffer.from('{}')))).toBe('signature_incomplete')
  })
  test('another algorithm than the key has', async () => {
    const claim = await readScheme2(signed('GET', 'https://soc.example/a', '', { parameters: 'created=1700000000;expires=1700000300;nonce="n";keyid="k";alg="ed25519"' }))
    expect(claim.holds(hmac, Buffer.alloc(0))).toBe(false)
  })
  test('behind a prefix the path that was sent and the path that is routed both hold', async () => {
    const sent = signed('GET', 'https://soc.example/mdr/api/v1/session', '')
    const routed = new URL('https://soc.example/api/v1/session')
    expect((await readScheme2({ ...sent, url: routed, path: routed.pathname })).holds(hmac, Buffer.alloc(0))).toBe(true)
    const stripped = signed('GET', routed.href, '')
    expect((await readScheme2({ ...stripped, target: new URL('https://soc.example/mdr/api/v1/session') })).holds(hmac, Buffer.alloc(0))).toBe(true)
  })
  test.each([
    ['no signature for the input', { signature: 'other=:AAAA:' }, 'credentials_malformed'],
    ['only one of the two fields', { signature: '' }, 'credentials_malformed'],
    ['not a dictionary', { 'signature-input': '((((' }, 'credentials_malformed'],
    ['an unknown component', { 'signature-input': 'sig=("@unknown");created=1' }, 'credentials_malformed'],
    ['two signatures', { 'signature-input': 'a=("@method");created=1, b=("@method");created=1', signature: 'a=:AAAA:, b=:AAAA:' }, 'signature_invalid'],
    ['created is text', { 'signature-input': 'sig=("@method" "@authority" "@path" "@query");created="x";expires=2;nonce="n";keyid="k"' }, 'signature_invalid'],
    ['created is a fraction', { 'signature-input': 'sig=("@method" "@authority" "@path" "@query");created=1.5;expires=2;nonce="n";keyid="k"' }, 'signature_invalid'],
    ['keyid is a number', { 'signature-input': 'sig=("@method" "@authority" "@path" "@query");created=1;expires=2;nonce="n";keyid=1' }, 'signature_invalid'],
    ['an empty nonce', { 'signature-input': 'sig=("@method" "@authority" "@path" "@query");created=1;expires=2;nonce="";keyid="k"' }, 'signature_invalid'],
  ])('%s', async (_, headers, code) => {
    const request = signed('GET', 'https://soc.example/a', '', { digest: null })
    for (const [name, value] of Object.entries(headers)) request.headers.set(name, value)
    expect(await rejection(readScheme2(request))).toBe(code)
  })
  test('garbage never gets another answer than a coded one', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'grapheme-ascii' }), fc.string({ unit: 'grapheme-ascii' }), async (input, signature) => {
      expect(['signature_incomplete', 'signature_invalid', 'credentials_malformed']).toContain(await rejection(readScheme2(requestOf('GET', 'https://a.example/', { 'signature-input': input, signature }))))
    }))
  })
})

describe('scheme 1', () => {
  const secret = Buffer.from('s3cret')
  test('the published form', () => {
    const expected = createHmac('sha256', 's3cret').update('POST\n/api/v1/incidents/inc_1/actions\n2026-03-01T09:00:00.123456\n{"reason": "\\uc5d1"}').digest('hex')
    expect(scheme1Signature(secret, 'POST', '/api/v1/incidents/inc_1/actions', '2026-03-01T09:00:00.123456', Buffer.from('{"reason": "\\uc5d1"}')).toString('hex')).toBe(expected)
  })
  test('the signature is of these bytes and no others', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), fc.string(), (body, other, key) => {
      const headers = { 'X-API-Key': 'k', 'X-Timestamp': '2026-03-01T09:00:00', 'X-Signature': createHmac('sha256', key).update('PUT\n/a\n2026-03-01T09:00:00\n').update(body).digest('hex').toUpperCase() }
      const claim = readScheme1(requestOf('PUT', 'http://h/a', headers))
      expect(claim.holds({ algorithm: 'hmac-sha256', secret: Buffer.from(key) }, body)).toBe(true)
      expect(claim.holds({ algorithm: 'hmac-sha256', secret: Buffer.from(`${key}.`) }, body)).toBe(false)
      expect(claim.holds({ algorithm: 'hmac-sha256', secret: Buffer.from(key) }, other)).toBe(Buffer.from(other).equals(body))
    }))
  })
  test('an Ed25519 key never proves scheme 1', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const hex = sign(null, Buffer.from('x'), privateKey).toString('hex').slice(0, 64)
    expect(readScheme1(requestOf('GET', 'http://h/', { 'X-API-Key': 'k', 'X-Timestamp': '2026-03-01T09:00:00', 'X-Signature': hex })).holds({ algorithm: 'ed25519', publicKey }, Buffer.alloc(0))).toBe(false)
  })
  test.each([
    [{ 'X-Timestamp': '2026-03-01T09:00:00', 'X-Signature': 'a'.repeat(64) }, 'signature_incomplete'],
    [{ 'X-API-Key': 'k', 'X-Signature': 'a'.repeat(64) }, 'signature_incomplete'],
    [{ 'X-API-Key': 'k', 'X-Timestamp': '2026-03-01T09:00:00', 'X-Signature': 'abc' }, 'signature_invalid'],
    [{ 'X-API-Key': 'k', 'X-Timestamp': 'yesterday', 'X-Signature': 'a'.repeat(64) }, 'signature_timestamp_invalid'],
  ])('%o', (headers, code) => {
    expect(codeOf(() => readScheme1(requestOf('GET', 'http://h/', headers as unknown as Record<string, string>)))).toBe(code)
  })
})

describe('timestamps', () => {
  test.each([
    ['2026-03-01T09:00:00', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T09:00:00.123456', '2026-03-01T09:00:00.123Z'],
    ['2026-03-01T09:00:00.9999999', '2026-03-01T09:00:00.999Z'],
    ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T18:00:00+09:00', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T04:30:00-0430', '2026-03-01T09:00:00.000Z'],
    ['2024-02-29T23:59:59.5', '2024-02-29T23:59:59.500Z'],
  ])('%s', (text, expected) => { expect(new Date(parseTimestamp(text)).toISOString()).toBe(expected) })
  test.each(['', '2026-02-29T00:00:00', '2026-13-01T00:00:00', '2026-03-01', '2026-03-01 09:00:00', '2026-03-01T24:00:00', '2026-03-01T09:60:00', '2026-03-01T09:00:60', '2026-03-01T09:00:00.', '1772355600',
    '2026-03-01T09:00:00+25:00', '2026-03-01T09:00:00z', ' 2026-03-01T09:00:00', '2026-03-01T09:00:00\n', '\u0662026-03-01T09:00:00'])('refused: %j', (text) => {
    expect(codeOf(() => parseTimestamp(text))).toBe('signature_timestamp_invalid')
  })
  test('every instant comes back, in each of the forms that clients send', () => {
    const instants = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
    fc.assert(fc.property(instants, fc.integer({ min: -23 * 60, max: 23 * 60 }), (at, offset) => {
      const iso = at.toISOString()
      expect(parseTimestamp(iso)).toBe(at.getTime())
      expect(parseTimestamp(iso.slice(0, -1))).toBe(at.getTime())
      expect(parseTimestamp(`${iso.slice(0, -1)}000`)).toBe(at.getTime())
      const local = new Date(at.getTime() + offset * 60_000)
      fc.pre(local.getUTCFullYear() >= 0 && local.getUTCFullYear() <= 9999)
      const zone = `${offset < 0 ? '-' : '+'}${String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')}:${String(Math.abs(offset) % 60).padStart(2, '0')}`
      expect(parseTimestamp(`${local.toISOString().slice(0, -1)}${zone}`)).toBe(at.getTime())
    }))
  })
})

describe('public keys', () => {
  test('PEM and raw are the same key; anything else is none', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')
    expect(ed25519PublicKey(pem)).toBe(pem)
    expect(ed25519PublicKey(raw)).toBe(pem)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
    for (const text of ['', 'x', raw.slice(4), rsa, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()]) expect(ed25519PublicKey(text), text).toBeUndefined()
  })
})
