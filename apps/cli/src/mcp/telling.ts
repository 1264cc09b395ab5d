// What `mcp serve` says while it runs, to people and, with --json, to programs. Defended by telling.test.ts.
import { describe } from '@haechi/server/errors'
import type { Context } from '../context.ts'
import type { ToolFinding } from './conversion.ts'
import type { ServingEvent } from './serving.ts'

/** Changes and findings that are listed; the rest is counted. */
const listed = 20

/** A description may hold what moves a terminal's cursor or hides text. */
const safe = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 300)

export function tell({ json, language, text, out }: Context, event: ServingEvent, say: (line: string) => void): void {
  if (json) {
    out.write(`${JSON.stringify(plain(event))}\n`)
    return
  }
  const spec = 'spec' in event ? event.spec : ''
  const rest = (all: readonly unknown[]): void => { if (all.length > listed) say(`  ${text('mcp_more', { count: String(all.length - listed) })}`) }
  const findings = (all: readonly ToolFinding[]): void => {
    for (const { tool, class: kind, place, reason, translations, evidence } of all.slice(0, listed)) say(`  ! ${safe(`${tool} ${place}: ${kind}: ${language === 'ko' ? translations.ko : reason} (${evidence})`)}`)
    rest(all)
  }
  const failure = (error: { readonly code: string } & Parameters<typeof textOf>[0]): string => `${error.code}: ${textOf(error, language)}`
  if (event.kind === 'swapped') {
    const added = event.changes.filter(({ kind }) => kind.endsWith('tool-added')).length
    const removed = event.changes.filter(({ kind }) => kind === 'tool-removed').length
    const changed = new Set(event.changes.filter(({ kind }) => !/tool-(added|removed)$/.test(kind)).map(({ tool }) => tool)).size
    say(text('mcp_swapped', { spec, tools: String(event.tools), added: String(added), removed: String(removed), changed: String(changed), ms: String(Math.round(event.ms)) }))
    for (const { grade, kind, tool, place, detail } of event.changes.slice(0, listed)) say(`  ${grade.padEnd(9)} ${safe(`${tool} ${kind} ${place} ${detail}`)}`)
    rest(event.changes)
  } else if (event.kind === 'kept') {
    say(text('mcp_kept', { spec, reason: failure(event.error) }))
    findings(event.findings)
  } else if (event.kind === 'withheld') {
    say(text('mcp_withheld', { spec, count: String(new Set(event.findings.map(({ tool }) => tool)).size) }))
    findings(event.findings)
  } else if (event.kind === 'skipped') say(text('mcp_skipped', { spec, count: String(event.count), first: safe(event.first) }))
  else if (event.kind === 'unreachable') say(text('mcp_unreachable', { spec, reason: failure(event.error) }))
  else say(failure(event.error))
}

const textOf = (error: { readonly code: string; readonly params: Readonly<Record<string, string | number>> }, language: Context['language']): string => safe(describe(error.code as Parameters<typeof describe>[0], error.params, language))

function plain(event: ServingEvent): object {
  const { kind, ...rest } = event
  return { event: kind, ...rest, ...('error' in event ? { error: { code: event.error.code, message: event.error.message } } : {}) }
}
