// The console's files for browsers: public, read-only, nothing but what its build made. Its build runs in a process of its own beside the
// server's start, which never waits for it: until it is done a small page says so. Defended by console.test.ts.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, HaechiError } from './errors.ts'
import type { Logger } from './log.ts'

/** What browsers get besides the routes. */
export interface Site {
  /** A file of the build by the request's path; null when it has none. */
  file(path: string, headers: Headers): Promise<Response | null>
  /** The page, for `/` and for every path that only the console knows. */
  page(): Promise<Response>
}

export type Console = Site & { close(): Promise<void> }

type Build = { state: 'building' } | { state: 'built'; folder: string } | { state: 'failed'; error: HaechiError }

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml', woff2: 'font/woff2', json: 'application/json', png: 'image/png',
}
const noncePlace = /__HAECHI_NONCE__/g
/** How long a page waits for a build that is about to end: where nothing changed, it says so within this time. */
const patienceMs = 800

/** `script` builds into the folder of its first argument (its own by default) and prints where; `<folder>/current` names the build. */
export function openConsole({ log, dataDirectory, basePath, script = fileURLToPath(new URL('../../../console/build.ts', import.meta.url)) }: { log: Logger; dataDirectory: string; basePath: string; script?: string }): Console {
  let build: Build = { state: 'building' }
  const stop = new AbortController()

  const run = (args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> => new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], signal: stop.signal, killSignal: 'SIGKILL', env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' } })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => { stdout += text.toString() })
    child.stderr.on('data', (text: Buffer) => { stderr = (stderr + text.toString()).slice(-4_000) })
    child.once('error', (error) => { stderr += error.message })
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  const built = (async () => {
    let result = await run([])
    // An installation that only its owner may write: the data directory is the server's own.
    if (result.code !== 0 && /\b(EACCES|EROFS|EPERM)\b/.test(result.stderr)) result = await run([join(dataDirectory, 'console')])
    if (stop.signal.aborted) return
    if (result.code === 0) build = { state: 'built', folder: result.stdout.trim() }
    else {
      build = { state: 'failed', error: new HaechiError('console_build_failed') }
      log.error({ code: result.code, output: result.stderr }, 'the console could not be built; the API is not affected')
    }
  })()

  /** Read anew each time, so that a build made while the server runs (npm run dev) is served at the next reload. */
  const current = async (): Promise<string | null> => build.state === 'built' ? join(build.folder, await readFile(join(build.folder, 'current'), 'utf8')) : null

  return {
    async file(path, headers) {
      const [, name, extension = ''] = /^\/((?:assets\/)?[\w-][\w.-]*\.(\w+))$/.exec(path) ?? []
      const type = types[extension]
      if (name === undefined || type === undefined) return null
      const folder = await current().catch(() => null)
      if (folder === null) return null
      const hashed = name.startsWith('assets/')
      const accepted = headers.get('accept-encoding') ?? ''
      for (const [coding, suffix] of [['br', '.br'], ['gzip', '.gz'], [null, '']] as const) {
        if (coding !== null && !(hashed && new RegExp(`\\b${coding}\\b`).test(accepted))) continue
        const bytes = await readFile(join(folder, name + suffix)).catch(() => null)
        if (bytes === null) continue
        return new Response(bytes, { headers: {
          'content-type': type, 'content-length': String(bytes.length), vary: 'accept-encoding', 'cache-control': hashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
          ...(coding === null ? {} : { 'content-encoding': coding }),
        } })
      }
      return null
    },
    async page() {
      if (build.state === 'building') await Promise.race([built, new Promise((resolve) => { setTimeout(resolve, patienceMs).unref() })])
      const nonce = randomBytes(16).toString('base64')
      const folder = await current().catch(() => null)
      const html = folder === null ? undefined : await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined)
      if (html !== undefined) return page(html.replace('<base href="/"', `<base href="${basePath}/"`).replace(noncePlace, nonce), nonce, 200)
      const failed = build.state === 'failed' ? build.error : null
      const [korean, english] = failed === null
        ? ['콘솔을 준비하고 있습니다. 처음 시작하거나 바뀐 뒤에 한 번, 몇 초 걸립니다.', 'The console is being built: once after the first start or a change, for a few seconds.']
        : [describe(failed.code, failed.params, 'ko'), describe(failed.code, failed.params, 'en')]
      return page(notice(korean, english, failed?.code ?? null, nonce), nonce, 503, failed === null ? { refresh: '1' } : {})
    },
    async close() {
      stop.abort()
      await built
    },
  }
}

/** Scripts and styles only of our own files or with this answer's nonce; no other origin for anything. Styles that React sets on elements go by the CSSOM, which needs no leave. */
const policy = (nonce: string) => [
  "default-src 'none'", `script-src 'self' 'nonce-${nonce}'`, `style-src 'self' 'nonce-${nonce}'`, "img-src 'self' data: blob:", "font-src 'self'", "connect-src 'self'", "frame-src 'self' blob:",
  "manifest-src 'self'", "base-uri 'self'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'",
].join('; ')

const page = (html: string, nonce: string, status: number, headers: Readonly<Record<string, string>> = {}): Response => new Response(html, { status, headers: {
  'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'content-security-policy': policy(nonce), 'referrer-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin', 'x-frame-options': 'DENY', ...headers,
} })

const notice = (korean: string, english: string, code: string | null, nonce: string): string => `<!doctype html><html lang="ko"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Haechi</title>
<style nonce="${nonce}">body{font:16px/1.6 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;margin:0;padding:24px;max-width:36rem;margin:auto}p{margin:4px 0}code{opacity:.7}</style>
<h1>Haechi 해치</h1><p>${korean}</p><p lang="en">${english}</p>${code === null ? '' : `<code>${code}</code>`}</html>`
