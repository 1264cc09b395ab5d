// The told tenant: a story of content/samples sent through the real pipeline, on a clock that stands where the story is, by the use cases that people use.
// Invariants: there is at most one; one whose telling was cut short is taken away and told anew, never doubled; it goes as a whole, by one command, and
// nothing that is not told can go that way. Defended by demo.integration.test.ts.
import { feed, ndjson, storyOf } from '../../../../content/samples/story.ts'
import type { Burst, Chapter, Person, Step } from '../../../../content/samples/story.ts'
import type { Access, AccessHttp, Actor, Tenant } from '../access/api.ts'
import type { Assets } from '../assets/api.ts'
import type { Detection } from '../detection/api.ts'
import type { Incidents } from '../incidents/api.ts'
import type { IncidentSummary } from '../incidents/wire.ts'
import type { Intel } from '../intel/api.ts'
import type { Clock } from '../platform/clock.ts'
import { HaechiError } from '../platform/errors.ts'
import type { EventLog } from '../platform/event-log/port.ts'
import type { EventStore } from '../platform/event-store/port.ts'
import { z } from '../platform/http.ts'
import type { Logger } from '../platform/log.ts'
import type { Response as ResponseContext } from '../response/api.ts'
import type { Telemetry } from '../telemetry/api.ts'

/** A clock that can be set to where a story is; between two settings it runs on. It shows the real time before the first and after `end`. */
export type StoryClock = Clock & { tell(at: number): void; end(): void }

export function storyClock(real: Clock): StoryClock {
  let told: { at: number; since: number } | null = null
  return {
    now: () => (told === null ? real.now() : told.at + real.now() - told.since),
    tell(at) { told = { at, since: real.now() } },
    end() { told = null },
  }
}

export type DemoParts = {
  readonly access: Pick<Access, 'tenants' | 'users'>
  readonly assets: Pick<Assets, 'named' | 'classify'>
  readonly intel: Pick<Intel, 'importFeed'>
  readonly telemetry: Pick<Telemetry, 'ingest' | 'observeAssets' | 'progress'>
  readonly detection: Pick<Detection, 'progress' | 'forget'>
  readonly incidents: Pick<Incidents, 'list' | 'assign' | 'comment' | 'changeStatus'>
  readonly response: Pick<ResponseContext, 'request' | 'decide' | 'sweep' | 'policy'>
  readonly eventLog: Pick<EventLog, 'erase'>
  readonly eventStore: Pick<EventStore, 'erase'>
  /** Every row of a tenant, as the owner of the tables: platform/database's eraseTenant. */
  readonly eraseRows: (tenantId: string) => Promise<number>
  readonly log: Logger
}

/** The tenant bears this name until its story is told to the end. */
const unfinished = 'Demo … 채우는 중'
const names = ['demo', 'haechi-demo']
/** Told to the end or given up, ms of real time. */
const patience = 120_000

const operator = (tenantId: string | null): Actor =>
  ({ kind: 'operator', id: 'operator', person: 'operator', name: 'operator', tenantId, side: 'provider', role: null, ownerRole: null, siteId: null, allTenants: true, language: null, mustChangePassword: false })

const toldTenant = async (access: DemoParts['access']): Promise<Tenant | undefined> => (await access.tenants.all()).find(({ origin }) => origin === 'demo')

/**
 * Fills a tenant of its own, unless it is there. Before HTTP listens and with every part started, on `clock`; nobody else may use the server meanwhile, because
 * its time is the story's. Afterwards the clock shows the real time, whatever happened. Errors: those of the parts; what was told stays unfinished and is told anew next time.
 */
export async function fillDemo(parts: DemoParts, clock: StoryClock): Promise<'told' | 'there'> {
  const there = await toldTenant(parts.access)
  if (there !== undefined && there.displayName !== unfinished) return 'there'
  if (there !== undefined) await removeDemo(parts, operator(null))
  try {
    await tellStory(parts, clock)
    return 'told'
  } finally {
    clock.end()
  }
}

