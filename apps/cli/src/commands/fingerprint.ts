// `haechi fingerprint`: what banners and HTTP answers are of, from Recog's files and our own rules. Nothing is asked over a network. A line or an answer that
// cannot be read costs only itself. Defended by fingerprint.test.ts.
import { createReadStream } from 'node:fs'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { answerProblem, createIdentifier, createTechnologyIdentifier, identifyHttp, readFingerprints, readIcons, readTechnologyRules } from '@haechi/fingerprints'
import type { DistributionBuild, HttpAnswer, Identification, Identifier, Product, Refusal, Technology } from '@haechi/fingerprints'
import { splitRecords } from '@haechi/records'
import { HaechiError } from '@haechi/server/errors'
import type { ErrorCode } from '@haechi/server/errors'
import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { fingerprintFiles, fingerprintPath, ownIconFile, ownTechnologyFiles } from '../fingerprint-files.ts'
import { grouped } from '../layout.ts'
import { wordOf } from '../words.ts'
import { printTable } from './lists.ts'

const largestBanner = 1_048_576
const largestAnswer = 67_108_864
const listedRefusals = 20

type Refuse = (place: string, error: unknown) => void

export const fingerprint = command({
  path: ['fingerprint'], about: 'fingerprint', details: 'fingerprint_details',
  options: {
    db: { value: 'NAME', about: 'option_fingerprint_db' }, fingerprints: { value: 'PATH', about: 'option_fingerprints' }, encoding: { value: 'text|base64', about: 'option_fingerprint_encoding', choices: ['text', 'base64'] },
    http: { value: 'FILE', about: 'option_fingerprint_http', many: true },
  },
  examples: [
    { line: "echo 'OpenSSH_9.2p1 Debian-2+deb12u10' | haechi fingerprint --db ssh.banner --fingerprints ./recog", about: 'example_fingerprint' }, { line: 'curl -si https://example.com | haechi fingerprint --http -', about: 'example_fingerprint_http' },
    { line: 'haechi fingerprint --fingerprints recog.tar.gz --json < banners.txt', about: 'example_json' },
  ],
  async run(context, { options }) {
    let refused = 0
    const refuse: Refuse = (place, error) => {
      refused++
      context.report(error, place)
    }
    const path = fingerprintPath(options.fingerprints, context.environment)
    if (options.http.length > 0) {
      const identifier = path === null ? null : openIdentifier(path, refuse)
      await answers(context, options.http, identifier, refuse)
    } else {
      if (path === null) throw new HaechiError('fingerprints_missing', { path: 'HAECHI_CORPUS' })
      await banners(context, openIdentifier(path, refuse, options.db), options.db, options.encoding === 'base64', refuse)
    }
    return refused > 0 ? exitCodes.failed : exitCodes.ok
  },
})

function openIdentifier(path: string, refuse: Refuse, database?: string): Identifier {
  const { databases, refused, cpeNames } = readFingerprints(fingerprintFiles(path, database))
  tell(refused, refuse)
  return createIdentifier(databases, { cpeNames, exhausted: ({ line }, { file }) => { refuse(`${file}:${line}`, new HaechiError('fingerprint_exhausted')) } })
}

function tell(refused: readonly Refusal[], refuse: Refuse): void {
  for (const { file, line, code, reason } of refused.slice(0, listedRefusals)) refuse(line === null ? file : `${file}:${line}`, new HaechiError('fingerprint_refused', { refusal: code, reason }))
  if (refused.length > listedRefusals) refuse(refused[listedRefusals]!.file, new HaechiError('fingerprint_refused', { refusal: 'too_many', reason: `+ ${refused.length - listedRefusals}` }))
}

