// A process that scans what its parent sends it, one scan after the other, with as little memory as it was started with. The parent holds the servers, so that
// what this process takes is what scanning takes.
import { createScanNetwork } from '../../../apps/server/src/platform/scan-network.ts'
import { systemClock } from '../../../apps/server/src/platform/clock.ts'
import { everything, parseTarget, readLibrary, scan } from '../../../engines/templates/src/index.ts'
import type { Refused, ScanEvent, Settings } from '../../../engines/templates/src/index.ts'

export type Job = {
  /** By file. */
  readonly templates: Readonly<Record<string, string>>
  readonly targets: readonly string[]
  /** Names that lead somewhere. */
  readonly names: Readonly<Record<string, string>>
  readonly settings: Settings
}
export type Done = { readonly events: readonly ScanEvent[]; readonly refused: readonly Refused[]; readonly milliseconds: number; /** Of the process, ever. */ readonly peakMegabytes: number }

async function scanned({ templates, targets, names, settings }: Job): Promise<Done> {
  const started = performance.now()
  const network = createScanNetwork({ scope: null, clock: systemClock, resolvers: settings.resolvers, resolve: async (host) => (names[host] === undefined ? [] : [names[host]]) })
  const library = readLibrary(Object.entries(templates).map(([path, text]) => ({ path, content: Buffer.from(text, 'latin1') })))
  const events: ScanEvent[] = []
  try {
    const parsed = targets.map((target) => parseTarget(target)!)
    for (const { host } of parsed) await network.permit(host)
    for await (const event of scan({
      library, selection: { ...everything, workflows: true }, targets: parsed, network, settings, concurrency: { perHost: 10, overall: 40 }, rate: 0, seed: 1, now: () => systemClock.now(), signal: new AbortController().signal,
    })) events.push(event)
  } finally {
    network.close()
  }
  return { events, refused: library.refused, milliseconds: performance.now() - started, peakMegabytes: process.resourceUsage().maxRSS / 1024 }
}

process.on('message', (job: Job) => {
  void scanned(job).then((done) => process.send!(done))
})
