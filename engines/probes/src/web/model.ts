// What a probe of a web site is given and what it tells. Plain data.
import type { FaviconHashes, HttpAnswer, Technology } from '@haechi/fingerprints'
import type { Bytes } from '../bytes.ts'
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'

export type WebBudget = {
  /** Of all requests of one probe. */
  readonly requests: number
  /** Of all bodies together, decompressed. */
  readonly bytes: number
  /** From the first request on; after it nothing more is asked. */
  readonly durationMs: number
}

export type WebOptions = {
  readonly run: ProbeRun
  /** What an answer shows of the software behind it. */
  readonly identifyTechnologies: (answer: HttpAnswer) => readonly Technology[]
  /** 400 requests, 32 MiB and two minutes, where it is not said. */
  readonly budget?: WebBudget
  /** Null, or not given: only what is linked from the first page is looked at. */
  readonly crawl?: CrawlLimits | null
  /** Other names that may be served at the same address (of a certificate, of DNS). */
  readonly names?: readonly string[]
  /** Each text that was fetched: pages, scripts, files. Equal ones are told once. Whoever looks for secrets in them does it here. */
  readonly onBody?: (url: string, body: Bytes) => void
}

export type CrawlLimits = { readonly pages: number; /** Links from the first page; 0: that page alone. */ readonly depth: number }

/** One step of the way from the URL that was asked to the answer. `status` 0: there was none. */
export type Hop = { readonly url: string; readonly status: number; /** Where it leads. */ readonly location: string | null }

/** How the way ended: in an answer; in itself; with more than ten steps; at a host that may not be reached; without an answer. */
export type ChainEnd = 'answer' | 'loop' | 'too_long' | 'out_of_scope' | 'no_answer'

export type WebAnswer = {
  readonly url: string
  readonly status: number
  /** '' where there is none. For people, in Unicode. */
  readonly title: string
  /** Of `Server`. */
  readonly server: string | null
  readonly contentType: string | null
  readonly bytes: number
  /** '192.0.2.7' */
  readonly address: string
}

export type ApiKind = 'openapi' | 'graphql' | 'mcp' | 'wsdl' | 'grpc_web' | 'odata'
export type Api = {
  readonly kind: ApiKind
  readonly url: string
  /** As it names itself. */
  readonly title: string | null
  readonly version: string | null
  /** Operations, types, tools, services; null: not told. */
  readonly operations: number | null
  /** Names of some of them. */
  readonly names: readonly string[]
  /** It told who it is, and no more, without a login. null: cannot be said. */
  readonly authenticated: boolean | null
}

/** A file at a place that a standard names (RFC 8615): 'security.txt', 'openid-configuration'. */
export type WellKnown = { readonly name: string; readonly url: string }

export type VirtualHost = { readonly name: string; readonly status: number; readonly title: string }

export type Form = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly action: string
  readonly fields: readonly string[]
  readonly password: boolean
}

export type CrawledPage = { readonly url: string; readonly status: number; readonly title: string; readonly contentType: string | null; readonly bytes: number; readonly depth: number }

export type WebReport = {
  /** 'https://www.example.com/' as it was asked. */
  readonly url: string
  /** What was looked at: scheme, host and port of `url`. Where it leads elsewhere is for another probe: `leadsTo`. */
  readonly origin: string
  readonly chain: readonly Hop[]
  readonly ended: ChainEnd
  /** The end of the way, if it answered; it may be of another host. */
  readonly final: WebAnswer | null
  /** Where the way left the origin: the first URL of another one. */
  readonly leadsTo: string | null
  /** Every place leads there, or nowhere: there is no site of its own here. */
  readonly redirectsAll: boolean
  /** Status that places get that there are not; null: no answer. 200: it answers anything. */
  readonly missingStatus: number | null
  readonly technologies: readonly Technology[]
  readonly favicon: ({ readonly url: string } & FaviconHashes) | null
  readonly methods: readonly string[]
  readonly apis: readonly Api[]
  readonly wellKnown: readonly WellKnown[]
  /** Ids of technologies by which people come in from far: VPN, remote desktops, panels. */
  readonly portals: readonly string[]
  readonly virtualHosts: readonly VirtualHost[]
  readonly pages: readonly CrawledPage[]
  readonly forms: readonly Form[]
  /** Places that scripts name and nobody has asked for. */
  readonly paths: readonly string[]
  /** Hosts of the same and other owners that pages link to. */
  readonly hosts: readonly string[]
  /** URLs of cloud buckets that pages name. */
  readonly buckets: readonly string[]
  readonly findings: readonly Finding[]
  readonly faults: readonly ProbeFault[]
  /** Requests that were sent. */
  readonly requests: number
}
