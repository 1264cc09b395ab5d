export type {
  AudioContent, CallToolResult, ContentBlock, EmbeddedResource, ImageContent, Json, JsonObject, ResourceContents, ResourceLink, TextContent, ToolAnnotations, ToolDefinition,
} from './model.ts'
