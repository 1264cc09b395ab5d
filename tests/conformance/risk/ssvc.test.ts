// The decision tables that CERT/CC publishes: all of them read, evaluated row by row, in both forms; and our own rows of BOD 26-04 against theirs.
import { bod2604, evaluate, readDecisionTable, readDecisionTableCsv } from '@haechi/risk'
import type { DecisionTable } from '@haechi/risk'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, filesOfTar, missing, textOf } from './feeds.ts'

const reason = missing === null ? '' : `: ${missing}`
const answersOf = ({ points }: DecisionTable, when: readonly string[]) => Object.fromEntries(points.map(({ id }, column) => [id, when[column]!]))

function metRowByRow(table: DecisionTable): number {
  for (const [at, { when, gives }] of table.rows.entries()) expect([table.name, at, evaluate(table, answersOf(table, when))]).toEqual([table.name, at, { outcome: gives, atBest: gives, rows: [at], unanswered: [] }])
  return table.rows.length
}

describe.skipIf(missing !== null)(`decision tables${reason}`, () => {
  test.each([['cisa_bod_26_04_1_0_0', 16], ['cisa_coordinator_2_0_3', 36], ['deployer_patch_application_priority_1_0_0', 72]])('%s: %d rows, in JSON and in CSV the same', (name, rows) => {
    const json = readDecisionTable(JSON.parse(textOf(`ssvc/${name}.json`)))
    const csv = readDecisionTableCsv(textOf(`ssvc/${name}.csv`))
    expect([metRowByRow(json), metRowByRow(csv)]).toEqual([rows, rows])
    const nameOf = (table: DecisionTable) => table.rows.map(({ when, gives }) => Object.fromEntries([...table.points.map((point, column) => [point.name.replace(/ v\d.*$/, ''), point.values.find(({ key }) => key === when[column])?.name.toLowerCase()]), ['', table.outcome.values.find(({ key }) => key === gives)?.name.toLowerCase()]]))
    expect(nameOf(csv)).toEqual(nameOf(json).map((row, at) => expect.objectContaining(nameOf(csv)[at] === undefined ? {} : row)))
  })

  test('our own rows of BOD 26-04 are the published ones', () => {
    const bands = { 'fix on system upgrade': 'next_upgrade', '60 days': 'sixty_days', '14 days': 'fourteen_days', '3 days': 'three_days', '3 days & forensic investigation': 'three_days_forensics' } as const
    const rows = textOf('ssvc/cisa_bod_26_04_1_0_0.csv').trim().split(/\r?\n/).slice(1).map((line) => line.split(','))
    expect(rows.length).toBe(16)
    for (const [row, kev, exposed, automatable, impact, outcome] of rows) {
      expect(bod2604({ in_kev: kev === 'yes', exposed: exposed === 'yes', automatable: automatable === 'yes', total_impact: impact === 'total' })).toEqual({ row: Number(row), band: bands[outcome as keyof typeof bands] })
    }
  })

  test('every table of the archive, and its twin in the other form', () => {
    const files = filesOfTar(bytesOf('ssvc/ssvc-data.tar.gz'))
    const json = files.keys().filter((name) => /^data\/json\/decision_tables\/.*\.json$/.test(name)).toArray()
    const csv = files.keys().filter((name) => /^data\/csv\/.*\.csv$/.test(name)).toArray()
    expect([json.length, csv.length]).toEqual([16, 16])
    const rows = [...json.map((name) => metRowByRow(readDecisionTable(JSON.parse(files.get(name)!.toString())))), ...csv.map((name) => metRowByRow(readDecisionTableCsv(files.get(name)!.toString())))]
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(2 * 1_574)
  })

  test('what is not answered leaves the worst of what a naive walk over the rows leaves', () => {
    // Published rows go from least to worst; the outcome does not depend on that.
    const published = JSON.parse(textOf('ssvc/deployer_patch_application_priority_1_0_0.json')) as { mapping: unknown[] }
    const table = readDecisionTable({ ...published, mapping: published.mapping.toReversed() })
    const rank = (key: string) => table.outcome.values.findIndex((value) => value.key === key)
    fc.assert(fc.property(fc.tuple(...table.points.map(({ values }) => fc.option(fc.constantFrom(...values.map(({ key }) => key)), { nil: undefined }))), (when) => {
      const left = table.rows.filter((row) => row.when.every((key, column) => when[column] === undefined || when[column] === key)).map(({ gives }) => gives).toSorted((a, b) => rank(a) - rank(b))
      expect(evaluate(table, Object.fromEntries(table.points.map(({ id }, column) => [id, when[column]])))).toMatchObject({ outcome: left.at(-1), atBest: left[0] })
    }))
  })

  test.each<[string, (table: { mapping: Record<string, unknown>[]; decision_points: Record<string, unknown>; outcome: unknown }) => void, string]>([
    ['a gap', (table) => table.mapping.pop(), 'table_incomplete'], ['a contradiction', (table) => table.mapping.push({ ...table.mapping[0], 'cisa:BOD2604:1.0.0': '3D' }), 'table_row_contradicts'], ['an unknown value', (table) => { table.mapping[0]!['cisa:KEV:1.0.0'] = 'maybe' }, 'table_value_unknown'],
    ['no outcome', (table) => { table.outcome = 'x' }, 'table_malformed'], ['no values', (table) => { table.decision_points['cisa:KEV:1.0.0'] = { values: [] } }, 'table_malformed'], ['a row that is none', (table) => { table.mapping[0] = null as never }, 'table_malformed'],
  ])('a table with %s is refused', (_, spoil, code) => {
    const table = JSON.parse(textOf('ssvc/cisa_bod_26_04_1_0_0.json')) as Parameters<typeof spoil>[0]
    spoil(table)
    expect(() => readDecisionTable(table)).toThrow(expect.objectContaining({ code }))
  })
})
