// A Sigma string: literal text, wildcards, escapes. conformance.integration.test.ts holds each line of the specification's table of escapes.
// Letters are compared by `fold`: Unicode lower case, with the final sigma as the other sigma. No full folding: "ß" is not "ss".
import { fold } from '@haechi/patterns'
import type { Piece } from './rule.ts'

export const ANY: Piece = { wildcard: 'any' }
export const ONE: Piece = { wildcard: 'one' }
export const DASH: Piece = { wildcard: 'dash' }

/** What `windash` holds for one another: hyphen, slash, en dash, em dash, horizontal bar. */
export const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'] as const

/** Reads the source text of a value: `\*` and `\?` are characters, `\\` is one backslash, any other backslash is itself. */
export function piecesOf(source: string): Piece[] {
  const pieces: Piece[] = []
  let text = ''
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] as string
    const next = source[at + 1]
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      text += next
      at += 1
    } else if (char === '*' || char === '?') {
      if (text !== '') pieces.push(text)
      text = ''
      pieces.push(char === '*' ? ANY : ONE)
    } else text += char
  }
  if (text !== '') pieces.push(text)
  return pieces
}

/** Joins neighbouring texts and drops a `*` behind another. */
export function joined(pieces: readonly Piece[]): Piece[] {
  const found: Piece[] = []
  for (const piece of pieces) {
    const last = found.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') found[found.length - 1] = last + piece
    else if (piece === '' || (isAny(piece) && last !== undefined && isAny(last))) continue
    else found.push(piece)
  }
  return found
}

export const isAny = (piece: Piece | undefined): boolean => typeof piece === 'object' && piece.wildcard === 'any'

/** Every text that pieces without `*` and `?` may stand for; null when there are wildcards or more than `limit` texts. */
export function textsOf(pieces: readonly Piece[], limit: number): string[] | null {
  let texts = ['']
  for (const piece of pieces) {
    if (typeof piece === 'object' && piece.wildcard !== 'dash') return null
    const tails = typeof piece === 'string' ? [piece] : DASHES
    if (texts.length * tails.length > limit) return null
    texts = texts.flatMap((text) => tails.map((tail) => text + tail))
  }
  return texts
}

/** The pattern as one text and where it must stand, when it is no more than that; folded unless cased. */
export function plainOf(source: readonly Piece[], cased: boolean): { at: 'whole' | 'start' | 'end' | 'inside'; text: string } | null {
  const pieces = joined(source)
  const open = isAny(pieces[0])
  const ends = isAny(pieces.at(-1))
  const inner = pieces.slice(open ? 1 : 0, ends && pieces.length > 1 ? -1 : undefined)
  const [only = ''] = inner
  if (inner.length > 1 || typeof only !== 'string') return null
  return { at: open ? (ends ? 'inside' : 'end') : ends ? 'start' : 'whole', text: cased ? only : fold(only) }
}

/** A test for texts that are folded already when the pattern is not cased. */
export function compilePattern(source: readonly Piece[], cased: boolean): (text: string) => boolean {
  const plain = plainOf(source, cased)
  if (plain === null) {
    const pieces = joined(cased ? source : source.map((piece) => (typeof piece === 'string' ? fold(piece) : piece)))
    return (text) => glob(pieces, text)
  }
  const { at, text: wanted } = plain
  switch (at) {
    case 'whole': return (text) => text === wanted
    case 'start': return (text) => text.startsWith(wanted)
    case 'end': return (text) => text.endsWith(wanted)
    case 'inside': return (text) => text.includes(wanted)
    default: return at satisfies never
  }
}

/** Where one piece other than `*` ends when it stands at `at`, or -1. */
function pieceEnd(piece: Piece, text: string, at: number): number {
  if (typeof piece === 'string') return text.startsWith(piece, at) ? at + piece.length : -1
  const code = text.codePointAt(at)
  if (code === undefined) return -1
  if (piece.wildcard === 'one') return at + (code > 0xFFFF ? 2 : 1)
  return DASHES.includes(text[at] as (typeof DASHES)[number]) ? at + 1 : -1
}

/** Greedy by runs between `*`: only the last `*` is ever taken up again, so the work is bounded by text times pattern. */
function glob(pieces: readonly Piece[], text: string): boolean {
  let at = 0
  let piece = 0
  let star = -1
  let starAt = 0
  for (;;) {
    const current = pieces[piece]
    if (current === undefined) {
      if (at === text.length) return true
    } else if (isAny(current)) {
      if (piece === pieces.length - 1) return true
      star = piece
      starAt = at
      piece += 1
      continue
    } else {
      const end = pieceEnd(current, text, at)
      if (end !== -1) {
        at = end
        piece += 1
        continue
      }
    }
    if (star === -1 || starAt >= text.length) return false
    // The next place where the text behind the star can begin.
    const first = pieces[star + 1]
    const next = typeof first === 'string' ? text.indexOf(first, starAt + 1) : starAt + ((text.codePointAt(starAt) as number) > 0xFFFF ? 2 : 1)
    if (next === -1) return false
    starAt = next
    at = next
    piece = star + 1
  }
}
