// Indicators of compromise: read from what people and feeds write, held compactly, looked up and matched in event records.
// Pure: opens no file and no socket, reads no clock. Nothing here throws on content.
export type { Indicator, IndicatorType, ParsedIndicator, Verdict } from './indicator.ts'
export { parseIndicator } from './indicator.ts'
export type { Answer, IndicatorIndex } from './lookup.ts'
export { createIndex } from './lookup.ts'
export type { CsvOptions } from './csv.ts'
export { readCsv } from './csv.ts'
export type { IndicatorReading, ReadOptions, Rejection, RejectionCode } from './reading.ts'
export { readStix } from './stix.ts'
export type { Hit } from './scan.ts'
export { scanRecord } from './scan.ts'
