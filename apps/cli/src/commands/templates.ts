import type { Command } from '../command.ts'
import { templatesRun } from './templates-run.ts'
import { templatesValidate } from './templates-validate.ts'

export const templateCommands: readonly Command[] = [templatesValidate, templatesRun]
