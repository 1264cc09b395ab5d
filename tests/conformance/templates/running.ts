// One template against one place on this machine, over the network that scans use: what was found, and what the network could not do.
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { runTemplate } from '../../../engines/templates/src/execute.ts'
import { parseTarget } from '../../../engines/templates/src/index.ts'
import type { Match, NetworkError, Outcome, Protocol, Settings, Target, Template } from '../../../engines/templates/src/index.ts'
import { fixtureBytes, settings, template } from './harness.ts'

export { missingFixtures } from './harness.ts'
export const fixture = (path: string): string => Buffer.from(fixtureBytes(path)).toString('utf8')
export const templateOf = (source: string): Template => template('own.yaml', source)

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
      target, network, signal: running.signal ?? new AbortController().signal, seed: 1, now: running.now ?? (() => systemClock.now()),
      settings: { ...settings, timeoutMs: 2000, resolvers, ...running.settings },
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
