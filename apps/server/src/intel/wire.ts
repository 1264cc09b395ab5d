// What clients of this context read, as JSON (shared/design/mdr-api.md). Types only, shared with the console.
export type IndicatorVerdict = 'malicious' | 'suspicious' | 'benign' | 'unknown'

/** `type` null and verdict `unknown` where the text names no indicator; `code` then says so. */
export type LookupResult = {
  indicator: string
  type: 'ip' | 'cidr' | 'domain' | 'url' | 'md5' | 'sha1' | 'sha256' | 'email' | null
  verdict: IndicatorVerdict
  confidence: number
  sources: string[]
  tags: string[]
  techniques: string[]
  first_seen: string | null
  last_seen: string | null
  valid_until: string | null
  /** Events of this tenant that named it. */
  sightings: number
  code: string | null
}

export type Feed = {
  name: string
  format: 'csv' | 'stix'
  /** null: for all tenants. */
  tenant_id: string | null
  indicators: number
  /** STIX observables: seen by somebody, called bad by nobody. Counted, not taken. */
  observables: number
  rejected_count: number
  /** The first 1,000. `place` is `line 12`, the id of a STIX object, or `bundle`. */
  rejected: { line: number | null; place: string; code: string; reason: string }[]
  imported_at: string
}
