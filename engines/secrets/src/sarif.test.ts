import { expect, test } from 'vitest'
import { readSecretRules } from './rules.ts'
import { toSarif } from './sarif.ts'
import type { Leak } from './sarif.ts'

const { rules: [rule] } = readSecretRules([{ path: 'a.yaml', content: "- id: badge\n  name: { en: Badge, ko: 배지 }\n  provider: Example\n  severity: high\n  keywords: [badge-]\n  pattern: 'badge-[0-9a-f]{8}'\n" }])
const leak = (live: Leak['live']): Leak => ({ rule: rule!, excerpt: 'badg…(14)', hash: '00', source: '.', path: `설정/${live}.env`, line: 3, column: 7, confidence: 0.95, present: true, first: null, live })

test('what its provider said of a secret is its level', () => {
  const { runs: [run] } = JSON.parse(toSarif([leak('alive'), leak('dead'), leak('unknown'), leak(null)], { version: '1.0.0', language: 'ko' })) as { runs: { results: { level: string; message: { text: string }; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[] }
  expect(run?.results.map(({ level }) => level)).toEqual(['error', 'note', 'error', 'error'])
  expect(run?.results[0]).toMatchObject({ message: { text: '배지: badg…(14)' }, locations: [{ physicalLocation: { artifactLocation: { uri: '%EC%84%A4%EC%A0%95/alive.env' } } }] })
})
