// Rules for credentials and what they find. Plain data. Texts of files are bytes in latin1 (a character a byte), so that offsets are the file's own.
import type { Severity } from '@haechi/risk'

/** One item of content/secrets/*.yaml, as it was read and checked. */
export type SecretRule = {
  /** 'github-personal-access-token' */
  readonly id: string
  readonly name: { readonly en: string; readonly ko: string }
  /** 'GitHub'; null for generic ones. */
  readonly provider: string | null
  readonly severity: Severity
  /** One of these stands in every match, in any case: what the text is looked through for in one pass. At least one, of three characters or more. */
  readonly keywords: readonly string[]
  /** In the syntax of Go (`@haechi/patterns`). The secret is the group `secret`, else the first group that took part, else the whole. */
  readonly pattern: string
  /** Bits a character (Shannon) that the secret has at least. null: not asked. */
  readonly entropy: number | null
  /** Characters a token of a common vocabulary that the secret has at most: words have many, random texts few (betterleaks' token efficiency). null: not asked. */
  readonly efficiency: number | null
  /** The secret's own check digits: 'github', ... ; a wrong one is no secret. null: it has none. */
  readonly checksum: string | null
  /** Expressions that are looked for in the secret, and where they stand it is none: placeholders, examples of the documentation. Beside the ones that hold for every rule. */
  readonly allow: readonly string[]
  /** Other rules whose find at the same place is the same secret told less well. */
  readonly over: readonly string[]
  /** How the provider itself answers whether it is alive; used only where a person asks for it. */
  readonly live: LiveCheck | null
  /** Drawn, never real: '{base62:36}', '{hex:32}', '{digits:12}', '{upper:16}', '{base64:40}' stand for characters drawn from one seed. */
  readonly positives: readonly string[]
  /** Near misses, that must not be found. */
  readonly negatives: readonly string[]
}

/** A harmless, read-only request. '{secret}' stands for the secret. */
export type LiveCheck = {
  readonly method: 'GET' | 'POST'
  /** https only; the host is fixed by the rule, never taken from the text. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** Statuses that say that it works, and that it does not; others say nothing. */
  readonly alive: readonly number[]
  readonly dead: readonly number[]
}

/** A secret in one text. `secret` never leaves the process: only `redact` of it does. */
export type Found = {
  readonly rule: string
  readonly secret: string
  /** Of the secret, in bytes from the start of the text. */
  readonly start: number
  readonly end: number
  /** From 1, in bytes. */
  readonly line: number
  readonly column: number
  /** 0 to 1: check digits and fixed prefixes are sure, words beside random texts less. */
  readonly confidence: number
}

export type Redacted = {
  /** 'ghp_…(40)': the provider's prefix or the first four characters, and the length. */
  readonly excerpt: string
  /** The first 16 hexadecimal digits of its SHA-256: the same secret in two places has the same. */
  readonly hash: string
}
