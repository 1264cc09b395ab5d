// Phrases over words: `ignore|disregard 3 @earlier 2 instructions` is found in one pass over the words of a text, in time proportional to the words
// whatever the text is (no backtracking: of several places where a phrase may go on, the latest is always as good). Defended by scan-words.test.ts,
// which compares with a search that tries everything.

/**
 * Words and what lies between them, separated by spaces: a term; or a number n, which lets up to n words lie between two terms in the same sentence;
 * or ~n, where sentences may end in between. A term is alternatives separated by |; each is a word, `stem*`, `*ending`, words joined by + that follow each other,
 * or @name for a set of such. Kinds of words: <url>, <email>, <file> (a file that holds secrets), <name> (an identifier such as send_mail).
 */
export type Phrase = string
export type WordSets = Readonly<Record<string, string>>

export type Word = { readonly text: string; /** Beside the text. */ readonly kinds: readonly string[]; readonly from: number; readonly to: number; readonly sentence: number }
/** Found words: from (included) to (excluded), as indexes of words. */
export type Found = { readonly phrase: number; readonly from: number; readonly to: number }

export interface PhraseFinder {
  /** Each phrase's finds, in order of their ends. */
  find(words: readonly Word[]): Found[]
}

type Slot = { readonly phrase: number; readonly slot: number; readonly gap: number; readonly across: boolean; readonly last: boolean; readonly state: number }
type Node = { readonly next: Map<string, Node>; readonly slots: Slot[] }
type Affix = { readonly affix: string; readonly node: Node }

const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc]/u

/** Han and kana are words by the character: nothing separates them. */
const partsOf = (alternative: string): string[] => alternative.split('+').flatMap((word) => (cjk.test(word) && !word.startsWith('<') ? Array.from(word) : [word]))

