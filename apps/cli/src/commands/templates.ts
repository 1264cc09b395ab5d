import type { Command } from '../command.ts'
import { templatesValidate } from './templates-validate.ts'

export const templateCommands: readonly Command[] = [templatesValidate]
