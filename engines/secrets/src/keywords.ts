// Where the keywords of all rules stand in a text, in any case of ASCII: one pass over its bytes (Aho and Corasick, CACM 18, 1975) by a full table.
// Only the first letters of a keyword are in the automaton, so that its table stays small; what is longer is compared where those stand.
// keywords.test.ts holds it against a search for each keyword by itself.

export type Keywords = {
  /** Tells each place where a keyword begins, by its number, nearly in the order of the text: none begins more than the longest keyword in front of one that was told before. */
  search(bytes: Uint8Array, hit: (keyword: number, start: number) => void): void
}

const DEEPEST = 8
const QUARTER = 512
const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code)

/** Keywords are texts of bytes, none of them empty. */
export function createKeywords(keywords: readonly string[]): Keywords {
  const folded = keywords.map((keyword) => Uint8Array.from(keyword, (char) => lower(char.charCodeAt(0))))
  const classes = new Uint8Array(256)
  let width = 1
  for (const letters of folded) for (const letter of letters.subarray(0, DEEPEST)) if (classes[letter] === 0) classes[letter] = width++
  for (let code = 65; code <= 90; code += 1) classes[code] = classes[code + 32]!

  // A state is a row of the table. Row 0 is the root, to which nothing leads but failing.
  let table = new Int32Array(width * 64)
  let states = 1
  const outputs: number[][] = [[]]
  for (const [number, letters] of folded.entries()) {
    let state = 0
    for (const letter of letters.subarray(0, DEEPEST)) {
      const place = state * width + classes[letter]!
      if (table[place] === 0) {
        if ((states + 1) * width > table.length) {
          const larger = new Int32Array(table.length * 2)
          larger.set(table)
          table = larger
        }
        table[place] = states++
        outputs.push([])
      }
      state = table[place]!
    }
    outputs[state]!.push(number)
  }
  const fail = new Int32Array(states)
  const queue: number[] = []
  for (let letter = 1; letter < width; letter += 1) if (table[letter] !== 0) queue.push(table[letter]!)
  for (const state of queue) {
    const back = fail[state]!
    outputs[state]!.push(...outputs[back]!)
    for (let letter = 1; letter < width; letter += 1) {
      const place = state * width + letter
      const failing = table[back * width + letter]!
      if (table[place] === 0) table[place] = failing
      else {
        fail[table[place]!] = failing
        queue.push(table[place]!)
      }
    }
  }
  // Those that say something are numbered behind those that do not; a cell holds where the next row begins.
  const order = Array.from({ length: states }, (_, state) => state).sort((a, b) => Number(outputs[a]!.length > 0) - Number(outputs[b]!.length > 0) || a - b)
  const rows = new Int32Array(states)
  for (const [place, state] of order.entries()) rows[state] = place * width
  const steps = new Int32Array(states * width)
  for (const state of order) for (let letter = 0; letter < width; letter += 1) steps[rows[state]! + letter] = letter === 0 ? 0 : rows[table[state * width + letter]!]!
  const silent = order.findIndex((state) => outputs[state]!.length > 0)
  const firstSpeaking = (silent === -1 ? states : silent) * width
  const says = order.slice(firstSpeaking / width).map((state) => Int32Array.from(outputs[state]!))

  const last = firstSpeaking - 1
  const speak = (row: number, at: number, bytes: Uint8Array, hit: (keyword: number, start: number) => void): void => {
    for (const keyword of says[(row - firstSpeaking) / width]!) {
      const letters = folded[keyword]!
      const start = at + 1 - Math.min(letters.length, DEEPEST)
      if (start + letters.length > bytes.length) continue
      let same = DEEPEST
      while (same < letters.length && lower(bytes[start + same]!) === letters[same]) same += 1
      if (same >= letters.length) hit(keyword, start)
    }
  }
  // A step waits for the one before it: four places of a block are read at once. What speaks is written down, and told in the order of the text.
  const heard = [0, 1, 2, 3].map(() => new Int32Array(QUARTER * 2))
  const [inA, inB, inC, inD] = heard as [Int32Array, Int32Array, Int32Array, Int32Array]
  const block = (bytes: Uint8Array, from: number, row: number, hit: (keyword: number, start: number) => void): number => {
    const fromB = from + QUARTER
    const fromC = fromB + QUARTER
    const fromD = fromC + QUARTER
    let [a, b, c, d] = [row, 0, 0, 0]
    let [countA, countB, countC, countD] = [0, 0, 0, 0]
    // Each begins so early that what began before it is known there.
    for (let back = DEEPEST; back > 0; back -= 1) {
      b = steps[b + classes[bytes[fromB - back]!]!]!
      c = steps[c + classes[bytes[fromC - back]!]!]!
      d = steps[d + classes[bytes[fromD - back]!]!]!
    }
    for (let at = 0; at < QUARTER; at += 1) {
      a = steps[a + classes[bytes[from + at]!]!]!
      b = steps[b + classes[bytes[fromB + at]!]!]!
      c = steps[c + classes[bytes[fromC + at]!]!]!
      d = steps[d + classes[bytes[fromD + at]!]!]!
      if (((last - a) | (last - b) | (last - c) | (last - d)) < 0) {
        if (a > last) { inA[countA] = a; inA[countA + 1] = from + at; countA += 2 }
        if (b > last) { inB[countB] = b; inB[countB + 1] = fromB + at; countB += 2 }
        if (c > last) { inC[countC] = c; inC[countC + 1] = fromC + at; countC += 2 }
        if (d > last) { inD[countD] = d; inD[countD + 1] = fromD + at; countD += 2 }
      }
    }
    for (const [place, count] of [countA, countB, countC, countD].entries()) {
      const said = heard[place]!
      for (let each = 0; each < count; each += 2) speak(said[each]!, said[each + 1]!, bytes, hit)
    }
    return d
  }

  return {
    search(bytes, hit) {
      const { length } = bytes
      let row = 0
      let at = 0
      for (; length - at >= QUARTER * 4; at += QUARTER * 4) row = block(bytes, at, row, hit)
      for (; at < length; at += 1) {
        row = steps[row + classes[bytes[at]!]!]!
        if (row > last) speak(row, at, bytes, hit)
      }
    },
  }
}
