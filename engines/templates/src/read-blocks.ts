// The blocks of a template, protocol by protocol, with Nuclei's defaults where the template says nothing. Defended by read.test.ts.
import { bytesOf } from '@haechi/probes/wire'
import { Fields, put, textsOf, valueOf } from './fields.ts'
import type { Block, Bytes, DnsBlock, FileBlock, HttpBlock, OtherBlock, Payloads, Problem, SslBlock, TcpBlock, TlsVersion, WebsocketBlock } from './model.ts'
import { TemplateError } from './problem.ts'
import { condition, operatorFields, readMatchers, readOperators } from './read-operators.ts'
import type { Yaml } from './yaml.ts'

/** What reading a block finds beside it. */
export type Reading = {
  /** The lines of a payload file, shared by all who name it; null where there is none. Throws TemplateError payload_invalid, payload_explosion. */
  readonly lines: (path: string, place: string) => readonly Bytes[] | null
  /** Of a template that is read, why it cannot be run. */
  readonly lacks: (problem: Problem) => void
}

/** Combinations of one block at most. */
const MAX_COMBINATIONS = 2_000_000
const MAX_PATHS = 10_000

const known = (names: string): ReadonlySet<string> => new Set([...operatorFields, ...names.split(' ')])
const attacks = ['batteringram', 'pitchfork', 'clusterbomb'] as const

const httpFields = known('name path raw method headers body payloads attack redirects host-redirects max-redirects stop-at-first-match unsafe race race_count cookie-reuse disable-cookie disable-path-automerge skip-variables-check '
  + 'iterate-all req-condition max-size digest-username digest-password self-contained global-matchers pre-condition pre-condition-operator threads payload-concurrency read-all '
  + 'signature fuzzing analyzer filters filters-condition pipeline pipeline-concurrent-connections pipeline-requests-per-connection')

/** Matchers that look at a certain request of several: body_2 (Nuclei has the same rough sign). */
const numbered = /_[0-9]+/

function readHttp(fields: Fields, reading: Reading): HttpBlock {
  const path = fields.texts('path')
  const raw = fields.texts('raw')
  const fuzzing = fields.raw('fuzzing') !== null || fields.raw('analyzer') !== null
  if (fuzzing) reading.lacks({ code: 'needs_fuzzing', place: fields.at('fuzzing'), reason: 'The template changes requests that something else has recorded; requests are not recorded here.' })
  if (fields.raw('signature') !== null) reading.lacks({ code: 'feature_unsupported', place: fields.at('signature'), reason: 'Requests are not signed for AWS here.' })
  if (fields.flag('pipeline')) reading.lacks({ code: 'feature_unsupported', place: fields.at('pipeline'), reason: 'Requests are not pipelined here.' })
  const globalMatchers = fields.flag('global-matchers')
  if (path.length > MAX_PATHS || raw.length > MAX_PATHS) throw new TemplateError('request_invalid', fields.at(path.length > MAX_PATHS ? 'path' : 'raw'), `A block has at most ${MAX_PATHS} requests.`)
  if (path.length > 0 && raw.length > 0) throw new TemplateError('request_invalid', fields.at('raw'), 'A block has "path" or "raw", not both.')
  if (path.length + raw.length === 0 && !globalMatchers && !fuzzing) throw new TemplateError('request_invalid', fields.at('path'), 'A block needs "path" or "raw": what is asked for.')
  for (const [index, text] of raw.entries()) if (!fields.flag('unsafe') && !/^\s*\S+\s+\S/.test(text)) throw new TemplateError('request_invalid', `${fields.at('raw')}[${index}]`, 'A raw request begins with its method and its path.')
  const operators = readOperators(fields)
  const race = fields.flag('race')
  const username = fields.text('digest-username')
  return {
    protocol: 'http', ...operators,
    method: (fields.text('method') ?? 'GET').trim().toUpperCase(), path, raw, headers: fields.record('headers'), body: fields.text('body') ?? '', payloads: readPayloads(fields, reading),
    redirects: fields.flag('redirects'), hostRedirects: fields.flag('host-redirects'), maxRedirects: fields.count('max-redirects') || 10, stopAtFirstMatch: fields.flag('stop-at-first-match'), unsafe: fields.flag('unsafe'),
    race: race ? fields.count('race_count') ?? 1 : 0, disableCookie: fields.flag('disable-cookie') || (fields.raw('cookie-reuse') !== null && !fields.flag('cookie-reuse')),
    disablePathAutomerge: fields.flag('disable-path-automerge'), skipVariablesCheck: fields.flag('skip-variables-check'), iterateAll: fields.flag('iterate-all'),
    requestCondition: fields.flag('req-condition') || operators.matchers.some((matcher) => numbered.test(matcher.part ?? '') || (matcher.type === 'dsl' && matcher.values.some((value) => numbered.test(value))))
      || operators.extractors.some((extractor) => numbered.test(extractor.part ?? '') || (extractor.type === 'dsl' && extractor.values.some((value) => numbered.test(value)))),
    maxSize: fields.count('max-size') || null, digest: username === null || username === '' ? null : { username, password: fields.text('digest-password') ?? '' },
    selfContained: fields.flag('self-contained'), globalMatchers, preCondition: readMatchers(fields, 'pre-condition'), preConditionCondition: condition(fields, 'pre-condition-operator'),
  }
}

