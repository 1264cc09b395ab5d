import type { About, Argument, Command, Option, Options } from './command.ts'
import { commonOptions } from './command.ts'
import { exitCodes, exitCodeTexts } from './exit-codes.ts'
import { padEnd, widthOf } from './layout.ts'
import type { Text } from './texts.ts'
import type { Language } from '@haechi/server/errors'

type Reader = { readonly text: Text; readonly language: Language; readonly width: number }

const told = ({ text, language }: Reader, about: About): string => (typeof about === 'function' ? about(language) : text(about))

/** All commands, a line each. */
export function overview(reader: Reader, commands: readonly Command[]): string[] {
  const { text } = reader
  return [
    text('haechi'), '', `${text('usage')}: haechi ${text('usage_line')}`, '', `${text('commands')}:`,
    ...pairs(reader, commands.map((each) => [signature(each), text(each.about)])), '',
    `${text('options')}:`, ...optionLines(reader, commonOptions), '',
    `${text('more_help')}:`, ...pairs(reader, [['haechi help COMMAND', text('help_command')], ['haechi help exit-codes', text('help_exit_codes')]]),
  ]
}

export async function commandHelp(reader: Reader, command: Command): Promise<string[]> {
  const { text } = reader
  const options = typeof command.options === 'function' ? await command.options() : command.options
  const required = Object.entries(options).filter(([, option]) => option.required === true).map(([name, option]) => ` --${name} ${option.value ?? ''}`).join('')
  return [
    text(command.about), '', `${text('usage')}: haechi ${signature(command)}${required} [${text('options_placeholder')}]`,
    ...(command.details === undefined ? [] : ['', ...wrap(text(command.details), Math.min(reader.width, 100))]),
    ...(command.arguments.length === 0 ? [] : ['', `${text('arguments')}:`, ...pairs(reader, command.arguments.map((each) => [each.name, told(reader, each.about)]))]),
    '', `${text('options')}:`, ...optionLines(reader, { ...options, ...commonOptions }),
    '', `${text('examples')}:`, ...command.examples.flatMap(({ line, about }) => [`  # ${text(about)}`, `  ${line}`]),
  ]
}

export function exitCodeHelp(reader: Reader): string[] {
  return [reader.text('help_exit_codes'), '', ...pairs(reader, Object.entries(exitCodes).map(([name, code]) => [String(code), reader.text(exitCodeTexts[name as keyof typeof exitCodes])]))]
}

const signature = (command: Command): string => [...command.path, ...command.arguments.map(argumentSign)].join(' ')
const argumentSign = ({ name, optional, many }: Argument): string => `${optional === true ? '[' : ''}${name}${many === true ? '...' : ''}${optional === true ? ']' : ''}`

const optionLines = (reader: Reader, options: Options): string[] =>
  pairs(reader, Object.entries(options).map(([name, option]) => [optionSign(name, option), `${told(reader, option.about)}${option.choices === undefined || name === 'lang' ? '' : ` (${option.choices.join(', ')})`}`]))

const optionSign = (name: string, option: Option): string => `--${name}${option.value === undefined ? '' : ` ${option.value}`}${option.many === true ? '...' : ''}`

/** Two columns, the second wrapped under itself. */
function pairs(reader: Reader, rows: readonly (readonly [string, string])[]): string[] {
  const first = Math.min(34, Math.max(...rows.map(([name]) => widthOf(name))))
  const indent = ' '.repeat(first + 4)
  return rows.flatMap(([name, about]) => {
    const [head = '', ...rest] = wrap(about, Math.max(20, Math.min(reader.width, 120) - first - 4))
    const under = rest.map((line) => indent + line)
    return widthOf(name) > first ? [`  ${name}`, `${indent}${head}`, ...under] : [`  ${padEnd(name, first)}  ${head}`, ...under]
  })
}

/** Broken at spaces; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
        lines.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    return [...lines, line]
  })
}
