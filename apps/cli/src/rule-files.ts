// Sigma rule files by the paths that a person names: files as they are, directories by the endings that rules have; and processing pipelines by name or file.
import { readFile } from 'node:fs/promises'
import { HaechiError } from '@haechi/server/errors'
import { applyPipelines, builtInPipelines, link, parse, parsePipeline } from '@haechi/sigma'
import type { Linked, Pipeline, Rejection } from '@haechi/sigma'
import type { Options } from './command.ts'
import { findInputs } from './commands/ingest.ts'

const builtIn = new Map<string, Pipeline>(Object.entries(builtInPipelines))
const ruleFile = /\.ya?ml$/i

export const pipelineOption = { pipeline: { value: 'NAME|FILE', about: 'option_pipeline', many: true } } as const satisfies Options

export type RuleFile = { readonly file: string; readonly text: string }
type Refuse = (place: string, error: unknown) => void

/** Each file with its text, in the order of the paths and of the names in them. `refuse` hears of what cannot be read, and of a path without rules. */
export async function* ruleFiles(paths: readonly string[], refuse: Refuse): AsyncGenerator<RuleFile> {
  for (const path of paths) {
    const refused: string[] = []
    const inputs = await findInputs([path], (place, error) => {
      refused.push(place)
      refuse(place, error)
    })
    const files = inputs.filter(({ path: file, named }) => file !== '-' && (named || ruleFile.test(file)))
    if (files.length === 0 && refused.length === 0) refuse(path, new HaechiError('rules_missing', { path }))
    for (const { path: file } of files) {
      try {
        yield { file, text: await readFile(file, 'utf8') }
      } catch (error) {
        refuse(file, unreadable(file, error))
      }
    }
  }
}

const unreadable = (file: string, cause: unknown): HaechiError => new HaechiError('file_unreadable', { file, reason: (cause as NodeJS.ErrnoException).code ?? '' }, { cause })

/** What the documents of all files come to together, as the pipelines leave it; `rejected` is all that is not in force. */
export function linkFiles(files: readonly RuleFile[], pipelines: readonly Pipeline[]): Linked {
  const read = files.map(({ file, text }) => parse(text, file, { placeholders: pipelines }))
  const linked = applyPipelines(link({ rules: read.flatMap(({ rules }) => rules), correlations: read.flatMap(({ correlations }) => correlations), filters: read.flatMap(({ filters }) => filters) }), pipelines)
  return { ...linked, rejected: [...read.flatMap(({ rejected }) => rejected), ...linked.rejected] }
}

export const rejection = ({ code, reason }: Rejection): HaechiError => new HaechiError('rule_rejected', { rejection: code, reason })

/** Those that a person names: one that comes with the engine, or a file. Errors: usage_pipeline, file_unreadable, pipeline_rejected. */
export async function pipelinesOf(names: readonly string[]): Promise<Pipeline[]> {
  return Promise.all(names.map(async (name) => {
    const known = builtIn.get(name)
    if (known !== undefined) return known
    const text = await readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && !/[\\/.]/.test(name)) throw new HaechiError('usage_pipeline', { name, names: [...builtIn.keys()].join(', ') })
      throw unreadable(name, error)
    })
    const read = parsePipeline(text, name)
    if ('pipeline' in read) return read.pipeline
    const { line, code, reason } = read.rejection
    throw new HaechiError('pipeline_rejected', { place: `${name}:${line}`, rejection: code, reason })
  }))
}
