// The one port of probes and templates: what goes onto the wire, and what comes back. It decides what may be reached; engines open nothing themselves.
import type { Bytes } from './bytes.ts'
import { TextError } from './evidence.ts'
import type { Text } from './evidence.ts'

export type TlsVersion = 'sslv3' | 'tls10' | 'tls11' | 'tls12' | 'tls13'

/** Exactly what goes onto the wire; nothing is normalised. Without Host, Content-Length and Connection these are added; cookies and redirects are the engine's. */
export type HttpRequest = {
  readonly method: Bytes
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** Path and query as they are sent: '/a/../b?x=%41'. Never a space or a control character. */
  readonly target: Bytes
  readonly headers: readonly (readonly [name: Bytes, value: Bytes])[]
  readonly body: Bytes | null
  /** Server name for TLS where it differs from `host`. */
  readonly serverName: string | null
  readonly timeoutMs: number
  /** Of the body, compressed and decompressed alike: what is beyond is cut off and `truncated` says so. */
  readonly maxBytes: number
}

export type HttpResponse = {
  readonly status: number
  readonly reason: Bytes
  /** In their order, repeated ones apart, names as sent. */
  readonly headers: readonly (readonly [name: Bytes, value: Bytes])[]
  /** Decompressed. */
  readonly body: Bytes
  readonly truncated: boolean
  readonly durationMs: number
  /** '192.0.2.7' */
  readonly address: string
}

export type TlsOptions = { readonly serverName: string | null; readonly minVersion: TlsVersion | null; readonly maxVersion: TlsVersion | null; readonly ciphers: readonly string[] | null }
export type TlsSession = {
  readonly version: TlsVersion
  readonly cipher: string
  /** DER, the server's own first. */
  readonly certificates: readonly Uint8Array[]
}

/** One connection. Closed by whoever opened it. */
export interface Connection {
  readonly address: string
  /** null without TLS. */
  readonly tls: TlsSession | null
  write(data: Bytes): Promise<void>
  /** What has come, at least a byte, at most `maxBytes`; '' at the end. Errors: `timeout` after `timeoutMs` without a byte. */
  read(maxBytes: number, timeoutMs: number): Promise<Bytes>
  close(): void
}

export type NetworkFault = 'out_of_scope' | 'not_resolved' | 'refused' | 'unreachable' | 'timeout' | 'closed' | 'tls_failed' | 'protocol_error' | 'cancelled'

/** Thrown by a Network. `endpoint` is 'host:port' (or a resolver), never a path. */
export class NetworkError extends TextError {
  override readonly name = 'NetworkError'
  readonly fault: NetworkFault
  readonly endpoint: string

  constructor(fault: NetworkFault, endpoint: string, text: Text | string) {
    super(text)
    this.fault = fault
    this.endpoint = endpoint
  }
}

/** The only way out of the engine. It decides what may be reached, and names are resolved by it alone. Errors of all: NetworkError. */
export interface Network {
  http(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>
  dial(host: string, port: number, options: { readonly tls: TlsOptions | null; readonly timeoutMs: number }, signal: AbortSignal): Promise<Connection>
  /** A DNS message (RFC 1035) to `resolver` ('192.0.2.1:53'), or to the machine's own where null, and the answer to it. */
  dns(message: Uint8Array, options: { readonly resolver: string | null; readonly timeoutMs: number }, signal: AbortSignal): Promise<Uint8Array>
}

/** Of a port that was connected to, or sent a datagram: `filtered` is no answer at all, or one on the way that forbids it (RFC 1812, 5.2.7.1). */
export type PortState = 'open' | 'closed' | 'filtered'

export type PortBatch = {
  /** In the order of the ports that were asked for. */
  readonly states: readonly PortState[]
  /** From the first connect to the last answer. */
  readonly durationMs: number
  /** Of the answers (open and closed); null without one. */
  readonly slowestAnswerMs: number | null
  /** Connects that this machine could not begin (no descriptor, no local port); their state is `filtered` and they may be asked again. */
  readonly notBegun: number
}

/** What probes need beside what templates need. Errors of all: NetworkError. */
export interface ProbeNetwork extends Network {
  /** Of a host that may be reached. Errors: out_of_scope, not_resolved. */
  addresses(host: string, signal: AbortSignal): Promise<readonly string[]>
  /** TCP connects to many ports of one address, `concurrency` at a time, each closed at once. Faults of single ports are states. Errors: out_of_scope, cancelled. */
  connects(address: string, ports: readonly number[], options: { readonly concurrency: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<PortBatch>
  /** One UDP datagram, and the first that comes back from there. Errors: timeout (nothing came), refused (the port is closed), out_of_scope. */
  datagram(address: string, port: number, payload: Bytes, options: { readonly timeoutMs: number }, signal: AbortSignal): Promise<Bytes>
}
