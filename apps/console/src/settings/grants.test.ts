import { expect, test } from 'vitest'
import { keyRoles, mayChange, rolesToGive, roles, sidesToGive } from './grants.ts'

const owner = { kind: 'user', role: 'owner', side: 'customer' } as const
const manager = { ...owner, role: 'manager' } as const
const provider = { ...manager, side: 'provider' } as const
const approver = { ...owner, role: 'approver' } as const

test('an owner gives every role, a manager every one below, others none', () => {
  expect(rolesToGive(owner)).toEqual(roles)
  expect(rolesToGive(manager)).toEqual(roles.filter((role) => role !== 'owner'))
  expect(rolesToGive(approver)).toEqual([])
  expect(rolesToGive({ kind: 'operator', role: null, side: 'customer' })).toEqual(roles)
})

test("the provider's side is given by the provider alone, and whoever has more is out of reach", () => {
  expect(sidesToGive(owner)).toEqual(['customer'])
  expect(sidesToGive(provider)).toEqual(['customer', 'provider'])
  const person = { role: 'analyst', side: 'customer', all_tenants: false } as const
  expect(mayChange(manager, person)).toBe(true)
  expect(mayChange(manager, { ...person, role: 'owner' })).toBe(false)
  expect(mayChange(manager, { ...person, side: 'provider' })).toBe(false)
  expect(mayChange(provider, { ...person, side: 'provider' })).toBe(true)
  expect(mayChange(owner, { ...person, all_tenants: true })).toBe(false)
})

test('a key that may approve is only ever one\'s own', () => {
  expect(keyRoles(owner, true)).toEqual(roles)
  expect(keyRoles(owner, false)).toEqual(['analyst', 'auditor', 'assistant', 'ingest'])
})
