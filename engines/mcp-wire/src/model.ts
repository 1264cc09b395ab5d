// The shapes of the Model Context Protocol that are read and written here, as the specification of 2026-07-28 names them (schema/2026-07-28/schema.ts);
// what older revisions lack is optional. Types only.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }

export type ToolAnnotations = {
  readonly title?: string
  readonly readOnlyHint?: boolean
  readonly destructiveHint?: boolean
  readonly idempotentHint?: boolean
  readonly openWorldHint?: boolean
}

/** A tool as tools/list shows it. */
export type ToolDefinition = {
  /** 1 to 64 of A-Z a-z 0-9 _ - . (the specification allows 128; clients do not). */
  readonly name: string
  readonly title?: string
  readonly description?: string
  /** JSON Schema 2020-12, type object. */
  readonly inputSchema: JsonObject
  /** JSON Schema 2020-12, type object. */
  readonly outputSchema?: JsonObject
  readonly annotations?: ToolAnnotations
  readonly _meta?: JsonObject
}

export type TextContent = { readonly type: 'text'; readonly text: string; readonly annotations?: JsonObject; readonly _meta?: JsonObject }
export type ImageContent = { readonly type: 'image'; /** base64 */ readonly data: string; readonly mimeType: string; readonly _meta?: JsonObject }
export type AudioContent = { readonly type: 'audio'; /** base64 */ readonly data: string; readonly mimeType: string; readonly _meta?: JsonObject }
export type ResourceLink = { readonly type: 'resource_link'; readonly uri: string; readonly name: string; readonly description?: string; readonly mimeType?: string; readonly size?: number }
export type ResourceContents = { readonly uri: string; readonly mimeType?: string } & ({ readonly text: string } | { /** base64 */ readonly blob: string })
export type EmbeddedResource = { readonly type: 'resource'; readonly resource: ResourceContents; readonly _meta?: JsonObject }
export type ContentBlock = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource

/** What a call gave. A failure that the model can do something about is a result with isError, not an error of the protocol. */
export type CallToolResult = {
  readonly content: readonly ContentBlock[]
  /** Valid against the tool's outputSchema where there is one. */
  readonly structuredContent?: JsonObject
  readonly isError?: boolean
  readonly _meta?: JsonObject
}
