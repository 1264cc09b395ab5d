// All templates of a folder with what finds one: by id, by path, by tag. Ids are unique: of two files with one id the second is refused, by order of paths as
// they came. Workflows are judged once all files are known. Defended by library.test.ts and library.integration.test.ts.
import type { Problem, Template, WorkflowStep } from './model.ts'
import { createReader } from './read.ts'
import type { ReadOptions } from './read.ts'

export type Refused = { readonly file: string; readonly problem: Problem }
export type Library = {
  /** In the order of the files. */
  readonly templates: readonly Template[]
  readonly refused: readonly Refused[]
  readonly byId: ReadonlyMap<string, Template>
  readonly byPath: ReadonlyMap<string, Template>
  /** In lower case, as tags are kept. */
  readonly byTag: ReadonlyMap<string, readonly Template[]>
}

/** Never throws for what files hold. Paths with '/', relative to the folder of the templates. */
export function readLibrary(files: Iterable<{ readonly path: string; readonly content: Uint8Array }>, options: ReadOptions = {}): Library {
  const read = createReader(options)
  const byId = new Map<string, Template>()
  const refused: Refused[] = []
  for (const { path, content } of files) {
    const result = read(path, content)
    if ('refusal' in result) {
      refused.push({ file: path, problem: result.refusal })
      continue
    }
    const { template } = result
    const first = byId.get(template.id)
    if (first === undefined) byId.set(template.id, template)
    else refused.push({ file: path, problem: { code: 'duplicate_id', place: 'id', reason: `The id ${template.id} is that of ${first.file}; each template has its own.` } })
  }
  const paths = new Set([...byId.values()].map(({ file }) => file))
  return libraryOf([...byId.values()].map((template) => withSteps(template, paths)), refused)
}

export function libraryOf(templates: readonly Template[], refused: readonly Refused[]): Library {
  const byTag = new Map<string, Template[]>()
  for (const template of templates) {
    for (const tag of new Set(template.info.tags)) {
      const tagged = byTag.get(tag)
      if (tagged === undefined) byTag.set(tag, [template])
      else tagged.push(template)
    }
  }
  return { templates, refused, byId: new Map(templates.map((template) => [template.id, template])), byPath: new Map(templates.map((template) => [template.file, template])), byTag }
}

/** A workflow lacks what it names and nobody has. A name is a file, or a folder. */
function withSteps(template: Template, paths: ReadonlySet<string>): Template {
  const missing = template.workflow.length === 0 ? null : missingStep(template.workflow, 'workflows', paths)
  if (missing === null || template.support.status === 'parsed') return template
  return { ...template, support: { status: 'parsed', problem: { code: 'needs_template', place: missing.place, reason: `There is no template ${missing.name}.` } } }
}

function missingStep(steps: readonly WorkflowStep[], place: string, paths: ReadonlySet<string>): { place: string; name: string } | null {
  for (const [index, step] of steps.entries()) {
    const at = `${place}[${index}]`
    if (step.template !== null && !paths.has(step.template) && !hasFolder(paths, step.template)) return { place: `${at}.template`, name: step.template }
    for (const [number, matcher] of step.matchers.entries()) {
      const found = missingStep(matcher.steps, `${at}.matchers[${number}].subtemplates`, paths)
      if (found !== null) return found
    }
    const found = missingStep(step.subtemplates, `${at}.subtemplates`, paths)
    if (found !== null) return found
  }
  return null
}

function hasFolder(paths: ReadonlySet<string>, folder: string): boolean {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  for (const path of paths) if (path.startsWith(prefix)) return true
  return false
}
