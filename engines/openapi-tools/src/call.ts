import type { CallToolResult, Json, JsonObject } from '@haechi/mcp-wire'
import { readAnswer } from './answer.ts'
import type { HttpAnswer, Progress } from './answer.ts'
import { createArgumentCheck } from './arguments.ts'
import { secretTexts } from './credentials.ts'
import type { Tool, ToolSet } from './model.ts'
import { CallProblem } from './problem.ts'
import { buildRequest } from './request.ts'
import type { HttpRequest, RequestOptions } from './request.ts'

export type CallOptions = RequestOptions & {
  /** The way to the network. It decides which hosts are reached, follows no redirect to another host, and ends the body when the signal does. */
  readonly send: (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>
  readonly signal?: AbortSignal
  readonly progress?: Progress
  /** Default 5 MiB. */
  readonly maxAnswerBytes?: number
}

type Prepared = { readonly check: (args: Json) => readonly string[]; readonly outputSchema: JsonObject | undefined }

/** Tools whose schemas are kept ready, the least recently called leaving first. */
const MAX_PREPARED = 256

/**
 * Calls the tools of one set: arguments are checked, the request is built and sent, the answer is read. Whatever goes wrong is a result with isError whose
 * text begins with a code and says what the model can do about it; only an aborted signal rejects, with its reason.
 */
export function createCaller(set: Pick<ToolSet, 'definition'>): { callTool(tool: Tool, args: JsonObject, options: CallOptions): Promise<CallToolResult> } {
  const prepared = new Map<string, Prepared>()

  const prepare = (tool: Tool): Prepared => {
    const there = prepared.get(tool.name)
    if (there !== undefined) {
      prepared.delete(tool.name)
      prepared.set(tool.name, there)
      return there
    }
    const { inputSchema, outputSchema } = set.definition(tool)
    const made: Prepared = { check: createArgumentCheck(inputSchema), outputSchema }
    prepared.set(tool.name, made)
    const [oldest] = prepared.keys()
    if (prepared.size > MAX_PREPARED && oldest !== undefined) prepared.delete(oldest)
    return made
  }

  return {
    async callTool(tool, args, options) {
      const signal = options.signal ?? new AbortController().signal
      signal.throwIfAborted()
      const { check, outputSchema } = prepare(tool)
      let request: HttpRequest
      try {
        // Built first: it bounds the arguments that are then looked at in full.
        request = buildRequest(tool.operation, args, options)
      } catch (error) {
        if (!(error instanceof CallProblem)) throw error
        const problems = AFTER_CHECK.has(error.code) ? check(args) : []
        return refusal(problems.length > 0 ? 'arguments_invalid' : error.code, problems.length > 0 ? problems : [error.message])
      }
      const problems = check(args)
      if (problems.length > 0) return refusal('arguments_invalid', problems)
      try {
        const answer = await options.send(request, signal)
        return await readAnswer(tool.operation, answer, { outputSchema, progress: options.progress, maxBytes: options.maxAnswerBytes, secrets: secretTexts(options.credentials), signal })
      } catch (error) {
        signal.throwIfAborted()
        return refusal(codeOf(error), ['The API could not be reached, or broke off its answer.'])
      }
    },
  }
}

/** Problems beside which a model is told all the others at once. */
const AFTER_CHECK = new Set(['argument_missing', 'argument_unsuitable', 'file_invalid', 'path_segment_empty'])

function refusal(code: string, reasons: readonly string[]): CallToolResult {
  return { content: [{ type: 'text', text: `${code}: ${reasons.join('\n')}` }], isError: true }
}

/** The code alone: the message of a network's error may hold the URL, and so a credential. */
function codeOf(error: unknown): string {
  for (const it of [error, error instanceof Error ? error.cause : undefined]) {
    const code: unknown = typeof it === 'object' && it !== null && 'code' in it ? it.code : undefined
    if (typeof code === 'string' && /^\w{1,64}$/.test(code)) return code
  }
  return 'send_failed'
}
