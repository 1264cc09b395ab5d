// What the detector is held against: every rule's expression over the whole text, and judged one by one.
import { compileRegex } from '@haechi/patterns'
import { checksums } from './checksum.ts'
import { entropyOf } from './entropy.ts'
import { genericRules } from './generic.ts'
import type { GenericRule } from './generic.ts'
import type { Found, SecretRule } from './model.ts'
import { isPlaceholder } from './placeholders.ts'
import { efficiencyOf } from './tokens.ts'

export const ruleOf = (id: string, pattern: string, keywords: readonly string[], more: Partial<SecretRule> = {}): SecretRule => ({
  id, name: { en: id, ko: id }, provider: 'Test', severity: 'low', keywords, pattern, entropy: null, efficiency: null, checksum: null, allow: [], over: [], live: null, positives: [], negatives: [], ...more,
})

type Plain = Omit<Found, 'line' | 'column'> & { readonly order: number; readonly of: SecretRule }

export function naiveDetect(rules: readonly SecretRule[], text: string, path: string): Omit<Found, 'line' | 'column'>[] {
  if (text.slice(0, 8_000).includes('\0')) return []
  const latin1 = (source: string): string => Buffer.from(source, 'utf8').toString('latin1')
  const lowered = text.toLowerCase()
  const all: Plain[] = []
  for (const [order, of] of ([...rules, ...genericRules] as readonly (SecretRule | GenericRule)[]).entries()) {
    if (!of.keywords.some((keyword) => lowered.includes(latin1(keyword).toLowerCase()))) continue
    const regex = compileRegex(latin1(of.pattern))
    const named = regex.names.get('secret')
    for (const { index, groups } of regex.all(text)) {
      const whole = groups[0]!
      const secret = (named === undefined ? groups.slice(1).find((each) => each !== undefined) : groups[named]) ?? whole
      if (secret === '' || isPlaceholder(secret, of.provider !== null) || of.allow.some((source) => compileRegex(latin1(source)).test(secret))) continue
      if ((of.entropy !== null && entropyOf(secret) < of.entropy) || (of.efficiency !== null && efficiencyOf(secret) > of.efficiency)) continue
      if (of.checksum !== null && !checksums[of.checksum]!.holds(secret)) continue
      const telling = of.keywords.some((keyword) => secret.toLowerCase().includes(latin1(keyword).toLowerCase()))
      const confidence = 'judge' in of ? of.judge({ before: text.slice(Math.max(0, index - 48), index), match: whole, secret, path }) : of.checksum !== null ? 0.99 : telling ? 0.95 : 0.8
      const start = index + whole.lastIndexOf(secret)
      if (confidence > 0) all.push({ rule: of.id, secret, start, end: start + secret.length, confidence, order, of })
    }
  }
  const overlap = (one: Plain, other: Plain): boolean => one.start < other.end && other.start < one.end
  const ranked = all.filter((one) => !all.some((other) => overlap(one, other) && other.of.over.includes(one.rule) && !one.of.over.includes(other.rule)))
  ranked.sort((one, other) => Number(one.of.provider === null) - Number(other.of.provider === null) || other.confidence - one.confidence || other.secret.length - one.secret.length || one.order - other.order || one.start - other.start)
  const best: Plain[] = []
  for (const each of ranked) if (!best.some((other) => overlap(each, other))) best.push(each)
  return best.sort((one, other) => one.start - other.start).map(({ rule, secret, start, end, confidence }) => ({ rule, secret, start, end, confidence }))
}
