// Pictures of pages, taken by a Chromium that can reach nothing by itself: all its connections go through a SOCKS server of ours, which opens them on the network of the
// scan, so that a page never makes it leave the scope. Pages are hostile: they get a context of their own, a deadline, a number of bytes, and where we are root another
// user. Defended by screenshot.integration.test.ts. Sources: RFC 1928 (SOCKS 5), Chrome DevTools Protocol over a pipe.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { NetworkError } from '@haechi/probes'
import type { Connection, Network } from '@haechi/probes'
import { HaechiError } from '@haechi/server/errors'

type Screenshots = {
  /** A PNG of 1280 x 800 as the page looks when it has loaded; null where there is none: no answer, out of scope, a page that never ends. */
  take(url: string, signal: AbortSignal): Promise<Uint8Array | null>
} & AsyncDisposable

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const startMs = 15_000
/** From the beginning of a page to its picture. */
const pageMs = 12_000
/** After it has loaded, for what it fetches then. */
const settleMs = 700
const mostConnections = 120
const mostBytes = 67_108_864
const connectMs = 5_000
const idleMs = 15_000
const nobody = 65_534

/** Where this machine has a Chromium; null: it has none. */
export function findChromium(environment: NodeJS.ProcessEnv): string | null {
  const paths = (environment['PATH'] ?? '').split(delimiter).filter((path) => path !== '').flatMap((path) => names.map((name) => join(path, name)))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  }) ?? null
}

