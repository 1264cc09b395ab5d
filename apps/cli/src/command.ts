// What a command is, and how a line of arguments becomes a call of it. Pure: nothing is opened here. Whatever is not declared is an error
// that names the nearest thing that is. Defended by command.test.ts.
import { HaechiError } from '@haechi/server/errors'
import type { Language } from '@haechi/server/errors'
import type { Context } from './context.ts'
import type { TextKey } from './texts.ts'

export type About = TextKey | ((language: Language) => string)

/** `value` is the placeholder of an option that takes one; without it the option is a switch. `many`: it takes all values up to the next option, and may be repeated. */
export type Option = { readonly value?: string; readonly about: About; readonly required?: true; readonly choices?: readonly string[]; readonly many?: true }
export type Options = Readonly<Record<string, Option>>
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { readonly many: true } ? readonly string[] : O[K] extends { readonly value: string } ? (O[K] extends { readonly required: true } ? string : string | undefined) : boolean
}
/** `many` takes all that is left. */
export type Argument = { readonly name: string; readonly about: About; readonly optional?: true; readonly many?: true }
export type Example = { readonly line: string; readonly about: TextKey }

export type Command = {
  /** `['keys', 'create']` */
  readonly path: readonly string[]
  readonly about: TextKey
  /** More than one line can say, shown in the help of this command. */
  readonly details?: TextKey
  readonly arguments: readonly Argument[]
  /** A function where they have to be read from elsewhere first. */
  readonly options: Options | (() => Promise<Options>)
  readonly examples: readonly Example[]
  run(context: Context, given: { readonly options: never; readonly arguments: readonly string[] }): Promise<number>
}

/** Lets `run` see its options by name and type. Returns the exit code. */
export function command<const O extends Options>(declared: Omit<Command, 'options' | 'run' | 'arguments'> & {
  readonly arguments?: readonly Argument[]
  readonly options: O
  run(context: Context, given: { readonly options: Values<O & typeof commonOptions>; readonly arguments: readonly string[] }): Promise<number>
}): Command {
  return { ...declared, arguments: declared.arguments ?? [] }
}

export const commonOptions = {
  json: { about: 'option_json' },
  lang: { value: 'ko|en', about: 'option_lang', choices: ['ko', 'en'] },
  help: { about: 'option_help' },
} as const satisfies Options

/** How a server is reached. */
export const connectionOptions = {
  data: { value: 'DIR', about: 'option_data' },
  url: { value: 'URL', about: 'option_url' },
  key: { value: 'KEY_ID:SECRET', about: 'option_key' },
  ca: { value: 'FILE', about: 'option_ca' },
} as const satisfies Options

export const tenantOption = { tenant: { value: 'NAME', about: 'option_tenant' } } as const satisfies Options

/** The command whose path the words begin with, and what is left of them. Errors: usage_unknown_command. */
export function findCommand(commands: readonly Command[], words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first = '', second] = words
  const group = commands.filter((each) => each.path[0] === first)
  const whole = group.find((each) => each.path.length === 1)
  if (whole !== undefined) return { command: whole, rest: words.slice(1) }
  if (group.length === 0) {
    throw new HaechiError('usage_unknown_command', { command: first, suggestion: suggestion(first, [...new Set(commands.map((each) => each.path[0] ?? ''))], '') })
  }
  const found = group.find((each) => each.path[1] === second)
  if (found !== undefined) return { command: found, rest: words.slice(2) }
  const verbs = group.map((each) => each.path[1] ?? '')
  if (second === undefined || second.startsWith('-')) throw new HaechiError('usage_verb_missing', { command: first, verbs: verbs.join(', ') })
  throw new HaechiError('usage_unknown_command', { command: `${first} ${second}`, suggestion: suggestion(second, verbs, `${first} `) })
}

export type Given = { readonly options: Readonly<Record<string, string | readonly string[] | boolean | undefined>>; readonly arguments: readonly string[] }

/**
 * `--name value`, `--name=value`, `--switch`; `--` ends options. A value may begin with one dash (`--from -2h`), not with two.
 * Errors: usage_unknown_option, usage_value_missing, usage_value_unexpected, usage_option_repeated, usage_option_missing, usage_choice,
 * usage_argument_missing, usage_argument_extra. With --help nothing is missed.
 */
