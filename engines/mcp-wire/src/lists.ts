// The lists of a catalogue, serialised once. Invariant: a list's bytes are those of the tools that the caller sees, in the catalogue's order, whoever asked before.
// Defended by lists.test.ts.
import type { Caller, Catalogue } from './catalogue.ts'
import { isObject } from './message.ts'
import type { Json, JsonObject } from './model.ts'
import { RpcProblem, code } from './problem.ts'

/** Argument of a tool that clients repeat in a header (2026-07-28, "Custom Headers from Tool Parameters"). */
export type MirroredArgument = { /** 'mcp-param-region' */ readonly header: string; readonly path: readonly string[] }

const mostViews = 100

export class Lists {
  readonly catalogue: Catalogue
  readonly #texts = new Map<string, string>()
  readonly #views = new Map<string, Uint8Array>()
  readonly #mirrored = new Map<string, readonly MirroredArgument[]>()
  /** All tools. */
  readonly tools: Uint8Array
  readonly resources: Uint8Array
  readonly templates: Uint8Array
  readonly prompts: Uint8Array

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue
    for (const tool of catalogue.tools) {
      if (this.#texts.has(tool.name)) throw new RpcProblem(code.internal, `Two tools are called ${tool.name}`)
      // Line ends in JSON stand between tokens; on stdio a message is a line.
      const text = 'json' in tool ? tool.json.replaceAll(/[\r\n]+/g, ' ') : JSON.stringify(tool)
      this.#texts.set(tool.name, text)
      if (text.includes('"x-mcp-header"')) {
        const mirrored = mirroredArguments((JSON.parse(text) as JsonObject)['inputSchema'], [])
        if (mirrored.length > 0) this.#mirrored.set(tool.name, mirrored)
      }
    }
    this.tools = opened('tools', [...this.#texts.values()])
    this.resources = opened('resources', (catalogue.resources?.list ?? []).map((item) => JSON.stringify(item)))
    this.templates = opened('resourceTemplates', (catalogue.resources?.templates ?? []).map((item) => JSON.stringify(item)))
    this.prompts = opened('prompts', (catalogue.prompts?.list ?? []).map((item) => JSON.stringify(item)))
  }

  /** The beginning of an answer, up to and with the list: {"jsonrpc":"2.0","result":{"tools":[...] */
  toolsFor(caller: Caller): Uint8Array {
    const view = this.catalogue.view?.(caller)
    if (view === undefined) return this.tools
    let bytes = this.#views.get(view.key)
    if (bytes === undefined) {
      bytes = opened('tools', [...this.#texts].filter(([name]) => view.sees(name)).map(([, text]) => text))
      if (this.#views.size >= mostViews) this.#views.delete(this.#views.keys().next().value as string)
      this.#views.set(view.key, bytes)
    }
    return bytes
  }

  has(tool: string, caller: Caller): boolean {
    return this.#texts.has(tool) && (this.catalogue.view === undefined || this.catalogue.view(caller).sees(tool))
  }

  mirrored(tool: string): readonly MirroredArgument[] | undefined {
    return this.#mirrored.get(tool)
  }
}

const opened = (name: string, items: readonly string[]): Uint8Array => Buffer.from(`{"jsonrpc":"2.0","result":{"${name}":[${items.join(',')}]`)

function mirroredArguments(schema: Json | undefined, path: readonly string[]): readonly MirroredArgument[] {
  const properties = isObject(schema) ? schema['properties'] : undefined
  if (!isObject(properties)) return []
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isObject(property)) return []
    const header = property['x-mcp-header']
    const own = typeof header === 'string' && header !== '' ? [{ header: `mcp-param-${header.toLowerCase()}`, path: [...path, name] }] : []
    return [...own, ...mirroredArguments(property, [...path, name])]
  })
}
