// Three tools that stand for thousands: find an operation, read its definition, call it. Ranking is BM25F over names, paths, parameters and texts; what the
// verb asks for ("list", "delete") is held against method and path, and an operation whose resource is in the query whole comes before one that is about more.
// Held by search.test.ts against a scorer without an index; how well it finds is measured by `npm run bench:mcp-search`.
import type { CallToolResult, JsonObject, ToolDefinition } from '@haechi/mcp-wire'
import type { Tool, ToolSet } from './model.ts'
import { buildTermIndex, score } from './search-index.ts'
import type { TermIndex } from './search-index.ts'
import { createTermReader, intentOf, nearTerms, otherNames, relatedTerms } from './search-words.ts'
import type { Intent } from './search-words.ts'

export type FoundOperation = {
  /** Of the tool: what describe_operation and call_operation take. */
  readonly name: string
  readonly method: string
  readonly path: string
  /** One line of at most 160 characters. */
  readonly about: string
  /** The arguments that must be given. */
  readonly required: readonly string[]
}

/** Made of tools in their order, and good for the same tools in the same order only. Plain data: survives structuredClone. */
export type SearchIndex = TermIndex & {
  /** Bits of what an operation does, in the order of `intents`. */
  readonly does: Uint8Array
  /** Terms without repetition: those of the last literal segment of the path of the tool `i` from `aimStarts[i]` on. */
  readonly aims: Uint32Array
  readonly aimStarts: Uint32Array
}

export interface ToolSearch {
  /** What tools/list shows in place of all operations: search_operations, describe_operation, call_operation. */
  readonly definitions: readonly ToolDefinition[]
  /** Best first, at most `n` (default 10, at most 50). English and Korean; the first 1,000 characters of the query count. Empty where nothing fits. */
  search(query: string, n?: number): readonly FoundOperation[]
  describe(name: string): ToolDefinition | undefined
  /**
   * What a call of one of the three gives. `call` does what call_operation asks for: it checks the arguments and sends. Wrong arguments of the three, and names
   * that nobody has, are results with isError that say what would be right. undefined: `name` is none of the three.
   */
  answer(name: string, args: JsonObject, call: (tool: Tool, args: JsonObject) => Promise<CallToolResult>): Promise<CallToolResult> | undefined
}

/** Found on samples that `npm run bench:mcp-search` does not report on. */
export const ranking = {
  fields: {
    name: { weight: 1, length: 0.65 },
    path: { weight: 4, length: 0.3 },
    parameters: { weight: 0.2, length: 0.45 },
    tags: { weight: 0.6, length: 0.8 },
    title: { weight: 0.35, length: 0 },
    description: { weight: 0.3, length: 0.45 },
  },
  weights: {
    /** Of a term that was not asked for: another name of the same, a verb that asks for the same, what may have been meant. */
    renamed: 0.9, related: 0.4, near: 0.8,
    /** For an operation that does what the verb asks for; for one that lists, where there is no verb; for one whose last segment is in the query. */
    intent: 2, list: 0.2, resource: 1.5,
  },
} as const
const { fields, weights } = ranking

const intents: readonly Intent[] = ['list', 'read', 'create', 'update', 'delete']
const [list, read, create, update, remove] = [1, 2, 4, 8, 16] as const
const most = { query: 1_000, terms: 64, unknown: 8, found: 50, text: 600, about: 160 }

/** The slow part of createToolSearch, to be done elsewhere: in a worker. */
export function indexTools(tools: readonly Tool[]): SearchIndex {
  const termsOf = createTermReader()
  const names = tools.map((tool) => termsOf(`${tool.name} ${tool.operation.operationId ?? ''}`))
  // What has no title is not to stand behind everything that has one: its name says what it does.
  const titles = tools.map(({ title }, at) => (title === '' ? names[at]! : termsOf(title)))
  const paths = tools.map(({ operation }) => {
    const segments = operation.path.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'))
    return { whole: segments.flatMap((segment) => termsOf(segment)), resource: termsOf(segments.at(-1) ?? '') }
  })
  const index = buildTermIndex(tools.map(({ title, description, operation }, at) => {
    const entry: Record<keyof typeof fields, readonly string[]> = {
      name: names[at]!,
      path: paths[at]!.whole,
      parameters: operation.parameters.flatMap(({ name }) => termsOf(name)),
      tags: operation.tags.flatMap((tag) => termsOf(tag)),
      title: titles[at]!,
      description: termsOf(beyondTitle(title, description === operation.key ? '' : description).slice(0, most.text).replaceAll(/<[^<>]*>/g, ' ')),
    }
    return Object.values(entry)
  }), Object.values(fields))
  const ids = new Map(index.terms.map((term, id) => [term, id]))
  const aims: number[] = []
  const aimStarts = [0]
  paths.forEach(({ resource }) => {
    for (const term of new Set(resource)) aims.push(ids.get(term)!)
    aimStarts.push(aims.length)
  })
  return {
    ...index, does: Uint8Array.from(tools, ({ operation }, at) => doing(operation, names[at]!)),
    aims: Uint32Array.from(aims), aimStarts: Uint32Array.from(aimStarts),
  }
}

