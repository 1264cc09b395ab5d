import { expect, test } from 'vitest'
import { draw } from '../../../content/secrets/draw.ts'
import { isPlaceholder } from './placeholders.ts'

test('blanks, templates and names of secrets', () => {
  for (const text of [
    'AKIAIOSFODNN7EXAMPLE', 'your-api-key', 'YOUR_TOKEN_HERE', 'changeme', 'xxxxxxxxxxxxxxxx', 'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '<password>', '${PASSWORD}', '{{ vault.secret }}', '{base62:20}', '$DB_PASSWORD', '%PASSWORD%',
    'process.env.TOKEN', '********', 'aaaaaaaaaaaa', '000000000000', 'password', 'password123', 'MySecretPassword', 'postgres', 'hunter2', 'REDACTED', 'x${a}y', 'my-secret_token', 'the a an-password 12!',
  ]) expect([text, isPlaceholder(text, true)]).toEqual([text, true])
})

test('what was drawn is none, whatever it is drawn from', () => {
  for (let seed = 0; seed < 300; seed += 1) for (const form of ['{hex:32}', '{base62:20}', 'ghp_{base62:30}{github:6}', '{digits:12}', '{base64:40}']) {
    const text = draw(form, String(seed))
    expect([text, isPlaceholder(text, false)]).toEqual([text, false])
  }
})

test('digits in a row untell what no form tells', () => {
  expect(isPlaceholder('1234567890abc', false)).toBe(true)
  expect(isPlaceholder('1234567890abc', true)).toBe(false)
})

test('words that are asked about in many ways are looked at once', () => {
  // Each pair could be read in two ways: half a minute for 28, and twice as long for one more.
  const from = process.cpuUsage()
  for (const word of ['a-', 'my_', 'secret ', 'the']) expect(isPlaceholder(`${word.repeat(28)}#`, false)).toBe(false)
  for (const word of ['a-', 'your', 'x{a', '<', 'test_']) isPlaceholder(`${word.repeat(8_000)}#`, false)
  expect(isPlaceholder(`x${'${'.repeat(60_000)}`, false)).toBe(false)
  expect(process.cpuUsage(from).user).toBeLessThan(5_000_000)
})
