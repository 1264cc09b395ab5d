// Recog's XML as databases. The files come from outside: no document type, no entity but XML's own five, sizes and depths bounded, and whatever cannot be
// used is refused with a code and a line while the rest goes on. Defended by recog.test.ts and recog.integration.test.ts.
// Source: github.com/rapid7/recog, fingerprints.xsd and its Ruby matcher's documentation.
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { PatternError } from '@haechi/patterns'
import { load } from 'js-yaml'
import { parseCpeTemplate } from './cpe.ts'
import type { CpePart } from './cpe.ts'
import type { CpeNames, Database, Example, Fingerprint, Param, Refusal, RefusalCode, SourceFile } from './model.ts'
import { compileRubyPattern, flagNames } from './pattern.ts'

const MAX_FILE = 16 * 1024 * 1024
const MAX_FINGERPRINTS = 50_000
const MAX_PATTERN = 8_192
const MAX_PARAMS = 128
const MAX_DEPTH = 16
/** Refusals that are listed for each file; beyond it the last one counts the rest. */
const MAX_REFUSALS = 1_000
const DEFAULT_PREFERENCE = 0.1

export type ReadFingerprints = { readonly databases: readonly Database[]; readonly refused: readonly Refusal[]; readonly cpeNames: CpeNames }

/**
 * Files that end in `.xml` become databases, `cpe-remap.yaml` the table of names; other files are only looked at where an example refers to them
 * (`_filename`, beside the XML in a folder of its name). Never throws on content.
 */
export function readFingerprints(files: Iterable<SourceFile>): ReadFingerprints {
  const all = new Map([...files].map((file) => [file.path, file.content]))
  const databases: Database[] = []
  const refused: Refusal[] = []
  let cpeNames: CpeNames = { a: new Map(), o: new Map(), h: new Map() }
  for (const [path, content] of all) {
    const refuse = refuser(path, refused)
    if (/\.xml$/i.test(path)) {
      const database = readDatabase(path, content, all, refuse)
      if (database !== null) databases.push(database)
    } else if (/(^|\/)cpe-remap\.ya?ml$/i.test(path)) cpeNames = readCpeNames(content, refuse) ?? cpeNames
  }
  return { databases, refused, cpeNames }
}

export type Refuse = (line: number | null, code: RefusalCode, reason: string) => null

/** A way to refuse parts of one file, which lists so many and counts the rest. */
export function refuser(file: string, refused: Refusal[]): Refuse {
  let count = 0
  return (line, code, reason) => {
    count++
    if (count <= MAX_REFUSALS) refused.push({ file, line, code, reason: reason.slice(0, 300) })
    else if (count === MAX_REFUSALS + 1) refused.push({ file, line: null, code: 'too_many', reason: `more than ${MAX_REFUSALS} refusals in this file; the others are not listed` })
    return null
  }
}

/** Bytes of a text file, or null once it is refused. */
export function textOf(content: Uint8Array | string, refuse: Refuse): string | null {
  if (content.length > MAX_FILE) return refuse(null, 'file_too_large', `more than ${MAX_FILE} bytes`)
  if (typeof content === 'string') return content.replace(/^\ufeff/, '')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return refuse(null, 'encoding_invalid', 'not UTF-8')
  }
}

/** As fast-xml-parser gives them in order: one key is the name, `:@` the attributes. */
type Node = { readonly name: string; readonly children: readonly Node[]; readonly attributes: ReadonlyMap<string, string>; readonly text: string; readonly at: number }

const parser = new XMLParser({
  preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, trimValues: false, processEntities: false,
  cdataPropName: '#cdata', captureMetaData: true, maxNestedTags: MAX_DEPTH, ignoreDeclaration: true, ignorePiTags: true,
})
const metadata = XMLParser.getMetaDataSymbol() as unknown as symbol

function readXml(text: string, refuse: Refuse): readonly Node[] | null {
  const root = text.search(/<[A-Za-z_]/)
  const prolog = root === -1 ? text : text.slice(0, root)
  if (/<!DOCTYPE|<!ENTITY/i.test(prolog)) return refuse(lineAt(text, prolog.search(/<!/)), 'xml_doctype', 'document types and entities are not read')
  if (/^\s*<\?xml[^>]*encoding=["'](?!utf-8["']|us-ascii["'])/i.test(prolog)) return refuse(1, 'encoding_invalid', 'declared to be in another encoding than UTF-8')
  try {
    // The parser bounds the depth, and takes what is not well-formed; the validator tells where that is.
    const nodes = parser.parse(text) as Raw[]
    const valid = XMLValidator.validate(text)
    return valid === true ? nodesOf(nodes) : refuse(valid.err.line, 'xml_invalid', valid.err.msg)
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    return refuse(null, /nested tags/i.test(reason) ? 'xml_too_deep' : 'xml_invalid', reason)
  }
}

