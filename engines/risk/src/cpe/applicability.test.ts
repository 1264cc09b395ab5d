import { describe, expect, test } from 'vitest'
import { cpeInterner, nvdEntry } from '../knowledge/entries.ts'
import { applicability } from './applicability.ts'
import { readCpe } from './name.ts'

type Match = { criteria: string; vulnerable?: boolean; versionStartIncluding?: string; versionStartExcluding?: string; versionEndIncluding?: string; versionEndExcluding?: string }
const node = (operator: 'AND' | 'OR', ...cpeMatch: readonly Match[]) => ({ operator, negate: false, cpeMatch })
const applies = (configurations: unknown, ...products: readonly string[]) => applicability(nvdEntry({ cve: 'CVE-2024-0001', configurations }, cpeInterner()).configurations, products.map(readCpe)).applies
const openssh = 'cpe:2.3:a:openbsd:openssh'

describe('ranges', () => {
  const range = (bounds: Partial<Match>) => [{ nodes: [node('OR', { criteria: `${openssh}:*:*:*:*:*:*:*:*`, ...bounds })] }]
  test.each([
    [{}, '1.0', 'yes'], [{}, '*', 'yes'], [{}, '-', 'yes'], [{ versionStartIncluding: '8.5' }, '8.5', 'yes'], [{ versionStartIncluding: '8.5' }, '8.4', 'no'], [{ versionStartExcluding: '8.5' }, '8.5', 'no'], [{ versionStartExcluding: '8.5' }, '8.5.1', 'yes'],
    [{ versionEndIncluding: '9.8' }, '9.8', 'yes'], [{ versionEndIncluding: '9.8' }, '9.8.1', 'no'], [{ versionEndExcluding: '9.8' }, '9.8', 'no'], [{ versionEndExcluding: '9.8' }, '9.7.9', 'yes'], [{ versionEndExcluding: '9.8' }, '*', 'possible'], [{ versionEndExcluding: '9.8' }, '-', 'no'],
    [{ versionStartIncluding: '8.5', versionEndExcluding: '9.8' }, '9.2', 'yes'], [{ versionEndExcluding: '9.3p2' }, '9.3p1', 'yes'], [{ versionEndExcluding: '2.0' }, '2.0-rc1', 'yes'],
  ] as const)('%o holds %s: %s', (bounds, version, expected) => {
    expect(applies(range(bounds), `${openssh}:${version}:*:*:*:*:*:*:*`)).toBe(expected)
  })
  test('version and update are read together', () => {
    expect(applies(range({ versionEndExcluding: '9.3p2' }), `${openssh}:9.3:p1`)).toBe('yes')
    expect(applies(range({ versionEndExcluding: '9.3p2' }), `${openssh}:9.3:p2`)).toBe('no')
    expect(applies([{ nodes: [node('OR', { criteria: `${openssh}:9.3:p1:*:*:*:*:*:*` })] }], `${openssh}:9.3p1`)).toBe('yes')
    expect(applies([{ nodes: [node('OR', { criteria: `${openssh}:9.3p1:*:*:*:*:*:*:*` })] }], `${openssh}:9.3:p1`)).toBe('yes')
    expect(applies([{ nodes: [node('OR', { criteria: `${openssh}:9.3:p1:*:*:*:*:*:*` })] }], `${openssh}:9.3:p2`)).toBe('no')
  })
})

describe('nodes', () => {
  const router = [{ operator: 'AND', nodes: [node('OR', { criteria: 'cpe:2.3:o:maker:firmware:*:*:*:*:*:*:*:*', versionEndExcluding: '2.0' }), node('OR', { criteria: 'cpe:2.3:h:maker:router:-:*:*:*:*:*:*:*', vulnerable: false })] }]
  test('AND needs both; what the asset does not name at all leaves it possible', () => {
    expect(applies(router, 'cpe:2.3:o:maker:firmware:1.0', 'cpe:2.3:h:maker:router:-')).toBe('yes')
    expect(applies(router, 'cpe:2.3:o:maker:firmware:1.0')).toBe('possible')
    expect(applies(router, 'cpe:2.3:o:maker:firmware:1.0', 'cpe:2.3:h:other:thing:-')).toBe('no')
    expect(applies(router, 'cpe:2.3:o:maker:firmware:2.0', 'cpe:2.3:h:maker:router:-')).toBe('no')
    expect(applies(router, 'cpe:2.3:h:maker:router:-')).toBe('no')
  })
  test('negate turns a node around', () => {
    const outside = [{ operator: 'AND', nodes: [node('OR', { criteria: `${openssh}:*:*:*:*:*:*:*:*` }), { ...node('OR', { criteria: 'cpe:2.3:o:openbsd:openbsd:*:*:*:*:*:*:*:*', vulnerable: false }), negate: true }] }]
    expect(applies(outside, `${openssh}:9.2`, 'cpe:2.3:o:linux:linux_kernel:6.1')).toBe('yes')
    expect(applies(outside, `${openssh}:9.2`, 'cpe:2.3:o:openbsd:openbsd:7.0')).toBe('no')
    expect(applies(outside, `${openssh}:9.2`)).toBe('possible')
  })
  test('children of NVD\'s older form', () => {
    expect(applies([{ operator: 'AND', children: [node('OR', { criteria: `${openssh}:9.2:*:*:*:*:*:*:*` }), node('OR', { criteria: 'cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*', vulnerable: false })] }], `${openssh}:9.2`, 'cpe:2.3:o:linux:linux_kernel:6.1')).toBe('yes')
  })
  test('one of several configurations is enough, the surest counts', () => {
    expect(applies([router[0], { nodes: [node('OR', { criteria: 'cpe:2.3:o:maker:firmware:1.0:*:*:*:*:*:*:*' })] }], 'cpe:2.3:o:maker:firmware:1.0')).toBe('yes')
  })
  test('what is only the environment is never what is vulnerable', () => {
    expect(applies([{ nodes: [node('OR', { criteria: `${openssh}:*:*:*:*:*:*:*:*`, vulnerable: false })] }], `${openssh}:9.2`)).toBe('no')
  })
  test('an edition that the asset does not state leaves it possible; another one does not match', () => {
    const plugin = [{ nodes: [node('OR', { criteria: 'cpe:2.3:a:maker:forms:*:*:*:*:*:wordpress:*:*', versionEndExcluding: '2.0' })] }]
    expect(applies(plugin, 'cpe:2.3:a:maker:forms:1.0')).toBe('possible')
    expect(applies(plugin, 'cpe:2.3:a:maker:forms:1.0:*:*:*:*:wordpress:*:*')).toBe('yes')
    expect(applies(plugin, 'cpe:2.3:a:maker:forms:1.0:*:*:*:*:joomla:*:*')).toBe('no')
  })
})
