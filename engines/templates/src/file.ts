// Files judged by file templates, all of them in one reading. Which templates look at a file follows from its name; which of these can find something follows from
// the literals that stand in it, or from its hash.
// Templates whose matchers or extractors are words and expressions without conditions that span lines look at each line for itself, as Nuclei does; all others, and
// those that ask for what is missing or hash the content, at the whole file.
// Invariant: leaving templates out by literals, hashes and lines changes nothing that is found (file.test.ts holds it against judging everything).
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { PatternError, compileRegex, createLiteralSet } from '@haechi/patterns'
import { isAscii, readable } from '@haechi/probes/wire'
import { lower, toText } from './dsl/convert.ts'
import type { Environment } from './dsl/evaluation.ts'
import type { Bytes, Extractor, FileBlock, FileEntry, Lookup, Match, Matcher, Problem, Settings, Template } from './model.ts'
import { compileOperators } from './operators.ts'
import { decoded, encoded } from './part-text.ts'
import { TemplateError } from './problem.ts'
import { createValues } from './values.ts'

/** What holds nothing that is worth reading, unless a template names the extension itself. */
const skippedExtensions = new Set(`3g2 3gp arj avi axd bmp css csv deb dll doc drv eot exe flv gif gifv h264 ico iso jar jpeg jpg lock m4a m4v map mkv mov mp3 mp4 mpeg mpg msi
  ogg ogm ogv otf pdf pkg png ppt psd rm rpm svg swf sys tif tiff ttf vob wav webm wmv woff woff2 xcf xls xlsx`.split(/\s+/))
const archiveExtensions = new Set(['7z', 'apk', 'gz', 'rar', 'tar', 'zip'])

const defaultMaxBytes = 64 * 1024 * 1024
const evidenceLength = 4096
const evidenceLines = 16
const longestShownLine = 512
const mostArchived = 10_000

export type FileScanOptions = {
  /** Of one file; what is beyond is not read. 64 MiB where nothing is said. */
  readonly maxBytes?: number
  readonly settings?: Settings
  readonly environment?: Environment
  /** A template that could not judge this file; the others go on. */
  readonly failed?: (template: Template, path: string, problem: Problem) => void
}

export interface FileScan {
  /** Errors: whatever `entry.read` throws. */
  judge(entry: FileEntry): Promise<Match[]>
}

type Prefilter =
  /** Nothing is known: it may always hold. */
  | null
  | { readonly literals: readonly { readonly text: Bytes; readonly ignoreCase: boolean }[]; readonly hashes: readonly string[] }

/** Literals by their numbers in the two sets of a scan, and 'md5:...' and the like. null: it may always hold. */
type Needs = { readonly plain: readonly number[]; readonly folded: readonly number[]; readonly hashes: readonly string[] } | null

/** What one value of a matcher or extractor needs. Their places: matchers, and behind these extractors; `number`: of the value among all values of the block. */
type Alternative = { readonly number: number; readonly operator: number; readonly value: Bytes; readonly needs: Needs }

type Prepared = {
  readonly template: Template
  readonly block: FileBlock
  readonly extensions: ReadonlySet<string>
  readonly everyExtension: boolean
  readonly mimeTypes: readonly string[]
  readonly denied: readonly string[]
  /** Of the whole block. */
  readonly needs: Needs
  /** null: it looks at the whole file. */
  readonly byLine: readonly Alternative[] | null
  /** Blocks with some of its alternatives, by their numbers. */
  readonly parts: Map<string, FileBlock>
  readonly values: Lookup
}

const extensionOf = (path: string): string => /\.([^./\\]*)$/.exec(path)?.[1] ?? ''
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const isWhole = (matcher: Matcher): boolean => matcher.negative || (matcher.condition === 'and' && matcher.values.length > 1) || (matcher.type !== 'word' && matcher.type !== 'regex')

function looksAtLines(block: FileBlock): boolean {
  if (block.matchersCondition === 'and' && block.matchers.length > 1) return false
  return !block.matchers.some(isWhole) && block.extractors.every(extractor => extractor.type === 'regex')
}