type Raw = Readonly<Record<string | symbol, unknown>>

function nodesOf(raw: readonly Raw[]): Node[] {
  return raw.flatMap((each) => {
    const name = Object.keys(each).find((key) => key !== ':@') ?? ''
    const attributes = new Map(Object.entries((each[':@'] ?? {}) as Record<string, string>).map(([key, value]) => [key, unescaped(value)]))
    const at = (each[metadata] as { startIndex?: number } | undefined)?.startIndex ?? 0
    if (name === '#text') return [{ name, children: [], attributes, text: unescaped(String(each['#text'])), at }]
    const children = each[name]
    if (!Array.isArray(children)) return []
    if (name === '#cdata') return [{ name: '#text', children: [], attributes, text: (children as readonly { readonly '#text'?: string }[]).map((part) => part['#text'] ?? '').join(''), at }]
    return [{ name, children: nodesOf(children as Raw[]), attributes, text: '', at }]
  })
}

const predefined: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
/** XML 1.0, 4.1 and 4.6: characters by number and the five names; what is neither stays as it is written. */
const unescaped = (text: string): string => (text.includes('&') ? text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g, (whole, decimal?: string, hex?: string, name?: string) => {
  if (name !== undefined) return predefined[name] ?? whole
  const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
  return point > 0 && point <= 0x10_FFFF ? String.fromCodePoint(point) : whole
}) : text)

const textIn = (node: Node): string => node.children.map((child) => (child.name === '#text' ? child.text : '')).join('')

/** Line numbers in ascending places, without starting from the top each time. */
function lineCounter(text: string): (at: number) => number {
  let line = 1
  let last = 0
  return (at) => {
    if (at < last) [line, last] = [1, 0]
    for (let next = text.indexOf('\n', last); next !== -1 && next < at; next = text.indexOf('\n', last)) {
      line++
      last = next + 1
    }
    return line
  }
}
const lineAt = (text: string, at: number): number => lineCounter(text)(at)

function readDatabase(path: string, content: Uint8Array | string, files: ReadonlyMap<string, Uint8Array | string>, refuse: Refuse): Database | null {
  const text = textOf(content, refuse)
  const nodes = text === null ? null : readXml(text, refuse)
  if (text === null || nodes === null) return null
  const root = nodes.find(({ name }) => name === 'fingerprints')
  if (root === undefined) return refuse(null, 'not_fingerprints', 'the root element is not fingerprints')
  const stem = (path.split('/').at(-1) ?? '').replace(/\.xml$/i, '')
  const line = lineCounter(text)
  const fingerprints: Fingerprint[] = []
  const folder = `${path.slice(0, path.length - path.split('/').at(-1)!.length)}${stem}/`
  for (const node of root.children) {
    if (node.name === '#text') continue
    if (node.name !== 'fingerprint') refuse(line(node.at), 'element_unknown', `${node.name} is no fingerprint`)
    else if (fingerprints.length === MAX_FINGERPRINTS) {
      refuse(line(node.at), 'too_many', `more than ${MAX_FINGERPRINTS} fingerprints in one file; the others are left out`)
      break
    } else {
      const fingerprint = readFingerprint(node, line, (name) => files.get(folder + name), refuse)
      if (fingerprint !== null) fingerprints.push(fingerprint)
    }
  }
  const stated = root.attributes.get('preference')
  const preference = stated === undefined ? DEFAULT_PREFERENCE : Number(stated)
  const usable = preference >= 0 && preference <= 1
  if (!usable) refuse(line(root.at), 'preference_invalid', `preference is 0 to 1, not ${stated}; taken as ${DEFAULT_PREFERENCE}`)
  return {
    name: root.attributes.get('matches') ?? stem, stem, file: path, protocol: root.attributes.get('protocol')?.toLowerCase() ?? null, type: root.attributes.get('database_type') ?? null,
    preference: usable ? preference : DEFAULT_PREFERENCE, fingerprints,
  }
}

