// What a Nuclei template is once it has been read (docs.projectdiscovery.io/templates, SYNTAX-REFERENCE.md), what it asks of the network, and what it finds.
// Types only. A Template is plain data: it survives JSON, which is what the cache of a second load is made of. Whatever is compiled from it is kept elsewhere.
import type { Bytes, Network, NetworkError, TlsVersion } from '@haechi/probes/wire'

export type { Bytes, Connection, HttpRequest, HttpResponse, Network, NetworkError, NetworkFault, TlsOptions, TlsSession, TlsVersion } from '@haechi/probes/wire'


/** What an expression works with. Numbers are Go's float64 or int; a list is what an extractor gave several times. */
export type Value = Bytes | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

/** A name's value; undefined where nobody knows it. Names are case-sensitive. */
export type Lookup = (name: string) => Value | undefined

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical' | 'unknown'

/** Why a file was not read (`refused`), or is read but not run (`parsed`). */
export type Problem = {
  readonly code: ProblemCode
  /** 'http[0].matchers[1].regex[0]', or 'line 12' where the file is no YAML. */
  readonly place: string
  /** In English: what is wrong or missing, and what would be right. */
  readonly reason: string
}

export type ProblemCode =
  // refused: no template
  | 'file_too_large' | 'not_text' | 'yaml_invalid' | 'not_a_template' | 'id_missing' | 'id_invalid' | 'info_missing' | 'severity_invalid' | 'nothing_to_do' | 'field_invalid' | 'field_unknown' | 'matcher_invalid' | 'extractor_invalid' | 'regex_invalid'
  | 'expression_invalid' | 'flow_invalid' | 'request_invalid' | 'payload_invalid' | 'payload_explosion' | 'duplicate_id'
  // parsed: a template, but it lacks something here
  | 'needs_out_of_band' | 'needs_browser' | 'needs_javascript' | 'needs_code' | 'needs_fuzzing' | 'needs_whois' | 'needs_file' | 'needs_template' | 'function_unsupported' | 'flow_unsupported' | 'feature_unsupported'
  // while it runs: ends the template on that target
  | 'flow_failed' | 'budget_exceeded'

export type Support = { readonly status: 'runnable' } | { readonly status: 'parsed'; readonly problem: Problem }

export type Classification = {
  readonly cve: readonly string[]
  readonly cwe: readonly string[]
  readonly cpe: string | null
  readonly cvssMetrics: string | null
  readonly cvssScore: number | null
  readonly epssScore: number | null
  readonly epssPercentile: number | null
}

export type Info = {
  readonly name: string
  readonly authors: readonly string[]
  readonly severity: Severity
  readonly tags: readonly string[]
  readonly description: string | null
  readonly impact: string | null
  readonly remediation: string | null
  readonly references: readonly string[]
  readonly classification: Classification
  /** As written: vendor, product, shodan-query, verified, max-request, ... */
  readonly metadata: { readonly [key: string]: Value }
}

/** `# digest: SIGNATURE:SIGNER` at the end of the file, and whether it holds for a key that is known. */
export type Signature = { readonly signer: string; readonly state: 'verified' | 'wrong' | 'unknown_signer' }

export type Template = {
  readonly id: string
  /** As it was handed to the reader: a path with '/', relative to the folder of the templates. */
  readonly file: string
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string
  readonly info: Info
  readonly support: Support
  readonly signature: Signature | null
  /** Texts in the order of the file, not evaluated. Constants cannot be overwritten from outside; variables see constants, target and what was given from outside. */
  readonly variables: Readonly<Record<string, Value>>
  readonly constants: Readonly<Record<string, Value>>
  /** Names its own hosts; needs no target. */
  readonly selfContained: boolean
  readonly stopAtFirstMatch: boolean
  /** The source of `flow`, which ./flow interprets. */
  readonly flow: string | null
  /** In the order in which they run without a flow: that of the file. */
  readonly blocks: readonly Block[]
  /** Empty but for workflows. */
  readonly workflow: readonly WorkflowStep[]
}

export type Block = HttpBlock | DnsBlock | TcpBlock | SslBlock | FileBlock | WebsocketBlock | OtherBlock
export type Protocol = Block['protocol']

type Operators = {
  /** `id` of the block, by which a flow may call it. */
  readonly id: string | null
  readonly matchers: readonly Matcher[]
  /** Among the matchers. 'or' where the template says nothing. */
  readonly matchersCondition: 'and' | 'or'
  readonly extractors: readonly Extractor[]
}

