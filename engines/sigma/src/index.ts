// Sigma 2.1 rules, correlations and filters: parser and the plain matcher, which is the oracle of every faster one.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content: hostile.test.ts holds it with arbitrary text and JSON.
export type { LogSource } from '@haechi/records'
export type { Bound, Correlation, CorrelationCondition, CorrelationType, Filter, Level, Rejection, RejectionCode, Rule, RuleText, Status } from './rule.ts'
export type { Match, MatchFault, Matcher, MatcherOptions } from './matcher.ts'
export type { ParseOptions, Parsed } from './parse.ts'
export type { Documents, Linked } from './link.ts'
export type { Lint } from './lint.ts'
export type { Answer } from './answer.ts'
export { answerOf } from './answer.ts'
export { createMatcher } from './matcher.ts'
export { lint } from './lint.ts'
export { link } from './link.ts'
export { parse } from './parse.ts'
