// Events made of the rules themselves: one that should meet the rule, of values that its selections name. Most rules are met by nothing that was ever recorded in public.
// Not part of the engine's face.
import type { Event } from './conformance.fixture.ts'
import type { Condition, Piece, Rule, Selection, Test } from './rule.ts'

type Parts = { start: string[]; inside: string[]; end: string[]; whole: (string | number | boolean)[] }

const isAny = (piece: Piece | undefined): boolean => typeof piece === 'object' && piece.wildcard === 'any'
const SAMPLES = { any: '', one: 'y', dash: '-' } as const
const textOf = (pieces: readonly Piece[]): string => pieces.map((piece) => (typeof piece === 'string' ? piece : SAMPLES[piece.wildcard])).join('')

/** `turn` chooses among alternatives. Expressions are guessed at, and `not` is left alone, so a few events miss their rule. */
export function eventFor(rule: Rule, turn: number): Event {
  const fields = new Map<string, Parts>()
  const pick = <T>(list: readonly T[]): T => list[turn % list.length] as T
  const put = (name: string, test: Test): void => {
    const parts = fields.get(name) ?? { start: [], inside: [], end: [], whole: [] }
    fields.set(name, parts)
    switch (test.kind) {
      case 'pattern': {
        const place = isAny(test.pieces[0]) ? (isAny(test.pieces.at(-1)) ? parts.inside : parts.end) : isAny(test.pieces.at(-1)) ? parts.start : parts.whole
        place.push(textOf(test.pieces))
        return
      }
      case 'number': case 'boolean': parts.whole.push(test.value); return
      case 'compare': parts.whole.push(test.value + (test.operator.startsWith('g') ? 1 : -1)); return
      case 'cidr': parts.whole.push(test.network.split('/')[0] as string); return
      case 'regex': parts.inside.push(test.source.replaceAll(/[\\^$]/g, '').slice(0, 60)); return
      case 'any': put(name, pick(test.of)); return
      case 'null': case 'exists': case 'fieldref': case 'time': return
      default: test satisfies never
    }
  }
  const fill = (selection: Selection): void => {
    if (selection.kind === 'item') {
      if (!selection.negated) for (const test of selection.all ? selection.tests : [pick(selection.tests)]) put(selection.field ?? 'message', test)
    } else if (selection.kind === 'all') selection.of.forEach(fill)
    else fill(pick(selection.of))
  }
  const meet = (condition: Condition): void => {
    if (condition.kind === 'selection') fill(rule.detection.selections.get(condition.name) as Selection)
    else if (condition.kind === 'and') condition.of.forEach(meet)
    else if (condition.kind === 'or') meet(pick(condition.of))
  }
  meet(rule.detection.condition)
  return Object.fromEntries([...fields].flatMap(([name, { start, inside, end, whole }]) => {
    const around = [...start, ...whole, ...inside, ...end]
    return around.length === 0 ? [] : [[name, around.length === 1 ? around[0] : around.join(' ')]]
  }))
}
