import type { Command } from '../command.ts'
import { mcpCheck } from './mcp-check.ts'
import { mcpDraft } from './mcp-draft.ts'
import { mcpServe } from './mcp-serve.ts'

export const mcpCommands: readonly Command[] = [mcpServe, mcpDraft, mcpCheck]
