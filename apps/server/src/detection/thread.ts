// The thread that searches: it reads the log's files itself, so that no event crosses between threads, and knows neither database nor clock.
// It answers one request at a time and keeps nothing that a new thread could not be told again. Started by searcher.ts.
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { createIndex, scanRecord } from '@haechi/indicators'
import type { Hit, IndicatorIndex } from '@haechi/indicators'
import { fieldOf, readRecord } from '@haechi/records'
import { createMatcher } from '@haechi/sigma'
import type { Matcher, Rule } from '@haechi/sigma'
import { HaechiError } from '../platform/errors.ts'
import { askForKeys, openCursor } from '../platform/event-log/cursor.ts'
import type { LogCursor } from '../platform/event-log/cursor.ts'
import type { StoredBatch } from '../platform/event-log/port.ts'
import { evidenceOf, word } from './evidence.ts'
import { fold, noFindings } from './fold.ts'
import type { Match } from './fold.ts'
import type { FromThread, Gap, SearchRequest, Slice, TenantRules, ToThread, Volume } from './messages.ts'
import { suppresses } from './model.ts'
import type { Matched } from './model.ts'
import { clean, factsOf, inForce, readPack } from './rules.ts'
import type { RuleFacts } from './rules.ts'

export type ThreadData = { readonly logFolder: string; /** Tests: an event that holds this text ends the thread. */ readonly dieOn: string | null }

const sliceMs = 100
/** What one call of the matcher should take: so much later than its deadline a slice may end. */
const callMs = 20
/** Events in one call of the matcher. */
const callEvents = 1_000
/** Of raw records that go with the findings of one slice. */
const evidenceBytes = 8 * 1_048_576
const placesMost = 32
const compiledMost = 16
const hour = 3_600_000

type Loaded = { readonly rule: Rule; readonly facts: RuleFacts }
type Compiled = { readonly matcher: Matcher; readonly facts: ReadonlyMap<Rule, RuleFacts> }
type Tenant = { rules: TenantRules; disabled: ReadonlySet<string>; enabled: ReadonlySet<string>; index: IndicatorIndex }

const { logFolder, dieOn } = workerData as ThreadData
const port = parentPort!
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
const say = (message: FromThread) => { port.postMessage(message) }

const packs = new Map<string, { rules: Loaded[] }>()
const compiled = new Map<string, Compiled>()
const tenants = new Map<string, Tenant>()
const indexes = new Map<string, IndicatorIndex>()
const noIndicators = createIndex()
/** Where each tenant's log is open: everything before `at` was given; `batch` is one that was begun and not ended. */
type Place = { readonly cursor: LogCursor; at: number; batch: Lines | null }
const places = new Map<string, Place>()
/** A batch, and where each of its lines begins; behind the last stands where it ends. */
type Lines = { readonly batch: StoredBatch; readonly bytes: Buffer; readonly starts: Uint32Array }

/** What the matcher's callbacks are told of the batch in hand, and tell. */
const hand: { receivedAt: number; faults: Record<string, number> } = { receivedAt: 0, faults: {} }
/** Milliseconds that an event took of late. */
let pace = 0.2

