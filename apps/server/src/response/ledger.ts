// Every change of an action's state goes through here, in one transaction with its history, the incident's story and clocks, the outbox and the audit record:
// what people read, what others are told and what is stored cannot disagree. Defended by response.integration.test.ts.
import type { Access, Actor, AuditActor } from '../access/api.ts'
import { systemActor } from '../access/api.ts'
import type { Clock } from '../platform/clock.ts'
import type { Transaction } from '../platform/database.ts'
import type { Language } from '../platform/errors.ts'
import type { Outbox } from '../platform/outbox.ts'
import { aggregate, moved, sideOf } from './model.ts'
import type { ApproverGroup } from './model.ts'
import * as store from './store.ts'
import type { ActorKind, Evidence, HistoryRow, Stored, TargetRow } from './store.ts'
import { events, fill, groups, ofSeveral, sayReason, whatOf } from './texts.ts'
import type { EventCode, Reason } from './texts.ts'
import type { ActionStatus, ActionType } from './wire.ts'
import type { Severity } from '../detection/wire.ts'

declare module '../platform/outbox.ts' {
  interface DomainEvents {
    'response.action_changed.v1': { action_id: string; incident_id: string; status: ActionStatus }
  }
}

type Clocks = Partial<Record<'t7' | 't8' | 't8a' | 't9' | 't9n' | 't10', number>>
/** What this context needs of the incidents. Times in ms since the epoch. */
export interface IncidentsPort {
  brief(tenantId: string, incidentId: string): Promise<IncidentBrief | null>
  /** Into the story, and the clocks it sets (the first one wins, of t9n the last), within `tx`. `waits` true: the customer's answer is awaited from now on; false: no longer. */
  record(
    tx: Transaction, tenantId: string, incidentId: string,
    entry: { kind: 'action' | 'approval' | 'note'; at: number; actor: { kind: ActorKind; name: string } | null; text: { en: string; ko: string }; ref: { type: 'alert' | 'action'; id: string } | null },
    clocks?: Clocks, waits?: boolean,
  ): Promise<void>
  /** Verified containment: new or investigating becomes contained. */
  contained(tx: Transaction, tenantId: string, incidentId: string): Promise<void>
}
export type IncidentBrief = {
  readonly id: string; title(language: Language): string; readonly severity: Severity; readonly status: string; readonly hosts: readonly string[]; readonly users: readonly string[]
  readonly backfill: boolean; readonly lastActivityAt: number; readonly detectedAt: number
}

export type Doer = { readonly kind: ActorKind; readonly name: string; readonly audit: AuditActor }
export const doerOf = (actor: Actor): Doer => ({ kind: actor.kind, name: actor.name, audit: actor })
export const system: Doer = { kind: 'system', name: systemActor.name, audit: systemActor }

/** `said`: the words of whoever did it, in his language. */
type Note = { code: EventCode; why?: Reason; group?: ApproverGroup | null; needed?: number; rule?: string; said?: string; label?: string | null; params?: Record<string, string> }
export type Patch = Partial<Pick<TargetRow, 'reason_code' | 'approvers' | 'escalated' | 'approved_at' | 'started_at' | 'executor' | 'attempts' | 'joined' | 'due_at'>> & { evidence?: Evidence }

/** Changes to one action, written by `save`. */
export interface Edit extends Stored {
  /** Moves targets to a state of the machine; none is no change. */
  move(targets: readonly TargetRow[], to: ActionStatus, note: Note | null, patch?: Patch): void
  /** Changes what is not the state. */
  patch(targets: readonly TargetRow[], patch: Patch, note?: Note): void
  /** `audit`: what the actor did, `noun.verb`; null for a step in between. */
  save(audit: { action: string; detail?: Record<string, unknown>; outcome?: 'success' | 'denied' | 'failure' } | null): Promise<void>
}

/** Steps on the way that are of no interest in the incident's story. */
const quiet: ReadonlySet<EventCode> = new Set(['executing', 'verifying'])
const byPerson: ReadonlySet<EventCode> = new Set(['approved', 'rejected', 'voted'])

