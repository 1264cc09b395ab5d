// `haechi mcp serve`: an API's document in, an MCP endpoint out, with nothing else running. What is said to people goes to standard error where standard
// output belongs to a client or a program. Defended by tests/e2e/mcp-serve.test.ts.
import { HaechiError } from '@haechi/server/errors'
import { command, wholeNumber } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { configurations } from '../mcp/clients.ts'
import { readCredentials } from '../mcp/credentials.ts'
import { debugTo } from '../mcp/debug.ts'
import { startInspector } from '../mcp/inspector.ts'
import { admission } from '../mcp/listener.ts'
import { serve } from '../mcp/serving.ts'
import type { Serving, ServingEvent, SpecOption } from '../mcp/serving.ts'
import { isUrl, nameOf } from '../mcp/source.ts'
import { tell } from '../mcp/telling.ts'

const usual = { port: 8123, poll: 10, timeout: 60 } as const

export const mcpServe = command({
  path: ['mcp', 'serve'], about: 'mcp_serve', details: 'mcp_serve_details',
  options: {
    'spec': { value: 'FILE|URL', about: 'option_mcp_spec', required: true, many: true },
    'base-url': { value: 'URL', about: 'option_mcp_base_url', many: true },
    'overlay': { value: 'FILE', about: 'option_mcp_overlay', many: true },
    'credentials': { value: 'FILE', about: 'option_mcp_credentials' },
    'port': { value: 'N', about: 'option_mcp_port' },
    'host': { value: 'ADDRESS', about: 'option_mcp_host' },
    'token-file': { value: 'FILE', about: 'option_mcp_token_file' },
    'tls-cert': { value: 'FILE', about: 'option_mcp_tls_cert' },
    'tls-key': { value: 'FILE', about: 'option_mcp_tls_key' },
    'stdio': { about: 'option_mcp_stdio' },
    'search': { about: 'option_mcp_search' },
    'list': { about: 'option_mcp_list' },
    'allow-private': { value: 'HOST|NETWORK', about: 'option_mcp_allow_private', many: true },
    'accept-findings': { about: 'option_mcp_accept_findings' },
    'poll': { value: 'SECONDS', about: 'option_mcp_poll' },
    'timeout': { value: 'SECONDS', about: 'option_mcp_timeout' },
    'log': { value: 'FILE', about: 'option_mcp_log' },
    'debug': { about: 'option_mcp_debug' },
  },
  examples: [
    { line: 'haechi mcp serve --spec openapi.yaml --base-url http://localhost:3000', about: 'example_mcp_serve' },
    { line: 'haechi mcp serve --spec https://petstore3.swagger.io/api/v3/openapi.json', about: 'example_mcp_serve_url' },
    { line: 'haechi mcp serve --spec openapi.yaml --credentials secrets.yaml --log calls.ndjson', about: 'example_mcp_serve_credentials' },
    { line: 'haechi mcp serve --spec openapi.yaml --host 0.0.0.0 --token-file token --tls-cert cert.pem --tls-key key.pem', about: 'example_mcp_serve_tls' },
    { line: 'haechi mcp serve --spec openapi.yaml --stdio', about: 'example_mcp_serve_stdio' },
  ],
  async run(context, { options }) {
    const specs = specsOf(options.spec, options['base-url'])
    if (options.search && options.list) throw new HaechiError('usage_together', { options: '--search, --list' })
    const tokenFile = options['token-file']
    const stdio = options.stdio
    const seconds = (name: 'poll' | 'timeout'): number => wholeNumber(`--${name}`, options[name], 1, 86_400, usual[name]) * 1_000
    const host = options.host ?? '127.0.0.1'
    // Standard output belongs to the client, or to the program that reads it.
    const say = (line: string): void => context.err.write(`${line}\n`)
    const hear = (event: ServingEvent): void => tell(stdio ? { ...context, out: context.err } : context, event, say)
    const start = performance.now()
    const serving = await serve({
      specs, overlays: options.overlay,
      admission: stdio ? null : await admission({ host, tokenFile, certFile: options['tls-cert'], keyFile: options['tls-key'], clock: context.clock }),
      port: wholeNumber('--port', options.port, 0, 65_535, usual.port),
      allowPrivate: options['allow-private'],
      credentials: options.credentials === undefined ? {} : await readCredentials(options.credentials), environment: context.environment,
      search: options.search ? true : options.list ? false : null, acceptFindings: options['accept-findings'],
      pollMs: seconds('poll'), timeoutMs: seconds('timeout'), logFile: options.log, clock: context.clock, tell: hear,
      debug: options.debug ? debugTo((line) => context.err.write(line)) : undefined,
    })
    const inspector = options.debug && serving.url !== null ? startInspector(serving.url, context.environment, (key, params) => say(context.text(key, params))) : null
    try {
      if (stdio) {
        const ended = serving.serveStdio(context.input, { write: (text) => { context.out.write(text); return true }, once: () => undefined })
        await Promise.race([ended, stopped(context.stop)])
      } else {
        if (context.json) context.out.write(`${JSON.stringify({ event: 'ready', url: serving.url, name: serving.name, tools: serving.tools, searched: serving.searched, started_in_ms: Math.round(performance.now() - start) })}\n`)
        else context.out.write(welcome(context, serving, tokenFile ?? null))
        await stopped(context.stop)
      }
    } finally {
      inspector?.stop()
      await serving.close()
    }
    return exitCodes.ok
  },
})

/** `NAME=FILE|URL`, or a name made of the place. Errors: mcp_base_url_count, mcp_base_url_invalid, mcp_spec_name. */
export function specsOf(places: readonly string[], urls: readonly string[]): SpecOption[] {
  if (urls.length > 0 && urls.length !== places.length) throw new HaechiError('mcp_base_url_count', { specs: places.length, urls: urls.length })
  for (const value of urls) {
    const url = URL.parse(value)
    if (url === null || !isUrl(value) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw new HaechiError('mcp_base_url_invalid', { value })
  }
  const specs = places.map((given, at) => {
    const [, name, place = given] = /^([a-z0-9]+(?:[-_][a-z0-9]+)*)=(.+)$/i.exec(given) ?? []
    return { name: (name ?? nameOf(place)).toLowerCase().slice(0, 32), place, baseUrl: urls[at] }
  })
  const twice = specs.find(({ name }, at) => specs.findIndex((other) => other.name === name) !== at)
  if (twice !== undefined) throw new HaechiError('mcp_spec_name', { name: twice.name })
  return specs
}

/** A model that is given the whole list with every question begins to choose badly, and to cost, well before clients refuse it. */
const manyTools = 100

function welcome({ text }: Context, serving: Serving, tokenFile: string | null): string {
  const { name, url } = serving
  return [
    '', `  ${text('mcp_running', { tools: String(serving.tools), url: url ?? '' })}`,
    ...(serving.searched ? [`  ${text('mcp_searched')}`] : serving.tools > manyTools ? [`  ${text('mcp_many')}`] : []), ...(tokenFile === null ? [] : [`  ${text('mcp_token_note', { file: tokenFile })}`]), '',
    ...configurations({ name, url: url ?? '', tokenFile }).flatMap(({ client, place, text: lines }) => [`  ${client}  ${place}`, ...lines.split('\n').map((line) => `    ${line}`), '']),
    `  ${text('mcp_stop')}`, '', '',
  ].join('\n')
}

const stopped = (stop: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (stop.aborted) resolve()
  else stop.addEventListener('abort', () => resolve(), { once: true })
})
