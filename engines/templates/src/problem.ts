import type { Problem, ProblemCode } from './model.ts'

/** Ends the reading of a template, or of a part of one that a run asks for. Thrown only inside the engine: the reader and the scan hand it back as a Problem. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly problem: Problem

  constructor(code: ProblemCode, place: string, reason: string) {
    super(reason)
    this.problem = { code, place, reason }
  }
}
