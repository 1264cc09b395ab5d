import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSecretRules } from '@haechi/secrets'
import type { SecretRule } from '@haechi/secrets'

const folder = fileURLToPath(new URL('../../../content/secrets', import.meta.url))

/** Our own rules for credentials, which are always there. content/secrets/secrets.integration.test.ts compiles each. */
export const ownSecretRules = (): readonly SecretRule[] => readSecretRules(readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((path) => ({ path, content: readFileSync(join(folder, path)) })), { compiled: true }).rules
