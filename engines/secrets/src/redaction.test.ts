import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from './redaction.ts'

const told = (secret: string): ReturnType<typeof redact> => redact({ rule: 'r', secret, start: 0, end: secret.length, line: 1, column: 1, confidence: 1 })

test('the prefix and the length are told', () => {
  expect(told(`ghp_${'k7Qx9Lm2pR'.repeat(4).slice(0, 36)}`).excerpt).toBe('ghp_…(40)')
  expect(told(`sk_live_${'k7Qx9Lm2pR'.repeat(4)}`).excerpt).toBe('sk_live_…(48)')
  expect(told('k7Qx9Lm2').excerpt).toBe('…(8)')
})

test('no secret stands in what is told, nor more than a third of it; the same has the same hash and another another', () => {
  fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 80 }), fc.string({ minLength: 1, maxLength: 80 }), (one, other) => {
    const { excerpt, hash } = told(one)
    const shown = excerpt.slice(0, excerpt.indexOf('…'))
    expect(shown.length).toBeLessThanOrEqual(one.length / 3)
    expect(excerpt).toMatch(/^[\x21-\x7e]*…\(\d+\)$/)
    expect(hash).toMatch(/^[0-9a-f]{16}$/)
    expect(told(other).hash === hash).toBe(one === other)
  }))
})
