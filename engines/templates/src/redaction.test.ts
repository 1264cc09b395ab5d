import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { runOn } from './http/web.fixture.ts'
import { redacted } from './redaction.ts'
import { templateOf, templateText } from './template.fixture.ts'

const looking = (tags: string) => templateOf(templateText('http:\n  - path:\n      - "{{BaseURL}}/config.js"\n    extractors:\n      - type: regex\n        name: key\n        regex:\n          - "sk_[a-z0-9_]+|한글[가-힣]+"\n').replace('One,two', tags))
const secret = 'sk_live_4f9a8b7c6d5e4f3a'
const found = async (tags: string, body: string) => (await runOn({ http: () => ({ body }) }, looking(tags))).matches.map(redacted)

test('a secret is told by an excerpt and its hash, and nowhere else', async () => {
  const [match] = await found('exposure,token', `key = "${secret}"; again ${secret}_x`)
  const hash = createHash('sha256').update(secret).digest('hex').slice(0, 12)
  expect(match!.extracted[0]).toBe(`sk_l… (${secret.length} characters, sha256 ${hash})`)
  expect(JSON.stringify(match)).not.toContain('4f9a8b7c')
  expect(match!.evidence.response).toContain('key = "sk_l…')
})
test('a short one is not even begun', async () => {
  expect((await found('Keys', 'sk_abc'))[0]!.extracted).toEqual(['… (6 characters)'])
})
test('text beyond ASCII is cut as text', async () => {
  expect(JSON.stringify(await found('secret', Buffer.from('한글비밀번호입니다').toString('latin1')))).not.toContain('비밀번호')
})
test('what other templates extract stays', async () => {
  expect((await found('exposure,tech', `x ${secret}`))[0]!.extracted).toEqual([secret])
})
