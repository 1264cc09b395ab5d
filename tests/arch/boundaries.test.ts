// The rules of the house about imports and names (architecture, section 2), and that the tool which checks them looked at all.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

type Report = { summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] }; modules: { source: string }[] }

function cruise(folder: string): Report {
  const args = [join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'engines']
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1e9 })) as Report
  } catch (error) {
    // It exits with the number of violations.
    return JSON.parse((error as { stdout: string }).stdout) as Report
  }
}

test('imports follow the house, and every module was looked at', () => {
  const { summary, modules } = cruise(root)
  expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([])
  expect(modules.filter(({ source }) => /^(apps|engines)\/.*\.ts$/.test(source)).length).toBeGreaterThan(60)
})

test('each rule fires on a planted fault', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-arch-'))
  const plant = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  copyFileSync(join(root, '.dependency-cruiser.cjs'), join(folder, '.dependency-cruiser.cjs'))
  copyFileSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  plant('package.json', '{"type":"module"}')
  plant('engines/a/src/index.ts', "import { readFileSync } from 'node:fs'\nimport '../../../apps/server/src/access/api.ts'\nimport '../../b/src/inner.ts'\nexport const a = readFileSync\n")
  plant('engines/b/src/index.ts', 'export const b = 1\n')
  plant('engines/b/src/inner.ts', 'export const inner = 1\n')
  plant('apps/server/src/access/api.ts', "import '../telemetry/api.ts'\nimport pg from 'pg'\nexport const access = pg\n")
  plant('apps/server/src/telemetry/api.ts', "import '../access/store.ts'\nimport '../main.ts'\nexport const telemetry = 1\n")
  plant('apps/server/src/access/store.ts', 'export const store = 1\n')
  plant('apps/server/src/main.ts', "import './billing/api.ts'\nimport './platform/database.ts'\n")
  plant('apps/server/src/billing/api.ts', 'export const billing = 1\n')
  plant('apps/server/src/platform/database.ts', "import '../access/api.ts'\nimport './utils/x.ts'\n")
  plant('apps/server/src/platform/utils/x.ts', 'export const x = 1\n')
  plant('apps/cli/src/main.ts', "import '../../server/src/access/store.ts'\nimport '../../../engines/b/src/inner.ts'\nimport './missing.ts'\nimport '../../console/src/main.tsx'\n")
  plant('apps/console/src/main.tsx', "import { access } from '../../server/src/access/wire.ts'\nimport type { telemetry } from '../../server/src/telemetry/api.ts'\nexport const main = access as typeof telemetry\n")
  plant('apps/server/src/access/wire.ts', 'export const access = 1\n')
  const fired = new Set(cruise(folder).summary.violations.map(({ rule }) => rule.name))
  rmSync(folder, { recursive: true })
  expect([...fired].sort()).toEqual([
    'access-by-api', 'access-imports-only-earlier', 'apps-use-engines-by-entry', 'cli-imports-only-server-entries', 'console-shares-only-types', 'console-shares-only-wire-types', 'drivers-only-in-platform', 'engines-by-entry',
    'engines-import-no-app', 'engines-open-nothing', 'names-are-the-fields-terms', 'no-cycles', 'no-unknown-context', 'nobody-imports-the-console', 'not-resolvable', 'nothing-imports-the-root', 'platform-knows-no-context',
  ].sort())
})
