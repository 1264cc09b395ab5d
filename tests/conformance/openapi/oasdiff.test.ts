// The differ against another one: pairs of documents and what oasdiff (Apache-2.0, its own tests) says of them. oasdiff.json has a verdict for each case and
// what is found in it, which is found again here; where a verdict is `agree`, the kinds and the breaking level must be those of oasdiff.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { diff, readDocument, toTools } from '../../../engines/openapi-tools/src/index.ts'
import type { Change, ChangeKind, ToolSet } from '../../../engines/openapi-tools/src/index.ts'
import { corpus } from '../../server.ts'

type Case = { readonly test: string; readonly base: string; readonly revision: string; readonly until_level: 'INFO' | 'WARN' | 'ERR'; readonly expected: readonly { readonly id: string; readonly level: 'INFO' | 'WARN' | 'ERR' }[]; readonly expected_count: number | null; readonly exact: boolean }
type Verdict = { readonly test: string; readonly verdict: 'agree' | 'invisible' | 'disagree'; /** 'grade kind' of all that is found. */ readonly kinds: readonly string[]; readonly reason?: string }
const classified = JSON.parse(readFileSync(new URL('oasdiff.json', import.meta.url), 'utf8')) as { readonly kinds: Readonly<Record<string, readonly ChangeKind[]>>; readonly cases: readonly Verdict[] }

const folderOf = join(corpus, 'oasdiff')
const there = existsSync(join(folderOf, 'cases.json'))

describe.skipIf(!there)(`oasdiff${there ? '' : `: skipped, there is no ${folderOf} (set HAECHI_CORPUS)`}`, () => {
  const cases = there ? JSON.parse(readFileSync(join(folderOf, 'cases.json'), 'utf8')) as Case[] : []
  const folder = mkdtempSync(join(tmpdir(), 'haechi-oasdiff-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  if (there) spawnSync('tar', ['xzf', join(folderOf, 'oasdiff-fixtures.tar.gz'), '-C', folder])

  function toolsOf(file: string): ToolSet {
    const read = readDocument(readFileSync(join(folder, file)))
    if ('refusal' in read) throw new Error(`${file}: ${read.refusal.reason}`)
    return toTools(read.document)
  }
  const verdicts = new Map(classified.cases.map((verdict) => [verdict.test, verdict]))

  test('every case has a verdict, and every verdict a case', () => {
    expect(cases.length).toBeGreaterThanOrEqual(203)
    expect([...verdicts.keys()].sort()).toEqual(cases.map(({ test: name }) => name).sort())
    for (const { verdict, reason } of verdicts.values()) expect(reason !== undefined).toBe(verdict !== 'agree')
    const count = (verdict: Verdict['verdict']): number => classified.cases.filter((each) => each.verdict === verdict).length
    console.log(`oasdiff: ${cases.length} cases: ${count('agree')} agree, ${count('invisible')} not visible to a tool, ${count('disagree')} disagree with a reason`)
  })

  test.each(cases)('$test', ({ test: name, base, revision, expected, expected_count: count, exact, until_level: level }) => {
    const verdict = verdicts.get(name)!
    const changes = diff(toolsOf(base), toolsOf(revision))
    expect([...new Set(changes.map(({ grade, kind }) => `${grade} ${kind}`))].sort()).toEqual(verdict.kinds)
    expect(verdict.verdict === 'agree').toBe(agrees(changes))

    function agrees(found: readonly Change[]): boolean {
      const counts = ({ grade }: Change): boolean => grade === 'review' || grade === 'breaking' || grade === 'dangerous'
      const all = expected.every(({ id, level: theirs }) => found.some((change) => classified.kinds[id]!.includes(change.kind) && counts(change) === (theirs !== 'INFO')))
      if (!all) return false
      if (expected.length > 0) return true
      // Nothing is to break; or so many changes that are not named.
      if (exact && level !== 'INFO') return !found.some(({ grade }) => grade === 'breaking' || grade === 'dangerous')
      return count === null || count === 0 || found.some((change) => level === 'INFO' || counts(change))
    }
  })
})
