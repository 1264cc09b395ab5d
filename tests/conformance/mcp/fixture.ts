// What the official suite is run against: an API and its document, our conversion, our server. What HTTP cannot express (asking the client, tasks, prompts,
// logging) comes in by the call's context, around the same tools.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMcpServer, RpcProblem } from '../../../engines/mcp-wire/src/index.ts'
import type { CallContext, CallToolResult, Catalogue, InputRequest, Json, JsonObject, McpServer, ToolDefinition } from '../../../engines/mcp-wire/src/index.ts'
import { apiCatalogue, readDocument, toTools } from '../../../engines/openapi-tools/src/index.ts'
import { png, startApi } from './api.ts'

type Hook = (args: JsonObject, context: CallContext) => Promise<CallToolResult>
type Made = { readonly description: string; readonly inputSchema?: JsonObject; readonly call: Hook }

const text = (it: string): CallToolResult => ({ content: [{ type: 'text', text: it }] })
const object = (properties: JsonObject = {}, ...required: string[]): JsonObject => ({ type: 'object', properties, ...(required.length > 0 && { required }) })
const form = (message: string, properties: JsonObject, ...required: string[]): InputRequest => ({ method: 'elicitation/create', params: { message, requestedSchema: object(properties, ...required) } })
const sample = (prompt: string): InputRequest => ({ method: 'sampling/createMessage', params: { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 } })
const roots: InputRequest = { method: 'roots/list', params: {} }
const name = { name: { type: 'string' } }
const said = (argument: Json | undefined): string => (typeof argument === 'string' ? argument : '')

