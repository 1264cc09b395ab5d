// One place for every setting: flags > environment > file > defaults. A key that does not exist is an error, never ignored.
// Defended by config.test.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load as parseYaml } from 'js-yaml'
import { z } from 'zod'
import { resolveDataDirectory } from './data-directory.ts'
import { HaechiError } from './errors.ts'

const wholeNumber = (least: number, most: number) => z.coerce.number().int().min(least).max(most)

/** What can be set. The flag of `log_level` is --log-level, its variable HAECHI_LOG_LEVEL, its line in haechi.yaml `log_level:`. */
export const settings = {
  data: { schema: z.string().min(1), default: '', about: 'data directory' },
  host: { schema: z.string().min(1), default: '127.0.0.1', about: 'address to listen on; beyond loopback only with TLS' },
  port: { schema: wholeNumber(0, 65_535), default: 7443, about: 'port to listen on; 0 picks a free one' },
  base_path: { schema: z.string().regex(/^(\/[\w.-]+)*$/, 'must be empty or start with / and not end with it'), default: '', about: 'prefix under which a proxy serves Haechi' },
  tls_cert: { schema: z.string(), default: '', about: 'PEM certificate chain; without it the built-in CA issues one where TLS is needed' },
  tls_key: { schema: z.string(), default: '', about: 'PEM private key of tls_cert' },
  database_url: { schema: z.string(), default: '', about: 'external PostgreSQL 15 or newer; without it the embedded one is started' },
  log_level: { schema: z.enum(['debug', 'info', 'warn', 'error']), default: 'info', about: 'debug, info, warn or error' },
  event_retention_days: { schema: wholeNumber(1, 3_650), default: 90, about: 'days an event stays searchable' },
  log_retention_days: { schema: wholeNumber(1, 3_650), default: 7, about: 'days the event log is kept, from which the store can be rebuilt' },
  requests_per_second: { schema: wholeNumber(20, 100_000), default: 100, about: 'signed requests a second that one API key may make' },
} as const

export type Setting = keyof typeof settings
export type Config = { readonly [K in Setting]: z.output<(typeof settings)[K]['schema']> }

type Source = { place: string; values: Readonly<Record<string, unknown>> }

/** `flags` by setting name. Errors: config_unknown_key, config_invalid, config_file_invalid. */
export function readConfig(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv, configFile?: string): Config {
  const fromEnvironment: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(environment)) {
    // HAECHI_CORPUS and HAECHI_TEST_* belong to the tests; HAECHI_URL and HAECHI_KEY to the command line as a client.
    if (name.startsWith('HAECHI_') && !/^HAECHI_(CORPUS|URL|KEY|TEST_\w+)$/.test(name)) fromEnvironment[name.slice('HAECHI_'.length).toLowerCase()] = value
  }
  if (environment['DATABASE_URL'] !== undefined && fromEnvironment['database_url'] === undefined) fromEnvironment['database_url'] = environment['DATABASE_URL']
  const upper: Source[] = [
    { place: 'command line', values: flags },
    { place: 'environment', values: fromEnvironment },
  ]
  const data = resolveDataDirectory(text(flags['data']) ?? text(fromEnvironment['data']), environment)
  const sources = [...upper, readFile(configFile ?? join(data, 'haechi.yaml'), configFile !== undefined)]

  const config: Record<string, unknown> = {}
  for (const source of sources) {
    for (const [key, value] of Object.entries(source.values)) {
      if (value === undefined) continue
      if (!Object.hasOwn(settings, key)) throw new HaechiError('config_unknown_key', { key, place: source.place, suggestion: suggestion(key) })
      if (Object.hasOwn(config, key)) continue
      const result = settings[key as Setting].schema.safeParse(value)
      if (!result.success) throw new HaechiError('config_invalid', { key, place: source.place, reason: result.error.issues[0]?.message ?? '' })
      config[key] = result.data
    }
  }
  for (const [key, setting] of Object.entries(settings)) config[key] ??= setting.default
  config['data'] = data
  if ((config['tls_cert'] === '') !== (config['tls_key'] === '')) throw new HaechiError('config_invalid', { key: 'tls_key', place: 'tls_cert', reason: 'tls_cert and tls_key go together' })
  return config as Config
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

function readFile(file: string, named: boolean): Source {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !named) return { place: file, values: {} }
    throw new HaechiError('config_file_invalid', { file, reason: message }, { cause: error })
  }
  let values: unknown
  try {
    values = parseYaml(content) ?? {}
  } catch (error) {
    throw new HaechiError('config_file_invalid', { file, reason: (error as Error).message }, { cause: error })
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new HaechiError('config_file_invalid', { file, reason: 'key: value lines expected' })
  return { place: file, values: values as Record<string, unknown> }
}

function suggestion(key: string): string {
  const [nearest] = Object.keys(settings).map((name) => ({ name, steps: editDistance(key, name) })).sort((a, b) => a.steps - b.steps)
  return nearest !== undefined && nearest.steps <= Math.max(2, key.length / 3) ? `; ${nearest.name}?` : ''
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
