// What an expression says, whatever dialect it was written in.
import type { Ranges } from './ranges.ts'

export type Assertion = 'start' | 'end' | 'very-end' | 'line-start' | 'line-end' | 'word' | 'not-word'
export type RegexNode =
  | { kind: 'chars'; ranges: Ranges }
  | { kind: 'concat' | 'alternate'; of: readonly RegexNode[] }
  /** A group that captures: of no consequence to a search, only to a replacement. */
  | { kind: 'concat'; of: readonly RegexNode[]; group: { number: number; name: string | null } }
  | { kind: 'repeat'; of: RegexNode; min: number; max: number; lazy?: true }
  | { kind: 'assert'; assertion: Assertion }