export function openLedger({ clock, incidents, outbox, access }: { clock: Clock; incidents: IncidentsPort; outbox: Pick<Outbox, 'publish'>; access: Pick<Access, 'audit'> }) {
  return {
    edit(tx: Transaction, tenantId: string, stored: Stored, doer: Doer): Edit {
      const { action, targets } = stored
      const dirty = new Set<TargetRow>()
      const notes: { row: HistoryRow; clocks: Clocks }[] = []
      let contained = false
      const awaitsCustomer = () => targets.some(({ state, approvers }) => state === 'awaiting_approval' && approvers !== null && sideOf(approvers) === 'customer')
      const awaited = awaitsCustomer()

      const note = (about: readonly TargetRow[], status: ActionStatus, { code, why, group, needed, rule, said, label, params }: Note) => {
        const at = clock.now()
        const clocks: Clocks = code === 'requested' ? { t8: at }
          : code === 'allowed' || code === 'approved' || code === 'rejected' || code === 'acted_on_timeout' || (code === 'denied' && (why === 'policy_denied' || why === 'observe_only')) ? { t8a: at }
            : status === 'succeeded' ? { t9: at, t9n: at } : {}
        notes.push({
          clocks,
          row: {
            action_id: action.id, at: new Date(at), status, actor_kind: doer.kind, actor_name: doer.name, code, label: label ?? null,
            params: { type: action.type, targets: about.map(({ target }) => target).slice(0, 4), count: about.length, why, group, needed, rule, said: said === '' ? undefined : said, ...params },
          },
        })
      }
      const assign = (target: TargetRow, { evidence, ...patch }: Patch) => {
        Object.assign(target, patch)
        if (evidence !== undefined) target.evidence = { ...target.evidence, ...evidence }
        dirty.add(target)
      }

      return {
        ...stored,
        move(moving, to, entry, patch = {}) {
          if (moving.length === 0) return
          for (const target of moving) {
            target.state = moved(target.state, to)
            assign(target, { due_at: null, attempts: 0, ...patch })
          }
          if (to === 'succeeded' && action.type === 'isolate_host') contained = true
          if (entry !== null) note(moving, to, entry)
        },
        patch(changing, patch, entry) {
          for (const target of changing) assign(target, patch)
          if (entry !== undefined && changing.length > 0) note(changing, changing[0]!.state, entry)
        },
        async save(audit) {
          action.status = aggregate(targets.map(({ state }) => state))
          await store.save(tx, action, [...dirty])
          await store.writeHistory(tx, tenantId, notes.map(({ row }) => row))
          // The time that the customer takes is the customer's: from the first action of the incident that asks him to the answer to the last.
          const awaits = awaitsCustomer()
          const told = notes.filter(({ row }) => !quiet.has(row.code))
          const turned = awaits !== awaited && !(await store.awaitsCustomer(tx, tenantId, action.incident_id, action.id)) ? told.at(-1) : undefined
          for (const one of told) {
            const { row, clocks } = one
            await incidents.record(tx, tenantId, action.incident_id, {
              kind: byPerson.has(row.code) ? 'approval' : 'action', at: row.at.getTime(), actor: { kind: doer.kind, name: doer.name },
              text: { en: sayEvent(row, 'en'), ko: sayEvent(row, 'ko') }, ref: { type: 'action', id: action.id },
            }, clocks, ...(one === turned ? [awaits] : []))
          }
          if (contained) await incidents.contained(tx, tenantId, action.incident_id)
          await outbox.publish(tx, { type: 'response.action_changed.v1', tenantId, payload: { action_id: action.id, incident_id: action.incident_id, status: action.status } })
          // Last: it holds the head of the tenant's audit chain until the transaction ends.
          if (audit !== null) {
            await access.audit.record(tx, { tenantId, actor: doer.audit, action: audit.action, resource: { kind: 'action', id: action.id }, outcome: audit.outcome ?? 'success', detail: { incident: action.incident_id, type: action.type, status: action.status, ...audit.detail } })
          }
          notes.length = 0
          dirty.clear()
        },
      }
    },
  }
}
export type Ledger = ReturnType<typeof openLedger>

export function sayGroup(group: ApproverGroup, needed: number, language: Language): string {
  const name = groups[group][language]
  return needed > 1 ? fill(ofSeveral, language, { group: name, needed }) : name
}

export function sayEvent(row: Pick<HistoryRow, 'code' | 'params'>, language: Language): string {
  const { type, targets, count, why, group, needed, rule, said, ...rest } = row.params as {
    type: ActionType; targets: string[]; count: number; why?: string; group?: ApproverGroup | null; needed?: number; rule?: string; said?: string } & Record<string, string>
  const listed = [...targets.slice(0, 3), ...Array.from({ length: Math.max(0, count - 3) }, () => '')]
  const text = fill(events[row.code], language, {
    what: whatOf(type, listed, language), rule: rule ?? '', why: why === undefined ? '' : sayReason(why, language, { rule: rule ?? '', ...rest }),
    approvers: group == null ? '' : sayGroup(group, needed ?? 1, language),
  })
  return said === undefined ? text : `${text}: “${said}”`
}
