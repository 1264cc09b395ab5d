import type { Command } from '../command.ts'
import { mcpCheck } from './mcp-check.ts'
import { mcpDraft } from './mcp-draft.ts'
import { mcpScan } from './mcp-scan.ts'
import { mcpServe } from './mcp-serve.ts'
import { mcpTools } from './mcp-tools.ts'

export const mcpCommands: readonly Command[] = [mcpServe, mcpTools, mcpDraft, mcpCheck, mcpScan]
