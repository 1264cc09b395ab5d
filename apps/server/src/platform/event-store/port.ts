import type { Columns } from '@haechi/records'

/**
 * What to look for. All given parts must hold. Text is compared without regard to case (ASCII and the usual letters beyond).
 * `time` of an event is T1, its own time; events that state none use T2, when they were received.
 */
export type EventQuery = {
  /** ms since the epoch, inclusive and exclusive. */
  readonly from?: number
  readonly to?: number
  /** The whole name, or its first label. */
  readonly host?: string
  readonly user?: string
  /** The whole path of the image, or its last part. */
  readonly process?: string
  /** Source or destination: an address or a CIDR block. */
  readonly address?: string
  /** Any one of the digests of an event, hex. */
  readonly hash?: string
  /** A source id. */
  readonly source?: string
  /** A part of the raw record, as it was sent. */
  readonly text?: string
  readonly eventCode?: string
}

export type SearchQuery = EventQuery & {
  /** 1 to 10,000. */
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string
  /** Column names to give; without it all of them. `event_id`, `offset`, `time` and `received_at` are always given. */
  readonly fields?: readonly string[]
}

/** `time` and `received_at` in ms; `time_stated`: whether `time` is the event's own. `raw` is the record as it was sent. */
export type StoredEvent = { event_id: string; offset: number; time: number; received_at: number } & Partial<Omit<Columns, 'time'> & { time_stated: boolean; source: string; backfill: boolean; raw: string }>

/** Something that events name, for the asset graph: one row for each different set, with the first and last event time. */
export type Sighting = { readonly host: string | null; readonly user: string | null; readonly address: string | null; readonly source: string; readonly first: number; readonly last: number; readonly events: number }

export type SourceStatistics = {
  readonly source: string
  readonly events: number
  /** Of a shape that the reader does not know. */
  readonly unknownShapes: number
  /** Without a time of their own. */
  readonly untimed: number
  /** T1 more than 24 h before T2, without backfills. */
  readonly late: number
  /** T1 more than 5 minutes after T2. */
  readonly future: number
  readonly lastTime: number | null
  readonly lastReceivedAt: number | null
}

export type StoreState = { readonly searchable: number; readonly durable: number; readonly lost: number; readonly stalled: string | null }

/**
 * What was received, to be searched: the first consumer of the event log. Never the acknowledgement, and always rebuilt from the log.
 * Every method takes the tenant first and opens only that tenant's files.
 * Errors are HaechiError: `event_store_unavailable` (503), `query_invalid`, `cursor_invalid`, `query_timeout`, `event_store_corrupt`, `tenant_invalid`.
 */
export interface EventStore {
  /** Newest first (time, then offset, both falling). Pages stay stable while events come in. `next` is null on the last page. */
  search(tenant: string, query: SearchQuery): Promise<{ events: StoredEvent[]; next: string | null }>
  count(tenant: string, query: EventQuery): Promise<number>
  /** Buckets that hold events, ascending; `start` is a multiple of `bucketMs`. */
  histogram(tenant: string, query: EventQuery, bucketMs: number): Promise<{ start: number; count: number }[]>
  /** What the events of these offsets (end exclusive) name. */
  entities(tenant: string, from: number, end: number): Promise<Sighting[]>
  statistics(tenant: string): Promise<SourceStatistics[]>
  /** The offset through which (exclusive) events can be found. */
  searchable(tenant: string): number
  /** `lost`: events that neither the log nor the store has any more. `stalled`: why the store does not follow the log at present. */
  state(tenant: string): StoreState
  /** Resolves once everything before `end` can be found; rejects with the signal's reason. */
  waitFor(tenant: string, end: number, signal?: AbortSignal): Promise<void>
  /** Called after each commit: from `from` to `end` (exclusive) can be found now. Returns the way to stop it. */
  onSearchable(listener: (tenant: string, from: number, end: number) => void): () => void
  /** Forgets everything of a tenant that the log can give again, and reads it again. Resolves when that has begun. */
  rebuild(tenant: string): Promise<void>
  /** Retention: drops what was received before (T2, ms). Answers how many events. */
  dropBefore(tenant: string, receivedBefore: number): Promise<number>
  /** Removes everything of a tenant; questions under way end first. What the log still holds is read again at the next start. */
  erase(tenant: string): Promise<void>
  /** Writes what is hot to Parquet now. */
  roll(tenant: string): Promise<void>
  close(): Promise<void>
}
