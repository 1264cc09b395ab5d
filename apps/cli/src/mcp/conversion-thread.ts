// The worker's side of conversion.ts: documents to tools, and what changed, away from the thread that answers calls. Opens nothing.
import { parentPort } from 'node:worker_threads'
import { hash } from 'node:crypto'
import { createScan, diff, indexTools, outsideReferences, readDocument, toTools } from '@haechi/openapi-tools'
import type { Finding, ToolSet } from '@haechi/openapi-tools'
import type { ConvertedTool, FromThread, Job, ToolFinding, ToThread } from './conversion.ts'

/** `texts`: by the tool's name. */
type Kept = { readonly set: ToolSet; readonly texts: ReadonlyMap<string, Scanned> }
/** `hash`: of the definition's JSON. `whole`: of that and of all that a call needs. */
type Scanned = { readonly hash: string; readonly whole: string; readonly findings: readonly Finding[] }

const port = parentPort!
const kept = new Map<string, Kept>()
const fresh = new Map<string, Kept>()
/** Tools in a message: what the other side can take in without keeping its calls waiting. */
const atOnce = 128

const send = (message: FromThread): void => port.postMessage(message)

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function convert(id: number, { spec, bytes, url, documents, unavailable, overlays, prefix }: Job, quiet: boolean): void {
  const read = readDocument(bytes, { overlays, ...(url === null ? {} : { url }), ...(documents === undefined ? {} : { documents }), ...(unavailable === undefined ? {} : { unavailable }) })
  if ('refusal' in read) {
    send({ id, kind: 'refused', refusal: read.refusal })
    return
  }
  const set = toTools(read.document, prefix === null ? {} : { prefix })
  const before = kept.get(spec)
  let tools: ConvertedTool[] = []
  const scan = createScan()
  // What was read before is not read again: of a definition that is the same only the name is, which is compared with the others'.
  const scanned: { readonly hash: string; readonly whole: string; readonly before: readonly Finding[] }[] = []
  const same: string[] = []
  for (const tool of set.tools) {
    const definition = set.definition(tool)
    const json = JSON.stringify(definition)
    const known = before?.texts.get(tool.name)
    const digest = hash('sha1', json)
    const whole = hash('sha1', `${digest}${JSON.stringify(tool)}`)
    const unchanged = known?.hash === digest
    scan.add(unchanged ? { name: tool.name } : definition)
    scanned.push({ hash: digest, whole, before: unchanged ? known.findings.filter(({ place }) => place !== '#/name') : [] })
    if (quiet) continue
    if (known?.whole === whole) {
      same.push(tool.name)
      continue
    }
    tools.push({ ...tool, json })
    if (tools.length < atOnce) continue
    send({ id, kind: 'part', tools })
    tools = []
  }
  const texts = new Map(scan.results().map(({ name, findings }, at): [string, Scanned] => [name, { hash: scanned[at]!.hash, whole: scanned[at]!.whole, findings: [...findings, ...scanned[at]!.before] }]))
  const findings = [...texts].flatMap(([tool, result]) => result.findings.map((finding): ToolFinding => ({ ...finding, tool })))
  fresh.set(spec, { set, texts })
  const { info } = read.document.root as { readonly info?: { readonly title?: unknown; readonly version?: unknown; readonly description?: unknown } }
  const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 500) : '')
  send({
    id, kind: 'done', tools, same,
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

function refers({ id, bytes, url, glance }: Extract<ToThread, { readonly kind: 'refers' }>): void {
  const found = outsideReferences(bytes, { url, glance })
  send('refusal' in found ? { id, kind: 'refused', refusal: found.refusal } : { id, kind: 'references', references: found.references })
}

port.on('message', (message: ToThread) => {
  try {
    if (message.kind === 'convert') convert(message.id, message.job, message.quiet)
    else if (message.kind === 'accept') accept(message.spec)
    else if (message.kind === 'refers') refers(message)
    else send({ id: message.id, kind: 'indexed', index: indexTools([...kept.values()].flatMap(({ set }) => set.tools).filter(({ name }) => message.tools.has(name)).sort(byName)) })
  } catch (error) {
    if ('id' in message) failed(message.id, error)
  }
})

const failed = (id: number, error: unknown): void => send({ id, kind: 'failed', reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })

