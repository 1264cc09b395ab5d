// SSVC decision tables as CERT/CC publishes them (schema DecisionTable 2.0.0, and their CSV form), evaluated with what is known: an answer that nobody has leaves several rows, and the
// worst of them is the outcome. A table that contradicts itself or has gaps is refused. Defended by tests/conformance/risk/ssvc.test.ts, all published tables row by row.
import { excerpt, named, RiskProblem } from '../problem.ts'

/** `id` is namespace:key:version, of a CSV table the title of its column. Values are ordered from least to worst. */
export type DecisionPoint = { readonly id: string; readonly name: string; readonly values: readonly { readonly key: string; readonly name: string }[] }
export type DecisionTable = {
  readonly name: string
  readonly points: readonly DecisionPoint[]
  readonly outcome: DecisionPoint
  /** Keys in the order of `points`, and the key of the outcome. */
  readonly rows: readonly { readonly when: readonly string[]; readonly gives: string }[]
}

export type Outcome = {
  /** Key of the worst outcome that the answers leave possible. */
  readonly outcome: string
  /** Key of the least one; the same where the answers leave no doubt. */
  readonly atBest: string
  /** Which rows the answers leave, from 0. */
  readonly rows: readonly number[]
  /** Ids of the points that were not answered. */
  readonly unanswered: readonly string[]
}

const mostRows = 100_000
type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const malformed = (place: string, reason: string): RiskProblem => new RiskProblem('table_malformed', place, reason)

/** Reads the JSON form. Throws RiskProblem: table_malformed, table_value_unknown, table_row_contradicts, table_incomplete. */
export function readDecisionTable(value: unknown): DecisionTable {
  if (!isFields(value) || !isFields(value['decision_points']) || !Array.isArray(value['mapping']) || typeof value['outcome'] !== 'string') throw malformed('', 'a decision table has decision_points, outcome and mapping')
  const all = new Map(Object.entries(value['decision_points']).map(([id, point]) => [id, pointOf(id, point)]))
  const outcome = all.get(value['outcome'])
  if (outcome === undefined) throw malformed('outcome', `${excerpt(value['outcome'])} is none of the decision points`)
  const mapping: readonly unknown[] = value['mapping']
  const points = [...all.values()].filter((point) => point !== outcome)
  const rows = mapping.map((row, at) => {
    if (!isFields(row)) throw malformed(`mapping[${at}]`, 'a row is an object')
    const key = (point: DecisionPoint): string => keyOf(point, row[point.id], `mapping[${at}].${point.id}`)
    return { when: points.map(key), gives: key(outcome) }
  })
  return checked({ name: typeof value['name'] === 'string' ? value['name'] : '', points, outcome, rows })
}

function pointOf(id: string, value: unknown): DecisionPoint {
  if (!isFields(value) || !Array.isArray(value['values']) || value['values'].length === 0) throw malformed(`decision_points.${id}`, 'a decision point has values')
  const values = (value['values'] as readonly unknown[]).map((one, at) => {
    if (!isFields(one) || typeof one['key'] !== 'string' || typeof one['name'] !== 'string') throw malformed(`decision_points.${id}.values[${at}]`, 'a value has key and name')
    return { key: one['key'], name: one['name'] }
  })
  return { id, name: typeof value['name'] === 'string' ? value['name'] : id, values }
}

function keyOf(point: DecisionPoint, value: unknown, place: string): string {
  const found = point.values.find(({ key, name }) => key === value || (typeof value === 'string' && name.toLowerCase() === value.toLowerCase()))
  if (found === undefined) throw new RiskProblem('table_value_unknown', place, `${point.name} is one of ${point.values.map(({ key, name }) => `${key} (${name})`).join(', ')}`, { found: named(value), allowed: point.values.map(({ key }) => key) })
  return found.key
}

/** Reads the CSV form: a number, the points, last the outcome. Its values are its own keys, in the order in which they first appear (published tables go from least to worst). Throws as readDecisionTable. */
export function readDecisionTableCsv(text: string): DecisionTable {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/).filter((line) => line !== '').slice(0, mostRows + 2).map(cellsOf)
  const [titles = [], ...body] = lines
  if (titles.length < 3 || titles[0] !== 'row') throw malformed('line 1', 'the first line names row, the decision points and the outcome')
  const values = titles.map(() => new Map<string, { key: string; name: string }>())
  const rows = body.map((cells, at) => {
    if (cells.length !== titles.length) throw malformed(`line ${at + 2}`, `${cells.length} cells instead of ${titles.length}`)
    for (const [column, cell] of cells.entries()) values[column]?.set(cell, { key: cell, name: cell })
    return { when: cells.slice(1, -1), gives: cells.at(-1)! }
  })
  const points = titles.map((id, column) => ({ id, name: id, values: [...values[column]!.values()] }))
  return checked({ name: points.at(-1)!.name, points: points.slice(1, -1), outcome: points.at(-1)!, rows })
}

/** RFC 4180 within a line. */
function cellsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}

function checked(table: DecisionTable): DecisionTable {
  const { points, rows } = table
  const combinations = points.reduce((count, { values }) => count * values.length, 1)
  if (rows.length === 0 || combinations > mostRows) throw malformed('mapping', `a table has 1 to ${mostRows} rows`)
  const seen = new Map<string, number>()
  for (const [at, { when, gives }] of rows.entries()) {
    const before = seen.get(when.join('\0'))
    if (before !== undefined && rows[before]!.gives !== gives) throw new RiskProblem('table_row_contradicts', `row ${at}`, `row ${at} says ${gives} where row ${before} says ${rows[before]!.gives}`)
    if (before === undefined) seen.set(when.join('\0'), at)
  }
  if (seen.size !== combinations) throw new RiskProblem('table_incomplete', '', `the points have ${combinations} combinations; rows are there for ${seen.size}`)
  return table
}

/** `answers` by id of the point: a key or name of a value; absent where nobody knows. Throws RiskProblem table_value_unknown for an answer or a point that the table has not. */
export function evaluate(table: DecisionTable, answers: Readonly<Record<string, string | undefined>>): Outcome {
  const { points, outcome } = table
  for (const id of Object.keys(answers)) {
    if (!points.some((point) => point.id === id)) throw new RiskProblem('table_value_unknown', id, `the table asks ${points.map((point) => point.id).join(', ')}`, { found: id, allowed: points.map((point) => point.id) })
  }
  const wanted = points.map((point) => (answers[point.id] === undefined ? null : keyOf(point, answers[point.id], point.id)))
  const rows: number[] = []
  let [worst, least] = [-1, Infinity]
  for (const [at, { when, gives }] of table.rows.entries()) {
    if (!when.every((key, column) => wanted[column] === null || wanted[column] === key)) continue
    rows.push(at)
    const rank = outcome.values.findIndex(({ key }) => key === gives)
    worst = Math.max(worst, rank)
    least = Math.min(least, rank)
  }
  return { outcome: outcome.values[worst]!.key, atBest: outcome.values[least]!.key, rows, unanswered: points.filter((_, column) => wanted[column] === null).map(({ id }) => id) }
}
