/** One event as it was sent. `id` is 16 bytes (SHA-256, truncated); `bytes` is one JSON record, compact, without a line break. */
export type EventEntry = { readonly id: Uint8Array; readonly bytes: Uint8Array }

/** What one request brought. `source` is a source id, `receivedAt` is T2 in ms since the epoch. */
export type EventBatch = {
  readonly source: string
  readonly receivedAt: number
  readonly backfill: boolean
  readonly entries: readonly EventEntry[]
}

/**
 * `dedupe`: the ids are the senders' own, or follow from a batch key, so an id already kept is not kept again.
 * `batchId` (16 bytes): stands for the whole request (Idempotency-Key, or file hash and offset); a batch whose id was kept is not kept again.
 * Both are remembered for at least 24 h of T2.
 */
export type AppendOptions = { readonly dedupe: boolean; readonly batchId?: Uint8Array }

/**
 * The acknowledgement: everything in it is durable.
 * New events have the offsets `first` to `end` (exclusive); `duplicates` are indexes into `entries` of those that were durable before (or stand twice in the batch).
 * Once the store is searchable through `end`, every event of the batch, duplicates too, can be found.
 * `repeated`: the whole batch was acknowledged before, with `accepted` new events then.
 */
export type Appended = {
  readonly first: number
  readonly end: number
  readonly accepted: number
  readonly duplicates: readonly number[]
  readonly repeated: boolean
}

/** A batch as it is kept. `ids` is 16 bytes an event; `lines` is NDJSON, each line ended by a line feed; event i has the offset `first + i`. */
export type StoredBatch = {
  readonly first: number
  readonly count: number
  readonly source: string
  readonly receivedAt: number
  readonly backfill: boolean
  readonly ids: Uint8Array
  readonly lines: Uint8Array
}

/** A stretch that can no longer be read: offsets `from` to `to` (exclusive). The same facts as the coded error `log_corrupt`. */
export type LogDamage = { readonly file: string; readonly position: number; readonly from: number; readonly to: number; readonly reason: string }

/**
 * The append-only log of what was received: the acknowledgement of every ingest call, and the source from which detection and the event store are built.
 * Offsets count a tenant's events from 0 and are never used twice for different durable events. `end` is always exclusive.
 * Errors are HaechiError: `log_full` (nothing of the batch is kept or will show up later; a retry helps once there is space), `log_busy`, `log_corrupt`, `log_closed`, `tenant_invalid`, `event_invalid`.
 */
export interface EventLog {
  /** Resolves when the batch is durable (fdatasync, shared by the appends that arrive meanwhile). */
  append(tenant: string, batch: EventBatch, options?: AppendOptions): Promise<Appended>
  /**
   * Whole batches in order, from the one that holds `from` to what is durable at each step; then it ends.
   * Damage throws `log_corrupt`, unless `onDamage` takes it: then reading goes on after it.
   */
  read(tenant: string, from: number, options?: { readonly onDamage?: (damage: LogDamage) => void }): AsyncIterable<StoredBatch>
  /** The oldest offset still kept (retention moves it), 0 for a tenant without events. */
  start(tenant: string): number
  /** The durable end. */
  end(tenant: string): number
  tenants(): string[]
  /** Calls `listener` whenever a tenant's durable end moves. Returns the way to stop it. */
  onDurable(listener: (tenant: string, end: number) => void): () => void
  /** Retention must not pass what `needs` answers (the offset from which the consumer still reads). Returns the way to stop it. */
  hold(consumer: string, needs: (tenant: string) => number): () => void
  /** Drops whole segments received before `receivedBefore` (T2, ms). `heldBy` names the consumer that kept some of them, unless `force`. */
  dropBefore(tenant: string, receivedBefore: number, options?: { readonly force?: boolean }): Promise<{ start: number; droppedEvents: number; heldBy: string | null }>
  /** Removes everything of a tenant, its place too; appends under way end first. Its ids stay remembered for their 24 h, so the name must not be used again. */
  erase(tenant: string): Promise<void>
  /** What recovery found broken at start. */
  damages(): readonly (LogDamage & { readonly tenant: string })[]
  /** Finishes the appends under way, refuses new ones. */
  close(): Promise<void>
}
