// Small templates as texts, for tests.
import type { Template } from './model.ts'
import type { ReadOptions, ReadTemplate } from './read.ts'
import { readTemplate } from './read.ts'

export const bytes = (text: string): Uint8Array => Buffer.from(text)

/** A template of this id with these lines behind `info`. */
export const templateText = (body: string, id = 'example'): string => `id: ${id}\ninfo:\n  name: Example\n  author: a, b\n  severity: high\n  tags: One,two\n${body}`

/** An http block with these lines, six spaces deep, behind its path. */
export const httpText = (lines: string, id = 'example'): string => templateText(`http:\n  - method: GET\n    path:\n      - "{{BaseURL}}/"\n${lines}`, id)

export const readText = (text: string, options: ReadOptions = {}): ReadTemplate => readTemplate('http/example.yaml', bytes(text), options)

export function templateOf(text: string, options: ReadOptions = {}): Template {
  const read = readText(text, options)
  if ('refusal' in read) throw new Error(`${read.refusal.place}: ${read.refusal.code}: ${read.refusal.reason}`)
  return read.template
}

/** 'code place' of a refusal, or of what a parsed template lacks; 'runnable'. */
export function verdictOf(text: string, options: ReadOptions = {}): string {
  const read = readText(text, options)
  if ('refusal' in read) return `refused ${read.refusal.code} ${read.refusal.place}`
  const { support } = read.template
  return support.status === 'runnable' ? 'runnable' : `parsed ${support.problem.code} ${support.problem.place}`
}
