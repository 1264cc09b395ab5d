// Sigma 2.1 detection rules: parser and the plain matcher, which is the oracle of every faster one.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content: hostile.test.ts holds it with arbitrary text and JSON.
import type { LogSource } from '@haechi/records'
import type { Rejection, Rule } from './rule.ts'

export type { LogSource } from '@haechi/records'
export type { Level, Rejection, RejectionCode, Rule, Status } from './rule.ts'

/** A rule that an event met. `matched` names what was met, positive parts only; `field` null = a keyword, `value` as in the record. */
export type Match = { rule: Rule; eventIndex: number; matched: { selection: string; field: string | null; value: unknown }[] }

/** `match` takes NDJSON and answers in the order of events, then of rules. `eventIndex` counts the lines that are not blank, from 0. Never throws on content. */
export interface Matcher {
  match(batch: Uint8Array, source: LogSource | 'detect'): Match[]
}

export type ParseOptions = {
  /** Values of `|expand` placeholders by name, without the percent signs. */
  placeholders?: Readonly<Record<string, readonly string[]>>
}

export declare function parse(text: string, file: string, options?: ParseOptions): { rules: Rule[]; rejected: Rejection[] }
export declare function createMatcher(rules: readonly Rule[]): Matcher
