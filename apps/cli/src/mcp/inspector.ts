// The MCP Inspector beside a server that is being debugged: a program of its own, found where it is installed and never downloaded.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join, resolve } from 'node:path'
import type { TextKey } from '../texts.ts'

const packageName = '@modelcontextprotocol/inspector'
export const inspectorCommand = (url: string): string => `npx -y ${packageName} --server-url ${url} --transport http`

/** The program's file: beside the project that is served, in this one, or on the PATH. */
export function findInspector(environment: NodeJS.ProcessEnv, folders: readonly string[] = [process.cwd(), resolve(import.meta.dirname, '../../../../tests')]): string | null {
  for (const folder of folders) {
    try {
      const found = createRequire(join(folder, 'package.json'))
      const { bin } = found(`${packageName}/package.json`) as { readonly bin: Readonly<Record<string, string>> }
      const [program] = Object.values(bin)
      if (program !== undefined) return resolve(found.resolve(`${packageName}/package.json`), '..', program)
    } catch {
      // Not installed there.
    }
  }
  return (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'mcp-inspector')).find((file) => existsSync(file)) ?? null
}

/** null: there is none; how to get it has been said. */
export function startInspector(url: string, environment: NodeJS.ProcessEnv, say: (key: TextKey, params: Readonly<Record<string, string>>) => void): { stop(): void } | null {
  const program = findInspector(environment)
  if (program === null) {
    say('mcp_inspector_missing', { command: inspectorCommand(url) })
    return null
  }
  const child = spawn(process.execPath, [program, '--web', '--server-url', url, '--transport', 'http', '--protocol-era', 'auto'], { stdio: ['ignore', 2, 2], env: environment })
  child.once('error', () => say('mcp_inspector_missing', { command: inspectorCommand(url) }))
  return { stop: () => { child.kill() } }
}