export async function startFixture(): Promise<{ readonly url: string; readonly server: McpServer; close(): void }> {
  const api = await startApi()
  const reading = readDocument(readFileSync(new URL('fixture.openapi.yaml', import.meta.url)))
  if (!('document' in reading)) throw new Error(reading.refusal.reason)
  const set = toTools(reading.document)
  const { call: operation } = apiCatalogue(set, { fetch, baseUrl: api.url })

  /** Tools that no operation stands behind. */
  const made: Record<string, Made> = {
    json_schema_2020_12_tool: { description: 'Takes an address in JSON Schema 2020-12.', inputSchema: everyKeyword, call: async () => text('ok') },
    test_tool_with_logging: {
      description: 'Logs three times.',
      async call(_, context) {
        for (const message of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) context.log('info', message)
        return text('Logged')
      },
    },
    test_logging_tool: { description: 'Logs where the client wants it.', call: async (_, context) => { context.log('error', 'Nobody asked for this'); return text('Logged') } },
    test_reconnection: { description: 'Ends the connection and not the call.', call: async (_, context) => { context.reconnect(); return text('Still here') } },
    test_missing_capability: { description: 'Asks the model of the client.', call: async (_, context) => { await context.ask({ model: sample('Hello') }); return text('Asked') } },
    test_streaming_elicitation: { description: 'Asks the user of the client.', call: async (_, context) => { await context.ask({ user: form('Who?', name) }); return text('Asked') } },
    test_trigger_tool_change: { description: 'Changes the list of tools.', call: async () => { change('tool'); return text('Changed') } },
    test_trigger_prompt_change: { description: 'Changes the list of prompts.', call: async () => { change('prompt'); return text('Changed') } },
    test_sampling: asking('Asks the model.', ({ prompt }) => ({ answer: sample(said(prompt)) }), object({ prompt: { type: 'string' } }, 'prompt')),
    test_elicitation: asking('Asks the user.', ({ message }) => ({ answer: form(said(message), { username: { type: 'string' }, email: { type: 'string' } }, 'username', 'email') }), object({ message: { type: 'string' } }, 'message')),
    test_elicitation_sep1034_defaults: asking('Asks with defaults.', () => ({ answer: form('Who are you?', withDefaults) })),
    test_elicitation_sep1330_enums: asking('Asks with choices.', () => ({ answer: form('Choose', withChoices) })),
    test_input_required_result_elicitation: asking('Asks for a name.', () => ({ user_name: form('What is your name?', name, 'name') })),
    test_input_required_result_sampling: asking('Asks for a capital.', () => ({ capital_question: sample('What is the capital of France?') })),
    test_input_required_result_list_roots: asking('Asks for roots.', () => ({ client_roots: roots })),
    test_input_required_result_request_state: asking('Asks, and knows its state again.', () => ({ confirm: form('Please confirm', { ok: { type: 'boolean' } }, 'ok') }), object(), 'state-ok'),
    test_input_required_result_tampered_state: asking('Asks, and knows a changed state.', () => ({ confirm: form('Please confirm', { ok: { type: 'boolean' } }, 'ok') })),
    test_input_required_result_multiple_inputs: asking('Asks for three things.', () => ({ user_name: form('What is your name?', name, 'name'), greeting: sample('Generate a greeting'), client_roots: roots })),
    test_input_required_result_capabilities: {
      description: 'Asks for what the client can do.',
      async call(_, context) {
        const possible = { user: form('Who?', name), model: sample('Who?') }
        await context.ask(Object.fromEntries(Object.entries(possible).filter(([, { method }]) => context.can(method))))
        return text('Asked')
      },
    },
    test_input_required_result_multi_round: {
      description: 'Asks twice.',
      async call(_, context) {
        const { step1 } = await context.ask({ step1: form('Step 1: What is your name?', name, 'name') })
        const { step2 } = await context.ask({ step2: form('Step 2: What is your favorite color?', { color: { type: 'string' } }, 'color') })
        return text(JSON.stringify([step1, step2]))
      },
    },
    protocol_error_job: {
      description: 'A job that breaks the protocol.',
      async call(_, context) {
        context.task('optional')
        throw new RpcProblem(-32603, 'The job broke')
      },
    },
    multi_input: {
      description: 'A job that asks for two things at once.',
      async call(_, context) {
        context.task('optional')
        await context.ask({ first: form('First?', name), second: form('Second?', name) })
        return text('Both')
      },
    },
    test_tool_with_task: {
      description: 'Asks, and then works in the background.',
      async call(_, context) {
        const { user_name: answer } = await context.ask({ user_name: form('What is your name?', name, 'name') })
        context.task('required')
        return await operation('greet', { name: said((answer?.['content'] as JsonObject | undefined)?.['name']) }, context)
      },
    },
  }

  /** What happens before an operation is called. */
  const before: Readonly<Record<string, (args: JsonObject, context: CallContext) => Promise<void>>> = {
    slow_compute: async (args, context) => { if (args['seconds'] !== 0) context.task('optional') },
    failing_job: async (_, context) => { context.task('required') },
    async confirm_delete(args, context) {
      context.task('optional')
      await context.ask({ confirm: form(`Delete ${said(args['filename'])}?`, { confirm: { type: 'boolean' } }, 'confirm') })
    },
  }

  const definitions: readonly ToolDefinition[] = [
    ...set.tools.map((tool) => (tool.name === 'test_mirrored_region' ? mirrored(set.definition(tool)) : set.definition(tool))),
    ...Object.entries(made).map(([tool, { description, inputSchema }]) => ({ name: tool, description, inputSchema: inputSchema ?? object() })),
  ]
  const extra = { tool: 0, prompt: 0 }
  const change = (what: 'tool' | 'prompt') => {
    extra[what] = 1 - extra[what]
    server.swap(catalogue())
  }
  const catalogue = (): Catalogue => ({
    tools: extra.tool === 0 ? definitions : [...definitions, { name: 'test_added', description: 'Was not there before.', inputSchema: object() }],
    async call(tool, args, context) {
      const own = made[tool]
      if (own !== undefined) return await own.call(args, context)
      if (set.get(tool) === undefined) return text('ok')
      await before[tool]?.(args, context)
      return await operation(tool, args, context)
    },
    resources: {
      list: [
        { uri: 'test://static-text', name: 'static-text', description: 'A text', mimeType: 'text/plain' },
        { uri: 'test://static-binary', name: 'static-binary', description: 'An image', mimeType: 'image/png' },
        { uri: 'test://watched-resource', name: 'watched-resource', description: 'A text that may change', mimeType: 'text/plain' },
      ],
      templates: [{ uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data by id', mimeType: 'application/json' }],
      async read(uri, context) {
        const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
        const [tool, args] = id !== undefined ? ['resource_template', { id }] : uri === 'test://static-binary' ? ['test_image_content', {}] : uri === 'test://static-text' || uri === 'test://watched-resource' ? ['resource_text', {}] : [null, {}]
        if (tool === null) return null
        const { content: [block] } = await operation(tool, args, context)
        if (block?.type === 'image') return [{ uri, mimeType: block.mimeType, blob: block.data }]
        return [{ uri, mimeType: id === undefined ? 'text/plain' : 'application/json', text: block?.type === 'text' ? block.text : '' }]
      },
    },
    prompts: {
      list: [...prompts.map(({ get: _get, ...shown }) => shown), ...(extra.prompt === 0 ? [] : [{ name: 'test_added_prompt', description: 'Was not there before.' }])],
      async get(prompt, args, context) {
        const found = prompts.find((each) => each.name === prompt)
        return { messages: (await found?.get(args, context))?.map((content) => ({ role: 'user' as const, content })) ?? [] }
      },
    },
    // The values of an enumeration in the document.
    async complete({ argument }) {
      const property = set.definition(set.get('complete_city') as NonNullable<ReturnType<typeof set.get>>).inputSchema['properties'] as JsonObject
      const choices = ((property[argument.name] as JsonObject | undefined)?.['enum'] ?? []) as readonly string[]
      return { values: choices.filter((each) => each.startsWith(argument.value)) }
    },
  })

  const server = createMcpServer({ name: 'conformance', version: '1.0.0', title: 'Conformance fixtures', catalogue: catalogue(), clock: { now: () => Date.now() } })
  const http = createServer(server.node)
  await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve) })
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    server,
    close() {
      server.close()
      http.close()
      http.closeAllConnections()
      api.close()
    },
  }
}

