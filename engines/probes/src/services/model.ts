// What a service is found to be, and what each protocol brings to find it out. Plain data but for the functions of a protocol.
import type { DistributionBuild } from '@haechi/fingerprints'
import type { Bytes } from '../bytes.ts'
import type { Finding, ProbeFault } from '../model.ts'
import type { Examination } from './examination.ts'

export type ServicePlace = {
  /** As it was asked: a name or an address. */
  readonly host: string
  readonly address: string
  readonly port: number
  readonly transport: 'tcp' | 'udp'
}

/** The greeting that a service awaits before it changes to TLS. */
export type StartTls = 'smtp' | 'imap' | 'pop3' | 'ftp' | 'ldap' | 'postgres' | 'mysql' | 'xmpp' | 'rdp'

export type Service = {
  /** Name of IANA's registry where it has one ('ssh', 'domain', 'ms-wbt-server'), else the usual one ('kafka'). 'unknown': nothing was recognised. */
  readonly name: string
  /** It is spoken inside of TLS from the first byte. */
  readonly tls: boolean
  readonly startTls: StartTls | null
  readonly product: string | null
  readonly vendor: string | null
  /** '9.2' of '9.2p1'. Only what the wire gives: never an estimate. */
  readonly version: string | null
  readonly fullVersion: string | null
  /** CPE 2.3, of the product and of the system beneath. */
  readonly cpe: readonly string[]
  readonly build: DistributionBuild | null
  /** What it calls itself. */
  readonly hostname: string | null
  readonly os: string | null
  /** The first bytes that it said, some hundred at most. */
  readonly banner: Bytes
  /** Of `name`: 0 to 1. */
  readonly confidence: number
  /** English, for people. */
  readonly reasons: readonly string[]
  /** What else it told of itself: 'protocol' '3.8', 'dialect' '3.1.1'. */
  readonly attributes: Readonly<Record<string, string>>
  readonly findings: readonly Finding[]
  readonly faults: readonly ProbeFault[]
}

/** What a greeting may hold. */
export type Addressee = { readonly host: string; readonly port: number; readonly random: () => number }

/** One protocol. `recognise` is pure, bounded and total: any bytes may come. */
export type Protocol = {
  readonly name: string
  /** What a client says first; null where the server does. */
  readonly greeting: ((to: Addressee) => Bytes) | null
  /** 0: it is another; up to 1: how sure these bytes, the first that came, are of this protocol. */
  readonly recognise: (heard: Bytes) => number
  /** Looks closer, beginning with the conversation in which it was recognised. */
  readonly examine: (service: Examination) => Promise<void>
}

/** Looks closer at what answers over UDP, after the first datagram that came back. */
export type DatagramExaminer = (service: Examination, answer: Bytes) => Promise<void>
