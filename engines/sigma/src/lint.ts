import { link } from './link.ts'
import { parse } from './parse.ts'
import type { ParseOptions } from './parse.ts'
import type { Rejection } from './rule.ts'

/** One line of `haechi rules lint`. `line` is the document's, of one that is rejected the offending entry's. */
export type Lint = { file: string; status: 'ok' | 'rejected'; code: Rejection['code'] | null; line: number; id: string | null; reason: string | null }

/** Each document of the files, in their order; what documents say of each other is looked up over all of them. */
export function lint(files: readonly { readonly file: string; readonly text: string }[], options: ParseOptions = {}): Lint[] {
  const read = files.map(({ file, text }) => parse(text, file, options))
  const { rejected } = link({ rules: read.flatMap(({ rules }) => rules), correlations: read.flatMap(({ correlations }) => correlations), filters: read.flatMap(({ filters }) => filters) })
  const linking = Map.groupBy(rejected, ({ file }) => file)
  return read.flatMap((parsed, index) => {
    const file = files[index]?.file ?? ''
    const lines = [
      ...[...parsed.rules, ...parsed.correlations, ...parsed.filters].map(({ id, line }): Lint => ({ file, status: 'ok', code: null, line, id, reason: null })),
      ...parsed.rejected.map((rejection) => rejectedLine(rejection)),
    ].sort((a, b) => a.line - b.line)
    for (const rejection of linking.get(file) ?? []) {
      // An offending entry lies within its document.
      const at = lines.findLastIndex(({ line }) => line <= rejection.line)
      if (lines[at]?.status === 'ok') lines[at] = rejectedLine(rejection)
    }
    return lines
  })
}

const rejectedLine = ({ file, line, code, id, reason }: Rejection): Lint => ({ file, status: 'rejected', code, line, id: id ?? null, reason })
