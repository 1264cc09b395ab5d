// All templates of a folder with what finds one: by id, by path, by tag. Ids are unique: of two files with one id the second is refused, in the order in which
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
  /** Also those that only workflows name, where `templateFile` had them. */
  readonly byPath: ReadonlyMap<string, Template>
  /** In lower case, as tags are kept. */
  readonly byTag: ReadonlyMap<string, readonly Template[]>
}
export type LibraryOptions = ReadOptions & {
  /** A template that a workflow names and nobody added, by its path relative to the folder of the templates, never with '..'; null where there is none. */
  readonly templateFile?: (path: string) => Uint8Array | null
}

export interface LibraryReader {
  /** `path` with '/', relative to the folder of the templates. Never throws for what the content is. */
  add(path: string, content: Uint8Array): void
  done(): Library
}

export function readLibrary(files: Iterable<{ readonly path: string; readonly content: Uint8Array }>, options: LibraryOptions = {}): Library {
  const reader = createLibraryReader(options)
  for (const { path, content } of files) reader.add(path, content)
  return reader.done()
}

/** For whoever reads files one after the other and shows how far it is. */
export function createLibraryReader(options: LibraryOptions = {}): LibraryReader {
  const read = createReader(options)
  const byId = new Map<string, Template>()
  const refused: Refused[] = []
  return {
    add(path, content) {
      const result = read(path, content)
      if ('refusal' in result) {
        refused.push({ file: path, problem: result.refusal })
        return
      }
      const { template } = result
      const first = byId.get(template.id)
      if (first === undefined) byId.set(template.id, template)
      else refused.push({ file: path, problem: { code: 'duplicate_id', place: 'id', reason: `The id ${template.id} is that of ${first.file}; each template has its own.` } })
    },
    done() {
      const own = [...byId.values()]
      const byPath = new Map(own.map((template) => [template.file, template]))
      const named = own.flatMap((template) => namedFiles(template.workflow, byPath, options, read))
      const known: Known = { files: byPath, tags: new Set(own.flatMap(({ info }) => info.tags)) }
      return libraryOf(own.map((template) => withSteps(template, known)), named, refused)
    },
  }
}

/** `named`: those that are there only because workflows name them. */
export function libraryOf(templates: readonly Template[], named: readonly Template[], refused: readonly Refused[]): Library {
  const byTag = new Map<string, Template[]>()
  for (const template of templates) {
    for (const tag of new Set(template.info.tags)) {
      const tagged = byTag.get(tag)
      if (tagged === undefined) byTag.set(tag, [template])
      else tagged.push(template)
    }
  }
  return { templates, refused, byId: new Map(templates.map((template) => [template.id, template])), byPath: new Map([...templates, ...named].map((template) => [template.file, template])), byTag }
}

function* stepsOf(steps: readonly WorkflowStep[], place = 'workflows'): Generator<{ readonly step: WorkflowStep; readonly place: string }> {
  for (const [index, step] of steps.entries()) {
    const at = `${place}[${index}]`
    yield { step, place: at }
    for (const [number, matcher] of step.matchers.entries()) yield* stepsOf(matcher.steps, `${at}.matchers[${number}].subtemplates`)
    yield* stepsOf(step.subtemplates, `${at}.subtemplates`)
  }
}

/** Reads what a workflow names and is not known yet; `byPath` knows it then. */
function namedFiles(workflow: readonly WorkflowStep[], byPath: Map<string, Template>, options: LibraryOptions, read: ReturnType<typeof createReader>): Template[] {
  if (options.templateFile === undefined) return []
  const found: Template[] = []
  for (const { step } of stepsOf(workflow)) {
    if (step.template === null || byPath.has(step.template)) continue
    const content = options.templateFile(step.template)
    const result = content === null ? null : read(step.template, content)
    if (result === null || 'refusal' in result) continue
    found.push(result.template)
    byPath.set(step.template, result.template)
  }
  return found
}

type Known = { readonly files: ReadonlyMap<string, Template>; readonly tags: ReadonlySet<string> }

/** A workflow lacks what it names and nobody has. A name is a file, or a folder. */
function withSteps(template: Template, known: Known): Template {
  if (template.support.status === 'parsed') return template
  for (const { step, place } of stepsOf(template.workflow)) {
    const lacks = step.template === null
      ? step.tags.some((tag) => known.tags.has(tag)) ? null : `No template here has the tag ${step.tags.join(' or ')}; name the whole folder of templates.`
      : known.files.has(step.template) || hasFolder(known.files, step.template) ? null : `There is no template ${step.template} here; name the whole folder of templates.`
    if (lacks !== null) return lacking(template, { code: 'needs_template', place, reason: lacks })
  }
  // It begins with its first templates: where none of them can be run, nothing of it is.
  const first = template.workflow.map((step) => (step.template === null ? undefined : known.files.get(step.template)))
  const cannot = first.flatMap((begun) => (begun?.support.status === 'parsed' ? [{ begun, problem: begun.support.problem }] : []))
  const [one] = cannot
  return one === undefined || cannot.length < first.length ? template : lacking(template, { code: one.problem.code, place: 'workflows[0].template', reason: `${one.begun.file} cannot be run here: ${one.problem.reason}` })
}

const lacking = (template: Template, problem: Problem): Template => ({ ...template, support: { status: 'parsed', problem } })

function hasFolder(files: ReadonlyMap<string, Template>, folder: string): boolean {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  for (const path of files.keys()) if (path.startsWith(prefix)) return true
  return false
}