async function tellStory(parts: DemoParts, clock: StoryClock): Promise<void> {
  const { access, telemetry, detection, log } = parts
  const signal = AbortSignal.timeout(patience)
  const story = storyOf({ now: clock.now() })
  const taken = new Set((await access.tenants.all()).map(({ name }) => name))
  const tenant = await access.tenants.create(operator(null), { name: names.find((name) => !taken.has(name)) ?? `demo-${taken.size}`, displayName: unfinished, timeZone: story.company.timeZone, origin: 'demo' })
  const { tenantId } = tenant
  const owner = operator(tenantId)

  clock.tell(story.from)
  const actors = await engage(parts, story.people, tenantId)
  await parts.intel.importFeed(owner, { name: 'haechi-sample', format: 'csv', tenantId }, bytes(feed()))
  await signPolicy(parts, actors.ciso)

  let sent = 0
  let end = 0
  const send = async (...bursts: readonly [Burst, ...Burst[]]) => {
    clock.tell(bursts[0].at)
    const totals = await Promise.all(bursts.map((burst) => telemetry.ingest({ tenantId, source: burst.source, keyId: null, backfill: false, batchKey: `story ${sent++}` }, bytes(ndjson(burst)))))
    end = Math.max(end, ...totals.map((of) => of.end))
  }
  /** Everything sent was searched, and its alerts are in their incidents. */
  const settled = async () => {
    await detection.progress(tenantId, { through: end, signal })
    signal.throwIfAborted()
  }

  const desk = openDesk(parts, clock, tenantId, actors)
  let classified = false
  // What several shippers send at one moment shares its way to the disk.
  let together: Burst[] = []
  const sendTogether = async () => {
    const [first, ...others] = together
    together = []
    if (first !== undefined) await send(first, ...others)
  }
  for (const event of inOrder(story)) {
    if (event.burst !== null && event.chapter === null) {
      if (together[0]?.at !== event.at) await sendTogether()
      together.push(event.burst)
      continue
    }
    await sendTogether()
    if (event.burst !== null) {
      if (!classified) {
        // What a host is worth was known before anything happened to it.
        classified = true
        await telemetry.progress(tenantId, end, signal)
        await telemetry.observeAssets(tenantId)
        const assets = await parts.assets.named(tenantId, story.hosts.map(({ name }) => name), 'host')
        for (const { name, class: kind, criticality, exposure, tags } of story.hosts) {
          const asset = assets.get(name)
          if (asset === undefined) log.warn({ host: name }, 'A host of the demo is not an asset')
          else await parts.assets.classify(tenantId, asset.id, { class: kind, criticality, exposure, tags: [...tags] }, owner)
        }
      }
      await settled()
      await send(event.burst)
      await settled()
    } else await desk.work(event.chapter, event.step)
  }
  await sendTogether()
  await settled()
  clock.end()
  await telemetry.progress(tenantId, end, signal)
  await telemetry.observeAssets(tenantId)
  await join(parts, tenantId)
  await access.tenants.change(owner, tenantId, { displayName: `${story.company.name.ko} (${story.company.name.en})` })
}

type Event = { readonly at: number } & ({ readonly burst: Burst; readonly chapter: Chapter | null; readonly step: null } | { readonly burst: null; readonly chapter: Chapter; readonly step: Step })

function inOrder({ background, chapters }: ReturnType<typeof storyOf>): Event[] {
  const events: Event[] = background.map((burst) => ({ at: burst.at, burst, chapter: null, step: null }))
  for (const chapter of chapters) {
    for (const burst of chapter.bursts) events.push({ at: burst.at, burst, chapter, step: null })
    for (const step of chapter.steps) events.push({ at: step.at, burst: null, chapter, step })
  }
  return events.toSorted((a, b) => a.at - b.at)
}

async function* bytes(whole: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve()
  yield whole
}

type Actors = Readonly<Record<Person, Actor>>

/** People who sign in nowhere: their passwords are thrown away. */
async function engage({ access }: DemoParts, people: ReturnType<typeof storyOf>['people'], tenantId: string): Promise<Actors> {
  const actors: Partial<Record<Person, Actor>> = {}
  for (const [key, { name, displayName, side, role, language }] of Object.entries(people) as [Person, (typeof people)[Person]][]) {
    const { user } = await access.users.create(operator(tenantId), { name, displayName, side, role, language })
    actors[key] = { kind: 'user', id: user.userId, person: user.userId, name: user.name, tenantId, side, role, ownerRole: null, siteId: null, allTenants: false, language, mustChangePassword: false }
  }
  return actors as Actors
}

/** The company is asked before anything is done, and its domain controller is never isolated. */
async function signPolicy({ response }: DemoParts, ciso: Actor): Promise<void> {
  const draft = await response.policy.draft(ciso, { preset: 'ask-always', rows: [], never_isolate: ['DC-01'], caps: { targets_per_action: 5, targets_per_hour: 20 }, containment_hours: 24, collaborate_minutes: 30 })
  await response.policy.sign(ciso, draft.version, draft.digest)
}

/** The first person of this installation may look around and approve: a member, as if the company had invited him. */
async function join({ access }: DemoParts, tenantId: string): Promise<void> {
  const own = (await access.tenants.all()).find(({ origin }) => origin === 'installation')
  if (own === undefined) return
  const { users } = await access.users.list(operator(own.tenantId), { limit: 100 })
  const first = users.filter(({ role, disabled }) => role === 'owner' && !disabled).toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
  if (first !== undefined) await access.users.create(operator(tenantId), { name: first.name, role: 'owner', side: 'customer' })
}

