// The command line as a function: arguments and a process in, an exit code out. Every way out of a command leads through here, so that
// each failure is one coded message in the reader's language and a documented exit code. Defended by program.test.ts.
import { describe, HaechiError } from '@haechi/server/errors'
import type { Language } from '@haechi/server/errors'
import { chooseServer, openServer, ServerProblem } from './client.ts'
import type { Server } from './client.ts'
import { commonOptions, findCommand, readArguments, suggestion } from './command.ts'
import type { Command } from './command.ts'
import { keyCommands, tenantCommands, userCommands } from './commands/access.ts'
import type { ConnectionOptions, Context, Io } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { commandHelp, exitCodeHelp, overview } from './help.ts'
import { safe } from './layout.ts'
import { languageOf, textIn } from './texts.ts'

/** A command whose parts take long to load is loaded when it is called. */
type Entry = Command | { readonly path: readonly string[]; load(): Promise<readonly Command[]> }

const entries: readonly Entry[] = [
  { path: ['serve'], load: async () => [(await import('./commands/serve.ts')).serveCommand] },
  { path: ['doctor'], load: async () => [(await import('./commands/doctor.ts')).doctor] },
  { path: ['ingest'], load: async () => [(await import('./commands/ingest.ts')).ingest] },
  { path: ['search'], load: async () => [(await import('./commands/search.ts')).search] },
  { path: ['detect'], load: async () => [(await import('./commands/detect.ts')).detect] },
  { path: ['incidents'], load: async () => (await import('./commands/incidents.ts')).incidentCommands },
  { path: ['actions'], load: async () => (await import('./commands/incidents.ts')).actionCommands },
  { path: ['intel'], load: async () => (await import('./commands/intel.ts')).intelCommands },
  { path: ['rules'], load: async () => (await import('./commands/rules.ts')).ruleCommands },
  { path: ['risk'], load: async () => (await import('./commands/risk.ts')).riskCommands },
  { path: ['fingerprint'], load: async () => [(await import('./commands/fingerprint.ts')).fingerprint] },
  { path: ['templates'], load: async () => (await import('./commands/templates.ts')).templateCommands },
  { path: ['probe'], load: async () => (await import('./commands/probes.ts')).probeCommands },
  { path: ['scan'], load: async () => [(await import('./commands/scan.ts')).scan] },
  { path: ['secrets'], load: async () => [(await import('./commands/secrets-scan.ts')).secretsScan] },
  { path: ['mcp'], load: async () => (await import('./commands/mcp.ts')).mcpCommands },
  ...tenantCommands, ...userCommands, ...keyCommands,
  { path: ['audit'], load: async () => (await import('./commands/audit.ts')).auditCommands },
  { path: ['demo'], load: async () => [(await import('./commands/demo.ts')).demoRemove] },
  { path: ['sources'], load: async () => [(await import('./commands/sources.ts')).sourcesList] },
]

const load = async (chosen: readonly Entry[]): Promise<readonly Command[]> => (await Promise.all(chosen.map(async (entry) => ('load' in entry ? entry.load() : [entry])))).flat()
export const allCommands = (): Promise<readonly Command[]> => load(entries)

/** Only what begins with the word is loaded; all where no command does, so that the nearest one can be named. */
function commandsFor(word: string): Promise<readonly Command[]> {
  const found = entries.filter((entry) => entry.path[0] === word)
  return load(found.length === 0 ? entries : found)
}

