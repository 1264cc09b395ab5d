// What fingerprints, identifications and refusals look like. Plain data; nothing here does anything.
import type { Regex } from '@haechi/patterns'

/** A file as it was read by whoever owns files: `path` with forward slashes, relative to the corpus. */
export type SourceFile = { readonly path: string; readonly content: Uint8Array | string }

/** Why a file, a fingerprint, an example or a rule was left out. The rest is in force. */
export type RefusalCode =
  | 'file_too_large' | 'encoding_invalid' | 'xml_invalid' | 'xml_doctype' | 'xml_too_deep' | 'not_fingerprints' | 'too_many'
  | 'element_unknown' | 'pattern_missing' | 'pattern_invalid' | 'flag_unknown' | 'param_invalid' | 'param_cycle' | 'preference_invalid' | 'example_invalid'
  | 'yaml_invalid' | 'rule_invalid' | 'rule_duplicate' | 'cpe_invalid'

export type Refusal = {
  readonly file: string
  /** From 1; null where the whole file is meant. */
  readonly line: number | null
  readonly code: RefusalCode
  readonly reason: string
}

export type Param = {
  readonly name: string
  /** 0: `value` as it stands, with {names} of other params put in; else the number of the group. */
  readonly position: number
  readonly value: string
}

/** A banner that its fingerprint has to match, and params that it has to give. */
export type Example = { readonly banner: string; readonly expected: Readonly<Record<string, string>>; readonly line: number }

export type Fingerprint = {
  readonly description: string
  readonly regex: Regex
  readonly params: readonly Param[]
  readonly examples: readonly Example[]
  /** 0 to 1, from the attribute `certainty`; null where it says nothing. */
  readonly certainty: number | null
  readonly line: number
}

/** One file of fingerprints, which are tried in their order. */
export type Database = {
  /** The attribute `matches`, else the file's name without its ending. */
  readonly name: string
  /** The file's name without its ending, by which a database may also be called. */
  readonly stem: string
  readonly file: string
  readonly protocol: string | null
  /** `service`, `util.os` or what else the file says; null where it says nothing. */
  readonly type: string | null
  /** 0 to 1; 0.1 where the file says nothing. Databases with more are asked first. */
  readonly preference: number
  readonly fingerprints: readonly Fingerprint[]
}

/** What a thing is called in the National Vulnerability Database where that is not what Recog calls it (cpe-remap.yaml). */
export type CpeNames = Readonly<Record<'a' | 'o' | 'h', ReadonlyMap<string, { readonly vendor: string | null; readonly products: ReadonlyMap<string, string> }>>>

export type Cpe = {
  /** CPE 2.3 formatted string (NIST IR 7695, 6.2). */
  readonly name: string
  /** `stated` by the fingerprint or rule; `derived` by us from vendor and product, where no CPE is stated: a guess to search by, not to conclude from. */
  readonly origin: 'stated' | 'derived'
}

/** What was identified, by one of its sides. Texts as the fingerprint has them, null where it says nothing. */
export type Product = {
  readonly vendor: string | null
  readonly product: string | null
  /** `9.2` of `9.2p1`; the whole version stands in `fullVersion`. */
  readonly version: string | null
  /** `p1` of `9.2p1`, `sp1`, `rc2` */
  readonly update: string | null
  readonly fullVersion: string | null
  readonly family: string | null
  readonly edition: string | null
  readonly device: string | null
  readonly cpe: Cpe | null
  readonly confidence: Confidence
}

export type Confidence = {
  /** 0 to 1: how sure it is that this is the product. It says nothing of the version being vulnerable. */
  readonly value: number
  /** high from 0.8, medium from 0.5, low below. */
  readonly grade: 'high' | 'medium' | 'low'
  /** English, for people. */
  readonly reasons: readonly string[]
}

/**
 * The build of a distribution that a banner names. Distributions repair holes without raising the upstream version, so that whoever judges holes has to compare
 * `packageVersion` with the distribution's advisories, or, where it is null, must not conclude from the upstream version at all.
 */
export type DistributionBuild = {
  readonly distribution: 'debian' | 'ubuntu' | 'raspbian' | 'redhat' | 'centos' | 'fedora' | 'almalinux' | 'rocky' | 'oracle' | 'amazon' | 'suse' | 'freebsd'
  /** How versions of its packages compare; null: no package manager's version is stated (FreeBSD's base system). */
  readonly ordering: 'deb' | 'rpm' | null
  /** `12`, `22.04`, `el8`, where the revision tells. */
  readonly release: string | null
  /** The source package, where it is known. */
  readonly sourcePackage: string | null
  /** Whole, with its epoch where the package has one: `1:9.2p1-2+deb12u10`. Null where the banner hides the revision. */
  readonly packageVersion: string | null
  readonly upstreamVersion: string | null
  /** `2+deb12u10` */
  readonly revision: string | null
}

export type Identification = {
  readonly database: string
  /** Description of the fingerprint. */
  readonly matched: string
  readonly line: number
  /** As Recog gives them, with `service.protocol` of the database; groups that took no part are absent. */
  readonly params: Readonly<Record<string, string>>
  readonly service: Product | null
  readonly os: Product | null
  readonly hardware: Product | null
  /** A part of the service, such as a module. */
  readonly component: Product | null
  readonly build: DistributionBuild | null
  /** Of the surest side. */
  readonly confidence: Confidence
  /** The banner was longer than what is looked at, and only its beginning was. */
  readonly truncated: boolean
}
