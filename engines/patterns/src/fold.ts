/** Letters without case: Unicode lower case, with the final sigma as the other sigma. No full folding: "ß" is not "ss". */
export const fold = (text: string): string => {
  const lower = text.toLowerCase()
  return lower.includes('\u03C2') ? lower.replaceAll('\u03C2', '\u03C3') : lower
}

/** What an expression without case does not tell apart is the same in it: `fold`, with the long s as s. */
export const foldCase = (text: string): string => {
  const folded = fold(text)
  return folded.includes('\u017F') ? folded.replaceAll('\u017F', 's') : folded
}
