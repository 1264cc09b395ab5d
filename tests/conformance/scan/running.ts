// The command line beside the hosts of the lab.
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../lab/lab.ts'
import type { Ran, Running } from '../../lab/network.ts'
import { scopeText } from '../../lab/scope.ts'

const main = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url))

/** A line of --json. */
export type ScanLine = { readonly asset: string; readonly kind: string; readonly weakness: string | null; readonly severity: string | null; readonly confidence: number; readonly evidence: string; readonly place?: string; readonly origin?: string; readonly details?: Readonly<Record<string, unknown>> }

export const haechi = (lab: Lab, words: readonly string[], running: Running = {}): Promise<Ran> => lab.exec([process.execPath, main, ...words], { ...running, environment: { HAECHI_LANGUAGE: 'en', LANG: 'C.UTF-8', NO_COLOR: '1', ...running.environment } })

export const linesOf = (output: string): ScanLine[] => output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as ScanLine)

/** Its path. */
export function scopeFile(folder: string): string {
  const file = join(folder, 'scope.yaml')
  writeFileSync(file, scopeText)
  return file
}

/** For a test that does something in the middle of it. */
export function started(lab: Lab, words: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const [program, ...rest] = lab.command([process.execPath, main, ...words])
  return spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
}
