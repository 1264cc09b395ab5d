// A raw record as evidence: laid out to be read, with what made the rule fire marked. What is copied is the record as it was sent, byte for byte.
// Defended by evidence.test.ts (the marked text, put together again, is the laid-out text).
import type { AlertEvent } from '../../../server/src/detection/wire.ts'

export type Segment = { text: string; marked: boolean }

/** JSON is laid out with two spaces; anything else stays as it is. */
export function layOut(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2)
  } catch {
    return raw
  }
}

/**
 * Marks what matched. In JSON: values that stand whole, under the key of the field where the record has one; where the record names it otherwise, any equal value
 * long enough not to be chance. In other texts: where they occur.
 */
export function mark(text: string, matched: AlertEvent['matched']): Segment[] {
  const lines = text.split('\n')
  const ranges = text.startsWith('{') || text.startsWith('[') ? markJson(lines, matched) : markText(lines, matched)
  const segments: Segment[] = []
  for (const [index, line] of lines.entries()) {
    const range = ranges.get(index)
    const end = index === lines.length - 1 ? '' : '\n'
    if (range === undefined) push(line + end, false)
    else {
      push(line.slice(0, range.from), false)
      push(line.slice(range.from, range.to), true)
      push(line.slice(range.to) + end, false)
    }
  }
  return segments

  function push(part: string, marked: boolean): void {
    if (part === '') return
    const last = segments.at(-1)
    if (last !== undefined && last.marked === marked) last.text += part
    else segments.push({ text: part, marked })
  }
}

type Range = { from: number; to: number }

function scalars(value: unknown): (string | number | boolean)[] {
  return (Array.isArray(value) ? value as unknown[] : [value]).filter((one): one is string | number | boolean => (typeof one === 'string' && one !== '') || typeof one === 'number' || typeof one === 'boolean')
}

function markJson(lines: readonly string[], matched: AlertEvent['matched']): Map<number, Range> {
  const ranges = new Map<number, Range>()
  const parts = lines.map((line) => {
    const found = /^(\s*)(?:"((?:[^"\\]|\\.)*)": )?(.*?),?$/.exec(line)
    const value = found?.[3] ?? ''
    const from = line.endsWith(',') ? line.length - 1 - value.length : line.length - value.length
    return { key: found?.[2]?.toLowerCase() ?? null, plain: value.startsWith('"') ? unquoted(value) : value, from, to: from + value.length }
  })
  for (const { field, value } of matched) {
    for (const one of scalars(value)) {
      const wanted = String(one).toLowerCase()
      const equal = parts.flatMap((part, index) => (part.plain.toLowerCase() === wanted ? [index] : []))
      const named = field === null ? [] : equal.filter((index) => parts[index]?.key === field.toLowerCase().slice(field.lastIndexOf('.') + 1))
      for (const index of named.length > 0 ? named : wanted.length >= 4 ? equal : []) ranges.set(index, { from: parts[index]!.from, to: parts[index]!.to })
    }
  }
  return ranges
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}

function markText(lines: readonly string[], matched: AlertEvent['matched']): Map<number, Range> {
  const ranges = new Map<number, Range>()
  for (const one of matched.flatMap(({ value }) => scalars(value))) {
    const wanted = String(one)
    for (const [index, line] of lines.entries()) {
      const from = line.indexOf(wanted)
      const standing = ranges.get(index)
      // the longest one of a line: it says most
      if (from >= 0 && wanted.length > (standing === undefined ? 0 : standing.to - standing.from)) ranges.set(index, { from, to: from + wanted.length })
    }
  }
  return ranges
}

/** A value as evidence shows it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? ''
}