const dnsFields = known('name type class retries trace trace-max-recursion payloads threads attack recursion resolvers')
const dnsTypes = ['A', 'NS', 'DS', 'CNAME', 'SOA', 'PTR', 'MX', 'TXT', 'AAAA', 'CAA', 'TLSA', 'ANY', 'SRV'] as const
const dnsClasses = { inet: 'IN', csnet: 'CS', chaos: 'CH', hesiod: 'HS', none: 'NONE', any: 'ANY' } as const

function readDns(fields: Fields, reading: Reading): DnsBlock {
  const name = fields.text('name')
  if (name === null || name === '') throw new TemplateError('request_invalid', fields.at('name'), 'A question to DNS needs a "name".')
  const type = fields.words('type')?.trim().toUpperCase() ?? 'A'
  const found = dnsTypes.find((one) => one === type)
  if (found === undefined) throw new TemplateError('field_invalid', fields.at('type'), `"${type.slice(0, 40)}" is none of ${dnsTypes.join(', ')}.`)
  return {
    protocol: 'dns', ...readOperators(fields), name, type: found, class: dnsClasses[fields.choice('class', Object.keys(dnsClasses) as (keyof typeof dnsClasses)[]) ?? 'inet'],
    recursion: fields.raw('recursion') === null || fields.flag('recursion'), retries: fields.count('retries') || 3, resolvers: fields.texts('resolvers'), payloads: readPayloads(fields, reading), trace: fields.flag('trace'),
  }
}

const tcpFields = known('name host address attack payloads threads inputs port exclude-ports read-size read-all stop-at-first-match self-contained')
const inputFields = new Set(['data', 'type', 'read', 'name'])

function readTcp(fields: Fields, reading: Reading): TcpBlock {
  const host = [...fields.texts('host'), ...fields.texts('address')]
  if (host.length === 0) throw new TemplateError('request_invalid', fields.at('host'), 'A connection needs a "host".')
  return {
    protocol: 'tcp', ...readOperators(fields), host, port: fields.text('port') ?? '', excludePorts: fields.text('exclude-ports') ?? '',
    inputs: fields.items('inputs').map(({ node, place }) => {
      const input = new Fields(node, place, inputFields)
      const data = input.text('data') ?? ''
      const hex = input.choice('type', ['hex', 'text']) === 'hex'
      if (hex && !data.includes('{{') && !/^(?:\s*[0-9a-fA-F]{2})*\s*$/.test(data)) throw new TemplateError('request_invalid', input.at('data'), 'Bytes are written as pairs of hexadecimal digits.')
      return { data, hex, read: input.count('read') ?? 0, name: input.words('name') }
    }),
    readSize: fields.count('read-size') || 1024, readAll: fields.flag('read-all'), stopAtFirstMatch: fields.flag('stop-at-first-match'), payloads: readPayloads(fields, reading),
  }
}

