// `haechi mcp scan`: what is poisoned or dangerous in the texts of tools, from a list of them or from an API's documents. Nothing is called, nothing leaves
// this machine. A line that is no tool costs only itself. Defended by mcp-scan.test.ts.
import { createReadStream } from 'node:fs'
import { createScan, toTools } from '@haechi/openapi-tools'
import type { Finding, Scan, ScannedTool } from '@haechi/openapi-tools'
import { splitRecords } from '@haechi/records'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'
import { fileSource } from '../mcp/source.ts'
import { readApi } from '../mcp/specification.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

/** A whole answer of tools/list may stand on one line. */
const largestRecord = 67_108_864
const readBytes = 256 * 1024
/** What lists of MCP servers are called in their answers. */
const lists = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const

export const mcpScan = command({
  path: ['mcp', 'scan'], about: 'mcp_scan', details: 'mcp_scan_details',
  options: { tools: { value: 'FILE', about: 'option_scan_tools', many: true }, spec: { value: 'FILE', about: 'option_scan_spec', many: true } },
  examples: [
    { line: 'haechi mcp scan --tools tools.ndjson', about: 'example_scan' }, { line: 'haechi mcp scan --spec openapi.yaml', about: 'example_scan_spec' },
    { line: 'cat tools-list.json | haechi mcp scan --tools - --json', about: 'example_json' },
  ],
  async run(context, { options }) {
    if (options.tools.length + options.spec.length === 0) throw new HaechiError('usage_option_missing', { option: '--tools FILE', command: 'mcp scan' })
    let refused = 0
    const refuse = (place: string, error: unknown): void => {
      refused++
      context.report(error, place)
    }
    const scanned = createScan()
    for (const file of options.tools) await addList(context, scanned, file, refuse)
    for (const file of options.spec) {
      try {
        const set = toTools((await readApi(fileSource(file))).document)
        for (const tool of set.tools) scanned.add(set.definition(tool))
      } catch (error) {
        if (!(error instanceof HaechiError)) throw error
        refuse(file, error)
      }
    }
    const results = scanned.results()
    const poisoned = results.filter(({ findings }) => findings.some(({ capability }) => !capability))
    if (context.json) for (const { name, findings } of results) context.out.write(`${JSON.stringify({ name, findings: findings.map(shownTo) })}\n`)
    else {
      printTable(context, results.flatMap(({ name, findings }) => findings.map((finding) => ({ name, finding }))), [
        { title: 'column_name', cell: ({ name }) => visible(name) },
        { title: 'column_severity', fixed: true, cell: ({ finding }) => wordOf(context, 'severity', finding.severity) },
        { title: 'column_kind', fixed: true, cell: ({ finding }) => wordOf(context, 'finding', finding.class) },
        { title: 'column_place', cell: ({ finding }) => visible(finding.place) },
        { title: 'column_finding', cell: ({ finding }) => `${context.language === 'ko' ? finding.translations.ko : finding.reason}: ${finding.evidence}` },
      ])
      const capable = results.filter(({ findings }) => findings.some(({ capability }) => capability)).length
      context.err.write(`${context.text('mcp_scan_total', { tools: grouped(results.length), poisoned: grouped(poisoned.length), capable: grouped(capable), refused: grouped(refused) })}\n`)
    }
    return poisoned.length + refused > 0 ? exitCodes.failed : exitCodes.ok
  },
})

const shownTo = ({ class: kind, place, reason, severity, capability, rule, evidence }: Finding): object => ({ class: kind, place, reason, severity, capability, rule, evidence })
/** Also what the terminal would not show is what a person has to see. */
const visible = (text: string): string => text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** Tools of a file: a tool a line, or answers of tools/list, prompts/list and the like as they were received. `-` is standard input. */
async function addList(context: Context, scanned: Scan, file: string, refuse: (place: string, error: unknown) => void): Promise<void> {
  let met = 0
  const name = file === '-' ? 'stdin' : file
  try {
    for await (const batch of splitRecords(file === '-' ? context.input : createReadStream(file, { highWaterMark: readBytes }), { name, maxRecordBytes: largestRecord })) {
      if (context.stop.aborted) throw new HaechiError('interrupted')
      met += batch.length
      for (const { error, bytes, line } of batch) {
        if (error !== undefined) refuse(error.place, new HaechiError(error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...error.params }))
        else for (const tool of toolsIn(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()))) {
          if (isTool(tool)) scanned.add(tool)
          else refuse(`${name}:${line}`, new HaechiError('mcp_tool_nameless'))
        }
      }
    }
    if (met === 0) refuse(file, new HaechiError('file_without_records', { file }))
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    refuse(file, new HaechiError('file_unreadable', { file, reason: code ?? '' }, { cause: error }))
  }
}

function toolsIn(record: unknown): readonly unknown[] {
  if (!isRecord(record) || typeof record['name'] === 'string') return [record]
  const answer = isRecord(record['result']) ? record['result'] : record
  const found = lists.flatMap((list) => (Array.isArray(answer[list]) ? [answer[list] as unknown[]] : []))
  return found.length === 0 ? [record] : found.flat()
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTool = (value: unknown): value is ScannedTool => isRecord(value) && typeof value['name'] === 'string'
