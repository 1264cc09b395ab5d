// The thread that searches: it reads the log's files itself, so that no event crosses between threads, and knows neither database nor clock.
// It answers one request at a time and keeps nothing that a new thread could not be told again. Started by searcher.ts.
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { createIndex, scanRecord } from '@haechi/indicators'
import type { Hit, IndicatorIndex } from '@haechi/indicators'
import { fieldOf, readFields, readRecord } from '@haechi/records'
import { createMatcher, link } from '@haechi/sigma'
import type { Correlation, CorrelationMatch, Filter, Matcher, Rule } from '@haechi/sigma'
import { HaechiError } from '../platform/errors.ts'
import { askForKeys, openCursor } from '../platform/event-log/cursor.ts'
import type { LogCursor } from '../platform/event-log/cursor.ts'
import { run } from './correlating.ts'
import type { Beginning, Correlations, Running } from './correlating.ts'
import { sampleCosts } from './cost.ts'
import type { CostSampler } from './cost.ts'
import { evidenceOf, word } from './evidence.ts'
import { fold, noFindings } from './fold.ts'
import type { Findings, Match } from './fold.ts'
import type { FromThread, Gap, Linking, RuleHits, SearchRequest, Slice, TenantRules, ToThread, Volume } from './messages.ts'
import { suppresses } from './model.ts'
import type { Matched } from './model.ts'
import { lineAt, linesOf, rememberBatches } from './recent.ts'
import type { Lines } from './recent.ts'
import { clean, factsOf, inForce, readPack } from './rules.ts'
import type { RuleFacts } from './rules.ts'

export type ThreadData = {
  readonly logFolder: string
  /** Tests: an event that holds this text ends the thread. */
  readonly dieOn: string | null
  /** A kill costs correlations reading so many events again. */
  readonly saveEvents: number
}

const sliceMs = 100
/** What one call of the matcher should take: so much later than its deadline a slice may end. */
const callMs = 20
/** Events in one call of the matcher. */
const callEvents = 1_000
/** Of raw records that go with the findings of one slice. */
const evidenceBytes = 8 * 1_048_576
const placesMost = 32
const compiledMost = 16
/** A host whose clock is ahead of ours by more does not carry its windows away from those of others. */
const aheadMost = 300_000
/** For records of events that a correlation stands on and that are no longer in memory, a slice. */
const lookMs = 250
const hour = 3_600_000

type Loaded = { readonly rules: readonly { readonly rule: Rule | Correlation; readonly facts: RuleFacts }[]; readonly filters: readonly Filter[] }
/** `facts` by the id that a rule has for the engine; `silent` and `referred` are such ids too: of rules that make no alert of their own, and of those that correlations refer to. */
type Compiled = Correlations & {
  readonly matcher: Matcher
  readonly rules: readonly Rule[]
  readonly facts: ReadonlyMap<string, RuleFacts>
  readonly silent: ReadonlySet<string>
  readonly referred: ReadonlySet<string>
  readonly linking: Linking
}
type Tenant = { rules: TenantRules; disabled: ReadonlySet<string>; enabled: ReadonlySet<string>; index: IndicatorIndex }

const { logFolder, dieOn, saveEvents } = workerData as ThreadData
const port = parentPort!
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
const say = (message: FromThread) => { port.postMessage(message) }

const packs = new Map<string, Loaded>()
const compiled = new Map<string, Compiled>()
const tenants = new Map<string, Tenant>()
const indexes = new Map<string, IndicatorIndex>()
const noIndicators = createIndex()
/** Where each tenant's log is open: everything before `at` was given; `batch` is one that was begun and not ended. */
type Place = { readonly cursor: LogCursor; at: number; batch: Lines | null }
const places = new Map<string, Place>()
const running = new Map<string, Running>()
const recent = rememberBatches()
const samplers = new Map<string, CostSampler>()

/** What the matcher's callbacks are told of the batch in hand, and tell. */
const hand: { receivedAt: number; faults: Record<string, number> } = { receivedAt: 0, faults: {} }
/** Milliseconds that an event took of late. */
let pace = 0.2

