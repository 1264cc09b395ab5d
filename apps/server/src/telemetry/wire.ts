// What clients of this context read, as JSON. Types only, shared with the console.

/** An event as GET /api/v1/events answers it. With `fields` only those are there, and `event_id`, `offset`, `time`, `received_at` where they are named. */
export type StoredEvent = {
  event_id: string
  /** In the tenant's log. */
  offset: number
  /** T1, its own time; T2 where the record states none (`time_stated` false). */
  time: string
  received_at: string
} & Partial<{
  time_stated: boolean
  backfill: boolean
  /** Name of the source. */
  source: string
  /** OCSF. */
  class_uid: number
  activity_id: number
  severity_id: number
  host: string | null
  user: string | null
  process: string | null
  process_id: number | null
  parent_process: string | null
  command_line: string | null
  src_ip: string | null
  src_port: number | null
  dst_ip: string | null
  dst_port: number | null
  /** Bare hex digests joined by blanks. */
  hash: string | null
  event_code: string | null
  /** `product/category/service` */
  log_source: string
  shape: string
  /** One line for people. */
  message: string | null
  /** The record as it was sent. */
  raw: string
}>

export type EventCount = { count: number }

/** Buckets of equal width that hold events, ascending; `start` is a multiple of `bucket_ms`. */
export type EventHistogram = { bucket_ms: number; buckets: { start: string; count: number }[] }
