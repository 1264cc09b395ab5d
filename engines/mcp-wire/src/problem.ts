// Errors of the protocol, by their codes (JSON-RPC 2.0 section 5.1; MCP 2026-07-28, schema.ts, "MCP error codes").
import type { Json } from './model.ts'

export const code = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Until 2025-11-25. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const

/** An answer with `error`. What it says is sent to the client: one short English sentence, nothing secret. */
export class RpcProblem extends Error {
  readonly code: number
  readonly data: Json | undefined
  constructor(code: number, message: string, data?: Json) {
    super(message)
    this.name = 'RpcProblem'
    this.code = code
    this.data = data
  }
}