function compile(keys: readonly string[]): Compiled {
  const key = JSON.stringify(keys)
  let found = compiled.get(key)
  if (found === undefined) {
    const loaded = keys.map((name) => packs.get(name)!)
    const chosen = inForce(loaded, ({ rule }) => rule.id)
    const rules: Rule[] = []
    const written: Correlation[] = []
    for (const { rule } of chosen) if ('type' in rule) written.push(rule)
    else rules.push(rule)
    const linked = link({ rules, correlations: written, filters: inForce(loaded.map(({ filters }) => ({ rules: filters })), ({ id }) => id) })
    const facts = new Map(chosen.map(({ rule, facts: of }) => [rule.id, of]))
    const packOf = (id: string | undefined, file: string) => facts.get(id ?? '')?.rule.source ?? keys.flatMap((name, i) => loaded[i]!.filters.flatMap((filter) => (filter.id === id && filter.file === file ? [name.split('@')[0]!] : []))).at(0) ?? ''
    found = {
      key, matcher: createMatcher(linked.rules, { onError: ({ code }) => { hand.faults[code] = (hand.faults[code] ?? 0) + 1 } }, (record) => readFields(record, { now: hand.receivedAt })),
      rules: linked.rules, correlations: linked.correlations, facts, silent: linked.silent, referred: new Set(linked.correlations.flatMap((correlation) => correlation.rules)),
      linking: {
        silent: [...linked.silent].flatMap((id) => facts.get(id)?.rule.id ?? []),
        refers: new Map(linked.correlations.map((correlation) => [facts.get(correlation.id)!.rule.id, correlation.rules.map((id) => facts.get(id)?.rule.id ?? id)])),
        rejected: linked.rejected.map(({ id, file, line, code, reason }) => ({ pack: packOf(id, file), file, line, code, reason })),
      },
    }
    for (const old of compiled.keys()) if (compiled.size >= compiledMost) compiled.delete(old)
  }
  compiled.delete(key)
  compiled.set(key, found)
  return found
}

const keys = askForKeys((id, wrapped, place) => say({ kind: 'openKey', id, wrapped, place }))

/** The reason why the last stretch could not be read. */
let damage = ''
async function placeAt(tenant: string, from: number): Promise<Place> {
  let place = places.get(tenant)
  if (place !== undefined && place.at !== from) {
    await place.cursor.close()
    place = undefined
  }
  place ??= { cursor: openCursor({ folder: join(logFolder, tenant), tenant, from, openKey: keys.open, onDamage: ({ reason }) => { damage = reason } }), at: from, batch: null }
  places.delete(tenant)
  for (const [oldest, { cursor }] of places) {
    if (places.size < placesMost) break
    places.delete(oldest)
    await cursor.close()
  }
  places.set(tenant, place)
  return place
}

/** Whoever asks must tell what is in force anew. */
class Untold extends Error {}

const beginnings = new Map<number, (beginning: Beginning | null) => void>()
let begun = 0
async function beginningOf(tenant: string, from: number, refused: string | null): Promise<Beginning> {
  const id = begun++
  const beginning = await new Promise<Beginning | null>((resolve) => {
    beginnings.set(id, resolve)
    say({ kind: 'begin', id, tenant, from, refused })
  })
  if (beginning === null) throw new Untold()
  return beginning
}

/** The tenant's correlations as they are before `from`, or on their way there. */
async function runningFor(tenant: string, rules: Compiled, from: number): Promise<Running> {
  const known = running.get(tenant)
  if (known !== undefined && (known.at === from || (known.at < from && reading.has(tenant)))) {
    known.follow(rules)
    return known
  }
  let made: Running
  if (rules.correlations.length === 0) made = run(rules, { from, state: null, gaps: [] }, saveEvents)
  else {
    reading.add(tenant)
    try {
      made = run(rules, await beginningOf(tenant, from, null), saveEvents)
    } catch (error) {
      if (error instanceof Untold) throw error
      made = run(rules, await beginningOf(tenant, from, error instanceof Error ? error.message : 'unknown'), saveEvents)
    }
  }
  running.set(tenant, made)
  return made
}
/** Tenants whose correlations read again what is before the search. */
const reading = new Set<string>()

const nothing = (next: number) => ({ next, events: 0, gaps: [], findings: noFindings(), volumes: new Map<number, Volume>(), faults: {}, hits: new Map<string, RuleHits>(), costs: new Map<string, number>(), state: null })

