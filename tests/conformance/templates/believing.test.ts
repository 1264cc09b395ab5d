// Hosts that answer everybody alike give no finding of medium or above, with templates as they are; hosts that really have what a template looks for keep it,
// whatever they say to paths that they do not have. A sample of the templates drawn by the hash of their ids; all of them with HAECHI_TEST_FULL=1.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { everything, parseTarget, readLibrary, scan } from '../../../engines/templates/src/index.ts'
import type { HttpBlock, Library, Match, ScanTotals, Template } from '../../../engines/templates/src/index.ts'
import { runTemplate } from '../../../engines/templates/src/execute.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { corpusFiles, isTemplateFile, missingTemplates } from '../../templates-corpus.ts'

const full = process.env['HAECHI_TEST_FULL'] === '1'
/** Of 256: the share of the templates that a sample has. */
const drawn = full ? 256 : 20
const serious = new Set(['medium', 'high', 'critical'])
const settings = { disableRedirects: false, attack: null, serverName: null, timeoutMs: 5_000, maxBytes: 1_000_000, userAgent: 'Haechi', variables: {}, maxRequests: 500, resolvers: [] } as const

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void
async function serving<T>(handler: Handler, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => { handler(request, response, Buffer.concat(chunks).toString('latin1')) })
  }).on('clientError', (_, socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

type Scanned = { readonly believed: readonly Match[]; readonly held: readonly Match[]; readonly totals: ScanTotals }
async function scanned(library: Library, port: number): Promise<Scanned> {
  const network = createScanNetwork({ scope: null, clock: systemClock })
  await network.permit('127.0.0.1')
  const believed: Match[] = []
  const held: Match[] = []
  try {
    for await (const event of scan({
      library, selection: { ...everything, includeIntrusive: true }, targets: [parseTarget(`http://127.0.0.1:${port}`)!], network, settings, concurrency: { perHost: 25, overall: 25 }, rate: 0, seed: 7, now: systemClock.now, signal: new AbortController().signal,
    })) {
      if (event.kind === 'match') believed.push(event.match)
      else if (event.kind === 'held') held.push(event.match)
      else if (event.kind === 'done') return { believed, held, totals: event.totals }
    }
    throw new Error('the scan did not end')
  } finally {
    network.close()
  }
}

const html = (response: ServerResponse, body: string, status = 200): void => { response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body) }
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\'', '&#39;')
const plainOf = (url: string): string => {
  try {
    return decodeURIComponent(url)
  } catch {
    return url
  }
}

const soup = `<html><head><title>Login | Admin Dashboard - phpMyAdmin WordPress Jenkins Grafana GitLab Jira Confluence Tomcat WebLogic</title></head><body><form action="/login" method="post"><input name="username"><input type="password" name="password"><input type="submit" value="Sign in"></form>
Welcome, you are logged in. Logout admin administrator panel users password passwd root: root:x:0:0:root:/root:/bin/bash configuration config version "version":"1.0.0" success true "success":true error exception stack trace Index of / phpinfo() PHP Version 5.4.0
uid=0(root) gid=0(root) groups=0(root) Oracle Apache Struts VMware vCenter Cisco Fortinet SonicWall BIG-IP Citrix Zabbix Nagios Kibana Elasticsearch Drupal Joomla Magento DB_PASSWORD= APP_KEY= AKIAIOSFODNN7EXAMPLE aws_secret_access_key [core] repositoryformatversion
SQL syntax mysql_fetch_array ORA-01756 syntax error at or near "token" "access_token":"x" api_key swagger openapi graphql __schema for 16-bit app support [fonts] bitcoin mongodb redis_version memcached upload successful file uploaded</body></html>`

/** Names and versions change with each answer; everything else stays. */
let counter = 0
const alike: Readonly<Record<string, Handler>> = {
  'a page for everything': (_, response) => { html(response, '<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>') },
  'an escaped echo of the path': (request, response) => { html(response, `<html><body>Nothing found for ${escaped(plainOf(request.url!))}</body></html>`) },
  'an escaped echo of all that was sent': (request, response, body) => { html(response, `<html><body><pre>${escaped(`${request.method} ${plainOf(request.url!)}\n${JSON.stringify(request.headers)}\n${body}`)}</pre></body></html>`) },
  'a JSON for everything': (_, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}') },
  'a login page full of keywords': (_, response) => { html(response, soup) },
  'the same with a token in each': (_, response) => { html(response, `${soup}<input type="hidden" name="csrf" value="${createHash('sha256').update(String(counter++)).digest('hex')}"><!-- ${counter} ms -->`) },
  'the same with an echo that has lost its markup': (request, response) => { html(response, soup.replace('<form', `<p>${(request.url ?? '').replaceAll(/[<>&"]/g, '')}</p><form`)) },
  'a redirect to it': (request, response) => {
    if (request.url === '/sso/signin') html(response, soup)
    else response.writeHead(302, { location: '/sso/signin' }).end()
  },
  'a soup that says 404': (_, response) => { html(response, soup, 404) },
  'a server error for everything': (_, response) => { html(response, `<h1>500</h1>${soup}`, 500) },
}

