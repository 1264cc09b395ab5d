// CISA Binding Operational Directive 26-04: how soon a vulnerability is remedied. The sixteen rows, written here by ourselves as facts of the directive (a work of the US government,
// in the public domain); tests/conformance/risk/ssvc.test.ts holds them against the table that CERT/CC publishes (cisa_bod_26_04_1_0_0, SSVC decision table cisa:DT_BOD2604:1.0.0).
import type { Band, Level, Question } from './model.ts'

/** From longest to shortest. */
export const bands: readonly Band[] = ['next_upgrade', 'sixty_days', 'fourteen_days', 'three_days', 'three_days_forensics']
export const daysOf: Readonly<Record<Band, number | null>> = { next_upgrade: null, sixty_days: 60, fourteen_days: 14, three_days: 3, three_days_forensics: 3 }
/** The three words that people decide by: what has days or two weeks, what has two months, what waits for the next upgrade. */
export const levelOf: Readonly<Record<Band, Level>> = { three_days_forensics: 'urgent', three_days: 'urgent', fourteen_days: 'urgent', sixty_days: 'remedy', next_upgrade: 'watch' }

type Row = { readonly row: number; readonly band: Band }
const row = (number: number, band: Band): Row => ({ row: number, band })
// At 8 * in KEV + 4 * exposed + 2 * automatable + total impact. Row numbers are those of the published table.
const rows: readonly Row[] = [
  row(0, 'next_upgrade'), row(4, 'next_upgrade'), row(3, 'sixty_days'), row(10, 'sixty_days'),
  row(2, 'sixty_days'), row(9, 'fourteen_days'), row(7, 'fourteen_days'), row(14, 'three_days'),
  row(1, 'fourteen_days'), row(8, 'fourteen_days'), row(6, 'fourteen_days'), row(13, 'three_days_forensics'),
  row(5, 'fourteen_days'), row(12, 'three_days_forensics'), row(11, 'three_days'), row(15, 'three_days_forensics'),
]

/** The row that answers the four questions. */
export function bod2604(answers: Readonly<Record<Question, boolean>>): Row {
  return rows[(answers.in_kev ? 8 : 0) + (answers.exposed ? 4 : 0) + (answers.automatable ? 2 : 0) + (answers.total_impact ? 1 : 0)]!
}
