// What clients of this context read, as JSON. Types only, shared with the console.
export type AssetKind = 'host' | 'user' | 'address'
export type Criticality = 'low' | 'normal' | 'high' | 'critical'
export type Exposure = 'unknown' | 'internal' | 'internet'

/** `class`: what it is for (`domain_controller`), null until somebody says so. */
export type Asset = {
  id: string
  kind: AssetKind
  /** The longest form seen. */
  name: string
  first_seen: string
  last_seen: string
  criticality: Criticality
  exposure: Exposure
  class: string | null
  tags: string[]
  site_id: string | null
}

/** Body of PATCH /api/v1/assets/{id}: what is left out stays. */
export type AssetChange = { [Key in 'criticality' | 'exposure' | 'class' | 'tags' | 'site_id']?: Asset[Key] | undefined }
