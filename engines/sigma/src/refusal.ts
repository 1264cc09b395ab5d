import type { RejectionCode } from './rule.ts'

/** Ends the reading of one document. Thrown only inside `parse`, which turns it into a Rejection. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RejectionCode
  /** From 1, in the text that was read; 0 = the place is not known closer than the document. */
  readonly line: number

  constructor(code: RejectionCode, reason: string, line = 0) {
    super(reason)
    this.code = code
    this.line = line
  }
}