async function search({ tenant: name, from, end, most }: SearchRequest): Promise<Slice> {
  const tenant = tenants.get(name)!
  const rules = compile(tenant.rules.packs)
  const deadline = performance.now() + sliceMs
  const correlations = await runningFor(name, rules, from)
  const sampler = samplers.get(name) ?? sampleCosts()
  samplers.set(name, sampler)
  const inHand: Hand = { name, tenant, rules, correlations, sampler, findings: null, hits: new Map(), volume: { events: 0, matches: 0 }, bytes: 0 }
  if (reading.has(name)) {
    await readAgain(inHand, from, deadline)
    if (correlations.at === from) reading.delete(name)
    return { ...nothing(from), again: correlations.at === from ? 'reached' : 'reading' }
  }
  const place = await placeAt(name, from)
  const gaps: Gap[] = []
  const volumes = new Map<number, Volume>()
  const findings = inHand.findings = noFindings()
  const faults: Record<string, number> = hand.faults = {}
  let events = 0
  const missing = (to: number) => {
    if (to > place.at) gaps.push({ from: place.at, to, reason: damage === '' ? 'retention' : `log_corrupt:${damage}` })
    damage = ''
    place.at = Math.max(place.at, to)
  }
  try {
    for (;;) {
      if (place.at >= end || events >= most || inHand.bytes >= evidenceBytes || performance.now() >= deadline) break
      const lines = place.batch ?? await nextLines(place, end)
      if (lines === null) {
        // What is missing at the end leaves the cursor behind what could be read.
        missing(Math.min(end, place.cursor.offset()))
        break
      }
      const { batch } = lines
      missing(batch.first)
      const volume = inHand.volume = volumes.get(Math.floor(batch.receivedAt / hour)) ?? { events: 0, matches: 0 }
      volumes.set(Math.floor(batch.receivedAt / hour), volume)
      const searched = searchBatch(inHand, lines, place.at - batch.first, most - events, deadline)
      volume.events += searched
      events += searched
      place.at += searched
      place.batch = place.at < batch.first + batch.count ? lines : null
    }
    if (rules.correlations.length > 0) await completeEvidence(name, findings, end)
  } catch (error) {
    await forget(name)
    throw error
  }
  correlations.reach(place.at)
  const costs = new Map([...inHand.sampler.measure(rules.rules, performance.now())].map(([id, cost]) => [rules.facts.get(id)!.rule.id, cost]))
  const evicted = correlations.evicted()
  if (evicted > 0) faults['correlation_evicted'] = evicted
  return { next: place.at, events, gaps, findings, volumes, faults, hits: inHand.hits, costs, state: correlations.due(), again: null }
}

async function nextLines(place: Place, end: number): Promise<Lines | null> {
  const batch = await place.cursor.next(end)
  return batch === null ? null : linesOf(batch)
}

/** Feeds the correlations with what is before `from`, without a word of what they find: it was said before. */
async function readAgain(inHand: Hand, from: number, deadline: number): Promise<void> {
  const { name, correlations } = inHand
  if (correlations.at >= from) return
  const place = await placeAt(name, correlations.at)
  try {
    while (place.at < from && performance.now() < deadline) {
      const lines = place.batch ?? await nextLines(place, from)
      if (lines === null) {
        place.at = from
        break
      }
      const { first, count } = lines.batch
      place.at = Math.max(place.at, first)
      const gap = correlations.gaps.find(({ to }) => to > place.at)
      if (gap !== undefined && gap.from <= place.at) place.at = Math.min(gap.to, first + count, from)
      else place.at += searchBatch(inHand, lines, place.at - first, Math.min(gap?.from ?? from, from) - place.at, deadline)
      place.batch = place.at < first + count ? lines : null
    }
  } catch (error) {
    await forget(name)
    throw error
  }
  correlations.reach(place.at)
  correlations.evicted()
}

