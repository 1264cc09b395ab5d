import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { signatureOf, signerKey, signerKeyOf } from './signature.ts'
import { bytes, httpText } from './template.fixture.ts'

/** As Nuclei signs: the trimmed text, and the signature as Go's gob of a byte slice. */
function signed(text: string, privateKey: Parameters<typeof sign>[2], signer: string): string {
  const der = sign('sha256', Buffer.from(text.trim()), privateKey)
  const gob = Buffer.concat([Buffer.from([der.length + 3, 0x0a, 0x00, der.length]), der])
  return `${text}# digest: ${gob.toString('hex')}:${signer}`
}

test('a text that was signed is verified by the key of its signer, and any changed byte is wrong', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [signer, key] = signerKeyOf(publicKey.export({ type: 'spki', format: 'pem' }) as string)
  const keys = new Map([[signer, key]])
  const content = Buffer.from(signed(httpText('    body: "x"\n'), privateKey, signer))
  expect(signatureOf(content, keys)).toEqual({ signer, state: 'verified' })
  expect(signatureOf(Buffer.concat([Buffer.from('\n'), content, Buffer.from('\r\n')]), keys)?.state).toBe('verified')
  const end = content.lastIndexOf('# digest')
  for (let at = 0; at < end - 1; at += 7) {
    const changed = Buffer.from(content)
    changed[at] = changed[at]! ^ 1
    expect([at, signatureOf(changed, keys)?.state]).toEqual([at, 'wrong'])
  }
  expect(signatureOf(content, new Map())).toEqual({ signer, state: 'unknown_signer' })
  expect(signatureOf(bytes(httpText('')), keys)).toBeNull()
  expect(signatureOf(bytes(`${httpText('')}# digest: no hexadecimal:${signer}`), keys)).toBeNull()
  for (const digest of ['4a0a0047', 'ff'.repeat(40), '00'.repeat(70)]) expect(signatureOf(bytes(`${httpText('')}# digest: ${digest}${'0'.repeat(20)}:${signer}`), keys)?.state).toBe('wrong')
})

test('a key of another curve, or a point that is on none, is no key', () => {
  expect(() => signerKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }) as string)).toThrow(TypeError)
  expect(() => signerKey('00'.repeat(32), '00'.repeat(32))).toThrow()
})
