// Many literals looked for in one text at once.

export type LiteralSet = {
  /** The numbers of the literals that stand in `text`, ascending. */
  find(text: string): number[]
}

const lowered = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** With `ignoreCase` the letters of ASCII count alike in both cases. An empty literal stands in every text. */
export function createLiteralSet(literals: readonly string[], options: { readonly ignoreCase?: boolean } = {}): LiteralSet {
  const fold = options.ignoreCase === true ? lowered : (text: string) => text
  const wanted = literals.map(fold)
  return {
    find(text) {
      const folded = fold(text)
      const found: number[] = []
      for (let number = 0; number < wanted.length; number += 1) if (folded.includes(wanted[number]!)) found.push(number)
      return found
    },
  }
}
