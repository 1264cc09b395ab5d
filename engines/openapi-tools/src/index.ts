export type {
  Answer, ApiDocument, ApiVersion, Body, FileArgument, Method, Operation, Parameter, ParameterStyle, PartEncoding, Refusal, RefusalCode, SecurityScheme, Tool, ToolSet,
} from './model.ts'
export { readDocument } from './document.ts'
export type { ReadOptions } from './document.ts'
export { createToolSearch, indexTools } from './search.ts'
export type { FoundOperation, SearchIndex, ToolSearch } from './search.ts'
export { toTools } from './definition.ts'
export type { ToolOptions } from './definition.ts'