function readFingerprint(node: Node, lineOf: (at: number) => number, file: (name: string) => Uint8Array | string | undefined, refuse: Refuse): Fingerprint | null {
  const line = lineOf(node.at)
  const pattern = node.attributes.get('pattern')
  if (pattern === undefined) return refuse(line, 'pattern_missing', 'no pattern')
  if (pattern.length > MAX_PATTERN) return refuse(line, 'pattern_invalid', `longer than ${MAX_PATTERN} characters`)
  const flags = (node.attributes.get('flags') ?? '').split(',').map((flag) => flag.trim()).filter((flag) => flag !== '')
  const unknown = flags.find((flag) => !flagNames.includes(flag))
  if (unknown !== undefined) return refuse(line, 'flag_unknown', unknown)
  let regex
  try {
    regex = compileRubyPattern(pattern, flags)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return refuse(line, 'pattern_invalid', error.message)
  }
  const params: Param[] = []
  const examples: Example[] = []
  let description = ''
  for (const child of node.children) {
    switch (child.name) {
      case '#text': break
      case 'description':
        description = textIn(child).trim().replace(/\s+/g, ' ')
        break
      case 'param': {
        const param = readParam(child)
        if (typeof param === 'string') return refuse(lineOf(child.at), 'param_invalid', param)
        if (param.position > regex.groupCount) return refuse(lineOf(child.at), 'param_invalid', `group ${param.position} of ${regex.groupCount}`)
        if (param.position === 0 && param.name.endsWith('.cpe23') && parseCpeTemplate(param.value) === null) return refuse(lineOf(child.at), 'cpe_invalid', param.value)
        if (params.length === MAX_PARAMS) return refuse(lineOf(child.at), 'too_many', `more than ${MAX_PARAMS} params`)
        params.push(param)
        break
      }
      case 'example': {
        const example = readExample(child, lineOf(child.at), file)
        if (typeof example === 'string') refuse(lineOf(child.at), 'example_invalid', example)
        else examples.push(example)
        break
      }
      default: refuse(lineOf(child.at), 'element_unknown', child.name)
    }
  }
  if (refersToItself(params)) return refuse(line, 'param_cycle', 'params that stand in each other')
  const certainty = Number(node.attributes.get('certainty') ?? Number.NaN)
  return { description, regex, params, examples, certainty: certainty >= 0 && certainty <= 1 ? certainty : null, line }
}

function readParam(node: Node): Param | string {
  const name = node.attributes.get('name')
  const position = node.attributes.get('pos') ?? ''
  if (name === undefined || name === '') return 'no name'
  if (!/^\d{1,4}$/.test(position)) return `pos of ${name} is not a number`
  const value = node.attributes.get('value')
  if (Number(position) === 0 && value === undefined) return `no value of ${name}`
  return { name, position: Number(position), value: value ?? '' }
}

export const placeholders = /\{([^\s{}]+)\}/g

function refersToItself(params: readonly Param[]): boolean {
  const fixed = new Map(params.filter(({ position }) => position === 0).map(({ name, value }) => [name, [...value.matchAll(placeholders)].map(([, other = '']) => other)]))
  const done = new Set<string>()
  const visit = (name: string, path: ReadonlySet<string>): boolean => {
    if (path.has(name)) return true
    if (done.has(name)) return false
    const cyclic = (fixed.get(name) ?? []).some((other) => visit(other, new Set([...path, name])))
    done.add(name)
    return cyclic
  }
  return [...fixed.keys()].some((name) => visit(name, new Set()))
}

function readExample(node: Node, line: number, file: (name: string) => Uint8Array | string | undefined): Example | string {
  const expected = Object.fromEntries([...node.attributes].filter(([name]) => !name.startsWith('_')))
  const filename = node.attributes.get('_filename')
  const encoding = node.attributes.get('_encoding')
  const written: Uint8Array | string | undefined = filename === undefined ? textIn(node) : file(filename)
  if (written === undefined) return `${filename} is not beside the fingerprints`
  if (encoding === undefined) return { banner: bannerText(written), expected, line }
  if (encoding !== 'base64') return `unknown encoding ${encoding}`
  const packed = (typeof written === 'string' ? written : Buffer.from(written).toString('latin1')).replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return 'not base64'
  return { banner: bannerText(Buffer.from(packed, 'base64')), expected, line }
}

/** Bytes of a banner as text: UTF-8 where all of it is, else a character for each byte (ISO 8859-1), so that patterns of ASCII find what is there. */
export function bannerText(banner: Uint8Array | string): string {
  if (typeof banner === 'string') return banner
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(banner)
  } catch {
    return Buffer.from(banner.buffer, banner.byteOffset, banner.byteLength).toString('latin1')
  }
}

function readCpeNames(content: Uint8Array | string, refuse: Refuse): CpeNames | null {
  const text = textOf(content, refuse)
  if (text === null) return null
  let document: unknown
  try {
    document = load(text)
  } catch (error) {
    return refuse(null, 'yaml_invalid', error instanceof Error ? error.message : '')
  }
  const mappings = record(record(document)['mappings'])
  const part = (name: CpePart) => new Map(Object.entries(record(mappings[name])).map(([vendor, entry]) => {
    const { vendor: renamed, products } = record(entry)
    return [vendor, { vendor: typeof renamed === 'string' ? renamed : null, products: new Map(Object.entries(record(products)).map(([from, to]) => [from, String(to)])) }]
  }))
  return { a: part('a'), o: part('o'), h: part('h') }
}

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {})