/** Correlations stand on events of before: their records, from memory or from the log, as long as that does not hold up the search. What is not found goes without. */
async function completeEvidence(tenant: string, { findings, records }: Findings, end: number): Promise<void> {
  const wanted = new Set([...findings.values()].flatMap(({ evidence }) => evidence.flatMap(({ offset }) => (records.has(offset) ? [] : [offset]))))
  const deadline = performance.now() + lookMs
  for (const offset of [...wanted].sort((a, b) => a - b)) {
    let lines = recent.find(tenant, offset)
    if (lines === null && performance.now() < deadline) {
      const cursor = openCursor({ folder: join(logFolder, tenant), tenant, from: offset, openKey: keys.open, onDamage: () => undefined })
      const batch = await cursor.next(end)
      await cursor.close()
      lines = batch === null || offset < batch.first || offset >= batch.first + batch.count ? null : linesOf(batch)
      if (lines !== null) recent.remember(tenant, lines)
    }
    const i = offset - (lines?.batch.first ?? 0)
    const record = lines === null ? undefined : parsed(lineAt(lines, i))
    if (lines !== null && record !== undefined) records.set(offset, evidenceOf(lines.batch, i, lineAt(lines, i), readRecord(record, { now: lines.batch.receivedAt })))
  }
  for (const [id, finding] of findings) {
    const evidence = finding.evidence.filter(({ offset }) => records.has(offset))
    findings.set(id, { ...finding, evidence, firstEventAt: Math.min(finding.firstEventAt, ...evidence.map(({ offset }) => records.get(offset)!.time)) })
  }
}

async function forget(tenant: string): Promise<void> {
  const place = places.get(tenant)
  places.delete(tenant)
  // What they were fed of the stretch that failed is not known.
  running.delete(tenant)
  await place?.cursor.close()
}

/** What the events of a slice are searched with, and what is found. `findings` null: nothing is to be said of them, they only feed correlations. */
type Hand = { readonly name: string; readonly tenant: Tenant; readonly rules: Compiled; readonly correlations: Running; readonly sampler: CostSampler; findings: Findings | null; readonly hits: Map<string, RuleHits>; volume: Volume; bytes: number }

/** Searches at most `most` events of a batch, from its event `first` on, until the deadline. Answers how many, at least one. */
function searchBatch(inHand: Hand, lines: Lines, first: number, most: number, deadline: number): number {
  const last = Math.min(lines.batch.count, first + most)
  for (let at = first; at < last;) {
    const begin = performance.now()
    if (at > first && begin >= deadline) return at - first
    const next = Math.min(last, at + Math.max(1, Math.min(callEvents, Math.floor(callMs / pace))))
    searchEvents(inHand, lines, at, next)
    pace = Math.max(0.001, 0.7 * pace + (0.3 * (performance.now() - begin)) / (next - at))
    at = next
  }
  return last - first
}

