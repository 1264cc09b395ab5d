import type { Refusal, RefusalCode } from './model.ts'

/** Ends the reading of a document. Thrown only inside `readDocument`, which hands it back as a Refusal. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly refusal: Refusal

  constructor(code: RefusalCode, place: string, reason: string) {
    super(reason)
    this.refusal = { code, place, reason }
  }
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
