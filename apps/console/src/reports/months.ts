/** A month as it stands in the address, '2026-11'. */
export type Month = `${number}-${number}`

export function monthOf(year: number, month: number): Month {
  return `${year}-${String(month).padStart(2, '0')}` as Month
}
/** `at` by the calendar of `clock`, the reader's: 'YYYY-MM-DD …'. */
export function readMonth(text: string | undefined, today: string): Month {
  const current = today.slice(0, 7) as Month
  return text !== undefined && /^\d{4}-(0[1-9]|1[0-2])$/.test(text) && text <= current ? text as Month : current
}
export function parts(month: Month): { year: number; month: number } {
  const [year, of] = month.split('-').map(Number)
  return { year: year ?? 1970, month: of ?? 1 }
}
export function step(month: Month, by: number): Month {
  const { year, month: of } = parts(month)
  const index = year * 12 + (of - 1) + by
  return monthOf(Math.floor(index / 12), (index % 12) + 1)
}
/** `current` and the ones before it, latest first. */
export function latest(current: Month, count: number): Month[] {
  return Array.from({ length: count }, (_, index) => step(current, -index))
}
