// The worker's side of conversion.ts: documents to tools, and what changed, away from the thread that answers calls. Opens nothing.
import { parentPort } from 'node:worker_threads'
import { createHash } from 'node:crypto'
import { diff, indexTools, readDocument, scan, toTools } from '@haechi/openapi-tools'
import type { Tool, ToolSet } from '@haechi/openapi-tools'
import type { ConvertedTool, FromThread, Job, ToolFinding, ToThread } from './conversion.ts'

type Kept = { readonly set: ToolSet; readonly findings: readonly ToolFinding[] }

const port = parentPort!
const kept = new Map<string, Kept>()
const fresh = new Map<string, Kept>()
/** Tools in a message: what the other side can take in without keeping its calls waiting. */
const atOnce = 128

const send = (message: FromThread): void => port.postMessage(message)

/** Several documents in one list: every tool says by its name which one it is of. No name of a document has two underscores in a row, so no two names meet. */
function named(set: ToolSet, prefix: string | null): ToolSet {
  if (prefix === null) return set
  const nameOf = (name: string): string => {
    const whole = `${prefix}__${name}`
    return whole.length <= 64 ? whole : `${whole.slice(0, 55)}_${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`
  }
  const original = new Map<string, Tool>()
  const tools = set.tools.map((tool) => {
    const renamed = { ...tool, name: nameOf(tool.name) }
    original.set(renamed.name, tool)
    return renamed
  }).sort(byName)
  const found = new Map(tools.map((tool) => [tool.name, tool]))
  return { ...set, tools, get: (name) => found.get(name), definition: (tool) => ({ ...set.definition(original.get(tool.name) ?? tool), name: tool.name }) }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function convert(id: number, { spec, bytes, url, overlays, prefix }: Job, quiet: boolean): void {
  const read = readDocument(bytes, { overlays, ...(url === null ? {} : { url }) })
  if ('refusal' in read) {
    send({ id, kind: 'refused', refusal: read.refusal })
    return
  }
  const set = named(toTools(read.document), prefix)
  let tools: ConvertedTool[] = []
  const definitions = set.tools.map((tool) => set.definition(tool))
  const findings = scan(definitions).flatMap((result) => result.findings.map((finding): ToolFinding => ({ ...finding, tool: result.name })))
  for (const [at, tool] of set.tools.entries()) {
    const definition = definitions[at]!
    if (quiet) continue
    tools.push({ ...tool, json: JSON.stringify(definition) })
    if (tools.length < atOnce) continue
    send({ id, kind: 'part', tools })
    tools = []
  }
  const before = kept.get(spec)
  fresh.set(spec, { set, findings })
  const { info } = read.document.root as { readonly info?: { readonly title?: unknown; readonly version?: unknown; readonly description?: unknown } }
  const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 500) : '')
  send({
    id, kind: 'done', tools,
    about: { title: textOf(info?.title), version: textOf(info?.version), description: textOf(info?.description) },
    changes: before === undefined ? [] : diff(before.set, set), findings,
    skipped: set.skipped, warnings: read.document.warnings,
  })
}

function accept(spec: string): void {
  const accepted = fresh.get(spec)
  if (accepted === undefined) return
  kept.set(spec, accepted)
  fresh.delete(spec)
}

port.on('message', (message: ToThread) => {
  try {
    if (message.kind === 'convert') convert(message.id, message.job, message.quiet)
    else if (message.kind === 'accept') accept(message.spec)
    else send({ id: message.id, kind: 'indexed', index: indexTools([...kept.values()].flatMap(({ set }) => set.tools).filter(({ name }) => message.tools.has(name)).sort(byName)) })
  } catch (error) {
    if ('id' in message) failed(message.id, error)
  }
})

const failed = (id: number, error: unknown): void => send({ id, kind: 'failed', reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })

