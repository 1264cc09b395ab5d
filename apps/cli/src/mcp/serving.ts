// One or more API documents as an MCP server that follows them. A version is in force whole or not at all: calls in flight keep theirs, and one that cannot
// be read, or brings texts that look meant for a model's obedience, leaves the last good one where it is. Defended by tests/e2e/mcp-serve.test.ts.
import { createMcpServer, RpcProblem } from '@haechi/mcp-wire'
import type { CallContext, CallToolResult, Catalogue, JsonObject, McpServer, StdioOutput, ToolDefinition } from '@haechi/mcp-wire'
import { createToolSearch } from '@haechi/openapi-tools'
import type { Change, Credentials, Tool } from '@haechi/openapi-tools'
import { createEgress } from '@haechi/server/egress'
import type { Egress } from '@haechi/server/egress'
import { HaechiError } from '@haechi/server/errors'
import { openCallLog } from './call-log.ts'
import { createCalls } from './calls.ts'
import type { Calls } from './calls.ts'
import { createConverter } from './conversion.ts'
import type { Conversion, ConvertedTool, Job, ToolFinding } from './conversion.ts'
import { credentialsFor } from './credentials.ts'
import type { DebugSink } from './debug.ts'
import { listen } from './listener.ts'
import type { Admission, Listener } from './listener.ts'
import { fileSource, isUrl, urlSource } from './source.ts'
import type { Content, Source } from './source.ts'
import { specificationSource } from './specification.ts'
import type { Specification } from './specification.ts'
import { createUpstream, judged } from './upstream.ts'
import type { Upstream } from './upstream.ts'

export type SpecOption = { readonly name: string; readonly place: string; readonly baseUrl: string | undefined }

export type ServingOptions = {
  readonly specs: readonly SpecOption[]
  readonly overlays: readonly string[]
  /** null: no HTTP. */
  readonly admission: Admission | null
  readonly port: number
  readonly allowPrivate: readonly string[]
  readonly credentials: Credentials | Readonly<Record<string, Credentials>>
  readonly environment: NodeJS.ProcessEnv
  /** null: by the number of tools. */
  readonly search: boolean | null
  readonly acceptFindings: boolean
  /** Between two looks at a URL. */
  readonly pollMs: number
  readonly timeoutMs: number
  readonly logFile: string | undefined
  readonly clock: { now(): number }
  tell(event: ServingEvent): void
  /** Hears everything that is said, on both sides. */
  readonly debug: DebugSink | undefined
}

export type ServingEvent =
  /** Another version is in force. */
  | { readonly kind: 'swapped'; readonly spec: string; readonly tools: number; readonly changes: readonly Change[]; readonly ms: number }
  /** The last good version stays. */
  | { readonly kind: 'kept'; readonly spec: string; readonly error: HaechiError; readonly findings: readonly ToolFinding[] }
  /** Tools that are not offered, because a text of theirs looks meant to steer a model. */
  | { readonly kind: 'withheld'; readonly spec: string; readonly findings: readonly ToolFinding[] }
  /** Calls of these origins will be refused. */
  | { readonly kind: 'unreachable'; readonly spec: string; readonly error: HaechiError }
  | { readonly kind: 'skipped'; readonly spec: string; readonly count: number; readonly first: string }
  | { readonly kind: 'log_failed'; readonly error: HaechiError }

export interface Serving {
  readonly name: string
  /** null: no HTTP. */
  readonly url: string | null
  /** Offered now, and whether they stand behind a search. */
  readonly tools: number
  readonly searched: boolean
  serveStdio(input: AsyncIterable<Uint8Array>, output: StdioOutput): Promise<void>
  close(): Promise<void>
}

/** More tools than this are offered through a search: what clients still take as one list is some megabytes, and GitHub's 1,223 tools are 1.7. */
const mostListed = 2_000
/** A file that does not parse may be half of one. */
const secondLookMs = 250
const drainMs = 2_000
/** A client that does not listen for changes sees them soon all the same. */
const listTtl = 1_000
const largestAnswer = 16_777_216

type Served = { readonly tool: ConvertedTool; readonly call: Calls }

type Spec = {
  readonly option: SpecOption
  readonly source: Source<Specification>
  content: Specification
  conversion: Conversion | null
  tools: readonly Served[]
  credentials: Credentials
  send: Upstream
  busy: boolean
  again: boolean
}

/** Errors: those of the first reading of each document, and those of listen(). */
export async function serve(options: ServingOptions): Promise<Serving> {
  const { clock, tell, debug } = options
  const egress = createEgress({ allow: options.allowPrivate })
  const converter = createConverter()
  const log = options.logFile === undefined ? null : openCallLog(options.logFile, (error) => tell({ kind: 'log_failed', error }))
  const closing: (() => unknown)[] = [() => egress.close(), () => converter.close(), () => log?.close()]
  const end = async (): Promise<void> => { for (const close of closing.splice(0).reverse()) await close() }
  try {
    const overlays = options.overlays.map((place) => ({ source: sourceOf(place, egress, options, []), text: '' }))
    for (const overlay of overlays) {
      closing.push(() => overlay.source.close())
      overlay.text = textOf(await overlay.source.first())
    }
    const jobOf = ({ option, content }: Pick<Spec, 'option' | 'content'>): Job => ({
      spec: option.name, bytes: content.bytes, url: content.address, documents: content.documents, unavailable: content.unavailable, overlays: overlays.map(({ text }) => text), prefix: options.specs.length > 1 ? option.name : null,
    })
    const specs: Spec[] = []
    for (const option of options.specs) {
      const named = [...(isUrl(option.place) ? [option.place] : []), ...(option.baseUrl === undefined ? [] : [option.baseUrl])]
      const { allowed } = await judged(named, egress)
      const source = specificationSource(sourceOf(option.place, egress, options, await allowed()), converter.refersTo(option.place))
      closing.push(() => source.close())
      const content = await source.first()
      const job = jobOf({ option, content })
      const conversion = await converter.convert(job, option.place)
      const origins = originsOf(conversion, option, content)
      const spec: Spec = {
        option, source, content, conversion: null, tools: [], busy: false, again: false,
        credentials: credentialsFor(option.name, options.specs.length === 1, schemesOf(conversion), options.credentials, options.environment),
        send: createUpstream(egress, origins, allowed, { timeoutMs: options.timeoutMs, idleMs: options.timeoutMs, maxBytes: largestAnswer }),
      }
      take(spec, conversion)
      if (spec.tools.length === 0) throw new HaechiError('mcp_spec_without_tools', { place: option.place, skipped: conversion.skipped.length })
      if (origins.size === 0) throw new HaechiError('mcp_base_url_missing', { place: option.place })
      converter.accept(job)
      for (const origin of origins) {
        const kind = await egress.kindOf(origin).catch(() => 'public')
        if (kind === 'public') continue
        const { hostname, host } = new URL(origin)
        if (kind === 'never' || (!(await allowed()).includes(hostname.replace(/^\[|\]$/g, '')) && options.allowPrivate.length === 0)) tell({ kind: 'unreachable', spec: option.name, error: new HaechiError('mcp_private_refused', { place: host }) })
      }
      specs.push(spec)
    }

    let searched = false
    async function catalogue(): Promise<Catalogue> {
      const served = new Map(specs.flatMap(({ tools }) => tools).sort((a, b) => (a.tool.name < b.tool.name ? -1 : 1)).map((one) => [one.tool.name, one]))
      searched = options.search ?? served.size > mostListed
      const direct = async (name: string, args: JsonObject, context: CallContext): Promise<CallToolResult> => {
        const one = served.get(name)
        if (one === undefined) throw new RpcProblem(-32602, `Unknown tool: ${name}`)
        return one.call(one.tool, args, context)
      }
      if (!searched) return { tools: [...served.values()].map(({ tool: { name, json } }) => ({ name, json })), call: direct }
      const tools = [...served.values()].map(({ tool }) => tool)
      const search = createToolSearch({ tools, get: (name) => served.get(name)?.tool, definition: definitionOf }, { index: await converter.index(new Set(served.keys())), ...(specs.length > 1 ? {} : { api: specs[0]!.conversion!.about.title }) })
      return {
        tools: search.definitions,
        call: async (name, args, context) => await search.answer(name, args, (tool, given) => direct(tool.name, given, context)) ?? direct(name, args, context),
      }
    }

    const about = specs[0]!.conversion!.about
    const name = specs.map(({ option }) => option.name).join('-').slice(0, 60)
    const server: McpServer = createMcpServer({
      name, version: about.version === '' ? '0' : about.version, clock, catalogue: await catalogue(), listTtl,
      ...(specs.length === 1 && about.title !== '' ? { title: about.title } : {}), ...(specs.length === 1 && about.description !== '' ? { description: about.description } : {}),
      ...options.admission?.options, ...(debug === undefined ? {} : { onMessage: ({ direction, caller, message }) => debug.message(direction, caller.id, message) }),
    })
    let listening: Promise<void> | undefined
    closing.push(() => listening, async () => {
      const until = performance.now() + drainMs
      while (server.open.calls > 0 && performance.now() < until) await new Promise((resolve) => { setTimeout(resolve, 20) })
      server.close()
    })
    const listener: Listener | null = options.admission === null ? null : await listen(server.node, options.admission, options.port)
    if (listener !== null) closing.push(() => { listening = listener.close() })

    let publishing: Promise<void> = Promise.resolve()
    /** One after the other, so that none overtakes a newer one. */
    function publish(): Promise<void> {
      const turn = publishing.then(async () => server.swap(await catalogue()))
      publishing = turn.catch(() => undefined)
      return turn
    }

    /** One version after the other; what comes meanwhile is taken together. */
    async function update(spec: Spec): Promise<void> {
      spec.again = true
      if (spec.busy) return
      spec.busy = true
      try {
        while (spec.again) {
          spec.again = false
          await renew(spec)
        }
      } finally {
        spec.busy = false
      }
    }

    async function renew(spec: Spec): Promise<void> {
      const { option } = spec
      const job = jobOf(spec)
      const start = performance.now()
      const keep = (error: unknown, findings: readonly ToolFinding[] = []): void => {
        tell({ kind: 'kept', spec: option.name, findings, error: error instanceof HaechiError ? error : new HaechiError('mcp_spec_refused', { place: option.place, refusal: 'conversion_failed', at: '#', reason: String(error) }, { cause: error }) })
      }
      let conversion: Conversion
      try {
        conversion = await converter.convert(job, option.place)
      } catch (error) {
        if (!spec.again) await new Promise((resolve) => { setTimeout(resolve, secondLookMs) })
        if (!spec.again) keep(error)
        return
      }
      const known = new Set(spec.conversion!.findings.map(keyOf))
      const fresh = conversion.findings.filter((finding) => poisons(finding) && !known.has(keyOf(finding)))
      if (fresh.length > 0 && !options.acceptFindings) {
        keep(new HaechiError('mcp_findings', { place: option.place, count: fresh.length }), fresh)
        return
      }
      if (conversion.tools.length === 0) {
        keep(new HaechiError('mcp_spec_without_tools', { place: option.place, skipped: conversion.skipped.length }))
        return
      }
      const { conversion: before, tools } = spec
      take(spec, conversion)
      try {
        converter.accept(job)
        await publish()
      } catch (error) {
        Object.assign(spec, { conversion: before, tools })
        keep(error)
        return
      }
      tell({ kind: 'swapped', spec: option.name, tools: spec.tools.length, changes: conversion.changes, ms: performance.now() - start })
    }

    function take(spec: Spec, conversion: Conversion): void {
      const poisoned = new Set(options.acceptFindings ? [] : conversion.findings.filter(poisons).map(({ tool }) => tool))
      const told = spec.conversion === null
      spec.conversion = conversion
      const call = createCalls(definitionOf, { baseUrl: spec.option.baseUrl, documentUrl: spec.content.url, credentials: spec.credentials, send: spec.send }, { log, debug, clock })
      spec.tools = conversion.tools.filter(({ name: tool }) => !poisoned.has(tool)).map((tool) => ({ tool, call }))
      if (poisoned.size > 0) tell({ kind: 'withheld', spec: spec.option.name, findings: conversion.findings.filter(poisons) })
      if (told && conversion.skipped.length > 0) tell({ kind: 'skipped', spec: spec.option.name, count: conversion.skipped.length, first: `${conversion.skipped[0]!.key}: ${conversion.skipped[0]!.reason}` })
    }

    for (const spec of specs) {
      spec.source.follow((news) => {
        if (news instanceof HaechiError) {
          tell({ kind: 'kept', spec: spec.option.name, error: news, findings: [] })
          return
        }
        spec.content = news
        void update(spec)
      })
    }
    for (const overlay of overlays) {
      overlay.source.follow((news) => {
        if (news instanceof HaechiError) {
          for (const { option } of specs) tell({ kind: 'kept', spec: option.name, error: news, findings: [] })
          return
        }
        overlay.text = textOf(news)
        for (const spec of specs) void update(spec)
      })
    }
    return {
      name, url: listener?.url ?? null,
      get tools() { return specs.reduce((sum, { tools }) => sum + tools.length, 0) },
      get searched() { return searched },
      serveStdio: (input, output) => server.serveStdio(input, output),
      close: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

const keyOf = ({ tool, rule, place }: ToolFinding): string => `${tool}\n${rule}\n${place}`
/** What a scan calls a capability is what the API can do, and the user's own business. */
const poisons = ({ capability, severity }: ToolFinding): boolean => !capability && (severity === 'high' || severity === 'critical')

const textOf = ({ bytes }: Content): string => new TextDecoder().decode(bytes)

const sourceOf = (place: string, egress: Egress, { pollMs }: ServingOptions, allowPrivate: readonly string[]): Source =>
  isUrl(place) ? urlSource(place, egress, { everyMs: pollMs, allowPrivate }) : fileSource(place)

/** Where calls of this version would go. */
function originsOf({ tools }: Conversion, { baseUrl }: SpecOption, { url }: Content): ReadonlySet<string> {
  if (baseUrl !== undefined) return new Set([new URL(baseUrl).origin])
  // OpenAPI: without servers the API is where its document is.
  return new Set(tools.flatMap(({ operation }) => {
    const found = URL.parse(operation.servers[0] ?? '/', url ?? undefined)
    return found !== null && /^https?:$/.test(found.protocol) ? [found.origin] : []
  }))
}

const schemesOf = ({ tools }: Conversion): ReadonlySet<string> => new Set(tools.flatMap(({ operation }) => operation.security.flat().map(({ id }) => id)))

/** Parsed when it is asked for: of a large API few tools are called. */
const definitionOf = (tool: Tool): ToolDefinition => JSON.parse((tool as ConvertedTool).json) as ToolDefinition
