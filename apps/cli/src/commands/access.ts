// Tenants, users and keys: thin over /api/v1.
import { command, connectionOptions, tenantOption, wholeNumber } from '../command.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { localTime, parseTime } from '../times.ts'
import { wordOf } from '../words.ts'
import { printFields, printList } from './lists.ts'

export const roles = ['owner', 'manager', 'analyst', 'approver', 'auditor', 'assistant', 'ingest'] as const
export const sides = ['provider', 'customer'] as const
const stamp = (time: string | null) => localTime(time === null ? null : Date.parse(time))
const segment = encodeURIComponent

type Tenant = { id: string; name: string; display_name: string; origin: string; created_at: string }
type User = { id: string; name: string; display_name: string; role: string; side: string; all_tenants: boolean; disabled: boolean; must_change_password: boolean; created_at: string }
type Key = { key_id: string; name: string; role: string; side: string; owner_id: string | null; created_at: string; expires_at: string | null; revoked_at: string | null; last_used_at: string | null }
type Issued = Key & { secret: string | null }

export const tenantCommands: readonly Command[] = [
  command({
    path: ['tenants', 'list'], about: 'tenants_list', options: connectionOptions,
    examples: [{ line: 'haechi tenants list', about: 'example_tenants_list' }, { line: 'haechi tenants list --json', about: 'example_json' }],
    async run(context, { options }) {
      await printList<Tenant>(context, context.server(options), '/api/v1/tenants', 'tenants', [
        { title: 'column_name', cell: (row) => row.name }, { title: 'column_display_name', cell: (row) => row.display_name },
        { title: 'column_id', fixed: true, cell: (row) => row.id }, { title: 'column_created', fixed: true, cell: (row) => stamp(row.created_at) },
      ])
      return exitCodes.ok
    },
  }),
  command({
    path: ['tenants', 'create'], about: 'tenants_create', arguments: [{ name: 'NAME', about: 'argument_tenant_name' }],
    options: { 'display-name': { value: 'TEXT', about: 'option_display_name' }, ...connectionOptions },
    examples: [{ line: 'haechi tenants create acme', about: 'example_tenants_create' }, { line: 'haechi tenants create acme --display-name "Acme Corp"', about: 'example_tenants_display' }],
    async run(context, { options, arguments: [name = ''] }) {
      const tenant = await context.server(options).call<Tenant>('POST', '/api/v1/tenants', { body: { name, ...(options['display-name'] === undefined ? {} : { display_name: options['display-name'] }) }, stop: context.stop })
      printFields(context, tenant, [['column_name', tenant.name], ['column_display_name', tenant.display_name], ['column_id', tenant.id]])
      return exitCodes.ok
    },
  }),
]

const userFields = (context: Context, user: User) => [['column_name', user.name], ['column_role', wordOf(context, 'role', user.role)], ['column_side', wordOf(context, 'side', user.side)], ['column_id', user.id]] as const

