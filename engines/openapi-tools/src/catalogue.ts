import type { Catalogue } from '@haechi/mcp-wire'
import { createCaller } from './call.ts'
import type { HttpAnswer } from './answer.ts'
import type { Credentials } from './credentials.ts'
import { toTools } from './definition.ts'
import { readDocument } from './document.ts'
import type { HttpRequest } from './request.ts'
import type { Refusal, ToolSet } from './model.ts'

export type ApiCatalogueOptions = {
  /** The way to the API: fetch itself, or the application's own (hono's app.fetch), so that a call never leaves the process. It decides which hosts are reached. */
  readonly fetch: (request: Request) => Promise<Response> | Response
  /** Where the API is; needed where the document does not say it in full. */
  readonly baseUrl?: string
  /** By the id of their security scheme. */
  readonly credentials?: Credentials
}

/** A document that was refused: the message names the place and the reason. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`${refusal.reason} (${refusal.code} at ${refusal.place})`)
    this.refusal = refusal
  }
}

/** An API as the catalogue of an MCP server. Throws DocumentRefused; a ToolSet is taken as it is. */
export function apiCatalogue(api: string | Uint8Array | ToolSet, { fetch, baseUrl, credentials = {} }: ApiCatalogueOptions): Catalogue {
  const set = typeof api === 'string' || api instanceof Uint8Array ? read(api) : api
  const caller = createCaller(set)
  const send = async ({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    const answer = await fetch(new Request(url, { method, headers, signal, redirect: 'manual', ...(body !== undefined && { body: body as NonNullable<RequestInit['body']> }) }))
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: answer.body as AsyncIterable<Uint8Array> | null }
  }
  return {
    tools: set.tools.map((tool) => set.definition(tool)),
    async call(name, args, context) {
      const tool = set.get(name)
      // The server calls what is listed.
      if (tool === undefined) throw new Error(`There is no tool ${name}`)
      return await caller.callTool(tool, args, {
        send, credentials, signal: context.signal, progress: ({ progress, message }) => { context.progress(progress, undefined, message) }, ...(baseUrl !== undefined && { baseUrl }),
      })
    },
  }
}

function read(text: string | Uint8Array): ToolSet {
  const reading = readDocument(text)
  if ('refusal' in reading) throw new DocumentRefused(reading.refusal)
  return toTools(reading.document)
}
