// A file becomes a Template, or a Problem that says what and where: nothing is ever thrown for what a file holds, and nothing is kept that could not be
// written as JSON. Defended by read.test.ts (forms, places, mutated templates) and library.integration.test.ts (all public templates).
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { Fields, textOf } from './fields.ts'
import type { Bytes, Classification, Info, Problem, Severity, Template, WorkflowStep } from './model.ts'
import { TemplateError } from './problem.ts'
import { blockFields, readBlocks } from './read-blocks.ts'
import { condition } from './read-operators.ts'
import { publicTemplatesKey, signatureOf } from './signature.ts'
import type { Keys } from './signature.ts'
import { createChecks } from './support.ts'
import type { Checks } from './support.ts'
import { parseYaml } from './yaml.ts'
import type { Yaml } from './yaml.ts'

export type ReadOptions = {
  /** The content of a file of payloads by its path relative to the folder of the templates ('helpers/wordlists/users.txt'), never with '..'; null where there is none. Without it no file is. */
  readonly payloadFile?: (path: string) => Uint8Array | null
  /** Of signers that are known; ProjectDiscovery's where nothing is said. */
  readonly keys?: Keys
}
export type ReadTemplate = { readonly template: Template } | { readonly refusal: Problem }

export const MAX_FILE_BYTES = 8 * 1024 * 1024
export const MAX_PAYLOAD_FILE_BYTES = 64 * 1024 * 1024
const MAX_PAYLOAD_LINES = 1_000_000
export const publicKeys: Keys = new Map([publicTemplatesKey])

/** `file`: its path with '/', relative to the folder of the templates. Never throws for what the content is. */
export function readTemplate(file: string, content: Uint8Array, options: ReadOptions = {}): ReadTemplate {
  return createReader(options)(file, content)
}

/** Reads many files; what they have in common (payload files, expressions that were checked) is read once. */
export function createReader(options: ReadOptions): (file: string, content: Uint8Array) => ReadTemplate {
  const checks = createChecks()
  const lists = new Map<string, readonly Bytes[] | null>()
  const lines = (path: string): readonly Bytes[] | null => {
    const known = lists.get(path)
    if (known !== undefined) return known
    const content = options.payloadFile?.(path) ?? null
    const list = content === null ? null : linesOf(path, content)
    lists.set(path, list)
    return list
  }
  const keys = options.keys ?? publicKeys
  return (file, content) => {
    try {
      return { template: read(file, content, { lines, keys, checks }) }
    } catch (error) {
      if (error instanceof TemplateError) return { refusal: error.problem }
      // JavaScript's own limit, should no other have held before.
      if (error instanceof RangeError) return { refusal: { code: 'field_invalid', place: '', reason: 'An expression or a flow is nested too deeply, or would need more memory than there is.' } }
      throw error
    }
  }
}

type Shared = { readonly lines: (path: string) => readonly Bytes[] | null; readonly keys: Keys; readonly checks: Checks }

const topFields = new Set(['id', 'info', 'flow', ...blockFields, 'workflows', 'self-contained', 'stop-at-first-match', 'signature', 'variables', 'constants'])
const idForm = /^(?:[a-zA-Z0-9]+[-_])*[a-zA-Z0-9]+$/

function read(file: string, content: Uint8Array, { lines, keys, checks }: Shared): Template {
  const node = parseYaml(decoded(content))
  if (!(node instanceof Map) || !['id', 'info', 'workflows', ...blockFields].some((name) => (node as ReadonlyMap<string, Yaml>).has(name))) throw new TemplateError('not_a_template', 'line 1', 'A template is a mapping with "id", "info" and what is to be sent.')
  const fields = new Fields(node as Yaml, '', topFields)
  const id = fields.words('id')
  if (id === null || id === '') throw new TemplateError('id_missing', 'id', 'A template has an "id".')
  if (id.length > 300 || !idForm.test(id)) throw new TemplateError('id_invalid', 'id', `"${id.slice(0, 80)}" is no id: letters, digits, and single - or _ between them.`)
  const workflow = fields.items('workflows').map(({ node: step, place }) => readStep(step, place, true))
  const info = readInfo(fields)
  const problems: Problem[] = []
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : ''
  const blocks = readBlocks(fields, { lines: (path, place) => payloadLines(path, folder, (found) => placed(place, () => lines(found))), lacks: (problem) => problems.push(problem) })
  if (blocks.length === 0 && workflow.length === 0) throw new TemplateError('nothing_to_do', '', 'A template has blocks (http, dns, tcp, ssl, file, websocket) or workflows.')
  const draft = {
    id, file, hash: createHash('sha256').update(content).digest('hex'), info, signature: signatureOf(content, keys), variables: fields.values('variables'), constants: fields.values('constants'),
    selfContained: fields.flag('self-contained'), stopAtFirstMatch: fields.flag('stop-at-first-match'), flow: fields.text('flow'), blocks, workflow,
  }
  const problem = checks.lacking(draft, problems)
  return { ...draft, support: problem === null ? { status: 'runnable' } : { status: 'parsed', problem } }
}

function decoded(content: Uint8Array): string {
  if (content.length > MAX_FILE_BYTES) throw new TemplateError('file_too_large', 'line 1', `The file has more than ${MAX_FILE_BYTES} bytes.`)
  if (!isUtf8(content) || content.includes(0)) throw new TemplateError('not_text', 'line 1', 'The file is no UTF-8 text.')
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8').replace(/^\uFEFF/, '')
}

// ---- payload files ----

