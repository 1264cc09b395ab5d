// Templates that run where others have matched (docs.projectdiscovery.io/templates/workflows). A template with others below it finds nothing by itself: it only
// decides about them, and hands them what it extracted by name. Defended by workflow.test.ts and tests/conformance/templates.
import { runTemplate } from './execute.ts'
import type { Execution } from './execute.ts'
import type { Bytes, Match, Template, Value, WorkflowStep } from './model.ts'
import { TemplateError } from './problem.ts'

/** Where the steps of a workflow find their templates. */
export interface WorkflowLibrary {
  byPath(path: string): Template | undefined
  byTag(tag: string): readonly Template[]
}

const MAX_DEPTH = 20
const MAX_RUNS = 20_000

/**
 * Runs a workflow on a target. `selected` leaves out what the scan does not run at all (intrusive templates, ones that lack something); each template is run once
 * a step with the same values. `failed` is told of a template that could not go on; the others do.
 */
export async function runWorkflow(workflow: Template, library: WorkflowLibrary, execution: Execution, { selected, failed }: {
  readonly selected: (template: Template) => boolean
  readonly failed: (template: Template, error: TemplateError) => void
}): Promise<{ readonly matched: boolean }> {
  let matched = false
  let runs = 0

  async function run(template: Template, given: ReadonlyMap<string, Value>, shown: boolean): Promise<Match[]> {
    execution.signal.throwIfAborted()
    runs += 1
    if (runs > MAX_RUNS) throw new TemplateError('budget_exceeded', 'workflows', `The workflow asks for more than ${MAX_RUNS} runs of templates.`)
    const matches: Match[] = []
    try {
      await runTemplate(template, {
        ...execution, report: (match) => {
          matches.push(match)
          if (!shown) return
          matched = true
          execution.report(match)
        },
      }, given)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      failed(template, error)
    }
    return matches
  }

  async function all(steps: readonly WorkflowStep[], given: ReadonlyMap<string, Value>, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new TemplateError('budget_exceeded', 'workflows', `The steps stand more than ${MAX_DEPTH} levels deep.`)
    for (const step of steps) {
      const decides = step.subtemplates.length > 0 || step.matchers.length > 0
      for (const template of templatesOf(step, library)) {
        if (!selected(template)) continue
        if (template.workflow.length > 0) {
          await all(template.workflow, given, depth + 1)
          continue
        }
        const matches = await run(template, given, !decides)
        if (matches.length === 0) continue
        if (step.subtemplates.length > 0) await all(step.subtemplates, joined(given, matches), depth + 1)
        for (const matcher of step.matchers) {
          const names = new Set(matches.flatMap(namesOf))
          if (matcher.condition === 'and' && !matcher.names.every((name) => names.has(name))) continue
          // Each answer that matched is a case of its own, with what it extracted.
          const cases = matches.filter((match) => namesOf(match).some((name) => matcher.names.includes(name)))
          for (const [, one] of new Map(cases.map((match) => [JSON.stringify([match.matchedAt, match.values]), match]))) await all(matcher.steps, new Map([...given, ...Object.entries(one.values)]), depth + 1)
        }
      }
    }
  }

  await all(workflow.workflow, new Map(), 0)
  return { matched }
}

function templatesOf({ template, tags }: WorkflowStep, library: WorkflowLibrary): Iterable<Template> {
  if (template !== null) {
    const found = library.byPath(template)
    return found === undefined ? [] : [found]
  }
  return new Set(tags.flatMap((tag) => [...library.byTag(tag)]))
}

const namesOf = ({ matcher, values }: Match): string[] => [...(matcher === null ? [] : [matcher]), ...Object.keys(values)]

/** A single value as itself; several as a list, and each by its number (key0, key1). */
function joined(given: ReadonlyMap<string, Value>, matches: readonly Match[]): Map<string, Value> {
  const values = new Map(given)
  const byName = new Map<string, Set<Bytes>>()
  for (const match of matches) for (const [name, found] of Object.entries(match.values)) byName.set(name, (byName.get(name) ?? new Set()).union(new Set(found)))
  for (const [name, found] of byName) {
    const list = [...found]
    values.set(name, list.length === 1 ? list[0]! : list)
    if (list.length > 1) for (const [at, one] of list.entries()) values.set(`${name}${at}`, one)
  }
  return values
}