const sslFields = known('address min_version max_version cipher_suites scan_mode tls_version_enum tls_cipher_enum tls_cipher_types')
const tlsVersions: Readonly<Record<string, TlsVersion>> = { sslv3: 'sslv3', ssl30: 'sslv3', tls10: 'tls10', tls11: 'tls11', tls12: 'tls12', tls13: 'tls13' }

function readSsl(fields: Fields): SslBlock {
  const version = (name: string): TlsVersion | null => tlsVersions[fields.choice(name, Object.keys(tlsVersions)) ?? ''] ?? null
  // Scan modes name the libraries of Nuclei's prober; here there is one.
  fields.choice('scan_mode', ['ctls', 'ztls', 'auto', 'openssl'])
  return {
    protocol: 'ssl', ...readOperators(fields), address: fields.text('address') ?? '{{Host}}:{{Port}}', minVersion: version('min_version'), maxVersion: version('max_version'), cipherSuites: fields.texts('cipher_suites'),
    versionEnum: fields.flag('tls_version_enum'), cipherEnum: fields.flag('tls_cipher_enum'), cipherTypes: fields.texts('tls_cipher_types'),
  }
}

const fileFields = known('extensions denylist max-size archive mime-type no-recursive')

function readFile(fields: Fields): FileBlock {
  const bare = (name: string): string[] => fields.texts(name).map((text) => text.trim().replace(/^\./, '').toLowerCase())
  return {
    protocol: 'file', ...readOperators(fields), extensions: bare('extensions'), denylist: fields.texts('denylist').map((text) => text.trim()), maxSize: sizeOf(fields, 'max-size'), archive: fields.flag('archive'),
    mimeTypes: fields.texts('mime-type'), noRecursive: fields.flag('no-recursive'),
  }
}

