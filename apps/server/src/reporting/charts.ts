// Small charts as SVG, by hand: no script, no style attribute, so that the strictest content security policy lets them through. Each has its numbers as
// text, and stands beside a table that says the same.
import { html } from './markup.ts'
import type { Markup } from './markup.ts'

export const ink = { accent: '#2f5d8c', faint: '#e6eaef', line: '#c9d1da', text: '#1c2430', muted: '#56606d' } as const

/** One bar; `share` from 0 to 1. The class says its colour where it is one of a severity. */
export const bar = (share: number, kind = 'accent'): Markup =>
  html`<svg class="bar ${kind}" viewBox="0 0 200 10" width="200" height="10" preserveAspectRatio="none" aria-hidden="true"><rect width="200" height="10" fill="${ink.faint}"/><rect width="${Math.max(share > 0 ? 2 : 0, Math.round(200 * share))}" height="10" fill="currentColor"/></svg>`

/** A few values as columns, the last one strong; null leaves a gap with a dash. */
export function columns(values: readonly { label: string; value: number | null; shown: string }[], target: number | null): Markup {
  const top = Math.max(1e-9, ...values.map(({ value }) => value ?? 0), target ?? 0)
  const height = (value: number) => Math.round((30 * value) / top)
  const width = 46
  return html`<svg class="columns" viewBox="0 0 ${values.length * width} 58" width="${values.length * width}" height="58" role="img" aria-label="${values.map(({ label, shown }) => `${label} ${shown}`).join(', ')}">${
    target === null ? null : html`<line x1="0" x2="${values.length * width}" y1="${44 - height(target)}" y2="${44 - height(target)}" stroke="${ink.muted}" stroke-dasharray="3 3"/>`}${
    values.map(({ label, value, shown }, index) => html`<g transform="translate(${index * width} 0)"><rect x="10" y="${44 - height(value ?? 0)}" width="26" height="${height(value ?? 0)}" fill="${index === values.length - 1 ? ink.accent : '#a9bdd1'}"/><text x="23" y="${Math.max(9, 41 - height(value ?? 0))}" text-anchor="middle" font-size="9" fill="${ink.text}" stroke="#ffffff" stroke-width="3" paint-order="stroke">${value === null ? '–' : shown}</text><text x="23" y="55" text-anchor="middle" font-size="9" fill="${ink.muted}">${label}</text></g>`)}</svg>`
}

/** Seven rows of 24 cells; the darker the more, the number in each. */
export function heatMap(cells: readonly (readonly number[])[], weekdays: readonly string[], label: string): Markup {
  const most = Math.max(1, ...cells.flat())
  const size = 26
  const left = 34
  return html`<svg class="heat" viewBox="0 0 ${left + 24 * size} ${7 * size + 20}" width="100%" role="img" aria-label="${label}">${
    cells.map((row, weekday) => html`<text x="${left - 8}" y="${weekday * size + 17}" text-anchor="end" font-size="11" fill="${ink.muted}">${weekdays[weekday]}</text>${
      row.map((count, hour) => html`<rect x="${left + hour * size}" y="${weekday * size}" width="${size - 2}" height="${size - 2}" rx="3" fill="${count === 0 ? ink.faint : ink.accent}" fill-opacity="${count === 0 ? (weekday > 4 || hour < 9 || hour >= 18 ? 1 : 0.55) : Math.round(100 * (0.35 + (0.65 * count) / most)) / 100}"/>${
        count === 0 ? null : html`<text x="${left + hour * size + 12}" y="${weekday * size + 16}" text-anchor="middle" font-size="10" fill="${count / most < 0.35 ? ink.text : '#ffffff'}">${count}</text>`}`)}`)}${
    Array.from({ length: 8 }, (_, index) => html`<text x="${left + index * 3 * size + 12}" y="${7 * size + 14}" text-anchor="middle" font-size="10" fill="${ink.muted}">${String(index * 3).padStart(2, '0')}</text>`)}</svg>`
}
