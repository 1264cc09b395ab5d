// Sigma rule files by the paths that a person names: files as they are, directories by the endings that rules have.
import { readFile } from 'node:fs/promises'
import { HaechiError } from '@haechi/server/errors'
import { findInputs } from './commands/ingest.ts'

const ruleFile = /\.ya?ml$/i

/** Each file with its text, in the order of the paths and of the names in them. `refuse` hears of what cannot be read, and of a path without rules. */
export async function* ruleFiles(paths: readonly string[], refuse: (path: string, error: unknown) => void): AsyncGenerator<{ file: string; text: string }> {
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
        refuse(file, new HaechiError('file_unreadable', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error }))
      }
    }
  }
}
