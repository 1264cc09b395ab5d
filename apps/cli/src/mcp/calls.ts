// One call of a tool, from its arguments to its result: sent, and written down. What failed on the way is told to the model in full, without a secret.
// Defended by tests/e2e/mcp-serve.test.ts.
import type { CallContext, CallToolResult, JsonObject } from '@haechi/mcp-wire'
import { createCaller, redacted } from '@haechi/openapi-tools'
import type { Credentials, Tool, ToolSet } from '@haechi/openapi-tools'
import { HaechiError } from '@haechi/server/errors'
import { sizesOf } from './call-log.ts'
import type { CallLog } from './call-log.ts'
import type { DebugSink } from './debug.ts'
import type { Upstream } from './upstream.ts'

export type Api = {
  readonly baseUrl: string | undefined
  /** Where the document came from. */
  readonly documentUrl: string | null
  readonly credentials: Credentials
  readonly send: Upstream
}

export type Calls = (tool: Tool, args: JsonObject, context: CallContext) => Promise<CallToolResult>

/** For the tools of one version of one API. */
export function createCalls(definition: ToolSet['definition'], api: Api, { log, debug, clock }: { readonly log: CallLog | null; readonly debug: DebugSink | undefined; readonly clock: { now(): number } }): Calls {
  const { callTool } = createCaller({ definition })
  return async (tool, args, context) => {
    const start = performance.now()
    let status: number | null = null
    let failure: HaechiError | null = null
    let result: CallToolResult | undefined
    // OpenAPI: a document without servers means the place that it came from.
    const baseUrl = api.baseUrl ?? (tool.operation.servers.length === 0 && api.documentUrl !== null ? new URL('/', api.documentUrl).href : undefined)
    try {
      result = await callTool(tool, args, {
        credentials: api.credentials, signal: context.signal, ...(baseUrl === undefined ? {} : { baseUrl }), ...(api.documentUrl === null ? {} : { documentUrl: api.documentUrl }),
        progress: ({ progress, message }) => context.progress(progress, undefined, message),
        send: async (request, signal) => {
          if (debug !== undefined) debug.request(redacted(request))
          try {
            const answer = await api.send(request, signal)
            status = answer.status
            debug?.answer(answer.status, answer.headers, performance.now() - start)
            return answer
          } catch (error) {
            if (error instanceof HaechiError) failure = error
            debug?.failed(error)
            throw error
          }
        },
      })
      // Who asked is the model: it can only act on what it is told.
      if (failure !== null) result = { content: [{ type: 'text', text: `${(failure as HaechiError).code}: ${(failure as HaechiError).message}` }], isError: true }
      return result
    } finally {
      log?.write({
        time: new Date(clock.now()).toISOString(), tool: tool.name, operation: tool.operation.key, status: result === undefined || result.isError === true ? 'error' : 'ok', http_status: status,
        ms: Math.round((performance.now() - start) * 10) / 10, caller: context.caller.id, error: result === undefined ? 'cancelled' : result.isError === true && status === null ? codeOf(result) : null, arguments: sizesOf(args),
      })
    }
  }
}

const codeOf = ({ content: [first] }: CallToolResult): string => (first?.type === 'text' ? /^(\w{1,64}):/.exec(first.text)?.[1] : undefined) ?? 'unknown'
