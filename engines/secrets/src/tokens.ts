// How many characters of a text go into a token of a common vocabulary: words take few tokens, random texts many ("token efficiency"; the measure is betterleaks', the vocabulary
// our own, and so are its values: random letters and digits have 1.0 to 1.4, words and names 2 and more). Defended by tokens.test.ts.
import { vocabulary } from './vocabulary.ts'

// A trie of lower case letters: 27 cells a node, the last one says that a fragment ends here.
const WIDTH = 27
let trie = new Uint16Array(WIDTH * 1_024)
let nodes = 1
for (const fragment of vocabulary.trim().split(/\s+/)) {
  let node = 0
  for (const char of fragment) {
    const place = node * WIDTH + char.charCodeAt(0) - 97
    if (trie[place] === 0) {
      if ((nodes + 1) * WIDTH > trie.length) {
        const larger = new Uint16Array(trie.length * 2)
        larger.set(trie)
        trie = larger
      }
      trie[place] = nodes++
    }
    node = trie[place]!
  }
  trie[node * WIDTH + 26] = 1
}

const MAX_LENGTH = 4_096

/** Characters a token, 1 or more; 0 for an empty text. Fragments are taken greedily and in one case (`word`, `Word`, `WORD`), all else is a token a character. Of long texts the first 4,096 characters count. */
export function efficiencyOf(text: string): number {
  const length = Math.min(text.length, MAX_LENGTH)
  if (length === 0) return 0
  let tokens = 0
  for (let at = 0; at < length;) {
    at += fragmentAt(text, at, length)
    tokens += 1
  }
  return length / tokens
}

function fragmentAt(text: string, from: number, length: number): number {
  const first = text.charCodeAt(from)
  const capital = first >= 65 && first <= 90
  let node = 0
  let taken = 1
  // The second letter of a word that begins with a capital says in which case it goes on.
  let base = 97
  for (let at = from; at < length; at += 1) {
    const code = text.charCodeAt(at)
    if (at === from) base = capital ? 65 : 97
    else if (at === from + 1 && capital) base = code >= 97 ? 97 : 65
    const letter = code - base
    if (letter < 0 || letter > 25) break
    node = trie[node * WIDTH + letter]!
    if (node === 0) break
    if (trie[node * WIDTH + 26] === 1) taken = at - from + 1
  }
  return taken
}