/** A tool that asks and says what it was told. */
function asking(description: string, requests: (args: JsonObject) => Record<string, InputRequest>, inputSchema: JsonObject = object(), first = ''): Made {
  return { description, inputSchema, call: async (args, context) => text(`${first} ${JSON.stringify(await context.ask(requests(args)))}`.trim()) }
}

function mirrored(definition: ToolDefinition): ToolDefinition {
  const properties = definition.inputSchema['properties'] as JsonObject
  return { ...definition, inputSchema: { ...definition.inputSchema, properties: { ...properties, region: { ...(properties['region'] as JsonObject), 'x-mcp-header': 'Region' } } } }
}

const image = { type: 'image', data: png.toString('base64'), mimeType: 'image/png' } as const
const words = (it: string) => ({ type: 'text', text: it }) as const
const prompts = [
  { name: 'test_simple_prompt', description: 'A prompt', get: async () => [words('This is a simple prompt for testing.')] },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with arguments',
    arguments: [{ name: 'arg1', description: 'First', required: true }, { name: 'arg2', description: 'Second', required: true }],
    get: async ({ arg1, arg2 }: Readonly<Record<string, string>>) => [words(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt with a resource',
    arguments: [{ name: 'resourceUri', description: 'Which', required: true }],
    get: async ({ resourceUri = '' }: Readonly<Record<string, string>>) => [{ type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } } as const, words('Please process the embedded resource above.')],
  },
  { name: 'test_prompt_with_image', description: 'A prompt with an image', get: async () => [image, words('Please analyze the image above.')] },
  {
    name: 'test_input_required_result_prompt',
    description: 'A prompt that asks',
    get: async (_: Readonly<Record<string, string>>, context: CallContext) => [words(JSON.stringify(await context.ask({ user_context: form('What context should the prompt use?', { context: { type: 'string' } }, 'context') })))],
  },
]

const withDefaults: JsonObject = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
}

const titled = [{ const: 'value1', title: 'First' }, { const: 'value2', title: 'Second' }, { const: 'value3', title: 'Third' }]
const withChoices: JsonObject = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', oneOf: titled },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: { anyOf: titled } },
}

const everyKeyword: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
  properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' }, contactMethod: { type: 'string', enum: ['phone', 'email'] }, phone: { type: 'string' }, email: { type: 'string' } },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}
