import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fakeServer, folder, haechi } from '../process.fixture.ts'

const feed = (more: object = {}) => ({ name: 'urls', format: 'csv', tenant_id: null, indicators: 2, observables: 0, rejected_count: 0, rejected: [], imported_at: '2026-11-22T09:00:00.000Z', ...more })
const result = (indicator: string) => ({ indicator, type: 'domain', verdict: 'malicious', confidence: 80, sources: ['urls'], tags: ['c2'], techniques: [], first_seen: null, last_seen: null, valid_until: null, sightings: 1_234, code: null })

describe('intel import', () => {
  const sent = async (content: string, ...words: string[]) => {
    const { directory, asked } = await fakeServer(() => ({ body: feed() }))
    const file = join(folder(), 'feed')
    writeFileSync(file, content)
    const answer = await haechi(['intel', 'import', file, '--name', 'urls', ...words, '--data', directory])
    return { ...answer, asked: asked[0]! }
  }

  test('the file as it is, for the tenant; what begins like a bundle is STIX unless it is said otherwise', async () => {
    const csv = await sent('value\nbad.example\n', '--tenant', 'acme')
    expect([csv.code, csv.out]).toEqual([0, 'urls: 2 indicators taken, 0 rejected\n'])
    expect([csv.asked.method, csv.asked.path, csv.asked.body, csv.asked.headers['content-type'], csv.asked.headers['x-haechi-tenant']]).toEqual(['POST', '/api/v1/threat-intel/feeds', 'value\nbad.example\n', 'text/csv', 'acme'])
    expect(Object.fromEntries(csv.asked.query)).toEqual({ name: 'urls', format: 'csv' })
    expect((await sent('\ufeff {"type":"bundle"}')).asked.query.get('format')).toBe('stix')
    expect(Object.fromEntries((await sent('{', '--format', 'csv', '--all-tenants', '--verdict', 'benign', '--confidence', '100')).asked.query)).toEqual({ name: 'urls', format: 'csv', all_tenants: 'true', verdict: 'benign', confidence: '100' })
  })

  test('what was rejected is named and counted, and makes it a part of the whole', async () => {
    const rejected = Array.from({ length: 30 }, (_, n) => ({ line: n + 1, place: `line ${n + 1}`, code: 'value_invalid', reason: '"x" is none' }))
    const { directory } = await fakeServer(() => ({ body: feed({ rejected_count: 1_500, rejected }) }))
    const words = ['intel', 'import', '-', '--name', 'urls', '--data', directory]
    const { code, out, err } = await haechi(words, { input: ['bad.example\n', 'x\n'] })
    expect([code, out]).toEqual([1, 'urls: 2 indicators taken, 1,500 rejected\n'])
    expect(err.split('\n')[0]).toBe('haechi: -: line 1: value_invalid: "x" is none')
    expect(err).toContain('... and 1,480 more that were rejected')
    const json = await haechi([...words, '--json'], { input: ['bad.example\n'] })
    expect([json.code, (JSON.parse(json.out) as { rejected_count: number }).rejected_count, json.err]).toEqual([1, 1_500, ''])
  })

  test('a file that is not there, and a feed that is refused', async () => {
    const { directory } = await fakeServer(() => ({ status: 400, body: { code: 'feed_empty', detail: 'Nothing of the feed urls could be taken', errors: [] } }))
    expect((await haechi(['intel', 'import', join(folder(), 'none'), '--name', 'urls', '--data', directory])).err).toContain('file_unreadable')
    const refused = await haechi(['intel', 'import', '-', '--name', 'urls', '--data', directory], { input: ['x'] })
    expect([refused.code, refused.err]).toEqual([1, 'haechi: feed_empty: Nothing of the feed urls could be taken\n'])
  })
})

test('intel lookup: a table for people, a line each for programs, a thousand at a time', async () => {
  const { directory, asked } = await fakeServer(({ body }) => ({ body: { results: (JSON.parse(body) as { indicators: string[] }).indicators.map(result) } }))
  const { code, out } = await haechi(['intel', 'lookup', 'hxxp://bad[.]example', '203.0.113.9', '--data', directory])
  expect([code, asked[0]?.body]).toEqual([0, '{"indicators":["hxxp://bad[.]example","203.0.113.9"]}'])
  expect(out.split('\n')[1]).toMatch(/^hxxp:\/\/bad\[\.\]example +domain +malicious +80 +urls +c2 +1,234$/)
  const many = await haechi(['intel', 'lookup', '-', '--json', '--data', directory], { input: [Array.from({ length: 1_500 }, (_, n) => `h${n}.example`).join('\r\n')] })
  expect(many.out.trim().split('\n').map((line) => (JSON.parse(line) as { indicator: string }).indicator).slice(0, 2)).toEqual(['h0.example', 'h1.example'])
  expect(asked.slice(1).map(({ body }) => (JSON.parse(body) as { indicators: string[] }).indicators.length)).toEqual([1_000, 500])
})

test('intel feeds and remove', async () => {
  const { directory, asked } = await fakeServer(({ method }) => ({ body: method === 'DELETE' ? { removed: true } : { feeds: [feed(), feed({ name: 'own', tenant_id: 't' })] } }))
  const { out } = await haechi(['intel', 'feeds', '--data', directory])
  expect(out.split('\n').slice(1, 3).map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([['urls', 'csv', 'all tenants'], ['own', 'csv', 'this tenant']])
  expect(String(asked[0]?.query)).toBe('')
  expect((await haechi(['intel', 'remove', 'urls', '--all-tenants', '--data', directory])).out).toBe('urls is removed.\n')
  expect([asked[1]?.path, String(asked[1]?.query)]).toEqual(['/api/v1/threat-intel/feeds/urls', 'all_tenants=true'])
})
