// A real Chromium on a real server, and what every test of the console asks of it: nothing from outside, no refusal by the Content-Security-Policy,
// no fault in the page, no serious axe finding.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { TestServer } from '../server.ts'

const require = createRequire(import.meta.url)
const executable = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
/** For `describe.skipIf`: its name says why. */
export const noBrowser = executable === undefined ? ' (skipped: no chromium on this machine; apt-get install chromium)' : ''

export async function launch(): Promise<Browser> {
  const { chromium } = require('playwright-core') as typeof import('playwright-core')
  return chromium.launch({ executablePath: executable!, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

export const password = 'a long password of the console test'

/** The first user, as the server printed it at its first start. */
export function firstUser(server: TestServer): { name: string; oneTimePassword: string } {
  const name = /User\s+(\S+)/.exec(server.output())?.[1]
  const oneTimePassword = /One-time password\s+(\S+)/.exec(server.output())?.[1]
  if (name === undefined || oneTimePassword === undefined) throw new Error(`no first user in:\n${server.output()}`)
  return { name, oneTimePassword }
}

/** Signs the first user in by the API and changes the one-time password; answers the session's cookie for contexts. */
export async function signedIn(server: TestServer): Promise<{ name: string; value: string; url: string }> {
  const { name, oneTimePassword } = firstUser(server)
  const post = (path: string, body: object, cookie?: string) => fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...(cookie === undefined ? {} : { cookie }) } })
  let answer = await post('/api/v1/session', { user: name, password: oneTimePassword })
  if (answer.ok) {
    const changed = await post('/api/v1/session/password', { old_password: oneTimePassword, new_password: password }, answer.headers.get('set-cookie')!.split(';')[0])
    if (!changed.ok) throw new Error(await changed.text())
  } else answer = await post('/api/v1/session', { user: name, password })
  const [pair = ''] = answer.headers.get('set-cookie')!.split(';')
  const [cookie = '', value = ''] = pair.split('=')
  return { name: cookie, value, url: server.url }
}

export type Visit = { readonly page: Page; readonly context: BrowserContext; /** What was wrong so far: faults, refusals, requests to elsewhere. */ faults(): string[]; close(): Promise<void> }

export async function visit(browser: Browser, server: TestServer, { language = 'en', cookie, ...options }: BrowserContextOptions & { language?: 'en' | 'ko'; cookie?: { name: string; value: string; url: string } } = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: language === 'ko' ? 'ko-KR' : 'en-US', timezoneId: 'Asia/Seoul', ...options })
  context.setDefaultTimeout(20_000)
  if (cookie !== undefined) await context.addCookies([cookie])
  const page = await context.newPage()
  const found: string[] = []
  page.on('pageerror', (error) => found.push(`fault: ${error.message}`))
  page.on('console', (message) => { if (/content security policy|refused to/i.test(message.text())) found.push(message.text()) })
  page.on('request', (request) => { if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) found.push(`outside: ${request.url()}`) })
  await page.goto(`${server.url}/`)
  // While the console is being built a page stands here that comes again by itself, and would break off where the test goes next.
  await page.locator('#root').waitFor({ state: 'attached', timeout: 90_000 })
  return { page, context, faults: () => found, close: () => context.close() }
}

const axeSource = () => readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** Serious and critical findings, one line each. Frames are left out: a report stands in one that may run no script. */
export async function axe(page: Page): Promise<string[]> {
  // What fades in is judged when it has.
  await page.waitForFunction(() => document.getAnimations().every((animation) => animation.playState !== 'running'))
  await page.evaluate(axeSource())
  const violations = await page.evaluate(async () => {
    const { run } = (globalThis as unknown as { axe: { run(context: Document, options: object): Promise<{ violations: { id: string; impact: string | null; nodes: { target: unknown; failureSummary?: string }[] }[] }> } }).axe
    return (await run(document, { iframes: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations
  })
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${JSON.stringify(target)} ${failureSummary ?? ''}`))
}

/** An answer of the server stood in for: a list of ten thousand, a failure. Everything else stays real. */
export async function answerWith(page: Page, path: string, status: number, body: unknown): Promise<void> {
  await page.route((url) => url.pathname === path, (route) => route.fulfill({ status, contentType: status < 400 ? 'application/json' : 'application/problem+json', body: JSON.stringify(body) }))
}
