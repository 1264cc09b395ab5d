// One template against one place on this machine, over the network that scans use: what was found, and what the network could not do.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { runTemplate } from '../../../engines/templates/src/execute.ts'
import { parseTarget, readTemplate } from '../../../engines/templates/src/index.ts'
import type { Match, NetworkError, Outcome, Protocol, Settings, Target, Template } from '../../../engines/templates/src/index.ts'
import { CORPUS } from '../../templates-corpus.ts'

const fixtures = join(CORPUS, 'nuclei-fixtures/fixtures')

/** Why a test that needs the fixtures is skipped, or false. */
export const missingFixtures: string | false = existsSync(fixtures) ? false : `no fixtures at ${fixtures} (set HAECHI_CORPUS)`
export const fixture = (path: string): string => readFileSync(join(fixtures, path), 'utf8')

export function templateOf(source: string, file = 'own.yaml'): Template {
  const read = readTemplate(file, Buffer.from(source))
  if ('refusal' in read) throw new Error(`${file} is refused: ${read.refusal.code} at ${read.refusal.place}: ${read.refusal.reason}`)
  return read.template
}

/** A template of one block, which is given as it stands below `protocol:`. */
export const blockTemplate = (protocol: string, block: string, head = ''): Template =>
  templateOf(`id: own-template\ninfo:\n  name: Own\n  author: haechi\n  severity: info\n${head}${protocol}:\n${block.replace(/^\n/, '')}`)

export type Ran = { readonly outcome: Outcome; readonly matches: readonly Match[]; readonly faults: readonly NetworkError[]; readonly sent: readonly Protocol[] }
export type Running = { readonly settings?: Partial<Settings>; readonly resolvers?: readonly string[]; readonly now?: () => number; readonly signal?: AbortSignal; readonly resolve?: (host: string) => Promise<readonly string[]>; /** Targets that are reached; of dns none is. */ readonly permit?: boolean }

export function targetOf(input: string): Target {
  const target = parseTarget(input.replace(/^ws/, 'http'))
  if (target === null) throw new Error(`${input} is no target`)
  return { ...target, input }
}

export async function runOn(template: Template, input: string, running: Running = {}): Promise<Ran> {
  const resolvers = running.resolvers ?? []
  const network = createScanNetwork({ scope: null, clock: systemClock, resolvers, resolve: running.resolve ?? (async () => ['127.0.0.1']) })
  const matches: Match[] = []
  const faults: NetworkError[] = []
  const sent: Protocol[] = []
  try {
    await network.permit('127.0.0.1')
    const target = targetOf(input)
    if (running.permit !== false) await network.permit(target.host)
    const outcome = await runTemplate(template, {
      target, network, signal: running.signal ?? new AbortController().signal, seed: 1, now: running.now ?? (() => Date.now()),
      settings: { disableRedirects: false, attack: null, serverName: null, timeoutMs: 2000, maxBytes: 1024 * 1024, userAgent: 'haechi', variables: {}, maxRequests: 1000, resolvers, ...running.settings },
      report: match => { matches.push(match) },
      sent: what => {
        sent.push(what.protocol)
        if (what.fault !== null) faults.push(what.fault)
      },
    })
    return { outcome, matches, faults, sent }
  } finally {
    network.close()
  }
}
