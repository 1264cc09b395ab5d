// Texts of which one must stand in whatever an expression finds: the expression is only run where one does.
import { fold } from './fold.ts'
import type { RegexNode } from './syntax.ts'

const MAX_ALTERNATIVES = 32
const SHORTEST = 2

/** Folded texts of which one stands in whatever the expression finds, folded by `folded`; null where nothing of use is known. */
export function requiredTexts(root: RegexNode, folded: (char: string) => string = fold): readonly string[] | null {
  const found = required(root, folded)
  return found !== null && shortest(found) >= SHORTEST ? found : null
}

const shortest = (texts: readonly string[]): number => Math.min(...texts.map(({ length }) => length))
const better = (a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null => {
  if (a === null || b === null) return a ?? b
  const [left, right] = [shortest(a), shortest(b)]
  return left === right ? (b.length < a.length ? b : a) : right > left ? b : a
}

function required(node: RegexNode, folded: (char: string) => string): readonly string[] | null {
  switch (node.kind) {
    case 'chars': {
      const letter = letterOf(node, folded)
      return letter === null ? null : [letter]
    }
    case 'assert': return null
    case 'repeat': return node.min === 0 ? null : required(node.of, folded)
    case 'alternate': {
      const all: string[] = []
      for (const branch of node.of) {
        const texts = required(branch, folded)
        if (texts === null) return null
        all.push(...texts)
        if (all.length > MAX_ALTERNATIVES) return null
      }
      return all
    }
    case 'concat': {
      let best: readonly string[] | null = null
      let run = ''
      const end = (): void => {
        if (run !== '') best = better(best, [run])
        run = ''
      }
      for (const part of node.of) {
        const letter = part.kind === 'chars' ? letterOf(part, folded) : null
        if (letter !== null) {
          run += letter
          continue
        }
        // What has no width leaves the letters on its two sides together.
        if (part.kind === 'assert') continue
        end()
        best = better(best, required(part, folded))
      }
      end()
      return best
    }
    default: return node satisfies never
  }
}

/** The one letter, folded, that a class stands for: `a`, `[aA]`. */
function letterOf({ ranges }: RegexNode & { kind: 'chars' }, folded: (char: string) => string): string | null {
  let letter: string | null = null
  let points = 0
  for (let at = 0; at < ranges.length; at += 2) {
    for (let point = ranges[at]!; point <= ranges[at + 1]!; point += 1) {
      points += 1
      if (points > 4) return null
      const one = folded(String.fromCodePoint(point))
      if (letter !== null && letter !== one) return null
      letter = one
    }
  }
  return letter
}