/** What people do about the incidents of the story. */
function openDesk({ incidents, response, log }: DemoParts, clock: StoryClock, tenantId: string, actors: Actors) {
  const found = new Map<Chapter, { main: string; others: string[] }>()
  const asked = new Map<Chapter, string>()
  const all = ['new', 'investigating', 'contained', 'resolved', 'closed'] as const
  const rank = (incident: IncidentSummary) => ['critical', 'high', 'medium', 'low', 'informational'].indexOf(incident.severity)

  /** The gravest incident that came with the chapter, and those beside it. */
  const incidentsOf = async (chapter: Chapter): Promise<{ main: string; others: string[] } | null> => {
    const known = found.get(chapter)
    if (known !== undefined) return known
    const claimed = new Set([...found.values()].flatMap(({ main, others }) => [main, ...others]))
    const { incidents: detected } = await incidents.list(tenantId, { statuses: all, from: chapter.startsAt }, { limit: 100 }, 'en')
    const [main, ...others] = detected.filter(({ id }) => !claimed.has(id)).toSorted((a, b) => rank(a) - rank(b) || Date.parse(a.detected_at) - Date.parse(b.detected_at))
    if (main === undefined) return null
    const of = { main: main.id, others: others.map(({ id }) => id) }
    found.set(chapter, of)
    return of
  }

  return {
    async work(chapter: Chapter, step: Step): Promise<void> {
      clock.tell(step.at)
      const of = await incidentsOf(chapter)
      if (of === null) return log.warn({ chapter: chapter.id }, 'A chapter of the demo has no incident')
      const actor = actors[step.by]
      const language = actor.language ?? 'ko'
      switch (step.do) {
        case 'take':
          await incidents.assign(actor, of.main, 'me', language)
          await incidents.changeStatus(actor, of.main, { status: 'investigating' }, language)
          return
        case 'comment':
          await incidents.comment(actor, of.main, step.text, language)
          return
        case 'request': {
          const { action_id } = await response.request(actor, of.main, { actionType: step.action, targets: step.targets, reason: step.reason, label: null, urgency: step.urgency }, language)
          asked.set(chapter, action_id)
          return
        }
        case 'decide': {
          const action = asked.get(chapter)
          if (action === undefined) throw new TypeError(`${chapter.id} decides before it asks`)
          await response.decide(actor, action, { approved: step.approved, comment: step.comment, label: null }, language)
          return
        }
        case 'expire':
          return response.sweep()
        case 'resolve':
          await incidents.changeStatus(actor, of.main, { status: 'resolved' }, language)
          return
        case 'close':
          await incidents.changeStatus(actor, of.main, { status: 'closed', verdict: step.verdict }, language)
          for (const id of of.others) await incidents.changeStatus(actor, id, { status: 'closed', verdict: 'duplicate', reason: of.main }, language)
          return
        default:
          return step satisfies never
      }
    },
  }
}

export type Removed = { readonly tenant: Tenant; readonly rows: number }

/** Takes the told tenant away: its log, its store, every row, the people who were only there. Again after a kill: goes on. Errors: demo_absent, forbidden. */
export async function removeDemo({ access, detection, eventLog, eventStore, eraseRows }: DemoParts, actor: Actor): Promise<Removed> {
  const there = await toldTenant(access)
  if (there === undefined) throw new HaechiError('demo_absent')
  const { erased } = await access.tenants.remove(actor, there.tenantId, async ({ tenantId }) => {
    await detection.forget(tenantId)
    await eventStore.erase(tenantId)
    await eventLog.erase(tenantId)
    // What was under way when the tenant was closed may have written behind the first pass.
    let rows = 0
    for (let pass = -1; pass !== 0;) rows += pass = await eraseRows(tenantId)
    await eventStore.erase(tenantId)
    await eventLog.erase(tenantId)
    return { rows }
  })
  return { tenant: there, rows: erased['rows'] ?? 0 }
}

export function demoRoutes(http: AccessHttp, parts: DemoParts): void {
  http.route({
    method: 'delete', path: '/api/v1/demo', operation: 'removeDemo', tag: 'views', access: 'platform.administer', summary: 'Takes the demo tenant away, with everything in it',
    answers: {
      200: { description: 'It is gone', schema: z.object({ tenant: z.object({ id: z.string(), name: z.string(), display_name: z.string() }), rows: z.int() }) },
      404: { description: 'demo_absent', type: 'application/problem+json' },
    },
  }, async ({ actor }) => {
    const { tenant, rows } = await removeDemo(parts, actor)
    return { body: { tenant: { id: tenant.tenantId, name: tenant.name, display_name: tenant.displayName }, rows } }
  })
}