/** Errors: screenshot_browser_missing, screenshot_browser_failed. */
export async function openScreenshots({ network, signal, environment = process.env }: { readonly network: Network; readonly signal: AbortSignal; readonly environment?: NodeJS.ProcessEnv }): Promise<Screenshots> {
  const program = findChromium(environment)
  if (program === null) throw new HaechiError('screenshot_browser_missing', { names: names.join(', ') })
  const proxy = await openProxy(network, signal)
  let browser: Browser
  try {
    browser = await Browser.start(program, proxy.port, environment)
  } catch (error) {
    await proxy.close()
    throw error
  }
  // Pictures are taken one after the other: two at a time are no faster on the processors that a scan leaves over.
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(url, stop) {
      const picture = last.then(() => (stop.aborted || signal.aborted || !/^https?:\/\//i.test(url) ? null : browser.picture(url, AbortSignal.any([stop, signal]))))
      last = picture.catch(() => undefined)
      return picture
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await proxy.close()
    },
  }
}

type Answer = { readonly id?: number; readonly method?: string; readonly sessionId?: string; readonly params?: Readonly<Record<string, unknown>>; readonly result?: Readonly<Record<string, unknown>>; readonly error?: { readonly message: string } }
type Listener = (method: string, params: Readonly<Record<string, unknown>>) => void
const mostMessage = 33_554_432

class Browser {
  readonly #child: ChildProcess
  readonly #home: string
  readonly #ended: Promise<void>
  readonly #waiting = new Map<number, { resolve(result: Readonly<Record<string, unknown>>): void; reject(error: Error): void }>()
  readonly #listeners = new Map<string, Listener>()
  #next = 1
  #gone = false

  private constructor(program: string, proxyPort: number, environment: NodeJS.ProcessEnv, sandbox: boolean) {
    this.#home = mkdtempSync(join(tmpdir(), 'haechi-browser-'))
    const root = process.getuid?.() === 0
    if (root) chownSync(this.#home, nobody, nobody)
    this.#child = spawn(program, [
      '--headless', '--remote-debugging-pipe', `--user-data-dir=${this.#home}`, `--proxy-server=socks5://127.0.0.1:${proxyPort}`, '--proxy-bypass-list=<-loopback>',
      // Names are resolved on the other side of the proxy, or not at all.
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', '--disable-quic', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp', '--webrtc-ip-handling-policy=disable_non_proxied_udp',
      '--ignore-certificate-errors', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions', '--disable-default-apps', '--disable-domain-reliability', '--no-first-run', '--no-default-browser-check', '--no-pings',
      '--disable-gpu', '--disable-dev-shm-usage', '--mute-audio', '--hide-scrollbars', '--password-store=basic', '--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,InterestFeedContentSuggestions',
      ...(sandbox ? [] : ['--no-sandbox']), 'about:blank',
    ], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true, cwd: this.#home,
      // Nothing of ours is handed on but what it needs to start.
      env: { PATH: environment['PATH'], LANG: 'C.UTF-8', HOME: this.#home, XDG_CONFIG_HOME: this.#home, XDG_CACHE_HOME: this.#home, TMPDIR: this.#home }, ...(root ? { uid: nobody, gid: nobody } : {}),
    })
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        this.#gone = true
        for (const { reject } of this.#waiting.values()) reject(new BrowserGone())
        this.#waiting.clear()
        resolve()
      }
      this.#child.on('exit', over)
      this.#child.on('error', over)
    })
    this.#write.on('error', () => undefined)
    this.#read()
  }

  static async start(program: string, proxyPort: number, environment: NodeJS.ProcessEnv, sandbox = true): Promise<Browser> {
    const browser = new Browser(program, proxyPort, environment, sandbox)
    try {
      await within(startMs, browser.#send('Browser.getVersion', {}))
      return browser
    } catch (error) {
      await browser.close()
      // Some machines have none. Nobody's rights are little enough to go without; ours are not.
      if (sandbox && process.getuid?.() === 0) return Browser.start(program, proxyPort, environment, false)
      throw new HaechiError('screenshot_browser_failed', { program }, { cause: error })
    }
  }

  async picture(url: string, signal: AbortSignal): Promise<Uint8Array | null> {
    if (this.#gone) return null
    let context: unknown = null
    try {
      context = (await within(pageMs, this.#send('Target.createBrowserContext', { disposeOnDetach: true })))['browserContextId']
      return await within(pageMs, this.#pictureIn(context, url), signal)
    } catch (error) {
      if (error instanceof BrowserGone || error instanceof TooLong || error instanceof Refused) return null
      throw error
    } finally {
      // Takes along whatever still runs in it.
      if (context !== null && !this.#gone) await within(pageMs, this.#send('Target.disposeBrowserContext', { browserContextId: context })).catch(() => { this.#kill() })
    }
  }

  async #pictureIn(context: unknown, url: string): Promise<Uint8Array | null> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank', browserContextId: context, width: 1_280, height: 800 })
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true })
    const session = String(sessionId)
    const loaded = Promise.withResolvers<void>()
    const quiet = Promise.withResolvers<void>()
    this.#listeners.set(session, (method, params) => {
      if (method === 'Page.loadEventFired') loaded.resolve()
      if (method === 'Page.lifecycleEvent' && params['name'] === 'networkAlmostIdle') quiet.resolve()
      if (method === 'Page.javascriptDialogOpening') void this.#send('Page.handleJavaScriptDialog', { accept: false }, session).catch(() => undefined)
    })
    try {
      await this.#send('Page.enable', {}, session)
      await this.#send('Page.setLifecycleEventsEnabled', { enabled: true }, session)
      await this.#send('Browser.setDownloadBehavior', { behavior: 'deny', browserContextId: context })
      await this.#send('Emulation.setDeviceMetricsOverride', { width: 1_280, height: 800, deviceScaleFactor: 1, mobile: false }, session)
      const { errorText } = await this.#send('Page.navigate', { url }, session)
      if (errorText !== undefined && errorText !== '') return null
      // A page that never has all of its parts is shown with those that it has.
      await within(pageMs / 2, loaded.promise).catch(onlyTooLong)
      await within(settleMs, quiet.promise).catch(onlyTooLong)
      const { data } = await this.#send('Page.captureScreenshot', { format: 'png' }, session)
      return Buffer.from(String(data), 'base64')
    } finally {
      this.#listeners.delete(session)
    }
  }

  async close(): Promise<void> {
    this.#kill()
    await this.#ended
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 })
  }

  /** With all its processes. */
  #kill(): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  get #write(): Writable {
    return this.#child.stdio[3] as Writable
  }

  #send(method: string, params: Readonly<Record<string, unknown>>, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    if (this.#gone) return Promise.reject(new BrowserGone())
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>()
    this.#waiting.set(id, { resolve, reject })
    this.#write.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    return promise
  }

  #read(): void {
    let parts: Buffer[] = []
    let size = 0;
    (this.#child.stdio[4] as Readable).on('data', (chunk: Buffer) => {
      let from = 0
      for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, from)) {
        this.#take(Buffer.concat([...parts, chunk.subarray(from, end)]).toString())
        parts = []
        size = 0
        from = end + 1
      }
      if (from < chunk.length) parts.push(chunk.subarray(from))
      size += chunk.length - from
      if (size > mostMessage) this.#kill()
    }).on('error', () => undefined)
  }

  #take(message: string): void {
    const { id, method, params = {}, sessionId, result, error } = JSON.parse(message) as Answer
    if (id === undefined) {
      if (method !== undefined && sessionId !== undefined) this.#listeners.get(sessionId)?.(method, params)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result ?? {})
    else waiting?.reject(new Refused(error.message))
  }
}

