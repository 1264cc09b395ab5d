// Servers of npm that hosts of the lab run, fetched once from the registry that npm is set to and kept in tests/.pairs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const kept = fileURLToPath(new URL('../.pairs', import.meta.url))
const dependencies = { 's3rver': '3.7.1', 'graphql': '16.15.0', 'graphql-yoga': '5.24.1' }

/** Their folder. Errors: what npm printed. */
export function packages(): string {
  const folder = join(kept, `lab-${Object.values(dependencies).join('-')}`)
  if (existsSync(folder)) return folder
  mkdirSync(kept, { recursive: true })
  const fetching = mkdtempSync(join(kept, 'fetching-'))
  try {
    writeFileSync(join(fetching, 'package.json'), JSON.stringify({ private: true, dependencies }))
    const done = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: fetching, encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`npm install ${JSON.stringify(dependencies)}: ${done.error?.message ?? done.stderr}`)
    if (!existsSync(folder)) renameSync(fetching, folder)
  } finally {
    rmSync(fetching, { recursive: true, force: true })
  }
  return folder
}