async function banners(context: Context, identifier: Identifier, database: string | undefined, base64: boolean, refuse: Refuse): Promise<void> {
  const names = [...new Set(identifier.databases.map(({ name }) => name))].toSorted()
  if (database !== undefined && !identifier.databases.some(({ name, stem }) => name === database || stem === database)) throw new HaechiError('usage_fingerprint_db', { name: database, names: names.join(', ') })
  const rows: { line: number; found: Identification | null }[] = []
  let known = 0
  let line = 0
  for await (const bytes of linesOf(context.input)) {
    if (context.stop.aborted) throw new HaechiError('interrupted')
    line++
    const banner = bytes === null ? null : base64 ? fromBase64(bytes) : bytes
    if (banner === null) {
      refuse(`stdin:${line}`, bytes === null ? new HaechiError('banner_too_long', { limit_bytes: largestBanner }) : new HaechiError('banner_not_base64'))
      continue
    }
    const found = database === undefined ? identifier.all(banner) : [identifier.identify(database, banner)].filter((each) => each !== null)
    if (found.length > 0) known++
    for (const one of found.length > 0 ? found : [null]) {
      if (context.json) context.out.write(`${JSON.stringify(bannerAnswer(line, one))}\n`)
      else rows.push({ line, found: one })
    }
  }
  if (context.json) return
  printTable(context, rows, [
    { title: 'column_line', align: 'right', fixed: true, cell: (row) => String(row.line) }, { title: 'column_database', cell: ({ found }) => found?.database ?? '-' }, { title: 'column_product', cell: ({ found }) => (found === null ? context.text('fingerprint_unknown') : named(found.service ?? found.component)) },
    { title: 'column_version', cell: ({ found }) => (found?.service ?? found?.component)?.fullVersion ?? '-' }, { title: 'column_system', cell: ({ found }) => [named(found?.os ?? null), named(found?.hardware ?? null)].filter((each) => each !== '-').join(' / ') || '-' },
    { title: 'column_build', cell: ({ found }) => built(found?.build ?? null) }, { title: 'column_cpe', cell: ({ found }) => cpesOf(found).join(' ') || '-' }, { title: 'column_confidence', fixed: true, cell: ({ found }) => (found === null ? '-' : sure(context, found.confidence)) },
  ])
  context.err.write(`${context.text('fingerprint_total', { banners: grouped(line), known: grouped(known) })}\n`)
}

const named = (side: Product | null): string => (side === null ? '-' : [...new Set([side.vendor, side.product ?? side.family ?? side.device])].filter((each) => each !== null).join(' '))
const built = (build: DistributionBuild | null): string => (build === null ? '-' : `${build.distribution}${build.release === null ? '' : ` ${build.release}`}${build.packageVersion === null ? '' : `: ${build.sourcePackage ?? ''} ${build.packageVersion}`}`)
const sure = (context: Context, { value, grade }: Identification['confidence']): string => `${wordOf(context, 'grade', grade)} ${value.toFixed(2)}`
const sides = (found: Identification | null): Product[] => (found === null ? [] : [found.service, found.component, found.os, found.hardware].filter((side) => side !== null))
const cpesOf = (found: Identification | null): string[] => sides(found).flatMap(({ cpe }) => cpe?.name ?? [])

const buildAnswer = (build: DistributionBuild | null): object | null => (build === null ? null : {
  distribution: build.distribution, ordering: build.ordering, release: build.release, source_package: build.sourcePackage, package_version: build.packageVersion, upstream_version: build.upstreamVersion, revision: build.revision,
})
const identificationAnswer = (found: Identification): object => ({
  database: found.database, matched: found.matched, params: found.params, cpe: sides(found).flatMap(({ cpe }) => cpe ?? []), confidence: found.confidence.value, grade: found.confidence.grade, reasons: found.confidence.reasons, build: buildAnswer(found.build),
})
const bannerAnswer = (line: number, found: Identification | null): object => (found === null ? { line, database: null, matched: null, params: {}, cpe: [], confidence: 0, grade: null, reasons: [], build: null } : { line, ...identificationAnswer(found) })