/** What makes the first answer of a template match, as far as its words and status say it; null: it asks for more. */
function pageFor(template: Template): { readonly target: string; readonly status: number; readonly body: string; readonly type: string } | null {
  const [block] = template.blocks
  if (template.flow !== null || template.blocks.length !== 1 || block?.protocol !== 'http' || block.payloads !== null || block.method !== 'GET' || block.raw.length > 0 || block.path.length !== 1) return null
  const path = /^\{\{(?:BaseURL|RootURL)\}\}(\/[^{}\s]*)$/.exec(block.path[0]!)?.[1]
  if (path === undefined || path === '/' || Object.keys(block.headers).length > 0 || block.extractors.length > 0) return null
  let status = 200
  let body = ''
  let type = 'text/html'
  for (const matcher of wantedOf(block)) {
    if (matcher.negative || matcher.values.some((value) => value.includes('{{'))) return null
    if (matcher.type === 'status') status = matcher.numbers[0]!
    else if (matcher.type === 'word' && (matcher.part === null || matcher.part === 'body') && !matcher.hex) body += ` ${matcher.values.join(' ')}`
    else if (matcher.type === 'word' && matcher.part === 'header' && /^[a-z]+\/[a-z.+-]+$/.test(matcher.values[0]!)) type = matcher.values[0]!
    else return null
  }
  return body === '' || status < 200 || status === 204 || status === 304 ? null : { target: path, status, body, type }
}
const wantedOf = (block: HttpBlock): HttpBlock['matchers'] => (block.matchersCondition === 'and' ? block.matchers : block.matchers.slice(0, 1))