function searchEvents(inHand: Hand, lines: Lines, from: number, to: number): void {
  const { batch, bytes, starts } = lines
  const { name, tenant, rules, correlations, findings } = inHand
  const events = bytes.subarray(starts[from], starts[to])
  if (dieOn !== null && events.includes(dieOn)) process.exit(1)
  hand.receivedAt = batch.receivedAt
  const alerts = (id: string) => findings !== null && !rules.silent.has(id) && isOn(tenant, rules.facts.get(id)!)
  const found = (match: Match) => {
    inHand.volume.matches++
    fold(findings!, name, match)
    inHand.bytes += match.record.raw.length
  }
  const matched = Map.groupBy(
    rules.matcher.match(events, 'detect').filter(({ rule: { id } }) => {
      if (findings !== null) hit(inHand.hits, rules.facts.get(id)!.rule.id, batch.receivedAt)
      return rules.referred.has(id) || alerts(id)
    }),
    ({ eventIndex }) => from + eventIndex,
  )
  if (findings !== null) for (const i of inHand.sampler.wanted(to - from)) inHand.sampler.keep(parsed(lineAt(lines, from + i)), batch.receivedAt)
  const index = findings === null ? noIndicators : tenant.index
  // Indicators are looked for in every event, records of rules are read where one matched.
  for (const i of index.size > 0 ? range(from, to) : matched.keys()) {
    const line = lineAt(lines, i)
    const record = parsed(line)
    if (record === undefined) continue
    const matches = matched.get(i) ?? []
    const hits = index.size === 0 ? [] : scanRecord(texts(record), index, batch.receivedAt)
    if (matches.length === 0 && hits.length === 0) continue
    const reading = readRecord(record, { now: batch.receivedAt })
    const host = word(reading.columns.host, 255)
    const user = word(reading.columns.user, 255)
    const evidence = evidenceOf(batch, i, line, reading)
    const valueOf = (field: string) => valuesOf(fieldOf(reading.fields, field))
    const suppressionOf = (ruleId: string, of = { user, valueOf }) => tenant.rules.suppressions.find((one) => suppresses(one, { ruleId, host, user: of.user, receivedAt: batch.receivedAt, valueOf: of.valueOf }))?.id ?? null
    for (const { rule: { id }, fields, matched: parts } of matches) {
      if (alerts(id)) {
        const known = rules.facts.get(id)!
        found({
          facts: { kind: 'rule', rule: known.rule, severity: known.level ?? 'medium', host, user, techniques: known.techniques, tactics: known.tactics, indicators: [], suppressionId: suppressionOf(known.rule.id) },
          record: evidence, backfill: batch.backfill, matched: matchedOf(parts),
        })
      }
      if (!rules.referred.has(id)) continue
      recent.remember(name, lines)
      for (const completed of correlations.feed({ ruleId: id, time: Math.min(evidence.time, batch.receivedAt + aheadMost), fields, ref: evidence.offset })) {
        const known = rules.facts.get(completed.correlation.id)!
        if (findings !== null) hit(inHand.hits, known.rule.id, batch.receivedAt)
        if (!alerts(completed.correlation.id)) continue
        const grouped = (field: string) => [...completed.group.filter((one) => one.field === field).map(({ value }) => value), ...valueOf(field)]
        // Users of one group differ unless it is made of them.
        const whose = user !== null && completed.group.some(({ value }) => userOf(value) === userOf(user)) ? user : null
        found({
          facts: {
            kind: 'rule', rule: known.rule, severity: known.level ?? 'medium', host, user: whose, ...attackOf(known, completed, rules), indicators: [],
            suppressionId: suppressionOf(known.rule.id, { user: whose, valueOf: grouped }),
          },
          record: evidence, backfill: batch.backfill, matched: matchedOf(correlated(completed)), correlated: { offsets: completed.refs, at: completed.time },
        })
      }
    }
    for (const hit of hits) {
      const known = indicatorFacts(hit)
      if (tenant.disabled.has(known.rule.id)) continue
      found({
        facts: { ...known, host, user, suppressionId: suppressionOf(known.rule.id) },
        record: evidence, backfill: batch.backfill, matched: matchedOf([{ selection: 'indicator', field: hit.field, value: hit.answer.value }]),
      })
    }
  }
}

const isOn = ({ disabled, enabled }: Tenant, { rule, on }: RuleFacts): boolean => !disabled.has(rule.id) && (on || enabled.has(rule.id))

function hit(into: Map<string, RuleHits>, ruleId: string, at: number): void {
  const key = `${Math.floor(at / hour)} ${ruleId}`
  const known = into.get(key)
  if (known === undefined) into.set(key, { ruleId, hour: Math.floor(at / hour), hits: 1, lastAt: at })
  else {
    known.hits++
    known.lastAt = Math.max(known.lastAt, at)
  }
}

const userOf = (text: string) => text.toLowerCase().split('\\').at(-1)

/** A correlation without tags of its own has those of the rules under it. */
function attackOf(known: RuleFacts, { correlation }: CorrelationMatch, { facts }: Compiled): Pick<RuleFacts, 'techniques' | 'tactics'> {
  if (known.techniques.length > 0 || known.tactics.length > 0) return known
  const under = correlation.rules.flatMap((id) => facts.get(id) ?? [])
  return { techniques: [...new Set(under.flatMap(({ techniques }) => techniques))].slice(0, 50), tactics: [...new Set(under.flatMap(({ tactics }) => tactics))].slice(0, 50) }
}

/** What a correlation met: its group, and how much of what there was. */
const correlated = ({ correlation, group, value, refsTotal }: CorrelationMatch): Matched[] => [
  ...group.map(({ field, value: of }) => ({ selection: 'group-by', field, value: of })),
  { selection: correlation.type, field: correlation.valueOf.length === 0 ? null : correlation.valueOf.join(', '), value: value ?? refsTotal },
]

function* range(from: number, to: number): Generator<number> {
  for (let i = from; i < to; i++) yield i
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
}

const koreanNouns = { ip: '주소', cidr: '네트워크', domain: '도메인', url: 'URL', md5: '파일', sha1: '파일', sha256: '파일', email: '전자우편 주소' } as const
const nouns = { ip: 'address', cidr: 'network', domain: 'domain', url: 'URL', md5: 'file', sha1: 'file', sha256: 'file', email: 'e-mail address' } as const

