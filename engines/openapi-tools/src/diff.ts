// What changes for a model that calls the tools, and for whoever approved them. Operations that are the same to the letter, with all they refer to, are told
// apart first and cost next to nothing. Defended by diff.test.ts (each kind with a positive and a near miss), diff.integration.test.ts (same is empty, order and
// references do not count, the reverse says the reverse) and tests/conformance/openapi/oasdiff.test.ts (203 cases of another differ).
import { gradeOf, grades } from './diff-kinds.ts'
import type { ChangeKind, Grade } from './diff-kinds.ts'
import { createSameness } from './diff-same.ts'
import type { Sameness } from './diff-same.ts'
import { createSchemaDiff, textChange } from './diff-schema.ts'
import type { Difference, SchemaDiff, Side } from './diff-schema.ts'
import { canonical, createShapes } from './diff-shape.ts'
import type { Conjunction } from './diff-shape.ts'
import type { Json, Operation, Parameter, SecurityScheme, Sources, Tool, ToolSet } from './model.ts'
import { isObject } from './object.ts'

export type Change = {
  readonly grade: Grade
  readonly kind: ChangeKind
  /** Its key in the head, or in the base where the tool is gone. */
  readonly operation: string
  /** Its name in the head, or in the base where it is gone. */
  readonly tool: string
  /** 'body.address.zip', 'output.items[].name', 'security', 'servers'; '' is the tool itself. */
  readonly place: string
  /** In English, one sentence. */
  readonly detail: string
  /** The operation in the document that `in` names, as a JSON pointer. */
  readonly at: string
  readonly in: 'base' | 'head'
}

/** Of one tool. What is left out is counted and never of a higher grade than what is shown. */
const mostOfOneTool = 200

/**
 * From `base` to `head`, in order of tools and places; grades and kinds as diff-kinds.ts has them. Operations are the same when their method and path are, when
 * only the names of path variables differ, or when their operationId is. Total for whatever toTools gives.
 */
