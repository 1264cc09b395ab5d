// Cursors say where a page ended, in a form that clients hand back unread. They carry positions, never rights: a cursor that was
// tampered with reaches nothing that its bearer could not ask for. Defended by paging.test.ts.
import { HaechiError } from './errors.ts'
import { z } from './http.ts'

/** Query fields of every list: `limit` 1 to 1,000 (100 when left out) and `cursor`. Spread into the route's own query object. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100).openapi({ description: 'Rows a page, 1 to 1,000' }),
  cursor: z.string().max(2_000).optional().openapi({ description: 'next_cursor of the page before' }),
}

export interface CursorCodec<T> {
  encode(position: T): string
  /** undefined for the first page. Errors: cursor_invalid. */
  decode(cursor: string | undefined): T | undefined
}

/** `kind` keeps cursors of different lists (and of different sort orders) apart. */
export function cursorOf<T>(kind: string, position: z.ZodType<T>): CursorCodec<T> {
  const encode = (value: T) => Buffer.from(JSON.stringify([kind, value])).toString('base64url')
  return {
    encode,
    decode(cursor) {
      if (cursor === undefined) return undefined
      let value: unknown
      try {
        value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
      } catch (cause) {
        throw new HaechiError('cursor_invalid', {}, { cause })
      }
      const parsed = Array.isArray(value) && value.length === 2 && value[0] === kind ? position.safeParse(value[1]) : undefined
      if (parsed?.success !== true || encode(parsed.data) !== cursor) throw new HaechiError('cursor_invalid')
      return parsed.data
    },
  }
}

/** Cuts `rows` (which were read with limit + 1) to the page and names the next one. */
export function pageOf<Row, T>(rows: readonly Row[], limit: number, codec: CursorCodec<T>, positionOf: (last: Row) => T): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last !== undefined ? codec.encode(positionOf(last)) : null }
}