/** As Nuclei looks for them: from the folder of the templates, then beside the template. Never above. */
function payloadLines(written: string, folder: string, lines: Shared['lines']): readonly Bytes[] | null {
  for (const base of folder === '' ? [''] : ['', folder]) {
    const path = resolved(base, written)
    const found = path === null ? null : lines(path)
    if (found !== null) return found
  }
  return null
}

/** A file's fault is told where the template names it. */
function placed<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof TemplateError ? new TemplateError(error.problem.code, place, `${error.problem.place}: ${error.problem.reason}`) : error
  }
}

function resolved(base: string, written: string): string | null {
  if (/^[\\/]|^[a-zA-Z]:|\\|\0/.test(written)) return null
  const parts: string[] = base === '' ? [] : base.split('/')
  for (const part of written.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return null
    } else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function linesOf(path: string, content: Uint8Array): readonly Bytes[] {
  if (content.length > MAX_PAYLOAD_FILE_BYTES) throw new TemplateError('payload_invalid', path, `The file has more than ${MAX_PAYLOAD_FILE_BYTES} bytes.`)
  let count = 0
  for (let at = content.indexOf(10); at !== -1 && count <= MAX_PAYLOAD_LINES; at = content.indexOf(10, at + 1)) count += 1
  if (count > MAX_PAYLOAD_LINES) throw new TemplateError('payload_explosion', path, `The file has more than ${MAX_PAYLOAD_LINES} lines.`)
  const list = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1').split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line)).filter((line) => line !== '')
  if (list.length === 0) throw new TemplateError('payload_invalid', path, 'The file has no lines.')
  return list
}

// ---- info ----

const infoFields = new Set(['name', 'author', 'tags', 'description', 'impact', 'reference', 'severity', 'metadata', 'classification', 'remediation'])
const classificationFields = new Set(['cve-id', 'cwe-id', 'cvss-metrics', 'cvss-score', 'epss-score', 'epss-percentile', 'cpe'])
const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical', 'unknown']

function readInfo(top: Fields): Info {
  const node = top.raw('info')
  if (node === null) throw new TemplateError('info_missing', 'info', 'A template has "info" with a name and an author.')
  const info = new Fields(node, 'info', infoFields)
  const name = info.words('name')?.trim()
  if (name === undefined || name === '') throw new TemplateError('info_missing', 'info.name', 'A template has a name.')
  const authors = several(info, 'author')
  if (authors.length === 0) throw new TemplateError('info_missing', 'info.author', 'A template has an author.')
  const severity = info.words('severity')?.trim().toLowerCase() ?? 'unknown'
  if (!severities.includes(severity as Severity)) throw new TemplateError('severity_invalid', 'info.severity', `"${severity.slice(0, 40)}" is none of ${severities.join(', ')}.`)
  const said = (field: string): string | null => info.words(field)?.trim() || null
  return {
    name, authors, severity: severity as Severity, tags: several(info, 'tags').map((tag) => tag.toLowerCase()), description: said('description'), impact: said('impact'), remediation: said('remediation'),
    references: list(info, 'reference'), classification: readClassification(info), metadata: info.values('metadata', (text) => text),
  }
}

function readClassification(info: Fields): Classification {
  const node = info.raw('classification')
  const fields = node === null ? null : new Fields(node, 'info.classification', classificationFields)
  const identifiers = (name: string): string[] => (fields === null ? [] : several(fields, name).map((one) => one.toUpperCase()))
  const said = (name: string): string | null => fields?.words(name)?.trim() || null
  const number = (name: string): number | null => {
    const text = said(name)
    if (text === null) return null
    const value = Number(text)
    if (!Number.isFinite(value)) throw new TemplateError('field_invalid', `info.classification.${name}`, `Here a number is expected, and there is "${text.slice(0, 40)}".`)
    return value
  }
  return { cve: identifiers('cve-id'), cwe: identifiers('cwe-id'), cpe: said('cpe'), cvssMetrics: said('cvss-metrics'), cvssScore: number('cvss-score'), epssScore: number('epss-score'), epssPercentile: number('epss-percentile') }
}

function list(fields: Fields, name: string): string[] {
  const node = fields.raw(name)
  if (node === null) return []
  const texts = Array.isArray(node) ? (node as readonly Yaml[]).map((item, index) => textOf(item, `${fields.at(name)}[${index}]`)) : textOf(node, fields.at(name)).split('\n')
  return texts.map((text) => text.trim()).filter((text) => text !== '')
}

/** A list, or one text with commas. */
const several = (fields: Fields, name: string): string[] => list(fields, name).flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== '')

// ---- workflows ----

const stepFields = new Set(['template', 'tags', 'subtemplates', 'matchers'])
const stepMatcherFields = new Set(['name', 'condition', 'subtemplates'])

function readStep(node: Yaml, place: string, top: boolean): WorkflowStep {
  const fields = new Fields(node, place, stepFields)
  const template = fields.words('template')?.trim() || null
  const tags = several(fields, 'tags').map((tag) => tag.toLowerCase())
  if (template === null && tags.length === 0) throw new TemplateError('request_invalid', place, `A ${top ? 'workflow' : 'step'} names a "template" or "tags".`)
  const path = template === null ? null : resolved('', template)
  if (template !== null && path === null) throw new TemplateError('request_invalid', fields.at('template'), `${template.slice(0, 200)} is not beneath the folder of the templates.`)
  return {
    template: path, tags,
    matchers: fields.items('matchers').map(({ node: matcher, place: at }) => {
      const one = new Fields(matcher, at, stepMatcherFields)
      return { names: several(one, 'name'), condition: condition(one, 'condition'), steps: one.items('subtemplates').map((step) => readStep(step.node, step.place, false)) }
    }),
    subtemplates: fields.items('subtemplates').map((step) => readStep(step.node, step.place, false)),
  }
}

