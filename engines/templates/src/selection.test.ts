import { expect, test } from 'vitest'
import type { Info, Template } from './model.ts'
import { everything, offByDefault, select } from './selection.ts'

const info: Info = { name: 'x', authors: [], severity: 'high', tags: [], description: null, impact: null, remediation: null, references: [], classification: { cve: [], cwe: [], cpe: null, cvssMetrics: null, cvssScore: null, epssScore: null, epssPercentile: null }, metadata: {} }
const template = (id: string, given: Partial<Template> = {}, tags: readonly string[] = [], severity: Info['severity'] = 'high'): Template => ({
  id, file: `${id}.yaml`, hash: '', support: { status: 'runnable' }, signature: null, variables: {}, constants: {}, selfContained: false, stopAtFirstMatch: false, flow: null, blocks: [], workflow: [], ...given, info: { ...info, tags, severity },
})
const all = [
  template('plain', {}, ['cve', 'panel']), template('low', {}, ['panel'], 'low'), template('changes', {}, ['cve', 'Intrusive']), template('stops', {}, ['dos']), template('guesses', {}, ['fuzz', 'intrusive']),
  template('elsewhere', { selfContained: true }), template('steps', { workflow: [{ template: 'plain.yaml', tags: [], matchers: [], subtemplates: [] }] }),
  template('lacks', { support: { status: 'parsed', problem: { code: 'needs_code', place: '', reason: '' } } }), template('signed', { signature: { signer: 'x', state: 'verified' } }), template('changed', { signature: { signer: 'x', state: 'wrong' } }),
]
const chosen = (given: Partial<typeof everything>): string[] => select(all, { ...everything, ...given }).chosen.map(({ id }) => id)

test('what harms, guesses or is for another place is off; each that is left out is counted', () => {
  const { chosen: run, skipped } = select(all, everything)
  expect(run.map(({ id }) => id)).toEqual(['plain', 'low', 'signed', 'changed'])
  expect(skipped).toEqual({ intrusive: 3, self_contained: 1, workflow: 1, not_runnable: 1 })
  for (const tag of Object.keys(offByDefault)) expect(select([template('x', {}, [tag])], everything).chosen, tag).toEqual([])
})

test('asked for by name it runs; what stops a target is never meant by what changes it', () => {
  expect(chosen({ includeIntrusive: true })).toEqual(['plain', 'low', 'changes', 'signed', 'changed'])
  expect(chosen({ tags: ['dos'] })).toEqual(['stops'])
  expect(chosen({ tags: ['fuzz'] })).toEqual([])
  expect(chosen({ tags: ['fuzz'], includeIntrusive: true })).toEqual(['guesses'])
  expect(chosen({ ids: ['stops', 'elsewhere', 'steps', 'lacks'] })).toEqual(['stops', 'elsewhere', 'steps'])
  expect(chosen({ workflows: true })).toContain('steps')
})

test('by tag, severity, id and signature', () => {
  expect(chosen({ tags: ['PANEL', 'none'] })).toEqual(['plain', 'low'])
  expect(chosen({ tags: ['panel'], excludeTags: ['Cve'] })).toEqual(['low'])
  expect(chosen({ severities: ['low', 'info'] })).toEqual(['low'])
  expect(chosen({ ids: ['P*', 'l?w'] })).toEqual(['plain'])
  expect(chosen({ signedOnly: true })).toEqual(['signed'])
})