export function diff(base: ToolSet, head: ToolSet): Change[] {
  const same = createSameness(base.document, head.document)
  const schemas = createSchemaDiff(createShapes(base.document), createShapes(head.document), same)
  const guarded = base.tools.some(({ operation }) => operation.security.length > 0)
  const { pairs, gone, come } = pairUp(base.tools, head.tools)
  const found: Change[][] = []
  for (const tool of gone) {
    const why = head.skipped.find(({ key }) => key === tool.operation.key)
    found.push([change(tool, 'base', 'tool-removed', '', why === undefined ? `${tool.operation.key} is gone.` : `${tool.operation.key} can no longer be converted (${why.code}): ${why.reason.replace(/\.$/, '')}.`)])
  }
  for (const tool of come) {
    const power = powerOf(tool)
    const open = power > 0 && guarded && isAnonymous(tool.operation.security)
    found.push([change(tool, 'head', open ? 'unguarded-tool-added' : (['tool-added', 'writing-tool-added', 'destructive-tool-added'] as const)[power], '', `${tool.operation.key} is new${open ? ', writes and asks for no credentials' : ['', ' and writes', ' and may overwrite or delete'][power]}.`)])
  }
  for (const [old, now] of pairs) {
    const changes = compareTools({ base, head, schemas, same }, old, now)
    if (changes.length > 0) found.push(limited(now, changes).sort((a, b) => order(a.place, b.place) || order(a.kind, b.kind) || order(a.detail, b.detail)))
  }
  return found.sort(([a], [b]) => order(a!.tool, b!.tool) || order(a!.operation, b!.operation)).flat()
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function change(tool: Tool, side: 'base' | 'head', kind: ChangeKind, place: string, detail: string, grade: Grade = gradeOf(kind)): Change {
  return { grade, kind, operation: tool.operation.key, tool: tool.name, place, detail, at: tool.operation.at, in: side }
}

/** 0 reads, 1 adds, 2 overwrites or deletes: what MCP's hints say, or leave open. */
function powerOf({ annotations }: Tool): 0 | 1 | 2 {
  return annotations.readOnlyHint === true ? 0 : annotations.destructiveHint === false ? 1 : 2
}

function pairUp(base: readonly Tool[], head: readonly Tool[]): { pairs: (readonly [Tool, Tool])[]; gone: Tool[]; come: Tool[] } {
  const pairs: (readonly [Tool, Tool])[] = []
  let gone = [...base]
  let come = [...head]
  const by = (identity: (operation: Operation) => string | null): void => {
    if (gone.length === 0 || come.length === 0) return
    const count = (tools: readonly Tool[]): Map<string, Tool | null> => {
      const found = new Map<string, Tool | null>()
      for (const tool of tools) {
        const key = identity(tool.operation)
        if (key !== null) found.set(key, found.has(key) ? null : tool)
      }
      return found
    }
    const [left, right] = [count(gone), count(come)]
    const taken = new Set<Tool>()
    for (const [key, old] of left) {
      const now = right.get(key)
      if (old === null || now === null || now === undefined) continue
      pairs.push([old, now])
      taken.add(old).add(now)
    }
    gone = gone.filter((tool) => !taken.has(tool))
    come = come.filter((tool) => !taken.has(tool))
  }
  by(({ key }) => key)
  by(({ method, path }) => `${method} ${path.replaceAll(/\{[^{}]*\}/g, '{}')}`)
  by(({ operationId }) => operationId)
  return { pairs, gone, come }
}

/** The worst first; the rest as one line. */
function limited(tool: Tool, changes: Change[]): Change[] {
  if (changes.length <= mostOfOneTool) return changes
  const sorted = changes.toSorted((a, b) => grades.indexOf(b.grade) - grades.indexOf(a.grade))
  const rest = sorted.slice(mostOfOneTool)
  return [...sorted.slice(0, mostOfOneTool), change(tool, 'head', 'more-changes', '', `${rest.length} more changes of this tool are not listed, none of them graded higher than ${rest[0]!.grade}.`, rest[0]!.grade)]
}

type Both = { readonly base: ToolSet; readonly head: ToolSet; readonly schemas: SchemaDiff; readonly same: Sameness }

function compareTools({ base, head, schemas, same }: Both, old: Tool, now: Tool): Change[] {
  const changes: Change[] = []
  const tell = (kind: ChangeKind, place: string, detail: string): void => void changes.push(change(now, 'head', kind, place, detail))
  const [was, is] = [old.operation, now.operation]

  if (old.name !== now.name) tell('tool-renamed', '', `The tool is called ${now.name} instead of ${old.name}.`)
  else if (was.operationId !== is.operationId) tell('operation-id-changed', '', `The operationId is ${quoted(is.operationId ?? '')} instead of ${quoted(was.operationId ?? '')}.`)
  if (was.path !== is.path && anonymousPath(was.path) !== anonymousPath(is.path)) tell('path-changed', '', `The tool calls ${is.path} instead of ${was.path}.`)
  if (was.method !== is.method) tell('method-changed', '', `The tool calls ${is.method} instead of ${was.method}.`)
  if (old.title !== now.title) tell('title-changed', 'title', `The tool ${textChange('title', old.title, now.title)}.`)
  const [before, after] = [descriptionOf(old), descriptionOf(now)]
  if (before !== after) tell('description-changed', 'description', `The tool ${textChange('description', before, after)}.`)
  else if (old.title === now.title && (was.summary !== is.summary || was.description !== is.description)) tell('text-changed', '', 'The summary or description changed where the tool does not show it.')
  if (was.deprecated !== is.deprecated) tell(is.deprecated ? 'deprecated' : 'no-longer-deprecated', '', `The operation is ${is.deprecated ? '' : 'no longer '}deprecated.`)
  if (was.tags.toSorted().join('\n') !== is.tags.toSorted().join('\n')) tell('tags-changed', '', `The tags are ${is.tags.join(', ') || 'none'} instead of ${was.tags.join(', ') || 'none'}.`)
  comparePower(old, now, tell)
  const wishes = [base, head].map((set, at) => wishOf(set, at === 0 ? was : is))
  if (wishes[0] !== wishes[1] && canonical(wishes[0]!) !== canonical(wishes[1]!)) tell('x-mcp-changed', '', 'What x-mcp says of the operation changed.')
  compareSecurity(was.security, is.security, tell)
  compareServers(was.servers, is.servers, tell)
  compareAnswers(was, is, tell)

  const [left, right] = [base.sources(old), head.sources(now)]
  const walk = (a: Conjunction, b: Conjunction, side: Side, place: string): void => {
    for (const difference of schemas.compare(a, b, side)) changes.push(change(now, 'head', difference.kind, place + difference.below, sentence(place, difference)))
  }
  compareParameters(was, is, left, right, same, walk, tell)
  compareBodies(was, is, left, right, walk, tell)
  if (left.answers.length > 0 && right.answers.length > 0) walk(answerOf(left), answerOf(right), 'output', 'output')
  else if (left.answers.length > 0) tell('output-removed', 'output', 'The answer has no described structure any more.')
  else if (right.answers.length > 0) tell('output-added', 'output', 'The answer has a described structure now.')
  return changes
}

type Tell = (kind: ChangeKind, place: string, detail: string) => void

/** A tool that nobody described says its method and path, which are compared by themselves. */
const descriptionOf = ({ description, operation }: Tool): string => (description === operation.key ? '' : description)
const quoted = (text: string): string => JSON.stringify(text)
const anonymousPath = (path: string): string => path.replaceAll(/\{[^{}]*\}/g, '{}')
const sentence = (place: string, { below, says }: Difference): string => `${place}${below} ${says}.`

function wishOf({ document }: ToolSet, { at, path, method }: Operation): Json {
  // Nearly every operation stands where its path and method say; pointers are read for the others.
  const { paths } = document.root
  const item = isObject(paths) ? paths[path] : undefined
  let raw = isObject(item) ? item[method.toLowerCase()] : undefined
  if (raw === undefined) {
    const found = document.resolve(at)
    raw = 'code' in found ? undefined : found.value
  }
  return (isObject(raw) ? raw['x-mcp'] ?? raw['x-speakeasy-mcp'] : undefined) ?? null
}

function comparePower(old: Tool, now: Tool, tell: Tell): void {
  const [was, is] = [powerOf(old), powerOf(now)]
  if (is > was) tell(is === 2 ? 'became-destructive' : 'became-writing', 'annotations', is === 2 ? 'The tool may overwrite or delete now.' : 'The tool writes now, it only read.')
  if (is < was) tell(was === 2 ? 'no-longer-destructive' : 'no-longer-writing', 'annotations', is === 0 ? 'The tool only reads now.' : 'The tool only adds now, it does not overwrite or delete any more.')
  // A tool that only reads can be called again whatever its hints say.
  const again = [old, now].map((tool) => powerOf(tool) === 0 || tool.annotations.idempotentHint === true)
  if (again[0] !== again[1]) tell(again[1] === true ? 'became-idempotent' : 'no-longer-idempotent', 'annotations', again[1] === true ? 'Calling twice does the same as calling once now.' : 'Calling twice no longer does the same as calling once.')
}

// ---- arguments

function compareParameters(was: Operation, is: Operation, left: Sources, right: Sources, same: Sameness, walk: (a: Conjunction, b: Conjunction, side: Side, place: string) => void, tell: Tell): void {
  const gone = new Set(was.parameters)
  const come = new Set(is.parameters)
  const pairs: (readonly [Parameter, Parameter])[] = []
  const by = (identity: (parameter: Parameter, operation: Operation) => string | null): void => {
    for (const old of gone) {
      const key = identity(old, was)
      if (key === null) continue
      for (const now of come) {
        if (identity(now, is) !== key) continue
        pairs.push([old, now])
        gone.delete(old)
        come.delete(now)
        break
      }
    }
  }
  by((parameter) => `${parameter.in} ${nameOf(parameter)}`)
  by((parameter) => (parameter.constant === undefined ? parameter.argument : null))
  // The same variable of the path under another name.
  by((parameter, { path }) => (parameter.in === 'path' ? String([...path.matchAll(/\{([^{}]*)\}/g)].findIndex(([, name]) => name === parameter.name)) : null))

  for (const old of gone) {
    if (old.constant === undefined) tell('argument-removed', old.argument, `${old.argument} is gone.`)
    else tell('constant-changed', old.name, `${old.name} is not sent any more, it was always ${canonical(old.constant)}.`)
  }
  for (const now of come) {
    if (now.constant !== undefined) tell('constant-changed', now.name, `${now.name} is always sent as ${canonical(now.constant)}, which the model does not see.`)
    else tell(now.required ? 'required-argument-added' : 'argument-added', now.argument, `${now.argument} is new and ${now.required ? 'required' : 'optional'}.`)
  }
  const schemaOf = ({ parameters }: Sources, parameter: Parameter): Conjunction => {
    const source = parameters.find((each) => each.parameter === parameter)
    if (source === undefined) return []
    // What stands at the parameter belongs to the argument as what stands in its schema does.
    const deprecated = source.description.startsWith('Deprecated. ')
    const description = deprecated ? source.description.slice('Deprecated. '.length) : source.description
    return [source.schema, ...(source.description === '' ? [] : [{ description, deprecated }])]
  }
  for (const [old, now] of pairs) {
    const place = now.argument
    if (old.constant !== undefined || now.constant !== undefined) {
      if (old.constant === undefined) tell('argument-removed', old.argument, `${old.argument} is no argument any more: it is always sent as ${canonical(now.constant!)}.`)
      else if (now.constant === undefined) tell(now.required ? 'required-argument-added' : 'argument-added', place, `${place} is an argument now: it was always sent as ${canonical(old.constant)}.`)
      else if (canonical(old.constant) !== canonical(now.constant)) tell('constant-changed', now.name, `${now.name} is always sent as ${canonical(now.constant)} instead of ${canonical(old.constant)}, which the model does not see.`)
      continue
    }
    if (old.argument !== now.argument) tell('argument-renamed', place, `The argument is called ${now.argument} instead of ${old.argument}.`)
    if (old.in !== now.in || (nameOf(old) !== nameOf(now) && now.in !== 'path')) tell('argument-moved', place, `${place} is sent as ${now.in} parameter ${quoted(now.name)} instead of ${old.in} parameter ${quoted(old.name)}.`)
    else if (old.style !== now.style || old.explode !== now.explode || old.content !== now.content || old.allowReserved !== now.allowReserved) tell('serialisation-changed', place, `${place} is written into the request in another style.`)
    if (old.required !== now.required) tell(now.required ? 'argument-became-required' : 'argument-no-longer-required', place, `${place} is ${now.required ? 'required now' : 'not required any more'}.`)
    const [a, b] = [schemaOf(left, old), schemaOf(right, now)]
    if (!(a.length === b.length && a.every((node, at) => same(node, b[at])))) walk(a, b, 'argument', place)
  }
}

const nameOf = ({ in: place, name }: Parameter): string => (place === 'header' ? name.toLowerCase() : name)

function compareBodies(was: Operation, is: Operation, left: Sources, right: Sources, walk: (a: Conjunction, b: Conjunction, side: Side, place: string) => void, tell: Tell): void {
  const [old, now] = [was.body, is.body]
  if (old === null && now === null) return
  if (old === null) {
    tell(now!.required ? 'required-body-added' : 'body-added', now!.argument, `${now!.argument} is new and ${now!.required ? 'required' : 'optional'}.`)
    return
  }
  if (now === null) {
    tell('body-removed', old.argument, `${old.argument} is gone.`)
    return
  }
  const place = now.argument
  if (old.argument !== now.argument) tell('argument-renamed', place, `The argument is called ${now.argument} instead of ${old.argument}.`)
  if (old.required !== now.required) tell(now.required ? 'argument-became-required' : 'argument-no-longer-required', place, `${place} is ${now.required ? 'required now' : 'not required any more'}.`)
  if (shapeOf(old.kind) !== shapeOf(now.kind)) {
    tell('body-kind-changed', place, `${place} is sent as ${now.mediaType} instead of ${old.mediaType}, which takes another shape.`)
    return
  }
  if (mediaName(old.mediaType) !== mediaName(now.mediaType)) tell('body-media-type-changed', place, `${place} is sent as ${now.mediaType} instead of ${old.mediaType}.`)
  const text = ({ body }: Sources): Conjunction => (body === null || body.description === '' ? [] : [{ description: body.description }])
  const schema = ({ body }: Sources): Conjunction => (now.kind === 'binary' || body === null ? [] : [body.schema])
  walk([...schema(left), ...text(left)], [...schema(right), ...text(right)], 'argument', place)
}

// An object with the same properties, whichever of the three it is written as.
const shapeOf = (kind: string): string => (kind === 'form' || kind === 'multipart' ? 'json' : kind)
const mediaName = (mediaType: string): string => mediaType.split(';')[0]!.trim().toLowerCase()

// ---- answers

const answerOf = ({ answers }: Sources): Conjunction => (answers.length === 1 ? answers : [{ oneOf: answers }])

function compareAnswers(was: Operation, is: Operation, tell: Tell): void {
  const good = (status: string): boolean => status.startsWith('2')
  const [old, now] = [was, is].map(({ answers }) => new Map(answers.map((answer) => [answer.status.toUpperCase(), answer]))) as [Map<string, Operation['answers'][number]>, Map<string, Operation['answers'][number]>]
  const bad: string[] = []
  for (const status of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    const [before, after] = [old.get(status), now.get(status)]
    if (!good(status)) {
      if ((before === undefined) !== (after === undefined)) bad.push(`${status} is ${after === undefined ? 'gone' : 'new'}`)
    } else if (after === undefined) tell('answer-removed', `output (${status})`, `The status ${status} is not answered any more.`)
    else if (before === undefined) tell('answer-added', `output (${status})`, `The status ${status} is a new answer.`)
    else {
      const [types, others] = [before, after].map(({ mediaTypes }) => new Set(mediaTypes.map(mediaName))) as [Set<string>, Set<string>]
      for (const type of types) if (!others.has(type)) tell('answer-media-type-removed', `output (${status})`, `The status ${status} is not answered as ${type} any more.`)
      for (const type of others) if (!types.has(type)) tell('answer-media-type-added', `output (${status})`, `The status ${status} is also answered as ${type}.`)
    }
  }
  if (bad.length > 0) tell('error-answer-changed', 'output', `Answers of failure: ${bad.join(', ')}.`)
}

// ---- security

type Alternative = readonly SecurityScheme[]

const isAnonymous = (security: readonly Alternative[]): boolean => security.length === 0 || security.some((alternative) => alternative.length === 0)
const idsOf = (alternative: Alternative): string => alternative.map(({ id }) => id).sort().join(' and ')
const within = (smaller: Alternative, larger: Alternative): boolean => smaller.length < larger.length && smaller.every(({ id }) => larger.some((scheme) => scheme.id === id))

function compareSecurity(was: readonly Alternative[], is: readonly Alternative[], tell: Tell): void {
  const place = 'security'
  const named = (security: readonly Alternative[]): Alternative[] => security.filter((alternative) => alternative.length > 0)
  if (named(was).length === 0 && named(is).length === 0) return
  if (named(was).length === 0 && !isAnonymous(is)) return tell('security-added', place, `Credentials are asked for: ${is.map(idsOf).join(', or ')}.`)
  if (named(is).length === 0 && !isAnonymous(was)) return tell('security-removed', place, `No credentials are asked for any more, it was ${was.map(idsOf).join(', or ')}.`)
  if (!isAnonymous(was) && isAnonymous(is)) tell('security-weakened', place, 'The tool can also be called without credentials.')
  if (isAnonymous(was) && !isAnonymous(is)) tell('security-strengthened', place, 'The tool can no longer be called without credentials.')
  const gone = new Set(named(was))
  const come = new Set(named(is))
  const match = (fits: (old: Alternative, now: Alternative) => boolean, then: (old: Alternative, now: Alternative) => void): void => {
    for (const old of gone) {
      for (const now of come) {
        if (!fits(old, now)) continue
        gone.delete(old)
        come.delete(now)
        then(old, now)
        break
      }
    }
  }
  match((old, now) => canonicalAlternative(old) === canonicalAlternative(now), () => undefined)
  match((old, now) => idsOf(old) === idsOf(now), (old, now) => {
    for (const scheme of now) compareSchemes(old.find(({ id }) => id === scheme.id)!, scheme, tell)
  })
  match((old, now) => within(now, old), (old, now) => tell('security-weakened', place, `${idsOf(now)} is enough, it was ${idsOf(old)}.`))
  match((old, now) => within(old, now), (old, now) => tell('security-strengthened', place, `${idsOf(now)} is asked for, it was ${idsOf(old)}.`))
  if (gone.size === 1 && come.size === 1) match(() => true, (old, now) => tell('security-changed', place, `${idsOf(now)} is asked for instead of ${idsOf(old)}.`))
  for (const old of gone) tell('security-alternative-removed', place, `${idsOf(old)} does not open the tool any more.`)
  for (const now of come) tell('security-alternative-added', place, `${idsOf(now)} opens the tool too.`)
}

const canonicalAlternative = (alternative: Alternative): string => alternative.map((scheme) => canonical(scheme)).sort().join()

function compareSchemes(was: SecurityScheme, is: SecurityScheme, tell: Tell): void {
  const place = `security.${is.id}`
  if (was.type !== is.type || was.scheme !== is.scheme) tell('security-scheme-changed', place, `Credentials of ${is.id} are sent as ${is.scheme ?? is.type} instead of ${was.scheme ?? was.type}.`)
  else if (was.in !== is.in || was.name !== is.name) tell('credentials-moved', place, `Credentials of ${is.id} are sent in the ${is.in ?? ''} as ${quoted(is.name ?? '')} instead of the ${was.in ?? ''} as ${quoted(was.name ?? '')}.`)
  for (const scope of is.scopes) if (!was.scopes.includes(scope)) tell('scope-added', place, `The scope ${quoted(scope)} is asked for.`)
  for (const scope of was.scopes) if (!is.scopes.includes(scope)) tell('scope-dropped', place, `The scope ${quoted(scope)} is not asked for any more.`)
}

// ---- servers

type Server = { readonly scheme: string; readonly host: string; readonly path: string }

/** Without a host: relative to where the document came from. */
function serverOf(url: string): Server {
  if (!URL.canParse(url)) return { scheme: '', host: '', path: url.replace(/\/+$/, '') }
  const { protocol, hostname, port, pathname } = new URL(url)
  return { scheme: protocol.slice(0, -1), host: port === '' ? hostname : `${hostname}:${port}`, path: pathname.replace(/\/+$/, '') }
}

function compareServers(was: readonly string[], is: readonly string[], tell: Tell): void {
  if (was === is || canonical(was) === canonical(is)) return
  const [first, second] = [was[0], is[0]]
  if (first === undefined || second === undefined) {
    if (second !== undefined) tell('server-added', 'servers', `Calls go to ${second}, which the document did not say.`)
    else if (first !== undefined) tell('server-removed', 'servers', `The document does not say any more where calls go, it was ${first}.`)
    return
  }
  const [old, now] = [serverOf(first), serverOf(second)]
  // The port that comes with the scheme is no other place.
  if (old.host !== now.host) tell('host-changed', 'servers', `Calls go to ${now.host || 'the host of the document'} instead of ${old.host || 'the host of the document'}.`)
  if (old.scheme === 'https' && now.scheme === 'http') tell('scheme-downgraded', 'servers', `Calls go over http instead of https to ${now.host}.`)
  if (old.scheme === 'http' && now.scheme === 'https') tell('scheme-upgraded', 'servers', `Calls go over https instead of http to ${now.host}.`)
  if (old.path !== now.path) tell('server-path-changed', 'servers', `Calls go to the base path ${quoted(now.path || '/')} instead of ${quoted(old.path || '/')}.`)
  const [others, offered] = [was, is].map((urls) => new Set(urls.map((url) => serverOf(url).host))) as [Set<string>, Set<string>]
  for (const host of offered) if (!others.has(host) && host !== now.host) tell('server-offered', 'servers', `${host || 'The host of the document'} is named as another server.`)
  for (const host of others) if (!offered.has(host) && host !== old.host) tell('server-withdrawn', 'servers', `${host || 'The host of the document'} is not named as another server any more.`)
}