class BrowserGone extends Error {}
class TooLong extends Error {}
/** By the browser: a page that has gone, a URL that it does not open. */
class Refused extends Error {}

const onlyTooLong = (error: unknown): void => {
  if (!(error instanceof TooLong)) throw error
}

async function within<T>(milliseconds: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => { reject(new TooLong()) }
  const timer = setTimeout(end, milliseconds)
  signal?.addEventListener('abort', end, { once: true })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}

/** RFC 1928, 6: what is said of a connection that was not opened. */
const replies: Readonly<Partial<Record<NetworkError['fault'], number>>> = { out_of_scope: 2, unreachable: 3, not_resolved: 4, timeout: 4, refused: 5 }

async function openProxy(network: Network, signal: AbortSignal): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const budget = { bytes: mostBytes }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (sockets.size >= mostConnections) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    // New pages have their own bytes: a connection of an earlier one is over by then.
    if (sockets.size === 1) budget.bytes = mostBytes
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.setTimeout(idleMs, () => socket.destroy())
    void serve(socket, network, signal, budget).catch(() => undefined).finally(() => socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serve(socket: Socket, network: Network, signal: AbortSignal, budget: { bytes: number }): Promise<void> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let held = Buffer.alloc(0)
  const need = async (length: number): Promise<boolean> => {
    while (held.length < length) {
      const next = await chunks.next()
      if (next.done === true) return false
      held = Buffer.concat([held, next.value])
    }
    return true
  }
  const take = (length: number): Buffer => {
    const taken = held.subarray(0, length)
    held = held.subarray(length)
    return taken
  }
  if (!await need(2) || held[0] !== 5 || !await need(2 + held[1]!)) return
  take(2 + held[1]!)
  socket.write(Buffer.from([5, 0]))
  if (!await need(5) || held[0] !== 5 || held[1] !== 1) return
  const kind = held[3]
  const length = kind === 1 ? 10 : kind === 4 ? 22 : kind === 3 ? 7 + held[4]! : 0
  if (length === 0 || !await need(length)) return
  const rest = take(length).subarray(4)
  const host = kind === 1 ? rest.subarray(0, 4).join('.') : kind === 4 ? Array.from({ length: 8 }, (_, at) => rest.readUInt16BE(at * 2).toString(16)).join(':') : rest.toString('latin1', 1, 1 + rest[0]!)
  const port = rest.readUInt16BE(rest.length - 2)
  let connection: Connection
  try {
    connection = await network.dial(host, port, { tls: null, timeoutMs: connectMs }, signal)
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    socket.end(Buffer.from([5, replies[error.fault] ?? 1, 0, 1, 0, 0, 0, 0, 0, 0]))
    return
  }
  try {
    socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
    if (held.length > 0) await connection.write(held.toString('latin1'))
    await Promise.race([upstream(chunks, connection), downstream(socket, connection, budget)])
  } finally {
    connection.close()
  }
}

async function upstream(chunks: AsyncIterator<Buffer>, connection: Connection): Promise<void> {
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) await connection.write(next.value.toString('latin1'))
}

async function downstream(socket: Socket, connection: Connection, budget: { bytes: number }): Promise<void> {
  for (;;) {
    const bytes = await connection.read(65_536, idleMs)
    budget.bytes -= bytes.length
    if (bytes === '' || budget.bytes < 0) return
    if (!socket.write(Buffer.from(bytes, 'latin1'))) await new Promise<void>((resolve) => socket.once('drain', resolve).once('close', resolve))
  }
}
