// Templates with global-matchers look at the answers to everybody's requests and send none of their own. Each finding is told once for a target, at the first
// address that answered so. Defended by global-matchers.test.ts.
import { bytesOf } from '@haechi/probes/wire'
import type { HttpBlock, HttpRequest, HttpResponse, Match, Network, Target, Template } from '../model.ts'
import { compileOperators } from '../operators.ts'
import { Answer } from './answer.ts'
import { matchOf } from './match.ts'
import { addressOf } from './redirects.ts'
import { requestText } from './requests.ts'
import { targetValues } from './target-values.ts'

type Watching = { readonly template: Template; readonly block: HttpBlock }

/** Those of the templates that look at all answers. */
export const globalBlocks = (templates: Iterable<Template>): Watching[] =>
  [...templates].flatMap((template) => template.blocks.filter((block) => block.protocol === 'http').filter(({ globalMatchers }) => globalMatchers).map((block) => ({ template, block })))

/**
 * A network that shows each answer of `network` to these blocks before it hands it on. It stands below whatever shares answers, so that each is looked at once.
 * Errors of their matchers (PatternError) go to `failed`; requests never fail for them.
 */
export function watched(network: Network, blocks: readonly Watching[], run: {
  readonly target: Target
  readonly random: () => number
  readonly now: () => number
  readonly report: (match: Match) => void
  readonly failed: (template: Template, error: unknown) => void
}): Network {
  if (blocks.length === 0) return network
  const told = new Set<string>()
  const values = targetValues(run.target)

  function look(request: HttpRequest, response: HttpResponse): void {
    const url = addressOf(request) + request.target
    const answer = new Answer({ response, url, input: bytesOf(run.target.input), requestText: () => requestText(request, null), payload: () => undefined, history: null, values: (name) => values.get(name) })
    for (const { template, block } of blocks) {
      try {
        const { results, dynamic } = compileOperators(block, 'body').judge(answer, run)
        for (const result of results) {
          const key = JSON.stringify([template.id, result.matcher, result.extractor, result.extracted])
          if (result.internal || told.has(key)) continue
          told.add(key)
          run.report(matchOf(template, run.target, { request, bytes: null, response, url }, result, dynamic))
        }
      } catch (error) {
        run.failed(template, error)
      }
    }
  }

  return {
    async http(request, signal) {
      const response = await network.http(request, signal)
      look(request, response)
      return response
    },
    dial: (host, port, options, signal) => network.dial(host, port, options, signal),
    dns: (message, options, signal) => network.dns(message, options, signal),
  }
}
