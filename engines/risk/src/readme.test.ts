// The example of the README is run as it stands.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Decision } from './index.ts'

const risk: Readonly<Record<string, unknown>> = await import('./index.ts')
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example says what it says', () => {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const [imports = '', ...lines] = code.split('\n')
  const names = imports.replace(/import \{ (.*) \} from .*/, '$1').split(', ')
  const body = `${lines.join('\n')}\nreturn { decision, told: explain(decision, 'en') }`
  // oxlint-disable-next-line no-implied-eval, no-new-func -- the README's own code, run as it is written
  const run = new Function(...names, body) as (...values: unknown[]) => { decision: Decision; told: string[] }
  const { decision, told } = run(...names.map((name) => risk[name]))
  const expected = (expression: string) => new RegExp(`^${expression.replace(/[.()]/g, '\\$&')} +// (.*)$`, 'm').exec(code)?.[1]
  expect([decision.level, String(decision.order)]).toEqual([expected('decision.level'), expected('decision.order')])
  expect(told).toEqual([...code.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line))
})

test('what it names is exported', () => {
  const named = [...readme.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)(?=[(`])/g)].map(([, name = '']) => name))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !(name in risk))).toEqual([])
})
