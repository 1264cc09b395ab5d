// The packed form, as somebody who has only its README uses it.
import { afterAll, expect, test } from 'vitest'
import { installPacked, runExample } from '../../pack.fixture.ts'

const packed = installPacked('templates', ['@types/node'])
afterAll(() => { packed.remove() })

const given = `
import type { Network } from '@haechi/templates'
const files = [
  { path: 'a.yaml', content: Buffer.from('id: greeting\\ninfo:\\n  name: A\\n  author: a\\n  severity: info\\nhttp:\\n  - path:\\n      - "{{BaseURL}}/hello"\\n    extractors:\\n      - type: regex\\n        group: 1\\n        regex:\\n          - "hello (\\\\\\\\w+)"\\n') },
  { path: 'b.yaml', content: Buffer.from('id: [') },
]
const network: Network = {
  http: async ({ target }) => ({ status: target === '/hello' ? 200 : 404, reason: '', headers: [], body: target === '/hello' ? 'hello world' : 'no', truncated: false, durationMs: 1, address: '127.0.0.1' }),
  dial: () => Promise.reject(new Error('nothing to dial')), dns: () => Promise.reject(new Error('nothing to ask')),
}
console.error = console.log
`

test('it holds no TypeScript and no test', () => {
  expect(packed.files.filter((name) => /test|fixture/.test(name) || (name.endsWith('.ts') && !name.endsWith('.d.ts')))).toEqual([])
  expect(Object.keys(packed.manifest.dependencies).sort()).toEqual(['js-yaml', 'parse5'])
})

test('the README\'s example compiles, and finds what is there', () => {
  const printed = runExample(packed, given)
  expect(printed).toContain('b.yaml: yaml_invalid at line 1')
  expect(printed).toContain("greeting http://127.0.0.1:8080/hello [ 'world' ]")
})