describe.skipIf(missingTemplates !== false)(`templates as they are${missingTemplates === false ? '' : ` (skipped: ${missingTemplates})`}`, () => {
  let library: Library
  let http: Library
  let all: Library
  beforeAll(() => {
    const files = new Map((corpusFiles() ?? []).map(({ path, content }) => [path, content]))
    all = readLibrary([...files].filter(([path]) => isTemplateFile(path) && path.startsWith('http/')).map(([path, content]) => ({ path, content })), { payloadFile: (path) => files.get(path) ?? null })
    const runnable = all.templates.filter(({ blocks, support, selfContained }) => support.status === 'runnable' && !selfContained && blocks.every(({ protocol }) => protocol === 'http'))
    http = { ...all, templates: runnable }
    library = { ...all, templates: runnable.filter(({ id }) => createHash('sha256').update(id).digest()[0]! < drawn || ['CVE-2021-24237', 'CVE-2021-41569', 'CVE-2022-26143'].includes(id)) }
  })

  test('the sample is large enough to say something', () => { expect(library.templates.length).toBeGreaterThan(full ? 7_000 : 500) })

  describe('hosts that say the same to everybody', () => {
    test.each(Object.keys(alike))('%s', async (name) => {
      const { believed, totals } = await serving(alike[name]!, (port) => scanned(library, port))
      expect(believed.filter(({ info }) => serious.has(info.severity)).map(({ template, info, matchedAt }) => `${info.severity} ${template} ${matchedAt}`)).toEqual([])
      expect(totals.run).toBe(library.templates.length - (totals.skipped.intrusive ?? 0) - (totals.skipped.global ?? 0))
    }, full ? 900_000 : 60_000)

    test('what is held back says why', async () => {
      const held = async (name: string): Promise<Set<string>> => new Set((await serving(alike[name]!, (port) => scanned(only(http, 'CVE-2021-24237', 'CVE-2022-26143', 'phpmyadmin-panel', 'symfony-profiler'), port))).held.map(({ template, doubt }) => `${template} ${doubt}`))
      expect(await held('an escaped echo of the path')).toEqual(new Set(['CVE-2021-24237 reflected']))
    })

    test('a trap that shows each template what it looks for', async () => {
      const pages = new Map(library.templates.flatMap((template) => {
        const page = pageFor(template)
        return page === null ? [] : [[page.target, page] as const]
      }))
      expect(pages.size).toBeGreaterThan(60)
      const { believed, held } = await serving((request, response) => {
        const page = pages.get(request.url!)
        response.writeHead(page?.status ?? 404, { 'content-type': page?.type ?? 'text/html' }).end(page?.body ?? 'no such page')
      }, (port) => scanned(library, port))
      expect(held.filter(({ doubt }) => doubt === 'honeypot').length).toBeGreaterThan(30)
      expect(believed.filter(({ info }) => serious.has(info.severity))).toEqual([])
    }, full ? 900_000 : 60_000)
  })

  describe('hosts that have what is looked for', () => {
    const missing: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
      'and say 404 to everything else': (_, response) => { html(response, '<h1>Not Found</h1>', 404) },
      'and a page of their own to everything else': (request, response) => { html(response, `<html><title>Our shop</title><body>We could not find ${escaped(plainOf(request.url!))}, but here are our offers.</body></html>`) },
      'and send everything else to their login': (request, response) => {
        if (request.url === '/login') html(response, '<form action="/login"><input type="password"></form>')
        else response.writeHead(302, { location: '/login' }).end()
      },
    }
    test.each(Object.keys(missing))('%s', async (name) => {
      // Each of them on a host of its own, or together they would be a trap.
      const eligible = http.templates.flatMap((template) => {
        const page = pageFor(template)
        return page !== null && createHash('sha256').update(`page ${template.id}`).digest()[0]! < (full ? 256 : 20) ? [{ template, page }] : []
      })
      expect(eligible.length).toBeGreaterThan(full ? 1_000 : 40)
      let current = eligible[0]!
      const lost: string[] = []
      let found = 0
      await serving((request, response) => {
        if (request.url === current.page.target) response.writeHead(current.page.status, { 'content-type': current.page.type }).end(current.page.body)
        else missing[name]!(request, response)
      }, async (port) => {
        for (const each of eligible) {
          current = each
          if (!(await matches(each.template, port))) continue
          found++
          const { believed } = await scanned(only(http, each.template.id), port)
          if (believed.length === 0) lost.push(each.template.id)
        }
      })
      expect(found).toBeGreaterThan(eligible.length / 2)
      expect(lost).toEqual([])
    }, full ? 900_000 : 60_000)

    const passwd = 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n'
    test('a traversal that works from any folder', async () => {
      const { believed } = await serving((request, response) => {
        if (/\.\.(?:\/|%2f|\\).*etc\/passwd/i.test(plainOf(request.url!))) response.writeHead(200, { 'content-type': 'text/plain' }).end(passwd)
        else html(response, '<h1>Not Found</h1>', 404)
      }, (port) => scanned(only(http, 'generic-linux-lfi', 'CVE-2021-41773'), port))
      expect(believed.map(({ template }) => template)).toContain('generic-linux-lfi')
    })

    test('an unescaped echo of one parameter, in a site that answers every path', async () => {
      const { believed } = await serving((request, response) => {
        const url = new URL(request.url!, 'http://x')
        html(response, `<html><body>wordpress wp-content Nothing found for ${url.pathname.startsWith('/properties') ? url.searchParams.get('keyword_search') ?? '' : ''}</body></html>`)
      }, (port) => scanned(only(http, 'CVE-2021-24237'), port))
      expect(believed.map(({ template }) => template)).toEqual(['CVE-2021-24237'])
    })

    test('a login that lets a known password in, and nobody else', async () => {
      const { believed } = await serving((request, response) => {
        const known = request.headers.authorization === `Basic ${Buffer.from('tomcat:tomcat').toString('base64')}`
        if (!known) response.writeHead(401, { 'www-authenticate': 'Basic realm="Tomcat Manager Application"' }).end('401 Unauthorized')
        else html(response, '<title>/manager</title>Apache Tomcat/9 Server Information: Tomcat Version, JVM Version')
      }, (port) => scanned(only(http, 'tomcat-default-login'), port))
      expect(believed.map(({ template }) => template)).toContain('tomcat-default-login')
    })
  })

  const only = (from: Library, ...ids: string[]): Library => ({ ...from, templates: from.templates.filter(({ id }) => ids.includes(id)) })

  async function matches(template: Template, port: number): Promise<boolean> {
    const network = createScanNetwork({ scope: null, clock: systemClock })
    await network.permit('127.0.0.1')
    let matched = false
    try {
      await runTemplate(template, { target: parseTarget(`http://127.0.0.1:${port}`)!, network, settings, seed: 7, now: systemClock.now, signal: new AbortController().signal, report: () => { matched = true }, sent: () => undefined })
    } finally {
      network.close()
    }
    return matched
  }
})
