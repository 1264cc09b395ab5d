import type { Text } from './evidence.ts'

/** As they are within a sentence: 'A' is a type of records. */
const english = /(?<=^|[\s(])(?:is|are|was|has|have|the|a|an|of|with|without|to|for|no|not|nor|and|but|or|it|its|in|by|that|which|there|alone)(?=[\s,:;)]|$)/

/** Whether words stand in both languages where they stand in one. What records hold, in quotes, is of none. */
export function isInBoth({ en, ko }: Text): boolean {
  const [one, other] = [en, ko].map(text => text.replace(/"[^"]*(?:"|$)/g, '""'))
  if (english.test(other!)) return false
  return /[가-힣]/.test(other!) ? one !== other : en === ko && !english.test(one!)
}