/** By name, values as written (expressions and markers are evaluated for each combination). What is read from a file has been read. */
export type Payloads = { readonly attack: 'batteringram' | 'pitchfork' | 'clusterbomb'; readonly lists: Readonly<Record<string, readonly Bytes[]>> }

export type HttpBlock = Operators & {
  readonly protocol: 'http'
  readonly method: Bytes
  readonly path: readonly Bytes[]
  readonly raw: readonly Bytes[]
  readonly headers: Readonly<Record<string, Bytes>>
  readonly body: Bytes
  readonly payloads: Payloads | null
  readonly redirects: boolean
  readonly hostRedirects: boolean
  /** 10 where the template says nothing. */
  readonly maxRedirects: number
  readonly stopAtFirstMatch: boolean
  /** Sent byte for byte as written, over a connection of its own. */
  readonly unsafe: boolean
  readonly race: number
  readonly disableCookie: boolean
  readonly disablePathAutomerge: boolean
  readonly skipVariablesCheck: boolean
  readonly iterateAll: boolean
  /** Matchers see what all requests of the block answered (body_1, status_code_2). Also where a matcher or extractor names such a thing. */
  readonly requestCondition: boolean
  readonly maxSize: number | null
  readonly digest: { readonly username: Bytes; readonly password: Bytes } | null
  readonly selfContained: boolean
  readonly globalMatchers: boolean
  readonly preCondition: readonly Matcher[]
  readonly preConditionCondition: 'and' | 'or'
}

export type DnsType = 'A' | 'NS' | 'DS' | 'CNAME' | 'SOA' | 'PTR' | 'MX' | 'TXT' | 'AAAA' | 'CAA' | 'TLSA' | 'ANY' | 'SRV'
export type DnsBlock = Operators & {
  readonly protocol: 'dns'
  readonly name: Bytes
  readonly type: DnsType
  readonly class: 'IN' | 'CS' | 'CH' | 'HS' | 'NONE' | 'ANY'
  readonly recursion: boolean
  readonly retries: number
  readonly resolvers: readonly Bytes[]
  readonly payloads: Payloads | null
  readonly trace: boolean
}

export type TcpInput = { readonly data: Bytes; readonly hex: boolean; readonly read: number; readonly name: string | null }
export type TcpBlock = Operators & {
  readonly protocol: 'tcp'
  /** '{{Hostname}}', 'tls://{{Hostname}}', '{{Host}}:22' */
  readonly host: readonly Bytes[]
  /** As written: '21', '993,143'. */
  readonly port: Bytes
  readonly excludePorts: Bytes
  readonly inputs: readonly TcpInput[]
  readonly readSize: number
  readonly readAll: boolean
  readonly stopAtFirstMatch: boolean
  readonly payloads: Payloads | null
}

export type SslBlock = Operators & {
  readonly protocol: 'ssl'
  readonly address: Bytes
  readonly minVersion: TlsVersion | null
  readonly maxVersion: TlsVersion | null
  readonly cipherSuites: readonly Bytes[]
  readonly versionEnum: boolean
  readonly cipherEnum: boolean
  readonly cipherTypes: readonly Bytes[]
}

export type FileBlock = Operators & {
  readonly protocol: 'file'
  /** Without dot; 'all' is any. */
  readonly extensions: readonly string[]
  readonly denylist: readonly string[]
  readonly maxSize: number | null
  readonly archive: boolean
  readonly mimeTypes: readonly string[]
  readonly noRecursive: boolean
}

export type WebsocketBlock = Operators & {
  readonly protocol: 'websocket'
  readonly address: Bytes
  readonly headers: Readonly<Record<string, Bytes>>
  readonly inputs: readonly { readonly data: Bytes; readonly name: string | null }[]
  readonly payloads: Payloads | null
}

/** Read for its matchers and so that a flow may name it, never run. */
export type OtherBlock = Operators & { readonly protocol: 'headless' | 'javascript' | 'code' | 'whois' }

export type Matcher = {
  readonly type: 'word' | 'regex' | 'binary' | 'status' | 'size' | 'dsl' | 'xpath'
  readonly name: string | null
  /** 'body' where the template says nothing (for http; 'data' for tcp, 'raw' for dns and file, 'response' for ssl): the block's protocol decides. null: nothing said. */
  readonly part: string | null
  readonly condition: 'and' | 'or'
  readonly negative: boolean
  /** Feeds flows and workflows, but is no finding. */
  readonly internal: boolean
  readonly caseInsensitive: boolean
  readonly matchAll: boolean
  /** Words are written in hexadecimal. */
  readonly hex: boolean
  /** words, regex, binary (hexadecimal), dsl, xpath by type. */
  readonly values: readonly Bytes[]
  /** status, size */
  readonly numbers: readonly number[]
}

