// npm run bench:quality [-- --rules own|sigmahq|both] [--source pinned|current] [--batch N]: what a customer gets to read of 30 recorded attacks. Every set of the corpus, none picked:
// the events go through the rules, the folding into alerts and the grouping of the product, in batches as they would arrive, and the incidents are held against the labels.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { readRecord } from '@haechi/records'
import { createMatcher, link, parse } from '@haechi/sigma'
import type { Match, Rule } from '@haechi/sigma'
import { factsOf, inForce } from '../../apps/server/src/detection/rules.ts'
import { evidenceOf } from '../../apps/server/src/detection/evidence.ts'
import { fold, noFindings, noTraits, traits } from '../../apps/server/src/detection/fold.ts'
import { group, keysOf, openGroup } from '../../apps/server/src/incidents/grouping.ts'
import type { GroupingAlert, OpenGroup } from '../../apps/server/src/incidents/grouping.ts'
import { severityOf, titleOf } from '../../apps/server/src/incidents/titles.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const CORPUS = resolve(ROOT, process.env['HAECHI_CORPUS'] ?? '../shared/data')
const ARCHIVES = { pinned: 'sigma-rules/sigma-rules-994da166.tar.gz', current: 'sigma-rules/sigma-rules-8eaafff1.tar.gz' } as const

/** Why there is nothing to measure, or false. */
export const missing: string | false = existsSync(join(CORPUS, 'telemetry/otrf/labels.json')) ? false : `no corpus at ${CORPUS} (set HAECHI_CORPUS)`

type Label = { dataset: string; file: string; events: number; techniques: { technique: string }[] }
type Attack = { revoked: { id: string; revoked_by: string }[] }
const jsonOf = <T>(path: string): T => JSON.parse(readFileSync(join(CORPUS, path), 'utf8')) as T

export type Incident = { title: { en: string; ko: string }; severity: string; alerts: FoldedAlert[] }
export type SetResult = { dataset: string; events: number; sha256: string; matches: number; alerts: number; held: number; highAlerts: number; incidents: Incident[]; high: boolean; right: boolean }
export type Quality = { rules: number; sets: SetResult[]; withIncident: number; withHigh: number; withTechnique: number; medianIncidents: number; maxIncidents: number; events: number; alertsPerThousand: number; highAlertsPerThousand: number }

/** The rules of a directory. */
export function ownRules(): Rule[] {
  return rulesIn(join(ROOT, 'content/rules'))
}

