// Ours, as bench:secrets runs it: node secrets-ours.ts FOLDER REPORT searches a folder as `haechi secrets scan` does and writes a line of JSON for each secret.
import { writeFileSync } from 'node:fs'
import { ownSecretRules } from '../../apps/cli/src/secret-rules.ts'
import { search } from '../../apps/cli/src/secrets/search.ts'

export type Find = { readonly path: string; readonly line: number; readonly rule: string; readonly secret: string }

const [, , folder = '', report = ''] = process.argv
const lines: string[] = []
for await (const event of search([folder], { rules: async () => ownSecretRules(), history: false, packages: true, signal: new AbortController().signal })) {
  if (event.kind !== 'sighting') continue
  const { path, found: { line, rule, secret } } = event.sighting
  lines.push(`${JSON.stringify({ path, line, rule, secret } satisfies Find)}\n`)
}
writeFileSync(report, lines.join(''))
