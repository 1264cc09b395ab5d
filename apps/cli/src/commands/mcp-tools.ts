// `haechi mcp tools`: what a model would be shown of an API's documents, and what was left out and why. Nothing is started or called.
// Defended by mcp-tools.test.ts.
import { toTools } from '@haechi/openapi-tools'
import type { Tool, ToolSet } from '@haechi/openapi-tools'
import { createEgress } from '@haechi/server/egress'
import { HaechiError } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped, safe } from '../layout.ts'
import { fileSource, isUrl, urlSource } from '../mcp/source.ts'
import type { Source } from '../mcp/source.ts'
import { readApi, readOverlay } from '../mcp/specification.ts'
import { judged } from '../mcp/upstream.ts'
import { printTable } from './lists.ts'
import { specsOf } from './mcp-serve.ts'

export const mcpTools = command({
  path: ['mcp', 'tools'], about: 'mcp_tools', details: 'mcp_tools_details',
  options: { spec: { value: 'FILE|URL', about: 'option_mcp_spec', required: true, many: true }, overlay: { value: 'FILE', about: 'option_mcp_overlay', many: true }, tag: { value: 'TAG', about: 'option_mcp_tag', many: true } },
  examples: [{ line: 'haechi mcp tools --spec openapi.yaml', about: 'example_mcp_tools' }, { line: 'haechi mcp tools --spec orders.yaml users.yaml --tag public --json', about: 'example_mcp_tools_json' }],
  async run(context, { options }) {
    const specs = specsOf(options.spec, [])
    const overlays = await Promise.all(options.overlay.map((place) => using(place, readOverlay)))
    const wanted = new Set(options.tag)
    const sets: ToolSet[] = []
    let refused = 0
    for (const { name, place } of specs) {
      try {
        const { document } = await using(place, (source) => readApi(source, overlays))
        const set = toTools(document, { ...(specs.length > 1 ? { prefix: name } : {}), ...(wanted.size === 0 ? {} : { include: ({ tags }) => tags.some((tag) => wanted.has(tag)) }) })
        sets.push(set)
        for (const { key, code, reason } of set.skipped) context.err.write(`${safe(`${place}: ${key}: ${code}: ${reason}`)}\n`)
      } catch (error) {
        if (!(error instanceof HaechiError) || error.code === 'interrupted') throw error
        refused++
        context.report(error, place)
      }
    }
    print(context, sets)
    return refused > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function print(context: Context, sets: readonly ToolSet[]): void {
  const all = sets.flatMap((set) => set.tools.map((tool) => ({ set, tool }))).sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1))
  if (context.json) {
    context.out.write(`{"tools":[${all.map(({ set, tool }) => JSON.stringify(set.definition(tool))).join(',')}]}\n`)
    return
  }
  const skipped = sets.reduce((sum, set) => sum + set.skipped.length, 0)
  printTable(context, all, [
    { title: 'column_name', fixed: true, cell: ({ tool }) => tool.name },
    { title: 'column_effect', fixed: true, cell: ({ tool }) => context.text(effectOf(tool)) },
    { title: 'column_operation', cell: ({ tool }) => safe(tool.operation.key) },
    { title: 'column_about', cell: ({ tool }) => safe(tool.title === '' ? tool.description : tool.title) },
  ])
  context.err.write(`${context.text('mcp_tools_total', { tools: grouped(all.length), skipped: grouped(skipped) })}\n`)
}

const effectOf = ({ annotations }: Tool): 'effect_reads' | 'effect_destroys' | 'effect_changes' => (annotations.readOnlyHint === true ? 'effect_reads' : annotations.destructiveHint === true ? 'effect_destroys' : 'effect_changes')

async function using<Result>(place: string, read: (source: Source) => Promise<Result>): Promise<Result> {
  if (!isUrl(place)) return read(fileSource(place))
  const egress = createEgress({ allow: [] })
  try {
    // Who names an address on the command line means it, an inner one too.
    const { allowed } = await judged([place], egress)
    return await read(urlSource(place, egress, { everyMs: 1_000, allowPrivate: await allowed() }))
  } finally {
    await egress.close()
  }
}
