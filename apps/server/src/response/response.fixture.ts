// The response context on a database of its own, behind the real access context and the real HTTP kit. Incidents and assets are stand-ins: their contexts have tests of their own.
import { basic, openAccessFixture } from '../access/access.fixture.ts'
import type { Transaction } from '../platform/database.ts'
import { silentLog } from '../platform/log.ts'
import { openResponse, responseMigrations, responseRoutes } from './api.ts'
import type { Effect, Executor, IncidentBrief, IncidentsPort, ResponseOptions, TenantFacts } from './api.ts'
import type { TargetAsset } from './resolution.ts'

export type Told = { incident: string; kind: string; en: string; ko: string; actor: string | null; clocks: Record<string, number>; waits: boolean | undefined }

/** Keeps effects as an agent does: one key is one effect, however often it is asked for. */
export function standInExecutor(actions: Executor['actions'] = ['isolate_host', 'block_ip', 'disable_account', 'quarantine_file']) {
  const done = new Map<string, string>()
  const calls: string[] = []
  const stand: { hooks: { execute?: (effect: Effect) => void | Promise<void>; verified?: boolean; lift?: (effect: Effect) => void } } = { hooks: {} }
  const executor: Executor = {
    name: 'stand-in', actions,
    applies: () => true,
    async execute(effect) {
      calls.push(`execute ${effect.key}`)
      await stand.hooks.execute?.(effect)
      done.set(effect.key, effect.target)
      return { evidence: { rule: 'drop all' } }
    },
    verify: (effect) => {
      calls.push(`verify ${effect.key}`)
      return Promise.resolve({ verified: stand.hooks.verified ?? done.has(effect.key), evidence: { seen: done.has(effect.key) } })
    },
    lift: (effect) => {
      calls.push(`lift ${effect.key}`)
      stand.hooks.lift?.(effect)
      return Promise.resolve({ evidence: {} })
    },
  }
  return Object.assign(stand, { executor, done, calls })
}

export async function openResponseFixture(options: { executors?: Executor[] } = {}) {
  const at = await openAccessFixture({ sources: [responseMigrations] })
  const tenantId = at.first.tenant.tenantId
  const incidents = new Map<string, IncidentBrief>()
  const known: TargetAsset[] = []
  const told: Told[] = []
  const published: { type: string; payload: { action_id: string; status: string } }[] = []
  const contained: string[] = []
  const broken = new Set<string>()
  let origin: TenantFacts['origin'] = 'installation'
  const port: IncidentsPort = {
    brief: (tenant, id) => Promise.resolve(tenant === tenantId ? incidents.get(id) ?? null : null),
    record: (_tx: Transaction, _tenant, incident, entry, clocks, waits) => {
      if (broken.has(incident)) return Promise.reject(new Error('broken'))
      told.push({ incident, kind: entry.kind, en: entry.text.en, ko: entry.text.ko, actor: entry.actor?.name ?? null, clocks: clocks ?? {}, waits })
      return Promise.resolve()
    },
    contained: (_tx, _tenant, incident) => { contained.push(incident); return Promise.resolve() },
  }
  const made: ResponseOptions = {
    database: at.database, clock: at.clock, log: silentLog, access: at.access, incidents: port, signingKey: Buffer.alloc(32, 9), executors: options.executors ?? [],
    assets: {
      resolve: (tenant, name, kind) => {
        const folded = name.toLowerCase()
        const fits = tenant !== tenantId ? [] : known.filter((asset) => asset.id === name || ((kind === undefined || asset.kind === kind) && (asset.name.toLowerCase() === folded || asset.name.toLowerCase().split('.')[0] === folded)))
        return Promise.resolve({ asset: fits.length === 1 ? fits[0]! : null, candidates: fits })
      },
    },
    outbox: { publish: (_tx, event) => { published.push(event as never); return Promise.resolve() } },
    tenant: () => Promise.resolve({ origin, timeZone: 'Asia/Seoul' }),
    managementAddresses: () => ['198.51.100.10'],
  }
  const response = openResponse(made)
  responseRoutes(at.http, response)

  let made_ = 0
  const incident = (brief: Partial<IncidentBrief> = {}): string => {
    const id = `inc_${++made_}`
    incidents.set(id, {
      id, title: (language) => (language === 'ko' ? '자격 증명 탈취' : 'Credential dumping'), severity: 'critical', status: 'new', hosts: [], users: [], backfill: false,
      lastActivityAt: at.clock.now() - 60_000, detectedAt: at.clock.now(), ...brief,
    })
    return id
  }
  const asset = (name: string, facts: Partial<TargetAsset> = {}): TargetAsset => {
    const there = known.find((one) => one.name === name)
    if (there !== undefined) return there
    const one = { id: `ast_${known.length + 1}`, kind: 'host', name, ...facts }
    known.push(one)
    return one
  }
  const key = async (body: object): Promise<Record<string, string>> => {
    const answer = await at.operate('POST', '/api/v1/keys', { name: 'test', ...body }, 'default')
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return basic(answer.body)
  }
  const user = async (body: { name: string; role: string; side?: string }): Promise<Record<string, string>> => {
    const answer = await at.operate('POST', '/api/v1/users', body, 'default')
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return signInFresh(body.name, answer.body.one_time_password)
  }
  const signInFresh = async (name: string, oneTime: string): Promise<Record<string, string>> => {
    const session = await at.signIn(name, oneTime)
    const changed = await at.call('POST', '/api/v1/session/password', { headers: session, body: { old_password: oneTime, new_password: 'a long new password' } })
    if (changed.status !== 200) throw new Error(JSON.stringify(changed.body))
    return session
  }
  const headers = (who: Record<string, string>, more: Record<string, string> = {}) => ({ headers: { ...who, ...more } })
  return {
    ...at, response, tenantId, incidents, told, published, contained, broken, known, incident, asset, key, user, options: made,
    admin: () => signInFresh('admin', at.first.created ? at.first.oneTimePassword : ''),
    /** POST /incidents/{id}/actions */
    ask: (who: Record<string, string>, id: string, body: object, more: Record<string, string> = {}) => at.call('POST', `/api/v1/incidents/${id}/actions`, { ...headers(who, more), body }),
    approve: (who: Record<string, string>, action: string, approved = true, more: object = {}) => at.call('POST', `/api/v1/actions/${action}/approval`, { ...headers(who), body: { approved, comment: '', ...more } }),
    read: (who: Record<string, string>, path: string, language = 'en') => at.call('GET', path, headers(who, { 'accept-language': language })),
    post: (who: Record<string, string>, path: string, body: unknown) => at.call('POST', path, { ...headers(who), body }),
    originOf: (made: TenantFacts['origin']) => { origin = made },
    close: async () => { await response.close(); await at.close() },
  }
}
export type ResponseFixture = Awaited<ReturnType<typeof openResponseFixture>>
