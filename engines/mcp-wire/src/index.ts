// The Model Context Protocol, spoken by a server: Streamable HTTP and stdio, 2026-07-28 and the revisions with a handshake, on one endpoint.
// Opens no file and no socket, reads no clock: the host brings requests and takes answers.
export type {
  AudioContent, CallToolResult, ContentBlock, EmbeddedResource, ImageContent, Json, JsonObject, ResourceContents, ResourceLink, TextContent, ToolAnnotations, ToolDefinition,
} from './model.ts'
export type {
  CallContext, Caller, Catalogue, CompletionRequest, InputRequest, LogLevel, PromptDefinition, PromptMessage, Prompts, ResourceDefinition, Resources, ResourceTemplate, SerialisedTool,
} from './catalogue.ts'
export { RpcProblem } from './problem.ts'
export type { McpServer, McpServerOptions, NodeRequest, NodeResponse, StdioOutput } from './server.ts'
export { createMcpServer } from './server.ts'
