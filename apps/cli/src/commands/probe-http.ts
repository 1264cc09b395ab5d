// `haechi probe http`: one web site by its URL, its answer as people and machines read it. Defended by probe-http.integration.test.ts.
import { writeFile } from 'node:fs/promises'
import { createTechnologyIdentifier, readIcons, readTechnologyRules } from '@haechi/fingerprints'
import { NetworkError, probeWeb, readable } from '@haechi/probes'
import type { WebOptions, WebReport } from '@haechi/probes'
import { HaechiError } from '@haechi/server/errors'
import { command, wholeNumber } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { ownIconFile, ownTechnologyFiles } from '../fingerprint-files.ts'
import { safe } from '../layout.ts'
import { openScreenshots } from '../scan/screenshot.ts'
import { wordOf } from '../words.ts'
import { printFields, printTable } from './lists.ts'
import { faultAnswer, findingAnswer, openProbe, printFaults, printFindings, probeOptions } from './probe.ts'

const crawlPages = 200
const crawlDepth = 5
/** Of the requests that a probe without a crawl sends. */
const usualRequests = 400

export const probeHttp = command({
  path: ['probe', 'http'], about: 'probe_http', details: 'probe_http_details',
  arguments: [{ name: 'URL', about: 'argument_probe_url' }],
  options: { ...probeOptions, crawl: { about: 'option_crawl' }, pages: { value: 'N', about: 'option_crawl_pages' }, screenshot: { value: 'FILE', about: 'option_screenshot' } },
  examples: [
    { line: 'haechi probe http http://localhost:8080', about: 'example_probe_http' },
    { line: 'haechi probe http www.example.com --scope scope.yaml --crawl --screenshot page.png', about: 'example_probe_http_scope' },
    { line: 'haechi probe http https://localhost:8443 --json', about: 'example_json' },
  ],
  async run(context, { options, arguments: [target = ''] }) {
    const urls = urlsOf(target)
    const pages = wholeNumber('--pages', options.pages, 1, 100_000, crawlPages)
    const { run, network } = await openProbe(context, options)
    try {
      await network.permit(urls[0].hostname.replace(/^\[|\]$/g, ''))
      const { rules } = readTechnologyRules(ownTechnologyFiles())
      const technologies = createTechnologyIdentifier(rules, { icons: readIcons(ownIconFile()).icons })
      const crawl = options.crawl || options.pages !== undefined
      const report = await probeSite(urls, {
        run, identifyTechnologies: (answer) => technologies.identify(answer),
        ...(crawl ? { crawl: { pages, depth: crawlDepth }, budget: { requests: usualRequests + 2 * pages, bytes: 268_435_456, durationMs: 120_000 + 1_000 * pages } } : {}),
      })
      const picture = options.screenshot === undefined || report.final === null ? false : await take(context, report.final.url, options.screenshot, network)
      if (context.json) context.out.write(`${JSON.stringify({ ...reportAnswer(target, report, context), screenshot: picture ? options.screenshot : null })}\n`)
      else show(context, report)
      return report.final === null || (options.screenshot !== undefined && !picture) ? exitCodes.failed : exitCodes.ok
    } catch (error) {
      if (!(error instanceof NetworkError) || !context.stop.aborted) throw error
      throw new HaechiError('interrupted', {}, { cause: error })
    } finally {
      network.close()
    }
  },
})

/** Without a scheme the encrypted site is asked first. Errors: probe_url_invalid. */
function urlsOf(target: string): readonly [URL, ...URL[]] {
  const named = /^https?:\/\//i.test(target)
  const [first, ...rest] = (named ? [target] : [`https://${target}`, `http://${target}`]).flatMap((url) => URL.parse(url) ?? [])
  for (const url of [first, ...rest]) if (url !== undefined) url.hostname = url.hostname.replace(/\.$/, '')
  if (first === undefined || (!named && target.includes('://'))) throw new HaechiError('probe_url_invalid', { target })
  return [first, ...rest]
}

