// The operations of a document as tools. A tool's schemas are built when they are asked for; a list stays small by what it says of descriptions and answers,
// never by what a call needs. Defended by definition.integration.test.ts, and by tests/conformance/openapi/corpus.test.ts over the specifications of the world.
import type { JsonObject, ToolAnnotations, ToolDefinition } from '@haechi/mcp-wire'
import type { ApiDocument, Operation, Sources, Tool, ToolSet } from './model.ts'
import { nameOfPath, sanitised, shortened as shortenedName, uniqueNames } from './naming.ts'
import { fileSchema, readOperations } from './operations.ts'
import type { ReadOperation, Wishes } from './operations.ts'
import { createOutliner } from './outline.ts'
import { closure, createSchemaConverter, pruned, shortened } from './schema.ts'
import type { Component, Detail } from './schema.ts'
import { bounded, firstSentence, plain } from './wording.ts'

/** Characters. */
const longest = { title: 80, description: 320, wished: 2_000, parameter: 160 } as const
/** A parameter that as many tools have says itself in one sentence. */
const everywhere = 40
/** Characters of the $defs of an inputSchema above which their descriptions get shorter, and at last none is left but those of the first level. */
const roomy = { 0: 6_000, 1: 12_000, 2: 24_000 } as const
/** Characters of the $defs of an inputSchema, and of one argument, in all: what is beyond them is open. */
const largest = 65_536

export type ToolOptions = {
  /** Only these operations become tools. */
  readonly include?: (operation: Operation) => boolean
  /** Stands before every name, with two underscores: several documents in one list. Without two underscores in a row itself. */
  readonly prefix?: string
}

/**
 * The tools of a document, in order of their names. Total for whatever readDocument gives: an operation that cannot be called is in `skipped` with its reason.
 * `x-mcp` (true, false or an object with enabled, name, title, description, annotations, hide, constants, body) is read from the document, the path and the
 * operation; the nearest wins.
 */
export function toTools(document: ApiDocument, options: ToolOptions = {}): ToolSet {
  const outliner = createOutliner(document)
  const converter = createSchemaConverter(document)
  const { operations, skipped } = readOperations(document)
  const chosen = options.include === undefined ? operations : operations.filter(({ operation }) => options.include!(operation))
  const names = uniqueNames(chosen.map(({ operation, wishes }) => ({ key: operation.key, wish: wishedName(operation, wishes) }))).map((name) => (options.prefix === undefined ? name : shortenedName(`${options.prefix}__${name}`, `${options.prefix}__${name}`)))
  const sources = new Map<string, Sources>()
  const tools = chosen.map((read, index) => {
    sources.set(read.operation.key, read.sources)
    const { answers } = read.sources
    const wrapped = answers.length > 0 && !outliner.isObject(answers) && outliner.outline(answers) !== null
    return toolOf(names[index]!, wrapped ? { ...read, operation: { ...read.operation, wrapped: 'result' } } : read)
  }).sort((a, b) => (a.name < b.name ? -1 : 1))
  const times = new Map<string, number>()
  for (const { parameters } of sources.values()) for (const { description } of parameters) times.set(description, (times.get(description) ?? 0) + 1)
  const byName = new Map(tools.map((tool) => [tool.name, tool]))

  function inputSchema({ operation }: Tool, { parameters, body }: Sources): JsonObject {
    const reached = new Set<Component>()
    const properties: [string, JsonObject][] = []
    const required: string[] = []
    for (const { parameter, schema, description } of parameters) {
      const converted = converter.argument(schema, reached)
      const text = (times.get(description) ?? 0) > everywhere ? firstSentence(plain(description.slice(0, 2_000)), longest.parameter) : bounded(plain(description.slice(0, 2_000)), longest.parameter)
      properties.push([parameter.argument, text === '' ? converted : { ...converted, description: text }])
      if (parameter.required) required.push(parameter.argument)
    }
    let whole: Component | null = null
    if (body !== null && operation.body !== null) {
      const { argument, kind, mediaType } = operation.body
      whole = kind === 'binary' || kind === 'text' ? null : converter.component(body.schema)
      // A body stands where it is used, and not behind a reference.
      for (const component of whole?.converted().refers ?? []) reached.add(component)
      const converted = kind === 'binary' ? fileSchema : kind === 'text' ? { type: 'string' } : whole?.converted().schema ?? converter.argument(body.schema, reached)
      const text = bounded(plain(body.description.slice(0, 2_000)) || (kind === 'text' || kind === 'binary' ? mediaType : ''), longest.parameter)
      properties.push([argument, text === '' ? converted : { ...converted, description: text }])
      if (operation.body.required) required.push(argument)
    }
    const { within, beyond } = closure(reached, largest)
    const size = (detail: Detail): number => within.reduce((sum, component) => sum + component.at(detail).size, whole?.at(detail).size ?? 0)
    const detail = ([0, 1, 2] as const).find((one) => size(one) <= roomy[one]) ?? 3
    // The first level is what a call begins with: it keeps a sentence each.
    const shown = Object.fromEntries(properties.map(([name, schema]) => [name, pruned(detail === 0 ? schema : shortened(schema, 1), largest)]))
    const definitions = [...within.map((component) => [component.name, component.at(detail).schema] as const), ...beyond.map(({ name }) => [name, {}] as const)]
    return { type: 'object', properties: shown, ...(required.length > 0 ? { required } : {}), ...(definitions.length > 0 ? { $defs: Object.fromEntries(definitions) } : {}) }
  }

  function outputSchema({ operation }: Tool, { answers }: Sources): JsonObject | null {
    const outline = outliner.outline(answers)
    if (outline === null) return null
    return operation.wrapped === null ? outline : { type: 'object', properties: { [operation.wrapped]: outline } }
  }

  return {
    document, tools, skipped,
    get: (name) => byName.get(name),
    sources: (tool) => sources.get(tool.operation.key)!,
    definition(tool): ToolDefinition {
      const source = sources.get(tool.operation.key)!
      const output = outputSchema(tool, source)
      return {
        name: tool.name, ...(tool.title === '' ? {} : { title: tool.title }), ...(tool.description === '' ? {} : { description: tool.description }),
        inputSchema: inputSchema(tool, source), ...(output === null ? {} : { outputSchema: output }), annotations: tool.annotations,
      }
    },
  }
}