export function readArguments(name: string, declared: { readonly options: Options; readonly arguments: readonly Argument[] }, words: readonly string[]): Given {
  const given = new Map<string, string | readonly string[] | true>()
  const positional: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--') {
      positional.push(...words.slice(at + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      positional.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const written = equals === -1 ? word : word.slice(0, equals)
    const key = written === '-h' ? 'help' : written.slice(2)
    const option = written.startsWith('--') || written === '-h' ? lookup(declared.options, key) : undefined
    if (option === undefined) {
      throw new HaechiError('usage_unknown_option', { option: written, command: name, suggestion: suggestion(written, Object.keys(declared.options).map((each) => `--${each}`), '') })
    }
    if (given.has(key) && option.many !== true) throw new HaechiError('usage_option_repeated', { option: written })
    if (option.value === undefined) {
      if (equals !== -1) throw new HaechiError('usage_value_unexpected', { option: written })
      given.set(key, true)
      continue
    }
    const value = equals === -1 ? words[++at] : word.slice(equals + 1)
    if (value === undefined || value === '' || (equals === -1 && value.startsWith('--'))) throw new HaechiError('usage_value_missing', { option: written, value: option.value })
    if (option.choices !== undefined && !option.choices.includes(value)) throw new HaechiError('usage_choice', { option: written, value, choices: option.choices.join(', ') })
    if (option.many === true) {
      const rest = equals === -1 ? words.slice(at + 1) : []
      const next = rest.findIndex((each) => each.startsWith('-') && each !== '-')
      const more = next === -1 ? rest : rest.slice(0, next)
      at += more.length
      given.set(key, [...(given.get(key) as readonly string[] | undefined ?? []), value, ...more])
    } else given.set(key, value)
  }
  const options = Object.fromEntries(Object.entries(declared.options).map(([key, option]) => [key, given.get(key) ?? (option.many === true ? [] : option.value === undefined ? false : undefined)]))
  if (options['help'] === true) return { options, arguments: positional }
  const missing = Object.entries(declared.options).find(([key, option]) => option.required === true && !given.has(key))
  if (missing !== undefined) throw new HaechiError('usage_option_missing', { option: `--${missing[0]} ${missing[1].value ?? ''}`, command: name })
  const lacking = declared.arguments[positional.length]
  if (lacking !== undefined && lacking.optional !== true) throw new HaechiError('usage_argument_missing', { argument: lacking.name, command: name })
  const extra = positional[declared.arguments.length]
  if (extra !== undefined && declared.arguments.at(-1)?.many !== true) throw new HaechiError('usage_argument_extra', { argument: extra, command: name })
  return { options, arguments: positional }
}

const lookup = (options: Options, key: string): Option | undefined => (Object.hasOwn(options, key) ? options[key] : undefined)

/** Errors: usage_number. */
export function wholeNumber(option: string, value: string | undefined, least: number, most: number, otherwise: number): number {
  if (value === undefined) return otherwise
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < least || number > most) throw new HaechiError('usage_number', { option, value, least, most })
  return number
}

/** `a, b,c` as its parts. */
export const commaList = (text: string | undefined): string[] => text?.split(',').map((part) => part.trim()).filter((part) => part !== '') ?? []

/** Parts of a list that are each one of `choices`, in whatever case. Errors: usage_choice. */
export const chosenAmong = <T extends string>(option: string, text: string | undefined, choices: readonly T[]): T[] => commaList(text).map((value) => {
  const choice = choices.find((each) => each === value.toLowerCase())
  if (choice === undefined) throw new HaechiError('usage_choice', { option, value, choices: choices.join(', ') })
  return choice
})

/** ` (did you mean X?)` in a form that both languages share, or nothing. */
export function suggestion(word: string, candidates: readonly string[], before: string): string {
  const [nearest] = candidates.map((name) => ({ name, steps: editDistance(word, name) })).sort((a, b) => a.steps - b.steps)
  return nearest !== undefined && nearest.steps <= Math.max(2, word.length / 3) ? ` (-> ${before}${nearest.name}?)` : ''
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
