/** Letters without case: Unicode lower case, with the final sigma as the other sigma. No full folding: "ß" is not "ss". */
export const fold = (text: string): string => {
  const lower = text.toLowerCase()
  return lower.includes('\u03C2') ? lower.replaceAll('\u03C2', '\u03C3') : lower
}
