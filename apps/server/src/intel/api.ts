// What feeds say about indicators. A feed is replaced whole or not at all, and what a tenant's own feeds say no other tenant hears; those for all
// tenants everybody reads and only the platform writes. An answer is the engine's over the stored statements. Defended by intel.integration.test.ts.
import { createIndex, parseIndicator } from '@haechi/indicators'
import type { Indicator, Verdict } from '@haechi/indicators'
import type { Access, Actor } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Database, MigrationSource, Transaction } from '../platform/database.ts'
import { HaechiError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Outbox } from '../platform/outbox.ts'
import { readFeed } from './feed-reader.ts'
import type { FeedFormat, FeedReading } from './feed-reader.ts'
import { feedBytes, keyOf, lookupMost, reaching } from './model.ts'
import * as store from './store.ts'
import type { FeedRow } from './store.ts'
import type { Feed, LookupResult } from './wire.ts'

export { intelRoutes } from './routes.ts'
export const intelMigrations: MigrationSource = { context: 'intel', directory: new URL('./migrations/', import.meta.url) }

declare module '../platform/outbox.ts' {
  interface DomainEvents {
    /** Imported anew or removed. `tenant_id` null: a feed for all tenants. */
    'intel.feed_changed.v1': { feed: string; tenant_id: string | null }
  }
}

/** `tenantId` null: for all tenants. Names have lower-case letters, digits, '.', '_' and '-'. A tenant's own feed stands for him in the place of one for all of the same name. */
export type FeedName = { readonly name: string; readonly tenantId: string | null }
/** `verdict` and `confidence` (0 to 100) count where the feed states none. */
export type FeedImport = FeedName & { readonly format: FeedFormat; readonly verdict?: Verdict | undefined; readonly confidence?: number | undefined }
/** `type` and `value` as the engine gives them; `at` in ms since the epoch. */
export type Sighting = { readonly type: Indicator['type']; readonly value: string; readonly count: number; readonly at: number }

export interface Intel {
  /** One answer a text, in their order; what names no indicator is answered `unknown` with the code `indicator_unrecognised`. Errors: indicators_count (1 to 1,000). */
  lookup(tenantId: string, texts: readonly string[]): Promise<LookupResult[]>
  /** Of what is in force for a tenant, or for any; another whenever a feed changes. */
  version(tenantId?: string): Promise<string>
  /**
   * All that is in force for a tenant, in pages of some thousands, `source` being the feed's name. Not one snapshot: where `version(tenantId)` is another
   * after the last page than before the first, read again.
   */
  statements(tenantId: string): AsyncIterable<Indicator[]>
  /** Adds to the tenant's counts, within the caller's transaction: once for each event that named an indicator. */
  sighted(tx: Transaction, tenantId: string, sightings: readonly Sighting[]): Promise<void>
  /**
   * Takes in a feed in the place of what it said before; what cannot be taken is listed. Reads at most `feedBytes`.
   * Errors: parameter_invalid, forbidden, feed_empty (nothing could be taken: what it said before stays), feed_unreadable, feed_import_busy, body_too_large.
   */
  importFeed(actor: Actor, feed: FeedImport, body: AsyncIterable<Uint8Array>): Promise<Feed>
  /** Errors: not_found, forbidden. */
  removeFeed(actor: Actor, feed: FeedName): Promise<void>
  /** A tenant's own and those for all; null: those for all alone. */
  feeds(tenantId: string | null): Promise<Feed[]>
}

export type IntelOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly outbox: Pick<Outbox, 'publish'>
  readonly access: Pick<Access, 'authorize' | 'audit'>
  /** What reading one feed may cost. */
  readonly limits?: { readonly megabytes: number; readonly milliseconds: number }
}

const pageSize = 10_000
const importsHeld = 4

