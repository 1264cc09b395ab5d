import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { kinds } from '@haechi/openapi-tools'
import type { ChangeKind } from '@haechi/openapi-tools'
import { expect, test } from 'vitest'
import { aboutKind, gradeWords } from './kind-words.ts'

const names = Object.keys(kinds) as ChangeKind[]

test('every kind is told in both languages, and its reverse is a kind', () => {
  expect(names.length).toBeGreaterThan(100)
  for (const kind of names) {
    expect([kind, aboutKind(kind, 'ko')]).toEqual([kind, expect.stringMatching(/다(?:\(x-mcp\))?$/)])
    expect([kind, aboutKind(kind, 'en')]).toEqual([kind, expect.stringMatching(/^[a-z][^가-힣]{5,}$/)])
    expect(names).toContain(kinds[kind].reverse)
  }
})

test.each([['en', 'mcp-check.md'], ['ko', 'mcp-check.ko.md']] as const)('the table of the guide (%s) is the one that is used', (language, file) => {
  const guide = readFileSync(fileURLToPath(new URL(`../../../../docs/guide/${file}`, import.meta.url)), 'utf8')
  const rows = guide.split('\n').filter((line) => /^\| `[a-z-]+` \|[^|]+\|[^|]+\|$/.test(line))
  expect(rows).toEqual(names.map((kind) => `| \`${kind}\` | ${gradeWords[language][kinds[kind].grade]} | ${aboutKind(kind, language)} |`))
})
