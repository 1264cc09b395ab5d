// What was seen, as a person reads it: its words are of a language, and what stood on the wire is the same in both. Bounded, on one line.
// Defended by evidence.test.ts; that words are there in both, by the scans of the lab.
import { readable } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import type { Text } from '@haechi/risk'

export type { Text }

/** An error that a report tells: its words are of a language, as those of evidence; plain is only what somebody else wrote (a code of the system, a text of OpenSSL). Its `message` is the English. */
export class TextError extends Error {
  readonly text: Text

  constructor(text: Text | string) {
    super(typeof text === 'string' ? text : text.en)
    this.text = typeof text === 'string' ? { en: text, ko: text } : text
  }
}

/** Of words, or of nothing but what stood on the wire. Bytes within either are read as UTF-8 where they are such. */
export function evidenceOf(seen: Bytes | Text, most = 300): Text {
  if (typeof seen !== 'string') return { en: line(seen.en, most), ko: line(seen.ko, most) }
  const both = line(seen, most)
  return { en: both, ko: both }
}

function line(text: string, most: number): string {
  // oxlint-disable-next-line no-control-regex
  const clean = text.replace(/[\x80-\xff]+/g, readable).replace(/[\0-\x1f\x7f-\x9f]+/g, ' ').trim()
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean
}
