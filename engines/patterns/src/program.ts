// An expression as instructions of a Thompson automaton, forwards or backwards, preferred ways first.
import { PatternError } from './problem.ts'
import type { Ranges } from './ranges.ts'
import type { Assertion, RegexNode } from './syntax.ts'

export type Instruction =
  | { readonly kind: 'chars'; readonly ranges: Ranges }
  /** `first` is preferred. */
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'match' }

type Options = {
  readonly limit: number
  /** For texts that are read from their end. */
  readonly reversed?: boolean
  /** Where groups begin and end is told. */
  readonly saves?: boolean
}

/** Errors: PatternError `regex_too_large`. */
export function programOf(root: RegexNode, { limit, reversed = false, saves = false }: Options): Instruction[] {
  const code: Instruction[] = []
  const emit = <T extends Instruction>(instruction: T): T => {
    if (code.length >= limit) throw new PatternError('regex_too_large', 'the expression is too large once its counts are written out')
    code.push(instruction)
    return instruction
  }
  type Split = { kind: 'split'; first: number; second: number }
  const split = (): Split => emit({ kind: 'split', first: code.length + 1, second: code.length + 1 })
  const leave = (fork: Split, lazy: boolean, to: number): void => {
    if (lazy) fork.first = to
    else fork.second = to
  }
  const empty = new Map<RegexNode, boolean>()
  const mayBeEmpty = (node: RegexNode): boolean => {
    let known = empty.get(node)
    if (known === undefined) {
      known = node.kind === 'assert' || (node.kind === 'repeat' && (node.min === 0 || mayBeEmpty(node.of)))
        || (node.kind === 'concat' && node.of.every(mayBeEmpty)) || (node.kind === 'alternate' && node.of.some(mayBeEmpty))
      empty.set(node, known)
    }
    return known
  }
  const write = (node: RegexNode): void => {
    switch (node.kind) {
      case 'chars': emit({ kind: 'chars', ranges: node.ranges }); return
      case 'assert': emit({ kind: 'assert', assertion: node.assertion }); return
      case 'concat': {
        const slot = saves && 'group' in node ? node.group.number * 2 : -1
        if (slot >= 0) emit({ kind: 'save', slot })
        if (reversed) for (let part = node.of.length - 1; part >= 0; part -= 1) write(node.of[part]!)
        else for (const part of node.of) write(part)
        if (slot >= 0) emit({ kind: 'save', slot: slot + 1 })
        return
      }
      case 'alternate': {
        const ends: Split[] = []
        for (const [place, branch] of node.of.entries()) {
          const fork = place === node.of.length - 1 ? null : split()
          write(branch)
          if (fork === null) continue
          ends.push(split())
          fork.second = code.length
        }
        for (const end of ends) end.first = end.second = code.length
        return
      }
      case 'repeat': {
        const lazy = node.lazy === true
        const endless = node.max === Infinity
        for (let times = endless ? 1 : 0; times < node.min; times += 1) {
          const from = code.length
          write(node.of)
          // What writes nothing may be repeated for ever at no cost.
          if (code.length === from) return
        }
        if (endless) {
          // What may be empty is taken once before it is repeated, so that its preferred way comes first (Go issue 46123).
          const skip = node.min === 0 ? split() : null
          const from = code.length
          write(node.of)
          if (skip === null || mayBeEmpty(node.of)) {
            const fork = split()
            fork.first = from
            fork.second = from
            leave(fork, lazy, code.length)
            if (skip !== null) leave(skip, lazy, code.length)
          } else {
            const back = split()
            back.first = back.second = from - 1
            leave(skip, lazy, code.length)
          }
          return
        }
        const forks: Split[] = []
        for (let times = node.min; times < node.max; times += 1) {
          const from = code.length
          forks.push(split())
          write(node.of)
          if (code.length === from + 1) break
        }
        for (const fork of forks) leave(fork, lazy, code.length)
        return
      }
      default: node satisfies never
    }
  }
  write(root)
  emit({ kind: 'match' })
  return code
}
