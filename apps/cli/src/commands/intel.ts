// Feeds in, look-ups out: thin over /api/v1/threat-intel.
import { readFile } from 'node:fs/promises'
import { HaechiError } from '@haechi/server/errors'
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'
import { localTime } from '../times.ts'
import { wordOf } from '../words.ts'
import { listPatience, printList, printTable } from './lists.ts'

type Feed = { name: string; format: string; tenant_id: string | null; indicators: number; rejected_count: number; rejected: readonly { place: string; code: string; reason: string }[]; imported_at: string }
type Result = { indicator: string; type: string | null; verdict: string; confidence: number; sources: readonly string[]; tags: readonly string[]; last_seen: string | null; sightings: number }

const lookupMost = 1_000
/** Milliseconds for a feed of the largest size to be read and stored. */
const importSilence = 600_000
const listedFaults = 20
const allTenants = { 'all-tenants': { about: 'option_feed_all_tenants' } } as const
const verdicts = ['malicious', 'suspicious', 'benign', 'unknown'] as const

const feedColumns = (context: Context) => [
  { title: 'column_name', cell: (row: Feed) => row.name }, { title: 'column_format', fixed: true, cell: (row: Feed) => row.format }, { title: 'column_scope', fixed: true, cell: (row: Feed) => context.text(row.tenant_id === null ? 'scope_all' : 'scope_tenant') },
  { title: 'column_indicators', align: 'right', fixed: true, cell: (row: Feed) => grouped(row.indicators) }, { title: 'column_rejected', align: 'right', fixed: true, cell: (row: Feed) => grouped(row.rejected_count) },
  { title: 'column_imported', fixed: true, cell: (row: Feed) => localTime(Date.parse(row.imported_at)) },
] as const

