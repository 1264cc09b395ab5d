import type { Command } from '../command.ts'
import { mcpServe } from './mcp-serve.ts'

export const mcpCommands: readonly Command[] = [mcpServe]
