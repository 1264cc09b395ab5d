// Which templates a scan runs. What may change or stress a target, guesses, or is for another place than the target, is off until somebody asks for it by
// name; each template that is left out is counted with its reason. Defended by selection.test.ts.
import type { Severity, Template } from './model.ts'

export type Selection = {
  /** Any of them; empty: all. */
  readonly tags: readonly string[]
  readonly excludeTags: readonly string[]
  readonly severities: readonly Severity[]
  /** With `*` for any run of characters. An exact id also asks for what is off by default. */
  readonly ids: readonly string[]
  /** Also what changes the target; whatever else is off by default is asked for by its tag. */
  readonly includeIntrusive: boolean
  /** Workflows run only when they are asked for, here or by id: their templates run anyway. */
  readonly workflows: boolean
  /** Only what carries the signature of a known signer. */
  readonly signedOnly: boolean
}

export const everything: Selection = { tags: [], excludeTags: [], severities: [], ids: [], includeIntrusive: false, workflows: false, signedOnly: false }

export type Skipped = 'not_selected' | 'not_runnable' | 'intrusive' | 'self_contained' | 'workflow' | 'unsigned' | 'global'

/** Of templates that look at everybody's answers; by this tag they are asked for. */
const globalTag = 'global-matchers'

/** Off until asked for: by tag, and why. */
export const offByDefault: Readonly<Record<string, string>> = {
  'intrusive': 'changes something on the target or leaves something there',
  'dos': 'may stop the target',
  'fuzz': 'sends many guesses to see what breaks',
  'fuzzing': 'sends many guesses to see what breaks',
  'bruteforce': 'guesses passwords and names',
  'brute-force': 'guesses passwords and names',
  'local': 'is for the files and commands of the machine that it runs on',
  'txt-service': 'names services from free text and is often wrong',
}

/** The templates to run, in their order, and how many are left out for which reason. */
export function select(templates: readonly Template[], selection: Selection): { readonly chosen: readonly Template[]; readonly skipped: Readonly<Partial<Record<Skipped, number>>> } {
  const tags = new Set(selection.tags.map(plain))
  const excluded = new Set(selection.excludeTags.map(plain))
  const ids = selection.ids.map(pattern)
  const skipped: Partial<Record<Skipped, number>> = {}
  const reasonFor = (template: Template): Skipped | null => {
    const own = template.info.tags.map(plain)
    if (own.some((tag) => excluded.has(tag))) return 'not_selected'
    if (tags.size > 0 && !own.some((tag) => tags.has(tag))) return 'not_selected'
    if (selection.severities.length > 0 && !selection.severities.includes(template.info.severity)) return 'not_selected'
    if (ids.length > 0 && !ids.some((id) => id.test(template.id))) return 'not_selected'
    if (template.support.status !== 'runnable') return 'not_runnable'
    if (selection.signedOnly && template.signature?.state !== 'verified') return 'unsigned'
    if (selection.ids.includes(template.id)) return null
    if (template.workflow.length > 0 && !selection.workflows) return 'workflow'
    if (!tags.has(globalTag) && template.blocks.some((block) => block.protocol === 'http' && block.globalMatchers)) return 'global'
    // There is no target in it whose owner has been proven.
    if (template.selfContained) return 'self_contained'
    return isOff(template, selection) ? 'intrusive' : null
  }
  const chosen = templates.filter((template) => {
    const reason = reasonFor(template)
    if (reason !== null) skipped[reason] = (skipped[reason] ?? 0) + 1
    return reason === null
  })
  return { chosen, skipped }
}

/** May a workflow that was chosen run this one? What it is chosen by (tags, severities) is the workflow's matter, what is off is not. */
export function allowedInWorkflow(template: Template, selection: Selection): boolean {
  if (template.support.status !== 'runnable' || template.selfContained || (selection.signedOnly && template.signature?.state !== 'verified')) return false
  const excluded = new Set(selection.excludeTags.map(plain))
  return !template.info.tags.some((tag) => excluded.has(plain(tag))) && (selection.ids.includes(template.id) || !isOff(template, selection))
}

function isOff({ info }: Template, selection: Selection): boolean {
  const tags = new Set(selection.tags.map(plain))
  return info.tags.map(plain).some((tag) => Object.hasOwn(offByDefault, tag) && !tags.has(tag) && !(tag === 'intrusive' && selection.includeIntrusive))
}

const plain = (tag: string): string => tag.trim().toLowerCase()
const pattern = (id: string): RegExp => new RegExp(`^${id.split('*').map((part) => part.replace(/[^\w-]/g, String.raw`\$&`)).join('.*')}$`, 'i')