export const intelCommands: readonly Command[] = [
  command({
    path: ['intel', 'import'], about: 'intel_import', details: 'intel_import_details', arguments: [{ name: 'FILE', about: 'argument_feed' }],
    options: {
      name: { value: 'NAME', about: 'option_feed_name', required: true }, format: { value: 'FORMAT', about: 'option_feed_format', choices: ['csv', 'stix'] }, verdict: { value: 'VERDICT', about: 'option_feed_verdict', choices: verdicts },
      confidence: { value: 'N', about: 'option_feed_confidence' }, ...allTenants, ...tenantOption, ...connectionOptions,
    },
    examples: [
      { line: 'haechi intel import partner.json --name partner --tenant acme', about: 'example_intel_import' }, { line: 'haechi intel import own-servers.txt --name allow --verdict benign --confidence 100 --all-tenants', about: 'example_intel_allow' },
      { line: 'curl -s https://feeds.example/urls.csv | haechi intel import - --name urls --format csv', about: 'example_intel_stdin' },
    ],
    async run(context, { options, arguments: [file = ''] }) {
      const bytes = await contents(context, file)
      const confidence = options.confidence === undefined ? undefined : wholeNumber('--confidence', options.confidence, 0, 100, 50)
      // A bundle is a JSON object; no list begins like one.
      const format = options.format ?? (/^[\ufeff\s]*\{/.test(new TextDecoder().decode(bytes.subarray(0, 1_024))) ? 'stix' : 'csv')
      const feed = await context.server(options).call<Feed>('POST', '/api/v1/threat-intel/feeds', {
        query: { name: options.name, format, all_tenants: options['all-tenants'] ? 'true' : undefined, verdict: options.verdict, confidence }, body: bytes,
        headers: { 'content-type': format === 'csv' ? 'text/csv' : 'application/stix+json;version=2.1' }, silence: importSilence, stop: context.stop,
      })
      if (context.json) context.out.write(`${JSON.stringify(feed)}\n`)
      else {
        for (const { place, code, reason } of feed.rejected.slice(0, listedFaults)) context.err.write(`haechi: ${file}: ${place}: ${code}: ${reason}\n`)
        if (feed.rejected_count > listedFaults) context.err.write(`${context.text('faults_unlisted', { count: grouped(feed.rejected_count - Math.min(listedFaults, feed.rejected.length)) })}\n`)
        context.out.write(`${context.text('intel_totals', { name: feed.name, taken: grouped(feed.indicators), rejected: grouped(feed.rejected_count) })}\n`)
      }
      return feed.rejected_count > 0 ? exitCodes.failed : exitCodes.ok
    },
  }),
  command({
    path: ['intel', 'lookup'], about: 'intel_lookup', details: 'intel_lookup_details', arguments: [{ name: 'VALUE', about: 'argument_indicator', many: true }], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi intel lookup "hxxp://bad[.]example/x" 203.0.113.9', about: 'example_intel_lookup' }, { line: 'haechi intel lookup - --json < values.txt', about: 'example_intel_lookup_many' }],
    async run(context, { options, arguments: values }) {
      const asked = values.length === 1 && values[0] === '-'
        ? new TextDecoder().decode(await contents(context, '-')).split('\n').map((line) => line.trim()).filter((line) => line !== '')
        : values
      const server = context.server(options)
      const results: Result[] = []
      for (let at = 0; at < asked.length; at += lookupMost) {
        const page = await server.call<{ results: readonly Result[] }>('POST', '/api/v1/threat-intel/lookup', { body: { indicators: asked.slice(at, at + lookupMost) }, patience: listPatience, stop: context.stop })
        if (context.json) for (const result of page.results) context.out.write(`${JSON.stringify(result)}\n`)
        else results.push(...page.results)
      }
      if (!context.json) printTable<Result>(context, results, [
        { title: 'column_indicator', cell: (row) => row.indicator }, { title: 'column_type', fixed: true, cell: (row) => row.type ?? '-' }, { title: 'column_verdict', fixed: true, cell: (row) => wordOf(context, 'intel_verdict', row.verdict) },
        { title: 'column_confidence', align: 'right', fixed: true, cell: (row) => String(row.confidence) }, { title: 'column_sources', cell: (row) => row.sources.join(', ') }, { title: 'column_tags', cell: (row) => row.tags.join(', ') },
        { title: 'column_last_seen', fixed: true, cell: (row) => localTime(row.last_seen === null ? null : Date.parse(row.last_seen)) }, { title: 'column_sightings', align: 'right', fixed: true, cell: (row) => grouped(row.sightings) },
      ])
      return exitCodes.ok
    },
  }),
  command({
    path: ['intel', 'feeds'], about: 'intel_feeds', options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi intel feeds --tenant acme', about: 'example_intel_feeds' }, { line: 'haechi intel feeds --json', about: 'example_json' }],
    async run(context, { options }) {
      await printList<Feed>(context, context.server(options), '/api/v1/threat-intel/feeds', 'feeds', feedColumns(context), { paged: false })
      return exitCodes.ok
    },
  }),
  command({
    path: ['intel', 'remove'], about: 'intel_remove', arguments: [{ name: 'NAME', about: 'option_feed_name' }], options: { ...allTenants, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi intel remove partner --tenant acme', about: 'example_intel_remove' }],
    async run(context, { options, arguments: [name = ''] }) {
      const removed = await context.server(options).call<object>('DELETE', `/api/v1/threat-intel/feeds/${encodeURIComponent(name)}`, { query: { all_tenants: options['all-tenants'] ? 'true' : undefined }, stop: context.stop })
      context.out.write(context.json ? `${JSON.stringify({ name, ...removed })}\n` : `${context.text('intel_removed', { name })}\n`)
      return exitCodes.ok
    },
  }),
]

/** Errors: file_unreadable. */
async function contents(context: Context, file: string): Promise<Uint8Array> {
  if (file !== '-') return await readFile(file).catch((error: unknown) => { throw new HaechiError('file_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error }) })
  const chunks: Uint8Array[] = []
  for await (const chunk of context.input) chunks.push(chunk)
  return Buffer.concat(chunks)
}
