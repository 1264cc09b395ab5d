// Text on a terminal: how wide it is (Hangul takes two cells), how it is cut, and how rows become a table that fits. What comes from events
// is never written as it is: a control character in it would command the terminal. Defended by layout.test.ts.

// Wide and Fullwidth of Unicode's EastAsianWidth.txt (UAX #11), together with emoji; ambiguous characters take one cell.
const wide = /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u
const unseen = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff\ud7b0-\ud7fb]*$/u
const plain = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

const cellsOf = (grapheme: string): number => (wide.test(grapheme) ? 2 : unseen.test(grapheme) ? 0 : 1)

/** Cells that `text` takes. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let cells = 0
  for (const { segment } of graphemes.segment(text)) cells += cellsOf(segment)
  return cells
}

/** At most `cells` wide; what was cut off shows as `…`. */
export function cut(text: string, cells: number): string {
  if (plain.test(text) && text.length <= cells) return text
  let taken = 0
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    taken += cellsOf(segment)
    if (taken > cells) return cells < 1 ? '' : `${kept}…`
    if (taken <= cells - 1) kept += segment
  }
  return text
}

export const padEnd = (text: string, cells: number): string => text + ' '.repeat(Math.max(0, cells - widthOf(text)))
export const padStart = (text: string, cells: number): string => ' '.repeat(Math.max(0, cells - widthOf(text))) + text

/** One line that commands no terminal and reorders no text: breaks become spaces, other controls and directional marks are spelled out. */
export function safe(text: string): string {
  if (plain.test(text)) return text
  return text.toWellFormed().replace(/[\t\n\r\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export type Column = { readonly title: string; readonly align?: 'right'; /** Never shrunk. */ readonly fixed?: true }

const gap = 2
const least = 4

/** The width of each column so that a line has at most `width` cells; the widest columns give way first. */
export function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map((column, at) => rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), widthOf(column.title)))
  let over = widths.reduce((sum, each) => sum + each, 0) + gap * (columns.length - 1) - width
  while (over > 0) {
    const open = widths.map((each, at) => (columns[at]?.fixed === true ? 0 : each))
    const widest = Math.max(...open)
    if (widest <= least) break
    const second = Math.max(least, ...open.filter((each) => each < widest))
    const atWidest = open.filter((each) => each === widest).length
    const step = Math.max(1, Math.min(widest - second, Math.ceil(over / atWidest)))
    for (let at = 0; at < widths.length && over > 0; at++) {
      if (open[at] !== widest) continue
      const taken = Math.min(step, over)
      widths[at] = widest - taken
      over -= taken
    }
  }
  return widths
}

/** One row as a line. */
export function tableLine(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  return cells.map((cell, at) => {
    const width = widths[at] ?? 0
    const text = cut(cell, width)
    return columns[at]?.align === 'right' ? padStart(text, width) : at === cells.length - 1 ? text : padEnd(text, width)
  }).join(' '.repeat(gap)).trimEnd()
}

/** Head and rows, cells made safe. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] {
  const clean = rows.map((row) => row.map(safe))
  const widths = columnWidths(columns, clean, width)
  return [columns.map((column) => column.title), ...clean].map((row) => tableLine(row, columns, widths))
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'] as const
/** `12.3 MB`, decimal units. */
export function byteSize(bytes: number): string {
  let value = bytes
  let at = 0
  while (value >= 999.95 && at < sizes.length - 1) {
    value /= 1_000
    at++
  }
  return `${at === 0 ? String(Math.round(value)) : value.toFixed(1)} ${sizes[at] ?? ''}`
}

/** `1,234,567` */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US')

/** A bar of `cells`, filled to `share` (0 to 1) in eighths of a cell. */
export function bar(share: number, cells: number, empty = ' '): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * cells * 8)
  const whole = Math.trunc(eighths / 8)
  const part = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8] ?? ''
  return '█'.repeat(whole) + part + empty.repeat(cells - whole - (part === '' ? 0 : 1))
}
