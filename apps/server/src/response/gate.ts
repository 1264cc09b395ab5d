import type { Access, Action, Actor, Resource } from '../access/api.ts'
import { HaechiError } from '../platform/errors.ts'

/** What the one gate says, as an answer instead of an error. */
export function permits(access: Pick<Access, 'authorize'>, actor: Actor, action: Action, resource: Resource): boolean {
  try {
    access.authorize(actor, action, resource)
    return true
  } catch (error) {
    if (error instanceof HaechiError) return false
    throw error
  }
}
