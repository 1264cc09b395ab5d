import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAccessFixture } from './access.fixture.ts'
import type { AccessFixture } from './access.fixture.ts'

let at: AccessFixture
beforeAll(async () => { at = await openAccessFixture() })
afterAll(() => at.close())

test('everybody who may approve, once a person: members, staff of every tenant, keys; not the disabled, the revoked, nor who only reads', async () => {
  const operate = async (method: string, path: string, body?: object) => {
    const answer = await at.operate(method, path, body, 'default')
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    return answer.body
  }
  const tenant = at.first.tenant.tenantId
  const admin = at.first.user.userId
  expect(await at.access.approvers(tenant)).toEqual([{ person: admin, side: 'customer', siteId: null }])

  const approver = await operate('POST', '/api/v1/users', { name: 'approver', role: 'approver' })
  const gone = await operate('POST', '/api/v1/users', { name: 'gone', role: 'manager' })
  await operate('PATCH', `/api/v1/users/${gone.id}`, { disabled: true })
  await operate('POST', '/api/v1/users', { name: 'reader', role: 'analyst' })
  const staff = await operate('POST', '/api/v1/users', { name: 'staff', role: 'manager', all_tenants: true })
  await operate('POST', '/api/v1/keys', { name: 'own', role: 'approver', owner: 'admin' })
  const lone = await operate('POST', '/api/v1/keys', { name: 'lone', role: 'approver', side: 'provider' })
  const revoked = await operate('POST', '/api/v1/keys', { name: 'revoked', role: 'approver' })
  await operate('DELETE', `/api/v1/keys/${revoked.key_id}`)
  // The key's role does not lift its owner's.
  await operate('POST', '/api/v1/keys', { name: 'reader', role: 'analyst', owner: 'reader' })

  expect((await at.access.approvers(tenant)).map(({ person, side }) => `${person} ${side}`).sort()).toEqual([
    `${admin} customer`, `${approver.id} customer`, `${staff.id} provider`, `${lone.key_id} provider`,
  ].sort())
})
