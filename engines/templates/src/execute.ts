// One template on one target: its blocks one after the other, or as its flow says. What a block is, its own executor knows. Defended by execute.test.ts and
// tests/conformance/templates.
import { setTimeout } from 'node:timers/promises'
import { runDns } from './dns.ts'
import { runFlow } from './flow/flow.ts'
import { runHttp } from './http/run.ts'
import type { Block, Match, Network, NetworkError, Outcome, Protocol, Run, Settings, Target, Template, Value } from './model.ts'
import { TemplateError } from './problem.ts'
import { runSsl } from './ssl.ts'
import { runTcp } from './tcp.ts'
import { createValues } from './values.ts'
import { runWebsocket } from './websocket.ts'

/** What a scan lends to each of its templates. */
export type Execution = {
  readonly target: Target
  readonly network: Network
  readonly signal: AbortSignal
  readonly settings: Settings
  /** Random markers follow from it and the template's id: equal seeds give equal requests. */
  readonly seed: number
  readonly now: () => number
  readonly report: (match: Match) => void
  readonly sent: (what: { readonly protocol: Protocol; readonly fault: NetworkError | null }) => void
  /** Milliseconds of a pause that a template asks for. By default they pass. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Of all pauses of one template on one target. */
const MAX_PAUSE_SECONDS = 120

/**
 * Runs a template that is `runnable` and no workflow; matches go to `execution.report` as they are found. `given`: what a workflow's earlier templates extracted.
 * Throws TemplateError where the template cannot go on (an expression, the flow, a bound); what the network refuses is told to `execution.sent` instead.
 */
export async function runTemplate(template: Template, execution: Execution, given: ReadonlyMap<string, Value> = new Map()): Promise<Outcome> {
  const { target, network, signal, settings, now, sent } = execution
  const random = generator(execution.seed, template.id)
  const values = createValues({ template, target, settings, given, random, now })
  let matched = false
  const report = (match: Match): void => {
    matched = true
    execution.report(match)
  }
  const { sleep = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal }) } = execution
  let [due, left] = [0, MAX_PAUSE_SECONDS]
  const wait = (seconds: number): void => void (due = Math.min(left, due + Math.max(0, seconds)))
  const pause = (): Promise<void> | null => {
    if (due === 0) return null
    const milliseconds = due * 1_000
    left -= due
    due = 0
    return sleep(milliseconds, signal)
  }
  const runs = new Map(prefixes(template).map(([block, prefix]): [Block, Run] => [block, {
    template, target, network, signal, settings, values, random, now, wait, pause, report, sent, answered: (answer) => {
      values.answered(prefix, answer)
      // http_body is what http answered last, whichever of its blocks asked.
      if (prefix !== block.protocol) values.answered(block.protocol, answer)
    },
  }]))
  const runBlock = (block: Block): Promise<Outcome> => {
    signal.throwIfAborted()
    return execute(block, runs.get(block)!)
  }
  if (template.flow !== null) {
    await runFlow(template, { values, random, now, signal, runBlock })
    return { matched }
  }
  for (const block of template.blocks) {
    await runBlock(block)
    if (matched && template.stopAtFirstMatch) break
  }
  return { matched }
}

function execute(block: Block, run: Run): Promise<Outcome> {
  switch (block.protocol) {
    case 'http': return runHttp(block, run)
    case 'dns': return runDns(block, run)
    case 'tcp': return runTcp(block, run)
    case 'ssl': return runSsl(block, run)
    case 'websocket': return runWebsocket(block, run)
    case 'file': case 'headless': case 'javascript': case 'code': case 'whois': default: throw new TemplateError('feature_unsupported', block.protocol, `${block.protocol} is not run against a target.`)
  }
}

/** By what later blocks call a block's answers: its id, its protocol, or where there are several of that protocol its protocol and number. */
function prefixes(template: Template): [Block, string][] {
  const counts = new Map<Protocol, number>()
  for (const { protocol } of template.blocks) counts.set(protocol, (counts.get(protocol) ?? 0) + 1)
  const seen = new Map<Protocol, number>()
  return template.blocks.map((block) => {
    const number = (seen.get(block.protocol) ?? 0) + 1
    seen.set(block.protocol, number)
    return [block, block.id ?? (counts.get(block.protocol) === 1 ? block.protocol : `${block.protocol}_${number}`)]
  })
}

/** 32-bit numbers (mulberry32, seeded by FNV-1a): markers, not secrets. */
function generator(seed: number, id: string): () => number {
  let state = (seed ^ 0x811C9DC5) >>> 0
  for (let at = 0; at < id.length; at += 1) state = Math.imul(state ^ id.charCodeAt(at), 0x01000193) >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
