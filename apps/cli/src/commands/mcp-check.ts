// `haechi mcp check`: what a change of an API's document does to its tools, for a pull request. Nothing is fetched, nothing is started.
// Defended by mcp-check.integration.test.ts and tests/e2e/mcp-check.test.ts (the workflows of the guide in a repository).
import { diff, grades, scan, toTools } from '@haechi/openapi-tools'
import type { Change, Finding, Grade, ToolSet } from '@haechi/openapi-tools'
import { command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { asJson, asJunit, asMarkdown, asSarif, asText, fails } from '../mcp/check-report.ts'
import type { Checked, Reported } from '../mcp/check-report.ts'
import { linesOf } from '../mcp/lines.ts'
import { fileSource } from '../mcp/source.ts'
import { readApi, readOverlay } from '../mcp/specification.ts'
import type { Overlay } from '../mcp/specification.ts'

const formats = ['text', 'json', 'sarif', 'junit', 'markdown'] as const

export const mcpCheck = command({
  path: ['mcp', 'check'], about: 'mcp_check', details: 'mcp_check_details',
  options: {
    'base': { value: 'OLD', about: 'option_check_base', required: true },
    'head': { value: 'NEW', about: 'option_check_head', required: true },
    'format': { value: 'FORMAT', about: 'option_check_format', choices: formats },
    'fail-on': { value: 'GRADE', about: 'option_check_fail_on', choices: ['dangerous', 'breaking', 'review'] },
    'overlay': { value: 'FILE', about: 'option_check_overlay', many: true },
  },
  examples: [
    { line: 'haechi mcp check --base openapi.main.yaml --head openapi.yaml', about: 'example_check' },
    { line: 'haechi mcp check --base old.json --head new.json --format sarif --fail-on review > check.sarif', about: 'example_check_sarif' },
    { line: 'haechi mcp check --base old.json --head new.json --format json', about: 'example_json' },
  ],
  async run(context, { options }) {
    const overlays = await Promise.all(options.overlay.map((file) => readOverlay(fileSource(file))))
    const [base, head] = [await toolsOf(options.base, overlays), await toolsOf(options.head, overlays)]
    const changes = diff(base.set, head.set)
    const format = options.format ?? (context.json ? 'json' : 'text')
    const found = [...changes.map((change) => ({ change, file: change.in === 'base' ? base : head })), ...findingsOf(base.set, head.set, changes, format === 'text' || format === 'markdown' ? context.language : 'en').map((change) => ({ change, file: head }))]
    const lines = new Map([base, head].map((side) => [side, linesOf(side.text, new Set(found.filter(({ file }) => file === side).map(({ change }) => change.at)))]))
    const checked: Checked = {
      base: options.base, head: options.head, tools: head.set.tools.map(({ name }) => name), failOn: (options['fail-on'] ?? 'breaking') as Grade,
      changes: found.map(({ change: { grade, kind, operation, tool, place, detail, at }, file }): Reported => ({ grade, kind, operation, tool, place, detail, file: file.name, line: lines.get(file)?.get(at) ?? null }))
        .sort((a, b) => (a.tool < b.tool ? -1 : a.tool > b.tool ? 1 : grades.indexOf(b.grade) - grades.indexOf(a.grade))),
    }
    const reader = { text: context.text, language: context.language, width: context.out.width(), colour: context.out.terminal && (context.environment['NO_COLOR'] ?? '') === '' }
    if (format === 'json') context.out.write(asJson(checked))
    else if (format === 'sarif') context.out.write(asSarif(checked, (await import('../../package.json', { with: { type: 'json' } })).default.version))
    else if (format === 'junit') context.out.write(asJunit(checked))
    else if (format === 'markdown') context.out.write(asMarkdown(checked, reader))
    else for (const line of asText(checked, reader)) context.out.write(`${line}\n`)
    return fails(checked) ? exitCodes.failed : exitCodes.ok
  },
})

type Side = { readonly name: string; readonly text: string; readonly set: ToolSet }

/** Errors: file_unreadable, mcp_spec_too_large, mcp_spec_refused. */
async function toolsOf(file: string, overlays: readonly Overlay[]): Promise<Side> {
  const { document, bytes } = await readApi(fileSource(file), overlays)
  return { name: file, text: new TextDecoder().decode(bytes), set: toTools(document) }
}

type Found = Omit<Change, 'kind'> & { readonly kind: Reported['kind'] }

/** What the scan says of the head and did not say of the base. A tool that did not change has nothing new in it but its name beside others. */
function findingsOf(base: ToolSet, head: ToolSet, changes: readonly Change[], language: 'ko' | 'en'): Found[] {
  const changed = new Set(changes.map(({ operation }) => operation))
  const results = (set: ToolSet) => scan(set.tools.map((tool) => (changed.has(tool.operation.key) ? set.definition(tool) : { name: tool.name })))
  const identity = (name: string, { class: kind, rule, place, evidence }: Finding): string => JSON.stringify([name, kind, rule, place, evidence])
  const before = new Set(results(base).flatMap(({ name, findings }) => findings.map((finding) => identity(name, finding))))
  return results(head).flatMap(({ name, findings }, at) => findings.filter((finding) => !before.has(identity(name, finding))).map((finding): Found => {
    const { operation } = head.tools[at]!
    return {
      grade: finding.capability || finding.severity === 'medium' ? 'review' : 'dangerous', kind: `finding-${finding.class.replaceAll('_', '-')}`, operation: operation.key, tool: name, place: finding.place,
      detail: `${language === 'ko' ? finding.translations.ko : finding.reason}: ${JSON.stringify(finding.evidence)} (${finding.place}).`, at: operation.at, in: 'head',
    }
  }))
}
