// Many literals looked for in one text at once: one pass over it (./literals), told by their numbers. literal-set.test.ts holds it against `includes`.
import { foldCase } from './fold.ts'
import { createForest } from './literals.ts'

export type LiteralSet = {
  /** The numbers of the literals that stand in `text`, ascending. */
  find(text: string): number[]
}

/** With `ignoreCase` letters are compared as `foldCase` has them. An empty literal stands in every text. */
export function createLiteralSet(literals: readonly string[], options: { readonly ignoreCase?: boolean } = {}): LiteralSet {
  const plot = createForest().plant()
  for (const [number, literal] of literals.entries()) plot.add(foldCase(literal), 'inside', number)
  const forest = plot.build()
  return {
    find(text) {
      const found = new Set<number>()
      forest.search(text.includes('\u017F') ? foldCase(text) : text, { add: (numbers) => { for (const number of numbers) found.add(number) } })
      const sorted = [...found].sort((a, b) => a - b)
      return options.ignoreCase === true ? sorted : sorted.filter((number) => text.includes(literals[number]!))
    },
  }
}
