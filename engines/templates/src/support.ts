// Whether a template that was read can be run here, judged by compiling every expression, text, regular expression, jq, xpath and flow of it with the parts
// that run them: what is called runnable has no piece that these refuse. library.integration.test.ts holds it over all public templates.
import { PatternError, compileRegex } from '@haechi/patterns'
import { compileExpression, compileText } from './interpolation.ts'
import { compileJq } from './jq.ts'
import { checkFlow } from './flow/flow.ts'
import { decoded } from './part-text.ts'
import { compileXPath } from './xpath.ts'
import type { Block, Bytes, Extractor, Matcher, Problem, ProblemCode, Template, Value } from './model.ts'
import { TemplateError } from './problem.ts'

type Draft = Omit<Template, 'support'>
/** Throws TemplateError. */
type Compile = (source: Bytes) => unknown
export type Checks = {
  /** The first reason why it cannot be run; null: it can. Throws TemplateError where a piece of it is wrong. `problems`: what its reading found lacking. */
  lacking(draft: Draft, problems: readonly Problem[]): Problem | null
}

const kinds = {
  expression: compileExpression, text: compileText, jq: compileJq, xpath: compileXPath,
  // Not that of the matchers, which keeps what it compiles.
  regex: (source) => {
    try {
      compileRegex(decoded(source))
    } catch (error) {
      if (error instanceof PatternError) throw new TemplateError('regex_invalid', '', error.message)
      throw error
    }
  },
} as const satisfies Readonly<Record<string, Compile>>

const MAX_MARKED = 1024 * 1024
const MAX_MARKERS = 2_000
/** '§' as bytes. */
const SECTION = '\u00C2\u00A7'

/** Remembers what it has compiled: templates have much in common. */
export function createChecks(): Checks {
  const known = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Map()])) as Record<keyof typeof kinds, Map<Bytes, { readonly code: ProblemCode; readonly reason: string } | null>>

  const faultOf = (kind: keyof typeof kinds, source: Bytes): { readonly code: ProblemCode; readonly reason: string } | null => {
    let fault = known[kind].get(source)
    if (fault === undefined) {
      fault = null
      try {
        kinds[kind](source)
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        fault = error.problem
      }
      known[kind].set(source, fault)
    }
    return fault
  }

  return {
    lacking(draft, problems) {
      const lacks: Problem[] = [...problems]
      const check = (kind: keyof typeof kinds, source: Bytes, place: string): void => {
        if (kind === 'text') {
          const markers = markersIn(source)
          if (markers === 0) return
          if (markers > MAX_MARKERS || source.length > MAX_MARKED) throw new TemplateError('request_invalid', place, `A text with markers has at most ${MAX_MARKED} bytes and ${MAX_MARKERS} markers.`)
        }
        const fault = faultOf(kind, source)
        if (fault === null) return
        if (!isLack(fault.code)) throw new TemplateError(fault.code, place, fault.reason)
        lacks.push({ code: fault.code, place, reason: fault.reason })
      }
      const counts = new Map<string, number>()
      for (const block of draft.blocks) {
        const index = counts.get(block.protocol) ?? 0
        counts.set(block.protocol, index + 1)
        checkBlock(block, `${block.protocol}[${index}]`, check)
      }
      checkValues(draft.variables, 'variables', check)
      checkValues(draft.constants, 'constants', check)
      const lack = lacks[0] ?? outOfBand(draft)
      // A flow that cannot be interpreted says nothing more of a template whose blocks cannot be run.
      return draft.flow === null ? lack : lack ?? flowLack(draft.flow, draft.blocks)
    },
  }
}

function flowLack(flow: string, blocks: readonly Block[]): Problem | null {
  try {
    checkFlow(flow, blocks)
    return null
  } catch (error) {
    if (error instanceof TemplateError && isLack(error.problem.code)) return error.problem
    throw error
  }
}

function markersIn(source: Bytes): number {
  let count = 0
  for (const sign of ['{{', SECTION]) for (let at = source.indexOf(sign); at !== -1 && count <= MAX_MARKERS; at = source.indexOf(sign, at + 2)) count += 1
  return count
}

export const isLack = (code: ProblemCode): boolean => code.startsWith('needs_') || code.endsWith('_unsupported')

type Check = (kind: keyof typeof kinds, source: Bytes, place: string) => void

