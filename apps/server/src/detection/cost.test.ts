import { parse } from '@haechi/sigma'
import { expect, test } from 'vitest'
import { sampleCosts } from './cost.ts'

const { rules } = parse(['cheap', 'dear'].map((id) => `title: ${id}
id: ${id}
logsource: {product: windows}
detection:
  selection:
${id === 'cheap' ? '    Channel: System' : "    CommandLine|re: '(x+x+)+y'"}
  condition: selection
`).join('---\n'), 'rules.yml')

test('one event of a thousand is sampled, however they come', () => {
  const whole = sampleCosts().wanted(10_000)
  expect(whole).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000])
  const pieces = sampleCosts()
  const found: number[] = []
  for (let at = 0; at < 10_000; at += 700) found.push(...pieces.wanted(Math.min(700, 10_000 - at)).map((i) => at + i))
  expect(found).toEqual(whole)
})

test('an expensive rule is shown to be, and measuring takes no more than its part of the time', () => {
  const sampler = sampleCosts()
  expect(sampler.measure(rules, 0)).toEqual(new Map())
  for (let n = 0; n < 64; n++) sampler.keep({ Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, CommandLine: 'x'.repeat(2_000) + n }, 1)
  const costs = new Map<string, number>()
  for (let second = 1; second <= 100; second++) for (const [id, cost] of sampler.measure(rules, second * 1_000)) costs.set(id, cost)
  expect(costs.get('dear')!).toBeGreaterThan(10 * costs.get('cheap')!)
  // While no time passes, only what was due is measured.
  let measured = 0
  for (let n = 0; n < 10_000; n++) measured += sampler.measure(rules, 100_000).size
  expect(measured).toBeLessThan(200)
})