export function openIntel({ database, clock, outbox, access, limits = { megabytes: 1_536, milliseconds: 120_000 } }: IntelOptions): Intel {
  const scoped = <T>(tenantId: string | null, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    tenantId === null ? database.platform(work) : database.tenant(tenantId, work)

  /** Few bodies are held at a time, and one is read. */
  let last: Promise<unknown> = Promise.resolve()
  let held = 0
  const inTurn = async <T>(body: AsyncIterable<Uint8Array>, work: (bytes: Uint8Array) => Promise<T>): Promise<T> => {
    if (held >= importsHeld) throw new HaechiError('feed_import_busy', { waiting: held })
    held += 1
    try {
      const bytes = await gathered(body)
      const turn = last.then(() => work(bytes))
      last = turn.catch(() => undefined)
      return await turn
    } finally {
      held -= 1
    }
  }

  const mayWrite = (actor: Actor, { name, tenantId }: FeedName): void => {
    if (!/^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,63}$/.test(name)) throw new HaechiError('parameter_invalid', { name: 'name', reason: '[a-z0-9._-]{1,64}' })
    if (tenantId === null) access.authorize(actor, 'platform.administer')
    else access.authorize(actor, 'intel.write', { tenantId })
  }

  /** Names by revision. */
  const inForce = async (tenantId: string): Promise<{ sources: Map<string, string>; networks: string[] }> => {
    const rows = Map.groupBy(await database.read(tenantId, (db) => store.feeds(db, tenantId)), ({ name }) => name).values().map(([first]) => first!).toArray()
    return { sources: new Map(rows.map(({ revision, name }) => [revision, name])), networks: [...new Set(rows.flatMap(({ networks }) => networks))] }
  }

  return {
    async lookup(tenantId, texts) {
      if (texts.length < 1 || texts.length > lookupMost) throw new HaechiError('indicators_count', { count: texts.length, most: lookupMost })
      const asked = texts.map((text) => ({ text, parsed: parseIndicator(text) }))
      const known = asked.flatMap(({ parsed }) => (parsed === null ? [] : [parsed]))
      const { sources, networks } = await inForce(tenantId)
      const index = createIndex()
      const [said, seen] = await database.read(tenantId, async (db) => [
        await store.statementsOn(db, [...new Set(known.flatMap((one) => reaching(one, networks)))], sources),
        await store.sightings(db, tenantId, [...new Set(known.map(({ type, value }) => keyOf(type, value)))]),
      ] as const)
      index.add(said)
      return asked.map(({ text, parsed }) => (parsed === null ? unrecognised(text) : answered(index.lookup(parsed, clock.now())!, seen.get(keyOf(parsed.type, parsed.value)) ?? 0)))
    },

    version: (tenantId) => (tenantId === undefined ? database.platform((db) => store.revisions(db, null)) : database.read(tenantId, (db) => store.revisions(db, tenantId))),

    async *statements(tenantId) {
      for (const [revision, source] of (await inForce(tenantId)).sources) {
        let after: string | null = null
        do {
          const page: Awaited<ReturnType<typeof store.statementsAfter>> = await database.read(tenantId, (db) => store.statementsAfter(db, revision, source, after, pageSize))
          if (page.indicators.length > 0) yield page.indicators
          after = page.last
        } while (after !== null)
      }
    },

    async sighted(tx, tenantId, sightings) {
      const rows = new Map<string, store.SightingRow>()
      for (const { type, value, count, at } of sightings) {
        const key = keyOf(type, value)
        const row = rows.get(key) ?? { key, type, value, count: 0, first_at: at, last_at: at }
        rows.set(key, { ...row, count: row.count + count, first_at: Math.min(row.first_at, at), last_at: Math.max(row.last_at, at) })
      }
      if (rows.size > 0) await store.addSightings(tx, tenantId, [...rows.values()])
    },

    async importFeed(actor, feed, body) {
      mayWrite(actor, feed)
      const { name, tenantId, format } = feed
      const tenant = tenantId ?? store.forAll
      return await inTurn(body, async (bytes) => {
        const reading = await readFeed({ bytes, format, options: {
          source: name, ...(feed.verdict === undefined ? {} : { verdict: feed.verdict }), ...(feed.confidence === undefined ? {} : { confidence: feed.confidence }),
        } }, limits)
        try {
          const { indicators, networks, ...report } = reading.report
          if (indicators === 0) {
            const [first] = report.rejected
            throw new HaechiError('feed_empty', { name, count: report.rejectedCount, first: first === undefined ? '-' : `${first.place} ${first.code}: ${first.reason}` })
          }
          const row = { tenant_id: tenant, name, format, revision: newId('rev', clock.now()), indicators, networks: [...networks], report, imported_at: clock.now() }
          await scoped(tenantId, async (tx) => {
            await store.lockFeed(tx, tenant, name)
            const replaced = await store.dropFeed(tx, tenant, name)
            await store.insertFeed(tx, row)
            for await (const rows of pagesOf(reading)) await store.insertStatements(tx, tenant, row.revision, rows)
            await outbox.publish(tx, { type: 'intel.feed_changed.v1', tenantId, payload: { feed: name, tenant_id: tenantId } })
            await access.audit.record(tx, {
              tenantId, actor, action: 'feed.import', resource: { kind: 'feed', id: name }, detail: { format, revision: row.revision, indicators, rejected: report.rejectedCount, replaced },
            })
          })
          return feedOf(row)
        } finally {
          await reading.close()
        }
      })
    },

    async removeFeed(actor, feed) {
      mayWrite(actor, feed)
      const { name, tenantId } = feed
      const tenant = tenantId ?? store.forAll
      await scoped(tenantId, async (tx) => {
        await store.lockFeed(tx, tenant, name)
        if (!await store.dropFeed(tx, tenant, name)) throw new HaechiError('not_found', { what: `feed ${name}` })
        await outbox.publish(tx, { type: 'intel.feed_changed.v1', tenantId, payload: { feed: name, tenant_id: tenantId } })
        await access.audit.record(tx, { tenantId, actor, action: 'feed.remove', resource: { kind: 'feed', id: name } })
      })
    },

    async feeds(tenantId) {
      const rows = tenantId === null ? (await database.platform((db) => store.feeds(db, store.forAll))) : await database.read(tenantId, (db) => store.feeds(db, tenantId))
      return rows.map(feedOf)
    },
  }
}