function wishedName(operation: Operation, wishes: Wishes): string {
  const wish = sanitised(wishes.name ?? '') || sanitised(operation.operationId ?? '')
  return wish === '' ? nameOfPath(operation.method, operation.path) : shortenedName(wish, operation.key)
}

function toolOf(name: string, { operation, wishes }: ReadOperation): Tool {
  const summary = plain(operation.summary.slice(0, 1_000))
  const details = plain(operation.description.slice(0, 4_000))
  const text = summary === '' ? details : details === '' ? summary : says(details, summary) ? details : `${summary.replace(/[.\s]+$/, '')}. ${details}`
  const description = wishes.description === null ? bounded(text === '' ? operation.key : text, longest.description) : bounded(wishes.description, longest.wished)
  return {
    name, title: bounded(wishes.title ?? summary, longest.title), description: operation.deprecated && !/^deprecated/i.test(description) ? `Deprecated. ${description}` : description,
    annotations: { ...annotationsOf(operation), ...wishes.annotations }, operation,
  }
}

/** Whether a description begins with what a summary says, in whatever form of its words. */
function says(details: string, summary: string): boolean {
  const stems = (text: string): string[] => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2 || !/[a-z0-9]/.test(word)).map((word) => word.slice(0, 5))
  const first = new Set(stems(details.slice(0, 2 * summary.length + 100)))
  const said = stems(summary)
  return said.length > 0 && said.every((stem) => first.has(stem))
}

const destructive = /^(delete|remove|destroy|purge|drop|terminate|revoke|wipe|erase|reset|cancel|disable|detach|stop|kill|uninstall)$/i
const changing = /^(create|add|update|put|set|modify|edit|write|insert|upload|send|post|patch|run|start|execute|enable|attach|import|register|assign|apply|approve|reject|move|rename|restore|reboot|restart|copy|invoke|publish|activate|deactivate|authorize|associate|disassociate|replace|release|allocate)$/i

/** By the method (RFC 9110 9.2), and by a verb that says otherwise: there are APIs that delete with GET. */
function annotationsOf({ method, path, operationId }: Operation): ToolAnnotations {
  const words = [...verbs(operationId ?? ''), ...verbs(path.slice(path.lastIndexOf('/') + 1).replace(/\{[^{}]*\}.*$/, ''))]
  const destroys = words.some((word) => destructive.test(word))
  const safe = /^(GET|HEAD|OPTIONS|TRACE|QUERY)$/.test(method)
  const readOnly = safe && !destroys && !words.some((word) => changing.test(word))
  if (readOnly) return { readOnlyHint: true, openWorldHint: true }
  return { readOnlyHint: false, destructiveHint: destroys || method === 'DELETE' || method === 'PUT' || method === 'PATCH', idempotentHint: method === 'PUT' || method === 'DELETE', openWorldHint: true }
}

/** The first word of a name, and the one behind its namespace or method: 'repos/delete-hook', 'GET_TerminateInstances', '#Action=RunInstances'. */
function verbs(name: string): string[] {
  const bare = name.replace(/^(get|post)_/i, '')
  return [bare, bare.slice(bare.search(/[/.:=][^/.:=]*$/) + 1)].flatMap((part) => /^[A-Z]?[a-z]+|^[A-Z]+(?![a-z])/.exec(part)?.[0] ?? [])
}