function compile(keys: readonly string[]): Compiled {
  const name = JSON.stringify(keys)
  let found = compiled.get(name)
  if (found === undefined) {
    const chosen = inForce(keys.map((key) => packs.get(key)!), ({ rule }) => rule.id)
    const matcher = createMatcher(chosen.map(({ rule }) => rule), { onError: ({ code }) => { hand.faults[code] = (hand.faults[code] ?? 0) + 1 } }, (record) => readRecord(record, { now: hand.receivedAt }))
    found = { matcher, facts: new Map(chosen.map(({ rule, facts }) => [rule, facts])) }
    for (const old of compiled.keys()) if (compiled.size >= compiledMost) compiled.delete(old)
  }
  compiled.delete(name)
  compiled.set(name, found)
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

async function search({ tenant: name, from, end, most }: SearchRequest): Promise<Slice> {
  const tenant = tenants.get(name)!
  const rules = compile(tenant.rules.packs)
  const place = await placeAt(name, from)
  const gaps: Gap[] = []
  const volumes = new Map<number, Volume>()
  const findings = noFindings()
  const faults: Record<string, number> = hand.faults = {}
  let events = 0
  let bytes = 0
  const missing = (to: number) => {
    if (to > place.at) gaps.push({ from: place.at, to, reason: damage === '' ? 'retention' : `log_corrupt:${damage}` })
    damage = ''
    place.at = Math.max(place.at, to)
  }
  const deadline = performance.now() + sliceMs
  try {
    for (;;) {
      if (place.at >= end || events >= most || bytes >= evidenceBytes || performance.now() >= deadline) break
      const lines = place.batch ?? linesOf(await place.cursor.next(end))
      if (lines === null) {
        // What is missing at the end leaves the cursor behind what could be read.
        missing(Math.min(end, place.cursor.offset()))
        break
      }
      const { batch } = lines
      missing(batch.first)
      const volume = volumes.get(Math.floor(batch.receivedAt / hour)) ?? { events: 0, matches: 0 }
      volumes.set(Math.floor(batch.receivedAt / hour), volume)
      const searched = searchBatch(lines, place.at - batch.first, most - events, deadline, { name, ...tenant }, rules, (match) => {
        volume.matches++
        fold(findings, name, match)
        bytes += match.record.raw.length
      })
      volume.events += searched
      events += searched
      place.at += searched
      place.batch = place.at < batch.first + batch.count ? lines : null
    }
  } catch (error) {
    await forget(name)
    throw error
  }
  return { next: place.at, events, gaps, findings, volumes, faults }
}

async function forget(tenant: string): Promise<void> {
  const place = places.get(tenant)
  places.delete(tenant)
  await place?.cursor.close()
}

function linesOf(batch: StoredBatch | null): Lines | null {
  if (batch === null) return null
  const bytes = Buffer.from(batch.lines.buffer, batch.lines.byteOffset, batch.lines.length)
  const starts = new Uint32Array(batch.count + 1)
  for (let i = 0; i < batch.count; i++) starts[i + 1] = bytes.indexOf(10, starts[i]) + 1
  return { batch, bytes, starts }
}

/** Searches at most `most` events of a batch, from its event `first` on, until the deadline. Answers how many, at least one. */
function searchBatch(lines: Lines, first: number, most: number, deadline: number, tenant: Tenant & { name: string }, rules: Compiled, found: (match: Match) => void): number {
  const last = Math.min(lines.batch.count, first + most)
  for (let at = first; at < last;) {
    const begin = performance.now()
    if (at > first && begin >= deadline) return at - first
    const next = Math.min(last, at + Math.max(1, Math.min(callEvents, Math.floor(callMs / pace))))
    searchEvents(lines, at, next, tenant, rules, found)
    pace = Math.max(0.001, 0.7 * pace + (0.3 * (performance.now() - begin)) / (next - at))
    at = next
  }
  return last - first
}

function searchEvents({ batch, bytes, starts }: Lines, from: number, to: number, tenant: Tenant & { name: string }, { matcher, facts }: Compiled, found: (match: Match) => void): void {
  const events = bytes.subarray(starts[from], starts[to])
  if (dieOn !== null && events.includes(dieOn)) process.exit(1)
  hand.receivedAt = batch.receivedAt
  const matched = Map.groupBy(
    matcher.match(events, 'detect').filter(({ rule }) => isOn(tenant, facts.get(rule)!)),
    ({ eventIndex }) => from + eventIndex,
  )
  // Indicators are looked for in every event, records of rules are read where one matched.
  for (const i of tenant.index.size > 0 ? range(from, to) : matched.keys()) {
    const line = bytes.subarray(starts[i], starts[i + 1]! - 1)
    const record = parsed(line)
    if (record === undefined) continue
    const matches = matched.get(i) ?? []
    const hits = tenant.index.size === 0 ? [] : scanRecord(texts(record), tenant.index, batch.receivedAt)
    if (matches.length === 0 && hits.length === 0) continue
    const reading = readRecord(record, { now: batch.receivedAt })
    const host = word(reading.columns.host, 255)
    const user = word(reading.columns.user, 255)
    const evidence = evidenceOf(batch, i, line, reading)
    const valueOf = (field: string) => valuesOf(fieldOf(reading.fields, field))
    const suppressionOf = (ruleId: string) => tenant.rules.suppressions.find((one) => suppresses(one, { ruleId, host, user, receivedAt: batch.receivedAt, valueOf }))?.id ?? null
    for (const { rule, matched: parts } of matches) {
      const known = facts.get(rule)!
      found({
        facts: { kind: 'rule', rule: known.rule, severity: known.level ?? 'medium', host, user, techniques: known.techniques, tactics: known.tactics, indicators: [], suppressionId: suppressionOf(known.rule.id) },
        record: evidence, backfill: batch.backfill, matched: matchedOf(parts),
      })
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
      const { rules, rejected } = readPack(message.pack.files)
      const loaded = rules.map((rule): Loaded => ({ rule, facts: factsOf(rule, message.pack) }))
      packs.set(message.pack.key, { rules: loaded })
      say({ kind: 'pack', id: message.id, rules: loaded.map(({ facts }) => facts), rejected })
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
      compile(rules.packs)
      say({ kind: 'told', id: message.id })
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
    case 'search':
      if (!tenants.has(message.request.tenant)) {
        say({ kind: 'untold', id: message.id })
        break
      }
      search(message.request).then(
        (slice) => { say({ kind: 'found', id: message.id, slice }) },
        (error: unknown) => { say({ kind: 'failed', id: message.id, reason: error instanceof HaechiError ? error.code : error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' }) },
      )
      break
    default: message satisfies never
  }
}
port.on('message', hear)
