// The rules of this project as they stand.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readSecretRules } from '@haechi/secrets'
import type { SecretRule } from '@haechi/secrets'

const folder = join(import.meta.dirname, '../../../content/secrets')

export const contentRules = (): readonly SecretRule[] => readSecretRules(readdirSync(folder).filter((path) => path.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(folder, path)) }))).rules
