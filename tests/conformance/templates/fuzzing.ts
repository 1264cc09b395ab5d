// A process that reads and runs mutated templates, one after the other, and tells its parent which one it is about to run: where it does not come back, the
// parent knows which it was.
import { createFileScan } from '../../../engines/templates/src/file.ts'
import { runTemplate } from '../../../engines/templates/src/execute.ts'
import { NetworkError, parseTarget, readTemplate, TemplateError } from '../../../engines/templates/src/index.ts'
import type { Settings, Template } from '../../../engines/templates/src/index.ts'
import { drawn } from '../../specs.ts'
import { isTemplateFile, corpusFiles } from '../../templates-corpus.ts'
import { Draw, HostileNetwork, mutatedTemplate } from './mutation.ts'

export type Fuzz = { readonly seed: number; readonly from: number; readonly to: number; readonly sample: number }
export type Defect = { readonly number: number; readonly error: string; readonly template: string }
export type Told = { readonly kind: 'about'; readonly number: number } | { readonly kind: 'defect'; readonly defect: Defect } | { readonly kind: 'done'; readonly counts: Counts }
export type Counts = { refused: number; parsed: number; ran: number; ended: number; matches: number; calls: number; peakMegabytes: number; slowest: { readonly number: number; readonly milliseconds: number }; codes: Record<string, number> }

const settings: Settings = { disableRedirects: false, attack: null, serverName: null, timeoutMs: 1_000, maxBytes: 200_000, userAgent: 'haechi-test', variables: {}, maxRequests: 60, resolvers: [] }
/** Of the network: reads and writes of a connection, too. */
const mostCalls = 20_000
/** Milliseconds, of all pauses that a template asks for. */
const mostPauses = 120_000
const target = parseTarget('http://127.0.0.1:8080/app')!

async function fuzz({ seed, from, to, sample }: Fuzz): Promise<void> {
  const files = new Map(corpusFiles()!.map(({ path, content }) => [path, content]))
  const templates = [...files.keys()].filter(isTemplateFile)
  // Most are http: of the others some, too.
  const rare = templates.filter((path) => /^(?:dns|network|ssl|file|workflows)\//.test(path))
  const flows = templates.filter((path) => /\nflow:/.test(Buffer.from(files.get(path)!).toString('latin1')))
  const sources = [...new Set([...drawn(templates, sample, (path) => path), ...drawn(rare, sample / 4, (path) => path), ...drawn(flows, sample / 8, (path) => path)])].map((path) => Buffer.from(files.get(path)!).toString('latin1'))
  const counts: Counts = { refused: 0, parsed: 0, ran: 0, ended: 0, matches: 0, calls: 0, peakMegabytes: 0, slowest: { number: -1, milliseconds: 0 }, codes: {} }
  const count = (code: string): void => { counts.codes[code] = (counts.codes[code] ?? 0) + 1 }

  const run = async (template: Template, draw: Draw, network: HostileNetwork): Promise<void> => {
    if (template.blocks.some(({ protocol }) => protocol === 'file')) {
      const text = draw.bytes(300)
      await createFileScan([template]).judge({ path: draw.one(['a.txt', 'a.php', 'x/.env', 'a.zip', 'a.tar.gz', 'a']), size: text.length, read: async (most) => text.slice(0, most) })
      return
    }
    let slept = 0
    await runTemplate(template, {
      target, network, signal: new AbortController().signal, settings, seed, now: () => 1_795_000_000_000, sent: () => undefined,
      // Pauses pass at once, but are none the longer for it.
      sleep: async (milliseconds) => {
        slept += milliseconds
        if (!(slept <= mostPauses)) throw new Error(`pauses of ${slept} ms`)
      },
      report: (match) => {
        counts.matches += 1
        JSON.stringify(match)
      },
    })
  }

  for (let number = from; number < to; number += 1) {
    await new Promise((resolve) => process.send!({ kind: 'about', number } satisfies Told, resolve))
    const draw = new Draw(seed, number)
    const text = mutatedTemplate(sources, draw)
    const started = process.cpuUsage()
    try {
      const read = readTemplate('fuzz/template.yaml', Buffer.from(text, 'latin1'), { payloadFile: (path) => files.get(path) ?? null })
      if ('refusal' in read) {
        counts.refused += 1
        count(read.refusal.code)
        if (typeof read.refusal.reason !== 'string' || read.refusal.reason === '') throw new Error(`refused without a reason: ${read.refusal.code}`)
      } else if (read.template.support.status !== 'runnable' || read.template.workflow.length > 0) counts.parsed += 1
      else {
        // As it comes from the cache of a second load.
        const template = JSON.parse(JSON.stringify(read.template)) as Template
        const wanted = template.blocks.flatMap((block) => [...block.matchers, ...block.extractors].flatMap(({ values }) => values.map((value) => value.replaceAll(/[\\^$]|\(\?\w+\)/g, '').slice(0, 2_000))))
        counts.ran += 1
        const network = new HostileNetwork(draw, wanted, mostCalls)
        try {
          await run(template, draw, network)
        } catch (error) {
          if (!(error instanceof TemplateError || error instanceof NetworkError)) throw error
          counts.ended += 1
          count(`run: ${error instanceof TemplateError ? error.problem.code : error.fault}`)
        }
        counts.calls += network.calls
      }
    } catch (error) {
      process.send!({ kind: 'defect', defect: { number, error: error instanceof Error ? error.stack ?? error.message : String(error), template: text } } satisfies Told)
    }
    const { user, system } = process.cpuUsage(started)
    const milliseconds = (user + system) / 1_000
    if (milliseconds > counts.slowest.milliseconds) counts.slowest = { number, milliseconds }
    counts.peakMegabytes = process.resourceUsage().maxRSS / 1_024
  }
  process.send!({ kind: 'done', counts } satisfies Told)
}

process.on('message', (given: Fuzz) => void fuzz(given))
