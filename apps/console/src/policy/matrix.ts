// What a policy answers for every action, severity and requester, as far as that follows from the policy alone: rows that hold only for certain assets,
// sites or hours are named as exceptions. The server decides; this only shows. Pure. Defended by tests/console/policy-matrix.test.ts against the server's own verdict.
import type { Severity } from '../../../server/src/detection/wire.ts'
import type { ActionType, Decision, Policy, PolicyRow, RequesterKind } from '../../../server/src/response/wire.ts'

export type PolicyContent = Pick<Policy, 'preset' | 'rows' | 'never_isolate' | 'caps' | 'containment_hours' | 'collaborate_minutes'>
export type Who = 'customer' | 'provider' | 'other'
export type Answer = {
  readonly decision: Decision
  readonly who: Who | null
  readonly needed: number
  /** null where the server's usual time holds. */
  readonly minutes: number | null
  readonly onTimeout: 'expire' | 'escalate' | 'act'
  /** The row that decides; null: the preset. */
  readonly row: string | null
  /** Rows that may decide instead. */
  readonly exceptions: readonly string[]
}
export type Case = { readonly action: ActionType; readonly severity: Severity; readonly requester: RequesterKind }

export const actionTypes: readonly ActionType[] = ['isolate_host', 'disable_account', 'block_ip', 'quarantine_file']
export const requesters: readonly RequesterKind[] = ['rule', 'provider', 'customer']

export const isNarrow = (row: PolicyRow): boolean => row.site !== undefined || row.assets !== undefined || row.hours !== undefined
const fits = (row: PolicyRow, of: Case): boolean =>
  (row.action_types?.includes(of.action) ?? true) && (row.severities?.includes(of.severity) ?? true) && (row.requesters?.includes(of.requester) ?? true)

/** `providerExists`: whether anybody of the provider may approve here. */
export function answerOf(policy: PolicyContent, of: Case, providerExists: boolean): Answer {
  const fitting = policy.rows.filter((row) => fits(row, of))
  const general = fitting.filter((row) => !isNarrow(row))
  const row = general.find((each) => each.locked === true) ?? general[0]
  const narrow = fitting.filter((each) => isNarrow(each))
  // A locked row of the whole tenant leaves only what is locked, of the whole tenant and before it (by its hours).
  const exceptions = (row?.locked === true ? narrow.filter((each) => each.locked === true && each.site === undefined && each.assets === undefined && policy.rows.indexOf(each) < policy.rows.indexOf(row))
    : row === undefined ? narrow : narrow.filter((each) => each.locked === true || each.site !== undefined || each.assets !== undefined || policy.rows.indexOf(each) < policy.rows.indexOf(row))).map(({ id }) => id)
  const flat = (decision: 'allow' | 'deny', id: string | null): Answer => ({ decision, who: null, needed: 0, minutes: null, onTimeout: 'expire', row: id, exceptions })
  const ask = (id: string | null, more: Pick<PolicyRow, 'approvers' | 'needed' | 'timeout_minutes' | 'on_timeout'>): Answer => ({
    decision: 'ask', who: whoOf(more.approvers, of.requester, providerExists), needed: more.needed ?? 1, minutes: more.timeout_minutes ?? null, onTimeout: more.on_timeout ?? 'expire', row: id, exceptions,
  })
  if (row !== undefined) return row.decision === 'ask' ? ask(row.id, row) : flat(row.decision, row.id)
  if (policy.preset === 'observe-only') return flat('deny', null)
  if (policy.preset === 'critical-at-once' && of.severity === 'critical') return flat('allow', null)
  return ask(null, policy.preset === 'collaborate-then-act' ? { timeout_minutes: policy.collaborate_minutes, on_timeout: 'act' } : {})
}

function whoOf(wanted: 'customer' | 'provider' | undefined, requester: RequesterKind, providerExists: boolean): Who {
  const side = wanted ?? (requester === 'customer' ? 'provider' : 'customer')
  if (side === 'provider' && providerExists) return 'provider'
  return requester === 'customer' ? 'other' : 'customer'
}

export const sameAnswer = (a: Answer, b: Answer): boolean => a.decision === b.decision && a.who === b.who && a.needed === b.needed && a.minutes === b.minutes && a.onTimeout === b.onTimeout
const alike = (a: Answer, b: Answer): boolean => sameAnswer(a, b) && a.row === b.row && a.exceptions.join() === b.exceptions.join()

export type Cell = { readonly severity: Severity; readonly answer: Answer; /** What stood there before, where that was another. */ readonly before: Answer | null }
export type Line = { readonly requesters: readonly RequesterKind[]; readonly cells: readonly Cell[] }
export type Block = { readonly actions: readonly ActionType[]; readonly lines: readonly Line[] }

/** Requesters and actions that are answered alike stand together. `before`: another policy to compare with. */
export function matrixOf(policy: PolicyContent, severities: readonly Severity[], providerExists: boolean, before: PolicyContent | null = null): Block[] {
  const lineOf = (action: ActionType, requester: RequesterKind): Line => ({
    requesters: [requester],
    cells: severities.map((severity) => {
      const answer = answerOf(policy, { action, severity, requester }, providerExists)
      const was = before === null ? answer : answerOf(before, { action, severity, requester }, providerExists)
      return { severity, answer, before: sameAnswer(answer, was) ? null : was }
    }),
  })
  const same = (a: Line, b: Line): boolean => a.cells.every((cell, at) => {
    const other = b.cells[at]!
    return alike(cell.answer, other.answer) && (cell.before === null ? other.before === null : other.before !== null && sameAnswer(cell.before, other.before))
  })
  const blocks: { actions: ActionType[]; lines: Line[] }[] = []
  for (const action of actionTypes) {
    const lines: Line[] = []
    for (const line of requesters.map((requester) => lineOf(action, requester))) {
      const at = lines.findIndex((each) => same(each, line))
      if (at === -1) lines.push(line)
      else lines[at] = { ...lines[at]!, requesters: [...lines[at]!.requesters, ...line.requesters] }
    }
    const block = blocks.find((each) => each.lines.length === lines.length && each.lines.every((line, at) => line.requesters.join() === lines[at]!.requesters.join() && same(line, lines[at]!)))
    if (block === undefined) blocks.push({ actions: [action], lines })
    else block.actions.push(action)
  }
  return blocks
}
export const cellsIn = (blocks: readonly Block[]): { total: number; changed: number } => {
  let [total, changed] = [0, 0]
  for (const { actions, lines } of blocks) {
    for (const { requesters: of, cells } of lines) {
      total += actions.length * of.length * cells.length
      changed += actions.length * of.length * cells.filter(({ before }) => before !== null).length
    }
  }
  return { total, changed }
}