export type Extractor = {
  readonly type: 'regex' | 'kval' | 'json' | 'xpath' | 'dsl'
  readonly name: string | null
  readonly part: string | null
  /** Feeds later requests, and is not shown. */
  readonly internal: boolean
  readonly caseInsensitive: boolean
  /** regex, kval, json (jq), xpath, dsl by type. */
  readonly values: readonly Bytes[]
  /** Of a regular expression. 0: all that it matches. */
  readonly group: number
  /** Of an xpath; null: its text. */
  readonly attribute: string | null
}

export type WorkflowStep = {
  /** A file, or null: by tags. */
  readonly template: string | null
  readonly tags: readonly string[]
  readonly matchers: readonly { readonly names: readonly string[]; readonly condition: 'and' | 'or'; readonly steps: readonly WorkflowStep[] }[]
  readonly subtemplates: readonly WorkflowStep[]
}

// ---- running ----

/** What a template is run against. */
export type Target = {
  /** As given: 'https://example.com/app', 'example.com:22', a folder for file templates. */
  readonly input: string
  /** null: given without one, or not a place of the web. */
  readonly scheme: 'http' | 'https' | null
  readonly host: string
  readonly port: number | null
  /** '' or '/app', without a slash at its end. */
  readonly path: string
}

export type Match = {
  readonly template: string
  readonly file: string
  readonly info: Info
  readonly protocol: Protocol
  /** Of the matcher, where it has one; of the extractor, where there is no matcher. */
  readonly matcher: string | null
  /** Readable text. */
  readonly extracted: readonly string[]
  /** What the same answer gave to named extractors, internal ones too: what later templates of a workflow are handed. */
  readonly values: Readonly<Record<string, readonly Bytes[]>>
  /** The address that answered so: 'https://example.com/x', 'example.com:22'. */
  readonly matchedAt: string
  readonly target: string
  readonly address: string | null
  /** What was sent and what came back, cut to some kilobytes each; readable text. */
  readonly evidence: { readonly request: string; readonly response: string }
  /** Why it is not believed; null: it is. */
  readonly doubt: Doubt | null
}

/** catch_all: the same is answered to paths that nobody has. reflected: only what was asked stands in the answer. honeypot: too many different products at once. */
export type Doubt = 'catch_all' | 'reflected' | 'honeypot'

/** Constants, variables, what was given from outside, what was extracted, what earlier blocks answered: by name. */
export interface Values {
  get(name: string): Value | undefined
  /** What was extracted: a single value as itself, several as a list. */
  set(name: string, value: Value): void
}

/** What one block of a template is run with (runHttp, runDns, ...). */
export type Run = {
  readonly template: Template
  readonly target: Target
  readonly network: Network
  readonly signal: AbortSignal
  readonly settings: Settings
  readonly values: Values
  /**
   * To be called with the names of each answer (body, status_code, cname; without a block's number). Later blocks see the last answer of each as http_body,
   * dns_cname, http_1_body or, for a block with an id, ID_body.
   */
  readonly answered: (answer: Lookup) => void
  /** Bytes that are random enough for markers: 32-bit numbers. Equal seeds give equal runs. */
  readonly random: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** An expression of the next request asks for a pause (wait_for). */
  readonly wait: (seconds: number) => void
  /** What was asked for since the last time, to be awaited before a request is sent; null: nothing. */
  readonly pause: () => Promise<void> | null
  readonly report: (match: Match) => void
  /** A request was sent, or could not be. */
  readonly sent: (what: { readonly protocol: Protocol; readonly fault: NetworkError | null }) => void
}

export type Settings = {
  /** Redirects are never followed, whatever the template says. */
  readonly disableRedirects: boolean
  readonly attack: Payloads['attack'] | null
  readonly serverName: string | null
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly userAgent: Bytes
  /** Given from outside: -V name=value. */
  readonly variables: Readonly<Record<string, Bytes>>
  /** Requests of one template at most; what is beyond is not sent and counted. */
  readonly maxRequests: number
  readonly resolvers: readonly string[]
}

/**
 * Of one block, as a flow sees it: did its matchers hold; without matchers, did an extractor find something; without either, was there an answer. Internal
 * matchers count here, although they are not reported.
 */
export type Outcome = { readonly matched: boolean }

/** What file templates read. null: it cannot be read, which whoever hands it over tells himself. */
export type FileEntry = { readonly path: string; readonly size: number; read(maxBytes: number): Promise<Bytes | null> }