/** Descriptions begin with the title, which has a field of its own. */
function beyondTitle(title: string, description: string): string {
  const head = title.replace(/[.\s…]+$/, '')
  return description.startsWith(head) ? description.slice(head.length) : description
}

/** By method and path; where everything is a POST, by the verb in its name. */
function doing({ method, path }: Tool['operation'], name: readonly string[]): number {
  if (method === 'GET' || method === 'HEAD') return path.endsWith('}') ? read : list | read
  if (method === 'PUT' || method === 'PATCH') return update
  if (method === 'DELETE') return remove
  const named = intentOf(name)
  return named === null ? create : 1 << intents.indexOf(named)
}

/**
 * @param options.api what the API is called, for the model. @param options.index from indexTools(toolSet.tools).
 */
export function createToolSearch(toolSet: Pick<ToolSet, 'tools' | 'get' | 'definition'>, options: { readonly api?: string; readonly index?: SearchIndex } = {}): ToolSearch {
  const { tools } = toolSet
  const index = options.index ?? indexTools(tools)
  const ids = new Map(index.terms.map((term, id) => [term, id]))

  function search(query: string, n = 10): readonly FoundOperation[] {
    const text = query.slice(0, most.query)
    // A reader of its own: what is asked would be remembered for ever.
    const asked = [...new Set(createTermReader()(text))].slice(0, most.terms)
    const wanted = wantedTerms(text, asked)
    const scores = score(index, wanted)
    const intent = intentOf(asked)
    const [bit, fitting] = intent === null ? [list, weights.list] : [1 << intents.indexOf(intent), weights.intent]
    const shares = new Float64Array(index.terms.length)
    for (const [term, share] of wanted) shares[term] = share
    const covered = (from: number, to: number): number => {
      let all = 0
      let met = 0
      for (let i = from; i < to; i += 1) {
        const term = index.aims[i]!
        all += index.rarity[term]!
        met += index.rarity[term]! * shares[term]!
      }
      return all === 0 ? 0 : met / all
    }
    const best: number[] = []
    const kept = Math.max(0, Math.min(n, most.found))
    for (let at = 0; at < scores.length; at += 1) {
      if (scores[at] === 0) continue
      scores[at] = scores[at]! + ((index.does[at]! & bit) === 0 ? 0 : fitting) + weights.resource * covered(index.aimStarts[at]!, index.aimStarts[at + 1]!)
      if (best.length === kept && !(scores[at]! > scores[best.at(-1)!]!)) continue
      let place = best.length
      while (place > 0 && scores[at]! > scores[best[place - 1]!]!) place -= 1
      best.splice(place, 0, at)
      if (best.length > kept) best.pop()
    }
    return best.map((at) => shown(tools[at]!))
  }

  function wantedTerms(text: string, asked: readonly string[]): Map<number, number> {
    const wanted = new Map<number, number>()
    const want = (term: string, weight: number): void => {
      const id = ids.get(term)
      if (id !== undefined) wanted.set(id, Math.max(weight, wanted.get(id) ?? 0))
    }
    for (const term of asked) want(term, 1)
    for (const term of otherNames(text, asked)) want(term, weights.renamed)
    for (const term of relatedTerms(asked)) want(term, weights.related)
    for (const term of asked.filter((other) => !ids.has(other)).slice(0, most.unknown)) for (const near of nearTerms(term, index.terms)) want(near, weights.near)
    return wanted
  }

  const refused = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true })
  function unknown(name: string): CallToolResult {
    const close = search(name, 5).map((operation) => operation.name)
    return refused(`There is no operation named ${JSON.stringify(name.slice(0, 100))}. ${close.length === 0 ? `Use ${SEARCH} to find its name.` : `Names like it: ${close.join(', ')}.`}`)
  }

  return {
    definitions: definitionsFor(tools.length, options.api),
    search,
    describe: (name) => {
      const tool = toolSet.get(name)
      return tool === undefined ? undefined : toolSet.definition(tool)
    },
    answer(name, args, call) {
      if (name === SEARCH) return Promise.resolve(answerSearch(args))
      if (name !== DESCRIBE && name !== CALL) return undefined
      if (typeof args['name'] !== 'string') return Promise.resolve(refused(`"name" is missing: the name of an operation, as ${SEARCH} gives it.`))
      const tool = toolSet.get(args['name'])
      if (tool === undefined) return Promise.resolve(unknown(args['name']))
      if (name === DESCRIBE) return Promise.resolve({ content: [{ type: 'text', text: JSON.stringify({ method: tool.operation.method, path: tool.operation.path, ...toolSet.definition(tool) }) }] })
      const given = args['arguments'] ?? {}
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return Promise.resolve(refused('"arguments" must be an object: the arguments of the operation by name.'))
      return call(tool, given as JsonObject)
    },
  }

  function answerSearch({ query, limit = 10 }: JsonObject): CallToolResult {
    if (typeof query !== 'string' || query.trim() === '') return refused('"query" is missing: a few words that say what the operation does, such as "list messages in a folder".')
    if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) return refused(`"limit" must be a whole number from 1 to ${most.found}.`)
    const found = search(query, limit)
    if (found.length === 0) return { content: [{ type: 'text', text: 'Nothing was found. Try other or fewer words: the resource ("calendar event") and what to do with it ("create").' }] }
    return { content: [{ type: 'text', text: found.map(lineOf).join('\n') }] }
  }
}

