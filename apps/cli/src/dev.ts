// `npm run dev`: the server with a debug log, or `npm run dev -- mcp serve --spec FILE` with everything that is said, started again when the code changes.
// The old one drains before the new one starts, because only one may hold the data directory. A change of the console only builds that again: the server
// serves it from the next reload on.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { watch } from 'node:fs'
import { join, resolve } from 'node:path'
import { languageOf, textIn } from './texts.ts'

const root = resolve(import.meta.dirname, '../../..')
const words = process.argv.slice(2)
const text = textIn(languageOf(words, process.env))
const quiet = 200

let server: ChildProcess | undefined
let pending: NodeJS.Timeout | undefined
let ending = false
let again = false

function start(): void {
  again = false
  const mcp = words[0] === 'mcp'
  const loud = mcp ? (words.includes('--debug') ? [] : ['--debug']) : words.includes('--log-level') ? [] : ['--log-level', 'debug']
  const child = spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), ...(mcp ? [...words, ...loud] : ['serve', ...loud, ...words])], { stdio: 'inherit' })
  server = child
  child.once('exit', (code) => {
    server = undefined
    if (ending) process.exit(code ?? 1)
    if (again) start()
    else console.error(text('dev_waiting', { code: String(code ?? '?') }))
  })
}

let building: ChildProcess | undefined
let stale: NodeJS.Timeout | undefined
const consoleFolder = join('apps', 'console')
function consoleChanged(file: string): void {
  if (/(^|[\\/])dist[\\/]|\.test\.tsx?$/.test(file) || !/\.(tsx?|css|html|svg)$/.test(file)) return
  clearTimeout(stale)
  stale = setTimeout(() => {
    // What is written while it builds is built after it.
    if (building !== undefined) { building.once('exit', () => consoleChanged(file)); return }
    console.error(text('dev_console', { file }))
    building = spawn(process.execPath, [join(root, consoleFolder, 'build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] })
    building.once('exit', () => { building = undefined })
  }, quiet)
}

function changed(file: string): void {
  if (file.startsWith(consoleFolder)) { consoleChanged(file); return }
  // Tests and their fixtures are no part of the server; neither is what an editor leaves for a moment.
  if (!/\.(ts|sql|json|ya?ml)$/.test(file) || /\.(test|fixture)\.ts$/.test(file) || file.includes('node_modules')) return
  clearTimeout(pending)
  pending = setTimeout(() => {
    console.error(text('dev_changed', { file }))
    again = true
    if (server === undefined) start()
    else server.kill('SIGTERM')
  }, quiet)
}

for (const folder of ['apps', 'engines']) watch(join(root, folder), { recursive: true }, (_, file) => { if (file !== null) changed(join(folder, file)) })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (server === undefined) process.exit(0)
    // A Ctrl-C in a terminal reached the server as well, and a second one means now.
    if (ending || signal !== 'SIGINT' || !process.stdin.isTTY) server.kill(signal)
    ending = true
  })
}
start()
