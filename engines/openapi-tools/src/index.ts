export type {
  Answer, ApiDocument, ApiVersion, Body, FileArgument, Method, Operation, Parameter, ParameterStyle, PartEncoding, Refusal, RefusalCode, SecurityScheme, Tool, ToolSet,
} from './model.ts'
export { readDocument } from './document.ts'
export type { ReadOptions } from './document.ts'