const hashExpression = /^\s*(md5|sha1|sha256)\((?:raw|body|data|all)\)\s*==\s*(["'])([0-9a-f]+)\2\s*$/
const contentParts = new Set(['raw', 'body', 'all', 'data', ''])
const ofContent = (part: string | null): boolean => part === null || contentParts.has(part)

function literalsOfRegex(sources: readonly Bytes[], caseInsensitive: boolean): Prefilter {
  const literals: { text: Bytes; ignoreCase: boolean }[] = []
  for (const source of sources) {
    const known = compileRegex(decoded(source), { caseInsensitive }).literals
    if (known === null || known.texts.some(text => text === '' || (known.ignoreCase && !isAscii(text)))) return null
    literals.push(...known.texts.map(text => ({ text: encoded(text), ignoreCase: known.ignoreCase })))
  }
  return { literals, hashes: [] }
}

/** What must stand in a file for a matcher to hold. */
function prefilterOfMatcher(matcher: Matcher): Prefilter {
  if (matcher.negative || !ofContent(matcher.part)) return null
  switch (matcher.type) {
    case 'word': {
      if (matcher.values.some(value => value === '' || value.includes('{{') || value.includes('§'))) return null
      const texts = matcher.hex ? matcher.values.map(value => Buffer.from(value, 'hex').toString('latin1')) : matcher.values
      // Letters outside ASCII have cases too.
      if (texts.some(text => text === '' || (matcher.caseInsensitive && !isAscii(text)))) return null
      return { literals: (matcher.condition === 'and' ? [longest(texts)] : texts).map(text => ({ text, ignoreCase: matcher.caseInsensitive })), hashes: [] }
    }
    case 'binary': {
      const texts = matcher.values.map(value => Buffer.from(value, 'hex').toString('latin1'))
      return texts.includes('') ? null : { literals: (matcher.condition === 'and' ? [longest(texts)] : texts).map(text => ({ text, ignoreCase: false })), hashes: [] }
    }
    case 'regex': {
      if (matcher.condition === 'or') return literalsOfRegex(matcher.values, matcher.caseInsensitive)
      return matcher.values.map(value => literalsOfRegex([value], matcher.caseInsensitive)).find(each => each !== null) ?? null
    }
    case 'dsl': {
      const hashes = matcher.values.map(value => hashExpression.exec(value))
      return matcher.condition === 'or' && hashes.every(each => each !== null) ? { literals: [], hashes: hashes.map(each => `${each[1]}:${each[3]}`) } : null
    }
    case 'status': case 'size': case 'xpath': break
  }
  return null
}

const longest = (texts: readonly Bytes[]): Bytes => texts.reduce((best, text) => (text.length > best.length ? text : best), '')

const prefilterOfExtractor = (extractor: Extractor): Prefilter =>
  extractor.type === 'regex' && ofContent(extractor.part) ? literalsOfRegex(extractor.values, extractor.caseInsensitive) : null

function union(filters: readonly Prefilter[]): Prefilter {
  const known = filters.filter(each => each !== null)
  return known.length < filters.length ? null : { literals: known.flatMap(each => each.literals), hashes: known.flatMap(each => each.hashes) }
}

function prefilterOf(block: FileBlock): Prefilter {
  // Extractors may feed matchers, so that these alone do not say what must stand there; what an extractor found is seen through its literals only where no matcher is.
  if (block.matchers.length === 0) return union(block.extractors.map(prefilterOfExtractor))
  const filters = block.matchers.map(prefilterOfMatcher)
  if (block.matchersCondition === 'or') return union(filters)
  const known = filters.filter(each => each !== null)
  return known.toSorted((one, other) => one.literals.length + one.hashes.length - other.literals.length - other.hashes.length)[0] ?? null
}

/** The beginnings of a path: 'a', 'a/b', with and without '/' at both ends. */
function isDenied(block: Prepared, path: string): boolean {
  const { denied } = block
  if (denied.length === 0) return false
  const base = baseOf(path)
  return denied.some(entry => {
    const clean = entry.replace(/\/+/g, '/').replace(/^\.\//, '').replace(/(.)\/$/, '$1')
    return clean === base || clean === `.${extensionOf(path)}` || path === clean || path.startsWith(`${clean}/`) || `/${path}`.includes(`/${clean.replace(/^\//, '')}/`)
  })
}

/** By their first bytes, what templates with `mime-type` name. */
const signatures: readonly (readonly [type: string, at: number, bytes: Bytes])[] = [
  ['image/jpeg', 0, '\xff\xd8\xff'], ['image/png', 0, '\x89PNG\r\n\x1a\n'], ['image/gif', 0, 'GIF8'], ['image/webp', 8, 'WEBP'], ['image/bmp', 0, 'BM'], ['image/tiff', 0, 'II*\0'], ['image/tiff', 0, 'MM\0*'],
  ['image/x-icon', 0, '\0\0\x01\0'], ['application/pdf', 0, '%PDF'], ['application/zip', 0, 'PK\x03\x04'], ['application/gzip', 0, '\x1f\x8b\x08'], ['application/x-bzip2', 0, 'BZh'],
  ['application/x-xz', 0, '\xfd7zXZ\0'], ['application/x-7z-compressed', 0, '7z\xbc\xaf\x27\x1c'], ['application/x-rar-compressed', 0, 'Rar!\x1a\x07'], ['application/x-tar', 257, 'ustar'],
  ['application/x-executable', 0, '\x7fELF'], ['application/vnd.microsoft.portable-executable', 0, 'MZ'], ['application/x-sqlite3', 0, 'SQLite format 3\0'], ['audio/mpeg', 0, 'ID3'], ['audio/mpeg', 0, '\xff\xfb'],
  ['video/mp4', 4, 'ftyp'],
]
const typesOf = (head: Bytes): string[] => signatures.filter(([, at, bytes]) => head.startsWith(bytes, at)).map(([type]) => type)

/** Whether a block reads a file of this name. A mime type is asked for only where a name has not decided. */
function reads(block: Prepared, path: string, head: () => Bytes, archived: boolean): boolean {
  const extension = extensionOf(path)
  if (block.extensions.size > 0) {
    if (block.extensions.has(extension)) return true
    if (!block.everyExtension && block.mimeTypes.length === 0) return false
  }
  if (block.mimeTypes.length > 0 && !archived) {
    const types = typesOf(head())
    if (block.mimeTypes.some(type => types.includes(type))) return true
    if (!block.everyExtension) return false
  }
  if (skippedExtensions.has(extension) || (!block.block.archive && archiveExtensions.has(extension))) return false
  return !isDenied(block, path)
}

type Content = {
  readonly path: string
  readonly raw: Bytes
  readonly archived: boolean
}

/** The files in a gzip or tar; null: it is neither. What is broken ends there. */
function* unpacked(path: string, raw: Bytes, maxBytes: number): Generator<Content, boolean> {
  let bytes = Buffer.from(raw, 'latin1')
  let name = path
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: maxBytes })
    } catch {
      return true
    }
    name = path.replace(/\.tgz$/i, '.tar').replace(/\.gz$/i, '')
    if (bytes.toString('latin1', 257, 262) !== 'ustar') {
      yield { path: name, raw: bytes.toString('latin1'), archived: true }
      return true
    }
  }
  if (bytes.toString('latin1', 257, 262) !== 'ustar') return false
  for (let at = 0, count = 0; at + 512 <= bytes.length && count < mostArchived; count++) {
    const field = (from: number, length: number): string => bytes.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const entry = field(0, 100)
    if (entry === '') break
    const size = Number.parseInt(field(124, 12).trim(), 8)
    if (!Number.isSafeInteger(size) || size < 0) break
    const prefix = field(345, 155)
    if (field(156, 1) === '' || field(156, 1) === '0') yield { path: `${path}/${prefix === '' ? entry : `${prefix}/${entry}`}`, raw: bytes.toString('latin1', at + 512, Math.min(bytes.length, at + 512 + size)), archived: true }
    at += 512 + Math.ceil(size / 512) * 512
  }
  return true
}

