import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestAuthorization } from './digest.ts'

const request = { method: 'GET', target: '/dir/index.html' }

test('the examples of RFC 7616, 3.9.1: the strongest that is offered', () => {
  const rest = 'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  const credentials = { username: 'Mufasa', password: 'Circle of Life' }
  const nonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ'
  const strong = digestAuthorization([`Digest algorithm=SHA-256, ${rest}`, `Digest algorithm=MD5, ${rest}`], request, credentials, nonce)
  expect(strong).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"')
  expect(strong).toMatch(/^Digest username="Mufasa", realm="http-auth@example.org", .*algorithm=SHA-256.*, qop=auth, nc=00000001, cnonce="/)
  expect(digestAuthorization([`Digest algorithm=MD5, ${rest}`], request, credentials, nonce)).toContain('response="8ca523f5e9506fed4657c9700eebdbec"')
})

test('the example of RFC 2617, 3.5, and its older form without qop', () => {
  const credentials = { username: 'Mufasa', password: 'Circle Of Life' }
  const challenge = 'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
  expect(digestAuthorization([challenge], request, credentials, '0a4f113b')).toContain('response="6629fae49393a05397450978507c4ef1"')
  const old = digestAuthorization(['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'], request, credentials, '0a4f113b')
  expect(old).toContain('response="670fd8c2df070c60b045671b8b24ff02"')
  expect(old).not.toContain('qop')
})

test('what is not known is not answered', () => {
  const credentials = { username: 'a', password: 'b' }
  for (const challenge of ['Basic realm="x"', 'Digest realm="x"', 'Digest realm="x", nonce="y", algorithm=TOKEN', 'Digest realm="x", nonce="y", qop="auth-int"', '', 'Digest realm="x", nonce="a\r\nX: y"']) expect(digestAuthorization([challenge], request, credentials, 'c')).toBeNull()
  expect(digestAuthorization(['Basic realm="x", Digest realm="y", nonce="z"'], request, credentials, 'c')).toContain('realm="y"')
})

test('a hashed name, a session key, quotes', () => {
  const answer = digestAuthorization(['Digest realm="a\\"b", nonce="n", algorithm=SHA-512-256-sess, qop=auth, userhash=true'], request, { username: 'u"', password: 'p' }, 'c')!
  expect(answer).toMatch(/^Digest username="[0-9a-f]{64}", realm="a\\"b", .*userhash=true$/)
})

test('hostile challenges neither hang nor break the line', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom('Digest ', 'Basic', ' ', ',', '=', '"', '\\', 'nonce', 'realm="', 'qop', 'auth', '\r\n', '\0', 'algorithm=', 'MD5'), { maxLength: 40 }), (pieces) => {
    const answer = digestAuthorization([pieces.join('')], request, { username: 'u', password: 'p' }, 'c')
    if (answer !== null) expect(answer).not.toMatch(/[\r\n\0]/)
  }))
})
