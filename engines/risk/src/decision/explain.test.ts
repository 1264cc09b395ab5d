import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from './decide.ts'
import { bandName, explain, factorName, levelName, stateName, weaknessName } from './explain.ts'
import { anyFacts, day, facts, now } from './facts.fixture.ts'
import { weaknesses } from './weaknesses.ts'

test('says what to do by when, the row with its sources, and what the unknown would change', () => {
  expect(explain(decide(facts(), now), 'en')).toEqual([
    'Urgent: within 3 days, and look for traces of an intrusion, due 2026-11-25.', 'Row 15 of the BOD 26-04 table: known to be exploited (KEV), reached from outside (measured), exploitable by machine (SSVC), total impact (SSVC).',
  ])
  expect(explain(decide(facts({ foundAt: now - 9 * day }), now), 'en')[0]).toBe('Urgent: within 3 days, and look for traces of an intrusion, due 2026-11-16 (overdue).')
  expect(explain(decide(facts({ vulnerability: null }), now), 'ko')).toEqual([
    '긴급 대응: 3일 이내, 침해 흔적 조사 병행, 기한 2026-11-25.',
    'BOD 26-04 표의 15행: 악용 사례가 확인됨 (알 수 없어 더 나쁜 쪽으로 가정), 외부에서 접근됨 (실측), 자동화된 공격이 가능함 (알 수 없어 더 나쁜 쪽으로 가정), 영향이 전면적임 (알 수 없어 더 나쁜 쪽으로 가정).',
    '확인 결과가 "악용 사례가 확인되지 않음", "자동화된 공격이 어려움", "영향이 부분적임"이면: 60일 이내.',
  ])
})

describe.each(['en', 'ko'] as const)('in %s', (language) => {
  test('every word is there, in its own letters', () => {
    fc.assert(fc.property(anyFacts, (one) => {
      const decision = decide(one, now)
      const sentences = [...explain(decision, language), levelName(decision.level, language), bandName(decision.band, language), stateName(decision.state, language), ...decision.factors.map(({ name }) => factorName(name, language))]
      for (const sentence of sentences) {
        expect(sentence).not.toMatch(/undefined|null|NaN/)
        expect(/[가-힣]/.test(sentence)).toBe(language === 'ko')
      }
    }), { numRuns: 500 })
    for (const weakness of weaknesses) expect(/[가-힣]/.test(weaknessName(weakness, language))).toBe(language === 'ko')
  })
})