/** The first that answers; where all of it only leads to another origin of the same host, that one. */
async function probeSite(urls: readonly [URL, ...URL[]], options: WebOptions): Promise<WebReport> {
  let report: WebReport | null = null
  for (const url of urls) {
    report = await probeWeb(url.href, options)
    if (report.chain[0]?.status !== 0) break
  }
  const { redirectsAll, leadsTo } = report!
  if (!redirectsAll || leadsTo === null || URL.parse(leadsTo)?.hostname !== URL.parse(report!.url)?.hostname) return report!
  const there = await probeWeb(leadsTo, options)
  return { ...there, url: report!.url, chain: report!.chain, faults: [...report!.faults, ...there.faults], requests: report!.requests + there.requests }
}

async function take(context: Context, url: string, file: string, network: Parameters<typeof openScreenshots>[0]['network']): Promise<boolean> {
  await using screenshots = await openScreenshots({ network, signal: context.stop, environment: context.environment })
  const png = await screenshots.take(url, context.stop)
  if (png === null) {
    context.report(new HaechiError('screenshot_not_taken', { url }))
    return false
  }
  try {
    await writeFile(file, png)
  } catch (error) {
    throw new HaechiError('file_not_written', { file, reason: (error as NodeJS.ErrnoException).code ?? '' }, { cause: error })
  }
  return true
}

const reportAnswer = (target: string, report: WebReport, context: Context): object => ({
  target, url: report.url, origin: report.origin, chain: report.chain, ended: report.ended,
  final: report.final === null ? null : { url: report.final.url, status: report.final.status, title: report.final.title, server: report.final.server === null ? null : readable(report.final.server), content_type: report.final.contentType, bytes: report.final.bytes, address: report.final.address },
  leads_to: report.leadsTo, redirects_all: report.redirectsAll, missing_status: report.missingStatus,
  technologies: report.technologies.map(({ id, name, category, version, confidence, cpe }) => ({ id, name, category, version, confidence: confidence.value, cpe: cpe?.name ?? null })),
  favicon: report.favicon, methods: report.methods, apis: report.apis, well_known: report.wellKnown, portals: report.portals, virtual_hosts: report.virtualHosts,
  pages: report.pages.map(({ contentType, ...page }) => ({ ...page, content_type: contentType })), forms: report.forms, paths: report.paths, hosts: report.hosts, buckets: report.buckets,
  findings: report.findings.map((finding) => findingAnswer(finding, context)), faults: report.faults.map((fault) => faultAnswer(fault, context)), requests: report.requests,
})

function show(context: Context, report: WebReport): void {
  const { final } = report
  const lines = <T>(list: readonly T[], line: (each: T) => string): string => list.map(line).join(', ') || '-'
  printFields(context, report, [
    ['field_url', safe(report.chain.map(({ url, status }) => `${url} (${status === 0 ? '-' : status})`).join(' -> '))],
    ...(final === null ? [] : [['field_title', safe(final.title === '' ? '-' : final.title)], ['field_address', safe(final.address)], ['field_server', safe(final.server === null ? '-' : readable(final.server))]] as const),
    ['field_technologies', safe(lines(report.technologies, ({ name, nameKo, version }) => `${context.language === 'ko' ? nameKo ?? name : name}${version === null ? '' : ` ${version}`}`))],
    ...(report.favicon === null ? [] : [['field_favicon', `${report.favicon.mmh3} (mmh3), ${report.favicon.md5} (md5)`] as const]),
    ...(report.apis.length === 0 ? [] : [['field_apis', safe(lines(report.apis, ({ kind, url, title }) => `${wordOf(context, 'api', kind)} ${url}${title === null ? '' : ` (${title})`}`))] as const]),
    ...(report.wellKnown.length === 0 ? [] : [['field_well_known', safe(lines(report.wellKnown, ({ name }) => name))] as const]),
    ...(report.virtualHosts.length === 0 ? [] : [['field_virtual_hosts', safe(lines(report.virtualHosts, ({ name }) => name))] as const]),
    ...(report.buckets.length === 0 ? [] : [['field_buckets', safe(report.buckets.join(', '))] as const]),
    ['field_requests', String(report.requests)],
  ])
  if (report.pages.length > 1) {
    context.out.write('\n')
    printTable(context, report.pages, [
      { title: 'column_status', align: 'right', fixed: true, cell: ({ status }) => String(status) }, { title: 'column_place', cell: ({ url }) => safe(url) }, { title: 'column_title', cell: ({ title }) => safe(title === '' ? '-' : title) },
    ])
  }
  context.out.write('\n')
  printFindings(context, report.findings)
  printFaults(context, report.faults)
}
