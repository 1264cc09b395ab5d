// What an OpenAPI document is once it has been read: operations as plain data, whatever the version it was written in. An Operation holds all that
// building a request needs and survives structuredClone; schemas stay in the document and are asked for one by one. Types only.
import type { Json, JsonObject, ToolAnnotations, ToolDefinition } from '@haechi/mcp-wire'

export type { Json, JsonObject }

/** Why a document was refused, or an operation left out. */
export type Refusal = {
  readonly code: RefusalCode
  /** A JSON pointer into the document ('#/paths/~1users/get'), or 'line 12'. */
  readonly place: string
  /** In English: what is wrong, and what would be right. */
  readonly reason: string
}

export type RefusalCode =
  // of the document
  | 'document_empty' | 'document_too_large' | 'document_not_text' | 'document_unparsable' | 'document_not_an_object' | 'document_too_deep' | 'document_aliases'
  | 'version_missing' | 'version_unsupported' | 'paths_missing' | 'overlay_invalid'
  // A warning: it was read, but another reader may read it differently; an action that changed nothing.
  | 'document_ambiguous' | 'overlay_unmatched'
  // of recorded traffic
  | 'recording_invalid' | 'recording_empty'
  // of an operation
  | 'operation_invalid' | 'parameter_invalid' | 'reference_unresolved' | 'reference_remote' | 'reference_circular' | 'server_invalid' | 'path_invalid' | 'schema_too_large'

export type ApiVersion = '2.0' | '3.0' | '3.1' | '3.2'

/**
 * A document as it was written, with its overlays applied. Nothing in it is dereferenced; every consumer follows references by itself and only where it has
 * to. References of schemas with a base of their own ($id, $anchor, $dynamicRef) are written as pointers, so that nobody has to know a base.
 */
export interface ApiDocument {
  readonly version: ApiVersion
  readonly root: JsonObject
  /** What was wrong but did not cost the document. */
  readonly warnings: readonly Refusal[]
  /**
   * The value that a reference names: '#/components/schemas/User', percent- and ~-escapes read. A reference that leads to another is followed, at most
   * 32 times. Remote references are looked up among the documents that were handed over while reading, never fetched.
   * `at` is the pointer of what was found, its identity: two references to one place give one pointer.
   */
  resolve(reference: string): { readonly value: Json; readonly at: string } | Refusal
}

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'PATCH' | 'TRACE' | 'QUERY' | (string & {})

export type ParameterStyle = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'tabDelimited' | 'deepObject' | 'cookie'

export type Parameter = {
  /** The property of the tool's inputSchema. Equal to `name` unless that is taken or no property name that clients accept. */
  readonly argument: string
  /** On the wire. */
  readonly name: string
  readonly in: 'path' | 'query' | 'querystring' | 'header' | 'cookie'
  readonly required: boolean
  readonly style: ParameterStyle
  readonly explode: boolean
  readonly allowReserved: boolean
  /** A parameter with `content`: its value is written whole in this media type. */
  readonly content: string | null
  /** Sent where the caller gave nothing: a parameter that has only one value, and so is not shown to the model. */
  readonly constant?: Json
}

/** How one property of a form or multipart body is written. */
export type PartEncoding = {
  readonly name: string
  /** null: by the value (text for what is no object, JSON for what is). */
  readonly contentType: string | null
  /** The property is a file: its value is a FileArgument. */
  readonly file: boolean
  /** The property is a list of files or parts: one part an item. */
  readonly list: boolean
  readonly style: ParameterStyle | null
  readonly explode: boolean
  readonly allowReserved: boolean
}

export type Body = {
  /** The property of the tool's inputSchema: 'body' unless a parameter has that name. */
  readonly argument: string
  readonly required: boolean
  /** As declared, parameters included ('application/json; charset=utf-8'). */
  readonly mediaType: string
  /** json: any value as JSON. form: an object. multipart: an object. binary: a FileArgument. text: a text as it is (XML, CSV, plain; an object where XML is not known). sequence: a list as JSON lines (or json-seq). */
  readonly kind: 'json' | 'form' | 'multipart' | 'binary' | 'text' | 'sequence'
  readonly parts: readonly PartEncoding[]
}

/** How a file is handed over by a model: text as it is, or bytes in base64. */
export type FileArgument = { readonly text?: string; readonly base64?: string; readonly filename?: string; readonly contentType?: string }

export type SecurityScheme = {
  /** The name in the document: credentials are held under it. */
  readonly id: string
  readonly type: 'apiKey' | 'http' | 'oauth2' | 'openIdConnect' | 'mutualTLS' | 'other'
  /** apiKey. */
  readonly in?: 'query' | 'header' | 'cookie'
  /** apiKey: the name on the wire. */
  readonly name?: string
  /** http: in lower case ('basic', 'bearer', ...). */
  readonly scheme?: string
  /** oauth2 and openIdConnect, sorted. */
  readonly scopes: readonly string[]
}

export type Answer = {
  /** '200', '2XX', 'default'. */
  readonly status: string
  /** As declared. */
  readonly mediaTypes: readonly string[]
}

export type Operation = {
  /** 'GET /users/{id}': method and path as written, its identity across versions of a document. */
  readonly key: string
  readonly method: Method
  /** As written, beginning with '/'. */
  readonly path: string
  /** JSON pointer of the operation. */
  readonly at: string
  readonly operationId: string | null
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly deprecated: boolean
  /** Absolute, or relative to where the document came from; variables replaced by their defaults. Empty: the caller must say the base URL. */
  readonly servers: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly body: Body | null
  /** Alternatives, each of which needs all its schemes. [] : nothing is asked for. An empty alternative means that anonymous calls are allowed. */
  readonly security: readonly (readonly SecurityScheme[])[]
  readonly answers: readonly Answer[]
  /** An answer that is no object stands in structuredContent under this property, as the outputSchema says; null: it stands there as it is. */
  readonly wrapped: 'result' | null
}

export type Tool = {
  /** At most 64 of A-Z a-z 0-9 _ -; unique; a function of the operation and not of its place in the document. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly annotations: ToolAnnotations
  readonly operation: Operation
}

/** The schemas of an operation as the document has them; nothing in them is dereferenced or changed. */
export type Sources = {
  /** One a parameter that is shown, in the order of the document. */
  readonly parameters: readonly { readonly parameter: Parameter; readonly schema: Json; readonly description: string }[]
  readonly body: { readonly schema: Json; readonly description: string } | null
  /** The schemas of the JSON answers with a status of 2xx. */
  readonly answers: readonly Json[]
}

/** The operations of a document as tools. */
export interface ToolSet {
  readonly document: ApiDocument
  /** In order of their names. */
  readonly tools: readonly Tool[]
  readonly skipped: readonly (Refusal & { readonly key: string })[]
  get(name: string): Tool | undefined
  /** The tool as tools/list shows it. Schemas are built when asked for, hold only the definitions that are reached, and are JSON Schema 2020-12 of type object. */
  definition(tool: Tool): ToolDefinition
  /** What the tool's schemas are built from. */
  sources(tool: Tool): Sources
}