function indicatorFacts({ answer }: Hit): Pick<Match['facts'], 'kind' | 'rule' | 'severity' | 'techniques' | 'tactics' | 'indicators'> {
  const { type, value, verdict, confidence, sources, techniques } = answer
  return {
    kind: 'indicator', severity: verdict === 'malicious' ? 'high' : 'medium', techniques: techniques.slice(0, 50), tactics: [],
    rule: { id: `${type}:${value}`, title: `Known ${verdict} ${nouns[type]}: ${value}`, author: null, source: clean(sources.join(', '), 500), license: null, packVersion: null, references: [], falsePositives: [], ko: { title: `${verdict === 'malicious' ? '악성으로' : '의심스러운 것으로'} 알려진 ${koreanNouns[type]}: ${value}`, falsePositives: [] } },
    indicators: [{ type, value, verdict, confidence, sources: sources.slice(0, 20).map((source) => clean(source, 200)) }],
  }
}

const matchedMost = 50
const valueMost = 2_000
function matchedOf(matched: readonly Matched[]): Matched[] {
  return matched.slice(0, matchedMost).map(({ selection, field, value }) => ({ selection: clean(selection, 200), field: field === null ? null : clean(field, 500), value: typeof value === 'string' ? clean(value, valueMost) : typeof value === 'object' ? null : value }))
}

function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : []
}

/** Every text of a record by its path, however deep: what indicators are looked for in. */
function texts(record: unknown): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>
  const walk = (value: unknown, path: string, depth: number): void => {
    if (typeof value === 'string') found[path] = value
    else if (typeof value === 'object' && value !== null && depth < 200) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`, depth + 1)
    }
  }
  walk(record, '', 0)
  return found
}

function hear(message: ToThread): void {
  switch (message.kind) {
    case 'pack': {
      const { rules, filters, rejected } = readPack(message.pack.files)
      const loaded = rules.map((rule) => ({ rule, facts: factsOf(rule, message.pack) }))
      packs.set(message.pack.key, { rules: loaded, filters })
      say({ kind: 'pack', id: message.id, rules: loaded.map(({ facts }) => facts), filters: filters.length, rejected })
      break
    }
    case 'tenant': {
      const { rules } = message
      // Compiled without one of its packs it would find nothing and say nothing.
      if (!rules.packs.every((key) => packs.has(key))) {
        say({ kind: 'untold', id: message.id })
        break
      }
      const before = tenants.get(rules.tenant)
      tenants.set(rules.tenant, { rules, disabled: new Set(rules.disabled), enabled: new Set(rules.enabled), index: before?.index ?? noIndicators })
      say({ kind: 'linked', id: message.id, linking: compile(rules.packs).linking })
      break
    }
    case 'indicators': {
      const index = (message.first ? undefined : indexes.get(message.version)) ?? createIndex()
      index.add(message.part)
      indexes.set(message.version, index)
      say({ kind: 'told', id: message.id })
      break
    }
    case 'use': {
      const tenant = tenants.get(message.tenant)
      if (tenant !== undefined) tenant.index = indexes.get(message.indicators) ?? noIndicators
      say({ kind: 'told', id: message.id })
      break
    }
    case 'keep': {
      const kept = new Set(message.packs)
      for (const key of packs.keys()) if (!kept.has(key)) packs.delete(key)
      for (const version of indexes.keys()) if (!message.indicators.includes(version)) indexes.delete(version)
      for (const name of compiled.keys()) if (!(JSON.parse(name) as string[]).every((key) => kept.has(key))) compiled.delete(name)
      break
    }
    case 'key':
      keys.answer(message.id, message.key)
      break
    case 'beginning':
      beginnings.get(message.id)?.(message.beginning)
      beginnings.delete(message.id)
      break
    case 'search':
      if (!tenants.has(message.request.tenant)) {
        say({ kind: 'untold', id: message.id })
        break
      }
      search(message.request).then(
        (slice) => { say({ kind: 'found', id: message.id, slice }) },
        (error: unknown) => { say(error instanceof Untold ? { kind: 'untold', id: message.id } : { kind: 'failed', id: message.id, reason: error instanceof HaechiError ? error.code : error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' }) },
      )
      break
    default: message satisfies never
  }
}
port.on('message', hear)