/** Lines of standard input as bytes, without their ends; null for one that is too long, whose rest is passed over. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | null> {
  let kept: Uint8Array[] = []
  let length = 0
  const whole = (): Uint8Array | null => {
    const line = length > largestBanner ? null : Buffer.concat(kept)
    kept = []
    length = 0
    return line === null ? null : line.at(-1) === 13 ? line.subarray(0, -1) : line
  }
  const keep = (part: Uint8Array): void => {
    length += part.length
    if (length <= largestBanner) kept.push(part)
    else kept = []
  }
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      keep(chunk.subarray(from, end))
      yield whole()
      from = end + 1
    }
    if (from < chunk.length) keep(chunk.subarray(from))
  }
  if (length > 0) yield whole()
}

function fromBase64(bytes: Uint8Array): Uint8Array | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').trim()
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null
}

async function answers(context: Context, files: readonly string[], identifier: Identifier | null, refuse: Refuse): Promise<void> {
  const { rules, refused } = readTechnologyRules(ownTechnologyFiles())
  const { icons } = readIcons(ownIconFile())
  tell(refused, refuse)
  const technologies = createTechnologyIdentifier(rules, { icons })
  const rows: { place: string; found: Technology }[] = []
  let count = 0
  for (const file of files) {
    const name = file === '-' ? 'stdin' : file
    for await (const { place, answer } of answersIn(context, file, name, refuse)) {
      count++
      const found = technologies.identify(answer)
      if (context.json) {
        context.out.write(`${JSON.stringify({
          place, url: answer.url ?? null, technologies: found.map((each) => technologyAnswer(each)), identifications: identifier === null ? [] : identifyHttp(identifier, answer).map(identificationAnswer),
        })}\n`)
      } else rows.push(...found.map((each) => ({ place: answer.url ?? place, found: each })))
    }
  }
  if (context.json) return
  printTable(context, rows, [
    { title: 'column_place', cell: ({ place }) => place }, { title: 'column_technology', cell: ({ found }) => (context.language === 'ko' ? found.nameKo ?? found.name : found.name) }, { title: 'column_version', cell: ({ found }) => found.version ?? '-' },
    { title: 'column_kind', cell: ({ found }) => wordOf(context, 'technology', found.category) }, { title: 'column_confidence', fixed: true, cell: ({ found }) => sure(context, found.confidence) }, { title: 'column_build', cell: ({ found }) => built(found.build) },
    { title: 'column_evidence', cell: ({ found }) => (found.evidence.length > 0 ? found.evidence.map(({ source, found: text }) => `${source}${text === '' ? '' : `: ${text}`}`).join('; ') : context.text('technology_implied', { by: found.impliedBy.join(', ') })) },
  ])
  context.err.write(`${context.text('technologies_total', { answers: grouped(count), technologies: grouped(new Set(rows.map(({ found }) => found.id)).size) })}\n`)
}

const technologyAnswer = ({ id, name, category, vendor, version, cpe, confidence, evidence, impliedBy, build }: Technology): object => ({
  id, name, category, vendor, version, cpe, confidence: confidence.value, grade: confidence.grade, reasons: confidence.reasons, evidence, implied_by: impliedBy, build: buildAnswer(build),
})

/** Answers of a file: as they went over the wire (`curl -si`), or records with status, headers, body and url (JSON, NDJSON, gzip of these). */
async function* answersIn(context: Context, file: string, name: string, refuse: Refuse): AsyncGenerator<{ place: string; answer: HttpAnswer }> {
  try {
    const { start, all } = await peeked(file === '-' ? context.input : createReadStream(file))
    if (start.toString('latin1') === wireStart) {
      const found = wireAnswers(await whole(all))
      for (const [at, answer] of found.entries()) yield { place: found.length === 1 ? name : `${name}#${at + 1}`, answer }
    } else yield* recorded(context, all, name, refuse)
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (error instanceof HaechiError && error.code !== 'interrupted') refuse(name, error)
    else if (syscall === undefined) throw error
    else refuse(name, new HaechiError('file_unreadable', { file: name, reason: code ?? '' }, { cause: error }))
  }
}

