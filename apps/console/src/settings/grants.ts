// What the signed-in person may hand out, so that only that is offered. The server decides (access, authorizeGrant); an owner alone has everything
// that an owner may, and the provider's side is not the customer's to give. Pure. Defended by grants.test.ts.
import type { Role, Session, Side, User } from '../../../server/src/access/wire.ts'

export const roles: readonly Role[] = ['owner', 'manager', 'analyst', 'approver', 'auditor', 'assistant', 'ingest']
const approving: readonly Role[] = ['owner', 'manager', 'approver']
export const mayApprove = (role: Role): boolean => approving.includes(role)
type Giver = Pick<Session, 'kind' | 'role' | 'side'>

export const rolesToGive = ({ kind, role }: Giver): readonly Role[] =>
  kind === 'operator' || role === 'owner' ? roles : role === 'manager' ? roles.filter((each) => each !== 'owner') : []
export const sidesToGive = ({ kind, side }: Giver): readonly Side[] => (kind === 'operator' || side === 'provider' ? ['customer', 'provider'] : ['customer'])
/** Whether this person could be changed at all. */
export const mayChange = (giver: Giver, { role, side, all_tenants: everywhere }: Pick<User, 'role' | 'side' | 'all_tenants'>): boolean => !everywhere && rolesToGive(giver).includes(role) && sidesToGive(giver).includes(side)
/** A key that may approve is nobody's but one's own. */
export const keyRoles = (giver: Giver, own: boolean): readonly Role[] => rolesToGive(giver).filter((role) => own || !mayApprove(role))