export function createPhraseFinder(phrases: readonly Phrase[], sets: WordSets): PhraseFinder {
  const root: Node = { next: new Map(), slots: [] }
  const stems = new Map<string, Node>()
  const endings: Affix[] = []
  let states = 0
  let longest = 1

  const alternativesOf = (term: string, depth = 0): string[] => term.split('|').flatMap((each) => {
    if (!each.startsWith('@')) return [each]
    const set = sets[each.slice(1)]
    if (set === undefined || depth > 8) throw new TypeError(`no set of words is called ${each}`)
    return alternativesOf(set.trim().split(/\s+/).join('|'), depth + 1)
  })
  const nodeOf = (alternative: string): Node => {
    if (alternative.startsWith('*')) {
      const affix = alternative.slice(1)
      const known = endings.find((each) => each.affix === affix)
      if (known !== undefined) return known.node
      const node: Node = { next: new Map(), slots: [] }
      endings.push({ affix, node })
      return node
    }
    if (alternative.endsWith('*')) {
      const stem = alternative.slice(0, -1)
      if (stem.length < 2 && /^[\0-\x7f]*$/.test(stem)) throw new TypeError(`the stem ${alternative} is too short`)
      let node = stems.get(stem)
      if (node === undefined) stems.set(stem, node = { next: new Map(), slots: [] })
      return node
    }
    const parts = partsOf(alternative)
    longest = Math.max(longest, parts.length)
    let node = root
    for (const part of parts) {
      let next = node.next.get(part)
      if (next === undefined) node.next.set(part, next = { next: new Map(), slots: [] })
      node = next
    }
    return node
  }
  for (const [phrase, text] of phrases.entries()) {
    const terms: { term: string; gap: number; across: boolean }[] = []
    let gap = 0
    let across = false
    for (const part of text.trim().split(/\s+/)) {
      if (/^~?\d+$/.test(part)) {
        if (gap !== 0 || terms.length === 0) throw new TypeError(`a number lies between two terms: ${text}`)
        across = part.startsWith('~')
        gap = Number(across ? part.slice(1) : part)
      } else {
        terms.push({ term: part, gap, across })
        gap = 0
        across = false
      }
    }
    if (gap !== 0) throw new TypeError(`a number lies between two terms: ${text}`)
    for (const [slot, term] of terms.entries()) {
      const made: Slot = { phrase, slot, gap: term.gap, across: term.across, last: slot === terms.length - 1, state: states++ }
      for (const node of new Set(alternativesOf(term.term).map(nodeOf))) node.slots.push(made)
    }
  }
  const ended = new Int32Array(states).fill(-1)
  const began = new Int32Array(states)
  let base = 0
  // What ends later than the word that is looked at waits here, by its end.
  const waiting: { slot: Slot; from: number }[][] = Array.from({ length: longest + 1 }, () => [])
  const stemsByLetter = Map.groupBy(stems, ([stem]) => stem.charAt(0))

  return {
    find(words) {
      const found: Found[] = []
      // Of each state (phrase and slot) is remembered where its latest find ended and began. Places count on from text to text, so that nothing has to be cleared.
      if (base > 1e9) {
        ended.fill(-1)
        base = 0
      }
      const meet = (slot: Slot, at: number, end: number): void => {
        let from = at
        if (slot.slot > 0) {
          const before = (ended[slot.state - 1] as number) - base
          if (before < 0 || at - before > slot.gap) return
          if (!slot.across && words[before - 1]?.sentence !== words[at]?.sentence) return
          from = began[slot.state - 1] as number
        }
        (waiting[end % (longest + 1)] as { slot: Slot; from: number }[]).push({ slot, from })
      }
      for (let at = 0; at <= words.length; at++) {
        const due = waiting[at % (longest + 1)] as { slot: Slot; from: number }[]
        for (const { slot, from } of due) {
          ended[slot.state] = base + at
          began[slot.state] = from
          if (slot.last) found.push({ phrase: slot.phrase, from, to: at })
        }
        due.length = 0
        const word = words[at]
        if (word === undefined) break
        for (let kind = -1; kind < word.kinds.length; kind++) {
          let node = root.next.get(kind === -1 ? word.text : word.kinds[kind] as string)
          for (let end = at + 1; node !== undefined; end++) {
            for (const slot of node.slots) meet(slot, at, end)
            if (node.next.size === 0) break
            const next = words[end]
            if (next === undefined || next.sentence !== word.sentence) break
            node = node.next.get(next.text)
          }
        }
        const stemmed = stemsByLetter.get(word.text.charAt(0))
        if (stemmed !== undefined) for (const [stem, node] of stemmed) if (word.text.startsWith(stem)) for (const slot of node.slots) meet(slot, at, at + 1)
        for (const { affix, node } of endings) if (word.text.endsWith(affix)) for (const slot of node.slots) meet(slot, at, at + 1)
      }
      base += words.length + 1
      return found
    },
  }
}