async function* recorded(context: Context, input: AsyncIterable<Uint8Array>, name: string, refuse: Refuse): AsyncGenerator<{ place: string; answer: HttpAnswer }> {
  let met = 0
  for await (const batch of splitRecords(input, { name, maxRecordBytes: largestAnswer })) {
    if (context.stop.aborted) throw new HaechiError('interrupted')
    for (const { error, bytes, line } of batch) {
      met++
      if (error !== undefined) {
        refuse(error.place, new HaechiError(error.code satisfies ErrorCode, { reason: context.text('reason_syntax'), ...error.params }))
        continue
      }
      const record = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Readonly<Record<string, unknown>>
      // What else a record says of its answer is not ours.
      const answer: Record<string, unknown> = Object.fromEntries(answerParts.flatMap((key) => (record[key] === undefined || record[key] === null ? [] : [[key, record[key]]])))
      if (typeof answer['favicon'] === 'string') answer['favicon'] = Buffer.from(answer['favicon'], 'base64')
      const problem = Object.keys(answer).length === 0 ? 'neither status, headers nor body' : answerProblem(answer)
      if (problem === null) yield { place: `${name}:${line}`, answer }
      else refuse(`${name}:${line}`, new HaechiError('http_answer_invalid', { reason: problem }))
    }
  }
  if (met === 0) throw new HaechiError('file_without_records', { file: name })
}

const answerParts = ['status', 'headers', 'body', 'url', 'favicon', 'certificate', 'dns'] as const
const wireStart = 'HTTP/'

/** The first bytes, and all of them again. */
async function peeked(input: AsyncIterable<Uint8Array>): Promise<{ start: Buffer; all: AsyncIterable<Uint8Array> }> {
  const parts = input[Symbol.asyncIterator]()
  const seen: Uint8Array[] = []
  while (seen.reduce((length, part) => length + part.length, 0) < wireStart.length) {
    const next = await parts.next()
    if (next.done === true) break
    seen.push(next.value)
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* seen
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) yield next.value
  }
  return { start: Buffer.concat(seen).subarray(0, wireStart.length), all: all() }
}

async function whole(input: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of input) {
    length += part.length
    if (length > largestAnswer) throw new HaechiError('record_too_large', { limit_bytes: largestAnswer })
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** One answer, or those of a chain of redirects one after the other (RFC 9112, 2.1); line ends as files have them, too. */
function wireAnswers(bytes: Buffer): HttpAnswer[] {
  const found: HttpAnswer[] = []
  let at = 0
  for (;;) {
    const head = headEnd(bytes, at)
    const [first = '', ...lines] = bytes.toString('latin1', at, head.end).split(/\r?\n/)
    const headers = new Map<string, string[]>()
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
      if (name !== '') headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value])
    }
    const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1] ?? 0)
    const next = bytes.toString('latin1', head.next, head.next + 5) === 'HTTP/'
    found.push({ status, headers: Object.fromEntries(headers), body: next ? '' : decoded(bytes.subarray(head.next), headers.get('content-encoding')?.[0] ?? '') })
    if (!next) return found
    at = head.next
  }
}

function headEnd(bytes: Buffer, from: number): { readonly end: number; readonly next: number } {
  const wire = bytes.indexOf('\r\n\r\n', from)
  const file = bytes.indexOf('\n\n', from)
  if (wire === -1 && file === -1) return { end: bytes.length, next: bytes.length }
  return file === -1 || (wire !== -1 && wire < file) ? { end: wire, next: wire + 4 } : { end: file, next: file + 2 }
}

const maxOutputLength = 8 * 1_048_576
/** curl without --compressed leaves the body as it came. What is cut or too large stays as it is. */
function decoded(body: Buffer, encoding: string): Uint8Array {
  const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { gzip: (bytes) => gunzipSync(bytes, { maxOutputLength }), 'x-gzip': (bytes) => gunzipSync(bytes, { maxOutputLength }), deflate: (bytes) => inflateSync(bytes, { maxOutputLength }), br: (bytes) => brotliDecompressSync(bytes, { maxOutputLength }) }
  const name = encoding.trim().toLowerCase()
  try {
    return Object.hasOwn(decoders, name) ? decoders[name]!(body) : body
  } catch {
    return body
  }
}
