// How evenly the characters of a text are drawn: random texts have much, words and patterns little. Defended by tokens.test.ts.
const counts = new Uint16Array(256)

/** Shannon's entropy of a text of bytes, in bits a character: 0 for one character repeated, log2 of its length at most. Of long ones the first 4,096 characters count. */
export function entropyOf(text: string): number {
  const length = Math.min(text.length, 4_096)
  if (length === 0) return 0
  counts.fill(0)
  for (let at = 0; at < length; at += 1) counts[text.charCodeAt(at) & 255]! += 1
  let sum = 0
  for (let at = 0; at < 256; at += 1) {
    const count = counts[at]!
    if (count > 0) sum += count * Math.log2(count)
  }
  return Math.log2(length) - sum / length
}
