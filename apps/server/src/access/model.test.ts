import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actions, authorize, authorizeGrant, permissions, permits, roles, tenantOf } from './model.ts'
import type { Action, Actor, Role } from './model.ts'

const actor = (change: Partial<Actor> = {}): Actor => ({
  kind: 'user', id: 'usr_1', person: 'usr_1', name: 'kim', tenantId: 'ten_1', side: 'customer', role: 'owner', ownerRole: null, siteId: null, allTenants: false, language: null, mustChangePassword: false, ...change,
})

// Pinned by hand, apart from the code: x may, . may not. Columns are the roles in the order of the heading.
const pinned = `
                      owner manager analyst approver auditor assistant ingest
session.read          x     x       x       x        x       x         x
session.write         x     x       x       x        x       x         x
tenant.read           x     x       x       x        x       x         .
tenant.write          x     .       .       .        .       .         .
site.read             x     x       x       x        x       x         .
site.write            x     x       .       .        .       .         .
user.read             x     x       x       x        x       .         .
user.write            x     x       .       .        .       .         .
key.read              x     x       .       .        x       .         .
key.write             x     x       .       .        .       .         .
audit.read            x     x       .       .        x       .         .
event.read            x     x       x       x        x       x         .
event.ingest          x     x       .       .        .       .         x
source.read           x     x       x       x        x       x         .
source.write          x     x       x       .        .       .         .
asset.read            x     x       x       x        x       x         .
asset.write           x     x       x       .        .       .         .
incident.read         x     x       x       x        x       x         .
incident.write        x     x       x       .        .       x         .
action.read           x     x       x       x        x       x         .
action.request        x     x       x       x        .       x         .
action.approve        x     x       .       x        .       .         .
intel.read            x     x       x       x        x       x         .
intel.write           x     x       x       .        .       .         .
rule.read             x     x       x       x        x       x         .
rule.write            x     x       x       .        .       .         .
policy.read           x     x       x       x        x       x         .
policy.write          x     .       .       .        .       .         .
report.read           x     x       x       x        x       x         .
metrics.read          x     x       .       .        x       .         .
platform.administer   x     x       .       .        .       .         .
`.trim().split('\n').map((line) => line.trim().split(/\s+/))

describe('role x action', () => {
  const [heading, ...rows] = pinned
  test('the table names every role and every action once', () => {
    expect(heading).toEqual([...roles])
    expect(rows.map(([action]) => action).sort()).toEqual([...actions].sort())
  })
  test.each(rows)('%s', (action, ...cells) => {
    for (const [index, role] of roles.entries()) {
      // The one action that a role alone does not give.
      const asked = actor({ role, allTenants: action === 'platform.administer' })
      expect(permits(asked, action as Action), role).toBe(cells[index] === 'x')
    }
  })
  test('the operator may everything but approve', () => {
    for (const action of actions) expect(permits(actor({ kind: 'operator', role: null, tenantId: null }), action), action).toBe(action !== 'action.approve')
  })
  test('an unknown action or role is refused', () => {
    expect(permits(actor(), 'everything' as Action)).toBe(false)
    expect(permits(actor({ role: null }), 'session.read')).toBe(false)
    expect(() => permits(actor({ role: 'god' as Role }), 'session.read')).toThrow(TypeError)
  })
})

describe('beyond the role', () => {
  const anyActor = fc.record({ role: fc.constantFrom(...roles), siteId: fc.constantFrom(null, 'sit_1'), ownerRole: fc.constantFrom(null, ...roles), allTenants: fc.boolean(), tenantId: fc.constantFrom(null, 'ten_1') })
  test('another tenant or another site, never', () => {
    fc.assert(fc.property(anyActor, fc.constantFrom(...actions), (change, action) => {
      expect(permits(actor(change), action, { tenantId: 'ten_2' })).toBe(false)
      if (change.siteId !== null) {
        expect(permits(actor(change), action, { siteId: 'sit_2' })).toBe(false)
        expect(permits(actor(change), action, { siteId: null })).toBe(false)
      }
    }))
  })
  test('a key never may more than its owner', () => {
    fc.assert(fc.property(anyActor, fc.constantFrom(...actions), (change, action) => {
      if (change.ownerRole !== null && !permissions[change.ownerRole].has(action)) expect(permits(actor({ ...change, kind: 'key' }), action)).toBe(false)
    }))
  })
  test('platform.administer needs membership in every tenant', () => {
    expect(permits(actor({ side: 'provider' }), 'platform.administer')).toBe(false)
    expect(permits(actor({ side: 'provider', allTenants: true }), 'platform.administer')).toBe(true)
    expect(permits(actor({ side: 'provider', allTenants: true, role: 'analyst' }), 'platform.administer')).toBe(false)
  })
  test('a one-time password opens nothing but the session itself', () => {
    for (const action of actions) expect(permits(actor({ mustChangePassword: true }), action), action).toBe(action === 'session.read' || action === 'session.write')
    expect(() => authorize(actor({ mustChangePassword: true }), 'event.read')).toThrow(expect.objectContaining({ code: 'password_change_required' }))
    expect(() => authorize(actor({ role: 'ingest' }), 'event.read')).toThrow(expect.objectContaining({ code: 'forbidden', params: { action: 'event.read' } }))
  })
  test('no tenant is not a guess', () => {
    expect(tenantOf(actor())).toBe('ten_1')
    expect(() => tenantOf(actor({ tenantId: null }))).toThrow(expect.objectContaining({ code: 'tenant_required' }))
  })
})

test('nobody grants more than he has', () => {
  const may = (granter: Partial<Actor>, role: Role, side: 'provider' | 'customer' = 'customer', siteId: string | null = null): boolean => {
    try {
      authorizeGrant(actor(granter), { role, side, siteId })
      return true
    } catch {
      return false
    }
  }
  expect(roles.map((role) => may({ role: 'owner' }, role))).toEqual([true, true, true, true, true, true, true])
  expect(roles.map((role) => may({ role: 'manager' }, role))).toEqual([false, true, true, true, true, true, true])
  expect(roles.map((role) => may({ role: 'analyst' }, role))).toEqual([false, false, true, false, false, true, false])
  expect(may({ role: 'owner', ownerRole: 'analyst' }, 'manager')).toBe(false)
  expect(may({ role: 'owner' }, 'analyst', 'provider')).toBe(false)
  expect(may({ role: 'owner', side: 'provider' }, 'analyst', 'customer')).toBe(true)
  expect(may({ role: 'owner', siteId: 'sit_1' }, 'analyst')).toBe(false)
  expect(may({ role: 'owner', siteId: 'sit_1' }, 'analyst', 'customer', 'sit_1')).toBe(true)
  expect(may({ kind: 'operator', role: null }, 'owner', 'provider')).toBe(true)
})