export function sigmaHqRules(source: keyof typeof ARCHIVES): Rule[] {
  const folder = mkdtempSync(join(tmpdir(), 'haechi-quality-'))
  try {
    execFileSync('tar', ['-xzf', join(CORPUS, ARCHIVES[source]), '-C', folder])
    return rulesIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Those that alert by themselves; correlations are not measured here. */
function rulesIn(folder: string): Rule[] {
  const read = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml')).toSorted().map((name) => parse(readFileSync(join(folder, name), 'utf8'), name))
  const { rules, silent } = link({ rules: read.flatMap((parsed) => parsed.rules), correlations: read.flatMap(({ correlations }) => correlations), filters: [] })
  return rules.filter(({ id }) => !silent.has(id))
}

type FoldedAlert = GroupingAlert & { tactics: readonly string[]; rule: { id: string; title: string }; eventCount: number }
type Severity = GroupingAlert['severity']
const LEVELS: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical']
const rank = (severity: string): number => LEVELS.indexOf(severity as Severity)

/** What a batch says of each of its events; the recordings state their own times. */
const batch = { count: 1, source: 'otrf', receivedAt: 0, backfill: false, ids: new Uint8Array(16), lines: new Uint8Array(0) }

/** Alerts in the order in which they are raised. */
function alertsOf(lines: readonly string[], matches: readonly Match[]): FoldedAlert[] {
  const found = noFindings()
  for (const { rule, eventIndex } of matches) {
    const line = lines[eventIndex] as string
    const reading = readRecord(JSON.parse(line))
    const record = evidenceOf({ ...batch, first: eventIndex }, 0, Buffer.from(line), reading)
    const { host, user } = reading.columns
    const { rule: named, level, techniques, tactics } = factsOf(rule, { name: '', version: '', license: null })
    fold(found, 'bench', { facts: { kind: 'rule', rule: named, severity: level ?? 'medium', host, user, techniques, tactics, indicators: [], suppressionId: null }, record, backfill: false, matched: [] })
  }
  return [...found.findings.values()].map((finding) => ({ ...finding, ...traits(noTraits, finding.evidence.flatMap(({ offset }) => found.records.get(offset) ?? [])) }))
}

/** The alerts in batches, as a subscriber would: what stands is read back by its keys, what was held is looked at again. */
export function incidentsOf(alerts: readonly FoldedAlert[], batch: number): { incidents: FoldedAlert[][]; held: FoldedAlert[] } {
  const byId = new Map(alerts.map((alert) => [alert.id, alert]))
  const incidents = new Map<string, FoldedAlert[]>()
  let held: FoldedAlert[] = []
  for (let from = 0; from < alerts.length; from += batch) {
    const open = [...incidents].map(([incidentId, members]): OpenGroup => openGroup(members.flatMap(keysOf), {
      incidentId, hosts: members.flatMap(({ host }) => host ?? []), techniques: new Set(members.flatMap(({ techniques }) => techniques)), firstActivityAt: Math.min(...members.map(({ firstEventAt }) => firstEventAt)),
      lastActivityAt: Math.max(...members.map(({ lastEventAt }) => lastEventAt)), backfill: false, alertCount: members.length, status: 'new',
    }))
    const { attach, create, hold } = group([...alerts.slice(from, from + batch), ...held], open)
    const get = (ids: readonly string[]): FoldedAlert[] => ids.map((id) => byId.get(id) as FoldedAlert)
    for (const { incidentId, alertIds } of attach) incidents.get(incidentId)?.push(...get(alertIds))
    for (const { alertIds } of create) incidents.set(`inc_${incidents.size}`, get(alertIds))
    held = get(hold)
  }
  return { incidents: [...incidents.values()], held }
}

const once = (names: readonly string[]): string[] => [...new Set(names)]

export function measure(rules: readonly Rule[], options: { batch?: number; only?: (label: Label) => boolean } = {}): Quality {
  const matcher = createMatcher(rules)
  const labels = jsonOf<Label[]>('telemetry/otrf/labels.json')
  // The labels are of ATT&CK 18, the rules of 18 and 19: both are compared as 19, by their parent technique.
  const now = new Map(jsonOf<Attack>('attack/attack-enterprise-v19.json').revoked.map(({ id, revoked_by }) => [id, revoked_by]))
  const family = (id: string): string => (now.get(id) ?? id).slice(0, 5)
  const sets = labels.filter((label) => options.only?.(label) ?? true).map((label): SetResult => {
    const bytes = readFileSync(join(CORPUS, 'telemetry/otrf', label.file))
    const data = gunzipSync(bytes)
    const lines = data.toString().split('\n').filter((line) => line.trim() !== '')
    const matches = matcher.match(data, 'detect')
    const alerts = alertsOf(lines, matches)
    const { incidents, held } = incidentsOf(alerts, options.batch ?? 500)
    const wanted = new Set(label.techniques.map(({ technique }) => family(technique)))
    const read = incidents.map((members): Incident => ({
      severity: severityOf(members, []).severity, alerts: members,
      title: titleOf({
        techniques: once(members.flatMap(({ techniques }) => techniques)), tactics: once(members.flatMap(({ tactics }) => tactics)), hosts: once(members.flatMap(({ host }) => host ?? [])),
        users: once(members.flatMap(({ user }) => user ?? [])), rules: [...new Map(members.map(({ rule, severity, techniques }) => [rule.id, { title: rule.title, severity, techniques }])).values()],
      }),
    }))
    return {
      dataset: label.dataset, events: lines.length, sha256: createHash('sha256').update(bytes).digest('hex'), matches: matches.length, alerts: alerts.length, held: held.length,
      highAlerts: alerts.filter(({ severity }) => rank(severity) >= 3).length, incidents: read, high: read.some(({ severity }) => rank(severity) >= 3),
      right: incidents.some((members) => members.some(({ techniques }) => techniques.some((id) => wanted.has(family(id))))),
    }
  })
  const counts = sets.map(({ incidents }) => incidents.length).toSorted((a, b) => a - b)
  const events = sets.reduce((sum, set) => sum + set.events, 0)
  const perThousand = (of: (set: SetResult) => number): number => (sets.reduce((sum, set) => sum + of(set), 0) * 1000) / events
  return {
    rules: rules.length, sets, events, withIncident: counts.filter((count) => count > 0).length, withHigh: sets.filter(({ high }) => high).length, withTechnique: sets.filter(({ right }) => right).length,
    medianIncidents: ((counts[(counts.length - 1) >> 1] as number) + (counts[counts.length >> 1] as number)) / 2, maxIncidents: counts.at(-1) as number,
    alertsPerThousand: perThousand((set) => set.alerts), highAlertsPerThousand: perThousand((set) => set.highAlerts),
  }
}

function print(name: string, quality: Quality): void {
  console.log(`\n${name}: ${quality.rules} rules, ${quality.sets.length} sets, ${quality.events} events\n`)
  console.log('| set | matches | alerts | held | incidents | high | technique | titles |\n|---|---|---|---|---|---|---|---|')
  for (const set of quality.sets) {
    console.log(`| ${set.dataset} | ${set.matches} | ${set.alerts} | ${set.held} | ${set.incidents.length} | ${set.high ? 'yes' : 'no'} | ${set.right ? 'yes' : 'no'} | ${set.incidents.map(({ title, severity, alerts }) => `${severity}: ${title.en} / ${title.ko} (${alerts.length})`).join('; ')} |`)
  }
  const share = (count: number): string => `${count} (${((count * 100) / quality.sets.length).toFixed(1)} %)`
  console.log(`\n${name}: with an incident ${share(quality.withIncident)}, at high or above ${share(quality.withHigh)}, right technique ${share(quality.withTechnique)}; incidents a set: median ${quality.medianIncidents}, most ${quality.maxIncidents}; `
    + `per 1,000 events ${quality.alertsPerThousand.toFixed(2)} alerts, ${quality.highAlertsPerThousand.toFixed(2)} at high or above`)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rules: { type: 'string', default: 'both' }, source: { type: 'string', default: 'pinned' }, batch: { type: 'string', default: '500' } } })
  if (missing !== false) throw new Error(missing)
  const source = values.source === 'current' ? 'current' : 'pinned'
  const started = performance.now()
  const own = values.rules === 'sigmahq' ? [] : ownRules()
  const public_ = values.rules === 'own' ? [] : sigmaHqRules(source)
  const quality = measure(inForce([{ rules: own }, { rules: public_ }], ({ id }) => id), { batch: Number(values.batch) })
  print(values.rules, quality)
  console.log(`sets: ${createHash('sha256').update(quality.sets.map(({ sha256 }) => sha256).join('\n')).digest('hex').slice(0, 16)} (SHA-256 over the ${quality.sets.length} files); Node ${process.version}; ${((performance.now() - started) / 1000).toFixed(0)} s`)
}
