/** The smallest of 1, 2, 5 × 10ⁿ (but at least 4 apart where counts are small) that is not below `value`. */
export function niceCeiling(value: number): number {
  if (value <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)!
}
