import { HaechiError } from '@haechi/server/errors'
import { expect, test } from 'vitest'
import { textIn } from '../texts.ts'
import { debugTo, masked } from './debug.ts'
import { tell } from './telling.ts'
import type { ServingEvent } from './serving.ts'

function told(event: ServingEvent, language: 'en' | 'ko', json = false): string {
  let text = ''
  const out = { write: (part: string) => { text += part }, terminal: false, width: () => Infinity }
  tell({ json, language, text: textIn(language), out } as unknown as Parameters<typeof tell>[0], event, (line) => { text += `${line}\n` })
  return text
}

const change = (tool: string, kind: string): object => ({ grade: 'review', kind, operation: `GET /${tool}`, tool, place: 'description', detail: `about ${tool}` })
const finding = { tool: 'one', class: 'instruction', rule: 'r', place: '#/description', severity: 'critical', capability: false, reason: 'Tells the model', translations: { ko: '모델에게 시킵니다' }, evidence: 'do\u202e not\u001b[2J' }
const events = {
  swapped: { kind: 'swapped', spec: 'pets', tools: 7, ms: 12.7, changes: [change('a', 'tool-added'), change('b', 'destructive-tool-added'), change('c', 'tool-removed'), ...Array.from({ length: 30 }, () => change('d', 'description-changed'))] },
  kept: { kind: 'kept', spec: 'pets', error: new HaechiError('mcp_findings', { place: 'pets.yaml', count: 1 }), findings: [finding] },
  withheld: { kind: 'withheld', spec: 'pets', findings: [finding] },
  findings: { kind: 'kept', spec: 'pets', error: new HaechiError('mcp_findings', { place: 'pets.yaml', count: 30 }), findings: Array.from({ length: 30 }, () => finding) },
  skipped: { kind: 'skipped', spec: 'pets', count: 3, first: 'GET /x: why' },
  unreachable: { kind: 'unreachable', spec: 'pets', error: new HaechiError('mcp_private_refused', { place: 'localhost:3000' }) },
  log_failed: { kind: 'log_failed', error: new HaechiError('mcp_log_failed', { file: 'x', reason: 'ENOSPC' }) },
} as unknown as Record<string, ServingEvent>

test('what changed is counted and listed, up to a screen of it', () => {
  const text = told(events['swapped']!, 'en')
  expect(text).toContain('pets: a new version is in force: 7 tools (2 added, 1 removed, 1 changed; 13 ms)')
  expect(text.split('\n')).toHaveLength(1 + 20 + 1 + 1)
  expect(text).toContain('and 13 more')
  expect(told(events['findings']!, 'en').split('\n')).toHaveLength(1 + 20 + 1 + 1)
})

test.each(Object.keys(events))('%s: in both languages, without what moves a cursor, and as one line of JSON', (kind) => {
  const [english, korean] = [told(events[kind]!, 'en'), told(events[kind]!, 'ko')]
  expect(english).not.toMatch(/[가-힣]|\{\w+\}/)
  expect(korean).toMatch(/[가-힣]/)
  // oxlint-disable-next-line no-control-regex -- what must not be there
  for (const text of [english, korean]) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/)
  const [line, rest] = told(events[kind]!, 'en', true).split('\n')
  expect(JSON.parse(line!)).toMatchObject({ event: events[kind]!.kind })
  expect(rest).toBe('')
})

test('what --debug shows has no secret, no end and no control over the terminal', () => {
  const lines: string[] = []
  const sink = debugTo((line) => lines.push(line))
  sink.message('in', 'anonymous', { method: 'tools/call', params: { arguments: { password: 'hush', apiKey: 'hush', nested: { access_token: 'hush' }, q: 'seen\u001b[2J' } } })
  sink.request({ method: 'GET', url: 'http://x/?q=1', headers: { 'x-api-key': 'hush' } })
  sink.answer(200, { 'content-type': 'text/plain' }, 1.23)
  sink.failed(new Error('broken'))
  const text = lines.join('')
  expect(text).not.toContain('hush')
  expect(text).not.toContain('\u001b')
  expect(text).toContain('seen')
  expect(lines).toHaveLength(4)
  expect(masked({ long: 'x'.repeat(10_000) }).length).toBeLessThan(2_100)
})