function checkBlock(block: Block, place: string, check: Check): void {
  for (const [index, matcher] of block.matchers.entries()) checkMatcher(matcher, `${place}.matchers[${index}]`, check)
  for (const [index, extractor] of block.extractors.entries()) checkExtractor(extractor, `${place}.extractors[${index}]`, check)
  const texts = (sources: readonly Bytes[], name: string): void => sources.forEach((source, index) => check('text', source, `${place}.${name}[${index}]`))
  const record = (sources: Readonly<Record<string, Bytes>>, name: string): void => Object.entries(sources).forEach(([key, source]) => check('text', source, `${place}.${name}.${key}`))
  if ('payloads' in block && block.payloads !== null) {
    // What a file holds is used as it is.
    for (const [name, list] of Object.entries(block.payloads.lists)) if (list.length <= 1000) texts(list, `payloads.${name}`)
  }
  switch (block.protocol) {
    case 'http':
      check('text', block.method, `${place}.method`)
      texts(block.path, 'path')
      texts(block.raw, 'raw')
      record(block.headers, 'headers')
      check('text', block.body, `${place}.body`)
      for (const [index, matcher] of block.preCondition.entries()) checkMatcher(matcher, `${place}.pre-condition[${index}]`, check)
      break
    case 'dns':
      check('text', block.name, `${place}.name`)
      texts(block.resolvers, 'resolvers')
      break
    case 'tcp':
      texts(block.host, 'host')
      check('text', block.port, `${place}.port`)
      block.inputs.forEach((input, index) => check('text', input.data, `${place}.inputs[${index}].data`))
      break
    case 'ssl':
      check('text', block.address, `${place}.address`)
      break
    case 'websocket':
      check('text', block.address, `${place}.address`)
      record(block.headers, 'headers')
      block.inputs.forEach((input, index) => check('text', input.data, `${place}.inputs[${index}].data`))
      break
    case 'file': case 'headless': case 'javascript': case 'code': case 'whois':
  }
}

function checkMatcher(matcher: Matcher, place: string, check: Check): void {
  const kind = ({ word: 'text', regex: 'regex', binary: null, status: null, size: null, dsl: 'expression', xpath: 'xpath' } as const)[matcher.type]
  const field = matcher.type === 'word' ? 'words' : matcher.type
  if (kind !== null) matcher.values.forEach((value, index) => check(kind, value, `${place}.${field}[${index}]`))
}

function checkExtractor(extractor: Extractor, place: string, check: Check): void {
  const kind = ({ regex: 'regex', kval: null, json: 'jq', xpath: 'xpath', dsl: 'expression' } as const)[extractor.type]
  if (kind !== null) extractor.values.forEach((value, index) => check(kind, value, `${place}.${extractor.type}[${index}]`))
}

function checkValues(values: Readonly<Record<string, Value>>, place: string, check: Check): void {
  for (const [name, value] of Object.entries(values)) if (typeof value === 'string') check('text', value, `${place}.${name}`)
}

/** As markers, expressions and parts name it; some templates look for the word Interactsh in pages, which is another thing. */
const outOfBandName = /interactsh[-_](?:url|protocol|request|response|ip)/i

/** A request that carries the address of a server that is not there would be another request; a matcher that waits for its log never holds. */
function outOfBand(draft: Draft): Problem | null {
  const names = (value: unknown): boolean => (typeof value === 'string' ? outOfBandName.test(value) : typeof value === 'object' && value !== null && Object.values(value).some(names))
  const counts = new Map<string, number>()
  for (const block of draft.blocks) {
    const index = counts.get(block.protocol) ?? 0
    counts.set(block.protocol, index + 1)
    const place = `${block.protocol}[${index}]`
    for (const [name, value] of Object.entries(block)) if (names(value)) return needsOutOfBand(`${place}.${name}`)
  }
  for (const [name, value] of Object.entries(draft.variables)) if (names(value)) return needsOutOfBand(`variables.${name}`)
  return draft.flow !== null && names(draft.flow) ? needsOutOfBand('flow') : null
}

const needsOutOfBand = (place: string): Problem => ({ code: 'needs_out_of_band', place, reason: 'The target is made to call a server on the internet (interactsh), and what that server sees is the proof; no such server is asked here.' })