const lineOf = ({ name, method, path, about, required }: FoundOperation): string => `${name}: ${method} ${path}${about === '' ? '' : ` - ${about}`}${required.length === 0 ? '' : ` (required: ${required.join(', ')})`}`

function shown({ name, title, description, operation }: Tool): FoundOperation {
  const about = (operation.summary || title || description).replaceAll(/<[^<>]*>/g, ' ').trim().split('\n', 1)[0]!.replaceAll(/\s+/g, ' ')
  return {
    name, method: operation.method, path: operation.path, about: about.length > most.about ? `${about.slice(0, most.about - 1)}…` : about,
    required: [...operation.parameters.filter(({ required, constant }) => required && constant === undefined).map(({ argument }) => argument), ...(operation.body?.required === true ? [operation.body.argument] : [])],
  }
}

const SEARCH = 'search_operations'
const DESCRIBE = 'describe_operation'
const CALL = 'call_operation'

function definitionsFor(count: number, api: string | undefined): readonly ToolDefinition[] {
  const of = api === undefined ? 'the connected API' : api.replaceAll(/\s+/g, ' ').slice(0, 100)
  const name = { type: 'string', description: `Name of the operation, exactly as ${SEARCH} returned it.` }
  return [
    {
      name: SEARCH,
      title: 'Search API operations',
      description: `Finds operations of ${of} (${count.toLocaleString('en')} in all) by what they do. None of them is listed as a tool of its own: start here, then read one with ${DESCRIBE}, then run it with ${CALL}. Returns one line each, best match first: name, HTTP method and path, what it does, required arguments.`,
      inputSchema: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'What to do and with which resource, in a few words of English or Korean: "list messages in a mail folder", "delete user", "사용자 목록 조회". Words from paths and names work too.' },
          limit: { type: 'integer', minimum: 1, maximum: most.found, default: 10, description: 'How many to return.' },
        },
        required: ['query'],
      },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    {
      name: DESCRIBE,
      title: 'Describe an API operation',
      description: `Returns the full definition of one operation: description, inputSchema (JSON Schema of its arguments), outputSchema, and hints such as destructiveHint. Read it before the first ${CALL} of an operation.`,
      inputSchema: { type: 'object', properties: { name }, required: ['name'] },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    {
      name: CALL,
      title: 'Call an API operation',
      description: `Calls one operation and returns the API's answer. Arguments are checked against the operation's inputSchema first; what is wrong with them is said and nothing is sent. Operations may change or delete data: ${SEARCH} shows the HTTP method, ${DESCRIBE} the hints. Credentials are added by the server and are never arguments.`,
      inputSchema: {
        type: 'object',
        properties: { name, arguments: { type: 'object', description: `Arguments by name, as the inputSchema of the operation says (see ${DESCRIBE}). A request body goes into "body".`, additionalProperties: true } },
        required: ['name'],
      },
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    },
  ]
}