const contracted = new Map([['ca', 'can'], ['wo', 'will'], ['sha', 'shall']])
const withoutApostrophe = new Map(Object.entries({ dont: 'do', doesnt: 'does', mustnt: 'must', cant: 'can', shouldnt: 'should', neednt: 'need', isnt: 'is', arent: 'are', wont: 'will' }))
const space = /\s+/g
const simple = /^[a-z]+$/
const pieces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc]|[\p{L}\p{N}\p{M}_]+(?:['\u2019][\p{L}]{1,2}(?![\p{L}\p{N}]))?/gu
const sentenceEnd = /[.!?;\u3002\uff01\uff1f\uff1b\u2026]["')\]`*_\u201d]{0,3}$/u
const innerEnd = /[!?;\u3002\uff01\uff1f]/u
const email = /^[\p{L}\p{N}_.%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}$/u
const identifier = /^\p{L}[\p{L}\p{N}]*(?:_[\p{L}\p{N}]+)+$/u
const edges = /^["'(<[{`*\u201c\u2018\u300c]+|["')>\]},.;:!?`*\u201d\u2019\u300d]+$/gu
const scheme = /[a-z][a-z0-9+.-]{0,15}$/
const paragraph = /\n[^\S\n]*(?:\n|[-*\u2022#>])/
const addressed = /[/@.\\]|^\W?\+?[a-z]{0,2}\d[a-z0-9-]{7}|^0x/
const longestAddress = 320
const none: readonly string[] = []
const named: readonly string[] = ['<name>']

/**
 * The words of a text in lower case. Contractions are two words (don't -> do not), possessives lose their s, Han and kana stand alone.
 * @param kindsOf the kinds (`<file>`, `<hostile>`, ...) of a chunk that may be a path or an address
 */
export function wordsOf(text: string, kindsOf: (chunk: string) => readonly string[]): Word[] {
  const words: Word[] = []
  let sentence = 0
  const push = (word: string, from: number, kinds: readonly string[]): void => {
    words.push({ text: word, kinds, from, to: from + word.length, sentence })
  }
  const chunk = (raw: string, at: number): void => {
    if (simple.test(raw)) {
      const base = withoutApostrophe.get(raw)
      if (base === undefined) push(raw, at, none)
      else {
        push(base, at, none)
        push('not', at, none)
      }
      return
    }
    if (addressed.test(raw)) {
      const address = raw.indexOf('://')
      if (address > 0) {
        const before = scheme.exec(raw.slice(Math.max(0, address - 16), address))
        if (before !== null) {
          const start = address - before[0].length
          if (start > 0) inside(raw.slice(0, start), at)
          const end = raw.slice(address).search(/["'<>`)\]}]/)
          const whole = (end === -1 ? raw.slice(start) : raw.slice(start, address + end)).replace(/[.,;:!?]+$/, '')
          push(whole, at + start, ['<url>', ...kindsOf(whole)])
          if (end !== -1) inside(raw.slice(address + end), at + address + end)
          return
        }
      }
      if (raw.length <= longestAddress) {
        const bare = raw.replace(edges, '')
        const from = at + raw.indexOf(bare)
        if (bare.includes('@') && email.test(bare)) {
          push(bare, from, ['<email>', ...kindsOf(bare)])
          return
        }
        const kinds = kindsOf(raw)
        if (kinds.length > 0) {
          push(bare, from, kinds)
          return
        }
      }
    }
    inside(raw, at)
  }
  const inside = (raw: string, at: number): void => {
    pieces.lastIndex = 0
    let before = 0
    for (let match = pieces.exec(raw); match !== null; match = pieces.exec(raw)) {
      const piece = match[0]
      if (before > 0 && innerEnd.test(raw.slice(before, match.index))) sentence++
      before = match.index + piece.length
      const from = at + match.index
      const apostrophe = piece.search(/['\u2019]/)
      if (apostrophe === -1) {
        const called = raw[before] === '(' || (raw[match.index - 1] === '`' && raw[before] === '`')
        const base = withoutApostrophe.get(piece)
        if (base !== undefined) {
          push(base, from, none)
          push('not', from, none)
        } else push(piece, from, called || (piece.includes('_') && identifier.test(piece)) ? named : none)
        continue
      }
      const stem = piece.slice(0, apostrophe)
      const rest = piece.slice(apostrophe + 1)
      if (rest === 't' && stem.endsWith('n')) {
        const base = stem.slice(0, -1)
        push(contracted.get(base) ?? base, from, none)
        push('not', from, none)
      } else {
        push(stem, from, none)
        if (rest === 're') push('are', from + apostrophe, none)
      }
    }
  }
  let at = 0
  space.lastIndex = 0
  for (;;) {
    const gap = space.exec(text)
    const end = gap === null ? text.length : gap.index
    if (end > at) {
      const raw = text.slice(at, end)
      chunk(raw, at)
      if (sentenceEnd.test(raw)) sentence++
    }
    if (gap === null) break
    at = end + gap[0].length
    if (gap[0].includes('\n') && paragraph.test(text.slice(end, at + 1))) sentence++
  }
  return words
}
