// Secrets come from a file that only its owner reads, or from the environment: never from the command line, which everybody on the machine sees.
// Defended by credentials.test.ts.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { load } from 'js-yaml'
import type { Credentials } from '@haechi/openapi-tools'
import { HaechiError } from '@haechi/server/errors'

/** By security scheme id; of several documents by `NAME.ID`. */
const prefix = 'HAECHI_MCP_CREDENTIAL_'
const largest = 1_048_576

/** The text of a file that holds a secret. Errors: file_unreadable, mcp_file_exposed. */
export async function readSecretFile(file: string): Promise<string> {
  let handle
  try {
    handle = await open(file, constants.O_RDONLY)
    const { mode, size } = await handle.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new HaechiError('mcp_file_exposed', { file, mode: (mode & 0o777).toString(8) })
    if (size > largest) throw new HaechiError('file_unreadable', { file, reason: 'EFBIG' })
    return (await handle.readFile('utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    if (error instanceof HaechiError) throw error
    throw new HaechiError('file_unreadable', { file, reason: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' }, { cause: error })
  } finally {
    await handle?.close()
  }
}

/** Visible ASCII, at least 32 of it. Errors: mcp_token_weak and those of readSecretFile. */
export async function readToken(file: string): Promise<string> {
  const token = (await readSecretFile(file)).trim()
  if (!/^[\x21-\x7e]{32,512}$/.test(token)) throw new HaechiError('mcp_token_weak', { file, length: token.length })
  return token
}

/** What a file (JSON or YAML) says: texts by scheme, or by document and scheme. Errors: mcp_credentials_invalid and those of readSecretFile. */
export async function readCredentials(file: string): Promise<Credentials | Readonly<Record<string, Credentials>>> {
  const text = await readSecretFile(file)
  const invalid = (reason: string): HaechiError => new HaechiError('mcp_credentials_invalid', { file, reason })
  let value: unknown
  try {
    value = load(text)
  } catch {
    // What a parser says of it may quote the secret.
    throw invalid('neither JSON nor YAML')
  }
  if (!isRecord(value)) throw invalid('no object')
  const entries = Object.entries(value)
  if (entries.every(([, secret]) => typeof secret === 'string')) return value as Credentials
  for (const [name, inner] of entries) {
    if (!isRecord(inner)) throw invalid(`${name} is neither a text nor an object of texts`)
    for (const [id, secret] of Object.entries(inner)) if (typeof secret !== 'string') throw invalid(`${name}.${id} is no text`)
  }
  return value as Record<string, Credentials>
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Those of one document. With several documents the entries of another never apply: what one API is given is not for the other.
 * `schemes` are the ids that the document declares; a variable's name has them in capitals with _ for whatever is no letter or digit.
 */
export function credentialsFor(spec: string, alone: boolean, schemes: Iterable<string>, given: Credentials | Readonly<Record<string, Credentials>>, environment: NodeJS.ProcessEnv): Credentials {
  const own = given[spec]
  const fromFile: Credentials = typeof own === 'object' ? own : alone ? Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : {}
  const fromEnvironment: Record<string, string> = {}
  for (const id of schemes) {
    const value = environment[variableOf(spec, alone, id)]
    if (value !== undefined && value !== '') fromEnvironment[id] = value
  }
  return { ...fromEnvironment, ...fromFile }
}

export const variableOf = (spec: string, alone: boolean, id: string): string => `${prefix}${(alone ? id : `${spec}_${id}`).toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
