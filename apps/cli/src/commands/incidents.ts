// Incidents and the actions taken on them: thin over /api/v1. `incidents list --json` prints the body of the API as it is.
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { safe } from '../layout.ts'
import { localTime, parseTime } from '../times.ts'
import { wordOf } from '../words.ts'
import { listPatience, printFields, printList, printTable } from './lists.ts'
import type { ListColumn } from './lists.ts'

export const verdicts = ['true_positive', 'benign_true_positive', 'false_positive', 'inconclusive', 'duplicate', 'test'] as const
const segment = encodeURIComponent
const stamp = (time: string | null | undefined) => localTime(time == null ? null : Date.parse(time))
/** A few names stand for many. */
const few = (names: readonly string[]) => (names.length > 3 ? `${names.slice(0, 3).join(', ')} +${names.length - 3}` : names.join(', '))

type Incident = {
  id: string; severity: string; title: string; status: string; detected_at: string; analyst: string | null; affected_hosts: readonly string[]; affected_users?: readonly string[]
  techniques: readonly string[]; verdict: string | null; alert_count?: number
}
type Detail = Incident & {
  summary: string; timeline: readonly { at: string; kind: string; text: string; actor: { name: string } | null }[]
  actions: readonly Action[]; indicators: readonly { type: string; value: string }[]
}
type Action = { action_id: string; incident_id?: string; action_type: string; status: string; targets: readonly { target: string; state: string; reason_code?: string | null; reason?: string | null }[]; reason?: string; requested_at?: string; decided_by?: string | null; waiting_for?: string | null; expires_at?: string | null; history?: readonly { at: string; status: string; actor: { name: string } | null; text: string }[] }

const incidentArgument = { name: 'INCIDENT', about: 'argument_incident' } as const
const actionArgument = { name: 'ACTION', about: 'argument_action' } as const

function printIncident(context: Context, incident: Incident): void {
  printFields(context, incident, [
    ['column_id', incident.id], ['column_title', incident.title], ['column_severity', wordOf(context, 'severity', incident.severity)], ['column_status', wordOf(context, 'incident_status', incident.status)], ['column_verdict', wordOf(context, 'verdict', incident.verdict)], ['column_analyst', incident.analyst ?? ''],
  ])
}

async function printChanged(context: Context, path: string, body: object, server: ReturnType<Context['server']>): Promise<number> {
  printIncident(context, await server.call<Incident>('POST', path, { body, stop: context.stop }))
  return exitCodes.ok
}

