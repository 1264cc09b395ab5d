// Events over the search API. What people see is made safe for a terminal; --json and --raw hand on exactly what the server holds.
import { HaechiError } from '@haechi/server/errors'
import type { Server } from '../client.ts'
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { bar, columnWidths, grouped, padStart, safe, tableLine } from '../layout.ts'
import type { Column } from '../layout.ts'
import { localTime, parseTime, zoneOf } from '../times.ts'
import { listPatience } from './lists.ts'

type Event = Readonly<Record<string, unknown>>
type Query = Readonly<Record<string, string | undefined>>

const modes = ['count', 'histogram', 'raw'] as const

export const search = command({
  path: ['search'], about: 'search', details: 'search_details', arguments: [{ name: 'QUERY', about: 'argument_query', optional: true, many: true }],
  options: {
    from: { value: 'TIME', about: 'option_from' }, to: { value: 'TIME', about: 'option_to' }, source: { value: 'NAME', about: 'option_source_filter' },
    limit: { value: 'N', about: 'option_limit' }, fields: { value: 'NAMES', about: 'option_fields' }, count: { about: 'option_count' }, histogram: { about: 'option_histogram' },
    buckets: { value: 'N', about: 'option_buckets' }, raw: { about: 'option_raw' }, ...tenantOption, ...connectionOptions,
  },
  examples: [
    { line: 'haechi search host:WS-12 4625 --from -24h', about: 'example_search' }, { line: 'haechi search \'user:"CORP\\bob"\' --from 2026-11-01 --to 2026-11-02', about: 'example_search_user' },
    { line: 'haechi search mimikatz --count --json', about: 'example_search_count' }, { line: 'haechi search address:10.0.0.0/8 --from -7d --histogram', about: 'example_search_histogram' },
    { line: 'haechi search --source dc01 --fields time,host,raw.EventID --limit 1000', about: 'example_search_fields' }, { line: 'haechi search hash:44d88612fea8a8f36de82e1278abb02f --raw > records.ndjson', about: 'example_search_raw' },
  ],
  async run(context, { options, arguments: words }) {
    const chosen = modes.filter((mode) => options[mode])
    if (chosen.length > 1) throw new HaechiError('usage_together', { options: chosen.map((mode) => `--${mode}`).join(', ') })
    if (options.fields !== undefined && chosen[0] !== undefined) throw new HaechiError('usage_together', { options: `--fields, --${chosen[0]}` })
    const now = context.clock.now()
    const instant = (option: string, text: string | undefined) => (text === undefined ? undefined : new Date(parseTime(option, text, now)).toISOString())
    const query: Query = { query: words.length === 0 ? undefined : words.join(' '), source: options.source, from: instant('--from', options.from), to: instant('--to', options.to) }
    const limit = wholeNumber('--limit', options.limit, 1, 100_000_000, 100)
    const buckets = wholeNumber('--buckets', options.buckets, 1, 1_000, 24)
    const server = context.server(options)
    if (options.count) {
      const { count } = await server.call<{ count: number }>('GET', '/api/v1/events/count', { query, patience: listPatience, stop: context.stop })
      context.out.write(context.json ? `${JSON.stringify({ count })}\n` : `${grouped(count)}\n`)
    } else if (options.histogram) await printHistogram(context, server, query, buckets)
    else await printEvents(context, server, query, { limit, fields: options.fields, raw: options.raw })
    return exitCodes.ok
  },
})

async function printHistogram(context: Context, server: Server, query: Query, buckets: number): Promise<void> {
  type Histogram = { bucket_ms: number; buckets: readonly { start: string; count: number }[] }
  const histogram = await server.call<Histogram>('GET', '/api/v1/events/histogram', { query: { ...query, buckets }, patience: listPatience, stop: context.stop })
  if (context.json) {
    for (const { start, count } of histogram.buckets) context.out.write(`${JSON.stringify({ start, count, bucket_ms: histogram.bucket_ms })}\n`)
    return
  }
  for (const line of histogramLines(histogram, context.out.width())) context.out.write(`${line}\n`)
  if (histogram.buckets.length === 0) context.err.write(`${context.text('nothing_found')}\n`)
}