/**
 * Readies file templates (those without a file block are left out; of others their file blocks count). Source of the rules: docs.projectdiscovery.io, file protocol.
 * Errors: TemplateError where a matcher or extractor cannot be compiled.
 */
export function createFileScan(templates: readonly Template[], options: FileScanOptions = {}): FileScan {
  const maxBytes = options.maxBytes ?? defaultMaxBytes
  const environment = options.environment ?? { random: () => 0, now: () => 0 }
  const settings: Settings = options.settings ?? { disableRedirects: true, attack: null, serverName: null, timeoutMs: 0, maxBytes, userAgent: '', variables: {}, maxRequests: 0, resolvers: [] }
  const plainNumbers = new Map<string, number>()
  const foldedNumbers = new Map<string, number>()
  const numberIn = (numbers: Map<string, number>, text: string): number => {
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, numbers.size)
    return numbers.size - 1
  }
  const needsOf = (filter: Prefilter): Needs => (filter === null ? null : {
    plain: filter.literals.filter(each => !each.ignoreCase).map(each => numberIn(plainNumbers, each.text)),
    folded: filter.literals.filter(each => each.ignoreCase).map(each => numberIn(foldedNumbers, lower(each.text))),
    hashes: filter.hashes,
  })
  /** Where lines are looked at, one value of an operator is enough: each is looked for by itself. */
  const alternativesOf = (block: FileBlock): Alternative[] => [
    ...block.matchers.map(matcher => matcher.values.map(value => ({ value, needs: needsOf(prefilterOfMatcher({ ...matcher, values: [value] })) }))),
    ...block.extractors.map(extractor => extractor.values.map(value => ({ value, needs: needsOf(prefilterOfExtractor({ ...extractor, values: [value] })) }))),
  ].flatMap((values, operator) => values.map(each => ({ ...each, operator }))).map((each, number) => ({ ...each, number }))
  const prepared = templates.flatMap(template => template.blocks.filter(block => block.protocol === 'file').map((block): Prepared => {
    // Types stand among the extensions; `mime-type` says whether they count.
    const mimeTypes = block.mimeTypes.length === 0 ? [] : block.extensions.filter(extension => extension.includes('/'))
    const extensions = new Set(block.extensions.map(extension => extension.replace(/^\./, '')).filter(extension => extension !== 'all' && !mimeTypes.includes(extension)))
    const values = createValues({ template, target: { input: '', scheme: null, host: '', port: null, path: '' }, settings, given: new Map(), ...environment })
    return {
      template, block, extensions, everyExtension: block.extensions.includes('all') || (extensions.size === 0 && mimeTypes.length === 0), mimeTypes, denied: block.denylist,
      needs: needsOf(prefilterOf(block)), byLine: looksAtLines(block) ? alternativesOf(block) : null, parts: new Map(), values: values.get,
    }
  }))
  const plainTexts = [...plainNumbers.keys()]
  const foldedTexts = [...foldedNumbers.keys()]
  const plainSet = createLiteralSet(plainTexts)
  const foldedSet = createLiteralSet(foldedTexts, { ignoreCase: true })
  const byExtension = new Map<string, Prepared[]>()

  /** Blocks that may read a file of this extension, in the order of the templates. */
  const candidatesFor = (extension: string): readonly Prepared[] => {
    const known = byExtension.get(extension)
    if (known !== undefined) return known
    const list = prepared.filter(each => each.everyExtension || each.mimeTypes.length > 0 || each.extensions.has(extension))
    if (byExtension.size < 10_000) byExtension.set(extension, list)
    return list
  }

  function judgeContent({ path, raw, archived }: Content): Match[] {
    const head = (): Bytes => raw.slice(0, 1024)
    const blocks = candidatesFor(extensionOf(path)).filter(each => (!archived || each.block.archive) && reads(each, path, head, archived))
    if (blocks.length === 0) return []
    const plainFound = new Set(plainSet.find(raw))
    const foldedFound = new Set(foldedSet.find(raw))
    // A letter stays where it is: each character is a byte.
    const lowered = lazily(() => raw.toLowerCase())
    const starts = lazily(() => lineStarts(raw))
    const hash = new Map<string, string>()
    const hashed = (algorithm: string): string => {
      const known = hash.get(algorithm) ?? createHash(algorithm).update(raw, 'latin1').digest('hex')
      hash.set(algorithm, known)
      return known
    }
    // The letters that Unicode takes for k and s in another case.
    const unusual = raw.includes('\xe2\x84\xaa') || raw.includes('\xc5\xbf')
    const fulfilled = (needs: Needs): boolean =>
      needs === null || needs.plain.some(number => plainFound.has(number)) || needs.folded.some(number => unusual || foldedFound.has(number))
      || needs.hashes.some(known => known.endsWith(`:${hashed(known.slice(0, known.indexOf(':')))}`))

    let last = { start: -1, end: -1, text: '' }
    /** Without its line feed and the carriage return before it. Many blocks look at a line one after another: it is cut out once. */
    const lineText = (start: number, end: number): Bytes => {
      if (last.start !== start || last.end !== end) last = { start, end, text: raw.slice(start, end).replace(/\r?\n$/, '') }
      return last.text
    }

    /** Lines in which any of a block's alternatives may be found, each with these alone; in the order of the lines. */
    function* candidates(each: Prepared, alternatives: readonly Alternative[], content: Bytes): Generator<Piece> {
      const everywhere: Alternative[] = []
      const byLine = new Map<number, Alternative[]>()
      for (const alternative of alternatives) {
        const { needs } = alternative
        if (!fulfilled(needs)) continue
        if (needs === null || (unusual && needs.folded.length > 0)) {
          everywhere.push(alternative)
          continue
        }
        const literals = [
          ...needs.plain.filter(number => plainFound.has(number)).map(number => [raw, plainTexts[number]!] as const),
          ...needs.folded.filter(number => foldedFound.has(number)).map(number => [lowered(), foldedTexts[number]!] as const),
        ]
        for (const line of linesWith(content, starts(), literals)) {
          const known = byLine.get(line)
          if (known === undefined) byLine.set(line, [alternative])
          else known.push(alternative)
        }
      }
      // Where there are matchers, what extractors find counts only where one of these holds.
      const counts = ({ operator }: Alternative): boolean => each.block.matchers.length === 0 || operator < each.block.matchers.length
      const all = everywhere.some(counts)
      for (const line of all ? starts().keys() : [...byLine.keys()].toSorted((one, other) => one - other)) {
        const here = byLine.get(line)
        if (!all && here?.some(counts) !== true) continue
        const start = starts()[line] ?? 0
        if (start >= content.length) return
        const end = Math.min(content.length, starts()[line + 1] ?? content.length)
        yield { line: line + 1, text: lineText(start, end), block: partOf(each, here === undefined ? everywhere : [...everywhere, ...here]) }
      }
    }

    const readings = blocks.filter(each => fulfilled(each.needs)).map((each): Reading => {
      const limit = each.block.maxSize
      const content = limit !== null && raw.length > limit ? raw.slice(0, limit) : raw
      const pieces = (each.byLine === null ? [{ line: 0, text: content, block: each.block }] : candidates(each, each.byLine, content))[Symbol.iterator]()
      return { each, pieces, next: null, found: new Map(), shown: [], failed: false }
    })
    for (const reading of readings) advance(reading, path)
    // Line by line, not block by block: what was made of a line serves all.
    for (let left = readings.filter(({ next }) => next !== null); left.length > 0; left = left.filter(({ next }) => next !== null)) {
      const line = left.reduce((least, { next }) => Math.min(least, next?.line ?? Infinity), Infinity)
      for (const reading of left) {
        if (reading.next?.line !== line) continue
        guarded(reading, path, () => { look(reading, reading.next!, path) })
        advance(reading, path)
      }
    }
    return readings.filter(({ failed }) => !failed).flatMap(reading => matchesOf(reading, path))
  }

  const advance = (reading: Reading, path: string): void => { guarded(reading, path, () => { reading.next = reading.pieces.next().value ?? null }) }

  /** What cannot judge a file has found nothing in it, and the others go on. */
  function guarded(reading: Reading, path: string, act: () => void): void {
    if (reading.failed) return
    try {
      act()
    } catch (error) {
      if (!(error instanceof TemplateError) && !(error instanceof PatternError)) throw error
      reading.failed = true
      reading.next = null
      options.failed?.(reading.each.template, path, error instanceof TemplateError ? error.problem : { code: 'regex_invalid', place: reading.each.template.file, reason: error.message })
    }
  }

  function look({ each, found, shown }: Reading, { line, text, block }: Piece, path: string): void {
    const lookup: Lookup = name => (contentParts.has(name) ? text : name === 'path' || name === 'matched' ? path : name === 'type' ? 'file' : each.values(name))
    const part = (name: string): Bytes | undefined => {
      const value = lookup(name)
      return value === undefined ? undefined : toText(value)
    }
    const results = compileOperators(block, 'raw').judge({ part, lookup }, environment).results.filter(result => !result.internal)
    if (results.length > 0 && shown.length < evidenceLines) shown.push(line === 0 ? readable(text.slice(0, evidenceLength)) : `${line}: ${readable(text.slice(0, longestShownLine))}`)
    for (const result of results) {
      const name = result.matcher ?? result.extractor
      const known = found.get(name) ?? new Set<Bytes>()
      for (const value of result.extracted) known.add(value)
      found.set(name, known)
    }
  }

  return {
    async judge(entry) {
      const blocks = candidatesFor(extensionOf(entry.path))
      if (blocks.length === 0) return []
      const raw = await entry.read(maxBytes)
      if (raw === null) return []
      const matches: Match[] = []
      if (prepared.some(each => each.block.archive) && archiveExtensions.has(extensionOf(entry.path))) {
        const files = unpacked(entry.path, raw, maxBytes)
        let next = files.next()
        for (; next.done !== true; next = files.next()) matches.push(...judgeContent(next.value))
        if (next.value) return matches
      }
      return [...matches, ...judgeContent({ path: entry.path, raw, archived: false })]
    },
  }
}