export const incidentCommands: readonly Command[] = [
  command({
    path: ['incidents', 'list'], about: 'incidents_list', details: 'incidents_list_details',
    options: {
      status: { value: 'STATUS', about: 'option_incident_status' }, severity: { value: 'SEVERITY', about: 'option_severity' }, analyst: { value: 'USER', about: 'option_analyst' },
      from: { value: 'TIME', about: 'option_from' }, to: { value: 'TIME', about: 'option_to' }, limit: { value: 'N', about: 'option_incident_limit' }, ...tenantOption, ...connectionOptions,
    },
    examples: [{ line: 'haechi incidents list --tenant acme', about: 'example_incidents_list' }, { line: 'haechi incidents list --status all --from -7d --json', about: 'example_json' }],
    async run(context, { options }) {
      const now = context.clock.now()
      const instant = (option: string, text: string | undefined) => (text === undefined ? undefined : new Date(parseTime(option, text, now)).toISOString())
      const body = await context.server(options).call<{ incidents: readonly Incident[] }>('GET', '/api/v1/incidents', {
        query: {
          status: options.status, severity: options.severity, analyst: options.analyst, start_time: instant('--from', options.from), end_time: instant('--to', options.to),
          limit: options.limit === undefined ? undefined : wholeNumber('--limit', options.limit, 1, 1_000, 100),
        }, patience: listPatience, stop: context.stop,
      })
      if (context.json) context.out.write(`${JSON.stringify(body)}\n`)
      else printTable<Incident>(context, body.incidents, [
        { title: 'column_severity', fixed: true, cell: (row) => wordOf(context, 'severity', row.severity) }, { title: 'column_status', fixed: true, cell: (row) => wordOf(context, 'incident_status', row.status) }, { title: 'column_detected', fixed: true, cell: (row) => stamp(row.detected_at) },
        { title: 'column_title', cell: (row) => row.title }, { title: 'column_hosts', cell: (row) => few(row.affected_hosts) }, { title: 'column_analyst', cell: (row) => row.analyst ?? '' }, { title: 'column_id', fixed: true, cell: (row) => row.id },
      ])
      return exitCodes.ok
    },
  }),
  command({
    path: ['incidents', 'show'], about: 'incidents_show', arguments: [incidentArgument], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi incidents show inc_01J9 --tenant acme', about: 'example_incidents_show' }, { line: 'haechi incidents show inc_01J9 --json', about: 'example_json' }],
    async run(context, { options, arguments: [id = ''] }) {
      const incident = await context.server(options).call<Detail>('GET', `/api/v1/incidents/${segment(id)}`, { patience: listPatience, stop: context.stop })
      if (context.json) {
        context.out.write(`${JSON.stringify(incident)}\n`)
        return exitCodes.ok
      }
      printFields(context, incident, [
        ['column_id', incident.id], ['column_title', incident.title], ['column_severity', wordOf(context, 'severity', incident.severity)], ['column_status', wordOf(context, 'incident_status', incident.status)], ['column_verdict', wordOf(context, 'verdict', incident.verdict)], ['column_detected', stamp(incident.detected_at)],
        ['column_analyst', incident.analyst ?? ''], ['column_hosts', incident.affected_hosts.join(', ')], ['column_users', (incident.affected_users ?? []).join(', ')], ['column_techniques', incident.techniques.join(', ')],
        ['column_indicators', incident.indicators.map(({ value }) => value).join(', ')],
      ])
      context.out.write(`\n${safe(incident.summary)}\n\n`)
      printTable(context, incident.timeline, [
        { title: 'column_time', fixed: true, cell: (row) => stamp(row.at) }, { title: 'column_kind', fixed: true, cell: (row) => wordOf(context, 'entry', row.kind) }, { title: 'column_actor', cell: (row) => row.actor?.name ?? '' }, { title: 'column_detail', cell: (row) => row.text },
      ])
      if (incident.actions.length > 0) {
        context.out.write('\n')
        printActions(context, incident.actions)
      }
      return exitCodes.ok
    },
  }),
  command({
    path: ['incidents', 'assign'], about: 'incidents_assign', arguments: [incidentArgument, { name: 'USER', about: 'argument_assignee', optional: true }], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi incidents assign inc_01J9 mina', about: 'example_incidents_assign' }, { line: 'haechi incidents assign inc_01J9', about: 'example_incidents_unassign' }],
    run: (context, { options, arguments: [id = '', user] }) => printChanged(context, `/api/v1/incidents/${segment(id)}/assign`, { analyst: user ?? null }, context.server(options)),
  }),
  command({
    path: ['incidents', 'comment'], about: 'incidents_comment', arguments: [incidentArgument, { name: 'TEXT', about: 'argument_comment', many: true }], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi incidents comment inc_01J9 "asked the owner of WS-12"', about: 'example_incidents_comment' }],
    async run(context, { options, arguments: [id = '', ...words] }) {
      const entry = await context.server(options).call<{ id: string; at: string; text: string }>('POST', `/api/v1/incidents/${segment(id)}/comments`, { body: { text: words.join(' ') }, stop: context.stop })
      printFields(context, entry, [['column_id', entry.id], ['column_time', stamp(entry.at)], ['column_detail', entry.text]])
      return exitCodes.ok
    },
  }),
  command({
    path: ['incidents', 'status'], about: 'incidents_status', details: 'incidents_status_details', arguments: [incidentArgument, { name: 'STATUS', about: 'argument_status' }],
    options: { reason: { value: 'TEXT', about: 'option_status_reason' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi incidents status inc_01J9 investigating', about: 'example_incidents_status' }],
    run: (context, { options, arguments: [id = '', status = ''] }) =>
      printChanged(context, `/api/v1/incidents/${segment(id)}/status`, { status, ...(options.reason === undefined ? {} : { reason: options.reason }) }, context.server(options)),
  }),
  command({
    path: ['incidents', 'close'], about: 'incidents_close', arguments: [incidentArgument],
    options: { verdict: { value: 'VERDICT', about: 'option_verdict', required: true, choices: verdicts }, reason: { value: 'TEXT', about: 'option_status_reason' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi incidents close inc_01J9 --verdict true_positive', about: 'example_incidents_close' }, { line: 'haechi incidents close inc_01J9 --verdict benign_true_positive --reason "planned test of the backup"', about: 'example_incidents_close_benign' }],
    run: (context, { options, arguments: [id = ''] }) =>
      printChanged(context, `/api/v1/incidents/${segment(id)}/status`, { status: 'closed', verdict: options.verdict, ...(options.reason === undefined ? {} : { reason: options.reason }) }, context.server(options)),
  }),
]

const targetsOf = (context: Context, { targets }: Action): string[] => targets.map(({ target, state, reason, reason_code: code }) => {
  const why = reason ?? code ?? null
  return `${target} ${wordOf(context, 'action_status', state)}${why === null ? '' : ` (${why})`}`
})

const actionColumns = (context: Context): readonly ListColumn<Action>[] => [
  { title: 'column_status', fixed: true, cell: (row) => wordOf(context, 'action_status', row.status) }, { title: 'column_action', fixed: true, cell: (row) => wordOf(context, 'action', row.action_type) },
  { title: 'column_targets', cell: (row) => few(targetsOf(context, row)) }, { title: 'column_requested', fixed: true, cell: (row) => stamp(row.requested_at) }, { title: 'column_waiting_for', cell: (row) => row.waiting_for ?? '' },
  { title: 'column_id', fixed: true, cell: (row) => row.action_id },
]

const printActions = (context: Context, actions: readonly Action[]): void => printTable(context, actions, actionColumns(context))

function printAction(context: Context, action: Action): number {
  printFields(context, action, [
    ['column_id', action.action_id], ['column_action', wordOf(context, 'action', action.action_type)], ['column_status', wordOf(context, 'action_status', action.status)], ['column_targets', targetsOf(context, action).join(', ')],
    ['column_waiting_for', action.waiting_for ?? ''], ['column_expires', stamp(action.expires_at)],
  ])
  return exitCodes.ok
}

/** What the API answers to a decision is less than the action: what is shown is the action as it stands then. */
async function decide(context: Context, server: ReturnType<Context['server']>, id: string, approved: boolean, comment: string | undefined): Promise<number> {
  const path = `/api/v1/actions/${segment(id)}`
  const decision = await server.call<object>('POST', `${path}/approval`, { body: { approved, comment: comment ?? '' }, stop: context.stop })
  if (context.json) {
    context.out.write(`${JSON.stringify(decision)}\n`)
    return exitCodes.ok
  }
  return printAction(context, await server.call<Action>('GET', path, { patience: listPatience, stop: context.stop }))
}

export const actionCommands: readonly Command[] = [
  command({
    path: ['actions', 'list'], about: 'actions_list',
    options: { status: { value: 'STATUS', about: 'option_action_status' }, incident: { value: 'INCIDENT', about: 'option_incident' }, limit: { value: 'N', about: 'option_limit' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi actions list --status awaiting_approval --tenant acme', about: 'example_actions_list' }, { line: 'haechi actions list --incident inc_01J9 --json', about: 'example_json' }],
    async run(context, { options }) {
      await printList<Action>(context, context.server(options), '/api/v1/actions', 'actions', actionColumns(context),
        { limit: wholeNumber('--limit', options.limit, 1, 1_000_000, 100), query: { status: options.status, incident: options.incident } })
      return exitCodes.ok
    },
  }),
  command({
    path: ['actions', 'show'], about: 'actions_show', arguments: [actionArgument], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi actions show act_01J9 --tenant acme', about: 'example_actions_show' }],
    async run(context, { options, arguments: [id = ''] }) {
      const action = await context.server(options).call<Action>('GET', `/api/v1/actions/${segment(id)}`, { patience: listPatience, stop: context.stop })
      printAction(context, action)
      if (context.json || action.history === undefined || action.history.length === 0) return exitCodes.ok
      context.out.write('\n')
      printTable(context, action.history, [
        { title: 'column_time', fixed: true, cell: (row) => stamp(row.at) }, { title: 'column_status', fixed: true, cell: (row) => wordOf(context, 'action_status', row.status) }, { title: 'column_actor', cell: (row) => row.actor?.name ?? '' }, { title: 'column_detail', cell: (row) => row.text },
      ])
      return exitCodes.ok
    },
  }),
  command({
    path: ['actions', 'request'], about: 'actions_request', details: 'actions_request_details',
    arguments: [incidentArgument, { name: 'TYPE', about: 'argument_action_type' }, { name: 'TARGET', about: 'argument_target', many: true }],
    options: { reason: { value: 'TEXT', about: 'option_reason', required: true }, urgency: { value: 'URGENCY', about: 'option_urgency', choices: ['low', 'normal', 'high'] }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi actions request inc_01J9 isolate_host WS-12 --reason "credentials were read from LSASS"', about: 'example_actions_request' }],
    run: async (context, { options, arguments: [id = '', type = '', ...targets] }) => printAction(context, await context.server(options).call<Action>('POST', `/api/v1/incidents/${segment(id)}/actions`, {
      body: { action_type: type, targets, reason: options.reason, ...(options.urgency === undefined ? {} : { urgency: options.urgency }) }, stop: context.stop,
    }).then((action) => ({ ...action, action_type: action.action_type ?? type }))),
  }),
  command({
    path: ['actions', 'lift'], about: 'actions_lift', arguments: [actionArgument], options: { reason: { value: 'TEXT', about: 'option_status_reason' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi actions lift act_01J9 --reason "the host was rebuilt"', about: 'example_actions_lift' }],
    async run(context, { options, arguments: [id = ''] }) {
      const lifted = await context.server(options).call<{ action_id: string; status: string }>('POST', `/api/v1/actions/${segment(id)}/lift`, { body: { reason: options.reason ?? '' }, stop: context.stop })
      printFields(context, lifted, [['column_id', lifted.action_id], ['column_status', wordOf(context, 'action_status', lifted.status)]])
      return exitCodes.ok
    },
  }),
  ...([['approve', true], ['reject', false]] as const).map(([verb, approved]) => command({
    path: ['actions', verb], about: approved ? 'actions_approve' : 'actions_reject', details: 'actions_decide_details', arguments: [actionArgument],
    options: { comment: { value: 'TEXT', about: 'option_comment' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: `haechi actions ${verb} act_01J9 --comment "spoke with the owner"`, about: approved ? 'example_actions_approve' : 'example_actions_reject' }],
    run: (context, { options, arguments: [id = ''] }) => decide(context, context.server(options), id, approved, options.comment),
  })),
]
