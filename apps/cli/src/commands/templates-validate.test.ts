import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, haechi } from '../process.fixture.ts'

const template = (id: string, lines = ''): string => `id: ${id}\ninfo: {name: n, author: a, severity: low}\nhttp:\n  - path: ["{{BaseURL}}"]\n${lines}`

function files(given: Readonly<Record<string, string>>): string {
  const root = folder()
  for (const [name, text] of Object.entries(given)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

test('a line for each file, in the order of their names', async () => {
  const root = files({ 'c.yaml': template('c', '    matchers: [{type: regex, regex: ["("]}]'), 'a.yaml': template('a'), 'b.yaml': template('b', '    body: "{{interactsh-url}}"'), 'd.yaml': template('a') })
  const { code, out, err } = await haechi(['templates', 'validate', root, '--json'])
  const lines = out.trim().split('\n').map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
  expect([code, err]).toEqual([1, ''])
  expect(lines[0]).toEqual({ file: join(root, 'a.yaml'), status: 'runnable', code: null, place: null, reason: null, id: 'a', severity: 'low', protocols: ['http'], trust: 'unsigned', signer: null })
  expect(lines.map(({ file, status, code: why, place, id }) => [file, status, why, place, id])).toEqual([
    [join(root, 'a.yaml'), 'runnable', null, null, 'a'], [join(root, 'b.yaml'), 'parsed', 'needs_out_of_band', 'http[0].body', 'b'], [join(root, 'c.yaml'), 'refused', 'regex_invalid', 'http[0].matchers[0].regex[0]', null], [join(root, 'd.yaml'), 'refused', 'duplicate_id', 'id', null],
  ])
})

test('people see what is refused, what was changed after it was signed, and totals', async () => {
  const signed = `${template('s')}# digest: 4a0a0047${'30'.repeat(71)}:922c64590222798bb761d5b6d8e72950`
  const root = files({ 'a.yaml': template('a'), 'b.yaml': 'x: 1', 's.yaml': signed })
  const english = await haechi(['templates', 'validate', root, '--lang', 'en'])
  expect(english).toMatchObject({ code: 1, err: '3 files: 2 runnable (66.7 %), 0 parsed, 1 refused. Signatures: wrong 1, unsigned 1.\n' })
  expect(english.out).toContain(`${join(root, 'b.yaml')}: line 1: not_a_template: `)
  expect(english.out).toContain(`${join(root, 's.yaml')}: was changed after it was signed\n`)
  expect(english.out).toMatch(/^runnable +2 +/m)
  const korean = await haechi(['templates', 'validate', root, '--lang', 'ko'])
  expect(korean.err).toBe('파일 3개: 실행 가능 2개(66.7 %), 읽기만 함 0개, 거부 1개. 서명: 바뀜 1, 서명 없음 1.\n')
})

test('0 where nothing is refused, 1 where a path holds no template', async () => {
  const root = files({ 'a.yaml': template('a'), 'none/readme.md': '' })
  expect((await haechi(['templates', 'validate', join(root, 'a.yaml')])).code).toBe(0)
  expect(await haechi(['templates', 'validate', join(root, 'none'), '--json'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('templates_missing') })
  expect((await haechi(['templates', 'validate'])).code).toBe(2)
})

test('signatures of a key that a person names are verified; what is no such key is told', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = sign('sha256', Buffer.from(template('a').trim()), privateKey)
  const digest = Buffer.concat([Buffer.from([der.length + 3, 0x0a, 0x00, der.length]), der]).toString('hex')
  const root = files({ 'key.pem': publicKey.export({ type: 'spki', format: 'pem' }) as string, 'no.pem': 'x' })
  const { x } = publicKey.export({ format: 'jwk' })
  const signer = createHash('md5').update(Buffer.from(x!, 'base64url').toString('hex').replace(/^(?:00)+/, ''), 'hex').digest('hex')
  writeFileSync(join(root, 'a.yaml'), `${template('a')}\n# digest: ${digest}:${signer}\n`)
  const trust = async (...more: string[]): Promise<unknown> => (JSON.parse((await haechi(['templates', 'validate', join(root, 'a.yaml'), '--json', ...more])).out) as { trust: string }).trust
  expect([await trust(), await trust('--signer', join(root, 'key.pem'))]).toEqual(['unknown_signer', 'verified'])
  expect(await haechi(['templates', 'validate', root, '--json', '--signer', join(root, 'no.pem')])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('signer_invalid') })
})