async function* pagesOf(reading: FeedReading): AsyncGenerator<string> {
  for (let rows = await reading.next(); rows !== null; rows = await reading.next()) yield rows
}

/** In memory of its own, to be handed to a thread. Errors: body_too_large. */
async function gathered(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > feedBytes) throw new HaechiError('body_too_large', { limit: feedBytes })
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

const unrecognised = (indicator: string): LookupResult => ({
  indicator, type: null, verdict: 'unknown', confidence: 0, sources: [], tags: [], techniques: [], first_seen: null, last_seen: null, valid_until: null, sightings: 0, code: 'indicator_unrecognised',
})

type EngineAnswer = NonNullable<ReturnType<ReturnType<typeof createIndex>['lookup']>>
const answered = ({ indicator, type, verdict, confidence, sources, tags, techniques, first_seen, last_seen, valid_until }: EngineAnswer, sightings: number): LookupResult => ({
  indicator, type, verdict, confidence, sources, tags, techniques, first_seen: iso(first_seen), last_seen: iso(last_seen), valid_until: iso(valid_until), sightings, code: null,
})

const feedOf = (row: Omit<FeedRow, 'imported_at' | 'revision' | 'networks'> & { imported_at: string | number }): Feed => ({
  name: row.name, format: row.format, tenant_id: row.tenant_id === store.forAll ? null : row.tenant_id, indicators: row.indicators,
  observables: row.report.observables, rejected_count: row.report.rejectedCount, rejected: [...row.report.rejected], imported_at: new Date(Number(row.imported_at)).toISOString(),
})
