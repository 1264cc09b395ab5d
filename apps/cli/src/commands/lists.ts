import type { Context } from '../context.ts'
import type { Server } from '../client.ts'
import { table } from '../layout.ts'
import type { Column } from '../layout.ts'
import type { TextKey } from '../texts.ts'

export type ListColumn<T> = { readonly title: TextKey; readonly align?: 'right'; readonly fixed?: true; cell(row: T): string }

/** All pages of a list: with --json one object a line, else a table. `paged` false: the list has no pages. */
export async function printList<T extends object>(context: Context, server: Server, path: string, member: string, columns: readonly ListColumn<T>[], options: { limit?: number; query?: Readonly<Record<string, string | undefined>>; paged?: boolean } = {}): Promise<void> {
  const most = options.limit ?? Infinity
  const rows: T[] = []
  let cursor: string | undefined
  let printed = 0
  do {
    const page = await server.call<Record<string, unknown>>('GET', path, {
      query: { ...options.query, limit: options.paged === false ? undefined : Math.min(1_000, most - printed), cursor }, patience: listPatience, stop: context.stop,
    })
    const items = (Array.isArray(page[member]) ? page[member] as T[] : []).slice(0, most - printed)
    printed += items.length
    if (context.json) for (const item of items) context.out.write(`${JSON.stringify(item)}\n`)
    else rows.push(...items)
    cursor = typeof page['next_cursor'] === 'string' ? page['next_cursor'] : undefined
  } while (cursor !== undefined && printed < most)
  if (!context.json) printTable(context, rows, columns)
}

export function printTable<T>(context: Context, rows: readonly T[], columns: readonly ListColumn<T>[]): void {
  if (rows.length === 0) {
    context.err.write(`${context.text('nothing_found')}\n`)
    return
  }
  const shown: Column[] = columns.map(({ title, align, fixed }) => ({ title: context.text(title), ...(align === undefined ? {} : { align }), ...(fixed === undefined ? {} : { fixed }) }))
  for (const line of table(shown, rows.map((row) => columns.map((column) => column.cell(row))), context.out.width())) context.out.write(`${line}\n`)
}

/** Milliseconds that a reading command waits for a server that is busy or just starting. */
export const listPatience = 10_000

/** One object: with --json on one line, else `name  value` lines. */
export function printFields(context: Context, object: object, fields: readonly (readonly [TextKey, string])[]): void {
  if (context.json) context.out.write(`${JSON.stringify(object)}\n`)
  else for (const line of table([{ title: '' }, { title: '' }], fields.map(([title, value]) => [context.text(title), value]), Infinity).slice(1)) context.out.write(`${line}\n`)
}
