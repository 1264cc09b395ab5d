// Sigma 2.1 detection rules: parser and the plain matcher, which is the oracle of every faster one.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content: hostile.test.ts holds it with arbitrary text and JSON.
export type { LogSource } from '@haechi/records'
export type { Level, Rejection, RejectionCode, Rule, RuleText, Status } from './rule.ts'
export type { Match, MatchFault, Matcher, MatcherOptions } from './matcher.ts'
export type { Lint, ParseOptions } from './parse.ts'
export type { Answer } from './answer.ts'
export { answerOf } from './answer.ts'
export { createMatcher } from './matcher.ts'
export { lintFile, parse } from './parse.ts'
