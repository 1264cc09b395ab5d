// What somebody pastes, as single indicators. Pure; defended by indicators.test.ts.

/** Texts between blanks, without the quotation marks, brackets and commas that surround them in mails and tables; each once, in their order. */
export function pasted(text: string): string[] {
  return [...new Set(text.split(/\s+/).map((word) => word.replace(/^["'<(,;]+|["'>),;]+$/g, '')).filter((word) => word !== ''))]
}

/** The plain form of a defanged indicator: hxxp, [.], (dot), [at]. The server understands both; records hold the plain one. */
export function refanged(text: string): string {
  return text.replace(/[[({](:|:\/\/)[\])}]/g, '$1').replace(/^hxxp(?=s?:)/i, 'http').replace(/[[({](\.|dot)[\])}]/gi, '.').replace(/[[({](@|at)[\])}]/gi, '@')
}
