// What is looked for: rules of the packs in force, what persons switched off or suppressed, and indicators. Whatever changes is told to the thread before its
// next search, and a new thread is told everything. Defended by detection.integration.test.ts.
import type { Indicator } from '@haechi/indicators'
import type { Database, Transaction } from '../platform/database.ts'
import type { Linking } from './messages.ts'
import type { RulePacks } from './rule-packs.ts'
import { inForce } from './rules.ts'
import type { RuleFacts } from './rules.ts'
import { SearchFailed } from './searcher.ts'
import type { PackReading, Searcher } from './searcher.ts'
import { ruleStates, suppressions } from './store.ts'

/** What detection needs of the intel context. */
export type IntelPort = {
  /** Names what is in force for a tenant: changes when any of it does, and is the same for tenants for whom the same is. */
  version(tenantId: string): Promise<string>
  /** Everything in force for a tenant, in parts. */
  statements(tenantId: string): AsyncIterable<readonly Indicator[]>
  /** Events that named an indicator, within the transaction that keeps the alerts. `at`: T1 of the latest. */
  sighted(tx: Transaction, tenantId: string, sightings: readonly { type: string; value: string; count: number; at: number }[]): Promise<void>
}

type Told = { rules: string; intel: string | null; packs: readonly string[]; linking: Linking; generation: number }

export function openInForce({ database, rulePacks, intel, searcher }: { database: Database; rulePacks: RulePacks; intel: Pick<IntelPort, 'version' | 'statements'>; searcher: Searcher }) {
  const told = new Map<string, Told>()
  const readings = new Map<string, { generation: number; reading: PackReading }>()
  const changes = new Map<string, number>()
  let packChanges = 0
  let intelChanges = 0
  const versions = new Map<string, { changes: number; version: string }>()
  /** Lists of indicators that the thread of this generation has. */
  let lists = { generation: 0, versions: new Set<string>() }
  let last: Promise<unknown> = Promise.resolve()

  const wanted = (tenantId: string) => `${searcher.generation()}.${packChanges}.${changes.get(tenantId) ?? 0}`
  const isTold = (tenantId: string): boolean => {
    const at = told.get(tenantId)
    const known = versions.get(tenantId)
    return at?.rules === wanted(tenantId) && known?.changes === intelChanges && at.intel === known.version
  }

  async function tellRules(tenantId: string): Promise<Told> {
    const rules = wanted(tenantId)
    const generation = searcher.generation()
    const contents = await rulePacks.inForce(tenantId)
    for (const content of contents) {
      if (readings.get(content.key)?.generation !== generation) readings.set(content.key, { generation, reading: await searcher.pack(content) })
    }
    const packs = contents.map(({ key }) => key)
    const states = await database.read(tenantId, (db) => ruleStates(db, tenantId))
    const kept = await database.read(tenantId, (db) => suppressions(db, tenantId))
    const switched = (to: boolean) => [...states].flatMap(([id, enabled]) => (enabled === to ? [id] : []))
    const linking = await searcher.tenant({
      tenant: tenantId, packs, disabled: switched(false), enabled: switched(true),
      suppressions: kept.map(({ id, ruleId, host, user, field, value, expiresAt }) => ({ id, ruleId, host, user, field, value, expiresAt })),
    })
    if (searcher.generation() !== generation) throw new SearchFailed('restarted')
    const before = told.get(tenantId)
    const now: Told = { rules, intel: before?.generation === generation ? before.intel : null, packs, linking, generation }
    told.set(tenantId, now)
    return now
  }

  async function tellIndicators(tenantId: string, at: Told): Promise<void> {
    let known = versions.get(tenantId)
    if (known?.changes !== intelChanges) versions.set(tenantId, known = { changes: intelChanges, version: await intel.version(tenantId) })
    const { version } = known
    if (at.intel === version) return
    if (lists.generation !== at.generation) lists = { generation: at.generation, versions: new Set() }
    if (!lists.versions.has(version)) {
      await searcher.indicators(version, [], true)
      for await (const part of intel.statements(tenantId)) await searcher.indicators(version, part, false)
      lists.versions.add(version)
    }
    await searcher.use(tenantId, version)
    if (searcher.generation() !== at.generation) throw new SearchFailed('restarted')
    at.intel = version
  }

  /** Lets go of what no tenant names any more, here and in the thread. */
  function forget(): void {
    const packs = new Set([...told.values()].flatMap((at) => at.packs))
    const indicators = new Set([...told.values()].flatMap((at) => at.intel ?? []))
    if ([...readings.keys()].every((key) => packs.has(key)) && lists.versions.isSubsetOf(indicators)) return
    for (const key of readings.keys()) if (!packs.has(key)) readings.delete(key)
    for (const version of lists.versions) if (!indicators.has(version)) lists.versions.delete(version)
    rulePacks.keep(packs)
    searcher.keep([...packs], [...lists.versions])
  }

  return {
    /** Resolves when the thread knows what is in force for the tenant. */
    prepare(tenantId: string): Promise<void> {
      if (isTold(tenantId)) return Promise.resolve()
      const next = last.then(async () => {
        const at = told.get(tenantId)
        await tellIndicators(tenantId, at?.rules === wanted(tenantId) ? at : await tellRules(tenantId))
        forget()
      })
      last = next.catch(() => undefined)
      return next
    },
    /** After `prepare`. */
    rules(tenantId: string): RuleFacts[] {
      return inForce((told.get(tenantId)?.packs ?? []).flatMap((key) => readings.get(key)?.reading ?? []), ({ rule }) => rule.id)
    },
    /** What they say of each other. After `prepare`. */
    linking: (tenantId: string): Linking => told.get(tenantId)?.linking ?? { silent: [], refers: new Map(), rejected: [] },
    packsChanged(): void { packChanges++ },
    tenantChanged(tenantId: string): void { changes.set(tenantId, (changes.get(tenantId) ?? 0) + 1) },
    intelChanged(): void { intelChanges++ },
  }
}
export type InForce = ReturnType<typeof openInForce>
