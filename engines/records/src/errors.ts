export type RecordsErrorCode =
  | 'json_invalid'
  | 'not_an_object'
  | 'utf8_invalid'
  | 'record_too_large'
  | 'depth_exceeded'
  | 'gzip_invalid'
  | 'zip_invalid'
  | 'zip_too_large'
  | 'csv_invalid'
  | 'binary_content'

/** What is wrong with one record or one file. `place` names it: `events.json:12`, `bundle.zip/a.json:3`. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError'
  readonly code: RecordsErrorCode
  readonly place: string
  /** What the code needs to be told in a sentence: the limit, the decoder's reason. Never the content of the record. */
  readonly params: Readonly<Record<string, string | number>>

  constructor(code: RecordsErrorCode, place: string, params: Readonly<Record<string, string | number>> = {}) {
    super(`${code} at ${place}`)
    this.code = code
    this.place = place
    this.params = params
  }
}