/** Empty buckets are left out by the server and shown here, so that a gap is seen. Pure. */
export function histogramLines(histogram: { bucket_ms: number; buckets: readonly { start: string; count: number }[] }, width: number): string[] {
  const counts = new Map(histogram.buckets.map(({ start, count }) => [Date.parse(start), count]))
  if (counts.size === 0) return []
  const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())]
  const most = Math.max(...counts.values(), 1)
  const digits = grouped(most).length
  const cells = Math.max(8, Math.min(60, width - 19 - digits - 4))
  const lines: string[] = []
  for (let start = first; start <= last && lines.length < 2_000; start += Math.max(1, histogram.bucket_ms)) {
    const count = counts.get(start) ?? 0
    const share = count / most
    // The smallest count that is not nothing shows as something.
    lines.push(`${localTime(start)}  ${padStart(grouped(count), digits)}  ${count === 0 ? '' : bar(Math.max(share, 1 / (8 * cells)), cells)}`.trimEnd())
  }
  return lines
}

async function printEvents(context: Context, server: Server, query: Query, wanted: { limit: number; fields: string | undefined; raw: boolean }): Promise<void> {
  const table = eventTable(context, wanted.fields)
  // Asked for with the rest, so that the table can say `time` in the zone of the reader; what is printed is only what was asked for.
  const fields = wanted.fields ?? (context.json ? undefined : wanted.raw ? 'raw' : 'time,host,user,process,message,command_line')
  let cursor: string | undefined
  let printed = 0
  do {
    const page = await server.call<{ events: Event[]; next_cursor: string | null }>('GET', '/api/v1/events', {
      query: { ...query, fields: wanted.raw ? 'raw' : fields, limit: Math.min(1_000, wanted.limit - printed), cursor }, patience: listPatience, stop: context.stop,
    })
    printed += page.events.length
    if (wanted.raw) context.out.write(page.events.map((event) => `${String(event['raw'])}\n`).join(''))
    else if (context.json) context.out.write(page.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    else context.out.write(table(page.events).map((line) => `${line}\n`).join(''))
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined && printed < wanted.limit)
  if (context.json || wanted.raw) return
  if (printed === 0) context.err.write(`${context.text('nothing_found')}\n`)
  else if (cursor !== undefined) context.err.write(`${context.text('more_events', { limit: grouped(wanted.limit) })}\n`)
}

/** Widths are settled by the first page, so that later pages stand under the same head. */
function eventTable(context: Context, fields: string | undefined): (events: readonly Event[]) => string[] {
  const zone = zoneOf(context.clock.now())
  const names = fields?.split(',').map((name) => name.trim()).filter((name) => name !== '')
  const columns: Column[] = names === undefined
    ? [{ title: `${context.text('column_time')} (${zone})`, fixed: true }, { title: context.text('column_host') }, { title: context.text('column_user') }, { title: context.text('column_process') }, { title: context.text('column_message') }]
    : names.map((name) => (name === 'time' ? { title: `time (${zone})`, fixed: true } : { title: name }))
  let widths: readonly number[] | undefined
  return (events) => {
    const rows = events.map((event) => (names === undefined ? eventCells(event) : names.map((name) => cellOf(name, event[name]))).map(safe))
    if (rows.length === 0) return []
    const head = widths === undefined
    widths ??= columnWidths(columns, rows, context.out.width())
    const settled = widths
    return [...(head ? [tableLine(columns.map((column) => column.title), columns, settled)] : []), ...rows.map((row) => tableLine(row, columns, settled))]
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value))

const cellOf = (name: string, value: unknown): string =>
  (name === 'time' || name === 'received_at') && typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? localTime(Date.parse(value)) : textOf(value)

function eventCells(event: Event): string[] {
  // The program's name tells more in a narrow column than the folders before it.
  const program = textOf(event['process']).split(/[\\/]/).at(-1) ?? ''
  return [cellOf('time', event['time']), textOf(event['host']), textOf(event['user']), program, textOf(event['message']) || textOf(event['command_line'])]
}