/** Runs one command line. Never throws. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  // Known before the rest is understood, because also what is not understood has to be said in some language and form.
  const language = languageOf(words, io.environment)
  const json = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length).includes('--json')
  const servers: Server[] = []
  const text = textIn(language)
  const context: Context = {
    ...io, language, json, text,
    server: (options: ConnectionOptions) => {
      const { remote, choose } = chooseServer(options, io.environment)
      const server = openServer(choose, language, { remote })
      servers.push(server)
      return server
    },
    report: (error, place) => report(io, language, json, error, place),
  }
  try {
    return await dispatch(context, words)
  } catch (error) {
    report(io, language, json, error)
    return exitCodeOf(error)
  } finally {
    for (const server of servers) server.close()
  }
}

async function dispatch(context: Context, words: readonly string[]): Promise<number> {
  const reader = { text: context.text, language: context.language, width: Math.min(context.out.width(), 120) }
  const show = (lines: readonly string[]) => { for (const line of lines) context.out.write(`${line}\n`) }
  // --lang and --json may stand before the command.
  const leading = leadingOptions(words)
  const [first = '', ...others] = words.slice(leading)
  if (first === '' || first === '--help' || first === '-h' || (first === 'help' && others.filter((word) => !word.startsWith('-')).length === 0)) {
    const lines = overview(reader, await allCommands())
    if (first !== '') show(lines)
    else for (const line of lines) context.err.write(`${line}\n`)
    return first === '' ? exitCodes.usage : exitCodes.ok
  }
  if (first === '--version' || first === 'version') {
    const { version } = (await import('../package.json', { with: { type: 'json' } })).default
    context.out.write(context.json ? `${JSON.stringify({ version })}\n` : `${version}\n`)
    return exitCodes.ok
  }
  if (first === 'help') {
    const [topic = '', ...verb] = others.filter((word) => !word.startsWith('-') && word !== context.language)
    if (topic === 'exit-codes') show(exitCodeHelp(reader))
    else show(await helpOn(await commandsFor(topic), [topic, ...verb], reader))
    return exitCodes.ok
  }
  if (first.startsWith('-')) throw new HaechiError('usage_unknown_option', { option: first, command: 'haechi', suggestion: suggestion(first, ['--help', '--version', '--json', '--lang'], '') })
  const commands = await commandsFor(first)
  const asked = [first, ...others]
  if (others[0] === '--help' || others[0] === '-h') {
    show(await helpOn(commands, [first], reader))
    return exitCodes.ok
  }
  const { command, rest } = findCommand(commands, asked)
  const own = typeof command.options === 'function' ? await command.options() : command.options
  const given = readArguments(command.path.join(' '), { options: { ...own, ...commonOptions }, arguments: command.arguments }, [...words.slice(0, leading), ...rest])
  if (given.options['help'] === true) {
    show(await commandHelp(reader, command))
    return exitCodes.ok
  }
  return command.run(context, given as Parameters<Command['run']>[1])
}

/** How many words stand before the command and belong to all commands. */
function leadingOptions(words: readonly string[]): number {
  let at = 0
  for (;;) {
    const word = words[at] ?? ''
    if (word === '--json' || word.startsWith('--lang=')) at += 1
    else if (word === '--lang') at += 2
    else return Math.min(at, words.length)
  }
}

/** A command's help, or the list of a group's commands. Errors: usage_unknown_command. */
async function helpOn(commands: readonly Command[], words: readonly string[], reader: Parameters<typeof commandHelp>[0]): Promise<string[]> {
  const group = commands.filter((each) => each.path[0] === words[0])
  if (words.length === 1 && group.length > 1) return overview(reader, group)
  const { command } = findCommand(commands, words.length === 1 && group[0] !== undefined ? group[0].path : words)
  return commandHelp(reader, command)
}

function report({ err }: Io, language: Language, json: boolean, error: unknown, place?: string): void {
  const { code, message, faults } = explain(error, language)
  if (json) err.write(`${JSON.stringify({ error: { code, message, ...(place === undefined ? {} : { place }), ...(faults.length === 0 ? {} : { errors: faults }) } })}\n`)
  else {
    // A message repeats what a file, a server or an argument said.
    err.write(`${safe(`haechi: ${place === undefined ? '' : `${place}: `}${code}: ${message}`)}\n`)
    for (const fault of faults.length > 1 ? faults.slice(0, 20) : []) err.write(`  ${safe(`${fault.place}: ${fault.code}: ${fault.detail}`)}\n`)
  }
}

function explain(error: unknown, language: Language): { code: string; message: string; faults: readonly { code: string; place: string; detail: string }[] } {
  if (error instanceof HaechiError) {
    const faults = error.errors.map((fault) => ({ code: fault.code, place: fault.place, detail: describe(fault.code, fault.params ?? {}, language) }))
    return { code: error.code, message: describe(error.code, error.params, language), faults }
  }
  if (error instanceof ServerProblem) return { code: error.code, message: error.message, faults: error.errors }
  // Whatever is not foreseen: its kind and message are all that can be told.
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { code: 'internal', message: `${name}: ${message}`, faults: [] }
}