/** '5Mb', '1Gb', '1024'. */
function sizeOf(fields: Fields, name: string): number | null {
  const text = fields.words(name)?.trim()
  if (text === undefined || text === '') return null
  const parts = /^([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([kmgt]?)(?:i?b)?$/i.exec(text)
  if (parts === null) throw new TemplateError('field_invalid', fields.at(name), `"${text.slice(0, 40)}" is no size such as 5Mb.`)
  return Math.round(Number(parts[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(parts[2]!.toLowerCase()))
}

const websocketFields = known('address inputs headers attack payloads')

function readWebsocket(fields: Fields, reading: Reading): WebsocketBlock {
  const address = fields.text('address')
  if (address === null) throw new TemplateError('request_invalid', fields.at('address'), 'A connection needs an "address".')
  return {
    protocol: 'websocket', ...readOperators(fields), address, headers: fields.record('headers'),
    inputs: fields.items('inputs').map(({ node, place }) => {
      const input = new Fields(node, place, inputFields)
      return { data: input.text('data') ?? '', name: input.words('name') }
    }),
    payloads: readPayloads(fields, reading),
  }
}

const needs = {
  headless: ['needs_browser', 'The template drives a browser, and there is none here.'],
  javascript: ['needs_javascript', 'The template is a program in JavaScript, which is not run here.'],
  code: ['needs_code', 'The template runs commands on this machine, which is not done here.'],
  whois: ['needs_whois', 'The template asks WHOIS, which is not done here.'],
} as const
const otherFields: Readonly<Record<OtherBlock['protocol'], ReadonlySet<string>>> = {
  headless: known('attack payloads steps user_agent custom_user_agent stop-at-first-match fuzzing cookie-reuse disable-cookie self-contained'),
  javascript: known('init pre-condition args code stop-at-first-match attack threads payloads timeout'),
  code: known('engine pre-condition args pattern source stop-at-first-match attack payloads threads'),
  whois: known('query server'),
}

const readOther = (protocol: OtherBlock['protocol']) => (fields: Fields, { lacks }: Reading): OtherBlock => {
  lacks({ code: needs[protocol][0], place: fields.place, reason: needs[protocol][1] })
  return { protocol, ...readOperators(fields) }
}

type Kind = { readonly known: ReadonlySet<string>; readonly read: (fields: Fields, reading: Reading) => Block }
const kinds: Readonly<Record<string, Kind>> = {
  http: { known: httpFields, read: readHttp }, requests: { known: httpFields, read: readHttp }, dns: { known: dnsFields, read: readDns }, tcp: { known: tcpFields, read: readTcp }, network: { known: tcpFields, read: readTcp },
  ssl: { known: sslFields, read: readSsl }, file: { known: fileFields, read: readFile }, websocket: { known: websocketFields, read: readWebsocket },
  ...Object.fromEntries((['headless', 'javascript', 'code', 'whois'] as const).map((protocol) => [protocol, { known: otherFields[protocol], read: readOther(protocol) }])),
}

/** Fields of a template that hold blocks, with the old names. */
export const blockFields = Object.keys(kinds)

export function readBlocks(fields: Fields, reading: Reading): Block[] {
  const blocks: Block[] = []
  for (const name of fields.names()) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind !== undefined) for (const { node, place } of fields.items(name)) blocks.push(kind.read(new Fields(node, place, kind.known), reading))
  }
  return blocks
}

function readPayloads(fields: Fields, reading: Reading): Payloads | null {
  const attack = fields.choice('attack', attacks) ?? 'batteringram'
  const node = fields.raw('payloads')
  if (node === null) return null
  const named = new Fields(node, fields.at('payloads'), null)
  const lists: Record<string, readonly Bytes[]> = {}
  let combinations = attack === 'clusterbomb' ? 1 : 0
  for (const name of named.names()) {
    const list = readList(named.raw(name), named.at(name), reading)
    if (list === null) continue
    if (list.length === 0) throw new TemplateError('payload_invalid', named.at(name), 'The list is empty.')
    put(lists, bytesOf(name), list)
    combinations = attack === 'clusterbomb' ? combinations * list.length : attack === 'batteringram' ? combinations + list.length : Math.max(combinations, list.length)
  }
  if (combinations > MAX_COMBINATIONS) throw new TemplateError('payload_explosion', fields.at('payloads'), `The lists combine to ${combinations} requests; at most ${MAX_COMBINATIONS} are made. Shorten them, or choose another attack.`)
  return Object.keys(lists).length === 0 ? null : { attack, lists }
}

/** Null where a file is missing, which the template then lacks. */
function readList(node: Yaml | null, place: string, { lines, lacks }: Reading): readonly Bytes[] | null {
  if (node === null) throw new TemplateError('payload_invalid', place, 'Here a list is expected, or the name of a file.')
  if (Array.isArray(node)) return (node as readonly Yaml[]).map((item) => written(item))
  // By how much is tried (low, medium, high): only where requests are changed, which is not done here.
  if (node instanceof Map) return [...(node as ReadonlyMap<string, Yaml>)].flatMap(([name, items]) => textsOf(items, `${place}.${name.slice(0, 80)}`))
  const text = written(node)
  if (text.includes('\n')) return text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const found = lines(text, place)
  if (found === null) lacks({ code: 'needs_file', place, reason: `The file ${text.slice(0, 200)} is not beneath the folder of the templates.` })
  return found
}

function written(node: Yaml): Bytes {
  const value = valueOf(node, bytesOf)
  return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