/** A line, from 1, or the whole file (0), and what looks at it. */
type Piece = { readonly line: number; readonly text: Bytes; readonly block: FileBlock }

/** One block on its way through a file. */
type Reading = {
  readonly each: Prepared
  readonly pieces: Iterator<Piece, void>
  next: Piece | null
  /** What was extracted, by the name of the matcher or extractor. */
  readonly found: Map<string | null, Set<Bytes>>
  readonly shown: string[]
  failed: boolean
}

function matchesOf({ each: { template }, found, shown }: Reading, path: string): Match[] {
  return Array.from(found, ([matcher, extracted]) => ({
    template: template.id, file: template.file, info: template.info, protocol: 'file', matcher, extracted: Array.from(extracted, readable), values: {}, matchedAt: path, target: path, address: null,
    evidence: { request: '', response: shown.join('\n').slice(0, evidenceLength) }, doubt: null,
  }))
}

const mostParts = 1000

/** The block with these of its alternatives alone. */
function partOf({ block, byLine, parts }: Prepared, alternatives: readonly Alternative[]): FileBlock {
  if (alternatives.length === byLine?.length) return block
  const sorted = alternatives.toSorted((one, other) => one.number - other.number)
  const key = sorted.map(({ number }) => number).join(' ')
  const known = parts.get(key)
  if (known !== undefined) return known
  const valuesOf = (operator: number): Bytes[] => sorted.filter(each => each.operator === operator).map(({ value }) => value)
  const part = {
    ...block,
    matchers: block.matchers.map((matcher, at) => ({ ...matcher, values: valuesOf(at) })).filter(({ values }) => values.length > 0),
    extractors: block.extractors.map((extractor, at) => ({ ...extractor, values: valuesOf(block.matchers.length + at) })).filter(({ values }) => values.length > 0),
  }
  if (parts.size >= mostParts) parts.clear()
  parts.set(key, part)
  return part
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}

function lineStarts(raw: Bytes): number[] {
  const starts = [0]
  for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) starts.push(at + 1)
  if (starts.at(-1) === raw.length) starts.pop()
  return starts
}

/** The numbers, from 0, of the lines in which any of the literals begins. */
function linesWith(content: Bytes, starts: readonly number[], literals: readonly (readonly [text: Bytes, literal: Bytes])[]): number[] {
  const lines = new Set<number>()
  for (const [text, literal] of literals) {
    for (let at = text.indexOf(literal); at >= 0 && at < content.length;) {
      const line = lineAt(starts, at)
      lines.add(line)
      const next = starts[line + 1]
      if (next === undefined) break
      at = text.indexOf(literal, next)
    }
  }
  return [...lines].toSorted((one, other) => one - other)
}

function lineAt(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}