export const userCommands: readonly Command[] = [
  command({
    path: ['users', 'list'], about: 'users_list', options: { 'all-tenants': { about: 'option_all_tenants_list' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi users list --tenant acme', about: 'example_users_list' }, { line: 'haechi users list --all-tenants --json', about: 'example_users_all' }],
    async run(context, { options }) {
      await printList<User>(context, context.server(options), '/api/v1/users', 'users', [
        { title: 'column_name', cell: (row) => row.name }, { title: 'column_display_name', cell: (row) => row.display_name }, { title: 'column_role', cell: (row) => wordOf(context, 'role', row.role) },
        { title: 'column_side', cell: (row) => wordOf(context, 'side', row.side) }, { title: 'column_state', cell: (row) => context.text(row.disabled ? 'state_disabled' : row.must_change_password ? 'state_new_password' : 'state_active') },
        { title: 'column_id', fixed: true, cell: (row) => row.id }, { title: 'column_created', fixed: true, cell: (row) => stamp(row.created_at) },
      ], { query: { all_tenants: options['all-tenants'] ? 'true' : undefined } })
      return exitCodes.ok
    },
  }),
  command({
    path: ['users', 'create'], about: 'users_create', details: 'users_create_details', arguments: [{ name: 'NAME', about: 'argument_user_name' }],
    options: {
      role: { value: 'ROLE', about: 'option_role', required: true, choices: roles }, side: { value: 'SIDE', about: 'option_side', choices: sides },
      'display-name': { value: 'TEXT', about: 'option_display_name' }, language: { value: 'ko|en', about: 'option_user_language', choices: ['ko', 'en'] },
      'all-tenants': { about: 'option_all_tenants' }, ...tenantOption, ...connectionOptions,
    },
    examples: [{ line: 'haechi users create mina --role analyst --tenant acme', about: 'example_users_create' }, { line: 'haechi users create jiho --role manager --side provider --all-tenants', about: 'example_users_provider' }],
    async run(context, { options, arguments: [name = ''] }) {
      const body = {
        name, role: options.role, ...(options.side === undefined ? {} : { side: options.side }), ...(options['display-name'] === undefined ? {} : { display_name: options['display-name'] }),
        ...(options.language === undefined ? {} : { language: options.language }), ...(options['all-tenants'] ? { all_tenants: true } : {}),
      }
      const user = await context.server(options).call<User & { one_time_password: string | null }>('POST', '/api/v1/users', { body, stop: context.stop })
      printFields(context, user, [...userFields(context, user), ['column_one_time_password', user.one_time_password ?? context.text('user_joined')]])
      if (user.one_time_password !== null && !context.json) context.err.write(`${context.text('shown_once')}\n`)
      return exitCodes.ok
    },
  }),
  command({
    path: ['users', 'disable'], about: 'users_disable', arguments: [{ name: 'USER', about: 'argument_user' }], options: { enable: { about: 'option_enable' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi users disable mina --tenant acme', about: 'example_users_disable' }, { line: 'haechi users disable mina --enable', about: 'example_users_enable' }],
    async run(context, { options, arguments: [user = ''] }) {
      const changed = await context.server(options).call<User>('PATCH', `/api/v1/users/${segment(user)}`, { body: { disabled: !options.enable }, stop: context.stop })
      printFields(context, changed, [...userFields(context, changed), ['column_state', context.text(changed.disabled ? 'state_disabled' : 'state_active')]])
      return exitCodes.ok
    },
  }),
  command({
    path: ['users', 'reset-password'], about: 'users_reset', arguments: [{ name: 'USER', about: 'argument_user' }], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi users reset-password mina --tenant acme', about: 'example_users_reset' }],
    async run(context, { options, arguments: [user = ''] }) {
      const reset = await context.server(options).call<{ user: User; one_time_password: string }>('POST', `/api/v1/users/${segment(user)}/password`, { stop: context.stop })
      printFields(context, { ...reset.user, one_time_password: reset.one_time_password }, [...userFields(context, reset.user), ['column_one_time_password', reset.one_time_password]])
      if (!context.json) context.err.write(`${context.text('shown_once')}\n`)
      return exitCodes.ok
    },
  }),
  command({
    path: ['users', 'set-role'], about: 'users_set_role', arguments: [{ name: 'USER', about: 'argument_user' }],
    options: { role: { value: 'ROLE', about: 'option_role', required: true, choices: roles }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi users set-role mina --role manager --tenant acme', about: 'example_users_set_role' }],
    async run(context, { options, arguments: [user = ''] }) {
      const changed = await context.server(options).call<User>('PATCH', `/api/v1/users/${segment(user)}`, { body: { role: options.role }, stop: context.stop })
      printFields(context, changed, userFields(context, changed))
      return exitCodes.ok
    },
  }),
]

export const keyCommands: readonly Command[] = [
  command({
    path: ['keys', 'list'], about: 'keys_list', options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi keys list --tenant acme', about: 'example_keys_list' }, { line: 'haechi keys list --json', about: 'example_json' }],
    async run(context, { options }) {
      await printList<Key>(context, context.server(options), '/api/v1/keys', 'keys', [
        { title: 'column_name', cell: (row) => row.name }, { title: 'column_id', fixed: true, cell: (row) => row.key_id }, { title: 'column_role', cell: (row) => wordOf(context, 'role', row.role) }, { title: 'column_side', cell: (row) => wordOf(context, 'side', row.side) },
        { title: 'column_state', cell: (row) => context.text(row.revoked_at !== null ? 'state_revoked' : row.expires_at !== null && Date.parse(row.expires_at) <= context.clock.now() ? 'state_expired' : 'state_active') },
        { title: 'column_last_used', fixed: true, cell: (row) => stamp(row.last_used_at) }, { title: 'column_expires', fixed: true, cell: (row) => stamp(row.expires_at) },
      ])
      return exitCodes.ok
    },
  }),
  command({
    path: ['keys', 'create'], about: 'keys_create', details: 'keys_create_details',
    options: {
      role: { value: 'ROLE', about: 'option_key_role', required: true, choices: roles }, name: { value: 'NAME', about: 'option_key_name', required: true }, side: { value: 'SIDE', about: 'option_side', choices: sides },
      owner: { value: 'USER', about: 'option_owner' }, expires: { value: 'TIME', about: 'option_expires' }, allow: { value: 'ADDRESSES', about: 'option_allow' }, ...tenantOption, ...connectionOptions,
    },
    examples: [{ line: 'haechi keys create --tenant acme --role ingest --name winlogbeat', about: 'example_keys_create' }, { line: 'haechi keys create --tenant acme --role analyst --name soar --side provider --owner jiho --expires +90d --json', about: 'example_keys_owned' }],
    async run(context, { options }) {
      const expires = options.expires === undefined ? undefined : new Date(parseTime('--expires', options.expires, context.clock.now())).toISOString()
      const body = {
        name: options.name, role: options.role, ...(options.side === undefined ? {} : { side: options.side }), ...(options.owner === undefined ? {} : { owner: options.owner }),
        ...(expires === undefined ? {} : { expires_at: expires }), ...(options.allow === undefined ? {} : { allowed_addresses: options.allow.split(',').map((each) => each.trim()) }),
      }
      printSecret(context, await context.server(options).call<Issued>('POST', '/api/v1/keys', { body, stop: context.stop }))
      return exitCodes.ok
    },
  }),
  command({
    path: ['keys', 'rotate'], about: 'keys_rotate', arguments: [{ name: 'KEY_ID', about: 'argument_key' }],
    options: { 'overlap-hours': { value: 'N', about: 'option_overlap' }, ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi keys rotate key_01J9 --tenant acme', about: 'example_keys_rotate' }, { line: 'haechi keys rotate key_01J9 --overlap-hours 0', about: 'example_keys_rotate_now' }],
    async run(context, { options, arguments: [key = ''] }) {
      const hours = wholeNumber('--overlap-hours', options['overlap-hours'], 0, 720, 24)
      printSecret(context, await context.server(options).call<Issued>('POST', `/api/v1/keys/${segment(key)}/rotate`, { body: { overlap_hours: hours }, stop: context.stop }))
      return exitCodes.ok
    },
  }),
  command({
    path: ['keys', 'revoke'], about: 'keys_revoke', arguments: [{ name: 'KEY_ID', about: 'argument_key' }], options: { ...tenantOption, ...connectionOptions },
    examples: [{ line: 'haechi keys revoke key_01J9 --tenant acme', about: 'example_keys_revoke' }],
    async run(context, { options, arguments: [key = ''] }) {
      const revoked = await context.server(options).call<Key>('DELETE', `/api/v1/keys/${segment(key)}`, { stop: context.stop })
      printFields(context, revoked, [['column_id', revoked.key_id], ['column_name', revoked.name], ['column_state', context.text('state_revoked')]])
      return exitCodes.ok
    },
  }),
]

/** What the contract promises and nothing more: the two values, once. */
function printSecret(context: Parameters<typeof printFields>[0], issued: Issued): void {
  printFields(context, { key_id: issued.key_id, secret: issued.secret }, [['column_id', issued.key_id], ['column_secret', issued.secret ?? '']])
  if (!context.json) context.err.write(`${context.text('shown_once')}\n`)
}
